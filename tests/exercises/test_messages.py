"""All that the checks say, as it is seen, stands in messages.txt, so that somebody can read it.

After a change of wording, write it anew and read what changed:

    LABSEG_WRITE_MESSAGES=1 python -m pytest tests/exercises/test_messages.py
"""

import importlib
import os
import pkgutil
from pathlib import Path

import keras
import numpy as np

import labseg.exercises
from labseg.exercises.catalogue import EXERCISES
from labseg.exercises.judge import judge

FILE = Path(__file__).with_name("messages.txt")
LINE = "=" * 100

# How the tests of an exercise hold their answers, if not as {name: answer, or (answer, …)}.
RIGHT = {
    "build_unet": lambda tests: tests.variant(),
    "dice": lambda tests: tests.variant(tests.RIGHT["plain"]),
    "split_by_car": lambda tests: tests.variant(),
}
WRONG = {
    "build_unet": lambda tests: {
        name: tests.variant(**changes) for name, (changes, _) in tests.WRONG.items()
    },
    "dice": lambda tests: {name: tests.variant(score) for name, score in tests.WRONG.items()},
    "iou": lambda tests: (
        {name: tests.variant(score) for name, score in tests.SCORES.items()}
        | {name: tests.variant(**labels) for name, labels in tests.LABELS.items()}
        | tests.OTHERS
    ),
    "prepare_mask": lambda tests: {
        f"{n}. {said}": answer for n, (said, answer, _) in enumerate(tests.WRONG, 1)
    },
}


def right_and_wrong(exercise):
    """A right answer, and {name: wrong answer}: all wrong choices of a quiz, else as tested."""
    name = exercise.name
    if name.startswith("quiz_"):
        questions = exercise.faults.args[0]
        right = {n: question.right for n, question in questions.items()}
        return right, {
            f"{n}. {question.text} {letter}) {question.choices[letter]}": right | {n: letter}
            for n, question in questions.items()
            for letter in question.why
        }
    if name == "skip_ablation":
        return "a word " * 20, {"too short": "It is worse."}
    tests = importlib.import_module(f"test_check_{name}")
    right = RIGHT.get(name, lambda tests: getattr(tests, "right", None) or tests.RIGHT)(tests)
    if isinstance(right, dict) and exercise.takes == "the function":
        right = next(iter(right.values()))
    return right, WRONG.get(name, lambda tests: tests.WRONG)(tests)


def not_written(*_, **__):
    raise NotImplementedError


def chapter(exercise):
    """All messages of an exercise, in paragraphs."""
    cases = exercise.cases(0)

    def message(answer):
        # Else the names that Keras gives would depend on the tests that ran before.
        keras.utils.clear_session(free_memory=False)
        np.random.seed(0)  # noqa: NPY002  for answers that forget their seed
        answer = answer[0] if isinstance(answer, tuple) else answer
        return judge(exercise, cases, exercise.answers(answer, cases)).message

    right, wrong = right_and_wrong(exercise)
    minutes = f"{exercise.minutes} minute{'s' * (exercise.minutes != 1)}"
    takes = f"{minutes}, {exercise.max_points} points"
    yield f"{LINE}\n{exercise.notebook}: {exercise.name} ({takes})\n{LINE}"
    yield f"[not attempted]\n{message(not_written if exercise.takes == 'the function' else None)}"
    yield f"[right]\n{message(right)}"
    for name, answer in wrong.items():
        yield f"[{' '.join(name.split())}]\n{message(answer)}"
    for n, hint in enumerate(exercise.hints, 1):
        yield f"[hint {n}]\n{hint}"


def test_every_exercise_that_has_a_file_is_in_the_catalogue():
    names = [module.name for module in pkgutil.iter_modules(labseg.exercises.__path__)]
    modules = [importlib.import_module(f"labseg.exercises.{name}") for name in names]
    found = {module.EXERCISE.name for module in modules if hasattr(module, "EXERCISE")}
    assert found == {exercise.name for exercise in EXERCISES}


def test_messages_txt_holds_all_that_the_checks_say(capsys):
    found = "\n\n".join(part for exercise in EXERCISES for part in chapter(exercise)) + "\n"
    if os.environ.get("LABSEG_WRITE_MESSAGES"):
        FILE.write_text(found, encoding="utf-8")
    assert found.splitlines() == FILE.read_text("utf-8").splitlines()
