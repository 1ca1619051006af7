"""Every exercise of the lab, in the order of the lessons."""

from labseg.errors import InvalidValue
from labseg.exercises import (
    apply_transform,
    augment_data,
    best_threshold,
    build_cnn,
    build_unet,
    conv_block,
    curves,
    debug_clinic,
    dice,
    down,
    iou,
    prepare_mask,
    quiz_01,
    quiz_02,
    quiz_03,
    quiz_04,
    quiz_05,
    receptive_field,
    shift_pair,
    skip_ablation,
    split_by_car,
    up,
)

EXERCISES = tuple(
    module.EXERCISE
    for module in (
        # lesson 1
        split_by_car,
        prepare_mask,
        quiz_01,
        # lesson 2
        build_cnn,
        curves,
        quiz_02,
        # lesson 3
        iou,
        dice,
        best_threshold,
        debug_clinic,
        quiz_03,
        # lesson 4
        receptive_field,
        conv_block,
        down,
        up,
        build_unet,
        skip_ablation,
        quiz_04,
        # lesson 5
        apply_transform,
        augment_data,
        shift_pair,
        quiz_05,
    )
)
FORMER_NAMES = {"unet": "build_unet"}  # as version 0.1 called it


def find(name):
    """The Exercise with this name; InvalidValue if there is none."""
    wanted = FORMER_NAMES.get(name, name) if isinstance(name, str) else name
    for exercise in EXERCISES:
        if exercise.name == wanted:
            return exercise
    names = ", ".join(exercise.name for exercise in EXERCISES)
    raise InvalidValue(f"No exercise is called {name!r}. The exercises are: {names}.")
