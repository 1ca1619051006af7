"""The check of shift_pair: right answers pass however written, each mistake hears its name."""

from functools import partial

import cv2
import numpy as np
import pytest
from PIL import Image

from labseg.exercises.judge import judge
from labseg.exercises.shift_pair import EXERCISE


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


def variant(moved, mask_moved=None, result=lambda image, mask: (image, mask)):
    """moved, mask_moved: (array, dx, dy) → the shifted array."""
    return lambda image, mask, dx, dy: result(
        moved(image, dx, dy), (mask_moved or moved)(mask, dx, dy)
    )


def shift(array, dx, dy, fill=0):
    h, w = array.shape[:2]
    result = np.full_like(array, fill)
    if abs(dx) < w and abs(dy) < h:
        result[max(dy, 0) : h + min(dy, 0), max(dx, 0) : w + min(dx, 0)] = array[
            max(-dy, 0) : h - max(dy, 0), max(-dx, 0) : w - max(dx, 0)
        ]
    return result


# --- right answers -------------------------------------------------------------------------


def pixel_by_pixel(array, dx, dy):
    result = np.zeros(array.shape, array.dtype)
    h, w = array.shape[:2]
    for row in range(h):
        for column in range(w):
            if 0 <= row - dy < h and 0 <= column - dx < w:
                result[row, column] = array[row - dy, column - dx]
    return result


def roll_and_erase(array, dx, dy):
    result = np.roll(array, (dy, dx), axis=(0, 1))
    if dy > 0:
        result[:dy] = 0
    elif dy < 0:
        result[dy:] = 0
    if dx > 0:
        result[:, :dx] = 0
    elif dx < 0:
        result[:, dx:] = 0
    return result


def pad_and_crop(array, dx, dy):
    h, w = array.shape[:2]
    borders = [(abs(dy), abs(dy)), (abs(dx), abs(dx))] + [(0, 0)] * (array.ndim - 2)
    padded = np.pad(array, borders)
    return padded[abs(dy) - dy :][:h, abs(dx) - dx :][:, :w]


def by_opencv(image, mask, dx, dy):
    matrix = np.float32([[1, 0, dx], [0, 1, dy]])
    h, w = mask.shape
    return tuple(
        cv2.warpAffine(array, matrix, (w, h), flags=cv2.INTER_NEAREST) for array in (image, mask)
    )


def by_pillow(image, mask, dx, dy):
    def moved(array):
        picture = Image.fromarray(array)
        back = (1, 0, -dx, 0, 1, -dy)
        return np.array(picture.transform(picture.size, Image.Transform.AFFINE, back))

    channels = [moved(channel) for channel in np.moveaxis(image, -1, 0).copy()]
    return np.stack(channels, axis=-1), moved(mask)


def as_it_is_where_nothing_moves(array, dx, dy):
    print(dx, dy)
    return array if dx == dy == 0 else shift(array, dx, dy)


RIGHT = {
    "slices": variant(shift),
    "pixel by pixel": variant(pixel_by_pixel),
    "np.roll, then erased": variant(roll_and_erase),
    "np.pad, then cropped": variant(pad_and_crop, result=lambda *both: list(both)),
    "OpenCV": by_opencv,
    "Pillow": by_pillow,
    "as it is where nothing moves": variant(as_it_is_where_nothing_moves),
    "lists of rows": variant(shift, result=lambda image, mask: (list(image), list(mask))),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers(answer, seed):
    verdict = verdict_on(RIGHT[answer], seed)
    assert verdict, verdict.message
    assert (verdict.points, verdict.max_points) == (3, 3)
    hands_back = answer == "as it is where nothing moves"
    assert ("hands back the arrays that it was given" in verdict.remark) == hands_back


def test_not_attempted():
    def shift_pair(image, mask, dx, dy):
        raise NotImplementedError

    assert not verdict_on(shift_pair).attempted


# --- wrong answers -------------------------------------------------------------------------


def roll(array, dx, dy):
    return np.roll(array, (dy, dx), axis=(0, 1))


def repeat_the_edge(array, dx, dy):
    h, w = array.shape[:2]
    return array[np.clip(np.arange(h) - dy, 0, h - 1)][:, np.clip(np.arange(w) - dx, 0, w - 1)]


def only_positive(array, dx, dy):
    result = np.zeros_like(array)
    h, w = array.shape[:2]
    result[dy:, dx:] = array[: h - dy, : w - dx]
    return result


def slices_with_minus(array, dx, dy):
    """Right but where a shift is 0 or as large as the picture."""
    result = np.zeros_like(array)
    rows = (slice(dy, None), slice(None, -dy)) if dy >= 0 else (slice(None, dy), slice(-dy, None))
    columns = (
        (slice(dx, None), slice(None, -dx)) if dx >= 0 else (slice(None, dx), slice(-dx, None))
    )
    part = array[rows[1], columns[1]]
    result[rows[0], columns[0]] = part
    return result


def erased(array, dx, dy, end=int):
    result = roll(array, dx, dy)
    result[: end(dy)] = 0
    result[:, : end(dx)] = 0
    return result


def erased_at_0(array, dx, dy):
    result = roll(array, dx, dy)
    result[slice(dy) if dy > 0 else slice(dy, None)] = 0
    result[:, slice(dx) if dx > 0 else slice(dx, None)] = 0
    return result


def at_most_one_less(array, dx, dy):
    h, w = array.shape[:2]
    return shift(array, min(max(dx, 1 - w), w - 1), min(max(dy, 1 - h), h - 1))


def in_place(image, mask, dx, dy):
    moved = shift(image, dx, dy), shift(mask, dx, dy)
    image[:], mask[:] = moved
    return image, mask


def cropped(array, dx, dy):
    h, w = array.shape[:2]
    return array[max(-dy, 0) : h - max(dy, 0), max(-dx, 0) : w - max(dx, 0)]


def padded(array, dx, dy):
    borders = [(max(dy, 0), max(-dy, 0)), (max(dx, 0), max(-dx, 0))]
    return np.pad(array, borders + [(0, 0)] * (array.ndim - 2))


def raises(image, mask, dx, dy):
    raise KeyError("dx")


# sentence → (the wrong answer, its points)
WRONG = {
    "what leaves at one side comes in at the other, as np.roll does": (variant(roll), 0),
    "what comes in repeats the edge: fill with 0": (variant(repeat_the_edge), 0),
    "what comes in is 255: fill with 0": (variant(lambda a, dx, dy: shift(a, dx, dy, 255)), 0),
    "nothing is moved": (lambda image, mask, dx, dy: (image, mask), 0),
    "dx and dy are exchanged: dx moves columns": (variant(lambda a, dx, dy: shift(a, dy, dx)), 0),
    "yours moves to the left, and dy > 0 moves down: yours moves up": (
        variant(lambda a, dx, dy: shift(a, -dx, -dy)),
        0,
    ),
    "dx > 0 moves to the right: yours moves to the left; with": (
        variant(lambda a, dx, dy: shift(a, -dx, dy)),
        0,
    ),
    "dy > 0 moves down: yours moves up; with": (variant(lambda a, dx, dy: shift(a, dx, -dy)), 0),
    "dy is not used": (variant(lambda a, dx, dy: shift(a, dx, 0)), 0),
    "dx is not used": (variant(lambda a, dx, dy: shift(a, 0, dy)), 0),
    "the shift has the wrong sign, and np.roll wraps": (
        variant(lambda a, dx, dy: roll(a, -dx, -dy)),
        0,
    ),
    "dx and dy are exchanged, and np.roll wraps": (variant(lambda a, dx, dy: roll(a, dy, dx)), 0),
    "a negative shift should move to the left, or up": (
        variant(lambda a, dx, dy: shift(a, abs(dx), abs(dy))),
        0,
    ),
    "mask: nothing is moved": (variant(shift, lambda mask, dx, dy: mask), 1),
    "image: nothing is moved": (variant(lambda image, dx, dy: image, shift), 1),
    "mask: what leaves at one side comes in at the other": (variant(shift, roll), 1),
    "a negative shift erases too much": (variant(erased), 0),
    "a negative shift is erased at the wrong side": (variant(partial(erased, end=abs)), 0),
    "all is lost (where a shift is 0": (variant(erased_at_0), 2),
    "compare |dx| with the width": (
        variant(lambda a, dx, dy: shift(a, dx, dy) * (abs(dx) < len(a))),
        2,
    ),
    "nothing is left where |dx| is the width or more": (variant(at_most_one_less), 2),
    "your function raised ValueError: could not broadcast": (variant(only_positive), 0),
    "edges: with an image of shape (4, 5, 3), dx=0 and dy=0, your function raised ValueError": (
        variant(slices_with_minus),
        2,
    ),
    "your function changes its argument image": (in_place, 2),
    "the image should keep its shape": (variant(cropped), 0),
    "image: the shape is wrong: the image should keep its shape": (variant(padded), 0),
    "the dtype of the image should stay as it is": (
        variant(lambda a, dx, dy: shift(a.astype(float), dx, dy)),
        0,
    ),
    "the dtype of the mask should stay as it is": (
        variant(shift, lambda mask, dx, dy: shift(mask, dx, dy) > 0),
        1,
    ),
    "an axis of length 1 is left over": (
        variant(shift, lambda mask, dx, dy: shift(mask, dx, dy)[..., None]),
        1,
    ),
    "image and mask are exchanged: return the image first": (
        variant(shift, result=lambda image, mask: (mask, image)),
        0,
    ),
    "your function returned one value: return the image and the mask": (
        lambda image, mask, dx, dy: shift(image, dx, dy),
        0,
    ),
    "your function returned 3 values: return the image and the mask": (
        variant(shift, result=lambda image, mask: (image, mask, 1)),
        0,
    ),
    "returned something of type zip": (variant(shift, result=zip), 0),
    "to `return` the result, not only to print": (lambda image, mask, dx, dy: print(dx), 0),
    "to `return` the result": (lambda image, mask, dx, dy: None, 0),
    "is called as shift_pair(image, mask, dx, dy), but it raised": (lambda image, mask: image, 0),
    "your function raised KeyError: 'dx'": (raises, 0),
    "your function calls exit(), which ends Python": (lambda image, mask, dx, dy: exit(), 0),
    "not an array of numbers": (lambda image, mask, dx, dy: ("image", "mask"), 0),
    "nan": (variant(lambda a, dx, dy: shift(a, dx, dy) * np.nan), 0),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("said", WRONG)
def test_wrong_answers(said, seed):
    answer, points = WRONG[said]
    verdict = verdict_on(answer, seed)
    assert said in verdict.message
    assert not verdict
    assert verdict.points == points
