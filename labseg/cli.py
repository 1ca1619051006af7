"""The `labseg` command.

Nothing heavy is imported before a command needs it: `labseg --help` answers at once.
"""

import platform
import shlex
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

import labseg
from labseg.doctor import REINSTALL
from labseg.errors import FileMissing, LabsegError


class PlainErrors(TyperGroup):
    """Says what the user can mend in one sentence; a bug keeps its traceback."""

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
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
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
    folder: Annotated[Path, typer.Argument(help="Where your own copy of the notebooks goes.")],
) -> None:
    """Copy the notebooks to a folder of your own, where no update touches your answers.

    Files that are there already are kept.
    """
    notebooks = _notebooks()
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in notebooks:
        copy = folder / notebook.name
        try:
            with copy.open("xb") as file:
                file.write(notebook.read_bytes())
            typer.echo(f"copied {copy}")
        except FileExistsError:
            typer.echo(f"kept   {copy}")
    typer.echo(f"Open them with: jupyter lab {shlex.quote(str(folder))}")


def _notebooks() -> list[Path]:
    """The student edition: inside an installed labseg, or beside it in a checkout."""
    package = Path(__file__).parent
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if found := sorted(folder.glob("*.ipynb")):
            return found
    raise FileMissing(f"labseg's notebooks are missing: {REINSTALL}")


# labseg fetch


fetch = typer.Typer(no_args_is_help=True, help='Get real photographs (needs the extra "data").')
app.add_typer(fetch, name="fetch")


@fetch.command()
def carvana(
    folder: Annotated[Path, typer.Argument(help="Where train/ and train_masks/ go.")] = Path(
        "carvana"
    ),
    cars: Annotated[
        int | None, typer.Option(min=1, help="Keep only so many of the 318 cars.")
    ] = None,
) -> None:
    """Kaggle's Carvana photographs with their masks: 455 MB, 5,088 pairs.

    Stopped, it goes on where it was when it is called again.
    """
    from labseg.data.fetch import fetch_carvana

    fetch_carvana(folder, cars)


# labseg cache


@app.command()
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove all of it.")] = False,
) -> None:
    """List or clear the arrays that were read from Carvana folders and are kept for next time."""
    from labseg.data import cache as kept

    if clear:
        typer.echo(f"freed {kept.clear() / 1e6:,.1f} MB in {kept.cache_folder()}")
        return
    entries = kept.entries()
    for entry in entries:
        height, width = entry.size
        typer.echo(
            f"{entry.bytes / 1e6:8,.1f} MB  {entry.images:,} images of {height}×{width} "
            f"from {entry.folder}"
        )
    total = sum(entry.bytes for entry in entries)
    typer.echo(f"{total / 1e6:8,.1f} MB  in {kept.cache_folder()}")
