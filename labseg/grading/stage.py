"""The labseg that goes into the sandbox: the files in this list and no others.

Verdicts, cases, hints, right answers and trained models stay outside. A function that an exercise
forbids is taken out of its file as well, with the helpers that it alone may need: left in place, it
would give the right answer to whoever finds a way to call it.
"""

import ast
import compileall
import pkgutil
import shutil
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
INSIDE = "grading/inside"
# What set-up cells and answers may import.
WHOLE = (
    "__init__.py",
    "arguments.py",
    "data/__init__.py",
    "data/archives.py",
    "data/cache.py",
    "data/carvana.py",
    "data/fetch.py",
    "data/photo.py",
    "errors.py",
    "evaluation.py",
    "exercises/__init__.py",
    "exercises/answers.py",
    "files.py",
    "layers.py",
    "metrics.py",
    "models.py",
    "plot.py",
    "progress_line.py",
    "tracing.py",
    "training.py",
)
# Stand-ins for what students call beside their answers.
ABSENT = (
    "exercises/check.py",
    "exercises/guesses.py",
    "exercises/hints.py",
    "exercises/progress.py",
    "explorers/__init__.py",
)
RUNNER = ("__init__.py", "cells.py", "limits.py", "reply.py", "run.py", "whole.py", "wire.py")
CARS = "assets/cars"  # public pictures, mounted where they are in the package


def stage(folder, forbidden=()):
    """Lay out what is mounted in the sandbox: start.py, inside/ and labseg/.

    forbidden: full names of the functions, or of modules of functions, to take out.
    """
    folder = Path(folder)
    sources = {f"labseg/{path}": (PACKAGE / path).read_text("utf-8") for path in WHOLE}
    absent = (PACKAGE / INSIDE / "absent.py").read_text("utf-8")
    sources |= dict.fromkeys((f"labseg/{path}" for path in ABSENT), absent)
    sources |= {f"inside/{name}": (PACKAGE / INSIDE / name).read_text("utf-8") for name in RUNNER}
    for name in forbidden:
        path, inner = _place(name)
        sources[path] = without(sources[path], inner, name)
    for path, source in sources.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(source, "utf-8")
    (folder / "labseg" / CARS).mkdir(parents=True)
    shutil.copy(PACKAGE / INSIDE / "start.py", folder)
    compileall.compile_dir(folder, quiet=2, stripdir=folder)
    return folder


def is_staged(name):
    """Whether a function, or module of functions, would come into the sandbox."""
    return _place(name)[0].removeprefix("labseg/") in WHOLE


def _place(name):
    """(file, [names inside it]) of a function's full name, or of a module's."""
    found = pkgutil.resolve_name(name)
    module = getattr(found, "__module__", name)
    path = f"{module.replace('.', '/')}.py"
    return path, found.__qualname__.split(".") if hasattr(found, "__qualname__") else []


def without(source, inner, name):
    """The source of a module with a function that only raises in place of the forbidden one.

    inner: where it stands, such as ["Cars", "split"]; all functions of the module if empty.
    """
    tree = ast.parse(source)
    lines = source.splitlines(keepends=True)
    for function in reversed(_forbidden(tree, inner)):
        first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
        margin = " " * function.col_offset
        full = name if inner else f"{name}.{function.name}"
        message = f"{full} is not to be called here: write it yourself"
        lines[first - 1 : function.end_lineno] = [
            f"{margin}def {function.name}(*args, **kwargs):\n",
            f"{margin}    raise RuntimeError({message!r})\n",
        ]
    return "".join(lines)


def _forbidden(tree, inner):
    """The functions to take out, in the order of the file: with their private helpers."""
    top = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if not inner:
        return list(top.values())
    place = tree
    for part in inner:
        place = next(node for node in place.body if getattr(node, "name", "") == part)
    found, new = [place], [place]
    while new:
        used = {node.id for each in new for node in ast.walk(each) if isinstance(node, ast.Name)}
        new = [top[n] for n in sorted(used) if n[0] == "_" and n in top and top[n] not in found]
        found += new
    return sorted(found, key=lambda node: node.lineno)
