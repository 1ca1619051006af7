"""The U-Net check: right answers pass, however they are written, some with a remark."""

import functools
import json

import keras
import numpy as np
import pytest
from keras import layers, ops
from reference import build_unet
from unets import NESTED, OWN, P, conv, conv_bn_relu, end, up, variant, with_open_sizes

import labseg
from labseg.exercises import build_unet as exercise
from labseg.exercises import check
from labseg.exercises.judge import judge

UNET = exercise.EXERCISE
CASES = UNET.cases(0)


def conv_dropout(x, n):
    x = layers.Activation("relu")(layers.Conv2D(n, (3, 3), padding="same")(x))
    return layers.SpatialDropout2D(0.1)(x)


def end_in_two_steps(x):
    return keras.ops.sigmoid(layers.Conv2D(1, 1, **P)(layers.Dropout(0.2)(x)))


def join_before_batchnorm(x, skips, floor):
    return layers.Concatenate()([layers.BatchNormalization()(skips[floor]["kept"]), x])


SHARED_POOLING = layers.MaxPooling2D()
RIGHT = {
    "as it is": variant(),
    "batch normalization, he": variant(conv=conv_bn_relu),
    "dropout, Activation layers": variant(conv=conv_dropout),
    "keras.ops.relu": variant(conv=lambda x, n: keras.ops.relu(conv(x, n, activation=None))),
    "relu as a layer in the convolution": variant(
        conv=lambda x, n: conv(x, n, activation=layers.ReLU())
    ),
    "transposed 3": variant(up=lambda x, n: layers.Conv2DTranspose(n, 3, strides=2, **P)(x)),
    "transposed 4, relu": variant(
        up=lambda x, n: layers.Conv2DTranspose(n, 4, strides=2, activation="relu", **P)(x)
    ),
    "transposed 2, same": variant(up=lambda x, n: layers.Conv2DTranspose(n, 2, strides=2, **P)(x)),
    "transposed 5": variant(up=lambda x, n: layers.Conv2DTranspose(n, 5, strides=2, **P)(x)),
    "transposed 3, output_padding": variant(
        up=lambda x, n: layers.Conv2DTranspose(n, 3, strides=2, output_padding=1, **P)(x)
    ),
    "transposed 3, cropped": variant(
        up=lambda x, n: layers.Cropping2D(((0, 1), (1, 0)))(
            layers.Conv2DTranspose(n, 3, strides=2)(x)
        )
    ),
    "padded by a layer": variant(
        conv=lambda x, n: layers.Conv2D(n, 3, activation="relu")(layers.ZeroPadding2D(1)(x))
    ),
    "keras.ops.concatenate": variant(
        join=lambda x, skips, k: keras.ops.concatenate([skips[k]["kept"], x], axis=-1)
    ),
    "axis 3": variant(join=lambda x, s, k: layers.Concatenate(axis=3)([x, s[k]["kept"]])),
    "normalized skips": variant(join=join_before_batchnorm),
    "sigmoid apart": variant(end=end_in_two_steps),
    "one pooling layer for all": variant(pool=lambda x, n: SHARED_POOLING(x)),
    "keras.ops.max_pool": variant(pool=lambda x, n: ops.max_pool(x, 2)),
    "maximum with 0": variant(conv=lambda x, n: ops.maximum(conv(x, n, activation=None), 0)),
    "relu, then normalized": variant(conv=lambda x, n: layers.BatchNormalization()(conv(x, n))),
    "regularized": variant(
        conv=lambda x, n: conv(x, n, kernel_regularizer="l2", bias_initializer="ones")
    ),
    "functools.partial": variant(
        conv=lambda x, n: functools.partial(layers.Conv2D, kernel_size=3, activation="relu", **P)(
            n
        )(x)
    ),
    "up, normalized": variant(
        up=lambda x, n: layers.ReLU()(layers.BatchNormalization()(up(x, n))), conv=conv_bn_relu
    ),
    "Identity": variant(
        conv=lambda x, n: layers.Identity()(conv(x, n)), end=lambda x: layers.Identity()(end(x))
    ),
    "cast at the end": variant(end=lambda x: ops.cast(end(x), "float32")),
    "linear at the end": variant(
        end=lambda x: layers.Activation("linear", dtype="float32")(end(x))
    ),
}
SCALINGS = {
    "x / 255": lambda x: x / 255,
    "x * (1 / 255)": lambda x: x * (1 / 255),
    "1 / 255 * x": lambda x: 1 / 255 * x,
    "ops.divide": lambda x: ops.divide(x, 255.0),
    "ops.true_divide": lambda x: ops.true_divide(x, np.float32(255)),
    "cast, then divided": lambda x: ops.cast(x, "float32") / 255,
    "cast, then Rescaling": lambda x: layers.Rescaling(1 / 255)(ops.cast(x, "float32")),
    "divided, then cast": lambda x: ops.cast(x / 255, "float32"),
    "by a tensor": lambda x: x / ops.convert_to_tensor(255.0),
    "in two steps": lambda x: layers.Rescaling(2.0)(layers.Rescaling(1 / 510)(x)),
    "a scale for each channel": layers.Rescaling([1 / 255]),
}
RIGHT |= {name: variant(scale=lambda s, scale=scale: scale) for name, scale in SCALINGS.items()}


RIGHT |= NESTED | OWN


@pytest.mark.usefixtures("fewer_cases")
@pytest.mark.parametrize("name", RIGHT)
def test_right_answers(name, capsys):
    verdict = check.build_unet(RIGHT[name])
    out = capsys.readouterr().out
    assert verdict, out
    assert out.splitlines()[0] == "✓ Right, all of it (14 of 14 points)."
    own = f"It holds classes of your own ({name}), and Keras does not load such a model"
    assert (own in out) == (name in OWN)


@pytest.mark.parametrize("name", [*NESTED, *OWN, "keras.ops.max_pool", "padded by a layer"])
def test_what_the_check_takes_has_a_receptive_field(name):
    assert labseg.receptive_field(RIGHT[name]((32, 48, 3), 2, 2)) == (44, 44)


def test_mixed_precision():
    """In which the last layer is best in 32 bits."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        answers = UNET.answers(RIGHT["linear at the end"], CASES)
    finally:
        keras.config.set_dtype_policy("float32")
    assert judge(UNET, CASES, answers)


def test_a_skip_through_many_layers_is_not_the_way_down():
    """On seed 4 there is one convolution on each floor, so that this skip has more layers."""

    def join_late(x, skips, floor):
        skip = layers.ReLU()(layers.BatchNormalization()(skips[floor]["kept"]))
        return layers.Concatenate()([x, layers.Dropout(0.1)(skip)])

    cases = UNET.cases(4)
    assert (cases[0]["floors"], cases[0]["convs"]) == (1, 1)
    assert judge(UNET, cases, UNET.answers(variant(join=join_late), cases))


@pytest.mark.usefixtures("fewer_cases")
@pytest.mark.parametrize(
    ("build", "remark"),
    [
        (variant(), "There is no BatchNormalization. It is recommended"),
        (RIGHT["batch normalization, he"], ""),
        (RIGHT["relu, then normalized"], "BatchNormalization usually stands before ReLU"),
        (with_open_sizes, "keras.Input(input_shape) would let Keras check the size"),
    ],
)
def test_remarks(build, remark):
    verdict = check.build_unet(build)
    assert verdict
    assert verdict.remark.startswith(remark)
    assert bool(verdict.remark) == bool(remark)


@pytest.mark.parametrize("seed", range(1, 4))
def test_other_parameters(seed):
    cases = UNET.cases(seed)
    assert {case["floors"] for case in cases[:5]} == {0, 1, 2, 3, 4}
    assert all(case["input_shape"][0] != case["input_shape"][1] for case in cases)
    assert cases == UNET.cases(seed) != UNET.cases(0)
    assert json.loads(json.dumps(cases)) == cases
    answers = UNET.answers(build_unet, cases)
    assert json.loads(json.dumps(answers)) == answers
    assert judge(UNET, cases, answers).passed
    naive = judge(UNET, cases, UNET.answers(variant(refuse=lambda *_: None), cases))
    assert [part.name for part in naive.parts if not part.points] == ["sizes"]
