"""The explorer of thresholds: what a higher or lower one does to a mask and to its scores."""

import matplotlib.pyplot as plt
import numpy as np

from labseg import plot
from labseg.explorers.explorer import Explorer, Slider
from labseg.explorers.page import Chart, line_style, picture, side_by_side, swatch, wrong_legend
from labseg.explorers.pixels import LARGE, factor, photos, wrong_pixels
from labseg.metrics import labels, mask_stack

GRID = np.arange(101) / 100


def threshold(images, y_true, scores):
    """Move the threshold: the mask, IoU, Dice, accuracy, precision and recall move along.

    images: (n, h, w, 3), uint8 or from 0 to 1. y_true, scores: (n, h, w) or (n, h, w, 1), the
    true masks (0 and 1) and a network's scores (from 0 to 1); a pixel is car at `>= threshold`.
    Returns an Explorer. Raises ValueError for other shapes or values.
    """
    truth, _ = labels(y_true, scores)
    scores = mask_stack(scores, "The prediction")
    images = photos(images, truth)
    n, _, width = truth.shape
    curves, areas = five_scores(truth, scores)
    means = curves.mean(axis=1)
    times = factor(width, LARGE)

    def view(number, threshold):
        which, place = number - 1, round(100 * threshold)
        now = curves[:, which, place]
        found = scores[which] >= GRID[place].astype(_kind(scores))
        both, marked = areas[:, which, place]
        missed, invented = truth[which].sum() - both, marked - both
        text = ", ".join(f"{name} {value:.2f}" for name, value in zip(NAMES, now, strict=True))
        alt = (
            f"Picture {number} of {n} at threshold {threshold:.2f}: {missed:,} pixels of the car "
            f"are missed and {invented:,} invented; {text}."
        )
        shown = wrong_pixels(images[which], truth[which], found, times)
        chart = _chart(curves[:, which], now, threshold)
        return side_by_side(
            f"<div>{picture(shown, alt)}{wrong_legend(missed, invented)}</div>",
            f"<div>{chart}{_table(now, means[:, place], n)}</div>",
        )

    sliders = {
        "threshold": Slider("threshold", 0.0, 1.0, 0.5, 0.01),
        "number": Slider("picture", 1, n, 1),
    }
    return Explorer(sliders, view, lambda: _still(images, truth, scores, curves))


NAMES = "IoU", "Dice", "accuracy", "precision", "recall"


def _kind(scores):
    """The dtype in which NumPy compares them with a threshold."""
    return scores.dtype if scores.dtype.kind == "f" else np.float64


def five_scores(truth, scores):
    """The five scores at each threshold, float (5, n, 101), and the areas of A∩B and B."""
    n, pixels = len(truth), truth[0].size
    # How many thresholds let a pixel pass: of these counts, one histogram a picture says it all.
    passed = np.searchsorted(GRID.astype(_kind(scores)), scores, side="right").reshape(n, -1)
    cells = passed + 102 * np.arange(n)[:, None]

    def above(weights):
        held = np.bincount(cells.ravel(), weights.ravel(), 102 * n).reshape(n, 102)
        return held[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:].round().astype(int)

    both, marked = above(truth), above(np.ones(truth.shape))
    car = truth.sum(axis=(1, 2))[:, None]
    either = car + marked - both
    parts = both, 2 * both, pixels - either + both, both, both
    wholes = either, car + marked, np.full_like(both, pixels), marked, np.tile(car, 101)
    # 1 where there is nothing to find or nothing was called car, as in labseg.metrics and lesson 3.
    curves = [np.where(w == 0, 1, p / np.maximum(w, 1)) for p, w in zip(parts, wholes, strict=True)]
    return np.stack(curves), np.stack([both, marked])


def _chart(curves, now, threshold):
    ticks = {value: f"{value:g}" for value in (0, 0.25, 0.5, 0.75, 1)}
    chart = Chart((0, 1), (0, 1), "threshold", "score of this picture", ticks, ticks)
    lines = [chart.curve(GRID, curve, k) for k, curve in enumerate(curves)]
    dots = [chart.dot(threshold, y, k) for k, y in enumerate(now)]
    alt = f"The five scores of this picture at every threshold; a line marks {threshold:.2f}."
    return chart.svg(alt, chart.upright(threshold), *lines, *dots)


def _table(now, means, n):
    cell = '<td style="padding: 2px 8px; text-align: right">'
    head = '<th scope="col" style="padding: 2px 8px; font-weight: normal; text-align: right">'
    rows = [
        f'<tr><th scope="row" style="padding: 2px 8px; text-align: left">'
        f"{swatch(*line_style(k))} {name}</th>"
        f"{cell}<b>{here:.2f}</b></td>{cell}{mean:.2f}</td></tr>"
        for k, (name, here, mean) in enumerate(zip(NAMES, now, means, strict=True))
    ]
    return (
        f'<table style="border-collapse: collapse"><tr><td></td>{head}this picture</th>'
        f"{head}mean of {n}</th></tr>{''.join(rows)}</table>"
    )


STILL = 0.2, 0.5, 0.8


def _still(images, truth, scores, curves):
    """The first picture at three thresholds, above its curves."""
    figure = plt.figure(figsize=(plot.WIDTH, 4.8), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1, 1.5])
    for ax, level in zip(above.subplots(1, 3), STILL, strict=True):
        title = f"threshold {level}: IoU {curves[0, 0, round(100 * level)]:.2f}"
        plot.errors(ax, images[0], truth[0], scores[0], level, title)
    ax = below.subplots()
    for k, (name, curve) in enumerate(zip(NAMES, curves[:, 0], strict=True)):
        colour, dashes = line_style(k)
        ax.plot(GRID, curve, color=colour, linestyle=dashes, linewidth=2, label=name)
    ax.set(xlabel="threshold", ylabel="score of this picture", ylim=(-0.02, 1.02))
    ax.grid(alpha=0.3)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9, handlelength=4)
    values = "; ".join(
        f"at {level} "
        + ", ".join(
            f"{name} {value:.2f}"
            for name, value in zip(NAMES, curves[:, 0, round(100 * level)], strict=True)
        )
        for level in STILL
    )
    text = (
        "One picture at three thresholds, missed car in blue and invented car in orange, and its "
        f"five scores at every threshold: {values}."
    )
    return text, plot.as_html(text)
