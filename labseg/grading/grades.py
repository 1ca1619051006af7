"""The grades: grades.json holds every verdict, grades.csv a row a student.

grades.json:
{
  "labseg": version, "seed": of the run, "sandbox": "bubblewrap 0.8.0" or "none",
  "executed": "needed code" or "whole notebooks", "lessons": those that anybody handed in,
  "notes": sentences about points in written.csv whose student or exercise is not known,
  "max": points in all,
  "exercises": [{"name", "notebook", "minutes", "max", "by_hand", "parts": {part: points}}, …],
  "students": [{
    "student", "ids": {"moodle" or "canvas": number}, "state", "why": a sentence or "",
    "total": points or null, "notes": [sentences for the instructor], "files": [names],
    "case_seed": of the cases that were tried, "seconds",
    "exercises": {name: {
      "state", "why", "points": or null, "max", "remark": to a right answer,
      "parts": [{"name", "points", "max", "message": "" if right, "given", "expected"}, …],
      "file": the notebook, "cell": the student's own code, "text": a written answer
    }}
  }, …]
}
A student's state is "refused" or "unreadable", then with no exercises, or the first of these that
any exercise is in: "out of time", "out of memory", "crashed", "to be read", "graded", "not
attempted". An exercise has points only where it is "graded": a state never hides behind a 0.
`expected` is for the instructor, not for a page that a student sees. Every text may come from a
stranger: escape it.
"""

import csv
import io
import json
from pathlib import Path

import labseg
from labseg.errors import InvalidValue
from labseg.files import disk_errors, write_whole
from labseg.grading.submission import overall

SPREADSHEETS = "utf-8-sig"  # without its mark, Excel garbles every letter beyond ASCII

# The column by which each system knows a student, and its form.
IDS = {
    None: ("student", lambda student: student["student"]),
    "moodle": ("Identifier", lambda student: _number(student, "moodle", "Participant {}")),
    "canvas": ("ID", lambda student: _number(student, "canvas", "{}")),
    "nbgrader": ("student_id", lambda student: student["student"]),
}


def _number(student, system, form):
    number = student["ids"].get(system)
    return form.format(number) if number else student["student"]


def gather(results, exercises, settings, sandbox):
    """grades.json as plain data, but for what is done by hand: `add_up` once that is there."""
    lessons = sorted({lesson for result in results for lesson in result["lessons"]})
    graded = [exercise for exercise in exercises if exercise.notebook in lessons]
    names = [exercise.name for exercise in graded]
    students = [
        {key: value for key, value in result.items() if key not in ("made_by", "lessons")}
        | {"exercises": {name: result["exercises"][name] for name in names if result["exercises"]}}
        for result in results
    ]
    return {
        "labseg": labseg.__version__,
        "seed": settings.seed,
        "sandbox": sandbox,
        "executed": "whole notebooks" if settings.execute_all else "needed code",
        "lessons": lessons,
        "max": sum(exercise.max_points for exercise in graded),
        "exercises": [_described(exercise) for exercise in graded],
        "students": students,
    }


def read(folder):
    """grades.json of an earlier run, as plain data; no students and no lessons if there is none."""
    path = Path(folder) / "grades.json"
    if not path.exists():
        return {"students": [], "lessons": []}
    try:
        found = json.loads(path.read_bytes())
        return {"students": list(found["students"]), "lessons": list(found["lessons"])}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InvalidValue(
            f"{path} can't be read ({type(error).__name__}): remove it, or choose another --out."
        ) from None


def _described(exercise):
    return {
        "name": exercise.name,
        "notebook": exercise.notebook,
        "minutes": exercise.minutes,
        "max": exercise.max_points,
        "by_hand": exercise.by_hand,
        "parts": dict(exercise.points),
    }


def add_up(grades):
    """Each student's total and state, from the exercises."""
    for student in grades["students"]:
        results = student["exercises"].values()
        points = [result["points"] for result in results if result["points"] is not None]
        student["total"] = sum(points) if points else None
        if results:
            student["state"] = overall(results)


def write(folder, grades, ids=None):
    """Write grades.json and grades.csv; `ids`: moodle, canvas, nbgrader or None."""
    for name, content, encoding in (
        ("grades.json", json.dumps(grades, ensure_ascii=False, indent=1), "utf-8"),
        ("grades.csv", table(grades, ids), "utf-8" if ids else SPREADSHEETS),
    ):
        path = Path(folder) / name
        with disk_errors(path):
            write_whole(path, content.encode(encoding, "replace"))


def table(grades, ids=None):
    """grades.csv as text."""
    column, identify = IDS[ids]
    names = [exercise["name"] for exercise in grades["exercises"]]
    rows = [[column, "state", "total", "max", *names]]
    for student in grades["students"]:
        points = [student["exercises"].get(name, {}).get("points") for name in names]
        cells = [student["total"], grades["max"], *points]
        rows.append(
            [plain_cell(identify(student)), student["state"]]
            + ["" if cell is None else cell for cell in cells]
        )
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue()


def plain_cell(text):
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
