"""Grade one student: run what the answers need in sandboxes, judge outside what comes out.

`grade` returns a result, plain data for grades.json; grades.py says what is in it.
"""

import hashlib
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from labseg.errors import InvalidValue
from labseg.exercises.judge import judge
from labseg.exercises.verdict import short
from labseg.grading import choose, notebook, sandbox
from labseg.grading.stage import is_staged

JUDGING = 30  # seconds: answers may be made so that judging them takes for ever
MAX_SHOWN = 20_000  # characters of a student's own cell or text
WORST_FIRST = ("out of time", "out of memory", "crashed", "to be read", "graded", "not attempted")


@dataclass(frozen=True)
class Settings:
    """What is the same for all submissions.

    stages: {forbidden names: folder from stage.py}. hidden: folders never to be mounted.
    """

    exercises: tuple
    seed: int
    stages: dict
    limits: sandbox.Limits = field(default_factory=sandbox.Limits)
    sandboxed: bool = True
    execute_all: bool = False
    hidden: tuple[Path, ...] = ()


@dataclass
class Notebooks:
    """A student's notebooks: {file: its cells}, and {file: why it can't be read}."""

    cells: dict = field(default_factory=dict)
    unreadable: dict = field(default_factory=dict)


def grade(content, settings):
    """A result; content: what a Submission's `notebooks` returns.

    Raises InvalidValue where nothing of it can be graded.
    """
    started = time.monotonic()
    files, notes = content
    notes, notebooks = list(notes), _read(files)
    chosen = choose.assign(settings.exercises, notebooks.cells)
    seed = case_seed(settings.seed, digest(files))
    results = _graded(chosen, notebooks.cells, settings, seed)
    notes += [f"{short(name)} can't be read: {why}" for name, why in notebooks.unreadable.items()]
    notes += _notes(chosen, results)
    return {
        "state": overall(results.values()),
        "why": "",
        "lessons": sorted(_lessons(settings.exercises, chosen)),
        "notes": notes,
        "case_seed": seed,
        "files": sorted(map(short, files)),
        "seconds": round(time.monotonic() - started, 2),
        "exercises": results,
    }


def lessons_of(submission, exercises):
    """The lessons of which a Submission's notebooks seem to hold an exercise, found unrun."""
    try:
        files, _ = submission.notebooks()
        return _lessons(exercises, choose.assign(exercises, _read(files).cells))
    except InvalidValue:
        return set()


def _lessons(exercises, chosen):
    return {exercise.notebook for exercise in exercises if chosen[exercise.name]}


def digest(files):
    """A fingerprint of {name: bytes}."""
    found = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode("utf-8", "replace"), files[name]):
            found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()


def case_seed(seed, fingerprint):
    """The seed of the cases for one submission: a changed answer gets cases of its own."""
    drawn = hashlib.sha256(f"{seed} {fingerprint}".encode()).digest()
    return int.from_bytes(drawn[:4], "big")


def overall(results):
    """The state of a student's row: the first of those that ask for attention."""
    states = {result["state"] for result in results}
    return next((state for state in WORST_FIRST if state in states), "not attempted")


def _read(files):
    found = Notebooks()
    for name, content in files.items():
        try:
            found.cells[name] = notebook.read(content)
        except InvalidValue as error:
            found.unreadable[name] = str(error)
    if not files:
        raise InvalidValue("there is no notebook in it")
    if not found.cells:
        name, why = next(iter(found.unreadable.items()))
        raise InvalidValue(f"{short(name)} can't be read: {why}")
    return found


def _notes(chosen, results):
    rivals = {}
    for name, files in chosen.items():
        graded = results[name]["file"]
        for other in files:
            if graded and other != graded:
                rivals.setdefault((graded, other), []).append(name)
    return [
        f"{', '.join(names)}: {short(graded)} is graded, not {short(other)}"
        for (graded, other), names in rivals.items()
    ]


# From notebooks to results.


def _graded(chosen, cells, settings, seed):
    """{exercise's name: its result}, each from the first notebook in which it was attempted."""
    results = {each.name: _result(each, "not attempted") for each in settings.exercises}
    waiting = {each.name: each for each in settings.exercises if chosen[each.name]}
    for rank in range(choose.MAX_CANDIDATES):
        for (file, forbidden), exercises in _groups(waiting.values(), chosen, rank).items():
            run = partial(_run, cells[file], file, settings.stages[forbidden], settings, seed)
            results |= run(exercises)
            stopped = [each for each in exercises if results[each.name].get("stopped")]
            if len(exercises) > 1:  # one must not take others with it
                for exercise in stopped:
                    results |= run([exercise])
        waiting = {
            name: exercise
            for name, exercise in waiting.items()
            if results[name]["state"] == "not attempted" and chosen[name][rank + 1 :]
        }
    for result in results.values():
        result.pop("stopped", None)
    return results


def _groups(exercises, chosen, rank):
    """{(file, what is forbidden): exercises} that can share a process."""
    groups = {}
    for exercise in exercises:
        key = chosen[exercise.name][rank], forbidden(exercise)
        groups.setdefault(key, []).append(exercise)
    return groups


def asked(exercise):
    """(name of the function in answers.py, keywords for it) that asks for an exercise's answers."""
    function = exercise.answers
    keywords = dict(getattr(function, "keywords", {}))
    return getattr(function, "func", function).__name__, keywords


def forbidden(exercise):
    """Full names of what an answer may not call: it is taken out of the staged labseg."""
    return tuple(filter(is_staged, asked(exercise)[1].get("forbidden", ())))


def _run(cells, file, staged, settings, seed, exercises):
    """{name: result} of exercises in one notebook, from one sandbox."""
    cases = {exercise.name: exercise.cases(seed) for exercise in exercises}
    job = {
        "cells": [cell.source for cell in cells],
        "all": settings.execute_all,
        "exercises": [_question(exercise, cases[exercise.name]) for exercise in exercises],
    }
    run = sandbox.run(job, staged, settings.limits, settings.hidden, settings.sandboxed)
    first, *rest = run.messages or [None]
    defined = _field(first, "defined", dict)
    replies = {}
    for message in rest:
        replies.setdefault(_field(message, "exercise", str), message)
    results = {}
    for exercise in exercises:
        reply = replies.get(exercise.name)
        result = _judged(exercise, cases[exercise.name], reply, run)
        result["file"] = short(file)
        result["cell"] = _sources(cells, _field(defined, exercise.name, list))
        if result["state"] == "not attempted":
            result |= _unparsed(exercise, cells, _field(first, "unreadable", dict))
        results[exercise.name] = result
    return results


def _question(exercise, cases):
    function, keywords = asked(exercise)
    return {
        "name": exercise.name,
        "is_function": exercise.takes == choose.TAKES_FUNCTION,
        "function": function,
        "keywords": keywords,
        "cases": cases,
    }


def _field(message, name, kind):
    """What a message says, if it says something of this kind: it may come from anybody."""
    value = message.get(name) if isinstance(message, dict) else None
    return value if isinstance(value, kind) else kind()


def _sources(cells, places):
    places = [n for n in places if isinstance(n, int) and 0 <= n < len(cells)]
    return "\n\n".join(cells[n].source for n in places)[:MAX_SHOWN]


def _unparsed(exercise, cells, unreadable):
    """The state of an exercise whose cell is no Python; {} if there is none."""
    for place, why in unreadable.items():
        cell = cells[int(place)] if place.isdecimal() and int(place) < len(cells) else None
        if cell and choose.evidence(exercise, [cell], exercise.notebook):
            return {"state": "crashed", "why": f"its cell can't be read: {short(why, 200)}"}
    return {}


# From a reply to a result.


def _judged(exercise, cases, reply, run):
    result = partial(_result, exercise)
    if reply is None:  # it never came so far
        state, why = run.state or "crashed", run.why or "no answer came back"
        return result(state, why=why) | {"stopped": True}
    if reply.get("missing") is True:
        return result("not attempted")
    if "answers" not in reply:
        why = short(reply.get("failed"), 300)
        out_of_memory = why.split(":")[0].endswith("MemoryError")
        return result("out of memory" if out_of_memory else "crashed", why=why)
    answers = _field(reply, "answers", list)
    kinds = [kind for answer in answers for kind in _field(answer, "kinds", list)]
    if any(isinstance(kind, str) and kind == "MemoryError" for kind in kinds):
        return result("out of memory", why="your function asked for more memory than there is")
    try:
        with _patience(JUDGING):
            return _from_verdict(exercise, judge(exercise, cases, answers), answers)
    except _Late:
        return result("crashed", why="its answers can't be judged: that takes for ever")


def _from_verdict(exercise, verdict, answers):
    result = partial(_result, exercise)
    if not verdict.attempted:
        return result("not attempted")
    if exercise.by_hand:
        text = _field(answers[0] if answers else None, "value", str)
        return result("to be read", text=text[:MAX_SHOWN], parts=_parts(verdict))
    return result(
        "graded",
        points=verdict.points,
        parts=_parts(verdict),
        remark=verdict.remark,
    )


def _parts(verdict):
    return [
        {
            "name": part.name,
            "points": part.points,
            "max": part.max_points,
            "message": short(part.fault.message) if part.fault else "",
            "given": _shown(part.fault, "given"),
            "expected": _shown(part.fault, "expected"),
        }
        for part in verdict.parts
    ]


def _shown(fault, name):
    value = getattr(fault, name, None)
    return None if value is None else short(value)


def _result(exercise, state, points=None, **more):
    blank = {"why": "", "parts": [], "remark": "", "text": "", "file": "", "cell": ""}
    return {"state": state, "points": points, "max": exercise.max_points, **blank, **more}


class _Late(BaseException):
    """Not an Exception: no judge takes it for a fault of the answer."""


@contextmanager
def _patience(seconds):
    """Raises _Late after that long; in the main thread of a process only."""

    def stop(*_):
        raise _Late

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
