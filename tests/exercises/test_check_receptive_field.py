"""The check of receptive_field: right answers pass however written, each mistake hears its name."""

import math
from functools import reduce

import numpy as np
import pytest

import labseg
from labseg.exercises.judge import judge
from labseg.exercises.receptive_field import EXERCISE


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


def back(step, start=1):
    def receptive_field(stack):
        d = start
        for k, s in reversed(stack):
            d = step(d, k, s)
        return d

    return receptive_field


def forth(step, start=1):
    return lambda stack: back(step, start)(stack[::-1])


def rule(d, k, s):
    return s * (d - 1) + k


# --- right answers -------------------------------------------------------------------------


def from_the_input(stack):
    size, step = 1, 1
    for kernel, stride in stack:
        size += (kernel - 1) * step
        step *= stride
    return size


def by_recursion(stack):
    if not stack:
        return 1
    (kernel, stride), *later = stack
    return stride * (by_recursion(later) - 1) + kernel


def by_index(stack):
    d = np.float32(1)
    for i in range(len(stack) - 1, -1, -1):
        d = stack[i][1] * d + (stack[i][0] - stack[i][1])
    return d


def by_numpy(stack):
    kernels, strides = np.array(stack, int).reshape(-1, 2).T
    return 1 + (kernels - 1) @ np.cumprod([1, *strides])[:-1]


def from_a_copy(stack):
    layers, d = list(stack), 1
    while layers:
        kernel, stride = layers.pop()
        d = (d - 1) * stride + kernel
        print(kernel, stride, d)
    return np.int64(d)


RIGHT = {
    "loop": back(rule),
    "from the input, with the steps": from_the_input,
    "recursion": by_recursion,
    "by index, float32": by_index,
    "NumPy": by_numpy,
    "pops from a copy, and prints": from_a_copy,
    "reduce": lambda stack: reduce(lambda d, layer: rule(d, *layer), stack[::-1], 1),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers(answer, seed):
    verdict = verdict_on(RIGHT[answer], seed)
    assert verdict, verdict.message
    assert (verdict.points, verdict.max_points) == (10, 10)
    assert "the stride of the last layer makes no difference" in verdict.remark


def test_not_attempted():
    def receptive_field(stack):
        raise NotImplementedError

    assert not verdict_on(receptive_field).attempted


# --- wrong answers -------------------------------------------------------------------------


def in_place(stack):
    stack.reverse()
    return reduce(lambda d, layer: rule(d, *layer), stack, 1)


def return_in_the_loop(stack):
    d = 1
    for k, s in reversed(stack):
        d = rule(d, k, s)
        return d
    return d


def own_stride_too(stack):
    size, step = 1, 1
    for kernel, stride in stack:
        step *= stride
        size += (kernel - 1) * step
    return size


def by_heart(stack):
    return {0: 1, 1: 3, 2: 4, 3: 7}.get(len(stack), 94)


def by_labseg(stack):
    import keras

    layers = [keras.layers.Conv2D(1, k, s) for k, s in stack]
    return labseg.receptive_field(keras.Sequential([keras.Input((500, 500, 1)), *layers]))[0]


# sentence → (the wrong answer, its points)
WRONG = {
    "this walks from the input to the output": (forth(rule), 5),
    "yours are exchanged; with": (back(lambda d, k, s: rule(d, s, k)), 1),
    "yours are exchanged; and start with the last layer": (forth(lambda d, k, s: rule(d, s, k)), 1),
    "the strides are not used": (back(lambda d, k, s: d + k - 1), 5),
    "the kernels are not used": (back(lambda d, k, s: s * d), None),
    "yours computes S·D + K; with": (back(lambda d, k, s: s * d + k), 1),
    "yours computes S·D − 1 + K, without the brackets": (back(lambda d, k, s: s * d - 1 + k), None),
    "yours adds 1 to D": (back(lambda d, k, s: s * (d + 1) + k), 1),
    "yours multiplies K by S, too": (back(lambda d, k, s: s * (d - 1 + k)), None),
    "begin with D = 1: one output": (back(rule, 0), 0),
    "and begin with D = 1, not 0": (back(lambda d, k, s: s * d + k, 0), None),
    "this is how many outputs fit": (back(lambda d, k, s: (d - k) // s + 1), 1),
    "a layer's own stride does not widen its view": (own_stride_too, None),
    "multiplied by its own stride": (lambda stack: 1 + sum((k - 1) * s for k, s in stack), None),
    "what the last layer sees of its own input: go on": (return_in_the_loop, 2),
    "what the first layer sees alone": (lambda stack: stack[0][0] if stack else 1, 2),
    "the first layer of the stack is left out": (lambda stack: back(rule)(stack[1:]), 1),
    "the last layer of the stack is left out": (lambda stack: back(rule)(stack[:-1]), 1),
    "this is an area in pixels": (lambda stack: back(rule)(stack) ** 2, 1),
    "to one side, cut to whole": (lambda stack: (back(rule)(stack) - 1) // 2, 0),
    "the sum of the kernels": (lambda stack: sum(k for k, _ in stack), 1),
    "this is the number of layers": (len, 0),
    "the result is the same for all inputs": (lambda stack: 7, 0),
    "this is not what one output sees; with stack = [(2, 2)]": (by_heart, None),
    "of the picture, and sees 1; with stack = []": (
        lambda stack: back(rule)(stack) if stack else 0,
        9,
    ),
    "your function changes its argument stack": (in_place, None),
    "with stack = [], your function raised IndexError": (
        lambda stack: stack[-1][0] and back(rule)(stack),
        9,
    ),
    "your function returned a text: return a number": (lambda stack: str(back(rule)(stack)), 0),
    "return one number, the length of one side": (lambda stack: 2 * (back(rule)(stack),), 0),
    "with stack = [(3, 1)]; given: nan": (lambda stack: math.nan, 0),
    "your function calls labseg.receptive_field: in this exercise": (by_labseg, 0),
    "to `return` the result, not only to print": (lambda stack: print(back(rule)(stack)), 0),
    "to `return` the result": (lambda stack: None, 0),
    "called as receptive_field(stack), but it raised": (lambda kernel, stride: kernel, 0),
    "not an array of numbers": (lambda stack: {"D": 1}, 0),
    "returned something of type set": (lambda stack: {1}, 0),
    "your function calls exit()": (lambda stack: exit(4), 0),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("said", WRONG)
def test_wrong_answers(said, seed):
    answer, points = WRONG[said]
    verdict = verdict_on(answer, seed)
    assert said in " ".join(part.message for part in verdict.parts)
    assert not verdict
    if points is not None:
        assert verdict.points == points


def test_a_fault_shows_the_way_back():
    lines = verdict_on(forth(rule)).message.splitlines()
    assert lines[1:5] == [
        "  ✗ strides: this walks from the input to the output: start at the output, with the last "
        "layer; with stack = [(3, 1), (2, 2)]",
        "      given: 6",
        "      expected: 1 → 2 → 4, from the output back to the input",
        "  ✓ right so far: no layer, one layer, convolutions",
    ]
