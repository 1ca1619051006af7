"""Is there a shortcut to the car? `uv run --with scikit-learn python benchmarks/shortcuts.py`

Compares the best threshold of brightness, gradient-boosted trees on a pixel's colour and on its
colour and place, the mean mask of the view, and the shipped U-Net, on rendered cars that none of
them was fitted to. Prints the IoU of each, with an interval over cars, and which parts of the car
and of the room it gets wrong; then its IoU on the counterfactuals. --out draws a figure. About a
minute.
"""

import sys
from pathlib import Path
from typing import Annotated

import matplotlib.pyplot as plt
import numpy as np
import typer

import labseg
from labseg import evaluation, metrics, plot
from labseg.data.carvana import Cars
from labseg.models import ASSETS

SIZE = (64, 96)  # the shipped U-Net's
COUNTERFACTUALS = ASSETS / "counterfactuals"
PIXELS = 300_000  # that the trees learn from

# Answers: each is fitted to the training cars and returns a function, Cars -> masks (n, h, w).


def best_threshold(score, masks):
    """The threshold of the highest mean IoU; score and masks (n, h, w)."""
    levels = np.quantile(score, np.linspace(0.02, 0.98, 49))
    return max(levels, key=lambda level: metrics.iou(masks, 1.0 * (score >= level)).mean())


def brightness(train):
    def dark(cars):
        return 255 - cars.images.mean(axis=-1)

    options = []
    for sign in (1, -1):
        level = best_threshold(sign * dark(train), train.masks)
        reached = metrics.iou(train.masks, 1.0 * (sign * dark(train) >= level)).mean()
        options.append((reached, sign, level))
    _, sign, level = max(options)
    return lambda cars: sign * dark(cars) >= level


def trees(train, place):
    from sklearn.ensemble import HistGradientBoostingClassifier

    def features(cars):
        colour = cars.images.reshape(-1, 3).astype(np.float32)
        if not place:
            return colour
        where = np.indices(cars.masks.shape[1:]).reshape(2, -1).T
        return np.concatenate([colour, np.tile(where, (len(cars), 1))], axis=1)

    def score(cars):
        return model.predict_proba(features(cars))[:, 1].reshape(cars.masks.shape)

    some = np.random.default_rng(0).choice(train.masks.size, min(PIXELS, train.masks.size), False)
    model = HistGradientBoostingClassifier(max_iter=300, max_leaf_nodes=63, random_state=0)
    model.fit(features(train)[some], train.masks.ravel()[some])
    sample = train.select(slice(None, None, 7))
    level = best_threshold(score(sample), sample.masks)
    return lambda cars: score(cars) >= level


def view_mean(train):
    def score(cars):
        return evaluation.trivial_answers(train, cars)["mean mask of the view"]

    level = best_threshold(score(train), train.masks)
    return lambda cars: score(cars) >= level


def unet(_):
    labseg.quiet_keras()
    import keras

    model = keras.saving.load_model(ASSETS / "unet.keras", compile=False)
    return lambda cars: model.predict(cars.images, verbose=0)[..., 0] >= 0.5


ANSWERS = {
    "brightness": brightness,
    "trees, colour": lambda train: trees(train, place=False),
    "trees, colour and place": lambda train: trees(train, place=True),
    "mean mask of the view": view_mean,
    "U-Net": unet,
}


# Where an answer fails.


def regions(cars: Cars) -> dict[str, np.ndarray]:
    """Parts of the car and of the room, bool (n, h, w), by place and brightness.

    The lowest quarter of a car is wheels and sills. What is dark in its upper 45 % counts as
    glass; the rest is sorted by its brightness relative to the wall's.
    """
    grey = cars.images.mean(axis=-1)
    car = cars.masks == 1
    wall = np.array([np.quantile(g[~c], 0.8) for g, c in zip(grey, car, strict=True)])
    share = grey / wall[:, None, None]
    row = np.arange(grey.shape[1])[:, None]
    top = np.array([np.flatnonzero(c.any(axis=1))[0] for c in car])[:, None, None]
    bottom = np.array([np.flatnonzero(c.any(axis=1))[-1] for c in car])[:, None, None]
    height = (bottom - row) / (bottom - top)  # 0 the ground, 1 the roof
    wheels, glass = car & (height < 0.25), car & (height > 0.55) & (share < 0.45)
    body = car & ~wheels & ~glass
    return {
        "wheels, sills": wheels,
        "glass": glass,
        "dark body": body & (share < 0.35),
        "middling body": body & (share >= 0.35) & (share < 0.8),
        "bright body": body & (share >= 0.8),
        "letters, shadow": ~car & (share < 0.6),
        "wall, floor": ~car & (share >= 0.6),
    }


def report(held, found):
    """Print IoU and the share of each region that is wrong; return {name: IoU of each image}."""
    parts = regions(held)
    print(f"\n{len(held)} images of {len(set(held.cars))} cars that nothing was fitted to\n")
    print(f"{'':48}share of these pixels that is wrong, %")
    print(f"{'':24}IoU    (95 % over cars) " + "".join(f"{part:>17}" for part in parts))
    scores = {}
    for name, mask in found.items():
        scores[name] = metrics.iou(held.masks, 1.0 * mask)
        mean, low, high = evaluation.bootstrap(scores[name], held.cars)
        wrong = mask != held.masks
        shares = "".join(f"{100 * wrong[part].mean():17.1f}" for part in parts.values())
        print(f"{name:24}{mean:.3f}  ({low:.3f} to {high:.3f}) {shares}")
    return scores


def counterfactuals(answers):
    """Print each answer's IoU on one car of which one thing is changed at a time."""
    cars = labseg.load_carvana(COUNTERFACTUALS, SIZE)
    owners = np.array(cars.cars)
    print("\nOne car, one change at a time (IoU; for the empty room, % of pixels called car)\n")
    found = {name: answer(cars) for name, answer in answers.items()}
    print(f"{'':18}" + "".join(f"{name:>26}" for name in found))
    for change in sorted(set(owners), key=lambda name: (name != "as-is", name)):
        rows = owners == change
        if change == "empty":
            values = [100 * mask[rows].mean() for mask in found.values()]
        else:
            values = [metrics.iou(cars.masks[rows], 1.0 * m[rows]).mean() for m in found.values()]
        print(f"{change:18}" + "".join(f"{value:26.3f}" for value in values))


def draw(held, found, scores, out):
    """Intervals above, then three held-out pictures with every answer's errors."""
    pictures = [np.argsort(scores["trees, colour"])[k] for k in (0, len(held) // 2, -1)]
    figure = plt.figure(figsize=(12.5, 8), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1, 2.6))
    ax = above.subplots()
    for k, (name, score) in enumerate(scores.items()):
        mean, low, high = evaluation.bootstrap(score, held.cars)
        colour = plot.ORANGE if name == "U-Net" else plot.BLUE
        ax.barh(k, mean, color=colour)
        ax.plot([low, high], [k, k], color="black")
        ax.text(high + 0.01, k, f"{mean:.3f}", va="center")
    ax.set(yticks=range(len(scores)), yticklabels=list(scores), xlim=(0, 1.05))
    ax.set_xlabel(f"IoU on {len(set(held.cars))} held-out cars; the line is a 95 % interval")
    ax.invert_yaxis()
    axes = below.subplots(len(pictures), len(found) + 1)
    for line, row in zip(axes, pictures, strict=True):
        plot.picture(line[0], held.images[row], held.names[row])
        for ax, (name, mask) in zip(line[1:], found.items(), strict=True):
            title = f"{name}: {scores[name][row]:.2f}"
            plot.errors(ax, held.images[row], held.masks[row], mask[row], title=title)
    below.supxlabel("Blue: car that was missed. Orange: room that was called car.", fontsize=9)
    figure.savefig(out, dpi=110)


def main(out: Annotated[Path | None, typer.Option(help="A figure, such as shortcuts.png.")] = None):
    """Compare answers that look at one pixel at a time with the U-Net's."""
    try:
        import sklearn  # noqa: F401
    except ImportError:
        sys.exit(
            "The trees need scikit-learn: uv run --with scikit-learn python benchmarks/shortcuts.py"
        )
    train, _, held = labseg.load_cars(SIZE).split(val=0.1, test=0.2, seed=0)  # as in lesson 4
    answers = {name: fit(train) for name, fit in ANSWERS.items()}
    found = {name: answer(held) for name, answer in answers.items()}
    scores = report(held, found)
    if COUNTERFACTUALS.is_dir():
        counterfactuals(answers)
    if out:
        draw(held, found, scores, out)


if __name__ == "__main__":
    typer.run(main)
