"""The checks of build_cnn, conv_block, down and up: whatever an answer holds, a verdict comes."""

import json
import random

import pytest
from test_check_build_cnn import RIGHT as CNNS
from test_check_conv_block import RIGHT as BLOCKS
from test_check_down import RIGHT as DOWNS
from test_check_up import RIGHT as UPS

from labseg.exercises.catalogue import find
from labseg.exercises.judge import judge
from labseg.exercises.verdict import Verdict

ANSWERS = {"build_cnn": CNNS, "conv_block": BLOCKS, "down": DOWNS, "up": UPS}
every_exercise = pytest.mark.parametrize("name", ANSWERS)


def answered(name, answer=None):
    """An exercise, its cases, and our answers."""
    exercise, cases = find(name), find(name).cases(0)
    return exercise, cases, exercise.answers(answer or ANSWERS[name]["plain"], cases)


def is_verdict(verdict):
    assert isinstance(verdict, Verdict)
    assert len(verdict.message) < 3000
    return verdict.message.replace("\n", "").isprintable()


GIANT = int("9" * 4000)
JUNK = [None, True, -1, 0, GIANT, 1e300, float("nan"), "", "x" * 10_000, [], {}, [[]], [None] * 3]
JUNK += [[GIANT, GIANT], {"class_name": "ReLU"}, "relu", "Lambda", "\x00\n"]


@every_exercise
@pytest.mark.parametrize(
    "answer",
    [
        *[None, 3, "x", [], {}, {"config": None}, {"config": ""}, {"config": "[" * 10**6}],
        *[{"config": "[]"}, {"config": "9" * 5000}, {"config": " " * 3_000_000}, {"config": {}}],
        *[{"error": None}, {"error": ["x"], "message": {}}, {"error": "E" * 10**6}],
        {"error": "ValueError", "message": "\x1b[31m\n" * 10**5},
        {"error": "ValueError", "message": "concatenation axis", "layers": [None, 3]},
        *[{"returned": None}, {"returned": GIANT}, {"returned": "tuple", "length": GIANT}],
        *[{"returned": "KerasTensor"}, {"returned": "x", "kinds": 7}],
    ],
)
def test_malformed_answers(name, answer):
    exercise, cases, right = answered(name)
    n = len(cases)
    for answers in ([answer] * n, [*right[:-1], answer], answer):
        verdict = judge(exercise, cases, answers)
        assert is_verdict(verdict)
        assert verdict.attempted
        assert not verdict


@every_exercise
@pytest.mark.parametrize("key", ["config", "classes", "dtypes", "layers", "error", "kinds"])
def test_answers_with_a_broken_place(name, key):
    exercise, cases, right = answered(name)
    for junk in [*JUNK, [{}], [{"class_name": GIANT, "config": {"name": GIANT}}]]:
        verdict = judge(exercise, cases, [{**answer, key: junk} for answer in right])
        assert is_verdict(verdict)
        assert key != "config" or not verdict


def places(value, path=()):
    """The paths to everything in a parsed JSON text."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


@every_exercise
def test_configurations_with_a_broken_place(name):
    rng = random.Random(0)
    for writing in ("plain", "functional inside", "layer of its own", "body inside"):
        if writing not in ANSWERS[name]:
            continue
        exercise, cases, right = answered(name, ANSWERS[name][writing])
        paths = [path for path in places(json.loads(right[0]["config"])) if "module" not in path]
        for _ in range(150):
            config = json.loads(right[0]["config"])
            for path in rng.sample(paths, rng.choice([1, 1, 2, 5])):
                place = config
                try:
                    for key in path[:-1]:
                        place = place[key]
                    if rng.random() < 0.2:
                        del place[path[-1]]
                    else:
                        place[path[-1]] = rng.choice(JUNK)
                except (LookupError, TypeError):
                    continue  # an earlier break took this place away
            verdict = judge(exercise, cases, [{"config": json.dumps(config)}, *right[1:]])
            assert is_verdict(verdict)
            assert "cannot be judged" not in verdict.message, verdict.message


@every_exercise
def test_answers_of_another_exercise_are_wrong(name):
    exercise, cases, _ = answered(name)
    for other in ANSWERS:
        if other != name:
            _, _, answers = answered(other)
            assert not judge(exercise, cases, answers)


@every_exercise
@pytest.mark.parametrize("seed", range(5))
def test_cases_are_plain_and_all_parameters_vary(name, seed):
    exercise = find(name)
    cases = exercise.cases(seed)
    assert json.loads(json.dumps(cases)) == cases == exercise.cases(seed)
    assert cases != exercise.cases(seed + 1)
    for key in cases[0]:
        values = [str(case.get(key)) for case in cases]
        assert len(set(values)) == len(values)
    for case in cases:
        for value in case.values():
            assert not isinstance(value, list) or value[0] != value[1]


@every_exercise
def test_the_answers_are_a_function_with_plain_keywords(name):
    """So that they can be asked for in a place that holds answers.py and nothing else."""
    answers = find(name).answers
    assert answers.func.__module__ == "labseg.exercises.answers"
    assert not answers.args
    assert json.loads(json.dumps(answers.keywords)).keys() == answers.keywords.keys()
    right = answered(name)[2]
    assert json.loads(json.dumps(right)) == right
