"""The exercise iou(y_true, y_pred, threshold=0.5): one score a picture, right for empty masks."""

from labseg.exercises.overlap import exercise, iou

HINTS = (
    "First make both into sets of pixels: the truth is car where it is 1, the prediction where "
    "its score is at least the threshold. If there is a last axis of length 1, remove it.",
    "Count pixels for each picture apart: .sum(axis=(1, 2)) of an (n, h, w) array gives n numbers. "
    "You need the pixels that are car in both (&) and those that are car in either (|).",
    "Divide the one by the other, but not 0 by 0: where neither mask has car, the score is 1. "
    "np.where(either == 0, …, …) chooses, and np.maximum(either, 1) keeps 0 out of the "
    "denominator.",
)

EXERCISE = exercise(
    iou,
    minutes=8,
    points={"scores": 3, "threshold": 2, "empty masks": 2, "shapes": 1},
    hints=HINTS,
    remark="Notice that a pixel that is background in both masks counts nowhere in your formula.",
)
