"""Roof, pillars and windows, and what is seen through them."""

import numpy as np

from .body import Frame, carve, edges, finish, outline, rounded
from .design import Car
from .shapes import Mesh, blob, box, curve, mirrored, moved, tube, within

WALL, TOP = 34, 24
SINK = 0.05  # how far the cabin reaches into the body
FRONT = (6.5, 2.3)  # powers of the plan's front half, see body.outline


def roof(car: Car, f: Frame, x):
    """Height of the roof's middle line."""
    top = 0.5 * f.roof_front + 0.5 * f.roof_rear + 0.1
    span = max(f.roof_front - f.roof_rear, 0.5)
    knots = [(f.roof_rear - 0.5, -car.roof_drop - 0.5 * car.roof_drop / span - 0.06)]
    knots += [(f.roof_rear, -car.roof_drop), (top, 0), (f.roof_front, -0.03)]
    return car.height + curve(x, [*knots, (f.roof_front + 0.5, -0.14)], 0.16)


def base_width(car: Car) -> float:
    return 0.945 * car.width / 2 - 0.022


class Levels:
    """The cabin's outline at a height share t, 0 the windows' foot and 1 the roof's edge."""

    def __init__(self, car: Car, f: Frame):
        self.car, self.f = car, f
        tall = car.height - 0.06 - car.belt
        self.tall = tall
        self.inward = car.tumble * tall

    def front(self, t):
        return self.f.cowl - self.car.rake * t + 0.035 * np.sin(np.pi * np.clip(t, 0, 1))

    def rear(self, t):
        run = self.f.roof_rear - self.f.foot
        return self.f.foot + run * t - 0.04 * np.sin(np.pi * np.clip(t, 0, 1))

    def width(self, t):
        bulge = 0.025 * np.sin(np.pi * np.clip(t, 0, 1))
        return base_width(self.car) - self.inward * t + bulge


def cabin(car: Car, f: Frame) -> dict[str, list[Mesh]]:
    data, faces = _shell(car, f)
    return carve(data, faces, "fabric" if car.soft_top else "paint", _marks(car, f, data))


def _shell(car, f):
    levels = Levels(car, f)
    boxy = car.style in ("suv", "van", "pickup", "estate")
    half = (f.cowl - f.foot) / 2
    rear = (9 + 4 * boxy, 2.6 + 0.6 * boxy) if car.style != "pickup" else (18, 4)
    ux, uy, way = outline(half, base_width(car), FRONT, rear)
    t = np.linspace(-0.05, 1, WALL)[None]
    fore, aft = levels.front(t), levels.rear(t)
    x = (fore + aft) / 2 + (fore - aft) / 2 * ux[:, None]
    y = levels.width(t) * uy[:, None]
    base = edges(car, f, x)[0] - SINK
    crown = 0.045 + 0.02 * uy[:, None]
    z = base + np.clip(t, 0, 1) * (roof(car, f, x) - crown - base) + np.minimum(t, 0) * 0.8
    s = np.linspace(0, 1, TOP)[None, 1:]
    x0, y0, z0 = x[:, -1:], y[:, -1:], z[:, -1:]
    middle = np.clip(x0, f.roof_rear + 0.4, f.roof_front - 0.4)
    if f.roof_front - f.roof_rear < 0.9:
        middle = np.full_like(x0, (f.roof_front + f.roof_rear) / 2)
    xs, q = x0 + (middle - x0) * s, 1 - (1 - s) ** 2.2
    over = xs, y0 * (1 - s), z0 * (1 - q) + roof(car, f, xs) * q
    grid = [np.concatenate(parts, axis=1) for parts in zip((x, y, z), over, strict=True)]
    section = np.r_[t[0], 1 + s[0]]
    x, y, z = rounded_open(grid, 1.7)
    extra = [np.broadcast_to(v, x.shape) for v in (way[:, None], section[None], x * 0)]
    return finish(x, y, z, extra)


def rounded_open(grid, sigma):
    """As rounded, for a shell that is open below: its lowest points stay."""
    x, y, z = rounded([np.concatenate([g[:, :1]] * 8 + [g], axis=1) for g in grid], sigma)
    return x[:, 8:], np.maximum(y[:, 8:], 0), z[:, 8:]


def _marks(car, f, data):
    """Windows, their frames and posts."""
    levels = Levels(car, f)
    tall, length = levels.tall, data[:, 6].max()
    corner = 0.82 * base_width(car) + 0.10
    low, high = 0.10, 0.93 - 0.02 * car.soft_top
    a = car.pillar_a / 2

    def heights(c, bottom=low, top=high):
        return (c.t - bottom) * tall, (top - c.t) * tall

    def screen(c):
        return within(corner - a - c.s, *heights(c, 0.09), radius=0.06)

    def back(c):
        return within(corner - 0.09 - (length - c.s), *heights(c, 0.14, 0.90), radius=0.07)

    def limit(c):
        """The side windows' rear end, metres ahead of it."""
        aft = levels.rear(c.t) + car.pillar_c * (car.style != "pickup") + 0.12
        lean = (1 - car.pillar_lean) * 0.25 * (1 - c.t)
        return np.minimum(c.x - aft - lean, length - c.s - corner - 0.02)

    def side(c):
        return within(c.s - corner - a, *heights(c), limit(c), radius=0.045)

    posts = _posts(car, f)
    dark = "privacy" if car.privacy else "glass"
    first = posts[0][0]

    def post(at, wide, lean):
        def middle(c):
            return c.x - at - lean * (c.t - 0.5) * tall

        return ("gloss", lambda c: middle(c) + wide, lambda c: wide - middle(c))

    panes = [*(post(*p) for p in posts), (dark, lambda c: first - c.x)]
    frame = "chrome" if car.chrome and car.chrome_grille else "gloss"
    strip = "chrome" if car.chrome else "gloss"

    def around(c):
        return side(c) + 0.016

    marks = [
        (("gloss", [("glass", lambda c: screen(c) - 0.025)]), screen),
        (("gloss", [(dark, lambda c: back(c) - 0.02)]), back),
        (strip, around, lambda c: -side(c), lambda c: 0.20 - c.t),
        ((frame, [(("glass", panes), side)]), around),
        ("trim", lambda c: 0.09 - c.t, lambda c: corner - c.s),
    ]
    if car.sunroof and not car.soft_top:
        middle, reach = f.roof_front - 0.45, min(0.30, (f.roof_front - f.roof_rear) / 2 - 0.12)

        def panel(c):
            return within(reach - np.abs(c.x - middle), 0.42 - c.y, (c.t - 1.05) * 0.5, radius=0.06)

        marks.append(("gloss", panel))
    return marks + tail_lamp(car, f, length)


def _posts(car, f):
    """(x, half width, lean) of the posts between side windows."""
    if car.style == "coupe":
        return [(f.axle_rear + 0.42, 0.02, 0.5)]
    b = b_pillar(car, f)
    posts = [(b, 0.05, 0.10)]
    if car.style == "pickup":
        return posts
    return [*posts, (f.axle_rear + 0.22, 0.03 + 0.02 * (car.style in ("suv", "van")), 0.25)]


def b_pillar(car: Car, f: Frame) -> float:
    front = f.axle_front - f.arch - 0.14
    rear = f.foot + 0.05 if car.style == "pickup" else f.axle_rear + 0.30
    return 0.47 * front + 0.53 * rear


def tail_lamp(car: Car, f: Frame, length: float):
    """Marks of the tail lamps, for body and cabin; length is that of the half outline."""
    width = car.width / 2
    top = car.belt + car.belt_rise - 0.07
    if car.style in ("sedan", "coupe", "pickup"):
        top = car.deck - 0.085
    low, inner, outer = top - car.tail_height, width - car.tail_width, width + car.tail_wrap
    if car.tail_style == 1:  # upright, up the rear pillar
        low, inner, outer = top - 0.30, width - 0.17, width + 0.10
        if car.style not in ("sedan", "coupe", "pickup"):
            top = top + 0.28
    radius = 0.03 if car.tail_style == 0 else 0.055

    def lamp(c):
        r = length - c.s
        sides = (r - inner - 0.25 * np.maximum(top - c.z, 0) * (car.tail_style == 2), outer - r)
        return within(*sides, c.z - low, top - c.z, radius=radius)

    z1 = low + 0.30 * (top - low)
    strip = 0.16 * (top - low)
    inside = [
        ("lens", lambda c: 0.008 - lamp(c)),
        (
            "reverse",
            lambda c: c.z - z1 + strip,
            lambda c: z1 + 0.02 - c.z,
            lambda c: width - 0.03 - (length - c.s),
        ),
        ("redder", lambda c: c.z - z1 - 0.02, lambda c: z1 + 0.035 + strip - c.z),
    ]
    return [(("tail", inside), lamp)]


def interior(car: Car, f: Frame) -> list[tuple[str, Mesh]]:
    """Seats, dashboard and wheel: seen dimly through the glass."""
    out = []
    floor = car.clearance + 0.12
    hip = max(car.belt - 0.42, floor + 0.1)
    inner = base_width(car) - 0.06
    aft = f.foot + 0.25
    middle, run = (f.cowl - 0.15 + aft) / 2, f.cowl - 0.15 - aft
    out.append(("cabin", box((middle, 0, hip - 0.12), (run, 2 * inner, 0.04))))
    out.append(("cabin", box((f.cowl - 0.36, 0, car.belt - 0.13), (0.50, 2 * inner - 0.05, 0.16))))
    rows = [b_pillar(car, f) + 0.10]
    if car.style != "coupe" or car.foot < 0.6:
        rows.append(rows[0] - (0.88 if car.style != "coupe" else 0.75))
    if car.style == "van":
        rows.append(rows[-1] - 0.85)
    for k, x in enumerate(rows):
        if x < aft:
            continue
        lift = min(0.62, car.height - 0.30 - hip)
        for y in (0.36, -0.36):
            top = hip + lift
            out.append(("seat", blob((x + 0.22, y, hip), (0.26, 0.25, 0.09), 4, 10)))
            back = blob((0, 0, 0), (0.07, 0.24 if k == 0 else 0.34, lift / 2), 4, 12)
            back.points[:, 0] -= 0.25 * back.points[:, 2]
            out.append(("seat", moved(back, x - 0.08, y, hip + lift / 2)))
            out.append(("seat", blob((x - 0.17, y, top + 0.06), (0.045, 0.13, 0.08), 3, 10)))
    angle = np.linspace(0, 2 * np.pi, 25)
    ring = np.stack([-0.08 * np.sin(angle), 0.18 * np.cos(angle), 0.17 * np.sin(angle)], 1)
    out.append(("cabin", moved(tube(ring, 0.016), f.cowl - 0.68, 0.36, car.belt - 0.02)))
    mirror = (Levels(car, f).front(0.75) - 0.1, 0, car.height - 0.22)
    out.append(("cabin", blob(mirror, (0.02, 0.12, 0.03), 4, 8)))
    return out


def rear_spoiler(car: Car, f: Frame) -> Mesh:
    """A lip over the rear window, or on the boot lid."""
    wide = base_width(car) - car.tumble * 0.4 - 0.03
    if car.foot < 0.35:
        x, z, high = f.roof_rear - 0.02, roof(car, f, f.roof_rear) - 0.045, 0.022
    else:
        x, z = f.rear + car.bumper + car.tail_lean + 0.13, car.deck - 0.012
        wide, high = 0.9 * wide, 0.036
    return blob((x, 0, z), (0.11, wide * 0.88, high), 3.0, 20)


def rails(car: Car, f: Frame) -> list[Mesh]:
    """Roof rails on three feet; style 2 has cross bars."""
    levels = Levels(car, f)
    y = levels.width(1.0) - 0.07
    start, end = f.roof_front - 0.18, f.roof_rear + 0.12
    x = np.linspace(start, end, 24)
    u = np.linspace(-1, 1, 24)
    lift = 0.055 * (1 - np.abs(u) ** 8)
    z = roof(car, f, x) - 0.035 + lift
    out = [tube(np.stack([x, 0 * x + y, z], 1), 0.016)]
    for k in (4, 12, 19):
        out.append(box((x[k], y, z[k] - 0.03), (0.07, 0.024, 0.06)))
    out = [*out, *(mirrored(m) for m in out)]
    if car.rails == 2:
        for k in (6, 17):
            out.append(box((x[k], 0, z[k] + 0.01), (0.05, 2 * y, 0.018)))
    return out
