"""What the benchmark of the lessons' memory counts, and that it fails when one does not fit."""

import subprocess
import sys
import time

import notebook_memory  # benchmarks/ is on the tests' path (pyproject.toml)
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

HOLD = "import sys, time; held = b'x' * {}; print(flush=True); time.sleep(60)"


def child(megabytes):
    """A process that holds so much."""
    command = [sys.executable, "-c", HOLD.format(megabytes * 1_000_000)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def test_the_watch_counts_what_started_processes_hold_together():
    with notebook_memory.Watch() as watch:
        children = [child(50), child(70)]
        until = time.monotonic() + 20
        while watch.peak < 120e6 and time.monotonic() < until:
            time.sleep(0.05)
        for process in children:
            process.kill()
            process.communicate()
    assert 120e6 < watch.peak < 300e6


def test_a_process_that_has_ended_holds_nothing():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    process = psutil.Process(ended.pid)
    ended.wait()
    assert notebook_memory.held([process]) == 0


def test_a_kernels_peak_is_counted_even_when_it_is_over(monkeypatch):
    cells = [new_code_cell("len(b'x' * 400_000_000)")]
    monkeypatch.setattr(notebook_memory.lessons, "read", lambda _: new_notebook(cells=cells))
    peak, seconds = notebook_memory.measure("any")
    assert 400e6 < peak < 700e6
    assert seconds > 0


@pytest.mark.parametrize(("peak", "fits"), [(1.7e9, True), (1.9e9, False)])
def test_a_lesson_that_does_not_fit_beside_the_server_fails_the_benchmark(
    monkeypatch, capsys, peak, fits
):
    monkeypatch.setattr(notebook_memory, "server", lambda: 0.2e9)
    monkeypatch.setattr(notebook_memory, "measure", lambda name: (peak, 3.2))
    if fits:
        notebook_memory.main(["04_unet"])
    else:
        with pytest.raises(SystemExit, match="above Binder's 2 GB"):
            notebook_memory.main(["04_unet"])
    assert f"| 04_unet | {peak / 1e6:,.0f} | 3 |" in capsys.readouterr().out
