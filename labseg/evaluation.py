"""How good is a model? Trivial answers beside it, intervals over cars, and the expected bands."""

import re
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from labseg.arguments import car_set, filled_dict, number, whole_number
from labseg.errors import InvalidValue
from labseg.metrics import accuracy, dice, iou, number_row

IMAGE_NUMBER = r"_\d\d(_mask)?(\.\w+)?$"  # in the name of an image or of its file


def trivial_answers(train, test):
    """What anyone could answer without looking: {name: float (n, h, w)} for the images of `test`.

    All background; the mean mask of the training cars; the mean of the same view's masks.
    train, test: Cars of one size. Raises ValueError for other sizes or when one is empty.
    """
    for name, cars in (("train", train), ("test", test)):
        if not len(car_set(name, cars).masks):
            raise InvalidValue(f"{name} holds no images: give at least one.")
    if train.masks.shape[1:] != test.masks.shape[1:]:
        sizes = ["{}×{}".format(*cars.masks.shape[1:]) for cars in (train, test)]
        raise InvalidValue(
            f"The training images have {sizes[0]} pixels but the test images {sizes[1]}: "
            "load both with the same size."
        )
    mean = train.masks.mean(axis=0)
    views, train_views = test.views, np.array(train.views)
    of_view = {
        view: train.masks[train_views == view].mean(axis=0) if view in train_views else mean
        for view in set(views)
    }
    return {
        "all background": np.zeros(test.masks.shape),
        "mean mask": np.broadcast_to(mean, test.masks.shape).copy(),
        "mean mask of the view": np.stack([of_view[view] for view in views]),
    }


def bootstrap(scores, cars, level=0.95, repeats=2000, seed=0):
    """Mean of per-image scores and its interval, (mean, low, high), resampling whole cars.

    Views of one car resemble each other, so cars are resampled, not images. For the difference of
    two models, give the difference of their scores. One car alone says nothing about others:
    then low and high are NaN.
    scores: float (n,). cars: the car of every image, such as `test.cars`.
    level: share of the resampled means within the interval. repeats: how many there are.
    Raises ValueError for arguments that do not fit, NaN among the scores, and names of images
    (which would make every image a car of its own, and the interval too narrow).
    """
    scores = number_row(scores, "scores")
    level, repeats = number("level", level, 0, 1), whole_number("repeats", repeats, 1)
    owner = _owners(cars, len(scores))
    _no_images(cars, owner)
    return _interval(scores, owner, level, repeats, whole_number("seed", seed, 0))


def _interval(scores, owner, level=0.95, repeats=2000, seed=0):
    """`bootstrap` of arguments that are checked; owner: the number of every image's car."""
    total, count = np.bincount(owner, scores), np.bincount(owner)
    if len(count) == 1:
        return scores.mean(), np.nan, np.nan
    random = np.random.default_rng(seed)
    drawn = random.integers(len(count), size=(repeats, len(count)))
    means = total[drawn].sum(axis=1) / count[drawn].sum(axis=1)
    low, high = np.quantile(means, ((1 - level) / 2, (1 + level) / 2))
    return scores.mean(), low, high


def _owners(cars, n):
    """For each of n images the number of its car, from 0."""
    names = [str(car) for car in cars] if isinstance(cars, Iterable) else []
    if len(names) != n:
        raise InvalidValue(
            f"There are {n} scores but {len(names)} cars: "
            "give the car of every image, such as test.cars."
        )
    return np.unique(names, return_inverse=True)[1]


def _no_images(cars, owner):
    """InvalidValue where each image has a car of its own, and its name says that it is a view."""
    names, n = [str(car) for car in cars], len(owner)
    if owner.max() + 1 == n > len({re.sub(IMAGE_NUMBER, "", name) for name in names}):
        raise InvalidValue(
            f"{names[0]} is an image, not a car: give the car of every image, such as test.cars "
            f"(or range({n}), if you do mean to draw single images)."
        )


def scoreboard(test, answers):
    """Print accuracy, IoU and Dice of several answers to the same images, best IoU last.

    test: Cars. answers: {name: scores (n, h, w) or (n, h, w, 1)}.
    Returns {name: IoU of every image, float (n,)}, in the printed order.
    Raises ValueError, naming the answer, where `labseg.metrics.iou` would.
    """
    truth = car_set("test", test).masks
    filled_dict("answers", answers, "{name: scores of every test image}")
    ious = {}
    for name, answer in answers.items():
        try:
            ious[name] = iou(truth, answer)
        except InvalidValue as error:
            raise InvalidValue(f"{name}: {error}") from None
    ious = dict(sorted(ious.items(), key=lambda item: item[1].mean()))
    wide = max(len(str(name)) for name in ious)
    n, owner = len(set(test.cars)), _owners(test.cars, len(truth))
    note = f"95 % interval over {n} cars" if n > 1 else "one car: no interval"
    print(f"{'':{wide}}  accuracy   Dice    IoU   ({note})")
    for name, scores in ious.items():
        mean, low, high = _interval(scores, owner)
        right, twice = (score(truth, answers[name]).mean() for score in (accuracy, dice))
        interval = f"   ({low:.3f} to {high:.3f})" if n > 1 else ""
        print(f"{name!s:{wide}}  {right:8.3f}  {twice:5.3f}  {mean:5.3f}{interval}")
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
    if np.size(score) != 1 or np.asarray(score).dtype.kind not in "biuf":
        raise InvalidValue(f"score={reprlib.repr(score)}: give one number, such as a mean.")
    low, high = number("low", low), number("high", high)
    band = Band(name, round(np.asarray(score).item(), 3), low, high)  # as it is printed
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
