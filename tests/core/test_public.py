"""The public face: every name is there, and importing labseg is cheap."""

import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

import labseg


@pytest.mark.parametrize(
    ("used", "heavy"),
    [
        ("labseg", {"tensorflow", "keras", "cv2", "matplotlib", "PIL"}),
        (
            "labseg.load_cars, labseg.metrics, labseg.hint, labseg.check",
            {"tensorflow", "keras", "matplotlib"},
        ),
    ],
    ids=["import", "reading, scores, checks"],
)
def test_nothing_heavy_is_loaded_before_it_is_used(used, heavy):
    code = f"import sys, labseg; {used}; print(*{heavy!r} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


@pytest.mark.parametrize(("before", "after"), [(None, "1"), ("0", "0")])
def test_tensorflow_uses_onednn_unless_told_otherwise(before, after, monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if before:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", before)
    code = "import os, labseg; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == after


@pytest.mark.parametrize("name", labseg.__all__)
def test_every_public_name_is_there(name):
    assert getattr(labseg, name) is not None
    assert name in dir(labseg)


def test_a_name_that_is_not_there_is_said():
    with pytest.raises(AttributeError, match="labseg has no 'load_dogs'; it has load_cars"):
        labseg.load_dogs  # noqa: B018


# A copy of the package's folder, not installed: a sandbox for students' answers has such a one.


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A function that runs a command line of Python's where labseg is only a copied folder."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(Path(labseg.__file__).parent, root / "labseg")
    (root / "site").mkdir()
    for package in Path(site.getsitepackages()[0]).iterdir():
        if "labseg" not in package.name:
            (root / "site" / package.name).symlink_to(package)

    def run(code, *arguments):
        code = f"import sys; sys.path += [{str(root)!r}, {str(root / 'site')!r}]\n{code}"
        command = [sys.executable, "-I", "-S", "-c", code, *arguments]  # -S: no site-packages
        return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)

    return run


def test_a_copy_that_is_not_installed_works(copy):
    ran = copy("import labseg; print(labseg.__version__, labseg.load_cars((32, 48), limit=16))")
    assert ran.stdout == "unknown Cars: 16 images of 1 cars, 32×48 pixels\n", ran.stderr


COMMAND = "from labseg.cli import app; app()"


def test_a_copy_says_its_version(copy):
    assert copy(COMMAND, "--version").stdout == "labseg unknown\n"


def test_doctor_tells_a_copy_from_an_installation(copy):
    ran = copy(COMMAND, "doctor")
    assert ran.stderr == ""
    assert ran.returncode == 1
    title, *lines = ran.stdout.splitlines()
    assert title.startswith("labseg unknown on ")
    assert [line for line in lines if not line.startswith("[OK] ")] == [
        "[FAIL] labseg's requirements cannot be looked up because labseg is not installed: "
        "install it."
    ]
    assert "[OK] rendered cars: 768 images" in lines
