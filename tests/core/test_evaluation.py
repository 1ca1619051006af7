"""Trivial answers, intervals over cars, the scoreboard and the bands of expected scores."""

import numpy as np
import pytest

import labseg
from labseg import evaluation
from labseg.errors import LabsegError

TRUTH = np.array([[[1, 1, 0, 0], [1, 1, 0, 0]]])


def cars(masks, names):
    masks = np.array(masks, np.uint8)
    return labseg.Cars(np.zeros((*masks.shape, 3), np.uint8), masks, names)


def test_trivial_answers():
    train = cars([[[1, 0]], [[1, 1]], [[0, 1]]], ["a_01", "b_01", "b_02"])
    test = cars([[[1, 0]], [[1, 0]], [[1, 0]]], ["c_01", "c_02", "c_03"])
    answers = evaluation.trivial_answers(train, test)
    mean = [[2 / 3, 2 / 3]]
    np.testing.assert_allclose(answers["all background"], np.zeros((3, 1, 2)))
    np.testing.assert_allclose(answers["mean mask"], [mean] * 3)
    # View 3 was never trained on: its best guess is the mean of all.
    np.testing.assert_allclose(answers["mean mask of the view"], [[[1, 0.5]], [[0, 1]], mean])


def test_bootstrap_draws_whole_cars():
    scores = np.repeat([0.2, 0.4, 0.6, 0.8], 16)
    owners = np.repeat(list("abcd"), 16)
    mean, low, high = evaluation.bootstrap(scores, owners)
    assert mean == pytest.approx(0.5)
    assert low < 0.35
    assert high > 0.65
    _, low_images, high_images = evaluation.bootstrap(scores, range(64))
    assert high_images - low_images < (high - low) / 2


def test_bootstrap_of_equal_scores_is_certain():
    assert evaluation.bootstrap([0.5] * 6, list("aabbcc")) == pytest.approx((0.5, 0.5, 0.5))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"cars": ["a_01", "a_02", "b_01", "b_02"]},
            "a_01 is an image, not a car: give .*test.cars",
        ),
        ({"cars": ["a", "b"]}, "4 scores but 2 cars"),
        ({"cars": None}, "4 scores but 0 cars"),
        ({"scores": []}, r"scores has shape \(0,\)"),
        ({"scores": [[0.1], [0.2], [0.3], [0.4]]}, r"scores has shape \(4, 1\); expected \(n,\)"),
        ({"scores": [0.1, np.nan, 0.3, 0.4]}, r"scores\[1\] is nan"),
        ({"scores": ["0.1", "0.2", "0.3", "0.4"]}, "scores is not an array of numbers"),
        ({"level": 95}, "level=95: give a number from 0 to 1"),
        ({"level": np.nan}, "level=nan"),
        ({"repeats": 0}, "repeats=0"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_bootstrap_refuses_what_would_give_wrong_intervals(change, message):
    arguments = {"scores": [0.1, 0.2, 0.3, 0.4], "cars": list("aabb")} | change
    with pytest.raises(LabsegError, match=message):
        evaluation.bootstrap(**arguments)


def test_bootstrap_takes_cars_with_one_image_each_and_numbers_of_numpy():
    owners = ["a_01", "b_01", "c_01"]  # drawing these images is drawing their cars
    expected = evaluation.bootstrap([0.1, 0.2, 0.6], list("abc"), repeats=100)
    got = evaluation.bootstrap([0.1, 0.2, 0.6], owners, np.float32(0.95), np.int64(100), np.int8(0))
    assert got == pytest.approx(expected)


def test_one_car_says_nothing_about_others(capsys):
    mean, low, high = evaluation.bootstrap([0.2, 0.4], ["a", "a"])
    assert mean == pytest.approx(0.3)
    assert np.isnan([low, high]).all()
    test = cars(np.concatenate([TRUTH, TRUTH]), ["a_01", "a_02"])
    evaluation.scoreboard(test, {"perfect": test.masks})
    said = capsys.readouterr().out
    assert "one car: no interval" in said
    assert "nan" not in said


def test_scoreboard_prints_best_last_and_returns_the_scores(capsys):
    test = cars(np.concatenate([TRUTH, TRUTH]), ["a_01", "b_01"])
    answers = {"perfect": test.masks, "nothing": np.zeros(test.masks.shape)}
    ious = evaluation.scoreboard(test, answers)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["nothing", "perfect"]
    assert lines[2].split()[1:4] == ["1.000", "1.000", "1.000"]
    assert lines[1].split()[1:4] == ["0.500", "0.000", "0.000"]
    assert list(ious) == ["nothing", "perfect"]
    np.testing.assert_array_equal(ious["perfect"], [1, 1])


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({}, "answers is empty: give {name: scores of every test image}"),
        (np.zeros((1, 2, 4)), "answers is of type ndarray: give {name"),
        ({"short": np.zeros((2, 2, 4))}, r"short: The truth has shape \(1, 2, 4\)"),
        ({"good": TRUTH, "logits": TRUTH * 9.0}, "logits: Your prediction has values from 0 to 9"),
    ],
)
def test_scoreboard_names_the_answer_that_does_not_fit(answers, message, capsys):
    with pytest.raises(LabsegError, match=message):
        evaluation.scoreboard(cars(TRUTH, ["a_01"]), answers)
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (cars(TRUTH[:0], []), cars(TRUTH, ["a_01"]), "train holds no images"),
        (cars(TRUTH, ["a_01"]), cars(TRUTH[:0], []), "test holds no images"),
        (
            cars(TRUTH[:, :1], ["a_01"]),
            cars(TRUTH, ["a_01"]),
            "training images have 1×4 pixels but the test images 2×4",
        ),
        (TRUTH, cars(TRUTH, ["a_01"]), "train is of type ndarray: give a set of cars"),
    ],
)
def test_trivial_answers_of_sets_that_do_not_fit(train, test, message):
    with pytest.raises(LabsegError, match=message):
        evaluation.trivial_answers(train, test)


def test_in_band(capsys):
    assert evaluation.in_band("IoU", 0.5, 0.4, 0.6)
    assert not evaluation.in_band("IoU", 0.7, 0.4, 0.6)
    assert not evaluation.in_band("IoU", float("nan"), 0.4, 0.6)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "✓ IoU: 0.500 (expected 0.400 to 0.600)"
    assert said[1] == "✗ IoU: 0.700 (expected 0.400 to 0.600)"
    passing, failing, unknown = evaluation.read_bands("\n".join(["noise", *said, "IoU: 0.5"]))
    assert passing == evaluation.Band("IoU", 0.5, 0.4, 0.6)
    assert passing.inside
    assert not failing.inside
    assert not unknown.inside


def test_a_score_outside_its_band_names_likely_causes_on_a_line_of_its_own(capsys):
    evaluation.in_band("IoU", 0.5, 0.4, 0.6, causes="too few epochs")
    evaluation.in_band("IoU", 0.7, 0.4, 0.6, causes="too few epochs")
    text = capsys.readouterr().out
    assert text.splitlines()[2:] == ["  Likely causes: too few epochs."]
    assert [band.score for band in evaluation.read_bands(text)] == [0.5, 0.7]


@pytest.mark.parametrize("name", ["{}.jpg", "train/{}.jpg", "{}_mask.gif"])
def test_names_of_files_are_no_cars(name):
    names = [name.format(f"{car}_{view:02}") for car in "ab" for view in (1, 2)]
    with pytest.raises(ValueError, match="is an image, not a car"):
        evaluation.bootstrap([0.1, 0.2, 0.3, 0.4], names)


def test_a_band_holds_what_it_prints(capsys):
    assert evaluation.in_band("CNN", 0.92996, 0.93, 1)
    assert capsys.readouterr().out == "✓ CNN: 0.930 (expected 0.930 to 1.000)\n"


def test_a_scoreboard_takes_cars_that_are_called_like_images(capsys):
    test = cars(np.concatenate([TRUTH, TRUTH]), ["car_01_01", "car_02_01"])
    assert evaluation.scoreboard(test, {"perfect": test.masks})["perfect"].tolist() == [1, 1]
    assert "interval over 2 cars" in capsys.readouterr().out


def test_all_trivial_answers_can_be_changed():
    test = cars(TRUTH, ["a_01"])
    for answer in evaluation.trivial_answers(test, test).values():
        answer[:] = 1


@pytest.mark.parametrize("limit", ["low", "high"])
def test_a_band_has_two_limits(limit):
    with pytest.raises(ValueError, match=f"{limit}=None: give a number"):
        evaluation.in_band("CNN", 0.5, **({"low": 0, "high": 1} | {limit: None}))


@pytest.mark.parametrize("score", [None, [0.5, 0.6], "high"])
def test_a_band_wants_one_number(score):
    with pytest.raises(ValueError, match=r"score=.*: give one number, such as a mean"):
        evaluation.in_band("CNN", score, 0, 1)
