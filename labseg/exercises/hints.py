"""labseg.hint: a little more help at each call."""

from labseg.arguments import whole_number
from labseg.errors import InvalidValue
from labseg.exercises.catalogue import find

_given = {}  # exercise → how many of its hints have been shown


def hint(name, n=None):
    """Print the next hint of an exercise, or hint number n (from 1).

    Raises InvalidValue for an exercise or a hint that isn't there.
    """
    exercise = find(name)
    total = len(exercise.hints)
    if n is None:
        n = _given[exercise.name] = min(_given.get(exercise.name, 0) + 1, total)
    elif not 1 <= whole_number("n", n) <= total:
        raise InvalidValue(f"n={n}: the exercise {exercise.name} has hints 1 to {total}.")
    print(f"Hint {n} of {total}: {exercise.hints[n - 1]}")
