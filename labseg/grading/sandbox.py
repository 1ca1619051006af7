"""Run a job in a sandbox and read what comes out of it, within limits of time, memory and size.

The sandbox is bubblewrap's: no network, no privileges and no way to new ones, the system and
Python read-only, a small /tmp of its own, nothing else of the machine, and no file in it that
outlasts it. Messages come out through a pipe. Where there is no bubblewrap, nothing is run.
"""

import contextlib
import os
import platform
import re
import selectors
import shutil
import signal
import site
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from labseg.errors import InvalidValue, PackageMissing
from labseg.exercises.verdict import short
from labseg.grading import syscalls, watch
from labseg.grading.inside import wire
from labseg.grading.stage import CARS, PACKAGE

NOBODY = "65534"
BUBBLEWRAP = (0, 8)  # the first that can forbid new user namespaces
INSTALL = (
    "install it (Debian, Ubuntu: apt-get install bubblewrap), grade in a container as "
    "INSTRUCTORS.md says, or give --no-sandbox if you trust every notebook"
)
TMP = 256_000_000  # bytes of /tmp, and of the home folder
MAX_MESSAGES = 16_000_000  # bytes of all messages of a run
MAX_OUTPUT = 20_000  # bytes of printed text that are kept
BEAT = 0.05  # seconds between two looks at the processes
SETTINGS = {
    "HOME": "/home/student",
    "KERAS_BACKEND": "tensorflow",
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}


@dataclass(frozen=True)
class Limits:
    """What one run may take: seconds by the clock, and bytes of memory of all its processes."""

    seconds: int = 120
    memory: int = 3_000_000_000


@dataclass
class Run:
    """What came out of a run.

    messages: plain data, as far as it could be read. state: "" if it ended by itself and well, or
    "crashed", "out of time" or "out of memory"; why: a sentence. output: what was printed.
    """

    messages: list = field(default_factory=list)
    state: str = ""
    why: str = ""
    output: str = ""
    seconds: float = 0.0
    memory: int = 0


# What the sandbox is made of.


def libraries():
    """The folders that Python needs, none inside another, /usr left out."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [sysconfig.get_path(name) for name in names] + site.getsitepackages()
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    folders = [Path(sys.base_prefix), *map(Path, folders)]
    found = sorted({folder.resolve() for folder in folders if folder.is_dir()})
    outer = [Path("/usr")]
    for folder in found:
        if not any(folder.is_relative_to(other) for other in outer) and folder != Path("/"):
            outer.append(folder)
    return outer[1:]


def module_path():
    """Where installed packages are: what start.py adds to Python's own folders."""
    folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    folders += site.getsitepackages() + [site.getusersitepackages()] * bool(site.ENABLE_USER_SITE)
    return list(dict.fromkeys(str(Path(f).resolve()) for f in folders if Path(f).is_dir()))


def command(staged, hidden=()):
    """The bwrap command line up to the program.

    staged: the folder from stage.py. hidden: folders that must not be seen even where they lie
    inside one that is mounted; the installed labseg and its checkout are always among them.
    """
    mounted = [Path("/usr"), *libraries()]
    words = "bwrap --unshare-all --unshare-user --disable-userns --die-with-parent --new-session"
    words += f" --cap-drop ALL --uid {NOBODY} --gid {NOBODY} --hostname lab --clearenv"
    # Writing to /proc/sys would reach the machine where root grades: root is then who nobody is.
    words += " --proc /proc --remount-ro /proc --dev /dev"
    for folder in ("/dev/shm", "/tmp", SETTINGS["HOME"]):
        words += f" --size {TMP} --tmpfs {folder}"
    words += " --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64"
    words += " --symlink usr/bin /bin --ro-bind-try /etc/ld.so.cache /etc/ld.so.cache"
    words += " --ro-bind-try /etc/alternatives /etc/alternatives"
    line = words.split()
    line[0] = shutil.which("bwrap") or line[0]  # it gets no PATH to be found by
    for folder in mounted[1:]:
        line += ["--ro-bind", str(folder), str(folder)]
    for folder in {PACKAGE, _checkout(), *(Path(each).resolve() for each in hidden)}:
        if any(folder.is_relative_to(other) for other in mounted):
            line += ["--size", "4096", "--tmpfs", str(folder), "--remount-ro", str(folder)]
    line += ["--ro-bind", str(staged), "/stage"]
    line += ["--ro-bind", str(PACKAGE / CARS), f"/stage/labseg/{CARS}"]
    line += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", SETTINGS["HOME"]]
    for name, value in SETTINGS.items():
        line += ["--setenv", name, value]
    return line


def _checkout():
    return PACKAGE.parent if (PACKAGE.parent / "pyproject.toml").exists() else PACKAGE


def python(start):
    """The command that starts Python without what the user has set for it."""
    return [os.path.realpath(sys.executable), "-I", "-S", start, *module_path()]


# Whether there can be one here.


def require_linux():
    """InvalidValue on any other system: there is no sandbox, and no way to end all processes."""
    if platform.system() != "Linux":
        raise InvalidValue(
            f"Grading takes Linux, and this is {platform.system()}: grade in a container, as "
            "INSTRUCTORS.md says."
        )


def version():
    """The version of bubblewrap; PackageMissing or InvalidValue if it can't be used here."""
    if not shutil.which("bwrap"):
        raise PackageMissing(f"bubblewrap is not installed: {INSTALL}.")
    shown = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)\.(\d+)(\.\d+)?", shown.stdout)
    if not found or tuple(map(int, found.groups()[:2])) < BUBBLEWRAP:
        what = short(shown.stdout.strip() or "bubblewrap", 40)
        raise InvalidValue(f"{what} is too old, grading takes bubblewrap 0.8: {INSTALL}.")
    return found[0]


def check(staged):
    """The version of bubblewrap, once a sandbox has been tried; otherwise raises as `version`."""
    require_linux()
    found = version()
    if not watch.is_possible():
        raise InvalidValue("This system doesn't say what a sandbox uses (/proc/…/children).")
    tried = run({"cells": [], "exercises": [], "all": False}, staged, Limits())
    if not tried.messages:
        lines = tried.output.strip().splitlines() or [tried.why]
        reason = lines[-1].removeprefix("bwrap: ")
        if "ModuleNotFoundError" in reason:
            raise PackageMissing(f'{reason}: install what grading needs, "labseg[grading]".')
        raise InvalidValue(f"bubblewrap {found} can't make a sandbox here ({reason}): {INSTALL}.")
    return found


# Running.


def run(job, staged, limits, hidden=(), sandboxed=True):
    """The Run of a job, as inside/run.py takes it, in a sandbox of its own."""
    job = {
        **job,
        "memory": limits.memory,
        "seconds": limits.seconds,
        "sandboxed": sandboxed,
    }
    if sandboxed:
        with tempfile.TemporaryFile() as forbidden:
            forbidden.write(syscalls.filter_program())
            forbidden.seek(0)
            number = forbidden.fileno()
            line = [*command(staged, hidden), *["--seccomp", str(number)] * syscalls.is_known()]
            return _run([*line, *python("/stage/start.py")], job, limits, {}, "/", [number])
    with tempfile.TemporaryDirectory() as folder:
        environment = SETTINGS | {"HOME": folder}
        return _run(python(str(staged / "start.py")), job, limits, environment, folder)


def _run(line, job, limits, environment, folder, files=()):
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as stdin:
        stdin.write(wire.pack({**job, "out": writing}))
        stdin.seek(0)
        started = time.monotonic()
        process = subprocess.Popen(
            line,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[writing, *files],
            env=environment,  # what is in it can be read inside: /proc/1 is bubblewrap
            cwd=folder,
            start_new_session=True,
        )
    os.close(writing)
    result = Run()
    streams = {reading: bytearray(), process.stdout.fileno(): bytearray()}
    try:
        result.state, result.why = _watch(process, streams, reading, limits, result)
    finally:
        _kill(process)
        os.close(reading)
        process.stdout.close()
    result.seconds = time.monotonic() - started
    if not result.state:
        nearly_full = result.memory > limits.memory / 2
        result.state, result.why = ending(process.returncode, nearly_full)
    result.messages = _messages(streams.pop(reading))
    result.output = next(iter(streams.values())).decode("utf-8", "replace")
    if result.state == "crashed":
        words = short(result.output.strip().rpartition("\n")[2], 120)
        result.why += f" (the last that it printed: {words})" if words else ""
    return result


def _watch(process, streams, reading, limits, result):
    """(state, why) once the run has ended or has to be ended; reads its streams meanwhile."""
    end = time.monotonic() + limits.seconds
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            os.set_blocking(stream, False)
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map() or process.poll() is None:
            over = process.poll() is not None  # before the look at what it wrote
            if selector.get_map():
                ready = [key.fd for key, _ in selector.select(BEAT)]
            else:  # it has closed them, and goes on
                ready = time.sleep(BEAT) or []
            for stream in ready:
                if not _read(stream, streams[stream], keep=stream == reading):
                    selector.unregister(stream)
            if len(streams[reading]) > MAX_MESSAGES:
                return "crashed", "its answers are too large"
            if time.monotonic() > end:
                return "out of time", f"it had not ended after {limits.seconds} s"
            if ended := watch.too_much(process.pid, limits.memory, result):
                return ended
            if over and not ready:
                break  # without a sandbox, what it left running may hold them open
    return "", ""


def _read(stream, kept, keep):
    """Whether there is more to come; what is printed is kept as far as there is room."""
    content = os.read(stream, 1 << 20)
    kept += content if keep else content[: max(0, MAX_OUTPUT - len(kept))]
    return bool(content)


def _kill(process):
    """End it and all it has started: with bubblewrap's first process the sandbox is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def ending(code, nearly_full=False):
    """(state, why) from an exit status; a shell's 128 + n counts as the signal n.

    nearly_full: whether much memory was used, so that SIGKILL is the system's.
    """
    number = -code if code < 0 else code - 128
    if code == 0:
        return "", ""
    if number == signal.SIGKILL and nearly_full:
        return "out of memory", "the system ended it, as it does when memory runs out"
    if number == signal.SIGXCPU:
        return "out of time", "it used up its processor time"
    names = {each.value: each.name for each in signal.Signals}
    ended = f"signal {names[number]}" if number in names else f"exit status {code}"
    return "crashed", f"its process ended with {ended}"


def _messages(content):
    """The messages in what came through the pipe, up to the first that can't be read."""
    found = []
    while len(content) >= 8:
        size = int.from_bytes(content[:8], "big")
        if size > len(content) - 8:
            break
        try:
            found.append(wire.unpack(bytes(content[8 : 8 + size])))
        except ValueError:
            break
        del content[: 8 + size]
    return found
