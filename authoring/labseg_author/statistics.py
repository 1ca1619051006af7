"""A folder of cars in numbers, beside Carvana's: room, letters, place and brightness of the cars.

All is measured at 192×128 pixels; luminance is Rec. 601's, 0 to 255; places are shares of the
height or width from the top left. The empty room of a car is the pixel-wise median of its views,
in which only the car and the turntable turn.
"""

from typing import NamedTuple

import numpy as np

from labseg.data.carvana import load_carvana
from labseg.errors import InvalidValue

SIZE = 128, 192
SIDES = 0.1  # of the width: the floor left and right of the car
EDGES = 0.03  # of the width: so far out there are no letters
DARKER = 50  # levels by which a letter is darker than the wall
NEAR = 0.5  # standard deviations between the means at most
SPREADS = 0.7, 1.5  # least and greatest ratio of the spreads

# Carvana's mean and, where it is known, standard deviation over cars. Measured on photographs of
# 99 unlabelled and 2 labelled cars of the Carvana Image Masking Challenge, and on 500 masks; the
# percentiles and the shadow on the 2 labelled cars. A share's deviation is that over pictures.
CARVANA = {
    "wall's luminance": (241, 9),
    "floor's luminance beside the car": (192, 16),
    "wall minus floor": (49, 11),
    "floor beside the car, R−B": (2.5, 9),
    "floor in front, luminance": (190, None),
    "floor in front, R−B": (9, 8),
    "edge between wall and floor": (0.385, 0.055),
    "letters' left end": (0.055, 0.03),
    "letters' right end": (0.93, 0.03),
    "letters' top": (0.21, 0.05),
    "letters' luminance": (105, 15),
    "letters' share of the upper .36": (0.14, None),
    "view 05, car's top": (0.264, 0.069),
    "view 05, car's bottom": (0.703, 0.047),
    "view 01, car's bottom": (0.770, 0.056),
    "view 03, left end": (0.11, None),
    "view 03, right end": (0.76, None),
    "view 07, left end": (0.21, None),
    "view 07, right end": (0.87, None),
    "view 11, left end": (0.12, None),
    "view 11, right end": (0.75, None),
    "view 15, left end": (0.22, None),
    "view 15, right end": (0.88, None),
    "car's luminance, percentile 1": (12, None),
    "car's luminance, percentile 10": (36, None),
    "car's luminance, percentile 25": (74, None),
    "car's luminance, percentile 50": (139, None),
    "car's luminance, percentile 75": (184, None),
    "car's luminance, percentile 90": (211, None),
    "car's luminance, percentile 99": (228, None),
    "luminance 1 pixel below the car": (55, None),
    "luminance 2 pixels below the car": (62, None),
    "luminance 5 pixels below the car": (85, None),
    "background: horizontal neighbours' difference": (3.4, None),
    "share of car pixels": (0.212, 0.050),
}
SHARES = [0.167, 0.191, 0.224, 0.238, 0.240, 0.235, 0.223, 0.193]  # of car pixels, views 01 to 16
SHARES += [0.154, 0.186, 0.218, 0.232, 0.238, 0.237, 0.224, 0.198]
CARVANA |= {f"share of car pixels, view {v:02d}": (s, None) for v, s in enumerate(SHARES, 1)}


class Row(NamedTuple):
    """One number of a folder beside Carvana's; a deviation that is unknown is None."""

    name: str
    carvana: tuple[float, float | None]
    folder: tuple[float, float]
    met: bool | None  # None where no deviation says what is near enough


def compare(folder) -> list[Row]:
    """Measure a folder in Carvana's layout, all 16 views of each car, beside Carvana's numbers.

    A row is met when the means are within half of Carvana's standard deviation and the folder's
    is .7 to 1.5 times Carvana's. Raises as labseg.load_carvana does, and ValueError for a folder
    in which no car has all 16 views.
    """
    rows = []
    for name, values in measure(load_carvana(folder, SIZE, cache=False)).items():
        mean, deviation = CARVANA[name]
        ours = float(np.mean(values)), float(np.std(values))
        met = None
        if deviation is not None:
            ratio = ours[1] / deviation
            near = abs(ours[0] - mean) <= NEAR * deviation
            met = bool(near and SPREADS[0] <= ratio <= SPREADS[1])
        rows.append(Row(name, (mean, deviation), ours, met))
    return rows


def measure(cars) -> dict[str, np.ndarray]:
    """The values of each of CARVANA's rows: one a car, for shares one a picture."""
    each, shares = [], []
    for rows in _whole_cars(cars):
        images, masks = cars.images[rows], cars.masks[rows] > 0
        each.append({**room(np.median(images, axis=0)), **subject(images, masks)})
        shares.append(masks.mean(axis=(1, 2)))
    values = {name: np.array([of[name] for of in each]) for name in each[0]}
    values["share of car pixels"] = np.ravel(shares)
    for view, of in enumerate(np.transpose(shares), 1):
        values[f"share of car pixels, view {view:02d}"] = of
    return {name: values[name] for name in CARVANA}


def _whole_cars(cars):
    """Of each car that has all 16 views, their rows in the views' order."""
    rows = {}
    for row, (car, view) in enumerate(zip(cars.cars, cars.views, strict=True)):
        rows.setdefault(car, {})[view] = row
    whole = [[of[view] for view in sorted(of)] for of in rows.values() if len(of) == 16]
    if not whole:
        raise InvalidValue("No car has all 16 views; render or download them first.")
    return whole


def luminance(rgb: np.ndarray) -> np.ndarray:
    """Grey of (…, 3) RGB, as the eye weighs it."""
    return rgb @ np.array([0.299, 0.587, 0.114])


def room(empty: np.ndarray) -> dict[str, float]:
    """An empty room (h, w, 3).

    Wall: rows .02 to .12, all columns. Floor beside the car: rows .5 to .6, the outer tenth of
    the columns on either side. Floor in front: rows .88 to .94, all columns. R−B is the
    difference of the means.

    Edge: in the outermost .03 of the columns on either side, averaged to one column each, the
    row at which brightness falls most within two rows, between rows .15 and .6; the mean of both
    sides.

    Letters: above the edge, the pixels at least 50 levels darker than the wall. Their ends are
    the first and last column, their top the first row, with at least two such pixels; luminance
    is the median of those whose neighbours left and right are letters too; the share is of all
    pixels in rows 0 to .36. What all views hide of a wall is the car's: dark, it counts as well.
    """
    grey = luminance(empty)
    wall = grey[_rows(0.02, 0.12)].mean()
    sides = np.concatenate(_both(empty[_rows(0.5, 0.6)], SIDES), axis=1).mean(axis=(0, 1))
    front = empty[_rows(0.88, 0.94)].mean(axis=(0, 1))
    edge = np.mean([_edge(side.mean(axis=1)) for side in _both(grey, EDGES)])
    letters = np.zeros(grey.shape, bool)
    above = int(edge * len(grey))
    letters[:above] = grey[:above] < wall - DARKER
    columns, rows = (np.nonzero(letters.sum(axis=k) > 1)[0] for k in (0, 1))
    inner = letters & np.roll(letters, 1, axis=1) & np.roll(letters, -1, axis=1)
    found = len(columns) and len(rows)
    return {
        "wall's luminance": wall,
        "floor's luminance beside the car": luminance(sides),
        "wall minus floor": wall - luminance(sides),
        "floor beside the car, R−B": sides[0] - sides[2],
        "floor in front, luminance": luminance(front),
        "floor in front, R−B": front[0] - front[2],
        "edge between wall and floor": edge,
        "letters' left end": columns[0] / SIZE[1] if found else np.nan,
        "letters' right end": (columns[-1] + 1) / SIZE[1] if found else np.nan,
        "letters' top": rows[0] / SIZE[0] if found else np.nan,
        "letters' luminance": np.median(grey[inner]) if inner.any() else np.nan,
        "letters' share of the upper .36": letters[_rows(0, 0.36)].mean(),
    }


def subject(images: np.ndarray, masks: np.ndarray) -> dict[str, float]:
    """One car in its 16 views: images (16, h, w, 3) and masks (16, h, w), bool.

    Top, bottom and ends are those of the mask. The luminance below the car is that of the pixels
    1, 2 and 5 rows below the lowest car pixel of each column, all views together. The horizontal
    step is the mean difference in grey between neighbours in a row, neither of which is car.
    """
    grey = luminance(images)
    out = {}
    for view in (5, 1):
        rows = np.nonzero(masks[view - 1].any(axis=1))[0]
        out[f"view {view:02d}, car's top"] = rows[0] / SIZE[0]
        out[f"view {view:02d}, car's bottom"] = (rows[-1] + 1) / SIZE[0]
    for view in (3, 7, 11, 15):
        columns = np.nonzero(masks[view - 1].any(axis=0))[0]
        out[f"view {view:02d}, left end"] = columns[0] / SIZE[1]
        out[f"view {view:02d}, right end"] = (columns[-1] + 1) / SIZE[1]
    ranks = (1, 10, 25, 50, 75, 90, 99)
    for rank, value in zip(ranks, np.percentile(grey[masks], ranks), strict=True):
        out[f"car's luminance, percentile {rank}"] = value
    view, column = np.nonzero(masks.any(axis=1))
    lowest = SIZE[0] - 1 - masks[:, ::-1].argmax(axis=1)[view, column]
    for down in (1, 2, 5):
        inside = lowest + down < SIZE[0]
        below = grey[view[inside], lowest[inside] + down, column[inside]]
        out[f"luminance {down} pixel{'s' * (down > 1)} below the car"] = below.mean()
    room_only = ~masks[..., 1:] & ~masks[..., :-1]
    steps = np.abs(np.diff(grey, axis=-1))
    out["background: horizontal neighbours' difference"] = steps[room_only].mean()
    return out


def _rows(first, last):
    return slice(round(first * SIZE[0]), round(last * SIZE[0]))


def _both(picture, share):
    """The outer columns, left and right."""
    wide = max(1, round(share * SIZE[1]))
    return picture[:, :wide], picture[:, -wide:]


def _edge(column):
    """Where a column of grey falls most, as a share of its height."""
    first = round(0.15 * len(column))
    fall = column[:-2] - column[2:]
    return (first + np.argmax(fall[first : round(0.6 * len(column))]) + 1.5) / len(column)


def table(rows: list[Row]):
    """The rows as a table for rich to print."""
    from rich.table import Table

    out = Table(
        "", "Carvana: mean (sd)", "this folder: mean (sd)", "off, in sd", "spread's ratio", "met"
    )
    for name, (mean, deviation), (ours, spread), met in rows:
        digits = 3 if mean < 1 else 1
        beside = ["", ""]
        if deviation is not None:
            beside = [f"{(ours - mean) / deviation:+.2f}", f"{spread / deviation:.2f}"]
        known = "" if deviation is None else f" ({deviation:g})"
        mark = {True: "yes", False: "NO", None: ""}[met]
        out.add_row(
            name, f"{mean:g}{known}", f"{ours:.{digits}f} ({spread:.{digits}f})", *beside, mark
        )
    return out
