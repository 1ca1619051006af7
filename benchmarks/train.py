"""How long until a U-Net finds cars? `uv run python benchmarks/train.py --out train.png`

Trains lesson 4's U-Net on the shipped cars with three recipes: lesson 4's own, that of the lab we
start from, and, where PyTorch is installed, lesson 4's in plain PyTorch. Prints the seconds of
training and the epochs until the mean IoU of the test cars is 0.90 and 0.95. Each run has a
process of its own; what is evaluated after an epoch does not count as training. About half an
hour on 2 cores, most of it the original recipe's.

--where prints where the time of lesson 4's recipe goes. --full measures the speed of the original
lab's settings (2,000 pictures of 256×256, 64 first channels) on a GPU, in mixed precision.
"""

import contextlib
import importlib.util
import json
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from train_watch import EPOCHS, LEVELS, N_CH, Watch, split_cars

OURS, ORIGINAL, PYTORCH = "lesson 4", "original recipe", "lesson 4 in PyTorch"

# One run, in a process of its own.


def train(recipe, seed, epochs, n_ch, cars, limit):
    """Train once; {"rows": [(seconds, epochs, IoU) after every epoch], "versions": text}."""
    train, val, held = split_cars(cars)
    capped = {"until": LEVELS[-1], "limit": limit} if recipe == ORIGINAL else {}
    watch = Watch(held, bar=f"seed {seed}, {recipe}", **capped)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        if recipe == PYTORCH:
            import train_pytorch as library

            way = library.pytorch
        else:
            import labseg

            labseg.quiet_keras()
            import train_keras as library

            way = library.ours if recipe == OURS else library.original
        way(train, val, watch, seed, epochs, n_ch)
    return {"rows": watch.rows, "versions": library.versions()}


def trained(**settings):
    """`train` in a fresh process: no library finds another's threads at work."""
    command = [sys.executable, __file__, "--run", json.dumps(settings)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if ran.returncode:
        sys.exit(f"The run of {settings} ended with code {ran.returncode}; its errors are above.")
    return json.loads(ran.stdout)


# All runs.


def reached(run, level):
    """(seconds, epochs, True) when the run first had this IoU, or its (…, False) at its end."""
    for seconds, epochs, iou in run["rows"]:
        if iou >= level:
            return seconds, epochs, True
    return *run["rows"][-1][:2], False


def compare(recipes, seeds, cap, **settings):
    """{recipe: its runs}; the recipes take turns, so that a disturbance meets all of them."""
    runs = {recipe: [] for recipe in recipes}
    for seed in range(seeds):
        for recipe in recipes:
            took = [reached(run, LEVELS[-1])[0] for run in runs[OURS]]
            limit = cap * median(took) if took else None
            runs[recipe].append(trained(recipe=recipe, seed=seed, limit=limit, **settings))
            told = []
            for level in LEVELS:
                seconds, epochs, yes = reached(runs[recipe][-1], level)
                told.append(f"{level:.2f} {'after' if yes else 'not in'} {seconds:.0f} s, ")
                told[-1] += f"{epochs:.3g} epochs"
            print(f"seed {seed}, {recipe}: IoU {'; '.join(told)}", flush=True)
    return runs


def middle(values):
    """Median of [(number, whether it was reached)]; (number, False) if it is only a bound."""
    bound = median(number for number, _ in values)
    sure = median(number if yes else math.inf for number, yes in values)
    return bound, sure == bound


def spread(values):
    """Median and range as text: "> 300" is a run, or a median, that did not get there."""
    bound, sure = middle(values)
    text = f"{'' if sure else '> '}{bound:.0f}"
    numbers = [number for number, _ in values]
    if len(values) == 1 or not any(yes for _, yes in values):
        return text
    more = "" if all(yes for _, yes in values) else "> "
    return f"{text} ({min(numbers):.0f}–{more}{max(numbers):.0f})"


def table(runs):
    """The Markdown table, a row for each recipe: medians, and ranges over the seeds."""
    low, high = LEVELS
    yield f"| | to IoU {low:.2f}: s | epochs | to {high:.2f}: s | epochs | times ours | best IoU |"
    yield "| --- " * 7 + "|"
    own, own_sure = middle([reached(run, high)[::2] for run in runs[OURS]])
    for recipe, some in runs.items():
        cells = [recipe]
        for level in LEVELS:
            ends = [reached(run, level) for run in some]
            cells += [spread([(seconds, yes) for seconds, _, yes in ends])]
            cells += [spread([(epochs, yes) for _, epochs, yes in ends])]
        bound, sure = middle([reached(run, high)[::2] for run in some])
        cells.append(f"{'' if sure else '> '}{bound / own:.1f}" if own_sure else "–")
        best = [max(iou for *_, iou in run["rows"]) for run in some]
        cells.append(f"{median(best):.3f}")
        cells[-1] += f" ({min(best):.3f}–{max(best):.3f})" if len(best) > 1 else ""
        yield f"| {' | '.join(cells)} |"


def draw(runs, out):
    """Test IoU against seconds of training and against epochs; a line for each run."""
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
        title="one line a seed; marks where a level is reached",
    )
    part = Path(out).with_name(f".{Path(out).name}")
    try:
        figure.savefig(part, dpi=130, format=Path(out).suffix[1:])
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
        plt.close(figure)


def draw_lines(ax, runs, column):
    """Every run's line, with a mark where it reaches a level; `column` of its rows is x."""
    from labseg import plot

    styles = {OURS: (plot.BLUE, "o"), ORIGINAL: (plot.ORANGE, "s"), PYTORCH: (plot.GREEN, "^")}
    for level in LEVELS:
        ax.axhline(level, color="black", linewidth=0.8, linestyle=(0, (5, 4)), zorder=0)
    for recipe, some in runs.items():
        colour, marker = styles[recipe]
        for run in some:
            x, y = [row[column] for row in run["rows"]], [row[2] for row in run["rows"]]
            ends = [reached(run, level) for level in LEVELS]
            marks = [x.index(end[column]) for end in ends if end[2]]
            label = recipe if run is some[0] else None
            ax.plot(x, y, color=colour, marker=marker, markevery=marks, markersize=5, label=label)


def machine(runs):
    used = dict.fromkeys(run["versions"] for some in runs.values() for run in some)
    return ", ".join([here(), *used])


def here():
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({platform.machine()}), {python}"


def where(n_ch, cars):
    """Print the parts of our recipe's time."""
    import labseg

    start = time.perf_counter()
    labseg.quiet_keras()
    importing = time.perf_counter() - start
    start = time.perf_counter()
    train, val, held = split_cars(cars)
    reading = time.perf_counter() - start
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        import train_keras

        parts = train_keras.where(train, val, held, n_ch)
    pictures = len(train) + len(val) + len(held)
    parts = {"import Keras": importing, f"read {pictures} pictures": reading} | parts
    print(f"{here()}, {train_keras.versions()}\n")
    print("| | seconds |\n| --- | --- |")
    for name, seconds in parts.items():
        print(f"| {name} | {seconds:.3f} |")


def main(
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each recipe.")] = 3,
    cap: Annotated[
        float, typer.Option(min=0, help="Stop the original at so many times our seconds.")
    ] = 10,
    torch: Annotated[
        bool | None, typer.Option(help="Compare with PyTorch.", show_default="if installed")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A figure, such as train.png.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, show_default=f"{EPOCHS}")] = None,
    n_ch: Annotated[int | None, typer.Option(min=1, show_default=f"{N_CH}")] = None,
    cars: Annotated[int | None, typer.Option(min=3, help="Read only so many cars.")] = None,
    where_: Annotated[bool, typer.Option("--where", help="Where our time goes.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Speed at full scale, on a GPU.")] = False,
    pictures: Annotated[
        int | None, typer.Option(min=1, help="For --full, 2000 if not said.")
    ] = None,
    peak: Annotated[float | None, typer.Option(min=0, help="For --full: TFLOP/s.")] = None,
    force: Annotated[bool, typer.Option("--force", help="--full without a GPU.")] = False,
    run: Annotated[str | None, typer.Option(hidden=True)] = None,
):
    """Seconds and epochs to a good U-Net, by three recipes."""
    if run:
        print(json.dumps(train(**json.loads(run))))
        return
    if where_:
        where(n_ch or N_CH, cars)
        return
    if full:
        import labseg

        labseg.quiet_keras()
        import train_full

        train_full.measure(epochs, n_ch, pictures, peak, force)
        return
    installed = importlib.util.find_spec("torch") is not None
    if torch and not installed:
        sys.exit("PyTorch is not installed: uv run --with torch python benchmarks/train.py")
    if out and out.suffix not in (".png", ".svg", ".pdf"):
        sys.exit(f"--out {out}: give a name that ends in .png, .svg or .pdf.")
    recipes = [OURS, ORIGINAL]
    if installed if torch is None else torch:
        recipes.append(PYTORCH)
    settings = {"epochs": epochs or EPOCHS, "n_ch": n_ch or N_CH, "cars": cars}
    runs = compare(recipes, seeds, cap, **settings)
    print()
    print("\n".join(table(runs)))
    print(f"\n{seeds} runs of each, medians and ranges. {machine(runs)}.")
    if out:
        draw(runs, out)


if __name__ == "__main__":
    typer.run(main)
