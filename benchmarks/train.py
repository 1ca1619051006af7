"""How long until a U-Net finds cars? `uv run python benchmarks/train.py compare`

compare  trains lesson 4's U-Net on the shipped cars with three recipes: lesson 4's own, that of
         the lab we started from and, where PyTorch is installed, lesson 4's in plain PyTorch.
         Prints the seconds of training and the epochs until the mean IoU of the test cars is
         0.90 and 0.94. About half an hour on 2 cores, most of it for the original recipe.
where    prints where the time of lesson 4's recipe goes.
full     measures the speed of the original lab's settings, in mixed precision. For a GPU.
"""

import contextlib
import importlib
import importlib.util
import io
import math
import os
import platform
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import typer
from fresh_process import in_fresh_process
from tqdm import tqdm

import labseg
from labseg import metrics
from labseg.files import write_whole

OURS, ORIGINAL, PYTORCH = "lesson 4", "original recipe", "lesson 4 in PyTorch"
RECIPES = {  # name: (module, function)
    OURS: ("train_keras", "lesson_4"),
    ORIGINAL: ("train_keras", "original"),
    PYTORCH: ("train_pytorch", "lesson_4"),
}
LEVELS = (0.90, 0.94)  # of the IoU on the test cars
FULL_SIZE = (256, 256)  # the original lab's


@dataclass(frozen=True)
class Settings:
    """Of one training: lesson 4's, unless others are given."""

    size: tuple[int, int] = (64, 96)
    n_ch: int = 8
    floors: int = 4
    epochs: int = 10
    rate: float = 1e-2
    batch: int = 8


def split_cars(size, cars=None):
    """Lesson 4's (train, val, test) cars; cars: read only this many."""
    limit = 16 * cars if cars else None
    return labseg.load_cars(size, limit=limit).split(val=0.1, test=0.2, seed=0)


# One training.


class Watch:
    """The seconds of training, the epochs and the IoU on the test cars after each epoch.

    Evaluation is not training: the clock runs between `run` and `rest` only. `over` is True as
    soon as the IoU has reached `until` or the clock `limit` seconds.
    """

    def __init__(self, test, until=math.inf, limit=math.inf, name=None):
        self.test, self.until, self.limit = test, until, limit
        self.bar = tqdm(desc=name, unit=" epochs", disable=None if name else True, leave=False)
        self.rows = []  # (seconds, epochs, IoU)
        self.past, self.began = 0.0, None

    @property
    def seconds(self):
        return self.past + (time.perf_counter() - self.began if self.began else 0)

    @property
    def over(self):
        reached = self.rows and self.rows[-1][2] >= self.until
        return bool(reached or self.seconds >= self.limit)

    def run(self):
        self.began = time.perf_counter()

    def rest(self):
        self.past, self.began = self.seconds, None

    def note(self, epochs, scores):
        """Note the IoU of `scores`, the network's answer to the test pictures after `epochs`."""
        iou = float(metrics.iou(self.test.masks, scores).mean())
        self.rows.append((self.seconds, epochs, iou))
        self.bar.set_postfix_str(f"{self.seconds:.0f} s, IoU {iou:.3f}")
        self.bar.update()


def recipe_module(name):
    """train_keras or train_pytorch, imported only when it is needed: each loads its library."""
    if name == "train_keras":
        labseg.quiet_keras()
    return importlib.import_module(name)


def train_once(recipe, seed, settings, cars=None, limit=math.inf):
    """Train once; {"rows": [(seconds, epochs, IoU) after each epoch], "versions": text}."""
    train, val, test = split_cars(settings.size, cars)
    capped = {"until": LEVELS[-1], "limit": limit} if recipe == ORIGINAL else {}
    watch = Watch(test, name=f"seed {seed}, {recipe}", **capped)
    module, function = RECIPES[recipe]
    with contextlib.redirect_stdout(io.StringIO()):
        library = recipe_module(module)
        getattr(library, function)(train, val, watch, seed, settings)
    return {"rows": watch.rows, "versions": library.versions()}


# All trainings.


def train_all(recipes, seeds, cap, settings, cars=None):
    """{recipe: its runs}; the recipes take turns, so that a disturbance affects them all."""
    runs = {recipe: [] for recipe in recipes}
    for seed in range(seeds):
        for recipe in recipes:
            ours = [reached(run, LEVELS[-1])[0] for run in runs[OURS]]
            limit = cap * median(ours) if ours else math.inf
            run = in_fresh_process(train_once, recipe, seed, settings, cars=cars, limit=limit)
            runs[recipe].append(run)
            print(f"seed {seed}, {recipe}: IoU {'; '.join(levels(run))}", flush=True)
    return runs


def reached(run, level):
    """(seconds, epochs, True) when the run first had this IoU, or its (…, False) at its end."""
    for seconds, epochs, iou in run["rows"]:
        if iou >= level:
            return seconds, epochs, True
    return *run["rows"][-1][:2], False


def levels(run):
    """For each level a text that says when the run reached it."""
    for level in LEVELS:
        seconds, epochs, yes = reached(run, level)
        yield f"{level:.2f} {'after' if yes else 'not in'} {seconds:.0f} s, {epochs:.3g} epochs"


def middle(values):
    """Median of [(number, whether it was reached)]; (number, False) if it is only a bound."""
    bound = median(number for number, _ in values)
    sure = median(number if yes else math.inf for number, yes in values)
    return bound, sure == bound


def spread(values):
    """Median and range as text; "> 300" is a run, or a median, that did not get there."""
    bound, sure = middle(values)
    text = f"{'' if sure else '> '}{bound:.0f}"
    numbers = [number for number, _ in values]
    if len(values) == 1 or not any(yes for _, yes in values):
        return text
    more = "" if all(yes for _, yes in values) else "> "
    return f"{text} ({min(numbers):.0f}–{more}{max(numbers):.0f})"


def table(runs):
    """The lines of a Markdown table, one for each recipe: medians, and ranges over the seeds."""
    low, high = LEVELS
    yield f"| | to IoU {low:.2f}: s | epochs | to {high:.2f}: s | epochs | times ours | best IoU |"
    yield "| --- " * 7 + "|"
    own, own_sure = middle([reached(run, high)[::2] for run in runs[OURS]])
    for recipe, of_recipe in runs.items():
        cells = [recipe]
        for level in LEVELS:
            ends = [reached(run, level) for run in of_recipe]
            cells += [spread([(seconds, yes) for seconds, _, yes in ends])]
            cells += [spread([(epochs, yes) for _, epochs, yes in ends])]
        bound, sure = middle([reached(run, high)[::2] for run in of_recipe])
        cells.append(f"{'' if sure else '> '}{bound / own:.1f}" if own_sure else "–")
        best = [max(iou for *_, iou in run["rows"]) for run in of_recipe]
        cells.append(f"{median(best):.3f}")
        cells[-1] += f" ({min(best):.3f}–{max(best):.3f})" if len(best) > 1 else ""
        yield f"| {' | '.join(cells)} |"


def draw(runs, out):
    """Draw the test IoU against seconds of training and against epochs; a line for each run."""
    import matplotlib.pyplot as plt

    titles = {"seconds of training": "Test IoU over time", "epochs": "Test IoU over epochs"}
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for column, (ax, (what, title)) in enumerate(zip(axes, titles.items(), strict=True)):
        draw_lines(ax, runs, column)
        ax.set(xlabel=f"{what} (log scale)", title=title, xscale="log", ylim=(0.5, 1))
        ax.xaxis.set_major_locator(plt.LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_locator(plt.NullLocator())
        ax.grid(axis="x", alpha=0.3)
    axes[0].set_ylabel("mean IoU of the test cars")
    axes[0].set_yticks([0.5, 0.6, 0.7, 0.8, *LEVELS, 1])
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=len(runs),
        title="one line for each seed; marks where a level is reached",
    )
    content = io.BytesIO()
    figure.savefig(content, dpi=130, format=out.suffix[1:])
    plt.close(figure)
    write_whole(out, content.getvalue())


def draw_lines(ax, runs, column):
    """Every run's line, with a mark where it reaches a level; x is this column of its rows."""
    from labseg import plot

    styles = {OURS: (plot.BLUE, "o"), ORIGINAL: (plot.ORANGE, "s"), PYTORCH: (plot.GREEN, "^")}
    for level in LEVELS:
        ax.axhline(level, color="black", linewidth=0.8, linestyle=(0, (5, 4)), zorder=0)
    for recipe, of_recipe in runs.items():
        colour, marker = styles[recipe]
        for run in of_recipe:
            x, y = [row[column] for row in run["rows"]], [row[2] for row in run["rows"]]
            ends = [reached(run, level) for level in LEVELS]
            marks = [x.index(end[column]) for end in ends if end[2]]
            label = recipe if run is of_recipe[0] else None
            ax.plot(x, y, color=colour, marker=marker, markevery=marks, markersize=5, label=label)


def machine(versions):
    """What it ran on, as text; versions: of the libraries that trained."""
    cores = f"{os.cpu_count()} cores ({platform.machine()})"
    return ", ".join([cores, f"Python {platform.python_version()}", *dict.fromkeys(versions)])


# The commands.


app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
CarLimit = Annotated[int | None, typer.Option(min=3, help="Read only this many cars.")]


@app.command()
def compare(
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each recipe.")] = 3,
    cap: Annotated[
        float,
        typer.Option(min=0, help="Stop the original recipe after this many times our seconds."),
    ] = 10,
    epochs: Annotated[
        int, typer.Option(min=1, help="Epochs of lesson 4's recipe.")
    ] = Settings.epochs,
    cars: CarLimit = None,
    out: Annotated[Path | None, typer.Option(help="A figure, such as train.png.")] = None,
):
    """Seconds and epochs to a good U-Net, by three recipes."""
    if out and out.suffix not in (".png", ".svg", ".pdf"):
        sys.exit(f"--out {out}: give a name that ends in .png, .svg or .pdf.")
    recipes = [OURS, ORIGINAL]
    if importlib.util.find_spec("torch"):
        recipes.append(PYTORCH)
    else:
        print("PyTorch is not installed, so its recipe is left out (uv run --with torch …).")
    runs = train_all(recipes, seeds, cap, Settings(epochs=epochs), cars)
    print("", *table(runs), sep="\n")
    versions = [run["versions"] for of_recipe in runs.values() for run in of_recipe]
    print(f"\nMedians and ranges; runs of each: {seeds}. {machine(versions)}.")
    if out:
        draw(runs, out)


@app.command()
def where(cars: CarLimit = None):
    """Where the time of lesson 4's recipe goes."""
    settings = Settings()
    start = time.perf_counter()
    recipes = recipe_module("train_keras")
    importing = time.perf_counter() - start
    start = time.perf_counter()
    parts = split_cars(settings.size, cars)
    reading = time.perf_counter() - start
    seconds = {"import Keras": importing, f"read {sum(map(len, parts))} pictures": reading}
    with contextlib.redirect_stdout(io.StringIO()):
        seconds |= recipes.parts_of_the_time(*parts, settings)
    print(f"{machine([recipes.versions()])}\n")
    print("| | seconds |\n| --- | --- |")
    for part, value in seconds.items():
        print(f"| {part} | {value:.3f} |")


@app.command()
def full(
    epochs: Annotated[int, typer.Option(min=2, help="The first one compiles.")] = 20,
    n_ch: Annotated[int, typer.Option(min=1, help="Channels of the top floor.")] = 64,
    pictures: Annotated[int, typer.Option(min=1, help="Pictures to train on.")] = 2000,
):
    """The speed of the original lab's settings on a GPU. It has not been run on one yet."""
    recipes = recipe_module("train_keras")
    if not recipes.sees_gpu():
        print(
            "Keras sees no GPU; without one this takes more than a day. "
            "To see whether it runs at all: --pictures 64 --n-ch 4 --epochs 2"
        )
    settings = Settings(size=FULL_SIZE, n_ch=n_ch, epochs=epochs, rate=1e-3, batch=16)
    train, val, test = split_cars(settings.size)
    train = train.select(np.resize(np.arange(len(train)), pictures))  # repeated
    watch = Watch(test, name="full scale")
    with contextlib.redirect_stdout(io.StringIO()), recipes.mixed_precision():
        recipes.lesson_4(train, val, watch, seed=0, settings=settings)
    print(f"{machine([recipes.versions()])}, mixed precision")
    print(*speed(watch.rows, pictures), sep="\n")


def speed(rows, pictures):
    """Lines that say how fast a training of at least two epochs was, given a Watch's rows."""
    seconds = median(after[0] - before[0] for before, after in pairwise(rows))
    yield f"first epoch, compiling included: {rows[0][0]:.1f} s"
    yield f"every later epoch of {pictures:,} pictures: {seconds:.2f} s (median)"
    yield f"{pictures / seconds:,.1f} pictures a second"
    yield f"IoU of the test cars after {len(rows)} epochs: {rows[-1][2]:.3f}"


if __name__ == "__main__":
    app()
