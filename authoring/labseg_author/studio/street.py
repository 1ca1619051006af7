"""One picture from outside the studio, the example of lesson 5: two cars before a brick wall.

`uv run python -m labseg_author.studio.street labseg/assets/street/street.jpg`
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from . import engine
from .car import PAINTS, build
from .develop import jpeg
from .materials import shapes
from .scene import bitmap, cloud, printed
from .shapes import moved
from .shoot import draw_car, finer, photograph

SIZE = 480, 360  # upright, as a telephone is held
EYE, AIM, FIELD = [-1.6, -6.3, 1.62], [-0.45, 0, 1.05], 48  # metres, metres, degrees across
WALL, SIDE = 6.5, 14.0  # metres from the car to the wall; half the street's length


def street(path, seed=0, spp=12, workers=None):
    """Render the picture to a JPEG file; `spp` rays a pixel, fewer are faster and noisier."""
    mi = engine.start(workers)
    near, shot = draw_car(seed, 3)
    far, _ = draw_car(seed, 4)
    near = replace(near, paint=PAINTS["blue"][1], metallic=0.4)
    far = replace(far, paint=PAINTS["red"][1], metallic=0.4)
    behind = {name: moved(mesh, -3.6, 4.1, 0) for name, mesh in build(far).items()}
    scene = mi.load_dict(
        {
            "type": "scene",
            "light": {
                "type": "envmap",
                "bitmap": mi.Bitmap(_sky()),
                "to_world": mi.ScalarTransform4f().rotate([1, 0, 0], 90),
            },
            "ground": _plane([[-SIDE, -SIDE, 0], [SIDE, WALL, 0]], _ground(seed)),
            "facade": _plane([[-SIDE, WALL, 0], [SIDE, WALL, 4.2]], _bricks(seed)),
            "sensor": _camera(mi),
            **shapes(near, build(near), np.deg2rad(-158), 0),
            **{f"{key}_behind": shape for key, shape in shapes(far, behind, 0, 0).items()},
        }
    )
    photo, _ = photograph(mi, scene, replace(shot, exposure=1.0, blur=0.0), spp, [seed, 0])
    Path(path).write_bytes(jpeg(photo, quality=80))


def _camera(mi):
    height, width = finer(SIZE)
    return {
        "type": "perspective",
        "fov": FIELD,
        "fov_axis": "x",
        "to_world": mi.ScalarTransform4f().look_at(origin=EYE, target=AIM, up=[0, 0, 1]),
        "film": {"type": "hdrfilm", "width": width, "height": height, "rfilter": {"type": "box"}},
    }


def _plane(corners, texture):
    """A rectangle between two corners, lying (same height) or standing (same depth)."""
    (x0, y0, z0), (x1, y1, z1) = corners
    points = np.array([[x0, y0, z0], [x1, y0, z0], [x1, y1, z1], [x0, y1, z1]], float)
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    return printed("plane", points, uv, faces, bitmap(texture.astype(np.float32)))


def _sky(height=192):
    """A bright, hazy sky with a soft sun behind the camera; linear RGB (h, 2h, 3)."""
    v, u = np.mgrid[:height, : 2 * height]
    up = np.pi / 2 - (v + 0.5) / height * np.pi
    around = (u + 0.5) / height * np.pi
    blue = np.clip(np.sin(np.maximum(up, 0)), 0, 1)[..., None] ** 0.6
    sky = (1 - blue) * [0.80, 0.84, 0.88] + blue * [0.22, 0.36, 0.68]
    off = np.sin(up) * np.sin(0.8) + np.cos(up) * np.cos(0.8) * np.cos(around - np.pi + 0.7)
    sky = sky + np.exp((off - 1) * 60)[..., None] * np.array([14.0, 12.6, 10.6])
    sky[up < 0] = 0
    return sky.astype(np.float32)


def _ground(seed):
    """Asphalt, and a paved strip before the wall; row 0 is the near edge."""
    rng = np.random.default_rng([seed, 11])
    tall, wide = int((SIDE + WALL) * 60), int(2 * SIDE * 60)
    tone = 0.085 * (1 + cloud(rng, (tall, wide), ((8, 11, 0.08), (900, 1200, 0.25))))
    y = np.linspace(-SIDE, WALL, tall)[:, None]
    x = np.linspace(-SIDE, SIDE, wide)[None]
    paved = y > 5.1
    slab = 0.27 * (1 + cloud(rng, (tall, wide), ((30, 40, 0.06), (900, 1200, 0.08))))
    slab = slab * np.where((x % 0.5 < 0.02) | (y % 0.5 < 0.02), 0.6, 1)
    tone = np.where(paved, slab, tone)
    tone = np.where(np.abs(y - 5.05) < 0.07, 0.35, tone)  # the kerb
    tone = np.where((np.abs(y - 1.9) < 0.06), 0.5, tone)  # a painted line
    return np.clip(tone, 0.02, 0.9)[..., None] * [1.0, 0.99, 0.97]


def _bricks(seed):
    """A brick wall, row 0 its foot."""
    rng = np.random.default_rng([seed, 12])
    rows, columns = 56, 112
    tall, wide = rows * 8, columns * 24
    tones = rng.uniform(0.65, 1.25, (rows, columns))
    y, x = np.mgrid[:tall, :wide]
    row = y // 8
    along = (x + 12 * (row % 2)) % wide
    brick = tones[row, along // 24][..., None] * [0.26, 0.105, 0.07]
    mortar = (y % 8 < 1) | (along % 24 < 1)
    return np.where(mortar[..., None], [0.33, 0.31, 0.28], brick)


def main(
    path: Annotated[Path, typer.Argument(help="The JPEG file to write.")],
    spp: Annotated[int, typer.Option(min=1, help="Rays a pixel.")] = 12,
):
    """Render the example of lesson 5."""
    street(path, spp=spp)


if __name__ == "__main__":
    typer.run(main)
