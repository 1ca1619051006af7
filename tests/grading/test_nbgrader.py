"""The other way to grade: an nbgrader course made of solutions/, from assignment to feedback."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
LESSONS = ("01_dataset", "03_metrics")  # those that don't train
ALWAYS_ONE = "def iou(y_true, y_pred, threshold=0.5):\n    return np.ones(len(y_true))"


def nbgrader(course, *command):
    here = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # for alembic
    ran = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=course,
        env=os.environ | {"PATH": here, "HOME": str(course), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stderr


def solve(notebook, source):
    """The notebook with the answers of its solved source, as a student would have typed them."""
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in source.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            answer = answers[cell.metadata.nbgrader.grade_id]
            cell.source = re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", answer, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with three students: one solved everything, one nothing, and one cheats at iou."""
    course = tmp_path_factory.mktemp("course")
    for name in LESSONS:
        (course / "source" / "labseg").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "solutions" / f"{name}.ipynb", course / "source" / "labseg")
    nbgrader(course, "generate_assignment", "labseg", "--create")
    for student in ("solved", "untouched", "cheat"):
        folder = course / "submitted" / student / "labseg"
        shutil.copytree(course / "release" / "labseg", folder)
        for name in LESSONS:
            notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
            if student == "solved":
                solve(notebook, nbformat.read(ROOT / "solutions" / f"{name}.ipynb", as_version=4))
            if student == "cheat":
                for cell in notebook.cells:
                    if cell.metadata.get("nbgrader", {}).get("grade_id") == "iou":
                        cell.source = ALWAYS_ONE
            nbformat.write(notebook, folder / f"{name}.ipynb")
    nbgrader(course, "autograde", "labseg")
    nbgrader(course, "generate_feedback", "labseg")
    return course


def scores(course):
    """{student: points} as nbgrader's gradebook has them."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        return {
            submission.student.id: submission.score
            for submission in gradebook.assignment_submissions("labseg")
        }


def test_the_assignment_holds_no_solution(course):
    for name in LESSONS:
        text = (course / "release" / "labseg" / f"{name}.ipynb").read_text("utf-8")
        assert "SOLUTION" not in text
        assert "HIDDEN TESTS" not in text
        sources = [cell["source"] for cell in json.loads(text)["cells"]]
        assert any("raise NotImplementedError" in str(source) for source in sources)


def test_solved_earns_every_point_and_untouched_and_wrong_none(course):
    from labseg.exercises.catalogue import EXERCISES

    full = sum(each.max_points for each in EXERCISES if each.notebook in LESSONS)
    assert scores(course) == {"solved": full, "untouched": 0, "cheat": 0}


@pytest.mark.parametrize("student", ["solved", "untouched", "cheat"])
def test_everybody_gets_feedback_with_their_score(course, student):
    shown = 0
    for name in LESSONS:
        page = (course / "feedback" / student / "labseg" / f"{name}.html").read_text("utf-8")
        shown += float(re.search(r"\(Score: ([\d.]+) / [\d.]+\)", page)[1])
    assert shown == scores(course)[student]
