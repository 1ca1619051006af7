"""labseg.reveal: what a student guessed, beside what it is."""

import math
from dataclasses import dataclass
from html import escape

from labseg.exercises.shown import Shown
from labseg.exercises.verdict import short

CLOSE = 0.1  # a number within 10 % of the truth is well guessed


@dataclass(frozen=True)
class Reveal(Shown):
    """A guess, or None, and the truth: numbers, texts, or tuples or lists of them."""

    what: str
    guess: object
    truth: object

    @property
    def message(self):
        answer = f"the {self.what} is {_text(self.truth)}."
        if self.guess is None or (isinstance(self.guess, str) and not self.guess.strip()):
            return (
                f"{answer[0].upper()}{answer[1:]} "
                "(You made no guess: write one in place of None, and run both cells again.)"
            )
        well = "Well guessed! " if _close(self.guess, self.truth) else ""
        return f"{well}You guessed {_text(self.guess)}; {answer}"

    @property
    def html(self):
        return f"<div>{escape(self.message)}</div>"


def reveal(what, guess, truth):
    """Show a guess beside the truth.

    what: a noun without its article, such as "share of background pixels".
    guess, truth: numbers, texts, or tuples or lists of them; the guess may be None.
    """
    Reveal(what, guess, truth).show()


def _close(guess, truth):
    """Equal but for case and spaces, or within 10 %; whatever the guess is, nothing is raised."""
    guess, truth = _listed(guess), _listed(truth)
    if isinstance(guess, list) or isinstance(truth, list):
        both = isinstance(guess, list) and isinstance(truth, list) and len(guess) == len(truth)
        return both and all(map(_close, guess, truth))
    numbers = _number(guess), _number(truth)
    if None not in numbers:
        return math.isclose(*numbers, rel_tol=0, abs_tol=CLOSE * abs(numbers[1]) + 1e-12)
    return "".join(short(guess).split()).casefold() == "".join(short(truth).split()).casefold()


def _listed(value):
    """An array as a list or number, a tuple as a list."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def _number(value):
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _text(value):
    value = _listed(value)
    if isinstance(value, list):
        return short(f"({', '.join(map(_text, value))})", 200)
    if not isinstance(value, float):
        return short(value, 200)
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
