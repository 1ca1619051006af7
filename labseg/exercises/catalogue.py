"""Every exercise of the lab, in the order of the lessons."""

from labseg.errors import InvalidValue
from labseg.exercises import build_unet

EXERCISES = (build_unet.EXERCISE,)
FORMER_NAMES = {"unet": "build_unet"}  # as version 0.1 called it


def find(name):
    """The Exercise with this name; InvalidValue if there is none."""
    wanted = FORMER_NAMES.get(name, name) if isinstance(name, str) else name
    for exercise in EXERCISES:
        if exercise.name == wanted:
            return exercise
    names = ", ".join(exercise.name for exercise in EXERCISES)
    raise InvalidValue(f"No exercise is called {name!r}. The exercises are: {names}.")
