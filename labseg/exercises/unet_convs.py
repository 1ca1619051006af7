"""A row of 3×3 convolutions, each with its ReLU: what build_cnn and conv_block are made of.

Each function gives a sentence about what is wrong, or None.
"""

from labseg.exercises.graphs import count
from labseg.exercises.unet_floors import activation
from labseg.exercises.unet_sizes import by


def convolutions(layers):
    return [layer for layer in layers if layer.kind == "Conv2D"]


def grouped(layers):
    """[what comes before the first convolution, the first and what follows it, …]."""
    groups = [[]]
    for layer in layers:
        if layer.kind == "Conv2D":
            groups.append([])
        groups[-1].append(layer)
    return groups


def number_fault(layers, expected, name):
    """Whether there are as many convolutions as the argument `name` asks for."""
    n = len(convolutions(layers))
    if n != expected:
        has = f"there {'is' if n == 1 else 'are'} {count(n, 'convolution')}"
        return f"{has}, expected {expected} ({name})"


def _which(i, n):
    return "the convolution" if n == 1 else f"convolution {i + 1} of {n}"


def kernel_fault(layers):
    """Whether each convolution is 3×3 and keeps the size."""
    convs = convolutions(layers)
    for i, layer in enumerate(convs):
        which = _which(i, len(convs))
        if layer.pair("kernel_size") != (3, 3):
            return f"{which} is {by(layer.pair('kernel_size'))}, expected 3×3"
        if layer.pair("strides") != (1, 1):
            strides = by(layer.pair("strides"))
            return f"{which} has strides {strides}, expected none: it should keep the size"
        if layer.config.get("padding") != "same":
            return (
                f"{which} has padding='valid' (the default), which takes 2 pixels from the height "
                "and the width: use padding='same'"
            )
        if layer.pair("dilation_rate") != (1, 1) or layer.number("groups") != 1:
            return f"{which} has dilation_rate or groups, expected none"


def relu_fault(layers):
    """Whether each convolution has a ReLU, and nothing has another activation."""
    before, *groups = map(_activations, grouped(layers))
    missing = [i for i, found in enumerate(groups) if found != {"ReLU"}]
    if before and missing:
        return f"{before.pop()} comes before the convolution, expected ReLU after it"
    if before:
        return f"{before.pop()} comes before the first convolution, expected ReLU only after each"
    if missing:
        has = " and ".join(sorted(groups[missing[0]])) or "no activation"
        return f"{_which(missing[0], len(groups))} has {has}, expected ReLU"


def _activations(layers):
    found = {activation(layer) for layer in layers} - {"linear"}
    return {"ReLU" if name == "relu" else name for name in found}


def channels_fault(layers, expected, formula):
    """Whether convolution i has expected(i) channels, which `formula` writes as a text."""
    convs = convolutions(layers)
    for i, layer in enumerate(convs):
        has = layer.number("filters")
        if has != expected(i):
            which = _which(i, len(convs))
            return f"{which} has {count(has, 'channel')}, expected {expected(i)} ({formula(i)})"
