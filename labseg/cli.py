"""The `labseg` command.

Nothing heavy is imported before a command needs it: `labseg --help` answers at once.
"""

import importlib.metadata
import importlib.util
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

REINSTALL = "install labseg again, or update the checkout (git pull)."


class PlainErrors(TyperGroup):
    """Says an expected error in its own sentence, without a traceback."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except (ValueError, OSError, ImportError) as error:
            typer.echo(f"labseg: {_sentence(error)}", err=True)
            raise typer.Exit(1) from None


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


app = typer.Typer(
    cls=PlainErrors, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"labseg {importlib.metadata.version('labseg')}")
        raise typer.Exit


@app.callback()
def labseg(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """The image segmentation lab: check an installation, start the lessons, make them."""


# labseg doctor


@app.command()
def doctor() -> None:
    """Check this installation, a line for each requirement; paste the lines in a bug report."""
    typer.echo(f"labseg {importlib.metadata.version('labseg')} on {platform.platform(terse=True)}")
    failures = 0
    for check in _checks():
        try:
            typer.echo(f"[OK] {check()}")
        except Exception as error:  # whatever is broken here is what doctor is for
            failures += 1
            typer.echo(f"[FAIL] {_sentence(error)}")
    if failures:
        raise typer.Exit(1)


def _checks() -> Iterator[Callable[[], str]]:
    from packaging.requirements import Requirement

    yield _python
    wanted = [Requirement(text) for text in importlib.metadata.requires("labseg") or []]
    for requirement in wanted:
        if not requirement.marker:  # the others belong to an extra
            yield lambda requirement=requirement: _installed(requirement)
    yield _keras
    if _on_colab():
        yield lambda: "Google Colab shows the notebooks"
    else:
        yield lambda: _installed(next(r for r in wanted if r.name == "jupyterlab"))
    yield _cars
    yield _models


def _python() -> str:
    from packaging.specifiers import SpecifierSet

    wanted = SpecifierSet(importlib.metadata.metadata("labseg")["Requires-Python"])
    if platform.python_version() not in wanted:
        raise ValueError(
            f"Python {platform.python_version()}, but labseg needs {wanted}: "
            "make an environment with Python 3.12 and install labseg there."
        )
    return f"Python {platform.python_version()}"


def _installed(requirement) -> str:
    wanted = f"{requirement.name}{requirement.specifier}"
    remedy = f'pip install "{wanted}"'
    try:
        found = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        raise ValueError(f"{requirement.name} is not installed: {remedy}") from None
    if not requirement.specifier.contains(found, prereleases=True):
        raise ValueError(f"{requirement.name} {found} is outside {requirement.specifier}: {remedy}")
    return f"{requirement.name} {found}"


def _keras() -> str:
    """In a process of its own: a TensorFlow that does not fit the processor ends its process."""
    code = "import keras; print('backend', keras.backend.backend())"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    backend = re.search(r"^backend (\w+)$", ran.stdout, re.MULTILINE)
    if ran.returncode or not backend:
        last = (ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"])[-1]
        raise ValueError(
            f'Keras cannot be imported ({last}): pip install --force-reinstall "labseg", '
            "in a fresh environment."
        )
    return f"Keras imports and runs on {backend[1]}"


def _on_colab() -> bool:
    try:
        return importlib.util.find_spec("google.colab") is not None
    except ModuleNotFoundError:
        return False


def _cars() -> str:
    from labseg.carvana import SHIPPED, load_cars

    images = list((SHIPPED / "train").glob("*.jpg"))
    if not images:
        raise ValueError(f"the rendered cars did not come along: {REINSTALL}")
    load_cars(size=(32, 48), limit=1)
    return f"rendered cars: {len(images)} images"


def _models() -> str:
    from labseg.models import ASSETS, OURS

    missing = [f"{name}.keras" for name in OURS if not (ASSETS / f"{name}.keras").is_file()]
    if missing:
        raise ValueError(f"the trained {' and '.join(missing)} did not come along: {REINSTALL}")
    return f"trained models: {', '.join(OURS)}"


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
    raise FileNotFoundError(f"labseg's notebooks are missing: {REINSTALL}")


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
    from labseg.fetch import fetch_carvana

    fetch_carvana(folder, cars)


# labseg cache


@app.command()
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove all of it.")] = False,
) -> None:
    """List or clear the arrays that were read from Carvana folders and are kept for next time."""
    from labseg import cache as kept

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


# labseg release


@app.command()
def release(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if anything would change.")
    ] = False,
    models: Annotated[
        bool, typer.Option("--models", help="Also train the two models that ship (10 minutes).")
    ] = False,
) -> None:
    """For authors: make notebooks/ from solutions/ (needs the extra "grading")."""
    from labseg.grading.release import release as run

    if models:
        from labseg.grading.ship import ship_models

        for name, score in ship_models(Path.cwd())["scores"].items():
            typer.echo(f"{name}: {score:.3f}")

    for changed in run(Path.cwd(), check=check):
        typer.echo(f"changed {changed}")
    typer.echo("notebooks/ is what solutions/ makes.")


# labseg render


def _size(text: str) -> tuple[int, int]:
    if not re.fullmatch(r"[1-9]\d*x[1-9]\d*", text):
        raise typer.BadParameter("give height x width in pixels, such as 256x384.")
    height, width = text.split("x")
    return int(height), int(width)


@app.command()
def render(
    out: Annotated[Path, typer.Option(help="The folder to write, laid out as Carvana's.")],
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
    """Render cars in our studio (needs the extra "studio").

    What is not given is as in the rendered set that ships with labseg.
    """
    given = {"cars": cars, "views": views, "seed": seed, "workers": workers}
    given["size"] = _size(size) if size else None
    given = {name: value for name, value in given.items() if value is not None}
    what = "counterfactuals" if counterfactuals else "large" if large else "render"
    fixed = {"counterfactuals": {"cars", "views"}, "large": {"cars", "views", "size"}}
    for name in fixed.get(what, set()) & given.keys():
        raise typer.BadParameter(f"--{what} has its own {name}: leave out --{name}.")
    try:
        from labseg import studio

        getattr(studio, what)(out, **given)
        if sheet:
            studio.contact_sheet(out, sheet)
    except ModuleNotFoundError as error:
        if error.name not in ("mitsuba", "drjit"):
            raise
        raise ImportError('Mitsuba is missing: pip install "labseg[studio]"') from None
