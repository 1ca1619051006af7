"""models.py: loading the shipped models and the student's own."""

import os

import keras
import pytest
from reference import build_cnn

from labseg import models
from labseg.models import load_model

# --- load_model ----------------------------------------------------------------------------


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    assets = tmp_path / "assets"
    assets.mkdir()
    build_cnn((8, 8, 3), 2).save(assets / "unet.keras")
    monkeypatch.setattr(models, "ASSETS", assets)


def a_loss_of_the_students(y_true, y_pred):
    return keras.ops.mean(y_true - y_pred)


@pytest.mark.usefixtures("shipped")
def test_loads_ours_then_the_students_own(tmp_path, capsys):
    assert load_model("unet", tmp_path).count_params() == build_cnn((8, 8, 3), 2).count_params()
    assert capsys.readouterr().out == "No unet.keras here yet: using our U-Net, not yours.\n"

    own = build_cnn((8, 8, 3), 5)
    own.compile(loss=a_loss_of_the_students)
    own.save(tmp_path / "unet.keras")
    os.utime(tmp_path / "unet.keras", (1795343460, 1795343460))
    model = load_model("unet", tmp_path)
    assert model.count_params() == own.count_params()
    assert not model.compiled
    said = capsys.readouterr().out
    assert said.startswith("Loaded your own unet.keras (saved 2026-11-2")
    assert len(said.splitlines()) == 1


def test_unknown_name():
    with pytest.raises(ValueError, match="'vnet'; there are baseline and unet"):
        load_model("vnet")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_unreadable_file(tmp_path, content):
    (tmp_path / "baseline.keras").write_bytes(content)
    with pytest.raises(ValueError, match=r"baseline\.keras cannot be read .*: delete it, or save"):
        load_model("baseline", tmp_path)


def test_damaged_file(tmp_path):
    path = tmp_path / "unet.keras"
    build_cnn((8, 8, 3), 2).save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match="delete it, or save your model again") as caught:
        load_model("unet", tmp_path)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
