"""The exercise up(x, skip, channels): from one floor of a U-Net to the next higher one."""

import random
import re
from functools import partial

from labseg.exercises.answers import tensors
from labseg.exercises.exercise import Exercise
from labseg.exercises.graphs import a, by_graph, count, loose_end
from labseg.exercises.unet_floors import activation
from labseg.exercises.unet_sizes import UPSAMPLINGS, size_fault
from labseg.exercises.unet_steps import describe, read_step
from labseg.exercises.verdict import short
from labseg.layers import ACTIVATIONS, MERGES, Layer

CALL = "up(x, skip, channels)"
ARGUMENTS = ("x", "skip")
POINTS = {"upsampling": 2, "channels": 1, "skip": 2}
ALLOWED = ("Conv2DTranspose", "Concatenate")
NO_TRANSPOSED = "judged once there is a Conv2DTranspose"

HINTS = (
    "Two steps: first double the height and the width of x, then join the result with skip, which "
    "has just this size.",
    "Conv2DTranspose(channels, kernel size, strides=…) doubles the size if the strides are 2 and "
    "the kernel is 2×2. Concatenate puts the channels of several tensors behind one another.",
    "x = layers.Conv2DTranspose(channels, …, strides=…)(x), and then return "
    "layers.Concatenate()([…, …]): a list of two tensors. Which two?",
)


def draw_cases(seed=0):
    """First a skip with as many channels as are asked for; then no two numbers are alike."""
    rng = random.Random(seed)
    numbers = rng.sample([2, 3, 4, 5, 6, 7, 9, 10, 11, 13], 9)
    cases = []
    for i, sizes in enumerate([range(3, 6), range(4, 9), range(6, 12)]):
        height, width = rng.sample(sizes, 2)
        below, beside, channels = numbers[3 * i : 3 * i + 3]
        skip = [2 * height, 2 * width, beside if i else channels]
        cases.append({"x": [height, width, below], "skip": skip, "channels": channels})
    return cases


# --- the parts of the verdict --------------------------------------------------------------


def judge_upsampling(case, step):
    ups = [layer for layer in step.called if layer.kind in UPSAMPLINGS]
    if not step.argument("x"):
        unused = sorted(step.unused & UPSAMPLINGS)
        return loose_end(unused[0]) if unused else "your result does not depend on x"
    if not ups:
        return "nothing doubles the size of x: use Conv2DTranspose"
    if ups[0].kind != "Conv2DTranspose":
        return f"x goes through {a(ups[0].kind)}, expected Conv2DTranspose"
    if len(ups) > 1:
        return f"there are {len(ups)} upsamplings, expected one Conv2DTranspose"
    if fault := size_fault(ups[0]):
        return fault
    if activation(ups[0]) not in ("linear", "relu"):
        return f"the Conv2DTranspose has the activation {activation(ups[0])}, expected none"
    return _before_fault(step, ups[0])


def _before_fault(step, up):
    """Whether x itself is upsampled."""
    *between, start = step.way_back(up.inputs[0])
    if step.given.get(start.name) != "x":
        return "the Conv2DTranspose is called on something else, expected x"
    if between:
        return f"x passes through {a(between[-1].kind)} first, expected the Conv2DTranspose at once"


def judge_channels(case, step):
    ups = _transposed(step)
    if not ups:
        return NO_TRANSPOSED
    has = ups[0].number("filters")
    if has == case["channels"]:
        return None
    alike = [f", as many as {name}" for name in ARGUMENTS if has == case[name][-1]]
    return (
        f"the Conv2DTranspose has {count(has, 'channel')}{''.join(alike)}, "
        f"expected {case['channels']} (channels)"
    )


def _transposed(step):
    return [layer for layer in step.called if layer.kind == "Conv2DTranspose"]


def judge_skip(case, step):
    if not step.argument("skip"):
        return "skip is not used: Concatenate it with the upsampled x"
    merges = [layer for layer in step.called if layer.kind in MERGES]
    if not merges:
        return "skip is not joined with the upsampled x: use Concatenate"
    if len(merges) > 1:
        kinds = " and ".join(layer.kind for layer in merges)
        return f"tensors are joined {len(merges)} times ({kinds}), expected once"
    return _join_fault(step, merges[0]) or _after_fault(step, merges[0])


def _join_fault(step, merge):
    if merge.kind != "Concatenate":
        return f"skip is joined by {merge.kind}, expected Concatenate"
    if merge.config.get("axis") not in (-1, 3):
        axis = short(merge.config.get("axis"), 20)
        return f"the tensors are joined along axis {axis}, expected -1, the channels"
    if len(merge.inputs) != 2:
        return f"{len(merge.inputs)} tensors are joined, expected 2: the upsampled x and skip"
    ways = [step.way_back(name, UPSAMPLINGS) for name in merge.inputs]
    skips = [way for way in ways if step.given.get(way[-1].name) == "skip"]
    if len(skips) != 1:
        return f"skip is joined with {'itself' if skips else 'x twice'}, expected the upsampled x"
    if len(skips[0]) > 1:
        kind = skips[0][-2].kind
        return f"skip passes through {a(kind)} before it is joined, expected skip as it is"
    (other,) = (way for way in ways if way is not skips[0])
    if strangers := [layer.kind for layer in other[:-1] if layer.kind not in AFTER_UP]:
        return (
            f"{a(strangers[-1])} stands between the upsampling and the Concatenate, "
            "expected nothing"
        )


AFTER_UP = {"BatchNormalization", *ACTIVATIONS}


def _after_fault(step, merge):
    layers = step.called
    if after := layers[layers.index(merge) + 1 :]:
        return (
            f"{a(after[0].kind)} comes after the joining, expected nothing: "
            "the block of the floor comes later"
        )


# --- what Keras raised -----------------------------------------------------------------------


def explain(case, answer):
    """Why Keras could not build it, from the layers that were called before it gave up."""
    message = short(answer.get("message"))
    if "broadcast" in message or "incompatible shapes" in message:
        return "skip is added to x or the like, which Keras cannot do here: use Concatenate"
    if not re.search(r"concatenation axis|`axis` dim", message):
        return None
    called = [
        Layer(entry["class_name"], entry["class_name"], entry["config"])
        for entry in answer.get("layers", ())
    ]
    ups = [layer for layer in called if layer.kind in UPSAMPLINGS]
    others = [
        layer.kind for layer in called if layer.kind not in {*UPSAMPLINGS, *MERGES, *AFTER_UP}
    ]
    if not ups and others:
        return f"there is {a(others[0])}, but only Conv2DTranspose doubles the size of x"
    if not ups:
        return "x is joined with skip before it is upsampled: call Conv2DTranspose first"
    if fault := size_fault(ups[-1]):
        return f"Keras cannot join the tensors, since {fault}"
    sizes = set(re.findall(r"\(None, (\d+), (\d+), \d+\)", message))
    if len(sizes) == 1:
        return "the tensors are joined along another axis, expected -1, the channels"
    if others:
        return f"there is {a(others[0])}, so the sizes do not match, expected Conv2DTranspose alone"
    if tuple(str(2 * n) for n in case["skip"][:2]) in sizes:
        return "skip is upsampled, expected x: the arguments come in the order x, skip, channels"
    return (
        "the tensors that are joined have different sizes, "
        f"{' and '.join(sorted('×'.join(size) for size in sizes))}: "
        "join skip with the upsampled x, the result of the Conv2DTranspose"
    )


def read(case, answer):
    return read_step(case, answer, CALL, ALLOWED, ARGUMENTS, partial(explain, case))


faults = partial(
    by_graph,
    read=read,
    parts={"upsampling": judge_upsampling, "channels": judge_channels, "skip": judge_skip},
    describe=partial(describe, arguments=ARGUMENTS),
    ignorable={
        "channels": (
            "channels",
            "channels",
            lambda step: {0: _transposed(step)[0].number("filters")},
        )
    },
)

EXERCISE = Exercise(
    name="up",
    notebook="04_unet",
    minutes=6,
    points=POINTS,
    cases=draw_cases,
    answers=partial(tensors, inputs=ARGUMENTS),
    faults=faults,
    hints=HINTS,
    remark=lambda cases, answers: (
        "Notice that the result has the channels of both, side by side: the features from below "
        "have seen more of the picture, skip has the finer detail. The block that follows mixes "
        "the two."
    ),
)
