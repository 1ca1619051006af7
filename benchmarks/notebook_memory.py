"""Does every lesson fit into Binder's memory? `uv run python benchmarks/notebook_memory.py`

Runs the solved lessons one after another, each in a kernel and a folder of its own, and prints the
peak memory of the kernel with the processes that it starts. Binder gives about 2 GB to a user, of
which JupyterLab's server takes its part: that is the last row. About five minutes on 2 cores.
"""

import contextlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import Annotated

import psutil
import typer
from fresh_process import peak_memory
from labseg_author import lessons
from nbformat.v4 import new_code_cell

BINDER = 2e9
ASK = f"""\
import sys
sys.path.append({str(lessons.ROOT / "benchmarks")!r})
from fresh_process import {peak_memory.__name__}
print({peak_memory.__name__}())"""


class Watch(threading.Thread):
    """Looks 20 times a second how much memory the processes of `root` below it hold together.

    Its `peak` in bytes misses what comes and goes between two looks.
    """

    def __init__(self, root=None):
        super().__init__(daemon=True)
        self.root, self.peak = psutil.Process(root), 0
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            self.peak = max(self.peak, held(self.root.children(recursive=True)))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


def held(processes):
    """Bytes of memory that these processes hold; what they share counts for each of them."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended
            total += process.memory_info().rss
    return total


def measure(name):
    """(peak memory in bytes, seconds) of one lesson's kernel and what it starts."""
    from nbclient import NotebookClient

    notebook = lessons.read(lessons.SOLUTIONS / f"{name}.ipynb")
    notebook.cells.append(new_code_cell(ASK))  # the kernel's own peak, which is exact
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, Watch() as watch:
        NotebookClient(notebook, resources={"metadata": {"path": folder}}).execute()
    own = int(notebook.cells[-1].outputs[0].text)
    return max(own, watch.peak), time.perf_counter() - start


def server():
    """Bytes that JupyterLab's server holds once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--ServerApp.port={port}"]
    command = [sys.executable, "-m", "jupyterlab", *options]
    lab = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while lab.poll() is None:
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    process = psutil.Process(lab.pid)
                    return held([process, *process.children(recursive=True)])
            time.sleep(0.2)
        sys.exit(f"JupyterLab ended with status {lab.returncode} before it answered.")
    finally:
        lab.terminate()
        lab.wait()


def main(
    lesson: Annotated[
        list[str] | None, typer.Option(help="Only this one, such as 04_unet.")
    ] = None,
) -> None:
    """Measure the lessons and print a table; the exit status is 1 if one does not fit."""
    names = lesson or [path.stem for path in sorted(lessons.SOLUTIONS.glob("*.ipynb"))]
    waiting = server()
    print("| | peak memory, MB | seconds |\n| --- | --- | --- |")
    peaks = []
    for name in names:
        peak, seconds = measure(name)
        peaks.append(peak)
        print(f"| {name} | {peak / 1e6:,.0f} | {seconds:.0f} |", flush=True)
    print(f"| JupyterLab's server | {waiting / 1e6:,.0f} | |")
    if max(peaks) + waiting > BINDER:
        sys.exit("A lesson and the server together are above Binder's 2 GB.")


if __name__ == "__main__":
    typer.run(main)
