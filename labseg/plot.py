"""Every figure that the lessons draw. Each function draws on Axes and returns them.

Colours are Okabe and Ito's, which colour-blind readers can tell apart.
"""

import io
import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

BLUE, ORANGE, GREEN, PINK, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#999999"
MISSED, EXTRA = BLUE, ORANGE  # car called background, background called car


def show(alt):
    """Show the current figure, with `alt` as its text for readers who can't see it."""
    ipython = sys.modules.get("IPython")  # loaded wherever there is a notebook
    if ipython is None or ipython.get_ipython() is None:
        plt.show()
        return
    figure, png = plt.gcf(), io.BytesIO()
    figure.savefig(png, format="png", dpi=110, bbox_inches="tight")
    plt.close(figure)
    ipython.display.display(ipython.display.Image(png.getvalue(), alt=alt))


def grid(rows, columns, height=1.7, width=2.55):
    """An array of Axes (rows, columns) for pictures: no ticks, small gaps."""
    _, axes = plt.subplots(
        rows,
        columns,
        figsize=(columns * width, rows * height + 0.3),
        squeeze=False,
        layout="constrained",
    )
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
    return axes


def picture(ax, image, title=None):
    """One picture: RGB uint8 (h, w, 3), or one value a pixel in [0, 1], black to white."""
    if image.ndim == 3 and image.shape[-1] == 3:
        ax.imshow(image)
    else:
        ax.imshow(np.squeeze(image), cmap="gray", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    if title:
        ax.set_title(title, fontsize=9)
    return ax


def pairs(cars, rows):
    """Photographs above their masks, a column for each of `rows` of a Cars."""
    axes = grid(2, len(rows))
    for (above, below), row in zip(axes.T, rows, strict=True):
        picture(above, cars.images[row], cars.names[row])
        picture(below, cars.masks[row])
    axes[0, 0].set_ylabel("image")
    axes[1, 0].set_ylabel("mask")
    return axes


def overlay(ax, image, mask, title=None, colour=ORANGE):
    """A picture with the mask's area tinted and its border drawn."""
    picture(ax, image, title)
    tint = np.zeros((*mask.shape, 4))
    tint[mask > 0] = (*to_rgb(colour), 0.35)
    ax.imshow(tint)
    ax.contour(mask, [0.5], colors=[colour], linewidths=1.5)
    return ax


def levels(image, mask):
    """The three levels of image analysis on one picture: its class, a box, a mask.

    All three come from the mask (h, w): is there a car, where does it begin and end, which pixels.
    """
    axes = grid(1, 3, height=2.3, width=3.3)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    picture(axes[0, 0], image, f"classification: “{'car' if mask.any() else 'no car'}”")
    picture(axes[0, 1], image, "detection: a box")
    corner = columns[0] - 0.5, rows[0] - 0.5
    extent = np.ptp(columns) + 1, np.ptp(rows) + 1
    axes[0, 1].add_patch(Rectangle(corner, *extent, fill=False, edgecolor=ORANGE, linewidth=2.5))
    overlay(axes[0, 2], image, mask, "segmentation: every pixel")
    return axes


def history(history, names=("loss", "accuracy")):
    """Training (solid) and validation (dashed) curves, one plot for each of `names`.

    history: what `fit` returns, or its `.history`; or {label: history} to compare several.
    """
    runs = history if isinstance(history, dict) and "loss" not in history else {"": history}
    wide = 4.6 * len(names) + 1.6 * (len(runs) > 1)
    figure, axes = plt.subplots(
        1, len(names), figsize=(wide, 3), squeeze=False, layout="constrained"
    )
    colours = (BLUE, ORANGE, GREEN, PINK)
    sides = {"training": ("", "-"), "validation": ("val_", "--")}
    for ax, name in zip(axes[0], names, strict=True):
        for run, colour in zip(runs.values(), colours, strict=False):
            values = getattr(run, "history", run)
            for side, (prefix, style) in sides.items():
                if prefix + name in values:
                    y = values[prefix + name]
                    ax.plot(
                        np.arange(1, len(y) + 1), y, style, color=colour, label=side, marker="."
                    )
        ax.set(xlabel="epoch", ylabel=name, title=name)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(alpha=0.3)
        if len(runs) == 1:
            ax.legend(fontsize=8)
    if len(runs) > 1:  # beside the plots: a line for each run, and one for each side
        lines = [Line2D([], [], color=colour) for colour in colours[: len(runs)]]
        drawn = {line.get_label() for line in axes[0][0].lines}
        shown = {side: style for side, (_, style) in sides.items() if side in drawn}
        lines += [Line2D([], [], color=GREY, linestyle=style) for style in shown.values()]
        figure.legend(lines, [*runs, *shown], fontsize=9, loc="outside right center")
    return axes[0]


def curves(x, lines, xlabel, ylabel, title=None):
    """One curve for each of {name: values at x}."""
    _, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
    styles = zip((BLUE, ORANGE, GREEN, PINK, GREY), "os^vD", strict=True)
    for (name, values), (colour, marker) in zip(lines.items(), styles, strict=False):
        ax.plot(x, values, color=colour, marker=marker, markersize=4, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8)
    return ax


def errors(ax, image, truth, scores, threshold=0.5, title=None):
    """Where a prediction is wrong, on the picture in grey: missed car and false car."""
    grey = image.mean(axis=-1) / 255
    shown = np.stack([0.4 + 0.6 * grey] * 3, axis=-1)
    found = np.squeeze(scores) >= threshold
    shown[(truth > 0) & ~found] = to_rgb(MISSED)
    shown[(truth == 0) & found] = to_rgb(EXTRA)
    return picture(ax, shown, title)


def predictions(cars, answers, rows, titles=None):
    """One line for each of `rows`: the picture, its mask, then scores and errors of each answer.

    answers: {name: scores (n, h, w) or (n, h, w, 1)} for the images of `cars`.
    titles: {name: one number an image} written above the errors, such as the IoU.
    """
    axes = grid(len(rows), 2 + 2 * len(answers), height=1.45, width=2.1)
    for line, row in zip(axes, rows, strict=True):
        picture(line[0], cars.images[row], cars.names[row])
        picture(line[1], cars.masks[row], "true mask")
        for place, (name, scores) in enumerate(answers.items()):
            picture(line[2 + 2 * place], scores[row], f"{name}: scores")
            title = f"IoU {titles[name][row]:.2f}" if titles else "errors"
            errors(line[3 + 2 * place], cars.images[row], cars.masks[row], scores[row], title=title)
    axes[0, 0].figure.legend(
        handles=[Patch(color=MISSED, label="missed car"), Patch(color=EXTRA, label="false car")],
        loc="outside lower center",
        ncols=2,
        fontsize=8,
    )
    return axes


def scores(answers, name="IoU"):
    """One dot an image and a bar at the mean, a line for each of {name: float (n,)}."""
    _, ax = plt.subplots(figsize=(7, 0.45 * len(answers) + 1), layout="constrained")
    rng = np.random.default_rng(0)
    for line, values in enumerate(answers.values()):
        heights = line + rng.uniform(-0.22, 0.22, len(values))
        ax.plot(values, heights, ".", color=BLUE, alpha=0.35, markersize=5)
        ax.plot([np.mean(values)] * 2, [line - 0.36, line + 0.36], color=ORANGE, linewidth=3)
        ax.annotate(f"{np.mean(values):.3f}", (1.02, line), va="center", annotation_clip=False)
    ax.set(
        yticks=range(len(answers)),
        yticklabels=list(answers),
        xlim=(-0.02, 1.01),
        xlabel=f"{name} of one image (bar: mean)",
        title=f"{name} on test cars",
    )
    ax.grid(axis="x", alpha=0.3)
    return ax


def receptive_fields(image, sizes, at):
    """Squares on one picture: what an output pixel at (row, column) sees; sizes {name: pixels}."""
    _, ax = plt.subplots(figsize=(6, 4.1), layout="constrained")
    picture(ax, image, "what one output pixel can see")
    for (name, size), colour in zip(sizes.items(), (ORANGE, PINK, GREEN, BLUE), strict=False):
        corner = at[1] - size / 2, at[0] - size / 2
        ax.add_patch(Rectangle(corner, size, size, fill=False, edgecolor=colour, linewidth=2))
        ax.plot([], [], color=colour, linewidth=2, label=f"{name}: {size} px")
    ax.legend(fontsize=8, loc="lower left")
    ax.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    return ax


def unet(size, n_ch, floors, convs=2):
    """Our drawing of a U-Net: a box a floor and side, with its pixels and channels.

    size: (height, width) of the input; n_ch, floors, convs as in `build_unet`.
    """
    _, ax = plt.subplots(figsize=(10, 0.95 * floors + 1.9), layout="constrained")
    last = 2 * floors  # the boxes stand at x = 0 … last, the bottom one in the middle
    for x in range(last + 1):
        floor = min(x, last - x)
        pixels = f"{size[0] // 2**floor}×{size[1] // 2**floor}"
        box = {"boxstyle": "round", "edgecolor": "none", "facecolor": "#cfe3f1"}
        if floor == floors:
            box["facecolor"] = "#f3dbe8"
        text = f"{pixels}\n{n_ch * 2**floor} channels"
        ax.annotate(text, (x, -floor), ha="center", va="center", fontsize=8, bbox=box)
    for floor in range(floors):
        right = last - floor
        _arrow(
            ax, (floor, -floor), (floor + 1, -floor - 1), GREY, 31, "angle,angleA=-90,angleB=180"
        )
        _arrow(ax, (right - 1, -floor - 1), (right, -floor), GREEN, 16, "angle,angleA=0,angleB=-90")
        _arrow(ax, (floor, -floor), (right, -floor), ORANGE, 31)
    ax.annotate("image,\nscaled  →", (-0.5, 0), ha="right", va="center", fontsize=9)
    ax.annotate("→  1×1 convolution,\n     sigmoid", (last + 0.5, 0), va="center", fontsize=9)
    names = {GREY: "max pooling", GREEN: "transposed convolution", ORANGE: "skip: concatenate"}
    for colour, name in names.items():
        ax.plot([], [], color=colour, linewidth=2, label=name)
    ax.legend(loc="lower left", fontsize=9, frameon=False)
    ax.set(xlim=(-1.8, last + 2.3), ylim=(-floors - 0.5, 0.5))
    ax.set_title(f"build_unet(n_ch={n_ch}, floors={floors}): {convs} convolutions 3×3 in every box")
    ax.axis("off")
    return ax


def _arrow(ax, start, end, colour, gap, path="arc3"):
    """From box to box, behind them; its head stops `gap` points before the end's middle."""
    style = {"arrowstyle": "->", "color": colour, "linewidth": 1.8, "connectionstyle": path}
    ax.annotate("", end, start, arrowprops=style | {"shrinkA": 0, "shrinkB": gap}, zorder=0)
