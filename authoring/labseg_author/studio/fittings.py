"""Parts that stick out of the body: mirrors, handles, plates, aerials, wipers, exhausts."""

import numpy as np

from .body import Frame
from .cabin import FRONT, SINK, Levels, base_width, roof
from .design import Car
from .details import door_lines, rear_plate_height
from .shapes import Mesh, blob, both_sides, box, lathe, tube


def fittings(car: Car, f: Frame, body) -> list[tuple[str, Mesh]]:
    one_side = [*_mirror(car, f), *_handles(car, f, body), *_exhaust(car, f)]
    return [
        *both_sides(one_side),
        *_plates(car, body),
        *_aerial(car, f),
        *_wipers(car, f),
        *_below(car, f),
    ]


def _mirror(car, f):
    """A housing on a foot that grows out of the door; daylight shows between them."""
    k = car.mirror_size
    x, z = f.cowl - 0.40 - 0.05 * car.rake, car.belt + 0.09 * k
    y = base_width(car) + 0.030
    housing = blob((0, 0, 0), (0.07 * k, 0.118 * k, 0.083 * k), 2.9, 22)
    p = housing.points
    p[:, 0] += 0.35 * (p[:, 1] - 0.02) * -1  # swept back
    p[:, 2] *= 1 + 0.8 * p[:, 1]
    place = np.array([x, y + 0.01 + 0.118 * k, z + 0.03])
    housing = housing._replace(points=np.where(p[:, :1] < -0.045 * k, p * [0.6, 1, 1], p) + place)
    glass = blob(place - np.array([0.052 * k, 0, 0]), (0.012, 0.098 * k, 0.066 * k), 3.2, 14)
    glass.points[:, 0] -= 0.35 * (glass.points[:, 1] - place[1] - 0.02)
    foot = np.array([[x + 0.05, y - 0.13, z - 0.11], [x + 0.03, y, z - 0.08]])
    end = place - np.array([0, 0.03, 0.04 * k])
    stalk = tube(np.vstack([foot, end]), [0.050, 0.042, 0.036], 10)
    name = ("paint", "trim", "chrome")[car.mirrors]
    return [(name, housing), ("mirror", glass), ("trim", stalk)]


def _surface(body, x, z):
    """The side's y at a place along and up the car."""
    distance = np.hypot(body[:, 0] - x, body[:, 2] - z) + 9 * (body[:, 1] < 0.3)
    return body[distance.argmin(), 1]


def _handles(car, f, body):
    name = ("paint", "chrome", "trim")[car.handles]
    out = []
    for x in door_lines(car, f)[1:]:
        x, z = x + 0.15, car.belt + car.belt_rise * 0.6 - 0.13
        y = _surface(body, x, z)
        out.append((name, blob((x, y + 0.016, z), (0.095, 0.014, 0.015), 3.2, 12)))
        out.append(("dark", blob((x, y, z - 0.004), (0.055, 0.006, 0.028), 2.4, 10)))
    return out


def _ends(body, z):
    """x of the nose and of the tail at a height."""
    near = (body[:, 1] < 0.22) & (np.abs(body[:, 2] - z) < 0.06)
    x = body[near, 0]
    return x.max(), x.min()


def _plates(car, body):
    out = []
    front = car.clearance + 0.27
    if car.front_plate:
        x = _ends(body, front)[0] + 0.006
        out.append(("plate", box((x, 0, front), (0.012, 0.31, 0.155))))
        out.append(("ink", box((x + 0.004, 0, front - 0.005), (0.012, 0.24, 0.055))))
    rear = rear_plate_height(car)
    x = _ends(body, rear)[1] - 0.006
    out.append(("plate", box((x, 0, rear), (0.012, 0.31, 0.155))))
    out.append(("ink", box((x - 0.004, 0, rear - 0.005), (0.012, 0.24, 0.055))))
    return out


def _aerial(car, f):
    if car.aerial == 1:  # a fin
        x = f.roof_rear + 0.22
        fin = blob((x, 0, roof(car, f, x) + 0.01), (0.085, 0.018, 0.05), 2, 14)
        fin.points[:, 0] -= 0.9 * np.maximum(fin.points[:, 2] - roof(car, f, x), 0)
        return [("paint", fin)]
    if car.aerial == 2:  # a short rod on the roof
        x = f.roof_rear + 0.15 if car.style != "pickup" else f.roof_front - 0.1
        z = roof(car, f, x)
        return [("trim", tube([(x + 0.05, 0, z - 0.06), (x - 0.16, 0, z + 0.20)], 0.013, 6))]
    if car.aerial == 3:  # a mast on the wing
        x, y = f.cowl + 0.18, -(0.90 * car.width / 2)
        return [("trim", tube([(x, y, car.belt - 0.05), (x - 0.05, y, car.belt + 0.55)], 0.012, 6))]
    return []


def _wipers(car, f):
    """Bars on the windscreen, whose plan is the cabin's superellipse."""
    levels = Levels(car, f)
    out = []
    for start, end in ((-0.52, 0.14), (0.20, 0.86)):
        share = np.linspace(start, end, 8)
        z = car.cowl + 0.01 + 0.03 * np.linspace(0, 1, 8)
        t = (z - car.belt + SINK) / (levels.tall + SINK)
        along, across = FRONT
        bend = 1 - (1 - np.abs(share) ** across) ** (1 / along)
        x = levels.front(t) - bend * (levels.front(t) - levels.rear(t)) / 2 - 0.008
        path = np.stack([x, share * levels.width(t), z], 1)
        out.append(("dark", tube(path, 0.010, 6)))
    return out


def _exhaust(car, f):
    if car.style == "pickup" or car.fog == 0:
        return []
    profile = [(0.030, -0.12), (0.036, 0.0), (0.030, 0.004), (0.028, -0.05), (0.001, -0.05)]
    pipe = lathe(profile, 20)  # closed within: no daylight
    points = pipe.points[:, [1, 0, 2]] * [-1, 1, 1]
    normals = pipe.normals[:, [1, 0, 2]] * [-1, 1, 1]
    place = np.array([f.rear + 0.16, 0.5 * car.width / 2, car.clearance + 0.105])
    return [("chrome", Mesh(points + place, pipe.faces, normals))]


def _below(car, f):
    """What is under the car, and a pickup's bed."""
    inner = car.width / 2 - 0.36
    z = car.clearance + 0.08
    length = f.front - f.rear - 1.1
    out = [("dark", box((0, 0, z), (length, 2 * inner, 0.10)))]
    for axle in (f.axle_front, f.axle_rear):
        out.append(("dark", tube([(axle, -inner, car.wheel), (axle, inner, car.wheel)], 0.06)))
    if car.steps:
        run = f.axle_front - f.axle_rear - 2 * f.arch - 0.08
        for y in (-1, 1):
            place = ((f.axle_front + f.axle_rear) / 2, y * (0.47 * car.width), car.clearance - 0.01)
            out.append(("trim", blob(place, (run / 2, 0.085, 0.040), 5, 16)))
    if car.style == "pickup":
        wide, start, end = (
            0.955 * car.width - 0.17,
            f.rear + car.bumper + car.tail_lean + 0.07,
            f.foot - 0.05,
        )
        middle, run, floor = (start + end) / 2, end - start, car.deck - 0.50
        out.append(("trim", box((middle, 0, floor), (run, wide, 0.02))))
        for y in (-wide / 2, wide / 2):
            out.append(("trim", box((middle, y, floor + 0.235), (run, 0.015, 0.47))))
        for x in (start + 0.03, end):
            out.append(("trim", box((x, 0, floor + 0.235), (0.015, wide, 0.47))))
    return out
