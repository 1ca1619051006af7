"""The parts of the U-Net exercise: each gives a sentence about what is wrong, or None.

A case holds what was asked for, a Net what was built.
"""

from itertools import takewhile

from labseg.exercises.graphs import count
from labseg.exercises.unet_convs import grouped
from labseg.exercises.unet_floors import DIVISIONS, DROPOUTS, PASS, RECASTS, activation, step
from labseg.exercises.unet_sizes import by, output_size, size_fault
from labseg.exercises.verdict import short
from labseg.layers import BORDERS, MERGES, POOLINGS

WAIT = "judged once there are as many poolings and upsamplings as floors"
MAX_DROPOUT = 0.5

# --- the input ---------------------------------------------------------------------------------


def judge_input(case, net):
    shape = net.spine[0].config.get("batch_shape")
    if not takes(case, net):
        shape = ", ".join(map(str, shape[1:])) if isinstance(shape, list) else "unknown"
        return f"your model takes images of shape ({short(shape, 40)}): use input_shape"
    if shape[0] is not None:
        return (
            f"your model takes exactly {short(shape[0], 12)} images at a time: "
            "leave their number open, as keras.Input(input_shape) does"
        )
    return _scaling_fault(net)


def takes(case, net):
    """Whether the model takes images of the shape that was asked for; sizes may be left open."""
    shape = net.spine[0].config.get("batch_shape")
    if not isinstance(shape, list) or len(shape) != 4:
        return False
    *sizes, channels = zip(shape[1:], case["input_shape"], strict=True)
    return channels[0] == channels[1] and all(n in (None, asked) for n, asked in sizes)


def _scaling_fault(net):
    if any(layer.kind in DIVISIONS for layer in net.spine):
        return "a number is divided by the images, expected the images divided by 255"
    scalings = [layer for layer in net.layers.values() if layer.kind == "Rescaling"]
    if not scalings:
        return "nothing scales the images, which come as 0 to 255: begin with Rescaling(1/255)"
    leading = takewhile(lambda layer: layer.kind in ("Rescaling", *RECASTS), net.spine[1:])
    first = [layer for layer in leading if layer.kind == "Rescaling"]
    right = _divides_by_255(first)
    if len(scalings) > max(1, len(first)) or (len(scalings) > 1 and not right):
        return f"the images are scaled {len(scalings)} times, expected once"
    if not first:
        return "the scaling is not the first layer after the input"
    if not right:
        scale, offset = (short(first[0].config.get(key), 12) for key in ("scale", "offset"))
        return f"the Rescaling has scale {scale} and offset {offset}, expected 1/255 and 0"
    scaled = net.spine.index(first[-1])
    for layer in net.layers.values():
        if layer.kind == "Cast" and layer not in net.spine[:scaled]:
            dtype = layer.config.get("dtype")
            if isinstance(dtype, str) and "float" not in dtype:
                return f"the scaled images become {short(dtype, 12)}, expected float32"


def _divides_by_255(rescalings):
    """Whether these, one after another, come to a division by 255."""
    factor, shift = 1.0, 0.0
    for layer in rescalings:
        try:
            scale, offset = (_one_number(layer.config.get(key)) for key in ("scale", "offset"))
        except (TypeError, ValueError, OverflowError):
            return False
        factor, shift = factor * scale, shift * scale + offset
    return abs(255 * factor - 1) < 1e-4 and abs(shift) < 1e-6


def _one_number(value):
    """A number, or the one that is in a list for every channel."""
    if isinstance(value, list):
        (value,) = set(value)
    return float(value)


# --- the way down and up -----------------------------------------------------------------------


def judge_poolings(case, net):
    n = len(net.downs)
    if n != case["floors"]:
        return f"your model has {count(n, 'pooling')}, expected {case['floors']} (floors)"
    steps = [step(floor.entry) for floor in net.floors[1:]]
    if steps != sorted(steps, reverse=True):
        return "your model pools again after it has gone up: first all the way down, then up"
    for layer in net.downs:
        if layer.kind != "MaxPooling2D":
            what = "a strided convolution" if layer.kind == "Conv2D" else layer.kind
            return f"your model goes down by {what}, expected MaxPooling2D"
        if fault := size_fault(layer):
            return fault


def judge_upsampling(case, net):
    n = len(net.ups)
    if n == len(net.downs) != case["floors"]:
        return WAIT
    if n != case["floors"]:
        return (
            f"your model has {count(n, 'upsampling')}, expected {case['floors']}: "
            "one Conv2DTranspose for each pooling"
        )
    for layer in net.ups:
        if layer.kind != "Conv2DTranspose":
            return f"your model goes up by {layer.kind}, expected Conv2DTranspose"
        if fault := size_fault(layer):
            return fault
        if activation(layer) not in ("linear", "relu"):
            return f"a Conv2DTranspose has the activation {activation(layer)}, expected none"


def _path_is_right(case, net):
    """As many floors down as up: else nobody can say which floor is which."""
    steps = [step(floor.entry) for floor in net.floors[1:]]
    return steps == [1] * case["floors"] + [-1] * case["floors"]


# --- what stands on the floors -----------------------------------------------------------------


def judge_convolutions(case, net):
    if not _path_is_right(case, net):
        return WAIT
    for floor in net.floors:
        n, convs = len(floor.convs), case.get("convs", 2)
        if n != convs:
            return f"{floor.name} has {count(n, 'convolution')}, expected {convs} (convs)"
        for layer in floor.convs:
            if fault := _convolution_fault(floor, layer):
                return fault
        if fault := _activation_fault(floor):
            return fault
    for layer in net.layers.values():
        if layer.kind in BORDERS:
            return f"there is a {layer.kind}, expected convolutions with padding='same' instead"
    return dropout_fault(net)


def dropout_fault(net):
    """Whether nothing drops more than half of the features."""
    for layer in net.layers.values():
        if layer.kind in DROPOUTS and not _is_small(layer.config.get("rate")):
            rate = short(layer.config.get("rate"), 12)
            return f"a {layer.kind} has the rate {rate}, expected at most {MAX_DROPOUT}"


def _is_small(rate):
    return isinstance(rate, int | float) and 0 <= rate <= MAX_DROPOUT


def _convolution_fault(floor, layer):
    if layer.pair("kernel_size") != (3, 3):
        return f"{floor.name} has a {by(layer.pair('kernel_size'))} convolution, expected 3×3"
    if layer.config.get("padding") != "same":
        return f"a convolution of {floor.name} shrinks the image: use padding='same'"
    if layer.pair("dilation_rate") != (1, 1) or layer.number("groups") != 1:
        return f"a convolution of {floor.name} has dilation_rate or groups, expected none"


def _activation_fault(floor):
    """Every convolution has its ReLU, and nothing else has another activation."""
    before, *groups = (set(map(activation, group)) for group in grouped(floor.layers))
    if odd := before - {"relu", "linear"}:
        return f"{floor.name} has the activation {odd.pop()}, expected ReLU"
    for group in groups:
        if group - {"linear"} != {"relu"}:
            has = " and ".join(sorted(group - {"linear"})) or "no activation"
            return f"a convolution of {floor.name} has {has}, expected ReLU"


def judge_channels(case, net):
    if not _path_is_right(case, net):
        return WAIT
    for floor in net.floors:
        for layer in floor.convs:
            if fault := _channels_fault(case, floor, layer):
                return f"{floor.name} {fault}"
    for floor in net.floors:
        transposed = floor.entry and floor.entry.kind == "Conv2DTranspose"
        if transposed and (fault := _channels_fault(case, floor, floor.entry)):
            return f"the Conv2DTranspose to floor {floor.level} {fault}"


def _channels_fault(case, floor, layer):
    has, expected = layer.number("filters"), case["n_ch"] * 2**floor.level
    if has != expected:
        return f"has {count(has, 'channel')}, expected {expected} (n_ch·2^{floor.level})"


# --- the skips ---------------------------------------------------------------------------------


def judge_skips(case, net):
    if not _path_is_right(case, net):
        return WAIT
    floors, joins = case["floors"], []
    for down, up in zip(net.floors[:floors], reversed(net.floors[floors + 1 :]), strict=True):
        merges = [layer for layer in up.layers if layer.kind in MERGES]
        if not merges:
            return f"{up.name} joins nothing: Concatenate the features kept on floor {up.level}"
        if fault := _join_fault(net, down, up, merges[0]):
            return f"{up.name} {fault}"
        joins.append(merges[0])
    for layer in net.spine:
        if layer.kind in MERGES and layer not in joins:
            return f"there is a layer {layer.kind} where no skip joins, expected none"
    on_spine = {layer.name for layer in net.spine}
    for layer in net.layers.values():
        if layer.name not in on_spine and activation(layer) not in ("relu", "linear"):
            return f"a skip passes through {activation(layer)}, expected the features themselves"


def _join_fault(net, down, up, merge):
    if merge.kind != "Concatenate":
        return f"joins its skip by {merge.kind}, expected Concatenate"
    if merge.config.get("axis") not in (-1, 3):
        return f"concatenates along axis {short(merge.config.get('axis'), 20)}, expected -1"
    ways = [net.way_back(name) for name in merge.inputs]
    sources = [way[-1] for way in ways]
    if len(sources) != 2:
        return f"joins {len(sources)} tensors, expected 2: the upsampled one and the skip"
    if up.entry not in sources:
        return "joins its skip after a convolution, expected right after the Conv2DTranspose"
    way = ways[sources[0] is up.entry]
    kept = net.source(net.floors[net.floors.index(down) + 1].entry.inputs[0])
    if way[-1] is kept:
        return _early_fault(down, way)
    return _origin_fault(net, down, up, way[-1])


def _early_fault(down, way):
    """Whether the skip leaves its floor before the last convolution's normalization and ReLU."""
    conv = way[-1]
    if conv.kind != "Conv2D" or activation(conv) == "relu":
        return None
    after = down.layers[down.layers.index(conv) + 1 :]
    relus = [i for i, layer in enumerate(after) if activation(layer) == "relu"]
    if not relus:
        return None  # that is the fault of the convolutions
    needed = [layer for layer in after[: relus[0]] if layer.kind == "BatchNormalization"]
    missing = [layer.kind for layer in needed if layer not in way]
    if not any(activation(layer) == "relu" for layer in way):
        missing.append("ReLU")
    if missing:
        return f"joins features from before the {' and '.join(missing)} of {down.name}"


def _origin_fault(net, down, up, skip):
    if skip is up.entry:
        return "joins the upsampled features with themselves"
    if skip.kind in POOLINGS:
        return "joins features from after a pooling: keep them before you pool"
    if skip in down.layers:
        return f"joins features from before the last convolution of {down.name}"
    origin = [floor.name for floor in net.floors if skip in floor.layers]
    where = origin[0] if origin else f"a {skip.kind} beside the way down and up"
    return f"joins features of {where}, expected those of {down.name}"


# --- the output --------------------------------------------------------------------------------


def judge_output(case, net):
    return end_fault(net) or _output_size_fault(case, net) or dtype_fault(net)


def end_fault(net):
    """Whether the end is a 1×1 convolution to 1 channel, with a sigmoid."""
    if not net.end:
        return "your model does not end with a 1×1 convolution to 1 channel"
    head, *rest = net.end
    if head.number("filters") != 1:
        return f"the output has {head.number('filters')} channels, expected 1"
    if head.pair("kernel_size") != (1, 1):
        return f"the last convolution is {by(head.pair('kernel_size'))}, expected 1×1"
    if head.pair("dilation_rate") != (1, 1) or head.number("groups") != 1:
        return "the last convolution has dilation_rate or groups, expected none"
    after = [name for name in map(activation, net.end) if name != "linear"]
    if after != ["sigmoid"]:
        return f"the output has {' and '.join(after) or 'no activation'}, expected a sigmoid"
    if bad := [layer.kind for layer in rest if layer.kind not in PASS]:
        return f"a {bad[0]} comes after the last convolution, expected only the sigmoid"
    sigmoid = [activation(layer) for layer in net.end].index("sigmoid")
    for i, layer in enumerate(net.end):
        if layer.kind in ("BatchNormalization", *DROPOUTS):
            if i > sigmoid:
                return f"something comes after the sigmoid, which should be the last: {layer.kind}"
            return f"a {layer.kind} comes between the last convolution and the sigmoid"


def _output_size_fault(case, net):
    if not takes(case, net):
        return None  # its size is the fault of the input
    size = output_size(tuple(case["input_shape"][:2]), net.spine)
    if size != tuple(case["input_shape"][:2]):
        return f"the output is {by(size)} pixels, expected the size of the input"


def dtype_fault(net):
    """Whether the output is of a kind that has room for values between 0 and 1."""
    if net.dtype and "float" not in net.dtype:
        return f"the output is {short(net.dtype, 12)}, expected float32"


PARTS = {
    "input": judge_input,
    "poolings": judge_poolings,
    "convolutions": judge_convolutions,
    "channels": judge_channels,
    "upsampling": judge_upsampling,
    "skips": judge_skips,
    "output": judge_output,
}
