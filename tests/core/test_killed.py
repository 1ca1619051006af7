"""A process that fetches and loads is killed fifty times; what it leaves never loads wrong."""

import os
import random
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from carvana_files import write_cars
from kaggle_server import TOKEN, KaggleServer
from test_fetch import MEGABYTE, padded, zipped

import labseg
from labseg.data import cache

KILLS = 52
PARTS = ("train", "train_masks")
SIZE = (128, 192)
WORK = f"""
import pathlib, labseg
folder = labseg.fetch_carvana("carvana")
pathlib.Path("loading").touch()
labseg.load_carvana(folder, {SIZE})
"""
# A stage of the work: what shows that it has begun, and about how many seconds it takes.
STAGES = {
    "download": ("carvana.part/download/train.zip", 0.8),
    "unpack": ("carvana.part/unpacked", 0.3),
    "read": ("loading", 0.6),
    "keep": ("cache/labseg/carvana/*.part", 0.1),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_cars(tmp_path_factory.mktemp("source"), 40)


@pytest.fixture(scope="module")
def truth(source):
    return labseg.load_carvana(source, SIZE, cache=False)


@pytest.fixture
def server(source):
    with KaggleServer({f"{part}.zip": padded(zipped(source, part)) for part in PARTS}) as running:
        running.speed = 10 * MEGABYTE
        yield running


def start(folder, server):
    (folder / "loading").unlink(missing_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", WORK],
        cwd=folder,
        env=os.environ | server.environment | {"KAGGLE_API_TOKEN": TOKEN, "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed_in(stage, process, folder, rng):
    """Kill the process a random time after the stage began; False if it was done by then."""
    sign, seconds = STAGES[stage]
    while not any(folder.glob(sign)) and process.poll() is None:
        time.sleep(0.001)
    time.sleep(rng.uniform(0, seconds))
    process.kill()
    _, said = process.communicate()
    assert process.returncode <= 0, said
    return process.returncode < 0


def check(folder, source, truth):
    """The folder is missing or complete; the arrays that are kept are right."""
    fetched = folder / "carvana"
    if not fetched.exists():
        assert cache.entries() == []
        return
    for part in PARTS:
        whole = {path.name: path.read_bytes() for path in (source / part).iterdir()}
        assert {path.name: path.read_bytes() for path in (fetched / part).iterdir()} == whole
    for entry in cache.entries():
        images, masks = cache.load(entry.path.name)
        np.testing.assert_array_equal(images, truth.images)
        np.testing.assert_array_equal(masks, truth.masks)


def undo(stage, folder):
    """Make the stage happen again: it would be skipped if its work were done."""
    for entry in cache.entries():
        shutil.rmtree(entry.path)
    if stage in ("download", "unpack"):
        shutil.rmtree(folder / "carvana", ignore_errors=True)


def test_fifty_kills_leave_nothing_that_loads_wrong(tmp_path, server, source, truth, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rng, kills = random.Random(0), dict.fromkeys(STAGES, 0)
    while sum(kills.values()) < KILLS:
        stage = min(kills, key=kills.get)
        undo(stage, tmp_path)
        kills[stage] += killed_in(stage, start(tmp_path, server), tmp_path, rng)
        check(tmp_path, source, truth)
    process = start(tmp_path, server)
    _, said = process.communicate()
    assert process.returncode == 0, said
    check(tmp_path, source, truth)
    assert len(cache.entries()) == 1
