"""The line that counts epochs: in a notebook, and where there is none."""

import re

import keras
import numpy as np
import pytest
from labseg_author import lessons
from nbformat.v4 import new_code_cell, new_notebook, writes

import labseg

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


def test_a_backup_wants_a_model_that_is_built():
    """Keras would say so only when training begins."""
    with pytest.raises(ValueError, match=r"sequential.* has no shapes yet: .* keras\.Input"):
        labseg.backup(keras.Sequential([keras.layers.Dense(1)]))
