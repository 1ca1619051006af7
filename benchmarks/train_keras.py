"""The recipes of train.py that train with Keras, and where the time of lesson 4's goes."""

import time
from contextlib import contextmanager
from statistics import median

import keras
from labseg_author.lessons import definitions


def versions():
    backend = keras.backend.backend()
    return f"Keras {keras.__version__} on {backend} {__import__(backend).__version__}"


def lesson_functions(val):
    """(build_unet, train_model) as lesson 4 teaches them; val: the cars that it validates on."""
    x_val, y_val = val.images[::5], val.masks[::5, ..., None]  # as there
    lesson = definitions("04_unet", x_val=x_val, y_val=y_val)
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
        scores = self.model.predict(self.watch.test.images, batch_size=16, verbose=0)
        self.watch.note(self.steps / self.params["steps"], scores)
        if self.watch.over:
            self.model.stop_training = True
        self.watch.run()


# The recipes: each trains a fresh network on (train, val) and keeps the watch.


def lesson_4(train, val, watch, seed, settings):
    """Lesson 4's own training, up to its last epoch."""
    build_unet, train_model = lesson_functions(val)
    keras.utils.set_random_seed(seed)
    model = build_unet((*settings.size, 3), settings.n_ch, settings.floors)
    x, y = train.images, train.masks[..., None]
    watch.run()
    train_model(
        model,
        x,
        y,
        epochs=settings.epochs,
        learning_rate=settings.rate,
        batch_size=settings.batch,
        callbacks=[Watching(watch)],
    )


def original(train, val, watch, seed, settings):
    """The lab we started from: a small constant rate, unscaled pictures, Keras's batches of 32.

    It trains until the watch is over; of the settings it takes only the network's.
    """
    build_unet, _ = lesson_functions(val)
    keras.utils.set_random_seed(seed)
    model = unscaled(build_unet((*settings.size, 3), settings.n_ch, settings.floors))
    x, y = train.images, train.masks[..., None]
    watch.run()
    # Keras's defaults otherwise: on a processor, TensorFlow without XLA.
    model.compile(
        optimizer=keras.optimizers.Adam(1e-4), loss="binary_crossentropy", metrics=["accuracy"]
    )
    model.fit(x=x, y=y, epochs=1_000_000, callbacks=[Watching(watch)], verbose=0)


def unscaled(model):
    """The same network with fresh weights, its pictures left at 0 to 255."""

    def copy(layer):
        if isinstance(layer, keras.layers.Rescaling):
            return keras.layers.Rescaling(1.0)
        return type(layer).from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=copy)


# Where the time goes.


class Steps(keras.callbacks.Callback):
    """Seconds of every training step, input included."""

    def on_train_begin(self, logs=None):
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.last = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        self.seconds.append(now - self.last)
        self.last = now


def parts_of_the_time(train, val, test, settings):
    """{part: seconds} of lesson 4's recipe, each part measured in this process."""
    build_unet, train_model = lesson_functions(val)

    def steps(model):
        """Seconds of each step in two epochs."""
        seen = Steps()
        x, y = train.images, train.masks[..., None]
        train_model(model, x, y, 2, settings.rate, settings.batch, callbacks=[seen])
        return seen.seconds

    def predict():
        start = time.perf_counter()
        model.predict(test.images, batch_size=16, verbose=0)
        return time.perf_counter() - start

    start = time.perf_counter()
    model = build_unet((*settings.size, 3), settings.n_ch, settings.floors)
    building = time.perf_counter() - start
    training = steps(model)
    # The same loop around next to nothing: reading batches and Keras's own work.
    next_to_nothing = keras.Sequential(
        [keras.Input((*settings.size, 3)), keras.layers.Conv2D(1, 1, activation="sigmoid")]
    )
    loop = steps(next_to_nothing)
    return {
        "build the U-Net": building,
        "first training step (compiles)": training[0],
        "a training step": median(training[len(training) // 2 :]),
        "of it, input and Keras's loop (at most)": median(loop[len(loop) // 2 :]),
        f"predict {len(test)} test pictures, first time": predict(),
        f"predict {len(test)} test pictures, again": predict(),
    }


# At full scale.


def sees_gpu():
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.is_available()
    return any(device.startswith("gpu") for device in keras.distribution.list_devices())


@contextmanager
def mixed_precision():
    """Layers that are built inside compute in 16 bits, as lesson 4's do on a GPU."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
