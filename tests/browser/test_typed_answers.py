"""Answers as a student types them, wrong and right, and what their checks say on the page."""

import pytest
from labseg_author.lessons import SOLUTIONS, code

pytestmark = pytest.mark.browser

# Exercise: its lesson, a piece of the right answer, a student's slip there, what the check says.
EXERCISES = {
    "split_by_car": (
        "01_dataset",
        "return train_names, test_names",
        "return test_names, train_names",
        "the lists are exchanged",
    ),
    "build_cnn": ("02_baseline_cnn", ', padding="same"', "", "use padding='same'"),
    "iou": ("03_metrics", ">= threshold", "> threshold", "write >=, not >"),
    "receptive_field": (
        "04_unet",
        "reversed(stack)",
        "stack",
        "this walks from the input to the output",
    ),
    "build_unet": (
        "04_unet",
        "layers.Rescaling(1 / 255)(inputs)",
        "inputs",
        "nothing scales the images",
    ),
    "apply_transform": (
        "05_augmentation",
        "T(mask) for mask",
        "mask for mask",
        "T moves them, too",
    ),
}
PARTS = {"build_unet": ["conv_block", "down", "up"]}  # exercises whose answers are used


def right(lesson, exercise):
    """The answer to an exercise that solves it, from the solved lesson."""
    (source,) = (s for s in code(SOLUTIONS / f"{lesson}.ipynb") if f"def {exercise}(" in s)
    return source


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_wrong_answer_is_told_why_and_the_right_one_passes(opened, readable, exercise):
    name, piece, slip, said = EXERCISES[exercise]
    function, check = f"def {exercise}(", f"labseg.check.{exercise}({exercise})"
    answer = right(name, exercise)
    assert piece in answer
    lesson = opened(name)
    lesson.run("import numpy")
    for part in PARTS.get(exercise, []):
        lesson.run(f"def {part}(", right(name, part))
    lesson.run(function)
    assert "Not attempted yet" in lesson.run(check)
    lesson.run(function, answer.replace(piece, slip))
    told = lesson.run(check)
    assert "Not yet" in told
    assert said in told
    readable(lesson, f"{exercise}_wrong", whole=False)
    lesson.run(function, answer)
    assert "Right, all of it" in lesson.run(check)
    readable(lesson, f"{exercise}_right", whole=False)


def test_three_wrong_answers_in_a_row_are_offered_a_hint(opened):
    lesson = opened("03_metrics")
    lesson.run("import numpy")
    lesson.run("def iou(", right("03_metrics", "iou").replace(">= threshold", "> threshold"))
    for _ in range(3):
        said = lesson.run("labseg.check.iou(iou)")
    assert 'labseg.hint("iou")' in said
    assert "in a row" in said
