"""Metrics against cases computed by hand."""

import re

import numpy as np
import pytest

from labseg import metrics
from labseg.errors import LabsegError

TRUTH = np.array([[[1, 1, 0, 0], [1, 1, 0, 0]]])  # 4 car pixels of 8
SHIFTED = np.array([[[0, 1, 1, 0], [0, 1, 1, 0]]])  # 2 of them found, 2 too many
NOTHING, EVERYTHING = np.zeros_like(TRUTH), np.ones_like(TRUTH)
ALL = (metrics.accuracy, metrics.iou, metrics.dice)


@pytest.mark.parametrize(
    ("found", "accuracy", "iou", "dice"),
    [
        (TRUTH, 1, 1, 1),
        (SHIFTED, 4 / 8, 2 / 6, 4 / 8),
        (NOTHING, 4 / 8, 0, 0),
        (EVERYTHING, 4 / 8, 4 / 8, 8 / 12),
        (1 - TRUTH, 0, 0, 0),
    ],
)
def test_by_hand(found, accuracy, iou, dice):
    got = [float(score(TRUTH, found)[0]) for score in ALL]
    assert got == pytest.approx([accuracy, iou, dice])


def test_both_empty_is_perfect_and_one_empty_is_a_miss():
    for score in (metrics.iou, metrics.dice):
        assert score(NOTHING, NOTHING) == [1]
        assert score(NOTHING, EVERYTHING) == [0]
        assert score(TRUTH, NOTHING) == [0]


def test_one_score_an_image_not_one_a_batch():
    truth, found = np.concatenate([TRUTH, NOTHING]), np.concatenate([SHIFTED, NOTHING])
    np.testing.assert_allclose(metrics.iou(truth, found), [1 / 3, 1])


def test_a_pixel_is_car_at_the_threshold_and_above():
    scores = np.where(TRUTH == 1, 0.5, 0.49)
    assert metrics.iou(TRUTH, scores) == [1]
    assert metrics.iou(TRUTH, scores, threshold=0.51) == [0]
    assert metrics.iou(TRUTH, scores, threshold=0.4) == [0.5]


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32, np.float64])
def test_labels_and_scores_of_any_type_and_with_a_channel_axis(dtype):
    for score in ALL:
        plain = score(TRUTH, SHIFTED)
        assert score(TRUTH[..., None].astype(dtype), SHIFTED.astype(dtype)) == plain
        assert score(TRUTH, SHIFTED[..., None].astype(dtype)) == plain


def test_dice_follows_from_iou_in_every_image():
    rng = np.random.default_rng(0)
    truth, found = rng.integers(0, 2, (2, 20, 5, 7))
    iou = metrics.iou(truth, found)
    np.testing.assert_allclose(metrics.dice(truth, found), 2 * iou / (1 + iou))


@pytest.mark.parametrize(
    ("truth", "found", "message"),
    [
        (
            TRUTH * 255,
            TRUTH,
            "true mask has values from 0 to 255; expected 0 and 1 (if it is 0 and",
        ),
        (TRUTH * 0.4, TRUTH, "true mask has values from 0 to 0.4; expected 0 and 1 (the truth co"),
        (TRUTH - 1.0, TRUTH, "true mask has values from -1 to 0"),
        (TRUTH, TRUTH * 255, "prediction has values from 0 to 255"),
        (TRUTH, TRUTH - 2.0, "prediction has values from -2 to -1"),
        (TRUTH, np.full(TRUTH.shape, np.nan), "prediction has values from nan"),
        (TRUTH[0], TRUTH[0], "truth has shape (2, 4); expected (n, h, w)"),
        (TRUTH, TRUTH[0], "prediction has shape (2, 4)"),
        (TRUTH, TRUTH[:, :1], "truth has shape (1, 2, 4) but the prediction (1, 1, 4)"),
        (TRUTH, np.repeat(TRUTH[..., None], 3, -1), "prediction has shape (1, 2, 4, 3)"),
        (TRUTH[:0], TRUTH[:0], "no pixel to compare"),
        # Three numbers, but one mask or one picture, not a stack.
        (TRUTH[0, ..., None], TRUTH[0, ..., None], "truth has shape (2, 4, 1); expected (n, h, w)"),
        (np.ones((20, 30, 3)), np.ones((20, 30, 3)), "truth has shape (20, 30, 3)"),
        (TRUTH, TRUTH * 1.000002, "prediction has values from 0 to 1.000002; expected"),
        (TRUTH, TRUTH - 0.00001, "prediction has values from -1e-05 to 0.99999"),
        (TRUTH, np.full(TRUTH.shape, np.nan), "(did the training diverge?)"),
        (TRUTH, [[[1, 0], [1]]], "The prediction is not an array of numbers"),
        (TRUTH, TRUTH.astype(str), "The prediction is not an array of numbers"),
        (None, TRUTH, "The truth is not an array of numbers"),
        (TRUTH, np.zeros(TRUTH.shape, [("p", float)]), "The prediction is not an array of numbers"),
    ],
)
def test_bad_input_is_named(truth, found, message):
    for score in ALL:
        with pytest.raises(ValueError, match=re.escape(message)) as raised:
            score(truth, found)
        assert isinstance(raised.value, LabsegError)


@pytest.mark.parametrize("threshold", [2, -0.1, np.nan, None, "0.5", True, [0.4, 0.5]])
def test_a_threshold_that_is_no_number_from_0_to_1(threshold):
    for score in ALL:
        with pytest.raises(LabsegError, match=r"threshold=.*: give a number from 0 to 1"):
            score(TRUTH, TRUTH, threshold)


def test_rounding_errors_and_thresholds_of_numpy_are_taken():
    for score in ALL:
        assert score(TRUTH, TRUTH * np.float32(1.0000001), np.float32(0.5)) == [1]
        assert score(TRUTH, TRUTH - 1e-7, np.array(0.5)) == [1]


def test_three_narrow_masks_are_a_stack():
    narrow = np.ones((5, 2, 3))
    assert metrics.iou(narrow, narrow).shape == (5,)


def test_a_long_value_is_not_printed_whole():
    with pytest.raises(LabsegError) as raised:
        metrics.iou(TRUTH, TRUTH, np.zeros((9, 99)))
    assert len(str(raised.value)) < 100
