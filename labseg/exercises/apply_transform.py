"""The exercise apply_transform(x_data, y_data, T): the same map of every picture and its mask."""

import numpy as np

from labseg.exercises.answers import values
from labseg.exercises.compare import by_part
from labseg.exercises.exercise import Exercise
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
    """Transforms that keep the shape, the last one for float32 pictures; then two that don't."""
    rng = np.random.default_rng(seed)
    flip = [["flip", 1]]
    first, second, third = movements(rng, 3, (4, 5))
    turn = [["rot90", int(rng.choice([1, 3]))]]
    crop = [["delete", 0, int(rng.integers(2))], *flip]
    return [
        _case(rng, 1, (2, 4), flip),
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

    def judge_part(part, pairs):
        judged = [_sides(*pair) for pair in pairs]
        if part in ("pictures", "masks"):
            found = (_fault(sides[part]) for sides in judged)
        elif part == "new shape":
            found = (_fault(side) for sides in judged for side in sides.values())
        else:
            sides = [side for both in judged for side in both.values()]
            if any(side.fault() for side in sides):
                return WAIT
            found = (side.wrong_dtype() for side in sides)
        return next(filter(None, found), None)

    return by_part(PARTS, cases, answers, judge_part, CALL, _describe)


def _describe(case):
    return f"pictures of shape {case['x_data'].shape} and T = {code(case['T']['steps'])}"


def _sides(case, value):
    right = [(i, (0,)) for i in range(len(case["x_data"]))]
    return {
        name: Side(name, case, value, [case["T"]["steps"]], right) for name in ("pictures", "masks")
    }


def _fault(side):
    originals = [(i, ()) for i, _ in side.right]
    if side.keys == originals and side.name == "masks":
        return side.fault("the masks are as they were, so they no longer fit: T moves them, too")
    if side.keys == originals:
        return side.fault("the pictures are as they were: collect what T returns for each")
    if side.keys == originals + side.right:
        return side.fault(f"the original {side.name} are there, too: return the new ones alone")
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
        "Notice that T has no chance to draw random numbers here: called twice, for the picture "
        "and for the mask, it would move them differently."
    ),
)
