"""The check of build_cnn: right answers pass however written, each mistake hears its name."""

import keras
import numpy as np
import pytest
import reference
import tensorflow as tf
from keras import layers, ops
from unets import Block, P, PlainCallable

from labseg.exercises.build_cnn import EXERCISE
from labseg.exercises.judge import judge


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


def conv(x, n, size=3, activation="relu", **options):
    return layers.Conv2D(n, size, activation=activation, **(P | options))(x)


def end(x):
    return layers.Conv2D(1, 1, activation="sigmoid")(x)


def cnn(
    scale=lambda x: layers.Rescaling(1 / 255)(x),
    conv=conv,
    end=end,
    levels=range,
    channels=lambda n_ch, i: n_ch * 2**i,
    given=lambda shape: shape,
    model=keras.Model,
):
    """A build_cnn that is right but for the steps that are replaced."""

    def build_cnn(input_shape, n_ch, L=3):
        inputs = keras.Input(given(input_shape))
        x = scale(inputs)
        for i in levels(L):
            x = conv(x, channels(n_ch, i))
        return model(inputs, end(x))

    return build_cnn


# --- right answers -------------------------------------------------------------------------


def doubling(input_shape, n_ch, L=3):
    inputs = x = keras.Input(shape=input_shape, name="pictures")
    x = x / 255.0
    channels = n_ch
    while L > 0:
        x = layers.Activation("relu")(layers.Conv2D(channels, (3, 3), padding="same")(x))
        channels, L = 2 * channels, L - 1
    x = layers.Conv2D(1, (1, 1))(x)
    return keras.Model(inputs=[inputs], outputs=[layers.Activation("sigmoid")(x)], name="cnn")


def compiled(input_shape, n_ch, L=3):
    model = cnn()(input_shape, n_ch, L)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def listed(input_shape, n_ch, L=3):
    convs = [layers.Conv2D(n_ch << i, 3, activation="relu", **P) for i in range(L)]
    last = layers.Conv2D(1, 1, activation=keras.activations.sigmoid)
    return keras.Sequential([keras.Input(input_shape), layers.Rescaling(1.0 / 255), *convs, last])


def body_inside(input_shape, n_ch, L=3):
    body = keras.Sequential([layers.Rescaling(1 / 255)])
    for i in range(L):
        body.add(layers.Conv2D(n_ch * 2**i, 3, activation="relu", **P))
    inputs = keras.Input(input_shape)
    return keras.Model(inputs, end(body(inputs)))


def normalized(x, n):
    return layers.ReLU()(layers.BatchNormalization()(conv(x, n, activation=None, use_bias=False)))


def of_uint8(model):
    inputs = keras.Input(model.input_shape[1:], dtype="uint8")
    return keras.Model(inputs, model(inputs))


class OwnModel(keras.Model):
    """A functional model with another constructor."""

    def __init__(self, *args, **kwargs):
        model = cnn()(*args, **kwargs)
        super().__init__(model.inputs, model.outputs)


def loudly(input_shape, n_ch, L=3):
    model = cnn()(input_shape, n_ch, L)
    model.summary(print_fn=lambda *_, **__: None)
    keras.utils.set_random_seed(0)
    return model


def built(input_shape, n_ch, L=3):
    model = keras.Sequential(listed(input_shape, n_ch, L).layers)
    model.build((None, *input_shape))
    return model


SEQUENTIAL = {
    "Sequential, added": reference.build_cnn,
    "Sequential, listed": listed,
    "Sequential, built": built,
    "Sequential, Input inside": lambda input_shape, n_ch, L=3: keras.Sequential(
        [layers.Input(input_shape), *listed(input_shape, n_ch, L).layers]
    ),
}
ADDED = {
    "BatchNormalization": cnn(conv=normalized),
    "Dropout": cnn(conv=lambda x, n: layers.Dropout(0.1)(conv(x, n))),
}
RIGHT = {
    "plain": cnn(),
    "doubling": doubling,
    "compiled": compiled,
    "body inside": body_inside,
    "another L by default": lambda input_shape, n_ch, L=3: cnn()(input_shape, n_ch, L=L),
    "any size": cnn(given=lambda shape: (None, None, shape[2])),
    "three channels": cnn(given=lambda shape: (*shape[:2], 3)),
    "no offset": cnn(scale=lambda x: layers.Rescaling(scale=1.0 / 255, offset=0.0)(x)),
    "uint8": lambda input_shape, n_ch, L=3: of_uint8(cnn()(input_shape, n_ch, L)),
    "x / 255": cnn(scale=lambda x: x / 255),
    "x * (1 / 255)": cnn(scale=lambda x: x * (1 / 255)),
    "ops.divide": cnn(scale=lambda x: ops.divide(x, 255.0)),
    "cast, then divided": cnn(scale=lambda x: ops.cast(x, "float32") / 255.0),
    "ops.relu, ops.sigmoid": cnn(
        conv=lambda x, n: ops.relu(conv(x, n, activation=None)),
        end=lambda x: ops.sigmoid(layers.Conv2D(1, 1)(x)),
    ),
    "ReLU layers": cnn(conv=lambda x, n: layers.ReLU()(conv(x, n, activation=None))),
    "padded by a layer": cnn(
        conv=lambda x, n: conv(layers.ZeroPadding2D(1)(x), n, padding="valid")
    ),
    "he": cnn(conv=lambda x, n: conv(x, n, kernel_initializer="he_normal")),
    "last with padding": cnn(end=lambda x: conv(x, 1, (1, 1), "sigmoid")),
    "plain class": cnn(conv=lambda x, n: PlainCallable(n)(x)),
    "own model": lambda *args, **kwargs: OwnModel(*args, **kwargs),
    "own layers": cnn(conv=lambda x, n: Block(n)(x)),
    "loudly": loudly,
    "float32 at the end": cnn(
        end=lambda x: layers.Activation("sigmoid", dtype="float32")(layers.Conv2D(1, 1)(x))
    ),
    **SEQUENTIAL,
    **ADDED,
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers(answer, seed):
    verdict = verdict_on(RIGHT[answer], seed)
    assert verdict, verdict.message
    assert ("A Sequential model does the same here" in verdict.remark) == (answer in SEQUENTIAL)
    added = f"You added {answer}, which was not asked for"
    assert answer not in ADDED or added in verdict.remark


def test_remarks():
    assert "the same weights fit pictures of any size" in verdict_on(RIGHT["plain"]).remark
    assert "classes of your own (OwnModel)" in verdict_on(RIGHT["own model"]).remark


def test_not_attempted():
    def build_cnn(input_shape, n_ch, L=3):
        raise NotImplementedError

    assert not verdict_on(build_cnn).attempted


# --- wrong answers -------------------------------------------------------------------------


def loose(input_shape, n_ch, L=3):
    inputs = keras.Input(input_shape)
    scaled = layers.Rescaling(1 / 255)(inputs)
    for i in range(L):
        x = conv(scaled, n_ch * 2**i)
    return keras.Model(inputs, end(x))


def without_scaled(input_shape, n_ch, L=3):
    x = inputs = keras.Input(input_shape)
    layers.Rescaling(1 / 255)(inputs)
    for i in range(L):
        x = conv(x, n_ch * 2**i)
    return keras.Model(inputs, end(x))


def residual(x, n):
    return layers.Add()([conv(x, n), conv(x, n, 1)])


def pooled(input_shape, n_ch, L=3):
    return cnn(conv=lambda x, n: layers.MaxPooling2D()(conv(x, n)))(input_shape, n_ch, L)


def one_layer(input_shape, n_ch, L=3):
    layer = layers.Conv2D(n_ch, 3, activation="relu", **P)
    return cnn(conv=lambda x, n: layer(x))(input_shape, n_ch, L)


class Subclassed(keras.Model):
    def __init__(self, n_ch, L):
        super().__init__()
        self.convs = [layers.Conv2D(n_ch * 2**i, 3, activation="relu", **P) for i in range(L)]
        self.last = layers.Conv2D(1, 1, activation="sigmoid")

    def call(self, x):
        for layer in self.convs:
            x = layer(x / 255)
        return self.last(x)


def early_end(input_shape, n_ch, L=3):
    inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 255)(inputs)
    for i in range(L):
        x = conv(x, n_ch * 2**i)
        x = end(x)
    return keras.Model(inputs, x)


def returns_early(input_shape, n_ch, L=3):
    inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 255)(inputs)
    for i in range(L):
        x = conv(x, n_ch * 2**i)
        return keras.Model(inputs, end(x))


def scales_late(input_shape, n_ch, L=3):
    return cnn(scale=lambda x: x, end=lambda x: end(layers.Rescaling(1 / 255)(x)))(
        input_shape, n_ch, L
    )


def head_first(input_shape, n_ch, L=3):
    inputs = keras.Input(input_shape)
    x = end(layers.Rescaling(1 / 255)(inputs))
    for i in range(L):
        x = conv(x, n_ch * 2**i)
    return keras.Model(inputs, x)


def sequential_without_input(input_shape, n_ch, L=3):
    convs = [layers.Conv2D(n_ch * 2**i, 3, activation="relu", **P) for i in range(L)]
    last = layers.Conv2D(1, 1, activation="sigmoid")
    return keras.Sequential([layers.Rescaling(1 / 255), *convs, last])


def not_the_first(input_shape, n_ch, L=3):
    x = keras.Input(input_shape)
    x = layers.Rescaling(1 / 255)(x)
    y = x
    for i in range(L):
        y = conv(y, n_ch * 2**i)
    return keras.Model(x, end(y))


def exits(input_shape, n_ch, L=3):
    raise SystemExit


N_CH, DEPTH, SIZE = 16, 3, (64, 96, 3)  # what a notebook may have lying about

# name → (the wrong answer, what it hears, its points)
WRONG = {
    "returns nothing": (
        lambda input_shape, n_ch, L=3: print("built"),
        "your function returned None: is there a `return` at its end?",
        0,
    ),
    "returns the tensor": (
        cnn(model=lambda inputs, x: x),
        "of type KerasTensor, not a model: return keras.Model(inputs, outputs)",
        0,
    ),
    "returns a list": (
        cnn(model=lambda inputs, x: [inputs, x]),
        "returned something of type list, not a model",
        0,
    ),
    "returns the class": (
        lambda input_shape, n_ch, L=3: keras.Model,
        "your function returned something of type type, not a model",
        0,
    ),
    "no L": (
        lambda input_shape, n_ch: cnn()(input_shape, n_ch),
        "called as build_cnn(input_shape, n_ch, L=3), but it raised TypeError: <lambda>() got an",
        0,
    ),
    "L without a default": (
        lambda input_shape, n_ch, L: cnn()(input_shape, n_ch, L),
        "L=3 (its default): your function is called as build_cnn(input_shape, n_ch, L=3), but",
        0,
    ),
    "L has another default": (
        lambda input_shape, n_ch, L=2: cnn()(input_shape, n_ch, L),
        "L=3 (its default): there are 2 convolutions, expected 3 (L",
        None,
    ),
    "raises": (
        lambda input_shape, n_ch, L=3: input_shape.height,
        "your function raised AttributeError: 'tuple' object has no attribute 'height'",
        0,
    ),
    "exits": (exits, "your function calls exit(), which ends Python", 0),
    "subclassed": (
        lambda input_shape, n_ch, L=3: Subclassed(n_ch, L),
        "Subclassed is a class of its own, not a functional model: return keras.Model(inputs,",
        0,
    ),
    "Sequential without an input": (
        sequential_without_input,
        "the model has no inputs, expected one keras.Input",
        0,
    ),
    "begins after the scaling": (
        not_the_first,
        "the Rescaling is not part of your model",
        8,
    ),
    "input_shape ignored": (
        cnn(given=lambda shape: SIZE),
        "your model takes images of shape (64, 96, 3): use input_shape",
        8,
    ),
    "height and width exchanged": (
        cnn(given=lambda shape: (shape[1], shape[0], 3)),
        "your model takes images of shape (",
        8,
    ),
    "grey": (
        cnn(given=lambda shape: (*shape[:2], 1)),
        "your model takes images of shape (",
        8,
    ),
    "no scaling": (
        cnn(scale=lambda x: x),
        "nothing scales the images, which come as 0 to 255: begin with Rescaling(1/255)",
        8,
    ),
    "scaling thrown away": (
        without_scaled,
        "the Rescaling is not part of your model: the next layer has to take its result, and keras",
        8,
    ),
    "scaled twice": (
        cnn(scale=lambda x: layers.Rescaling(1 / 255)(x / 255)),
        "the images are scaled 2 times, expected once",
        8,
    ),
    "255 / x": (
        cnn(scale=lambda x: 255 / x),
        "a number is divided by the images, expected the images divided by 255",
        8,
    ),
    "times 255": (
        cnn(scale=lambda x: layers.Rescaling(255)(x)),
        "the Rescaling has scale 255 and offset 0.0, expected 1/255 and 0",
        8,
    ),
    "by 256": (
        cnn(scale=lambda x: x / 256),
        "the Rescaling has scale 0.00390625 and offset 0, expected 1/255 and 0",
        8,
    ),
    "to -1…1": (
        cnn(scale=lambda x: layers.Rescaling(1 / 127.5, -1)(x)),
        "and offset -1, expected 1/255 and 0",
        8,
    ),
    "whole numbers": (
        cnn(scale=lambda x: ops.cast(x / 255, "uint8")),
        "the scaled images become uint8, expected float32",
        8,
    ),
    "scaled in every round": (
        cnn(scale=lambda x: x, conv=lambda x, n: conv(x / 255, n)),
        "the images are scaled",
        8,
    ),
    "scaled late": (scales_late, "the scaling is not the first layer after the input", 8),
    "normalized instead": (
        cnn(scale=lambda x: layers.BatchNormalization()(x)),
        "nothing scales the images",
        8,
    ),
    "L ignored": (
        cnn(levels=lambda L: range(DEPTH)),
        "the number of convolutions does not change with L: it is always 3",
        6,
    ),
    "returns in the loop": (
        returns_early,
        "the number of convolutions does not change with L: it is always 1",
        6,
    ),
    "one too few": (
        cnn(levels=lambda L: range(1, L)),
        "there are 0 convolutions, expected 1 (L, not counting the last one)",
        None,
    ),
    "one too many": (
        cnn(levels=lambda L: range(L + 1)),
        "there are 2 convolutions, expected 1 (L, not counting the last one)",
        6,
    ),
    "each takes the first": (
        loose,
        "the result of a Conv2D is not used: each layer takes the result of the one before",
        None,
    ),
    "n_ch ignored": (
        cnn(channels=lambda n_ch, i: N_CH * 2**i),
        "the number of channels does not change with n_ch: it is always 16",
        8,
    ),
    "channels all equal": (
        cnn(channels=lambda n_ch, i: n_ch),
        "convolution 2 of 2 has",
        8,
    ),
    "channels n_ch·(i + 1)": (
        cnn(channels=lambda n_ch, i: n_ch * (i + 1)),
        "L=3 (its default): convolution 3 of 3 has",
        8,
    ),
    "channels n_ch·i": (
        cnn(channels=lambda n_ch, i: n_ch * i),
        "you ask for a convolution with 0 channels, which Keras refuses",
        0,
    ),
    "channels n_ch**i": (
        cnn(channels=lambda n_ch, i: n_ch**i),
        "the convolution has 1 channel, expected",
        8,
    ),
    "channels n_ch·i²": (
        cnn(channels=lambda n_ch, i: n_ch * (i + 1) ** 2),
        "convolution 2 of 2 has",
        8,
    ),
    "channels start doubled": (
        cnn(channels=lambda n_ch, i: n_ch * 2 ** (i + 1)),
        "the convolution has",
        8,
    ),
    "channels fall": (
        lambda input_shape, n_ch, L=3: cnn(channels=lambda n, i: n * 2 ** (L - 1 - i))(
            input_shape, n_ch, L
        ),
        "convolution 1 of 2 has",
        8,
    ),
    "valid padding": (
        cnn(conv=lambda x, n: conv(x, n, padding="valid")),
        "which takes 2 pixels from the height and the width: use padding='same'",
        6,
    ),
    "strides": (
        cnn(conv=lambda x, n: conv(x, n, strides=2)),
        "the convolution has strides 2×2, expected none: it should keep the size",
        6,
    ),
    "5×5": (
        cnn(conv=lambda x, n: conv(x, n, 5)),
        "the convolution is 5×5, expected 3×3",
        6,
    ),
    "2×2": (
        cnn(conv=lambda x, n: conv(x, n, 2)),
        "the convolution is 2×2, expected 3×3",
        6,
    ),
    "1×1": (
        cnn(conv=lambda x, n: conv(x, n, 1)),
        "the convolution is 1×1, expected 3×3",
        6,
    ),
    "no ReLU": (
        cnn(conv=lambda x, n: conv(x, n, activation=None)),
        "the convolution has no activation, expected ReLU",
        6,
    ),
    "tanh": (
        cnn(conv=lambda x, n: conv(x, n, activation="tanh")),
        "the convolution has tanh, expected ReLU",
        6,
    ),
    "ReLU once": (
        cnn(
            conv=lambda x, n: conv(x, n, activation=None),
            end=lambda x: end(layers.ReLU()(x)),
        ),
        "convolution 1 of 2 has no activation, expected ReLU",
        6,
    ),
    "sigmoid everywhere": (
        cnn(conv=lambda x, n: conv(x, n, activation="sigmoid")),
        "the convolution has sigmoid, expected ReLU",
        6,
    ),
    "sigmoid on the wrong layers": (
        cnn(
            conv=lambda x, n: conv(x, n, activation="sigmoid"),
            end=lambda x: layers.Conv2D(1, 1, activation="relu")(x),
        ),
        "the output has relu, expected a sigmoid",
        4,
    ),
    "pooling": (pooled, "there is a MaxPooling2D, expected only convolutions", 6),
    "upsampling": (
        cnn(conv=lambda x, n: layers.UpSampling2D()(conv(x, n))),
        "there is an UpSampling2D, expected only convolutions",
        6,
    ),
    "transposed": (
        cnn(conv=lambda x, n: layers.Conv2DTranspose(n, 3, activation="relu", **P)(x)),
        "there is a Conv2DTranspose, expected only convolutions",
        None,
    ),
    "Dense": (
        cnn(conv=lambda x, n: layers.Dense(n, activation="relu")(x)),
        "is a Dense; this exercise takes InputLayer, Rescaling, Conv2D",
        0,
    ),
    "flat": (
        cnn(end=lambda x: layers.Dense(1, activation="sigmoid")(layers.Flatten()(x))),
        "this exercise takes InputLayer, Rescaling, Conv2D",
        0,
    ),
    "residual": (
        cnn(conv=residual),
        "your network has branches, expected one layer after another",
        None,
    ),
    "one layer for all": (
        one_layer,
        "one layer is called on tensors with different numbers of channels",
        0,
    ),
    "dropped": (
        cnn(conv=lambda x, n: layers.Dropout(0.9)(conv(x, n))),
        "a Dropout has the rate 0.9, expected at most 0.5",
        6,
    ),
    "no sigmoid": (
        cnn(end=lambda x: layers.Conv2D(1, 1)(x)),
        "the output has no activation, expected a sigmoid",
        8,
    ),
    "softmax": (
        cnn(end=lambda x: layers.Conv2D(1, 1, activation="softmax")(x)),
        "the output has softmax, expected a sigmoid",
        8,
    ),
    "sigmoid twice": (
        cnn(end=lambda x: ops.sigmoid(end(x))),
        "the output has sigmoid and sigmoid, expected a sigmoid",
        8,
    ),
    "two channels": (
        cnn(end=lambda x: layers.Conv2D(2, 1, activation="softmax")(x)),
        "the output has 2 channels, expected 1",
        8,
    ),
    "two channels, 3×3": (
        cnn(end=lambda x: conv(x, 2, activation="softmax")),
        "the output has 2 channels, expected 1",
        8,
    ),
    "three channels": (
        cnn(end=lambda x: layers.Conv2D(3, 1, activation="sigmoid")(x)),
        "the output has 3 channels, expected 1",
        8,
    ),
    "last 3×3": (
        cnn(end=lambda x: conv(x, 1, activation="sigmoid")),
        "the last convolution is 3×3, expected 1×1",
        8,
    ),
    "no last convolution": (
        cnn(end=lambda x: x),
        "your model does not end with a 1×1 convolution to 1 channel",
        8,
    ),
    "last convolution only a sigmoid": (
        cnn(end=lambda x: ops.sigmoid(x)),
        "your model does not end with a 1×1 convolution to 1 channel",
        None,
    ),
    "last convolution first": (
        head_first,
        "your model does not end with a 1×1 convolution to 1 channel",
        None,
    ),
    "end in the loop": (
        early_end,
        "there are 3 convolutions, expected 2 (L, not counting the last one)",
        None,
    ),
    "labels": (
        cnn(end=lambda x: ops.cast(end(x) > 0.5, "uint8")),
        "this exercise takes InputLayer, Rescaling, Conv2D",
        0,
    ),
    "rounded": (
        cnn(end=lambda x: ops.round(end(x))),
        "is a Round; this exercise takes InputLayer, Rescaling, Conv2D",
        0,
    ),
    "TensorFlow": (
        cnn(end=lambda x: tf.sigmoid(layers.Conv2D(1, 1)(x))),
        "so use only Keras's layers and keras.ops on them, nothing from NumPy or tf",
        0,
    ),
    "NumPy": (
        cnn(scale=lambda x: np.divide(np.asarray(x), 255)),
        "so use only Keras's layers and keras.ops on them, nothing from NumPy or tf",
        0,
    ),
    "Lambda": (
        cnn(scale=lambda x: layers.Lambda(lambda t: t / 255)(x)),
        "is a Lambda, whose code cannot be read (nor loaded from a file): use Rescaling(1/255)",
        0,
    ),
    "shape not as a tuple": (
        lambda input_shape, n_ch, L=3: cnn(given=lambda shape: shape[0])(input_shape, n_ch, L),
        "your function raised ValueError: Cannot convert",
        0,
    ),
    "fixed batch": (
        cnn(model=lambda inputs, x: with_batch_size(keras.Model(inputs, x))),
        "your model takes exactly 4 images at a time: leave their number open",
        8,
    ),
}


def with_batch_size(model):
    inputs = keras.Input(batch_shape=(4, *model.input_shape[1:]))
    return keras.Model(inputs, model(inputs))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers(name, seed):
    answer, said, points = WRONG[name]
    verdict = verdict_on(answer, seed)
    assert said in verdict.message
    assert verdict.attempted
    assert not verdict
    if points is not None:
        assert verdict.points == points, verdict.message
