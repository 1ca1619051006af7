"""The student's side: call what they wrote, and keep only plain data of what comes back.

When a lab is graded, this file and tracing.py run beside the student's code, and nothing else.
They judge nothing. An answer is a dict:

{"value": a number, text, array, or a list or dict of these},
{"config": a model as JSON text, "classes": own ones in it, "dtypes": those of its outputs},
{"error": type, "kinds": that type and those it derives from, "message": text, "layers": those
called before, where a model was asked for}, or
{"returned": type} for anything else, with a "message" where a model cannot be written as text.
"""

import copy
import signal
from contextlib import contextmanager, nullcontext

from labseg import tracing

MAX_MESSAGE = 500
PLAIN = (bool, int, float, str, type(None))


def values(function, cases, optional=()):
    """What the function returns for each case; arguments as in `models`."""
    return [_answer(function, case, optional, _plain) for case in cases]


def models(function, cases, optional=()):
    """The configuration of the Keras model that the function builds for each case.

    Arguments are passed in order, those named in `optional` by name; lists become tuples.
    """
    return [_answer(function, case, optional, _configuration, tracing.calls) for case in cases]


def given(answer, cases):
    """What the student wrote, where it is no function: for each case the same."""
    return [_plain(answer) for _ in cases]


def _answer(function, case, optional, read, watch=nullcontext):
    case = {name: _argument(value) for name, value in case.items()}
    named = {name: case.pop(name) for name in optional if name in case}
    with _interrupts() as interrupted, watch() as called:
        try:
            return read(function(*case.values(), **named))
        except BaseException as error:  # a student's sys.exit() is an answer, too
            if interrupted:
                raise
            kinds = [kind.__name__ for kind in type(error).__mro__]
            answer = {"error": kinds[0], "kinds": kinds, "message": _text(error)}
            return answer | ({"layers": called} if called else {})


def _argument(value):
    return tuple(value) if isinstance(value, list) else copy.deepcopy(value)


@contextmanager
def _interrupts():
    """A list that is filled when the user interrupts, unlike a KeyboardInterrupt of the code."""
    happened = []

    def interrupt(*_):
        happened.append(True)
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGINT, interrupt)
    except ValueError:  # not in the main thread, where nobody can interrupt
        yield happened
        return
    try:
        yield happened
    finally:
        signal.signal(signal.SIGINT, before)


def _text(error):
    try:
        return str(error)[:MAX_MESSAGE]
    except Exception:
        return "(an error without a readable message)"


def _configuration(model):
    import keras

    if not isinstance(model, keras.Model):
        return {"returned": type(model).__name__}
    try:
        text, classes = tracing.configuration(model)
    except ValueError as error:
        return {"returned": type(model).__name__, "message": _text(error)}
    dtypes = [str(tensor.dtype) for tensor in getattr(model, "outputs", [])]
    return {"config": text, "dtypes": dtypes, "classes": classes}


def _plain(value):
    """{"value": …} if it is plain data, through and through; else its type's name."""
    try:
        return {"value": _copy(value)}
    except (TypeError, RecursionError):
        return {"returned": type(value).__name__}


def _copy(value):
    """Plain data like it; TypeError where there is none. Subclasses may lie, so they aren't."""
    import numpy as np

    if isinstance(value, np.generic):
        value = value.item()
    if type(value) in PLAIN or (type(value) is np.ndarray and value.dtype != object):
        return copy.copy(value)
    if type(value) is dict:
        return {str(key): _copy(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return [_copy(item) for item in value]
    raise TypeError
