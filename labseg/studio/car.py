"""One parametric car: numbers drawn from a seed, and the meshes that they give.

The front looks along +x, z is up, the wheels stand on z = 0; all lengths are in metres.
The proportions slide: between low and tall, short and long, notchback and estate there is no gap.
"""

from dataclasses import asdict, dataclass

import numpy as np

from .shapes import Mesh, blob, box, compact, grid_faces, join, lathe, smooth, triangles

ARCH = 0.055  # gap between tyre and body
STEP = 0.02  # distance of the body's cross-sections


@dataclass(frozen=True)
class Car:
    """What makes one car; see draw for the ranges."""

    length: float
    width: float
    height: float
    clearance: float
    wheelbase: float
    overhang: float  # front end to front axle
    wheel: float  # radius
    hood: float  # height of the hood's front edge
    cowl: float  # height of the windscreen's foot
    cowl_back: float  # front axle to windscreen's foot
    rake: float  # horizontal run of the windscreen
    tail: float  # 0 notchback … 1 upright estate
    belt_rise: float
    tumble: float  # inward lean of the side windows
    pillar: float  # width of the rear pillar
    nose: float  # how much the front is curved in plan
    flare: float
    cladding: float  # height of the unpainted sill
    spokes: int
    spoke_width: float
    grille: float  # half width
    grille_height: float
    grille_bars: int
    lamp: float  # half height
    tail_lamp: float
    tail_lamp_tall: float
    rails: bool
    sunroof: bool
    handles_painted: bool
    mirrors_painted: bool
    chrome: bool
    paint: tuple[float, float, float]
    gloss: float  # roughness of the clear coat
    rim: float
    glass: float

    record = asdict


# Linear RGB; about seven cars in ten are white, silver, grey or black, as on the road.
PAINTS = {
    "white": (0.24, (0.66, 0.66, 0.645)),
    "silver": (0.18, (0.46, 0.47, 0.48)),
    "grey": (0.15, (0.13, 0.135, 0.14)),
    "black": (0.15, (0.012, 0.012, 0.014)),
    "red": (0.09, (0.38, 0.015, 0.015)),
    "blue": (0.09, (0.03, 0.08, 0.27)),
    "beige": (0.05, (0.42, 0.36, 0.27)),
    "green": (0.03, (0.03, 0.10, 0.06)),
    "orange": (0.02, (0.60, 0.16, 0.02)),
}


def draw(rng: np.random.Generator) -> Car:
    """Draw one car's numbers; the order of the draws is part of the data set's format."""

    def between(low, high):
        return float(rng.uniform(low, high))

    size, tall, tail = between(0, 1), between(0, 1) ** 1.3, between(0, 1)
    height = 1.40 + 0.38 * tall + between(-0.03, 0.03)
    length = 3.85 + 1.10 * size + 0.15 * (1 - tail) * (1 - tall) + between(-0.1, 0.1)
    names = list(PAINTS)
    shares = np.array([PAINTS[n][0] for n in names])
    name = names[rng.choice(len(names), p=shares / shares.sum())]
    neutral = name in ("white", "silver", "grey", "black")
    tint = rng.uniform(0.97, 1.03, 3) if neutral else rng.uniform(0.75, 1.3, 3)
    tone = between(0.85, 1.12) if name == "white" else between(0.75, 1.3)
    hood = height * (0.475 + 0.06 * tall) + between(-0.03, 0.03)
    return Car(
        length=length,
        width=1.70 + 0.14 * size + 0.10 * tall + between(-0.03, 0.03),
        height=height,
        clearance=0.15 + 0.08 * tall + between(-0.01, 0.02),
        wheelbase=length * between(0.575, 0.615),
        overhang=length * between(0.175, 0.20),
        wheel=0.30 + 0.035 * size + 0.035 * tall,
        hood=hood,
        cowl=hood + between(0.16, 0.24),
        cowl_back=between(0.32, 0.58),
        rake=between(0.62, 0.95),
        tail=tail,
        belt_rise=between(0.0, 0.09),
        tumble=between(0.26, 0.42),
        pillar=between(0.10, 0.32),
        nose=between(0.14, 0.30),
        flare=between(0.01, 0.035),
        cladding=between(0.03, 0.07) + 0.12 * tall * (rng.random() < 0.5),
        spokes=int(rng.integers(5, 12)),
        spoke_width=between(0.6, 1.2),
        grille=between(0.30, 0.48),
        grille_height=between(0.05, 0.11),
        grille_bars=int(rng.integers(2, 7)),
        lamp=between(0.05, 0.085),
        tail_lamp=between(0.05, 0.09),
        tail_lamp_tall=between(0, 1) * (tail > 0.4),
        rails=bool(tall > 0.35 and rng.random() < 0.6),
        sunroof=bool(rng.random() < 0.25),
        handles_painted=bool(rng.random() < 0.6),
        mirrors_painted=bool(rng.random() < 0.7),
        chrome=bool(rng.random() < 0.45),
        paint=tuple(
            float(v) for v in np.clip(np.array(PAINTS[name][1]) * tint * tone, 0.006, 0.88)
        ),
        gloss=between(0.05, 0.14),
        rim=between(0.04, 0.6),
        glass=between(0.01, 0.05),
    )


def build(car: Car) -> dict[str, Mesh]:
    """The car's meshes by material name."""
    parts = {name: [mesh] for name, mesh in _body(car).items()}
    for extra in (_wheels(car), _fittings(car)):
        for name, mesh in extra:
            parts.setdefault(name, []).append(mesh)
    return {name: join(meshes) for name, meshes in sorted(parts.items())}


# --- the side view: heights along x ---------------------------------------------------------


@dataclass(frozen=True)
class _Points:
    """Places along the car that several parts share."""

    front: float
    rear: float
    axle_front: float
    axle_rear: float
    cowl: float  # windscreen's foot
    roof_front: float
    roof_rear: float
    deck: float  # rear window's foot
    deck_height: float
    roof_rear_height: float


def _points(car: Car) -> _Points:
    front, rear = car.length / 2, -car.length / 2
    axle_front = front - car.overhang
    axle_rear = axle_front - car.wheelbase
    cowl = axle_front - car.cowl_back
    q = car.tail

    def slide(a, b):
        return a + (b - a) * q

    deck = slide(axle_rear - 0.22, rear + 0.10)
    roof_rear = max(slide(axle_rear + 0.50, rear + 0.34), deck + 0.22)
    return _Points(
        front,
        rear,
        axle_front,
        axle_rear,
        cowl,
        cowl - car.rake,
        roof_rear,
        deck,
        car.cowl + slide(0.03, 0.02) + car.belt_rise * 0.6,
        car.height - slide(0.075, 0.035),
    )


def _heights(car: Car, x: np.ndarray) -> dict[str, np.ndarray]:
    """Top, belt and underside along x."""
    p = _points(car)
    middle = (p.roof_front + p.roof_rear) / 2
    knots = [
        (p.rear, p.deck_height - 0.06 - 0.05 * car.tail),
        (p.rear + 0.08, p.deck_height - 0.02),
        (p.deck, p.deck_height),
        (p.roof_rear, p.roof_rear_height),
        (middle, car.height),
        (p.roof_front, car.height - 0.03),
        (p.cowl, car.cowl),
        (p.front - 0.30, car.hood + 0.04),
        (p.front, car.hood - 0.04),
    ]
    top = np.interp(x, *np.transpose(knots))
    # A second, rounder roof: a spline would overshoot at the windscreen's foot.
    top = smooth(top, 0.05 / STEP)
    belt = np.interp(
        x, [p.rear, p.cowl, p.front], [car.cowl - 0.03 + car.belt_rise, car.cowl - 0.03, car.cowl]
    )
    ends = [p.rear, p.rear + 0.55, p.front - 0.6, p.front]
    under = np.interp(x, ends, [0.07, 0, 0, 0.05]) + car.clearance
    return {"top": top, "belt": belt, "under": smooth(under, 0.1 / STEP)}


# --- the body: a loft of cross-sections -------------------------------------------------------

# Samples on each stretch of half a cross-section, from the bottom's middle to the top's.
STRETCHES = {"under": 5, "sill": 28, "flank": 24, "window": 30, "top": 36}


def _section(car: Car, x: np.ndarray):
    """Half cross-sections: y, z (stations, samples) and each sample's stretch (samples,)."""
    h = _heights(car, x)
    half = car.length / 2
    w = car.width / 2 * (1 - 0.10 * np.abs(x / half) ** 4)
    under = h["under"]
    crown = 0.055
    shoulder = np.minimum(h["belt"], h["top"] - crown)
    shoulder = smooth(shoulder, 0.04 / STEP)
    waist = under + 0.60 * (shoulder - under)
    y7, z7 = w - 0.075, shoulder + 0.012
    z8 = np.maximum(h["top"] - crown, z7)
    y8 = y7 - car.tumble * (z8 - z7)
    knots = [
        (0 * w, under),
        (0.86 * w, under),
        (0.99 * w, under + 0.10),
        (w, waist),
        (0.985 * w, shoulder - 0.05),
        (w - 0.04, shoulder),
        (y7, z7),
        (y8, z8),
    ]
    ys, zs, label = [], [], []

    def stretch(name, n, pairs):
        t = np.linspace(0, len(pairs) - 1, n, endpoint=False)
        at = np.arange(len(pairs))
        for out, k in ((ys, 0), (zs, 1)):
            values = np.stack([p[k] for p in pairs], axis=1)
            out.append(np.stack([np.interp(t, at, row) for row in values]))
        label.extend([name] * n)

    stretch("under", STRETCHES["under"], knots[0:2])
    stretch("sill", STRETCHES["sill"], knots[1:4])
    stretch("flank", STRETCHES["flank"], knots[3:7])
    stretch("window", STRETCHES["window"], knots[6:8])
    s = np.linspace(0, 1, STRETCHES["top"])
    ys.append(y8[:, None] * (1 - s))
    zs.append(h["top"][:, None] - (h["top"] - z8)[:, None] * (1 - s) ** 2)
    label.extend(["top"] * len(s))
    return np.concatenate(ys, 1), np.concatenate(zs, 1), np.array(label)


def _cap(y, z, x_end, radius, sign, rings=44):
    """Close one end: the last section shrinks along a quarter circle, then to its middle."""
    angle = np.linspace(0, np.pi / 2, 12)[1:]
    inset = radius * (1 - np.cos(angle))
    forward = radius * np.sin(angle)
    flat = np.linspace(0, 1, rings)[1:]
    middle = (z.max() + z.min()) / 2
    half_z = (z.max() - z.min()) / 2
    rows = []
    for i, f in zip(inset, forward, strict=True):
        rows.append((y * (1 - i / np.abs(y).max()), middle + (z - middle) * (1 - i / half_z), f))
    y0, z0, f0 = rows[-1]
    for t in flat:
        rows.append((y0 * (1 - t), middle + (z0 - middle) * (1 - t), f0 + 0.02 * t))
    return (
        np.stack([r[0] for r in rows]),
        np.stack([r[1] for r in rows]),
        np.stack([np.full(len(y), x_end + sign * r[2]) for r in rows]),
    )


def _body(car: Car) -> dict[str, Mesh]:
    """The painted shell with its windows, lamps and grille as separate meshes."""
    radius = 0.13
    half = car.length / 2
    x = np.arange(-half + radius, half - radius + STEP, STEP)
    y, z, label = _section(car, x)
    # The whole ring: left side upwards, right side downwards.
    ring = np.concatenate([np.arange(y.shape[1]), np.arange(y.shape[1] - 2, 0, -1)])
    side = np.concatenate([np.ones(y.shape[1]), -np.ones(y.shape[1] - 2)])
    y, z, label = y[:, ring] * side, z[:, ring], label[ring]
    y, z = smooth(y, 1.8, 1, periodic=True), smooth(z, 1.8, 1, periodic=True)
    y, z = smooth(y, 1.5), smooth(z, 1.5)
    station = np.broadcast_to(x[:, None], y.shape)
    rear_y, rear_z, rear_x = _cap(y[0], z[0], x[0], radius, -1)
    front_y, front_z, front_x = _cap(y[-1], z[-1], x[-1], radius, 1)
    y = np.concatenate([rear_y[::-1], y, front_y])
    z = np.concatenate([rear_z[::-1], z, front_z])
    station = np.concatenate([rear_x[::-1], station, front_x])
    points = np.stack([_plan(car, station, y, z), y, z], axis=-1)
    points, well = _arches(car, points)
    quads = grid_faces(*y.shape)
    material = _materials(car, points, station, label, quads)
    material[well.ravel()[quads].any(axis=1)] = "dark"
    flat = points.reshape(-1, 3)
    return {
        name: compact((flat, triangles(quads[material == name])))
        for name in np.unique(material).tolist()
    }


def _plan(car, x, y, z):
    """Curve the ends, seen from above, and lean them, seen from the side."""
    half = car.length / 2
    share = y / (car.width / 2)
    t = x / half
    curve = np.where(t > 0, car.nose, 0.16) * np.sign(t) * np.abs(t) ** 1.5
    lean = np.clip(np.abs(t) - 0.8, 0, 0.2) / 0.2 * np.sign(t)
    height = np.clip((z - car.clearance - 0.3) / 0.5, 0, 1)
    return x - curve * share**2 - lean * np.where(t > 0, 0.10, 0.05) * height


def _axles(car):
    p = _points(car)
    return ((p.axle_front, car.wheel), (p.axle_rear, car.wheel))


def _arches(car: Car, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Push the sides in where the wheels are, and out a little around them.

    Returns the points and which of them lie in a wheel well.
    """
    points, well = points.copy(), np.zeros(points.shape[:2], bool)
    y = points[..., 1]
    inner = car.width / 2 - 0.34
    opening = car.wheel + ARCH
    for x0, z0 in _axles(car):
        distance = np.hypot(points[..., 0] - x0, np.maximum(points[..., 2] - z0, 0))
        ring = np.clip(1 - np.abs(distance - opening) / 0.09, 0, 1)
        y += np.sign(y) * car.flare * ring**2 * (np.abs(y) > inner)
        inside = (distance < opening) & (np.abs(y) > inner)
        y[inside] = np.sign(y[inside]) * inner
        well |= inside
    return points, well


def _materials(car, points, station, label, quads):
    """The material of each face, by where it lies."""
    p = _points(car)
    corner = points.reshape(-1, 3)[quads]
    x, y, z = corner.mean(axis=1).T
    u = station.ravel()[quads].mean(axis=1)
    where = np.broadcast_to(label, points.shape[:2]).ravel()[quads[:, 0]]
    h = _heights(car, np.arange(p.rear, p.front, STEP))
    grid = np.arange(p.rear, p.front, STEP)
    top, belt, under = (np.interp(u, grid, h[k]) for k in ("top", "belt", "under"))
    ay = np.abs(y)
    out = np.full(len(quads), "paint", dtype="U8")

    side = np.isin(where, ["sill", "flank"])
    out[(z < under + car.cladding) | ((where == "under") & (z < under + 0.06))] = "trim"
    doors = [p.axle_front - car.wheel - 0.10, _b_pillar(car), p.axle_rear + 0.24]
    for door in doors:
        line = side & (np.abs(u - door) < STEP / 2) & (z > under + 0.1)
        out[line & (door > p.deck + 0.2)] = "dark"
    _glaze(car, p, out, u, ay, z, where, top, belt)
    _front(car, p, out, x, ay, z)
    _rear(car, p, out, x, ay, z)
    return out


def _b_pillar(car):
    p = _points(car)
    return 0.52 * p.cowl + 0.48 * p.axle_rear - 0.12


def _glaze(car, p, out, u, ay, z, where, top, belt):
    """Windscreen, rear window, side windows, sunroof; what lies between them are the pillars."""
    over = where == "top"
    edge = 0.5 * car.width - 0.075 - car.tumble * (top - belt) - 0.075
    screen = over & (u < p.cowl - 0.03) & (u > p.roof_front - 0.01) & (ay < edge)
    out[over & (np.abs(u - p.cowl - 0.02) < 0.05) & (ay < edge + 0.05)] = "dark"
    rear = over & (u > p.deck + 0.03) & (u < p.roof_rear + 0.0) & (ay < edge - 0.02)
    out[screen | rear] = "glass"
    if car.sunroof:
        middle = (p.roof_front + p.roof_rear) / 2
        out[over & (np.abs(u - p.roof_front + 0.55) < 0.33) & (ay < 0.40) & (u > middle)] = "glass"
    slope = (p.roof_rear - p.deck) / (p.roof_rear_height - p.deck_height)
    back = p.deck + slope * (z - p.deck_height) + car.pillar
    window = (where == "window") & (z > belt + 0.035) & (z < top - 0.055 - 0.05)
    window &= (u > back) & (u < p.cowl - 0.12)
    frame = (where == "window") & (z > belt + 0.01) & (z < top - 0.055 - 0.025)
    frame &= (u > back - 0.03) & (u < p.cowl - 0.05)
    out[frame] = "chrome" if car.chrome else "trim"
    out[window] = "glass"
    posts = [_b_pillar(car), p.axle_rear + 0.10, p.cowl - 0.42]
    for post, width in zip(posts, (0.045, 0.025, 0.018), strict=True):
        out[window & (np.abs(u - post - 0.1 * (z - belt)) < width)] = "trim"


def _front(car, p, out, x, ay, z):
    s = ay + p.front - x  # grows outwards over the nose and backwards along the wing
    near = x > p.front - 0.75
    lamp_z = car.hood - 0.115 + 0.05 * np.clip((s - 0.5) / 0.5, 0, 1)
    height = car.lamp * np.clip((s - 0.40) / 0.15, 0.3, 1) * np.clip((1.32 - s) / 0.35, 0, 1)
    grille_z = car.hood - 0.14
    high = np.abs(z - grille_z) < car.grille_height
    grille = near & (s < car.grille + 0.08) & high
    bars = np.sin((z - grille_z) / car.grille_height * np.pi * car.grille_bars) > 0.55
    out[grille] = "dark"
    out[grille & bars] = "chrome" if car.chrome else "trim"
    low = car.clearance + 0.17
    intake = near & (np.abs(z - low) < 0.06) & (s < 0.72)
    out[intake] = "dark"
    out[near & (np.abs(z - low - 0.01) < 0.035) & (np.abs(s - 0.86) < 0.06)] = "lamp"
    ringed = (height > 0.02) & (np.abs(z - lamp_z) < height + 0.012)
    out[near & (s > 0.46) & ringed] = "dark"
    out[near & (s > 0.47) & (np.abs(z - lamp_z) < height)] = "lamp"


def _rear(car, p, out, x, ay, z):
    s = ay + x - p.rear
    near = x < p.rear + 0.6
    tall = 0.10 * car.tail_lamp_tall
    lamp_z = car.cowl - 0.10 + tall * 0.7
    height = (car.tail_lamp + tall) * (s < 1.10)
    out[near & (s > 0.60) & (np.abs(z - lamp_z) < height)] = "tail"
    low = car.clearance + 0.20
    out[near & (z < low) & (s < 1.3)] = "trim"


# --- wheels and fittings ----------------------------------------------------------------------


def _wheels(car: Car) -> list[tuple[str, Mesh]]:
    r, half = car.wheel, 0.105
    rim = 0.68 * r
    tyre = lathe(
        [
            *[(rim, half - 0.015), (0.80 * r, half), (0.93 * r, half - 0.004)],
            *[(0.985 * r, half - 0.025), (r, half - 0.05), (r, -half + 0.05)],
            *[(0.98 * r, -half + 0.02), (rim, -half)],
        ],
        56,
    )
    lip = lathe([(rim, half - 0.016), (rim * 0.97, half - 0.01), (rim * 0.90, half - 0.03)], 56)
    barrel = lathe([(rim * 0.9, half - 0.03), (rim * 0.88, 0.0), (0.0, -0.01)], 40)
    hub = blob((0, half - 0.035, 0), (0.24 * rim, 0.022, 0.24 * rim), 2.5, 12)
    metal = [lip, hub]
    for k in range(car.spokes):
        angle = 2 * np.pi * k / car.spokes
        width = car.spoke_width * 2.2 * rim / car.spokes * 0.62
        spoke, faces = box((0, 0, 0), (0.80 * rim, 0.03, width))
        spoke[:, 2] *= 1 - 0.35 * (spoke[:, 0] < 0)
        spoke += (0.54 * rim, half - 0.035, 0)
        c, s = np.cos(angle), np.sin(angle)
        turned = np.stack([c * spoke[:, 0] - s * spoke[:, 2], spoke[:, 1]], axis=1)
        metal.append((np.c_[turned, s * spoke[:, 0] + c * spoke[:, 2]], faces))
    out = []
    for x0, z0 in _axles(car):
        out.extend(_arch_lips(car, x0, z0))
        share = 1 - 0.10 * abs(x0 / (car.length / 2)) ** 4
        at = car.width / 2 * share - half - 0.02
        for sign in (1, -1):
            place = np.array([x0, sign * at, z0])
            flip = np.array([1, sign, 1])
            for name, mesh in (("tyre", tyre), ("dark", barrel), ("rim", join(metal))):
                out.append((name, (mesh[0] * flip + place, mesh[1])))
    return out


def _arch_lips(car: Car, x0: float, z0: float) -> list[tuple[str, Mesh]]:
    """The two rubber lips of an axle's wheel arches; they give the openings a clean edge."""
    radius = car.wheel + ARCH
    angle = np.linspace(0, np.pi, 40)[:, None]
    share = 1 - 0.10 * np.abs((x0 + radius * np.cos(angle)) / (car.length / 2)) ** 4
    outer = car.width / 2 * share + 0.8 * car.flare
    wide = 0.07 if car.cladding > 0.09 else 0.015
    corners = [(-0.022, -0.25), (-0.022, 0.005), (wide, 0.005), (wide + 0.01, -0.06)]
    out = []
    for sign in (1, -1):
        ring = [
            np.concatenate(
                [
                    x0 + (radius + dr) * np.cos(angle),
                    sign * (outer + dy),
                    z0 + (radius + dr) * np.sin(angle),
                ],
                axis=1,
            )
            for dr, dy in corners
        ]
        points = np.stack(ring, axis=1)
        quads = grid_faces(40, len(corners), close_cols=False)
        out.append(("trim", (points.reshape(-1, 3), triangles(quads))))
    return out


def _fittings(car: Car) -> list[tuple[str, Mesh]]:
    """Mirrors, handles, plates, rails, aerial."""
    p = _points(car)
    out = []
    half = car.width / 2
    mirror = "paint" if car.mirrors_painted else "trim"
    handle = "paint" if car.handles_painted else "chrome"
    for sign in (1, -1):
        x, z = p.cowl - 0.40, car.cowl + 0.05
        out.append((mirror, blob((x, sign * (half + 0.075), z), (0.075, 0.115, 0.075), 2.8, 16)))
        out.append(
            ("glass", blob((x - 0.055, sign * (half + 0.075), z), (0.03, 0.095, 0.06), 4, 12))
        )
        out.append(("trim", box((x, sign * (half - 0.02), z - 0.04), (0.06, 0.16, 0.03))))
        for door in (_b_pillar(car) + 0.16, max(p.axle_rear + 0.42, p.deck + 0.3)):
            place = (door, sign * (half * 0.99), car.cowl - 0.115 + 0.5 * car.belt_rise)
            out.append((handle, blob(place, (0.09, 0.022, 0.016), 3, 10)))
        if car.rails:
            reach = (p.roof_front + p.roof_rear) / 2
            run = (p.roof_front - p.roof_rear) * 0.45
            y = half - 0.075 - car.tumble * (car.height - car.cowl) - 0.06
            out.append(
                ("trim", blob((reach, sign * y, car.height - 0.045), (run, 0.018, 0.028), 5))
            )
    out.append(("plate", box((p.front + 0.02, 0, car.clearance + 0.28), (0.04, 0.40, 0.11))))
    rear_plate = (p.rear + 0.005, 0, car.cowl - 0.17)
    out.append(("plate", box(rear_plate, (0.05, 0.40, 0.12))))
    fin = (p.roof_rear + 0.2, 0, car.height - 0.005)
    out.append(("paint", blob(fin, (0.07, 0.015, 0.045), 2, 10)))
    under = box((0, 0, car.clearance + 0.02), (car.wheelbase * 0.98, car.width - 0.5, 0.06))
    out.append(("dark", under))
    return out
