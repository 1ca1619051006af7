"""The studio around one car: lettered wall, floor, turntable, light and camera, for Mitsuba."""

from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .car import Car
from .materials import shapes
from .shapes import grid_faces, normals, smooth, triangles, turn

WALL = 8.0  # metres: the wall's height
FLOOR = 14.0  # half the side of the floor
BREADTH = 1.6  # how much farther the wall is beside the turntable than behind it
BACK = np.pi / 9  # radians by which the wall reaches round towards the camera


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
    depth: float  # from the turntable's middle to the wall behind it
    wall: float  # its reflectance, less where it is lit less
    floor: float
    beige: float  # of the floor: red over blue, less 1; below 0 it is bluish
    warmer: float  # how much more of it the turntable has
    disc: float  # the turntable's tone beside the floor's
    radius: float  # of the turntable
    wear: float  # strength of scuffs and tyre marks
    boxes: float  # brightness of the overhead lights; the ceiling between has 0.3
    hall: float  # brightness of the white hall behind the camera
    size: float  # the letters' height; 0 leaves them out
    reach: float  # the lettering's length
    shift: float  # from the wall's middle to the lettering's
    stroke: float  # of the letters: 1 is thin to bold as Carvana's
    ink: float
    marks: int  # seed of the scuffs and stains

    record = asdict


def draw_shot(rng: np.random.Generator, spread: float = 1.0) -> Shot:
    """Draw one car's camera and room; the order of the draws is part of the set's format.

    spread widens every range about its middle, as far as a room can be so.
    """

    def between(low, high, least=0.0):
        middle, half = (low + high) / 2, (high - low) / 2 * spread
        return max(least, float(rng.uniform(middle - half, middle + half)))

    def near(middle, deviation, least=-np.inf, most=np.inf):
        bell = np.clip(rng.normal(), -2.2, 2.2)  # without tails, so that no camera is absurd
        return float(np.clip(middle + spread * deviation * bell, least, most))

    return Shot(
        distance=near(7.60, 0.18, least=6.5),
        height=near(1.9, 0.09, least=1.0),
        aside=near(0, 0.10),
        pan=near(0.06, 0.09),
        aim=near(0.68, 0.25),
        field=near(44.0, 0.8),
        start=near(0, 2.0),
        ahead=near(0.04, 0.06),
        exposure=float(np.exp(near(0.03, 0.18))),
        balance=tuple(float(np.exp(near(0, 0.012))) for _ in range(3)),
        noise=between(0.002, 0.010),
        blur=between(0.0, 0.55),
        sharpen=between(0.0, 0.5),
        depth=near(10.5, 0.8, least=7.0, most=12.8),
        wall=_lit(between(0.84, 0.93)),
        floor=near(0.202, 0.025, least=0.06),
        beige=near(0.085, 0.145),
        warmer=near(0.10, 0.05),
        disc=between(0.9, 1.1, least=0.4),
        radius=between(2.85, 3.15),
        wear=between(0.3, 1.0),
        boxes=between(2.0, 4.0, least=0.6),
        hall=float(np.exp(near(np.log(0.9), 0.22))),
        size=near(1.72, 0.10, least=0.6),
        reach=near(12.5, 0.35),
        shift=near(-0.06, 0.10),
        stroke=near(1.0, 0.08, least=0.4),
        ink=near(0.138, 0.017, least=0.01),
        marks=int(rng.integers(2**31)),
    )


def _lit(wall):
    """One wall in six gets less light, as the darkest of Carvana's."""
    return 0.7 * wall if wall < 0.856 else wall


# --- surfaces -----------------------------------------------------------------------------------


# Strokes of the letters in a box 1 wide and 1 high, y downwards; an arc is given by its middle,
# radii and angles.
LETTERS = {
    "L": [[(0, 0), (0, 1), (1, 1)]],
    "A": [[(0, 1), (0.5, 0), (1, 1)], [(0.23, 0.66), (0.77, 0.66)]],
    "B": [
        [(0.5, 0), (0, 0), (0, 1), (0.5, 1)],
        [(0, 0.48), (0.5, 0.48)],
        [("arc", 0.5, 0.24, 0.42, 0.24, -90, 90)],
        [("arc", 0.5, 0.74, 0.5, 0.26, -90, 90)],
    ],
    "S": [
        [
            ("arc", 0.5, 0.25, 0.48, 0.25, -30, -270),
            ("arc", 0.5, 0.75, 0.5, 0.25, -90, 150),
        ]
    ],
    "E": [[(1, 0), (0, 0), (0, 1), (1, 1)], [(0, 0.48), (0.86, 0.48)]],
    "G": [[("arc", 0.5, 0.5, 0.5, 0.5, -62, -360), (0.62, 0.5)]],
}
THIN, BOLD = 0.16, 0.46  # metres: the first and the last letter's strokes
ASPECT = 1.02  # a letter's width beside its height


def wall_texture(shot: Shot, detail: int = 1) -> np.ndarray:
    """The lettered wall unrolled, float32 (h, w, 3) linear RGB, 1 / (60 detail) metres a pixel."""
    scale = 60 * detail
    width, height = int(_plan(shot.depth)[2][-1] * scale), int(WALL * scale)
    image = Image.new("L", (4 * width, 4 * height), 0)  # drawn larger: Pillow's lines are ragged
    if shot.size:
        _write(ImageDraw.Draw(image), shot, 4 * scale, width / scale / 2 + shot.shift)
    ink = np.asarray(image.reduce(4), np.float32)[..., None] / 255
    rng = np.random.default_rng([shot.marks, 1])
    stain = cloud(rng, (height, width), ((3, 12, 0.02), (20, 90, 0.006)))[..., None]
    white = shot.wall * np.array([1.0, 0.99, 0.985]) * (1 + stain)
    wall = white * (1 - ink) + shot.ink * ink
    return wall[::-1].astype(np.float32)  # from the floor upwards, as the mesh counts


def _write(draw, shot, scale, middle):
    """Write LABSEG, standing on the floor, from thin to bold; places in metres."""
    wide = ASPECT * shot.size
    for k, letter in enumerate("LABSEG"):
        stroke = shot.stroke * (THIN + (BOLD - THIN) * k / 5)
        left = middle - shot.reach / 2 + (shot.reach - wide) * k / 5 + stroke / 2
        for path in LETTERS[letter]:
            points = [
                (
                    (left + x * (wide - stroke)) * scale,
                    (WALL - shot.size + stroke / 2 + y * (shot.size - stroke)) * scale,
                )
                for x, y in _points(path)
            ]
            r = stroke * scale / 2
            for x, y in points[1:-1]:
                draw.ellipse([x - r, y - r, x + r, y + r], 255)
            points[0], points[-1] = (_beyond(*points[:2], r), _beyond(*points[-2:][::-1], r))
            draw.line(points, 255, width=max(1, round(2 * r)))


def _beyond(end, inner, length):
    """The end of a stroke, moved outwards by a length."""
    end, inner = np.array(end), np.array(inner)
    return tuple(end + length * (end - inner) / np.linalg.norm(end - inner))


def _points(path):
    for part in path:
        if part[0] == "arc":
            _, x, y, across, up, first, last = part
            angle = np.deg2rad(np.linspace(first, last, 33))
            yield from zip(x + across * np.cos(angle), y + up * np.sin(angle), strict=True)
        else:
            yield part


def floor_texture(shot: Shot, detail: int = 1) -> np.ndarray:
    """The floor around the turntable, from above; (size, size, 3) linear RGB."""
    rng = np.random.default_rng([shot.marks, 2])
    tone, x, y = _ground(rng, FLOOR, shot, 50 * detail)
    joints = rng.uniform(-7, 7, 3)
    for k, joint in enumerate(joints):
        tone[np.abs((x, y)[k % 2] - joint) < 0.014] *= 0.85
    radius = np.hypot(x, y)
    tone *= 1 - 0.35 * np.exp(-(((radius - shot.radius - 0.02) / 0.03) ** 2))  # the gap
    front = np.clip((2.2 - y) / 5, 0, 1.2)  # the light there is warmer
    return _tinted(tone, shot.beige + 0.07 * front)


def disc_texture(shot: Shot, detail: int = 1) -> np.ndarray:
    """The turntable from above, the car's front to the right; (size, size, 3) linear RGB."""
    rng = np.random.default_rng([shot.marks, 3])
    tone, x, y = _ground(rng, shot.radius, shot, 80 * detail)
    tone *= shot.disc
    for joint in (-1.2, 0.0, 1.2):  # it is made of plates
        tone[np.abs(x - joint + 0.1) < 0.008] *= 0.85
    for side in (-0.76, 0.76):  # where cars drive on
        tread = np.exp(-((np.abs(y - side - 0.03 * np.sin(x)) / 0.13) ** 4))
        worn = 0.13 + 0.13 * cloud(rng, tone.shape, ((9, 3, 1.0),))
        tone *= 1 - shot.wear * np.clip(worn, 0, 1) * tread
    return _tinted(tone, shot.beige + shot.warmer)


def _ground(rng, half, shot, fine):
    """A worn floor's tone, and each pixel's place in metres; `fine` pixels a metre."""
    size = int(2 * half * fine)
    y, x = (np.mgrid[:size, :size] + 0.5) / size * 2 * half - half
    layers = ((3, 3, 0.05), (14, 14, 0.03), (90, 90, 0.02), (500, 500, 0.03))
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
    marks = np.asarray(marks.filter(ImageFilter.GaussianBlur(0.02 * metre)), float) / 255
    return tone * (1 - 0.5 * np.clip(marks * shot.wear, 0, 1)), x, y


def _tinted(tone, beige):
    """beige is one number, or one a pixel."""
    tint = 1 + np.asarray(beige)[..., None] * np.array([0.45, 0.05, -0.55])
    return np.clip(tone[..., None] * tint, 0.02, 0.9).astype(np.float32)


def cloud(rng, shape, layers):
    """Smooth noise: for each (rows, columns, strength) a grid of random values, enlarged."""
    out = np.zeros(shape, np.float32)
    for rows, columns, strength in layers:
        grid = Image.fromarray(rng.uniform(-1, 1, (rows, columns)).astype(np.float32))
        out += strength * np.asarray(grid.resize(shape[::-1], Image.Resampling.BICUBIC))
    return out


# --- shapes -------------------------------------------------------------------------------------


def _plan(depth, n=160):
    """The wall from above, left to right: x, y, and the length so far."""
    angle = np.linspace(np.pi + BACK, -BACK, n)
    x, y = BREADTH * depth * np.cos(angle), depth * np.sin(angle)
    return x, y, np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])


def _wall(texture, depth):
    """It meets the floor in a sharp edge."""
    x, y, run = _plan(depth)
    z = np.array([0, WALL])
    points = np.stack([*np.broadcast_arrays(x, y, z[:, None])], -1)
    uv = np.stack(np.broadcast_arrays(run / run[-1], z[:, None] / WALL), -1)
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


def light_map(shot: Shot, height: int = 256) -> np.ndarray:
    """Light from all around: boxes overhead, a hall with lamps behind the camera (h, 2h, 3).

    A clear coat mirrors it: the strips of the boxes, the hall above the horizon, the floor below.
    """
    width = 2 * height
    v, u = np.mgrid[:height, :width]
    up = np.pi / 2 - (v + 0.5) / height * np.pi
    around = (u + 0.5) / width * 2 * np.pi
    x, y, z = np.cos(up) * np.sin(around), np.cos(up) * np.cos(around), np.sin(up)
    hall = shot.hall * (0.65 + 0.3 * up) * np.where(up < 0.10, 0.45, 1)  # dark along the floor
    places = np.random.default_rng([shot.marks, 4])
    for door in places.uniform(0.6, 1.4, 2) * np.pi:
        hall = np.where((np.abs(around - door) < 0.16) & (up < 0.32), 0.35 * hall, hall)
    for lamp in (np.array([0.62, 0.88, 1.12, 1.38]) + places.uniform(-0.06, 0.06, 4)) * np.pi:
        lit = (np.abs(around - lamp) < 0.13) & (np.abs(up - 0.36) < 0.16)
        hall = np.where(lit, 2.2 * shot.hall, hall)
    out = np.where(up > 0.62, 0.3, hall)
    with np.errstate(divide="ignore", invalid="ignore"):
        px, py = x / z * 4, y / z * 4  # where the ray meets a ceiling 4 m up
    for middle in (-4.4, -1.5, 1.5, 4.4):
        out[(z > 0.05) & (np.abs(py - middle) < 0.55) & (np.abs(px) < 5)] = shot.boxes
    out = smooth(smooth(out, 0.6), 0.6, axis=1, periodic=True)
    # Floor and wall hide these directions; light paths tried there would only add noise.
    out[(up < -0.05) | ((y > 0.35 * np.cos(up)) & (up < 0.42))] = 0
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
                "bitmap": mi.Bitmap(light_map(shot)),
                "to_world": t().rotate([1, 0, 0], 90),
            },
            "wall": _wall(bitmap(wall_texture(shot, detail)), shot.depth),
            "floor": {
                "type": "rectangle",
                "to_world": t().scale([FLOOR, FLOOR, 1]),
                "bsdf": {"type": "diffuse", "reflectance": bitmap(floor_texture(shot, detail))},
            },
        }
        self.disc = bitmap(disc_texture(shot, detail))

    def scene(self, car: Car | None, meshes: dict, view: int, size: tuple[int, int]):
        """The scene with the car's view 1 to 16, for pictures of size (height, width).

        Without a car it is the empty turntable. It turns as Carvana's: in view 3 the front points
        left.
        """
        import mitsuba as mi

        shot = self.shot
        angle = np.deg2rad(-90 + shot.start - (view - 1) * 22.5)
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
