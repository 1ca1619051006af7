"""How good is a mask? Accuracy, IoU and Dice, one score an image; and how good is its border?

A is the true car, B the predicted one, μ an area in pixels:
accuracy = share of pixels with the right label, IoU = μ(A∩B)/μ(A∪B), Dice = 2μ(A∩B)/(μ(A)+μ(B)).
"""

import cv2
import numpy as np

from labseg.arguments import number, whole_number
from labseg.errors import InvalidValue

TO_LABELS = "if it is 0 and 255, use mask > 0"
ROUNDING = 1e-6  # as far as rounding errors may take a score out of [0, 1]


def accuracy(y_true, y_pred, threshold=0.5):
    """Share of pixels labelled right, float (n,).

    y_true: (n, h, w) or (n, h, w, 1), 0 and 1.
    y_pred: one mask for each of them; scores in [0, 1] or labels.
    threshold: from 0 to 1; a pixel is car at `>= threshold`.
    Raises ValueError for other shapes or values.
    """
    truth, found = labels(y_true, y_pred, threshold)
    return (truth == found).mean(axis=(1, 2))


def iou(y_true, y_pred, threshold=0.5):
    """Intersection over union of the car, float (n,); arguments and errors as in `accuracy`.

    1 when truth and prediction are both empty, 0 when only one is.
    """
    both, either, _ = _areas(y_true, y_pred, threshold)
    return _ratio(both, either)


def dice(y_true, y_pred, threshold=0.5):
    """Dice score of the car, float (n,); arguments, errors and empty masks as in `iou`."""
    both, _, total = _areas(y_true, y_pred, threshold)
    return _ratio(2 * both, total)


def boundary_iou(y_true, y_pred, threshold=0.5, width=None):
    """IoU of the two borders, float (n,); arguments, errors and empty masks as in `iou`.

    The border of a mask is its car within `width` pixels of what is not car (diagonal steps count
    as one), and what lies outside the picture is not car. So a large car no longer hides a bad
    outline. width: a whole number; without one, 2 % of the picture's diagonal, at least 1.
    Boundary IoU of Cheng, Girshick, Dollár, Berg and Kirillov, CVPR 2021 (arXiv:2103.16562).
    """
    truth, found = labels(y_true, y_pred, threshold)
    if width is None:
        width = max(1, round(0.02 * np.hypot(*truth.shape[1:])))
    width = whole_number("width", width, 1, "a whole number of pixels")
    truth, found = (_borders(masks, width) for masks in (truth, found))
    return _ratio((truth & found).sum(axis=(1, 2)), (truth | found).sum(axis=(1, 2)))


def border_distance(masks):
    """How far each pixel is from the nearest one on the other side of the border, float (n, h, w).

    masks: (n, h, w) or (n, h, w, 1), 0 and 1. The distance is Euclidean, from centre to centre of
    the pixels: 1 beside the border, √2 at a corner of it. The picture's edge is no border; in a
    mask that is all car or has none, every pixel is infinitely far from one.
    Raises ValueError for other shapes or values.
    """
    masks = mask_stack(masks, "The stack of masks")
    check_labels(masks, "The masks have", "scores >= 0.5 makes labels of scores")
    distances = np.full(masks.shape, np.inf, np.float32)
    for mask, distance in zip(masks == 1, distances, strict=True):
        if mask.any() and not mask.all():
            for side in (mask, ~mask):
                distance[side] = _depth(side, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[side]
    return distances


def _borders(masks, width):
    """The pixels of the masks, bool (n, h, w), that are less than `width` + 1 from the outside."""
    padded = np.pad(masks, ((0, 0), (1, 1), (1, 1)))
    depths = [_depth(mask, cv2.DIST_C, cv2.DIST_MASK_3)[1:-1, 1:-1] for mask in padded]
    return masks & (np.array(depths) <= width)


def _depth(mask, *metric):
    """The distance of each pixel of a mask, bool (h, w), from the nearest outside it."""
    return cv2.distanceTransform(mask.astype(np.uint8), *metric)


def _areas(y_true, y_pred, threshold):
    """μ(A∩B), μ(A∪B) and μ(A)+μ(B) of every image, int (n,)."""
    truth, found = labels(y_true, y_pred, threshold)
    areas = truth & found, truth | found
    both, either = (area.sum(axis=(1, 2)) for area in areas)
    return both, either, both + either


def _ratio(part, whole):
    return np.where(whole == 0, 1.0, part / np.maximum(whole, 1))


def labels(y_true, y_pred, threshold=0.5):
    """Truth and prediction as bool (n, h, w), checked; arguments and errors as in `accuracy`."""
    threshold = number("threshold", threshold, 0, 1)
    truth, found = mask_stack(y_true, "The truth"), mask_stack(y_pred, "The prediction")
    if truth.shape != found.shape:
        raise InvalidValue(f"The truth has shape {truth.shape} but the prediction {found.shape}.")
    if truth.size == 0:
        raise InvalidValue("There is no pixel to compare: the truth is empty.")
    swapped = truth.min() >= 0 and truth.max() <= 1  # fractions: these are scores
    hint = "the truth comes first, then the prediction" if swapped else TO_LABELS
    check_labels(truth, "Your true mask has", hint)
    check_range(found, "Your prediction")
    return truth == 1, found >= threshold


def mask_stack(y, what):
    """`y` as (n, h, w), from that or (n, h, w, 1); `what` begins the sentence of a ValueError."""
    y = number_array(y, what)
    if y.ndim == 4 and y.shape[-1] == 1:
        return y[..., 0]
    # Also three numbers, but one mask (h, w, 1) or one picture (h, w, 3).
    single = y.shape[2:] == (1,) or (y.shape[2:] == (3,) and y.shape[1] > 12)
    if y.ndim != 3 or single:
        raise InvalidValue(
            f"{what} has shape {y.shape}; expected (n, h, w) or (n, h, w, 1) "
            "(for a single mask, write mask[None])."
        )
    return y


def check_labels(masks, what, hint=TO_LABELS):
    """Raise a ValueError unless all of `masks` is 0 or 1; `what` begins its sentence."""
    if not np.isin(masks, (0, 1)).all():
        raise InvalidValue(
            f"{what} values from {masks.min():.7g} to {masks.max():.7g}; expected 0 and 1 ({hint})."
        )


def check_range(values, what, expected="scores or labels", hint=None):
    """Raise a ValueError unless all of `values` are from 0 to 1, give or take a rounding error.

    The sentence says `what` has other values, what is expected, and a hint at the remedy.
    """
    low, high = float(values.min()), float(values.max())
    if low >= -ROUNDING and high <= 1 + ROUNDING:  # false for NaN
        return
    sigmoid, diverged = "does the model end in a sigmoid?", "did the training diverge?"
    hint = hint or (diverged if np.isnan(low) else sigmoid)
    raise InvalidValue(
        f"{what} has values from {low:.7g} to {high:.7g}; "
        f"expected {expected} between 0 and 1 ({hint})."
    )


def number_array(values, what):
    """`values` as an array of numbers or truth values; `what` as in `mask_stack`."""
    try:
        array = np.asarray(values)
        if array.dtype.kind in "biuf" or array.dtype.name == "bfloat16":
            return array
    except (TypeError, ValueError):  # as rows of different lengths
        pass
    raise InvalidValue(
        f"{what} is not an array of numbers: it holds something else, or rows of unequal length."
    )


def number_row(values, what):
    """`values` as float (n,), n > 0, none of them NaN or infinite; `what` as in `mask_stack`."""
    row = number_array(values, what)
    if row.ndim != 1 or not row.size:
        raise InvalidValue(f"{what} has shape {row.shape}; expected (n,): one number an image.")
    finite = np.isfinite(row)
    if not finite.all():
        place = int(np.argmin(finite))
        raise InvalidValue(f"{what}[{place}] is {row[place]}; expected finite numbers.")
    return row.astype(float)
