"""Training the models that ship: here with tiny lessons in the place of 02 and 04."""

import json

import keras
import nbformat
import numpy as np
import pytest
from labseg_author.models import ship_models
from nbformat.v4 import new_code_cell, new_notebook

LESSON = """\
import keras, labseg
model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(1, 1)])
model.compile("adam", "mse")
model.save("{name}.keras")
labseg.evaluation.in_band("{name}, test IoU", 0.5, 0.4, 0.6)
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    monkeypatch.setattr("labseg_author.models.version", lambda package: "3.13.2")
    (tmp_path / "solutions").mkdir()
    (tmp_path / "assets").mkdir()
    for name, maker in {"baseline": "02_baseline_cnn", "unet": "04_unet"}.items():
        lesson = new_notebook(cells=[new_code_cell(LESSON.format(name=name))])
        nbformat.write(lesson, tmp_path / "solutions" / f"{maker}.ipynb")
    return tmp_path


def test_what_the_lessons_save_is_shipped_with_its_scores(checkout):
    ship_models(checkout, checkout / "assets")
    record = json.loads((checkout / "assets" / "models.json").read_text())
    assert record["scores"] == {"baseline, test IoU": 0.5, "unet, test IoU": 0.5}
    for name in ("baseline", "unet"):
        model = keras.models.load_model(checkout / "assets" / f"{name}.keras")
        assert model(np.zeros((1, 4, 4, 3))).shape == (1, 4, 4, 1)
        assert not model.compiled  # no optimiser to carry around
    assert len(list((checkout / "assets").iterdir())) == 3


def test_a_keras_that_older_ones_cant_read_is_refused(checkout, monkeypatch):
    monkeypatch.setattr("labseg_author.models.version", lambda package: "3.15.1")
    with pytest.raises(ValueError, match=r"Keras 3\.15\.1 .* --with \"keras==3\.13\.2\""):
        ship_models(checkout, checkout / "assets")
    assert not list((checkout / "assets").iterdir())
