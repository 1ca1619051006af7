"""Callbacks for Keras's `fit`: how far a training has come, and its backup."""

import json
import math
import re
import shutil
import time
from hashlib import sha256
from pathlib import Path

import keras

from labseg.arguments import folder_path
from labseg.errors import InvalidType, InvalidValue
from labseg.files import disk_errors, write_whole
from labseg.progress_line import EVERY, ProgressLine


class EpochCounter(keras.callbacks.Callback):
    """One line that counts the epochs of a training, for `fit(..., verbose=0, callbacks=[…])`.

    It appears before the first step, which takes long because the model is compiled, and then
    says how far the training is and how long it will take. In a notebook the line is replaced
    as the training goes on, so a saved page holds only the last one; elsewhere the first and the
    last are printed. It also gives the optimiser its variables: if Keras has to make them within
    the first step, it compiles that step twice.
    name: what is being trained; the line begins with it.
    """

    def __init__(self, name="training"):
        super().__init__()
        self.name = name

    def on_train_begin(self, logs=None):
        self._line = ProgressLine()
        self._start = time.perf_counter()
        self._steps = self._epochs = 0  # that are done
        self._line.write(f"{self.name}: compiling the first step…")
        self.model.optimizer.build(self.model.trainable_variables)

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        self._steps += 1
        now = time.perf_counter()
        if self._steps == 1:
            self._compiled = self._shown = now
        elif now - self._shown > EVERY:
            self._show(batch + 1, logs, now)

    def on_epoch_end(self, epoch, logs=None):
        self._epochs += 1
        self._losses = _losses(logs or {})
        self._show(self.params["steps"], logs, time.perf_counter())

    def _show(self, step, logs, now):
        """Replace the line: `step` steps of this epoch are done."""
        epochs, steps = self.params["epochs"], self.params["steps"]
        text = f"{self.name}: epoch {self._epoch + 1} of {epochs}"
        if step != steps:
            text += f", step {step}" + (f" of {steps}" if steps else "")
        text += _losses(logs or {})
        if steps and self._steps > 1:
            pace = (now - self._compiled) / (self._steps - 1)
            left = (epochs - self._epoch) * steps - step
            text += f", about {pace * left:.0f} s to go"
        self._line.replace(text)
        self._shown = now

    def on_train_end(self, logs=None):
        if self._epochs:  # not so for a training that had already ended when it was resumed
            epochs = f"{self._epochs} epoch{'s' * (self._epochs > 1)}"
            seconds = time.perf_counter() - self._start
            self._line.write(f"{self.name}: {epochs} in {seconds:.0f} s{self._losses}")


def _losses(logs):
    names = {"loss": "loss", "val_loss": "validation loss"}
    return "".join(f", {name} {logs[key]:.3f}" for key, name in names.items() if key in logs)


# The backup.


def backup(model, folder="."):
    """A callback for `fit`: training that was interrupted resumes after its last whole epoch.

    It is Keras's BackupAndRestore: weights, optimiser and epoch are kept in a folder `backup-…`
    of `folder` until the training is done. The curves are kept too, so the history that a resumed
    `fit` returns has all epochs. The folder is named after the model's layers, so another
    architecture starts anew. Prints from which epoch the training goes on.
    """
    if not isinstance(model, keras.Model):
        raise InvalidType(f"backup needs the Keras model that you train, not {model!r:.40}.")
    if not model.built:
        raise InvalidValue(
            f"The model {model.name} has no shapes yet: begin it with keras.Input((h, w, 3)), or "
            "call it on a batch, before its backup is made."
        )
    state = folder_path("folder", folder) / f"backup-{_fingerprint(model)}"
    if epochs := _epochs(state):
        print(f"Going on after epoch {epochs}; to start anew, delete the folder {state}.")
    else:  # nothing is there, or the first epoch was not kept whole
        shutil.rmtree(state, ignore_errors=True)
    return _Backup(state)


def _fingerprint(model):
    """The same for models of the same layers, compiled or not."""
    layers = json.loads(model.to_json(), object_hook=_without_compilation)
    layers = re.sub(r'_\d+"', '"', json.dumps(layers))  # names count on in a kernel: conv2d_12
    return sha256(layers.encode()).hexdigest()[:8]


def _without_compilation(config):
    return {key: value for key, value in config.items() if key != "compile_config"}


def _epochs(state):
    """How many epochs a backup holds, 0 where there is none."""
    try:
        return json.loads((state / "training_metadata.json").read_bytes())["epoch"]
    except (OSError, ValueError):
        return 0


class _Backup(keras.callbacks.BackupAndRestore):
    """Keeps the logs of every epoch beside the weights, and completes the History with them."""

    def __init__(self, state):
        super().__init__(str(state), double_checkpoint=True)
        self._state = Path(state)

    def on_train_begin(self, logs=None):
        try:
            super().on_train_begin(logs)
        except (OSError, ValueError):
            if not self._state.exists():
                raise
            raise InvalidValue(
                f"The backup in {self._state} cannot be restored: delete it, and train anew."
            ) from None
        self._logs = self._earlier = self._read_logs()

    def _read_logs(self):
        """The logs of the epochs that are kept; none if a file of them is missing."""
        epochs = _epochs(self._state)
        try:
            logs = json.loads((self._state / "history.json").read_bytes())[:epochs]
        except (OSError, ValueError):
            return []
        return logs if len(logs) == epochs else []

    def on_epoch_end(self, epoch, logs=None):
        self._logs = [*self._logs, {name: float(value) for name, value in (logs or {}).items()}]
        with disk_errors(self._state):
            # The logs first: if the weights are not written, they are one epoch too long.
            write_whole(self._state / "history.json", json.dumps(self._logs))
            super().on_epoch_end(epoch, logs)

    def on_train_end(self, logs=None):
        history = self.model.history
        history.epoch = [*range(len(self._earlier)), *history.epoch]
        for name in {name for epoch in self._earlier for name in epoch}:
            earlier = [epoch.get(name, math.nan) for epoch in self._earlier]
            history.history[name] = earlier + history.history.get(name, [])
        super().on_train_end(logs)
