"""The lessons as a student meets them: JupyterLab in a browser, clicks and typing."""

import os
from pathlib import Path

import pytest
from jupyter import Lesson, browser, lab

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
PICTURES = os.environ.get("LABSEG_SCREENSHOTS")  # a folder, to look at them

WRONG_IOU = """\
def iou(y_true, y_pred, threshold=0.5):
    both = (y_true * y_pred).sum(axis=(1, 2))
    return both / (y_true + y_pred - y_true * y_pred).sum(axis=(1, 2))
"""
RIGHT_IOU = """\
def iou(y_true, y_pred, threshold=0.5):
    y_true = np.reshape(y_true, np.shape(y_true)[:3]) == 1
    found = np.reshape(y_pred, np.shape(y_pred)[:3]) >= threshold
    both, either = (y_true & found).sum((1, 2)), (y_true | found).sum((1, 2))
    return np.where(either == 0, 1, both / np.maximum(either, 1))
"""


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module", params=["light", "dark"])
def server(request, tmp_path_factory):
    with lab(tmp_path_factory.mktemp(request.param), request.param) as found:
        yield request.param, *found


@pytest.fixture
def opened(chromium, server):
    """A function that opens a lesson."""
    lessons = []

    def open_lesson(name):
        lessons.append(Lesson(chromium, *server[1:], name))
        return lessons[-1]

    yield open_lesson
    for lesson in lessons:
        lesson.close()


def keep_picture(lesson, server, name):
    if PICTURES:
        lesson.picture(Path(PICTURES) / f"{name}_{server[0]}.png")


def errors_in(notebook):
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return [out.evalue for out in outputs if out.output_type == "error"]


@pytest.mark.parametrize("server", ["light"], indirect=True)
@pytest.mark.parametrize("name", LESSONS)
def test_an_untouched_lesson_runs_to_its_end_and_says_what_is_not_attempted(opened, server, name):
    lesson = opened(name)
    keep_picture(lesson, server, f"{name}_opened")
    lesson.run_all(seconds=400)
    keep_picture(lesson, server, f"{name}_run")
    notebook = lesson.saved()
    assert errors_in(notebook) == []
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    assert "Not attempted yet" in str(notebook)
    pictures = lesson.pictures()
    assert len(pictures) > 3
    assert all(alt and width for alt, width in pictures)
    assert lesson.errors == []
    assert lesson.outside == []


def test_a_wrong_answer_is_told_why_and_the_right_one_passes(opened, server):
    lesson = opened("03_metrics")
    lesson.run_all(seconds=200)
    check = "labseg.check.iou(iou)"
    assert "Not attempted yet" in lesson.run(check)
    lesson.type("def iou(", WRONG_IOU)
    said = lesson.run(check)
    assert "Not yet" in said
    assert "threshold" in said
    keep_picture(lesson, server, "iou_wrong")
    lesson.type("def iou(", RIGHT_IOU)
    assert "Right" in lesson.run(check)
    keep_picture(lesson, server, "iou_right")
    assert lesson.errors == []


@pytest.mark.parametrize("server", ["light"], indirect=True)
def test_three_wrong_answers_in_a_row_are_offered_a_hint(opened, server):
    lesson = opened("03_metrics")
    lesson.run_all(seconds=200)
    lesson.type("def iou(", WRONG_IOU)
    for _ in range(3):
        said = lesson.run("labseg.check.iou(iou)")
    assert 'labseg.hint("iou")' in said
    assert "in a row" in said
