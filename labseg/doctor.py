"""Is everything here that the lab needs? One line a requirement, for `labseg doctor`."""

import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import textwrap
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labseg.errors import FileInTheWay, FileMissing, InvalidValue, LabsegError, PackageMissing

REINSTALL = "install labseg again (in a checkout: git restore labseg notebooks)."
PATIENCE = 120  # seconds for one import; a first TensorFlow takes 16 or more
TRAINERS = {"tensorflow", "jax", "torch"}  # Keras's other backends only predict
# The modules to import of packages that are called otherwise; Keras imports TensorFlow.
MODULES = {
    "matplotlib": "matplotlib.pyplot",
    "opencv-python-headless": "cv2",
    "pillow": "PIL.Image",
    "tensorflow": None,
    "keras": None,
}
# The variable that can keep a module from being imported, and a value that always works.
SETTINGS = {"keras": ("KERAS_BACKEND", "tensorflow"), "matplotlib.pyplot": ("MPLBACKEND", "agg")}
IMPORTED = {"IPython", "PIL", "cv2", "ipykernel", "ipywidgets", "keras", "labseg", "matplotlib"}
IMPORTED |= {"numpy", "packaging", "platformdirs", "tensorflow", "tqdm", "typer"}
IMPORTED |= sys.stdlib_module_names - {"test"}
FOLDERS = re.compile(r"(?<![\w.:/\\])(?:[A-Za-z]:)?[/\\](?:[^/\\\s'\"()]+[/\\])+")


def report():
    """Yield (True or False, what was found) for one requirement after another."""
    checks = list(_checks())
    with ThreadPoolExecutor(len(checks)) as pool:
        yield from pool.map(_answer, checks)


def _answer(check):
    try:
        return True, check()
    except LabsegError as error:
        return False, str(error)
    except Exception as error:  # whatever is broken here is what doctor is for
        return False, f"{type(error).__name__}: {error}"


def _checks():
    yield _current_folder
    try:
        wanted = _wanted()
    except ImportError as error:  # of packaging, or labseg was only copied
        yield lambda missing=error.name: _unknown(missing)
    else:
        yield _python
        for name in wanted:
            yield lambda name=name: _package(name, wanted[name])
    yield _keras
    if _on_colab():
        yield lambda: "Google Colab shows the notebooks"
    yield _cars
    yield _models
    yield _grading


# The environment.


def _current_folder():
    try:
        here = Path.cwd()
    except FileNotFoundError:
        raise FileMissing("the current folder is no longer there: change to another.") from None
    files = [*here.glob("*.py"), *(file.parent for file in here.glob("*/__init__.py"))]
    hiding = [f.name for f in files if f.stem in IMPORTED and f != Path(__file__).parent]
    if hiding:
        raise FileInTheWay(
            "the current folder hides the real modules with files of the same name: "
            f"rename {', '.join(sorted(hiding))}."
        )
    return "no file in the current folder hides a module"


def _wanted():
    """{package: SpecifierSet} of what labseg needs, JupyterLab too unless this is Colab."""
    from packaging.requirements import Requirement

    extra = {"extra": "" if _on_colab() else "lab"}
    wanted = map(Requirement, importlib.metadata.requires("labseg"))
    return {r.name: r.specifier for r in wanted if not r.marker or r.marker.evaluate(extra)}


def _unknown(name):
    raise PackageMissing(
        f"labseg's requirements cannot be looked up because {name} is not installed: install it."
    )


def _python():
    from packaging.specifiers import SpecifierSet

    found = platform.python_version()
    wanted = SpecifierSet(importlib.metadata.metadata("labseg")["Requires-Python"])
    if found not in wanted:
        raise InvalidValue(
            f"Python {found}, but labseg needs {wanted}: "
            "make an environment with Python 3.12 and install labseg there."
        )
    return f"Python {found}"


def _package(name, specifier):
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        raise PackageMissing(f"{name} is not installed: {_pip_install(name)}") from None
    if not specifier.contains(found, prereleases=True):
        raise InvalidValue(f"{name} {found} is outside {specifier}: {_pip_install(name)}")
    module = MODULES.get(name, name)
    if module:
        _run(f"import {module}", module, again=_pip_install("--force-reinstall", name))
    return f"{name} {found}"


def _pip_install(*arguments):
    """The command, for the way in which labseg was started: `uv run` sets UV."""
    try:
        wanted = _wanted()
    except ImportError:
        wanted = {}
    words = [f'"{word}{wanted[word]}"' if word in wanted else word for word in arguments]
    return " ".join([*(["uv"] if "UV" in os.environ else []), "pip install", *words])


def _keras():
    again = _pip_install("--force-reinstall", "tensorflow", "keras")
    code = "import os; os.environ['MPLBACKEND'] = 'agg'; "  # Keras imports Matplotlib, if it can
    code += "import keras; print('backend', keras.backend.backend())"
    printed = _run(code, "keras", again)
    backend = re.search(r"^backend (\w+)$", printed, re.MULTILINE)[1]
    if backend not in TRAINERS:
        raise InvalidValue(
            f"Keras runs on {backend}, which cannot train: set KERAS_BACKEND to tensorflow."
        )
    return f"Keras imports and runs on {backend}"


def _on_colab():
    try:
        return importlib.util.find_spec("google.colab") is not None
    except ModuleNotFoundError:
        return False


# Imports, each in a process of its own: one that crashes or hangs ends only that.


def _run(code, module, again):
    """What `code` prints; an error names the variable that is to blame, or how to install again."""
    name = module.partition(".")[0].capitalize() if module in SETTINGS else module
    variable, value = SETTINGS.get(module, (None, None))
    try:
        reason, printed = _fresh_python(code)
        if reason is None:
            return printed
        setting = variable and _fresh_python(code, **{variable: value})[0] is None
    except subprocess.TimeoutExpired:
        reason, setting = f"it takes more than {PATIENCE} s", False
    if not setting:
        raise PackageMissing(f"{name} cannot be imported ({reason}): {again}")
    if blamed := os.environ.get(variable):
        raise InvalidValue(
            f"{name} cannot be imported with {variable}={blamed}: set it to {value}, or unset it."
        )
    raise InvalidValue(
        f"{name}'s settings file keeps it from being imported: set {variable}={value}."
    )


def _fresh_python(code, **environment):
    """(None, what it prints), or (why it failed, None). It cannot see the current folder."""
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=sys.prefix,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=PATIENCE,
        check=False,
    )
    if not ran.returncode:
        return None, ran.stdout
    errors = re.findall(r"^[\w.]*(?:Error|Exception)\b.*", ran.stderr, re.MULTILINE)
    lines = errors or ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"]
    return textwrap.shorten(FOLDERS.sub("", lines[-1]), 200), None


# What ships with labseg.


def _cars():
    from labseg.models import ASSETS

    folder = ASSETS / "cars"
    try:
        cars = json.loads((folder / "card.json").read_bytes())["cars"]
    except (OSError, ValueError, LookupError, TypeError):
        raise FileMissing(f"the rendered cars are missing: {REINSTALL}") from None
    names = [f"{car}_{view:02}" for car in cars for view in range(1, 17)]
    ends = {folder / "train" / f"{name}.jpg": b"\xff\xd9" for name in names}
    ends |= {folder / "train_masks" / f"{name}_mask.gif": b"\0;" for name in names}
    bad = [file.name for file, end in ends.items() if not _whole(file, end)]
    if bad:
        raise FileMissing(
            f"{len(bad)} of the rendered cars' {len(ends)} files are missing or cut short, "
            f"{bad[0]} among them: {REINSTALL}"
        )
    return f"rendered cars: {len(names)} images"


def _whole(file, end):
    return file.is_file() and file.read_bytes().endswith(end)


def _models():
    from labseg.models import ASSETS, OURS

    files = [ASSETS / f"{name}.keras" for name in OURS]
    bad = [file.name for file in files if not _whole_model(file)]
    if bad:
        raise FileMissing(
            f"the trained models are missing or damaged ({', '.join(bad)}): {REINSTALL}"
        )
    return f"trained models: {', '.join(OURS)}"


def _whole_model(file):
    try:
        with zipfile.ZipFile(file) as archive:
            return "config.json" in archive.namelist() and archive.testzip() is None
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error):
        return False


# What only instructors need, so that its lack is no failure.


def _grading():
    from labseg.grading import sandbox, stage

    try:
        with tempfile.TemporaryDirectory() as folder:
            found = sandbox.check(stage.stage(folder))
    except LabsegError as error:
        return f"grading, for instructors only, is not possible here: {error}"
    return f"grading, for instructors only: bubblewrap {found} makes sandboxes here"
