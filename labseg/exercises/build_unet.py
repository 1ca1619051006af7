"""The U-Net exercise: build_unet(input_shape, n_ch, floors, convs=2).

The answer is the configuration of the model that was built. It is read as data, never built
again, and compared part by part (unet_parts.py) with what was asked.
"""

import random
import re
from functools import partial
from itertools import pairwise

from labseg.exercises.answers import models
from labseg.exercises.exercise import Exercise
from labseg.exercises.graphs import first_fault, net_of, part_fault
from labseg.exercises.judge import attempt, fault_of, raised
from labseg.exercises.unet_floors import activation
from labseg.exercises.unet_parts import PARTS
from labseg.exercises.unet_sizes import UPSAMPLINGS, blame, by
from labseg.exercises.verdict import short

CALL = "build_unet(input_shape, n_ch, floors, convs=2)"
POINTS = {
    "model": 1,
    "input": 1,
    "poolings": 1,
    "convolutions": 2,
    "channels": 2,
    "upsampling": 2,
    "skips": 3,
    "output": 1,
    "sizes": 1,
}

HINTS = [
    "A U-Net goes down and up again. Going down, each floor convolves, keeps its features for "
    "later and halves the size; going up, each floor doubles the size and joins what was kept "
    "on the same floor. What was kept last is needed first.",
    "One block serves everywhere: your conv_block, or else a small function that calls `convs` "
    'convolutions (Conv2D, 3 × 3, padding="same", then ReLU) one after another. '
    "BatchNormalization between convolution and ReLU is recommended: the network then learns "
    "faster. The block is used `floors` times going down, once at the bottom and `floors` times "
    "going up.",
    "Floor k has n_ch * 2**k channels: k = 0, 1, …, floors - 1 going down, k = floors at the "
    "bottom, and the same floors backwards, reversed(range(floors)), going up. Append each "
    "floor's features to a list before you pool them.",
    "First, raise ValueError(…) if 2**floors does not divide both sizes (use %). The model "
    "begins with keras.Input(input_shape) and Rescaling(1 / 255). One step up is your up, that is "
    "Conv2DTranspose(channels, 2, strides=2), then Concatenate()([x, kept]); the block follows. "
    'The end is Conv2D(1, 1, activation="sigmoid").',
    """The whole, in words:
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

# --- the verdict ---------------------------------------------------------------------------

ENOUGH = 3  # models: fewer say too little about the other parts

# What a function that ignores a parameter builds every time, on each level.
FIXED = {
    "poolings": ("poolings", "floors", lambda net: {0: len(net.downs)}),
    "convolutions": ("convolutions", "convs", lambda net: {0: len(net.floors[0].convs)}),
    "channels": (
        "channels",
        "n_ch",
        lambda net: {floor.level: floor.convs[0].number("filters") for floor in net.floors},
    ),
}


def faults(cases, answers):
    """{part: what is wrong with it, or None}, from an answer for each case."""
    pairs = list(zip(cases, answers, strict=True))
    asked = [pair for pair in pairs if _divisible(pair[0])]
    built = [(case, *attempt(_net, case, answer)) for case, answer in asked]
    models = [(case, net) for case, net, fault in built if not fault]
    found = {"model": first_fault([(case, fault) for case, _, fault in built], _with)}
    for name, judge_part in PARTS.items():
        enough = len(models) >= ENOUGH
        found[name] = part_fault(judge_part, models, _with, FIXED.get(name)) if enough else NO_MODEL
    refusals = [
        (case, fault_of(_refusal, case, answer)) for case, answer in pairs if not _divisible(case)
    ]
    found["sizes"] = first_fault(refusals, _with) if models else NO_MODEL
    return found


def _net(case, answer):
    return net_of(answer, CALL, partial(_explained, case))


def _explained(case, answer):
    """What was raised; if Keras raised it, over sizes that don't match, then why."""
    error = raised(answer)
    if "ValueError" not in _kinds(answer) or not answer.get("layers"):
        return error
    if cause := attempt(blame, case["floors"], answer["layers"])[0]:
        return f"Keras cannot build the model, since {cause}"
    if cause := attempt(_skip_size, case, answer)[0]:
        return f"Keras cannot build the model, since {cause}"
    if re.search("concatenat|incompatible shapes", error, re.IGNORECASE):
        return f"{error} (does each skip join on its own floor, the last one kept first?)"
    return error


def _skip_size(case, answer):
    """What is wrong with the size of a skip that can't be joined, or None."""
    called = [entry["class_name"] for entry in answer["layers"]]
    level = case["floors"] - sum(kind in UPSAMPLINGS for kind in called)
    expected = tuple(n // 2**level for n in case["input_shape"][:2])
    pairs = re.findall(r"\(None, (\d+), (\d+), \d+\)", short(answer.get("message")))
    sizes = [(int(height), int(width)) for height, width in pairs]
    if len(sizes) != 2 or sizes.count(expected) != 1:
        return None
    skip = sizes[sizes[0] == expected]
    half = tuple(n // 2 for n in expected)
    remedy = (
        "keep the features before you pool them"
        if skip == half and level == case["floors"] - 1  # no smaller floor was kept
        else "each skip joins on its own floor, and what was kept last is needed first"
    )
    return (
        f"the skip joined on floor {level} has {by(skip)} pixels, expected {by(expected)}: {remedy}"
    )


def _kinds(answer):
    """The names of the exception's class and of those it derives from."""
    kinds = answer.get("kinds")
    return [answer.get("error"), *(kinds if isinstance(kinds, list) else ())]


def _refusal(case, answer):
    divisor = 2 ** case["floors"]
    size = next(n for n in case["input_shape"][:2] if n % divisor)
    wanted = f"expected a ValueError, since 2**{case['floors']} = {divisor} does not divide {size}"
    if not isinstance(answer, dict) or "error" not in answer:
        return f"no exception, {wanted}"
    if "ValueError" not in _kinds(answer):
        return f"your function raised {short(answer['error'], 40)}, {wanted}"
    message = short(answer.get("message"))
    if "(None, " in message and answer.get("layers"):  # over shapes that nobody has asked for
        return f"Keras raised the ValueError, on joining a skip; raise your own first: {wanted}"
    if str(size) not in re.findall(r"\d+", message) or not _names_divisor(case["floors"], message):
        says = f"the ValueError says {short(message, 80)!r}"
        return f"{says}, expected a sentence with {size} and 2**{case['floors']} = {divisor}"


SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def _names_divisor(floors, message):
    """Whether a message has 8, 2**3, 2^3, 2³, 2 to the power of 3, or 2**floors beside a 3."""
    message = re.sub("[⁰¹²³⁴-⁹]+", lambda found: "^" + found[0].translate(SUPERSCRIPTS), message)
    numbers = re.findall(r"\d+", message)
    to_the = r"\b2\s*(?:\*\*|\^|(?:raised )?to (?:the )?(?:power )?(?:of )?)\s*"
    return (
        str(2**floors) in numbers
        or re.search(rf"{to_the}{floors}\b", message)
        or (re.search(rf"{to_the}\{{?floors\b", message) and str(floors) in numbers)
    )


# --- what to say to a right answer -------------------------------------------------------------


def remark(cases, answers):
    """What could be better in a right answer, a sentence each."""
    pairs = zip(cases, answers, strict=True)
    nets = [net_of(answer, CALL) for case, answer in pairs if _divisible(case)]
    classes = {name for answer in answers for name in answer.get("classes", [])}
    remarks = {
        "There is no BatchNormalization. It is recommended: without it the network needs a lower "
        "learning rate, which the lesson then takes.": not any(
            layer.kind == "BatchNormalization" for net in nets for layer in net.layers.values()
        ),
        "BatchNormalization usually stands before ReLU, not after it.": any(
            _normalizes_late(net) for net in nets
        ),
        "keras.Input(input_shape) would let Keras check the size of the images.": any(
            None in net.spine[0].config["batch_shape"][1:] for net in nets
        ),
        f"It holds classes of your own ({', '.join(sorted(classes))}), and Keras does not load "
        "such a model from its file: turn them into functions before you train it.": classes,
    }
    return " ".join(text for text, holds in remarks.items() if holds)


def _normalizes_late(net):
    pairs = (pair for floor in net.floors for pair in pairwise(floor.layers))
    return any(
        layer.kind == "BatchNormalization" and activation(before) == "relu"
        for before, layer in pairs
    )


EXERCISE = Exercise(
    name="build_unet",
    notebook="04_unet",
    minutes=17,
    points=POINTS,
    cases=draw_cases,
    answers=partial(models, optional=("convs",)),
    faults=faults,
    hints=tuple(HINTS),
    remark=remark,
)
