"""JupyterLab and a browser, for all tests of a file."""

import os
from itertools import pairwise
from pathlib import Path

import pytest
from jupyter import Lesson, browser, lab

PICTURES = os.environ.get("LABSEG_SCREENSHOTS")  # a folder, to look at them


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """(address, folder of the lessons) of a JupyterLab."""
    with lab(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
def opened(chromium, server):
    """A function that opens a lesson. At the end, the browser must have had no complaint."""
    lessons = []

    def open_lesson(name, script=""):
        lessons.append(Lesson(chromium, *server, name, script))
        return lessons[-1]

    yield open_lesson
    complaints = [said for lesson in lessons for said in lesson.errors + lesson.outside]
    for lesson in lessons:
        lesson.close()
    assert complaints == []


@pytest.fixture
def readable():
    """A function that asserts that everyone can read a lesson, or only what is in view."""

    def assert_readable(lesson, name, whole=True):
        assert all(alt and width for alt, width in lesson.pictures())
        assert all(below <= above + 1 for above, below in pairwise([0, *lesson.headings()]))
        for theme in ("dark", "light"):
            lesson.theme(theme)
            if PICTURES:
                lesson.screens(Path(PICTURES), f"{name}_{theme}", whole)
            assert lesson.barriers(whole) == [], f"in the {theme} theme"

    return assert_readable
