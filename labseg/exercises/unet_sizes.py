"""What a layer does to the height and width of an image, and what is wrong with that."""

from labseg.errors import InvalidValue
from labseg.layers import BORDERS, MAX_SIZE, POOLINGS, Layer

UPSAMPLINGS = {"Conv2DTranspose", "UpSampling2D"}


def output_size(size, layers):
    """Height and width after all layers, computed here: what a model says of itself is not read."""
    for layer in layers:
        size = tuple(_length(layer, axis, n) for axis, n in enumerate(size))
        if max(size) > MAX_SIZE:
            raise InvalidValue(f"layer {layer.name!r} makes the image too large")
    return size


def _length(layer, axis, n):
    if layer.kind == "UpSampling2D":
        return n * layer.pair("size")[axis]
    if layer.kind in BORDERS:
        change = sum(layer.borders(BORDERS[layer.kind])[axis])
        return n + (change if layer.kind == "ZeroPadding2D" else -change)
    if layer.kind not in ("Conv2D", "Conv2DTranspose", *POOLINGS):
        return n
    same = layer.config.get("padding") == "same"
    stride = layer.pair("strides")[axis]
    k = layer.pair("pool_size" if layer.kind in POOLINGS else "kernel_size")[axis]
    k = (k - 1) * layer.pair("dilation_rate")[axis] + 1
    if layer.kind != "Conv2DTranspose":
        return -(-n // stride) if same else (n - k) // stride + 1
    if layer.config.get("output_padding") is None:
        return n * stride + (0 if same else max(k - stride, 0))
    more = layer.pair("output_padding")[axis]
    return (n - 1) * stride + (k % 2 if same else k) + more


def size_fault(layer):
    """What is wrong with what one layer, as the U-Net has it, does to the size; None if nothing."""
    if layer.kind in POOLINGS:
        size, strides = layer.pair("pool_size"), layer.pair("strides")
        if size != (2, 2):
            return f"a pooling is {by(size)}, expected 2×2 with strides of 2"
        if strides != (2, 2):
            return f"a pooling has strides {by(strides)}, expected 2×2 to halve the size"
    elif layer.kind == "UpSampling2D" and layer.pair("size") != (2, 2):
        return f"an UpSampling2D is {by(layer.pair('size'))}, expected 2×2"
    elif layer.kind == "Conv2DTranspose":
        return _transposed_fault(layer)
    elif layer.kind == "Conv2D" and layer.pair("strides") != (1, 1):
        return f"a Conv2D has strides {by(layer.pair('strides'))}, expected none"
    elif layer.kind == "Conv2D" and output_size((99, 99), [layer]) != (99, 99):
        size = by(layer.pair("kernel_size"))
        return f"a Conv2D is {size} with {_padding(layer)}, which shrinks the image: {SAME}"


SAME = "use padding='same'"


def _transposed_fault(layer):
    kernel, strides = layer.pair("kernel_size"), layer.pair("strides")
    if strides != (2, 2):
        return f"a Conv2DTranspose has strides {by(strides)}, expected 2×2 to double the size"
    if layer.pair("dilation_rate") != (1, 1):
        return "a Conv2DTranspose has dilation_rate, expected none"
    if min(kernel) < 2:
        return f"a Conv2DTranspose is {by(kernel)}, which leaves gaps: use a 2×2 kernel"
    more = max(output_size((99, 99), [layer])) - 2 * 99
    if more:
        makes = f"2n {'+' if more > 0 else '−'} {abs(more)}"
        return (
            f"a Conv2DTranspose is {by(kernel)} with {_padding(layer)}, which makes {makes} "
            f"pixels of n: use a 2×2 kernel, or padding='same', which double the size"
        )


def _padding(layer):
    """Its padding as the student wrote it, or didn't."""
    if layer.config.get("output_padding") is not None:
        return "output_padding"
    valid = layer.config.get("padding") in ("valid", None)
    return "padding='valid' (the default)" if valid else "padding='same'"


def blame(floors, called):
    """Why the sizes in a model could not match, from the layers called until it failed, or None.

    `called`: [{"class_name", "config"}, …], from a student's process.
    """
    layers = [Layer(entry["class_name"], entry["class_name"], entry["config"]) for entry in called]
    for before, layer, after in zip([None, *layers], layers, [*layers[1:], None], strict=False):
        if layer.kind == "Conv2D" and before and before.kind in BORDERS:
            fault = _pair_fault(before, layer, 99)
        elif layer.kind == "Conv2DTranspose" and after and after.kind in BORDERS:
            fault = _pair_fault(layer, after, 2 * 99)
        else:
            fault = size_fault(layer)
        if fault:
            return fault
    kinds = [layer.kind for layer in layers]
    way_up = next((i for i, kind in enumerate(kinds) if kind in UPSAMPLINGS), len(kinds))
    n = sum(kind in POOLINGS for kind in kinds[:way_up])
    if way_up < len(kinds) and n != floors:
        return f"there are {n} poolings before the first upsampling, expected {floors} (floors)"
    return None


def _pair_fault(first, second, expected):
    """What is wrong with two layers that together may do what padding="same" does."""
    if output_size((99, 99), [first, second]) != (expected, expected):
        return f"a {first.kind} and a {second.kind} together give another size: {SAME}"


def by(pair):
    return f"{pair[0]}×{pair[1]}"
