"""From answers to a verdict: what every exercise's judging has in common.

Answers may come from a stranger's process and hold anything at all. Whatever they hold, `judge`
raises nothing: an answer that cannot be read is a fault with a sentence.
"""

from labseg.exercises.verdict import Fault, Part, Verdict, short


def judge(exercise, cases, answers):
    """The Verdict of an Exercise on answers, one for each case."""
    answers = _padded(answers, len(cases))
    if _not_attempted(answers):
        parts = tuple(Part(name, 0, points) for name, points in exercise.points.items())
        return Verdict(exercise.name, parts, attempted=False, takes=exercise.takes)
    faults, failure = attempt(exercise.faults, cases, answers)
    parts = tuple(
        _part(name, points, failure or faults.get(name)) for name, points in exercise.points.items()
    )
    verdict = Verdict(exercise.name, parts, takes=exercise.takes)
    if not verdict.passed:
        return verdict
    remark, _ = attempt(exercise.remark, cases, answers)
    return Verdict(exercise.name, parts, remark=short(remark or ""), takes=exercise.takes)


def _padded(answers, n):
    """Exactly n answers: what is missing is None, what is too much is dropped."""
    answers = answers[:n] if isinstance(answers, list) else []
    return answers + [None] * (n - len(answers))


def _not_attempted(answers):
    """Whether nothing was written: all that comes back is the stub's NotImplementedError.

    A student who begins with the check of the arguments raises ValueError for some cases.
    """
    errors = [answer.get("error") if isinstance(answer, dict) else None for answer in answers]
    stubs = [error in ("NotImplementedError", "ValueError") for error in errors]
    return all(stubs) and "NotImplementedError" in errors


def _part(name, points, fault):
    if not fault:
        return Part(name, points, points)
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
    message = short(answer.get("message"), 200)
    return f"your function raised {short(answer['error'], 40)}" + (
        f": {message}" if message else ""
    )
