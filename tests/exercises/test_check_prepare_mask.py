"""The check of prepare_mask: right answers pass however written, each mistake hears its name."""

import numpy as np
import pytest
from PIL import Image

from labseg.exercises.judge import judge
from labseg.exercises.prepare_mask import EXERCISE

NEAREST = Image.Resampling.NEAREST


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


def right(mask, size):
    grey = mask.convert("L").resize(size[::-1], NEAREST)
    return (np.array(grey) > 0).astype(np.uint8)


# --- right answers -------------------------------------------------------------------------


def by_columns(mask, size):
    car = (np.array(mask.convert("RGB"))[..., 0] // 255).astype("uint8")
    rows, columns = (np.arange(n) * old // n for n, old in zip(size, car.shape, strict=True))
    return car[rows[:, None], columns]


def by_opencv(mask, size):
    import cv2

    h, w = size
    grey = np.asarray(mask.convert("L"))
    return cv2.resize(grey, (w, h), interpolation=cv2.INTER_NEAREST) // 255


def by_keras(mask, size):
    import keras

    grey = np.array(mask.convert("L"))[..., None]
    small = keras.ops.image.resize(grey, size, interpolation="nearest", data_format="channels_last")
    return keras.ops.cast(small[..., 0] > 0, "uint8")


def by_the_palettes_numbers(mask, size):
    return np.uint8(np.array(mask.resize((size[1], size[0]), resample=NEAREST)) != 0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "answer", [right, by_columns, by_opencv, by_keras, by_the_palettes_numbers]
)
def test_right_answers(answer, seed):
    verdict = verdict_on(answer, seed)
    assert verdict, verdict.message
    warned = "takes the palette's numbers for colours" in verdict.remark
    assert warned == (answer is by_the_palettes_numbers)


def test_not_attempted():
    def prepare_mask(mask, size):
        raise NotImplementedError

    assert not verdict_on(prepare_mask).attempted


# --- wrong answers -------------------------------------------------------------------------


def resized(how, car=lambda grey: grey > 0):
    def function(mask, size):
        return car(np.array(mask.convert("L").resize(size[::-1], how))).astype(np.uint8)

    return function


def before_grey(mask, size):
    return np.array(mask.resize(size[::-1]).convert("L")).astype(bool).astype(np.uint8)


def in_place(mask, size):
    result = right(mask, size)
    mask.paste(0, (0, 0, 1, 1))
    mask.paste(1, (1, 0, 2, 1))
    return result


# (the sentence, the wrong answer, its points)
WRONG = [
    ("ask for Image.Resampling.NEAREST", resized(None), 2),
    ("ask for Image.Resampling.NEAREST", resized(Image.Resampling.BILINEAR), 2),
    ("NEAREST", resized(Image.Resampling.BOX, lambda grey: grey > 127), 2),
    ("NEAREST", before_grey, 2),
    ("values other than 0 and 1", resized(Image.Resampling.BILINEAR, lambda grey: grey), 1),
    ("the car is 255 instead of 1", resized(NEAREST, lambda grey: grey), 2),
    ('use .astype("uint8")', lambda *args: right(*args) > 0, 2),
    ('use .astype("uint8")', lambda *args: right(*args).astype(float), 2),
    ("returned a list: return an array", lambda *args: right(*args).tolist(), 2),
    ("no pixel of any mask is car", lambda mask, size: np.zeros(size, np.uint8), 1),
    ("(PIL's resize takes width first)", lambda mask, size: right(mask, size[::-1]), 1),
    ("expected (height, width) = (2, 3)", lambda mask, size: right(mask, mask.size[::-1]), 1),
    ("an axis of length 1 is left over", lambda *args: right(*args)[..., None], 1),
    ("car and background are exchanged", lambda *args: 1 - right(*args), 2),
    (
        "the numbers of a palette are not grey levels",
        lambda mask, size: np.array(mask.resize(size[::-1], NEAREST)) // 255,
        2,
    ),
    (
        "ask for Image.Resampling.NEAREST",
        resized(Image.Resampling.BILINEAR, lambda grey: grey == 255),
        2,
    ),
    ('after convert("L"), car is 255', resized(NEAREST, lambda grey: grey == 1), 1),
    (
        "in a picture of mode L, car is 255, not 1",
        lambda mask, size: (np.array(mask.resize(size[::-1], NEAREST)) == 1).astype("uint8"),
        2,
    ),
    (
        "rows and columns are exchanged",
        lambda mask, size: right(mask, size[::-1]).T,
        2,
    ),
    ("returned something of type Image", lambda mask, size: mask.resize(size[::-1]), 0),
    ("to `return` the result", lambda mask, size: None, 0),
    ("called as prepare_mask(mask, size), but", lambda mask: mask, 0),
    (
        "with a picture of mode P and size=(2, 3), your function raised ValueError",
        lambda mask, size: right(mask, size) if mask.mode == "L" else int("no"),
        0,
    ),
    ("your function changes its argument mask", in_place, 2),
]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("said", "answer", "points"), WRONG)
def test_wrong_answers(said, answer, points, seed):
    verdict = verdict_on(answer, seed)
    assert said in verdict.message
    assert verdict.points == points


def test_a_fault_shows_the_smallest_picture():
    lines = verdict_on(lambda *args: 1 - right(*args)).message.splitlines()
    case = EXERCISE.cases(0)[0]
    assert lines[1].endswith(f"with the pixels {case['mask']['pixels'].tolist()} and size=(2, 3)")
    assert lines[3] == f"      expected: {[[1, 1, 1], [0, 0, 0]]}"
