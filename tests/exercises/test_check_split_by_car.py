"""The check of split_by_car: right answers pass however written, each mistake hears its name."""

import hashlib
import math
import random

import numpy as np
import pytest

import labseg
from labseg.exercises.judge import judge
from labseg.exercises.split_by_car import EXERCISE


def verdict_on(function, seed=0):
    cases = EXERCISE.cases(seed)
    return judge(EXERCISE, cases, EXERCISE.answers(function, cases))


def variant(
    car=lambda name: name.rsplit("_", 1)[0],
    cars=lambda owners: sorted(set(owners)),
    shuffled=lambda cars, seed: np.random.default_rng(seed).permutation(cars),
    n_test=lambda share, n: max(1, min(n - 1, round(share))),
    result=lambda train, test: (train, test),
    owns=lambda car, chosen: car in chosen,
):
    def split(names, test, seed):
        found = cars([car(name) for name in names])
        n = n_test(test * len(found), len(found))
        chosen = list(shuffled(found, seed)[:n])
        return result(
            [name for name in names if not owns(car(name), chosen)],
            [name for name in names if owns(car(name), chosen)],
        )

    return split


# --- right answers -------------------------------------------------------------------------


def by_numpy(names, test, seed):
    names = np.array(names)
    owners = np.array([name[: name.rindex("_")] for name in names])
    cars = np.unique(owners)
    np.random.RandomState(seed).shuffle(cars)
    n = int(np.clip(np.floor(test * len(cars) + 0.5), 1, len(cars) - 1))
    chosen = np.isin(owners, cars[:n])
    return names[~chosen], names[chosen]


def by_random(names, test, seed):
    names = names.copy()
    names.sort(reverse=True)
    cars = list(dict.fromkeys("_".join(name.split("_")[:-1]) for name in names))
    random.Random(seed).shuffle(cars)
    n = min(max(round(len(cars) * test), 1), len(cars) - 1)
    sides = [], []
    for name in names:
        sides[cars.index(name.rsplit("_", 1)[0]) < n].append(name)
    return sides


def by_checksum(names, test, seed):
    cars = {name.rpartition("_")[0] for name in names}
    order = sorted(cars, key=lambda car: hashlib.md5(f"{seed} {car}".encode()).digest())
    n = max(1, min(len(cars) - 1, round(test * len(cars))))
    return tuple(
        [name for car in part for name in names if name.rpartition("_")[0] == car]
        for part in (order[n:], order[:n])
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("answer", [variant(), by_numpy, by_random, by_checksum])
def test_right_answers(answer, seed):
    verdict = verdict_on(answer, seed)
    assert verdict, verdict.message
    assert "the number of cars says how far to trust" in verdict.remark


def test_not_attempted():
    def split_by_car(names, test, seed):
        raise NotImplementedError

    assert not verdict_on(split_by_car).attempted


# --- wrong answers -------------------------------------------------------------------------


def by_picture(names, test, seed):
    shuffled = list(np.random.default_rng(seed).permutation(names))
    n = round(test * len(names))
    return shuffled[n:], shuffled[:n]


def in_place(names, test, seed):
    random.Random(seed).shuffle(names)
    return variant()(names, test, seed)


def only_one_view(train, test):
    return [
        n
        for i, n in enumerate(train)
        if n.rsplit("_", 1)[0] not in {o.rsplit("_", 1)[0] for o in train[:i]}
    ], test


def cars_method(names, test, seed):
    n = len(names)
    names = [f"{car}_{int(view):02}" for car, _, view in (name.rpartition("_") for name in names)]
    cars = labseg.Cars(np.zeros((n, 1, 1, 3)), np.zeros((n, 1, 1)), names)
    train, _, test = cars.split(test=test, seed=seed)
    return train.names, test.names


def of_every_picture(names, test, seed):
    owners = [name.rsplit("_", 1)[0] for name in names]
    np.random.default_rng(seed).shuffle(owners)
    n = round(test * len(owners))
    chosen = [owner for owner in owners if owner != owners[-1]][: max(1, n)]
    return [n for n in names if n.rsplit("_", 1)[0] not in chosen], [
        n for n in names if n.rsplit("_", 1)[0] in chosen
    ]


def drawn_with_replacement(cars, seed):
    return np.random.default_rng(seed).choice(cars, len(cars))


# sentence → (the wrong answer, its points)
WRONG = {
    "is on both sides: deal out whole cars": (by_picture, 4),
    "takes what stands before the first": (variant(lambda name: name.split("_")[0]), None),
    "takes the first 12 characters": (variant(lambda name: name[:12]), None),
    "takes all but the last 3 characters": (variant(lambda name: name[:-3]), None),
    "the same for every share: use the argument test": (variant(n_test=lambda share, n: 2), 8),
    "in the lists more than once": (
        variant(result=lambda train, test: (train + train[:1], test)),
        8,
    ),
    "is in neither list": (variant(result=only_one_view), 8),
    "compare with ==": (
        variant(
            owns=lambda car, chosen: any(car.startswith(other) for other in chosen),
        ),
        None,
    ),
    "is not in `names`: use only the arguments": (
        variant(result=lambda train, test: (train, [*test, "0cdf5b5d0ce1_01"])),
        8,
    ),
    "is cut down": (variant(n_test=lambda share, n: max(1, int(share))), 8),
    "is rounded up": (variant(n_test=lambda share, n: min(n - 1, math.ceil(share))), 8),
    "test=0.05 of 5 cars is 0.25 test cars, but at least one car": (
        variant(n_test=lambda share, n: min(n - 1, round(share))),
        8,
    ),
    "test=0.9 of 3 cars is 2.7 test cars, but at least one car": (
        variant(n_test=lambda share, n: max(1, round(share))),
        8,
    ),
    "is a car drawn twice? rng.choice needs replace=False": (
        variant(shuffled=drawn_with_replacement),
        8,
    ),
    "does your list of cars hold each car once?": (of_every_picture, 8),
    "there are lists in your lists": (
        variant(result=lambda *sides: [[side] for side in sides]),
        0,
    ),
    "the lists are exchanged": (variant(result=lambda train, test: (test, train)), 8),
    "all give the same split: use the argument seed": (
        variant(shuffled=lambda cars, seed: np.random.default_rng(0).permutation(cars)),
        8,
    ),
    "gave different splits": (
        variant(shuffled=lambda cars, seed: np.random.default_rng().permutation(cars)),
        8,
    ),
    "your split follows the order of a set": (variant(cars=lambda owners: list(set(owners))), 8),
    "your function changes its argument names": (in_place, 8),
    "these are row numbers": (lambda names, test, seed: ([0, 1], [2]), 0),
    "these are cars": (
        variant(
            result=lambda *sides: [sorted({n.rsplit("_", 1)[0] for n in side}) for side in sides]
        ),
        0,
    ),
    "returned 3 values, not two lists": (variant(result=lambda *sides: (*sides, [])), 0),
    "returned something else, not two lists": (
        variant(result=lambda *sides: dict(enumerate(sides))),
        0,
    ),
    "both lists have to hold names": (lambda names, test, seed: (names, []), 0),
    "to `return` the result": (lambda names, test, seed: None, 0),
    "returned something of type set": (lambda names, test, seed: set(names), 0),
    "returned something of type tuple with a set in it": (
        variant(result=lambda *sides: tuple(map(set, sides))),
        0,
    ),
    "is called as split_by_car(names, test, seed), but it raised": (lambda names: names, 0),
    "with 5 cars and test=0.05, your function raised ZeroDivisionError": (
        variant(n_test=lambda share, n: round(share) or 1 // 0),
        None,
    ),
    "your function calls labseg.data.carvana.Cars.split": (cars_method, 0),
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


def test_a_fault_shows_what_was_given_and_what_was_expected():
    lines = verdict_on(variant(n_test=lambda share, n: max(1, int(share)))).message.splitlines()
    assert lines[1].endswith(
        "is cut down: round it to the nearest (test=0.25 of 7 cars is 1.75 test cars)"
    )
    assert lines[2:4] == ["      given: 1 of them", "      expected: 2"]
