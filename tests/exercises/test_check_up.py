"""The check of up: right answers pass however written, each mistake hears its name."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from unets import P, UpAndJoin

from labseg.exercises.judge import judge
from labseg.exercises.up import EXERCISE


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


def transpose(size=2, strides=2, **options):
    return lambda x, n: layers.Conv2DTranspose(n, size, strides=strides, **options)(x)


def concatenate(x, skip):
    return layers.Concatenate()([x, skip])


def asked(x, skip, channels):
    return channels


DOUBLE = transpose()


def step(up=DOUBLE, join=concatenate, after=lambda y, n: y, number=asked):
    """An up that is right but for the steps that are replaced."""

    def function(x, skip, channels):
        n = number(x, skip, channels)
        return after(join(up(x, n), skip), n)

    return function


# --- right answers -------------------------------------------------------------------------


def functional_inside(x, skip, channels):
    inputs = [keras.Input(x.shape[1:]), keras.Input(skip.shape[1:])]
    return keras.Model(inputs, step()(*inputs, channels))([x, skip])


def normalized(x, n):
    return layers.ReLU()(layers.BatchNormalization()(transpose()(x, n)))


RIGHT = {
    "plain": step(),
    "skip first": step(join=lambda x, skip: layers.Concatenate()([skip, x])),
    "2×2, same": step(up=transpose((2, 2), (2, 2), **P)),
    "3×3, same": step(up=transpose(3, **P)),
    "4×4, same": step(up=transpose(4, **P)),
    "5×5, same": step(up=transpose(5, **P)),
    "2×3, same": step(up=transpose((2, 3), **P)),
    "3×3, output_padding": step(up=transpose(3, output_padding=1, **P)),
    "3×3, cropped": step(up=lambda x, n: layers.Cropping2D(((0, 1), (0, 1)))(transpose(3)(x, n))),
    "without bias": step(up=transpose(use_bias=False, kernel_initializer="he_normal")),
    "ReLU": step(up=transpose(activation="relu")),
    "normalized": step(up=normalized),
    "layers.concatenate": step(join=lambda x, skip: layers.concatenate([x, skip])),
    "keras.ops": step(join=lambda x, skip: ops.concatenate([skip, x], axis=-1)),
    "keras.ops, axis 3": step(join=lambda x, skip: ops.concatenate((x, skip), axis=3)),
    "axis 3": step(join=lambda x, skip: layers.Concatenate(axis=3)([x, skip])),
    "a Sequential": step(
        up=lambda x, n: keras.Sequential([layers.Conv2DTranspose(n, 2, strides=2)])(x)
    ),
    "functional inside": functional_inside,
    "layer of its own": lambda x, skip, channels: UpAndJoin(channels)(x, skip),
    "Identity": step(join=lambda x, skip: concatenate(x, layers.Identity()(skip))),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers(answer, seed):
    verdict = verdict_on(RIGHT[answer], seed)
    assert verdict, verdict.message
    assert "has the channels of both" in verdict.remark


def test_not_attempted():
    def up(x, skip, channels):
        raise NotImplementedError

    assert not verdict_on(up).attempted


# --- wrong answers -------------------------------------------------------------------------


def thrown_away(x, skip, channels):
    transpose()(x, channels)
    return concatenate(x, skip)


def skip_alone(x, skip, channels):
    transpose()(x, channels)
    return skip


def exits(x, skip, channels):
    raise SystemExit


def conv(x, n, size=3, **options):
    return layers.Conv2D(n, size, **(P | options))(x)


def joined_wrongly(x, skip, channels):
    y = transpose()(x, channels)
    return concatenate(y, y)


def list_in_transpose(x, skip, channels):
    return transpose()([x, skip], channels)


def cropped_skip(x, n):
    return transpose(3)(x, n)


N_CH = 8  # what a notebook may have lying about

# name → (the wrong answer, what it hears, its points)
WRONG = {
    "returns nothing": (
        lambda x, skip, channels: None,
        "your function returned None: is there a `return` at its end?",
        0,
    ),
    "returns a list": (
        lambda x, skip, channels: [transpose()(x, channels), skip],
        "your function returned a list of length 2, expected one tensor",
        0,
    ),
    "returns a tuple": (
        lambda x, skip, channels: (step()(x, skip, channels), skip),
        "your function returned a tuple of length 2, expected one tensor",
        0,
    ),
    "returns a model": (
        lambda x, skip, channels: keras.Model([x, skip], step()(x, skip, channels)),
        "your function returned a model, expected a tensor",
        0,
    ),
    "returns the layer": (
        lambda x, skip, channels: layers.Conv2DTranspose(channels, 2, strides=2),
        "your function returned the layer Conv2DTranspose itself, expected a tensor",
        0,
    ),
    "other arguments": (
        lambda x, channels: transpose()(x, channels),
        "your function is called as up(x, skip, channels), but it raised TypeError: ",
        0,
    ),
    "arguments exchanged": (
        lambda skip, x, channels: step()(x, skip, channels),
        "skip is upsampled, expected x: the arguments come in the order x, skip, channels",
        0,
    ),
    "exits": (exits, "your function calls exit(), which ends Python", 0),
    "returns x": (
        lambda x, skip, channels: x,
        "nothing doubles the size of x: use Conv2DTranspose",
        0,
    ),
    "returns skip": (lambda x, skip, channels: skip, "your result does not depend on x", None),
    "without skip": (
        step(join=lambda x, skip: x),
        "skip is not used: Concatenate it with the upsampled x",
        3,
    ),
    "upsampled thrown away": (
        thrown_away,
        "join skip with the upsampled x, the result of the Conv2DTranspose",
        0,
    ),
    "skip alone": (skip_alone, "the result of a Conv2DTranspose is not used", 0),
    "convolution with strides": (
        step(up=lambda x, n: conv(x, n, 2, strides=2)),
        "there is a Conv2D, but only Conv2DTranspose doubles the size of x",
        0,
    ),
    "upsampled, and skip pooled": (
        step(join=lambda x, skip: concatenate(x, layers.MaxPooling2D()(skip))),
        "there is a MaxPooling2D, so the sizes do not match, expected Conv2DTranspose alone",
        0,
    ),
    "not upsampled": (
        lambda x, skip, channels: concatenate(x, skip),
        "x is joined with skip before it is upsampled: call Conv2DTranspose first",
        0,
    ),
    "joined first, then upsampled": (
        lambda x, skip, channels: transpose()(concatenate(x, skip), channels),
        "x is joined with skip before it is upsampled: call Conv2DTranspose first",
        0,
    ),
    "not upsampled, keras.ops": (
        lambda x, skip, channels: ops.concatenate([x, skip], axis=-1),
        "x is joined with skip before it is upsampled: call Conv2DTranspose first",
        0,
    ),
    "skip pooled": (
        lambda x, skip, channels: concatenate(x, layers.MaxPooling2D()(skip)),
        "nothing doubles the size of x: use Conv2DTranspose",
        None,
    ),
    "Add": (
        step(join=lambda x, skip: layers.Add()([x, skip])),
        "skip is joined by Add, expected Concatenate",
        None,
    ),
    "plus": (
        step(join=lambda x, skip: x + skip),
        "skip is joined by Add, expected Concatenate",
        None,
    ),
    "Maximum": (
        step(join=lambda x, skip: layers.Maximum()([x, skip])),
        "skip is joined by Maximum, expected Concatenate",
        None,
    ),
    "along the height": (
        step(join=lambda x, skip: layers.Concatenate(axis=1)([x, skip])),
        "the tensors are joined along axis 1, expected -1, the channels",
        None,
    ),
    "along the pictures, keras.ops": (
        step(join=lambda x, skip: ops.concatenate([x, skip])),
        "the tensors are joined along axis 0, expected -1, the channels",
        None,
    ),
    "not as a list": (
        step(join=lambda x, skip: layers.Concatenate()(x, skip)),
        "several tensors go into one list, as in Concatenate()([a, b])",
        0,
    ),
    "the tensors to the constructor": (
        step(join=lambda x, skip: layers.Concatenate(x, skip)),
        "first make it, then call it on a list of them, as in Concatenate()([a, b])",
        0,
    ),
    "two to the constructor": (
        step(join=lambda x, skip: layers.Concatenate([x, skip])),
        "returned the layer Concatenate itself, expected a tensor: first make the layer, then",
        0,
    ),
    "not called": (
        step(up=lambda x, n: layers.Conv2DTranspose(n, 2, strides=2)),
        "a layer is called on something that is no tensor, perhaps on a layer: first make",
        0,
    ),
    "half a channel": (
        step(number=lambda x, skip, channels: 2 * channels / 2),
        "a number of channels is not an int: divide with //, not with /",
        0,
    ),
    "both to the transposed convolution": (
        list_in_transpose,
        "a layer that takes one tensor is called on several: only Concatenate takes a list",
        0,
    ),
    "with itself": (
        joined_wrongly,
        "skip is not used: Concatenate it with the upsampled x",
        3,
    ),
    "three": (
        step(join=lambda x, skip: layers.Concatenate()([x, x, skip])),
        "3 tensors are joined, expected 2: the upsampled x and skip",
        3,
    ),
    "skip twice": (
        step(join=lambda x, skip: concatenate(concatenate(x, skip), skip)),
        "tensors are joined 2 times (Concatenate and Concatenate), expected once",
        3,
    ),
    "skip with itself": (
        lambda x, skip, channels: concatenate(skip, skip),
        "your result does not depend on x",
        None,
    ),
    "UpSampling2D": (
        step(up=lambda x, n: layers.UpSampling2D()(x)),
        "x goes through an UpSampling2D, expected Conv2DTranspose",
        2,
    ),
    "UpSampling2D and convolution": (
        step(up=lambda x, n: conv(layers.UpSampling2D()(x), n, 2)),
        "x goes through an UpSampling2D, expected Conv2DTranspose",
        None,
    ),
    "transposed and UpSampling2D": (
        step(up=lambda x, n: layers.UpSampling2D()(transpose(2, 1, **P)(x, n))),
        "there are 2 upsamplings, expected one Conv2DTranspose",
        None,
    ),
    "resized": (
        step(up=lambda x, n: ops.image.resize(x, [2 * s for s in x.shape[1:3]])),
        "is a Resize; this exercise takes InputLayer, Conv2DTranspose, Concatenate",
        0,
    ),
    "no strides": (
        step(up=transpose(2, 1)),
        "a Conv2DTranspose has strides 1×1, expected 2×2 to double the size",
        0,
    ),
    "strides of 4": (
        step(up=transpose(4, 4)),
        "a Conv2DTranspose has strides 4×4, expected 2×2 to double the size",
        0,
    ),
    "3×3, valid": (
        step(up=transpose(3)),
        "a Conv2DTranspose is 3×3 with padding='valid' (the default), which makes 2n + 1 pixels",
        0,
    ),
    "4×4, valid": (
        step(up=transpose(4)),
        "which makes 2n + 2 pixels of n: use a 2×2 kernel, or padding='same', which double",
        0,
    ),
    "3×3, valid, without skip": (
        step(up=transpose(3), join=lambda x, skip: x),
        "a Conv2DTranspose is 3×3 with padding='valid' (the default), which makes 2n + 1 pixels",
        1,
    ),
    "1×1": (
        step(up=transpose(1)),
        "a Conv2DTranspose is 1×1, which leaves gaps: use a 2×2 kernel",
        3,
    ),
    "sigmoid": (
        step(up=transpose(activation="sigmoid")),
        "the Conv2DTranspose has the activation sigmoid, expected none",
        3,
    ),
    "channels from a global": (
        step(number=lambda *_: N_CH),
        "the number of channels does not change with the argument channels: it is always 8",
        4,
    ),
    "channels of skip": (
        step(number=lambda x, skip, channels: skip.shape[-1]),
        "channels, as many as skip, expected",
        4,
    ),
    "channels of x": (
        step(number=lambda x, skip, channels: x.shape[-1]),
        "channels, as many as x, expected",
        4,
    ),
    "half the channels of x": (
        step(number=lambda x, skip, channels: max(1, x.shape[-1] // 2)),
        "the Conv2DTranspose has",
        4,
    ),
    "twice the channels": (
        step(number=lambda x, skip, channels: 2 * channels),
        "the Conv2DTranspose has",
        4,
    ),
    "convolution after": (
        step(after=lambda y, n: conv(y, n, activation="relu")),
        "a Conv2D comes after the joining, expected nothing: the block of the floor comes later",
        3,
    ),
    "normalized after": (
        step(after=lambda y, n: layers.BatchNormalization()(y)),
        "a BatchNormalization comes after the joining, expected nothing",
        3,
    ),
    "convolution between": (
        step(up=lambda x, n: conv(transpose()(x, n), n)),
        "a Conv2D stands between the upsampling and the Concatenate, expected nothing",
        3,
    ),
    "convolution before": (
        step(up=lambda x, n: transpose()(conv(x, n), n)),
        "x passes through a Conv2D first, expected the Conv2DTranspose at once",
        3,
    ),
    "skip convolved": (
        step(join=lambda x, skip: concatenate(x, conv(skip, 4))),
        "skip passes through a Conv2D before it is joined, expected skip as it is",
        3,
    ),
    "skip upsampled": (
        lambda x, skip, channels: concatenate(
            x, layers.MaxPooling2D(4)(transpose()(skip, channels))
        ),
        "the Conv2DTranspose is called on something else, expected x",
        None,
    ),
    "dropout": (
        step(after=lambda y, n: layers.Dropout(0.2)(y)),
        "a Dropout comes after the joining, expected nothing",
        3,
    ),
    "NumPy's concatenate": (
        step(join=lambda x, skip: np.concatenate([x, skip], -1)),
        "so use only Keras's layers and keras.ops on them, nothing from NumPy or tf",
        0,
    ),
    "tf.concat": (
        step(join=lambda x, skip: tf.concat([x, skip], -1)),
        "so use only Keras's layers and keras.ops on them, nothing from NumPy or tf",
        0,
    ),
    "own input": (
        lambda x, skip, channels: step()(keras.Input(x.shape[1:]), skip, channels),
        "your result comes from a keras.Input of your own",
        0,
    ),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers(name, seed):
    answer, said, points = WRONG[name]
    verdict = verdict_on(answer, seed)
    assert said in verdict.message
    assert verdict.attempted
    assert not verdict
    if points is not None:
        assert verdict.points == points, verdict.message
