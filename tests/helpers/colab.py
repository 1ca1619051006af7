"""Google Colab, as far as it can be had here: its Python, its packages, its module."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]

# What Colab has installed, measured in November 2026: the one table for all tests.
PYTHON = "3.13"
VERSIONS = {
    "tensorflow": "2.20.0",
    "keras": "3.13.2",
    "numpy": "2.1.3",
    "pillow": "11.3.0",
    "matplotlib": "3.10.0",
    "opencv-python-headless": "5.0.0.93",
    "ipywidgets": "7.7.1",
    "kaggle": "2.0.2",
}
# The rest of what the lessons meet there. What runs a notebook is from Colab's own list of January
# 2026 (googlecolab/backend-info), the newest that could be read.
OTHERS = {
    "opencv-python": "5.0.0.93",
    "pytest": "8.4.2",
    "filelock": "3.20.3",
    "h5py": "3.15.1",
    "ipykernel": "6.17.1",
    "ipython": "7.34.0",
    "jupyter-client": "7.4.9",
    "nbclient": "0.10.4",
    "nbformat": "5.10.4",
    "packaging": "25.0",
    "pip": "24.1.2",
    "platformdirs": "4.5.1",
    "protobuf": "5.29.5",
    "six": "1.17.0",
    "tornado": "6.5.1",
    "tqdm": "4.67.1",
    "traitlets": "5.7.1",
    "typer": "0.21.1",
}
# Colab's configuration of IPython loads its own module in every kernel, and so does this one.
MODULE = '"""A stand-in."""\n\n\ndef load_ipython_extension(shell):\n    """Do nothing."""\n'
CONFIG = 'c.InteractiveShellApp.extensions = ["google.colab"]\n'
UV = os.environ.get("UV", "uv")
FOUND = pytest.StashKey[str]()  # the Python of the machine


@dataclass(frozen=True)
class Machine:
    """A Python environment with Colab's packages, and a home of its own."""

    folder: Path

    @property
    def python(self):
        return self.folder / "bin" / "python"

    def copy(self, folder):
        """Another machine that is like this one; its files are links to the same content."""
        shutil.copytree(self.folder, folder, symlinks=True, copy_function=os.link)
        return Machine(folder)

    def run(self, *arguments, cwd=None, **environment):
        """Run Python with these arguments, the checkout out of its sight."""
        hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "UV", "UV_RUN_RECURSION_DEPTH"}
        kept = {name: value for name, value in os.environ.items() if name not in hidden}
        own = {
            "IPYTHONDIR": str(self.folder / "ipython"),
            "JUPYTER_CONFIG_DIR": str(self.folder / "jupyter"),
            "JUPYTER_DATA_DIR": str(self.folder / "jupyter"),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }
        return subprocess.run(
            [self.python, *arguments],
            cwd=cwd or self.folder,
            env=kept | own | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def versions(self):
        """{package: version} of all that is installed, as pip lists it."""
        listed = self.run("-m", "pip", "list", "--format=json")
        assert not listed.returncode, listed.stderr
        return {entry["name"]: entry["version"] for entry in json.loads(listed.stdout)}

    def execute(self, notebook, folder, **environment):
        """Run a notebook in a new folder, on past cells that fail; the notebook with outputs."""
        folder.mkdir()
        path = folder / "lesson.ipynb"
        nbformat.write(notebook, path)
        start = "from nbclient.cli import main; main()"
        options = ["--inplace", "--allow-errors", "--timeout=600", str(path)]
        ran = self.run("-c", start, *options, cwd=folder, **environment)
        assert not ran.returncode, ran.stdout + ran.stderr
        return nbformat.read(path, as_version=4)


def new_machine(folder):
    """A machine as Colab hands it out: nothing of labseg is installed."""
    _make_environment(folder)
    pins = [f"{name}=={version}" for name, version in (VERSIONS | OTHERS).items()]
    machine = Machine(folder)
    install = [UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", machine.python]
    subprocess.run([*install, *pins], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for path, text in {
        packages / "google" / "colab" / "__init__.py": MODULE,
        folder / "etc" / "ipython" / "ipython_config.py": CONFIG,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return machine


def _make_environment(folder):
    """An empty one, with Colab's Python if it can be had, or else with the one that runs this."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(pyenv.glob(f"versions/{PYTHON}.*/bin/python"))
    for python in [*found, PYTHON, sys.executable]:
        made = subprocess.run(
            [UV, "venv", "--quiet", "--python", python, folder], capture_output=True, check=False
        )
        if not made.returncode:
            return
    raise AssertionError(made.stderr.decode())


def publish(folder, address, tag):
    """Publish this checkout, as it is, under a tag; the variables with which git finds it.

    For git, it then stands at `address`, from which the notebooks install it.
    """
    folder.mkdir()
    listed = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    author = ["-c", "user.name=labseg", "-c", "user.email=labseg@example.org"]
    for arguments in (
        ["init", "--quiet"],
        ["add", "--all"],
        [*author, "commit", "--quiet", "--no-gpg-sign", "--message=as it is"],
        ["tag", tag],
    ):
        subprocess.run(["git", "-C", folder, *arguments], check=True)
    return instead_of(address, folder)


def instead_of(address, folder):
    """The variables with which git takes a folder where it would ask an address."""
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{folder.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
    }
