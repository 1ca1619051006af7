"""Wheels, and the openings in which they stand."""

import numpy as np

from .body import Frame, finish
from .design import Car
from .shapes import Mesh, both_sides, cut, grid_faces, lathe, moved, solid, triangles, within


def wheels(car: Car, f: Frame, body) -> list[tuple[str, Mesh]]:
    """Four wheels with their dark wells; body is the half body's data, for where it ends."""
    one = _wheel(car)
    out = []
    for axle in (f.axle_front, f.axle_rear):
        angle, y = _lip(f, body, axle, car.wheel)
        out.extend(_well(car, f, axle, angle, y))
        outside = np.interp(np.pi / 2, angle, y) - 0.012 - 0.008 * (car.height > 1.6)
        out.extend(both_sides([(name, moved(m, axle, outside, car.wheel)) for name, m in one]))
    return out


def _lip(f, body, axle, height):
    """The opening's edge: angles, rising, and the body's y there."""
    x, y, z = body[:, 0] - axle, body[:, 1], body[:, 2] - height
    near = (np.abs(np.hypot(x, z) - f.arch) < 0.025) & (body[:, 7] > 0.02)
    angle, y = np.arctan2(z[near], x[near]), y[near]
    at = np.linspace(-0.5, np.pi + 0.5, 60)
    angle = np.where(angle < -np.pi / 2, angle + 2 * np.pi, angle)
    order = np.argsort(angle)
    return at, np.interp(at, angle[order], y[order])


def _well(car, f, axle, angle, y):
    """A rim of sheet metal around the opening, and the dark housing behind it."""
    inner = car.width / 2 - 0.36
    rows = [(0.0, y + 0.001), (-0.012, y - 0.012), (-0.012, y - 0.05), (0.03, y - 0.06)]
    rows.append((0.03, np.full_like(y, inner)))
    ring = [
        np.stack(
            [axle + (f.arch + d) * np.cos(angle), w, car.wheel + (f.arch + d) * np.sin(angle)], 1
        )
        for d, w in rows
    ]
    points = np.stack(ring, axis=1)
    points[..., 2] = np.maximum(points[..., 2], car.clearance - 0.02)
    quads = grid_faces(len(angle), len(rows), close_cols=False)
    lip = "trim" if car.cladding else "paint"
    sheet = solid(
        points[:, :3].reshape(-1, 3), triangles(grid_faces(len(angle), 3, close_cols=False))
    )
    housing = solid(points.reshape(-1, 3), triangles(quads))
    back = np.concatenate([points[:, -1], [[axle, inner, car.clearance]]])
    fan = np.stack([np.arange(59), np.arange(1, 60), np.full(59, 60)], axis=1)
    parts = [(lip, sheet), ("dark", housing), ("dark", solid(back, fan))]
    return both_sides(parts)


def _wheel(car: Car) -> list[tuple[str, Mesh]]:
    """One wheel about the origin; y = 0 is the tyre's outer side, +y points outwards."""
    r = car.wheel
    rim, wide = car.rim_share * r, 0.17 + 0.22 * r
    side = rim + 0.55 * (r - rim)
    tyre = [(rim - 0.004, -0.016), (rim + 0.01, -0.004), (side, 0.0), (r - 0.028, -0.008)]
    tyre += [(r - 0.012, -0.020), (r - 0.002, -0.045), (r, -0.08), (r, -wide + 0.05)]
    tyre += [(r - 0.02, -wide), (rim, -wide)]
    barrel = [(rim, -0.02), (rim * 0.97, -0.06), (rim * 0.95, -wide + 0.02), (0.05, -wide + 0.01)]
    disc = [(0.001, -0.075), (0.62 * rim, -0.075), (0.62 * rim, -0.09)]
    out = [("tyre", lathe(tyre)), ("dark", lathe(barrel, 48)), ("disc", lathe(disc, 48))]
    return [*out, *_face(car, rim)]


def _face(car, rim):
    """The rim's outer side: a dished disc out of which windows between the spokes are cut."""
    rows, around = 22, 18 * car.spokes
    radius = np.linspace(0.001, 1, rows)
    dish = np.interp(radius, [0, 0.16, 0.22, 0.5, 0.9, 0.95, 1], [0, 0, -10, -4, -2, 9, 10])
    dish = dish * 1e-3 - 0.024
    angle = np.linspace(0, 2 * np.pi, around + 1)
    x, z = radius[:, None] * rim * np.cos(angle), radius[:, None] * rim * np.sin(angle)
    y = np.broadcast_to(dish[:, None], x.shape)
    extra = [np.broadcast_to(v, x.shape) for v in (radius[:, None], angle[None], x * 0)]
    # finish() is made for half cars: here the disc stands in x and z, so its y may be below 0.
    data, faces = finish(x, y + 10, z, extra)
    data[:, 1] -= 10
    faces = faces[:, ::-1]
    data[:, 3:6] *= -1
    step = 2 * np.pi / car.spokes
    phase = (data[:, 7] + step / 2) % step - step / 2  # angle from the middle of a spoke
    rho = data[:, 6] * rim
    across = np.abs(rho * np.sin(phase))
    half = car.spoke_width * np.pi * 0.42 * rim / car.spokes
    value = _windows(car, rim, rho, across, half, np.abs(phase) * rho, step)
    metal, holes = cut(data, faces, value)
    out = [("rim", _plain(metal))]
    cap = lathe([(0.001, -0.016), (0.10 * rim, -0.018), (0.115 * rim, -0.026)], 32)
    out.append(("trim" if car.rim_style == 3 else "rim", cap))
    if car.rim_style == 3:  # a steel wheel's cover: its openings are dark, not open
        out.append(("dark", _plain(holes)))
    return out


def _windows(car, rim, rho, across, half, arc, step):
    """Positive where the disc is open."""
    ends = (rho - 0.24 * rim, 0.93 * rim - rho)
    if car.rim_style == 0:  # plain spokes, wider at the hub
        return within(across - half * (1.25 - 0.45 * rho / rim), *ends, radius=0.012)
    if car.rim_style == 1:  # twin spokes
        slot = within(
            half * 0.55 * rho / rim - across, rho - 0.4 * rim, 0.9 * rim - rho, radius=0.006
        )
        return np.maximum(within(across - half * 1.25, *ends, radius=0.012), slot)
    if car.rim_style == 2:  # spokes that fork
        fork = np.clip((rho - 0.45 * rim) / (0.5 * rim), 0, 1) * step * rim * 0.22
        arm = np.abs(across - fork) - half * 0.55
        return within(arm, *ends, radius=0.01)
    hole = np.abs(arc - step * rho / 2)  # a cover with a ring of openings
    return within(0.30 * step * rim * 0.7 - hole, rho - 0.58 * rim, 0.86 * rim - rho, radius=0.015)


def _plain(patch) -> Mesh:
    data, faces = patch
    return Mesh(data[:, :3], faces, data[:, 3:6])
