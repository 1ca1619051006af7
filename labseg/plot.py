"""Every figure that the lessons draw. Each function draws on Axes and returns them.

Figures are as wide as a notebook shows them, so that their labels stay legible. Colours are
Okabe and Ito's, which colour-blind readers can tell apart; markers and dashes tell lines apart in
greyscale too.
"""

import base64
import io
import math
import reprlib
import sys
import textwrap
from html import escape

import matplotlib.patheffects as effects
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import is_color_like, to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import LogLocator

from labseg.arguments import car_set, filled_dict, image_size, number, whole_number
from labseg.errors import InvalidType, InvalidValue
from labseg.metrics import (
    border_distance,
    check_range,
    labels,
    mask_stack,
    number_array,
    number_row,
)

BLUE, ORANGE, GREEN, PINK, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#999999"
MISSED, EXTRA = BLUE, ORANGE  # car called background, background called car
COLOURS = (BLUE, ORANGE, GREEN, PINK, "#56B4E9", "#7A4419", "#000000", "#D55E00")
MARKERS = "os^vDPX*"
ON_OFF = (5, 2), (1, 1.5), (6, 2, 1, 2), (12, 3), (2, 4), (6, 2, 1, 2, 1, 2), (9, 2, 4, 2)
DASHES = ("-", *((0, lengths) for lengths in ON_OFF))
WIDTH = 7.5  # of a figure, in inches: wider ones are scaled down, and their labels with them


def show(alt):
    """Show the current figure, with `alt` as its text for readers who can't see it.

    In a notebook it is shown as HTML, because no page gets the text that goes with a PNG.
    """
    ipython = sys.modules.get("IPython")  # loaded wherever there is a notebook
    if ipython is None or ipython.get_ipython() is None:
        plt.show()
        return
    ipython.display.display({"text/plain": alt, "text/html": as_html(alt)}, raw=True)


def as_html(alt):
    """Close the current figure; it as HTML text, with `alt` for readers who can't see it."""
    figure, png = plt.gcf(), io.BytesIO()
    figure.savefig(png, format="png", dpi=110, bbox_inches="tight")
    plt.close(figure)
    source = f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode('ascii')}"
    return f'<img src="{source}" alt="{escape(alt)}" style="max-width: 100%">'


def grid(rows, columns, height=1.7, width=2.55):
    """An array of Axes (rows, columns) for pictures: no ticks, small gaps.

    height, width: of each, in inches; less where the figure would be too wide for a notebook.
    Raises ValueError unless there are 1 to 100 rows and columns, of 0.1 to 100 inches.
    """
    rows, columns = whole_number("rows", rows, 1), whole_number("columns", columns, 1)
    if max(rows, columns) > 100:
        raise InvalidValue(
            f"{rows} rows and {columns} columns: a figure holds 100 of each at most."
        )
    height = number("height", height, 0.1, 100, "inches")
    width = number("width", width, 0.1, 100, "inches")
    narrow = min(width, max(WIDTH / columns, 0.9))
    height = min(height, height * narrow / width + 0.1)  # titles don't shrink
    _, axes = plt.subplots(
        rows,
        columns,
        figsize=(columns * narrow, rows * height + 0.3),
        squeeze=False,
        layout="constrained",
    )
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
    return axes


def picture(ax, image, title=None):
    """One picture: RGB (h, w, 3), uint8 or in [0, 1], or (h, w) in [0, 1], black to white.

    Raises ValueError for other shapes or values, TypeError for what is no Axes.
    """
    if not isinstance(ax, Axes):
        raise InvalidType(
            f"ax is of type {type(ax).__name__}: give one of the Axes that labseg.plot.grid "
            "returns, such as axes[0, 0]."
        )
    image = _pixels(image)
    ax.imshow(image, cmap="gray", vmin=0, vmax=1)  # of which RGB takes no notice
    ax.set(xticks=[], yticks=[])
    if title:
        ax.set_title(title, fontsize=9)
    return ax


def pairs(cars, rows):
    """Photographs above their masks, a column for each of `rows` of a Cars.

    Raises ValueError for rows that `cars` does not have, or none.
    """
    rows = _rows(cars, rows)
    axes = grid(2, len(rows))
    for (above, below), row in zip(axes.T, rows, strict=True):
        picture(above, cars.images[row], cars.names[row])
        above.title.set_fontsize(min(9, 45 / len(rows)))  # a name is no wider than its column
        picture(below, cars.masks[row])
    axes[0, 0].set_ylabel("image")
    axes[1, 0].set_ylabel("mask")
    return axes


def overlay(ax, image, mask, title=None, colour=ORANGE, tint=0.35):
    """A picture with the mask's area tinted and its border drawn.

    mask: (h, w) or (h, w, 1), labels or scores in [0, 1], car at `>= 0.5`.
    tint: how much of the picture's own colour gives way, from 0 to 1.
    Raises ValueError for a mask of another size or with other values.
    """
    if not is_color_like(colour):
        raise InvalidValue(f"colour={reprlib.repr(colour)}: give a colour, such as 'red'.")
    area = _area(image, mask)
    picture(ax, image, title)
    layer = np.zeros((*area.shape, 4))
    layer[area] = (*to_rgb(colour), number("tint", tint, 0, 1))
    ax.imshow(layer)
    if area.any() and not area.all() and min(area.shape) > 1:
        ax.contour(area.astype(float), [0.5], colors=[colour], linewidths=1.5)
    return ax


def levels(image, mask):
    """The three levels of image analysis on one picture: its class, a box, a mask.

    All three come from the mask: is there a car, where does it begin and end, which pixels.
    Arguments and errors as in `overlay`.
    """
    area = _area(image, mask)
    axes = grid(1, 3, height=2.3, width=3.3)
    rows, columns = np.flatnonzero(area.any(axis=1)), np.flatnonzero(area.any(axis=0))
    picture(axes[0, 0], image, f"classification: “{'car' if area.any() else 'no car'}”")
    picture(axes[0, 1], image, f"detection: {'a' if area.any() else 'no'} box")
    if area.any():
        corner = columns[0] - 0.5, rows[0] - 0.5
        extent = np.ptp(columns) + 1, np.ptp(rows) + 1
        axes[0, 1].add_patch(
            Rectangle(corner, *extent, fill=False, edgecolor=ORANGE, linewidth=2.5)
        )
    overlay(axes[0, 2], image, area, "segmentation: every pixel")
    return axes


def history(history, names=("loss", "accuracy"), log_loss=False):
    """Training (solid) and validation (dashed) curves, one plot for each of `names`.

    history: what `fit` returns, or its `.history`; or {label: history} to compare several.
    log_loss: whether the loss is drawn on a logarithmic scale.
    Raises ValueError or TypeError for anything else, and for names that no run has.
    """
    runs = _runs(history)
    names = [names] if isinstance(names, str) else names
    keys = [str(key).removeprefix("val_") for run in runs.values() for key in run]
    known = list(dict.fromkeys(keys))
    if not isinstance(names, list | tuple) or not names or any(name not in known for name in names):
        raise InvalidValue(f"names={names!r}: this training has {known}, choose from these.")
    runs = {label: _curves(run, names) for label, run in runs.items()}
    size = min(4.6 * len(names), WIDTH), 3
    figure, axes = plt.subplots(1, len(names), figsize=size, squeeze=False, layout="constrained")
    sides = {"training": ("", "-"), "validation": ("val_", "--")}
    drawn = {}
    for ax, name in zip(axes[0], names, strict=True):
        for k, run in enumerate(runs.values()):
            for side, (prefix, dashes) in sides.items():
                if prefix + name in run:
                    y = run[prefix + name]
                    style = _line(k) | {"linestyle": dashes, "markevery": max(1, len(y) // 10)}
                    ax.plot(np.arange(1, len(y) + 1), y, label=side, **style)
                    drawn[side] = Line2D([], [], color=GREY, linestyle=dashes)
        ax.set(xlabel="epoch", ylabel=name, title=name)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(alpha=0.3)
        if log_loss and name == "loss":
            _log_scale(ax)
        if len(runs) == 1:
            ax.legend(fontsize=9)
    if len(runs) > 1:
        lines = [Line2D([], [], **_line(k)) for k in range(len(runs))]
        _legend_below(figure, [*lines, *drawn.values()], [*runs, *drawn])
    return axes[0]


def _curves(run, names):
    """The curves of a training that have one of these names, as arrays (epochs,)."""
    keys = [key for key in run if str(key).removeprefix("val_") in names]
    return {key: np.atleast_1d(number_array(run[key], str(key))) for key in keys}


def side_by_side(runs, reference):
    """Loss (logarithmic) and accuracy of several trainings, a column each, on common scales.

    Training is solid, validation dashed; the validation of a healthy training is dotted in every
    column. runs: {label: what `fit` returned, or its `.history`}; reference: the healthy one.
    Raises ValueError or TypeError for anything else.
    """
    runs, names = _runs(runs), ("loss", "accuracy")
    reference, *others = _runs(reference).values()
    if others:
        raise InvalidValue(f"reference is one training, not {1 + len(others)}.")
    for label, run in {**runs, "reference": reference}.items():
        if missing := {"loss", "val_loss", "accuracy", "val_accuracy"} - set(run):
            raise InvalidValue(
                f"{label!r} has no {min(missing)}: give validation data and metrics=['accuracy']."
            )
    runs = {label: _curves(run, names) for label, run in runs.items()}
    reference = _curves(reference, names)
    shape = {"nrows": 2, "ncols": len(runs), "figsize": (WIDTH, 4.2), "squeeze": False}
    figure, axes = plt.subplots(**shape, sharex=True, sharey="row", layout="constrained")
    styles = {
        "training": {"color": BLUE, "linewidth": 2},
        "validation": {"color": ORANGE, "linewidth": 2, "linestyle": (0, (4, 1.5))},
        "healthy (validation)": {"color": "black", "linewidth": 1.2, "linestyle": ":"},
    }
    for row, name in zip(axes, names, strict=True):
        row[0].set_ylabel(name)
        for ax, run in zip(row, runs.values(), strict=True):
            curves = run[name], run[f"val_{name}"], reference[f"val_{name}"]
            for y, style in zip(curves, styles.values(), strict=True):
                ax.plot(np.arange(1, len(y) + 1), y, **style)
            ax.grid(alpha=0.3)
    for (top, bottom), label in zip(axes.T, runs, strict=True):
        top.set_title(label)
        bottom.set_xlabel("epoch")
        bottom.xaxis.get_major_locator().set_params(integer=True)
    _log_scale(axes[0, 0])
    _legend_below(figure, [Line2D([], [], **style) for style in styles.values()], list(styles))
    return axes


def _log_scale(ax):
    """A logarithmic y-axis with plain numbers: 0.5, 1, 2, 5, …"""
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter("")


def curves(x, lines, xlabel, ylabel, title=None):
    """One curve for each of {name: values at x}.

    Raises ValueError unless there is one number for each x.
    """
    x = number_array(x, "x")
    filled_dict("lines", lines, "{name: values at x}")
    lines = {name: number_array(values, str(name)) for name, values in lines.items()}
    for name, y in lines.items():
        if y.ndim != 1 or y.shape != x.shape:
            raise InvalidValue(
                f"{name} has shape {y.shape} and x {x.shape}: give one y for each x."
            )
    figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
    for k, (name, y) in enumerate(lines.items()):
        ax.plot(x, y, label=name, **_line(k))
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.grid(alpha=0.3)
    _legend_below(figure, ax.lines, list(lines))
    return ax


def errors(ax, image, truth, scores, threshold=0.5, title=None):
    """Where a prediction is wrong, on the picture in grey: missed car and false car.

    image: as in `picture`. truth, scores: (h, w) or (h, w, 1), values as in `labseg.metrics`.
    Raises ValueError for other values, or sizes that differ.
    """
    grey = _pixels(image)
    if grey.ndim == 3:
        grey = grey[..., :3].mean(axis=-1) / (255 if grey.dtype == np.uint8 else 1)
    truth, scores = _mask(truth, "The truth", grey), _mask(scores, "The prediction", grey)
    (truth,), (found,) = labels(truth[None], scores[None], threshold)
    shown = np.stack([0.4 + 0.6 * grey] * 3, axis=-1)
    shown[truth & ~found] = to_rgb(MISSED)
    shown[~truth & found] = to_rgb(EXTRA)
    return picture(ax, shown, title)


def predictions(cars, answers, rows, titles=None):
    """One line for each of `rows`: the picture, its mask, then scores and errors of each answer.

    answers: {name: scores (n, h, w) or (n, h, w, 1)} for the images of `cars`.
    titles: {name: the IoU of each image}, written above the errors.
    Raises ValueError for rows that `cars` does not have, and answers or titles that do not fit.
    """
    rows = _rows(cars, rows)
    answers = _answers(cars, answers, rows)
    if titles is not None:
        filled_dict("titles", titles, "{name: one number an image}")
        titles = {name: _title_numbers(titles, name, len(cars.names)) for name in answers}
    axes = grid(len(rows), 2 + 2 * len(answers), height=1.5, width=2.1)
    letters = max(10, 105 // axes.shape[1])  # of a title, above one picture
    for line, row in zip(axes, rows, strict=True):
        picture(line[0], cars.images[row], textwrap.fill(cars.names[row], letters))
        picture(line[1], cars.masks[row], "true mask")
        for place, (name, scores) in enumerate(answers.items()):
            above = textwrap.fill(f"{name}: scores", letters, break_on_hyphens=False)
            picture(line[2 + 2 * place], scores[row], above)
            title = f"IoU {titles[name][row]:.2f}" if titles else "errors"
            errors(line[3 + 2 * place], cars.images[row], cars.masks[row], scores[row], title=title)
    figure = axes[0, 0].figure
    wrapped = max(ax.get_title().count("\n") for ax in axes.flat)
    figure.set_figheight(figure.get_figheight() + 0.15 * wrapped * len(rows))
    kinds = [Patch(color=MISSED), Patch(color=EXTRA)]
    _legend_below(figure, kinds, ["missed car", "false car"])
    return axes


def scores(answers, name="IoU"):
    """One dot an image and a bar at the mean, a line for each of {name: float (n,)}.

    Raises ValueError for anything but numbers from 0 to 1, one an image.
    """
    filled_dict("answers", answers, "{name: one score an image}")
    answers = {label: number_row(values, str(label)) for label, values in answers.items()}
    for label, values in answers.items():
        check_range(values, str(label), "scores", "as labseg.metrics.iou returns them")
    _, ax = plt.subplots(figsize=(WIDTH, 0.45 * len(answers) + 1), layout="constrained")
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


def anatomy(y_true, answers, threshold=0.5):
    """Missed and invented pixels by their distance from the true border, a plot for each answer.

    answers: {name: scores (n, h, w)}, drawn on common scales; arguments and errors as in
    `labseg.metrics.iou`, distances as in `labseg.metrics.border_distance`, rounded up. What is
    wrong in a picture whose mask has no border counts in the title alone.
    """
    filled_dict("answers", answers, "{name: scores of every image}")
    both = {name: labels(y_true, scores, threshold) for name, scores in answers.items()}
    truth, _ = next(iter(both.values()))
    distances = np.ceil(border_distance(truth))
    shape = {"figsize": (WIDTH, 2.8), "sharex": True, "sharey": True, "squeeze": False}
    figure, axes = plt.subplots(1, len(both), **shape, layout="constrained")
    for ax, (name, (truth, found)) in zip(axes[0], both.items(), strict=True):
        below = np.zeros(1)
        for wrong, colour in (truth & ~found, MISSED), (~truth & found, EXTRA):
            far = distances[wrong & np.isfinite(distances)].astype(int)
            counts = np.bincount(far, minlength=len(below))
            below = np.pad(below, (0, len(counts) - len(below)))
            ax.bar(np.arange(len(counts)), counts, 0.85, bottom=below, color=colour)
            below = below + counts
        ax.set(title=f"{name}: {(truth != found).sum():,} wrong pixels")
        ax.set_xlabel("distance from the true border (pixels)")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.yaxis.set_major_formatter("{x:,.0f}")
        ax.grid(axis="y", alpha=0.3)
        ax.set_axisbelow(True)
    axes[0, 0].set(ylabel="wrong pixels", xlim=(0, None))
    kinds = [Patch(color=MISSED), Patch(color=EXTRA)]
    _legend_below(figure, kinds, ["missed car", "invented car"])
    return axes[0]


def reliability(answers):
    """The share of car among pixels of about the same score, above how many such pixels there are.

    answers: {name: (pixels, car)}, two rows of numbers: how many pixels have a score in each of
    some bins of equal width from 0 to 1, and how many of these are car.
    Raises ValueError for rows of different lengths, and for more car than pixels.
    """
    filled_dict("answers", answers, "{name: (pixels, car)}")
    answers = {name: _bins(name, rows) for name, rows in answers.items()}
    shape = {"figsize": (6, 4.6), "sharex": True, "height_ratios": (2, 1), "layout": "constrained"}
    figure, (above, below) = plt.subplots(2, 1, **shape)
    above.plot([0, 1], [0, 1], color=GREY, linestyle=":")
    for k, (name, (pixels, car)) in enumerate(answers.items()):
        middles = (np.arange(len(pixels)) + 0.5) / len(pixels)
        filled = pixels > 0
        share = car[filled] / pixels[filled]
        above.plot(middles[filled], share, label=name, **_line(k))
        below.plot(middles[filled], pixels[filled], **_line(k))
    above.set(ylabel="share of car", title="reliability (dotted: share = score)")
    below.set(ylabel="pixels", xlabel="score", xlim=(0, 1), yscale="log")
    for ax in (above, below):
        ax.grid(alpha=0.3)
    figure.align_ylabels()
    _legend_below(figure, *above.get_legend_handles_labels())
    return above, below


def _bins(name, rows):
    """(pixels, car) of `reliability`, checked."""
    try:
        pixels, car = rows
    except (TypeError, ValueError):
        raise InvalidValue(f"{name}: give (pixels, car), two rows of numbers.") from None
    pixels, car = number_row(pixels, f"{name}: pixels"), number_row(car, f"{name}: car")
    if pixels.shape != car.shape or (car > pixels).any() or (car < 0).any():
        raise InvalidValue(f"{name}: give (pixels, car), and no more car than pixels in a bin.")
    return pixels, car


def receptive_fields(image, sizes, at):
    """Squares on one picture: what an output pixel at (row, column) sees; sizes {name: pixels}.

    Raises ValueError for sizes below 1 and places outside the picture.
    """
    image = _pixels(image)
    filled_dict("sizes", sizes, "{name: side length in pixels}")
    side = (1, 1e5, "a number of pixels")
    sizes = {name: number(f"sizes[{name!r}]", size, *side) for name, size in sizes.items()}
    row, column = _place(at, image)
    figure, ax = plt.subplots(figsize=(6, 4.1), layout="constrained")
    picture(ax, image, "what one output pixel can see")
    outline = [effects.withStroke(linewidth=4, foreground="white", alpha=0.7)]
    lines, names = [], []
    for k, (name, size) in enumerate(sizes.items()):
        corner = column - size / 2, row - size / 2
        colour, _, dashes = _style(k)
        style = {"color": colour, "linestyle": dashes, "linewidth": 2}
        ax.add_patch(Rectangle(corner, size, size, fill=False, path_effects=outline, **style))
        lines.append(Line2D([], [], **style))
        sides = zip(corner, image.shape[1::-1], strict=True)
        hidden = all(start < -0.5 and start + size > n - 0.5 for start, n in sides)
        names.append(f"{name}: {size:g} px" + ", larger than the picture" * hidden)
    _legend_below(figure, lines, names)
    ax.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    return ax


def patches(images, at, sides, titles=None):
    """Square cutouts around one pixel of each picture: a line a side length, a column a picture.

    at: (row, column) of each picture's pixel, which is framed. titles: one for each picture.
    What lies outside a picture is hatched. Raises ValueError for lists of different lengths and
    places outside the pictures.
    """
    images = [_pixels(image) for image in images]
    titles = [None] * len(images) if titles is None else list(titles)
    if not len(images) == len(at) == len(titles):
        raise InvalidValue(
            f"{len(images)} pictures, {len(at)} places and {len(titles)} titles: give one place "
            "(and one title) for each picture."
        )
    sides = [whole_number("a side", side, 1) for side in sides]
    places = [_place(place, image) for place, image in zip(at, images, strict=True)]
    axes = grid(len(sides), len(images), height=1.3, width=1.3)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title, fontsize=9)
    for line, side in zip(axes, sides, strict=True):
        line[0].set_ylabel(f"{side}×{side}", fontsize=9)
        for ax, image, (row, column) in zip(line, images, places, strict=True):
            picture(ax, image)
            top, left = row - side // 2 - 0.5, column - side // 2 - 0.5
            box = {"fill": False, "edgecolor": GREY, "linewidth": 0}
            ax.add_patch(Rectangle((left, top), side, side, hatch="///", zorder=-1, **box))
            frame = {"fill": False, "edgecolor": PINK, "linewidth": 1.5}
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **frame))
            ax.set(xlim=(left, left + side), ylim=(top + side, top))
    return axes


def iou_by_field(runs):
    """IoU against the receptive field: on the left the theoretical one, on the right the measured.

    runs: those of peephole.json, [{"network", "depth", "sees", "half", "iou"}, …]. Each network
    has a line, each of its depths a dot at the mean of its runs and a bar from lowest to highest.
    """
    networks = {}
    for run in runs:
        networks.setdefault(run["network"], {}).setdefault(run["depth"], []).append(run)
    size = {"figsize": (WIDTH, 3.3), "sharey": True, "layout": "constrained"}
    figure, axes = plt.subplots(1, 2, **size)
    for k, (name, depths) in enumerate(networks.items()):
        ious = [[run["iou"] for run in same] for _, same in sorted(depths.items())]
        mean = np.array([np.mean(values) for values in ious])
        spread = mean - [min(values) for values in ious], [max(v) for v in ious] - mean
        colour, marker, dashes = _style(k)
        style = {"color": colour, "marker": marker, "linestyle": dashes, "markersize": 5}
        for ax, key in zip(axes, ("sees", "half"), strict=True):
            at = [np.mean([run[key] for run in same]) for _, same in sorted(depths.items())]
            ax.errorbar(at, mean, spread, label=name, capsize=2, elinewidth=1, **style)
    axes[0].set(title="what it could see", xlabel="receptive field (pixels)")
    axes[0].set_ylabel("mean IoU on test cars")
    axes[1].set(title="what it looks at", xlabel="side that holds half of the gradient (pixels)")
    for ax in axes:
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_formatter("{x:g}")
        ax.grid(alpha=0.3)
    _legend_below(figure, *axes[0].get_legend_handles_labels())
    return axes


def ladder(steps, quoted=()):
    """One bar for each of {answer: score from 0 to 1}, the best on top.

    quoted: the answers whose scores were not computed here; their bars are hatched.
    Raises ValueError for other scores, and for quoted answers that are no step.
    """
    filled_dict("steps", steps, "{answer: score}")
    steps = {name: number(f"steps[{name!r}]", score, 0, 1) for name, score in steps.items()}
    if unknown := set(quoted) - set(steps):
        raise InvalidValue(f"quoted: {min(unknown)!r} is none of the steps.")
    size = WIDTH, 0.3 * len(steps) + 0.9
    figure, ax = plt.subplots(figsize=size, layout="constrained")
    for k, (name, score) in enumerate(sorted(steps.items(), key=lambda step: step[1])):
        style = {"facecolor": "white", "hatch": "///"} if name in quoted else {"facecolor": BLUE}
        ax.barh(k, score, height=0.7, edgecolor=BLUE, **style)
        beside = {"textcoords": "offset points", "va": "center", "fontsize": 9}
        ax.annotate(f"{score:.3f}", (score, k), (4, 0), **beside)
    names = sorted(steps, key=steps.get)
    ax.set(yticks=range(len(names)), yticklabels=names, xlim=(0, 1.08))
    ax.set(xlabel="mean IoU on test cars", title="what each answer reaches")
    if quoted:
        bars = [Patch(color=BLUE), Patch(facecolor="white", edgecolor=BLUE, hatch="///")]
        _legend_below(figure, bars, ["computed here", "quoted"])
    return ax


def walk_back(stacks):
    """Stacks of layers seen from the side: the pixels that one output pixel is computed from.

    stacks: {title: [(kernel size, stride), …]} from the picture to the output. The output pixel
    stands on top, the picture at the bottom; each pixel is joined to those that it is computed
    from. Raises ValueError for other stacks, and where the picture would have over 50 pixels.
    """
    filled_dict("stacks", stacks, "{title: [(kernel size, stride), …]}")
    stacks = {title: _stack(title, stack) for title, stack in stacks.items()}
    rows = max(len(stack) for stack in stacks.values())
    size = WIDTH, 0.75 * rows + 0.9
    _, axes = plt.subplots(1, len(stacks), figsize=size, squeeze=False, layout="constrained")
    for ax, (title, stack) in zip(axes[0], stacks.items(), strict=True):
        above, y = np.zeros(1), 0  # where the pixels of a row stand, and its height
        for kernel, stride in reversed(stack):
            wide = stride * (len(above) - 1) + kernel
            below = np.arange(wide) - (wide - 1) / 2
            for j, x in enumerate(above):
                for start in below[j * stride : j * stride + kernel]:
                    ax.plot([start, x], [y - 1, y], color=GREY, linewidth=1, zorder=0)
            _row_of_pixels(ax, above, y, BLUE if y else ORANGE)
            ax.annotate(
                f"kernel {kernel}, stride {stride}",
                (1, y - 0.5),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="center",
                fontsize=9,
            )
            above, y = below, y - 1
        _row_of_pixels(ax, above, y, GREEN)
        ax.set(title=title, xlim=(above[0] - 1, above[-1] + 4), ylim=(y - 0.4, 0.4))
        ax.set(xticks=[], yticks=[0, y], yticklabels=["output", "picture"])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    return axes[0]


def _place(at, image):
    """(row, column) within a picture, checked."""
    try:
        row, column = at
    except (TypeError, ValueError):
        raise InvalidValue(f"at={at!r}: give (row, column) in pixels.") from None
    row = number("row", row, 0, len(image) - 1)
    return row, number("column", column, 0, image.shape[1] - 1)


def _stack(title, stack):
    """The layers of a stack for `walk_back`, checked."""
    try:
        layers = [(whole_number("", size, 1), whole_number("", step, 1)) for size, step in stack]
    except (TypeError, ValueError):
        raise InvalidValue(
            f"stacks[{title!r}]={reprlib.repr(stack)}: give [(kernel size, stride), …] in "
            "whole numbers, at least 1."
        ) from None
    pixels = 1
    for size, step in reversed(layers):
        pixels = step * (pixels - 1) + size
    if pixels > 50:
        raise InvalidValue(f"{title}: one output is computed from over 50 pixels.")
    return layers


def _row_of_pixels(ax, x, y, colour):
    ax.plot(x, np.full(len(x), y), "s", color=colour, markersize=11, markeredgecolor="white")


def unet(size, n_ch, floors, convs=2):
    """Our drawing of a U-Net: a box a floor and side, with its pixels and channels.

    size: (height, width) of the input; n_ch, floors, convs as in `build_unet`.
    Raises ValueError for what `build_unet` could not build.
    """
    size, floors = image_size(size), whole_number("floors", floors, 0)
    n_ch, convs = whole_number("n_ch", n_ch, 1), whole_number("convs", convs, 1)
    if any(side % 2 ** min(floors, 64) for side in size):
        raise InvalidValue(
            f"A size of {size[0]}×{size[1]} cannot be halved {floors} times: "
            f"height and width must be multiples of 2**{floors}."
        )
    last = 2 * floors  # the boxes stand at x = 0 … last, the bottom one in the middle
    span = max(last, 4) + 1.2
    size_in = max(WIDTH, 0.62 * span), 0.95 * floors + 1.4
    figure, ax = plt.subplots(figsize=size_in, layout="constrained")
    for x in range(last + 1):
        floor = min(x, last - x)
        text = f"{size[0] // 2**floor}×{size[1] // 2**floor}\n{n_ch * 2**floor} channels"
        colour = "#f3dbe8" if floor == floors else "#cfe3f1"
        box = {"boxstyle": "round", "edgecolor": "none", "facecolor": colour}
        ax.annotate(text, (x, -floor), ha="center", va="center", fontsize=9, bbox=box)
    beside = 2.6 * len(f"{n_ch * 2**floors} channels") + 6  # half of the widest box, in points
    for floor in range(floors):
        left, right = (floor, -floor), (last - floor, -floor)
        below = (floor + 1, -floor - 1), (last - floor - 1, -floor - 1)
        _arrow(ax, left, below[0], GREY, beside, "angle,angleA=-90,angleB=180")
        _arrow(ax, below[1], right, GREEN, 18, "angle,angleA=0,angleB=-90")
        _arrow(ax, left, right, ORANGE, beside)
    ax.annotate("↓ image, scaled", (0, 0.35), fontsize=9)
    ax.annotate("1×1 convolution, sigmoid ↑", (last, 0.35), ha="right", fontsize=9)
    names = {GREY: "max pooling", GREEN: "transposed convolution", ORANGE: "skip: concatenate"}
    lines = [Line2D([], [], color=colour, linewidth=2) for colour in names]
    _legend_below(figure, lines, list(names.values()))
    ax.set(xlim=((last - span) / 2, (last + span) / 2), ylim=(-floors - 0.4, 0.6))
    every = f"{convs} convolution{'s' * (convs > 1)} 3×3 in every box"
    ax.set_title(f"build_unet(n_ch={n_ch}, floors={floors}): {every}", fontsize=11)
    ax.axis("off")
    return ax


def _arrow(ax, start, end, colour, gap, path="arc3"):
    """From box to box, behind them; its head stops `gap` points before the end's middle."""
    style = {"arrowstyle": "->", "color": colour, "linewidth": 1.8, "connectionstyle": path}
    ax.annotate("", end, start, arrowprops=style | {"shrinkA": 0, "shrinkB": gap}, zorder=0)


def _style(k):
    """Colour, marker and dashes of the k-th of several lines: the first eight differ in each."""
    other = (k + k // 8) % 8  # the next eight pair the same colours with other markers and dashes
    return COLOURS[k % 8], MARKERS[other], DASHES[other]


def _line(k):
    colour, marker, _ = _style(k)
    return {"color": colour, "marker": marker, "markersize": 5}


def _legend_below(figure, lines, names):
    """A legend under the plots, in as many columns as fit, and the height that it needs."""
    widest = max(len(str(name)) for name in names) * 0.075 + 0.75  # inches, at this font size
    width, height = figure.get_size_inches()
    columns = max(1, min(len(names), int(width / widest)))
    figure.set_size_inches(width, height + 0.2 * math.ceil(len(names) / columns))
    place = {"loc": "outside lower center", "ncols": columns}
    figure.legend(lines, names, fontsize=9, handlelength=4, **place)


def _pixels(image):
    """`image` as `picture` takes it, checked: uint8 RGB, or floats from 0 to 1, RGB or grey."""
    image = number_array(image, "The picture")
    if image.ndim == 4 or (image.ndim == 3 and image.shape[-1] not in (3, 4)):
        image = image[0] if len(image) == 1 else image
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    colour = image.ndim == 3 and image.shape[-1] in (3, 4)
    if not (colour or image.ndim == 2) or not image.size:
        raise InvalidValue(
            f"The picture has shape {image.shape}; expected (h, w, 3), (h, w) or (h, w, 1)."
        )
    if colour and image.dtype.kind in "iu" and image.min() >= 0 and image.max() <= 255:
        return image.astype(np.uint8)
    check_range(
        image,
        "The picture",
        "values",
        "divide by 255; only RGB may also have whole numbers up to 255",
    )
    return np.clip(image.astype(float), 0, 1)


def _mask(mask, what, image):
    """A mask (h, w), from that or (h, w, 1), of the picture's size."""
    mask = number_array(mask, what)
    if mask.ndim > 2:
        mask = np.squeeze(mask)
    if mask.shape != image.shape[:2] or not mask.size:
        raise InvalidValue(f"{what} has shape {mask.shape} but the picture {image.shape[:2]}.")
    return mask


def _area(image, mask):
    """Where the mask of a picture says car, bool (h, w)."""
    mask = _mask(mask, "The mask", _pixels(image))
    check_range(mask, "The mask", "labels or scores", "if it is 0 and 255, use mask > 0")
    return mask >= 0.5


def _runs(history):
    """{label: {metric: values}}, from any history that `history` takes."""
    history = getattr(history, "history", history)
    if isinstance(history, dict) and not history:
        raise InvalidValue("history is empty: train for at least one epoch.")
    if isinstance(history, dict):
        runs = {label: getattr(run, "history", run) for label, run in history.items()}
        several = [isinstance(run, dict) for run in runs.values()]
        if not any(several):
            return {"": history}
        if all(several):
            return runs
    raise InvalidType("history is not what fit returns: give that, or {label: what fit returned}.")


def _rows(cars, rows):
    """`rows` of a Cars as an array of ints; a slice and one truth value an image will do too."""
    n = len(car_set("cars", cars).names)
    try:
        found = np.arange(n)[rows if isinstance(rows, slice) else np.asarray(rows)]
    except (IndexError, ValueError):
        found = np.empty(0)
    if found.ndim != 1 or not found.size:
        raise InvalidValue(
            f"rows={reprlib.repr(rows)}: give the rows of some of the {n} images, such as [0, 1]."
        )
    return found


def _answers(cars, answers, rows):
    """{name: scores (n, h, w)} for the images of a Cars, checked in `rows`."""
    stacks = {}
    for name, scores in filled_dict("answers", answers, "{name: scores of every image}").items():
        what = f"The answer of {name}"
        stack = mask_stack(scores, what)
        if stack.shape != cars.masks.shape:
            raise InvalidValue(
                f"{what} has shape {stack.shape}; expected {cars.masks.shape}, as the masks of "
                "these cars."
            )
        check_range(stack[rows], what)
        stacks[name] = stack
    return stacks


def _title_numbers(titles, name, n):
    """The n numbers under one name of `titles`."""
    if name not in titles:
        raise InvalidValue(f"titles has no {name!r}: give numbers for each of the answers.")
    what = f"titles[{name!r}]"
    numbers = number_row(titles[name], what)
    if len(numbers) != n:
        raise InvalidValue(f"{what} has {len(numbers)} numbers for {n} images: give one for each.")
    return numbers
