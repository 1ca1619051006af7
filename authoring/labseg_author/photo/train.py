"""Render, train, measure: the network for photographs, from nothing but a seed."""

import inspect
import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np

from labseg import metrics
from labseg.data.carvana import load_cars, load_carvana
from labseg.errors import InvalidValue
from labseg.evaluation import bootstrap
from labseg.files import write_whole
from labseg.models import ASSETS, quiet_keras
from labseg_author import studio
from labseg_author.models import oldest_keras, shippable

from . import augmentation, network
from .augmentation import augmented


class Set(NamedTuple):
    """Cars rendered for this network; `spread` widens the ranges of rooms, lenses and cars."""

    cars: int
    views: int
    seed: int
    spread: float


SETS = {  # it learns from the cars that ship, too
    "unusual": Set(80, 8, seed=12, spread=1.7),
    "validation": Set(16, 4, seed=13, spread=1.7),
    "stress": Set(32, 4, seed=14, spread=2.0),
}
SIZES = (128, 192), network.SIZE  # an epoch of the smaller pictures takes less than half as long
EPOCHS = 14, 10  # at each size
RATES = 4e-3, 2e-3
BATCH = 16
MOST = 8e6  # bytes of the saved model


def render_sets(out):
    """Render what `out` does not hold yet; {name of the set: its folder}."""
    return {
        name: studio.render(Path(out) / name, count, views, network.SIZE, seed=seed, spread=spread)
        for name, (count, views, seed, spread) in SETS.items()
    }


def train_photo(out, assets=ASSETS, epochs=EPOCHS, say=print):
    """Render the cars, train on them, measure the stress set, write the model and its record.

    out: a folder for the rendered cars and the training's backup; what it holds is kept, so that
    a run that was stopped goes on. Writes photo.keras and photo.json into `assets`, and returns
    the record. Nothing is chosen on the stress set. Raises ValueError unless Keras is 3.13, the
    oldest that labseg supports: a later one may write files that it can't read.
    """
    record = {"keras": oldest_keras(f"photo --out {out}")}
    record |= {"sizes": [list(size) for size in SIZES], "epochs": list(epochs)}
    folders = render_sets(out)  # before Keras: Mitsuba can't be loaded after TensorFlow
    backup = Path(out) / "backup"
    model = trained(folders, epochs, backup / _fingerprint(epochs))
    for name in ("validation", "stress"):
        record[name] = measured(model, load_carvana(folders[name], network.SIZE, cache=False))
        say("{0}: IoU {iou:.3f}, worst car {worst_car:.3f}".format(name, **record[name]))
    path = Path(out) / "photo.keras"
    model.save(path)
    made = shippable(path)
    if len(made) > MOST:
        raise InvalidValue(f"The model has {len(made):,} bytes; at most {MOST:,.0f} may ship.")
    write_whole(Path(assets) / "photo.keras", made)
    write_whole(Path(assets) / "photo.json", json.dumps(record, indent=2) + "\n")
    shutil.rmtree(backup)
    return record


def _fingerprint(epochs):
    """Of the settings and the augmentation: with others, a training begins anew."""
    settings = repr((SETS, SIZES, epochs, RATES, BATCH)) + inspect.getsource(augmentation)
    return sha256(settings.encode()).hexdigest()[:8]


def trained(folders, epochs, backup):
    """The network, trained on small pictures and then on those of its own size."""
    quiet_keras()
    import keras

    keras.utils.set_random_seed(0)
    weights = None
    for size, count, rate in zip(SIZES, epochs, RATES, strict=True):
        model = network.build(size)
        if weights:
            model.set_weights(weights)
        done = backup / f"{size[0]}x{size[1]}.weights.h5"
        if done.exists():
            model.load_weights(done)
        else:
            unusual, val = (
                load_carvana(folders[name], size, cache=False) for name in ("unusual", "validation")
            )
            fit(model, [load_cars(size), unusual], val, count, rate, backup)
            model.save_weights(unfinished := backup / "unfinished.weights.h5")
            unfinished.rename(done)
        weights = model.get_weights()
    return model


def fit(model, train, val, epochs, highest_rate, backup):
    """Train on the cars of `train`, augmented anew in every epoch; resumes from `backup`."""
    import keras

    from labseg import training

    images = np.concatenate([cars.images for cars in train])
    masks = np.concatenate([cars.masks for cars in train])
    batches = _batches(images, masks)
    rate = keras.optimizers.schedules.CosineDecay(
        highest_rate / 20,
        epochs * len(batches),
        alpha=1e-3,
        warmup_target=highest_rate,
        warmup_steps=len(batches),
    )
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-4),
        loss=loss,
        metrics=[keras.metrics.BinaryIoU(target_class_ids=[1], name="IoU")],
    )
    model.fit(
        batches,
        validation_data=(val.images, val.masks[..., None]),
        epochs=epochs,
        verbose=2,
        callbacks=[
            training.backup(model, backup),
            # The dataset doesn't know with which epoch a resumed training begins.
            keras.callbacks.LambdaCallback(
                on_epoch_begin=lambda epoch, _: setattr(batches, "epoch", epoch)
            ),
        ],
    )


def _batches(images, masks):
    """A keras.utils.PyDataset of augmented batches, made beside the training."""
    import keras

    height = images.shape[1]  # other places and other light at another size

    class Batches(keras.utils.PyDataset):
        epoch = 0

        def __len__(self):
            return len(images) // BATCH

        def __getitem__(self, i):
            order = np.random.default_rng([1, height, self.epoch]).permutation(len(images))
            rows = order[i * BATCH : (i + 1) * BATCH]
            rng = np.random.default_rng([2, height, self.epoch, i])
            pairs = [augmented(images[row], masks[row], rng) for row in rows]
            x, y = (np.stack(each) for each in zip(*pairs, strict=True))
            return x, y[..., None].astype(np.float32)

    return Batches(workers=2, max_queue_size=8)


def loss(y_true, y_pred):
    """Binary cross-entropy plus the Dice loss of each picture."""
    from keras import losses, ops

    y_true = ops.cast(y_true, y_pred.dtype)
    both = ops.sum(y_true * y_pred, axis=(1, 2, 3))
    areas = ops.sum(y_true, axis=(1, 2, 3)) + ops.sum(y_pred, axis=(1, 2, 3))
    entropy = ops.mean(losses.binary_crossentropy(y_true, y_pred), axis=(1, 2))
    return entropy + 1 - 2 * both / ops.maximum(areas, 1)


def measured(model, cars):
    """Mean IoU over the pictures, its interval over cars, and the worst car's and picture's."""
    scores = model.predict(cars.images, batch_size=BATCH, verbose=0)
    ious = metrics.iou(cars.masks, scores)
    owners = np.array(cars.cars)
    by_car = [ious[owners == car].mean() for car in sorted(set(cars.cars))]
    mean, low, high = bootstrap(ious, cars.cars)
    found = {"iou": mean, "low": low, "high": high, "dice": metrics.dice(cars.masks, scores).mean()}
    found |= {"worst_car": min(by_car), "worst_picture": ious.min()}
    return {name: round(float(value), 4) for name, value in found.items()}
