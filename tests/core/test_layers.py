"""layers.py: reading a configuration, the receptive field."""

import json

import keras
import numpy as np
import pytest
from keras import layers
from reference import build_cnn, build_unet

from labseg.errors import LabsegError
from labseg.layers import read_layers, receptive_field, seen_pixels

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


def test_a_model_within_the_model_stands_in_its_place():
    found = read_layers(nested().to_json())
    assert [layer.kind for layer in found] == ["InputLayer", "Rescaling", *["Conv2D"] * 4]
    assert found[-1].name.count("/") == 1
    assert [layer.inputs for layer in found[1:]] == [(layer.name,) for layer in found[:-1]]


def test_several_inputs_and_outputs_of_an_inner_model():
    a, b = keras.Input((8, 8, 1)), keras.Input((8, 8, 2))
    inner = keras.Model({"b": b, "a": a}, [layers.ReLU()(b), layers.Dropout(0.1)(a)])
    first = inner(
        {"a": (outer := keras.Input((8, 8, 1))), "b": (wide := layers.Conv2D(2, 1)(outer))}
    )
    second = inner({"a": first[1], "b": first[0]})
    found = read_layers(keras.Model(outer, layers.Concatenate()([second[0], wide])).to_json())
    kinds = [(layer.kind, layer.use) for layer in found]
    calls = [("ReLU", 0), ("ReLU", 1)]
    assert kinds == [("InputLayer", 0), ("Conv2D", 0), *calls, ("Concatenate", 0)]
    assert [layer.inputs[0] for layer in found[1:]] == [layer.name for layer in found[:-1]]
    assert found[-1].inputs[1] == found[1].name


@pytest.mark.parametrize(
    ("function", "scale", "offset"),
    [
        (lambda x: x * 3, 3, 0),
        (lambda x: x + 3, 1, 3),
        (lambda x: x - 3, 1, -3),
        (lambda x: 3 - x, -1, 3),
        (lambda x: keras.ops.divide(x, 4), 0.25, 0),
    ],
)
def test_numbers_that_change_an_image_are_a_rescaling(function, scale, offset):
    inputs = keras.Input((8, 8, 3))
    _, found = read_layers(keras.Model(inputs, function(inputs)).to_json())
    assert (found.kind, found.config) == ("Rescaling", {"scale": scale, "offset": offset})


def test_a_number_divided_by_an_image_is_none():
    inputs = keras.Input((8, 8, 3))
    assert read_layers(keras.Model(inputs, 4 / inputs).to_json())[-1].kind == "TrueDivide"


def test_a_cast_says_to_what():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, layers.ReLU()(keras.ops.cast(inputs, "int32")))
    assert read_layers(model.to_json())[1].config == {"dtype": "int32"}


def two_inputs():
    a, b = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    return keras.Model([a, b], layers.Add()([a, b]))


def two_outputs():
    a = keras.Input((8, 8, 3))
    return keras.Model(a, [layers.ReLU()(a), layers.ReLU()(a)])


def without_input():
    return keras.Sequential([layers.Conv2D(2, 3)])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (two_inputs, "the model has 2 inputs, expected one keras.Input"),
        (two_outputs, "the model has 2 outputs, expected one"),
        (without_input, "the model has no inputs, expected one keras.Input"),
    ],
)
def test_refuses_what_has_not_one_input_and_one_output(build, message):
    with pytest.raises(ValueError, match=message):
        read_layers(build().to_json())


def circle():
    config = json.loads(build_unet((8, 8, 3), 2, 1, 1).to_json())
    first, last = config["config"]["layers"][1], config["config"]["layers"][-1]
    call = first["inbound_nodes"][0]["args"][0]
    call["config"]["keras_history"][0] = last["name"]
    return config


def entry(kind, name, config, *inputs):
    """A layer that is called on each of the inputs, as Keras writes it."""
    calls = []
    for key in inputs:
        tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": key}}
        calls.append({"args": [tensor], "kwargs": {}})
    return {"class_name": kind, "name": name, "config": config, "inbound_nodes": calls}


def functional(entries, inputs, outputs):
    body = {"layers": entries, "input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Functional", "config": body}


def circle_of_models():
    """Two models that change nothing, each called on the other."""
    inner = functional([entry("InputLayer", "i", {})], ["i", 0, 0], ["i", 0, 0])["config"]
    entries = [
        entry("Functional", "a", inner, ["b", 0, 0]),
        entry("Functional", "b", inner, ["a", 0, 0]),
    ]
    return functional(entries, [], ["a", 1, 0])


def models_in_models(depth, uses, arguments=0):
    """A small text that says a lot: each model calls the next one several times."""
    call = entry("ReLU", "x", {}, ["i", 0, 0])
    call["inbound_nodes"][0]["kwargs"] = {"n": [0] * arguments}
    model = functional([entry("InputLayer", "i", {}), call], ["i", 0, 0], ["x", 0, 0])
    for _ in range(depth):
        calls = [["i", 0, 0], *(["x", use, 0] for use in range(uses - 1))]
        entries = [entry("InputLayer", "i", {}), entry("Functional", "x", model["config"], *calls)]
        model = functional(entries, ["i", 0, 0], ["x", uses, 0])
    return model


def test_an_inner_model_that_changes_nothing():
    inner = functional([entry("InputLayer", "i", {})], ["i", 0, 0], ["i", 0, 0])["config"]
    entries = [
        entry("InputLayer", "image", {}),
        entry("Functional", "inner", inner, ["image", 0, 0]),
        entry("ReLU", "relu", {}, ["inner", 0, 0]),
    ]
    found = read_layers(functional(entries, ["image", 0, 0], ["relu", 0, 0]))
    assert [(layer.kind, layer.inputs) for layer in found] == [
        ("InputLayer", ()),
        ("ReLU", ("image",)),
    ]


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
        {"class_name": "MyModel", "config": {}},
        circle(),
        circle_of_models(),
        models_in_models(100, uses=1),
        models_in_models(12, uses=10),
        models_in_models(2, uses=1, arguments=100_000),
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


def moved(model, axis, size):
    """Brute force: move one input pixel at a time and see which outputs move, bool (size, n).

    Weights are positive, so that nothing cancels, and without biases black gives 0, so that
    nothing is rounded away.
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
    return (out[:, :, middle] if axis == 0 else out[:, middle]) > 0


def measured(model, axis, size):
    """The receptive field by brute force, of outputs far from the borders."""
    widths, moves = [], moved(model, axis, size).T
    for column in moves[len(moves) // 3 : -(len(moves) // 3)]:
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


def linear_unet(*arguments):
    """A sigmoid of large sums would not move, and a maximum shows one pixel only."""
    config = build_unet(*arguments).to_json().replace('"sigmoid"', '"linear"')
    return keras.models.model_from_json(config.replace('"MaxPooling2D"', '"AveragePooling2D"'))


@pytest.mark.parametrize(("floors", "convs", "size"), [(2, 1, 96), (3, 2, 320)])
def test_receptive_field_of_a_unet_by_brute_force(floors, convs, size):
    model = linear_unet((size, 8, 1), 1, floors, convs)
    assert receptive_field(model) == measured(model, 0, size)


@pytest.mark.parametrize("axis", [0, 1])
def test_the_pixels_that_are_seen_by_brute_force(axis):
    model = linear_unet((40, 40, 1), 1, 2, 1)
    seen = np.array(seen_pixels(model, 40, axis))
    found = [np.flatnonzero(column)[[0, -1]] for column in moved(model, axis, 40).T]
    np.testing.assert_array_equal(seen.clip(0, 39), found)
    assert (seen[20] == found[20]).all()  # far from the borders nothing is cut off


def test_receptive_field_of_models_within_the_model_by_brute_force():
    block = keras.Sequential([C(1, 3, **P), layers.Identity(), A(2)])
    model = flat(48, block, layers.ZeroPadding2D((2, 1)), T(1, 2, strides=2), layers.Cropping2D(1))
    assert receptive_field(model) == measured(model, 0, 48)


class Wrapped(layers.Layer):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, x):
        return keras.ops.average_pool(self.layer(x), 2, strides=2)


def test_receptive_field_of_own_layers_by_brute_force():
    model = flat(48, Wrapped(Wrapped(C(1, 5, **P))), T(1, 3, strides=2, **P))
    assert receptive_field(model) == measured(model, 0, 48)


class Own(keras.Model):
    def call(self, x):
        return x


def test_receptive_field_refuses_what_it_does_not_cover():
    for model, message in [
        (flat(8, layers.Dense(2)), "through a Dense layer is not covered"),
        (flat(8, layers.Lambda(lambda x: x)), "through a Lambda layer is not covered"),
        (
            flat(8, layers.UpSampling2D(2, interpolation="bicubic")),
            "interpolation='bicubic' is not covered",
        ),
        (flat(8, layers.Softmax(axis=1)), "runs along another axis than channels"),
        (Own(), "Own is a class of its own, not a functional model"),
        (3, "expected a Keras model, not int"),
    ]:
        with pytest.raises(LabsegError, match=message):
            receptive_field(model)


@pytest.mark.parametrize("axis", [2, -1, "h", None, 1.0])
def test_receptive_field_has_two_axes(axis):
    with pytest.raises(ValueError, match=r"axis=.*: give 0 for the height or 1 for the width"):
        receptive_field(build_cnn((8, 8, 3), 2), axis)
