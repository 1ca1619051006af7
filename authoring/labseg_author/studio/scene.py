"""The studio around one car: curved wall, floor, turntable, light and camera, for Mitsuba."""

from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .car import Car
from .materials import shapes
from .shapes import grid_faces, normals, smooth, triangles, turn

DEPTH, BREADTH = 5.6, 7.4  # metres from the turntable's middle to the wall behind and beside it
WALL = 5.0  # its height
COVE = 0.35  # radius of the bend where it meets the floor
FLOOR = 8.0  # half the side of the floor that has a texture


@dataclass(frozen=True)
class Shot:
    """Camera and room: what stays the same while one car turns."""

    distance: float
    height: float
    aside: float
    pan: float
    aim: float
    field: float  # horizontal, degrees
    start: float  # degrees by which the car stands askew on the turntable
    ahead: float  # metres from the turntable's middle to the car's
    exposure: float
    balance: tuple[float, float, float]
    noise: float
    blur: float  # pixels of a picture 384 wide
    sharpen: float
    wall: float  # its reflectance
    floor: float
    beige: float  # of the floor; 0 is grey
    disc: float  # the turntable's tone beside the floor's
    radius: float  # of the turntable
    wear: float  # strength of scuffs and tyre marks
    boxes: float  # brightness of the overhead lights; the ceiling between has 0.25
    letters: float  # height of the middle of the letters
    size: float  # their height; 0 leaves them out
    ink: float
    marks: int  # seed of the scuffs and stains

    record = asdict


def draw_shot(rng: np.random.Generator) -> Shot:
    """Draw one car's camera and room; the order of the draws is part of the set's format."""

    def between(low, high):
        return float(rng.uniform(low, high))

    def near(middle, spread):  # a bell without tails, so that no camera is absurd
        return float(middle + spread * np.clip(rng.normal(), -2.2, 2.2))

    return Shot(
        distance=near(7.75, 0.18),
        height=near(1.58, 0.09),
        aside=near(0, 0.12),
        pan=near(0, 0.07),
        aim=near(0.80, 0.06),
        field=near(43.9, 0.9),
        start=near(0, 2.0),
        ahead=near(0.15, 0.06),
        exposure=float(np.exp(near(0, 0.05))),
        balance=tuple(float(np.exp(near(0, 0.015))) for _ in range(3)),
        noise=between(0.002, 0.010),
        blur=between(0.0, 0.55),
        sharpen=between(0.0, 0.5),
        wall=between(0.72, 0.82),
        floor=between(0.23, 0.34),
        beige=between(0.4, 1.7),
        disc=between(0.86, 1.06),
        radius=between(2.85, 3.2),
        wear=between(0.6, 1.8),
        boxes=between(2.0, 4.5),
        letters=near(2.0, 0.12),
        size=near(1.34, 0.11),
        ink=between(0.02, 0.08),
        marks=int(rng.integers(2**31)),
    )


# --- surfaces -----------------------------------------------------------------------------------


def wall_texture(shot: Shot, detail: int = 1) -> np.ndarray:
    """The lettered wall unrolled, float32 (h, w, 3) linear RGB, 1 cm / detail a pixel."""
    scale = 100 * detail
    width, height = int(_plan()[2][-1] * scale), int(WALL * scale)
    image = Image.new("L", (width, height), 0)
    if shot.size:
        font = ImageFont.load_default(shot.size * 150 * detail)
        ink = ImageDraw.Draw(image)
        for k, letter in enumerate("LABSEG"):
            at = (width / 2 + (k - 2.5) * shot.size * 0.98 * scale, height - shot.letters * scale)
            stroke = int(shot.size * 7.5 * detail)
            ink.text(at, letter, 255, font=font, anchor="mm", stroke_width=stroke)
    ink = np.asarray(image.filter(ImageFilter.GaussianBlur(detail)), np.float32)[..., None] / 255
    rng = np.random.default_rng([shot.marks, 1])
    stain = cloud(rng, (height, width), ((3, 12, 0.02), (20, 90, 0.008)))[..., None]
    white = shot.wall * np.array([1.0, 0.99, 0.985]) * (1 + stain)
    wall = white * (1 - ink) + shot.ink * ink
    return wall[::-1].astype(np.float32)  # from the floor upwards, as the mesh counts


def floor_texture(shot: Shot, detail: int = 1) -> np.ndarray:
    """The floor around the turntable, from above; (size, size, 3) linear RGB."""
    rng = np.random.default_rng([shot.marks, 2])
    tone, x, y = _ground(rng, FLOOR, shot, detail)
    joints = rng.uniform(-6, 6, 5)
    for k, joint in enumerate(joints):
        tone[np.abs((x, y)[k % 2] - joint) < 0.012] *= 0.72
    radius = np.hypot(x, y)
    gap = np.exp(-(((radius - shot.radius - 0.03) / 0.035) ** 2))
    tone = tone * (1 - 0.8 * gap) * (1 - 0.25 * np.exp(-np.maximum(radius - shot.radius, 0) * 5))
    return _tinted(tone, shot, np.clip(radius / 6, 0, 1))


def disc_texture(shot: Shot, detail: int = 1) -> np.ndarray:
    """The turntable from above, the car's front to the right; (size, size, 3) linear RGB."""
    rng = np.random.default_rng([shot.marks, 3])
    tone, x, y = _ground(rng, shot.radius, shot, detail)
    tone *= shot.disc
    for joint in (-1.2, 0.0, 1.2):  # it is made of plates
        tone[np.abs(x - joint + 0.1) < 0.008] *= 0.7
    for side in (-0.76, 0.76):  # where cars drive on
        tread = np.exp(-((np.abs(y - side - 0.03 * np.sin(x)) / 0.13) ** 4))
        worn = 0.13 + 0.13 * cloud(rng, tone.shape, ((9, 3, 1.0),))
        tone *= 1 - shot.wear * np.clip(worn, 0, 1) * tread
    radius = np.hypot(x, y)
    for ring, dark in ((0.985, 0.7), (0.93, 0.25)):
        tone *= 1 - dark * np.exp(-(((radius - shot.radius * ring) / 0.018) ** 2))
    return _tinted(tone, shot, np.zeros_like(tone))


def _ground(rng, half, shot, detail):
    """A worn floor's tone, and each pixel's place in metres."""
    size = int(2 * half * 80 * detail)
    y, x = (np.mgrid[:size, :size] + 0.5) / size * 2 * half - half
    layers = ((3, 3, 0.07), (14, 14, 0.05), (90, 90, 0.04), (500, 500, 0.04))
    tone = shot.floor * (1 + cloud(rng, (size, size), layers))
    marks = Image.new("L", (size, size), 0)
    ink, metre = ImageDraw.Draw(marks), size / (2 * half)
    for _ in range(int(70 * shot.wear)):  # scuffs and skids
        cx, cy, r = (float(v) for v in (*rng.normal(0, 2.4, 2), rng.uniform(0.4, 5)))
        start = float(rng.uniform(0, 360))
        frame = [(half + v) * metre for v in (cx - r, cy - r, cx + r, cy + r)]
        wide = int(max(1, rng.choice([0.01, 0.02, 0.03, 0.16]) * metre))
        shade = int(rng.uniform(20, 130) * (0.45 if wide > 0.1 * metre else 1))
        ink.arc(frame, start, start + float(rng.uniform(5, 90) / r), shade, width=wide)
    for _ in range(int(25 * shot.wear)):  # drops of oil
        cx, cy = ((half + v) * metre for v in rng.normal(0, 1.8, 2))
        r = rng.uniform(0.01, 0.05) * metre
        ink.ellipse([cx - r, cy - 0.7 * r, cx + r, cy + 0.7 * r], int(rng.uniform(20, 110)))
    marks = np.asarray(marks.filter(ImageFilter.GaussianBlur(1.5 * detail)), float) / 255
    return tone * (1 - 0.6 * marks * shot.wear), x, y


def _tinted(tone, shot, outwards):
    beige = (shot.beige * (0.5 + 0.5 * outwards))[..., None]
    tint = (1 - beige) * np.array([1.0, 1.0, 0.99]) + beige * np.array([1.05, 0.995, 0.915])
    return np.clip(tone[..., None] * tint, 0.02, 0.9).astype(np.float32)


def cloud(rng, shape, layers):
    """Smooth noise: for each (rows, columns, strength) a grid of random values, enlarged."""
    out = np.zeros(shape, np.float32)
    for rows, columns, strength in layers:
        grid = Image.fromarray(rng.uniform(-1, 1, (rows, columns)).astype(np.float32))
        out += strength * np.asarray(grid.resize(shape[::-1], Image.Resampling.BICUBIC))
    return out


# --- shapes -------------------------------------------------------------------------------------


def _plan(n=160):
    """The wall from above, left to right: x, y, and the length so far."""
    angle = np.deg2rad(np.linspace(200, -20, n))
    x, y = BREADTH * np.cos(angle), DEPTH * np.sin(angle)
    return x, y, np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])


def _wall(texture):
    x, y, run = _plan()
    bend = np.linspace(0, np.pi / 2, 8)
    inset = np.append(COVE * (1 - np.sin(bend)), 0)
    z = np.append(COVE * (1 - np.cos(bend)), WALL)
    shrink = 1 - inset[:, None] / DEPTH
    tall = np.broadcast_to(z[:, None], (len(z), len(x)))
    points = np.stack([x * shrink, y * shrink, tall], -1)
    uv = np.stack([np.broadcast_to(run / run[-1], points.shape[:2]), points[..., 2] / WALL], -1)
    faces = triangles(grid_faces(len(z), len(x), close_cols=False))
    return printed("wall", points.reshape(-1, 3), uv.reshape(-1, 2), faces, texture)


def _disc(texture, radius, angle, n=180):
    around = np.arange(n) * 2 * np.pi / n
    rim = np.stack([np.cos(around), np.sin(around)], -1)
    flat = np.concatenate([[[0, 0]], rim])
    points = turn(np.c_[flat * radius, np.full(n + 1, 0.002)], angle)
    k = np.arange(n)
    faces = np.stack([np.zeros(n, int), k + 1, (k + 1) % n + 1], -1)
    return printed("disc", points, (flat + 1) / 2, faces, texture)


def printed(name, points, uv, faces, texture):
    """A mesh with a matt texture, whose row 0 lies at v = 0."""
    import mitsuba as mi

    props = mi.Properties()
    surface = {"type": "diffuse", "reflectance": texture}
    props["bsdf"] = mi.load_dict({"type": "twosided", "bsdf": surface})
    mesh = mi.Mesh(
        name,
        len(points),
        len(faces),
        props=props,
        has_vertex_normals=True,
        has_vertex_texcoords=True,
    )
    params = mi.traverse(mesh)
    params["vertex_positions"] = points.astype(np.float32).ravel()
    params["vertex_normals"] = normals(points, faces).astype(np.float32).ravel()
    params["vertex_texcoords"] = uv.astype(np.float32).ravel()
    params["faces"] = faces.astype(np.uint32).ravel()
    params.update()
    return mesh


def bitmap(array):
    """A texture of linear RGB."""
    import mitsuba as mi

    return mi.load_dict(
        {
            "type": "bitmap",
            "bitmap": mi.Bitmap(np.ascontiguousarray(array)),
            "raw": True,
            "wrap_mode": "clamp",
        }
    )


# --- light --------------------------------------------------------------------------------------


def light_map(boxes: float, height: int = 192) -> np.ndarray:
    """Light from all around: boxes overhead, a dim hall behind the camera (h, 2h, 3)."""
    width = 2 * height
    v, u = np.mgrid[:height, :width]
    up = np.pi / 2 - (v + 0.5) / height * np.pi
    around = (u + 0.5) / width * 2 * np.pi
    x, y, z = np.cos(up) * np.sin(around), np.cos(up) * np.cos(around), np.sin(up)
    out = np.where(up > 0.35, 0.25, 0.10)  # a white ceiling above a dim hall
    with np.errstate(divide="ignore", invalid="ignore"):
        px, py = x / z * 4, y / z * 4  # where the ray meets a ceiling 4 m up
    for middle in (-4.4, -1.5, 1.5, 4.4):
        out[(z > 0.05) & (np.abs(py - middle) < 0.75) & (np.abs(px) < 5)] = boxes
    out = smooth(smooth(out, 0.6), 0.6, axis=1, periodic=True)
    # Floor and wall hide these directions; light paths tried there would only add noise.
    out[(up < -0.05) | ((y > 0.5 * np.cos(up)) & (up < 0.65))] = 0
    # As much light falls on the floor however strong the boxes are beside the rest.
    out *= np.pi / np.sum(out * np.clip(z, 0, 1) * np.cos(up) * (np.pi / height) ** 2)
    return np.repeat(out[..., None], 3, axis=2).astype(np.float32)


class Studio:
    """The room and the camera of one shot; scene() puts a car into it."""

    def __init__(self, shot: Shot, detail: int = 1):
        import mitsuba as mi

        t = mi.ScalarTransform4f
        self.shot = shot
        self.fixed = {
            "type": "scene",
            "light": {
                "type": "envmap",
                "bitmap": mi.Bitmap(light_map(shot.boxes)),
                "to_world": t().rotate([1, 0, 0], 90),
            },
            "wall": _wall(bitmap(wall_texture(shot, detail))),
            "floor": {
                "type": "rectangle",
                "to_world": t().scale([FLOOR, FLOOR, 1]),
                "bsdf": {"type": "diffuse", "reflectance": bitmap(floor_texture(shot, detail))},
            },
        }
        self.disc = bitmap(disc_texture(shot, detail))

    def scene(self, car: Car | None, meshes: dict, view: int, size: tuple[int, int]):
        """The scene with the car's view 1 to 16, for pictures of size (height, width).

        Without a car it is the empty turntable.
        """
        import mitsuba as mi

        shot = self.shot
        angle = np.deg2rad(-90 + shot.start + (view - 1) * 22.5)
        scene = dict(self.fixed, sensor=_camera(shot, size))
        scene["disc"] = _disc(self.disc, shot.radius, angle)
        if car is not None:
            scene.update(shapes(car, meshes, angle, shot.ahead))
        return mi.load_dict(scene)


def _camera(shot: Shot, size: tuple[int, int]) -> dict:
    import mitsuba as mi

    height, width = size
    eye = [shot.aside, -shot.distance, shot.height]
    aim = [shot.aside + shot.pan, 0, shot.aim]
    return {
        "type": "perspective",
        "fov": shot.field,
        "fov_axis": "x",
        "to_world": mi.ScalarTransform4f().look_at(origin=eye, target=aim, up=[0, 0, 1]),
        "film": {"type": "hdrfilm", "width": width, "height": height, "rfilter": {"type": "box"}},
        "sampler": {"type": "multijitter"},
    }
