"""How good is a model? Trivial answers beside it, intervals over cars, and the expected bands."""

import re
from dataclasses import dataclass

import numpy as np

from labseg.metrics import accuracy, dice, iou


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


@dataclass(frozen=True)
class Band:
    """A lesson's score and the range in which it is expected; prints as one line."""

    name: str
    score: float
    low: float
    high: float

    @property
    def inside(self):
        return bool(self.low <= self.score <= self.high)

    def __str__(self):
        mark = "✓" if self.inside else "✗"
        return f"{mark} {self.name}: {self.score:.3f} (expected {self.low:.3f} to {self.high:.3f})"


BAND_LINE = re.compile(
    r"^[✓✗] (?P<name>.+): (?P<score>\S+) \(expected (?P<low>\S+) to (?P<high>\S+)\)",
    re.MULTILINE,
)


def in_band(name, score, low, high, causes=""):
    """Say whether a lesson's score is where it is expected; True when it is.

    causes: what is likely to be wrong where it is not, said below the score.
    """
    band = Band(name, float(score), low, high)
    print(band)
    if causes and not band.inside:
        print(f"  Likely causes: {causes}.")
    return band.inside


def read_bands(text):
    """The Bands that `in_band` printed in `text`, in order."""
    return [
        Band(found["name"], *(float(found[key]) for key in ("score", "low", "high")))
        for found in BAND_LINE.finditer(text)
    ]
