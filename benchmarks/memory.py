"""How much memory does augmenting take? `uv run python benchmarks/memory.py`

Lesson 5 augments on the fly (`Batches`) where the classic way joins transformed copies to the set
(`augment_data`, here with four flips and turns). Both make new pairs from 2,000 pictures of
256×256, each in a process of its own that first loads the set: the rendered cars, resampled and
repeated. The table says how far the peak memory of the process is above what it was with the set
loaded. About one minute.
"""

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from fresh_process import in_fresh_process, peak_memory
from labseg_author import lessons

import labseg

TRANSFORMS = [np.fliplr, np.flipud, partial(np.rot90, k=1), partial(np.rot90, k=2)]


def write_set(folder, pairs, side):
    """Save the rendered cars at side × side, repeated; loading them takes no extra memory."""
    cars = labseg.load_cars((side, side))
    rows = np.arange(pairs) % len(cars)
    np.save(folder / "images.npy", cars.images[rows])
    np.save(folder / "masks.npy", cars.masks[rows])


# The ways: each makes new pairs and returns the arrays that it holds at the end, and how many.


def on_the_fly(lesson, x, y):
    batches = lesson["Batches"](x, y, augment=True, batch_size=16)
    for i in range(len(batches)):
        batch = batches[i]
    return batch, 16 * len(batches)


def copies(lesson, x, y):
    return lesson["augment_data"](x, y, TRANSFORMS), len(TRANSFORMS) * len(x)


WAYS = {"on the fly, batches of 16": on_the_fly, f"{len(TRANSFORMS)} copies, joined": copies}


def measure(way, folder):
    """Bytes of the set, of the arrays at the end and of the peak; seconds for each new pair."""
    labseg.quiet_keras()
    lesson = lessons.definitions("05_augmentation")
    x, y = np.load(folder / "images.npy"), np.load(folder / "masks.npy")
    lesson["random_pair"](x[0], y[0], np.random.default_rng(0))  # OpenCV loads at its first call
    before, start = peak_memory(), time.perf_counter()
    arrays, made = WAYS[way](lesson, x, y)
    seconds = time.perf_counter() - start
    return {
        "set": x.nbytes + y.nbytes,
        "arrays": sum(array.nbytes for array in arrays),
        "peak": peak_memory() - before,
        "seconds": seconds / made,
    }


def main(
    pairs: Annotated[int, typer.Option(min=16, help="Pictures with their masks.")] = 2000,
    side: Annotated[int, typer.Option(min=32, help="Their height and width.")] = 256,
):
    """Compare two ways of augmenting by their peak memory."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_set(folder, pairs, side)
        results = {way: in_fresh_process(measure, way, folder) for way in WAYS}
    size = next(iter(results.values()))["set"]
    print(f"{pairs} pictures of {side}×{side}: {size / 1e6:.0f} MB with masks\n")
    print("| way | arrays, MB | peak above the loaded set, MB | seconds per 1,000 pairs |")
    print("| --- | --- | --- | --- |")
    for way, result in results.items():
        arrays, above = result["arrays"] / 1e6, result["peak"] / 1e6
        print(f"| {way} | {arrays:.0f} | {above:.0f} | {1000 * result['seconds']:.1f} |")


if __name__ == "__main__":
    typer.run(main)
