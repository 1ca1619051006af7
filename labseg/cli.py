"""The `labseg` command.

Nothing heavy is imported before a command needs it: `labseg --help` answers at once.
"""

import importlib.util
import os
import platform
import re
import shlex
import subprocess
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from typer.core import TyperGroup

import labseg
from labseg.arguments import folder_path
from labseg.doctor import REINSTALL
from labseg.errors import FileMissing, InvalidValue, LabsegError
from labseg.files import disk_errors, write_whole


class PlainErrors(TyperGroup):
    """One sentence for what the user can mend; any other exception keeps its traceback."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except LabsegError as error:
            typer.echo(f"{self.name}: {error}", err=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    name="labseg",
    cls=PlainErrors,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"labseg {labseg.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The image segmentation lab: check an installation, start the lessons, get photographs."""


# labseg doctor


@app.command()
def doctor() -> None:
    """Check this installation, a line for each requirement; paste the lines in a bug report."""
    from labseg.doctor import report

    typer.echo(f"labseg {labseg.__version__} on {platform.platform(terse=True)}")
    failures = 0
    for fine, line in report():
        failures += not fine
        typer.echo(f"[{'OK' if fine else 'FAIL'}] {line}")
    if failures:
        raise typer.Exit(1)


# labseg start


@app.command()
def start(
    folder: Annotated[str, typer.Argument(help="Where your own copy of the notebooks goes.")],
) -> None:
    """Copy the notebooks to a folder of your own, where no update touches your answers.

    Files that are there already are kept.
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
            typer.echo(f"kept   {copy}")
            continue
        with disk_errors(copy):
            write_whole(copy, notebook.content)
        note = f" (as released; notebooks/{notebook.name} has been changed since)"
        typer.echo(f"copied {copy}{note if notebook.changed else ''}")
    typer.echo(_how_to_open(own))


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


def _how_to_open(folder: Path) -> str:
    """The command that opens a folder, for the way in which labseg was started."""
    checkout = Path(__file__).resolve().parents[1]
    command = ["jupyter", "lab", str(folder)]
    if "UV" in os.environ and (checkout / "pyproject.toml").exists():  # `uv run` sets UV
        project = [] if checkout == Path.cwd() else ["--project", str(checkout)]
        command = ["uv", "run", *project, *command]
    line = subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)
    if importlib.util.find_spec("jupyterlab"):
        return f"Open them with: {line}"
    return f'Open them with JupyterLab: pip install "labseg[lab]", then {line}'


# labseg fetch


fetch = typer.Typer(no_args_is_help=True, help='Get real photographs (needs the extra "data").')
app.add_typer(fetch, name="fetch")


@fetch.command()
def carvana(
    folder: Annotated[str, typer.Argument(help="Where train/ and train_masks/ go.")] = "carvana",
    cars: Annotated[
        int | None, typer.Option(min=1, help="Keep only this many of the 318 cars.")
    ] = None,
) -> None:
    """Kaggle's Carvana photographs with their masks: 455 MB, 5,088 pairs.

    If the download is interrupted, run the command again and it resumes where it stopped.
    """
    from labseg.data.fetch import fetch_carvana

    fetch_carvana(folder, cars)


# labseg cache


@app.command()
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove all of it.")] = False,
) -> None:
    """List or clear the arrays that were read from Carvana folders and are kept for next time."""
    from labseg.data import cache as stored

    if clear:
        typer.echo(f"freed {stored.clear() / 1e6:,.1f} MB in {stored.cache_folder()}")
        return
    entries = stored.entries()
    for entry in entries:
        height, width = entry.size
        typer.echo(
            f"{entry.bytes / 1e6:8,.1f} MB  {entry.images:,} images of {height}×{width} "
            f"from {entry.folder}"
        )
    total = sum(entry.bytes for entry in entries)
    typer.echo(f"{total / 1e6:8,.1f} MB  in {stored.cache_folder()}")


# labseg grade


@app.command()
def grade(
    submissions: Annotated[
        str, typer.Argument(help="A folder or a zip, as Moodle, Canvas or nbgrader hand it out.")
    ],
    out: Annotated[str, typer.Option(help="Where grades.csv and all the rest go.")],
    ids: Annotated[
        str | None,
        typer.Option(help="Name students as moodle, canvas or nbgrader takes it in grades.csv."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many at a time; all cores by default.")
    ] = None,
    seconds: Annotated[
        int, typer.Option(min=1, help="The time for the exercises of one notebook.")
    ] = 120,
    memory: Annotated[float, typer.Option(min=0.5, help="GB that these may use.")] = 3.0,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Draw the cases again as in another run.")
    ] = None,
    execute_all: Annotated[
        bool, typer.Option("--execute-all", help="Run whole notebooks, training and all.")
    ] = False,
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run students' code with your own rights.")
    ] = False,
) -> None:
    """Grade a class: every notebook in a sandbox, judged outside it.

    Run it again to go on after an interruption, or once points are filled in in written.csv.
    """
    from labseg.grading.sandbox import Limits
    from labseg.grading.whole_class import grade_class, summary

    found = grade_class(
        submissions,
        out,
        ids=ids,
        workers=workers,
        seed=seed,
        execute_all=execute_all,
        limits=Limits(seconds, int(memory * 1e9)),
        sandboxed=not no_sandbox,
    )
    for line in summary(found, out):
        typer.echo(line)
