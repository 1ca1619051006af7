"""Is everything here that the lab needs? One line a requirement, for `labseg doctor`."""

import importlib.metadata
import importlib.util
import os
import platform
import re
import subprocess
import sys

from labseg.errors import InvalidValue, LabsegError

REINSTALL = "install labseg again, or update the checkout (git pull)."


def report():
    """Yield (True or False, what was found) for one requirement after another."""
    for check in _checks():
        try:
            yield True, check()
        except LabsegError as error:
            yield False, str(error)
        except Exception as error:  # whatever is broken here is what doctor is for
            yield False, f"{type(error).__name__}: {error}"


def _checks():
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


def _python():
    from packaging.specifiers import SpecifierSet

    wanted = SpecifierSet(importlib.metadata.metadata("labseg")["Requires-Python"])
    if platform.python_version() not in wanted:
        raise InvalidValue(
            f"Python {platform.python_version()}, but labseg needs {wanted}: "
            "make an environment with Python 3.12 and install labseg there."
        )
    return f"Python {platform.python_version()}"


def _installed(requirement):
    wanted = f"{requirement.name}{requirement.specifier}"
    remedy = f'pip install "{wanted}"'
    try:
        found = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        raise InvalidValue(f"{requirement.name} is not installed: {remedy}") from None
    if not requirement.specifier.contains(found, prereleases=True):
        raise InvalidValue(
            f"{requirement.name} {found} is outside {requirement.specifier}: {remedy}"
        )
    return f"{requirement.name} {found}"


def _keras():
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
        raise InvalidValue(
            f'Keras cannot be imported ({last}): pip install --force-reinstall "labseg", '
            "in a fresh environment."
        )
    return f"Keras imports and runs on {backend[1]}"


def _on_colab():
    try:
        return importlib.util.find_spec("google.colab") is not None
    except ModuleNotFoundError:
        return False


def _cars():
    from labseg.data.carvana import SHIPPED_CARS, load_cars

    images = list((SHIPPED_CARS / "train").glob("*.jpg"))
    if not images:
        raise InvalidValue(f"the rendered cars did not come along: {REINSTALL}")
    load_cars(size=(32, 48), limit=1)
    return f"rendered cars: {len(images)} images"


def _models():
    from labseg.models import ASSETS, OURS

    missing = [f"{name}.keras" for name in OURS if not (ASSETS / f"{name}.keras").is_file()]
    if missing:
        raise InvalidValue(f"the trained {' and '.join(missing)} did not come along: {REINSTALL}")
    return f"trained models: {', '.join(OURS)}"
