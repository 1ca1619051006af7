"""What every test file shares: notebooks run once a session; in CI a skip is a failure."""

import contextlib
import os
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbval_run import Run, run_nbval

import labseg  # noqa: F401  before TensorFlow, as it sets what that reads when it is imported

with contextlib.suppress(ImportError):
    import mitsuba  # noqa: F401  imported after TensorFlow it would end the process

# Two trainings run side by side; with a thread for each core, both would take half as long again.
for threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(threads, "1")

pytest_plugins = ["pytester"]
SKIP_IN_CI = "even in CI: "  # how the reason of a skip begins that CI lets pass
SECONDS = pytest.StashKey[dict]()
EXECUTED = os.environ.get("LABSEG_EXECUTED")  # a folder, to make the site of the solved lessons


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


@pytest.fixture(autouse=True)
def close_figures():
    """A figure left open would be seen by the next test in the same process."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


# Notebooks.


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
            if EXECUTED and runs[path].passed and path.parent.name == "solutions":
                nbformat.write(runs[path].notebook, Path(EXECUTED, path.name))
        return runs[path]

    return run


def pytest_collection_modifyitems(items):
    """The notebooks take longest: with two processes, one begins with them."""
    items.sort(key=lambda item: item.path.name != "test_notebooks.py")


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # in one of several processes
        session.config.workeroutput["seconds"] = session.config.stash.get(SECONDS, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    seconds = getattr(node, "workeroutput", {}).get("seconds", {})
    node.config.stash.setdefault(SECONDS, {}).update(seconds)


def pytest_terminal_summary(terminalreporter, config):
    seconds = config.stash.get(SECONDS, {})
    for folder in ("solutions", "notebooks"):
        took = {name: s for name, s in seconds.items() if name.startswith(folder)}
        for name, s in took.items():
            terminalreporter.write_line(f"{name}: {s:.0f} s")
        if took:
            terminalreporter.write_line(f"{folder}, together: {sum(took.values()):.0f} s")
