"""The check of iou: right answers pass however they are written, each mistake hears its name."""

import keras
import numpy as np
import pytest

import labseg
from labseg.exercises.iou import EXERCISE
from labseg.exercises.judge import judge


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


def sets(y_true, y_pred, threshold):
    y_true, y_pred = (y[..., 0] if y.ndim == 4 else y for y in (y_true, y_pred))
    return y_true == 1, y_pred >= threshold


def areas(y_true, y_pred, threshold):
    a, b = sets(y_true, y_pred, threshold)
    return (a & b).sum(axis=(1, 2)), (a | b).sum(axis=(1, 2))


def right(y_true, y_pred, threshold=0.5):
    both, either = areas(y_true, y_pred, threshold)
    return np.where(either == 0, 1, both / either)


# --- right answers -------------------------------------------------------------------------


def picture_by_picture(y_true, y_pred, threshold=0.5):
    scores = []
    for true, pred in zip(y_true, y_pred, strict=True):
        a, b = (true.ravel() > 0).tolist(), (pred.ravel() >= threshold).tolist()
        union = sum(p or q for p, q in zip(a, b, strict=True))
        both = sum(p and q for p, q in zip(a, b, strict=True))
        scores.append(both / union if union else 1)
    return tuple(scores)


def flat_with_epsilon(y_true, y_pred, threshold=0.5, eps=1e-7):
    a = np.reshape(y_true, (len(y_true), -1)).astype("float32")
    b = (np.reshape(y_pred, (len(y_pred), -1)) >= threshold).astype("float32")
    both = (a * b).sum(axis=1)
    return list((both + eps) / (a.sum(axis=1) + b.sum(axis=1) - both + eps))


def with_keras(y_true, y_pred, threshold=0.5):
    n = len(y_true)
    a = keras.ops.reshape(keras.ops.cast(y_true, "float32"), (n, -1))
    b = keras.ops.cast(keras.ops.reshape(y_pred, (n, -1)) >= threshold, "float32")
    both, total = keras.ops.sum(a * b, axis=1), keras.ops.sum(a + b, axis=1)
    return keras.ops.where(total == 0, 1.0, both / keras.ops.maximum(total - both, 1.0))


def with_a_print(y_true, y_pred, threshold=0.5):
    print(y_true.shape)
    return right(y_true, y_pred, threshold).astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "answer", [right, picture_by_picture, flat_with_epsilon, with_keras, with_a_print]
)
def test_right_answers(answer, seed):
    verdict = verdict_on(answer, seed)
    assert verdict, verdict.message
    assert "background in both masks" in verdict.remark
    assert ("small constant" in verdict.remark) == (answer is flat_with_epsilon)


def test_not_attempted():
    def iou(y_true, y_pred, threshold=0.5):
        raise NotImplementedError

    assert not verdict_on(iou).attempted


# --- wrong answers -------------------------------------------------------------------------


def variant(score=None, threshold=None, labels=np.greater_equal, empty=1.0):
    """Right but for what is given: a formula of both and either, or what is car."""

    def function(y_true, y_pred, default=0.5, **options):
        limit = threshold or options.get("threshold", default)
        a, b = sets(y_true, labels(y_pred, limit).astype(float), 1e-9)
        both, either = (a & b).sum(axis=(1, 2)), (a | b).sum(axis=(1, 2))
        if score:
            return score(both, either, a, b)
        return np.where(either == 0, empty, both / np.maximum(either, 1))

    return function


def ratio(part, whole):
    return np.where(whole == 0, 1, part / whole)


SCORES = {
    "this is Dice, not IoU": lambda i, u, a, b: ratio(2 * i, u + i),
    "all pictures are pooled": lambda i, u, a, b: i.sum() / u.sum(),
    "pooled into one set of pixels: give each picture a score of its own, not the same": (
        lambda i, u, a, b: np.full(len(i), i.sum() / max(u.sum(), 1))
    ),
    "this is the mean over the pictures": lambda i, u, a, b: ratio(i, u).mean(),
    "this is the accuracy": lambda i, u, a, b: (a == b).mean(axis=(1, 2)),
    "this is the score of the background": lambda i, u, a, b: ratio(
        (~a & ~b).sum(axis=(1, 2)), (~a | ~b).sum(axis=(1, 2))
    ),
    "the union counts the pixels in both masks twice": lambda i, u, a, b: ratio(i, u + i),
    "the union lacks the pixels": lambda i, u, a, b: ratio(i, u - i),
    "the true area only": lambda i, u, a, b: ratio(i, a.sum(axis=(1, 2))),
    "the predicted area only": lambda i, u, a, b: ratio(i, b.sum(axis=(1, 2))),
    "this is 1 − IoU": lambda i, u, a, b: 1 - ratio(i, u),
    "these are percent": lambda i, u, a, b: 100 * ratio(i, u),
    "divide with /, not //": lambda i, u, a, b: np.where(u == 0, 1, i // np.maximum(u, 1)),
    "the constant 1 is added": lambda i, u, a, b: (i + 1) / (u + 1),
    "1 is added to the union": lambda i, u, a, b: i / (u + 1),
    "upside down": lambda i, u, a, b: u / i,
    "expected one score for each picture": lambda i, u, a, b: (a & b).sum(1) / (a | b).sum(1),
    "as if y_true and y_pred were not used": lambda i, u, a, b: 0.79,
    "the scores are wrong": lambda i, u, a, b: np.sqrt(ratio(i, u)),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("said", SCORES)
def test_a_wrong_formula_is_named_and_what_else_is_right_earns_its_points(said, seed):
    verdict = verdict_on(variant(SCORES[said]), seed)
    assert said in verdict.parts[0].message
    nothing_else = ("the sc", "exp", "as if", "divide")  # with // the scores are a constant 0
    assert verdict.parts[1].points == (0 if said.startswith(nothing_else) else 2)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("constant", [0, 0.5, 1])
def test_a_constant_earns_nothing(constant, seed):
    verdict = verdict_on(lambda y_true, y_pred, threshold=0.5: np.full(len(y_true), constant), seed)
    assert verdict.points == 0


LABELS = {
    "write >=, not >": {"labels": np.greater},
    "the argument threshold is not used: pixels count from 0.5": {"threshold": 0.5},
    "the argument threshold is not used: pixels count above 0.5": {
        "labels": lambda scores, t: np.round(scores) == 1
    },
    "every pixel with a score above 0": {"labels": lambda scores, t: scores > 0},
    "only a score of 1": {"labels": lambda scores, t: scores.astype(int) > 0},
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("said", LABELS)
def test_a_wrong_threshold_is_named(said, seed):
    verdict = verdict_on(variant(**LABELS[said]), seed)
    assert said in verdict.parts[1].message
    assert verdict.points == 6


def soft(y_true, y_pred, threshold=0.5):
    y_true, y_pred = (y.reshape(len(y), -1) for y in (y_true, y_pred))
    both = (y_true * y_pred).sum(axis=1)
    return ratio(both, (y_true + y_pred).sum(axis=1) - both)


def in_place(y_true, y_pred, threshold=0.5):
    y_pred[y_pred >= threshold] = 1
    y_pred[y_pred < 1] = 0
    return right(y_true, y_pred)


def empties(value):
    return lambda i, u, a, b: np.where(u == 0, value, i / np.maximum(u, 1))


def counted_in_uint8(y_true, y_pred, threshold=0.5):
    a, b = (each.reshape(len(each), -1) for each in (y_true, (y_pred >= threshold)))
    both, either = (sum(each.T.astype(np.uint8)) for each in (a * b, a | b))
    return np.where(either == 0, 1, both / np.maximum(either, 1))


def with_sums(y_true, y_pred, threshold=0.5):
    """Takes it for granted that y_true holds 0 and 1 only."""
    a, b = (each.reshape(len(each), -1) for each in (y_true, y_pred >= threshold))
    both = (a * b).sum(axis=1)
    return ratio(both, a.sum(axis=1) + b.sum(axis=1) - both)


OTHERS = {
    "y_true is compared with the threshold, too": (
        lambda y_true, y_pred, threshold=0.5: right(y_true >= threshold, y_pred, threshold),
        6,
    ),
    "the arguments are exchanged: y_true comes first": (
        lambda y_pred, y_true, threshold=0.5: right(y_true == 1, y_pred, threshold),
        6,
    ),
    "the arguments are exchanged: y_true comes first, then y_pred; with": (
        lambda y_pred, y_true, threshold=0.5: with_sums(y_true, y_pred, threshold),
        6,
    ),
    "Python's sum and += do not": (counted_in_uint8, 7),
    "added up as they are": (soft, 6),
    "your function changes its argument y_pred": (in_place, 6),
    "both masks are empty, the prediction is perfect: it scores 1 (0/0 is NaN)": (
        variant(lambda i, u, a, b: i / u),
        6,
    ),
    "both masks are empty, the prediction is perfect: it scores 1; given: 0": (
        variant(empties(0)),
        6,
    ),
    "is empty but the ": (variant(lambda i, u, a, b: np.where(i == 0, 1, i / np.maximum(u, 1))), 6),
    "(remove the last axis first), your function raised": (
        lambda y_true, y_pred, threshold=0.5: ratio(
            (y_true * (y_pred >= threshold)).sum(axis=(1, 2)),
            (y_true + (y_pred >= threshold) > 0).sum(axis=(1, 2)),
        ),
        7,
    ),
    "if takes a single one: choose with np.where (NumPy: The truth value": (
        variant(lambda i, u, a, b: i / u if u > 0 else 1),
        0,
    ),
    "compare y_pred with the threshold first (NumPy: ufunc 'bitwise_and'": (
        lambda y_true, y_pred, threshold=0.5: (y_true & y_pred).sum(axis=(1, 2)),
        0,
    ),
    "(squeeze() also removes that of a single picture) (NumPy: axis 2": (
        lambda y_true, y_pred, threshold=0.5: right(y_true.squeeze(), y_pred.squeeze(), threshold),
        7,
    ),
    "your function calls labseg.metrics.iou": (
        lambda *y, threshold=0.5: labseg.metrics.iou(*y, threshold),
        0,
    ),
    "your function calls labseg.metrics.dice": (
        lambda *y, threshold=0.5: 2 - 2 / labseg.metrics.dice(*y, threshold),
        0,
    ),
    "to `return` the result, not only to print": (lambda *_, **__: print(1), 0),
    "to `return` the result": (lambda *_, **__: None, 0),
    "returned something of type generator": (lambda *_, **__: (n for n in "abc"), 0),
    "your function is called as iou(y_true, y_pred, threshold=0.5), but it raised": (
        lambda y_true: 1,
        0,
    ),
    "not an array of numbers": (lambda *_, **__: "1.0", 0),
    "your function raised ZeroDivisionError: division by zero": (lambda *_, **__: 1 / 0, 0),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("said", OTHERS)
def test_other_mistakes(said, seed):
    answer, points = OTHERS[said]
    verdict = verdict_on(answer, seed)
    assert said in " ".join(part.message for part in verdict.parts)
    assert verdict.points == points


def test_a_fault_shows_the_picture_what_was_given_and_what_was_expected():
    lines = verdict_on(variant(labels=np.greater)).message.splitlines()
    assert lines[1].endswith(
        "not >; with y_true=[[0, 1, 1], [1, 0, 0]], y_pred=[[0.5, 0.875, 0], [0.375, 0.5, 0.25]]"
    )
    assert lines[2:4] == ["      given: 0.333", "      expected: 0.2"]
