"""The training curves of the exercise `curves`: real trainings of lesson 2's network."""

import json
from pathlib import Path

import numpy as np

import labseg
from labseg.files import write_whole
from labseg.models import ASSETS

EPOCHS = 20


def record_curves(assets=ASSETS):
    """Train the network of lesson 2 well and in four wrong ways; write curves.json into `assets`.

    Returns what is written, {name: {"loss", "accuracy", "val_loss", "val_accuracy"}}, with one
    number an epoch.
    """
    train, val, _ = labseg.load_cars(size=(64, 96)).split(val=0.1, test=0.2, seed=0)
    x, y = train.images[::4], train.masks[::4, ..., None]
    x_val, y_val = val.images[::4], val.masks[::4, ..., None]
    shuffled = np.random.default_rng(0).permutation
    one_car = train.images[:16], train.masks[:16, ..., None]
    runs = {
        "healthy": _train(x, y, x_val, y_val),
        "overfitting": _train(*one_car, x_val, y_val, batch_size=4),
        "rate too high": _train(x, y, x_val, y_val, rate=0.1),
        "rate too low": _train(x, y, x_val, y_val, rate=1e-5),
        "out of step": _train(x, shuffled(y), x_val, shuffled(y_val)),
    }
    write_whole(Path(assets) / "curves.json", json.dumps(runs, indent=1) + "\n")
    return runs


def _train(x, y, x_val, y_val, rate=5e-3, batch_size=16):
    labseg.quiet_keras()
    import keras

    keras.utils.set_random_seed(0)
    layers = [keras.Input(x.shape[1:]), keras.layers.Rescaling(1 / 255)]
    for channels in (10, 20, 40):
        layers.append(keras.layers.Conv2D(channels, 3, padding="same", activation="relu"))
    model = keras.Sequential([*layers, keras.layers.Conv2D(1, 1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    sizes = {"batch_size": batch_size, "epochs": EPOCHS, "verbose": 0}
    history = model.fit(x, y, validation_data=(x_val, y_val), **sizes).history
    return {name: [float(f"{value:.4g}") for value in row] for name, row in history.items()}
