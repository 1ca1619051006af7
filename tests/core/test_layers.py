"""layers.py: reading a configuration, the receptive field."""

import json

import keras
import numpy as np
import pytest
from keras import layers
from reference import build_cnn, build_unet

from labseg.layers import read_layers, receptive_field

# --- read_layers ---------------------------------------------------------------------------


def test_reads_a_functional_model_in_order():
    found = read_layers(build_unet((8, 12, 3), 2, 1, 1).to_json())
    assert [layer.kind for layer in found] == [
        *["InputLayer", "Rescaling", "Conv2D", "MaxPooling2D", "Conv2D", "Conv2DTranspose"],
        *["Concatenate", "Conv2D", "Conv2D"],
    ]
    by_name = {layer.name: layer for layer in found}
    join = next(layer for layer in found if layer.kind == "Concatenate")
    assert [by_name[name].kind for name in join.inputs] == ["Conv2DTranspose", "Conv2D"]
    assert found[2].number("filters") == 2
    assert found[2].pair("kernel_size") == (3, 3)


def test_reads_a_sequential_model_and_a_parsed_configuration():
    model = build_cnn((8, 8, 3), 2)
    found = read_layers(json.loads(model.to_json()))
    assert [layer.kind for layer in found] == ["InputLayer", "Rescaling", *["Conv2D"] * 4]
    assert found == read_layers(model.to_json())
    assert found[2].inputs == (found[1].name,)


def test_reads_keras_ops_and_shared_layers():
    inputs = keras.Input((8, 8, 3))
    x = inputs / 255
    relu = layers.ReLU()
    x = relu(layers.Conv2D(2, 3)(relu(x)))
    x = keras.ops.concatenate([x, keras.ops.relu(x)], axis=-1)
    found = read_layers(keras.Model([inputs], [x]).to_json())
    assert [layer.kind for layer in found] == [
        *["InputLayer", "Rescaling", "ReLU", "Conv2D", "ReLU", "Relu", "Concatenate"]
    ]
    assert found[1].config["scale"] == pytest.approx(1 / 255)
    assert [layer.use for layer in found if layer.kind == "ReLU"] == [0, 1]


def nested():
    return keras.Sequential([keras.Input((8, 8, 3)), build_cnn((8, 8, 3), 2)])


def with_lambda():
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Lambda(lambda x: x)])


def two_inputs():
    a, b = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    return keras.Model([a, b], layers.Add()([a, b]))


def two_outputs():
    a = keras.Input((8, 8, 3))
    return keras.Model(a, [layers.ReLU()(a), layers.ReLU()(a)])


def without_input():
    return keras.Sequential([layers.Conv2D(2, 3)])


@pytest.mark.parametrize("build", [nested, with_lambda, two_inputs, two_outputs, without_input])
def test_refuses_what_is_not_flat(build):
    with pytest.raises(ValueError, match="keep the model flat"):
        read_layers(build().to_json())


def circle():
    config = json.loads(build_unet((8, 8, 3), 2, 1, 1).to_json())
    first, last = config["config"]["layers"][1], config["config"]["layers"][-1]
    call = first["inbound_nodes"][0]["args"][0]
    call["config"]["keras_history"][0] = last["name"]
    return config


@pytest.mark.parametrize(
    "config",
    [
        *["", "{", "[]", "null", "3", "NaN", "[" * 100_000, "1" * 5000, None, 7, [], {}],
        {"class_name": "Functional", "config": 3},
        {"class_name": "Sequential", "config": {"layers": []}},
        {"class_name": "Sequential", "config": {"layers": [None]}},
        {"class_name": "Sequential", "config": {"layers": [{"class_name": [], "config": {}}]}},
        {"class_name": "Functional", "config": {"layers": [{}], "output_layers": "x"}},
        {"class_name": ["Functional"], "config": {}},
        circle(),
    ],
)
def test_malformed_configurations_are_a_value_error(config):
    with pytest.raises(ValueError, match=r"\w"):
        read_layers(config)


# --- the receptive field -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("floors", "expected"),
    [(0, (5, 5)), (1, (18, 18)), (2, (44, 44)), (3, (92, 100)), (4, (188, 204))],
)
def test_receptive_field_of_the_unet(floors, expected):
    assert receptive_field(build_unet((32, 32, 3), 1, floors)) == expected


def test_receptive_field_of_the_cnn():
    assert receptive_field(build_cnn((16, 16, 3), 2)) == (7, 7)
    assert receptive_field(build_cnn((16, 16, 3), 2, L=5)) == (11, 11)


def measured(model, axis, size):
    """The same by brute force: move one input pixel at a time and see which outputs move.

    Weights are positive, so that nothing cancels, and without biases black gives 0, so that
    nothing is rounded away. Only outputs far from the borders count.
    """
    for weight in model.weights:
        zero = weight.name in ("bias", "beta", "moving_mean")
        weight.assign(keras.ops.abs(weight) + 0.1 if not zero else keras.ops.zeros_like(weight))
    lines = np.zeros((size, *model.input_shape[1:]), "float32")
    across = model.input_shape[2 - axis] // 2
    for i in range(size):
        lines[(i, i, across) if axis == 0 else (i, across, i)] = 1.0
    out = keras.ops.convert_to_numpy(model(lines)).sum(axis=-1)
    middle = out.shape[2 - axis] // 2
    out = out[:, :, middle] if axis == 0 else out[:, middle]
    moved = out > 0  # (input pixel, output pixel)
    widths = []
    for column in moved.T[out.shape[1] // 3 : -(out.shape[1] // 3)]:
        seen = np.flatnonzero(column)
        assert 0 < seen[0] <= seen[-1] < size - 1, "reaches a border: take a larger size"
        widths.append(seen[-1] - seen[0] + 1)
    return min(widths), max(widths)


def flat(size, *stack):
    return keras.Sequential([keras.Input((size, size, 1)), *stack])


C, D, T = layers.Conv2D, layers.DepthwiseConv2D, layers.Conv2DTranspose
A, P = layers.AveragePooling2D, {"padding": "same"}
STACKS = {
    "dilated": lambda: [C(1, 3, dilation_rate=2, **P), C(1, (3, 5), **P)],
    "valid": lambda: [C(1, 4), C(1, 3, strides=2), A(3, strides=1, **P)],
    "strided": lambda: [C(1, 3, strides=2, **P), C(1, 5, **P), layers.ReLU()],
    "separable": lambda: [
        layers.SeparableConv2D(2, 3, **P),
        layers.BatchNormalization(),
        D((5, 3), dilation_rate=2, **P),
        layers.Dropout(0.5),
    ],
    "transposed 2": lambda: [A(2), C(1, 3, **P), T(1, 2, strides=2)],
    "transposed 3": lambda: [A(2), T(1, 3, strides=2, **P), C(1, 3)],
    "transposed 4 and 5": lambda: [A(4), T(1, 4, strides=2, **P), T(1, 5, strides=2, **P)],
    "transposed valid": lambda: [A(3), T(1, 5, strides=3), C(1, 2)],
    "nearest": lambda: [A(2), layers.UpSampling2D(), C(1, 3, **P)],
    "bilinear 2": lambda: [A(2), layers.UpSampling2D(2, interpolation="bilinear")],
    "bilinear 3": lambda: [A(3), layers.UpSampling2D(3, interpolation="bilinear")],
}


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("axis", [0, 1])
def test_receptive_field_by_brute_force(name, axis):
    size = 48
    model = flat(size, *STACKS[name]())
    assert receptive_field(model, axis) == measured(model, axis, size)


def test_receptive_field_of_joined_paths_by_brute_force():
    inputs = keras.Input((64, 64, 1))
    down = A(2)(C(1, 3, padding="same")(inputs))
    deep = A(2)(C(1, 3, padding="same")(down))
    up = T(1, 3, strides=2, padding="same")(deep)
    x = T(1, 2, strides=2)(layers.Concatenate()([up, C(1, (1, 7), padding="same")(down)]))
    x = layers.Add()([x, inputs])
    model = keras.Model(inputs, x)
    for axis in (0, 1):
        assert receptive_field(model, axis) == measured(model, axis, 64)


@pytest.mark.parametrize(("floors", "convs", "size"), [(2, 1, 96), (3, 2, 320)])
def test_receptive_field_of_a_unet_by_brute_force(floors, convs, size):
    model = build_unet((size, 8, 1), 1, floors, convs)
    # A sigmoid of large sums would not move, and a maximum shows one pixel only.
    config = model.to_json().replace('"sigmoid"', '"linear"')
    config = config.replace('"MaxPooling2D"', '"AveragePooling2D"')
    model = keras.models.model_from_json(config)
    assert receptive_field(model) == measured(model, 0, size)


def test_receptive_field_refuses_what_it_does_not_cover():
    with pytest.raises(ValueError, match="through a Dense layer is not covered"):
        receptive_field(flat(8, layers.Dense(2)))
    with pytest.raises(ValueError, match="keep the model flat"):
        receptive_field(nested())
