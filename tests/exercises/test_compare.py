"""The comparisons that exercises share, and what they make of answers that hold anything at all."""

import numpy as np
import pytest

from labseg.exercises import best_threshold, compare, dice, iou, prepare_mask, split_by_car
from labseg.exercises.judge import judge

EXERCISES = [module.EXERCISE for module in (best_threshold, dice, iou, prepare_mask, split_by_car)]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
@pytest.mark.parametrize(
    "answer",
    [
        None,
        7,
        {},
        {"value": {}},
        {"value": []},
        {"value": [[], []]},
        {"value": [[1, 2], [3]]},
        {"value": np.zeros((0, 3))},
        {"value": float("nan")},
        {"value": 10**400},
        {"value": np.full((2, 3), np.nan)},
        {"value": "x" * 9999},
        {"error": ["x"], "message": 3},
        {"returned": 5},
        {"value": 1, "forbidden": 3, "changed": 8},
    ],
)
def test_malformed_answers_earn_nothing_and_a_short_sentence(exercise, answer):
    cases = exercise.cases(0)
    verdict = judge(exercise, cases, [answer] * len(cases))
    assert verdict.points == 0
    assert all(0 < len(part.message) < 1600 for part in verdict.parts)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (18, None),
        (np.int64(18), None),
        (np.array(18.0), None),
        (19, "the size is wrong; given: 19; expected: 18"),
        (float("nan"), "the size is wrong (NaN is what 0/0 gives); given: nan; expected: 18"),
        ([18], "one number was expected, not shape (1,); given: [18]; expected: 18"),
    ],
)
def test_a_number(value, said):
    fault = compare.wrong_number(value, 18, "size")
    assert (fault and "; ".join(fault.lines)) == said


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((4, 3, 5, 1), "an axis of length 1 is left over"),
        ((4, 5, 3), "height and width are exchanged"),
        ((3, 5), "expected (n, h, w)"),
        ((), "expected (n, h, w)"),
    ],
)
def test_a_shape(shape, said):
    fault = compare.wrong_shape(np.zeros(shape), (4, 3, 5), "expected (n, h, w)")
    assert fault.message == f"the shape is wrong: {said}"
    assert not compare.wrong_shape(np.zeros((4, 3, 5)), (4, 3, 5))


def test_a_dtype_and_values():
    array = np.array([0, 1], np.uint8)
    assert compare.wrong_dtype(array, "float32").message.endswith('use .astype("float32")')
    assert not compare.wrong_dtype(array, "uint8")
    assert not compare.wrong_values(array + 1e-9, array)
    assert compare.wrong_values(array + 0.1, array).given == "[0.1, 1.1]"


def test_a_view_and_a_change_are_one_sentence():
    assert "a view of x_data" in compare.views({"value": 1, "views": ["x_data"]})
    assert "changes its argument x_data" in compare.changed({"value": 1, "changed": ["x_data"]})
    assert not compare.views({"value": 1})
    assert not compare.changed({"value": 1})


def test_a_case_may_be_about_several_parts_and_a_change_costs_one():
    answers = [{"value": 1, "changed": ["x"]}, {"value": 2, "changed": ["x"]}]
    judged = []
    found = compare.by_part(
        [("a", "b"), "b"], [{}, {}], answers, lambda part, pairs: judged.append((part, pairs)), ""
    )
    assert judged == [("a", [({}, 1)]), ("b", [({}, 1), ({}, 2)])]
    assert "changes its argument x" in found["a"]
    assert found["b"] is None


def test_recognise_needs_every_case():
    candidates = {"twice": [2, 4], "plus one": [2, 3]}
    assert compare.recognise([2, 3], candidates) == "plus one"
    assert compare.recognise([2, 5], candidates) is None
