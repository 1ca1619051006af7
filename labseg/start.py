"""The student's own copy of the lessons, and JupyterLab to work in it."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from labseg.arguments import folder_path
from labseg.doctor import REINSTALL
from labseg.errors import FileMissing, InvalidValue, PackageMissing
from labseg.files import disk_errors, write_whole

# Hides in JupyterLab what is for authors (nbgrader, Jupytext) and its question about news.
SETTINGS = Path(__file__).parent / "assets" / "jupyter"


def copy_lessons(folder):
    """Copy the student edition to `folder`, which is made; files that are there already are kept.

    Yields a line for each notebook: what was done with it.
    """
    own = folder_path("folder", folder)
    notebooks = _released_notebooks()
    with disk_errors(own):
        own.mkdir(parents=True, exist_ok=True)
        if any(source.exists() and own.samefile(source) for source in _sources()):
            raise InvalidValue(f"{own} is where notebooks are copied from: choose another folder.")
    for notebook in notebooks:
        copy = own / notebook.name
        if os.path.lexists(copy):
            yield f"kept   {copy}"
            continue
        with disk_errors(copy):
            write_whole(copy, notebook.content)
        note = f" (as released; notebooks/{notebook.name} has been changed since)"
        yield f"copied {copy}{note if notebook.changed else ''}"


def open_lessons(folder, options=()):
    """Run JupyterLab on the first lesson in `folder` until it is shut down; its exit status.

    options: JupyterLab's own, such as "--no-browser".
    """
    if not importlib.util.find_spec("jupyterlab"):
        raise PackageMissing('JupyterLab is not installed: pip install "labseg[lab]"')
    lessons = folder_path("folder", folder)
    first = min((path for path in lessons.glob("*.ipynb") if path.name[0] != "."), default=None)
    if first is None:
        raise FileMissing(f"There is no notebook in {lessons}: give the folder of your lessons.")
    settings = [str(SETTINGS), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    environment = os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join(settings)}
    lab = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", str(first), *options], env=environment
    )
    while True:
        try:
            return lab.wait()
        except KeyboardInterrupt:  # JupyterLab has it too, and asks whether to stop
            continue


def how_to_open(folder):
    """The command that opens a folder, for the way in which labseg was started."""
    checkout = Path(__file__).resolve().parents[1]
    command = ["jupyter", "lab", str(folder_path("folder", folder))]
    if "UV" in os.environ and (checkout / "pyproject.toml").exists():  # `uv run` sets UV
        project = [] if checkout == Path.cwd() else ["--project", str(checkout)]
        command = ["uv", "run", *project, *command]
    line = subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)
    if importlib.util.find_spec("jupyterlab"):
        return f"Open them with: {line}"
    return f'Open them with JupyterLab: pip install "labseg[lab]", then {line}'


class Notebook(NamedTuple):
    """One of the student edition, as it was released."""

    name: str
    content: bytes
    changed: bool = False  # whether the file has been changed since


def _sources() -> tuple[Path, Path]:
    """Where notebooks are: inside an installed labseg, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return package / "notebooks", package.parent / "notebooks"


def _released_notebooks() -> list[Notebook]:
    """The student edition.

    In a checkout somebody may have worked in these files, so they come from its last commit.
    """
    inside, beside = _sources()
    if files := sorted(inside.glob("*.ipynb")):
        return [Notebook(file.name, file.read_bytes()) for file in files]
    if notebooks := _committed(beside):
        return notebooks
    notebooks = [Notebook(f.name, f.read_bytes()) for f in sorted(beside.glob("*.ipynb"))]
    if not notebooks:
        raise FileMissing(f"labseg's notebooks are missing: {REINSTALL}")
    for notebook in notebooks:
        if re.search(rb'"execution_count": \d', notebook.content):
            raise InvalidValue(
                f"{beside / notebook.name} has been run and may hold answers: download labseg "
                "again, or copy the notebooks yourself."
            )
    return notebooks


def _committed(folder: Path) -> list[Notebook]:
    """The notebooks of `folder` in git's last commit; none if git does not know the folder."""

    def git(*arguments):
        command = ["git", "-C", str(folder.parent), *arguments]
        return subprocess.run(command, capture_output=True, check=True).stdout

    try:
        listed = git("ls-tree", "-z", "--name-only", "HEAD", f"{folder.name}/").decode()
        files = [folder.parent / path for path in listed.split("\0") if path.endswith(".ipynb")]
        contents = {f: git("cat-file", "blob", f"HEAD:./{folder.name}/{f.name}") for f in files}
    except (OSError, subprocess.CalledProcessError):
        return []
    return [
        Notebook(file.name, content, changed=_lines(file) != content.splitlines())
        for file, content in contents.items()
    ]


def _lines(file: Path) -> list[bytes] | None:
    """The lines of a file, however they end: git may change that. None if it is not there."""
    return file.read_bytes().splitlines() if file.is_file() else None
