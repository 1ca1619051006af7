"""The recipes of train.py that train with Keras, and where our recipe's time goes."""

import time
from statistics import median

import keras
from labseg_author.lessons import definitions
from train_watch import BATCH, FLOORS, RATE, SIZE


def lesson_4(val):
    """build_unet and train_model, as lesson 4 teaches them."""
    lesson = definitions("04_unet", x_val=val.images, y_val=val.masks[..., None])
    return lesson["build_unet"], lesson["train_model"]


class Watching(keras.callbacks.Callback):
    """Keeps a Watch while Keras trains; the clock rests while anything is evaluated."""

    def __init__(self, watch):
        super().__init__()
        self.watch, self.steps = watch, 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.watch.over:
            self.model.stop_training = True

    def on_test_begin(self, logs=None):
        self.watch.rest()

    def on_test_end(self, logs=None):
        self.watch.run()

    def on_epoch_end(self, epoch, logs=None):
        self.watch.rest()
        scores = self.model.predict(self.watch.held.images, batch_size=16, verbose=0)
        self.watch.note(self.steps / self.params["steps"], scores)
        if self.watch.over:
            self.model.stop_training = True
        self.watch.run()


def ours(train, val, watch, seed, epochs, n_ch):
    """Lesson 4's own training, to its last epoch."""
    build_unet, train_model = lesson_4(val)
    keras.utils.set_random_seed(seed)
    model = build_unet((*SIZE, 3), n_ch, FLOORS)
    x, y = train.images, train.masks[..., None]
    watch.run()
    train_model(model, x, y, epochs, RATE, BATCH, callbacks=[Watching(watch)])


def unscaled(model):
    """The same network with fresh weights, its pictures left at 0 to 255."""

    def copy(layer):
        if isinstance(layer, keras.layers.Rescaling):
            return keras.layers.Rescaling(1.0)
        return type(layer).from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=copy)


def original(train, val, watch, seed, epochs, n_ch):
    """The lab that we start from: small constant rate, unscaled pictures, Keras's batches of 32.

    It goes on until the watch is over: `epochs` is not its own.
    """
    build_unet, _ = lesson_4(val)
    keras.utils.set_random_seed(seed)
    model = unscaled(build_unet((*SIZE, 3), n_ch, FLOORS))
    x, y = train.images, train.masks[..., None]
    watch.run()
    # Keras's defaults otherwise: on a processor, TensorFlow without XLA.
    model.compile(keras.optimizers.Adam(1e-4), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=1_000_000, verbose=0, callbacks=[Watching(watch)])


def versions():
    backend = keras.backend.backend()
    return f"Keras {keras.__version__} on {backend} {__import__(backend).__version__}"


# Where the time goes.


class Steps(keras.callbacks.Callback):
    """Seconds of every training step, input included."""

    def on_train_begin(self, logs=None):
        self.seconds, self.last = [], time.perf_counter()

    def on_epoch_begin(self, epoch, logs=None):
        self.last = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        self.seconds.append(now - self.last)
        self.last = now


def where(train, val, held, n_ch):
    """{what: seconds} of the parts of our recipe, each measured, in this process."""

    def timed(work, *args, **named):
        start = time.perf_counter()
        result = work(*args, **named)
        return time.perf_counter() - start, result

    build_unet, train_model = lesson_4(val)
    x, y = train.images, train.masks[..., None]
    building, model = timed(build_unet, (*SIZE, 3), n_ch, FLOORS)
    steps = Steps()
    train_model(model, x, y, 2, RATE, BATCH, callbacks=[steps])
    # The same loop around next to nothing: what reading batches and Keras's bookkeeping take.
    nothing = keras.Sequential(
        [keras.Input((*SIZE, 3)), keras.layers.Conv2D(1, 1, activation="sigmoid")]
    )
    loop = Steps()
    train_model(nothing, x, y, 2, RATE, BATCH, callbacks=[loop])
    first, _ = timed(model.predict, held.images, batch_size=16, verbose=0)
    again, _ = timed(model.predict, held.images, batch_size=16, verbose=0)
    return {
        "build the U-Net": building,
        "first training step (compiles)": steps.seconds[0],
        "a training step": median(steps.seconds[len(steps.seconds) // 2 :]),
        "of it, input and Keras's loop (at most)": median(loop.seconds[len(loop.seconds) // 2 :]),
        f"predict {len(held)} held-out pictures, first": first,
        f"predict {len(held)} held-out pictures, again": again,
    }
