"""Triangle meshes from arrays: a mesh is (vertices float (n, 3), triangles int (m, 3))."""

import numpy as np

Mesh = tuple[np.ndarray, np.ndarray]


def grid_faces(rows: int, cols: int, close_rows: bool = False, close_cols: bool = True):
    """Quads (k, 4) over a grid of rows × cols vertices, seen from outside anticlockwise."""
    i = np.arange(rows if close_rows else rows - 1)[:, None]
    j = np.arange(cols if close_cols else cols - 1)[None]
    i2, j2 = (i + 1) % rows, (j + 1) % cols
    corners = [i * cols + j, i * cols + j2, i2 * cols + j2, i2 * cols + j]
    return np.stack([np.broadcast_to(c, (i.size, j.size)).ravel() for c in corners], axis=1)


def triangles(quads: np.ndarray) -> np.ndarray:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit vertex normals, each face weighted by its area."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    out = np.zeros_like(vertices)
    for k in range(3):
        for axis in range(3):
            out[:, axis] += np.bincount(faces[:, k], face[:, axis], len(vertices))
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


def lathe(profile: np.ndarray, around: int = 48) -> Mesh:
    """A profile (k, 2) of (radius, y) turned about the y axis."""
    angle = np.arange(around) * 2 * np.pi / around
    r, y = np.asarray(profile, float).T
    ring = np.stack(
        [
            r[:, None] * np.cos(angle),
            np.broadcast_to(y[:, None], (len(r), around)),
            r[:, None] * np.sin(angle),
        ],
        axis=-1,
    )
    return ring.reshape(-1, 3), triangles(grid_faces(len(r), around))


def blob(centre, radii, power: float = 2.0, n: int = 24) -> Mesh:
    """A superellipsoid: power 2 is an ellipsoid, larger powers come nearer to a box."""
    u = np.linspace(-np.pi / 2, np.pi / 2, n)[:, None]
    v = (np.arange(2 * n) * np.pi / n)[None]

    def bend(a):
        return np.sign(a) * np.abs(a) ** (2 / power)

    unit = [bend(np.cos(u)) * bend(np.cos(v)), bend(np.cos(u)) * bend(np.sin(v))]
    unit.append(np.broadcast_to(bend(np.sin(u)), unit[0].shape))
    points = np.stack(unit, axis=-1).reshape(-1, 3) * np.asarray(radii) + np.asarray(centre)
    return points, triangles(grid_faces(n, 2 * n))


def box(centre, size, shear: float = 0.0) -> Mesh:
    """A box; shear moves its top along x by that share of its height."""
    corners = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)]) / 2
    points = corners * np.asarray(size, float)
    points[:, 0] += shear * points[:, 2]
    quads = np.array(
        [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
    )
    # Own corners for each side, so that its edges stay sharp under smooth shading.
    return points[quads.ravel()] + np.asarray(centre), triangles(np.arange(24).reshape(6, 4))


def join(meshes: list[Mesh]) -> Mesh:
    starts = np.cumsum([0] + [len(v) for v, _ in meshes[:-1]])
    return (
        np.concatenate([v for v, _ in meshes]),
        np.concatenate([f + s for (_, f), s in zip(meshes, starts, strict=True)]),
    )


def compact(mesh: Mesh) -> Mesh:
    """The mesh without the vertices that none of its triangles uses."""
    used, faces = np.unique(mesh[1], return_inverse=True)
    return mesh[0][used], faces.reshape(mesh[1].shape)


def turn(points: np.ndarray, angle: float) -> np.ndarray:
    """Points (n, 3) turned about the z axis by an angle in radians."""
    c, s = np.cos(angle), np.sin(angle)
    return points @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
