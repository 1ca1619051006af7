"""What no photographer can give: one cause changed at a time. And pictures for looking at."""

import json
from dataclasses import replace
from math import dist
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from labseg.errors import InvalidValue

from . import engine
from .car import PAINTS
from .shoot import CARD, Sitting, check, draw_car, shoot

VIEWS = [1, 3, 5, 8]
CAMERAS = {  # metres: what is added to the camera's numbers
    "nearer": {"distance": -0.7},
    "farther": {"distance": 1.5},
    "left": {"aside": -0.45},
    "right": {"aside": 0.45},
    "higher": {"height": 0.6},
}


def counterfactuals(out, size=(256, 384), seed=0, workers=None, spp=12):
    """One car in eight paints, from shifted cameras, without letters; the empty turntable.

    A folder in Carvana's layout whose "cars" are named for what was changed: paint-red,
    camera-nearer, no-letters, empty; as-is is what they are compared with. All else, the grain
    included, stays the same. Resumes and raises as render does.
    """
    size = check(1, len(VIEWS), size, seed, workers, spp)
    mi = engine.start(workers)
    index = next(i for i in range(100) if draw_car(seed, i)[0].style == "sedan")
    car, shot = draw_car(seed, index)
    changed = {
        "as-is": (car, shot),
        "empty": (None, shot),
        "no-letters": (car, replace(shot, size=0.0)),
    }
    for name in list(PAINTS)[:8]:
        changed[f"paint-{name}"] = (replace(car, paint=PAINTS[name][1]), shot)
    for name, moves in CAMERAS.items():
        moved = {key: getattr(shot, key) + by for key, by in moves.items()}
        changed[f"camera-{name}"] = (car, replace(shot, **moved))
    sittings = {name: Sitting(*pair, [seed, index], VIEWS) for name, pair in changed.items()}
    return shoot(mi, out, "counterfactuals", sittings, seed, size, spp)


def large(out, seed=0, workers=None, spp=12):
    """Two views in Carvana's full size, 1918×1280; resumes and raises as render does."""
    size = check(1, 1, (1280, 1918), seed, workers, spp)
    mi = engine.start(workers)
    sittings = {
        f"large-{index}": Sitting(*draw_car(seed, index), [seed, index], [view])
        for index, view in ((0, 3), (1, 8))
    }
    return shoot(mi, out, "large", sittings, seed, size, spp, quality=70)


def contact_sheet(folder, path, views=(1, 3, 5, 7, 9, 12, 15), width=176, quality=88):
    """Draw one row a style, several views of one car, from a rendered folder; to a file.

    It is the style's first car; in every other row one with a colour, unlike those above.
    """
    folder = Path(folder)
    styles = {}
    for name, record in json.loads((folder / CARD).read_text())["cars"].items():
        if all((folder / "train" / f"{name}_{view:02d}.jpg").exists() for view in views):
            styles.setdefault(record["car"]["style"], []).append((name, record["car"]["paint"]))
    if not styles:
        raise InvalidValue(f"{folder} has no car with views {views}; render all 16 views first.")
    chosen, hues = [], [(1, 1, 1)]
    for row, (style, cars) in enumerate(sorted(styles.items())):
        name, paint = cars[0]
        coloured = [c for c in cars if max(c[1]) - min(c[1]) > 0.15 * max(c[1]) + 0.005]
        if coloured and row % 2 == 0:
            name, paint = max(coloured, key=lambda c: min(dist(_hue(c[1]), h) for h in hues))
        chosen.append((style, name))
        hues.append(_hue(paint))
    height, gap = width * 2 // 3, 3
    wide, high = len(views) * (width + gap) - gap, len(chosen) * (height + gap) - gap
    sheet = Image.new("RGB", (wide, high), "white")
    for row, (style, name) in enumerate(chosen):
        for column, view in enumerate(views):
            with Image.open(folder / "train" / f"{name}_{view:02d}.jpg") as photo:
                tile = photo.resize((width, height), Image.Resampling.LANCZOS)
            sheet.paste(tile, (column * (width + gap), row * (height + gap)))
        at = (6, row * (height + gap) + height - 17)
        ImageDraw.Draw(sheet).text(at, style, "#333", ImageFont.load_default(13))
    sheet.save(path, quality=quality)
    return Path(path)


def _hue(paint):
    return [value / max(paint) for value in paint]
