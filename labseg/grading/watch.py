"""What a running sandbox uses, seen from outside: its processes and their memory.

Limits that the system keeps for each process alone do not bound all of them together.
"""

import os
from pathlib import Path

PAGE = 4096
MAX_PROCESSES = 400  # with threads; the limit inside stands lower, but does not hold for root


def is_possible():
    """Whether this system tells which processes another one has started."""
    return Path("/proc/self/task", str(os.getpid()), "children").exists()


def too_much(pid, memory, result):
    """("out of memory" or "crashed", why) if a process and its descendants use too much, or None.

    memory: in bytes. The most that they ever used is kept in `result.memory`.
    """
    family = _family(pid)
    used = sum(map(_resident, family))
    if used > memory:  # shared pages were counted many times
        used = sum(map(_share, family))
    result.memory = max(result.memory, used)
    if used > memory:
        return "out of memory", f"it used more than {memory / 1e9:.3g} GB"
    if sum(map(_threads, family)) > MAX_PROCESSES:
        return "crashed", f"it started more than {MAX_PROCESSES} processes or threads"
    return None


def _family(pid):
    """The process and its descendants: whoever is orphaned goes to the sandbox's first process."""
    found = [pid]
    for each in found:  # grows
        for path in _entries(f"/proc/{each}/task"):
            found += map(int, _read(f"{path}/children").split())
    return found


def _entries(folder):
    try:
        return list(Path(folder).iterdir())
    except OSError:  # it has ended
        return []


def _read(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _resident(pid):
    numbers = _read(f"/proc/{pid}/statm").split()
    return int(numbers[1]) * PAGE if numbers else 0


def _share(pid):
    """Its resident memory, pages that others share divided among them."""
    text = _read(f"/proc/{pid}/smaps_rollup")
    lines = [line.split() for line in text.splitlines() if line.startswith("Pss:")]
    return int(lines[0][1]) * 1024 if lines else _resident(pid)


def _threads(pid):
    return len(_entries(f"/proc/{pid}/task"))
