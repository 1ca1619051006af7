"""The lessons' notebooks: read them, run them, take their definitions.

What is benchmarked, tested and shipped is what is taught: it comes from the notebooks themselves.
"""

import ast
from pathlib import Path

from labseg.errors import InvalidValue

ROOT = Path(__file__).parents[2]
SOLUTIONS = ROOT / "solutions"
NOTEBOOKS = ROOT / "notebooks"
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


def read(path):
    """The notebook in `path`; InvalidValue unless it is one of format 4.

    `nbformat.read` would give random ids to cells that have none; format 4's own reader does not.
    """
    from nbformat import v4

    try:
        notebook = v4.reads(Path(path).read_text("utf-8"))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InvalidValue(f"{path} is not a notebook: {error}") from error
    if notebook.get("nbformat") != 4 or "cells" not in notebook:
        raise InvalidValue(f"{path} is not a notebook of format 4: open it and save it again.")
    return notebook


def code(path, until=None):
    """The sources of the code cells of a notebook, as a list.

    until: stop at the first text cell that contains this.
    """
    sources = []
    for cell in read(path).cells:
        if cell.cell_type == "code":
            sources.append(cell.source)
        elif until and until in cell.source:
            break
    return sources


def runnable(name, until=None):
    """The code cells of solutions/<name>.ipynb that plain Python can run (all but %pip's)."""
    path = SOLUTIONS / f"{name}.ipynb"
    return [source for source in code(path, until) if "%pip" not in source]


def definitions(name, **given):
    """The functions and classes that solutions/<name>.ipynb defines, {name: object}.

    given: the names that they read from the notebook (x_val, say). Apart from its imports,
    nothing else of the notebook is run.
    """
    for source in runnable(name):
        body = [node for node in ast.parse(source).body if isinstance(node, DEFINITIONS)]
        exec(compile(ast.Module(body, []), f"{name}.ipynb", "exec"), given)
    return given


def execute(path, folder):
    """Run a notebook from first to last cell in `folder`; the notebook with its outputs.

    InvalidValue names the cell that fails.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    notebook = read(path)
    try:
        NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    except CellExecutionError as error:
        cell = next(cell for cell in notebook.cells if _failed(cell))
        first_line = cell.source.partition("\n")[0]
        raise InvalidValue(
            f"{Path(path).name} fails at {first_line!r}: {error.ename}: {error.evalue}"
        ) from error
    except DeadKernelError:
        raise InvalidValue(
            f"The kernel of {Path(path).name} has died, perhaps for want of memory."
        ) from None
    return notebook


def _failed(cell):
    return any(out.output_type == "error" for out in cell.get("outputs", []))


def outputs(notebook):
    """All outputs of a notebook's code cells, in order."""
    return [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]


def printed(notebook):
    """What a notebook's cells printed, as one text."""
    return "".join(out.text for out in outputs(notebook) if out.get("name") == "stdout")
