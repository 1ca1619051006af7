"""The numbers that make one car, and drawing them from a seed.

A style is a range for each number; some cars lie between two styles, so proportions slide.
All lengths are in metres, heights are above the floor.
"""

from dataclasses import asdict, dataclass, fields

import numpy as np

STYLES = ("sedan", "hatchback", "coupe", "suv", "estate", "van", "pickup")
# Sixteen cars as they come to a dealer: most are sedans and hatchbacks.
BLOCK = ("sedan",) * 6 + ("hatchback",) * 4 + ("suv",) * 2 + ("coupe", "estate", "van", "pickup")
# White before the white wall, black on its own shadow, dark glass before the letters.
HARD = ("white", "black", "glass")

# Share and linear RGB. With those that are hard on purpose about seven cars in ten are white,
# silver, grey or black, as on the road.
PAINTS = {
    "white": (0.18, (0.41, 0.41, 0.40)),
    "silver": (0.15, (0.24, 0.25, 0.26)),
    "grey": (0.14, (0.10, 0.104, 0.11)),
    "black": (0.13, (0.004, 0.004, 0.005)),
    "red": (0.12, (0.23, 0.008, 0.010)),
    "blue": (0.12, (0.012, 0.036, 0.12)),
    "beige": (0.04, (0.36, 0.31, 0.23)),
    "brown": (0.04, (0.07, 0.04, 0.025)),
    "green": (0.05, (0.02, 0.075, 0.045)),
    "orange": (0.03, (0.55, 0.14, 0.01)),
}


@dataclass(frozen=True)
class Car:
    """What makes one car; see RANGES and draw."""

    style: str
    # proportions, ranges by style
    length: float
    width: float
    height: float
    clearance: float
    wheelbase: float  # share of the length
    overhang: float  # front end to front axle, share of the length
    wheel: float  # radius
    hood: float  # height of the hood's front edge
    cowl: float  # height of the windscreen's foot
    cowl_back: float  # front axle to windscreen's foot
    rake: float  # horizontal run of the windscreen
    belt: float  # height of the side windows' lower edge at the front
    belt_rise: float
    deck: float  # height of the body behind the rear window
    foot: float  # rear end to the rear window's foot
    run: float  # horizontal run of the rear window
    tumble: float  # inward lean of the side windows
    nose_lean: float  # how far the hood's edge lies behind the bumper
    tail_lean: float
    roof_drop: float  # of the roof at the rear
    bumper: float  # how far the rear bumper stands out
    # the rest, ranges below
    nose_round: float
    nose_side: float
    tail_round: float
    tail_side: float
    crease: float
    crease_height: float
    flare: float
    flare_wide: float
    cladding: float
    pillar_a: float
    pillar_c: float
    pillar_lean: float
    grille_style: int
    grille_width: float
    grille_height: float
    grille_bars: int
    intake_width: float
    intake_height: float
    fog: int
    lamp_style: int
    lamp_inner: float
    lamp_height: float
    lamp_length: float
    lamp_slant: float
    lamp_tone: float
    tail_style: int
    tail_width: float
    tail_height: float
    tail_wrap: float
    spokes: int
    rim_style: int
    rim: float
    rim_share: float
    spoke_width: float
    chrome: bool
    chrome_grille: bool
    rails: int
    steps: bool  # running boards
    spoiler: bool
    aerial: int
    sunroof: bool
    handles: int
    mirrors: int
    mirror_size: float
    moulding: bool
    bumper_trim: float  # height of the bumpers' unpainted lower part
    two_tone: bool
    front_plate: bool
    plate_tone: float
    privacy: bool
    soft_top: bool
    tint: float
    cabin_tone: float
    paint: tuple[float, float, float]
    metallic: float
    gloss: float
    hard: str  # why it is hard to cut out, one of HARD, or ""

    record = asdict


# (lowest, highest) of each proportion by style, in the order in which they are drawn.
RANGES = {
    "sedan": {
        "length": (4.50, 5.05),
        "width": (1.74, 1.88),
        "height": (1.42, 1.50),
        "clearance": (0.16, 0.19),
        "wheelbase": (0.570, 0.600),
        "overhang": (0.185, 0.205),
        "wheel": (0.310, 0.345),
        "hood": (0.76, 0.85),
        "cowl": (0.95, 1.03),
        "cowl_back": (0.26, 0.54),
        "rake": (0.74, 0.95),
        "belt": (0.90, 0.96),
        "belt_rise": (0.03, 0.10),
        "deck": (1.02, 1.09),
        "foot": (0.42, 0.62),
        "run": (0.58, 0.82),
        "tumble": (0.28, 0.40),
        "nose_lean": (0.10, 0.24),
        "tail_lean": (0.02, 0.07),
        "roof_drop": (0.03, 0.07),
        "bumper": (0.04, 0.09),
    },
    "hatchback": {
        "length": (3.70, 4.40),
        "width": (1.66, 1.80),
        "height": (1.45, 1.56),
        "clearance": (0.16, 0.19),
        "wheelbase": (0.595, 0.630),
        "overhang": (0.185, 0.205),
        "wheel": (0.295, 0.330),
        "hood": (0.80, 0.90),
        "cowl": (0.98, 1.06),
        "cowl_back": (0.25, 0.48),
        "rake": (0.72, 0.98),
        "belt": (0.92, 0.99),
        "belt_rise": (0.04, 0.14),
        "deck": (1.02, 1.10),
        "foot": (0.13, 0.22),
        "run": (0.32, 0.62),
        "tumble": (0.26, 0.38),
        "nose_lean": (0.10, 0.24),
        "tail_lean": (0.05, 0.10),
        "roof_drop": (0.05, 0.10),
        "bumper": (0.05, 0.10),
    },
    "coupe": {
        "length": (4.35, 4.85),
        "width": (1.74, 1.90),
        "height": (1.35, 1.42),
        "clearance": (0.14, 0.17),
        "wheelbase": (0.565, 0.600),
        "overhang": (0.185, 0.205),
        "wheel": (0.315, 0.350),
        "hood": (0.72, 0.80),
        "cowl": (0.91, 0.98),
        "cowl_back": (0.32, 0.60),
        "rake": (0.74, 0.92),
        "belt": (0.88, 0.93),
        "belt_rise": (0.03, 0.09),
        "deck": (0.98, 1.04),
        "foot": (0.40, 0.56),
        "run": (0.62, 0.84),
        "tumble": (0.30, 0.44),
        "nose_lean": (0.10, 0.26),
        "tail_lean": (0.02, 0.06),
        "roof_drop": (0.03, 0.07),
        "bumper": (0.03, 0.08),
    },
    "suv": {
        "length": (4.35, 5.05),
        "width": (1.79, 1.98),
        "height": (1.62, 1.84),
        "clearance": (0.21, 0.27),
        "wheelbase": (0.570, 0.605),
        "overhang": (0.175, 0.195),
        "wheel": (0.340, 0.390),
        "hood": (0.95, 1.10),
        "cowl": (1.11, 1.24),
        "cowl_back": (0.35, 0.62),
        "rake": (0.58, 0.85),
        "belt": (1.05, 1.15),
        "belt_rise": (0.00, 0.12),
        "deck": (1.10, 1.22),
        "foot": (0.10, 0.20),
        "run": (0.25, 0.55),
        "tumble": (0.20, 0.36),
        "nose_lean": (0.05, 0.18),
        "tail_lean": (0.03, 0.08),
        "roof_drop": (0.02, 0.08),
        "bumper": (0.05, 0.11),
    },
    "estate": {
        "length": (4.55, 4.95),
        "width": (1.75, 1.86),
        "height": (1.45, 1.56),
        "clearance": (0.16, 0.20),
        "wheelbase": (0.570, 0.595),
        "overhang": (0.185, 0.205),
        "wheel": (0.310, 0.345),
        "hood": (0.77, 0.86),
        "cowl": (0.96, 1.04),
        "cowl_back": (0.40, 0.62),
        "rake": (0.72, 0.92),
        "belt": (0.91, 0.97),
        "belt_rise": (0.02, 0.10),
        "deck": (1.00, 1.08),
        "foot": (0.12, 0.20),
        "run": (0.35, 0.60),
        "tumble": (0.26, 0.38),
        "nose_lean": (0.10, 0.22),
        "tail_lean": (0.04, 0.09),
        "roof_drop": (0.03, 0.07),
        "bumper": (0.05, 0.10),
    },
    "van": {
        "length": (4.70, 5.15),
        "width": (1.88, 2.00),
        "height": (1.70, 1.80),
        "clearance": (0.17, 0.20),
        "wheelbase": (0.580, 0.605),
        "overhang": (0.185, 0.205),
        "wheel": (0.320, 0.350),
        "hood": (0.88, 1.00),
        "cowl": (1.10, 1.19),
        "cowl_back": (-0.10, 0.14),
        "rake": (0.85, 1.10),
        "belt": (1.00, 1.08),
        "belt_rise": (-0.02, 0.06),
        "deck": (1.04, 1.12),
        "foot": (0.10, 0.16),
        "run": (0.18, 0.35),
        "tumble": (0.20, 0.30),
        "nose_lean": (0.10, 0.22),
        "tail_lean": (0.02, 0.06),
        "roof_drop": (0.03, 0.06),
        "bumper": (0.05, 0.10),
    },
    "pickup": {
        "length": (5.20, 5.85),
        "width": (1.84, 2.02),
        "height": (1.74, 1.92),
        "clearance": (0.27, 0.34),
        "wheelbase": (0.595, 0.625),
        "overhang": (0.160, 0.180),
        "wheel": (0.360, 0.405),
        "hood": (1.02, 1.16),
        "cowl": (1.20, 1.32),
        "cowl_back": (0.40, 0.65),
        "rake": (0.50, 0.68),
        "belt": (1.15, 1.25),
        "belt_rise": (0.00, 0.03),
        "deck": (1.18, 1.30),
        "foot": (1.50, 1.95),
        "run": (0.08, 0.18),
        "tumble": (0.22, 0.32),
        "nose_lean": (0.02, 0.10),
        "tail_lean": (0.00, 0.02),
        "roof_drop": (0.01, 0.03),
        "bumper": (0.08, 0.14),
    },
}
# Styles that a car may lean towards.
NEAR = {
    "sedan": ("coupe", "hatchback", "estate"),
    "hatchback": ("sedan", "suv", "estate"),
    "coupe": ("sedan", "hatchback"),
    "suv": ("estate", "hatchback", "van"),
    "estate": ("sedan", "suv", "hatchback"),
    "van": ("suv",),
    "pickup": ("pickup",),
}


# What stays possible however wide the ranges: a car that can be built.
LIMITS = {
    "wheel": (0.27, 0.43),
    "clearance": (0.11, 0.38),
    "height": (1.28, 2.05),
    "hood": (0.66, 1.25),
    "rake": (0.30, 1.20),
    "belt_rise": (-0.03, 0.16),
    "foot": (0.08, 2.2),
    "run": (0.05, 1.0),
    "tumble": (0.10, 0.50),
    "nose_lean": (0.0, 0.32),
    "tail_lean": (0.0, 0.14),
    "roof_drop": (0.0, 0.14),
    "bumper": (0.02, 0.16),
    "nose_round": (5.0, 16.0),
    "nose_side": (1.9, 4.0),
    "tail_round": (5.0, 24.0),
    "tail_side": (2.0, 7.0),
    "crease": (0.0, 0.024),
    "crease_height": (0.42, 0.82),
    "flare": (0.0, 0.045),
    "flare_wide": (0.03, 0.18),
    "pillar_a": (0.05, 0.13),
    "pillar_c": (0.04, 0.45),
    "pillar_lean": (0.0, 1.2),
    "grille_width": (0.2, 0.62),
    "grille_height": (0.05, 0.34),
    "intake_width": (0.25, 0.80),
    "intake_height": (0.03, 0.24),
    "lamp_inner": (0.42, 0.68),
    "lamp_height": (0.06, 0.22),
    "lamp_length": (0.28, 0.72),
    "lamp_slant": (0.0, 0.14),
    "lamp_tone": (0.03, 0.75),
    "tail_width": (0.16, 0.55),
    "tail_height": (0.09, 0.28),
    "tail_wrap": (0.08, 0.44),
    "rim": (0.01, 0.85),
    "rim_share": (0.56, 0.80),
    "spoke_width": (0.2, 0.75),
    "mirror_size": (0.75, 1.4),
    "bumper_trim": (0.0, 0.28),
    "plate_tone": (0.02, 0.8),
    "tint": (0.08, 0.85),
    "metallic": (0.0, 1.0),
    "gloss": (0.005, 0.12),
}


def draw(rng: np.random.Generator, style: str, spread: float = 1.0, hard: str = "") -> Car:
    """Draw one car; the order of the draws is part of the data set's format.

    spread widens every range about its middle, as far as such a car can be built; above 1 any
    colour may come. hard, one of HARD, makes a car that is hard to cut out.
    """
    lean = float(rng.uniform(0.05, 0.45)) if rng.random() < 0.35 else 0.0
    other = NEAR[style][int(rng.integers(len(NEAR[style])))]
    numbers = {}
    for name, own in RANGES[style].items():
        share = 0.5 + spread * (float(rng.random()) - 0.5)
        a, b = (low + (high - low) * share for low, high in (own, RANGES[other][name]))
        numbers[name] = a + (b - a) * lean
    if style == "suv" and rng.random() < 0.25:  # a box on wheels
        for name, share in (("rake", 0.65), ("run", 0.4), ("tumble", 0.6), ("nose_lean", 0.4)):
            numbers[name] *= share
    numbers = {**numbers, **_extras(rng, style, spread), **_paint(rng, spread)}
    numbers |= {name: min(max(numbers[name], low), high) for name, (low, high) in LIMITS.items()}
    car = {**_fitting(numbers, style), **_hardened(rng, numbers, hard)}
    car |= {"style": style, "hard": hard}
    return Car(**{field.name: car[field.name] for field in fields(Car)})


def _fitting(n: dict, style: str) -> dict:
    """Numbers that go together: wheels within the body, glass of some height."""
    n = dict(n)
    if style in ("sedan", "coupe"):  # a boot stays a boot
        n["foot"] = max(n["foot"], 0.40)
    n["hood"] = max(n["hood"], 2 * n["wheel"] + 0.06)
    n["belt"] = max(n["belt"], n["hood"] + 0.04)
    n["cowl"] = max(n["cowl"], n["hood"] + 0.10)
    n["deck"] = max(n["deck"], n["belt"] + 0.02)
    n["height"] = max(n["height"], n["belt"] + n["belt_rise"] + 0.36, n["cowl"] + 0.38)
    around = (n["wheel"] + 0.17) / n["length"]  # from an axle to the nearer end
    n["overhang"] = max(n["overhang"], around)
    n["wheelbase"] = min(n["wheelbase"], 1 - n["overhang"] - around)
    return n


def _hardened(rng, n: dict, hard: str) -> dict:
    """The numbers that make a car hard to cut out of its picture."""
    if hard == "white":
        plain = {"two_tone": False, "moulding": False, "cladding": 0.0, "bumper_trim": 0.0}
        paint = np.array(PAINTS["white"][1]) * rng.uniform(0.95, 1.15)
        return {**plain, "paint": tuple(map(float, paint)), "metallic": 0.0, "tint": 0.22}
    if hard == "black":
        paint = np.array(PAINTS["black"][1]) * rng.uniform(0.75, 1.3)
        low = {"clearance": max(0.8 * n["clearance"], 0.12), "rim": float(rng.uniform(0.01, 0.04))}
        return {**low, "paint": tuple(map(float, paint)), "chrome": False, "two_tone": False}
    if hard == "glass":
        name = ("black", "grey", "blue", "brown", "green")[int(rng.integers(5))]
        dark = {"paint": tuple(PAINTS[name][1]), "chrome": False, "cabin_tone": 0.03}
        return {**dark, "privacy": True, "tint": float(rng.uniform(0.6, 0.8))}
    return {}


def _extras(rng, style, spread) -> dict:
    """Everything but proportions and paint."""

    def between(low, high):
        return _wide(rng, low, high, spread)

    def chance(p):
        return bool(rng.random() < p)

    def one_of(*shares):
        return int(rng.choice(len(shares), p=np.array(shares) / sum(shares)))

    high = style in ("suv", "pickup")
    boxy = style in ("suv", "van", "pickup")
    rails = {"suv": 0.65, "estate": 0.6, "van": 0.5, "hatchback": 0.08}.get(style, 0)
    spoilers = {"hatchback": 0.7, "suv": 0.7, "coupe": 0.35, "sedan": 0.15, "pickup": 0}
    return {
        "nose_round": between(7, 12) + 2 * boxy,
        "nose_side": between(2.1, 3.2),
        "tail_round": between(7.5, 12) + 3 * boxy + 8 * (style == "pickup"),
        "tail_side": between(2.4, 3.6) + 2.5 * (style == "pickup"),
        "crease": between(0, 0.016),
        "crease_height": between(0.50, 0.74),
        "flare": between(0.004, 0.022) + 0.012 * high,
        "flare_wide": between(0.06, 0.14),
        "cladding": between(0.03, 0.07) * (high and chance(0.5)),
        "pillar_a": between(0.07, 0.11),
        "pillar_c": between(0.10, 0.36),
        "pillar_lean": between(0.3, 1.0),
        "grille_style": one_of(3, 3, 2, 2, 1.5),
        "grille_width": between(0.28, 0.52) + 0.08 * (style == "pickup"),
        "grille_height": between(0.09, 0.20) + 0.05 * high + 0.06 * (style == "pickup"),
        "grille_bars": int(rng.integers(2, 8)),
        "intake_width": between(0.35, 0.70),
        "intake_height": between(0.06, 0.20),
        "fog": one_of(2, 3, 2),
        "lamp_style": one_of(3, 3, 2),
        "lamp_inner": between(0.48, 0.62),
        "lamp_height": between(0.09, 0.18) + 0.03 * high,
        "lamp_length": between(0.38, 0.62),
        "lamp_slant": between(0.0, 0.10),
        "lamp_tone": between(0.03, 0.30),
        "tail_style": one_of(3, 3 * boxy + 0.5, 2),
        "tail_width": between(0.24, 0.46),
        "tail_height": between(0.13, 0.24),
        "tail_wrap": between(0.15, 0.36),
        "spokes": int(rng.integers(5, 11)),
        "rim_style": one_of(4, 3, 2, 1.2),
        "rim": between(0.10, 0.62) if chance(0.78) else between(0.015, 0.06),
        "rim_share": between(0.66, 0.76) - 0.04 * high,
        "spoke_width": between(0.30, 0.62),
        "chrome": chance(0.4),
        "chrome_grille": chance(0.55),
        "rails": (1 + chance(0.35)) * chance(rails),
        "steps": chance({"pickup": 0.5, "suv": 0.2}.get(style, 0)),
        "spoiler": chance(spoilers.get(style, 0.3)),
        "aerial": one_of(4, 4, 2, 0.3),
        "sunroof": chance(0.35),
        "handles": one_of(5, 2.5, 1.5),
        "mirrors": one_of(6, 2.5, 1),
        "mirror_size": between(0.9, 1.1) + 0.2 * (style == "pickup") + 0.08 * (style == "suv"),
        "moulding": chance(0.3),
        "bumper_trim": between(0.0, 0.05) if chance(0.5) else between(0.08, 0.22),
        "two_tone": high and chance(0.15),
        "front_plate": chance(0.55),
        "plate_tone": between(0.35, 0.7) if chance(0.75) else between(0.02, 0.2),
        "privacy": boxy and chance(0.75),
        "soft_top": style == "coupe" and chance(0.15),
        "tint": between(0.22, 0.55),
        "cabin_tone": float(rng.choice([0.04, 0.06, 0.15, 0.30])),
    }


def _wide(rng, low, high, spread) -> float:
    """A number of a range that is spread about its middle."""
    return float((low + high) / 2 + spread * (rng.uniform(low, high) - (low + high) / 2))


def _paint(rng, spread) -> dict:
    names = list(PAINTS)
    shares = np.array([PAINTS[n][0] for n in names])
    name = names[rng.choice(len(names), p=shares / shares.sum())]
    neutral = name in ("white", "silver", "grey", "black")
    width = 0.03 if neutral else 0.08 if name in ("beige", "brown") else 0.25
    tint = rng.uniform(1 - width, 1 + width, 3)
    tone = {"white": (0.88, 1.08), "grey": (0.5, 1.7)}.get(name, (0.75, 1.3))
    paint = np.array(PAINTS[name][1]) * tint * rng.uniform(*tone)
    metallic = _wide(rng, 0.3, 0.8, spread) * bool(rng.random() < 0.8)
    if spread > 1 and rng.random() < spread - 1:  # any colour
        paint = np.exp(rng.uniform(np.log(0.004), np.log(0.7))) * rng.uniform(0.1, 1.3, 3)
        name = "any"
    return {
        "paint": tuple(float(v) for v in np.clip(paint, 0.003, 0.80)),
        "metallic": 0.0 if name == "white" else metallic,
        "gloss": _wide(rng, 0.006, 0.03, spread),
    }
