"""What is wrong with each function of the exercise debug_clinic, once it was worked on.

A judge takes [(arguments, what the function returned), …] and gives a Fault, a sentence or None.
"""

from collections import Counter

import numpy as np
from PIL import Image

from labseg.exercises.compare import (
    agree,
    array_of,
    recognise,
    shown,
    wrong_shape,
    wrong_values,
)
from labseg.exercises.pairs import pair_of
from labseg.exercises.prepare_mask import is_nearest, mixtures
from labseg.exercises.verdict import Fault


def _first(faults):
    return next(filter(None, faults), None)


def _labels_fault(pairs):
    return _first(_one_labels_fault(case["masks"], array_of(value)) for case, value in pairs)


def _one_labels_fault(masks, given):
    expected = (masks > 0).astype(int)
    if fault := wrong_shape(given, masks.shape):
        return fault
    sentence = {
        tuple(masks.ravel()): "the car is still 255: the loss is meant for labels of 0 and 1",
        tuple(1 - expected.ravel()): "car and background are exchanged",
        (0,) * masks.size: "no pixel is car",
        (1,) * masks.size: "every pixel is car",
    }.get(tuple(given.ravel().astype(float)), "these are not the labels of the masks")
    fault = wrong_values(given, expected)
    return fault and Fault(f"{sentence}; with masks {shown(masks)}", *_values(fault))


def _values(fault):
    return fault.given, fault.expected


def _overlap_fault(pairs):
    given = [array_of(value) for _, value in pairs]
    areas = [(case["y_true"], case["y_pred"][..., 0]) for case, _ in pairs]
    right = [(t * p).sum(axis=(1, 2)) for t, p in areas]
    sentence = recognise(
        given,
        {
            "these are the pixels that are car in either, not in both": [
                (t | p).sum(axis=(1, 2)) for t, p in areas
            ],
            "this is one number for all pictures: sum over axis=(1, 2) alone": [
                one.sum() for one in right
            ],
            "this is the mean over the pixels: count them, with .sum": [
                (t * p).mean(axis=(1, 2)) for t, p in areas
            ],
            "each picture is summed over one axis only: use axis=(1, 2)": [
                (t * p).sum(axis=1) for t, p in areas
            ],
        },
    )
    for (t, _), one, expected in zip(areas, given, right, strict=True):
        fault = wrong_shape(one, expected.shape, "expected one number for each picture")
        fault = fault or wrong_values(one, expected, "overlap")
        if fault:
            text = sentence or fault.message
            return Fault(f"{text}; with y_true of shape {t.shape}", *_values(fault))


def _shrink_fault(pairs):
    return _first(_one_shrink_fault(case, array_of(value)) for case, value in pairs)


def _one_shrink_fault(case, given):
    size, picture = tuple(case["size"]), {"mask": {"pixels": case["mask"]}, "size": case["size"]}
    if fault := wrong_shape(given, size, f"expected (height, width) = {size}"):
        return fault
    if not np.isin(given, (0, 1)).all():
        text = "there are values other than 0 and 1"
        return Fault(text, shown(np.unique(given)), "[0, 1]")
    if is_nearest(picture, given > 0):
        return None
    sentence = "these are not the nearest pixels"
    if is_nearest(picture, given == 0):
        sentence = "car and background are exchanged"
    elif any(np.array_equal(given > 0, mixed) for mixed in mixtures(picture)):
        sentence = (
            "pixels are still mixed before some threshold makes 0 and 1 of them: ask for the "
            "nearest instead"
        )
    small = Image.fromarray(case["mask"]).resize(size[::-1], Image.Resampling.NEAREST)
    text = f"{sentence}; with the mask {shown(case['mask'])} and size={size}"
    return Fault(text, shown(given.astype(int)), shown(np.array(small)))


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


NO_SIGMOIDS = {
    "the sign is wrong: the sigmoid is 1 / (1 + e^-z), which is large where z is": (
        lambda z, b: _sigmoid(-z)
    ),
    "clipping makes 0 or 1 of almost every score: the sigmoid keeps them apart": (
        lambda z, b: z.clip(0, 1)
    ),
    "ReLU has no upper limit: the sigmoid ends at 1": lambda z, b: z.clip(0, None),
    "tanh lies between -1 and 1, the sigmoid between 0 and 1": lambda z, b: np.tanh(z),
    "these are labels, not scores: leave out the comparison with a threshold": (
        lambda z, b: z >= 0
    ),
    "these are labels, not scores: apply the sigmoid and leave the rounding out": (
        lambda z, b: z >= 0.5
    ),
    "the smallest score becomes 0 and the largest 1, whatever they are: each pixel's score should "
    "depend on that pixel alone": lambda z, b: (z - z.min()) / (z.max() - z.min()),
    "softmax over the pixels makes them compete: each should have a sigmoid of its own": (
        lambda z, b: np.exp(z) / np.exp(z).sum()
    ),
    "softmax over a single channel is 1 everywhere: use the sigmoid": (
        lambda z, b: np.ones_like(z)
    ),
    "the sigmoid is applied twice": lambda z, b: _sigmoid(_sigmoid(z)),
    "the bias is added after the sigmoid": lambda z, b: _sigmoid(z - b) + b,
    "the bias is missing": lambda z, b: _sigmoid(z - b),
}


def _scores_fault(pairs):
    given = [array_of(value) for _, value in pairs]
    sums = [case["features"] @ case["weights"] + case["bias"] for case, _ in pairs]
    biases = [case["bias"] for case, _ in pairs]
    wrong = {
        sentence: [formula(z, b) for z, b in zip(sums, biases, strict=True)]
        for sentence, formula in NO_SIGMOIDS.items()
    }
    sentence = recognise(given, wrong, close=1e-5)
    for z, one in zip(sums, given, strict=True):
        fault = wrong_shape(one, z.shape) or wrong_values(one, _sigmoid(z), "scores", 1e-5)
        if fault:
            outside = one.size and (one.min() < 0 or one.max() > 1)
            sentence = sentence or ("there are scores outside 0 to 1" if outside else fault.message)
            return Fault(f"{sentence}; where the sums are {shown(z)}", *_values(fault))


def _shuffle_fault(pairs):
    orders = [_orders(case, *pair_of(value)) for case, value in pairs]
    seeds = [case["seed"] for case, _ in pairs]
    found = _first(map(_one_shuffle_fault, seeds, orders))
    if not found and all(images == sorted(images) for images, _ in orders):
        return "the pairs come back in the order in which they were"
    return found


def _orders(case, images, masks):
    """For each picture and mask that came back, which one it is; None for a stranger."""
    return [
        [_place(one, array) for one in np.atleast_1d(given)]
        for given, array in ((images, case["x"]), (masks, case["y"]))
    ]


def _place(one, array):
    return next((i for i, other in enumerate(array) if agree(one, other)), None)


def _one_shuffle_fault(seed, orders):
    images, masks = orders
    if None in images or None in masks:
        return "some of the pictures or masks are none of those given"
    if images != masks:
        what = f"the pictures and masks are out of step, with seed={seed}"
        return Fault(f"{what}: draw one order for both", f"masks {masks}", f"masks {images}")
    counts = Counter(images)
    if max(counts.values()) > 1:
        return Fault("some pairs come twice and others not at all", images, "each once")
    return None


JUDGES = {
    "to_labels": _labels_fault,
    "count_overlap": _overlap_fault,
    "shrink": _shrink_fault,
    "to_scores": _scores_fault,
    "shuffle": _shuffle_fault,
}
