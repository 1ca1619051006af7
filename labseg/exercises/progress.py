"""What a student has done so far, kept in a small file beside the notebooks."""

import contextlib
import json
from dataclasses import dataclass
from html import escape
from pathlib import Path

from labseg.exercises import catalogue
from labseg.exercises.shown import Shown
from labseg.files import write_whole

FILE = "labseg-progress.json"  # in the current folder, where the notebook is
SYMBOLS = {
    "right": "✓ right",
    "handed in": "✓ handed in",
    "not yet": "✗ not yet",
    "not attempted": "… not attempted",
}
RANKS = ("not attempted", "not yet", "handed in", "right")  # from worst to best


@dataclass(frozen=True)
class Progress(Shown):
    """A table of the exercises: [(exercise, state, points so far)]."""

    rows: list

    @property
    def done(self):
        """The exercises that are right or handed in."""
        return [exercise for exercise, state, _ in self.rows if state in ("right", "handed in")]

    @property
    def cells(self):
        yield "lesson", "exercise", "state", "points", "minutes"
        for exercise, state, points in self.rows:
            score = f"{points} of {exercise.max_points}" if exercise.max_points else ""
            yield exercise.notebook, exercise.name, SYMBOLS[state], score, str(exercise.minutes)
        exercises = [exercise for exercise, *_ in self.rows]
        points = sum(points for *_, points in self.rows)
        total = sum(exercise.max_points for exercise in exercises)
        minutes = sum(exercise.minutes for exercise in self.done)
        of = sum(exercise.minutes for exercise in exercises)
        yield (
            "in all",
            "",
            f"{len(self.done)} of {len(exercises)}",
            f"{points} of {total}",
            (f"{minutes} of {of}"),
        )

    @property
    def message(self):
        lines = list(self.cells)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    @property
    def html(self):
        head, *rows = (map(escape, line) for line in self.cells)
        top = "".join(f'<th scope="col" style="text-align: left">{cell}</th>' for cell in head)
        body = "".join(
            "<tr>" + "".join(f'<td style="text-align: left">{cell}</td>' for cell in row) + "</tr>"
            for row in rows
        )
        return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"

    def __repr__(self):
        return f"<progress: {len(self.done)} of {len(self.rows)} exercises are done>"


def progress():
    """Show what is done of every exercise, in points and minutes, and return it."""
    kept = _read()
    return Progress([(exercise, *_best(kept, exercise)) for exercise in catalogue.EXERCISES]).show()


def record(exercise, verdict):
    """Keep a verdict, if it is the best so far; where nothing can be written, go on without."""
    kept = _read()
    state, points = _best(kept, exercise)
    now = RANKS.index(verdict.state), verdict.points
    if verdict.attempted and now >= (RANKS.index(state), points):
        kept[exercise.name] = {"state": verdict.state, "points": verdict.points}
        with contextlib.suppress(OSError):
            write_whole(FILE, json.dumps(kept, indent=1))


def _best(kept, exercise):
    """(state, points) of an exercise; a file that was edited or damaged counts as nothing done."""
    match kept.get(exercise.name):
        case {"state": "right" | "handed in" | "not yet" as state, "points": int(points)} if (
            0 <= points <= exercise.max_points
        ):
            return state, points
    return "not attempted", 0


def _read():
    try:
        kept = json.loads(Path(FILE).read_text("utf-8-sig"))  # Notepad adds a mark
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
