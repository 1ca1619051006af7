"""Triangle meshes from arrays, and cutting them along smooth curves."""

from typing import NamedTuple

import numpy as np


class Mesh(NamedTuple):
    """Points (n, 3), triangles (m, 3) and unit normals (n, 3)."""

    points: np.ndarray
    faces: np.ndarray
    normals: np.ndarray


def solid(points, faces) -> Mesh:
    """A mesh shaded smoothly over all points that its triangles share."""
    points = np.asarray(points, float)
    return Mesh(points, faces, normals(points, faces))


def grid_faces(rows: int, cols: int, close_rows: bool = False, close_cols: bool = True):
    """Quads (k, 4) over a grid of rows × cols vertices, seen from outside anticlockwise."""
    i = np.arange(rows if close_rows else rows - 1)[:, None]
    j = np.arange(cols if close_cols else cols - 1)[None]
    i2, j2 = (i + 1) % rows, (j + 1) % cols
    corners = [i * cols + j, i * cols + j2, i2 * cols + j2, i2 * cols + j]
    return np.stack([np.broadcast_to(c, (i.size, j.size)).ravel() for c in corners], axis=1)


def triangles(quads: np.ndarray) -> np.ndarray:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def normals(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit vertex normals, each face weighted by its area."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    out = np.zeros_like(points)
    for k in range(3):
        for axis in range(3):
            out[:, axis] += np.bincount(faces[:, k], face[:, axis], len(points))
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)


def smooth(values: np.ndarray, sigma: float, axis: int = 0, periodic: bool = False) -> np.ndarray:
    """Gaussian smoothing along one axis; ends repeat their last value unless periodic."""
    if sigma <= 0:
        return values
    radius = int(3 * sigma + 1)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights /= weights.sum()
    moved = np.moveaxis(values, axis, 0)
    pad = [(radius, radius)] + [(0, 0)] * (moved.ndim - 1)
    padded = np.pad(moved, pad, mode="wrap" if periodic else "edge")
    out = sum(w * padded[k : k + len(moved)] for k, w in enumerate(weights))
    return np.moveaxis(out, 0, axis)


def curve(at, knots, sigma: float) -> np.ndarray:
    """The line through knots (x, value), its corners rounded over sigma, at the places asked."""
    x, value = np.array(sorted(knots), float).T
    grid = np.arange(x[0] - 1, x[-1] + 1, 0.01)
    line = np.interp(grid, x, value)
    before, after = grid < x[0], grid > x[-1]  # go on straight, so that ends are not bent
    line[before] += (grid[before] - x[0]) * (value[1] - value[0]) / (x[1] - x[0])
    line[after] += (grid[after] - x[-1]) * (value[-1] - value[-2]) / (x[-1] - x[-2])
    return np.interp(at, grid, smooth(line, sigma / 0.01))


# --- cutting: a patch is (data (n, k) whose first columns are x, y, z, normal; faces) ---------


def cut(data: np.ndarray, faces: np.ndarray, value: np.ndarray):
    """Split along value = 0, with linear interpolation, into the faces below and above it."""
    above = value[faces] > 0
    count = above.sum(axis=1)
    parts = {0: [faces[count == 0]], 1: [faces[count == 3]]}
    new, start = [data], len(data)
    for side in (0, 1):  # the corner that is alone lies on this side
        chosen = count == (1 if side else 2)
        mixed, lone = faces[chosen], (above[chosen] == bool(side)).argmax(axis=1)
        rows = np.arange(len(mixed))
        a, b, c = (mixed[rows, (lone + k) % 3] for k in range(3))
        n = len(mixed)
        for other in (b, c):
            share = (value[a] / (value[a] - value[other] + 1e-30))[:, None]
            new.append(data[a] + (data[other] - data[a]) * share)
        p, q = start + np.arange(n), start + n + np.arange(n)
        start += 2 * n
        parts[side].append(np.stack([a, p, q], 1))
        parts[1 - side].extend([np.stack([p, b, c], 1), np.stack([p, c, q], 1)])
    data = np.concatenate(new)
    return tuple(_compact(data, np.concatenate(parts[side])) for side in (0, 1))


def _compact(data, faces):
    used, at = np.unique(faces, return_inverse=True)
    return data[used], at.reshape(faces.shape)


def within(*distances, radius: float = 0.0) -> np.ndarray:
    """Distance to the edge of where all distances are positive, its corners rounded."""
    stack = np.stack(np.broadcast_arrays(*distances))
    if radius <= 0:
        return stack.min(axis=0)
    rounded = radius - np.linalg.norm(np.maximum(radius - stack, 0), axis=0)
    return np.where((stack < radius).any(axis=0), rounded, stack.min(axis=0))


def polygon(u, v, corners, radius: float = 0.0) -> np.ndarray:
    """Signed distance (inside positive) of points to a convex polygon with rounded corners."""
    corners = np.asarray(corners, float)
    edges = np.roll(corners, -1, axis=0) - corners
    area = np.sum(corners[:, 0] * np.roll(corners[:, 1], -1)) - np.sum(
        corners[:, 1] * np.roll(corners[:, 0], -1)
    )
    out = []
    for (cu, cv), (eu, ev) in zip(corners, edges * np.sign(area), strict=True):
        out.append((eu * (v - cv) - ev * (u - cu)) / np.hypot(eu, ev))
    return within(*out, radius=radius)


# --- simple solids ------------------------------------------------------------------------------


def lathe(profile, around: int = 64) -> Mesh:
    """A profile (k, 2) of (radius, y) turned about the y axis."""
    angle = np.arange(around) * 2 * np.pi / around
    r, y = np.asarray(profile, float).T
    flat = np.broadcast_to(y[:, None], (len(r), around))
    ring = np.stack([r[:, None] * np.cos(angle), flat, r[:, None] * np.sin(angle)], axis=-1)
    return solid(ring.reshape(-1, 3), triangles(grid_faces(len(r), around)))


def blob(centre, radii, power: float = 2.0, n: int = 24) -> Mesh:
    """A superellipsoid: power 2 is an ellipsoid, larger powers come nearer to a box."""
    u = np.linspace(-np.pi / 2, np.pi / 2, n)[:, None]
    v = (np.arange(2 * n) * np.pi / n)[None]

    def bend(a):
        return np.sign(a) * np.abs(a) ** (2 / power)

    unit = [bend(np.cos(u)) * bend(np.cos(v)), bend(np.cos(u)) * bend(np.sin(v))]
    unit.append(np.broadcast_to(bend(np.sin(u)), unit[0].shape))
    points = np.stack(unit, axis=-1).reshape(-1, 3) * np.asarray(radii) + np.asarray(centre)
    return solid(points, triangles(grid_faces(n, 2 * n)))


def box(centre, size) -> Mesh:
    corners = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)]) / 2
    points = corners * np.asarray(size, float)
    quads = np.array(
        [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
    )
    # Own corners for each side, so that its edges stay sharp under smooth shading.
    sides = triangles(np.arange(24).reshape(6, 4))
    return solid(points[quads.ravel()] + np.asarray(centre), sides)


def tube(path, radius, around: int = 8) -> Mesh:
    """A round bar along points (n, 3); radius is a number or one for each point."""
    path = np.asarray(path, float)
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    other = np.where(np.abs(along[:, 1:2]) < 0.9, [[0, 1.0, 0]], [[1.0, 0, 0]])
    u = np.cross(along, other)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = np.cross(along, u)
    angle = np.arange(around) * 2 * np.pi / around
    spread = np.broadcast_to(radius, len(path))[:, None, None]
    ring = np.cos(angle)[:, None] * u[:, None] + np.sin(angle)[:, None] * v[:, None]
    points = path[:, None] + spread * ring
    return solid(points.reshape(-1, 3), triangles(grid_faces(len(path), around)))


def join(meshes: list[Mesh]) -> Mesh:
    starts = np.cumsum([0] + [len(m.points) for m in meshes[:-1]])
    return Mesh(
        np.concatenate([m.points for m in meshes]),
        np.concatenate([m.faces + s for m, s in zip(meshes, starts, strict=True)]),
        np.concatenate([m.normals for m in meshes]),
    )


def moved(mesh: Mesh, x: float, y: float, z: float) -> Mesh:
    return mesh._replace(points=mesh.points + np.array([x, y, z]))


def mirrored(mesh: Mesh) -> Mesh:
    """The mesh on the car's other side."""
    flip = np.array([1, -1, 1])
    return Mesh(mesh.points * flip, mesh.faces[:, ::-1], mesh.normals * flip)


def both_sides(parts: list[tuple[str, Mesh]]) -> list[tuple[str, Mesh]]:
    """Named meshes, each followed by its twin on the car's other side."""
    return [pair for name, mesh in parts for pair in ((name, mesh), (name, mirrored(mesh)))]


def turn(points: np.ndarray, angle: float) -> np.ndarray:
    """Points (n, 3) turned about the z axis by an angle in radians."""
    c, s = np.cos(angle), np.sin(angle)
    return points @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
