"""A Keras model's configuration, read as data, and the receptive field computed from it.

Nothing of the configuration is built or run, so it may come from anywhere.
"""

import json
import math
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from labseg.errors import InvalidValue

FLAT = "keep the model flat: layers called one after another from one keras.Input to one output"
NOT_FLAT = {"Functional", "Sequential", "Model", "Lambda", "TimeDistributed"}
MAX_LAYERS = 2000
MAX_SIZE = 100_000


@dataclass(frozen=True)
class Layer:
    """One call of a layer (or of a keras.ops function) in a model."""

    name: str
    kind: str  # the class name
    config: dict
    inputs: tuple[str, ...]  # the names of the layers that it is called on
    use: int = 0  # 1, 2, … when the same layer is called again

    def number(self, key):
        """config[key], a positive int."""
        return self.pair(key)[0]

    def pair(self, key):
        """config[key] as two positive ints (height, width); 1 and 1 where the key is absent."""
        value = self.config.get(key, 1)
        value = tuple(value) if isinstance(value, list | tuple) else (value, value)
        if len(value) != 2 or not all(type(v) is int and 0 < v <= MAX_SIZE for v in value):
            raise InvalidValue(f"layer {self.name!r} has no readable {key}")
        return value


def read_layers(config):
    """The layers of a functional or Sequential model, inputs first, the output last.

    `config` is what `model.to_json()` gives, as text or parsed. It is read as data: nothing in
    it is built or run. Raises ValueError, in one sentence, for whatever is not a flat model.
    """
    try:
        model = json.loads(config) if isinstance(config, str) else config
        kind, body = model["class_name"], model["config"]
        if kind not in ("Functional", "Sequential"):
            raise InvalidValue(FLAT)
        if not 0 < len(body["layers"]) <= MAX_LAYERS:
            raise InvalidValue(f"a model has 1 to {MAX_LAYERS} layers")
        if nested := {layer["class_name"] for layer in body["layers"]} & NOT_FLAT:
            raise InvalidValue(f"the model holds a {nested.pop()} layer; {FLAT}")
        nodes, output = _sequential(body) if kind == "Sequential" else _functional(body)
        layers = _in_order(nodes, output)
    except CycleError:
        raise InvalidValue("the model's layers run in a circle") from None
    except (
        json.JSONDecodeError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ):
        raise InvalidValue("this is not the configuration of a Keras model") from None
    sources = [layer for layer in layers if not layer.inputs]
    if [layer.kind for layer in sources] != ["InputLayer"]:
        raise InvalidValue(FLAT)
    return layers


def _sequential(body):
    nodes, last = {}, ()
    for layer in body["layers"]:
        name = layer["config"]["name"]
        nodes[name] = _layer(name, layer, last)
        last = (name,)
    return nodes, last[0]


def _functional(body):
    nodes = {}
    for layer in body["layers"]:
        # An InputLayer is not called; a layer that is shared has one call for each place.
        for use, call in enumerate(layer["inbound_nodes"] or [{"args": [], "kwargs": {}}]):
            name = _name(layer["name"], use)
            inputs, numbers = [], []
            _sort_arguments([call["args"], call["kwargs"]], inputs, numbers)
            nodes[name] = _layer(name, layer, tuple(inputs), use, numbers)
    output = body["output_layers"]  # ["name", 0, 0], or a list or dict of such
    if isinstance(output, list) and len(output) == 1:
        output = output[0]
    if not isinstance(output, list) or not isinstance(output[0], str):
        raise InvalidValue(FLAT)
    return nodes, _name(*output[:2])


def _name(name, use):
    return f"{name}#{use + 1}" if use else name


def _sort_arguments(value, inputs, numbers):
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        name, use, _ = value["config"]["keras_history"]
        inputs.append(_name(name, use))
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            _sort_arguments(item, inputs, numbers)
    elif type(value) in (int, float):
        numbers.append(value)


def _layer(name, layer, inputs, use=0, numbers=()):
    kind, config = layer["class_name"], layer["config"]
    if not isinstance(name, str) or not isinstance(kind, str) or not isinstance(config, dict):
        raise TypeError
    if kind in ("Divide", "TrueDivide", "Multiply") and len(inputs) == len(numbers) == 1:
        # `inputs / 255` is the Rescaling layer by another name.
        scale = numbers[0] if kind == "Multiply" else 1 / numbers[0]
        kind, config = "Rescaling", {"scale": scale, "offset": 0.0}
    return Layer(name, kind, config, inputs, use)


def _in_order(nodes, output):
    needed, todo = {}, [output]
    while todo:
        name = todo.pop()
        if name not in needed:
            needed[name] = nodes[name].inputs
            todo.extend(needed[name])
    return [nodes[name] for name in TopologicalSorter(needed).static_order()]


# --- the receptive field -------------------------------------------------------------------

CONVOLUTIONS = {"Conv2D", "DepthwiseConv2D", "SeparableConv2D"}
POOLINGS = {"MaxPooling2D", "AveragePooling2D"}
MERGES = {"Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"}
ACTIVATIONS = {"Activation", "ReLU", "Relu", "LeakyReLU", "LeakyRelu", "PReLU", "ELU", "Elu"}
ACTIVATIONS |= {"Gelu", "Silu", "Sigmoid", "Softmax", "Tanh"}  # keras.ops' names among them
POINTWISE = ACTIVATIONS | {"BatchNormalization", "Dropout", "GaussianNoise", "Identity"}
POINTWISE |= {"InputLayer", "Rescaling", "SpatialDropout2D", "Cast"}


def receptive_field(model, axis=0):
    """How many input pixels, side by side, one output pixel can depend on: (smallest, largest).

    Of a flat Keras model, along `axis` (0 height, 1 width), away from the borders, for sizes
    that the strides divide. The two differ where the answer depends on which output pixel it
    is, as in a U-Net with three poolings or more.

    We walk from the output back to the input. D pixels side by side of a layer's output see
    D' = S(D − 1) + K pixels of its input if it is a convolution or a pooling of size K and
    stride S. Of a transposed convolution, output pixel p sees the input pixels i with
    0 ≤ p − S·i < K (and padding shifts p), whose number depends on p: so we follow the first
    and the last pixel seen rather than D alone. Where paths join, both are seen.
    Raises ValueError, in one sentence, for layers that this does not cover (Dense, say).
    """
    layers = read_layers(model.to_json())
    period = {}  # after so many output pixels the pattern repeats
    for layer in layers:
        before = math.lcm(*(period[name] for name in layer.inputs))
        period[layer.name] = before * _stride_up(layer, axis)
    sizes = [_seen(layers, axis, at) for at in range(period[layers[-1].name])]
    return min(sizes), max(sizes)


def _stride_up(layer, axis):
    key = {"Conv2DTranspose": "strides", "UpSampling2D": "size"}.get(layer.kind)
    return layer.pair(key)[axis] if key else 1


def _seen(layers, axis, at):
    """How many input pixels output pixel `at` sees."""
    seen = {layers[-1].name: (at, at)}
    for layer in reversed(layers):
        if layer.name not in seen:
            continue  # an output pixel between the kernels of a transposed convolution
        first, last = _back(layer, axis, *seen[layer.name])
        for name in layer.inputs if first <= last else ():
            low, high = seen.get(name, (first, last))
            seen[name] = min(low, first), max(high, last)
    first, last = seen.get(layers[0].name, (1, 0))
    return last - first + 1


def _back(layer, axis, first, last):
    """The first and last input pixel that output pixels `first` to `last` of a layer see."""
    if layer.config.get("data_format", "channels_last") != "channels_last":
        raise InvalidValue(f"layer {layer.name!r}: only data_format='channels_last' is covered")
    if layer.kind in MERGES:
        if layer.kind == "Concatenate" and layer.config.get("axis") not in (-1, 3):
            raise InvalidValue(
                f"layer {layer.name!r} concatenates along another axis than channels"
            )
        return first, last
    if layer.kind in POINTWISE:
        return first, last
    if layer.kind == "UpSampling2D":
        size, smooth = layer.pair("size")[axis], layer.config.get("interpolation") == "bilinear"
        if not smooth:
            return first // size, last // size
        # Pixel p lies at (p + 1/2) / size − 1/2, between two input pixels.
        return (2 * first + 1 - size) // (2 * size), -((size - 1 - 2 * last) // (2 * size))
    kernel = "pool_size" if layer.kind in POOLINGS else "kernel_size"
    if layer.kind not in CONVOLUTIONS | POOLINGS | {"Conv2DTranspose"}:
        raise InvalidValue(f"the receptive field through a {layer.kind} layer is not covered")
    size = (layer.pair(kernel)[axis] - 1) * layer.pair("dilation_rate")[axis] + 1
    stride = layer.pair("strides")[axis]
    pad = max(size - stride, 0) // 2 if layer.config.get("padding") == "same" else 0
    if layer.kind == "Conv2DTranspose":
        return -((size - 1 - pad - first) // stride), (last + pad) // stride
    return first * stride - pad, last * stride - pad + size - 1
