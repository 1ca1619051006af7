"""`labseg doctor`: every requirement is looked at, and what fails is named with its remedy."""

import importlib.metadata
import re
import shutil
import subprocess

import pytest
from packaging.specifiers import SpecifierSet
from typer.testing import CliRunner

from labseg import cli, doctor
from labseg.errors import LabsegError
from labseg.models import ASSETS


@pytest.fixture(autouse=True)
def not_started_by_uv(monkeypatch):
    monkeypatch.delenv("UV", raising=False)


def labseg(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


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
def no_imports(monkeypatch):
    """Imports take seconds; the tests that need not see them go without."""
    monkeypatch.setattr(doctor, "_fresh_python", lambda code, **_: (None, "backend tensorflow"))


def failing_lines(result):
    assert result.exit_code == 1
    return [line for line in result.stdout.splitlines() if line.startswith("[FAIL] ")]


@pytest.mark.usefixtures("no_imports")
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


@pytest.mark.usefixtures("no_imports")
def test_doctor_names_a_python_out_of_range(monkeypatch):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.10.13")
    lines = failing_lines(labseg("doctor"))
    assert any("Python 3.10.13, but labseg needs" in line for line in lines)


def test_the_remedy_fits_an_environment_of_uv(monkeypatch):
    monkeypatch.setenv("UV", "/somewhere/uv")
    with pytest.raises(ImportError, match=r"nothing is not installed: uv pip install nothing$"):
        doctor._package("nothing", SpecifierSet())


# Imports.


def broken(tmp_path, monkeypatch, module, content):
    """Have a module of this content imported in place of the real one."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / f"{module}.py").write_text(content)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))


@pytest.mark.parametrize(
    ("package", "module"),
    [("matplotlib", "matplotlib"), ("opencv-python-headless", "cv2"), ("pillow", "PIL")],
)
@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("raise ImportError('no libGL.so.1')", "ImportError: no libGL.so.1"),
        ("import os; os.abort()", "exit status -6"),
        ("import time; time.sleep(600)", "it takes more than 1 s"),
    ],
    ids=["fails", "crashes", "hangs"],
)
def test_doctor_tells_a_package_that_cannot_be_imported(
    monkeypatch, tmp_path, package, module, content, says
):
    broken(tmp_path, monkeypatch, module, content)
    monkeypatch.setattr(doctor, "PATIENCE", 1)
    with pytest.raises(ImportError) as caught:
        doctor._package(package, SpecifierSet(">=0"))
    assert re.fullmatch(
        rf"{module}\S* cannot be imported \({re.escape(says)}\): "
        f'pip install --force-reinstall "{package}.*"',
        str(caught.value),
        re.IGNORECASE,
    )


def test_doctor_does_not_wait_for_a_tensorflow_that_hangs(monkeypatch, tmp_path):
    broken(tmp_path, monkeypatch, "tensorflow", "import time; time.sleep(600)")
    monkeypatch.setattr(doctor, "PATIENCE", 3)
    with pytest.raises(ImportError, match=r"Keras cannot be imported \(it takes more than 3 s\)"):
        doctor._keras()


def test_doctor_leaves_folders_out_of_what_a_package_says(monkeypatch, tmp_path):
    broken(tmp_path, monkeypatch, "tqdm", "raise ImportError(f'no std in {__file__}, see u://v/w')")
    with pytest.raises(ImportError, match=r"\(ImportError: no std in tqdm\.py, see u://v/w\)"):
        doctor._package("tqdm", SpecifierSet())


def test_doctor_blames_a_wrong_setting_rather_than_the_installation(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    monkeypatch.setenv("KERAS_BACKEND", "none")
    said = failing_lines(labseg("doctor"))
    assert said == [
        "[FAIL] Matplotlib cannot be imported with MPLBACKEND=nonsense: "
        "set it to agg, or unset it.",
        "[FAIL] Keras cannot be imported with KERAS_BACKEND=none: "
        "set it to tensorflow, or unset it.",
    ]


KERAS = """
import os
if "KERAS_BACKEND" not in os.environ: raise ValueError("no theano")
class backend: backend = lambda: os.environ["KERAS_BACKEND"]
"""


@pytest.mark.parametrize(
    ("backend", "says"),
    [
        (None, "Keras's settings file .*: set KERAS_BACKEND=tensorflow"),
        ("numpy", "Keras runs on numpy, which cannot train: set KERAS_BACKEND to tensorflow"),
    ],
)
def test_doctor_tells_a_backend_that_will_not_do(monkeypatch, tmp_path, backend, says):
    broken(tmp_path, monkeypatch, "keras", KERAS)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if backend:
        monkeypatch.setenv("KERAS_BACKEND", backend)
    with pytest.raises(ValueError, match=says):
        doctor._keras()


def test_doctor_names_files_that_hide_modules_and_blames_nothing_else(monkeypatch, tmp_path):
    for name in ("random.py", "keras/__init__.py", "test.py", "cars.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise ImportError('not the real one')")
    monkeypatch.chdir(tmp_path)
    (line,) = failing_lines(labseg("doctor"))
    assert line.endswith("with files of the same name: rename keras, random.py.")


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

    monkeypatch.setattr(doctor.subprocess, "run", run)
    with pytest.raises(LabsegError, match=says):
        doctor._keras()


# What ships with labseg.


@pytest.mark.usefixtures("no_imports")
def test_doctor_names_missing_assets(monkeypatch, tmp_path):
    monkeypatch.setattr("labseg.models.ASSETS", tmp_path)
    lines = failing_lines(labseg("doctor"))
    assert len(lines) == 2
    assert "rendered cars are missing: install labseg again" in lines[0]
    assert re.search(r"missing .*photo.keras\): install labseg again", lines[1])


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """A copy of the assets; a test may change one file of it, and has to put it back."""
    return shutil.copytree(ASSETS, tmp_path_factory.mktemp("doctor") / "assets")


@pytest.fixture
def damaged(shipped, monkeypatch):
    """A function that changes a file of the copy: content → content, or None to remove it."""
    monkeypatch.setattr("labseg.models.ASSETS", shipped)
    originals = {}

    def damage(name, change):
        file = shipped / name
        originals[file] = file.read_bytes()
        content = change(originals[file])
        file.unlink() if content is None else file.write_bytes(content)

    yield damage
    for file, content in originals.items():
        file.write_bytes(content)


def half(content):
    return content[: len(content) // 2]


def empty_archive(content):
    return b"PK\x05\x06" + bytes(18)


def spoilt(content):
    """One byte of the packed weights changed."""
    return content[:20_000] + bytes([content[20_000] ^ 0xFF]) + content[20_001:]


@pytest.mark.parametrize("name", ["baseline.keras", "unet.keras", "photo.keras"])
@pytest.mark.parametrize("change", [lambda _: b"", half, spoilt, empty_archive, lambda _: None])
def test_doctor_tells_a_damaged_model(damaged, name, change):
    assert doctor._models() == "trained models: baseline, unet, photo"
    damaged(name, change)
    with pytest.raises(LabsegError, match=rf"damaged \({name}\): install labseg again"):
        doctor._models()


@pytest.mark.parametrize("change", [lambda _: b"", half, lambda _: None])
@pytest.mark.parametrize("kind", ["train/*.jpg", "train_masks/*.gif"])
def test_doctor_tells_missing_and_damaged_cars(shipped, damaged, kind, change):
    for file in sorted((shipped / "cars").glob(kind))[:600]:
        damaged(file, change)
    with pytest.raises(LabsegError, match=r"600 of the rendered cars' 1536 files .*: install"):
        doctor._cars()


def test_doctor_tells_a_card_that_cannot_be_read(damaged):
    damaged("cars/card.json", half)
    with pytest.raises(LabsegError, match="rendered cars are missing: install"):
        doctor._cars()


# Where it runs.


@pytest.mark.usefixtures("no_imports")
def test_doctor_wants_no_jupyterlab_on_colab(monkeypatch):
    monkeypatch.setattr(doctor, "_on_colab", lambda: True)
    assert "jupyterlab" not in labseg("doctor").stdout


def test_this_is_not_colab():
    assert not doctor._on_colab()


def test_doctor_in_a_folder_that_is_gone(monkeypatch, tmp_path):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(FileNotFoundError, match="current folder is no longer there: change to"):
        doctor._current_folder()
