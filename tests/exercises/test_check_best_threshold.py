"""The check of best_threshold: right answers pass however written, each mistake hears its name."""

import numpy as np
import pytest

import labseg
from labseg.exercises.best_threshold import EXERCISE
from labseg.exercises.judge import judge


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


def iou(y_true, found):
    both, either = ((y_true == 1) & found).sum((1, 2)), ((y_true == 1) | found).sum((1, 2))
    return np.where(either == 0, 1, both / np.maximum(either, 1))


def maximises(score, labels=np.greater_equal, result=lambda means, ts: ts[np.argmax(means)]):
    def function(y_true, scores, thresholds):
        return result([score(y_true, labels(scores, t)) for t in thresholds], thresholds)

    return function


def mean_iou(y_true, found):
    return iou(y_true, found).mean()


# --- right answers -------------------------------------------------------------------------


def in_a_loop(y_true, scores, thresholds):
    best, best_mean = None, -1
    for t in sorted(thresholds.tolist()):
        mean = sum((iou(y_true, scores >= t) + 1e-6).tolist()) / len(y_true)
        if mean >= best_mean:
            best, best_mean = t, mean
    return best


RIGHT = {
    "plain": maximises(mean_iou),
    "loop": in_a_loop,
    "labseg.metrics": lambda y_true, scores, thresholds: max(
        thresholds, key=lambda t: labseg.metrics.iou(y_true, scores, t).mean()
    ),
    "sum, float32": maximises(
        lambda y_true, found: iou(y_true, found).sum(),
        result=lambda means, ts: np.array(ts, np.float32)[np.argmax(means)],
    ),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers(answer, seed):
    verdict = verdict_on(RIGHT[answer], seed)
    assert verdict, verdict.message
    assert "chosen on these pictures" in verdict.remark


def test_either_is_right_at_a_tie():
    case = EXERCISE.cases(0)[0]
    tied = case | {"thresholds": np.array([0.3, 0.9, 0.31, 0.32])}
    tied["scores"] = np.where(tied["scores"] >= 0.5, 0.9, 0.1)
    tied["y_true"] = (tied["scores"] > 0.5).astype(np.uint8)
    answers = [{"value": value} for value in (0.3, 0.9, 0.31)] * 2 + [{"value": 0.3}]
    assert not any(EXERCISE.faults([tied] * 7, answers).values())


def test_not_attempted():
    def best_threshold(y_true, scores, thresholds):
        raise NotImplementedError

    assert not verdict_on(best_threshold).attempted


# --- wrong answers -------------------------------------------------------------------------


def accuracy(y_true, found):
    return ((y_true == 1) == found).mean()


def pooled(y_true, found):
    return ((y_true == 1) & found).sum() / max(1, ((y_true == 1) | found).sum())


def mean_dice(y_true, found):
    return (2 * iou(y_true, found) / (1 + iou(y_true, found))).mean()


def best_in_a_muddle(y_true, scores, thresholds):
    best = 0
    for t in thresholds:
        if mean_iou(y_true, scores >= t) > best:
            best = t
    return best


@pytest.mark.parametrize("seed", range(5))
def test_whoever_stops_at_the_first_fall_is_wrong(seed):
    assert not verdict_on(until_it_falls, seed)


def until_it_falls(y_true, scores, thresholds):
    means = [mean_iou(y_true, scores >= t) for t in thresholds]
    falls = [i for i in range(1, len(means)) if means[i] < means[i - 1]]
    return thresholds[falls[0] - 1 if falls else -1]


# sentence → (the wrong answer, its points)
WRONG = {
    "the best threshold for the accuracy": (maximises(accuracy), 2),
    "the best threshold for all pictures pooled": (maximises(pooled), 2),
    "the best threshold for Dice": (maximises(mean_dice), 2),
    "the best threshold for the first picture": (
        maximises(lambda y_true, found: iou(y_true, found)[0]),
        None,
    ),
    "the best threshold for the largest IoU of a picture": (
        maximises(lambda y_true, found: iou(y_true, found).max()),
        None,
    ),
    "the best threshold for the median": (
        maximises(lambda y_true, found: np.median(iou(y_true, found))),
        None,
    ),
    "the best threshold if two empty masks score 0": (
        maximises(lambda y_true, found: np.where(found.any((1, 2)), iou(y_true, found), 0).mean()),
        2,
    ),
    "the best of all thresholds but the first": (
        lambda y_true, scores, ts: maximises(mean_iou)(y_true, scores, ts[1:]),
        None,
    ),
    "the best of all thresholds but the last": (
        lambda y_true, scores, ts: maximises(mean_iou)(y_true, scores, ts[:-1]),
        None,
    ),
    "the lowest mean IoU": (
        maximises(mean_iou, result=lambda means, ts: ts[np.argmin(means)]),
        0,
    ),
    "write >=, not >": (maximises(mean_iou, np.greater), 0),
    "write >=, not <": (maximises(mean_iou, np.less), None),
    "this is the index of the best threshold": (
        maximises(mean_iou, result=lambda means, ts: np.argmax(means)),
        0,
    ),
    "this is the best mean IoU": (maximises(mean_iou, result=lambda means, ts: max(means)), 0),
    "expected, as a single number; given: an array of shape (3,)": (
        maximises(mean_iou, result=lambda means, ts: means),
        0,
    ),
    "expected, as a single number; given: an array of shape (2,)": (
        maximises(mean_iou, result=lambda means, ts: (ts[np.argmax(means)], max(means))),
        0,
    ),
    "another threshold has a higher mean IoU; with y_true=[[[": (
        maximises(mean_iou, result=lambda means, ts: ts[np.argsort(means)[-2]]),
        0,
    ),
    "as if y_true and scores were not used": (lambda y_true, scores, thresholds: 0.5, 0),
    "this is none of the thresholds given, [": (
        lambda y_true, scores, thresholds: maximises(mean_iou)(
            y_true, scores, np.linspace(0.04, 0.93, 17)
        ),
        0,
    ),
    "to `return` the result, not only to print": (
        lambda y_true, scores, thresholds: print(thresholds[0]),
        0,
    ),
    "called as best_threshold(y_true, scores, thresholds), but": (lambda y_true, scores: 0.5, 0),
    "iou gives a number for each picture: compare their means (NumPy: The truth value": (
        lambda y_true, scores, thresholds: max(thresholds, key=lambda t: iou(y_true, scores >= t)),
        0,
    ),
    "this is the first threshold, whatever the scores": (
        lambda y_true, scores, thresholds: thresholds[0],
        None,
    ),
    "a mean IoU is compared with a threshold": (best_in_a_muddle, None),
    "calls labseg.exercises.best_threshold.ours": (
        lambda *arguments: labseg.exercises.best_threshold.ours(*arguments),
        0,
    ),
    "not an array of numbers": (lambda y_true, scores, thresholds: "0.5", 0),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("said", WRONG)
def test_wrong_answers(said, seed):
    answer, points = WRONG[said]
    verdict = verdict_on(answer, seed)
    assert said in " ".join(part.message for part in verdict.parts)
    assert not verdict
    if points is not None:
        assert verdict.points == points
