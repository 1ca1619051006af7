"""A verdict: points and a message for each part of an exercise, and one of three outcomes."""

from dataclasses import dataclass

MAX_TEXT = 500


def short(text, length=MAX_TEXT):
    """Text that may come from anywhere, on one line, printable and not too long."""
    text = " ".join(str(text)[: 4 * length].split())
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= length else text[: length - 1] + "…"


@dataclass(frozen=True)
class Part:
    """A part of an exercise: the points it earned, and what is wrong ("" if nothing is)."""

    name: str
    points: int
    max_points: int
    message: str = ""


@dataclass(frozen=True)
class Verdict:
    """Right, wrong and why, or not attempted yet; true if right."""

    exercise: str
    parts: tuple[Part, ...]
    attempted: bool = True

    @property
    def points(self):
        return sum(part.points for part in self.parts)

    @property
    def max_points(self):
        return sum(part.max_points for part in self.parts)

    @property
    def passed(self):
        return self.attempted and all(part.points == part.max_points for part in self.parts)

    def __bool__(self):
        return self.passed

    @property
    def message(self):
        """The verdict as plain text, parts with the same fault on one line."""
        ask = f'labseg.hint("{self.exercise}") gives a hint.'
        if not self.attempted:
            return f"… Not attempted yet. Write the function and run this cell again; {ask}"
        points = f"{self.points} of {self.max_points} points"
        if self.passed:
            return f"✓ Right: everything asked for is there ({points})."
        wrong = {}
        for part in self.parts:
            if part.points < part.max_points:
                wrong.setdefault(part.message, []).append(part.name)
        lines = [f"✗ Not yet ({points}):"]
        lines += [f"  ✗ {', '.join(names)}: {message}" for message, names in wrong.items()]
        if right := [part.name for part in self.parts if part.points == part.max_points]:
            lines.append(f"  ✓ right so far: {', '.join(right)}")
        return "\n".join([*lines, f"  {ask}"])

    def __repr__(self):
        state = "right" if self.passed else "not yet" if self.attempted else "not attempted"
        return f"<{self.exercise}: {state}, {self.points} of {self.max_points} points>"

    def _ipython_display_(self):
        """Show nothing: a check has printed the message, also where it ends a cell."""
