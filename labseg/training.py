"""How far a training has come: a callback for Keras's `fit`."""

import sys
import time
from uuid import uuid4

import keras


class EpochCounter(keras.callbacks.Callback):
    """One line that counts the epochs of a training, for `fit(..., verbose=0, callbacks=[…])`.

    It appears before the first step, which takes long because the model is compiled. In a
    notebook the line is replaced after every epoch, so a saved page holds only the last one;
    elsewhere the first and the last are printed.
    name: what is being trained; the line begins with it.
    """

    def __init__(self, name="training"):
        super().__init__()
        self.name = name

    def on_train_begin(self, logs=None):
        self._line = _Line()
        self._start = time.perf_counter()
        self._ends = []  # of the epochs
        self._line.write(f"{self.name}: compiling the first step…")

    def on_epoch_end(self, epoch, logs=None):
        self._ends.append(time.perf_counter())
        self._losses = _losses(logs or {})
        text = f"{self.name}: epoch {epoch + 1} of {self.params['epochs']}{self._losses}"
        if len(self._ends) > 1:  # the first one compiled as well
            pace = (self._ends[-1] - self._ends[0]) / (len(self._ends) - 1)
            text += f", about {pace * (self.params['epochs'] - epoch - 1):.0f} s to go"
        self._line.replace(text)

    def on_train_end(self, logs=None):
        if self._ends:  # not so for a training that had already ended when it was resumed
            epochs = f"{len(self._ends)} epoch{'s' * (len(self._ends) > 1)}"
            seconds = time.perf_counter() - self._start
            self._line.write(f"{self.name}: {epochs} in {seconds:.0f} s{self._losses}")


def _losses(logs):
    names = {"loss": "loss", "val_loss": "validation loss"}
    return "".join(f", {name} {logs[key]:.3f}" for key, name in names.items() if key in logs)


class _Line:
    """A line of text that later ones replace."""

    def __init__(self):
        ipython = sys.modules.get("IPython")  # loaded wherever there is a notebook
        self._in_notebook = ipython is not None and ipython.get_ipython() is not None
        self._id = None

    def write(self, text):
        if not self._in_notebook:
            print(text, flush=True)
            return
        from IPython.display import display

        update = self._id is not None
        self._id = self._id or uuid4().hex
        display({"text/plain": text}, raw=True, display_id=self._id, update=update)

    def replace(self, text):
        """As `write`, but only where the line before can be replaced."""
        if self._in_notebook:
            self.write(text)
