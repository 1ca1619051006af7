"""Inside the sandbox: run a whole notebook by nbclient, then ask for the answers in its kernel."""

import os
import sys

from . import wire
from .reply import asked, send

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
        file.write(wire.pack({"job": job, "names": {n: s.name for n, s in slices.items() if s}}))
    os.environ[JOB] = path
    cells = [new_code_cell(source) for source in [*job["cells"], ASK]]
    client = NotebookClient(new_notebook(cells=cells), timeout=None, allow_errors=True)
    client.create_kernel_manager()
    command = [sys.executable, "-I", "-S", sys.argv[0], *sys.argv[1:]]
    client.km.kernel_spec.argv[:] = [*command, "--kernel", "{connection_file}"]
    client.execute(pass_fds=[job["out"]])


def kernel(connection_file):
    """Be the kernel."""
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance(["-f", connection_file])


def ask(namespace):
    """In the kernel, when the notebook has run: send the answers that are there now."""
    with open(os.environ[JOB], "rb") as file:
        kept = wire.unpack(file.read())
    job, names = kept["job"], kept["names"]
    for exercise in job["exercises"]:
        name = names.get(exercise["name"]) or exercise["name"]
        value = namespace.get(name)
        if name not in namespace or (exercise["is_function"] and not callable(value)):
            result = {"missing": True}
        else:
            result = asked(exercise, value)
        send(job["out"], {"exercise": exercise["name"]} | result)
