"""Read a notebook that somebody sends: its code cells, whatever else the file holds."""

import json
from dataclasses import dataclass
from itertools import chain

from labseg.errors import InvalidValue

MAX_BYTES = 50_000_000  # pictures in the outputs make notebooks large
MAX_CELLS = 2_000
MAX_SOURCE = 2_000_000  # characters of all code


@dataclass(frozen=True)
class Cell:
    """A code cell: its source, nbgrader's name for it ("" if it has none) and its id."""

    source: str
    grade_id: str = ""
    id: str = ""


def read(content):
    """The code cells in a notebook's bytes, of nbformat 3, 4 or nearly so.

    Raises InvalidValue, which says in one sentence what is wrong.
    """
    if len(content) > MAX_BYTES:
        raise InvalidValue(f"it is larger than {MAX_BYTES / 1e6:.0f} MB")
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError):
        raise InvalidValue("it is not a notebook: it can't be read as JSON") from None
    found = [cell for cell in _cells(notebook) if cell.source.strip()]
    if len(found) > MAX_CELLS or sum(len(cell.source) for cell in found) > MAX_SOURCE:
        raise InvalidValue("it holds far more code than a lesson")
    return found


def _cells(notebook):
    if not isinstance(notebook, dict):
        raise InvalidValue("it is not a notebook: it has no cells")
    lists = [notebook.get("cells")]
    if isinstance(notebook.get("worksheets"), list):  # nbformat 3
        lists += [sheet.get("cells") for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
    lists = [each for each in lists if isinstance(each, list)]
    if not lists:
        raise InvalidValue("it is not a notebook: it has no cells")
    for cell in chain.from_iterable(lists):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            yield _cell(cell)


def _cell(cell):
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else ""
    return Cell(
        *(text if isinstance(text, str) else "" for text in (source, grade_id, cell.get("id")))
    )
