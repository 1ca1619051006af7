"""The exercise dice(y_true, y_pred, threshold=0.5): one score a picture, right for empty masks."""

from labseg.exercises.overlap import dice, exercise

HINTS = (
    "Only the formula differs from iou: what stays the same?",
    "The numerator is twice the number of pixels that are car in both masks; the denominator adds "
    "up the area of the true car and that of the predicted car, each picture apart.",
    "The sum of the areas is truth.sum(axis=(1, 2)) + found.sum(axis=(1, 2)). If it is 0, both "
    "masks are empty and the score is 1. Or call your iou: which function of it is Dice?",
)

EXERCISE = exercise(
    dice,
    minutes=4,
    points={"scores": 3, "threshold": 2, "empty masks": 1, "shapes": 1},
    hints=HINTS,
    remark="Notice that Dice = 2·IoU/(1 + IoU) for each picture, but not for the means over them.",
)
