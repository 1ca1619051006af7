"""Metrics against cases computed by hand."""

import re

import numpy as np
import pytest

from labseg import metrics

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
        (TRUTH * 255, TRUTH, "true mask has values up to 255; expected 0 and 1"),
        (TRUTH * 0.4, TRUTH, "true mask has values up to 0.4"),
        (TRUTH, TRUTH * 255, "prediction has values from 0 to 255"),
        (TRUTH, TRUTH - 2.0, "prediction has values from -2 to -1"),
        (TRUTH, np.full(TRUTH.shape, np.nan), "prediction has values from nan"),
        (TRUTH[0], TRUTH[0], "truth has shape (2, 4); expected (n, h, w)"),
        (TRUTH, TRUTH[0], "prediction has shape (2, 4)"),
        (TRUTH, TRUTH[:, :1], "truth has shape (1, 2, 4) but the prediction (1, 1, 4)"),
        (TRUTH, np.repeat(TRUTH[..., None], 3, -1), "prediction has shape (1, 2, 4, 3)"),
        (TRUTH[:0], TRUTH[:0], "no pixel to compare"),
    ],
)
def test_bad_input_is_named(truth, found, message):
    for score in ALL:
        with pytest.raises(ValueError, match=re.escape(message)):
            score(truth, found)
