"""What is noticed while a student's function runs: changes, views, prints and forbidden calls."""

import math
from functools import partial

import numpy as np
import pytest

import labseg
from labseg.exercises.answers import values

CASES = [{"y_true": np.array([[[1, 0]]]), "y_pred": np.array([[[1, 1]]])}]


def answer(function, cases=CASES, **options):
    return values(function, cases, **options)[0]


def test_a_quiet_function_is_only_its_value():
    assert answer(lambda y_true, y_pred: float(y_true.sum())) == {"value": 1.0}


def test_changed_arguments_are_named():
    def change(y_true, y_pred):
        y_pred[y_pred > 0] = 7

    assert answer(change) == {"value": None, "changed": ["y_pred"]}
    assert CASES[0]["y_pred"].max() == 1


@pytest.mark.parametrize("change", [list.sort, lambda names: names.append("c"), list.clear])
def test_changed_lists_are_named_too(change):
    assert answer(change, [{"names": ["b", "a"]}], lists=("names",))["changed"] == ["names"]


def test_views_of_arguments_are_named():
    assert answer(lambda y_true, y_pred: [y_pred, y_true[0] + 0])["views"] == ["y_pred"]
    assert "views" not in answer(lambda y_true, y_pred: y_pred.copy())


def test_what_is_printed_is_noted_and_printed(capsys):
    assert answer(lambda *_: print("hello")) == {"value": None, "printed": "hello\n"}
    assert capsys.readouterr().out == "hello\n"


def test_warnings_do_not_show(recwarn):
    assert math.isnan(answer(lambda *_: np.float64(0) / np.float64(0))["value"])
    assert not recwarn


def swallow(y_true, y_pred):
    try:
        return labseg.metrics.iou(y_true, y_pred)
    except Exception:
        return 0.5


@pytest.mark.parametrize(
    "function",
    [
        labseg.metrics.iou,
        partial(labseg.metrics.iou, threshold=0.3),
        lambda y_true, y_pred: labseg.metrics.iou(y_true, y_pred=y_pred),
        lambda y_true, y_pred, ours=labseg.metrics.iou: ours(y_true, y_pred, 0.5),
        swallow,
    ],
)
@pytest.mark.parametrize("names", [["labseg.metrics.iou"], ["labseg.nothing", "labseg.metrics"]])
def test_a_forbidden_function_is_noticed_by_whatever_name_it_is_called(function, names):
    assert answer(function, forbidden=names)["forbidden"] == ["labseg.metrics.iou"]
    assert labseg.metrics.iou(**CASES[0]) == [0.5]  # as before


def test_a_forbidden_method_is_noticed():
    name = "labseg.data.carvana.Cars.split"
    cars = labseg.Cars(np.zeros((2, 1, 1, 3)), np.zeros((2, 1, 1)), ["a_01", "b_01"])
    assert answer(lambda *_: cars.split(), forbidden=[name])["forbidden"] == [name]


def test_a_picture_is_made_from_plain_data():
    pixels = np.array([[0, 1, 1]], np.uint8)
    palette = [255, 255, 255, 0, 0, 0]
    case = {"mask": {"mode": "P", "pixels": pixels, "palette": palette}}

    def look(mask):
        grey = np.array(mask.convert("L"))
        mask.putpixel((0, 0), 1)
        return [mask.mode, list(mask.size), grey.tolist()]

    seen = {"value": ["P", [3, 1], [[255, 0, 0]]], "changed": ["mask"]}
    assert answer(look, [case]) == seen


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.array(["a", "b"], object), ["a", "b"]),
        (np.array(["a"])[0], "a"),
        ((np.float32(0.5), np.int64(2)), [0.5, 2]),
    ],
)
def test_plain_data_in_other_clothes(value, plain):
    assert answer(lambda *_: value)["value"] == plain


def test_tensors_are_arrays():
    import keras

    scores = answer(lambda *_: keras.ops.ones(3))["value"]
    assert type(scores) is np.ndarray
    assert scores.tolist() == [1, 1, 1]
