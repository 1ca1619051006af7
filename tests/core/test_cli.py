"""The `labseg` command: what it says, what it writes, and how it fails."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from labseg import cli

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


# start


def test_start_copies_the_student_notebooks(tmp_path):
    folder = tmp_path / "my answers"
    result = labseg("start", folder)
    assert result.exit_code == 0, result.output
    ours = {path.name: path.read_bytes() for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == ours
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
    monkeypatch.setattr(cli, "__file__", str(packed.parent / "cli.py"))
    labseg("start", tmp_path / "mine")
    assert (tmp_path / "mine" / "01_dataset.ipynb").read_text() == "packed"
    (packed / "01_dataset.ipynb").unlink()
    fails_plainly(labseg("start", tmp_path / "mine"), "notebooks are missing")


def test_start_on_a_file_fails_plainly(tmp_path):
    file = tmp_path / "file"
    file.touch()
    fails_plainly(labseg("start", file), f"{file}: File exists")
