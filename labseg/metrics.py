"""How good is a mask? One score an image, trivial answers to compare with, and intervals.

A is the true car, B the predicted one, μ an area in pixels:
accuracy = share of pixels with the right label, IoU = μ(A∩B)/μ(A∪B), Dice = 2μ(A∩B)/(μ(A)+μ(B)).
"""

import numpy as np


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
        raise ValueError(f"The truth has shape {truth.shape} but the prediction {found.shape}.")
    if truth.size == 0:
        raise ValueError("There is no pixel to compare: the truth is empty.")
    if not np.isin(truth, (0, 1)).all():
        raise ValueError(
            f"Your true mask has values up to {truth.max()}; expected 0 and 1 "
            "(if it is 0 and 255, use mask > 0)."
        )
    if not (found.min() >= 0 and found.max() <= 1):  # written so that NaN fails too
        raise ValueError(
            f"Your prediction has values from {found.min():.3g} to {found.max():.3g}; expected "
            "scores or labels between 0 and 1 (does the model end in a sigmoid?)."
        )
    return truth == 1, found >= threshold


def _images(y, what):
    y = np.asarray(y)
    if y.ndim == 4 and y.shape[-1] == 1:
        y = y[..., 0]
    if y.ndim != 3:
        raise ValueError(
            f"The {what} has shape {y.shape}; expected (n, h, w) or (n, h, w, 1) "
            "(for a single mask, write mask[None])."
        )
    return y


def trivial_answers(train, test):
    """What anyone could answer without looking: {name: float (n, h, w)} for the images of `test`.

    All background; the mean mask of the training cars; the mean of the same view's masks.
    train, test: Cars of one size.
    """
    mean = train.masks.mean(axis=0)
    views, train_views = test.views, np.array(train.views)
    of_view = {
        view: train.masks[train_views == view].mean(axis=0) if view in train_views else mean
        for view in set(views)
    }
    return {
        "all background": np.zeros(test.masks.shape),
        "mean mask": np.broadcast_to(mean, test.masks.shape),
        "mean mask of the view": np.stack([of_view[view] for view in views]),
    }


def bootstrap(scores, cars, level=0.95, repeats=2000, seed=0):
    """Mean of per-image scores and its interval, (mean, low, high), drawing whole cars again.

    Views of one car resemble each other, so cars are drawn, not images. For the difference of
    two models, give the difference of their scores.
    scores: float (n,). cars: n names, one an image.
    """
    scores = np.asarray(scores, float)
    _, owner = np.unique(cars, return_inverse=True)
    total, count = np.bincount(owner, scores), np.bincount(owner)
    drawn = np.random.default_rng(seed).integers(len(count), size=(repeats, len(count)))
    means = total[drawn].sum(axis=1) / count[drawn].sum(axis=1)
    low, high = np.quantile(means, ((1 - level) / 2, (1 + level) / 2))
    return scores.mean(), low, high


def scoreboard(test, answers):
    """Print accuracy, IoU and Dice of several answers to the same images, best IoU last.

    test: Cars. answers: {name: scores (n, h, w) or (n, h, w, 1)}.
    Returns {name: IoU of every image, float (n,)}, in the printed order.
    """
    ious = {name: iou(test.masks, answer) for name, answer in answers.items()}
    ious = dict(sorted(ious.items(), key=lambda item: item[1].mean()))
    wide = max(len(name) for name in ious)
    print(f"{'':{wide}}  accuracy   Dice    IoU   (95 % interval over {len(set(test.cars))} cars)")
    for name, scores in ious.items():
        mean, low, high = bootstrap(scores, test.cars)
        right, twice = (score(test.masks, answers[name]).mean() for score in (accuracy, dice))
        print(f"{name:{wide}}  {right:8.3f}  {twice:5.3f}  {mean:5.3f}   ({low:.3f} to {high:.3f})")
    return ious


def in_band(name, score, low, high):
    """Say whether a lesson's score is where it is expected; True when it is."""
    inside = bool(low <= score <= high)
    print(f"{'✓' if inside else '✗'} {name}: {score:.3f} (expected {low:.3f} to {high:.3f})")
    return inside
