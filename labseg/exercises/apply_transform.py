"""The exercise apply_transform(x_data, y_data, T): the same map of every picture and its mask."""

import numpy as np

from labseg.exercises.answers import Transform, values
from labseg.exercises.compare import by_part, value_of
from labseg.exercises.exercise import Exercise
from labseg.exercises.judge import attempt
from labseg.exercises.pairs import Side, code, draw_pairs, movements

CALL = "apply_transform(x_data, y_data, T)"
POINTS = {"pictures": 2, "masks": 1, "new shape": 1, "dtypes": 1}
SAME = ("pictures", "masks", "dtypes")
PARTS = (SAME, SAME, SAME, SAME, ("new shape",), ("new shape",))
WAIT = "judged once pictures and masks are right"

HINTS = (
    "T takes a single picture or a single mask. So go through the pictures, call T for each, and "
    "collect what it returns; then do the same for the masks.",
    "A new list that grows, or a list comprehension, leaves x_data as it is. np.stack makes one "
    "array of a list of arrays of the same shape, and keeps their dtype.",
    "With x_new = np.stack([T(x) for x in …]), and the same for y, all that is left is to return "
    "the two, the pictures first.",
)


# --- cases ---------------------------------------------------------------------------------------


def draw_cases(seed=0):
    """Transforms that keep the shape, the last one for float32 pictures; then two that don't.

    The first is not its own inverse, as a flip would be.
    """
    rng = np.random.default_rng(seed)
    roll, flip = [["roll", 1, 1]], [["flip", 1]]
    first, second, third = movements(rng, 3, (4, 5))
    turn = [["rot90", int(rng.choice([1, 3]))]]
    crop = [["delete", 0, int(rng.integers(2))], *flip]
    return [
        _case(rng, 1, (2, 4), roll),
        _case(rng, 2, (4, 5), first),
        _case(rng, 3, (4, 5), second),
        _case(rng, 2, (4, 5), third, "float32"),
        _case(rng, 2, (4, 5), turn),
        _case(rng, 3, (5, 6), crop),
    ]


def _case(rng, n, size, steps, dtype="uint8"):
    x_data, y_data = draw_pairs(rng, n, size, [steps], dtype)
    return {"x_data": x_data, "y_data": y_data, "T": {"steps": steps}}


# --- the verdict ---------------------------------------------------------------------------------


def faults(cases, answers):
    """{part: what is wrong with it, or None}, from an answer for each case."""

    plain, _ = attempt(_plain_faults, cases, answers)

    def judge_part(part, pairs):
        if part in ("pictures", "masks"):
            return _first(part, pairs)
        if plain is None or any(plain):
            return WAIT
        if part == "new shape":
            return _first("pictures", pairs) or _first("masks", pairs)
        sides = [side for pair in pairs for side in _sides(*pair).values()]
        return next(filter(None, (side.wrong_dtype() for side in sides)), None)

    return by_part(PARTS, cases, answers, judge_part, CALL, _describe)


def _describe(case):
    before, after = case["x_data"].shape[1:], Transform(case["T"]["steps"])(case["x_data"][0]).shape
    changes = f", which makes {after} of {before}" if before != after else ""
    return f"pictures of shape {case['x_data'].shape} and T = {code(case['T']['steps'])}{changes}"


def _plain_faults(cases, answers):
    """What is wrong with pictures and with masks whose shape T keeps, or None for each."""
    pairs = [
        (case, value_of(answer, CALL))
        for part, case, answer in zip(PARTS, cases, answers, strict=True)
        if part == SAME
    ]
    return [_first(name, pairs) for name in ("pictures", "masks")]


def _first(name, pairs):
    """The first fault of the pictures, or of the masks."""
    return next(filter(None, (_fault(_sides(*pair)[name]) for pair in pairs)), None)


def _sides(case, value):
    right = [(i, (0,)) for i in range(len(case["x_data"]))]
    return {
        name: Side(name, case, value, [case["T"]["steps"]], right) for name in ("pictures", "masks")
    }


def _fault(side):
    n, name = len(side.data), side.name
    originals, twice = ([(i, order) for i in range(n)] for order in ((), (0, 0)))
    as_they_were = {
        "pictures": "the pictures are as they were: collect what T returns for each",
        "masks": "the masks are as they were, so they no longer fit: T moves them, too",
    }
    mistakes = {
        as_they_were[name]: originals,
        f"the original {name} are there, too: return the new ones alone": originals + side.right,
        f"T is applied twice to the {name}: once is enough": twice,
        f"only the first of the {name} is there: is the `return` inside the loop?": side.right[:1],
        f"all the {name} are made from the first one": side.right[:1] * n,
    }
    for sentence, keys in mistakes.items():
        if keys != side.right and side.equals(keys):
            return side.fault(sentence, keys)
    return side.fault()


EXERCISE = Exercise(
    name="apply_transform",
    notebook="05_augmentation",
    minutes=4,
    points=POINTS,
    cases=draw_cases,
    answers=values,
    faults=faults,
    hints=HINTS,
    remark=lambda cases, answers: (
        "Notice that T must not draw random numbers here: it is called twice, for the picture and "
        "for the mask, and would move them differently."
    ),
)
