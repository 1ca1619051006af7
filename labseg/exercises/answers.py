"""The student's side: call what they wrote, and keep only plain data of what comes back.

When a lab is graded, this file and tracing.py run beside the student's code, and nothing else.
They judge nothing. An answer is a dict:

{"value": a number, text, array, or a list or dict of these},
{"config": a model as JSON text, "classes": own ones in it, "dtypes": those of its outputs},
{"error": type, "kinds": that type and those it derives from, "message": text}, or
{"returned": type} for anything else, with a "message" where a model cannot be written as text,
{"missing": name of the function} where it is not among the student's functions, or
{"instead": type} where the student gave no dict of functions.

Where a model or a tensor was asked for, there are "layers", too: those that were called.
Beside a value there may be "changed": the arguments that the function changed, "views": those
whose memory the value shares, "printed": what it printed, and "forbidden": what it may not call.
"""

import copy
import io
import pkgutil
import signal
import sys
import warnings
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from functools import partial
from types import FunctionType, ModuleType

from labseg import tracing

MAX_MESSAGE = 500
PLAIN = (bool, int, float, str, type(None))


def values(function, cases, optional=(), lists=(), forbidden=()):
    """What the function returns for each case; arguments as in `models`, but some more kinds.

    Those named in `lists` stay lists. {"mode": "P" or "L", "pixels": uint8 (h, w), "palette": …}
    becomes a PIL picture, {"steps": …} a Transform. forbidden: full names of functions, or of
    modules of functions, that the student's function may not call, such as "math.hypot".
    """
    return [_value(function, case, optional, lists, forbidden) for case in cases]


def values_by_name(functions, cases):
    """As `values`, where the student gives a dict {name: function}.

    A case is {"function": name, "arguments": {argument: value}}.
    """
    if functions is not None and not isinstance(functions, dict):
        return [{"instead": type(functions).__name__} for _ in cases]
    return [_value_by_name(functions or {}, **case) for case in cases]


def models(function, cases, optional=()):
    """The configuration of the Keras model that the function builds for each case.

    Arguments are passed in order, those named in `optional` by name; lists become tuples.
    """
    return [
        _answer(function, _arguments(case), optional, _configuration, tracing.calls)
        for case in cases
    ]


def tensors(function, cases, inputs):
    """The configuration of a model that leads to the tensor that the function makes.

    Arguments as in `models`, but those named in `inputs` are shapes (h, w, channels): the
    function gets a keras.Input of each.
    """
    import keras

    answers = []
    for case in cases:
        arguments = _arguments(case)
        given = {name: keras.Input(arguments[name]) for name in inputs}
        read = partial(_graph, list(given.values()))
        answers.append(_answer(function, arguments | given, (), read, tracing.calls))
    return answers


def given(answer, cases):
    """What the student wrote, where it is no function: for each case the same."""
    return [_plain(answer) for _ in cases]


def _value(function, case, optional, lists, forbidden):
    arguments, before = (_arguments(case, lists) for _ in range(2))
    found = {}

    def read(value):
        found["views"] = [name for name in arguments if _shares(value, arguments[name])]
        return _plain(value)

    with _forbidden(forbidden) as called, redirect_stdout(_Copy(sys.stdout)) as printed:
        answer = _answer(function, arguments, optional, read, _without_warnings)
    found["changed"] = [name for name in before if not _same(before[name], arguments[name])]
    found["printed"] = printed.getvalue()[:MAX_MESSAGE]
    found["forbidden"] = called[:1]
    return answer | {key: value for key, value in found.items() if value}


def _value_by_name(functions, function, arguments):
    if not callable(functions.get(function)):
        return {"missing": function}
    return _value(functions[function], arguments, (), (), ())


@contextmanager
def _without_warnings():
    """NumPy's warning of 0/0, for instance, is judged by what comes of it."""
    with warnings.catch_warnings(action="ignore"):
        yield []


class _Copy(io.StringIO):
    """Keeps what is printed, and prints it."""

    def __init__(self, printer):
        super().__init__()
        self.printer = printer

    def write(self, text):
        self.printer.write(text)
        return super().write(text)


def _shares(value, argument):
    import numpy as np

    if type(value) in (list, tuple):
        return any(_shares(item, argument) for item in value)
    both = isinstance(value, np.ndarray) and isinstance(argument, np.ndarray)
    return both and np.may_share_memory(value, argument)


def _same(a, b):
    import numpy as np

    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b


@contextmanager
def _forbidden(names):
    """A list that fills with the full names of those that are called; a call raises.

    Their code is exchanged, so that it does not matter by which name they are called.
    """
    called, kept = [], []

    def stop(name):
        called.append(name)
        raise RuntimeError(f"{name} is not to be called here")

    try:
        for name in names:
            for full_name, function in _functions(name):
                kept.append((function, function.__code__, function.__kwdefaults__))
                function.__kwdefaults__ = {"_stop": partial(stop, full_name)}
                function.__code__ = _stopped.__code__
        yield called
    finally:
        for function, code, defaults in kept:
            function.__code__, function.__kwdefaults__ = code, defaults


def _stopped(*_, _stop, **__):
    _stop()


def _functions(name):
    """[(full name, function)] of a function or of the public ones that a module defines."""
    try:
        found = pkgutil.resolve_name(name)
    except (ImportError, AttributeError):  # it does not come into the sandbox
        return []
    if not isinstance(found, ModuleType):
        return [(name, found)]
    return [
        (f"{name}.{key}", value)
        for key, value in vars(found).items()
        if isinstance(value, FunctionType) and value.__module__ == name and key[0] != "_"
    ]


def _answer(function, arguments, optional, read, watch=nullcontext):
    case = dict(arguments)
    named = {name: case.pop(name) for name in optional if name in case}
    with _interrupts() as interrupted, watch() as called:
        try:
            answer = read(function(*case.values(), **named))
        except BaseException as error:  # a student's sys.exit() is an answer, too
            if interrupted:
                raise
            kinds = _kinds(error)
            answer = {"error": kinds[0], "kinds": kinds, "message": _text(error)}
            if isinstance(error, TypeError) and not error.__traceback__.tb_next:
                answer["unfit"] = True  # it was raised by the call itself, not inside
    return answer | ({"layers": called} if called else {})


def _kinds(value):
    """The name of its type and of those that this derives from."""
    return [kind.__name__ for kind in type(value).__mro__]


def _arguments(case, lists=()):
    """The case's values as the function gets them, in copies of their own."""
    arguments = {name: _argument(value) for name, value in case.items()}
    return arguments | {name: [_argument(item) for item in case[name]] for name in lists}


def _argument(value):
    if isinstance(value, dict) and "pixels" in value:
        return _picture(**value)
    if isinstance(value, dict) and "steps" in value:
        return Transform(tuple(map(tuple, value["steps"])))
    return tuple(value) if isinstance(value, list) else copy.deepcopy(value)


def _picture(mode, pixels, palette=None):
    from PIL import Image

    picture = Image.frombytes(mode, pixels.shape[::-1], pixels.tobytes())
    if palette is not None:
        picture.putpalette(palette)
    return picture


@dataclass(frozen=True)
class Transform:
    """A map of one picture (h, w, 3) or one mask (h, w), in steps.

    A step is the name of a NumPy function and what it takes after the array: ("flip", 1).
    """

    steps: tuple[tuple, ...]

    def __call__(self, array, *others):
        """A new array of the same dtype; ValueError unless it is given one picture or one mask."""
        import numpy as np

        if others:
            raise ValueError(
                "T takes one picture or one mask at a time: call it once for the picture and once "
                "for its mask"
            )
        array = np.asarray(array)
        if array.ndim < 2 or array.shape[2:] not in ((), (3,)):
            raise ValueError(
                "T takes one picture (h, w, 3) or one mask (h, w) at a time, "
                f"not shape {array.shape}"
            )
        for name, *rest in self.steps:
            array = getattr(np, name)(array, *rest)
        return array.copy()


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


def _graph(given, value):
    """The model that leads from those of the given tensors that are used to this one."""
    import keras

    kind = {"returned": type(value).__name__, "kinds": _kinds(value)}
    if not isinstance(value, keras.KerasTensor):
        return kind | ({"length": len(value)} if type(value) in (list, tuple) else {})
    inputs = keras.utils.get_source_inputs(value)
    if not {id(tensor) for tensor in inputs} <= {id(tensor) for tensor in given}:
        return kind  # it comes from elsewhere
    # Some versions of Keras want a layer between the inputs and the output.
    return _configuration(keras.Model(inputs, keras.layers.Identity()(value)))


def _plain(value):
    """{"value": …} if it is plain data, through and through; else its type's name."""
    kind = type(value).__name__
    try:
        return {"value": _copy(value)}
    except _NotPlain as error:
        return {"returned": kind if kind == str(error) else f"{kind} with a {error} in it"}
    except (TypeError, RecursionError):
        return {"returned": kind}


class _NotPlain(TypeError):
    """Its text is the type of what is not plain data."""


def _copy(value):
    """Plain data like it; TypeError where there is none. Subclasses may lie, so they aren't."""
    import numpy as np

    if isinstance(value, np.generic):
        value = value.item()
    if hasattr(value, "__array__") and type(value) is not np.ndarray:  # such as a tensor
        value = np.array(value)
    if type(value) is np.ndarray and value.dtype == object:
        value = value.tolist()
    if type(value) in PLAIN or (type(value) is np.ndarray):
        return copy.copy(value)
    if type(value) is dict:
        return {str(key): _copy(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return [_copy(item) for item in value]
    raise _NotPlain(type(value).__name__)
