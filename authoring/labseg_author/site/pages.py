"""From a solved lesson to a page: solutions folded behind a click, hidden tests left out."""

import copy
import re

from nbgrader.preprocessors import ClearHiddenTests

MARKERS = re.compile(r"^ *### (BEGIN|END) SOLUTION *\n?", re.MULTILINE)
FOLD = {"code_prompt_show": "Show a solution", "code_prompt_hide": "Hide the solution"}
LONG = 30  # lines of printed text; more than that scrolls


def title(notebook):
    """The lesson's title, such as "4 · The U-Net"."""
    return next(
        cell.source.split("\n")[0].removeprefix("# ")
        for cell in notebook.cells
        if cell.cell_type == "markdown" and cell.source.startswith("# ")
    )


def page(notebook):
    """A copy of an executed, solved lesson as it is read on a page.

    The title comes first; the cell that installs labseg on Colab has nothing to show here.
    """
    notebook = copy.deepcopy(notebook)
    notebook.metadata.pop("widgets", None)  # pages show still figures
    cells = [cell for cell in notebook.cells if _role(cell) != "install"]
    first = next(i for i, cell in enumerate(cells) if cell.source.startswith("# "))
    notebook.cells = [cells.pop(first), *cells]
    without_hidden_tests = ClearHiddenTests(enforce_metadata=False)
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            _fold(without_hidden_tests.preprocess_cell(cell, {}, i)[0])
    return notebook


def _role(cell):
    return cell.metadata.get("labseg", {}).get("role")


def _fold(cell):
    cell.source = cell.source.rstrip("\n")
    if cell.metadata.get("nbgrader", {}).get("solution"):
        cell.source = MARKERS.sub("", cell.source).rstrip("\n")
        cell.metadata.setdefault("tags", []).append("hide-input")
        cell.metadata["mystnb"] = FOLD
    if sum(out.get("text", "").count("\n") for out in cell.outputs) > LONG:
        cell.metadata.setdefault("tags", []).append("scroll-output")
