"""The exercise conv_block(x, channels, convs): what stands on each floor of a U-Net."""

import random
from functools import partial

from labseg.exercises.answers import tensors
from labseg.exercises.exercise import Exercise
from labseg.exercises.graphs import a, by_graph, loose_end
from labseg.exercises.unet_convs import (
    channels_fault,
    convolutions,
    grouped,
    kernel_fault,
    number_fault,
    relu_fault,
)
from labseg.exercises.unet_floors import activation
from labseg.exercises.unet_steps import describe, read_step
from labseg.layers import ACTIVATIONS

CALL = "conv_block(x, channels, convs)"
POINTS = {"convolutions": 2, "channels": 1, "ReLU": 1}
ALLOWED = ("Conv2D", "BatchNormalization", "ReLU", "Activation")
NO_ROW = "judged once there are convolutions, one after another"

HINTS = (
    "Write a loop that runs `convs` times. In each round, x becomes what a convolution makes of x; "
    "after the loop, return x.",
    'A convolution that keeps the height and the width has padding="same". All of them have the '
    "same number of channels, the argument `channels`. ReLU follows each one, also the last.",
    "One round is x = layers.Conv2D(…, …, padding=…)(x), then x = layers.BatchNormalization()(x) "
    "if you like, then x = layers.ReLU()(x). What belongs in the gaps?",
)


def draw_cases(seed=0):
    """Blocks of 1 to 4 convolutions; no two numbers of channels are alike."""
    rng = random.Random(seed)
    numbers = rng.sample([2, 3, 4, 5, 6, 7, 9, 10, 11, 13], 8)
    return [
        {
            "x": [*rng.sample(range(10, 25), 2), numbers[2 * i]],
            "channels": numbers[2 * i + 1],
            "convs": convs,
        }
        for i, convs in enumerate([1, 2, 3, 4])
    ]


# --- the parts of the verdict --------------------------------------------------------------


def judge_convolutions(case, step):
    if not step.called and not step.unused:
        return "your function returns x as it is"
    if fault := _stranger_fault(step):
        return fault
    layers = step.called
    if len(convolutions(layers)) < case["convs"] and "Conv2D" in step.unused:
        return loose_end("Conv2D")
    return number_fault(layers, case["convs"], "convs") or kernel_fault(layers)


def _stranger_fault(step):
    for layer in step.called:
        if layer.kind not in {"Conv2D", "BatchNormalization", *ACTIVATIONS}:
            return (
                f"there is {a(layer.kind)}, expected only convolutions, BatchNormalization if you "
                "like, and ReLU"
            )


def _is_row(step):
    return convolutions(step.called) and all(len(layer.inputs) == 1 for layer in step.called)


def judge_channels(case, step):
    if not _is_row(step):
        return NO_ROW
    fault = channels_fault(step.called, lambda i: case["channels"], lambda i: "channels")
    if fault and case["channels"] == convolutions(step.called)[0].number("filters"):
        return f"{fault}: within a block, all have the same number"
    return fault


def judge_relu(case, step):
    if not _is_row(step):
        return NO_ROW
    fault = relu_fault(step.called)
    loose = sorted(step.unused & ACTIVATIONS)
    return loose_end(loose[0]) if fault and loose else fault or _order_fault(step.called)


def _order_fault(layers):
    """Whether each BatchNormalization stands between a convolution and its ReLU."""
    before, *groups = grouped(layers)
    if any(layer.kind == "BatchNormalization" for layer in before):
        return f"a BatchNormalization comes before the first convolution: {BETWEEN}"
    for group in groups:
        relu = [activation(layer) for layer in group].index("relu")
        if any(layer.kind == "BatchNormalization" for layer in group[relu:]):
            return f"a BatchNormalization comes after ReLU: {BETWEEN}"


BETWEEN = "if you want one, put it between a convolution and its ReLU"

IGNORABLE = {
    "convolutions": (
        "convolutions",
        "convs",
        lambda step: _is_row(step) and not step.unused and {0: len(convolutions(step.called))},
    ),
    "channels": (
        "channels",
        "channels",
        lambda step: {
            i: layer.number("filters") for i, layer in enumerate(convolutions(step.called))
        },
    ),
}

faults = partial(
    by_graph,
    read=partial(read_step, call=CALL, allowed=ALLOWED),
    parts={
        "convolutions": judge_convolutions,
        "channels": judge_channels,
        "ReLU": judge_relu,
    },
    describe=describe,
    ignorable=IGNORABLE,
)


def remark(cases, answers):
    if any('"BatchNormalization"' in answer["config"] for answer in answers):
        return (
            "Notice that height and width never change in a block: each convolution only looks "
            "one pixel further on every side."
        )
    return (
        "Notice that height and width never change in a block. A BatchNormalization between each "
        "convolution and its ReLU is not demanded, but the network then learns faster."
    )


EXERCISE = Exercise(
    name="conv_block",
    notebook="04_unet",
    minutes=5,
    points=POINTS,
    cases=draw_cases,
    answers=partial(tensors, inputs=("x",)),
    faults=faults,
    hints=HINTS,
    remark=remark,
)
