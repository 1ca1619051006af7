"""The `labseg` command: what it says, what it writes, and how it fails."""

import importlib.metadata
import inspect
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest
from typer.testing import CliRunner

from labseg import cli

ROOT = Path(__file__).parents[1]
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


# doctor


def test_doctor_finds_this_environment_in_order():
    result = labseg("doctor")
    assert result.exit_code == 0, result.output
    title, *lines = result.stdout.splitlines()
    assert title.startswith("labseg ")
    assert [line for line in lines if not line.startswith("[OK] ")] == []
    for name in ("Python", "tensorflow", "keras", "numpy", "jupyterlab", "rendered cars", "unet"):
        assert any(name in line for line in lines), name
    assert "/" not in "".join(lines)  # no path of this machine in a bug report


@pytest.fixture
def no_keras(monkeypatch):
    """Keras takes seconds to import; the tests that need not see it go without."""
    monkeypatch.setattr(cli, "_keras", lambda: "Keras")


def failing_lines(result):
    assert result.exit_code == 1
    return [line for line in result.stdout.splitlines() if line.startswith("[FAIL] ")]


@pytest.mark.usefixtures("no_keras")
def test_doctor_names_a_missing_and_an_outdated_package_with_the_remedy(monkeypatch):
    real = importlib.metadata.version

    def version(name):
        if name == "tqdm":
            raise importlib.metadata.PackageNotFoundError(name)
        return "9.9" if name == "pillow" else real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    lines = failing_lines(labseg("doctor"))
    assert any(re.search(r'tqdm is not installed: pip install "tqdm.*>=', line) for line in lines)
    assert any(re.search(r'pillow 9\.9 is outside.*pip install "pillow', line) for line in lines)


@pytest.mark.usefixtures("no_keras")
def test_doctor_names_a_python_out_of_range(monkeypatch):
    monkeypatch.setattr(cli.platform, "python_version", lambda: "3.10.13")
    lines = failing_lines(labseg("doctor"))
    assert any("Python 3.10.13, but labseg needs" in line for line in lines)


@pytest.mark.usefixtures("no_keras")
def test_doctor_names_missing_assets(monkeypatch, tmp_path):
    monkeypatch.setattr("labseg.carvana.SHIPPED", tmp_path / "cars")
    monkeypatch.setattr("labseg.models.ASSETS", tmp_path)
    lines = failing_lines(labseg("doctor"))
    assert len(lines) == 2
    assert "rendered cars did not come along: install labseg again" in lines[0]
    assert "unet.keras did not come along: install labseg again" in lines[1]


@pytest.mark.parametrize(
    ("prints", "says"),
    [
        ("raise SystemExit('no AVX')", r"Keras cannot be imported \(no AVX\): pip install"),
        ("import os; os.abort()", r"Keras cannot be imported \(exit status -?\d+\)"),
    ],
)
def test_doctor_tells_a_broken_keras(monkeypatch, prints, says):
    real = subprocess.run

    def run(command, **options):
        return real([command[0], "-c", prints], **options)

    monkeypatch.setattr(cli.subprocess, "run", run)
    with pytest.raises(ValueError, match=says):
        cli._keras()


@pytest.mark.usefixtures("no_keras")
def test_doctor_wants_no_jupyterlab_on_colab(monkeypatch):
    monkeypatch.setattr(cli, "_on_colab", lambda: True)
    assert "jupyterlab" not in labseg("doctor").stdout


def test_this_is_not_colab():
    assert not cli._on_colab()


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


# release


def test_release_outside_a_checkout_fails_plainly(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    fails_plainly(labseg("release"), "is not in a labseg checkout")


def test_release_names_the_extra_that_it_needs(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    monkeypatch.setitem(sys.modules, "nbgrader.preprocessors", None)
    fails_plainly(labseg("release", "--check"), r'pip install "labseg\[grading\]"')


def test_release_check_passes_on_this_repository(monkeypatch):
    monkeypatch.chdir(ROOT / "tests")
    result = labseg("release", "--check")
    assert result.exit_code == 0, result.output


# render


@pytest.fixture
def studio(monkeypatch):
    """A studio that notes what it is asked instead of rendering it."""
    asked = []
    fake = types.ModuleType("labseg.studio")
    fake.render = lambda *values, **named: asked.append((values, named))
    monkeypatch.setitem(sys.modules, "labseg.studio", fake)
    monkeypatch.setattr("labseg.studio", fake, raising=False)
    fake.asked = asked
    return fake


def test_render_leaves_what_is_not_given_to_the_studio(studio):
    assert labseg("render", "--out", "x").exit_code == 0
    assert studio.asked == [((Path("x"),), {})]


def test_render_passes_on_what_is_given(studio):
    options = ["--cars", "3", "--views", "16", "--size", "64x96", "--seed", "0", "--workers", "2"]
    result = labseg("render", "--out", "x", *options)
    assert result.exit_code == 0, result.output
    given = {"cars": 3, "views": 16, "size": (64, 96), "seed": 0, "workers": 2}
    assert studio.asked == [((Path("x"),), given)]


def test_render_makes_counterfactuals_or_large_views_instead(studio):
    studio.counterfactuals = studio.large = studio.render
    for what in ("--counterfactuals", "--large"):
        assert labseg("render", what, "--out", "x", "--seed", "3").exit_code == 0
        result = labseg("render", what, "--out", "x", "--cars", "3")
        assert result.exit_code == 2
        assert "leave out --cars" in result.stderr
    assert studio.asked == [((Path("x"),), {"seed": 3})] * 2


def test_render_draws_a_contact_sheet_of_what_it_rendered(studio):
    studio.contact_sheet = lambda *values: studio.asked.append(values)
    assert labseg("render", "--out", "x", "--sheet", "y.jpg").exit_code == 0
    assert studio.asked == [((Path("x"),), {}), (Path("x"), Path("y.jpg"))]


@pytest.mark.parametrize("size", ["64", "64x", "0x96", "64x96x3", "64,96"])
def test_render_refuses_a_size_that_is_none(studio, size):
    result = labseg("render", "--out", "x", "--size", size)
    assert result.exit_code == 2
    assert "such as 256x384" in result.stderr
    assert studio.asked == []


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("views=0: give 1 to 16."), "views=0: give 1 to 16"),
        (PermissionError(13, "Permission denied", "x/train"), "x/train: Permission denied"),
        (ModuleNotFoundError("no", name="mitsuba"), r'pip install "labseg\[studio\]"'),
    ],
)
def test_what_the_studio_refuses_is_said_plainly(studio, error, says):
    def refuse(*values, **named):
        raise error

    studio.render = refuse
    fails_plainly(labseg("render", "--out", "x"), says)


def test_the_studio_has_a_default_for_whatever_render_leaves_out():
    from labseg import studio

    out, *others = inspect.signature(studio.render).parameters.values()
    assert out.name == "out"
    named = {parameter.name for parameter in others}
    assert {"cars", "views", "size", "seed", "workers"} <= named
    assert [parameter.name for parameter in others if parameter.default is parameter.empty] == []
