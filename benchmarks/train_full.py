"""How fast does a GPU train the original lab's U-Net? The --full of train.py.

Lesson 4's U-Net ends in float32 under mixed precision too, for the loss is computed from its
scores: bfloat16 has no number between 0.996 and 1.
"""

import contextlib
import os
import re
import sys
from itertools import pairwise
from math import prod
from statistics import median

import keras
import numpy as np
from keras import layers
from train_keras import Watching, lesson_4, versions
from train_watch import FLOORS, Watch

import labseg

SIZE, N_CH, EPOCHS, PICTURES = (256, 256), 64, 20, 2000  # the original lab's
RATE, BATCH = 1e-3, 16
# Dense half-precision TFLOP/s of the makers' data sheets; the first name that fits counts.
PEAKS = {
    "H200": 989,
    "H100 PCIe": 756,
    "H100 NVL": 835,
    "H100": 989,
    "A100": 312,
    "L4": 121,
    "T4": 65,
    "V100-PCIE": 112,
    "V100": 125,
}
UNKNOWN = "unknown device: give --peak TFLOPS"


def gpu():
    """(name, compute capability) of the GPU that Keras's backend uses, or None."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        for device in tf.config.list_physical_devices("GPU"):
            details = tf.config.experimental.get_device_details(device)
            return details["device_name"], details.get("compute_capability", (0, 0))
    elif backend == "jax":
        import jax

        device = jax.devices()[0]
        if device.platform == "gpu":
            return device.device_kind, tuple(map(int, device.compute_capability.split(".")))
    elif backend == "torch":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_name(0), torch.cuda.get_device_capability(0)
    return None


def peak_of(name):
    """TFLOP/s of the device called `name`, None if unknown; a slice of one is unknown."""
    if re.search(r"\bMIG\b", name):
        return None
    fits = (peak for known, peak in PEAKS.items() if re.search(rf"\b{known}\b", name))
    return next(fits, None)


def flops(model):
    """Floating-point operations of one picture's way through the convolutions of `model`."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D | layers.Conv2DTranspose):
            transposed = isinstance(layer, layers.Conv2DTranspose)
            places = (layer.input if transposed else layer.output).shape[1:3]
            total += 2 * prod(layer.kernel.shape) * prod(places)
    return total


def repeated(cars, pictures):
    """Images and masks (n, h, w, 1) of `cars`, over and over until there are `pictures`."""
    rows = np.resize(np.arange(len(cars)), pictures)
    return cars.images[rows], cars.masks[rows, ..., None]


def measure(epochs=None, n_ch=None, pictures=None, peak=None, force=False):
    """Train as the original lab would; print the speed and the share of the device's peak."""
    found = gpu()
    if not (found or force):
        sys.exit(
            f"--full wants a GPU, and Keras on {keras.backend.backend()} sees none: "
            "to try it without, add --force --n-ch 4 --pictures 64 --epochs 2."
        )
    name, capability = found or ("no GPU", (9, 0))
    policy = "mixed_bfloat16" if capability >= (8, 0) else "mixed_float16"
    peak = peak or peak_of(name)
    epochs, n_ch, pictures = epochs or EPOCHS, n_ch or N_CH, pictures or PICTURES

    train, val, held = labseg.load_cars(SIZE).split(val=0.1, test=0.1, seed=0)
    x, y = repeated(train, pictures)
    build_unet, train_model = lesson_4(val)
    keras.utils.set_random_seed(0)
    with dtype_policy(policy):
        model = build_unet((*SIZE, 3), n_ch, FLOORS)
    work = 3 * flops(model)  # backward counts twice
    print(f"{name}, {versions()}, {policy}")
    print(f"{model.count_params():,} parameters, {work / 1e9:.3g} GFLOP to train on a picture")
    watch = Watch(held, bar="--full")
    watch.run()
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        train_model(model, x, y, epochs, RATE, BATCH, callbacks=[Watching(watch)])
    report(watch.rows, pictures, work, peak)


@contextlib.contextmanager
def dtype_policy(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def report(rows, pictures, work, peak):
    """Print what one run came to; the first epoch, which compiles, is told apart."""
    first = rows[0][0]
    later = [after[0] - before[0] for before, after in pairwise(rows)]
    print(f"first epoch, compiling included: {first:.1f} s")
    if not later:
        print("one epoch only: what follows counts the compiling too")
    seconds = median(later or [first])
    rate = pictures / seconds
    achieved = rate * work / 1e12
    print(f"an epoch of {pictures:,} pictures, batches of {BATCH}: {seconds:.2f} s (median)")
    print(f"{rate:,.1f} pictures a second")
    share = f"{achieved / peak:.1%} of the device's {peak:g}" if peak else UNKNOWN
    print(f"{achieved:.3g} TFLOP/s, {share}")
    print(f"IoU of the test cars after {len(rows)} epochs: {rows[-1][2]:.3f}")
