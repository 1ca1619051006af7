"""The exercise receptive_field(stack): how many pixels, along one side, one output sees."""

from functools import partial, reduce
from itertools import accumulate, combinations
from math import prod

import numpy as np

from labseg.exercises.answers import values
from labseg.exercises.compare import agree, array_of, by_part, ignores, recognise, shown, value_of
from labseg.exercises.exercise import Exercise
from labseg.exercises.judge import attempt
from labseg.exercises.verdict import Fault

CALL = "receptive_field(stack)"
POINTS = {"no layer": 1, "one layer": 1, "convolutions": 3, "strides": 5}
PARTS = ("no layer", *["one layer"] * 3, *["convolutions"] * 2, *["strides"] * 4)

HINTS = (
    "Start at the output, where D = 1, and walk back to the input: the last layer of the stack "
    "comes first. reversed(stack) goes through a list from its end.",
    "Each layer that you pass turns D into stride · (D − 1) + kernel. Try it by hand for a 3×3 "
    "convolution and then a 2×2 pooling: the pooling makes 2 of 1, the convolution 4 of 2.",
    "Keep D in one variable, 1 before the loop. `for kernel, stride in reversed(stack):` gives you "
    "the two numbers of a layer; inside, D gets its new value, and after the loop you return it.",
)


# --- sizes of what one output sees, right and wrong: a stack → a number --------------------------


def _back(step, start=1):
    """A size that changes with each layer from the output back to the input."""
    return lambda stack: reduce(lambda d, layer: step(d, *layer), reversed(stack), start)


def _forth(step, start=1):
    """The same, from the input to the output."""
    return lambda stack: reduce(lambda d, layer: step(d, *layer), stack, start)


def _rule(d, k, s):
    return s * (d - 1) + k


right = _back(_rule)


def _steps(stack):
    """How many pixels lie between neighbouring inputs of each layer; last, between outputs."""
    return list(accumulate((s for _, s in stack), lambda a, b: a * b, initial=1))


def _widened(stack, steps):
    return 1 + sum((k - 1) * step for (k, _), step in zip(stack, steps, strict=True))


START = "begin with D = 1: one output, which sees itself if there is no layer"
FORTH = "this walks from the input to the output: start at the output, with the last layer"
ORDER = "a layer is (kernel, stride), in this order: yours are exchanged"
BRACKETS = "the rule is S·(D − 1) + K: yours computes S·D"
WALK = "walk back from the output with S·(D − 1) + K"
MISTAKES = {
    FORTH: _forth(_rule),
    ORDER: _back(lambda d, k, s: k * (d - 1) + s),
    f"{ORDER}; and start with the last layer": _forth(lambda d, k, s: k * (d - 1) + s),
    "the strides are not used: each multiplies what the layers after it see": _back(
        lambda d, k, s: d - 1 + k
    ),
    "the kernels are not used: each adds to what the layers after it see": _back(
        lambda d, k, s: s * d
    ),
    f"{BRACKETS} + K": _back(lambda d, k, s: s * d + k),
    f"{BRACKETS} + K, and it walks from the input to the output": _forth(lambda d, k, s: s * d + k),
    f"{BRACKETS} − 1 + K, without the brackets": _back(lambda d, k, s: s * d - 1 + k),
    f"{BRACKETS} − 1 + K, and it walks from the input to the output": _forth(
        lambda d, k, s: s * d - 1 + k
    ),
    "the rule is S·(D − 1) + K: yours adds 1 to D instead of taking it away": _back(
        lambda d, k, s: s * (d + 1) + k
    ),
    "the rule is S·(D − 1) + K: yours adds K − 1": _back(lambda d, k, s: s * (d - 1) + k - 1),
    "the rule is S·(D − 1) + K: yours multiplies K by S, too": _back(
        lambda d, k, s: s * (d - 1 + k)
    ),
    START: _back(_rule, 0),
    f"{START}; and the last layer comes first": _forth(_rule, 0),
    f"{BRACKETS} + K; and begin with D = 1, not 0": _back(lambda d, k, s: s * d + k, 0),
    f"{BRACKETS} + K, from 0, and from the input to the output": _forth(
        lambda d, k, s: s * d + k, 0
    ),
    "this is how many outputs fit into an input, (D − K)/S + 1: you need the way back": _back(
        lambda d, k, s: (d - k) / s + 1
    ),
    "this is how many outputs fit into an input, (D − K)//S + 1: you need the way back": _back(
        lambda d, k, s: (d - k) // s + 1
    ),
    "this is how many outputs fit into an input, (D − K)/S + 1, not what one output sees": _forth(
        lambda d, k, s: (d - k) / s + 1
    ),
    "this is how many outputs fit into an input, (D − K)//S + 1, not what one output sees": _forth(
        lambda d, k, s: (d - k) // s + 1
    ),
    "a layer's own stride does not widen its view: multiply its K − 1 by the strides of the layers "
    "before it alone": lambda stack: _widened(stack, _steps(stack)[1:]),
    "each layer's K − 1 is multiplied by its own stride: multiply it by those of all layers before "
    "it": lambda stack: _widened(stack, [s for _, s in stack]),
    "this is what the last layer sees of its own input: go on to the picture (is the `return` "
    "inside the loop?)": lambda stack: stack[-1][0],
    "this is what the first layer sees alone: take all layers (is the `return` inside the loop?)": (
        lambda stack: stack[0][0]
    ),
    "the first layer of the stack is left out: take them all": lambda stack: right(stack[1:]),
    "the last layer of the stack is left out: take them all": lambda stack: right(stack[:-1]),
    "this is an area in pixels: return the length of one side": lambda stack: right(stack) ** 2,
    "this is how far an output sees to one side: return the whole length": (
        lambda stack: (right(stack) - 1) / 2
    ),
    "this is how far an output sees to one side, cut to whole pixels: return the whole length": (
        lambda stack: (right(stack) - 1) // 2
    ),
    "this is 1 too large": lambda stack: right(stack) + 1,
    "this is 1 too small": lambda stack: right(stack) - 1,
    f"this is the sum of the kernels: {WALK}": lambda stack: sum(k for k, _ in stack),
    f"this is the product of the kernels: {WALK}": lambda stack: prod(k for k, _ in stack),
    f"this is the sum of kernel times stride: {WALK}": lambda stack: sum(k * s for k, s in stack),
    f"this is the largest kernel: {WALK}": lambda stack: max(k for k, _ in stack),
    f"this is the number of layers: {WALK}": len,
}


# --- cases ---------------------------------------------------------------------------------------


def draw_cases(seed=0):
    """No layer; three single ones; two stacks of stride 1; four with strides, the lesson's first.

    No mistake is right for all of them, and no two are alike for all that have a layer.
    """
    rng = np.random.default_rng(seed)
    while True:
        stacks = [
            [],
            [[3, 1]],
            [[2, 2]],
            _draw(rng, 1),
            [[3, 1]] * 3,
            _draw(rng, 2, strides=1),
            [[3, 1], [2, 2]],
            _draw(rng, 2),
            _draw(rng, 3),
            _draw(rng, 5),
        ]
        if _tells_apart(stacks[1:]):
            return [{"stack": stack} for stack in stacks]


def _draw(rng, n, strides=3):
    """n layers, no two alike, one of them with the largest of the strides or nearly."""
    while True:
        layers = [[int(rng.integers(1, 8)), int(rng.integers(1, strides + 1))] for _ in range(n)]
        if len(set(map(tuple, layers))) == n and max(s for _, s in layers) == min(strides, n + 1):
            return layers


def _tells_apart(stacks):
    found = [[size(stack) for stack in stacks] for size in (right, *MISTAKES.values())]
    return not any(agree(one, other) for one, other in combinations(found, 2))


# --- the verdict ---------------------------------------------------------------------------------


def faults(cases, answers):
    """{part: what is wrong with it, or None}, from an answer for each case."""
    named, _ = attempt(_named, cases, answers)

    def judge_part(part, pairs):
        fault = next(filter(None, (_fault(case["stack"], value) for case, value in pairs)), None)
        return named if fault and named and part != "no layer" else fault

    return by_part(PARTS, cases, answers, judge_part, CALL, _describe)


def _describe(case):
    return f"stack = {_text(case['stack'])}"


def _text(stack):
    return f"[{', '.join(f'({k}, {s})' for k, s in stack)}]"


def _named(cases, answers):
    """The Fault with the mistake that explains all cases that have a layer, or None."""
    pairs = [(case["stack"], answer) for case, answer in zip(cases, answers, strict=True)]
    pairs = [(stack, array_of(value_of(answer, CALL))) for stack, answer in pairs if stack]
    given = [number for _, number in pairs]
    sizes = {sentence: [size(stack) for stack, _ in pairs] for sentence, size in MISTAKES.items()}
    sentence = recognise(given, sizes) or ignores(given, "the stack")
    wrong = [pair for pair in pairs if not agree(pair[1], right(pair[0]))]
    return _shown(sentence, *wrong[0]) if sentence and wrong else None


def _fault(stack, value):
    if isinstance(value, str):
        return "your function returned a text: return a number"
    given = array_of(value)
    if agree(given, right(stack)):
        return None
    if given.ndim:
        return _shown("return one number, the length of one side", stack, given)
    if not stack:
        return _shown(
            "without a layer an output is a pixel of the picture, and sees 1", stack, given
        )
    return _shown("this is not what one output sees", stack, given)


def _shown(sentence, stack, given):
    way = list(accumulate(reversed(stack), lambda d, layer: _rule(d, *layer), initial=1))
    expected = " → ".join(map(str, way))
    text = f"{expected}, from the output back to the input" if stack else expected
    return Fault(f"{sentence}; with stack = {_text(stack)}", shown(given), text)


EXERCISE = Exercise(
    name="receptive_field",
    notebook="04_unet",
    minutes=7,
    points=POINTS,
    cases=draw_cases,
    answers=partial(values, lists=("stack",), forbidden=("labseg.receptive_field",)),
    faults=faults,
    hints=HINTS,
    remark=lambda cases, answers: (
        "Did you notice that the stride of the last layer makes no difference? It says how far "
        "apart two of its outputs are, and we start from a single one."
    ),
)
