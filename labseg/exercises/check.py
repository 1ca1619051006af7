"""What students call: labseg.check.<exercise>(what they wrote) shows the verdict and returns it."""

from dataclasses import replace

from labseg.arguments import whole_number
from labseg.errors import InvalidType
from labseg.exercises import catalogue
from labseg.exercises.judge import judge
from labseg.exercises.progress import record

_wrong = {}  # exercise → how many verdicts in a row were wrong


def __getattr__(name):
    """The check of one exercise, such as labseg.check.build_unet."""
    if name.startswith("_"):
        raise AttributeError(name)
    try:
        exercise = catalogue.find(name)
    except ValueError as error:
        raise AttributeError(str(error)) from None

    def check(answer, seed=0):
        return run(exercise, answer, seed)

    check.__name__ = check.__qualname__ = name
    check.__doc__ = (
        f"Check {exercise.takes} {exercise.name}: right, not yet and why, or not attempted yet.\n\n"
        "Whatever your code does or raises ends in a verdict, which is shown and returned;\n"
        "it is true if all is right. Another `seed` tries other cases."
    )
    return check


def __dir__():
    return [exercise.name for exercise in catalogue.EXERCISES]


def run(exercise, answer, seed=0):
    """Show and return the Verdict on what a student wrote."""
    if exercise.takes == "the function" and (not callable(answer) or hasattr(answer, "layers")):
        raise InvalidType(
            f"Give the function itself: labseg.check.{exercise.name}({exercise.name}), "
            f"not what it returns. You gave a {type(answer).__name__}."
        )
    cases = exercise.cases(whole_number("seed", seed, 0))
    try:
        answers = exercise.answers(answer, cases)
    except KeyboardInterrupt:  # without the many lines from inside Keras
        raise KeyboardInterrupt("The check was interrupted.") from None
    verdict = judge(exercise, cases, answers)
    if verdict.attempted:
        tries = _wrong[exercise.name] = 0 if verdict else _wrong.get(exercise.name, 0) + 1
        verdict = replace(verdict, tries=tries)
    record(exercise, verdict)
    return verdict.show()
