"""What the exercises iou and dice share: one score a picture from the overlap of two masks.

A score is a formula of the areas of a picture and a way to tell from a score whether a pixel is
car. Plausible mistakes in either are tried out, so that a verdict can name them.
"""

from functools import partial
from itertools import combinations

import numpy as np

from labseg.exercises.answers import values
from labseg.exercises.compare import (
    agree,
    array_of,
    by_part,
    ignores,
    recognise,
    shown,
    value_of,
    wrong_shape,
)
from labseg.exercises.exercise import Exercise
from labseg.exercises.judge import attempt
from labseg.exercises.verdict import Fault, short

NEAR = 1e-3  # as far as a tiny constant against 0/0 may move a score
PARTS = (
    *["scores"] * 2,
    *["threshold"] * 4,
    *["empty masks"] * 2,
    *["shapes"] * 5,
)
ONE_EACH = "expected one score for each picture, so sum over axis=(1, 2) alone"
EXCHANGED = "the arguments are exchanged: y_true comes first, then y_pred"
WAIT = "judged once the scores of plain masks are right"
NUMPY_SAYS = {  # a part of NumPy's message: what it means here
    "truth value of an array": "there is one number for each picture, and if takes a single one: "
    "choose with np.where",
    "bitwise_": "& and | want truth values, not scores: compare y_pred with the threshold first",
    "could not be broadcast": "remove the last axis where there are four, and only there",
    "out of bounds for array of dimension": "an axis too many is gone: remove the last one, and "
    "only where there are four (squeeze() also removes that of a single picture)",
}


# --- formulas of i = μ(A∩B), a = μ(A), b = μ(B) and the number of pixels, right and wrong -------


def iou(i, a, b, pixels=None):
    return _ratio(i, a + b - i)


def dice(i, a, b, pixels=None):
    return _ratio(2 * i, a + b)


def _ratio(part, whole):
    return np.where(whole == 0, 1.0, part / np.where(whole == 0, 1, whole))


def _smoothed(metric, s):
    if metric is iou:
        return lambda i, a, b, pixels: (i + s) / (a + b - i + s)
    return lambda i, a, b, pixels: (2 * i + s) / (a + b + s)


def _pooled(formula):
    return lambda i, a, b, pixels: formula(i.sum(), a.sum(), b.sum(), pixels)


def _each(formula):
    """The same score for every picture."""
    return lambda i, a, b, pixels: np.full(len(i), formula(i, a, b, pixels))


def _formulas(metric):
    """{what is wrong: the formula}; the right one is called ""."""
    name, other = ("IoU", dice) if metric is iou else ("Dice", iou)
    other_name = "Dice" if metric is iou else "IoU"
    pooled = "all pictures are pooled into one set of pixels: give each picture a score of its own"
    mean = "this is the mean over the pictures: return one score for each of them"
    smooth = "the constant {} is added, which moves the scores of small cars: at most 1e-6"
    shared = {
        "": metric,
        f"this is {other_name}, not {name}": other,
        pooled: _pooled(metric),
        f"{pooled} (and add no constant)": _pooled(_smoothed(metric, 1)),
        mean: lambda *areas: metric(*areas).mean(),
        f"{pooled}, not the same one for all": _each(_pooled(metric)),
        f"{mean}, not the mean for all": _each(lambda *areas: metric(*areas).mean()),
        "this is the accuracy: background in both masks does not count": (
            lambda i, a, b, n: (n - a - b + 2 * i) / n
        ),
        "this is the score of the background: the car is where the mask is 1": (
            lambda i, a, b, n: metric(n - a - b + i, n - a, n - b)
        ),
        "this is the mean of the scores of car and background: score the car alone": (
            lambda i, a, b, n: (metric(i, a, b) + metric(n - a - b + i, n - a, n - b)) / 2
        ),
        "the intersection is divided by the true area only, so invented car costs nothing": (
            lambda i, a, b, n: i / a
        ),
        "the intersection is divided by the predicted area only, so missed car costs nothing": (
            lambda i, a, b, n: i / b
        ),
        "the intersection is divided by all pixels of the picture": lambda i, a, b, n: i / n,
        "the intersection is divided by the smaller area": lambda i, a, b, n: i / np.minimum(a, b),
        "the intersection is divided by the larger area": lambda i, a, b, n: i / np.maximum(a, b),
        f"this is 1 − {name}, a loss: a perfect mask has to score 1": (
            lambda *areas: 1 - metric(*areas)
        ),
        "these are percentages: a perfect mask has to score 1": lambda *areas: 100 * metric(*areas),
        "the scores are cut to whole numbers: divide with /, not //": (
            lambda *areas: np.floor(metric(*areas))
        ),
        "the fraction is upside down: the intersection goes on top": (
            lambda *areas: 1 / metric(*areas)
        ),
    }
    return (
        shared
        | _own_formulas(metric)
        | {smooth.format(s): _smoothed(metric, s) for s in (0.1, 1, 10, 100)}
    )


def _own_formulas(metric):
    if metric is iou:
        return {
            "the union counts the pixels in both masks twice: subtract the intersection once": (
                lambda i, a, b, n: i / (a + b)
            ),
            "the union lacks the pixels that are in both masks: it is where either is car": (
                lambda i, a, b, n: i / (a + b - 2 * i)
            ),
            "1 is added to the union: treat the empty case apart": (
                lambda i, a, b, n: i / (a + b - i + 1)
            ),
        }
    return {
        "the factor 2 is missing: Dice is twice the intersection over the sum of both areas": (
            lambda i, a, b, n: i / (a + b)
        ),
        "the denominator is the union: Dice divides by the sum of both areas": (
            lambda i, a, b, n: 2 * i / (a + b - i)
        ),
        "1 is added to the sum of the areas: treat the empty case apart": (
            lambda i, a, b, n: 2 * i / (a + b + 1)
        ),
    }


# --- whether a pixel is car, right and wrong: scores, threshold → 0 and 1 ------------------------

LABELLINGS = {
    "": lambda scores, t: scores >= t,
    "a pixel whose score equals the threshold is car: write >=, not >": (
        lambda scores, t: scores > t
    ),
    "the argument threshold is not used: pixels count from 0.5, whatever it is": (
        lambda scores, t: scores >= 0.5
    ),
    "the argument threshold is not used: pixels count above 0.5 (as np.round does), whatever it "
    "is": lambda scores, t: scores > 0.5,
    "the scores are added up as they are: first make them 0 or 1, y_pred >= threshold": (
        lambda scores, t: scores
    ),
    "car and background are exchanged: a pixel is car where y_pred >= threshold": (
        lambda scores, t: scores < t
    ),
    "every pixel with a score above 0 counts as car: compare with the threshold": (
        lambda scores, t: scores > 0
    ),
    "only a score of 1 counts as car (as with .astype(int)): compare with the threshold": (
        lambda scores, t: scores >= 1
    ),
}


def result(case, formula, labelling=LABELLINGS[""]):
    """What a formula and a labelling give for a case."""
    truth, scores = (_stack(case[name]).astype(float) for name in ("y_true", "y_pred"))
    found = labelling(scores, case.get("threshold", 0.5)).astype(float)
    areas = [area.sum(axis=(1, 2)) for area in (truth * found, truth, found)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(formula(*areas, truth[0].size))


def _stack(masks):
    return masks[..., 0] if masks.ndim == 4 else masks


# --- cases ---------------------------------------------------------------------------------------


def draw_cases(metric, seed=0):
    """Two pairs of plain masks, four of scores, two with empty masks, five of other shapes.

    At the last threshold, 0, every pixel is called car. The last shape is a large picture.
    """
    rng = np.random.default_rng(seed)
    plain = [_draw(rng, metric, size) for size in ((2, 2, 3), (3, 4, 5))]
    scored = [
        _draw(rng, metric, size, threshold)
        for size, threshold in (((2, 2, 3), None), ((2, 3, 4), 0.25), ((3, 4, 5), 0.75))
    ]
    shapes = [_draw(rng, metric, size) for size in ((2, 3, 4), (2, 3, 4), (1, 2, 3), (1, 4, 4))]
    channels = [("y_pred",), ("y_true", "y_pred"), ("y_true", "y_pred"), ("y_true",)]
    for case, names in zip(shapes, channels, strict=True):
        case |= {name: case[name][..., None] for name in names}
    at_0 = scored[-1] | {"threshold": 0.0}
    large = (rng.random((2, 1, 20, 24)) < 0.8).astype(np.uint8)
    large = {"y_true": large[0], "y_pred": large[1].astype(np.float32)}
    return [*plain, *scored, at_0, *_empty(rng), *shapes, large]


def _draw(rng, metric, size, threshold=0):
    """Masks or, given a threshold, scores, for which no mistake gives the right result."""
    while True:
        truth = rng.integers(0, 2, size, dtype=np.uint8)
        levels = rng.integers(0, 2, size) if threshold == 0 else rng.integers(0, 9, size) / 8
        case = {"y_true": truth, "y_pred": levels.astype(np.float32)}
        case |= {"threshold": threshold} if threshold else {}
        if _shows_mistakes(case, metric, threshold != 0):
            return case


def _shows_mistakes(case, metric, scores):
    truth, found = case["y_true"] == 1, case["y_pred"] >= case.get("threshold", 0.5)
    kinds = [truth & found, truth & ~found, ~truth & found]
    if not all(kind.any(axis=(1, 2)).all() for kind in kinds):
        return False
    right, wrong = result(case, metric), []
    if len(truth) > 1:
        wrong = [result(case, formula) for formula in _formulas(metric).values()][1:]
    if len(truth) > 2 and any(agree(a, b, NEAR) for a, b in combinations(wrong, 2)):
        return False  # these would be taken for one another
    if scores:
        labellings = list(LABELLINGS.values())[1:]
        if "threshold" not in case:
            labellings.pop(1)  # which takes 0.5, rightly
        wrong += [result(case, metric, labelling) for labelling in labellings]
    return not any(agree(each, right, 1.5 * NEAR) for each in wrong)


def _empty(rng):
    """Two pictures with empty masks only; four, in any order, in which both, one or none is."""
    truth = (rng.random((4, 3, 4)) < 0.5).astype(np.uint8)
    truth[:, 0] = 1  # so that no car is tiny
    found = np.roll(truth, 1, axis=1).astype(np.float32)
    truth[:2], found[:3:2] = 0, 0  # both empty, the truth, the prediction, none
    order = rng.permutation(4)
    return [
        {"y_true": truth[:1].repeat(2, axis=0), "y_pred": found[:1].repeat(2, axis=0)},
        {"y_true": truth[order], "y_pred": found[order]},
    ]


# --- the verdict ---------------------------------------------------------------------------------


def faults(metric, cases, answers):
    """{part: what is wrong with it, or None}, from an answer for each case."""
    call = f"{metric.__name__}(y_true, y_pred, threshold=0.5)"
    answers = explained(answers, NUMPY_SAYS)
    # A wrong formula costs its own points: what else is right is judged beside it.
    mistake, _ = attempt(_wrong_formula, metric, cases, answers, call)

    def judge_part(part, pairs):
        pairs = [(case, array_of(value)) for case, value in pairs]
        if part == "scores":
            return _score_fault(metric, mistake, pairs)
        if part == "empty masks":
            return _empty_fault(pairs)
        if mistake is None or _is_constant(_formulas(metric)[mistake], cases):
            return WAIT  # whoever returns a constant must not earn points beside it
        judge = _threshold_fault if part == "threshold" else _shape_fault
        return judge(_formulas(metric)[mistake], pairs)

    return by_part(PARTS, cases, answers, judge_part, call, _shapes)


def explained(answers, meanings):
    """The answers, and before an error's message what it means here.

    meanings: {a part of the message: what it means}.
    """

    def one(answer):
        if not isinstance(answer, dict) or "error" not in answer:
            return answer
        message = short(answer.get("message"))
        found = [meaning for part, meaning in meanings.items() if part in message]
        return answer | {"message": f"{found[0]} (NumPy: {message})"} if found else answer

    return [one(answer) for answer in answers]


def _wrong_formula(metric, cases, answers, call):
    """What is wrong with the formula: "" if nothing, None if that is not to be seen."""
    pairs = list(zip(cases, answers, strict=True))[: PARTS.count("scores")]
    given = [array_of(value_of(answer, call)) for _, answer in pairs]
    return recognise(
        given,
        {
            sentence: [result(case, formula) for case, _ in pairs]
            for sentence, formula in _formulas(metric).items()
        },
        NEAR,
    )


def _is_constant(formula, cases):
    """Whether a formula gives one number for all pictures of the cases about the scores."""
    scores = [np.ravel(result(case, formula)) for case in cases[: PARTS.count("scores")]]
    return len(np.unique(np.concatenate(scores))) == 1


def _score_fault(metric, mistake, pairs):
    if mistake == "":
        return None
    mistake = mistake or ignores([given for _, given in pairs], "y_true and y_pred")
    for case, given in pairs:
        right = result(case, metric)
        if not agree(given, right, NEAR):
            fault = wrong_shape(given, right.shape, ONE_EACH)
            general = fault.message if fault else "the scores are wrong"
            return _fault(mistake or general, case, given, right)


def _threshold_fault(formula, pairs):
    wrong = [pair for pair in pairs if not agree(pair[1], result(pair[0], formula), NEAR)]
    if not wrong:
        return None
    mistakes = {
        sentence: [result(case, formula, labelling) for case, _ in pairs]
        for sentence, labelling in LABELLINGS.items()
    }
    both = "y_true is compared with the threshold, too: leave it as it is, 0 and 1"
    mistakes[both] = [
        result(case | {"y_true": case["y_true"] >= case.get("threshold", 0.5)}, formula)
        for case, _ in pairs
    ]
    given = [given for _, given in pairs]
    sentence = recognise(given, mistakes, NEAR)
    for labels in (lambda scores: scores, lambda scores: scores == 1):  # as the truth is read
        exchanged = [
            case | {"y_true": labels(case["y_pred"]), "y_pred": case["y_true"]} for case, _ in pairs
        ]
        results = [result(case, formula) for case in exchanged]
        sentence = sentence or recognise(given, {EXCHANGED: results}, NEAR)
    case, given = wrong[0]
    general = "the scores are wrong: a pixel is car where y_pred >= threshold, and only there"
    return _fault(sentence or general, case, given, result(case, formula))


def _empty_fault(pairs):
    for case, given in pairs:
        truth, found = (case[name].any(axis=(1, 2)) for name in ("y_true", "y_pred"))
        if fault := wrong_shape(given, truth.shape, ONE_EACH):
            return fault
        for i in np.flatnonzero(~truth | ~found):
            expected = float(truth[i] == found[i])
            if not agree(given[i], expected, NEAR):
                sentence = _empty_sentence(truth[i], found[i], given[i])
                return Fault(sentence, shown(given[i]), shown(expected))


def _empty_sentence(truth, found, given):
    nan = " (0/0 is NaN)" if np.isnan(given) else ""
    if not truth and not found:
        return f"where both masks are empty, the prediction is perfect: it scores 1{nan}"
    empty, other = ("prediction", "truth") if truth else ("truth", "prediction")
    return (
        f"where the {empty} is empty but the {other} is not, nothing is right: the score is 0{nan}"
    )


def _shape_fault(formula, pairs):
    for case, given in pairs:
        expected = result(case, formula)
        if not agree(given, expected, NEAR):
            sentence = "the scores have to be those without the last axis"
            if case["y_true"].ndim == case["y_pred"].ndim == 3:
                sentence = (
                    "the scores are wrong: after 255, uint8 begins again at 0 "
                    "(.sum() avoids that, Python's sum and += do not)"
                )
            elif len(expected) == 1:
                sentence += " (squeeze() also removes the axis of a single picture)"
            return Fault(f"with {_shapes(case)}, {sentence}", shown(given), shown(expected))


def _fault(sentence, case, given, expected):
    """The Fault, on the first wrong picture alone if there is a score for each."""
    masks = {name: case[name] for name in ("y_true", "y_pred")}
    if given.shape == expected.shape != ():
        i = np.argmin(np.isclose(given, expected, rtol=0, atol=NEAR))
        masks = {name: array[i] for name, array in masks.items()}
        given, expected = given[i], expected[i]
    text = ", ".join(f"{name}={shown(array)}" for name, array in masks.items())
    if "threshold" in case:
        text += f", threshold={case['threshold']}"
    return Fault(f"{sentence}; with {text}", shown(given), shown(expected))


def _shapes(case):
    shapes = case["y_true"].shape, case["y_pred"].shape
    text = "y_true of shape {} and y_pred of shape {}".format(*shapes)
    return text + (" (remove the last axis first)" if 4 in map(len, shapes) else "")


# --- the exercises -------------------------------------------------------------------------------


def exercise(metric, minutes, points, hints, remark):
    """The Exercise iou or dice; metric: the function of that name in this file."""

    def remark_to(cases, answers):
        pairs = zip(cases, answers, strict=True)
        zeros = [array_of(answer["value"])[result(case, metric) == 0] for case, answer in pairs]
        if not np.concatenate(zeros).any():
            return remark
        return (
            "The small constant in your formula moves the scores a little; "
            f"np.where for the empty case leaves them exact. {remark}"
        )

    return Exercise(
        name=metric.__name__,
        notebook="03_metrics",
        minutes=minutes,
        points=points,
        cases=partial(draw_cases, metric),
        answers=partial(values, optional=("threshold",), forbidden=("labseg.metrics",)),
        faults=partial(faults, metric),
        hints=hints,
        remark=remark_to,
    )
