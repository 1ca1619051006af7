"""Comparisons that exercises share: a plain value with the right one, and a sentence for each fault.

`by_part` runs them: a part of an exercise is judged by the cases that are about it.
"""

import numpy as np

from labseg.errors import InvalidValue
from labseg.exercises.judge import fault_of, raised
from labseg.exercises.verdict import Fault, short
from labseg.metrics import number_array

CLOSE = 1e-6


def by_part(parts, cases, answers, judge_part, call):
    """{part: its first fault, or None}.

    parts: for each case the part that it is about.
    judge_part: (part, [(case, value), …]) → Fault, a sentence or None.
    call: how the function is called, such as "iou(y_true, y_pred, threshold=0.5)".
    An argument that was changed is a fault of the first part that shows it, and of no other.
    """

    def judge(part):
        mine = [
            triple[1:] for triple in zip(parts, cases, answers, strict=True) if triple[0] == part
        ]
        return judge_part(part, [(case, value_of(answer, call)) for case, answer in mine])

    found = {part: fault_of(judge, part) for part in parts}
    for part, answer in zip(parts, answers, strict=True):
        if fault := changed(answer):
            found[part] = found[part] or fault
            break
    return found


def value_of(answer, call):
    """What the student's function returned, as plain data; InvalidValue says why there is none."""
    if not isinstance(answer, dict):
        raise InvalidValue("there is no answer")
    for unusable in (_forbidden, _raised, _returned):
        if fault := unusable(answer, call):
            raise InvalidValue(fault)
    return answer["value"]


def _forbidden(answer, call):
    if names := answer.get("forbidden"):
        return f"your function calls {short(names[0], 60)}: here, write it yourself"


def _raised(answer, call):
    error = raised(answer)
    if error and answer["error"] == "TypeError" and " argument" in error:
        return f"your function is called as {call}, but {error.removeprefix('your function ')}"
    return error


def _returned(answer, call):
    if "value" not in answer:
        kind = short(answer.get("returned"), 40)
        return f"your function returned a {kind}: return numbers, an array or a list"
    if answer["value"] is None:
        printed = ", not only print the result" if answer.get("printed") else ""
        return f"your function returned None: it has to `return`{printed} at its end"


def changed(answer):
    """A sentence if the student's function changed one of its arguments."""
    names = answer.get("changed") if isinstance(answer, dict) else None
    if names:
        name = short(names[0], 40)
        return (
            f"your function changes its argument {name} itself: "
            "work on a copy, since the caller still needs it"
        )


def views(answer):
    """A sentence if what the student's function returned shares memory with an argument."""
    names = answer.get("views") if isinstance(answer, dict) else None
    if names:
        name = short(names[0], 40)
        return (
            f"what your function returns is a view of {name}: to change one changes both; copy it"
        )


def array_of(value):
    """The value as an array of numbers; InvalidValue if it is none."""
    return number_array(value, "What your function returns")


def wrong_number(value, expected):
    """A Fault unless the value is one number, and this one."""
    given = array_of(value)
    if given.ndim:
        return Fault(f"expected one number, not {_shape_text(given.shape)}", shown(given), expected)
    return wrong_values(given, expected, "number")


def wrong_shape(given, expected, why=""):
    """A Fault unless an array has this shape; why: a clause on what it should be."""
    if given.shape == expected:
        return None
    reason = why
    if given.shape == (*expected, 1):
        reason = "an axis of length 1 is left over"
    elif given.ndim > 1 and given.shape[:2] == expected[1::-1] and given.shape[2:] == expected[2:]:
        reason = "height and width are exchanged"
    return Fault("the shape is wrong" + (f": {reason}" if reason else ""), given.shape, expected)


def wrong_dtype(given, expected):
    """A Fault unless an array has this dtype, such as "uint8"."""
    if given.dtype != expected:
        return Fault(f"the dtype is wrong: write .astype({expected!r})", given.dtype.name, expected)


def wrong_values(given, expected, what="array", close=CLOSE):
    """A Fault unless all numbers of two arrays of the same shape are as close as that."""
    given, expected = (np.asarray(array, float) for array in (given, expected))
    if agree(given, expected, close):
        return None
    if np.isnan(given).any():
        return Fault(f"the {what} has NaN (as 0/0 has)", shown(given), shown(expected))
    return Fault(f"the {what} is wrong", shown(given), shown(expected))


def agree(given, expected, close=CLOSE):
    """Whether two arrays have the same shape and, NaN beside NaN, almost the same numbers."""
    given, expected = (np.asarray(array, float) for array in (given, expected))
    if given.shape != expected.shape:
        return False
    return bool(np.allclose(given, expected, rtol=0, atol=close, equal_nan=True))


def mistake(given, mistakes, close=CLOSE):
    """The first sentence whose results are those given, case by case; None if none are.

    given: an array for each case. mistakes: {sentence: what it would give, an array a case}.
    """
    for sentence, results in mistakes.items():
        if all(agree(one, other, close) for one, other in zip(given, results, strict=True)):
            return sentence
    return None


def shown(value):
    """Numbers as a text to read: up to three decimals, an array as its list, cut when long."""
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{array.item():.3g}" if array.dtype.kind == "f" else str(array.item())
    items = ", ".join(shown(item) for item in array[:20])
    return f"[{items}{', …' if len(array) > 20 else ''}]"


def _shape_text(shape):
    return f"an array of shape {shape}" if len(shape) > 1 else f"{shape[0]} of them"
