"""Models: load a shipped or a saved one, and back up its training."""

import json
import os
import re
import shutil
import sys
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from labseg.errors import InvalidValue

ASSETS = Path(__file__).parent / "assets"
OURS = {"baseline": "our baseline CNN", "unet": "our U-Net"}


def quiet_keras():
    """Import Keras without what TensorFlow writes about missing GPUs and repeated tracing.

    It writes past sys.stderr, at its import and when it first looks for devices. Errors are
    raised as ever. Other backends are imported as they are.
    """
    with _no_stderr():
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            tf.config.list_physical_devices()
            tf.get_logger().setLevel("ERROR")


@contextmanager
def _no_stderr():
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def load_model(name, folder="."):
    """The student's own `<name>.keras` in `folder` or, failing that, the one that ships.

    `name` is "baseline" or "unet". Prints which of the two it is. The model is not compiled.
    Raises ValueError for another name and for a file that Keras cannot read.
    """
    if name not in OURS:
        raise InvalidValue(f"No model is called {name!r}; there are {' and '.join(OURS)}.")
    import keras

    own = Path(folder) / f"{name}.keras"
    if not own.exists():
        print(f"No {own.name} here yet: using {OURS[name]}, not yours.")
        return keras.models.load_model(ASSETS / own.name, compile=False)
    saved = datetime.fromtimestamp(own.stat().st_mtime)
    try:
        model = keras.models.load_model(own, compile=False)
    except Exception:  # zipfile, h5py and Keras each raise their own, at length
        raise InvalidValue(
            f"{own} cannot be read as a Keras model: delete it, or save your model again."
        ) from None
    print(f"Loaded your own {own.name} (saved {saved:%Y-%m-%d %H:%M}).")
    return model


def backup(model, folder="."):
    """A callback for `fit`, so that training which was cut off goes on after its last whole epoch.

    It is Keras's BackupAndRestore: it keeps weights, optimiser and epoch in a folder of `folder`,
    and removes that when the training is done. The folder is named after the model's layers, so
    another architecture starts anew. Prints from which epoch it goes on.
    """
    import keras

    layers = re.sub(r'_\d+"', '"', model.to_json())  # names count on in a kernel: conv2d_12
    place = Path(folder) / f"backup-{sha256(layers.encode()).hexdigest()[:8]}"
    try:
        epoch = json.loads((place / "training_metadata.json").read_text())["epoch"]
        print(f"Going on after epoch {epoch}; to start anew, delete the folder {place}.")
    except (OSError, ValueError):  # nothing is there, or the first epoch was not kept whole
        shutil.rmtree(place, ignore_errors=True)
    return keras.callbacks.BackupAndRestore(str(place), double_checkpoint=True)
