"""How fast do the explorers follow a slider? `uv run python benchmarks/explorers.py`

Each explorer is made at the lessons' size, shown once, and then moved: every slider to random
values, every box on and off. The table gives the milliseconds in the kernel from the slider's new
value to the page with the new picture, and how many of them the processor worked: on a machine that
has other work, the rest is waiting. What the browser takes to show the page comes on top.
"""

import time
from typing import Annotated

import numpy as np
import typer

import labseg


def explorers(pictures):
    """{name: function that makes it}."""
    labseg.quiet_keras()
    _, _, test = labseg.load_cars((64, 96)).split()
    rows = np.arange(pictures) % len(test)
    images, masks = test.images[rows], test.masks[rows]
    models = {"CNN": labseg.load_model("baseline"), "U-Net": labseg.load_model("unet")}
    scores = {name: model.predict(images, verbose=0) for name, model in models.items()}
    return {
        "threshold": lambda: labseg.explorers.threshold(images, masks, scores["CNN"]),
        "receptive_field": lambda: labseg.explorers.receptive_field(models, images[0], masks[0]),
        "augmentation": lambda: labseg.explorers.augmentation(images[0], masks[0]),
        "errors": lambda: labseg.explorers.errors(images, masks, scores["U-Net"]),
    }


def values(control, rng):
    """A random value of a slider, or the other one of a box."""
    if isinstance(control.value, bool):
        return not control.value
    steps = round((control.max - control.min) / control.step)
    return control.min + control.step * int(rng.integers(steps + 1))


def moves(explorer, times, rng):
    """Seconds of each of `times` moves, and those of the processor, float (2, times).

    Each move is of a control taken at random.
    """
    assert explorer.widget  # as when it is shown
    controls, seconds = list(explorer.controls.values()), []
    while len(seconds) < times:
        control = controls[rng.integers(len(controls))]
        value, before = values(control, rng), explorer.picture.value
        start = time.perf_counter(), time.process_time()
        control.value = value
        end = time.perf_counter(), time.process_time()
        if explorer.picture.value != before:
            seconds.append(np.subtract(end, start))
    return np.transpose(seconds)


def main(
    pictures: Annotated[int, typer.Option(min=1, help="Pictures to explore.")] = 128,
    times: Annotated[int, typer.Option(min=10, help="Moves of each explorer.")] = 500,
):
    """Move every explorer, and print how long each takes."""
    makers = explorers(pictures)
    print("| explorer | made, s | shown, s | page, kB | a move, ms: median | worst | processor |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, make in makers.items():
        start = time.perf_counter()
        explorer = make()
        made = time.perf_counter()
        explorer._repr_mimebundle_()
        shown = time.perf_counter()
        ms, busy = 1000 * moves(explorer, times, np.random.default_rng(0))
        print(
            f"| `{name}` | {made - start:.2f} | {shown - made:.2f} | "
            f"{len(explorer.picture.value) / 1000:.0f} | "
            f"{np.median(ms):.1f} | {ms.max():.1f} | {busy.max():.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    typer.run(main)
