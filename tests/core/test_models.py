"""models.py: loading the shipped models and the student's own."""

import os
import re
import zipfile

import keras
import numpy as np
import pytest
from keras import layers
from reference import build_cnn, build_unet

from labseg import models
from labseg.models import load_model


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

    own = build_unet((8, 8, 3), 5, floors=1)
    own.compile(loss=a_loss_of_the_students)
    own.save(tmp_path / "unet.keras")
    os.utime(tmp_path / "unet.keras", (1795343460, 1795343460))
    model = load_model("unet", tmp_path)
    assert model.count_params() == own.count_params()
    assert not model.compiled
    said = capsys.readouterr().out
    assert said.startswith("Loaded your own unet.keras (saved 2026-11-2")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("name", ["vnet", None, ["unet"]])
def test_unknown_name(name):
    with pytest.raises(
        ValueError, match=rf"{re.escape(repr(name))}; there are baseline, unet, photo"
    ):
        load_model(name)


def test_unknown_folder():
    with pytest.raises(ValueError, match="folder=None: give the path of a folder"):
        load_model("unet", None)


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


# Files that hold something else.


def chain(*between, inputs=(8, 8, 3), end=None):
    """A Sequential model that ends with one score a pixel."""
    end = end or layers.Conv2D(1, 1, activation="sigmoid")
    return keras.Sequential([keras.Input(inputs), *between, end])


def two_outputs():
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, [layers.Conv2D(1, 1)(inputs), layers.Conv2D(1, 1)(inputs)])


@pytest.mark.parametrize("name", ["baseline", "unet"])
@pytest.mark.parametrize(
    "model",
    [
        lambda: chain(layers.Flatten(), end=layers.Dense(10)),
        lambda: chain(layers.MaxPooling2D()),
        lambda: chain(end=layers.Conv2D(2, 1)),
        lambda: chain(inputs=(8, 8, 1)),
        two_outputs,
    ],
    ids=["Dense", "pooled", "two channels", "grey", "two outputs"],
)
def test_a_model_of_other_shapes_is_refused(tmp_path, name, model):
    model().save(tmp_path / f"{name}.keras")
    with pytest.raises(ValueError, match=rf"{name}\.keras turns \(.*: delete it, or save your"):
        load_model(name, tmp_path)


def test_the_baseline_saved_as_the_unet_is_refused(tmp_path):
    build_cnn((8, 8, 3), 2).save(tmp_path / "unet.keras")
    says = r"unet\.keras is no U-Net, having neither poolings nor skips .*: delete it, or save your"
    with pytest.raises(ValueError, match=says):
        load_model("unet", tmp_path)


def nested():
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, build_unet((8, 8, 3), 2, floors=1)(inputs))


def strided():
    """A U-Net without pooling, for pictures of any size."""
    inputs = keras.Input((None, None, 3))
    top = layers.Conv2D(4, 3, padding="same")(inputs / 255)
    low = layers.Conv2D(4, 3, strides=2, padding="same")(top)
    x = top + layers.UpSampling2D()(low)
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))


@keras.saving.register_keras_serializable("test_models")
class Subclass(keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        self.unet = build_unet((8, 8, 3), 2, floors=1)

    def call(self, x):
        return self.unet(x)


def subclass():
    model = Subclass()
    model(np.zeros((1, 8, 8, 3)))
    return model


@pytest.mark.parametrize("build", [nested, strided, subclass])
def test_a_unet_built_in_another_way_is_loaded(tmp_path, build, capsys):
    model = build()
    model.save(tmp_path / "unet.keras")
    picture = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3)).astype("uint8")
    loaded = load_model("unet", tmp_path).predict(picture, verbose=0)
    np.testing.assert_array_equal(loaded, model.predict(picture, verbose=0))
    assert capsys.readouterr().out.startswith("Loaded your own unet.keras")


# Files that Keras does not load.


def doubled(x):
    return 2 * x


class MyBlock(layers.Layer):
    def call(self, x):
        return x


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (lambda: layers.Lambda(lambda x: x / 255), "Lambda, a lambda function"),
        (lambda: layers.Lambda(doubled), "Lambda, doubled"),
        (MyBlock, "MyBlock"),
        (lambda: layers.Conv2D(3, 1, activation=doubled), "doubled"),
        (lambda: layers.Conv2D(3, 1, activation=lambda x: x), "a lambda function"),
        (lambda: chain(MyBlock()), "MyBlock"),
    ],
    ids=["Lambda", "Lambda of a function", "layer", "activation", "lambda", "nested"],
)
def test_code_that_keras_does_not_load_is_named_with_the_remedy(tmp_path, layer, named):
    model = chain(layer())
    model.compile(loss=a_loss_of_the_students)
    model.save(tmp_path / "unet.keras")
    with pytest.raises(ValueError, match=rf"your own \({named}\), .*Rescaling .* save it again"):
        load_model("unet", tmp_path)


def test_what_another_keras_saved_is_not_called_code_of_ones_own(tmp_path):
    build_unet((8, 8, 3), 2, floors=1).save(tmp_path / "new.keras")
    with (
        zipfile.ZipFile(tmp_path / "new.keras") as old,
        zipfile.ZipFile(tmp_path / "unet.keras", "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name).replace(b'"Conv2D"', b'"Conv2DOfTomorrow"')
            new.writestr(name, content.replace(keras.__version__.encode(), b"9.9.0"))
    says = rf"saved by Keras 9\.9\.0, and Keras {re.escape(keras.__version__)} .*: save it again"
    with pytest.raises(ValueError, match=says):
        load_model("unet", tmp_path)


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    (tmp_path / "unet.keras").write_bytes(b"x")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match=r"You may not read .*unet\.keras: change its perm"):
        load_model("unet", tmp_path)
