"""The painted shell below the windows: a loft of outlines, from sill to hood and deck."""

from dataclasses import dataclass

import numpy as np

from .design import Car
from .shapes import Mesh, curve, cut, grid_faces, mirrored, normals, smooth, triangles

AROUND = 240  # points around half an outline
UNDER, WALL, TOP = 6, 38, 26  # points up a section: underside, side, hood and deck


@dataclass(frozen=True)
class Frame:
    """Places along the car that several parts share."""

    front: float
    rear: float
    axle_front: float
    axle_rear: float
    arch: float  # radius of the wheel openings
    cowl: float  # windscreen's foot
    roof_front: float
    foot: float  # rear window's foot
    roof_rear: float


def frame(car: Car) -> Frame:
    half = car.length / 2
    axle_front = half - car.overhang * car.length
    cowl = axle_front - car.cowl_back
    roof_front = cowl - car.rake
    foot = -half + car.foot
    if car.foot < 0.35:  # a tailgate: window and body in one line
        foot = -half + car.bumper + car.tail_lean + 0.005
    return Frame(
        half,
        -half,
        axle_front,
        axle_front - car.wheelbase * car.length,
        car.wheel + 0.045 + 0.02 * (car.height > 1.6),
        cowl,
        roof_front,
        foot,
        min(foot + car.run, roof_front - 0.95),
    )


def outline(half, width, front, rear):
    """Half an outline from the front's middle to the rear's: x, y in ±1, and length along it.

    front and rear are the powers (along, across) of the two superellipses that meet amidships.
    """
    angle = np.linspace(0, np.pi, 20001)
    c, s = np.abs(np.cos(angle)), np.abs(np.sin(angle))
    ahead = angle < np.pi / 2
    along, across = (np.where(ahead, front[k], rear[k]) for k in (0, 1))
    x, y = np.sign(np.cos(angle)) * c ** (2 / along), s ** (2 / across)
    way = np.cumsum(np.hypot(np.diff(x, prepend=1) * half, np.diff(y, prepend=0) * width))
    even = np.linspace(0, way[-1], AROUND)
    return np.interp(even, way, x), np.interp(even, way, y), even


def edges(car: Car, f: Frame, x):
    """Heights along x: where sides end, and of the middle of hood and deck."""
    rear_edge = car.belt + car.belt_rise
    rise = car.belt - car.hood
    knots = [(f.front, car.hood - 0.08), (f.front - 0.16, car.hood - 0.03)]
    knots += [(f.front - 0.6, car.hood + 0.40 * rise), (f.cowl, car.belt)]
    if car.style == "pickup":
        knots += [(f.foot + 0.05, car.belt), (f.foot - 0.05, car.deck), (f.rear, car.deck)]
    else:
        deck_edge = min(car.deck - 0.045, rear_edge)
        knots += [(f.foot + 0.25, rear_edge), (f.rear, deck_edge)]
    edge = curve(x, knots, 0.02 if car.style == "pickup" else 0.12)
    middle = [(f.front, car.hood - 0.01), (f.front - 0.16, car.hood + 0.025)]
    middle += [(f.front - 0.6, car.hood + 0.05 + 0.45 * (car.cowl - car.hood)), (f.cowl, car.cowl)]
    middle += [(f.foot, car.deck), (f.rear, car.deck - 0.02)]
    return edge, np.maximum(curve(x, middle, 0.10), edge + 0.012)


def lower_body(car: Car, f: Frame):
    """The left half: data (n, 9) of x, y, z, normal, and s, t and edge of Columns; faces."""
    width = car.width / 2
    shape = (car.nose_round, car.nose_side), (car.tail_round, car.tail_side)
    ux, uy, way = outline(f.front, width, *shape)
    xo, yo = (f.front * ux)[:, None], (width * uy)[:, None]
    edge, _ = edges(car, f, xo)
    ends = [(f.rear, 0.09), (f.rear + 0.7, 0), (f.front - 0.75, 0), (f.front, 0.05)]
    bottom = car.clearance + curve(xo, ends, 0.1)
    t = np.linspace(0, 1, WALL)[None]
    ahead = np.clip((ux[:, None] - 0.70) / 0.28, 0, 1) ** 2
    behind = np.clip((-ux[:, None] - 0.72) / 0.26, 0, 1) ** 2
    x = xo + ahead * _nose(car, t) - behind * _tail(car, t)
    y, z = yo * _flank(car, t), bottom + t * (edge - bottom)
    shrink = 0.85 * width
    over = _cap(x[:, -1:], y[:, -1:], edge, np.linspace(0, 1, TOP)[None, 1:], f, shrink)
    height = edges(car, f, over[0])[1]
    q = 1 - (1 - np.linspace(0, 1, TOP)[None, 1:]) ** 2.2
    over = over[0], over[1], edge * (1 - q) + height * q
    below = _cap(x[:, :1], y[:, :1], bottom, np.linspace(1, 0, UNDER)[None, :-1], f, shrink)
    grid = [np.concatenate(parts, axis=1) for parts in zip(below, (x, y, z), over, strict=True)]
    section = np.r_[np.linspace(-1, 0, UNDER)[:-1], t[0], 1 + np.linspace(0, 1, TOP)[1:]]
    x, y, z = rounded(grid, 1.6)
    y = y + _flares(car, f, x, y, z)
    extra = [np.broadcast_to(v, x.shape) for v in (way[:, None], section[None], edge)]
    return finish(x, y, z, extra)


def _cap(x, y, z, s, f, shrink):
    """From an outline inwards to the car's middle line."""
    middle = np.clip(x, f.rear + shrink, f.front - shrink)
    return x + (middle - x) * s, y * (1 - s), np.broadcast_to(z, (len(x), s.shape[1]))


def rounded(grid, sigma):
    """Round the edges of sections; the mirrored half makes them closed rings."""
    out = []
    for values, sign in zip(grid, (1, -1, 1), strict=True):
        ring = np.concatenate([values, sign * values[:, -2:0:-1]], axis=1)
        out.append(smooth(ring, sigma, axis=1, periodic=True)[:, : values.shape[1]])
    out[1][:, [0, -1]] = 0
    out[1][[0, -1]] = 0
    return out


def finish(x, y, z, extra):
    """Data and faces of a half grid; see Columns."""
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    faces = triangles(grid_faces(*x.shape, close_cols=False))
    normal = normals(points, faces)
    normal[points[:, 1] < 1e-9, 1] = 0
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    return np.concatenate([points, normal, *(e.reshape(-1, 1) for e in extra)], axis=1), faces


class Columns:
    """The columns of a patch by name: place, way around the outline, height share, edge."""

    def __init__(self, data):
        self.x, self.y, self.z = data[:, :3].T
        self.s = data[:, 6]  # way around the outline from the front's middle
        self.t = data[:, 7]  # -1 to 0 underside, to 1 the side, to 2 hood or roof
        self.edge = data[:, 8]


def carve(data, faces, base, marks, out=None) -> dict[str, list[Mesh]]:
    """Sort a patch by material along smooth curves.

    marks is a list of (material, value, value, …): where all values(Columns) are positive the
    material is taken; None removes the place, and (base, marks) carves it in turn.
    """
    out = {} if out is None else out
    for material, *values in marks:
        rest, inside = [], (data, faces)
        for value in values:
            below, inside = cut(*inside, np.asarray(value(Columns(inside[0])), float))
            rest.append(below)
        if isinstance(material, tuple):
            carve(*inside, *material, out=out)
        else:
            _keep(out, material, *inside)
        starts = np.cumsum([0] + [len(d) for d, _ in rest[:-1]])
        data = np.concatenate([d for d, _ in rest])
        faces = np.concatenate([g + k for (_, g), k in zip(rest, starts, strict=True)])
    _keep(out, base, data, faces)
    return out


def _keep(out, material, data, faces):
    if material is not None and len(faces):
        normal = data[:, 3:6] / np.maximum(np.linalg.norm(data[:, 3:6], axis=1)[:, None], 1e-9)
        half = Mesh(data[:, :3], faces, normal)
        out.setdefault(material, []).extend([half, mirrored(half)])


def _nose(car, t):
    knots = [(0, -0.08), (0.1, -0.025), (0.28, 0), (0.46, -0.004), (0.55, -0.03)]
    return curve(t, [*knots, (1, -0.03 - car.nose_lean)], 0.035)


def _tail(car, t):
    knots = [(0, -0.09), (0.12, -0.025), (0.32, 0), (0.50, -0.004), (0.57, -car.bumper * 0.8)]
    return curve(t, [*knots, (1, -car.bumper - car.tail_lean)], 0.03)


def _flank(car, t):
    at = car.crease_height
    knots = [(0, 0.925), (0.05, 0.962), (0.2, 0.985), (0.36, 0.999)]
    knots += [(at - 0.02, 0.999), (at + 0.02, 0.995 - car.crease)]
    knots += [(0.5 + 0.5 * at, 0.978 - 0.3 * car.crease), (1, 0.945)]
    return curve(t, knots, 0.018)


def _flares(car, f, x, y, z):
    out = 0 * x
    for axle in (f.axle_front, f.axle_rear):
        distance = np.hypot(x - axle, z - car.wheel) - f.arch
        bump = np.exp(-((np.maximum(distance, 0) / car.flare_wide) ** 2))
        out += car.flare * bump * (y > 0.6 * car.width / 2)
    return out
