"""Models: load a shipped one or the student's own."""

import json
import os
import sys
import zipfile
from contextlib import contextmanager
from datetime import datetime

from labseg.arguments import folder_path
from labseg.data.carvana import ASSETS
from labseg.errors import InvalidValue, NotAllowed

OURS = {
    "baseline": "our baseline CNN",
    "unet": "our U-Net",
    "photo": "our network for photographs",
}
# Layers (and keras.ops) from which no U-Net can be built: all keep the size, and none joins two.
PLAIN = {"InputLayer", "Rescaling", "Divide", "TrueDivide", "Cast", "Conv2D", "BatchNormalization"}
PLAIN |= {"Activation", "ReLU", "Relu", "Dropout", "Sequential", "Functional"}


def quiet_keras():
    """Import Keras without what TensorFlow writes about missing GPUs and repeated tracing.

    It writes past sys.stderr, at its import and when it first looks for devices. Errors are
    still raised. Other backends are imported as they are.
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
    stderr = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def load_model(name, folder="."):
    """The student's own `<name>.keras` in `folder` or, failing that, the one that ships.

    `name` is "baseline", "unet" or "photo", a larger network that was trained, on renders only, to
    work on photographs too. All take pictures as they are loaded, uint8, of the size that the
    model's `input_shape` tells. Prints which of the two it is. The model is not compiled.
    Raises ValueError for another name, and for a file of the student's that holds no such network.
    """
    if name not in list(OURS):
        raise InvalidValue(f"No model is called {name!r}; there are {', '.join(OURS)}.")
    import keras

    own = folder_path("folder", folder) / f"{name}.keras"
    if not os.path.exists(own):  # unlike Path's, it never raises
        print(f"No {own.name} here yet: using {OURS[name]}, not yours.")
        return keras.models.load_model(ASSETS / own.name, compile=False)
    if not os.access(own, os.R_OK):
        raise NotAllowed(f"You may not read {own}: change its permissions.")
    saved = datetime.fromtimestamp(own.stat().st_mtime)
    try:
        model = keras.models.load_model(own, compile=False)
    except Exception:  # zipfile, h5py and Keras each raise their own, at length
        raise InvalidValue(f"{own} {_fault(own)}") from None
    _check_shapes(model, own)
    if name == "unet" and _kinds(json.loads(model.to_json())) <= PLAIN:
        raise InvalidValue(
            f"{own} is no U-Net, having neither poolings nor skips (is it the baseline?): "
            "delete it, or save your U-Net again."
        )
    print(f"Loaded your own {own.name} (saved {saved:%Y-%m-%d %H:%M}).")
    return model


def _check_shapes(model, own):
    """A model with custom code may not tell its shapes; then there is nothing to check."""
    inputs, outputs = (getattr(model, side, None) for side in ("input_shape", "output_shape"))
    if inputs and outputs and (inputs[3:] != (3,) or outputs != (*inputs[:3], 1)):
        raise InvalidValue(
            f"{own} turns {inputs} into {outputs}, not pictures (h, w, 3) into scores (h, w, 1): "
            "delete it, or save your network again."
        )


def _fault(own):
    """What is wrong with a saved model that Keras does not load, and the remedy."""
    import keras

    try:
        with zipfile.ZipFile(own) as archive:
            config = json.loads(archive.read("config.json"))
            version = json.loads(archive.read("metadata.json"))["keras_version"]
            damaged = archive.testzip()
    except Exception:  # whatever a damaged file leads to
        damaged = True
    if damaged:
        return "cannot be read as a Keras model: delete it, or save your model again."
    code = ", ".join(sorted(set(_own_code(config))))
    if not code and version != keras.__version__:
        return (
            f"was saved by Keras {version}, and Keras {keras.__version__} does not load it: "
            "save it again with this one, or install that one."
        )
    return (
        f"holds code of your own ({code or 'a lambda function'}), which Keras does not load: "
        "build the network from Keras's layers (Rescaling instead of a Lambda), train it and "
        "save it again."
    )


def _parts(config):
    """Every dict within a model's configuration, but for how it was compiled."""
    if isinstance(config, dict):
        yield config
        config = [value for key, value in config.items() if key != "compile_config"]
    if isinstance(config, list):
        for item in config:
            yield from _parts(item)


def _kinds(config):
    """The class names of a model and of its layers, those of models within it too."""
    layers = [layer for part in _parts(config) for layer in part.get("layers", [])]
    return {part["class_name"] for part in [config, *layers]}


def _own_code(config):
    """The names of functions and classes that are not Keras's."""
    for part in _parts(config):
        kind = part.get("class_name")
        if kind == "function":
            yield part["config"]
        elif kind == "__lambda__":
            yield "a lambda function"
        elif kind == "Lambda" or not str(part.get("module", "keras")).startswith("keras"):
            yield kind
