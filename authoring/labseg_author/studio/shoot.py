"""Photograph a set of cars: pictures and masks in Carvana's layout, resumable."""

import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm import tqdm

from labseg.errors import DiskError, InvalidValue
from labseg.files import write_whole

from . import engine
from .car import BLOCK, HARD, Car, build, draw
from .develop import FINER, QUALITY, develop, jpeg
from .scene import Shot, Studio, draw_shot

FORMAT = 4  # raise it when the same seed no longer gives the same cars
CARD = "card.json"
PATHS = {"type": "path", "max_depth": 5, "rr_depth": 3}  # glass takes two more than bodywork
GUIDE = "colour:albedo,facing:sh_normal"


class Sitting(NamedTuple):
    """One car (or none) before one camera, and which of its views to take."""

    car: Car | None
    shot: Shot
    seed: list[int]  # of the grain
    views: list[int]


def render(out, cars=48, views=16, size=(256, 384), seed=0, workers=None, spp=8, spread=1.0):
    """Render cars on a turntable to a folder in Carvana's layout.

    Writes out/train/<car>_<view>.jpg, out/train_masks/<car>_<view>_mask.gif and out/card.json,
    the record of the seed and of every car's parameters. What is already there is kept, so a
    run that was stopped goes on where it stopped; a car is the same whatever `cars` is.

    Parameters: `cars` ≥ 1; `views` from 1 to 16, evenly spaced around the car from view 01, the
    front (2 gives 01 and 09); `size` (height, width) in pixels; `workers` threads (None: all);
    `spp` rays a pixel, rounded to a multiple of 4, fewer are faster and noisier; `spread` widens
    the ranges that rooms, cameras and cars are drawn from about their middles (1 is Carvana's, 2
    twice as wide).

    Returns the folder as a Path. Raises ValueError for impossible numbers or a folder that holds
    other cars, OSError for a folder that cannot be written, ImportError without Mitsuba.
    """
    size = check(cars, views, size, seed, workers, spp, spread)
    mi = engine.start(workers)  # first: without the renderer no folder is made
    around = [1 + 16 * k // views for k in range(views)]
    sittings = {
        car_name(seed, index): Sitting(*draw_car(seed, index, spread), [seed, index], around)
        for index in range(cars)
    }
    return shoot(mi, out, "cars", sittings, seed, size, spp, spread=spread)


def shoot(
    mi, out, kind: str, sittings: dict[str, Sitting], seed, size, spp, quality=QUALITY, spread=1.0
):
    """Take what is not in the folder yet; see render."""
    out = Path(out)
    head = {"format": FORMAT, "kind": kind, "seed": seed, "size": list(size), "spp": spp}
    head["spread"] = float(spread)
    card = _open_card(out, head, sittings)
    todo = [
        (name, view)
        for name, sitting in sittings.items()
        for view in sitting.views
        if not all(path.exists() for path in _paths(out, name, view))
    ]
    if not todo:
        return out
    write_whole(out / CARD, json.dumps(card, indent=1))
    current = studio = None
    with tqdm(todo, desc="rendering", unit="image") as progress:
        for name, view in progress:
            car, shot, grain, _ = sittings[name]
            scene = None  # the last goes first: beside it every kernel would be compiled anew
            if name != current:
                studio = None
                studio = Studio(shot, detail=1 + size[1] // 700)
                meshes, current = build(car) if car else {}, name
            scene = studio.scene(car, meshes, view, finer(size))
            photo, seen = photograph(mi, scene, shot, spp, [*grain, view])
            image_path, mask_path = _paths(out, name, view)
            write_whole(image_path, jpeg(photo, quality))
            write_whole(mask_path, _gif(seen))
    return out


def car_name(seed: int, index: int) -> str:
    """Twelve hexadecimal digits, as in Carvana's files."""
    return hashlib.sha256(f"labseg {FORMAT} {seed} {index}".encode()).hexdigest()[:12]


def draw_car(seed: int, index: int, spread: float = 1.0) -> tuple[Car, Shot]:
    """One car and its camera and room; they depend on nothing else.

    Each run of sixteen cars from a multiple of sixteen has the styles of BLOCK, and every third
    car is hard on purpose, each kind of HARD in turn.
    """
    block, place = divmod(index, len(BLOCK))
    order = np.random.default_rng([seed, block, 7]).permutation(len(BLOCK))
    rng = np.random.default_rng([seed, index])
    hard = HARD[index // 3 % len(HARD)] if index % 3 == 2 else ""
    return draw(rng, BLOCK[order[place]], spread, hard), draw_shot(rng, spread)


def finer(size: tuple[int, int]) -> tuple[int, int]:
    """The size (height, width) of a scene whose photograph has the given size."""
    return size[0] * FINER, size[1] * FINER


def photograph(mi, scene, shot, spp: int, seed) -> tuple[np.ndarray, np.ndarray]:
    """One picture, uint8 RGB (h, w, 3), and its mask, uint8 0/1 (h, w).

    The scene's film is FINER times as high and wide; `spp` rays go to each of the picture's
    pixels. A mask's pixel is car if the ray through the middle of the picture's pixel meets it.
    """
    number = int(np.random.default_rng(seed).integers(2**31))
    rays = max(1, round(spp / FINER**2))
    guide = _trace(mi, scene, {"type": "aov", "aovs": GUIDE}, 2, number)[..., -6:]
    light = _trace(mi, scene, PATHS, rays, number)[..., :3]
    width, height = scene.sensors()[0].film().size()
    photo = develop(light, guide, shot, seed)
    return photo, mask(scene, (height // FINER, width // FINER))


def _trace(mi, scene, integrator, spp, number):
    return np.array(mi.render(scene, spp=spp, seed=number, integrator=mi.load_dict(integrator)))


def mask(scene, size: tuple[int, int]) -> np.ndarray:
    """The car's pixels, uint8 0/1 (h, w): whose surface the ray through a pixel's middle meets."""
    import drjit as dr
    import mitsuba as mi

    camera = scene.sensors()[0]
    height, width = size
    y, x = (np.mgrid[:height, :width].reshape(2, -1) + 0.5) / [[height], [width]]
    if mi.variant().startswith("scalar"):
        rays = (camera.sample_ray(0, 0, [u, v], [0.5, 0.5])[0] for u, v in zip(x, y, strict=True))
        seen = (scene.ray_intersect_preliminary(ray) for ray in rays)
        hit = [s.is_valid() and s.shape.id().startswith("car_") for s in seen]
    else:
        middle = mi.Point2f(x.astype(np.float32), y.astype(np.float32))
        met = scene.ray_intersect(camera.sample_ray(0, 0, middle, [0.5, 0.5])[0]).shape
        cars = [shape for shape in scene.shapes() if shape.id().startswith("car_")]
        numbers = [dr.reinterpret_array(mi.UInt32, mi.ShapePtr(shape))[0] for shape in cars]
        hit = np.isin(np.array(dr.reinterpret_array(mi.UInt32, met)), numbers)
    return np.reshape(hit, (height, width)).astype(np.uint8)


# --- files --------------------------------------------------------------------------------------


def _paths(out, name, view):
    stem = f"{name}_{view:02d}"
    return out / "train" / f"{stem}.jpg", out / "train_masks" / f"{stem}_mask.gif"


def _gif(mask):
    image = Image.fromarray(mask, mode="P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    image.info["version"] = b"89a"  # as Carvana's; Pillow would write the older header
    file = BytesIO()
    image.save(file, "GIF", optimize=False)
    return file.getvalue()


def check(cars, views, size, seed, workers, spp, spread=1.0):
    def whole(name, value, low, high):
        good = isinstance(value, int) and not isinstance(value, bool)  # as JSON has them
        if not good or not low <= value <= high:
            raise InvalidValue(f"{name} is {value!r}; give a whole number from {low} to {high}.")

    whole("cars", cars, 1, 100_000)
    whole("views", views, 1, 16)
    whole("seed", seed, 0, 2**32 - 1)
    whole("spp", spp, 1, 65_536)
    if workers is not None:
        whole("workers", workers, 1, 1024)
    if not isinstance(spread, int | float) or not 0 <= spread <= 3:
        raise InvalidValue(f"spread is {spread!r}; give a number from 0 to 3.")
    try:
        height, width = (int(v) for v in size)
        good = (height, width) == tuple(size) and 32 <= height <= 4096 and 32 <= width <= 4096
    except (TypeError, ValueError):
        good = False
    if not good:
        raise InvalidValue(
            f"size is {size!r}; give (height, width) in pixels, each from 32 to 4096."
        )
    if not 1 <= width / height <= 2.5:
        raise InvalidValue(
            f"size is {size!r}; make the width 1 to 2.5 times the height, as (256, 384), "
            "so that the whole car is in the picture."
        )
    return height, width


def _open_card(out: Path, head: dict, sittings: dict[str, Sitting]) -> dict:
    """Make the folders; return the card there, with these cars, if it agrees with the head."""
    try:
        for folder in ("train", "train_masks"):
            (out / folder).mkdir(parents=True, exist_ok=True)
        write_whole(out / ".writable", b"")
        (out / ".writable").unlink()
    except OSError as error:
        reason = error.strerror or error
        raise DiskError(f"Cannot write to {out} ({reason}); choose another folder.") from None
    card = _read_card(out)
    if card is None:
        card = {**head, "cars": {}}
        write_whole(out / CARD, json.dumps(card, indent=1))
    for key, value in head.items():
        if card[key] != value:
            raise InvalidValue(
                f"{out} holds pictures of {key} {card[key]}, not {value}; choose an empty folder "
                f"or ask for {key} {card[key]}."
            )
    for name, (car, shot, grain, _) in sittings.items():
        record = {"car": car.record() if car else None, "shot": shot.record(), "grain": grain}
        record = json.loads(json.dumps(record))
        if card["cars"].setdefault(name, record) != record:
            raise InvalidValue(
                f"{out} holds a car {name} of another version of labseg; choose an empty folder."
            )
    return card


def _read_card(out: Path) -> dict | None:
    """The card of a folder, None in an empty one."""
    path = out / CARD
    if not path.exists():
        if any((out / "train").iterdir()) or any((out / "train_masks").iterdir()):
            raise InvalidValue(
                f"{out} holds pictures but no {CARD}, so they are not this studio's; "
                "choose an empty folder."
            )
        return None
    try:
        card = json.loads(path.read_text())
        for key in ("format", "kind", "seed", "size", "spp", "spread"):
            card[key]
        card["cars"].items()
        return card
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidValue(f"{path} cannot be read as a card; choose an empty folder.") from None
