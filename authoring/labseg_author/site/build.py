"""From a checkout to a folder of pages."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat

from labseg.errors import FileInTheWay, InvalidValue
from labseg.files import disk_errors
from labseg_author import lessons
from labseg_author.release import read_origin
from labseg_author.site.pages import page, title
from labseg_author.site.slides import deck

HERE = Path(__file__).parent
MARK = "searchindex.js"  # every site has one, and hardly anything else


def build_site(
    root: Path,
    destination: Path,
    executed: Path | None = None,
    say: Callable[[str], object] = print,
) -> Path:
    """Write the site of the checkout `root` to `destination`, in place of an older one.

    executed: a folder with the solved lessons as they were run; otherwise they are run here, which
    takes about five minutes. say: is told how far it is. The folder is replaced once all is built.
    Raises InvalidValue if a lesson fails or Sphinx warns, FileInTheWay if something else is there.
    """
    destination = Path(destination)
    if destination.exists() and not (destination / MARK).exists():
        raise FileInTheWay(f"{destination} is there and is not a site: choose another folder.")
    paths = sorted((root / "solutions").glob("*.ipynb"))
    if not paths:
        raise InvalidValue(f"{root} holds no solutions/: run this in a labseg checkout.")
    notebooks = {path.stem: _executed(path, executed, say) for path in paths}
    with disk_errors(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".site-") as folder:
            source, made = Path(folder, "source"), Path(folder, "site")
            _write_source(root, notebooks, source)
            say("building the pages")
            _run_sphinx(source, made)
            _write_slides(notebooks, made / "slides")
            _swap(made, destination)
    return destination


def _executed(path: Path, folder: Path | None, say: Callable[[str], object]):
    """The notebook with its outputs: run now, or as it lies in `folder`."""
    if folder:
        if not (folder / path.name).exists():
            raise InvalidValue(f"{folder} has no {path.name}: run that lesson, too.")
        return lessons.read(folder / path.name)
    say(f"running {path.stem}")
    with tempfile.TemporaryDirectory() as home:
        return lessons.execute(path, home)


def _swap(made: Path, destination: Path) -> None:
    """Put a new folder in the place of an older one, which comes back if that fails."""
    older = destination.with_name(f".{destination.name}.older")
    if destination.exists():
        destination.rename(older)
    try:
        made.rename(destination)
    except BaseException:
        if older.exists():
            older.rename(destination)
        raise
    shutil.rmtree(older, ignore_errors=True)


def _write_source(root: Path, notebooks: dict, folder: Path) -> None:
    """What Sphinx reads: its settings, the contents page, a page a lesson, the guide."""
    address = read_origin(root).address
    shutil.copytree(HERE / "source", folder)
    shutil.copytree(HERE / "static", folder / "_static")
    links = [
        f'<li><a href="../slides/{name}.html">{title(notebook)}</a></li>'  # made beside the pages
        for name, notebook in notebooks.items()
    ]
    pages = "\n".join(f"lessons/{name}" for name in notebooks)
    _fill(folder / "index.md", repository=address, lessons=pages)
    _fill(folder / "instructors" / "index.md", decks=f"<ul>{''.join(links)}</ul>")
    guide = (root / "INSTRUCTORS.md").read_text("utf-8")
    # What it names beside it lies in the repository, not on the site.
    guide = re.sub(r"\]\((?!https?:|#)", f"]({address}/blob/main/", guide)
    (folder / "instructors" / "guide.md").write_text(guide, "utf-8")
    (folder / "lessons").mkdir()
    for name, notebook in notebooks.items():
        nbformat.write(page(notebook), folder / "lessons" / f"{name}.ipynb")


def _fill(path: Path, **texts: str) -> None:
    """Put texts where their names stand in double braces."""
    content = path.read_text("utf-8")
    for name, text in texts.items():
        content = content.replace(f"{{{{{name}}}}}", text)
    path.write_text(content, "utf-8")


def _run_sphinx(source: Path, destination: Path) -> None:
    # In a process of its own: Sphinx keeps what it has set up until its process ends.
    options = ["--quiet", "--no-color", "--fail-on-warning", "-d", source.parent / "doctrees"]
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "sphinx", *options, source, destination],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise InvalidValue(f"The site has faults:\n{ran.stderr.strip()}")
    for left in (".buildinfo", "objects.inv"):  # of use to Sphinx only
        (destination / left).unlink(missing_ok=True)


def _write_slides(notebooks: dict, folder: Path) -> None:
    folder.mkdir()
    for name, notebook in notebooks.items():
        (folder / f"{name}.html").write_text(deck(title(notebook), notebook), "utf-8")
