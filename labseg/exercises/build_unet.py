"""The U-Net exercise: build_unet(input_shape, n_ch, floors, convs=2).

The answer is the configuration of the model that was built. It is read as data, never built
again, and compared part by part with what was asked.
"""

import random
import re
from functools import partial

from labseg.errors import InvalidValue
from labseg.exercises.answers import models
from labseg.exercises.exercise import Exercise
from labseg.exercises.judge import attempt, fault_of, raised
from labseg.exercises.unet_floors import PASS, POOLINGS, activation, output_size, read_net, step
from labseg.exercises.verdict import short
from labseg.layers import MERGES

POINTS = {
    "model": 1,
    "input": 1,
    "poolings": 1,
    "convolutions": 1,
    "channels": 1,
    "upsampling": 1,
    "skips": 2,
    "output": 1,
    "sizes": 1,
}

HINTS = [
    "A U-Net goes down and up again. Going down, each floor convolves, keeps its features for "
    "later and halves the size; going up, each floor doubles the size and joins what was kept "
    "on the same floor. What was kept last is needed first.",
    "One block serves everywhere: write a small function that calls `convs` convolutions "
    '(Conv2D, 3 × 3, padding="same", ReLU) one after another. It is used `floors` times going '
    "down, once at the bottom and `floors` times going up.",
    "Floor k has n_ch * 2**k channels: k = 0, 1, …, floors - 1 going down, k = floors at the "
    "bottom, and the same floors backwards, reversed(range(floors)), going up. Append each "
    "floor's features to a list before you pool them.",
    "First, raise InvalidValue(…) if 2**floors does not divide both sizes (use %). The model "
    "begins with keras.Input(input_shape) and Rescaling(1 / 255). One step up is "
    "Conv2DTranspose(channels, 2, strides=2), then Concatenate()([x, kept]), then the block. "
    'The end is Conv2D(1, 1, activation="sigmoid").',
    """the whole, in words:
    refuse a size that cannot be halved `floors` times
    x = the input, scaled
    for each floor, from the top:    x = block(x); keep x; x = x pooled
    x = block(x)                     (the bottom)
    for each floor, from below:      x = x upsampled; x = x joined with what was kept; x = block(x)
    return keras.Model(the input, a 1 × 1 convolution of x)""",
]


# --- what is asked -------------------------------------------------------------------------


def draw_cases(seed=0):
    """Parameters to try: five that have an answer, then two sizes that must be refused."""
    rng = random.Random(seed)
    n_ch = rng.sample([3, 5, 6, 7, 9, 10, 11], 7)
    convs = [*rng.sample([1, 2, 3], 3), rng.choice([1, 3])]
    cases = []
    for i, floors in enumerate([1, 2, 3, 4, 0, 3, 3]):
        # Most sizes suit any number of floors, so that one mistake does not look like another.
        step = 2 if floors == 1 else 16
        size = [step * m for m in rng.sample(range(16 // step, 64 // step + 1), 2)]
        if i >= 5:
            size[i - 5] += 4  # divisible by 4, not by 8: first the height, then the width
        case = {"input_shape": [*size, 1 if i == 1 else 3], "n_ch": n_ch[i], "floors": floors}
        cases.append(case | ({"convs": convs[i]} if i < 4 else {}))  # else its default, 2
    return cases


def _with(case):
    text = "input_shape={}, n_ch={}, floors={}, convs={}"
    numbers = (case["n_ch"], case["floors"], case.get("convs", "2 (its default)"))
    return "with " + text.format(tuple(case["input_shape"]), *numbers)


def _divisible(case):
    return all(size % 2 ** case["floors"] == 0 for size in case["input_shape"][:2])


NO_MODEL = "judged once the function returns models"
WAIT = "judged once there are as many poolings and upsamplings as floors"

# --- the parts: each gives a sentence about what is wrong, or None ----------------------------


def _input(case, net):
    shape = _input_shape(net)
    if shape != case["input_shape"]:
        shape = ", ".join(map(str, shape)) if isinstance(shape, list) else "unknown"
        return f"your model takes images of shape ({short(shape, 40)}): use input_shape"
    scalings = [layer for layer in net.layers.values() if layer.kind == "Rescaling"]
    if not scalings:
        return "nothing scales the images, which come as 0 to 255: begin with Rescaling(1/255)"
    if len(scalings) > 1:
        return f"the images are scaled {len(scalings)} times, expected once"
    if net.spine[1] is not scalings[0]:
        return "the scaling is not the first layer after the input"
    scale, offset = (scalings[0].config.get(key) for key in ("scale", "offset"))
    numbers = isinstance(scale, int | float) and isinstance(offset, int | float)
    if not (numbers and abs(255 * scale - 1) < 1e-4 and abs(offset) < 1e-6):
        has = f"scale {short(scale, 12)} and offset {short(offset, 12)}"
        return f"the Rescaling has {has}, expected 1/255 and 0"


def _input_shape(net):
    shape = net.spine[0].config.get("batch_shape")
    return shape[1:] if isinstance(shape, list) else shape


def _poolings(case, net):
    n = len(net.downs)
    if n != case["floors"]:
        return f"your model has {_count(n, 'pooling')}, expected {case['floors']} (floors)"
    steps = [step(floor.entry) for floor in net.floors[1:]]
    if steps != sorted(steps, reverse=True):
        return "your model pools again after it has gone up: first all the way down, then up"
    for layer in net.downs:
        if layer.kind != "MaxPooling2D":
            what = "a strided convolution" if layer.kind == "Conv2D" else layer.kind
            return f"your model goes down by {what}, expected MaxPooling2D"
        if layer.pair("pool_size") != (2, 2) or layer.pair("strides") != (2, 2):
            return f"a pooling is {_by(layer.pair('pool_size'))}, expected 2×2 with strides of 2"


def _count(n, thing):
    return f"{n} {thing}" + ("" if n == 1 else "s")


def _by(pair):
    return f"{pair[0]}×{pair[1]}"


def _upsampling(case, net):
    n = len(net.ups)
    if n == len(net.downs) != case["floors"]:
        return WAIT
    if n != case["floors"]:
        return (
            f"your model has {_count(n, 'upsampling')}, expected {case['floors']}: "
            "one Conv2DTranspose for each pooling"
        )
    for layer in net.ups:
        if layer.kind != "Conv2DTranspose":
            return f"your model goes up by {layer.kind}, expected Conv2DTranspose"
        kernel, strides = layer.pair("kernel_size"), layer.pair("strides")
        if strides != (2, 2):
            return f"a Conv2DTranspose has strides {_by(strides)}, expected 2×2 to double the size"
        if kernel not in ((2, 2), (3, 3), (4, 4)):
            return f"a Conv2DTranspose is {_by(kernel)}, expected 2×2 (3×3 and 4×4 will do)"
        if kernel != (2, 2) and layer.config.get("padding") != "same":
            return f"a {_by(kernel)} Conv2DTranspose needs padding='same' to double the size"
        if activation(layer) not in ("linear", "relu"):
            return f"a Conv2DTranspose has the activation {activation(layer)}, expected none"


def _path_is_right(case, net):
    """As many floors down as up: else nobody can say which floor is which."""
    steps = [step(floor.entry) for floor in net.floors[1:]]
    return steps == [1] * case["floors"] + [-1] * case["floors"]


def _convolutions(case, net):
    if not _path_is_right(case, net):
        return WAIT
    convs = case.get("convs", 2)
    for floor in net.floors:
        n = len(floor.convs)
        if n != convs:
            return f"{floor.name} has {_count(n, 'convolution')}, expected {convs} (convs)"
        for layer in floor.convs:
            if layer.pair("kernel_size") != (3, 3):
                size = _by(layer.pair("kernel_size"))
                return f"{floor.name} has a {size} convolution, expected 3×3"
            if layer.config.get("padding") != "same":
                return f"a convolution of {floor.name} shrinks the image: use padding='same'"
            if layer.pair("dilation_rate") != (1, 1) or layer.number("groups") != 1:
                return f"a convolution of {floor.name} has dilation_rate or groups, expected none"
        before, *groups = _activations(floor)
        if odd := before - {"relu", "linear"}:
            return f"{floor.name} has the activation {odd.pop()}, expected ReLU"
        for group in groups:
            if group - {"linear"} != {"relu"}:
                has = " and ".join(sorted(group - {"linear"})) or "no activation"
                return f"a convolution of {floor.name} has {has}, expected ReLU"


def _activations(floor):
    """The activations before the first convolution of a floor, then those of each."""
    groups = [set()]
    for layer in floor.layers:
        if layer.kind == "Conv2D":
            groups.append(set())
        groups[-1].add(activation(layer))
    return groups


def _channels(case, net):
    if not _path_is_right(case, net):
        return WAIT
    for floor in net.floors:
        expected = case["n_ch"] * 2**floor.level
        for layer in floor.convs:
            if layer.number("filters") != expected:
                return (
                    f"{floor.name} has {layer.number('filters')} channels, "
                    f"expected {expected} (n_ch·2^{floor.level})"
                )


def _skips(case, net):
    if not _path_is_right(case, net):
        return WAIT
    floors, joins = case["floors"], []
    for down, up in zip(net.floors[:floors], reversed(net.floors[floors + 1 :]), strict=True):
        merges = [layer for layer in up.layers if layer.kind in MERGES]
        if not merges:
            return f"{up.name} joins nothing: Concatenate the features kept on floor {up.level}"
        if fault := _join(net, down, up, merges[0]):
            return f"{up.name} {fault}"
        joins.append(merges[0])
    for layer in net.spine:
        if layer.kind in MERGES and layer not in joins:
            return f"there is a layer {layer.kind} where no skip joins, expected none"
    on_spine = {layer.name for layer in net.spine}
    for layer in net.layers.values():
        if layer.name not in on_spine and activation(layer) not in ("relu", "linear"):
            return f"a skip passes through {activation(layer)}, expected the features themselves"


def _join(net, down, up, merge):
    if merge.kind != "Concatenate":
        return f"joins its skip by {merge.kind}, expected Concatenate"
    if merge.config.get("axis") not in (-1, 3):
        return f"concatenates along axis {short(merge.config.get('axis'), 20)}, expected -1"
    sources = [net.source(name) for name in merge.inputs]
    if len(sources) != 2:
        return f"joins {len(sources)} tensors, expected 2: the upsampled one and the skip"
    if up.entry not in sources:
        return "joins its skip after a convolution, expected right after the Conv2DTranspose"
    skip = sources[1] if sources[0] is up.entry else sources[0]
    kept = net.source(net.floors[net.floors.index(down) + 1].entry.inputs[0])
    if skip is kept:
        return None
    if skip is up.entry:
        return "joins the upsampled features with themselves"
    if skip.kind in POOLINGS:
        return "joins features from after a pooling: keep them before you pool"
    if skip in down.layers:
        return f"joins features from before the last convolution of {down.name}"
    origin = [floor.name for floor in net.floors if skip in floor.layers]
    where = origin[0] if origin else f"a {skip.kind} beside the way down and up"
    return f"joins features of {where}, expected those of {down.name}"


def _output(case, net):
    if not net.end:
        return "your model does not end with a 1×1 convolution to 1 channel"
    head, *rest = net.end
    if head.number("filters") != 1:
        return f"the output has {head.number('filters')} channels, expected 1"
    if head.pair("kernel_size") != (1, 1):
        return f"the last convolution is {_by(head.pair('kernel_size'))}, expected 1×1"
    after = [name for name in map(activation, net.end) if name != "linear"]
    if after != ["sigmoid"]:
        return f"the output has {' and '.join(after) or 'no activation'}, expected a sigmoid"
    if bad := [layer.kind for layer in rest if layer.kind not in PASS]:
        return f"a {bad[0]} comes after the last convolution, expected only the sigmoid"
    if activation(net.end[-1]) != "sigmoid":
        return "something comes after the sigmoid, which should be the last"
    if _input_shape(net) != case["input_shape"]:
        return None  # its size is the fault of the input
    size = output_size(case["input_shape"][:2], net.spine)
    if size != tuple(case["input_shape"][:2]):
        return f"the output is {_by(size)} pixels, expected the size of the input"


PARTS = {
    "input": _input,
    "poolings": _poolings,
    "convolutions": _convolutions,
    "channels": _channels,
    "upsampling": _upsampling,
    "skips": _skips,
    "output": _output,
}

# --- the verdict ---------------------------------------------------------------------------

ENOUGH = 3  # models: fewer say too little about the other parts

# What a function that ignores a parameter builds every time.
FIXED = {
    "poolings": ("floors", lambda net: len(net.downs)),
    "convolutions": ("convs", lambda net: len(net.floors[0].convs)),
    "channels": ("n_ch", lambda net: net.floors[0].convs[0].number("filters")),
}


def faults(cases, answers):
    """{part: what is wrong with it, or None}, from an answer for each case."""
    pairs = list(zip(cases, answers, strict=True))
    asked = [pair for pair in pairs if _divisible(pair[0])]
    built = [(case, *attempt(_net, answer)) for case, answer in asked]
    models = [(case, net) for case, net, fault in built if not fault]
    found = {"model": _first((case, fault) for case, _, fault in built)}
    for name, judge_part in PARTS.items():
        found[name] = _judge(name, judge_part, models) if len(models) >= ENOUGH else NO_MODEL
    refusals = [
        (case, fault_of(_refusal, case, answer)) for case, answer in pairs if not _divisible(case)
    ]
    found["sizes"] = _first(refusals) if models else NO_MODEL
    return found


def _first(faults):
    """The first fault, with the parameters that showed it; None if there is none."""
    for case, fault in faults:
        if fault:
            return fault if fault == WAIT else f"{_with(case)}: {fault}"


def _judge(name, judge_part, models):
    fault = _first((case, fault_of(judge_part, case, net)) for case, net in models)
    if fault and fault != WAIT and name in FIXED:
        key, observe = FIXED[name]
        seen = {attempt(observe, net)[0] for _, net in models}
        asked = {case.get(key, 2) for case, _ in models}
        if len(seen) == 1 < len(asked) and None not in seen:
            return f"the number of {name} does not change with {key}: it is always {seen.pop()}"
    return fault


def _net(answer):
    """The Net of an answer; ValueError if the answer isn't one."""
    if not isinstance(answer, dict):
        raise InvalidValue("there is no answer")
    if "config" in answer:
        return read_net(answer["config"])
    if error := raised(answer):
        if "Concatenate" in error:
            error += " (does each skip join on its own floor, the last one kept first?)"
        raise InvalidValue(error)
    if answer.get("returned") == "NoneType":
        raise InvalidValue("your function returned None: is there a `return` at its end?")
    raise InvalidValue(f"your function returned {short(answer.get('returned'), 40)}, not a model")


def _refusal(case, answer):
    divisor = 2 ** case["floors"]
    size = next(n for n in case["input_shape"][:2] if n % divisor)
    wanted = f"expected a ValueError, since 2**{case['floors']} = {divisor} does not divide {size}"
    if not isinstance(answer, dict) or "error" not in answer:
        return f"no exception, {wanted}"
    if answer["error"] != "ValueError":
        return f"your function raised {short(answer['error'], 40)}, {wanted}"
    message = short(answer.get("message"))
    numbers = re.findall(r"\d+", message)
    power = re.search(rf"2\s*(\*\*|\^)\s*{case['floors']}\b", message)
    if "(None, " in message:  # Keras stumbled, over shapes that nobody has asked for
        return f"Keras raised the ValueError, on joining a skip; raise your own first: {wanted}"
    if str(size) not in numbers or not (power or str(divisor) in numbers):
        says = f"the ValueError says {short(message, 80)!r}"
        return f"{says}, expected a sentence with {size} and 2**{case['floors']} = {divisor}"


EXERCISE = Exercise(
    name="build_unet",
    notebook="04_unet",
    minutes=25,
    points=POINTS,
    cases=draw_cases,
    answers=partial(models, optional=("convs",)),
    faults=faults,
    hints=tuple(HINTS),
)
