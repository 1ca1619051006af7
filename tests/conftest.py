"""What every test file shares: notebooks run once a session; in CI a skip is a failure."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import keep_outputs
import nbformat
import pytest

with contextlib.suppress(ImportError):
    import mitsuba  # noqa: F401  imported after TensorFlow it would end the process

pytest_plugins = ["pytester"]
CELL_TIMEOUT = 600  # seconds
SKIP_IN_CI = "even in CI: "  # how the reason of a skip begins that CI lets pass
SECONDS = pytest.StashKey[dict]()


# A skip hides what was not tested: in CI the missing tool has to be installed (.ci/run).


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return fail_skip(item.nodeid, (yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return fail_skip(collector.nodeid, (yield))


def fail_skip(nodeid, report):
    if not os.environ.get("CI") or not report.skipped or hasattr(report, "wasxfail"):
        return report
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if not reason.startswith(SKIP_IN_CI):
        report.outcome = "failed"
        report.longrepr = f"{nodeid} was skipped, which CI counts as a failure: {reason}"
    return report


# What is read is kept for next time: not in the home folder of whoever runs the tests.


@pytest.fixture(scope="session", autouse=True)
def cache_home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


# Notebooks.


@dataclass(frozen=True)
class Run:
    """One run of a notebook: the notebook with its outputs, nbval's verdict and report."""

    notebook: nbformat.NotebookNode
    passed: bool
    report: str


@pytest.fixture(scope="session")
def executed(tmp_path_factory, pytestconfig):
    """A function that runs a notebook, once a session, in a folder of its own."""
    runs = {}
    seconds = pytestconfig.stash.setdefault(SECONDS, {})

    def run(path: Path) -> Run:
        if path not in runs:
            start = time.perf_counter()
            runs[path] = run_nbval(path, tmp_path_factory.mktemp(path.stem))
            seconds[f"{path.parent.name}/{path.name}"] = time.perf_counter() - start
        return runs[path]

    return run


def run_nbval(path: Path, folder: Path, cell_timeout: int = CELL_TIMEOUT) -> Run:
    """Run a copy of a notebook in `folder` and keep what it shows."""
    copy = Path(shutil.copy(path, folder))
    options = ["--nbval-lax", "--nbval-current-env", f"--nbval-cell-timeout={cell_timeout}"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "keep_outputs"]
    search = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(
        [*command, *options, "--color=no", copy.name],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": search.strip(os.pathsep)},
        capture_output=True,
        text=True,
        check=False,
    )
    report = ran.stdout + ran.stderr
    kept = keep_outputs.executed(copy)
    assert kept.exists(), report  # pytest itself broke
    return Run(nbformat.read(kept, as_version=4), ran.returncode == 0, report)


def pytest_terminal_summary(terminalreporter, config):
    seconds = config.stash.get(SECONDS, {})
    for folder in ("solutions", "notebooks"):
        took = {name: s for name, s in seconds.items() if name.startswith(folder)}
        for name, s in took.items():
            terminalreporter.write_line(f"{name}: {s:.0f} s")
        if took:
            terminalreporter.write_line(f"{folder}, together: {sum(took.values()):.0f} s")
