"""The line that counts epochs: in a notebook, and where there is none."""

import re

import keras
import numpy as np
import pytest
from labseg_author import lessons
from nbformat.v4 import new_code_cell, new_notebook, writes

import labseg
from labseg import training
from labseg.progress_line import ProgressLine

TRAIN = """\
import labseg
labseg.quiet_keras()
import keras, numpy as np
model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(1, 1)])
model.compile("sgd", "mse")
x, y = np.zeros((4, 4, 4, 3)), np.zeros((4, 4, 4, 1))
model.fit(x, y, epochs=3, validation_data=(x, y), verbose=0, callbacks=[labseg.EpochCounter("toy")])
"""
LAST = r"toy: 3 epochs in \d+ s, loss 0\.000, validation loss 0\.000"


def test_in_a_notebook_only_the_last_line_stays(tmp_path):
    path = tmp_path / "toy.ipynb"
    path.write_text(writes(new_notebook(cells=[new_code_cell(TRAIN + "None")])), "utf-8")
    (shown,) = lessons.outputs(lessons.execute(path, tmp_path))
    assert shown.output_type == "display_data"
    assert re.fullmatch(LAST, shown.data["text/plain"])


@pytest.mark.parametrize(("epochs", "counted"), [(1, "1 epoch in"), (3, "3 epochs in")])
def test_elsewhere_the_first_and_the_last_line_are_printed(capsys, epochs, counted):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    counter = labseg.EpochCounter("toy")
    model.fit(np.zeros((4, 2)), np.zeros((4, 1)), epochs=epochs, verbose=0, callbacks=[counter])
    first, last = capsys.readouterr().out.splitlines()
    assert first == "toy: compiling the first step…"
    assert last.startswith(f"toy: {counted} ")


@pytest.fixture
def replaced(monkeypatch):
    """The lines that a notebook would show, one after another."""
    lines = []
    monkeypatch.setattr(ProgressLine, "write", lambda line, text: lines.append(text))
    monkeypatch.setattr(ProgressLine, "replace", lambda line, text: lines.append(text))
    monkeypatch.setattr(training, "EVERY", -1)
    return lines


def fit_toy(steps, epochs):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=[keras.metrics.MeanAbsoluteError()])
    x, y = np.zeros((2 * steps, 2)), np.zeros((2 * steps, 1))
    counter = labseg.EpochCounter("toy")
    return model.fit(x, y, 2, epochs, verbose=0, callbacks=[counter])


def test_remaining_time_is_shown_from_the_second_step_on(replaced):
    fit_toy(steps=3, epochs=2)
    assert replaced[0] == "toy: compiling the first step…"
    shown = [re.sub(r"\d+ s\b", "T", line) for line in replaced[1:]]
    assert shown == [
        "toy: epoch 1 of 2, step 2 of 3, loss 0.000, about T to go",
        "toy: epoch 1 of 2, loss 0.000, about T to go",  # and now its validation
        "toy: epoch 1 of 2, loss 0.000, about T to go",
        "toy: epoch 2 of 2, step 1 of 3, loss 0.000, about T to go",
        "toy: epoch 2 of 2, step 2 of 3, loss 0.000, about T to go",
        "toy: epoch 2 of 2, loss 0.000, about T to go",  # and now its validation
        "toy: epoch 2 of 2, loss 0.000, about T to go",
        "toy: 2 epochs in T, loss 0.000",
    ]


def test_the_remaining_time_is_that_of_the_steps_that_are_left(replaced, monkeypatch):
    class Clock:
        """Every step takes 10 seconds, the first one 100."""

        now = 0

        def perf_counter(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(training, "time", clock)
    counter = labseg.EpochCounter("toy")
    counter.set_params({"epochs": 5, "steps": 4})
    counter.set_model(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
    counter.model.compile("sgd", "mse")
    counter.on_train_begin()
    counter.on_epoch_begin(2)  # resumed: two epochs were done before
    for step in range(4):
        clock.now += 10 if step else 100
        counter.on_train_batch_end(step, {"loss": 0.5})
    clock.now += 10  # validation
    counter.on_epoch_end(2, {"loss": 0.5, "val_loss": 0.25})
    counter.on_train_end()
    assert [line.rpartition(", ")[2] for line in replaced[1:4]] == [
        "about 100 s to go",
        "about 90 s to go",
        "about 80 s to go",
    ]
    last = "loss 0.500, validation loss 0.250"
    assert replaced[4:] == [
        f"toy: epoch 3 of 5, {last}, about 107 s to go",
        f"toy: 1 epoch in 140 s, {last}",
    ]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow traces twice")
def test_the_step_is_compiled_once(monkeypatch):
    traced = []
    step = keras.Model.train_step
    monkeypatch.setattr(
        keras.Model, "train_step", lambda model, data: traced.append(1) or step(model, data)
    )
    fit_toy(steps=3, epochs=2)
    assert len(traced) == 1


def test_a_backup_wants_a_model_that_is_built():
    """Keras would say so only when training begins."""
    with pytest.raises(ValueError, match=r"sequential.* has no shapes yet: .* keras\.Input"):
        labseg.backup(keras.Sequential([keras.layers.Dense(1)]))
