"""How fast are Carvana's files read? `uv run python benchmarks/load.py`

Writes files of Carvana's size and format (1918×1280, JPEG quality 55 with 4:2:0, palette GIFs) to
a temporary folder, from the rendered cars, then reads all of them to 256×256 in four ways, each in
a process of its own, and prints a table. 2,000 pairs take about five minutes and 1.5 GB of disk.
"""

import os
import shutil
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Annotated

import cv2
import numpy as np
import typer
from fresh_process import in_fresh_process, peak_memory
from PIL import Image
from tqdm import tqdm

import labseg
from labseg.data.carvana import SHIPPED_CARS

STORED = (1918, 1280)  # width, height
SIZE = (256, 256)

# The ways to read: each takes a folder and returns (images, masks).


def plain(folder):
    """Open, resize, array, one after another."""
    images, masks = [], []
    for path in sorted((folder / "train").iterdir()):
        images.append(np.array(Image.open(path).resize(SIZE[::-1])))
        mask = folder / "train_masks" / f"{path.stem}_mask.gif"
        masks.append(np.array(Image.open(mask).resize(SIZE[::-1])))
    return np.array(images), np.array(masks)


def uncached(folder):
    cars = labseg.load_carvana(folder, SIZE, cache=False)
    return cars.images, cars.masks


def cached(folder):
    cars = labseg.load_carvana(folder, SIZE)
    return cars.images, cars.masks


# {name: (way, how often it is measured)}; "first load" fills the cache, so it is measured once.
WAYS = {
    "open, resize, array": (plain, 1),
    "labseg, without cache": (uncached, 3),
    "labseg, first load": (cached, 1),
    "labseg, second load": (cached, 3),
}


def measure(read, folder, cache):
    """Seconds that reading takes, and its peak memory as a multiple of the arrays' own."""
    os.environ["XDG_CACHE_HOME"] = str(cache)
    before, start = peak_memory(), time.perf_counter()
    images, masks = read(folder)
    seconds = time.perf_counter() - start
    peak = peak_memory() - before
    return {"seconds": seconds, "memory": peak / (images.nbytes + masks.nbytes)}


def measured(way, folder, cache):
    """The median of a few runs, each in a fresh process."""
    read, times = WAYS[way]
    runs = [in_fresh_process(measure, read, folder, cache) for _ in range(times)]
    return {name: median(run[name] for run in runs) for name in runs[0]}


# The files.


def write_pair(image_path, folder):
    """A rendered picture at a photograph's size, with a sensor's grain, and its mask."""
    grain = np.random.default_rng(0).normal(0, 3, (*STORED[::-1], 1))
    photo = Image.open(image_path).resize(STORED, Image.Resampling.BICUBIC) + grain
    photo = Image.fromarray(photo.clip(0, 255).astype(np.uint8))
    photo.save(folder / "train" / image_path.name, quality=55, subsampling="4:2:0")
    name = f"{image_path.stem}_mask.gif"
    mask = np.array(Image.open(SHIPPED_CARS / "train_masks" / name).convert("L"))
    mask = cv2.resize(mask, STORED, interpolation=cv2.INTER_CUBIC) > 127
    gif = Image.fromarray(mask.astype(np.uint8), "P")
    gif.putpalette([0, 0, 0, 255, 255, 255])
    gif.save(folder / "train_masks" / name, optimize=False)


def write_files(folder, pairs):
    """The rendered cars as Carvana-sized files, then copies of them under other names."""
    for part in ("train", "train_masks"):
        (folder / part).mkdir(parents=True)
    sources = sorted((SHIPPED_CARS / "train").iterdir())[:pairs]
    with ProcessPoolExecutor() as pool:
        jobs = pool.map(write_pair, sources, [folder] * len(sources), chunksize=8)
        list(tqdm(jobs, "writing files", len(sources)))
    for k in range(len(sources), pairs):
        source = sources[k % len(sources)]
        name = f"{k // len(sources)}{source.stem}"
        shutil.copy(folder / "train" / source.name, folder / "train" / f"{name}.jpg")
        masks = folder / "train_masks"
        shutil.copy(masks / f"{source.stem}_mask.gif", masks / f"{name}_mask.gif")


# The pixels.


def differences(folder, count=100):
    """Mean absolute difference from a full decode with area resize; whether masks are the same."""
    cars = labseg.load_carvana(folder, SIZE, limit=count, cache=False)
    grey, same = [], True
    for name, image, mask in zip(cars.names, cars.images, cars.masks, strict=True):
        full = np.array(Image.open(folder / "train" / f"{name}.jpg"))
        full = cv2.resize(full, SIZE[::-1], interpolation=cv2.INTER_AREA)
        grey.append(np.abs(full.astype(int) - image).mean())
        stored = Image.open(folder / "train_masks" / f"{name}_mask.gif")
        same &= np.array_equal(np.array(stored.resize(SIZE[::-1])), mask)
    return np.mean(grey), max(grey), same


def main(
    pairs: Annotated[int, typer.Option(min=1, help="Images with their masks.")] = 2000,
):
    """Compare four ways of reading files such as Carvana's."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, cache = Path(temporary, "carvana"), Path(temporary, "cache")
        write_files(folder, pairs)
        print(f"\n{pairs} pairs, 1918×1280 → 256×256, {os.cpu_count()} cores\n")
        print("| | seconds | pairs a second | times the plain way | peak memory ÷ arrays |")
        print("| --- | --- | --- | --- | --- |")
        plain_seconds = None
        for name in WAYS:
            result = measured(name, folder, cache)
            seconds, memory = result["seconds"], result["memory"]
            plain_seconds = plain_seconds or seconds
            print(
                f"| {name} | {seconds:.2f} | {pairs / seconds:.0f} | {plain_seconds / seconds:.1f} "
                f"| {memory:.2f} |",
                flush=True,
            )
        mean, worst, same = differences(folder, min(100, pairs))
        print(
            f"\nFrom a full decode with area resize: {mean:.2f} grey levels on average, "
            f"{worst:.2f} in the worst image; masks {'identical' if same else 'DIFFERENT'}."
        )


if __name__ == "__main__":
    typer.run(main)
