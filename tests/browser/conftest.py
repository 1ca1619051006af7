"""JupyterLab and a browser, for all tests of a file."""

import os
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from jupyter import Lesson, browser, lab
from nbformat.v4 import new_code_cell, new_notebook

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}  # or it is asked for
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

    def open_lesson(name, script="", connected=True):
        lessons.append(Lesson(chromium, *server, name, script, connected))
        return lessons[-1]

    yield open_lesson
    complaints = [said for lesson in lessons for said in lesson.errors + lesson.outside]
    for lesson in lessons:
        lesson.close()
    assert complaints == []


@pytest.fixture
def scratch(opened, server):
    """A function that opens a notebook with these code cells, and runs it."""

    def open_scratch(name, *sources):
        cells = [new_code_cell(source) for source in sources]
        nbformat.write(new_notebook(cells=cells, metadata=KERNEL), server[1] / f"{name}.ipynb")
        lesson = opened(name)
        lesson.run_all(seconds=120)
        return lesson

    return open_scratch


@pytest.fixture
def readable():
    """A function that asserts that everyone can read a lesson, or only what is in view."""

    def assert_readable(lesson, name, whole=True):
        # "Image" is what JupyterLab calls a picture without a text.
        assert all(alt not in ("", "Image") and width for alt, width in lesson.pictures())
        assert all(below <= above + 1 for above, below in pairwise([0, *lesson.headings()]))
        for theme in ("dark", "light"):
            lesson.theme(theme)
            if PICTURES:
                lesson.screens(Path(PICTURES), f"{name}_{theme}", whole)
            assert lesson.barriers(whole) == [], f"in the {theme} theme"

    return assert_readable
