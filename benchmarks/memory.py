"""What does augmenting cost in memory? `uv run python benchmarks/memory.py`

Lesson 05 augments on the fly (`Batches`) where the classic way joins augmented copies to the set
(`augment_data`). Both give 2,000 pictures of 256×256 one epoch's worth of new pairs, each in a
process of its own, which first loads the set: the rendered cars, resampled and repeated. Printed
is the highest memory of the process beyond what it took with the set loaded. About one minute.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Annotated

import numpy as np
import typer
from labseg_author import lessons

import labseg

UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
COPIES = 4


def write(folder, pairs, side):
    """Keep the rendered cars at side × side, repeated: loading them takes no more than they do."""
    cars = labseg.load_cars((side, side))
    rows = np.arange(pairs) % len(cars)
    np.save(folder / "images.npy", cars.images[rows])
    np.save(folder / "masks.npy", cars.masks[rows])


# The ways: each makes all of its new pairs, and returns the arrays it keeps and their number.


def on_the_fly(five, x, y):
    batches = five["Batches"](x, y, augment=True, batch_size=16)
    for i in range(len(batches)):
        batch = batches[i]
    return batch, 16 * len(batches)


def copies(five, x, y):
    return five["augment_data"](x, y, COPIES), COPIES * len(x)


WAYS = {"on the fly, batches of 16": on_the_fly, f"{COPIES} copies, joined": copies}


def peak():
    return getrusage(RUSAGE_SELF).ru_maxrss * UNIT


def measure(way, folder):
    """Time and memory of one way, in this process, which has done nothing else."""
    labseg.quiet_keras()
    five = lessons.definitions("05_augmentation")
    x, y = np.load(folder / "images.npy"), np.load(folder / "masks.npy")
    five["random_pair"](x[0], y[0], np.random.default_rng(0))  # OpenCV's own start
    before, start = peak(), time.perf_counter()
    kept, made = WAYS[way](five, x, y)
    seconds = time.perf_counter() - start
    arrays = sum(array.nbytes for array in kept)
    base = x.nbytes + y.nbytes
    return {"arrays": arrays, "base": base, "peak": peak() - before, "seconds": seconds / made}


def main(
    pairs: Annotated[int, typer.Option(min=16, help="Pictures with their masks.")] = 2000,
    side: Annotated[int, typer.Option(min=32, help="Their height and width.")] = 256,
    way: Annotated[str | None, typer.Option(hidden=True)] = None,
    folder: Annotated[Path | None, typer.Option(hidden=True)] = None,
):
    """Compare two ways of augmenting by their peak memory."""
    if way:
        print(json.dumps(measure(way, folder)))
        return
    results = {}
    with tempfile.TemporaryDirectory() as temporary:
        write(Path(temporary), pairs, side)
        for name in WAYS:
            command = [sys.executable, __file__, "--way", name, "--folder", temporary]
            ran = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            results[name] = json.loads(ran.stdout)
    print(f"{pairs} pictures of {side}×{side}: {results[name]['base'] / 1e6:.0f} MB with masks\n")
    print("| way | arrays, MB | peak above the loaded set, MB | seconds per 1,000 pairs |")
    print("| --- | --- | --- | --- |")
    for name, result in results.items():
        arrays, above = result["arrays"] / 1e6, result["peak"] / 1e6
        print(f"| {name} | {arrays:.0f} | {above:.0f} | {1000 * result['seconds']:.1f} |")


if __name__ == "__main__":
    typer.run(main)
