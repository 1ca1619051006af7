"""Comparisons that exercises share: a plain value with the right one, a sentence for each fault.

`by_part` runs them: a part of an exercise is judged by the cases that are about it.
"""

import numpy as np

from labseg.errors import InvalidValue
from labseg.exercises.judge import attempt, fault_of, raised
from labseg.exercises.verdict import Fault, short
from labseg.metrics import number_array

CLOSE = 1e-6


def by_part(parts, cases, answers, judge_part, call, describe=None):
    """{part: its first fault, or None}.

    parts: for each case the part that it is about, or a tuple of them.
    judge_part: (part, [(case, value), …]) → Fault, a sentence or None.
    call: how the function is called, such as "iou(y_true, y_pred, threshold=0.5)".
    describe: case → what was given, such as "masks of shape (1, 4, 5)", for what was raised.
    An argument that was changed is a fault of the first part that shows it, and of no other.
    """
    rows = [
        (part, case, answer, *attempt(value_of, answer, call))
        for about, case, answer in zip(parts, cases, answers, strict=True)
        for part in ([about] if isinstance(about, str) else about)
    ]
    names = dict.fromkeys(part for part, *_ in rows)
    failures = [failure for *_, failure in rows if failure]
    if len(failures) == len(rows):
        return dict.fromkeys(names, failures[0])
    found = {}
    for part in names:
        mine = [row[1:] for row in rows if row[0] == part]
        found[part] = _failure(mine, describe) or fault_of(
            judge_part, part, [(case, value) for case, _, value, _ in mine]
        )
    first = next((row for row in rows if changed(row[2])), None)
    if first:
        found[first[0]] = found[first[0]] or changed(first[2])
    return found


def _failure(rows, describe):
    for case, _, _, failure in rows:
        if failure:
            return f"with {describe(case)}, {failure}" if describe else failure


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
        return f"your function calls {short(names[0], 60)}: in this exercise, write it yourself"


def _raised(answer, call):
    error = raised(answer)
    if error and answer.get("unfit"):
        return f"your function is called as {call}, but it {error.removeprefix('your function ')}"
    return error


def _returned(answer, call):
    if "value" not in answer:
        kind = short(answer.get("returned"), 40)
        return f"your function returned something of type {kind}: return numbers, arrays or lists"
    if answer["value"] is None:
        printed = ", not only to print it" if answer.get("printed") else ""
        return f"your function returned None: it has to `return` the result{printed}"


def changed(answer):
    """A sentence if the student's function changed one of its arguments."""
    names = answer.get("changed") if isinstance(answer, dict) else None
    if names:
        return (
            f"your function changes its argument {short(names[0], 40)}: "
            "work on a copy, since whoever calls it still needs the original"
        )


def views(answer):
    """A sentence if what the student's function returned shares memory with an argument."""
    names = answer.get("views") if isinstance(answer, dict) else None
    if names:
        return (
            f"your function returns a view of {short(names[0], 40)}, "
            "so that changing one changes both: return a copy"
        )


def array_of(value):
    """The value as an array of numbers; InvalidValue if it is none."""
    return number_array(value, "what your function returns")


def wrong_number(value, expected, what="number", close=CLOSE):
    """A Fault unless the value is one number, and this one."""
    given = array_of(value)
    if given.ndim:
        return Fault(f"one number was expected, not shape {given.shape}", shown(given), expected)
    return wrong_values(given, expected, what, close)


def wrong_shape(given, expected, why=""):
    """A Fault unless an array has this shape; why: a clause on what it should be."""
    if given.shape == expected:
        return None
    if given.shape == (*expected, 1):
        why = "an axis of length 1 is left over"
    elif len(expected) in (2, 3) and given.shape == (*expected[:-2], *expected[:-3:-1]):
        why = "height and width are exchanged"
    shape = given.shape or "one number, no array"
    return Fault(f"the shape is wrong{f': {why}' if why else ''}", shape, expected)


def wrong_dtype(given, expected):
    """A Fault unless an array has this dtype, such as "uint8"."""
    if given.dtype != expected:
        return Fault(f'the dtype is wrong: use .astype("{expected}")', given.dtype.name, expected)


def wrong_values(given, expected, what="array", close=CLOSE):
    """A Fault unless all numbers of two arrays of the same shape are as close as that."""
    given, expected = (np.asarray(array, float) for array in (given, expected))
    if agree(given, expected, close):
        return None
    nan = " (NaN is what 0/0 gives)" if np.isnan(given).any() else ""
    return Fault(f"the {what} is wrong{nan}", shown(given), shown(expected))


def agree(given, expected, close=CLOSE):
    """Whether two arrays have the same shape and, NaN beside NaN, almost the same numbers."""
    given, expected = (np.asarray(array, float) for array in (given, expected))
    if given.shape != expected.shape:
        return False
    return bool(np.allclose(given, expected, rtol=0, atol=close, equal_nan=True))


def ignores(given, arguments):
    """A sentence if the arrays given are the same for every case."""
    if len(given) > 1 and all(agree(given[0], other) for other in given[1:]):
        return f"the result is the same for all inputs, as if {arguments} were not used"


def recognise(given, candidates, close=CLOSE):
    """The first sentence whose results are those given, case by case; None if there is none.

    given: an array for each case. candidates: {a plausible mistake, as a sentence: what it would
    give, an array for each case}.
    """
    for sentence, results in candidates.items():
        if all(agree(one, other, close) for one, other in zip(given, results, strict=True)):
            return sentence
    return None


def shown(value):
    """Numbers as a text to read: up to three digits each, an array as a list, cut when long."""
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{array.item():.3g}" if array.dtype.kind == "f" else str(array.item())
    items = ", ".join(shown(item) for item in array[:20])
    return f"[{items}{', …' if len(array) > 20 else ''}]"
