"""A U-Net's configuration, read as floors.

The spine is the way through the model that changes floors most often: from the image down to the
bottom and up to the mask. Poolings and transposed convolutions cut it into floors; what leaves it
and joins it again is a skip connection.
"""

from dataclasses import dataclass, field, replace

from labseg.errors import InvalidValue
from labseg.exercises.unet_sizes import UPSAMPLINGS, output_size
from labseg.exercises.verdict import short
from labseg.layers import ACTIVATIONS, BORDERS, MERGES, POOLINGS, Layer, read_layers

ALLOWED = ["InputLayer", "Rescaling", "Conv2D", "MaxPooling2D", "Conv2DTranspose", "Concatenate"]
ALLOWED += ["BatchNormalization", "Dropout", "SpatialDropout2D", "Activation", "ReLU"]
DIVISIONS = {"Divide", "TrueDivide"}  # of a number by the images; the other way is a Rescaling
DROPOUTS = {"Dropout", "SpatialDropout2D"}
RECASTS = {"Identity", "Cast"}  # what changes no value, or only its dtype
# What hands on the features of a convolution.
PASS = {"BatchNormalization", *DROPOUTS, *RECASTS, *ACTIVATIONS}
# Known so that what is wrong with them can be said.
KNOWN = {*ALLOWED, *PASS, *MERGES, *POOLINGS, *UPSAMPLINGS, *BORDERS, *DIVISIONS}
MAX_CONFIG = 2_000_000  # characters; 45 layers take about 50,000


@dataclass
class Floor:
    name: str
    level: int  # 0 the top
    entry: Layer | None  # the pooling or the upsampling that leads to it
    layers: list[Layer] = field(default_factory=list)

    @property
    def convs(self):
        return [layer for layer in self.layers if layer.kind == "Conv2D"]


@dataclass
class Net:
    layers: dict[str, Layer]
    spine: list[Layer]
    floors: list[Floor]  # down, the bottom, up
    end: list[Layer]  # the 1 × 1 convolution and what follows it
    dtype: str = ""  # of the output, where it is known
    unused: set[str] = field(default_factory=set)  # kinds of layers that were called for nothing

    @property
    def downs(self):
        return [floor.entry for floor in self.floors if floor.entry and step(floor.entry) > 0]

    @property
    def ups(self):
        return [floor.entry for floor in self.floors if floor.entry and step(floor.entry) < 0]

    def way_back(self, name):
        """The layers from `name` back to the one whose features it hands on."""
        way = [self.layers[name]]
        while way[-1].kind in PASS:
            way.append(self.layers[way[-1].inputs[0]])
        return way

    def source(self, name):
        """The layer whose features `name` hands on (past activations and the like)."""
        return self.way_back(name)[-1]


def step(layer):
    """1 for a layer that leads a floor down, -1 for one that leads up, else 0."""
    if layer.kind in POOLINGS or (layer.kind == "Conv2D" and layer.pair("strides") != (1, 1)):
        return 1
    return -1 if layer.kind in UPSAMPLINGS else 0


def read_net(config, classes=(), allowed=ALLOWED):
    """A Net from a model's configuration; InvalidValue in one sentence if it cannot be one.

    `classes`: the names of the student's own layers' classes. `allowed`: see read_checked.
    """
    layers = read_checked(config, classes, allowed)
    by_name = {layer.name: layer for layer in layers}
    depth = {}  # changes of floor, then layers
    for layer in layers:
        changes, length = max((depth[name] for name in layer.inputs), default=(0, 0))
        depth[layer.name] = changes + abs(step(layer)), length + 1
    spine = [layers[-1]]
    while spine[-1].inputs:
        spine.append(by_name[max(spine[-1].inputs, key=depth.get)])
    floors, end = _floors(spine[::-1])
    return Net(by_name, spine[::-1], floors, end)


def read_checked(config, classes=(), allowed=ALLOWED, several=False):
    """The layers of a configuration, as `read_layers`; InvalidValue if one is not known.

    allowed: the kinds of layers to name in the sentence.
    """
    if not isinstance(config, str) or len(config) > MAX_CONFIG:
        raise InvalidValue("the answer is not a model's configuration")
    layers = _with_padding(read_layers(config, several))
    for layer in layers:
        _check(layer, classes, allowed)
    return layers


def _check(layer, classes, allowed):
    if layer.kind == "Lambda":
        raise InvalidValue(
            f"layer {layer.name!r} is a Lambda, whose code cannot be read (nor loaded from a "
            "file): use Rescaling(1/255) to scale the images, and Keras's other layers elsewhere"
        )
    if layer.kind in classes:
        raise InvalidValue(
            f"layer {layer.name!r} is of your own class {layer.kind}, which cannot be read: "
            "write it as a function that calls Keras's layers"
        )
    if layer.kind not in KNOWN:
        raise InvalidValue(
            f"layer {layer.name!r} is a {layer.kind}; this exercise takes {', '.join(allowed)}"
        )
    if layer.use and layer.kind in ("Conv2D", "Conv2DTranspose", "BatchNormalization"):
        raise InvalidValue(
            f"the {layer.kind} layer {layer.config.get('name')!r} is used in two places, "
            "which then share their weights; make a new one for each"
        )
    if len(layer.inputs) > 1 and layer.kind not in MERGES:
        raise InvalidValue(f"layer {layer.name!r} is called on several tensors, expected one")
    if layer.config.get("data_format", "channels_last") != "channels_last":
        raise InvalidValue(f"layer {layer.name!r} has the channels first, expected last")


def _with_padding(layers):
    """The same layers, where two that do together what padding="same" does are one."""
    by_name = {layer.name: layer for layer in layers}
    merged = {layer.name: _merged(layer, by_name) for layer in layers}
    used = {name for layer in merged.values() for name in layer.inputs} | {layers[-1].name}
    return [layer for layer in merged.values() if layer.name in used]


def _merged(layer, by_name):
    before = by_name[layer.inputs[0]] if layer.inputs else layer
    conv, kernel = (layer, before)[layer.kind == "Cropping2D"], "kernel_size"
    same = replace(conv, name=layer.name, config={**conv.config, "padding": "same"})
    if (before.kind, layer.kind) == ("ZeroPadding2D", "Conv2D"):
        around = tuple(((k - 1) // 2, (k - 1) // 2) for k in layer.pair(kernel))
        if before.borders("padding") == around and layer.config.get("padding") == "valid":
            return replace(same, inputs=before.inputs)
    cropped = (before.kind, layer.kind) == ("Conv2DTranspose", "Cropping2D")
    if cropped and output_size((99, 99), [before, layer]) == output_size((99, 99), [same]):
        return same
    return layer


def _floors(spine):
    bottom = sum(step(layer) > 0 for layer in spine)
    floors = [Floor("floor 0 going down" if bottom else "the only floor", 0, None)]
    for layer in spine:
        if change := step(layer):
            level, i = floors[-1].level + change, len(floors)
            way = f"floor {level} going {'down' if i < bottom else 'up'}"
            floors.append(Floor("the bottom" if i == bottom else way, level, layer))
        else:
            floors[-1].layers.append(layer)
    last = floors[-1]
    if last.convs:
        head = last.convs[-1]
        if head.pair("kernel_size") == (1, 1) or head.number("filters") == 1:
            at = last.layers.index(head)
            last.layers, end = last.layers[:at], last.layers[at:]
            return floors, end
    return floors, []


def activation(layer):
    """The name of the function that a layer applies at its end; "linear" if none."""
    if layer.kind in ("ReLU", "Relu"):
        changed = [layer.config.get(key) for key in ("max_value", "negative_slope", "threshold")]
        return "a changed ReLU" if any(changed) else "relu"
    if layer.kind in ("Sigmoid", "Softmax", "Tanh"):
        return layer.kind.lower()
    if layer.kind in ACTIVATIONS - {"Activation"}:
        return layer.kind
    function = layer.config.get("activation") or "linear"
    if not isinstance(function, dict):
        return short(function, 30)
    kind, config = function.get("class_name"), function.get("config") or {}
    if isinstance(kind, str) and kind in ACTIVATIONS and isinstance(config, dict):
        return activation(Layer(layer.name, kind, config))  # a layer given as the activation
    return "a function that cannot be read"
