"""labseg.hint: a little more help at each call."""

from dataclasses import dataclass
from html import escape

from labseg.arguments import whole_number
from labseg.errors import InvalidValue
from labseg.exercises.catalogue import find
from labseg.exercises.shown import Shown

STYLE = "white-space: pre-wrap; overflow-wrap: break-word; max-width: 50em; line-height: 1.5"


@dataclass(frozen=True)
class Hint(Shown):
    """Hint n of `total`."""

    n: int
    total: int
    text: str

    @property
    def message(self):
        return f"Hint {self.n} of {self.total}: {self.text}"

    @property
    def html(self):
        title = f"<strong>Hint {self.n} of {self.total}</strong>"
        return f'<div style="{STYLE}">{title}: {escape(self.text)}</div>'


_given = {}  # exercise → how many of its hints have been shown


def hint(name, n=None):
    """Show the next hint of an exercise, or hint number n (from 1).

    Raises InvalidValue for an exercise or a hint that isn't there.
    """
    exercise = find(name)
    total = len(exercise.hints)
    if not total:
        raise InvalidValue(f"{exercise.name} has no hints: its check says why an answer is wrong.")
    if n is None:
        n = _given[exercise.name] = min(_given.get(exercise.name, 0) + 1, total)
    elif not 1 <= whole_number("n", n) <= total:
        raise InvalidValue(f"n={n}: the exercise {exercise.name} has hints 1 to {total}.")
    Hint(n, total, exercise.hints[n - 1]).show()
