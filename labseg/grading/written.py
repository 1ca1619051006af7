"""The points that an instructor gives to written answers by hand, in written.csv.

A row for each answer that is to be read: the instructor fills in the column `points`, and runs
`labseg grade` again. What is filled in is kept, whatever else changes.
"""

import csv
import io
from pathlib import Path

from labseg.errors import InvalidValue
from labseg.exercises.catalogue import EXERCISES
from labseg.exercises.verdict import short
from labseg.files import disk_errors, write_whole
from labseg.grading.grades import SPREADSHEETS, plain_cell

FILE = "written.csv"
COLUMNS = ("student", "exercise", "max", "points", "comment", "text")


def read(folder):
    """What is filled in so far: {(student, exercise): {"max", "points", "comment", "text"}}.

    Points are a number or None.
    Raises InvalidValue, which names the line, for what is no number of points.
    """
    path = Path(folder) / FILE
    if not path.exists():
        return {}
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidValue(f"{path} can't be read: {error}; save it as CSV in UTF-8.") from None
    if rows and not set(COLUMNS[:4]) <= set(rows[0]):
        raise InvalidValue(f"{path} needs the columns {', '.join(COLUMNS[:4])}, by commas.")
    return {
        (row["student"], row["exercise"]): {
            "points": _points(row, path, number),
            "max": row["max"],
            "comment": row.get("comment") or "",
            "text": row.get("text") or "",
        }
        for number, row in enumerate(rows, 2)
    }


def _points(row, path, number):
    text = (row["points"] or "").strip().replace(",", ".")
    if not text:
        return None
    try:
        points, most = float(text), float(row["max"] or 0)
    except ValueError:
        points, most = -1.0, 0.0
    if not 0 <= points <= most:
        raise InvalidValue(
            f"{path}, line {number}: points={short(text, 20)}; "
            f"give a number from 0 to {short(row['max'], 20)}, or leave it empty."
        )
    return int(points) if points == int(points) else points


def enter(students, given):
    """Put the points given by hand into the results; those without stay "to be read".

    Returns a list of sentences about points whose student or exercise is not known.
    """
    for student in students:
        for name, result in student["exercises"].items():
            entry = given.get((plain_cell(student["student"]), name))
            if result["state"] == "to be read" and entry and entry["points"] is not None:
                result["state"], result["points"] = "graded", entry["points"]
                result["remark"] = entry["comment"]
                if entry["text"].split() != plain_cell(result["text"]).split():
                    student["notes"].append(f"{name} has changed since its points were given")
    return list(_strays(students, given))


def _strays(students, given):
    """The sentences of `enter`."""
    names = {plain_cell(student["student"]) for student in students}
    exercises = {exercise.name for exercise in EXERCISES}
    graded = {name for student in students for name in student["exercises"]}
    for (student, name), entry in sorted(given.items()):
        if entry["points"] is None:
            continue
        points = f"{FILE} has points for {short(name, 40)} of {short(student, 60)}"
        if name not in exercises:
            yield f"{points}: there is no such exercise"
        elif name in graded and student not in names:
            yield f"{points}, who is not among these students"


def write(folder, students, given):
    """Write written.csv with a row for each written answer, and all that was filled in before."""
    rows = {}
    for student in students:
        for name, result in student["exercises"].items():
            if result["text"]:
                key = plain_cell(student["student"]), name
                rows[key] = [*key, result["max"], "", "", plain_cell(result["text"])]
    for key, entry in given.items():
        row = rows.setdefault(key, [*key, entry["max"], "", "", entry["text"]])
        row[3:5] = "" if entry["points"] is None else entry["points"], entry["comment"]
    if not rows:
        return
    stream = io.StringIO()
    csv.writer(stream).writerows([COLUMNS, *(rows[key] for key in sorted(rows))])
    path = Path(folder) / FILE
    with disk_errors(path):
        write_whole(path, stream.getvalue().encode(SPREADSHEETS, "replace"))
