"""What is drawn on the body's skin: lamps, grille, intakes, shut lines, unpainted parts.

Each is a mark for body.carve: a material and the functions that are positive inside it.
"""

import numpy as np

from .body import Frame
from .cabin import Levels, b_pillar, tail_lamp
from .design import Car
from .shapes import polygon, within

LINE = 0.0045  # half the width of a shut line


def body_marks(car: Car, f: Frame, length: float) -> list:
    """All marks of the lower body; length is that of its half outline."""
    return [
        *_openings(car, f),
        ("dark", lambda c: -0.02 - c.t),
        *_head_lamp(car, f),
        *_badge(car),
        *_grille(car),
        *_intake(car),
        *tail_lamp(car, f, length),
        *_plate_recess(car, length),
        *_unpainted(car, f, length),
        *_doors(car, f),
        *_lids(car, f, length),
    ]


def _openings(car, f):
    """Where there is no sheet metal: wheels, the cabin's inside, a pickup's bed."""
    levels = Levels(car, f)  # a little inside the cabin's walls where they meet the body
    fore, aft = levels.front(0.22), levels.rear(0.22)
    middle, half = (fore + aft) / 2, (fore - aft) / 2
    inner = levels.width(0.22) - 0.02

    def wheel(axle):
        return lambda c: f.arch - np.hypot(c.x - axle, c.z - car.wheel)

    def seats(c):
        u = np.abs((c.x - middle) / half)
        return 0.3 * (1 - u**6 - (c.y / inner) ** 2.2)

    out = [(None, wheel(axle)) for axle in (f.axle_front, f.axle_rear)]
    out.append((None, seats, lambda c: c.t - 1.0))
    if car.style == "pickup":
        tailgate = f.rear + 0.08 + car.tail_lean + car.bumper

        def bed(c):
            return within(f.foot - 0.07 - c.x, c.x - tailgate)

        def inner_width(c):
            return 0.945 * car.width / 2 - 0.09 - c.y

        out += [(None, bed, inner_width, lambda c: c.t - 1.0)]
        out += [("trim", lambda c: f.foot - 0.03 - c.x, lambda c: c.t - 1.03)]
    return out


# --- front ----------------------------------------------------------------------------------


def _lamp_corners(car):
    """A head lamp's outline: way around the nose, height relative to the hood's edge."""
    a, h, n = car.lamp_inner, car.lamp_height, car.lamp_length
    top = -0.045
    if car.lamp_style == 0:  # swept back
        return [
            *[(a, top - 0.80 * h), (a + 0.03, top - 0.25 * h), (a + 0.5 * n, top + 0.01)],
            *[(a + n, top + 0.1 * car.lamp_slant), (a + 0.9 * n, top - 0.55 * h)],
            *[(a + 0.5 * n, top - h - 0.02)],
        ]
    if car.lamp_style == 1:  # a block
        return [(a, top - h), (a, top), (a + 0.75 * n, top), (a + 0.75 * n, top - 0.9 * h)]
    angle = np.linspace(0, 2 * np.pi, 11)[:-1]  # an oval
    return [
        (a + 0.36 * n * (1 + np.cos(k)), top - 0.6 * h * (1 - np.sin(k + 0.3 * np.cos(k))))
        for k in angle
    ]


def _head_lamp(car, f):
    corners = _lamp_corners(car)
    h, a, n = car.lamp_height, car.lamp_inner, car.lamp_length

    def front(c):
        return np.minimum(c.x - f.front + 1.15, 1.01 - c.t)

    def lamp(c):
        return polygon(c.s, c.z - c.edge, corners, radius=0.025)

    def disc(share, radius):
        u, v = a + share * n, -0.045 - 0.52 * h
        return lambda c: radius - np.hypot(c.s - u, c.z - c.edge - v)

    inside = [("lens", lambda c: 0.006 - lamp(c))]
    for share, size in ((0.30, 0.36 * h), (0.58, 0.30 * h)):
        inside.append((("chrome", [("lamp", disc(share, 0.6 * size))]), disc(share, size)))
    inside.append(("amber", lambda c: c.s - a - 0.80 * n * (1 if car.lamp_style == 0 else 0.8)))
    return [(("lamp_back", inside), lamp, front)]


def _ahead(c):
    return 0.75 - c.s


def _upright(c):
    return 0.99 - c.t


def _grille(car):
    wide, high = car.grille_width, car.grille_height
    top = car.hood - 0.115
    low = top - high
    if car.grille_style == 1:  # one big frame
        low, wide = max(top - 2.1 * high, car.clearance + 0.22), 0.85 * wide
    if car.grille_style == 3:  # a slit
        low = top - 0.45 * high
    taper = 0.82 if car.grille_style != 2 else 1.0
    corners = [(-1, low), (wide * taper, low), (wide, low + 0.7 * (top - low)), (wide * 0.97, top)]
    corners.append((-1, top))

    def grille(c):
        value = polygon(c.s, c.z, corners, radius=0.03)
        return np.minimum(value, c.s - 0.035) if car.grille_style == 2 else value

    metal = "chrome" if car.chrome_grille else "trim"
    inside = []
    count = max(car.grille_bars, 2) + 2 * (car.grille_style == 1)
    for k in range(count):
        if car.grille_style in (2, 4):
            middle = wide * (k + 0.5) / count

            def gap(c, m=middle):
                return c.s - m

        else:
            middle = low + (top - low) * (k + 1) / (count + 1)

            def gap(c, m=middle):
                return c.z - m

        half = 0.22 * (top - low) / (count + 1) if car.grille_style not in (2, 4) else 0.008
        inside.append((metal, lambda c, g=gap, h=half: g(c) + h, lambda c, g=gap, h=half: h - g(c)))
    frame = metal if car.chrome_grille else "gloss"
    return [((frame, [(("dark", inside), lambda c: grille(c) - 0.014)]), grille, _ahead)]


def _badge(car):
    z = car.hood - 0.115 - 0.4 * car.grille_height
    if car.grille_style in (2, 3):
        z = car.hood - 0.06
    return [("chrome", lambda c: 0.048 - np.hypot(c.s, 1.3 * (c.z - z)), _ahead, _upright)]


def _intake(car):
    low = car.clearance + 0.085
    high = low + car.intake_height
    wide = car.intake_width
    corners = [(-1, low), (wide * 0.9, low), (wide, high), (-1, high)]
    bar = (low + high) / 2
    slats = [("trim", lambda c: c.z - bar + 0.008, lambda c: bar + 0.008 - c.z)]
    out = [(("dark", slats), lambda c: polygon(c.s, c.z, corners, radius=0.03), _ahead)]
    if car.fog:
        u, v = max(wide + 0.12, 0.68), (low + high) / 2 + 0.03

        def lamp(c):
            return 0.042 - np.hypot(c.s - u, c.z - v)

        pod = [
            (u - 0.11, v - 0.05),
            (u + 0.12, v - 0.06),
            (u + 0.10, v + 0.06),
            (u - 0.07, v + 0.05),
        ]

        def near(c):
            return 1.1 - c.s

        if car.fog == 2:

            def frame(c):
                return polygon(c.s, c.z, pod, radius=0.02)

            out.append((("trim", [("lamp", lamp)]), frame, near))
        else:
            out.append((("trim", [("lamp", lambda c: lamp(c) - 0.010)]), lamp, near))
    return out


# --- rear, sides ------------------------------------------------------------------------------


def rear_plate_height(car: Car) -> float:
    low = car.clearance + 0.36
    high = min(car.deck, car.belt + car.belt_rise) - 0.20
    if car.style == "pickup":
        return car.clearance + 0.22
    return high if car.tail_width > 0.34 or car.foot < 0.3 else low


def _plate_recess(car, length):
    z = rear_plate_height(car)

    def back(c):
        return 0.8 - (length - c.s)

    recess = [(-1, z - 0.10), (0.27, z - 0.10), (0.29, z + 0.10), (-1, z + 0.10)]
    strip = [
        ("chrome" if car.chrome_grille else "trim", lambda c: c.z - z - 0.075),
    ]
    if car.style == "pickup":
        return []

    def shade(c):
        return polygon(length - c.s, c.z, recess, radius=0.03)

    return (
        [(("paint", strip), shade, back)] if not car.two_tone else [(("trim", strip), shade, back)]
    )


def _unpainted(car, f, length):
    """Plastic: below the bumpers, on sills, around the wheels; and the bumpers' joints."""
    low = car.clearance

    def ends(c):
        return np.maximum(c.x - f.axle_front - f.arch, f.axle_rear - f.arch - c.x)

    out = []
    material = "chrome" if car.style == "pickup" and car.chrome else "trim"
    if car.style == "pickup":
        out.append((material, lambda c: low + 0.30 - c.z, lambda c: 0.55 - (length - c.s) + 0.45))
    out.append(("trim", lambda c: low + 0.03 + car.bumper_trim - c.z, ends))
    if car.two_tone:
        out.append(("second", lambda c: low + 0.26 - c.z))
    if car.cladding:
        out.append(("trim", lambda c: low + 0.04 + 1.6 * car.cladding - c.z))
        for axle in (f.axle_front, f.axle_rear):

            def ring(c, a=axle):
                return f.arch + car.cladding - np.hypot(c.x - a, c.z - car.wheel)

            out.append(("trim", ring))
    if car.moulding:

        def z(c):
            return c.z - low - 0.27

        out.append(
            (
                "paint" if car.cladding else "trim",
                *(lambda c: z(c) + 0.025, lambda c: 0.025 - z(c)),
                *(
                    lambda c: f.axle_front - f.arch - 0.10 - c.x,
                    lambda c: c.x - f.axle_rear - f.arch,
                ),
            )
        )
    return out


def door_lines(car: Car, f: Frame) -> list[float]:
    """Where doors begin and end along the car, from the front."""
    front = f.axle_front - f.arch - 0.13
    if car.style == "coupe":
        return [front, f.axle_rear + f.arch + 0.10]
    rear = f.foot + 0.04 if car.style == "pickup" else f.axle_rear + 0.30
    return [front, b_pillar(car, f) - 0.03, rear]


def _doors(car, f):
    sill = car.clearance + 0.10
    lines = door_lines(car, f)
    out = []

    def side(c):
        return 1.0 - c.t

    def above(c):
        return c.z - sill

    for x in lines:

        def at(c, x=x):
            return c.x - x - 0.10 * (c.z - 0.7) ** 2

        out.append(("seam", *_stroke(at), above, side))

    reach = (lambda c: lines[0] - c.x, lambda c: c.x - lines[-1])
    out.append(("seam", *_stroke(above), *reach))
    if car.style == "pickup":
        out.append(("seam", *_stroke(lambda c: c.x - f.foot + 0.02, 0.012), above))
    flap = f.axle_rear - 0.12 - (0.25 if car.style == "pickup" else 0)

    def lid(c):
        return np.hypot(c.x - flap, c.z - car.belt + 0.13) - 0.08

    out.append(("seam", *_stroke(lid, 0.003), side))
    return out


def _lids(car, f, length):
    """Hood, boot lid or tailgate, and the joints of the bumpers."""
    width = car.width / 2
    out = []
    out.append(("seam", *_stroke(lambda c: c.t - 1.07, 0.007), lambda c: c.x - f.cowl + 0.05))

    def joint(c):
        return c.z - 0.62 * (car.hood - 0.07) - 0.05

    def front(c):
        return c.x - f.axle_front - f.arch * 0.6

    out.append(("seam", *_stroke(joint), front, lambda c: c.s - car.lamp_inner))
    bumper = car.clearance + 0.55 * (car.belt - car.clearance)

    def above(c):
        return c.z - bumper

    def tailgate(c):
        return (length - c.s) - width + (0.16 if car.tail_style == 1 else 0.22)

    out.append(("seam", *_stroke(above, 0.006), lambda c: f.axle_rear - f.arch * 0.6 - c.x))
    out.append(("seam", *_stroke(tailgate), above))
    return out


def _stroke(line, half=LINE):
    return (lambda c: line(c) + half), (lambda c: half - line(c))
