"""The check of conv_block: right answers pass however written, each mistake hears its name."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from unets import Conv3, P, PlainCallable, SequentialBlock

from labseg.exercises.conv_block import EXERCISE
from labseg.exercises.judge import judge


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


def block(*steps, number=lambda convs: convs):
    """A conv_block whose rounds apply the steps, each a function of (x, channels, i)."""

    def conv_block(x, channels, convs):
        for i in range(number(convs)):
            for step in steps:
                x = step(x, channels, i)
        return x

    return conv_block


def conv(size=3, activation="relu", **options):
    options = P | options
    return lambda x, channels, i: layers.Conv2D(channels, size, activation=activation, **options)(x)


def plain(x, channels, i):
    return layers.Conv2D(channels, 3, padding="same")(x)


def normalize(x, channels, i):
    return layers.BatchNormalization()(x)


def relu(x, channels, i):
    return layers.ReLU()(x)


def then(function):
    """A step that ignores the channels."""
    return lambda x, channels, i: function(x)


# --- right answers -------------------------------------------------------------------------


def recursive(x, channels, convs):
    if convs == 0:
        return x
    return layers.ReLU()(plain(recursive(x, channels, convs - 1), channels, 0))


def one_sequential(x, channels, convs):
    stack = keras.Sequential()
    for _ in range(convs):
        stack.add(layers.Conv2D(channels, 3, padding="same", use_bias=False))
        stack.add(layers.BatchNormalization())
        stack.add(layers.ReLU())
    return stack(x)


def functional_inside(x, channels, convs):
    inputs = keras.Input((None, None, x.shape[-1]))
    return keras.Model(inputs, block(plain, normalize, relu)(inputs, channels, convs))(x)


class Block(layers.Layer):
    def __init__(self, channels, convs):
        super().__init__()
        self.convs = [layers.Conv2D(channels, 3, name=f"c{i}", **P) for i in range(convs)]

    def call(self, x):
        for convolution in self.convs:
            x = ops.relu(convolution(x))
        return x


def first_apart(x, channels, convs):
    x = layers.Conv2D(channels, (3, 3), (1, 1), "same", activation=keras.activations.relu)(x)
    for _ in range(convs - 1):
        x = layers.Conv2D(filters=channels, kernel_size=3, padding="SAME", activation="relu")(x)
    return x


RIGHT = {
    "normalized": block(plain, normalize, relu),
    "plain": block(conv()),
    "ReLU layer": block(plain, relu),
    "Activation layer": block(plain, normalize, then(lambda x: layers.Activation("relu")(x))),
    "keras.ops": block(plain, then(ops.relu)),
    "keras.activations": block(plain, normalize, then(keras.activations.relu)),
    "maximum with 0": block(plain, then(lambda x: ops.maximum(x, 0.0))),
    "padded by a layer": block(then(layers.ZeroPadding2D()), conv(padding="valid")),
    "he": block(
        conv(activation=None, use_bias=False, kernel_initializer="he_normal"), normalize, relu
    ),
    "regularized, momentum": block(
        conv(activation=None, kernel_regularizer=keras.regularizers.L2(1e-4)),
        then(lambda x: layers.BatchNormalization(momentum=0.9)(x)),
        relu,
    ),
    "only the first normalized": block(plain, lambda x, n, i: x if i else normalize(x, n, i), relu),
    "recursive": recursive,
    "one Sequential": one_sequential,
    "a Sequential each": block(lambda x, n, i: SequentialBlock(n)(x)),
    "functional inside": functional_inside,
    "layer of its own": lambda x, channels, convs: Block(channels, convs)(x),
    "own defaults": block(lambda x, n, i: Conv3(n)(x)),
    "plain class": block(lambda x, n, i: PlainCallable(n)(x)),
    "first apart": first_apart,
    "Identity": block(conv(), then(layers.Identity())),
    "twice ReLU": block(conv(), relu),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers(answer, seed):
    verdict = verdict_on(RIGHT[answer], seed)
    assert verdict, verdict.message
    assert "height and width never change" in verdict.remark


def test_a_block_without_batch_normalization_hears_of_it():
    assert "BatchNormalization" in verdict_on(RIGHT["plain"]).remark
    assert "BatchNormalization" not in verdict_on(RIGHT["normalized"]).remark


def test_not_attempted():
    def conv_block(x, channels, convs):
        raise NotImplementedError

    assert not verdict_on(conv_block).attempted


# --- wrong answers -------------------------------------------------------------------------


def loose(x, channels, convs):
    for _ in range(convs):
        y = conv()(x, channels, 0)
    return y


def thrown_away(x, channels, convs):
    for _ in range(convs):
        conv()(x, channels, 0)
    return x


def returns_early(x, channels, convs):
    for _ in range(convs):
        x = conv()(x, channels, 0)
        return x


def one_layer(x, channels, convs):
    layer = layers.Conv2D(channels, 3, activation="relu", **P)
    for _ in range(convs):
        x = layer(x)
    return x


def residual(x, channels, convs):
    y = block(conv())(x, channels, convs)
    return layers.Add()([layers.Conv2D(channels, 1)(x), y])


def last_without_relu(x, channels, convs):
    return plain(block(conv())(x, channels, convs - 1), channels, 0)


def a_model(x, channels, convs):
    return keras.Model(x, block(conv())(x, channels, convs))


def from_elsewhere(x, channels, convs):
    return block(conv())(keras.Input((8, 8, 3)), channels, convs)


def same_names(x, channels, convs):
    return block(conv(name="conv"))(x, channels, convs)


def still_raises(x, channels, convs):
    x = block(conv())(x, channels, convs)
    raise NotImplementedError


def exits(x, channels, convs):
    raise SystemExit("bye")


N_CH, CONVS = 8, 2  # what a notebook may have lying about

# name → (the wrong answer, what it hears, its points)
WRONG = {
    "returns nothing": (
        lambda x, channels, convs: print(x),
        "your function returned None: is there a `return` at its end?",
        0,
    ),
    "returns x": (lambda x, channels, convs: x, "your function returns x as it is", 0),
    "returns a list": (
        lambda x, channels, convs: [RIGHT["plain"](x, channels, convs)],
        "your function returned a list of length 1, expected one tensor",
        0,
    ),
    "returns a pair": (
        lambda x, channels, convs: (x, RIGHT["plain"](x, channels, convs)),
        "your function returned a tuple of length 2, expected one tensor",
        0,
    ),
    "returns a model": (a_model, "your function returned a model, expected a tensor: return", 0),
    "returns a layer": (
        lambda x, channels, convs: layers.Conv2D(channels, 3),
        "returned the layer Conv2D itself, expected a tensor: first make the layer, then call it",
        0,
    ),
    "x among the settings": (
        block(lambda x, channels, i: layers.Conv2D(x, channels, 3)),
        "a tensor is used like a number or a list, perhaps among the settings of a layer",
        0,
    ),
    "a layer on a layer": (
        block(then(lambda x: layers.ReLU()(layers.Conv2D(8, 3)))),
        "a layer is called on something that is no tensor, perhaps on a layer: first make the",
        0,
    ),
    "returns a number": (
        lambda x, channels, convs: channels,
        "your function returned something of type int, expected a tensor",
        0,
    ),
    "other arguments": (
        lambda x, channels: x,
        "your function is called as conv_block(x, channels, convs), but it raised TypeError: ",
        0,
    ),
    "arguments exchanged": (
        lambda x, convs, channels: RIGHT["plain"](x, channels, convs),
        "expected 1 (convs)",
        None,
    ),
    "raises": (
        lambda x, channels, convs: channels.filters,
        "your function raised AttributeError: 'int' object has no attribute 'filters'",
        0,
    ),
    "still raises": (
        still_raises,
        "your function raised NotImplementedError: delete the line that raises it",
        0,
    ),
    "exits": (exits, "your function calls exit(), which ends Python", 0),
    "convs ignored": (
        block(conv(), number=lambda convs: 2),
        "the number of convolutions does not change with convs: it is always 2",
        2,
    ),
    "convs from a global": (
        block(conv(), number=lambda convs: CONVS),
        "the number of convolutions does not change with convs: it is always 2",
        2,
    ),
    "channels from a global": (
        block(lambda x, channels, i: conv()(x, N_CH, i)),
        "does not change with the argument channels: it is always 8",
        3,
    ),
    "channels of x": (
        block(lambda x, channels, i: conv()(x, x.shape[-1], i)),
        "expected",
        3,
    ),
    "one too many": (
        block(conv(), number=lambda convs: convs + 1),
        "there are 2 convolutions, expected 1 (convs)",
        2,
    ),
    "one too few": (
        block(conv(), number=lambda convs: convs - 1),
        "convs=1: your function returns x as it is",
        None,
    ),
    "channels double": (
        block(lambda x, channels, i: conv()(x, channels * 2**i, i)),
        "convolution 2 of 2 has",
        3,
    ),
    "returns in the loop": (
        returns_early,
        "the number of convolutions does not change with convs: it is always 1",
        2,
    ),
    "each takes the argument": (
        loose,
        "the result of a Conv2D is not used: each layer takes the result of the one before",
        2,
    ),
    "results thrown away": (thrown_away, "the result of a Conv2D is not used", 0),
    "valid padding": (
        block(conv(padding="valid")),
        "which takes 2 pixels from the height and the width: use padding='same'",
        2,
    ),
    "strides": (
        block(conv(strides=2)),
        "the convolution has strides 2×2, expected none: it should keep the size",
        2,
    ),
    "1×1": (block(conv(1)), "the convolution is 1×1, expected 3×3", 2),
    "5×5": (block(conv(5)), "the convolution is 5×5, expected 3×3", 2),
    "2×2": (block(conv(2)), "the convolution is 2×2, expected 3×3", 2),
    "dilated": (block(conv(dilation_rate=2)), "has dilation_rate or groups, expected none", 2),
    "no ReLU": (block(plain), "the convolution has no activation, expected ReLU", 3),
    "normalized, no ReLU": (
        block(plain, normalize),
        "the convolution has no activation, expected ReLU",
        3,
    ),
    "last without ReLU": (
        last_without_relu,
        "the convolution has no activation, expected ReLU",
        3,
    ),
    "ReLU only at the end": (
        lambda x, channels, convs: layers.ReLU()(block(plain)(x, channels, convs)),
        "convolution 1 of 2 has no activation, expected ReLU",
        3,
    ),
    "ReLU thrown away": (
        block(plain, then(lambda x: (layers.ReLU()(x), x)[1])),
        "the result of a ReLU is not used: each layer takes the result of the one before",
        3,
    ),
    "sigmoid": (
        block(conv(activation="sigmoid")),
        "the convolution has sigmoid, expected ReLU",
        3,
    ),
    "leaky ReLU": (
        block(plain, then(lambda x: layers.LeakyReLU()(x))),
        "the convolution has LeakyReLU, expected ReLU",
        3,
    ),
    "ReLU before": (
        block(relu, plain),
        "ReLU comes before the convolution, expected ReLU after it",
        3,
    ),
    "ReLU before and after": (
        lambda x, channels, convs: RIGHT["plain"](ops.relu(x), channels, convs),
        "ReLU comes before the first convolution, expected ReLU only after each",
        3,
    ),
    "normalized after ReLU": (
        block(conv(), normalize),
        "a BatchNormalization comes after ReLU: if you want one, put it between",
        3,
    ),
    "normalized before and after ReLU": (
        block(plain, normalize, relu, normalize),
        "a BatchNormalization comes after ReLU: if you want one, put it between",
        3,
    ),
    "normalized first": (
        block(normalize, conv()),
        "a BatchNormalization comes before the first convolution: if you want one, put it between",
        3,
    ),
    "one layer for all": (
        one_layer,
        "one layer is called on tensors with different numbers of channels",
        0,
    ),
    "residual": (residual, "there is an Add, expected only convolutions", 0),
    "pools": (
        lambda x, channels, convs: layers.MaxPooling2D()(RIGHT["plain"](x, channels, convs)),
        "there is a MaxPooling2D, expected only convolutions, BatchNormalization if you like, and",
        2,
    ),
    "scales": (
        lambda x, channels, convs: RIGHT["plain"](x / 255, channels, convs),
        "there is a Rescaling, expected only convolutions",
        2,
    ),
    "dropout": (
        block(conv(), then(lambda x: layers.Dropout(0.2)(x))),
        "there is a Dropout, expected only convolutions",
        2,
    ),
    "separable": (
        block(lambda x, n, i: layers.SeparableConv2D(n, 3, activation="relu", **P)(x)),
        "is a SeparableConv2D; this exercise takes InputLayer, Conv2D, BatchNormalization",
        0,
    ),
    "Lambda": (
        block(plain, then(lambda x: layers.Lambda(ops.relu)(x))),
        "is a Lambda, whose code cannot be read",
        0,
    ),
    "from another input": (
        from_elsewhere,
        "your result comes from a keras.Input of your own, expected one that comes from x",
        0,
    ),
    "TensorFlow's relu": (
        block(plain, then(tf.nn.relu)),
        "the tensors here hold no numbers yet, so use only Keras's layers and keras.ops",
        0,
    ),
    "NumPy's maximum": (
        block(plain, then(lambda x: np.maximum(np.array(x), 0))),
        "so use only Keras's layers and keras.ops on them, nothing from NumPy or tf",
        0,
    ),
    "names twice": (same_names, 'The name "conv" is used 2 times in the model', 0),
    "arguments of the layer forgotten": (
        block(lambda x, channels, i: layers.Conv2D()(x)),
        "your function raised TypeError: Conv2D.__init__() missing 2 required positional",
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
