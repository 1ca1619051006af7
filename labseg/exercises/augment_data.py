"""The exercise augment_data(x_data, y_data, transforms): originals, then N pairs a transform."""

from functools import partial

import numpy as np

from labseg.exercises.answers import values
from labseg.exercises.compare import by_part, value_of
from labseg.exercises.exercise import Exercise
from labseg.exercises.judge import attempt
from labseg.exercises.pairs import Side, draw_pairs, movements

CALL = "augment_data(x_data, y_data, transforms)"
POINTS = {"originals": 1, "transforms": 3, "empty list": 1}
FULL = ("originals", "transforms")
PARTS = (FULL, FULL, FULL, FULL, ("empty list",))

HINTS = (
    "The result holds (1 + number of transforms)·N pairs: first the N originals, then N pairs for "
    "the first transform, N for the second, and so on.",
    "apply_transform(x_data, y_data, T) makes the N pairs of one transform. Start from a list that "
    "holds x_data alone, and let it grow by one array for each T.",
    "np.concatenate makes one array of a list of arrays: np.concatenate([x_data, x_1, x_2]), and "
    "the same for the masks. Every T gets x_data itself, not what has been made so far.",
)


# --- what may come back, right and wrong: (n, number of transforms) → keys, see pairs.py ---------


def _by_transform(n, transforms):
    """n keys for each of the transforms, each given as a tuple of those applied."""
    return [(i, order) for order in transforms for i in range(n)]


def _by_picture(n, transforms):
    return [(i, order) for i in range(n) for order in transforms]


def _single(k):
    return [(t,) for t in range(k)]


def _right(n, k):
    return _by_transform(n, [(), *_single(k)])


def _so_far(n, k):
    """Every transform of all that has been made so far."""
    orders = [()]
    for t in range(k):
        orders += [(*order, t) for order in orders]
    return _by_transform(n, orders)


MISTAKES = {
    "only the originals came back: add N pairs for each transform": lambda n, k: _by_transform(
        n, [()]
    ),
    "the originals are missing: they come first": lambda n, k: _by_transform(n, _single(k)),
    "the originals come first, not last": lambda n, k: _by_transform(n, [*_single(k), ()]),
    "all variants of one pair follow one another: all pairs of one transform should": lambda n, k: (
        _by_picture(n, [(), *_single(k)])
    ),
    "the new pairs go pair by pair: all pairs of one transform come first, then those of the "
    "next": lambda n, k: _by_transform(n, [()]) + _by_picture(n, _single(k)),
    "only the last transform is there: collect the pairs of each": lambda n, k: _by_transform(
        n, [(), *_single(k)[-1:]]
    ),
    "only the first transform is there: is the `return` inside the loop?": lambda n, k: (
        _by_transform(n, [(), *_single(k)[:1]])
    ),
    "each transform is applied to what the one before it made: apply it to x_data and y_data": (
        lambda n, k: _by_transform(n, [tuple(range(t)) for t in range(k + 1)])
    ),
    "each transform is applied to all that was made before: apply it to x_data and y_data": _so_far,
    "all transforms are applied one after another to each pair: each makes a pair of its own": (
        lambda n, k: _by_transform(n, [(), tuple(range(k))])
    ),
    "the originals are repeated for each transform: they come once": lambda n, k: _by_transform(
        n, [order for t in range(k) for order in ((), (t,))]
    ),
    "the transforms are taken in another order than that of the list": lambda n, k: _by_transform(
        n, [(), *_single(k)[::-1]]
    ),
}
ONE_SIDE = {
    "the {} are not moved, so they no longer fit": lambda n, k: _by_transform(n, [()] * (k + 1)),
    "there is only one set of {}: they need N for each transform, too": lambda n, k: _by_transform(
        n, [()]
    ),
}


# --- cases ---------------------------------------------------------------------------------------


def draw_cases(seed=0):
    """One transform, two, three (of float32 pictures), two again; none."""
    rng = np.random.default_rng(seed)
    flip = [[["flip", 1]]]
    return [
        _case(rng, 1, (2, 4), flip),
        _case(rng, 2, (4, 5), movements(rng, 2, (4, 5))),
        _case(rng, 2, (4, 4), movements(rng, 3, (4, 4)), "float32"),
        _case(rng, 3, (4, 5), movements(rng, 2, (4, 5))),
        _case(rng, 2, (2, 4), []),
    ]


def _case(rng, n, size, transforms, dtype="uint8"):
    x_data, y_data = draw_pairs(rng, n, size, transforms, dtype)
    return {
        "x_data": x_data,
        "y_data": y_data,
        "transforms": [{"steps": steps} for steps in transforms],
    }


# --- the verdict ---------------------------------------------------------------------------------


def faults(cases, answers):
    """{part: what is wrong with it, or None}, from an answer for each case."""
    named, _ = attempt(_named, cases, answers)

    def judge_part(part, pairs):
        judged = [side for pair in pairs for side in _sides(*pair)]
        judge = _originals_fault if part == "originals" else Side.fault
        found = [judge(side, (named or {}).get(side.name)) for side in judged]
        if part != "transforms":
            found += [side.wrong_dtype() for side in judged]
        return next(filter(None, found), None)

    return by_part(PARTS, cases, answers, judge_part, CALL, _describe)


def _describe(case):
    k = len(case["transforms"])
    return f"pictures of shape {case['x_data'].shape} and {k or 'no'} transform{'s' * (k > 1)}"


def _sides(case, value):
    right = _right(len(case["x_data"]), len(case["transforms"]))
    transforms = [transform["steps"] for transform in case["transforms"]]
    return [Side(name, case, value, transforms, right) for name in ("pictures", "masks")]


def _originals_fault(side, named):
    n = len(side.data)
    if side.keys[:n] == side.right[:n]:
        return None
    if named or None in side.keys[:n]:
        return side.fault(named)
    text = f"the first {n} {side.name} should be the originals, as they are"
    return side.fault(text if n > 1 else f"the first of the {side.name} should be the original")


def _named(cases, answers):
    """{pictures or masks: the mistake that explains them in all cases with transforms}."""
    rows = [
        (len(case["x_data"]), len(case["transforms"]), _sides(case, value_of(answer, CALL)))
        for case, answer in zip(cases, answers, strict=True)
        if case["transforms"]
    ]
    found = {}
    for number, name in enumerate(("pictures", "masks")):
        keys = [(n, k, sides[number].keys) for n, k, sides in rows]
        one_side = {sentence.format(name): pattern for sentence, pattern in ONE_SIDE.items()}
        other_is_right = all(sides[1 - number].keys == _right(n, k) for n, k, sides in rows)
        for sentence, pattern in ((one_side if other_is_right else {}) | MISTAKES).items():
            if all(pattern(n, k) == given for n, k, given in keys):
                found[name] = sentence
                break
    return found


def remark(cases, answers):
    """Whether the originals are handed back themselves, and what copies cost."""
    if any(answer.get("views") for answer in answers):
        return (
            "Notice that your result shares its originals with x_data: whoever changes one changes "
            "the other, too. np.concatenate, or .copy(), makes it independent."
        )
    return (
        "Notice that memory and time grow with the number of transforms, but no new car comes in: "
        "take a couple of them at most."
    )


EXERCISE = Exercise(
    name="augment_data",
    notebook="05_augmentation",
    minutes=4,
    points=POINTS,
    cases=draw_cases,
    answers=partial(values, lists=("transforms",)),
    faults=faults,
    hints=HINTS,
    remark=remark,
)
