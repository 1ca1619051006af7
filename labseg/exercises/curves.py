"""The exercise curves: what went wrong in four trainings, seen from their curves alone."""

import json
from functools import cache, partial

import numpy as np

from labseg.exercises.answers import given
from labseg.exercises.choices import Question, faults
from labseg.exercises.exercise import Exercise
from labseg.models import ASSETS

REFERENCE = "healthy"
TEXTS = {
    "overfitting": "overfitting",
    "rate too high": "learning rate far too high",
    "rate too low": "learning rate far too low",
    "out of step": "images and masks out of step",
    "healthy": "nothing is wrong",
}
WHY = {
    "overfitting": {
        "rate too high": "a rate that is far too high makes the first loss huge; here it falls "
        "smoothly. Compare the solid line with the dashed one.",
        "rate too low": "the training loss falls fast, in the end below the healthy one; see what "
        "the validation loss does meanwhile.",
        "out of step": "the training loss gets very low, so the masks can be learnt. Why does the "
        "validation loss not follow?",
        "healthy": "the solid and the dashed line part: the network gets better and better on the "
        "pictures that it trains on, and hardly on others.",
    },
    "rate too high": {
        "overfitting": "overfitting is a training loss far below the validation loss; here both "
        "lie close together. Look at the first epoch.",
        "rate too low": "a rate that is far too low begins near 0.7 and creeps down; look at how "
        "high this one begins, and whether it moves later.",
        "out of step": "masks that do not fit leave the first loss where it is in the healthy "
        "training; look at the first epoch of this one.",
        "healthy": "after a huge first loss nothing moves any more: the accuracy stays that of "
        "“no car anywhere”.",
    },
    "rate too low": {
        "overfitting": "overfitting is a training loss far below the validation loss; here both "
        "fall together. Look at how fast.",
        "rate too high": "a rate that is far too high makes the first loss huge; this one begins "
        "near 0.7 and never jumps. Look at how fast it falls.",
        "out of step": "with masks that do not fit, the loss still drops in the first epochs; "
        "here it falls evenly from the first epoch to the last. Look at how fast.",
        "healthy": "after all these epochs the loss is still close to the 0.69 of an answer of 0.5 "
        "for every pixel.",
    },
    "out of step": {
        "overfitting": "overfitting is a training loss far below the validation loss; here both "
        "lie close together, and both are too high.",
        "rate too high": "a rate that is far too high makes the first loss huge; here it begins as "
        "in the healthy training. Where does it level off?",
        "rate too low": "the loss begins as low as in the healthy training, which a tiny rate "
        "does not reach so soon. Where does it level off?",
        "healthy": "the loss levels off far above the healthy one, in training and validation, "
        "though network and learning rate are the same.",
    },
}

HINTS = (
    "Look at three things in turn: where the loss begins, how fast it falls, and whether the solid "
    "and the dashed line part.",
    "A gap between the lines, a huge first loss, a loss that hardly moves, a loss that levels off "
    "too high: each stands for one diagnosis, and each occurs once.",
    "Large steps overshoot at once; tiny ones get nowhere; a network that knows its own pictures "
    "by heart fails on others; masks of other pictures teach only what all masks share.",
)

LETTERS = "ABCD"
DIAGNOSES = dict(
    zip(LETTERS, np.random.default_rng(3).permutation(list(WHY)).tolist(), strict=True)
)


def mysteries():
    """({"A": history, … "D": history}, the healthy history) of real trainings, as `fit` gives them.

    All have the same network and settings, but for the one mistake that is to be found.
    """
    runs = _recorded()
    return {letter: runs[name] for letter, name in DIAGNOSES.items()}, runs[REFERENCE]


@cache
def _recorded():
    return json.loads((ASSETS / "curves.json").read_text("utf-8"))


def _question(letter, name):
    return Question(
        f"What went wrong in training {letter}?",
        {text: text for text in TEXTS.values()},
        right=TEXTS[name],
        why={TEXTS[diagnosis]: why for diagnosis, why in WHY[name].items()},
    )


QUESTIONS = {letter: _question(letter, name) for letter, name in DIAGNOSES.items()}

EXERCISE = Exercise(
    name="curves",
    notebook="02_baseline_cnn",
    minutes=7,
    points=dict.fromkeys(LETTERS, 1),
    cases=lambda seed: [{}],  # the figure shows the same curves to everybody
    answers=given,
    faults=partial(faults, QUESTIONS, LETTERS, example='{"A": "overfitting", "B": …}'),
    hints=HINTS,
    remark=lambda cases, answers: (
        "Notice that B and C end with the same accuracy, that of “no car anywhere”. Only their "
        "losses tell them apart."
    ),
    takes="your diagnosis",
)
