"""pytest plugin: nbval runs a notebook but discards what it shows; this keeps it.

Beside each notebook that nbval ran it writes <name>.executed.ipynb. It also fails a session in
which a cell did not run, or hung: nbval lets both pass where no exception comes out of it.
"""

from pathlib import Path

import nbformat
import pytest


def pytest_sessionfinish(session):
    notebooks = {}
    for item in session.items:
        if not hasattr(item, "test_outputs"):
            continue
        if item.test_outputs is None or item.parent.timed_out:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        item.cell.outputs = item.test_outputs or []
        notebooks[item.path] = item.parent.nb
    for path, nb in notebooks.items():
        nbformat.write(nb, executed(path))


def executed(path: Path) -> Path:
    """Where the outputs of `path` are kept."""
    return path.with_suffix(".executed.ipynb")
