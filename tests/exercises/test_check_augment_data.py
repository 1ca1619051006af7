"""The check of augment_data: right answers pass however written, each mistake hears its name."""

import random

import numpy as np
import pytest

from labseg.exercises.augment_data import EXERCISE
from labseg.exercises.judge import judge


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


def moved(data, T):
    return np.stack([T(one) for one in data])


def appended(data, transforms):
    return np.concatenate([data, *(moved(data, T) for T in transforms)])


def variant(pictures=appended, masks=None, result=lambda x, y: (x, y)):
    """Right but for what is given: each maps (x_data or y_data, transforms) to the result's."""

    def augment_data(x_data, y_data, transforms):
        return result(pictures(x_data, transforms), (masks or pictures)(y_data, transforms))

    return augment_data


def only_masks(masks):
    return variant(appended, masks)


# --- right answers -------------------------------------------------------------------------


def pair_by_pair(x_data, y_data, transforms):
    x_all, y_all = list(x_data), list(y_data)
    for T in transforms:
        for x, y in zip(x_data, y_data, strict=True):
            x_all.append(T(x))
            y_all.append(T(y))
    return np.array(x_all), np.array(y_all)


def growing(x_data, y_data, transforms):
    x_all, y_all = x_data, y_data
    for T in transforms:
        x_all = np.concatenate((x_all, moved(x_data, T)), axis=0)
        y_all = np.vstack((y_all, moved(y_data, T)))
    return x_all, y_all


def into_empty_arrays(x_data, y_data, transforms):
    n = len(x_data)
    size = (1 + len(transforms)) * n
    x_all = np.empty((size, *x_data.shape[1:]), x_data.dtype)
    y_all = np.empty((size, *y_data.shape[1:]), y_data.dtype)
    x_all[:n], y_all[:n] = x_data, y_data
    for row in range(n, size):
        T = transforms[row // n - 1]
        x_all[row], y_all[row] = T(x_data[row % n]), T(y_data[row % n])
    return x_all, y_all


def with_the_identity(x_data, y_data, transforms):
    maps = [lambda a: a, *transforms]
    print(len(maps))
    return [np.array([T(one) for T in maps for one in data]) for data in (x_data, y_data)]


RIGHT = {
    "np.concatenate": variant(),
    "pair by pair": pair_by_pair,
    "growing": growing,
    "into empty arrays": into_empty_arrays,
    "with the identity": with_the_identity,
    "lists": variant(lambda data, transforms: list(appended(data, transforms))),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers(answer, seed):
    verdict = verdict_on(RIGHT[answer], seed)
    assert verdict, verdict.message
    assert (verdict.points, verdict.max_points) == (5, 5)
    shares = answer == "growing"  # for an empty list it returns x_data itself
    assert ("shares its originals with x_data" in verdict.remark) == shares


def test_not_attempted():
    def augment_data(x_data, y_data, transforms):
        raise NotImplementedError

    assert not verdict_on(augment_data).attempted


# --- wrong answers -------------------------------------------------------------------------


def of_all_so_far(x_data, y_data, transforms):
    for T in transforms:
        x_data = np.concatenate([x_data, moved(x_data, T)])
        y_data = np.concatenate([y_data, moved(y_data, T)])
    return x_data, y_data


def one_after_another(data, transforms):
    parts = [data]
    for T in transforms:
        parts.append(moved(parts[-1], T))
    return np.concatenate(parts)


def all_on_each(data, transforms):
    new = data
    for T in transforms:
        new = moved(new, T)
    return np.concatenate([data, new])


def only_the_last(data, transforms):
    new = data[:0]
    for T in transforms:
        new = moved(data, T)
    return np.concatenate([data, new])


def return_in_the_loop(x_data, y_data, transforms):
    for T in transforms:
        return appended(x_data, [T]), appended(y_data, [T])
    return x_data, y_data


def originals_each_time(data, transforms):
    return np.concatenate([data[:0], *(appended(data, [T]) for T in transforms)])


def picture_by_picture(data, transforms):
    return np.array([T(one) for one in data for T in [np.copy, *transforms]])


def new_ones_picture_by_picture(data, transforms):
    return np.array([*data, *(T(one) for one in data for T in transforms)])


def into_zeros(data, transforms):
    result = np.zeros((len(data) * (1 + len(transforms)), *data.shape[1:]))
    result[:] = appended(data, transforms)
    return result


def shuffled(x_data, y_data, transforms):
    both = variant()(x_data, y_data, transforms)
    order = np.random.default_rng(0).permutation(len(both[0]))
    return both[0][order], both[1][order]


def random_transforms(data, transforms):
    rng = random.Random(1)
    new = [rng.choice(transforms)(one) for _ in transforms for one in data]
    return np.array([*data, *new])


def in_place(x_data, y_data, transforms):
    transforms.insert(0, np.copy)
    return [np.concatenate([moved(data, T) for T in transforms]) for data in (x_data, y_data)]


def moves_the_originals(x_data, y_data, transforms):
    result = variant()(x_data, y_data, transforms)
    for i in range(len(x_data)):
        x_data[i] = x_data[i] // 2
    return result


def raises(x_data, y_data, transforms):
    raise KeyError("y_data")


# sentence → (the wrong answer, its points)
WRONG = {
    "only the originals came back: add N pairs for each transform": (
        variant(lambda data, transforms: data),
        2,
    ),
    "the originals are missing: they come first": (
        variant(lambda data, transforms: appended(data, transforms)[len(data) :]),
        0,
    ),
    "the originals come first, not last": (
        variant(lambda data, ts: np.concatenate([*(moved(data, T) for T in ts), data])),
        1,
    ),
    "all variants of one pair follow one another": (variant(picture_by_picture), 1),
    "the new pairs go pair by pair": (variant(new_ones_picture_by_picture), 2),
    "only the last transform is there: collect the pairs of each": (variant(only_the_last), 2),
    "only the first transform is there: is the `return` inside the loop?": (return_in_the_loop, 2),
    "each transform is applied to what the one before it made": (variant(one_after_another), 2),
    "each transform is applied to all that was made before": (of_all_so_far, 2),
    "all transforms are applied one after another to each pair": (variant(all_on_each), None),
    "the originals are repeated for each transform: they come once": (
        variant(originals_each_time),
        None,
    ),
    "the transforms are taken in another order than that of the list": (
        variant(lambda data, transforms: appended(data, transforms[::-1])),
        2,
    ),
    "the masks are not moved, so they no longer fit": (
        only_masks(lambda data, transforms: np.concatenate([data] * (1 + len(transforms)))),
        2,
    ),
    "there is only one set of masks: they need N for each transform, too": (
        only_masks(lambda data, transforms: data),
        2,
    ),
    "the pictures are not moved, so they no longer fit": (
        variant(
            lambda data, transforms: np.concatenate([data] * (1 + len(transforms))),
            appended,
        ),
        2,
    ),
    "not the right pictures": (variant(random_transforms), None),
    "should be the original": (shuffled, None),
    "the pictures have another dtype than x_data (np.zeros makes float64": (variant(into_zeros), 3),
    "the masks have another dtype than y_data": (
        only_masks(lambda data, transforms: appended(data, transforms) > 0),
        3,
    ),
    "the pictures are divided by 255": (
        variant(lambda data, transforms: appended(data, transforms) / 255, appended),
        0,
    ),
    "np.concatenate joins several arrays into one along their first axis": (
        variant(lambda data, ts: [data, *(moved(data, T) for T in ts)]),
        0,
    ),
    "the shape of the pictures is wrong": (
        variant(lambda data, ts: np.stack([data, *(moved(data, T) for T in ts)])),
        0,
    ),
    "an axis of length 1 is left over": (
        only_masks(lambda data, transforms: appended(data, transforms)[..., None]),
        0,
    ),
    "with pictures of shape (2, 2, 4, 3) and no transform, your function raised ValueError": (
        variant(
            lambda data, ts: np.concatenate([data, np.concatenate([moved(data, T) for T in ts])])
        ),
        4,
    ),
    "T takes one picture (h, w, 3) or one mask (h, w) at a time": (
        variant(lambda data, transforms: np.concatenate([data, *(T(data) for T in transforms)])),
        1,
    ),
    "'list' object is not callable": (
        variant(lambda data, transforms: np.concatenate([data, moved(data, transforms)])),
        0,
    ),
    "your function changes its argument transforms": (in_place, None),
    "your function changes its argument x_data": (moves_the_originals, None),
    "pictures and masks are exchanged": (variant(result=lambda x, y: (y, x)), 0),
    "your function returned a list of pairs": (
        variant(result=lambda x, y: list(zip(x, y, strict=True))),
        0,
    ),
    "your function returned one value: return the pictures and the masks": (
        variant(result=lambda x, y: x),
        0,
    ),
    "returned something of type zip": (variant(result=lambda x, y: zip(x, y, strict=True)), 0),
    "to `return` the result, not only to print": (variant(result=lambda x, y: print(len(x))), 0),
    "to `return` the result": (variant(result=lambda x, y: None), 0),
    "is called as augment_data(x_data, y_data, transforms), but it raised": (
        lambda x_data, y_data: (x_data, y_data),
        0,
    ),
    "your function raised KeyError: 'y_data'": (raises, 0),
    "your function calls exit(), which ends Python": (lambda x_data, y_data, transforms: exit(), 0),
    "not an array of numbers": (lambda x_data, y_data, transforms: ("x", "y"), 0),
    "given: [[nan, nan": (
        variant(lambda data, transforms: appended(data, transforms) * np.nan, appended),
        0,
    ),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("said", WRONG)
def test_wrong_answers(said, seed):
    answer, points = WRONG[said]
    verdict = verdict_on(answer, seed)
    assert said in verdict.message
    assert not verdict
    if points is not None:
        assert verdict.points == points
