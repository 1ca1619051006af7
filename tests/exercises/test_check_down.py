"""The check of down: right answers pass however written, each mistake hears its name."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from unets import HALVE, P

from labseg.exercises.down import EXERCISE
from labseg.exercises.judge import judge


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


# --- right answers -------------------------------------------------------------------------


def functional_inside(x):
    inputs = keras.Input(x.shape[1:])
    return keras.Model(inputs, layers.MaxPooling2D()(inputs))(x)


SHARED = layers.MaxPooling2D((2, 2), strides=(2, 2))
RIGHT = {
    "plain": lambda x: layers.MaxPooling2D()(x),
    "all said": lambda x: layers.MaxPooling2D(pool_size=(2, 2), strides=2, padding="valid")(x),
    "same padding": lambda x: layers.MaxPool2D(2, **P)(x),
    "keras.ops": lambda x: ops.max_pool(x, 2),
    "keras.ops, all said": lambda x: ops.max_pool(x, (2, 2), strides=(2, 2), padding="same"),
    "one layer for all": lambda x: SHARED(x),
    "a Sequential": lambda x: keras.Sequential([layers.MaxPooling2D()])(x),
    "functional inside": functional_inside,
    "layer of its own": lambda x: HALVE(x),
    "Identity": lambda x: layers.Identity()(layers.MaxPooling2D()(x)),
    "the layer itself": layers.MaxPooling2D(2),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers(answer, seed):
    verdict = verdict_on(RIGHT[answer], seed)
    assert verdict, verdict.message
    assert "has no weights" in verdict.remark


def test_not_attempted():
    def down(x):
        raise NotImplementedError

    assert not verdict_on(down).attempted


# --- wrong answers -------------------------------------------------------------------------


def thrown_away(x):
    layers.MaxPooling2D()(x)
    return x


def exits(x):
    raise SystemExit


def strided(x):
    return layers.Conv2D(x.shape[-1], 3, strides=2, activation="relu", **P)(x)


# name → (the wrong answer, what it hears)
WRONG = {
    "returns nothing": (
        lambda x: print("down"),
        "your function returned None: is there a `return` at its end?",
    ),
    "returns x": (
        lambda x: x,
        "your function returns x as it is, expected half the height and the width",
    ),
    "result thrown away": (
        thrown_away,
        "the result of a MaxPooling2D is not used: each layer takes the result of the one before",
    ),
    "returns a tuple": (
        lambda x: (layers.MaxPooling2D()(x), x),
        "your function returned a tuple of length 2, expected one tensor",
    ),
    "returns a list": (
        lambda x: [layers.MaxPooling2D()(x)],
        "your function returned a list of length 1, expected one tensor",
    ),
    "returns a dict": (
        lambda x: {"x": layers.MaxPooling2D()(x)},
        "your function returned something of type dict, expected a tensor",
    ),
    "returns the layer": (
        lambda x: layers.MaxPooling2D(2),
        "returned the layer MaxPooling2D itself, expected a tensor: first make the layer, then",
    ),
    "returns the class": (
        lambda x: layers.MaxPooling2D,
        "your function returned a class, expected a tensor: first make the layer, then call it",
    ),
    "returns a model": (
        lambda x: keras.Model(x, layers.MaxPooling2D()(x)),
        "your function returned a model, expected a tensor",
    ),
    "x given to the constructor": (
        lambda x: layers.MaxPooling2D(x),
        "a tensor is used like a number or a list, perhaps among the settings of a layer: first",
    ),
    "other arguments": (
        lambda x, channels: layers.MaxPooling2D()(x),
        "your function is called as down(x), but it raised TypeError: ",
    ),
    "no arguments": (
        lambda: layers.MaxPooling2D(),
        "your function is called as down(x), but it raised TypeError: ",
    ),
    "exits": (exits, "your function calls exit(), which ends Python"),
    "average": (
        lambda x: layers.AveragePooling2D(2)(x),
        "there is an AveragePooling2D, expected a MaxPooling2D",
    ),
    "average of keras.ops": (
        lambda x: ops.average_pool(x, 2),
        "there is an AveragePooling2D, expected a MaxPooling2D",
    ),
    "global pooling": (
        lambda x: layers.GlobalMaxPooling2D()(x),
        "is a GlobalMaxPooling2D; this exercise takes InputLayer, MaxPooling2D",
    ),
    "strided convolution": (strided, "x passes through a Conv2D, expected a MaxPooling2D"),
    "transposed convolution": (
        lambda x: layers.Conv2DTranspose(4, 2, strides=2)(x),
        "x passes through a Conv2DTranspose, expected a MaxPooling2D",
    ),
    "every second pixel": (
        lambda x: x[:, ::2, ::2],
        "is a GetItem; this exercise takes InputLayer, MaxPooling2D",
    ),
    "3×3": (
        lambda x: layers.MaxPooling2D(3, strides=2, **P)(x),
        "a pooling is 3×3, expected 2×2 with strides of 2",
    ),
    "3×3 side by side": (
        lambda x: layers.MaxPooling2D(3)(x),
        "a pooling is 3×3, expected 2×2 with strides of 2",
    ),
    "4×4": (
        lambda x: layers.MaxPooling2D(4)(x),
        "a pooling is 4×4, expected 2×2 with strides of 2",
    ),
    "no strides": (
        lambda x: layers.MaxPooling2D(2, strides=1)(x),
        "a pooling has strides 1×1, expected 2×2 to halve the size",
    ),
    "no strides, same padding": (
        lambda x: layers.MaxPooling2D(2, strides=1, **P)(x),
        "a pooling has strides 1×1, expected 2×2 to halve the size",
    ),
    "along the height only": (
        lambda x: layers.MaxPooling2D((2, 1))(x),
        "a pooling is 2×1, expected 2×2 with strides of 2",
    ),
    "twice": (
        lambda x: layers.MaxPooling2D()(layers.MaxPooling2D()(x)),
        "x is pooled 2 times, expected once",
    ),
    "average, then max": (
        lambda x: layers.MaxPooling2D()(layers.AveragePooling2D(2)(x)),
        "there is an AveragePooling2D, expected a MaxPooling2D",
    ),
    "with a convolution": (
        lambda x: layers.Conv2D(8, 3, activation="relu", **P)(layers.MaxPooling2D()(x)),
        "there is a Conv2D beside the MaxPooling2D, expected nothing else",
    ),
    "with dropout": (
        lambda x: layers.Dropout(0.2)(layers.MaxPooling2D()(x)),
        "there is a Dropout beside the MaxPooling2D, expected nothing else",
    ),
    "with ReLU": (
        lambda x: ops.relu(layers.MaxPooling2D()(x)),
        "there is a Relu beside the MaxPooling2D, expected nothing else",
    ),
    "upsampled again": (
        lambda x: layers.UpSampling2D()(layers.MaxPooling2D()(x)),
        "there is an UpSampling2D beside the MaxPooling2D, expected nothing else",
    ),
    "from another input": (
        lambda x: layers.MaxPooling2D()(keras.Input((64, 64, 3))),
        "your result comes from a keras.Input of your own, expected one that comes from x",
    ),
    "TensorFlow's": (
        lambda x: tf.nn.max_pool2d(x, 2, 2, "SAME"),
        "so use only Keras's layers and keras.ops on them, nothing from NumPy or tf",
    ),
    "NumPy's": (
        lambda x: np.asarray(x)[:, ::2, ::2],
        "so use only Keras's layers and keras.ops on them, nothing from NumPy or tf",
    ),
    "Lambda": (
        lambda x: layers.Lambda(lambda t: ops.max_pool(t, 2))(x),
        "is a Lambda, whose code cannot be read",
    ),
    "channels first": (
        lambda x: layers.MaxPooling2D(data_format="channels_first")(x),
        "has the channels first, expected last",
    ),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers(name, seed):
    answer, said = WRONG[name]
    verdict = verdict_on(answer, seed)
    assert said in verdict.message
    assert verdict.attempted
    assert not verdict
    assert verdict.points == 0
