"""The exercise best_threshold(y_true, scores, thresholds): the best mean IoU over the pictures."""

from dataclasses import replace
from functools import partial

import numpy as np

from labseg.exercises.answers import values
from labseg.exercises.compare import CLOSE, array_of, by_part, ignores, recognise, shown, value_of
from labseg.exercises.exercise import Exercise
from labseg.exercises.judge import attempt
from labseg.exercises.overlap import dice, explained, iou, result
from labseg.exercises.verdict import Fault

CALL = "best_threshold(y_true, scores, thresholds)"
POINTS = {"best": 2, "mean IoU": 1}
PARTS = (*["best"] * 3, *["mean IoU"] * 4)
NUMPY_SAYS = {  # a part of NumPy's message: what it means here
    "truth value of an array": "iou gives a number for each picture: compare their means",
    "out of bounds for axis": "there are more numbers than thresholds: give np.argmax one for "
    "each, the mean over the pictures",
}
MARGIN = 0.02  # how much the mean IoU of the best is above the next one

HINTS = (
    "Compute one number for each threshold, and return the threshold whose number is largest.",
    "The number is the mean of the IoUs of all pictures at that threshold: iou(y_true, scores, t) "
    "gives one for each picture, and .mean() of an array is their mean.",
    "Collect the means in a list, one for each t in thresholds; np.argmax gives the index of the "
    "largest, and thresholds[that index] is the answer.",
)


# --- what may be maximised, right and wrong: a case → a number for each threshold ----------------


def _mean_iou(*areas):
    return iou(*areas).mean()


def at_each(case, formula=_mean_iou, labelling=np.greater_equal):
    """A formula of the areas, by default the mean IoU, at each threshold of the case."""
    pair = {"y_true": case["y_true"], "y_pred": case["scores"]}
    return np.array(
        [float(result(pair | {"threshold": t}, formula, labelling)) for t in case["thresholds"]]
    )


ACCURACY = partial(at_each, formula=lambda i, a, b, n: ((n - a - b + 2 * i) / n).mean())
POOLED = partial(at_each, formula=lambda i, a, b, n: iou(i.sum(), a.sum(), b.sum()))
DICE = partial(at_each, formula=lambda *areas: dice(*areas).mean())
FIRST = partial(at_each, formula=lambda *areas: iou(*areas)[0])
LARGEST = partial(at_each, formula=lambda *areas: iou(*areas).max())
MEDIAN = partial(at_each, formula=lambda *areas: np.median(iou(*areas)))
EMPTY_IS_0 = partial(at_each, formula=lambda i, a, b, n: (i / np.maximum(a + b - i, 1)).mean())
ABOVE = partial(at_each, labelling=np.greater)
BELOW = partial(at_each, labelling=np.less)
COUSINS = (ACCURACY, POOLED, DICE)  # which often, but not always, choose as the mean IoU does


def _lowest(case):
    return -at_each(case)


def _without(case, place):
    means = at_each(case)
    means[place] = -1
    return means


MISTAKES = {
    "this is the best threshold for the accuracy: look at the IoU": ACCURACY,
    "this is the best threshold for all pictures pooled: compute the IoU of each, and the mean of "
    "these": POOLED,
    "this is the best threshold for Dice: look at the IoU": DICE,
    "this is the best threshold for the first picture: take the mean over all": FIRST,
    "this is the best threshold for the largest IoU of a picture: take the mean over all": LARGEST,
    "this is the best threshold for the median: take the mean of the IoUs": MEDIAN,
    "this is the best threshold if two empty masks score 0: their IoU is 1": EMPTY_IS_0,
    "this is the best of all thresholds but the first: try that one, too": partial(
        _without, place=0
    ),
    "this is the best of all thresholds but the last: try that one, too": partial(
        _without, place=-1
    ),
    "this threshold has the lowest mean IoU: look for the highest": _lowest,
    "this is the best threshold if only scores above it are car: write >=, not >": ABOVE,
    "this is the best threshold if car is where the score is lower: write >=, not <": BELOW,
}


def ours(y_true, scores, thresholds):
    """What the lesson goes on with until the student's function is right."""
    areas = {"y_true": y_true, "scores": scores, "thresholds": thresholds}
    return thresholds[at_each(areas).argmax()]


def _means_beside_thresholds(case):
    """What a loop returns that keeps the best threshold where the best mean should be."""
    best = 0
    for t, mean in zip(case["thresholds"], at_each(case), strict=True):
        best = t if mean > best else best
    return best


def _best(case, metric):
    """The thresholds at which the metric is largest."""
    numbers = metric(case)
    return case["thresholds"][numbers >= numbers.max() - CLOSE]


def _is_best(case, metric, given):
    return given.ndim == 0 and np.isclose(_best(case, metric), given, rtol=0, atol=CLOSE).any()


# --- cases ---------------------------------------------------------------------------------------


def draw_cases(seed=0):
    """Three in which accuracy, Dice and pooled IoU choose alike, three in which one does not.

    In the first the best threshold is the last, after one that is lower than the one before; in
    the second it is the first. At the end, one with a picture without car.
    """
    rng = np.random.default_rng(seed)
    sizes = ((2, 2, 3), 3), ((2, 3, 4), 5), ((3, 3, 4), 7)
    alike = [_draw(rng, *size, choose_else=()) for size in sizes]
    for case, steps in zip(alike, (-1, 0), strict=False):
        best_first = case["thresholds"][np.argsort(-at_each(case))]
        case["thresholds"] = np.roll(best_first, steps)
    one_else = [_draw(rng, (3, 3, 4), 5, choose_else=(metric,)) for metric in COUSINS]
    return [*alike, *one_else, _with_empty_masks(rng)]


def _with_empty_masks(rng):
    """Two pictures, and one without car, in which the best threshold finds none."""
    while True:
        case = _draw(rng, (2, 3, 4), 5, choose_else=())
        empty = (rng.integers(0, 6, (1, 3, 4)) / 8).astype(np.float32)
        case["y_true"] = np.concatenate([case["y_true"], np.zeros((1, 3, 4), np.uint8)])
        case["scores"] = np.concatenate([case["scores"], empty])
        means = np.sort(at_each(case))
        best = set(_best(case, at_each))
        if means[-1] - means[-2] > MARGIN and not best & set(_best(case, EMPTY_IS_0)):
            return case


def _draw(rng, size, n_thresholds, choose_else):
    """Scores with a best threshold that is not 0.5 and clearly better than all others.

    Of the COUSINS, those in choose_else choose another one, and the others this one.
    """
    while True:
        thresholds = rng.permutation(np.arange(1, 8))[:n_thresholds] / 8
        truth = rng.integers(0, 2, size, dtype=np.uint8)
        scores = rng.integers(0, 6, size) + 3 * truth  # 0 to 8: car scores higher, on the whole
        scores = (scores / 8).astype(np.float32)
        case = {"y_true": truth, "scores": scores, "thresholds": thresholds}
        means = at_each(case)
        first, second = np.sort(means)[:-3:-1]
        best = thresholds[means.argmax()]
        clear = first - second > MARGIN and truth.any(axis=(1, 2)).all()
        if best != 0.5 and clear and _suits(case, best, choose_else):
            return case


def _suits(case, best, choose_else):
    for metric in COUSINS:
        chosen = set(_best(case, metric))
        suits = best not in chosen if metric in choose_else else chosen == {best}
        if not suits:
            return False
    if choose_else == (ACCURACY,) and any(best in _best(case, m) for m in (LARGEST, MEDIAN)):
        return False
    if len(case["thresholds"]) < 7:
        return True
    others = [{best}, *(set(_best(case, metric)) for metric in (FIRST, ABOVE, BELOW, _lowest))]
    return len(set.union(*others)) == sum(map(len, others))  # no two have one in common


# --- the verdict ---------------------------------------------------------------------------------


def faults(cases, answers):
    """{part: what is wrong with it, or None}, from an answer for each case."""
    answers = explained(answers, NUMPY_SAYS)
    named, _ = attempt(_named, cases, answers)

    def judge_part(part, pairs):
        fault = next(filter(None, (_fault(case, array_of(value)) for case, value in pairs)), None)
        return fault and replace(fault, message=named or fault.message)

    return by_part(PARTS, cases, answers, judge_part, CALL)


def _named(cases, answers):
    """The mistake that explains what was returned for all cases, or None."""
    given = [array_of(value_of(answer, CALL)) for answer in answers]
    for sentence, metric in MISTAKES.items():
        if all(_is_best(case, metric, one) for case, one in zip(cases, given, strict=True)):
            return sentence
    means = [at_each(case) for case in cases]
    others = {
        "this is the index of the best threshold: return thresholds[that index]": [
            each.argmax() for each in means
        ],
        "this is the best mean IoU: return the threshold at which it is reached": [
            each.max() for each in means
        ],
        "this is the first threshold, whatever the scores: compute the IoU at each of them": [
            case["thresholds"][0] for case in cases
        ],
        "a mean IoU is compared with a threshold: keep both, the best mean and its threshold": [
            _means_beside_thresholds(case) for case in cases
        ],
    }
    return recognise(given, others) or ignores(given, "y_true and scores")


def _fault(case, given):
    means = at_each(case)
    best = means.argmax()
    expected = f"{case['thresholds'][best]} (mean IoU {means[best]:.3f})"
    if given.ndim:
        what = f"an array of shape {given.shape}"
        return Fault("one of the thresholds was expected, as a single number", what, expected)
    near = np.isclose(case["thresholds"], given, rtol=0, atol=CLOSE)
    if not near.any():
        sentence = f"this is none of the thresholds given, {shown(case['thresholds'])}"
        return Fault(sentence, shown(given), expected)
    if means[near].max() < means[best] - CLOSE:
        masks = f"y_true={shown(case['y_true'])}, scores={shown(case['scores'])}"
        if case["y_true"].size > 12:
            masks = f"{len(case['y_true'])} pictures"
        text = f"another threshold has a higher mean IoU; with {masks}"
        return Fault(text, f"{shown(given)} (mean IoU {means[near].max():.3f})", expected)


EXERCISE = Exercise(
    name="best_threshold",
    notebook="03_metrics",
    minutes=5,
    points=POINTS,
    cases=draw_cases,
    answers=partial(values, forbidden=("labseg.exercises.best_threshold.ours",)),
    faults=faults,
    hints=HINTS,
    remark=lambda cases, answers: (
        "Notice that this threshold is chosen on these pictures: its mean IoU here flatters a "
        "little, so report the one on pictures that had no say in it."
    ),
)
