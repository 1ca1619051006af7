"""The public face: every name is there, and importing labseg is cheap."""

import subprocess
import sys

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


@pytest.mark.parametrize("name", labseg.__all__)
def test_every_public_name_is_there(name):
    assert getattr(labseg, name) is not None
    assert name in dir(labseg)


def test_a_name_that_is_not_there_is_said():
    with pytest.raises(AttributeError, match="labseg has no 'load_dogs'; it has load_cars"):
        labseg.load_dogs  # noqa: B018
