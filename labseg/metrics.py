"""How good is a mask? Accuracy, IoU and Dice, one score an image.

A is the true car, B the predicted one, μ an area in pixels:
accuracy = share of pixels with the right label, IoU = μ(A∩B)/μ(A∪B), Dice = 2μ(A∩B)/(μ(A)+μ(B)).
"""

import numpy as np

from labseg.errors import InvalidValue


def accuracy(y_true, y_pred, threshold=0.5):
    """Share of pixels labelled right, float (n,).

    y_true: (n, h, w) or (n, h, w, 1), 0 and 1.
    y_pred: the same shape; scores in [0, 1] or labels. A pixel is car at `>= threshold`.
    Raises ValueError for other shapes or values.
    """
    truth, found = _labels(y_true, y_pred, threshold)
    return (truth == found).mean(axis=(1, 2))


def iou(y_true, y_pred, threshold=0.5):
    """Intersection over union of the car, float (n,); arguments as in `accuracy`.

    1 when truth and prediction are both empty, 0 when only one is.
    """
    both, either, _ = _areas(y_true, y_pred, threshold)
    return _ratio(both, either)


def dice(y_true, y_pred, threshold=0.5):
    """Dice score of the car, float (n,); arguments and empty masks as in `iou`."""
    both, _, total = _areas(y_true, y_pred, threshold)
    return _ratio(2 * both, total)


def _areas(y_true, y_pred, threshold):
    """μ(A∩B), μ(A∪B) and μ(A)+μ(B) of every image, int (n,)."""
    truth, found = _labels(y_true, y_pred, threshold)
    areas = truth & found, truth | found
    both, either = (area.sum(axis=(1, 2)) for area in areas)
    return both, either, both + either


def _ratio(part, whole):
    return np.where(whole == 0, 1.0, part / np.maximum(whole, 1))


def _labels(y_true, y_pred, threshold):
    """Both as bool (n, h, w), after checking shapes and values."""
    truth, found = _images(y_true, "truth"), _images(y_pred, "prediction")
    if truth.shape != found.shape:
        raise InvalidValue(f"The truth has shape {truth.shape} but the prediction {found.shape}.")
    if truth.size == 0:
        raise InvalidValue("There is no pixel to compare: the truth is empty.")
    if not np.isin(truth, (0, 1)).all():
        raise InvalidValue(
            f"Your true mask has values up to {truth.max()}; expected 0 and 1 "
            "(if it is 0 and 255, use mask > 0)."
        )
    if not (found.min() >= 0 and found.max() <= 1):  # written so that NaN fails too
        raise InvalidValue(
            f"Your prediction has values from {found.min():.3g} to {found.max():.3g}; expected "
            "scores or labels between 0 and 1 (does the model end in a sigmoid?)."
        )
    return truth == 1, found >= threshold


def _images(y, what):
    y = np.asarray(y)
    if y.ndim == 4 and y.shape[-1] == 1:
        y = y[..., 0]
    if y.ndim != 3:
        raise InvalidValue(
            f"The {what} has shape {y.shape}; expected (n, h, w) or (n, h, w, 1) "
            "(for a single mask, write mask[None])."
        )
    return y
