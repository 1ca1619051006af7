"""The exercise split_by_car(names, test, seed): whole cars, by share and repeatable."""

import math
import random
from collections import Counter
from functools import partial

from labseg.errors import InvalidValue
from labseg.exercises.answers import values
from labseg.exercises.compare import changed, recognise, value_of
from labseg.exercises.exercise import Exercise
from labseg.exercises.judge import attempt
from labseg.exercises.verdict import Fault, short

CALL = "split_by_car(names, test, seed)"
POINTS = {"whole cars": 4, "every name": 2, "share": 2, "seed": 2}
SHARES = ((3, 0.3), (3, 0.9), (5, 0.05), (7, 0.25), (9, 0.25))  # number of cars, test
SEEDS = 3
RENAMED = "x"
WAIT = "judged once whole cars are dealt out"

HINTS = (
    "Find the cars first, then deal them out, and collect the names last. The car of a name is "
    "everything before its last `_`: look up the method rsplit of strings.",
    "sorted({…}) holds every car once, always in the same order, and the generator "
    "np.random.default_rng(seed) has a method permutation, which shuffles them in the same way "
    "for the same seed.",
    "The first of the shuffled cars are the test cars: round(test * number of cars) of them, but "
    "at least 1 and at most all but one (max and min). Then go through the names once, and put "
    "each into the test list if its car is a test car, else into the training list.",
)


def car_of(name):
    return name.rpartition("_")[0]


WRONG_CARS = {
    f"the car is everything before the last `_`, but your function takes {what}": key
    for what, key in {
        "what stands before the first": lambda name: name.split("_")[0],
        "the first 12 characters": lambda name: name[:12],
        "all but the last 3 characters": lambda name: name[:-3],
    }.items()
}


# --- cases ---------------------------------------------------------------------------------------


def draw_cases(seed=0):
    """One case for each share; then four for each of some seeds.

    These are 12 cars, the same again, the same cars renamed, and as many new ones beside them:
    the last two say whether the split depends on the order of a set.
    """
    rng = random.Random(seed)
    shares = [_case(rng, *share) for share in SHARES]
    names, more = _case(rng, 12, 0.4)["names"], _case(rng, 12, 0.4)["names"]
    sets = [names, names, [RENAMED + name for name in names], names + more]
    seeds = rng.sample(range(1000), SEEDS)
    return shares + [{"names": each, "test": 0.4, "seed": s} for s in seeds for each in sets]


def _case(rng, n_cars, test):
    """Cars with 2 to 4 views, in any order; some begin like others, some have a `_` in them.

    A view has one digit or two, so that the car is not all but the last three characters.
    """
    ids = [f"{number:012x}" for number in rng.sample(range(16**12), (n_cars + 1) // 2)]
    ids[1:] = [f"{rng.choice(['old', 'new'])}_{each}" for each in ids[1:]]
    cars = [car for each in ids for car in (each, each + "7")][:n_cars]
    views = [rng.sample(range(1, 17), rng.randint(2, 4 if n_cars > 3 else 2)) for _ in cars]
    names = [f"{car}_{view}" for car, own in zip(cars, views, strict=True) for view in own]
    rng.shuffle(names)
    return {"names": names, "test": test, "seed": rng.randrange(1000)}


def _n_cars(names, car_of=car_of):
    return len(set(map(car_of, names)))


def _n_test(case, car_of=car_of, rounded=lambda share: math.floor(share + 0.5), least=1):
    """How many cars should be on the test side."""
    n = _n_cars(case["names"], car_of)
    return min(max(rounded(case["test"] * n), least), n - least)


# --- what came back ------------------------------------------------------------------------------


def _sides(case, answer):
    """(train names, test names); InvalidValue if these are not two lists of texts."""
    value = value_of(answer, CALL)
    if not _is_row(value) or len(value) != 2 or not all(map(_is_row, value)):
        n = f"{len(value)} values" if _is_row(value) and len(value) != 2 else "something else"
        raise InvalidValue(f"your function returned {n}, not two lists: (train names, test names)")
    if any(_is_row(name) for side in value for name in side):
        raise InvalidValue("there are lists in your lists: put all names of a side into one list")
    sides = tuple([_plain(name) for name in side] for side in value)
    found = {name for side in sides for name in side}
    if found and all(type(name) is int for name in found):
        raise InvalidValue("these are row numbers: return the names themselves")
    if not all(type(name) is str for name in found):
        raise InvalidValue("the lists have to hold names, such as those in `names`")
    if found and found <= set(map(car_of, case["names"])):
        raise InvalidValue("these are cars: return the names of their pictures")
    return sides


def _is_row(value):
    return isinstance(value, list) or getattr(value, "ndim", 0) in (1, 2)


def _plain(item):
    return item.item() if hasattr(item, "item") else item


# --- the verdict ---------------------------------------------------------------------------------


def faults(cases, answers):
    """{part: what is wrong with it, or None}, from an answer for each case."""
    rows = [
        (case, *attempt(_sides, case, answer)) for case, answer in zip(cases, answers, strict=True)
    ]
    judged = [(case, sides) for case, sides, failure in rows if not failure]
    failure = next((f"{_with(case)}{failure}" for case, _, failure in rows if failure), None)
    filled = [(case, sides) for case, sides in judged if all(sides)]
    if len(filled) < len(rows) // 2:
        return dict.fromkeys(
            POINTS, rows[0][2] or failure or "one list is empty: both lists have to hold names"
        )
    wrong_cars = _wrong_cars(filled)
    return {
        "whole cars": wrong_cars or _first(_torn, filled),
        "every name": _first(_names_fault, judged)
        or next(filter(None, map(changed, answers)), None),
        "share": failure or (wrong_cars and WAIT) or _share_fault(judged),
        "seed": _seed_fault(rows),
    }


def _first(judge, pairs):
    return next(filter(None, (judge(case, *sides) for case, sides in pairs)), None)


def _with(case):
    return f"with {_n_cars(case['names'])} cars and test={case['test']}, "


def _torn(case, train, test):
    """A Fault if a car is on both sides."""
    both = sorted(set(map(car_of, train)) & set(map(car_of, test)))
    if both:
        shown = [[name for name in side if car_of(name) == both[0]] for side in (train, test)]
        return Fault(
            f"the car {both[0]!r} is on both sides: deal out whole cars, not pictures",
            "{} for training, {} for the test".format(*shown),
            "all on one side",
        )


def _wrong_cars(pairs):
    """A sentence if the sides are right for another idea of what a car is, and wrong for ours."""
    if not any(_torn(case, *sides) or _count_fault(case, *sides) for case, sides in pairs):
        return None
    for sentence, key in WRONG_CARS.items():
        if all(
            not set(map(key, train)) & set(map(key, test))
            and _n_cars(test, key) in (_n_test(case, key), _n_test(case, key, rounded=round))
            for case, (train, test) in pairs
        ):
            name = next(n for case, _ in pairs for n in case["names"] if key(n) != car_of(n))
            return Fault(sentence, f"{key(name)} for {name}", car_of(name))


def _names_fault(case, train, test):
    """A Fault if a name is lost, there twice, or new."""
    asked, found = Counter(case["names"]), Counter([*train, *test])
    if new := sorted(found.keys() - asked.keys()):
        return f"{short(new[0], 40)!r} is not in `names`: use only the arguments"
    if wrong := [name for name in asked if found[name] != 1]:
        times = "in the lists more than once" if found[wrong[0]] else "in neither list"
        alike = [_alike(car_of(name), asked) for name in wrong]
        why = alike[0] if all(alike) else ""
        return Fault(f"{wrong[0]!r} is {times}{why}", found[wrong[0]], 1)


def _alike(car, names):
    """A hint if a car begins like one of the others, so that startswith takes it for that."""
    others = [other for other in map(car_of, names) if other != car and car.startswith(other)]
    return f" ({car!r} begins like {others[0]!r}: compare with ==)" if others else ""


def _share_fault(pairs):
    if any(_torn(case, *sides) for case, sides in pairs):
        return WAIT
    wrong = [fault for case, sides in pairs if (fault := _count_fault(case, *sides))]
    if not wrong:
        return None
    if alike := _taken_along(pairs):
        return Fault(f"{wrong[0].message}{alike}", wrong[0].given, wrong[0].expected)
    counts = [[_n_cars(test) for _, (_, test) in pairs]]
    cases = [case for case, _ in pairs]
    named = recognise(
        counts,
        {
            "the lists are exchanged: return the training names first": [
                [_n_cars(case["names"]) - _n_test(case) for case in cases]
            ],
            "the number of test cars is cut down: round it to the nearest": [
                [_n_test(case, rounded=math.floor) for case in cases]
            ],
            "the number of test cars is rounded up: round it to the nearest": [
                [_n_test(case, rounded=math.ceil) for case in cases]
            ],
        },
    )
    first = wrong[0].message
    message = f"{named} ({first})" if named else f"{first}{_repeated(pairs)}"
    return Fault(message, wrong[0].given, wrong[0].expected)


def _repeated(pairs):
    """A hint if the share does not matter, or if the number of test cars errs to one side only."""
    if not all(train and test for _, (train, test) in pairs):
        return ""
    counts = {(_n_cars(case["names"]), _n_cars(test)) for case, (_, test) in pairs}
    if len(counts) == len(dict(counts)):
        return " (this number is the same for every share: use the argument test)"
    more = [_n_cars(test) - _n_test(case) for case, (_, test) in pairs]
    if max(more) <= 0:
        return " (is a car drawn twice? rng.choice needs replace=False, and a list of cars set(…))"
    return " (does your list of cars hold each car once? set(…) sees to that)" * (min(more) >= 0)


def _taken_along(pairs):
    """A hint if no training car ever begins like a test car, though many cars begin alike."""
    if any(_alike(car_of(name), test) for _, (train, test) in pairs for name in train):
        return ""
    return max(_alike(car_of(name), test) for _, (_, test) in pairs for name in test)


def _count_fault(case, train, test):
    given, expected = _n_cars(set(test) & set(case["names"])), _n_test(case)
    if given != expected:
        n = _n_cars(case["names"])
        sentence = f"test={case['test']} of {n} cars is {case['test'] * n:.3g} test cars"
        if not train or not test:
            sentence += ", but at least one car has to be on each side"
        return Fault(sentence, f"{given} of them", expected)


def _seed_fault(rows):
    rows = rows[len(SHARES) :]
    if any(failure for *_, failure in rows):
        return "judged once the other parts are right"
    seeds = [case["seed"] for case, *_ in rows[::4]]
    splits = [tuple(map(frozenset, sides)) for _, sides, _ in rows]
    for seed, once, again in zip(seeds, splits[::4], splits[1::4], strict=True):
        if once != again:
            return (
                f"two calls with seed={seed} gave different splits: draw all random numbers "
                "from np.random.default_rng(seed)"
            )
    if len(set(splits[::4])) == 1:
        return f"the seeds {seeds} all give the same split: use the argument seed"
    cars = [set(map(car_of, case["names"])) for case, *_ in rows]
    tests = [set(map(car_of, test)) & own for own, (_, test) in zip(cars, splits, strict=True)]
    if _follows_a_set(cars[0], tests):
        return (
            "your split follows the order of a set, which changes whenever Python starts anew: "
            "write sorted(set(…))"
        )


def _follows_a_set(cars, tests):
    """Whether the cars' names matter, but not each for itself.

    Where cars are picked by a checksum, more cars leave the order of the others as it was.
    """
    groups = list(zip(tests[::4], tests[2::4], tests[3::4], strict=True))
    return any(renamed != {RENAMED + car for car in test} for test, renamed, _ in groups) and any(
        not (grown & cars <= test or test <= grown) for test, _, grown in groups
    )


EXERCISE = Exercise(
    name="split_by_car",
    notebook="01_dataset",
    minutes=8,
    points=POINTS,
    cases=draw_cases,
    answers=partial(values, lists=("names",), forbidden=("labseg.data.carvana.Cars.split",)),
    faults=faults,
    hints=HINTS,
    remark=lambda cases, answers: (
        "Notice how few cars there are to test on: the pictures of one car resemble one another, "
        "so the number of cars says how far to trust a score."
    ),
)
