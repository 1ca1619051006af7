"""The `labseg` command.

Nothing heavy is imported before a command needs it: `labseg --help` answers at once.
"""

import platform
import sys
from typing import Annotated

import typer
from typer.core import TyperGroup

import labseg
from labseg.errors import LabsegError


class PlainErrors(TyperGroup):
    """One sentence for what the user can mend; any other exception keeps its traceback."""

    def invoke(self, ctx):
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="replace")  # its encoding may lack × and …
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
    options: Annotated[
        list[str] | None, typer.Argument(help="With --open: JupyterLab's own options, after --.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open them in JupyterLab, too.")] = False,
) -> None:
    """Copy the notebooks to a folder of your own, where no update touches your answers.

    Files that are there already are kept.
    """
    from labseg.start import copy_lessons, how_to_open, open_lessons

    if options and not open_:
        raise typer.BadParameter("options after the folder are JupyterLab's: add --open.")
    for line in copy_lessons(folder):
        typer.echo(line)
    if open_:
        raise typer.Exit(open_lessons(folder, options or ()))
    typer.echo(how_to_open(folder))


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
        typer.Option(
            help="Identify students in grades.csv as this system does: moodle, canvas or nbgrader."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many at a time; all cores by default.")
    ] = None,
    seconds: Annotated[
        int, typer.Option(min=1, help="The time for the exercises of one notebook.")
    ] = 120,
    memory: Annotated[float, typer.Option(min=0.5, help="The memory for them, in GB.")] = 3.0,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The seed of an earlier run, for the same cases.")
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Drop the grades in --out of students and lessons that are not here."
        ),
    ] = False,
    execute_all: Annotated[
        bool, typer.Option("--execute-all", help="Run whole notebooks, training and all.")
    ] = False,
    cluster: Annotated[
        str | None,
        typer.Option(help="Grade on a Dask cluster: its scheduler, such as tcp://10.0.0.5:8786."),
    ] = None,
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run students' code with your own rights.")
    ] = False,
) -> None:
    """Grade a class: every notebook in a sandbox, judged outside it.

    Run it again to go on after an interruption, or once points are filled in in written.csv.
    """
    from labseg.grading.sandbox import Limits, require_linux

    require_linux()
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
        scheduler=cluster,
        replace=replace,
    )
    for line in summary(found, out):
        typer.echo(line)
