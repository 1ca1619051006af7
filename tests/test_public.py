"""The public face: every name is there, and importing labseg is cheap."""

import subprocess
import sys

import pytest

import labseg


def test_importing_labseg_loads_nothing_heavy():
    code = (
        "import sys, labseg; "
        "print(*{'tensorflow', 'keras', 'cv2', 'matplotlib', 'PIL'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


def test_reading_and_scoring_need_no_tensorflow_either():
    code = (
        "import sys, labseg; labseg.load_cars, labseg.metrics, labseg.hint, labseg.check; "
        "print(*{'tensorflow', 'keras', 'matplotlib'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


@pytest.mark.parametrize("name", labseg.__all__)
def test_every_public_name_is_there(name):
    assert getattr(labseg, name) is not None
    assert name in dir(labseg)


def test_a_name_that_is_not_there_is_said():
    with pytest.raises(AttributeError, match="labseg has no 'load_dogs'; it has load_cars"):
        labseg.load_dogs  # noqa: B018
