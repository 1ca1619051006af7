"""Trivial answers, intervals over cars, the scoreboard and the bands of expected scores."""

import numpy as np
import pytest

import labseg
from labseg import evaluation

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
