"""The explorer of errors: the worst picture first, and how far from the border it is wrong."""

import matplotlib.pyplot as plt
import numpy as np

from labseg import plot
from labseg.explorers.explorer import Explorer, Slider
from labseg.explorers.page import Chart, picture, side_by_side, wrong_legend
from labseg.explorers.pixels import (
    LARGE,
    SMALL,
    black_and_white,
    enlarged,
    factor,
    photos,
    wrong_pixels,
)
from labseg.metrics import border_distance, iou, labels

EDGES = range(12)  # a bar holds distances above its edge, up to the next
BARS = *map(str, EDGES[1:]), "12+"


def errors(images, y_true, scores, threshold=0.5):
    """Browse a network's errors, worst picture first: what is missed, what invented, and where.

    images: (n, h, w, 3), uint8 or from 0 to 1. y_true, scores: (n, h, w) or (n, h, w, 1), the
    true masks (0 and 1) and a network's scores (from 0 to 1); a pixel is car at `>= threshold`.
    The bars count the wrong pixels by their distance from the true border, in pixels: 1 touches it.
    Returns an Explorer. Raises ValueError for other shapes or values.
    """
    truth, found = labels(y_true, scores, threshold)
    images = photos(images, truth)
    ious = iou(truth, found)
    order = np.argsort(ious, kind="stable")
    counts = _by_distance(truth, found)
    large, small = (factor(truth.shape[2], side) for side in (LARGE, SMALL))

    def view(place):
        which = order[place - 1]
        missed, invented = counts[which].sum(axis=1)
        alt = (
            f"Picture {which} has an IoU of {ious[which]:.2f}: {missed:,} pixels of the car are "
            f"missed and {invented:,} invented."
        )
        wrong = wrong_pixels(images[which], truth[which], found[which], large)
        wrong = picture(wrong, alt, f"<b>IoU {ious[which]:.3f}</b>, images[{which}]")
        wrong = f"<div>{wrong}{wrong_legend(missed, invented)}</div>"
        plain = (
            (images[which], "The picture.", "the picture"),
            (black_and_white(truth[which]), "The true mask.", "the true mask"),
            (black_and_white(found[which]), "The mask that was found.", "the mask found"),
        )
        three = [picture(enlarged(pixels, small), *words) for pixels, *words in plain]
        return side_by_side(wrong, f"<div>{_chart(counts[which])}</div>") + side_by_side(*three)

    sliders = {"place": Slider("worst first", 1, len(order), 1)}
    return Explorer(sliders, view, lambda: _still(images, truth, found, ious, order, counts))


def _by_distance(truth, found):
    """How many pixels of each picture are missed and invented at each distance, (n, 2, bars)."""
    bars = np.searchsorted(EDGES, border_distance(truth)) - 1
    return np.array(
        [
            [np.bincount(bar[wrong], minlength=len(BARS)) for wrong in (car & ~mask, ~car & mask)]
            for bar, car, mask in zip(bars, truth, found, strict=True)
        ]
    )


def _share(counts):
    """In words: how much of what is wrong touches the border."""
    total = counts.sum()
    if not total:
        return "No pixel is wrong"
    return f"{counts[:, 0].sum() / total:.0%} of the wrong pixels touch the true border"


def _chart(counts):
    top = max(4, counts.sum(axis=0).max())
    step = next(s * 10**k for k in range(9) for s in (1, 2, 5) if 4 * s * 10**k >= top)
    chart = Chart(
        (0, len(BARS)),
        (0, 4 * step),
        "distance from the true border (px)",
        "wrong pixels",
        {place + 0.5: text for place, text in enumerate(BARS)},
        {n * step: f"{n * step:,}" for n in range(5)},
    )
    bars = []
    for place, (missed, invented) in enumerate(counts.T):
        ends = place + 0.12, place + 0.88
        bars.append(chart.bar(*ends, 0, missed, plot.MISSED))
        bars.append(chart.bar(*ends, missed, missed + invented, plot.EXTRA))
    alt = "Wrong pixels by distance from the true border: " + ", ".join(
        f"{text} px {missed:,} missed and {invented:,} invented"
        for text, (missed, invented) in zip(BARS, counts.T, strict=True)
    )
    return f"{chart.svg(alt, *bars)}<div>{_share(counts)}.</div>"


def _still(images, truth, found, ious, order, counts):
    """The three worst pictures, above the bars of all."""
    worst = order[:3]
    figure = plt.figure(figsize=(plot.WIDTH, 1.7 * len(worst) + 2.4), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.7 * len(worst), 2.4])
    for axes, which in zip(above.subplots(len(worst), 4, squeeze=False), worst, strict=True):
        plot.picture(axes[0], images[which], f"images[{which}]")
        plot.picture(axes[1], truth[which].astype(float), "the true mask")
        plot.picture(axes[2], found[which].astype(float), "the mask found")
        title = f"IoU {ious[which]:.3f}"
        plot.errors(axes[3], images[which], truth[which], found[which], title=title)
    ax, (missed, invented) = below.subplots(), counts.sum(axis=0)
    ax.bar(BARS, missed, color=plot.MISSED, label="missed car")
    ax.bar(BARS, invented, bottom=missed, color=plot.EXTRA, label="invented car")
    ax.set(xlabel="distance from the true border (px), all pictures", ylabel="wrong pixels")
    ax.legend(fontsize=9)
    text = (
        f"The worst of {len(order)} pictures, by IoU: "
        + ", ".join(f"images[{which}] {ious[which]:.2f}" for which in worst)
        + ", each with its true mask, the mask found, and what is missed (blue) and invented "
        f"(orange). Below, the wrong pixels of all pictures by distance from the true border: "
        f"{missed.sum():,} missed, {invented.sum():,} invented; {_share(counts.sum(axis=0))}."
    )
    return text, plot.as_html(text)
