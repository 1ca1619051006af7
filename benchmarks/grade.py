"""How fast is a class graded? `uv run python benchmarks/grade.py`

Grades the same submissions to the metrics exercises of lesson 3 with labseg, in its sandbox, and
with nbgrader's autograde, which has none; then with labseg on more workers. The notebooks hold the
imports, two exercises and their two checks, which nbgrader runs, and nothing that takes time. At
last a class of a thousand is graded, and the memory of labseg's first process watched. About four
minutes on 2 cores.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

IMPORTS = "import numpy as np\n\nimport labseg"
IOU = """\
def iou(y_true, y_pred, threshold=0.5):
    truth = np.reshape(y_true, np.shape(y_true)[:3]) == 1
    found = np.reshape(y_pred, np.shape(y_pred)[:3]) >= threshold
    both, either = ((area).sum(axis=(1, 2)) for area in (truth & found, truth | found))
    return np.where(either == 0, 1, both / np.maximum(either, 1))"""
DICE = """\
def dice(y_true, y_pred, threshold=0.5):
    score = iou(y_true, y_pred, threshold)
    return 2 * score / (1 + score)"""
CHECK = """\
verdict = labseg.check.{0}({0})
### BEGIN HIDDEN TESTS
assert verdict.passed, verdict.message
### END HIDDEN TESTS"""


def notebook(solution):
    """Lesson 3 cut down to two exercises; solution: whether in nbgrader's source form."""
    cells = [_cell(IMPORTS, "imports", locked=True)]
    for name, code, points in (("iou", IOU, 8), ("dice", DICE, 7)):
        head, _, body = code.partition("\n")
        marked = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        cells.append(_cell(marked if solution else code, name, solution=True))
        cells.append(_cell(CHECK.format(name), f"check_{name}", points, locked=True, grade=True))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    )


def _cell(source, name, points=None, locked=False, grade=False, solution=False):
    nbgrader = {"grade": grade, "grade_id": name, "locked": locked, "schema_version": 3}
    nbgrader |= {"solution": solution, "task": False} | ({"points": points} if points else {})
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {"nbgrader": nbgrader},
        "outputs": [],
        "source": source,
    }


def course(folder, students):
    """An nbgrader course with so many submissions of the same, right notebook."""
    source = folder / "source" / "lab" / "03_metrics.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(notebook(solution=True), "utf-8")
    for n in range(students):
        path = folder / "submitted" / f"student{n:03}" / "lab" / "03_metrics.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(notebook(solution=False), "utf-8")


def run(folder, *command):
    """(seconds, seconds of processors) that a command takes."""
    programs = (
        f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls some
    )
    environment = os.environ | {"PATH": programs, "CUDA_VISIBLE_DEVICES": ""}
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processors = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started, processors


def show(what, students, seconds, processors):
    print(
        f"{what:30} {seconds:6.1f} s   {60 * students / seconds:6.1f} a minute   "
        f"{60 * students / processors:6.1f} a minute of processor",
        flush=True,
    )


def grading(workers):
    """The command that grades the course with labseg."""
    code = "from labseg.cli import app; app()"
    words = ["grade", "submitted", "--out", "grades", "--workers", str(workers)]
    return [sys.executable, "-c", code, *words]


def check(folder, students):
    """Everybody has all points."""
    found = json.loads((folder / "grades" / "grades.json").read_text("utf-8"))
    assert [student["total"] for student in found["students"]] == [15] * students


def grade(folder, students, workers):
    """(seconds, seconds of processors) of grading with labseg from nothing."""
    shutil.rmtree(folder / "grades", ignore_errors=True)
    took = run(folder, *grading(workers))
    check(folder, students)
    return took


def grade_many(folder, students, workers):
    """Grade with labseg; print its first process's memory at every quarter of the way."""
    started, quarters, peak = time.monotonic(), [], 0
    results = folder / "grades" / "results"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(grading(workers), cwd=folder, **quiet) as process:
        while process.poll() is None:
            done = len(list(results.glob("*.json"))) if results.exists() else 0
            if done >= students * (len(quarters) + 1) // 4:
                quarters.append(memory(process.pid, "VmRSS"))
            peak = max(peak, memory(process.pid, "VmHWM"))
            time.sleep(0.2)
    check(folder, students)
    shown = ", ".join(f"{each / 1e6:.0f}" for each in quarters)
    print(f"{students} students: {time.monotonic() - started:.0f} s; MB at each quarter: {shown}")
    print(f"peak of the first process: {peak / 1e6:.0f} MB")


def memory(pid, name):
    """What /proc says of a process's memory, in bytes; 0 once it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in text.splitlines() if line.startswith(name)]
    return int(found[0]) * 1024 if found else 0


def main(
    students: Annotated[int, typer.Option(min=1)] = 20,
    workers: Annotated[int, typer.Option(min=1)] = len(os.sched_getaffinity(0)),
    many: Annotated[int, typer.Option(min=0, help="Students of the large class.")] = 1000,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        course(folder, students)
        nbgrader = [sys.executable, "-m", "nbgrader"]
        run(folder, *nbgrader, "generate_assignment", "lab")
        took = run(folder, *nbgrader, "autograde", "lab")
        show("nbgrader, no sandbox", students, *took)
        for number in dict.fromkeys([1, workers]):
            plural = "s" * (number > 1)
            took = grade(folder, students, number)
            show(f"labseg, sandbox, {number} worker{plural}", students, *took)
    if many:
        with tempfile.TemporaryDirectory() as name:
            course(Path(name), many)
            grade_many(Path(name), many, workers)


if __name__ == "__main__":
    typer.run(main)
