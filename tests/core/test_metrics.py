"""Metrics against cases computed by hand."""

import re

import numpy as np
import pytest

from labseg import metrics
from labseg.errors import LabsegError

TRUTH = np.array([[[1, 1, 0, 0], [1, 1, 0, 0]]])  # 4 car pixels of 8
SHIFTED = np.array([[[0, 1, 1, 0], [0, 1, 1, 0]]])  # 2 of them found, 2 too many
NOTHING, EVERYTHING = np.zeros_like(TRUTH), np.ones_like(TRUTH)
ALL = (metrics.accuracy, metrics.iou, metrics.dice, metrics.boundary_iou)


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
    got = [float(score(TRUTH, found)[0]) for score in ALL[:3]]
    assert got == pytest.approx([accuracy, iou, dice])


def test_both_empty_is_perfect_and_one_empty_is_a_miss():
    for score in (metrics.iou, metrics.dice, metrics.boundary_iou):
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


def blobs(seed=0, n=8, size=(23, 31)):
    """Masks of a few rectangles each, some of which end at the picture's edge."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((n, *size), np.uint8)
    for mask in masks:
        for _ in range(3):
            row, column = rng.integers(-4, size[0]), rng.integers(-4, size[1])
            height, width = rng.integers(3, 15, 2)
            mask[max(row, 0) : row + height, max(column, 0) : column + width] = 1
    return masks


def eroded(mask, times):
    """The mask (h, w) after so many erosions by 3×3 pixels; the outside of the picture is 0."""
    for _ in range(times):
        padded = np.pad(mask, 1)
        mask = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).min(axis=(2, 3))
    return mask


@pytest.mark.parametrize("width", [1, 2, 5, 40, None])
def test_boundary_iou_as_its_authors_compute_it(width):
    truth = blobs()
    found = np.concatenate([blobs(1)[:4], np.roll(truth[4:], 1, axis=2)])
    times = width or 1  # 2 % of hypot(23, 31) is 0.77
    expected = []
    for pair in zip(truth, found, strict=True):
        a, b = (mask > eroded(mask, times) for mask in pair)
        expected.append((a & b).sum() / (a | b).sum())
    np.testing.assert_allclose(metrics.boundary_iou(truth, found, width=width), expected)


def test_the_width_is_two_percent_of_the_diagonal_and_a_huge_one_gives_the_iou():
    truth = np.zeros((1, 300, 400), np.uint8)
    truth[:, 50:250, 50:350] = 1
    found = np.roll(truth, 7, axis=2)
    assert metrics.boundary_iou(truth, found) == metrics.boundary_iou(truth, found, width=10)
    assert metrics.boundary_iou(truth, found) < 0.75 < 0.95 < metrics.iou(truth, found)
    assert metrics.boundary_iou(truth, found, width=10**6) == metrics.iou(truth, found)


@pytest.mark.parametrize("width", [0, -1, 1.5, "2", True, np.nan])
def test_a_width_that_is_no_number_of_pixels(width):
    with pytest.raises(LabsegError, match=r"width=.*: give a whole number of pixels, at least 1"):
        metrics.boundary_iou(TRUTH, SHIFTED, width=width)


def test_the_distance_from_the_border_is_that_to_the_nearest_pixel_of_the_other_kind():
    masks = blobs(2)
    pixels = np.moveaxis(np.indices(masks.shape[1:]), 0, -1).reshape(-1, 2)
    for mask, distance in zip(masks, metrics.border_distance(masks), strict=True):
        apart = np.hypot(*np.moveaxis(pixels[:, None] - pixels[None], -1, 0))
        same = mask.ravel()[:, None] == mask.ravel()[None]
        nearest = np.where(same, np.inf, apart).min(axis=1)
        np.testing.assert_allclose(distance.ravel(), nearest, rtol=1e-5)


def test_distances_by_hand():
    one = np.zeros((1, 3, 4))
    one[0, 1, 1] = 1
    root = np.sqrt(2)
    expected = [[[root, 1, root, np.sqrt(5)], [1, 1, 1, 2], [root, 1, root, np.sqrt(5)]]]
    for masks in (one, one.astype(bool), one[..., None]):
        np.testing.assert_allclose(metrics.border_distance(masks), expected, rtol=1e-6)


def test_a_mask_without_a_border_is_infinitely_far_from_it():
    distances = metrics.border_distance(np.concatenate([NOTHING, TRUTH, EVERYTHING]))
    assert np.isinf(distances[[0, 2]]).all()
    assert np.isfinite(distances[1]).all()


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (TRUTH[0], "The stack of masks has shape (2, 4); expected (n, h, w)"),
        (TRUTH * 255, "The masks have values from 0 to 255; expected 0 and 1"),
        (TRUTH * 0.7, "The masks have values from 0 to 0.7; expected 0 and 1 (scores >="),
        ([["a"]], "The stack of masks is not an array of numbers"),
    ],
)
def test_masks_that_have_no_border_to_measure_from(masks, message):
    with pytest.raises(LabsegError, match=re.escape(message)):
        metrics.border_distance(masks)
