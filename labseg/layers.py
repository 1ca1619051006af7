"""A Keras model's configuration, read as data, and the receptive field computed from it.

Nothing of the configuration is built or run, so it may come from anywhere.
"""

import json
import math
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from labseg.errors import InvalidValue
from labseg.tracing import configuration

MODELS = {"Functional", "Sequential"}
MAX_STEPS = 50_000  # layers, arguments and the like; a U-Net of 45 layers takes 500
MAX_DEPTH = 20  # of models within models
MAX_SIZE = 100_000


@dataclass(frozen=True)
class Layer:
    """One call of a layer (or of a keras.ops function) in a model."""

    name: str
    kind: str  # the class name
    config: dict
    inputs: tuple[str, ...] = ()  # the names of the layers that it is called on
    use: int = 0  # 1, 2, … when the same layer, or the model around it, is called again

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

    def borders(self, key):
        """config[key] as ((above, below), (left, right)), ints that may be 0."""
        value = self.config.get(key)
        if not isinstance(value, list | tuple) or [len(pair) for pair in value] != [2, 2]:
            raise TypeError
        if not all(type(v) is int and 0 <= v <= MAX_SIZE for pair in value for v in pair):
            raise InvalidValue(f"layer {self.name!r} has no readable {key}")
        return tuple(map(tuple, value))


def read_layers(config, several=False):
    """The layers of a functional or Sequential model, inputs first, the output last.

    `config` is what `model.to_json()` gives, as text or parsed. It is read as data: nothing in
    it is built or run. The layers of a model within the model stand in its place. Raises
    InvalidValue, in one sentence, for whatever is not a model with one input (or, if `several`,
    more) and one output.
    """
    try:
        model = json.loads(config) if isinstance(config, str) else config
        if model["class_name"] not in MODELS:
            raise InvalidValue(
                f"a {model['class_name']} cannot be read: build the model as "
                "keras.Model(inputs, outputs)"
            )
        return _Reader(model).layers(several)
    except InvalidValue:
        raise
    except CycleError:
        raise InvalidValue("the model's layers run in a circle") from None
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ):
        raise InvalidValue("this is not the configuration of a Keras model") from None


class _Reader:
    """The calls of a model's layers, those of the models within it among them.

    A tensor is known by its key: the scope (which models it lies in), the name of the layer that
    gives it, which call of that layer, and which of its outputs.
    """

    def __init__(self, model):
        self.calls = {}  # key of the first output → (kind, config, arguments)
        self.same = {}  # key → key: what enters and leaves a model within the model
        self.dtypes = {}
        self.steps = 0
        self.outputs = self._open(model, (), None)

    def layers(self, several):
        """The layers that the one output needs, in order."""
        if len(self.outputs) != 1:
            raise InvalidValue(f"the model has {len(self.outputs)} outputs, expected one")
        dtypes = {self._origin(key): dtype for key, dtype in self.dtypes.items()}
        needed, todo = {}, [self._origin(self.outputs[0])]
        while todo:
            key = todo.pop()
            if key not in needed:
                needed[key] = self._layer(key, dtypes.get(key))
                todo.extend(needed[key].inputs)
        graph = {key: layer.inputs for key, layer in needed.items()}
        order = [needed[key] for key in TopologicalSorter(graph).static_order()]
        sources = [layer.kind for layer in order if not layer.inputs]
        if set(sources) != {"InputLayer"} or (len(sources) > 1 and not several):
            has = "no" if not set(sources) & {"InputLayer"} else f"{len(sources)}"
            raise InvalidValue(f"the model has {has} inputs, expected one keras.Input")
        return [replace(layer, inputs=tuple(map(_name, layer.inputs))) for layer in order]

    def _layer(self, key, dtype):
        kind, config, arguments = self.calls[key]
        inputs = tuple(self._origin(item) for item in arguments if isinstance(item, tuple))
        kind, config = _as_layer(kind, config, arguments)
        if kind == "Cast":  # its configuration doesn't say to what
            config = {"dtype": dtype}
        scope, _, use, _ = key
        return Layer(_name(key), kind, config, inputs, max([use, *(use for _, use in scope)]))

    def _origin(self, key):
        chain = []
        while key in self.same:
            chain.append(key)
            if len(chain) > len(self.same):
                raise CycleError
            key = self.same[key]
        self.same.update(dict.fromkeys(chain, key))  # a shortcut for the next time
        return key

    def _open(self, model, scope, given):
        """Read a model; the keys of its outputs. `given`: its inputs, if it lies in another."""
        if len(scope) > MAX_DEPTH:
            raise InvalidValue("the models within the model are nested too deeply")
        body = model["config"]
        if model["class_name"] == "Sequential":
            return self._open_sequential(body["layers"], scope, given)
        kinds = {entry["name"]: entry["class_name"] for entry in body["layers"]}
        inputs = [name for name, _, _ in _references(body["input_layers"])]
        for entry in body["layers"]:
            self._count()
            name = entry["name"]
            if entry["class_name"] == "InputLayer" and given is not None:
                self.same[scope, name, 0, 0] = given[inputs.index(name)]
                continue
            # An InputLayer is not called; a layer that is shared has one call for each place.
            for use, call in enumerate(entry["inbound_nodes"] or [{"args": [], "kwargs": {}}]):
                arguments = []
                self._collect([call["args"], call["kwargs"]], scope, arguments)
                self._call(entry, (scope, name, use, 0), arguments)
        # Keras counts the calls of a functional model from 1 here, all others from 0.
        return [
            (scope, name, use - (kinds[name] == "Functional"), i)
            for name, use, i in _references(body["output_layers"])
        ]

    def _open_sequential(self, entries, scope, given):
        last = list(given or [])
        for entry in entries:
            self._count()
            if entry["class_name"] == "InputLayer" and given is not None:
                continue
            key = scope, entry["config"]["name"], 0, 0
            self._call(entry, key, last)
            last = [key]
        return last

    def _count(self):
        """A small text may say a lot: models that are used again and again in one another."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise InvalidValue("the model is too large to be read")

    def _call(self, entry, key, arguments):
        kind, config = entry["class_name"], entry["config"]
        scope, name, use, _ = key
        if not isinstance(name, str) or not isinstance(kind, str) or not isinstance(config, dict):
            raise TypeError
        if kind not in MODELS:
            self.calls[key] = kind, config, arguments
            return
        given = [item for item in arguments if isinstance(item, tuple)]
        for i, output in enumerate(self._open(entry, (*scope, (name, use)), given)):
            self.same[scope, name, use, i] = output

    def _collect(self, value, scope, arguments):
        """Append the tensors (as keys) and numbers of a call's arguments, in their order."""
        self._count()
        if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            key = (scope, *value["config"]["keras_history"])
            self.dtypes[key] = value["config"].get("dtype")
            arguments.append(key)
        elif isinstance(value, dict):
            for name in sorted(value):
                self._collect(value[name], scope, arguments)
        elif isinstance(value, list):
            for item in value:
                self._collect(item, scope, arguments)
        elif type(value) in (int, float):
            arguments.append(value)


def _references(value):
    """[[name, call, output], …] of what a configuration calls its inputs or outputs."""
    if isinstance(value, dict):
        value = [value[name] for name in sorted(value)]
    if len(value) == 3 and isinstance(value[0], str):
        return [value]
    return [reference for item in value for reference in _references(item)]


def _name(key):
    scope, name, use, _ = key
    return "/".join(f"{name}#{use + 1}" if use else name for name, use in (*scope, (name, use)))


def _as_layer(kind, config, arguments):
    """What a keras.ops function does, as the layer that does the same: `x / 255` is a Rescaling."""
    if kind == "ConvertToTensor":
        return "Cast", config
    if kind in ("MaxPool", "AveragePool"):
        strides = config.get("strides") or config.get("pool_size")
        return f"{kind}ing2D", {**config, "strides": strides}
    tensors = [isinstance(item, tuple) for item in arguments]
    if sorted(tensors) != [False, True]:
        return kind, config
    first, number = tensors[0], next(item for item in arguments if not isinstance(item, tuple))
    if kind == "Maximum" and number == 0:
        return "ReLU", {}
    if kind in ("Divide", "TrueDivide"):
        return ("Rescaling", {"scale": 1 / number, "offset": 0}) if first else (kind, config)
    if kind == "Multiply":
        return "Rescaling", {"scale": number, "offset": 0}
    if kind == "Add":
        return "Rescaling", {"scale": 1, "offset": number}
    if kind == "Subtract":
        return "Rescaling", {"scale": 1, "offset": -number} if first else {
            "scale": -1,
            "offset": number,
        }
    return kind, config


# --- the receptive field -------------------------------------------------------------------

CONVOLUTIONS = {"Conv2D", "DepthwiseConv2D", "SeparableConv2D"}
POOLINGS = {"MaxPooling2D", "AveragePooling2D"}
MERGES = {"Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"}
# Layers and, where they are called otherwise, keras.ops' functions.
ACTIVATIONS = {"Activation", "ReLU", "Relu", "LeakyReLU", "LeakyRelu", "PReLU", "ELU", "Elu"}
ACTIVATIONS |= {"Celu", "Gelu", "HardSigmoid", "HardSilu", "HardTanh", "LogSigmoid", "Mish"}
ACTIVATIONS |= {"Relu6", "Selu", "Sigmoid", "Silu", "Softmax", "Softplus", "Softsign", "Tanh"}
POINTWISE = ACTIVATIONS | {"BatchNormalization", "Dropout", "GaussianNoise", "Identity"}
POINTWISE |= {"InputLayer", "Rescaling", "SpatialDropout2D", "Cast"}
BORDERS = {"ZeroPadding2D": "padding", "Cropping2D": "cropping"}


def receptive_field(model, axis=0):
    """How many input pixels, side by side, one output pixel can depend on: (smallest, largest).

    Of a Keras model with one input and one output, along `axis` (0 height, 1 width), away from
    the borders, for sizes that the strides divide. The two differ where the answer depends on
    which output pixel it is, as in a U-Net with three poolings or more.

    We walk from the output back to the input. D pixels side by side of a layer's output see
    D' = S(D − 1) + K pixels of its input if it is a convolution or a pooling of size K and
    stride S. Of a transposed convolution, output pixel p sees the input pixels i with
    0 ≤ p − S·i < K (and padding shifts p), whose number depends on p: so we follow the first
    and the last pixel seen rather than D alone. Where paths join, both are seen.
    Raises InvalidValue, in one sentence, for layers that this does not cover (Dense, say).
    """
    layers = _layers_along(model, axis)
    period = {}  # after so many output pixels the pattern repeats
    for layer in layers:
        before = math.lcm(*(period[name] for name in layer.inputs))
        period[layer.name] = before * _stride_up(layer, axis)
    spans = [_seen(layers, axis, at) for at in range(period[layers[-1].name])]
    sizes = [last - first + 1 for first, last in spans]
    return min(sizes), max(sizes)


def seen_pixels(model, n, axis=0):
    """The first and last input pixel that each of the output pixels 0 … n − 1 can depend on.

    A list of n pairs of ints. Pixels below 0 or beyond the picture are padding. Arguments and
    errors as in `receptive_field`.
    """
    layers = _layers_along(model, axis)
    return [_seen(layers, axis, at) for at in range(n)]


def _layers_along(model, axis):
    if axis not in (0, 1) or isinstance(axis, float):
        raise InvalidValue(f"axis={axis!r}: give 0 for the height or 1 for the width.")
    try:
        text, _ = configuration(model)
    except ValueError as error:
        raise InvalidValue(str(error)) from None
    return read_layers(text)


def _stride_up(layer, axis):
    key = {"Conv2DTranspose": "strides", "UpSampling2D": "size"}.get(layer.kind)
    return layer.pair(key)[axis] if key else 1


def _seen(layers, axis, at):
    """The first and last input pixel that output pixel `at` sees."""
    seen = {layers[-1].name: (at, at)}
    for layer in reversed(layers):
        if layer.name not in seen:
            continue  # an output pixel between the kernels of a transposed convolution
        first, last = _back(layer, axis, *seen[layer.name])
        for name in layer.inputs if first <= last else ():
            low, high = seen.get(name, (first, last))
            seen[name] = min(low, first), max(high, last)
    return seen.get(layers[0].name, (1, 0))


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
        if layer.kind == "Softmax" and layer.config.get("axis", -1) not in (-1, 3):
            raise InvalidValue(f"layer {layer.name!r} runs along another axis than channels")
        return first, last
    if layer.kind in BORDERS:
        added = layer.borders(BORDERS[layer.kind])[axis][0]
        added = added if layer.kind == "ZeroPadding2D" else -added
        return first - added, last - added
    if layer.kind == "UpSampling2D":
        size, way = layer.pair("size")[axis], layer.config.get("interpolation")
        if way not in ("nearest", "bilinear"):
            raise InvalidValue(f"layer {layer.name!r}: interpolation={way!r} is not covered")
        if way == "nearest":
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
        more = layer.config.get("output_padding")
        if more is not None and size % 2 + layer.pair("output_padding")[axis] != stride:
            raise InvalidValue(f"layer {layer.name!r}: its output_padding is not covered")
        return -((size - 1 - pad - first) // stride), (last + pad) // stride
    return first * stride - pad, last * stride - pad + size - 1
