"""From answers to a verdict: what every exercise's judging has in common.

Answers may come from a stranger's process and hold anything at all. Whatever they hold, `judge`
raises nothing: an answer that cannot be read is a fault with a sentence.
"""

from functools import partial

from labseg.exercises.answers import given
from labseg.exercises.verdict import Fault, Part, Verdict, short


def judge(exercise, cases, answers):
    """The Verdict of an Exercise on answers, one for each case."""
    answers = _padded(answers, len(cases))
    verdict = partial(
        Verdict,
        exercise.name,
        takes=exercise.takes,
        by_hand=exercise.by_hand,
        hinted=bool(exercise.hints),
    )
    if _not_attempted(answers) or (exercise.answers is given and _blank(answers)):
        return verdict(_open_parts(exercise), attempted=False)
    faults, failure = attempt(exercise.faults, cases, answers)
    if faults is failure is None:
        return verdict(_open_parts(exercise), attempted=False)
    parts = tuple(
        _part(name, points, failure or faults.get(name), exercise.by_hand)
        for name, points in exercise.points.items()
    )
    if not verdict(parts).passed:
        return verdict(parts)
    remark, _ = attempt(exercise.remark, cases, answers)
    return verdict(parts, remark=short(remark or ""))


def _open_parts(exercise):
    return tuple(Part(name, 0, points) for name, points in exercise.points.items())


def _padded(answers, n):
    """Exactly n answers: what is missing is None, what is too much is dropped."""
    answers = answers[:n] if isinstance(answers, list) else []
    return answers + [None] * (n - len(answers))


def _not_attempted(answers):
    """Whether nothing was written: all that comes back is the stub's NotImplementedError.

    A student who begins with the check of the arguments raises ValueError for some cases.
    """
    errors = [_error(answer) if isinstance(answer, dict) else None for answer in answers]
    stubs = [error in ("NotImplementedError", "ValueError") for error in errors]
    return all(stubs) and "NotImplementedError" in errors


def _error(answer):
    """The exception's name; "" if something was written that led to it."""
    by_keras = "symbolic KerasTensor" in short(answer.get("message"))  # which raises the same
    return "" if answer.get("layers") or by_keras else answer.get("error")


def _blank(answers):
    """Whether every answer is None, an empty text, or holds nothing but these."""
    found = [answer.get("value", answer) for answer in answers if isinstance(answer, dict)]
    return len(found) == len(answers) and all(map(_empty, found))


def _empty(value):
    if isinstance(value, dict | list):
        return all(map(_empty, value.values() if isinstance(value, dict) else value))
    return value is None or (isinstance(value, str) and not value.strip())


def _part(name, points, fault, by_hand):
    if not fault:
        return Part(name, 0 if by_hand else points, points)
    return Part(name, 0, points, fault if isinstance(fault, Fault) else Fault(short(fault)))


# What the exercises' own files use.


def attempt(function, *args):
    """(what it returns, None) or (None, a sentence): an answer may hold anything at all."""
    try:
        return function(*args), None
    except ValueError as error:
        return None, short(error) or "the answer cannot be judged"
    except Exception as error:
        return None, f"the answer cannot be judged ({type(error).__name__})"


def fault_of(function, *args):
    """What the function finds wrong, or why it could not look."""
    fault, failure = attempt(function, *args)
    return fault or failure


def raised(answer):
    """What the student's function raised, as a clause of a sentence; None if it returned."""
    if not isinstance(answer, dict) or "error" not in answer:
        return None
    if answer["error"] == "SystemExit":
        return "your function calls exit(), which ends Python: leave it out"
    message = short(answer.get("message"), 200)
    return f"your function raised {short(answer['error'], 40)}" + (
        f": {message}" if message else ""
    )
