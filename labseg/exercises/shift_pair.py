"""The exercise shift_pair(image, mask, dx, dy): both moved alike, and nothing wraps around."""

import numpy as np

from labseg.exercises.answers import values
from labseg.exercises.compare import by_part, recognise, shown, value_of, wrong_dtype, wrong_shape
from labseg.exercises.exercise import Exercise
from labseg.exercises.judge import attempt
from labseg.exercises.pairs import pair_of
from labseg.exercises.verdict import Fault

CALL = "shift_pair(image, mask, dx, dy)"
NAMES = ("image", "mask")
POINTS = {"image": 1, "mask": 1, "edges": 1}

WAIT = "judged once image and mask are right"

HINTS = (
    "Start from zeros of the same shape and dtype (np.zeros_like), and copy into it the part that "
    "stays in the picture. What moves to the right comes from further left.",
    "For dx > 0, the columns from dx on of the result are the first w - dx columns of the image. "
    "Rows go with dy in the same way. What do the slices become for dx < 0, and for dx = 0?",
    "One formula fits all signs: result columns max(dx, 0) to w + min(dx, 0) come from columns "
    "max(-dx, 0) to w - max(dx, 0). If |dx| is at least w, or |dy| at least h, nothing is left.",
)


# --- shifts, right and wrong ---------------------------------------------------------------------


def shift(array, dx, dy, fill=0):
    """The array moved dx pixels to the right and dy down; what comes in is `fill`."""
    h, w = array.shape[:2]
    result = np.full_like(array, fill)
    rows, columns = (np.arange(n) - by for n, by in ((h, dy), (w, dx)))
    inside = np.ix_((rows >= 0) & (rows < h), (columns >= 0) & (columns < w))
    result[inside] = array[rows.clip(0, h - 1)][:, columns.clip(0, w - 1)][inside]
    return result


def _stretched(array, dx, dy):
    h, w = array.shape[:2]
    rows, columns = (np.arange(n) - by for n, by in ((h, dy), (w, dx)))
    return array[rows.clip(0, h - 1)][:, columns.clip(0, w - 1)]


def _erased(array, dx, dy, end=int):
    """Rolled, and what came around is erased as if no shift were negative."""
    result = np.roll(array, (dy, dx), axis=(0, 1))
    result[: end(dy)] = 0
    result[:, : end(dx)] = 0
    return result


LEFT = "dx > 0 moves to the right: yours moves to the left"
UP = "dy > 0 moves down: yours moves up"
MISTAKES = {
    "what leaves at one side comes in at the other, as np.roll does: fill with 0": (
        lambda a, dx, dy: np.roll(a, (dy, dx), axis=(0, 1))
    ),
    "what comes in repeats the edge: fill with 0": _stretched,
    "what comes in is 255: fill with 0": lambda a, dx, dy: shift(a, dx, dy, fill=255),
    "nothing is moved": lambda a, dx, dy: a,
    "dx and dy are exchanged: dx moves columns (axis 1), dy moves rows (axis 0)": (
        lambda a, dx, dy: shift(a, dy, dx)
    ),
    f"{LEFT}, and {UP}": lambda a, dx, dy: shift(a, -dx, -dy),
    LEFT: lambda a, dx, dy: shift(a, -dx, dy),
    UP: lambda a, dx, dy: shift(a, dx, -dy),
    "dy is not used": lambda a, dx, dy: shift(a, dx, 0),
    "dx is not used": lambda a, dx, dy: shift(a, 0, dy),
    "the shift has the wrong sign, and np.roll wraps: fill with 0": (
        lambda a, dx, dy: np.roll(a, (-dy, -dx), axis=(0, 1))
    ),
    "dx and dy are exchanged, and np.roll wraps: fill with 0": (
        lambda a, dx, dy: np.roll(a, (dx, dy), axis=(0, 1))
    ),
    "a negative shift erases too much: with dx < 0, [:dx] is all but the last columns": _erased,
    "a negative shift is erased at the wrong side: what came around lies at the other end": (
        lambda a, dx, dy: _erased(a, dx, dy, abs)
    ),
    "a negative shift should move to the left, or up: yours drops the sign": lambda a, dx, dy: (
        shift(a, abs(dx), abs(dy))
    ),
}


# --- cases ---------------------------------------------------------------------------------------


def draw_cases(seed=0):
    """Four shifts along both axes, the last of a float32 image; then seven at the edges."""
    rng = np.random.default_rng(seed)
    h, w = 4, 5
    both = [((2, 3), 1, 1)] + [((h, w), dx, dy) for dx, dy in ((2, -1), (-1, 2), (-2, -1))]
    edges = (0, 0), (2, 0), (0, -1), (w, 0), (1, -h), (-w - int(rng.integers(1, 4)), h + 1), (h, 1)
    cases = [_draw(rng, *case) for case in both] + [_draw(rng, (h, w), *by) for by in edges]
    cases[3]["image"] = (cases[3]["image"] / 255).astype(np.float32)
    return cases


def _draw(rng, size, dx, dy):
    """An image without a 0, and a mask that shows every mistake that the image shows."""
    image = rng.integers(1, 255, (*size, 3), dtype=np.uint8)
    while True:
        mask = rng.integers(0, 2, size, dtype=np.uint8)
        same = [
            [np.array_equal(wrong(a, dx, dy), shift(a, dx, dy)) for wrong in MISTAKES.values()]
            for a in (image, mask)
        ]
        if same[0] == same[1]:
            return {"image": image, "mask": mask, "dx": dx, "dy": dy}


PARTS = (*[NAMES] * 4, *[("edges",)] * 7)


# --- the verdict ---------------------------------------------------------------------------------


def faults(cases, answers):
    """{part: what is wrong with it, or None}, from an answer for each case."""

    named = {name: attempt(_named, name, cases, answers)[0] for name in NAMES}
    plain, _ = attempt(_plain_faults, cases, answers, named)

    def judge_part(part, pairs):
        if part in NAMES:
            return _first(part, pairs, named)
        if plain is None or any(plain):
            return WAIT
        return _first("image", pairs, named) or _first("mask", pairs, named)

    return by_part(PARTS, cases, answers, judge_part, CALL, _describe)


def _plain_faults(cases, answers, named):
    """What is wrong with images and with masks that move along both axes, or None for each."""
    pairs = [
        (case, value_of(answer, CALL))
        for part, case, answer in zip(PARTS, cases, answers, strict=True)
        if part == NAMES
    ]
    return [_first(name, pairs, named) for name in NAMES]


def _first(name, pairs, named):
    return next(filter(None, (_fault(name, *pair, named[name]) for pair in pairs)), None)


def _describe(case):
    return f"an image of shape {case['image'].shape}, dx={case['dx']} and dy={case['dy']}"


def _named(name, cases, answers):
    """The mistake that explains the images, or the masks, of all cases."""
    given = [_array(name, value_of(answer, CALL)) for answer in answers]
    moved = {
        sentence: [wrong(case[name], case["dx"], case["dy"]) for case in cases]
        for sentence, wrong in MISTAKES.items()
    }
    return recognise(given, moved)


def _array(name, value):
    return pair_of(value, NAMES)[NAMES.index(name)]


def _fault(name, case, value, named):
    given, dx, dy = _array(name, value), case["dx"], case["dy"]
    expected = shift(case[name], dx, dy)
    if given.shape != expected.shape:
        return wrong_shape(given, expected.shape, f"the {name} should keep its shape")
    if np.allclose(given, expected, rtol=0, atol=1e-6):
        fault = wrong_dtype(given, expected.dtype.name)
        text = f"the dtype of the {name} should stay as it is"
        return fault and Fault(text, given.dtype.name, fault.expected)
    before, given, expected = (
        array[..., 0] if name == "image" else array for array in (case[name], given, expected)
    )
    channel = "the first channel of the image" if name == "image" else "the mask"
    sentence = named or f"the {name} is wrong{_why(given, expected, dx, dy)}"
    text = f"{sentence}; with dx={dx}, dy={dy} and {channel} {shown(before)}"
    return Fault(text, shown(given), shown(expected))


def _why(given, expected, dx, dy):
    if not expected.any():
        return ": nothing is left where |dx| is the width or more, or |dy| the height or more"
    if not given.any() and 0 in (dx, dy):
        return ": all is lost (where a shift is 0, [-0:] and [0:] are the whole array)"
    if not given.any():
        return ": all is lost (compare |dx| with the width, shape[1], and |dy| with the height)"
    return ""


def remark(cases, answers):
    """Whether the arguments themselves come back where nothing moves."""
    if any(answer.get("views") for answer in answers):
        return (
            "Notice that where nothing moves, your function hands back the arrays that it was "
            "given: whoever changes the result changes the original, too. A copy avoids that."
        )
    return (
        "Notice the black border that comes in: no photograph has one, so lesson 5 fills with the "
        "mirrored picture instead."
    )


EXERCISE = Exercise(
    name="shift_pair",
    notebook="05_augmentation",
    minutes=7,
    points=POINTS,
    cases=draw_cases,
    answers=values,
    faults=faults,
    hints=HINTS,
    remark=remark,
)
