"""`labseg grade`: a class's submissions in, its grades out."""

import secrets
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import typer

from labseg.arguments import folder_path
from labseg.errors import InvalidValue
from labseg.exercises.catalogue import EXERCISES
from labseg.exercises.verdict import short
from labseg.files import disk_errors, write_whole
from labseg.grading import batch, cluster, collect, grades, pages, sandbox, written
from labseg.grading.submission import Settings, lessons_of

SEED = "seed.txt"
UNSAFE = (
    "WARNING: --no-sandbox runs every notebook's code with your rights, on this machine: it can "
    "read and delete your files, and change the grades. Every report will say so."
)


def grade_class(
    source,
    out,
    ids=None,
    workers=None,
    seed=None,
    execute_all=False,
    limits=None,
    sandboxed=True,
    scheduler=None,
    replace=False,
):
    """Grade the submissions in a folder or zip; write grades.json, grades.csv and written.csv.

    Returns what grades.json holds. Arguments as in `labseg grade`.
    """
    if ids not in grades.IDS:
        raise InvalidValue(f"--ids {ids}: give moodle, canvas or nbgrader.")
    out = folder_path("out", out)
    exercises = tuple(exercise for exercise in EXERCISES if exercise.max_points)
    submissions = collect.collect(source, out)
    if not replace:
        _keep_grades(out, submissions, exercises)
    with disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        seed = _seed(out, seed)
    given = written.read(out)
    with _orderly_end(), batch.stages(exercises) as stages:
        settings = Settings(
            exercises=exercises,
            seed=seed,
            stages=stages,
            limits=limits or sandbox.Limits(),
            sandboxed=sandboxed,
            execute_all=execute_all,
            hidden=(Path(source).resolve(), out.resolve()),
        )
        made_in = _sandbox(next(iter(stages.values())), sandboxed)
        results = _graded(submissions, settings, out, workers or batch.cores(), scheduler)
    ordered = [results[submission.key] for submission in submissions]
    found = grades.gather(ordered, exercises, settings, made_in)
    found["notes"] = written.enter(found["students"], given)
    grades.add_up(found)
    grades.write(out, found, ids)
    written.write(out, found["students"], given)
    pages.write(out, found)
    return found


def _keep_grades(out, submissions, exercises):
    """InvalidValue if grades that are there would be lost: of students, or of lessons."""
    before = grades.read(out)
    students = {student["student"] for student in before["students"]}
    lost = {
        "students": students - {submission.student for submission in submissions},
        "lessons": _missing(before["lessons"], submissions, exercises),
    }
    for what, names in lost.items():
        if names:
            others = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise InvalidValue(
                f"{out} holds grades of {what} that are not among these submissions "
                f"({short(min(names))}{others}): choose another folder for --out, or drop those "
                "grades with --replace."
            )


def _missing(lessons, submissions, exercises):
    """Those of the lessons that nobody has handed in."""
    missing = set(lessons)
    for submission in submissions:
        if not missing:
            break
        missing -= lessons_of(submission, exercises)
    return missing


def _graded(submissions, settings, out, workers, scheduler):
    """{a Submission's key: its result}; scheduler: of a Dask cluster, or None."""
    try:
        with disk_errors(out):
            if scheduler:
                graded = cluster.grade_all(submissions, settings, out, scheduler)
            else:
                graded = batch.grade_all(submissions, settings, out, workers)
            return {submission.key: result for submission, result in graded}
    except (KeyboardInterrupt, SystemExit):
        typer.echo("Interrupted. To go on, run the same command again.", err=True)
        raise


@contextmanager
def _orderly_end():
    """SIGTERM and SIGHUP end the run as Ctrl-C does, cleaning up; for the main thread only."""

    def end(number, _):
        for each in taken:  # a lost terminal may say so twice
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    both = (signal.SIGTERM, signal.SIGHUP)
    taken = [each for each in both if signal.getsignal(each) == signal.SIG_DFL]  # nohup ignores it
    try:
        for each in taken:
            signal.signal(each, end)
        yield
    finally:
        for each in taken:
            signal.signal(each, signal.SIG_DFL)


def _seed(out, seed):
    """The seed of the cases: the one asked for, else that of the run before, else a new one."""
    path = out / SEED
    if seed is None and path.exists():
        text = path.read_text("utf-8", "replace").strip()
        if not text.isdecimal():
            raise InvalidValue(f"{path} should hold a whole number: remove it, or give --seed.")
        seed = int(text)
    seed = secrets.randbelow(2**32) if seed is None else seed
    write_whole(path, f"{seed}\n")
    return seed


def _sandbox(staged, sandboxed):
    if not sandboxed:
        typer.secho(UNSAFE, err=True, fg="red")
        return "none"
    return f"bubblewrap {sandbox.check(staged)}"


def summary(found, out):
    """What to say at the end: a line for each state, what wants attention, and where it all is."""
    states = [student["state"] for student in found["students"]]
    students = f"{len(states)} student{'s' * (len(states) != 1)}"
    yield f"{students}, {', '.join(found['lessons']) or 'no lesson'}:"
    for state in dict.fromkeys(states):
        yield f"{states.count(state):5}  {state}"
    for student in found["students"]:
        for sentence in [student["why"], *student["notes"]]:
            if sentence:
                yield f"{student['student']}: {sentence}"
    yield from found["notes"]
    out = folder_path("out", out)
    yield f"The grades are in {out / 'grades.csv'}, an overview in {out / 'class.html'}."
