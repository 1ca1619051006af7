"""The notebooks ask what the records of the exercises ask, and for all of it."""

import re

import pytest
from labseg_author.lessons import SOLUTIONS, read

from labseg.exercises.catalogue import EXERCISES

every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.name)
QUIZZES = [exercise for exercise in EXERCISES if exercise.name.startswith("quiz_")]


def cells(exercise):
    return read(SOLUTIONS / f"{exercise.notebook}.ipynb").cells


def graded(exercise, grade_id):
    """The nbgrader metadata and the source of the cell with a grade_id."""
    found = [
        (cell.metadata.nbgrader, cell.source)
        for cell in cells(exercise)
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    ]
    assert len(found) == 1, f"{len(found)} cells of {exercise.notebook} are called {grade_id}"
    return found[0]


@every_exercise
def test_every_exercise_has_a_cell_for_the_answer(exercise):
    nbgrader, source = graded(exercise, exercise.name)
    assert nbgrader.solution
    assert "### BEGIN SOLUTION" in source
    assert "### END SOLUTION" in source
    assert nbgrader.grade == exercise.by_hand  # nbgrader's own way to say who gives the points
    if exercise.by_hand:
        assert nbgrader.points == exercise.max_points


@every_exercise
def test_every_exercise_is_checked_in_its_notebook(exercise):
    call = f"labseg.check.{exercise.name}("
    assert sum(cell.source.count(call) for cell in cells(exercise)) == 1
    if exercise.by_hand or not exercise.max_points:
        return
    nbgrader, source = graded(exercise, f"check_{exercise.name}")
    assert call in source
    assert (nbgrader.grade, nbgrader.solution, nbgrader.locked) == (True, False, True)
    assert nbgrader.points == exercise.max_points
    assert "### BEGIN HIDDEN TESTS" in source


@every_exercise
def test_every_exercise_states_its_minutes_and_points(exercise):
    if exercise in QUIZZES:
        return
    text = "\n".join(cell.source for cell in cells(exercise) if cell.cell_type == "markdown")
    headings = text.split("### Exercise: ")
    mine = [part for part in headings if part.startswith(f"`{exercise.name}`")]
    assert len(mine) == 1
    assert f"{exercise.minutes} minutes · {exercise.max_points} points" in mine[0]
    assert f'labseg.hint("{exercise.name}")' in mine[0]


@pytest.mark.parametrize("exercise", QUIZZES, ids=lambda each: each.name)
def test_a_notebook_asks_the_questions_of_its_quiz(exercise):
    asked = [plain(cell.source) for cell in cells(exercise) if cell.cell_type == "markdown"]
    expected = plain("\n".join(lines(exercise)))
    assert sum(expected in text for text in asked) == 1, f"in no text cell:\n{expected}"


def lines(exercise):
    """The questions and choices of a quiz as a notebook lists them."""
    for number, question in exercise.faults.args[0].items():
        yield f"{number}. {question.text}"
        yield from (f"{letter}) {choice}" for letter, choice in question.choices.items())


def plain(text):
    """On one line, without what makes a list or a line break of it in Markdown."""
    return " ".join(re.sub(r"^\s*[-*] |\\$|<br>", "", text, flags=re.MULTILINE).split())


def test_every_lesson_ends_with_a_quiz():
    assert {each.notebook for each in QUIZZES} == {path.stem for path in SOLUTIONS.glob("*.ipynb")}
    for exercise in QUIZZES:
        assert len(exercise.points) == 5


def test_the_minutes_in_class_and_the_points_add_up():
    at_home = {
        "prepare_mask",
        "curves",
        "best_threshold",
        "debug_clinic",
        "skip_ablation",
        "shift_pair",
    }
    points = {True: 0, False: 0}
    minutes = dict.fromkeys((each.notebook for each in EXERCISES), 0)
    for each in EXERCISES:
        points[each.name in at_home] += each.max_points
        minutes[each.notebook] += each.minutes * (each.name not in at_home)
    assert points == {False: 80, True: 20}
    assert list(minutes.values()) == [9, 9, 13, 38, 9]
