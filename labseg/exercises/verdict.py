"""A verdict: points and a message for each part of an exercise, and one of three outcomes."""

from dataclasses import dataclass
from html import escape

from labseg.exercises.shown import Shown

MAX_TEXT = 500
PATIENCE = 3  # wrong verdicts in a row before a hint is offered with more emphasis
RIGHT, WRONG, OPEN = "#009E73", "#D55E00", "#999999"  # the colour of the bar at the left


def short(text, length=MAX_TEXT):
    """Text that may come from anywhere, on one line, printable and not too long."""
    try:
        text = " ".join(str(text)[: 4 * length].split())
    except Exception:  # a number of many thousand digits, an object whose str() fails
        text = f"a {type(text).__name__} that cannot be printed"
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= length else text[: length - 1] + "…"


@dataclass(frozen=True)
class Fault:
    """What is wrong with a part: a sentence, and what was given and expected where it helps."""

    message: str
    given: object = None
    expected: object = None

    @property
    def lines(self):
        """The sentence, then a line for each of the two values that is there."""
        values = {"given": self.given, "expected": self.expected}
        shown = [f"{name}: {short(value)}" for name, value in values.items() if value is not None]
        return [short(self.message), *shown]


@dataclass(frozen=True)
class Part:
    """A part of an exercise, the points it earned of how many, and its Fault; None if right."""

    name: str
    points: int
    max_points: int
    fault: Fault | None = None

    @property
    def message(self):
        """What is wrong, as one line; "" if nothing is."""
        return "; ".join(self.fault.lines) if self.fault else ""


@dataclass(frozen=True)
class Verdict(Shown):
    """Right, wrong and why, or not attempted yet; true if right."""

    exercise: str
    parts: tuple[Part, ...]
    attempted: bool = True
    remark: str = ""  # about a right answer
    takes: str = "the function"  # what the student is to write
    by_hand: bool = False  # the instructor reads the answer and gives its points
    hinted: bool = True  # whether the exercise has hints
    tries: int = 1  # how many verdicts in a row were wrong, this one included

    @property
    def points(self):
        return sum(part.points for part in self.parts)

    @property
    def max_points(self):
        return sum(part.max_points for part in self.parts)

    @property
    def passed(self):
        return self.attempted and not self.wrong

    def __bool__(self):
        return self.passed

    @property
    def state(self):
        if not self.attempted:
            return "not attempted"
        if not self.passed:
            return "not yet"
        return "handed in" if self.by_hand else "right"

    @property
    def right(self):
        """The names of the parts that are right."""
        return [part.name for part in self.parts if self.attempted and not part.fault]

    @property
    def wrong(self):
        """[(names of the parts, their common Fault)], in order."""
        found = {}
        for part in self.parts:
            if part.fault:
                found.setdefault(part.message, ([], part.fault))[0].append(part.name)
        return list(found.values())

    @property
    def title(self):
        if not self.attempted:
            return "… Not attempted yet."
        if self.state == "handed in":
            return f"✓ Handed in: your instructor reads it (up to {self.max_points} points)."
        points = f" ({self.points} of {self.max_points} points)" if self.max_points else ""
        if self.passed:
            return f"✓ Right, all of it{points}."
        return f"✗ Not yet{points}:"

    @property
    def advice(self):
        """What to do, or to notice, next."""
        hint = f'labseg.hint("{self.exercise}") gives a hint.' if self.hinted else ""
        if self.passed:
            return self.remark
        if self.attempted and hint and self.tries >= PATIENCE:
            return f"Not yet, {self.tries} times in a row. Time for some help: {hint}"
        if self.attempted:
            return hint
        return f"Write {self.takes} and run this cell again{f'; {hint}' if hint else '.'}"

    @property
    def message(self):
        """The verdict as plain text, parts with the same fault on one line."""
        if not self.attempted:
            return f"{self.title} {self.advice}"
        lines = [self.title]
        for names, fault in self.wrong:
            first, *values = fault.lines
            lines += [f"  ✗ {', '.join(names)}: {first}", *(f"      {v}" for v in values)]
        if self.right and not self.passed:
            lines.append(f"  ✓ right so far: {', '.join(self.right)}")
        return "\n".join([*lines, f"  {self.advice}"] if self.advice else lines)

    @property
    def html(self):
        """The verdict as HTML; nothing in it is taken for a tag."""
        colour = RIGHT if self.passed else WRONG if self.attempted else OPEN
        rows = [f"<strong>{escape(self.title)}</strong>"]
        if self.attempted:
            rows += [self._item(*wrong) for wrong in self.wrong]
            if self.right and not self.passed:
                rows.append(f"✓ right so far: {escape(', '.join(self.right))}")
        if self.advice:
            rows.append(escape(self.advice))
        style = f"border-left: 4px solid {colour}; padding: 0.2em 0.8em; max-width: 50em; "
        style += "overflow-wrap: break-word; line-height: 1.5"
        return f'<div style="{style}">{"".join(f"<div>{row}</div>" for row in rows)}</div>'

    @staticmethod
    def _item(names, fault):
        first, *values = map(escape, fault.lines)
        below = "".join(f'<div style="padding-left: 1.5em">{value}</div>' for value in values)
        return f"✗ <em>{escape(', '.join(names))}</em>: {first}{below}"

    def __repr__(self):
        return f"<{self.exercise}: {self.state}, {self.points} of {self.max_points} points>"
