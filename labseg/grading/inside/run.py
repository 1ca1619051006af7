"""Inside the sandbox: run what the answers of a notebook need, and send the answers out.

The job comes in by standard input:
{"cells": [source of each code cell], "exercises": [{"name", "is_function", "function" of
answers.py, "keywords" for it, "cases"}], "all": whether to run all cells,
"memory", "seconds", "sandboxed", "out": the pipe}.

Messages go out by the pipe, each with its length before it. The first is sent before anything of
the student's has run: {"defined": {exercise: the cells that define its answer}, "unreadable":
{cell: why}}. Then one for each exercise: {"exercise", "answers"}, {"exercise", "missing": true}
or {"exercise", "failed": what was raised where the answer is defined}.
"""

import ast
import asyncio
import builtins
import inspect
import linecache
import os
import sys
import types

from . import cells, limits, whole, wire
from .reply import asked, send, text_of


def main():
    with os.fdopen(0, "rb") as stdin:
        job = wire.unpack(stdin.read())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    limits.set_limits(job["memory"], job["seconds"], job["sandboxed"])
    statements, unreadable = cells.parse(job["cells"])
    slices = {
        exercise["name"]: cells.find(statements, exercise["name"], exercise["is_function"])
        for exercise in job["exercises"]
    }
    defined = {name: list(each.cells) if each else [] for name, each in slices.items()}
    texts = {str(cell): why for cell, why in unreadable.items()}
    send(job["out"], {"defined": defined, "unreadable": texts})
    if job["all"]:
        whole.execute(job, slices)
        return
    for exercise in job["exercises"]:
        each = slices[exercise["name"]]
        result = answer(exercise, each, job["cells"]) if each else {"missing": True}
        send(job["out"], {"exercise": exercise["name"]} | result)


def answer(exercise, needed, sources):
    """{"answers"} of the student's function or value, or why there are none."""
    found, failures = execute(needed, exercise["is_function"], sources)
    if found:
        return asked(exercise, found[0])
    if failures:
        return {"failed": failures[-1]}
    return {"failed": "it is not a function"} if needed.is_bound else {"missing": True}


def execute(needed, is_function, sources):
    """([the answer] or [], what was raised on the way), in a module of their own.

    Imports come first, since cells may have been moved; what failed is tried again after the rest.
    """
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    vars(module).update(__builtins__=builtins, display=lambda *things, **options: None)
    waiting = sorted(needed.statements, key=lambda statement: not statement.is_import)
    found, failures = [], []
    while waiting:
        failed, failures = [], []
        for statement in waiting:
            error = run(statement, needed.flags, sources, module)
            if error:
                failed.append(statement)
                failures.append(error)
            elif needed.name in statement.binds:
                value = vars(module).get(needed.name)
                found = [value] if callable(value) or not is_function else found
        waiting = failed if len(failed) < len(waiting) else []
    if not needed.name:
        try:
            code = compile(ast.Expression(needed.answer), "<the check>", "eval")
            found = [eval(code, vars(module))]
        except BaseException as error:
            failures.append(text_of(error))
    return found, failures


def compiled(statement, flags, sources):
    """Its code, which inspect.getsource and tracebacks can show."""
    name = f"<cell {statement.cell + 1}>"
    lines = cells.python(sources[statement.cell]).splitlines(keepends=True)
    linecache.cache[name] = (sum(map(len, lines)), None, lines, name)
    flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # as Jupyter does
    return compile(ast.Module([statement.node], []), name, "exec", flags, dont_inherit=True)


def run(statement, flags, sources, module):
    """What it raises, as text; "" if nothing."""
    try:
        code = compiled(statement, flags, sources)
        result = eval(code, vars(module))
        if code.co_flags & inspect.CO_COROUTINE:  # it awaits something
            asyncio.run(result)
    except BaseException as error:  # sys.exit(), too, is no reason to stop
        return text_of(error)
    return ""
