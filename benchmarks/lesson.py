"""The code of the solved notebooks, so that what is measured is what is taught."""

import ast
import json
from pathlib import Path

SOLUTIONS = Path(__file__).parents[1] / "solutions"
DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


def cells(name, until=None):
    """The code cells of solutions/<name>.ipynb, up to the first text that contains `until`."""
    notebook = json.loads((SOLUTIONS / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" and until and until in source:
            return
        if cell["cell_type"] == "code" and "%pip" not in source:
            yield source


def definitions(name, **given):
    """What solutions/<name>.ipynb defines, {name: function or class}, with its imports.

    given: the names that they read from the notebook (x_val, say). Nothing else of it is run.
    """
    for source in cells(name):
        kept = [node for node in ast.parse(source).body if isinstance(node, DEFINES)]
        exec(compile(ast.Module(kept, []), f"{name}.ipynb", "exec"), given)
    return given
