"""What the car's parts are made of, for Mitsuba."""

from functools import lru_cache

import numpy as np

from .design import Car
from .shapes import Mesh, moved, turn

# Diffuse colour and roughness of the plain parts.
PLASTICS = {
    "trim": (0.018, 0.30),
    "gloss": (0.004, 0.03),
    "seam": (0.004, 0.40),
    "second": (0.30, 0.25),
    "fabric": (0.012, 0.50),
    "tyre": (0.016, 0.45),
    "lens": (0.05, 0.03),
    "lamp": (0.45, 0.03),
    "amber": ((0.60, 0.16, 0.02), 0.05),
    "tail": ((0.26, 0.006, 0.008), 0.04),
    "redder": ((0.42, 0.02, 0.02), 0.04),
    "reverse": ((0.62, 0.58, 0.56), 0.05),
    "ink": (0.03, 0.30),
}
METALS = {"chrome": (0.62, 0.05), "mirror": (0.75, 0.02), "disc": (0.22, 0.25)}
INSIDE = {"cabin": 0.6, "seat": 1.0}  # brightness relative to the car's cabin tone


def _rgb(value):
    return {"type": "rgb", "value": [value] * 3 if np.isscalar(value) else list(value)}


def _plastic(colour, alpha):
    return {
        "type": "roughplastic",
        "diffuse_reflectance": _rgb(colour),
        "alpha": alpha,
        "distribution": "ggx",
    }


def _metal(colour, alpha):
    return {
        "type": "roughconductor",
        "material": "none",
        "specular_reflectance": _rgb(colour),
        "alpha": alpha,
    }


def _paint(car):
    """A clear coat over colour, in which flakes of metal may lie."""
    coat = _plastic(car.paint, car.gloss)
    if not car.metallic:
        return coat
    flakes = _metal(np.minimum(np.array(car.paint) * 1.6 + 0.01, 0.9), 0.35)
    return {"type": "blendbsdf", "weight": 0.35 * car.metallic, "a": coat, "b": flakes}


def _glass(opacity):
    """Tinted: a share of the light goes straight through, the rest meets a dark mirror."""
    return {"type": "mask", "opacity": opacity, "pane": _plastic(0.006, 0.015)}


def materials(car: Car) -> dict[str, dict]:
    """Mitsuba's surface for each material name of the car."""
    opaque = {name: _plastic(*values) for name, values in PLASTICS.items()}
    opaque |= {name: _metal(*values) for name, values in METALS.items()}
    opaque |= {
        "paint": _paint(car),
        "dark": {"type": "diffuse", "reflectance": _rgb(0.008)},
        "lamp_back": _plastic(car.lamp_tone, 0.04),
        "plate": {"type": "diffuse", "reflectance": _rgb(car.plate_tone)},
        "rim": {
            "type": "blendbsdf",
            "weight": 0.5,
            "a": _plastic(car.rim, 0.15),
            "b": _metal(min(1.3 * car.rim, 0.8), 0.22),
        },
    }
    opaque |= {name: {"type": "diffuse", "reflectance": _rgb(0.01)} for name in INSIDE}
    out = {name: {"type": "twosided", "bsdf": s} for name, s in opaque.items()}
    return {**out, "glass": _glass(car.tint), "privacy": _glass(0.5 * car.tint + 0.5)}


@lru_cache(maxsize=2)
def _loaded(car):
    """The surfaces as Mitsuba's objects; plastic takes long to prepare, so a car's are kept."""
    import mitsuba as mi

    return {name: mi.load_dict(surface) for name, surface in materials(car).items()}


def shapes(car: Car, meshes: dict[str, Mesh], angle: float, ahead: float) -> dict:
    """The car's meshes as Mitsuba's shapes, their ids beginning with car_.

    They are moved ahead, in metres along x, and then turned by an angle in radians.
    """
    surfaces = _loaded(car)
    return {
        "car_" + name: _shape(name, moved(mesh, ahead, 0, 0), surfaces[name], angle, car.cabin_tone)
        for name, mesh in meshes.items()
    }


def _shape(name, mesh, surface, angle, tone):
    """A mesh whose normals are given; Mitsuba's own would break at the seams of materials."""
    import mitsuba as mi

    props = mi.Properties()
    props["bsdf"] = surface
    if name in INSIDE:
        props["emitter"] = mi.load_dict(
            {
                "type": "area",
                "sampling_weight": 0.0,
                "radiance": {"type": "mesh_attribute", "name": "vertex_color"},
            }
        )
    shape = mi.Mesh(name, len(mesh.points), len(mesh.faces), props=props, has_vertex_normals=True)
    if name in INSIDE:
        shape.add_attribute("vertex_color", 3, _glow(mesh, INSIDE[name] * tone))
    params = mi.traverse(shape)
    params["vertex_positions"] = turn(mesh.points, angle).astype(np.float32).ravel()
    params["vertex_normals"] = turn(mesh.normals, angle).astype(np.float32).ravel()
    params["faces"] = mesh.faces.astype(np.uint32).ravel()
    params.update()
    return shape


def _glow(mesh, tone):
    """The cabin's light, painted on: few paths find their way through the glass."""
    light = 0.5 + 0.35 * mesh.normals[:, 2] + 0.15 * np.abs(mesh.normals[:, 1])
    return np.repeat((tone * light)[:, None], 3, axis=1).astype(np.float32).ravel()
