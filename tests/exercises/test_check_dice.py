"""The check of dice: what differs from iou. What they share is tested with iou."""

import numpy as np
import pytest

import labseg
from labseg.exercises.dice import EXERCISE
from labseg.exercises.judge import judge


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


def variant(score, labels=np.greater_equal):
    """A function of both, μ(A) and μ(B) of each picture."""

    def function(y_true, y_pred, threshold=0.5):
        a, b = (y.reshape(len(y), -1) for y in (y_true == 1, labels(y_pred, threshold)))
        return score((a & b).sum(axis=1), a.sum(axis=1), b.sum(axis=1))

    return function


def ratio(part, whole):
    return np.where(whole == 0, 1, part / whole)


def iou(i, a, b):
    return ratio(i, a + b - i)


RIGHT = {
    "plain": lambda i, a, b: ratio(2 * i, a + b),
    "from iou": lambda i, a, b: 2 * iou(i, a, b) / (1 + iou(i, a, b)),
    "epsilon": lambda i, a, b: (2 * i + 1e-6) / (a + b + 1e-6),
    "list": lambda i, a, b: [2 * n / m if m else 1.0 for n, m in zip(i, a + b, strict=True)],
    "float16": lambda i, a, b: ratio(2 * i, a + b).astype(np.float16),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers(answer, seed):
    verdict = verdict_on(variant(RIGHT[answer]), seed)
    assert verdict, verdict.message
    assert "Dice = 2·IoU/(1 + IoU) for each picture" in verdict.remark


def test_not_attempted():
    def dice(y_true, y_pred, threshold=0.5):
        raise NotImplementedError

    assert not verdict_on(dice).attempted


WRONG = {
    "this is IoU, not Dice": iou,
    "the factor 2 is missing": lambda i, a, b: ratio(i, a + b),
    "the denominator is the union": lambda i, a, b: ratio(2 * i, a + b - i),
    "all pictures are pooled": lambda i, a, b: 2 * i.sum() / (a + b).sum(),
    "all pictures are pooled into one set of pixels: give each picture a score of its own "
    "(and add no constant)": lambda i, a, b: (2 * i.sum() + 1) / ((a + b).sum() + 1),
    "this is the mean over the pictures": lambda i, a, b: ratio(2 * i, a + b).mean(),
    "the constant 1 is added": lambda i, a, b: (2 * i + 1) / (a + b + 1),
    "1 is added to the sum of the areas": lambda i, a, b: 2 * i / (a + b + 1),
    "this is 1 − Dice, a loss": lambda i, a, b: 1 - ratio(2 * i, a + b),
    "the intersection is divided by the true area only": lambda i, a, b: ratio(i, a),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("said", WRONG)
def test_a_wrong_formula_is_named(said, seed):
    verdict = verdict_on(variant(WRONG[said]), seed)
    assert verdict.parts[0].message.startswith(said)
    assert verdict.parts[1].points == 2


@pytest.mark.parametrize(
    ("said", "answer", "points"),
    [
        ("write >=, not >", variant(RIGHT["plain"], np.greater), 5),
        ("where both masks are empty", variant(lambda i, a, b: 2 * i / (a + b)), 6),
        (
            "your function calls labseg.metrics.dice",
            lambda y_true, y_pred, threshold=0.5: labseg.metrics.dice(y_true, y_pred, threshold),
            0,
        ),
        ("your function calls labseg.metrics.dice", labseg.metrics.dice, 0),
    ],
)
def test_other_mistakes(said, answer, points):
    verdict = verdict_on(answer)
    assert said in verdict.message
    assert verdict.points == points
