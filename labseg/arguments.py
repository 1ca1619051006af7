"""Checks of arguments that many functions share; each says the value and what would do."""

import math
import operator
import os
import reprlib
from pathlib import Path

from labseg.errors import InvalidType, InvalidValue


def whole_number(name, value, low=None, what="a whole number"):
    """`value` as an int of at least `low`; NumPy's integers will do, True and 2.0 won't."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or (low is not None and number < low):
        least = "" if low is None else f", at least {low}"
        raise InvalidValue(f"{name}={reprlib.repr(value)}: give {what}{least}.")
    return number


def number(name, value, low=-math.inf, high=math.inf, what="a number"):
    """`value` as a float from `low` to `high`; NaN won't do."""
    try:
        if isinstance(value, bool | str | bytes):
            raise TypeError
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        result = math.nan
    if not low <= result <= high:
        limits = f" from {low:g} to {high:g}" if math.isfinite(high - low) else ""
        raise InvalidValue(f"{name}={reprlib.repr(value)}: give {what}{limits}.")
    return result


def image_size(size):
    """(height, width) as two positive ints."""
    try:
        height, width = size[:]  # a set has no order
        return (
            whole_number("height", _integral(height), 1),
            whole_number("width", _integral(width), 1),
        )
    except (TypeError, ValueError, LookupError):
        raise InvalidValue(
            f"size={reprlib.repr(size)}: give (height, width) in pixels, such as (96, 144)."
        ) from None


def _integral(value):
    """96.0 counts as 96."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def car_set(name, value):
    """`value` as it is, if it has what a Cars has."""
    if not all(hasattr(value, part) for part in ("images", "masks", "names")):
        raise InvalidType(
            f"{name} is of type {type(value).__name__}: give a set of cars, as load_cars returns."
        )
    return value


def filled_dict(name, value, what):
    """`value` as it is, if it is a dict that holds something; `what` says how it should look."""
    if not isinstance(value, dict):
        raise InvalidType(f"{name} is of type {type(value).__name__}: give {what}.")
    if not value:
        raise InvalidValue(f"{name} is empty: give {what}.")
    return value


def folder_path(name, value):
    """`value` as a Path, "~" replaced by the home folder."""
    if not isinstance(value, str | os.PathLike) or str(value) == "" or "\0" in str(value):
        raise InvalidValue(f'{name}={value!r}: give the path of a folder, such as "carvana".')
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise InvalidValue(
            f"{name}={str(value)!r}: there is no such home folder; write the path out in full."
        ) from None
