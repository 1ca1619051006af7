"""The `labseg` command: what it says, what it writes, and how it fails."""

import importlib.metadata
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from labseg import cli
from labseg import start as start_module
from labseg.errors import InvalidValue
from labseg.start import SETTINGS

ROOT = Path(__file__).parents[2]
HEAVY = ("tensorflow", "keras", "cv2", "matplotlib", "mitsuba", "nbgrader", "numpy", "PIL")


def labseg(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def fails_plainly(result, says):
    """One plain sentence on stderr, exit status 1."""
    assert result.exit_code == 1
    assert result.stdout == ""
    assert re.fullmatch(f"labseg: .*{says}.*\n", result.stderr), result.stderr


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom labseg.cli import app\n"
        "result = CliRunner().invoke(app, ['--help'])\nassert 'doctor' in result.output\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_the_installed_command_says_its_version():
    ran = subprocess.run(
        [sys.executable, "-c", "from labseg.cli import app; app()", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == f"labseg {importlib.metadata.version('labseg')}\n"
    scripts = importlib.metadata.entry_points(group="console_scripts", name="labseg")
    assert [script.value for script in scripts] == ["labseg.cli:app"]


# What goes wrong.


@pytest.mark.parametrize("error", [TypeError, ValueError, OSError])
@pytest.mark.parametrize(
    ("bug", "command"),
    [
        ("labseg.start.how_to_open", ["start", "{tmp}"]),
        ("labseg.data.cache.entries", ["cache"]),
        ("labseg.data.fetch.fetch_carvana", ["fetch", "carvana"]),
        ("labseg.doctor._checks", ["doctor"]),
    ],
)
def test_a_programming_error_keeps_its_traceback(monkeypatch, tmp_path, error, bug, command):
    def fail(*_):
        raise error("a bug")

    monkeypatch.setattr(bug, fail)
    result = labseg(*(word.format(tmp=tmp_path) for word in command))
    assert isinstance(result.exception, error)
    assert result.stderr == ""


def test_what_the_user_can_mend_is_one_sentence(monkeypatch):
    def fail():
        raise InvalidValue("a sentence")

    monkeypatch.setattr("labseg.data.cache.entries", fail)
    fails_plainly(labseg("cache"), "a sentence")


# start


@pytest.fixture(autouse=True)
def not_started_by_uv(monkeypatch):
    monkeypatch.delenv("UV", raising=False)


def test_start_copies_the_student_notebooks(tmp_path):
    folder = tmp_path / "my answers"
    result = labseg("start", folder)
    assert result.exit_code == 0, result.output
    ours = {path.name: path.read_bytes() for path in (ROOT / "notebooks").glob("*.ipynb")}
    copies = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert copies.keys() == ours.keys()
    for name, copy in copies.items():  # an author may not have committed a new release yet
        assert copy == ours[name] or f"(as released; notebooks/{name} has been" in result.stdout
    assert result.stdout.splitlines()[-1] == f"Open them with: jupyter lab '{folder}'"


def test_start_never_overwrites_an_answer(tmp_path):
    labseg("start", tmp_path)
    first, *others = sorted(tmp_path.iterdir())
    first.write_text("my answer")
    others[0].unlink()
    result = labseg("start", tmp_path)
    assert result.exit_code == 0
    assert first.read_text() == "my answer"
    assert result.stdout.count("kept") == 4
    assert f"kept   {first}" in result.stdout
    assert f"copied {others[0]}" in result.stdout
    assert others[0].exists()


def test_start_takes_an_installed_wheels_notebooks(monkeypatch, tmp_path):
    packed = tmp_path / "site" / "labseg" / "notebooks"
    packed.mkdir(parents=True)
    (packed / "01_dataset.ipynb").write_text("packed")
    monkeypatch.setattr(start_module, "__file__", str(packed.parent / "start.py"))
    labseg("start", tmp_path / "mine")
    assert (tmp_path / "mine" / "01_dataset.ipynb").read_text() == "packed"
    (packed / "01_dataset.ipynb").unlink()
    fails_plainly(labseg("start", tmp_path / "mine"), "notebooks are missing")


def test_start_on_a_file_fails_plainly(tmp_path):
    file = tmp_path / "file"
    file.touch()
    fails_plainly(labseg("start", file), f"{file}: File exists; choose another folder")
    fails_plainly(labseg("start", file / "mine"), "Not a directory; choose another folder")
    fails_plainly(
        labseg("start", tmp_path / ("x" * 300)),
        "File name too long; choose a folder with a shorter name",
    )
    fails_plainly(labseg("start", ""), "folder='': give the path of a folder")


def test_start_expands_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert labseg("start", "~/mine").exit_code == 0
    assert (tmp_path / "mine" / "01_dataset.ipynb").exists()
    fails_plainly(labseg("start", "~nobody-of-this-name/mine"), "no such home folder")


def test_start_keeps_a_link_that_leads_nowhere(tmp_path):
    link = tmp_path / "01_dataset.ipynb"
    link.symlink_to(tmp_path / "nowhere")
    assert f"kept   {link}" in labseg("start", tmp_path).stdout
    assert link.is_symlink()


START = "from labseg.cli import app; app(['start', 'mine'])"


def test_start_on_a_full_disk_leaves_nothing_half_written(tmp_path):
    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    command = [sys.executable, "-c", START]
    options = {"cwd": tmp_path, "capture_output": True, "text": True, "check": False}
    ran = subprocess.run(command, preexec_fn=no_room, **options)
    assert ran.returncode == 1
    assert re.fullmatch(
        r"labseg: Cannot write to mine/01_dataset\.ipynb: .*; free some space, or .*\n", ran.stderr
    )
    assert list((tmp_path / "mine").iterdir()) == []
    ran = subprocess.run(command, **options)
    assert ran.stdout.count("copied") == 5


NO_MOUNT = 77  # exit status
MOUNTED = f"""
mount -t tmpfs -o "$1" none . || exit {NO_MOUNT}
cd "$PWD"
"$2" -c "$3"
status=$?
ls -AR
exit $status
"""


@pytest.mark.parametrize(
    ("disk", "says"),
    [
        ("size=8k", "01_dataset.ipynb: No space left on device; free some space"),
        ("ro", "mine: Read-only file system; choose another folder"),
    ],
)
def test_start_tells_a_disk_that_cannot_be_written(tmp_path, disk, says):
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", MOUNTED, "sh", disk, sys.executable, START],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode == NO_MOUNT:
        pytest.skip("even in CI: no disk can be mounted here")
    assert ran.returncode == 1
    assert re.fullmatch(rf"labseg: Cannot write to .*{says}.*\n", ran.stderr)
    assert "ipynb" not in ran.stdout


# start in a checkout


NAMES = ("01_a", "02_b", "03_c")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with three notebooks, and labseg running from it."""
    root = tmp_path / "checkout"
    for folder in ("notebooks", "labseg"):
        (root / folder).mkdir(parents=True)
    (root / "pyproject.toml").touch()
    (root / "notebooks" / "README.md").touch()
    for name in NAMES:
        (root / "notebooks" / f"{name}.ipynb").write_text(f"{name}\nas released\n")
    monkeypatch.setattr(start_module, "__file__", str(root / "labseg" / "start.py"))
    return root


def commit(root):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "released"]):
        subprocess.run(["git", "-C", root, *command], check=True)


def test_start_copies_what_was_released_rather_than_somebodys_work(checkout, tmp_path):
    commit(checkout)
    (checkout / "notebooks" / "01_a.ipynb").write_text("my answer")
    (checkout / "notebooks" / "02_b.ipynb").write_bytes(b"02_b\r\nas released\r\n")  # git's doing
    (checkout / "notebooks" / "02_b-Copy1.ipynb").write_text("another")
    (checkout / "notebooks" / "03_c.ipynb").unlink()
    result = labseg("start", tmp_path / "mine")
    contents = {path.name: path.read_text() for path in (tmp_path / "mine").iterdir()}
    assert contents == {f"{name}.ipynb": f"{name}\nas released\n" for name in NAMES}
    first, second, third, _ = result.stdout.splitlines()
    assert first.endswith("01_a.ipynb (as released; notebooks/01_a.ipynb has been changed since)")
    assert second.endswith("02_b.ipynb")
    assert third.endswith("has been changed since)")
    assert (checkout / "notebooks" / "01_a.ipynb").read_text() == "my answer"


@pytest.mark.parametrize("git", ["no repository", "not installed"])
def test_start_without_git_copies_what_is_there_unless_it_has_been_run(
    checkout, tmp_path, monkeypatch, git
):
    if git == "not installed":
        commit(checkout)
        monkeypatch.setenv("PATH", str(tmp_path))
    assert labseg("start", tmp_path / "mine").stdout.count("copied") == 3
    (checkout / "notebooks" / "01_a.ipynb").write_text('"execution_count": 3,')
    says = f"{checkout}/notebooks/01_a.ipynb has been run and may hold answers"
    fails_plainly(labseg("start", tmp_path / "others"), says)
    assert not (tmp_path / "others").exists()


def test_start_does_not_send_students_to_the_folder_it_copies_from(checkout):
    says = "is where notebooks are copied from: choose another folder"
    fails_plainly(labseg("start", checkout / "labseg" / ".." / "notebooks"), says)


def test_start_in_a_folder_that_was_removed_fails_plainly(monkeypatch, tmp_path):
    (tmp_path / "removed").mkdir()
    monkeypatch.chdir(tmp_path / "removed")
    (tmp_path / "removed").rmdir()
    fails_plainly(labseg("start", "mine"), "mine: No such file or directory")


def test_start_names_the_command_that_opens_the_notebooks(checkout, tmp_path, monkeypatch):
    def last_line():
        return labseg("start", tmp_path / "mine").stdout.splitlines()[-1]

    lab = f"jupyter lab {tmp_path}/mine"
    assert last_line() == f"Open them with: {lab}"
    monkeypatch.setenv("UV", "/somewhere/uv")
    monkeypatch.chdir(tmp_path)
    assert last_line() == f"Open them with: uv run --project {checkout} {lab}"
    monkeypatch.chdir(checkout)
    assert last_line() == f"Open them with: uv run {lab}"
    (checkout / "pyproject.toml").unlink()  # an installed labseg
    assert last_line() == f"Open them with: {lab}"
    monkeypatch.setattr(start_module.importlib.util, "find_spec", lambda name: None)
    assert last_line() == f'Open them with JupyterLab: pip install "labseg[lab]", then {lab}'


# start --open


FAKE_LAB = """
import os, sys
print(sys.argv[1:], os.environ["JUPYTER_CONFIG_PATH"], sep="\\n")
sys.exit(3)
"""


@pytest.fixture
def fake_lab(tmp_path, monkeypatch, capfd):
    """A JupyterLab that prints how it was started; a function that starts it and returns that."""
    package = tmp_path / "fake" / "jupyterlab"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(FAKE_LAB)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))

    def start(*arguments):
        result = labseg("start", tmp_path / "mine", "--open", *arguments)
        return result.exit_code, capfd.readouterr().out.splitlines()

    return start


def test_start_opens_the_first_lesson_and_ends_as_jupyterlab_does(fake_lab, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    code, (arguments, config) = fake_lab("--", "--no-browser")
    assert code == 3
    assert arguments == str([str(tmp_path / "mine" / "01_dataset.ipynb"), "--no-browser"])
    assert config == f"{SETTINGS}{os.pathsep}mine"


def test_what_macos_puts_beside_a_lesson_is_not_opened(fake_lab, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "._01_dataset.ipynb").touch()
    _, (arguments, _) = fake_lab()
    assert arguments == str([str(tmp_path / "mine" / "01_dataset.ipynb")])


def test_a_folder_without_a_notebook_is_not_opened(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no notebook in .*give the folder of"):
        start_module.open_lessons(tmp_path)


def test_students_see_nothing_of_the_authors_tools_in_jupyterlab(monkeypatch):
    from jupyterlab_server.config import get_page_config

    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(SETTINGS))
    hidden = set(get_page_config([])["disabledExtensions"])
    assert hidden >= {
        "@jupyter/nbgrader",
        "@jupyterlab/apputils-extension:announcements",
        "jupyterlab-jupytext",
    }


def test_options_of_jupyterlab_without_open_are_refused(tmp_path):
    result = labseg("start", tmp_path / "mine", "--", "--no-browser")
    assert result.exit_code == 2
    assert "add --open" in result.stderr
    assert not (tmp_path / "mine").exists()
