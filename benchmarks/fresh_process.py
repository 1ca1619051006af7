"""Run a function in a new Python process, where nothing else has been loaded or measured."""

import re
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path


def in_fresh_process(function, *arguments, **settings):
    """The result of function(*arguments, **settings), called in a new Python process.

    The function is one of a module's own, and arguments and result are such as pickle can send.
    When it fails, or its process is killed, the benchmark ends with a sentence that says so.
    """
    given = [*map(repr, arguments), *(f"{name}={value!r}" for name, value in settings.items())]
    call = f"{function.__name__}({', '.join(given)})"
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(function, *arguments, **settings).result()
        except BrokenProcessPool:
            sys.exit(f"The process of {call} ended without a result: it was killed or crashed.")
        except Exception as error:
            print(error.__cause__, file=sys.stderr)  # where it happened, in the other process
            sys.exit(f"{call} failed: {type(error).__name__}: {error}")


def peak_memory():
    """The most memory that this process has held so far, in bytes."""
    if sys.platform == "linux":
        # getrusage would count the process that started this one as well.
        status = Path("/proc/self/status").read_text("ascii")
        return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
    from resource import RUSAGE_SELF, getrusage

    return getrusage(RUSAGE_SELF).ru_maxrss  # bytes on macOS
