"""The exercise build_cnn(input_shape, n_ch, L=3): the first functional model."""

import json
import random
from dataclasses import dataclass
from functools import partial

from labseg.exercises.answers import models
from labseg.exercises.exercise import Exercise
from labseg.exercises.graphs import a, by_graph, loose_end, net_of
from labseg.exercises.unet_convs import (
    channels_fault,
    convolutions,
    kernel_fault,
    number_fault,
    relu_fault,
)
from labseg.exercises.unet_floors import DIVISIONS, DROPOUTS, PASS, Net, activation
from labseg.exercises.unet_parts import dropout_fault, dtype_fault, end_fault, judge_input

CALL = "build_cnn(input_shape, n_ch, L=3)"
ALLOWED = ("InputLayer", "Rescaling", "Conv2D", "ReLU", "Activation")
POINTS = {"input": 2, "convolutions": 4, "channels": 2, "output": 2}

HINTS = (
    "A functional model is a way from a first tensor to a last one: x = keras.Input(…), then each "
    "layer is called on x and gives the next x. At the end, keras.Model takes the first and the "
    "last. Keep the first under a name of its own.",
    "Scale first: Rescaling(1 / 255). Then a loop, for i in range(L), with one convolution in each "
    'round: 3×3, padding="same", activation="relu". Round 0 has n_ch channels, and each '
    "further round twice as many as the one before, that is n_ch times a power of 2.",
    "The loop's line is x = layers.Conv2D(n_ch * 2**i, …)(x). After the loop comes one more "
    'convolution, 1×1, with a single channel and activation="sigmoid". Then return '
    "keras.Model(…, …).",
)


def draw_cases(seed=0):
    """1, 2, 3 (by default) and 4 convolutions."""
    rng = random.Random(seed)
    n_ch = rng.sample([4, 5, 6, 7, 9, 10, 11], 4)  # not 3, as many as colours
    cases = [
        {"input_shape": [*rng.sample(range(12, 49), 2), 3], "n_ch": n, "L": L}
        for n, L in zip(n_ch, [1, 2, 3, 4], strict=True)
    ]
    del cases[2]["L"]
    return cases


def describe(case):
    shape, n_ch, L = tuple(case["input_shape"]), case["n_ch"], case.get("L", "3 (its default)")
    return f"with input_shape={shape}, n_ch={n_ch}, L={L}"


# --- the parts of the verdict --------------------------------------------------------------


@dataclass
class Cnn:
    """A network, its last convolution and what follows it in net.end."""

    net: Net
    body: list  # the layers before that

    @property
    def convs(self):
        return convolutions(self.body)


def read_cnn(case, answer):
    net = net_of(answer, CALL, allowed=ALLOWED)
    layers = net.spine[1:]
    convs = convolutions(layers)
    at = layers.index(convs[-1]) if convs and _is_head(case, layers, convs) else len(layers)
    net.end = layers[at:]
    return Cnn(net, layers[:at])


def _is_head(case, layers, convs):
    """Whether the last convolution seems to be meant as the one that gives the scores."""
    last = convs[-1]
    if last.pair("kernel_size") == (1, 1) or last.number("filters") == 1:
        return True
    after = {activation(layer) for layer in layers[layers.index(last) :]}
    return bool(after & {"sigmoid", "softmax"}) and len(convs) == case.get("L", 3) + 1


def judge_scaled_input(case, cnn):
    fault = judge_input(case, cnn.net)
    if fault and "Rescaling" in cnn.net.unused:
        return (
            "the Rescaling is not part of your model: the next layer has to take its result, and "
            "keras.Model begins with what keras.Input gave"
        )
    return fault


def judge_convolutions(case, cnn):
    expected = case.get("L", 3)
    if fault := _stranger_fault(cnn):
        return fault
    if len(cnn.convs) < expected and "Conv2D" in cnn.net.unused:
        return loose_end("Conv2D")
    name = "L, not counting the last one" if cnn.net.end else "L"
    return (
        number_fault(cnn.body, expected, name)
        or kernel_fault(cnn.body)
        or relu_fault(cnn.body)
        or dropout_fault(cnn.net)
    )


def _stranger_fault(cnn):
    for layer in cnn.net.layers.values():
        if layer not in cnn.net.spine or len(layer.inputs) > 1:
            return "your network has branches, expected one layer after another"
    for layer in cnn.body:
        if layer.kind not in {"Conv2D", "Rescaling", *PASS, *DIVISIONS}:
            return f"there is {a(layer.kind)}, expected only convolutions: the size stays the same"


def judge_channels(case, cnn):
    if not cnn.convs:
        return "judged once there are 3×3 convolutions"
    n_ch = case["n_ch"]
    return channels_fault(cnn.body, lambda i: n_ch * 2**i, lambda i: f"n_ch·2^{i}")


PARTS = {
    "input": judge_scaled_input,
    "convolutions": judge_convolutions,
    "channels": judge_channels,
    "output": lambda case, cnn: end_fault(cnn.net) or dtype_fault(cnn.net),
}

IGNORABLE = {
    "convolutions": (
        "convolutions",
        "L",
        lambda cnn: not cnn.net.unused and not _stranger_fault(cnn) and {0: len(cnn.convs)},
    ),
    "channels": (
        "channels",
        "n_ch",
        lambda cnn: {i: layer.number("filters") for i, layer in enumerate(cnn.convs)},
    ),
}

faults = partial(by_graph, read=read_cnn, parts=PARTS, describe=describe, ignorable=IGNORABLE)


def remark(cases, answers):
    """What could be better in a right answer, a sentence each; else what to notice."""
    nets = [net_of(answer, CALL) for answer in answers]
    kinds = {layer.kind for net in nets for layer in net.layers.values()}
    own = sorted({name for answer in answers for name in answer["classes"]})
    added = sorted(kinds & {"BatchNormalization", *DROPOUTS})
    remarks = {
        "A Sequential model does the same here, but it can't join two ways, as lesson 4 does: try "
        "keras.Input and keras.Model(inputs, outputs), too.": any(map(_is_sequential, answers)),
        f"You added {' and '.join(added)}, which was not asked for: your results may differ a "
        "little from those in the text.": added,
        f"It holds classes of your own ({', '.join(own)}), and Keras does not load such a model "
        "from its file: turn them into functions before you train it.": own,
    }
    found = [text for text, holds in remarks.items() if holds]
    return " ".join(found) or (
        "Notice that only the keras.Input depends on the size of the pictures: the same weights "
        "fit pictures of any size."
    )


def _is_sequential(answer):
    return json.loads(answer["config"])["class_name"] == "Sequential"


EXERCISE = Exercise(
    name="build_cnn",
    notebook="02_baseline_cnn",
    minutes=8,
    points=POINTS,
    cases=draw_cases,
    answers=partial(models, optional=("L",)),
    faults=faults,
    hints=HINTS,
    remark=remark,
)
