"""The check of apply_transform: right answers pass however written, each mistake hears its name."""

import numpy as np
import pytest

from labseg.exercises.apply_transform import EXERCISE
from labseg.exercises.judge import judge


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


def variant(pictures=None, masks=None, result=lambda x, y: (x, y)):
    """Right but for what is given: each maps (x_data or y_data, T) to the new ones."""

    def apply_transform(x_data, y_data, T):
        return result((pictures or moved)(x_data, T), (masks or moved)(y_data, T))

    return apply_transform


def moved(data, T):
    return np.stack([T(one) for one in data])


# --- right answers -------------------------------------------------------------------------


def pair_by_pair(x_data, y_data, T):
    x_new, y_new = [], []
    for x, y in zip(x_data, y_data, strict=True):
        x_new.append(T(x))
        y_new.append(T(y))
    return np.array(x_new), np.array(y_new)


def into_empty_arrays(x_data, y_data, T):
    n = len(x_data)
    x_new = np.empty((n, *T(x_data[0]).shape), x_data.dtype)
    y_new = np.empty((n, *T(y_data[0]).shape), y_data.dtype)
    for i in range(n):
        x_new[i], y_new[i] = T(x_data[i]), T(y_data[i])
    print("shape", x_new.shape)
    return [x_new, y_new]


def one_by_one(x_data, y_data, T):
    x_new = np.concatenate([T(x_data[i].copy())[None] for i in range(x_data.shape[0])])
    y_new = np.concatenate([T(y_data[i].copy())[np.newaxis, ...] for i in range(y_data.shape[0])])
    return x_new, y_new


def with_float_between(x_data, y_data, T):
    both = [np.stack([T(one.astype("float64")) for one in data]) for data in (x_data, y_data)]
    return both[0].astype(x_data.dtype), both[1].astype(y_data.dtype)


RIGHT = {
    "np.stack": variant(),
    "pair by pair": pair_by_pair,
    "into empty arrays": into_empty_arrays,
    "one by one": one_by_one,
    "lists": variant(*[lambda data, T: list(map(T, data))] * 2),
    "float between": with_float_between,
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers(answer, seed):
    verdict = verdict_on(RIGHT[answer], seed)
    assert verdict, verdict.message
    assert (verdict.points, verdict.max_points) == (5, 5)
    assert "T must not draw random numbers" in verdict.remark


def test_not_attempted():
    def apply_transform(x_data, y_data, T):
        raise NotImplementedError

    assert not verdict_on(apply_transform).attempted


# --- wrong answers -------------------------------------------------------------------------


def as_they_were(data, T):
    return data


def in_place(x_data, y_data, T):
    for i in range(len(x_data)):
        x_data[i] = T(x_data[i])
        y_data[i] = T(y_data[i])
    return x_data, y_data


def into_a_copy(data, T):
    new = data.copy()
    for i in range(len(new)):
        new[i] = T(new[i])
    return new


def into_zeros(data, T):
    new = np.zeros((len(data), *T(data[0]).shape))
    for i, one in enumerate(data):
        new[i] = T(one)
    return new


def return_in_the_loop(x_data, y_data, T):
    x_new, y_new = [], []
    for x, y in zip(x_data, y_data, strict=True):
        x_new.append(T(x))
        y_new.append(T(y))
        return np.array(x_new), np.array(y_new)


def sometimes(data, T):
    """As if each call drew random numbers of its own."""
    return np.stack([T(one) if i % 2 == 0 else one for i, one in enumerate(data)])


def raises(x_data, y_data, T):
    raise KeyError("y_data")


X_TRAIN = np.zeros((48, 64, 96, 3), np.uint8)

# sentence → (the wrong answer, its points)
WRONG = {
    "T takes one picture (h, w, 3) or one mask (h, w) at a time": (
        lambda x_data, y_data, T: (T(x_data), T(y_data)),
        0,
    ),
    "masks: the masks are as they were, so they no longer fit": (variant(masks=as_they_were), 2),
    "pictures: the pictures are as they were: collect what T returns": (
        variant(pictures=as_they_were),
        1,
    ),
    "masks: the masks are as they were": (variant(as_they_were, as_they_were), 0),
    "pictures and masks are exchanged": (variant(result=lambda x, y: (y, x)), 0),
    "the original pictures are there, too: return the new ones alone": (
        variant(*[lambda data, T: list(data) + [T(one) for one in data]] * 2),
        0,
    ),
    "your function changes its argument x_data": (in_place, 2),
    "which makes (5, 4, 3) of (4, 5, 3), your function raised ValueError: could not broadcast": (
        variant(into_a_copy, into_a_copy),
        4,
    ),
    "the pictures have another dtype than x_data (np.zeros makes float64": (
        variant(into_zeros, into_zeros),
        4,
    ),
    "the masks have another dtype than y_data": (
        variant(masks=lambda data, T: moved(data, T) > 0),
        4,
    ),
    "only the first of the pictures is there: is the `return` inside the loop?": (
        return_in_the_loop,
        0,
    ),
    "all the pictures are made from the first one": (
        variant(lambda data, T: np.stack([T(data[0]) for _ in data])),
        1,
    ),
    "T is applied twice to the pictures: once is enough": (
        variant(lambda data, T: np.stack([T(T(one)) for one in data])),
        1,
    ),
    "these are not the right pictures; with 2 pairs": (variant(sometimes, sometimes), 0),
    "the pictures are in another order": (variant(lambda data, T: moved(data, T)[::-1]), 1),
    "of the masks, T(y0) is too much": (
        variant(masks=lambda data, T: np.stack([*moved(data, T), T(data[0])])),
        2,
    ),
    "the pictures are divided by 255": (variant(lambda data, T: moved(data, T) / 255), 1),
    "number 0 of your masks is not T(y0)": (variant(masks=lambda data, T: moved(data, T) * 255), 2),
    "an axis of length 1 is left over": (
        variant(masks=lambda data, T: moved(data, T)[..., None]),
        2,
    ),
    "the shape of the pictures is wrong; with 1 pair": (
        variant(lambda data, T: np.stack([T(one) for one in data], axis=-1)),
        1,
    ),
    "the shape of the pictures is wrong: np.stack makes one array of several pictures": (
        variant(lambda data, T: np.concatenate([T(one) for one in data])),
        1,
    ),
    "the shape of the masks is wrong: np.stack": (
        variant(masks=lambda data, T: moved(data, T).squeeze()),
        2,
    ),
    "the shape of the pictures is wrong: use the argument x_data, not a variable of": (
        variant(lambda data, T: moved(X_TRAIN, T), moved),
        1,
    ),
    "your function returned a list of pairs": (
        lambda x_data, y_data, T: [(T(x), T(y)) for x, y in zip(x_data, y_data, strict=True)],
        0,
    ),
    "your function returned one value: return the pictures and the masks": (
        lambda x_data, y_data, T: moved(x_data, T),
        0,
    ),
    "your function returned 3 values: return the pictures and the masks": (
        variant(result=lambda x, y: (x, y, len(x))),
        0,
    ),
    "returned something of type zip": (
        lambda x_data, y_data, T: zip(map(T, x_data), map(T, y_data), strict=True),
        0,
    ),
    "to `return` the result, not only to print": (lambda x_data, y_data, T: print(T(x_data[0])), 0),
    "to `return` the result": (lambda x_data, y_data, T: None, 0),
    "is called as apply_transform(x_data, y_data, T), but it raised": (
        lambda x_data, y_data: (x_data, y_data),
        0,
    ),
    "call it once for the picture and once for its mask": (
        lambda x_data, y_data, T: T(x_data, y_data),
        0,
    ),
    "your function raised KeyError: 'y_data'": (raises, 0),
    "your function calls exit(), which ends Python": (lambda x_data, y_data, T: exit(), 0),
    "not an array of numbers": (lambda x_data, y_data, T: ("x", "y"), 0),
    "given: [[nan, nan": (variant(lambda data, T: moved(data, T) * np.nan), 1),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("said", WRONG)
def test_wrong_answers(said, seed):
    answer, points = WRONG[said]
    verdict = verdict_on(answer, seed)
    assert said in verdict.message
    assert not verdict
    assert verdict.points == points


def test_a_fault_shows_what_was_given_and_what_was_expected():
    lines = verdict_on(return_in_the_loop).message.splitlines()
    assert lines[2:4] == ["      given: T(x0)", "      expected: T(x0), T(x1)"]
