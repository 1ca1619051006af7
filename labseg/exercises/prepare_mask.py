"""The exercise prepare_mask(mask, size): a PIL picture → uint8 0 and 1, by the nearest pixel."""

from functools import partial

import numpy as np
from PIL import Image

from labseg.exercises.answers import values
from labseg.exercises.compare import array_of, by_part, shown, wrong_dtype, wrong_shape
from labseg.exercises.exercise import Exercise
from labseg.exercises.verdict import Fault

CALL = "prepare_mask(mask, size)"
POINTS = {"shape": 1, "values": 1, "pixels": 1}
BLACK_AND_WHITE = [0, 0, 0, 255, 255, 255]  # as the palette of Carvana's masks
# (mode, height, width, size asked for); in the last two, all is background or all is car
CASES = (
    ("P", 4, 6, (2, 3)),
    ("L", 4, 6, (2, 3)),
    ("L", 6, 5, (4, 7)),
    ("P", 5, 7, (3, 4)),
    ("L", 3, 4, (6, 8)),
    ("P", 3, 4, (3, 4)),
    ("L", 4, 4, (2, 3)),
    ("L", 4, 4, (2, 3)),
)
MIXED = "the pixels are mixed when the picture is resized: ask for Image.Resampling.NEAREST"
LOST = {
    "P": 'the numbers of a palette are not grey levels: try mask.convert("L")',
    "L": "in a picture of mode L, car is 255, not 1",
}
HINTS = (
    "There are three things to do: make the picture grey (its palette may number the colours in "
    "any way), bring it to its size, and make an array of 0 and 1 of it.",
    'mask.convert("L") gives 0 and 255. mask.resize takes (width, height), and as a second '
    "argument how to pick the pixels: look for NEAREST in Image.Resampling.",
    "np.array(…) makes an array of the small picture, > 0 tells where the car is, and "
    ".astype(np.uint8) makes 0 and 1 of that.",
)


# --- cases ---------------------------------------------------------------------------------------


def draw_cases(seed=0):
    """Pictures of both modes, made smaller, larger or left as they are; one for the remark."""
    rng = np.random.default_rng(seed)
    cases = [draw(rng, *case) for case in CASES]
    for case, value in zip(cases[-2:], (0, 255), strict=True):
        case["mask"]["pixels"][:] = value
    white_first = cases[0]["mask"] | {"palette": BLACK_AND_WHITE[::-1]}
    return [*cases, cases[0] | {"mask": white_first}]


def draw(rng, mode, height, width, size):
    """A picture for which a filter that mixes pixels gives another mask."""
    while True:
        pixels = rng.integers(0, 2, (height, width), dtype=np.uint8)
        mask = {"mode": mode, "pixels": pixels if mode == "P" else pixels * 255}
        mask |= {"palette": BLACK_AND_WHITE} if mode == "P" else {}
        case = {"mask": mask, "size": list(size)}
        shrinks = height > size[0] and width > size[1]
        mixed = list(mixtures(case))
        told_apart = all(m.any() for m in mixed[1::3]) and not any(
            is_nearest(case, m) or is_nearest(case, ~m) for m in mixed
        )
        if told_apart or not shrinks:
            return case


def _pixels(case):
    """The mask at its own size, 0 and 1."""
    return (case["mask"]["pixels"] > 0).astype(np.uint8)


def is_nearest(case, given):
    """Whether each pixel is the nearest one, by any of the usual ways to count."""
    pixels = _pixels(case)
    for nearest in NEAREST:
        rows, columns = (
            np.clip(nearest(np.arange(n), old, n).astype(int), 0, old - 1)
            for n, old in zip(case["size"], pixels.shape, strict=True)
        )
        if np.array_equal(given, pixels[rows][:, columns]):
            return True
    return False


# index in the new picture, old size, new size → index in the old one
NEAREST = (
    lambda i, old, new: np.floor((i + 0.5) * old / new),  # as PIL
    lambda i, old, new: np.ceil((i + 0.5) * old / new) - 1,
    lambda i, old, new: np.floor(i * old / new),  # as OpenCV, or mask[::2, ::2]
    lambda i, old, new: np.rint(i * old / new),
    lambda i, old, new: np.rint(i * (old - 1) / max(new - 1, 1)),  # as np.linspace
    lambda i, old, new: np.floor(i * (old - 1) / max(new - 1, 1)),
)


def mixtures(case):
    """What filters that mix pixels give, at several thresholds."""
    picture = Image.fromarray(_pixels(case) * 255)
    for name in ("BICUBIC", "BILINEAR", "BOX", "HAMMING", "LANCZOS"):
        grey = np.array(picture.resize(case["size"][::-1], Image.Resampling[name]))
        yield from (grey > 0, grey > 127, grey == 255)


# --- the verdict ---------------------------------------------------------------------------------


def faults(cases, answers):
    """{part: what is wrong with it, or None}, from an answer for each case."""
    parts = [tuple(POINTS)] * len(CASES) + [()]
    judges = {"shape": _shape_fault, "values": _values_fault, "pixels": _pixels_fault}

    def judge_part(part, pairs):
        if part == "values" and isinstance(pairs[0][1], list):
            return "your function returned a list: return an array, as np.array makes it"
        pairs = [(case, array_of(value)) for case, value in pairs]
        if part != "shape" and not any(given.any() for _, given in pairs):
            if part == "values":
                return 'no pixel of any mask is car: after convert("L"), car is 255'
            return "judged once there is car"
        judge = judges[part]
        if part == "pixels":
            judge = partial(judge, mixed=_mixed(pairs))
        return next(filter(None, (judge(*pair) for pair in pairs)), None)

    return by_part(parts, cases, answers, judge_part, CALL, _describe)


def _describe(case):
    return f"a picture of mode {case['mask']['mode']} and size={tuple(case['size'])}"


def _shape_fault(case, given):
    size = tuple(case["size"])
    fault = wrong_shape(given, size, f"expected (height, width) = {size}")
    if fault and given.shape == size[::-1]:
        return Fault(f"{fault.message} (PIL's resize takes width first)", given.shape, size)
    return fault


def _values_fault(case, given):
    found = np.unique(given)
    if found[0] == 0 and found[-1] == 255 and len(found) == 2:
        return Fault("the car is 255 instead of 1: write > 0", shown(found), "[0, 1]")
    if not np.isin(found, (0, 1)).all():
        sentence = "there are values other than 0 and 1, the only ones that a mask has"
        return Fault(f"{sentence}, with {_describe(case)}", shown(found), "[0, 1]")
    return wrong_dtype(given, "uint8")


def _mixed(pairs):
    """Whether a filter that mixes pixels explains all masks."""
    return all(
        is_nearest(case, given > 0) or any(np.array_equal(given > 0, m) for m in mixtures(case))
        for case, given in pairs
    )


def _pixels_fault(case, given, mixed):
    if given.shape != tuple(case["size"]):
        return "judged once the shape is right"
    given = given > 0
    if is_nearest(case, given):
        return None
    sentence = MIXED if mixed else _pixels_sentence(case, given)
    size = tuple(case["size"])
    expected = Image.fromarray(_pixels(case)).resize(size[::-1], Image.Resampling.NEAREST)
    text = f"{sentence}; with the pixels {shown(_pixels(case))} and size={size}"
    return Fault(text, shown(given.astype(int)), shown(np.array(expected)))


def _pixels_sentence(case, given):
    if is_nearest(case, ~given):
        return "car and background are exchanged"
    if not given.any():
        return f"the car is lost ({LOST[case['mask']['mode']]})"
    if any(np.array_equal(given, wrong) for wrong in mixtures(case)):
        return MIXED
    if is_nearest(case | {"size": case["size"][::-1]}, given.T):
        return "rows and columns are exchanged: resize to (width, height), and do not transpose"
    return "these are not the nearest pixels"


# --- what to say to a right answer ---------------------------------------------------------------


def remark(cases, answers):
    """Whether it would read another palette, too."""
    given = np.asarray(answers[-1].get("value"))
    if given.shape == tuple(cases[-1]["size"]) and is_nearest(cases[-1], given == 0):
        return (
            'Notice why the order matters: after convert("L"), resize mixes pixels unless you ask '
            "for the nearest, but in mode P it always takes the nearest."
        )
    return (
        "Your function takes the palette's numbers for colours, which suits Carvana's masks; "
        'convert("L") would also read a palette in which white comes first.'
    )


EXERCISE = Exercise(
    name="prepare_mask",
    notebook="01_dataset",
    minutes=5,
    points=POINTS,
    cases=draw_cases,
    answers=values,
    faults=faults,
    hints=HINTS,
    remark=remark,
)
