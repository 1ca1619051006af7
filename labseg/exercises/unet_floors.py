"""A U-Net's configuration, read as floors.

The spine is the longest way through the model: from the image down to the bottom and up to
the mask. Poolings and transposed convolutions cut it into floors; what leaves it and joins it
again is a skip connection.
"""

from dataclasses import dataclass, field

from labseg.errors import InvalidValue
from labseg.exercises.verdict import short
from labseg.layers import MAX_SIZE, MERGES, Layer, read_layers

ALLOWED = ["InputLayer", "Rescaling", "Conv2D", "MaxPooling2D", "Conv2DTranspose", "Concatenate"]
ALLOWED += ["BatchNormalization", "Dropout", "SpatialDropout2D", "Activation", "ReLU"]
# Named so that what is wrong with them can be said; Relu and Sigmoid are keras.ops' functions.
KNOWN = {*ALLOWED, *MERGES, "AveragePooling2D", "UpSampling2D", "Relu", "Sigmoid", "Softmax"}
PASS = {"BatchNormalization", "Dropout", "SpatialDropout2D", "Activation", "ReLU"}
PASS |= {"Relu", "Sigmoid", "Softmax"}
POOLINGS = {"MaxPooling2D", "AveragePooling2D"}
UPSAMPLINGS = {"Conv2DTranspose", "UpSampling2D"}
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

    @property
    def downs(self):
        return [floor.entry for floor in self.floors if floor.entry and step(floor.entry) > 0]

    @property
    def ups(self):
        return [floor.entry for floor in self.floors if floor.entry and step(floor.entry) < 0]

    def source(self, name):
        """The layer whose features `name` hands on (past activations and the like)."""
        layer = self.layers[name]
        while layer.kind in PASS:
            layer = self.layers[layer.inputs[0]]
        return layer


def step(layer):
    if layer.kind in POOLINGS or (layer.kind == "Conv2D" and layer.pair("strides") != (1, 1)):
        return 1
    return -1 if layer.kind in UPSAMPLINGS else 0


def read_net(config):
    """A Net from a model's configuration; ValueError in one sentence if it cannot be one."""
    if not isinstance(config, str) or len(config) > MAX_CONFIG:
        raise InvalidValue("the answer is not a model's configuration")
    layers = read_layers(config)
    for layer in layers:
        if layer.kind not in KNOWN:
            raise InvalidValue(
                f"layer {layer.name!r} is a {layer.kind}; this exercise takes {', '.join(ALLOWED)}"
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
    by_name = {layer.name: layer for layer in layers}
    depth = {}
    for layer in layers:
        depth[layer.name] = 1 + max((depth[name] for name in layer.inputs), default=0)
    spine = [layers[-1]]
    while spine[-1].inputs:
        spine.append(by_name[max(spine[-1].inputs, key=depth.get)])
    floors, end = _floors(spine[::-1])
    return Net(by_name, spine[::-1], floors, end)


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
    if layer.kind in ("Sigmoid", "Softmax"):
        return layer.kind.lower()
    name = layer.config.get("activation") or "linear"
    if isinstance(name, dict):  # a layer given as the activation
        name = str(name.get("class_name")).lower()
    return short(name, 30)


def output_size(size, spine):
    """Height and width after all layers, computed here: what a model says of itself is not read."""
    for layer in spine:
        same = layer.config.get("padding") == "same"
        if layer.kind == "UpSampling2D":
            size = tuple(n * s for n, s in zip(size, layer.pair("size"), strict=True))
        elif layer.kind in ("Conv2D", "Conv2DTranspose", *POOLINGS):
            kernel = layer.pair("pool_size" if layer.kind in POOLINGS else "kernel_size")
            steps = zip(size, kernel, layer.pair("strides"), strict=True)
            if layer.kind == "Conv2DTranspose":
                size = tuple(n * s + (0 if same else max(k - s, 0)) for n, k, s in steps)
            else:
                size = tuple(-(-n // s) if same else (n - k) // s + 1 for n, k, s in steps)
        if max(size) > MAX_SIZE:
            raise InvalidValue(f"layer {layer.name!r} makes the image too large")
    return tuple(size)
