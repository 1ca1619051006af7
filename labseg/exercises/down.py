"""The exercise down(x): from one floor of a U-Net to the next lower one."""

import random
from functools import partial

from labseg.exercises.answers import tensors
from labseg.exercises.exercise import Exercise
from labseg.exercises.graphs import a, by_graph, loose_end
from labseg.exercises.unet_sizes import size_fault
from labseg.exercises.unet_steps import describe, read_step
from labseg.layers import POOLINGS

POINTS = {"pooling": 2}

HINTS = (
    "Down halves the height and the width: of 2×2 pixels, only the largest value is kept.",
    "Keras has a layer for it, MaxPooling2D. Its pool_size says how large the squares are, its "
    "strides how far apart; without strides, they lie side by side.",
    "Make the layer, call it on x, and return what you get: return layers.…(2)(x)",
)


def draw_cases(seed=0):
    """Tensors whose height and width are even, but not always divisible by 4."""
    rng = random.Random(seed)
    channels = rng.sample([1, 3, 4, 5, 6, 7, 8], 3)
    return [
        {"x": [*(2 * n for n in rng.sample(sizes, 2)), c]}
        for sizes, c in zip([[2, 3], range(3, 9), range(10, 17)], channels, strict=True)
    ]


def judge_pooling(case, step):
    poolings = [layer for layer in step.called if layer.kind in POOLINGS]
    if not step.called:
        unused = sorted(step.unused & POOLINGS)
        what = "your function returns x as it is, expected half the height and the width"
        return loose_end(unused[0]) if unused else what
    if not poolings:
        return f"x passes through {a(step.called[0].kind)}, expected a MaxPooling2D"
    if poolings[0].kind != "MaxPooling2D":
        return f"there is {a(poolings[0].kind)}, expected a MaxPooling2D"
    if len(poolings) > 1:
        return f"x is pooled {len(poolings)} times, expected once"
    others = [layer.kind for layer in step.called if layer not in poolings]
    if others:
        return f"there is {a(others[0])} beside the MaxPooling2D, expected nothing else"
    return size_fault(poolings[0])


EXERCISE = Exercise(
    name="down",
    notebook="04_unet",
    minutes=2,
    points=POINTS,
    cases=draw_cases,
    answers=partial(tensors, inputs=("x",)),
    faults=partial(
        by_graph,
        read=partial(read_step, call="down(x)", allowed=("MaxPooling2D",)),
        parts={"pooling": judge_pooling},
        describe=describe,
        ignorable={},
    ),
    hints=HINTS,
    remark=lambda cases, answers: (
        "Notice that it has no weights, and that the number of channels stays. Of each square the "
        "largest value is kept, but not where it was: skips will bring back the finer picture."
    ),
)
