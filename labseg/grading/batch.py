"""Grade all submissions: a process of its own for each, so many at a time, each result in a file.

A result that is there already, of the same notebooks, labseg, seed and settings, is kept: a run
that was interrupted goes on where it stopped.
"""

import hashlib
import json
import multiprocessing
import os
import resource
import signal
import tempfile
import traceback
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import wait
from pathlib import Path

from tqdm import tqdm

import labseg
from labseg.errors import InvalidValue
from labseg.exercises.verdict import short
from labseg.files import write_whole
from labseg.grading import sandbox
from labseg.grading.collect import Refused
from labseg.grading.stage import PACKAGE, stage
from labseg.grading.submission import digest, forbidden, grade

RESULTS = "results"  # the folder of the files, in the folder for the grades
MEMORY = 8_000_000_000  # bytes that one process outside the sandbox may map


@contextmanager
def stages(exercises):
    """{forbidden names: the folder that goes into the sandbox}, one for each kind of exercise."""
    with tempfile.TemporaryDirectory(prefix="labseg-stage-") as folder:
        kinds = dict.fromkeys(map(forbidden, exercises))
        yield {kind: stage(Path(folder) / str(number), kind) for number, kind in enumerate(kinds)}


def grade_all(submissions, settings, folder, workers):
    """Grade them, and yield (Submission, its result) in the order in which they end."""
    context = multiprocessing.get_context("fork")  # everything is imported already
    _code()  # once, before there are many processes
    results = Path(folder) / RESULTS
    results.mkdir(parents=True, exist_ok=True)
    waiting, running = list(reversed(submissions)), {}
    try:
        with tqdm(total=len(submissions), desc="Grading", unit="student") as bar:
            while waiting or running:
                while waiting and len(running) < workers:
                    submission = waiting.pop()
                    path = results / f"{submission.key}.json"
                    process = context.Process(target=_work, args=(submission, settings, path))
                    process.start()
                    running[process.sentinel] = process, submission, path
                for ended in wait(list(running)):
                    process, submission, path = running.pop(ended)
                    process.join()
                    yield submission, _result(process.exitcode, submission, path)
                    bar.update()
    finally:
        for process, *_ in running.values():
            process.kill()  # its sandbox ends with it
            process.join()


def _work(submission, settings, path):
    """In a process of its own: write the result of a submission, unless it is there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends the others
    limit_memory()
    made = read_or_grade(submission, settings, read_result(path))
    if made:
        write_whole(path, json.dumps(made, ensure_ascii=True, indent=1))


def limit_memory():
    """Of this process: whatever comes out of a sandbox, the machine goes on."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))


def read_or_grade(submission, settings, old=None):
    """The result of a submission; None if `old` is still what it would be."""
    try:
        content = submission.notebooks()
        made_by = fingerprint(content[0], settings)
        if old and old.get("made_by") == made_by:
            return None
        result = grade(content, settings)
    except InvalidValue as error:
        state = "refused" if isinstance(error, Refused) else "unreadable"
        return without_exercises(submission, state, str(error))
    except Exception as error:  # ours: nobody else must suffer, and somebody must hear of it
        why = f"a bug of labseg: {type(error).__name__}: {short(error, 200)}"
        bug = {"traceback": traceback.format_exc()[-4000:]}
        return without_exercises(submission, "crashed", why) | bug
    return _header(submission) | {"made_by": made_by} | result


def fingerprint(files, settings):
    """What a result depends on, as a text: two that are equal make equal results."""
    parts = [
        digest(files),
        labseg.__version__,
        _code(),
        settings.seed,
        [exercise.name for exercise in settings.exercises],
        [settings.limits.seconds, settings.limits.memory],
        [settings.sandboxed, settings.execute_all],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def _code():
    """A fingerprint of labseg's own files: a checkout changes without a new version."""
    return digest({str(path): path.read_bytes() for path in sorted(PACKAGE.rglob("*.py"))})


def _header(submission):
    return {"student": submission.student, "ids": submission.ids}


def without_exercises(submission, state, why):
    """The result of a submission that was not graded."""
    nothing = {"lessons": [], "notes": [], "files": [], "exercises": {}}
    return _header(submission) | {"state": state, "why": short(why)} | nothing


def _result(code, submission, path):
    """What the process has written; if it ended before it could, that is the result."""
    if code:
        _, why = sandbox.ending(code)
        path.unlink(missing_ok=True)
        return without_exercises(submission, "crashed", f"outside the sandbox, {why}")
    return read_result(path)


def read_result(path):
    """What is in a file of a result; {} if there is none."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def cores():
    """The processor cores that may be used."""
    return len(os.sched_getaffinity(0))
