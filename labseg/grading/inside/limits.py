"""Limits that a process sets itself, and can't lift again, before it runs a student's code."""

import resource

FILE = 64_000_000  # bytes of one file
OPEN_FILES = 512
PROCESSES = 256  # threads count, too
ROOM = 6_000_000_000  # TensorFlow maps much more memory than it uses


def set_limits(memory, seconds, sandboxed):
    """memory: in bytes, what all processes together may use; this limits what one may map."""
    limits = {
        resource.RLIMIT_AS: memory + ROOM,
        resource.RLIMIT_CPU: 2 * seconds,  # of all threads; the clock outside strikes earlier
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: FILE,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    if not sandboxed:  # all that the user runs would count
        del limits[resource.RLIMIT_NPROC]
    for kind, value in limits.items():
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
