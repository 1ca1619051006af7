"""The `labseg-author` command: what makes the lab."""

import re
from pathlib import Path
from typing import Annotated

import typer

from labseg.arguments import folder_path
from labseg.cli import PlainErrors

app = typer.Typer(
    name="labseg-author",
    cls=PlainErrors,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def main() -> None:
    """Make the lab: its notebooks, trained models, recorded curves, rendered cars and its site."""


# labseg-author release


@app.command()
def release(
    notebooks: Annotated[
        list[str] | None, typer.Argument(help="Only these, such as 04_unet; otherwise all.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if anything would change.")
    ] = False,
) -> None:
    """Make notebooks/ from solutions/."""
    from labseg_author.release import release as run

    for changed in run(Path.cwd(), check=check, names=notebooks or ()):
        typer.echo(f"changed {changed}")
    typer.echo(f"{' '.join(notebooks or ['notebooks/'])}: as solutions/ makes it.")


# labseg-author models


@app.command()
def models() -> None:
    """Train the two models that ship, by running lessons 2 and 4 (10 minutes)."""
    from labseg_author.models import ship_models

    for name, score in ship_models(Path.cwd())["scores"].items():
        typer.echo(f"{name}: {score:.3f}")


# labseg-author curves


@app.command()
def curves() -> None:
    """Record the training curves of the exercise `curves` in lesson 2 (a minute)."""
    from labseg_author.curves import record_curves

    for name, run in record_curves().items():
        typer.echo(f"{name}: validation loss {run['val_loss'][-1]:.3f}")


# labseg-author peephole


@app.command()
def peephole() -> None:
    """Train the networks of lesson 4's plot of IoU against receptive field (45 minutes)."""
    from labseg_author.peephole import record_peephole

    for run in record_peephole()["runs"]:
        typer.echo("{network} {depth}, seed {seed}: IoU {iou:.3f}".format(**run))


# labseg-author photo


@app.command()
def photo(
    out: Annotated[str, typer.Option(help="A folder for the cars that are rendered for it.")],
) -> None:
    """Train the network for photographs, on renders only (two hours; resumes)."""
    from labseg_author.photo import train_photo

    train_photo(folder_path("--out", out), say=typer.echo)


# labseg-author site


@app.command()
def site(
    out: Annotated[str, typer.Argument(help="The folder to write; an older site is replaced.")],
    executed: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Solved lessons that were run already."),
    ] = None,
) -> None:
    """Make the static site: run the solved lessons (five minutes), make pages and slides."""
    from labseg_author.site import build_site

    folder = folder_path("--executed", executed) if executed else None
    made = build_site(Path.cwd(), folder_path("out", out), folder, say=typer.echo)
    typer.echo(f"{made / 'index.html'}: open it in a browser.")


# labseg-author render


def _size(text: str) -> tuple[int, int]:
    if not re.fullmatch(r"[1-9]\d*x[1-9]\d*", text):
        raise typer.BadParameter("give height x width in pixels, such as 256x384.")
    height, width = text.split("x")
    return int(height), int(width)


def _check_sheet(path: Path, what: str, views: int | None) -> None:
    """Before anything is rendered, whether a contact sheet of it can be drawn."""
    from PIL import Image

    if what != "render" or views not in (None, 16):
        raise typer.BadParameter("--sheet shows cars from all sides: it needs all 16 views.")
    if path.suffix.lower() not in Image.registered_extensions():
        raise typer.BadParameter(f"--sheet {path}: give it the ending .jpg or .png.")


@app.command()
def render(
    out: Annotated[str, typer.Option(help="The folder to write, laid out as Carvana's.")],
    cars: Annotated[int | None, typer.Option(min=1, help="How many cars.")] = None,
    views: Annotated[int | None, typer.Option(min=1, max=16, help="Views of each car.")] = None,
    size: Annotated[str | None, typer.Option(metavar="HxW", help="Pixels, height x width.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed, other cars.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Threads at a time.")] = None,
    counterfactuals: Annotated[
        bool, typer.Option("--counterfactuals", help="Instead: one car, one cause at a time.")
    ] = False,
    large: Annotated[
        bool, typer.Option("--large", help="Instead: two views of 1918 × 1280 pixels.")
    ] = False,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Then draw a contact sheet, a row a style.")
    ] = None,
) -> None:
    """Render cars in our studio.

    What is not given is as in the rendered set that ships with labseg.
    """
    given = {"cars": cars, "views": views, "seed": seed, "workers": workers}
    given["size"] = _size(size) if size else None
    given = {name: value for name, value in given.items() if value is not None}
    if counterfactuals and large:
        raise typer.BadParameter("--counterfactuals or --large: leave out one of them.")
    folder = folder_path("--out", out)
    what = "counterfactuals" if counterfactuals else "large" if large else "render"
    fixed = {"counterfactuals": {"cars", "views"}, "large": {"cars", "views", "size"}}
    for name in fixed.get(what, set()) & given.keys():
        raise typer.BadParameter(f"--{what} has its own {name}: leave out --{name}.")
    if sheet:
        _check_sheet(sheet, what, views)
    from labseg_author import studio

    getattr(studio, what)(folder, **given)
    if sheet:
        studio.contact_sheet(folder, sheet)


# labseg-author statistics


@app.command()
def statistics(
    folder: Annotated[str, typer.Argument(help="A folder laid out as Carvana's, 16 views a car.")],
) -> None:
    """Measure a folder of cars beside Carvana's photographs: room, letters, place, brightness."""
    from rich.console import Console

    from labseg_author.statistics import compare, table

    Console().print(table(compare(folder_path("folder", folder))))
