"""One parametric car: its numbers (see design) and the meshes that they give.

The front looks along +x, z is up, the wheels stand on z = 0; all lengths are in metres.
"""

from .body import carve, frame, lower_body
from .cabin import cabin, interior, rails, rear_spoiler
from .design import BLOCK, HARD, PAINTS, STYLES, Car, draw
from .details import body_marks
from .fittings import fittings
from .shapes import Mesh, join
from .wheels import wheels

__all__ = ["BLOCK", "HARD", "PAINTS", "STYLES", "Car", "build", "draw"]


def build(car: Car) -> dict[str, Mesh]:
    """The car's meshes by material name; they don't depend on its paint."""
    f = frame(car)
    body, faces = lower_body(car, f)
    parts = carve(body, faces, "paint", body_marks(car, f, body[:, 6].max()))
    for name, meshes in cabin(car, f).items():
        parts.setdefault(name, []).extend(meshes)
    for extra in (wheels(car, f, body), fittings(car, f, body), interior(car, f)):
        for name, mesh in extra:
            parts.setdefault(name, []).append(mesh)
    if car.rails:
        parts.setdefault("chrome" if car.chrome else "trim", []).extend(rails(car, f))
    if car.spoiler:
        parts["paint"].append(rear_spoiler(car, f))
    return {name: join(meshes) for name, meshes in sorted(parts.items())}
