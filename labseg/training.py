"""Callbacks for Keras's `fit`: how far a training has come, and its backup."""

import json
import math
import re
import shutil
import time
from hashlib import sha256
from itertools import chain

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

    Weights, optimiser, epoch and curves are kept in a folder `backup-…` of `folder` until the
    training is done, so the history that a resumed `fit` returns has all epochs. The folder is
    named after the model's layers, so another architecture starts anew. Prints from which epoch
    the training goes on.
    """
    if not isinstance(model, keras.Model):
        raise InvalidType(f"backup needs the Keras model that you train, not {model!r:.40}.")
    if not model.built:
        raise InvalidValue(
            f"The model {model.name} has no shapes yet: begin it with keras.Input((h, w, 3)), or "
            "call it on a batch, before its backup is made."
        )
    state = folder_path("folder", folder) / f"backup-{_fingerprint(model)}"
    if epochs := _kept(state):
        print(f"Going on after epoch {epochs[0]}; to start anew, delete the folder {state}.")
    return _Backup(state)


def _fingerprint(model):
    """The same for models of the same layers, connected in the same way, compiled or not."""
    layers = json.dumps(json.loads(model.to_json(), object_hook=_without_compilation))
    numbers = {}  # for the names, which count on in a kernel: conv2d_12
    for name in re.findall(r'"name": "([^"]+)"', layers):
        numbers.setdefault(name, str(len(numbers)))
    layers = re.sub(r'"([^"]+)"', lambda text: numbers.get(text[1], text[1]), layers)
    return sha256(layers.encode()).hexdigest()[:8]


def _without_compilation(config):
    return {key: value for key, value in config.items() if key != "compile_config"}


# Keras's names, for what BackupAndRestore writes.
WHOLE = {"latest.weights.h5", "training_metadata.json"}


def _kept(state):
    """The epochs after which a backup was made, the last one first."""
    numbered = [path for path in state.glob("*") if path.name.isdecimal()]
    whole = [path for path in numbered if {file.name for file in path.iterdir()} >= WHOLE]
    return sorted((int(path.name) for path in whole), reverse=True)


class _Backup(keras.callbacks.Callback):
    """A folder for each of the last two epochs, and the History completed at the end.

    Each is written by Keras's BackupAndRestore under another name and moved into place, so that a
    process that is killed, whenever that is, leaves a whole one. If the disk or a person has
    damaged the last one since, there is the one before.
    """

    def __init__(self, state):
        super().__init__()
        self.backup_dir = state

    def on_train_begin(self, logs=None):
        self._logs = self._earlier = self._restore(_kept(self.backup_dir))

    def _restore(self, epochs):
        """Continue after the last of `epochs` that can be read; the logs until then, or []."""
        for epoch in epochs:
            folder = self.backup_dir / str(epoch)
            try:
                self._keras(folder).on_train_begin()
            except (OSError, ValueError, LookupError):
                continue
            if epoch != epochs[0]:
                print(f"That backup is damaged: going on after epoch {epoch}.")
            return _logs(folder, epoch)
        if epochs:
            raise InvalidValue(
                f"The backup in {self.backup_dir} cannot be restored: delete it, and train anew."
            )
        return []

    def _keras(self, folder):
        """What reads the state of the training from `folder` and writes it there."""
        callback = keras.callbacks.BackupAndRestore(str(folder))
        callback.set_model(self.model)
        return callback

    def on_epoch_end(self, epoch, logs=None):
        self._logs = [*self._logs, {name: float(value) for name, value in (logs or {}).items()}]
        with disk_errors(self.backup_dir):
            self._keep(epoch)
        for before in _kept(self.backup_dir)[2:]:
            shutil.rmtree(self.backup_dir / str(before), ignore_errors=True)

    def _keep(self, epoch):
        unfinished, whole = self.backup_dir / "unfinished", self.backup_dir / str(epoch + 1)
        shutil.rmtree(unfinished, ignore_errors=True)  # of a process that was killed
        write_whole(unfinished / "history.json", json.dumps(self._logs))
        self._keras(unfinished).on_epoch_end(epoch)
        shutil.rmtree(whole, ignore_errors=True)  # a damaged one
        unfinished.rename(whole)

    def on_train_end(self, logs=None):
        history = self.model.history
        history.epoch = [*range(len(self._earlier)), *history.epoch]
        later = len(history.epoch) - len(self._earlier)
        for name in dict.fromkeys([*chain(*self._earlier), *history.history]):
            earlier = [epoch.get(name, math.nan) for epoch in self._earlier]
            history.history[name] = earlier + history.history.get(name, [math.nan] * later)
        shutil.rmtree(self.backup_dir, ignore_errors=True)


def _logs(folder, epochs):
    """The logs of the epochs that are kept; none if they cannot be read."""
    try:
        logs = json.loads((folder / "history.json").read_bytes())
    except (OSError, ValueError):
        return []
    return logs if len(logs) == epochs else []
