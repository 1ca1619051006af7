"""Runs a notebook with nbval in a process of its own, and keeps what it shows."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import keep_outputs
import nbformat

CELL_TIMEOUT = 600  # seconds


@dataclass(frozen=True)
class Run:
    """One run of a notebook: the notebook with its outputs, nbval's verdict and report."""

    notebook: nbformat.NotebookNode
    passed: bool
    report: str


def run_nbval(path: Path, folder: Path, cell_timeout: int = CELL_TIMEOUT) -> Run:
    """Run a copy of a notebook in `folder` and keep what it shows."""
    copy = Path(shutil.copy(path, folder))
    options = ["--nbval-lax", "--nbval-current-env", f"--nbval-cell-timeout={cell_timeout}"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "keep_outputs"]
    search = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(
        [*command, *options, "--color=no", copy.name],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": search.strip(os.pathsep)},
        capture_output=True,
        text=True,
        check=False,
    )
    report = ran.stdout + ran.stderr
    kept = keep_outputs.executed(copy)
    assert kept.exists(), report  # pytest itself broke
    return Run(nbformat.read(kept, as_version=4), ran.returncode == 0, report)
