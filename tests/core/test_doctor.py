"""`labseg doctor`: every requirement is looked at, and what fails is named with its remedy."""

import importlib.metadata
import re
import subprocess

import pytest
from typer.testing import CliRunner

from labseg import cli, doctor


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
def no_keras(monkeypatch):
    """Keras takes seconds to import; the tests that need not see it go without."""
    monkeypatch.setattr(doctor, "_keras", lambda: "Keras")


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
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.10.13")
    lines = failing_lines(labseg("doctor"))
    assert any("Python 3.10.13, but labseg needs" in line for line in lines)


@pytest.mark.usefixtures("no_keras")
def test_doctor_names_missing_assets(monkeypatch, tmp_path):
    monkeypatch.setattr("labseg.data.carvana.SHIPPED_CARS", tmp_path / "cars")
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

    monkeypatch.setattr(doctor.subprocess, "run", run)
    with pytest.raises(ValueError, match=says):
        doctor._keras()


@pytest.mark.usefixtures("no_keras")
def test_doctor_wants_no_jupyterlab_on_colab(monkeypatch):
    monkeypatch.setattr(doctor, "_on_colab", lambda: True)
    assert "jupyterlab" not in labseg("doctor").stdout


def test_this_is_not_colab():
    assert not doctor._on_colab()
