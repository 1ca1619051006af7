"""The exercise debug_clinic: five functions that run and spoil a prediction, to find and mend."""

import inspect
from itertools import combinations

import numpy as np

from labseg.exercises import clinic_snippets
from labseg.exercises.answers import values_by_name
from labseg.exercises.clinic_faults import JUDGES, NO_SIGMOIDS
from labseg.exercises.compare import agree, by_part
from labseg.exercises.exercise import Exercise
from labseg.exercises.prepare_mask import is_nearest, mixtures
from labseg.exercises.verdict import short

CALLS = {
    "to_labels": "to_labels(masks)",
    "count_overlap": "count_overlap(y_true, y_pred)",
    "shrink": "shrink(mask, size)",
    "to_scores": "to_scores(features, weights, bias)",
    "shuffle": "shuffle(x, y, seed)",
}
BROKEN = {name: getattr(clinic_snippets, name) for name in CALLS}
SNIPPETS = {name: inspect.getsource(function).rstrip() for name, function in BROKEN.items()}
AS_IT_WAS = {
    "to_labels": "what does it give for a pixel of 255?",
    "count_overlap": "which shape has y_true * y_pred for one picture of 3×3 pixels?",
    "shrink": "which values are in `small`, before the last line?",
    "to_scores": "what keeps its result between 0 and 1?",
    "shuffle": "does the second permutation have the order of the first?",
}

HINTS = (
    "Call each function with an input so small that you know the right result, and look at three "
    "things: the shape, the dtype, and np.unique of what comes back.",
    "Ask of each: which values do Carvana's masks have? Which axes meet when shapes differ? What "
    "lies between two pixels? What makes any number a score? How many orders are drawn?",
    "In this order: compare with another number; take the channel axis away; ask Pillow for "
    "another kind of resampling; 1 / (1 + e^-z); and draw one order, for indexing both arrays.",
)


# --- cases ---------------------------------------------------------------------------------------


def draw_cases(seed=0):
    """Some for each function, the smallest first."""
    rng = np.random.default_rng(seed)
    drawn = {
        "to_labels": [_masks(rng, shape) for shape in ((1, 2, 3), (2, 4, 5))],
        "count_overlap": [_overlap(rng, shape) for shape in ((1, 3, 3), (3, 2, 4), (4, 4, 4))],
        "shrink": [_mask(rng, *sizes) for sizes in ((4, 6, (2, 3)), (7, 8, (3, 4)))],
        "to_scores": [_features(rng, shape) for shape in ((1, 2, 2, 3), (2, 3, 4, 2))],
        "shuffle": [_pairs(rng, n) for n in (6, 9, 9)],
    }
    drawn["shuffle"].append(drawn["shuffle"][-1])  # again: the same seed, the same order
    return [
        {"function": name, "arguments": arguments}
        for name, all_arguments in drawn.items()
        for arguments in all_arguments
    ]


def _masks(rng, shape):
    while True:
        masks = rng.choice(np.array([0, 255], np.uint8), shape)
        if len(np.unique(masks)) == 2:
            return {"masks": masks}


def _overlap(rng, shape):
    """Masks whose overlaps are none of the areas with which they may be confused."""
    while True:
        y_true, y_pred = rng.integers(0, 2, (2, *shape), dtype=np.uint8)
        overlap, true, predicted = (
            area.sum(axis=(1, 2)) for area in (y_true * y_pred, y_true, y_pred)
        )
        if (overlap > 0).all() and (overlap < np.minimum(true, predicted)).all():
            return {"y_true": y_true, "y_pred": y_pred[..., None]}


def _mask(rng, height, width, size):
    """A mask for which a filter that mixes pixels gives another one, and the broken one no 0s."""
    while True:
        mask = (rng.random((height, width)) < 0.7).astype(np.uint8)
        arguments = {"mask": mask, "size": list(size)}
        case = {"mask": {"pixels": mask}, "size": list(size)}
        wrong = [*mixtures(case), np.zeros(size), np.ones(size)]
        if BROKEN["shrink"](mask, size).any() and not any(is_nearest(case, m) for m in wrong):
            return arguments


def _features(rng, shape):
    """Sums for which no two mistakes give the same scores."""
    while True:
        features, weights = rng.uniform(-1.5, 1.5, shape), rng.uniform(-1.5, 1.5, shape[-1])
        bias = rng.uniform(0.4, 1)
        scores = [formula(features @ weights + bias, bias) for formula in NO_SIGMOIDS.values()]
        if shape[0] == 1 or not any(agree(*two, close=1e-3) for two in combinations(scores, 2)):
            return {"features": features, "weights": weights, "bias": bias}


def _pairs(rng, n):
    """n pictures and masks, no two alike."""
    while True:
        x = rng.integers(0, 256, (n, 3, 4, 3), dtype=np.uint8)
        y = rng.integers(0, 2, (n, 3, 4), dtype=np.uint8)
        if len(np.unique(y, axis=0)) == n:
            return {"x": x, "y": y, "seed": int(rng.integers(1000))}


# --- the verdict ---------------------------------------------------------------------------------


def faults(cases, answers):
    """{function: what is wrong with it, or None}; None if all are as the lesson shows them."""
    if instead := next(filter(None, map(_instead, answers)), None):
        example = ", ".join(f'"{name}": {name}' for name in list(CALLS)[:2])
        text = f"give a dict of the five functions, {{{example}, …}}, not a {instead}"
        return dict.fromkeys(CALLS, text)
    before = values_by_name(BROKEN, cases)
    rows = {name: [] for name in CALLS}
    for case, answer, as_it_was in zip(cases, answers, before, strict=True):
        rows[case["function"]].append((case["arguments"], answer, as_it_was))
    untouched = {name: why for name in CALLS if (why := _untouched(name, rows[name]))}
    if len(untouched) == len(CALLS):
        return None
    return {name: untouched.get(name) or _judged(name, rows[name]) for name in CALLS}


def _instead(answer):
    return isinstance(answer, dict) and "instead" in answer and short(answer["instead"], 40)


def _untouched(name, rows):
    """Why a function was not worked on yet; None if it was."""
    answers = [answer for _, answer, _ in rows if isinstance(answer, dict)]
    if any("missing" in answer for answer in answers):
        return f'no function is given: write {{"{name}": {name}, …}} in the dict'
    if any(answer.get("error") == "NotImplementedError" for answer in answers):
        return "not attempted yet"
    if len(answers) == len(rows) and all(_same(answer, before) for _, answer, before in rows):
        return f"it still gives what the broken one gives: {AS_IT_WAS[name]}"


def _same(answer, other):
    """Whether two answers are the same error, or the same numbers."""
    if "error" in answer or "error" in other:
        return answer.get("error") == other.get("error")
    try:
        values = [
            value if isinstance(value, list) else [value]
            for value in (answer["value"], other["value"])
        ]
        return all(agree(one, two) for one, two in zip(*values, strict=True))
    except (KeyError, TypeError, ValueError):
        return False


def _judged(name, rows):
    arguments, answers, _ = zip(*rows, strict=True)

    def judge_part(part, pairs):
        return JUDGES[part](pairs)

    return by_part([name] * len(rows), arguments, answers, judge_part, CALLS[name], _describe)[name]


def _describe(arguments):
    shapes = {
        name: f"{name} of shape {value.shape}"
        if isinstance(value, np.ndarray)
        else f"{name}={value}"
        for name, value in arguments.items()
    }
    return ", ".join(shapes.values())


EXERCISE = Exercise(
    name="debug_clinic",
    notebook="03_metrics",
    minutes=15,
    points=dict.fromkeys(CALLS, 1),
    cases=draw_cases,
    answers=values_by_name,
    faults=faults,
    hints=HINTS,
    remark=lambda cases, answers: (
        "Notice that four of the five never raise an error. To find such mistakes, look at a few "
        "pairs, at shapes and at values before you train."
    ),
    takes="the five mended functions",
)
