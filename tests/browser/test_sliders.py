"""The explorers in a browser: moved by keyboard, on a few rendered cars."""

import pytest

pytestmark = pytest.mark.browser
CARS = """\
import numpy as np
import labseg
cars = labseg.load_cars((64, 96), limit=4)
noise = np.random.default_rng(0).normal(0, 0.4, cars.masks.shape)
scores = np.clip(cars.masks + noise, 0, 1)"""
MODELS = """\
models = {"CNN": labseg.load_model("baseline"), "U-Net": labseg.load_model("unet")}"""
# What shows them, and how many controls each has.
EXPLORERS = {
    "threshold": ("labseg.explorers.threshold(cars.images, cars.masks, scores)", 2),
    "errors": ("labseg.explorers.errors(cars.images, cars.masks, scores)", 1),
    "augmentation": ("labseg.explorers.augmentation(cars.images[0], cars.masks[0])", 6),
    "receptive_field": (
        f"{MODELS}\nlabseg.explorers.receptive_field(models, cars.images[0], cars.masks[0])",
        2,
    ),
}
STEPS = 8  # one pixel further, a score may be the same
CONTROLS = ".jp-OutputArea .noUi-handle, .jp-OutputArea .widget-checkbox input"
COUNT = "([selector, n]) => document.querySelectorAll(selector).length === n"
PICTURE = ".jp-OutputArea .widget-html-content:has(img)"
PIXELS = f"""() => [...document.querySelectorAll("{PICTURE} img")].map(i => i.src).join()"""


def move(lesson, control):
    """A step by keyboard, until the picture has changed."""
    before = lesson.page.evaluate(PIXELS)
    at_end = control.get_attribute("aria-valuenow") == control.get_attribute("aria-valuemax")
    is_box = control.get_attribute("type") == "checkbox"
    control.press("Space" if is_box else "ArrowLeft" if at_end else "ArrowRight")
    lesson.page.wait_for_function(f"before => ({PIXELS})() !== before", arg=before)


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_control_moves_picture_and_numbers(scratch, readable, name):
    source, controls = EXPLORERS[name]
    lesson = scratch(name, CARS, source)
    lesson.page.wait_for_selector(PICTURE)
    lesson.page.wait_for_function(COUNT, arg=[CONTROLS, controls])
    for control in lesson.page.locator(CONTROLS).all():
        before = lesson.pictures()
        for _ in range(STEPS):
            move(lesson, control)
            if lesson.pictures() != before:
                break
        else:
            raise AssertionError(f"{control}: no picture's text has changed in {STEPS} steps")
    readable(lesson, f"explorer_{name}")
    assert "Error" not in str([cell.outputs for cell in lesson.notebook().cells])
