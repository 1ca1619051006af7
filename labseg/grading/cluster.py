"""Grade on the machines of a Dask cluster: JSON text goes to them, and JSON text comes back.

Every worker needs the same labseg, with its extra "grading", and a working sandbox. Dask moves the
jobs of a worker that is lost to the others; each result is written here, once.

    python -m labseg.grading.cluster     reads a job and writes its result: what a worker runs
"""

import base64
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from labseg.errors import InvalidValue, NoConnection, PackageMissing
from labseg.exercises.catalogue import find
from labseg.exercises.verdict import short
from labseg.files import write_whole
from labseg.grading import batch, sandbox
from labseg.grading.submission import Settings

PATIENCE = 20  # seconds until the cluster has to answer
ADDRESS = "give the address that the scheduler prints when it starts, such as tcp://10.0.0.5:8786."


def grade_all(submissions, settings, folder, address):
    """Grade them, and yield (Submission, its result) in the order in which they end."""
    client, as_completed = _connected(address)
    results = Path(folder) / batch.RESULTS
    results.mkdir(parents=True, exist_ok=True)
    with client, tqdm(total=len(submissions), desc="Grading", unit="student") as bar:
        sent = {}
        for submission in submissions:
            path = results / f"{submission.key}.json"
            result, job = _result_or_job(submission, settings, batch.read_result(path))
            if job is None:
                write_whole(path, json.dumps(result, indent=1))
                yield submission, result
                bar.update()
            else:
                sent[client.submit(run, job, pure=False)] = submission, path
        for future in as_completed(sent, loop=client.loop):
            submission, path = sent[future]
            result = _received(future, submission)
            write_whole(path, json.dumps(result, indent=1))
            yield submission, result
            bar.update()


def _connected(address):
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise PackageMissing('--cluster needs Dask: pip install "labseg[cluster]"') from None
    if not re.search(r":\d+$", address):  # without a port, Dask tries for long and ends untidily
        raise InvalidValue(f"--cluster {short(address, 60)}: {ADDRESS}")
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False), as_completed
    except (OSError, ValueError) as error:
        raise NoConnection(
            f"No Dask scheduler answers at {address} ({type(error).__name__}): {ADDRESS}"
        ) from None


def _result_or_job(submission, settings, old):
    """(a result that is there or needs no worker, None) or (None, a job as JSON text)."""
    try:
        files, notes = submission.notebooks()
    except InvalidValue:
        files = {}
    if not files:
        return batch.read_or_grade(submission, settings), None
    made_by = batch.fingerprint(files, settings)
    if old.get("made_by") == made_by:
        return old, None
    job = {
        "made_by": made_by,
        "student": submission.student,
        "ids": submission.ids,
        "files": {name: base64.b64encode(text).decode() for name, text in files.items()},
        "notes": notes,
        "exercises": [exercise.name for exercise in settings.exercises],
        "seed": settings.seed,
        "limits": [settings.limits.seconds, settings.limits.memory],
        "sandboxed": settings.sandboxed,
        "execute_all": settings.execute_all,
    }
    return None, json.dumps(job)


def _received(future, submission):
    try:
        result = json.loads(future.result())
    except Exception as error:  # of the worker or its machine: the others go on
        return batch.without_exercises(submission, "crashed", f"on the cluster: {short(error)}")
    return result


# On the worker.


def run(job):
    """The result of a job, both as JSON text, made in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "labseg.grading.cluster"],
        input=job,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else "killed")
    return ran.stdout


@dataclass
class Received:
    """A Submission as it arrived."""

    student: str
    ids: dict
    files: dict
    notes: list

    def notebooks(self):
        return self.files, self.notes


def grade_job(job):
    """The result of a job, plain data. Raises InvalidValue if this machine can't make it."""
    files = {name: base64.b64decode(text) for name, text in job["files"].items()}
    exercises = tuple(map(find, job["exercises"]))
    with batch.stages(exercises) as stages:
        settings = Settings(
            exercises=exercises,
            seed=job["seed"],
            stages=stages,
            limits=sandbox.Limits(*job["limits"]),
            sandboxed=job["sandboxed"],
            execute_all=job["execute_all"],
        )
        if batch.fingerprint(files, settings) != job["made_by"]:
            raise InvalidValue("this machine has another labseg than the one that asks for grades")
        if settings.sandboxed:
            sandbox.check(next(iter(stages.values())))
        submission = Received(job["student"], job["ids"], files, job["notes"])
        return batch.read_or_grade(submission, settings)


if __name__ == "__main__":
    batch.limit_memory()
    print(json.dumps(grade_job(json.load(sys.stdin))))
