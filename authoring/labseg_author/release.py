"""Solved notebooks → the student edition.

`solutions/*.ipynb` is the only source. `release` brings those files into their normal form and
derives `notebooks/` from them with nbgrader's own preprocessors, so that the two always agree.
"""

import copy
import hashlib
import logging
import re
import subprocess
import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from labseg.errors import InvalidValue
from labseg.files import write_whole
from labseg_author import lessons

COMMAND = "labseg-author release"
CODE_STUB = "# Your code here.\nraise NotImplementedError"
TEXT_STUB = "*Your answer here.*"
KEPT_METADATA = {"nbgrader", "labseg", "tags"}  # of a cell; the rest is what an editor left there
HIDDEN_TESTS = re.compile(r"BEGIN HIDDEN TESTS(.*)END HIDDEN TESTS", re.DOTALL)
KINDS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
MARKERS = {f"### {edge} {kind}" for edge in ("BEGIN", "END") for kind in KINDS}
ALIKE = [f"{edge} {kind}" for edge in ("BEGIN", "END") for kind in KINDS]
ALIKE += [f"{kind} {edge}" for edge in ("BEGIN", "END") for kind in KINDS]

# A link in words: a badge is a picture from another server, which every reader would have to ask.
BADGE = """\
[Open this lesson in Google Colab](https://colab.research.google.com/github/{slug}/blob/{tag}/\
notebooks/{file}). There, first choose *File → Save a copy in Drive*: otherwise your answers are \
lost when you close the page."""
INSTALL = """\
# Only on Colab: install the helper package of this lab. Elsewhere this cell does nothing.
import sys
from importlib.util import find_spec

if "google.colab" in sys.modules:
    %pip install --quiet --no-deps "{name} @ git+{address}@{tag}"
    if find_spec("{name}") is None:
        raise ConnectionError("GitHub could not be reached. Wait a minute, then run this again.")"""


class ReleaseError(InvalidValue):
    """Something that the author has to mend; its text says in which file."""


class Origin(NamedTuple):
    """Where a release can be found by Colab."""

    name: str
    address: str
    slug: str
    tag: str


def release(root: str | Path, check: bool = False, names: Sequence[str] = ()) -> list[str]:
    """Write both editions of every notebook below `root`; return what was written or removed.

    With `names`, such as "04_unet", look at no other notebook. With `check`, write nothing and
    raise ReleaseError if a file differs from what would be written. What was edited by hand in
    notebooks/ is replaced only if git has it; only what a release made is removed.
    """
    root = find_root(root)
    origin = read_origin(root)
    wanted = {}
    for path in _solutions(root, names):
        solved = normalise(_read(path), path.name, origin)
        wanted[path] = _text(solved, path.name)
        handed_out = _signed(student(solved, path.name))
        wanted[root / "notebooks" / path.name] = _text(handed_out, path.name)
    changes = {path: _state(path, text) for path, text in wanted.items()}
    changes = {path: state for path, state in changes.items() if state}
    if not names:
        there = (root / "notebooks").glob("*.ipynb")
        changes |= {path: "extra" for path in there if path not in wanted}
    if check and changes:
        _raise_drift(root, changes)
    for path, state in changes.items():
        if path.parent.name == "notebooks":
            _check_replaceable(path, state)
    for path, state in changes.items():
        path.unlink() if state == "extra" else write_whole(path, wanted[path])
    return sorted(path.relative_to(root).as_posix() for path in changes)


def _solutions(root: Path, names: Sequence[str]) -> list[Path]:
    """The solved notebooks, or those that are named; a name may have a folder and a suffix."""
    found = {path.stem: path for path in sorted((root / "solutions").glob("*.ipynb"))}
    if not found:
        raise ReleaseError("solutions/ holds no notebook: nothing to release.")
    stems = [Path(name).name.removesuffix(".ipynb") for name in names]
    for stem in stems:
        if stem not in found:
            raise ReleaseError(f"solutions/ holds no {stem}.ipynb; it holds {', '.join(found)}.")
    return [found[stem] for stem in stems] or list(found.values())


def _read(path: Path):
    try:
        return lessons.read(path)
    except InvalidValue as error:
        raise ReleaseError(str(error)) from error


def find_root(start: str | Path) -> Path:
    """Return the labseg checkout that contains `start`."""
    start = Path(start).resolve()
    for folder in (start, *start.parents):
        if (folder / "solutions").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    raise ReleaseError(
        f"{start} is not in a labseg checkout (no solutions/ beside a pyproject.toml): "
        f"clone the repository and run `{COMMAND}` inside it."
    )


def read_origin(root: Path) -> Origin:
    """Read the repository's address and the version's tag from pyproject.toml."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text("utf-8")).get("project", {})
    except tomllib.TOMLDecodeError as error:
        raise ReleaseError(f"pyproject.toml can't be read: {error}.") from None
    address = project.get("urls", {}).get("Repository", "").removesuffix("/").removesuffix(".git")
    slug = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", address)
    if not slug:
        raise ReleaseError(
            "pyproject.toml: [project.urls] Repository must be "
            f"https://github.com/OWNER/REPOSITORY, not {address!r}."
        )
    return Origin(project["name"], address, slug[1], f"v{project['version']}")


def normalise(nb, name: str, origin: Origin):
    """Return a solved notebook without outputs and editor's traces, its first two cells made new.

    A cell keeps its id for ever; one that has none, or a copied one, gets one here.
    """
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    badge = BADGE.format(file=name, **origin._asdict())
    install = INSTALL.format(**origin._asdict())
    cells = [
        new_markdown_cell(badge, id="badge", metadata={"labseg": {"role": "badge"}}),
        new_code_cell(install, id="install", metadata={"labseg": {"role": "install"}}),
    ]
    cells += [cell for cell in nb.cells if _role(cell) not in ("badge", "install")]
    seen = set()
    for index, cell in enumerate(cells):
        if cell.get("id") in seen | {None}:
            cell.id = _new_id(name, index, cell, seen)
        seen.add(cell.id)
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in KEPT_METADATA}
        cell.source = cell.source.rstrip()
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return new_notebook(cells=cells, metadata=metadata)


def student(solved, name: str):
    """Return the student edition of a solved notebook, as nbgrader would hand it out.

    The steps and their order are nbgrader's (its GenerateAssignment), less the gradebook's.
    """
    nb = copy.deepcopy(solved)
    steps = _nbgrader_steps()
    _check_metadata(nb, name)
    for index, cell in enumerate(nb.cells):
        where = _where(name, index, cell)
        _check_markers(cell, where)
        _check_graded(cell, where)
        try:
            for step in steps:
                step.preprocess_cell(cell, {"language": "python"}, index)
        except Exception as error:  # nbgrader raises RuntimeError and others, naming no cell
            raise ReleaseError(f"{where}: {error}") from error
        if cell.cell_type == "code":
            cell.source = without_margin_stubs(cell.source)
        cell.source = cell.source.rstrip()
    return nb


def without_margin_stubs(source: str) -> str:
    """A code cell less nbgrader's stubs outside of functions.

    `quiz = {1: None}` above a solution is the stub there; a `raise` would end the whole cell.
    """
    return re.sub(rf"^{re.escape(CODE_STUB)}\n?", "", source, flags=re.MULTILINE)


def _nbgrader_steps() -> list:
    from nbgrader import preprocessors

    quiet = logging.getLogger("labseg.release")  # it logs the whole cell; our errors name it
    quiet.disabled = True
    return [
        preprocessors.LockCells(log=quiet),
        preprocessors.ClearSolutions(
            log=quiet, code_stub={"python": CODE_STUB}, text_stub=TEXT_STUB
        ),
        preprocessors.ClearOutput(log=quiet),
        preprocessors.ClearHiddenTests(log=quiet),
        preprocessors.ClearMarkScheme(log=quiet),
    ]


def _check_metadata(nb, name: str) -> None:
    """What nbgrader's CheckCellMetadata does, with an error that says what is wrong."""
    from nbgrader.nbgraderformat import MetadataValidator

    try:
        MetadataValidator().validate_nb(nb)
    except Exception as error:
        raise ReleaseError(f"solutions/{name}: {getattr(error, 'message', error)}") from error


def _check_markers(cell, where: str) -> None:
    """nbgrader passes over a marker that it does not know, and so publishes what it marks."""
    found = [line.strip() for line in cell.source.splitlines() if _is_marker(line, cell.cell_type)]
    begun = None
    for marker in found:
        if marker not in MARKERS:
            raise ReleaseError(
                f"{where}: nbgrader does not know the marker {marker!r}; it wants "
                "### BEGIN SOLUTION, ### BEGIN HIDDEN TESTS or ### BEGIN MARK SCHEME and their END."
            )
        if "END" in marker and marker.replace("END", "BEGIN") != begun:
            raise ReleaseError(f"{where}: {marker!r} has no BEGIN, so what it ends is published.")
        begun = None if "END" in marker else marker
    if cell.metadata.get("nbgrader", {}).get("solution") and "### BEGIN SOLUTION" not in found:
        raise ReleaseError(
            f"{where}: a cell for an answer needs ### BEGIN SOLUTION and ### END SOLUTION, "
            "or nbgrader empties all of it."
        )


def _is_marker(line: str, cell_type: str) -> bool:
    """Whether a line is a marker or resembles one; in code, "##" begins nothing else."""
    if not line.lstrip().startswith("#"):
        return False
    text = line.strip("# \t").upper()
    like = get_close_matches(text, ALIKE, n=1, cutoff=0.85)
    return bool(like) or (cell_type == "code" and line.lstrip().startswith("##"))


def _check_graded(cell, where: str) -> None:
    """nbgrader gives full points to a test cell that does not raise, whatever it prints."""
    marks = cell.metadata.get("nbgrader", {})
    if not marks.get("grade") or marks.get("solution"):
        return
    hidden = HIDDEN_TESTS.search(cell.source)
    if not hidden or not re.search(r"^\s*(assert|raise)\b", hidden[1], re.MULTILINE):
        raise ReleaseError(
            f"{where}: a graded check needs an assertion between ### BEGIN HIDDEN TESTS and "
            "### END HIDDEN TESTS, or nbgrader gives its points to any answer."
        )


def _where(name: str, index: int, cell) -> str:
    label = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.id
    return f"solutions/{name}, cell {index + 1} ({label})"


def _role(cell) -> str | None:
    return cell.get("metadata", {}).get("labseg", {}).get("role")


def _new_id(name: str, index: int, cell, seen: set) -> str:
    """Derive an id from what the cell is, so that two runs agree."""
    text = f"{name} {index} {cell.source}"
    while (new := hashlib.sha256(text.encode()).hexdigest()[:8]) in seen:
        text += "'"
    return new


def _text(nb, name: str) -> str:
    import nbformat

    try:
        nbformat.validate(nb)
    except nbformat.ValidationError as error:
        raise ReleaseError(f"solutions/{name} is not a valid notebook: {error.message}") from error
    return nbformat.writes(nb) + "\n"


def _state(path: Path, text: str) -> str:
    if not path.exists():
        return "missing"
    return "" if path.read_text("utf-8") == text else "differs"


def _raise_drift(root: Path, changes: dict) -> None:
    lines = [f"  {path.relative_to(root).as_posix()}: {changes[path]}" for path in sorted(changes)]
    raise ReleaseError(
        "\n".join([f"notebooks/ is not what solutions/ makes; run `{COMMAND}`:", *lines])
    )


def _check_replaceable(path: Path, state: str) -> None:
    """Nobody's work is lost: what is removed or replaced is in git, or a release made it."""
    if state == "extra" and not (_made_by_release(path) and _in_git(path)):
        raise ReleaseError(
            f"notebooks/{path.name} was not made from solutions/, or git does not have it as it "
            "is: move it elsewhere, or delete it."
        )
    if state == "differs" and not (_made_by_release(path) or _in_git(path)):
        raise ReleaseError(
            f"notebooks/{path.name} was edited by hand, and git does not have the changes: make "
            f"them in solutions/{path.name} instead, then delete it and run `{COMMAND}` again."
        )


def _in_git(path: Path) -> bool:
    """Whether the file is as it was last committed."""
    command = ["git", "show", f"HEAD:./{path.name}"]
    try:
        shown = subprocess.run(command, cwd=path.parent, capture_output=True, check=False)
    except FileNotFoundError:  # no git here
        return False
    return shown.returncode == 0 and shown.stdout == path.read_bytes()


# A notebook of the student edition holds the digest of itself: edited, it no longer fits.


def _signed(nb):
    nb.metadata["labseg"] = {"digest": _digest(nb)}
    return nb


def _made_by_release(path: Path) -> bool:
    try:
        nb = lessons.read(path)
    except InvalidValue:
        return False
    return nb.metadata.get("labseg", {}).get("digest") == _digest(nb)


def _digest(nb) -> str:
    import nbformat

    metadata = {key: value for key, value in nb.metadata.items() if key != "labseg"}
    text = nbformat.writes(nbformat.from_dict({**nb, "metadata": metadata}))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
