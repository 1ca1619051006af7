"""The check of debug_clinic: mended functions pass however written, each mistake hears its name."""

import random

import cv2
import numpy as np
import pytest
from PIL import Image

from labseg.exercises import clinic_snippets
from labseg.exercises.debug_clinic import BROKEN, EXERCISE
from labseg.exercises.judge import judge


def verdict_on(functions, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(functions, cases))


def resized(mask, size, method=Image.Resampling.NEAREST):
    return np.array(Image.fromarray(255 * mask).resize(size[::-1], method))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def one_order(x, y, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    return x[order], y[order]


right = {
    "to_labels": lambda masks: (masks == 255).astype("uint8"),
    "count_overlap": lambda y_true, y_pred: (y_true * y_pred[..., 0]).sum(axis=(1, 2)),
    "shrink": lambda mask, size: resized(mask, size) // 255,
    "to_scores": lambda features, weights, bias: sigmoid(features @ weights + bias),
    "shuffle": one_order,
}


# --- right answers -------------------------------------------------------------------------


def shuffled_by_random(x, y, seed):
    pairs = list(zip(x, y, strict=True))
    random.Random(seed).shuffle(pairs)
    images, masks = zip(*pairs, strict=True)
    return np.array(images), np.array(masks)


def the_same_seed_twice(x, y, seed):
    return tuple(np.random.default_rng(seed).permutation(array) for array in (x, y))


def by_slices(mask, size):
    rows = (np.arange(size[0]) + 0.5) * mask.shape[0] / size[0]
    columns = (np.arange(size[1]) + 0.5) * mask.shape[1] / size[1]
    return mask[rows.astype(int)][:, columns.astype(int)]


def overlap_in_a_loop(y_true, y_pred):
    print(y_true.shape)
    return [int(((t == 1) & (p[:, :, 0] == 1)).sum()) for t, p in zip(y_true, y_pred, strict=True)]


def by_keras(features, weights, bias):
    import keras

    return keras.ops.sigmoid(keras.ops.matmul(features, weights) + bias)


RIGHT = {
    "as the lesson has them": right,
    "other ways": {
        "to_labels": lambda masks: masks // 255,
        "count_overlap": lambda y_true, y_pred: (y_true[..., None] * y_pred).sum(axis=(1, 2, 3)),
        "shrink": lambda mask, size: np.array(
            Image.fromarray(mask).resize((size[1], size[0]), Image.Resampling.NEAREST)
        ),
        "to_scores": lambda features, weights, bias: (
            0.5 + np.tanh((features @ weights + bias) / 2) / 2
        ),
        "shuffle": shuffled_by_random,
    },
    "and others": {
        "to_labels": lambda masks: masks > 127,
        "count_overlap": overlap_in_a_loop,
        "shrink": by_slices,
        "to_scores": lambda features, weights, bias: (
            1 / (1 + np.e ** -((features * weights).sum(axis=-1) + bias))
        ),
        "shuffle": the_same_seed_twice,
    },
    "with other libraries": {
        "to_labels": lambda masks: (masks / 255).astype("float32"),
        "count_overlap": lambda y_true, y_pred: np.einsum("nij,nij->n", y_true, y_pred.squeeze(-1)),
        "shrink": lambda mask, size: cv2.resize(mask, size[::-1], interpolation=cv2.INTER_NEAREST),
        "to_scores": by_keras,
        "shuffle": lambda x, y, seed: list(one_order(x, y, seed)),
    },
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers(answer, seed):
    verdict = verdict_on(RIGHT[answer], seed)
    assert verdict, verdict.message
    assert (verdict.points, verdict.max_points) == (5, 5)
    assert "four of the five never raise an error" in verdict.remark


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("functions", [None, {}, BROKEN, dict.fromkeys(right, stub)])
def test_not_attempted(functions):
    assert not verdict_on(functions).attempted


# --- wrong answers -------------------------------------------------------------------------


def but(name, function):
    return right | {name: function}


def labels(function):
    return but("to_labels", function)


def overlap(function):
    """function: two masks of shape (n, h, w)."""
    return but("count_overlap", lambda y_true, y_pred: function(y_true, y_pred[..., 0]))


def shrink(function):
    return but("shrink", function)


def scores(function):
    """function: the sums z and the bias."""
    return but(
        "to_scores", lambda features, weights, bias: function(features @ weights + bias, bias)
    )


def shuffle(function):
    return but("shuffle", function)


def shuffled_in_place(x, y, seed):
    for array in (x, y):
        np.random.default_rng(seed).shuffle(array)
    return x, y


def with_replacement(x, y, seed):
    rows = np.random.default_rng(seed).integers(0, len(x), len(x))
    rows[0] = rows[-1]
    return x[rows], y[rows]


def raises(*_):
    raise KeyError("masks")


BILINEAR = Image.Resampling.BILINEAR

# sentence → the wrong answer, in which only the function named first is wrong
WRONG = {
    "to_labels: it still gives what the broken one gives: what does it give for a pixel of 255?": (
        labels(clinic_snippets.to_labels)
    ),
    "to_labels: the car is still 255": labels(lambda masks: masks.copy()),
    "to_labels: car and background are exchanged": labels(lambda masks: masks == 0),
    "to_labels: every pixel is car": labels(lambda masks: masks != 1),
    "to_labels: these are not the labels of the masks": labels(lambda masks: masks / 256),
    "to_labels: your function changes its argument masks": labels(
        lambda masks: np.minimum(masks, 1, out=masks)
    ),
    "to_labels: the shape is wrong": labels(lambda masks: np.unique(masks) // 255),
    "to_labels: the shape is wrong: an axis of length 1 is left over": labels(
        lambda masks: masks[..., None] // 255
    ),
    "to_labels: your function returned None": labels(lambda masks: print(masks > 0)),
    "to_labels: your function raised KeyError: 'masks'": (labels(raises)),
    "to_labels: your function is called as to_labels(masks), but it raised TypeError": (
        labels(lambda: 0)
    ),
    "count_overlap: it still gives what the broken one gives: which shape has y_true * y_pred": (
        but("count_overlap", clinic_snippets.count_overlap)
    ),
    "count_overlap: the shape is wrong: an axis of length 1 is left over": but(
        "count_overlap", lambda y_true, y_pred: (y_true[..., None] * y_pred).sum(axis=(1, 2))
    ),
    "count_overlap: these are the pixels that are car in either": overlap(
        lambda t, p: (t | p).sum(axis=(1, 2))
    ),
    "count_overlap: this is one number for all pictures": overlap(lambda t, p: (t * p).sum()),
    "count_overlap: this is the mean over the pixels": overlap(
        lambda t, p: (t * p).mean(axis=(1, 2))
    ),
    "count_overlap: each picture is summed over one axis only": overlap(
        lambda t, p: (t * p).sum(axis=1)
    ),
    "count_overlap: these are the pixels on which both agree, background too": overlap(
        lambda t, p: (t == p).sum(axis=(1, 2))
    ),
    "count_overlap: these are the car pixels of both masks together": overlap(
        lambda t, p: (t + p).sum(axis=(1, 2))
    ),
    "count_overlap: these are the car pixels of y_true alone": overlap(
        lambda t, p: t.sum(axis=(1, 2))
    ),
    "count_overlap: these are the car pixels of y_pred alone": overlap(
        lambda t, p: p.sum(axis=(1, 2))
    ),
    "shrink: it still gives what the broken one gives: which values are in `small`": (
        shrink(clinic_snippets.shrink)
    ),
    "shrink: pixels are still mixed before some threshold": shrink(
        lambda mask, size: resized(mask, size, BILINEAR) > 127
    ),
    "shrink: pixels are still mixed before some": shrink(
        lambda mask, size: resized(mask, size, Image.Resampling.BOX) > 0
    ),
    "shrink: the car is 255 instead of 1": shrink(resized),
    "shrink: there are values other than 0 and 1": shrink(
        lambda mask, size: resized(mask, size) // 100
    ),
    "shrink: there are shares of a car, so pixels are mixed": shrink(
        lambda mask, size: resized(mask, size, BILINEAR) / 255
    ),
    "shrink: no pixel is car (1 // 255 is 0": shrink(
        lambda mask, size: resized(mask // 255, size) // 255
    ),
    "shrink: car and background are exchanged": shrink(lambda mask, size: resized(mask, size) == 0),
    "shrink: the shape is wrong: height and width are exchanged": shrink(
        lambda mask, size: resized(mask, size[::-1]) // 255
    ),
    "shrink: these are not the nearest pixels": shrink(
        lambda mask, size: right["shrink"](mask[::-1], size)
    ),
    "shrink: your function returned something of type Image": shrink(
        lambda mask, size: Image.fromarray(mask).resize(size[::-1], Image.Resampling.NEAREST)
    ),
    "to_scores: it still gives what the broken one gives: what keeps its result between": (
        but("to_scores", clinic_snippets.to_scores)
    ),
    "to_scores: the sign is wrong": scores(lambda z, b: sigmoid(-z)),
    "to_scores: clipping turns almost every score": scores(lambda z, b: z.clip(0, 1)),
    "to_scores: ReLU has no upper limit": scores(lambda z, b: np.maximum(z, 0)),
    "to_scores: tanh lies between -1 and 1": scores(lambda z, b: np.tanh(z)),
    "to_scores: these are labels, not scores: leave out the comparison": scores(
        lambda z, b: z >= 0
    ),
    "to_scores: these are labels, not scores: leave out": scores(lambda z, b: sigmoid(z) > 0.5),
    "to_scores: these are labels, not scores: apply the sigmoid": scores(lambda z, b: z > 0.5),
    "to_scores: the smallest score becomes 0": scores(
        lambda z, b: (z - z.min()) / (z.max() - z.min())
    ),
    "to_scores: softmax over all pixels": scores(lambda z, b: np.exp(z) / np.exp(z).sum()),
    "to_scores: softmax over the pixels of a picture": scores(
        lambda z, b: np.exp(z) / np.exp(z).sum(axis=(1, 2), keepdims=True)
    ),
    "to_scores: softmax over the last axis": scores(
        lambda z, b: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    ),
    "to_scores: softmax over a single channel": scores(lambda z, b: np.ones_like(z)),
    "to_scores: brackets are missing: 1 / 1 + e^-z": scores(lambda z, b: 1 / 1 + np.exp(-z)),
    "to_scores: brackets are missing: the sign has to turn": but(
        "to_scores", lambda features, weights, bias: 1 / (1 + np.exp(-features @ weights + bias))
    ),
    "to_scores: this is e^z": scores(lambda z, b: np.exp(z)),
    "to_scores: this is e^-z": scores(lambda z, b: np.exp(-z)),
    "to_scores: the sigmoid is applied twice": scores(lambda z, b: sigmoid(sigmoid(z))),
    "to_scores: the bias is added after the sigmoid": scores(lambda z, b: sigmoid(z - b) + b),
    "to_scores: the bias is missing": scores(lambda z, b: sigmoid(z - b)),
    "to_scores: there are scores outside 0 to 1": scores(lambda z, b: z**2 + 1),
    "to_scores: the result is wrong": scores(lambda z, b: sigmoid(z) ** 2),
    "to_scores: the shape is wrong: an axis of length 1": scores(
        lambda z, b: sigmoid(z)[..., None]
    ),
    "to_scores: there are scores outside 0 to 1; where": scores(lambda z, b: z / 0.1),
    "shuffle: it still gives what the broken one gives: does the second permutation": (
        shuffle(clinic_snippets.shuffle)
    ),
    "shuffle: the pictures and masks are out of step, with": shuffle(
        lambda x, y, seed: (one_order(x, y, seed)[0], one_order(x, y, seed + 1)[1])
    ),
    "shuffle: the pictures and masks are out of step, with seed": shuffle(
        lambda x, y, seed: (one_order(x, y, seed)[0], y)
    ),
    "shuffle: the pairs come back in the order in which they were": shuffle(
        lambda x, y, seed: (x.copy(), y.copy())
    ),
    "give the same order: use the seed": shuffle(lambda x, y, seed: one_order(x, y, 0)),
    "give different orders: draw all random numbers from np.random.default_rng(seed)": shuffle(
        lambda x, y, seed: one_order(x, y, np.random.randint(2**31))  # noqa: NPY002
    ),
    "give the same order: use the": shuffle(lambda x, y, seed: (x[::-1], y[::-1])),
    "shuffle: your function changes its argument x": shuffle(shuffled_in_place),
    "shuffle: some pairs come twice": shuffle(with_replacement),
    "shuffle: some of the pictures or masks are none of those given": shuffle(
        lambda x, y, seed: one_order(x // 2, y, seed)
    ),
    "shuffle: pictures and masks are exchanged: return the pictures first": shuffle(
        lambda x, y, seed: one_order(y, x, seed)
    ),
    "shuffle: your function returned a list of pairs": shuffle(
        lambda x, y, seed: list(zip(*one_order(x, y, seed), strict=True))
    ),
    "shuffle: your function returned one value": shuffle(
        lambda x, y, seed: one_order(x, y, seed)[0]
    ),
    "your function calls exit(), which ends Python": shuffle(lambda x, y, seed: exit()),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("said", WRONG)
def test_wrong_answers(said, seed):
    verdict = verdict_on(WRONG[said], seed)
    assert said in verdict.message
    assert not verdict
    assert verdict.points == 4


@pytest.mark.parametrize(
    ("functions", "said", "points"),
    [
        (BROKEN | {"to_scores": right["to_scores"]}, "to_labels: it still gives", 1),
        ({"shuffle": right["shuffle"]}, 'no function is given: write {"to_labels": to_labels', 1),
        (right | {"shrink": 7}, 'shrink: no function is given: write {"shrink": shrink', 4),
        (right | {"shrink": stub}, "shrink: not attempted yet", 4),
        (list(right.values()), 'give a dict of the five functions, {"to_labels": to_labels', 0),
        (right["shrink"], "…}, not a function", 0),
    ],
)
def test_a_dict_that_is_not_complete(functions, said, points):
    verdict = verdict_on(functions)
    assert said in verdict.message
    assert verdict.points == points
