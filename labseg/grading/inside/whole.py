"""Inside the sandbox: run a whole notebook by nbclient, then ask for the answers in its kernel."""

import ast
import os
import sys

from . import wire
from .reply import asked, send, text_of

JOB = "LABSEG_JOB"  # the variable that tells the kernel where the job lies
ASK = """
from inside import whole as _whole
_whole.ask(vars(__import__("__main__")))
"""


def execute(job, slices):
    """Run all cells in order, errors and all; the last one of ours sends the answers."""
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    path = f"{os.environ['HOME']}/job"
    with open(path, "wb") as file:
        answers = {name: _described(each) for name, each in slices.items() if each}
        file.write(wire.pack({"job": job, "answers": answers}))
    os.environ[JOB] = path
    cells = [new_code_cell(source) for source in [*job["cells"], ASK]]
    client = NotebookClient(new_notebook(cells=cells), timeout=None, allow_errors=True)
    client.create_kernel_manager()
    command = [sys.executable, "-I", "-S", sys.argv[0], *sys.argv[1:]]
    client.km.kernel_spec.argv[:] = [*command, "--kernel", "{connection_file}"]
    client.execute(pass_fds=[job["out"]])


def _described(needed):
    """An answer as a name or an expression, and the cells that should have made it."""
    cells = needed.cells if needed.is_bound or not needed.name else ()
    return {"answer": ast.unparse(needed.answer), "cells": [cell + 1 for cell in cells]}


def kernel(connection_file):
    """Be the kernel."""
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance(["-f", connection_file])


def ask(namespace):
    """In the kernel, when the notebook has run: send the answers that are there now."""
    with open(os.environ[JOB], "rb") as file:
        kept = wire.unpack(file.read())
    job, answers = kept["job"], kept["answers"]
    for exercise in job["exercises"]:
        unknown = {"answer": exercise["name"], "cells": []}  # or bound where nobody can see it
        result = _answer(exercise, answers.get(exercise["name"], unknown), namespace)
        send(job["out"], {"exercise": exercise["name"]} | result)


def _answer(exercise, described, namespace):
    """As `run.answer`, of a notebook that has run."""
    answer = described["answer"]
    is_name = answer.isidentifier()
    cells = ", ".join(map(str, described["cells"]))
    if is_name and answer not in namespace:
        return {"failed": f"it is not there after cell {cells}"} if cells else {"missing": True}
    try:
        value = eval(answer, namespace)
    except BaseException as error:
        return {"failed": text_of(error)}
    if is_name and exercise["is_function"] and not callable(value):
        return {"failed": "it is not a function"} if cells else {"missing": True}
    return asked(exercise, value)
