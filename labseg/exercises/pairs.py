"""What apply_transform and augment_data share: pairs of pictures and masks, and telling them apart.

No two pairs of a case are alike, even when its transforms are applied one after the other. So
every picture that comes back can be read as what it is: a key (index, transforms), such as
(1, (0,)) for the first transform of x_data[1].
"""

import math
from collections import Counter
from itertools import combinations

import numpy as np

from labseg.errors import InvalidValue
from labseg.exercises.answers import Transform
from labseg.exercises.compare import array_of, shown, wrong_dtype, wrong_shape
from labseg.exercises.verdict import Fault

FLIPS = [["flip", 0]], [["flip", 1]]


# --- cases ---------------------------------------------------------------------------------------


def movements(rng, n, size):
    """n transforms that keep the size, in any order: flips, rolls, both.

    None does what some of the others do one after the other; nor do these undo one another.
    """
    rolls = [[["roll", int(by), axis]] for axis in (0, 1) for by in range(1, size[axis])]
    both = [flip + roll for flip in FLIPS for roll in rolls]
    candidates = [*FLIPS, *rolls, *both]
    while True:
        drawn = [candidates[i] for i in rng.choice(len(candidates), n, replace=False)]
        if _differ(_table([np.arange(math.prod(size)).reshape(size)], drawn)):
            return drawn


def draw_pairs(rng, n, size, transforms, dtype="uint8"):
    """(x_data, y_data) that the transforms keep apart; a float32 picture is between 0 and 1."""
    while True:
        x_data = rng.integers(0, 256, (n, *size, 3), dtype=np.uint8)
        y_data = rng.integers(0, 2, (n, *size), dtype=np.uint8)
        if _differ(_table(y_data, transforms)):
            return (x_data if dtype == "uint8" else x_data.astype(dtype) / 255), y_data


def _table(arrays, transforms):
    """{key: array} of the originals, and of what the transforms make of them, one after another."""
    functions = [Transform(steps) for steps in transforms]
    orders = [
        chosen
        for k in range(len(transforms) + 1)
        for chosen in combinations(range(len(functions)), k)
    ]
    return {
        (i, order): _moved(arrays[i], functions, order)
        for order in orders
        for i in range(len(arrays))
    }


def _differ(table):
    """Whether no two arrays in a table are alike."""
    return len({(array.shape, array.tobytes()) for array in table.values()}) == len(table)


def _moved(array, functions, order):
    for t in order:
        array = functions[t](array)
    return array


# --- reading what comes back ---------------------------------------------------------------------


def pair_of(value, names=("pictures", "masks")):
    """The two arrays that a function is to return; InvalidValue if it does not."""
    first, second = names
    if isinstance(value, list) and value and all(map(_is_pair, value)):
        raise InvalidValue(
            f"your function returned a list of pairs: return all {first}, then all {second}"
        )
    if not isinstance(value, list) or len(value) != 2:
        several = isinstance(value, list) and len(value) != 1
        what = f"{len(value)} values" if several else "one value"
        raise InvalidValue(f"your function returned {what}: return the {first} and the {second}")
    arrays = tuple(map(array_of, value))
    if arrays[0].ndim + 1 == arrays[1].ndim:
        raise InvalidValue(f"{first} and {second} are exchanged: return the {first} first")
    return arrays


def _is_pair(value):
    """Whether this is one picture and its mask."""
    return isinstance(value, list) and [np.ndim(array) for array in value] == [3, 2]


def _key(one, table):
    for key, array in table.items():
        if _alike(one, array):
            return key
    return None


def _alike(one, other):
    return one.shape == other.shape and np.allclose(one, other, rtol=0, atol=1e-6)


def _names(transforms):
    return ["T"] if len(transforms) == 1 else [f"T{t}" for t in range(len(transforms))]


def _name(letter, key, names):
    if key is None:
        return "?"
    i, order = key
    result = f"{letter}{i}"
    for t in order:
        result = f"{names[t]}({result})"
    return result


def code(steps):
    """The transform as Python writes it."""
    result = "a"
    for name, *rest in steps:
        result = f"np.{name}({', '.join(map(str, (result, *rest)))})"
    return f"lambda a: {result}"


# --- the verdict ---------------------------------------------------------------------------------

SIDES = {"pictures": ("x", "x_data"), "masks": ("y", "y_data")}


class Side:
    """The pictures, or the masks, of what a function returned for a case, read as keys."""

    def __init__(self, name, case, value, transforms, right):
        self.name, self.transforms, self.right = name, transforms, right
        self.letter, argument = SIDES[name]
        self.data = case[argument]
        self.given = pair_of(value)[list(SIDES).index(name)]
        self.table = _table(self.data, transforms)
        self.keys = [_key(one, self.table) for one in np.atleast_1d(self.given)]

    def fault(self, sentence=None, keys=None):
        """What is wrong with them, or None; sentence and keys: of a mistake that has a name."""
        if self.keys == self.right:
            return None
        expected = self.text(self.right)
        if sentence:
            return Fault(sentence, self.text(keys or self.keys), expected)
        if fault := self._wrong_shape():
            return fault
        if None in self.keys:
            return self._wrong_values(self.keys.index(None))
        return Fault(self._difference(), self.text(self.keys), expected)

    def _wrong_shape(self):
        shape = (len(self.right), *self.table[self.right[-1]].shape)
        if self.given.shape[1:] == shape[1:]:
            return None
        why = ""
        if self.given.ndim < len(shape):
            why = f"np.stack makes one array of several {self.name}, counted by its first axis"
        elif self.given.ndim > len(shape):
            why = "np.concatenate joins several arrays into one along their first axis"
        elif set(self.given.shape[:3]).isdisjoint(shape[:3]):
            why = f"use the argument {SIDES[self.name][1]}, not a variable of the notebook"
        fault = wrong_shape(self.given, shape, why)
        text = fault.message.replace("the shape is", f"the shape of the {self.name} is", 1)
        return Fault(f"{text}; {self._context()}", fault.given, fault.expected)

    def _wrong_values(self, i):
        if i >= len(self.right):
            return Fault(f"too many {self.name}", len(self.keys), len(self.right))
        given, expected = self.given[i], self.table[self.right[i]]
        name = self.text([self.right[i]])
        pair = [array[..., 0] if array.ndim == 3 else array for array in (given, expected)]
        channel = " (here its first channel)" if expected.ndim == 3 else ""
        text = f"number {i} of your {self.name}{channel} is not {name}"
        if np.allclose(given * 255.0, expected):
            text = f"the {self.name} are divided by 255: leave that to the network"
        return Fault(f"{text}; {self._context()}", *map(shown, pair))

    def equals(self, keys):
        """Whether they are these, even if they are among those that have no key of their own."""
        functions = [Transform(steps) for steps in self.transforms]
        arrays = [_moved(self.data[i], functions, order) for i, order in keys]
        return len(arrays) == len(self.keys) and all(map(_alike, self.given, arrays))

    def _difference(self):
        missing, extra = (
            list((Counter(a) - Counter(b)).elements())
            for a, b in ((self.right, self.keys), (self.keys, self.right))
        )
        what = f"of the {self.name}, "
        if missing and not extra:
            return f"{what}{self.text(missing)} is missing; {self._context()}"
        if extra and not missing:
            return f"{what}{self.text(extra)} is too much; {self._context()}"
        if missing:
            return f"these are not the right {self.name}; {self._context()}"
        return f"the {self.name} are in another order; {self._context()}"

    def wrong_dtype(self):
        """A Fault unless the dtype is that of the data."""
        fault = wrong_dtype(self.given, self.data.dtype.name)
        if fault:
            text = f"the {self.name} have another dtype than {SIDES[self.name][1]}"
            where = " (np.zeros makes float64 unless you say dtype=…)"
            given = self.given.dtype.name
            return Fault(text + where * (given == "float64"), given, fault.expected)

    def _context(self):
        names = _names(self.transforms)
        maps = [f"{name} = {code(t)}" for name, t in zip(names, self.transforms, strict=True)]
        return f"with {len(self.data)} pair{'s' * (len(self.data) != 1)}" + "".join(
            f", {each}" for each in maps
        )

    def text(self, keys):
        names = _names(self.transforms)
        return ", ".join(_name(self.letter, key, names) for key in keys) or "nothing"
