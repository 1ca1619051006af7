"""Photograph a set of cars: pictures and masks in Carvana's layout, resumable."""

import hashlib
import json
import os
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from . import engine
from .car import build, draw
from .scene import Studio, draw_shot

FORMAT = 1  # raise it when the same seed no longer gives the same cars
CARD = "card.json"
GAIN = np.array([1.70, 1.65, 1.73])  # exposure and white balance
KNEE = 0.4  # linear light above which highlights are compressed


def render(out, cars=32, views=16, size=(256, 384), seed=0, workers=None, spp=12):
    """Render cars on a turntable to a folder in Carvana's layout.

    Writes out/train/<car>_<view>.jpg, out/train_masks/<car>_<view>_mask.gif and out/card.json,
    the record of the seed and of every car's parameters. What is already there is kept, so a
    run that was stopped goes on where it stopped; a car is the same whatever `cars` is.

    Parameters: `cars` ≥ 1; `views` from 1 to 16, evenly spaced around the car from view 01, the
    front (2 gives 01 and 09); `size` (height, width) in pixels; `workers` threads (None: all);
    `spp` rays a pixel, fewer are faster and noisier.

    Returns the folder as a Path. Raises ValueError for impossible numbers or a folder that holds
    other cars, OSError for a folder that cannot be written, ImportError without Mitsuba.
    """
    size = _check(cars, views, size, seed, workers, spp)
    mi = engine.start(workers)  # first: without the renderer no folder is made
    out = Path(out)
    names = [car_name(seed, index) for index in range(cars)]
    card = _open_card(out, {"format": FORMAT, "seed": seed, "size": list(size), "spp": spp})
    todo = [
        (index, view)
        for index in range(cars)
        for view in (1 + 16 * k // views for k in range(views))
        if not all(path.exists() for path in _paths(out, names[index], view))
    ]
    if not todo:
        return out
    for index, name in enumerate(names):
        car, shot = draw_car(seed, index)
        card["cars"][name] = {"index": index, "car": car.record(), "shot": shot.record()}
    _write(out / CARD, json.dumps(card, indent=1).encode())
    studio, current = Studio(), None
    with tqdm(todo, desc="rendering", unit="image") as progress:
        for index, view in progress:
            if index != current:
                car, shot = draw_car(seed, index)
                meshes, current = build(car), index
            scene = studio.scene(car, meshes, shot, view, size)
            photo = develop(_trace(mi, scene, spp, index * 16 + view), shot, [seed, index, view])
            image_path, mask_path = _paths(out, names[index], view)
            _write(image_path, _jpeg(photo))
            _write(mask_path, _gif(mask(scene)))
    return out


def car_name(seed: int, index: int) -> str:
    """Twelve hexadecimal digits, as in Carvana's files."""
    return hashlib.sha256(f"labseg {FORMAT} {seed} {index}".encode()).hexdigest()[:12]


def draw_car(seed: int, index: int):
    """The parameters of one car and of its camera; they depend on nothing else."""
    rng = np.random.default_rng([seed, index])
    return draw(rng), draw_shot(rng)


def _trace(mi, scene, spp, seed):
    integrator = mi.load_dict({"type": "path", "max_depth": 3})
    return np.array(mi.render(scene, spp=spp, seed=seed, integrator=integrator))[..., :3]


def mask(scene) -> np.ndarray:
    """The car's pixels, uint8 0/1 (h, w): whose surface the ray through a pixel's middle meets."""
    import drjit as dr
    import mitsuba as mi

    camera = scene.sensors()[0]
    width, height = camera.film().size()
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


def develop(light: np.ndarray, shot, seed) -> np.ndarray:
    """Linear light (h, w, 3) as the camera's picture: exposure, sensor noise, tone curve; uint8."""
    light = light * (GAIN * shot.exposure * np.array(shot.balance))
    # The film's shoulder: white paint keeps its shades.
    over = np.maximum(light - KNEE, 0)
    light = np.minimum(light, KNEE) + (1 - KNEE) * (1 - np.exp(-over / (1 - KNEE)))
    photo = (np.clip(light, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)
    # The noise of few rays is blotchy: smooth it away, then put a sensor's fine noise on.
    photo = cv2.fastNlMeansDenoisingColored(photo, None, 6, 6, 3, 11)
    noise = np.random.default_rng(seed).normal(0, shot.noise, photo.shape)
    return np.clip(photo + 255 * noise + 0.5, 0, 255).astype(np.uint8)


# --- files --------------------------------------------------------------------------------------


def _paths(out, name, view):
    stem = f"{name}_{view:02d}"
    return out / "train" / f"{stem}.jpg", out / "train_masks" / f"{stem}_mask.gif"


def _jpeg(photo):
    file = BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=82, subsampling="4:2:0", optimize=True)
    return file.getvalue()


def _gif(mask):
    image = Image.fromarray(mask, mode="P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    image.info["version"] = b"89a"  # as Carvana's; Pillow would write the older header
    file = BytesIO()
    image.save(file, "GIF", optimize=False)
    return file.getvalue()


def _write(path: Path, content: bytes):
    """All of the file or nothing: readers and later runs never see half a file."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _check(cars, views, size, seed, workers, spp):
    def whole(name, value, low, high):
        good = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            raise ValueError(f"{name} is {value!r}; give a whole number from {low} to {high}.")

    whole("cars", cars, 1, 100_000)
    whole("views", views, 1, 16)
    whole("seed", seed, 0, 2**32 - 1)
    whole("spp", spp, 1, 65_536)
    if workers is not None:
        whole("workers", workers, 1, 1024)
    try:
        height, width = (int(v) for v in size)
        good = (height, width) == tuple(size) and 32 <= height <= 4096 and 32 <= width <= 4096
    except (TypeError, ValueError):
        good = False
    if not good:
        raise ValueError(f"size is {size!r}; give (height, width) in pixels, each from 32 to 4096.")
    if not 1 <= width / height <= 2.5:
        raise ValueError(
            f"size is {size!r}; make the width 1 to 2.5 times the height, as (256, 384), "
            "so that the whole car is in the picture."
        )
    return height, width


def _open_card(out: Path, wanted: dict) -> dict:
    """Make the folders; return the card there, or a new one, if it agrees with what is wanted."""
    try:
        for folder in ("train", "train_masks"):
            (out / folder).mkdir(parents=True, exist_ok=True)
        _write(out / ".writable", b"")
        (out / ".writable").unlink()
    except OSError as error:
        reason = error.strerror or error
        raise OSError(f"Cannot write to {out} ({reason}); choose another folder.") from None
    path = out / CARD
    if not path.exists():
        if any((out / "train").iterdir()) or any((out / "train_masks").iterdir()):
            raise ValueError(
                f"{out} holds pictures but no {CARD}, so they are not this studio's; "
                "choose an empty folder."
            )
        card = {**wanted, "cars": {}}
        _write(path, json.dumps(card, indent=1).encode())
        return card
    try:
        card = json.loads(path.read_text())
        held = {key: card[key] for key in wanted}
        card["cars"].items()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{path} cannot be read as a card; choose an empty folder.") from None
    for key, value in wanted.items():
        if held[key] != value:
            raise ValueError(
                f"{out} holds cars of {key} {held[key]}, not {value}; choose an empty folder "
                f"or ask for {key} {held[key]}."
            )
    return card
