"""The figures on the page about the class, as (PNG in base64, a text that says the same)."""

import base64
import io
from itertools import pairwise

import numpy as np

from labseg.plot import BLUE, GREY

WORST = 15  # parts that are shown


def totals(grades):
    """How many students have how many points; None if nobody has any."""
    points = [s["total"] for s in grades["students"] if s["total"] is not None]
    if not points:
        return None
    most = max(grades["max"], 1)
    counts, edges = np.histogram(points, bins=10, range=(0, most))
    figure, ax = _axes(height=2.8)
    ax.bar(edges[:-1], counts, width=most / 10, align="edge", color=BLUE, edgecolor="white")
    ax.set(
        xlabel=f"points, of {grades['max']}",
        ylabel="students",
        title="Points of those who have any",
        xlim=(0, most),
    )
    ax.yaxis.get_major_locator().set_params(integer=True)
    ranges = [
        f"{n} from {low:g} to {high:g}"
        for n, (low, high) in zip(counts, pairwise(edges), strict=True)
        if n
    ]
    return _png(figure), "A histogram of the students' points: " + ", ".join(ranges) + "."


def parts(grades):
    """The parts of the exercises that fewest got right; None if nothing was graded."""
    tried, right = {}, {}
    for student in grades["students"]:
        for name, result in student["exercises"].items():
            for part in result["parts"] if result["state"] == "graded" else ():
                key = f"{name}: {part['name']}"
                tried[key] = tried.get(key, 0) + 1
                right[key] = right.get(key, 0) + (part["points"] == part["max"])
    shares = sorted((right[key] / n, key) for key, n in tried.items())[:WORST]
    if not shares:
        return None
    figure, ax = _axes(height=0.28 * len(shares) + 1)
    places = range(len(shares))
    ax.barh(places, [1] * len(shares), color="#eeeeee")
    ax.barh(places, [share for share, _ in shares], color=BLUE)
    for place, (share, key) in enumerate(shares):
        ax.annotate(f"{right[key]} of {tried[key]}", (1.02, place), va="center", fontsize=9)
        ax.plot([share] * 2, [place - 0.4, place + 0.4], color=GREY, linewidth=1)
    ax.set(
        yticks=places,
        yticklabels=[key for _, key in shares],
        xlim=(0, 1.15),
        xlabel="share of those who tried",
        title="Who got which part right: the hardest first",
    )
    ax.set_xticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    ax.invert_yaxis()
    told = ", ".join(f"{key} {right[key]} of {tried[key]}" for _, key in shares)
    return _png(figure), f"A bar for each part, how many got it right: {told}."


def _axes(height):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, height), layout="constrained")  # without pyplot, without a window
    ax = figure.subplots()
    ax.spines[["top", "right"]].set_visible(False)
    return figure, ax


def _png(figure):
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110)
    return base64.b64encode(stream.getvalue()).decode("ascii")
