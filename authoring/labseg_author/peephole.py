"""How wide must a network look? The trainings of lesson 4 that are too long for a lesson.

Lesson 2's CNN with 0 to 5 convolutions and lesson 4's U-Net with 0 to 4 floors, all by lesson 4's
recipe, but shorter; the CNN, which has no normalisation, with lesson 2's learning rate.
"""

import contextlib
import io
import json
from pathlib import Path

import numpy as np

import labseg
from labseg.files import write_whole
from labseg.models import ASSETS
from labseg_author import lessons

SIZE, CHANNELS = (64, 96), 8
EVERY, EPOCHS, SEEDS = 2, 6, 5  # every second training picture
NO_SKIPS = "U-Net without skips"
NETWORKS = {  # {name: its numbers of convolutions or floors}
    "CNN": range(6),
    "U-Net": range(5),
    NO_SKIPS: range(1, 5),
}


def record_peephole(assets=ASSETS):
    """Train each network with each seed; write peephole.json into `assets`.

    Returns what is written, {"pictures", "epochs", "channels", "runs": [{"network", "depth",
    "seed", "weights", "sees", "half", "iou"}, …]}: how many pixels the score in the middle can
    depend on, the side of the square that holds half of its gradient, and the mean IoU on the
    test cars, at the threshold that is best on the validation cars. Runs that the file already
    holds are kept, so what was interrupted goes on; with other cars, delete the file first.
    """
    path = Path(assets) / "peephole.json"
    names = list(NETWORKS)
    train, val, test = labseg.load_cars(SIZE).split(val=0.1, test=0.2, seed=0)  # as in lesson 4
    train = train.select(slice(None, None, EVERY))
    record = {"pictures": len(train), "epochs": EPOCHS, "channels": CHANNELS, "runs": []}
    if path.exists():
        record["runs"] = json.loads(path.read_text("utf-8"))["runs"]
    done = {(run["network"], run["depth"], run["seed"]) for run in record["runs"]}
    for seed in range(SEEDS):
        for name, depths in NETWORKS.items():
            for depth in depths:
                if (name, depth, seed) not in done:
                    record["runs"].append(_train(name, depth, seed, train, val, test))
                    record["runs"].sort(key=lambda run: (names.index(run["network"]), run["depth"]))
                    write_whole(path, json.dumps(record, indent=1) + "\n")
    return record


def _train(name, depth, seed, train, val, test):
    labseg.quiet_keras()
    import keras

    keras.utils.set_random_seed(seed)
    taught = lessons.definitions("02_baseline_cnn")
    taught = lessons.definitions("04_unet", **taught, x_val=val.images, y_val=val.masks[..., None])
    build = taught["build_cnn" if name == "CNN" else "build_unet"]
    model = build((*SIZE, 3), CHANNELS, depth)
    _, sees = labseg.receptive_field(model)
    rate = 5 * 5e-3 if name == "CNN" else 1e-2  # of the CNN's, lesson 4's `adam` takes a fifth
    if name == NO_SKIPS:
        model = taught["cut_skips"](model)
    with contextlib.redirect_stdout(io.StringIO()):  # a line that counts the epochs
        taught["train_model"](model, train.images, train.masks[..., None], EPOCHS, rate)
    middle = SIZE[0] // 2, SIZE[1] // 2
    field = taught["effective_field"](model, test.images[:: len(test) // 32], *middle)
    scores_val, scores = (
        model.predict(cars.images, batch_size=16, verbose=0) for cars in (val, test)
    )
    thresholds = np.linspace(0.05, 0.95, 19)
    ious = [labseg.metrics.iou(val.masks, scores_val, level).mean() for level in thresholds]
    level = thresholds[np.argmax(ious)]
    keras.utils.clear_session()
    return {
        "network": name,
        "depth": depth,
        "seed": seed,
        "weights": model.count_params(),
        "sees": sees,
        "half": taught["side_of_half"](field, *middle),
        "iou": round(float(labseg.metrics.iou(test.masks, scores, level).mean()), 4),
    }
