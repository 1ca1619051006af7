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
            "these are the pixels on which both agree, background too: count those that are car in "
            "both": [(t == p).sum(axis=(1, 2)) for t, p in areas],
            "these are the car pixels of both masks together, not those that are car in both": [
                t.sum(axis=(1, 2)) + p.sum(axis=(1, 2)) for t, p in areas
            ],
            "these are the car pixels of y_true alone": [t.sum(axis=(1, 2)) for t, _ in areas],
            "these are the car pixels of y_pred alone": [p.sum(axis=(1, 2)) for _, p in areas],
            "this is the mean over the pixels: count them, with .sum": [
                (t * p).mean(axis=(1, 2)) for t, p in areas
            ],
            "each picture is summed over one axis only: use axis=(1, 2)": [
                (t * p).sum(axis=1) for t, p in areas
            ],
        },
    )
    for (t, p), one, expected in zip(areas, given, right, strict=True):
        fault = wrong_shape(one, expected.shape, "expected one number for each picture")
        fault = fault or wrong_values(one, expected, "overlap")
        if fault:
            text = sentence or fault.message
            masks = f"y_true of shape {t.shape}"
            if t.size < 12:
                masks = f"y_true={shown(t)} and y_pred, without its last axis, {shown(p)}"
            return Fault(f"{text}; with {masks}", *_values(fault))


def _shrink_fault(pairs):
    pairs = [(case, array_of(value)) for case, value in pairs]
    found = zip(*(mixtures(_picture(case)) for case, _ in pairs), strict=True)
    mixed = any(
        all(np.array_equal(given > 0, one) for (_, given), one in zip(pairs, masks, strict=True))
        for masks in found
    )
    return _first(_one_shrink_fault(case, given, mixed) for case, given in pairs)


def _picture(case):
    """The case as the exercise prepare_mask has it."""
    return {"mask": {"pixels": case["mask"]}, "size": case["size"]}


def _one_shrink_fault(case, given, mixed):
    size, picture = tuple(case["size"]), _picture(case)
    if fault := wrong_shape(given, size, f"expected (height, width) = {size}"):
        return fault
    if not np.isin(given, (0, 1)).all():
        return Fault(_values_sentence(given), shown(np.unique(given)), "[0, 1]")
    if is_nearest(picture, given > 0):
        return None
    sentence = "these are not the nearest pixels"
    if not given.any():
        sentence = "no pixel is car (1 // 255 is 0: divide only what is 255)"
    elif is_nearest(picture, given == 0):
        sentence = "car and background are exchanged"
    elif mixed:
        sentence = (
            "pixels are still mixed before some threshold makes 0 and 1 of them: ask for the "
            "nearest instead"
        )
    small = Image.fromarray(case["mask"]).resize(size[::-1], Image.Resampling.NEAREST)
    text = f"{sentence}; with the mask {shown(case['mask'])} and size={size}"
    return Fault(text, shown(given.astype(int)), shown(np.array(small)))


def _values_sentence(given):
    if np.isin(given, (0, 255)).all():
        return "the car is 255 instead of 1"
    if ((given > 0) & (given < 1)).any():
        return "there are shares of a car, so pixels are mixed: ask for the nearest"
    return "there are values other than 0 and 1"


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _softmax(z, axis):
    return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)


NO_SIGMOIDS = {
    "the sign is wrong: the sigmoid is 1 / (1 + e^-z), which is large where z is": (
        lambda z, b: _sigmoid(-z)
    ),
    "clipping turns almost every score into 0 or 1: the sigmoid keeps them apart": (
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
    "softmax over all pixels makes them compete: each should have a sigmoid of its own": (
        lambda z, b: _softmax(z, None)
    ),
    "softmax over the pixels of a picture makes them compete: each should have a sigmoid of its "
    "own": lambda z, b: _softmax(z, (1, 2)),
    "softmax over the last axis makes the pixels of a row compete: each should have a sigmoid of "
    "its own": lambda z, b: _softmax(z, -1),
    "softmax over a single channel is 1 everywhere: use the sigmoid": (
        lambda z, b: np.ones_like(z)
    ),
    "brackets are missing: 1 / 1 + e^-z is 1 + e^-z, you need 1 / (1 + e^-z)": (
        lambda z, b: 1 + np.exp(-z)
    ),
    "brackets are missing: the sign has to turn the whole sum, -(features @ weights + bias)": (
        lambda z, b: _sigmoid(z - 2 * b)
    ),
    "this is e^z, which has no upper limit: the sigmoid is 1 / (1 + e^-z)": lambda z, b: np.exp(z),
    "this is e^-z, only a part of the sigmoid, 1 / (1 + e^-z)": lambda z, b: np.exp(-z),
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
        fault = wrong_shape(one, z.shape) or wrong_values(one, _sigmoid(z), "result", 1e-5)
        if fault:
            outside = one.size and (one.min() < 0 or one.max() > 1)
            sentence = sentence or ("there are scores outside 0 to 1" if outside else fault.message)
            return Fault(f"{sentence}; where the sums are {shown(z)}", *_values(fault))


def _shuffle_fault(pairs):
    orders = [_orders(case, *pair_of(value)) for case, value in pairs]
    seeds = [case["seed"] for case, _ in pairs]
    if found := _first(map(_one_shuffle_fault, seeds, orders)):
        return found
    if all(images == sorted(images) for images, _ in orders):
        return "the pairs come back in the order in which they were"
    *_, other, once, again = orders
    if once != again:
        return Fault(
            f"two calls with seed={seeds[-1]} give different orders: draw all random numbers from "
            "np.random.default_rng(seed)",
            f"{once[0]}, then {again[0]}",
            "the same order twice",
        )
    if once == other:
        return Fault(f"the seeds {seeds[-3:-1]} give the same order: use the seed", once[0])


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
