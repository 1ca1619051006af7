"""The studio: wall, floor, turntable, light and camera around one car, for Mitsuba."""

from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .car import Car
from .shapes import normals, smooth, turn

WALL = 5.2  # metres behind the turntable's middle
WALL_SIZE = (22.0, 8.0)  # width, height
FLOOR = 16.0  # half its side
RING = 2.95  # radius of the turntable


@dataclass(frozen=True)
class Shot:
    """The camera, which stands still while one car turns."""

    distance: float
    height: float
    aside: float
    pan: float
    aim: float
    field: float  # horizontal, degrees
    exposure: float
    balance: tuple[float, float, float]
    noise: float
    start: float  # degrees by which the car stands askew on the turntable

    record = asdict


def draw_shot(rng: np.random.Generator) -> Shot:
    return Shot(
        distance=float(rng.normal(5.8, 0.32)),
        height=float(rng.normal(1.50, 0.06)),
        aside=float(rng.normal(0, 0.10)),
        pan=float(rng.normal(0, 0.04)),
        aim=float(rng.normal(0.80, 0.05)),
        field=float(rng.normal(57.0, 2.0)),
        exposure=float(np.exp(rng.normal(0, 0.06))),
        balance=tuple(float(v) for v in np.exp(rng.normal(0, 0.012, 3))),
        noise=float(rng.uniform(0.003, 0.010)),
        start=float(rng.normal(0, 1.5)),
    )


def wall_texture() -> np.ndarray:
    """The lettered wall, float32 (h, w, 3) linear RGB, seen from the camera."""
    scale = 100
    width, height = (int(s * scale) for s in WALL_SIZE)
    image = Image.new("L", (width, height), 0)
    font = ImageFont.load_default(275)
    ink = ImageDraw.Draw(image)
    text, step = "LABSEG", 176
    for k, letter in enumerate(text):
        x = width / 2 + (k - (len(text) - 1) / 2) * step
        ink.text((x, height - 185), letter, 255, font=font, anchor="mm", stroke_width=13)
    ink_share = np.asarray(image.filter(ImageFilter.GaussianBlur(1)), np.float32)[..., None] / 255
    rng = np.random.default_rng(1)
    cloud = Image.fromarray(rng.uniform(0, 1, (8, 22)).astype(np.float32))
    cloud = np.asarray(cloud.resize((width, height), Image.Resampling.BICUBIC))[..., None]
    white = np.array([0.88, 0.87, 0.87], np.float32) * (0.97 + 0.05 * cloud)
    wall = white * (1 - ink_share) + 0.025 * ink_share
    return wall[::-1].astype(np.float32)  # Mitsuba counts a texture's rows from below


def floor_texture(size: int = 1600) -> np.ndarray:
    """Grey to beige, with the turntable's ring, scuffs and tyre marks; (size, size, 3) linear."""
    rng = np.random.default_rng(2)
    metre = size / (2 * FLOOR)
    y, x = (np.mgrid[:size, :size] + 0.5) / metre - FLOOR
    radius = np.hypot(x, y)
    tone = np.full((size, size), 0.43)
    for cells, strength in ((12, 0.06), (60, 0.05), (400, 0.04)):
        cloud = Image.fromarray(rng.uniform(-1, 1, (cells, cells)).astype(np.float32))
        tone += strength * np.asarray(cloud.resize((size, size), Image.Resampling.BICUBIC))
    marks = Image.new("L", (size, size), 0)
    ink = ImageDraw.Draw(marks)
    for _ in range(60):
        cx, cy, r = (float(v) for v in (*rng.normal(0, 2.2, 2), rng.uniform(0.5, 3)))
        a = float(rng.uniform(0, 360))
        frame = [(FLOOR + v) * metre for v in (cx - r, cy - r, cx + r, cy + r)]
        shade = int(rng.uniform(10, 70))
        ink.arc(frame, a, a + float(rng.uniform(5, 40)), shade, width=int(rng.integers(1, 5)))
    tone *= 1 - 0.5 * np.asarray(marks.filter(ImageFilter.GaussianBlur(1.2)), float) / 255
    tone = np.where(radius < RING, tone * 0.93, tone)
    tone = np.where(np.abs(radius - RING) < 0.035, 0.12, tone)
    beige = np.clip((radius - 1) / 6, 0, 1)[..., None]
    tint = (1 - beige) * np.array([1.01, 0.985, 0.94]) + beige * np.array([1.04, 0.98, 0.88])
    return np.clip(tone[..., None] * tint, 0.02, 0.9).astype(np.float32)


def light_map(height: int = 128) -> np.ndarray:
    """Light from all around: soft boxes overhead, a grey room behind the camera (h, 2h, 3)."""
    width = 2 * height
    v, u = np.mgrid[:height, :width]
    up = np.pi / 2 - (v + 0.5) / height * np.pi
    around = (u + 0.5) / width * 2 * np.pi
    x, y, z = np.cos(up) * np.sin(around), np.cos(up) * np.cos(around), np.sin(up)
    out = np.where(z > 0.35, 0.75, 0.50)
    with np.errstate(divide="ignore", invalid="ignore"):
        px, py = x / z * 4, y / z * 4  # where the ray meets a ceiling 4 m up
    for cy in (-3.6, 0.0, 3.6):
        out[(z > 0.05) & (np.abs(py - cy) < 1.2) & (np.abs(px) < 5)] = 2.2
    out[(np.abs(up - 0.1) < 0.12) & (y < 0) & (np.sin(around * 5) > 0.7)] = 0.08  # people, stands
    out = smooth(smooth(out, 1), 1, axis=1, periodic=True)
    # Floor and wall hide these directions; light paths tried there would only add noise.
    out[(up < -0.05) | ((y > 0.5 * np.cos(up)) & (up < 0.65))] = 0
    return np.repeat(out[..., None], 3, axis=2).astype(np.float32)


def _bitmap(array, raw=True):
    import mitsuba as mi

    return {
        "type": "bitmap",
        "bitmap": mi.Bitmap(np.ascontiguousarray(array)),
        "raw": raw,
        "wrap_mode": "clamp",
    }


def materials(car: Car) -> dict[str, dict]:
    """Mitsuba's surface for each material name of the car."""

    def rgb(value):
        values = [value] * 3 if np.isscalar(value) else list(value)
        return {"type": "rgb", "value": values}

    def plastic(colour, alpha):
        return {
            "type": "roughplastic",
            "diffuse_reflectance": rgb(colour),
            "alpha": alpha,
            "distribution": "ggx",
        }

    def metal(colour, alpha):
        return {
            "type": "roughconductor",
            "material": "none",
            "specular_reflectance": rgb(colour),
            "alpha": alpha,
        }

    return {
        "paint": plastic(car.paint, car.gloss),
        "glass": plastic(car.glass, 0.05),
        "trim": plastic(0.02, 0.3),
        "dark": {"type": "diffuse", "reflectance": rgb(0.012)},
        "chrome": metal(0.75, 0.15),
        "lamp": plastic(0.45, 0.08),
        "tail": plastic((0.30, 0.01, 0.012), 0.08),
        "plate": {"type": "diffuse", "reflectance": rgb(0.65)},
        "tyre": plastic(0.018, 0.4),
        "rim": plastic(car.rim, 0.2),
    }


class Studio:
    """Loads what all cars share once; scene() puts one car into it."""

    def __init__(self):
        import mitsuba as mi

        t = mi.ScalarTransform4f
        wide, high = WALL_SIZE
        self.fixed = {
            "type": "scene",
            "light": {
                "type": "envmap",
                "bitmap": mi.Bitmap(light_map()),
                "to_world": t().rotate([1, 0, 0], 90),
            },
            "wall": {
                "type": "rectangle",
                "to_world": t().translate([0, WALL, high / 2]).rotate([1, 0, 0], 90)
                @ t().scale([wide / 2, high / 2, 1]),
                "bsdf": {"type": "diffuse", "reflectance": _bitmap(wall_texture())},
            },
            "floor": {
                "type": "rectangle",
                "to_world": t().scale([FLOOR, FLOOR, 1]),
                "bsdf": {"type": "diffuse", "reflectance": _bitmap(floor_texture())},
            },
        }

    def scene(self, car: Car, meshes: dict, shot: Shot, view: int, size: tuple[int, int]):
        """The scene with the car's view 1 to 16, for pictures of size (height, width)."""
        import mitsuba as mi

        height, width = size
        t = mi.ScalarTransform4f
        eye = [shot.aside, -shot.distance, shot.height]
        aim = [shot.aside + shot.pan, 0, shot.aim]
        sensor = {
            "type": "perspective",
            "fov": shot.field,
            "fov_axis": "x",
            "to_world": t().look_at(origin=eye, target=aim, up=[0, 0, 1]),
            "film": {
                "type": "hdrfilm",
                "width": width,
                "height": height,
                "rfilter": {"type": "box"},
            },
            "sampler": {"type": "multijitter"},
        }
        angle = np.deg2rad(-90 + shot.start + (view - 1) * 22.5)
        surfaces = materials(car)
        scene = dict(self.fixed, sensor=sensor)
        for name, (points, faces) in meshes.items():
            scene["car_" + name] = _mesh(name, turn(points, angle), faces, surfaces[name])
        return mi.load_dict(scene)


def _mesh(name, points, faces, surface):
    """A mesh whose normals are given; Mitsuba's own would break at the seams of materials."""
    import mitsuba as mi

    props = mi.Properties()
    props["bsdf"] = mi.load_dict({"type": "twosided", "bsdf": surface})
    mesh = mi.Mesh(name, len(points), len(faces), props=props, has_vertex_normals=True)
    params = mi.traverse(mesh)
    params["vertex_positions"] = points.astype(np.float32).ravel()
    params["vertex_normals"] = normals(points, faces).astype(np.float32).ravel()
    params["faces"] = faces.astype(np.uint32).ravel()
    params.update()
    return mesh
