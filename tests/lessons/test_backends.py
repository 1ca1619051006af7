"""The lessons' models, metrics and training on every Keras backend, and on the oldest Keras.

Each runs in a process of its own (this file, as a script), all at once; then what they saved is
looked at here, where Keras runs on TensorFlow.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import colab
import numpy as np
import pytest

HELPERS = Path(colab.__file__).parent
SIZE = (32, 48)
COLABS_KERAS = colab.VERSIONS["keras"]  # the oldest that labseg supports
RUNS = ["tensorflow", "jax", f"tensorflow with Keras {COLABS_KERAS}"]
RUNS += ["torch"] if find_spec("torch") else []
EPOCHS = 12
NAMES = ("cnn", "unet", "few")  # of lessons 02, 04 and 05

# --- in a process of its own ---------------------------------------------------------------


def work(folder):
    """Train as the lessons do on a car or two, predict, and keep everything in `folder`."""
    import labseg

    labseg.quiet_keras()
    import keras

    cars = labseg.load_cars(SIZE, limit=32)
    kept = {"truth": cars.masks}
    said = {"backend": keras.backend.backend(), "keras": keras.__version__, "history": {}}
    for name, (model, history) in trained(keras, cars).items():
        said["history"][name] = history.history
        kept[name] = model.predict(cars.images, verbose=0)
        model.save(folder / f"{name}.keras")
        if name == "cnn":
            y = cars.masks[..., None]
            said["evaluated"] = model.evaluate(cars.images, y, verbose=0, return_dict=True)
    overlap = keras.metrics.BinaryIoU(target_class_ids=[1], threshold=0.5)
    overlap.update_state(cars.masks[..., None], kept["cnn"])
    said["BinaryIoU"] = float(overlap.result())
    kept |= shipped(labseg)
    np.savez(folder / "kept.npz", **kept)
    (folder / "said.json").write_text(json.dumps(said))


def trained(keras, cars):
    """{name: (model, history)} of the lessons' functions, in small."""
    from labseg_author import lessons

    x, y = cars.images, cars.masks[..., None]
    watched = {"x_val": x[:4], "y_val": y[:4]}
    keras.utils.set_random_seed(0)
    two = lessons.definitions("02_baseline_cnn", **watched)
    cnn = two["build_cnn"]((*SIZE, 3), 2)
    runs = {"cnn": (cnn, two["train_model"](cnn, x, y, EPOCHS, 5e-3))}
    four = lessons.definitions("04_unet", **watched)
    unet = four["build_unet"]((*SIZE, 3), n_ch=4, floors=1)
    runs["unet"] = unet, four["train_model"](unet, x, y, EPOCHS, 1e-2)
    five = lessons.definitions("05_augmentation")
    few = keras.models.clone_model(cnn)  # fresh weights
    few.compile(keras.optimizers.Adam(5e-3), "binary_crossentropy", metrics=["accuracy"])
    batches = five["Batches"](x, cars.masks, augment=True)
    few_history = few.fit(batches, epochs=EPOCHS, validation_data=(x[:4], y[:4]), verbose=0)
    runs["few"] = few, few_history
    return runs


def shipped(labseg):
    """What the shipped models answer: {name: scores (n, h, w, 1)}."""
    models = {name: labseg.load_model(name, "nowhere") for name in ("baseline", "unet")}
    images = labseg.load_cars(models["unet"].input_shape[1:3], limit=40).images[::5]
    return {f"shipped {name}": model.predict(images, verbose=0) for name, model in models.items()}


# --- here ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def colabs_keras(tmp_path_factory):
    """A folder with the oldest Keras, to be found before the installed one."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        pytest.skip("uv is missing: pip install uv")
    folder = tmp_path_factory.mktemp("colab")
    install = [uv, "pip", "install", "-q", "--python", sys.executable, "--target", folder]
    subprocess.run([*install, "--no-deps", f"keras=={COLABS_KERAS}"], check=True)
    return folder


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory, colabs_keras):
    """{run: (folder, exit status, what it printed)}, after all of them have ended."""
    # Compiling takes most of the time, and they all run at once.
    quick = {"XLA_FLAGS": "--xla_backend_optimization_level=0", "OMP_NUM_THREADS": "1"}
    started = {}
    for name in RUNS:
        folder = tmp_path_factory.mktemp("run")
        first = [colabs_keras] if COLABS_KERAS in name else []
        places = {"PYTHONPATH": os.pathsep.join(map(str, [*first, HELPERS]))}
        started[name] = (
            folder,
            subprocess.Popen(
                [sys.executable, __file__, folder],
                cwd=folder,
                env=os.environ | quick | {"KERAS_BACKEND": name.split()[0]} | places,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ),
        )
    said = {name: process.communicate()[0] for name, (_, process) in started.items()}
    return {name: (folder, p.returncode, said[name]) for name, (folder, p) in started.items()}


@pytest.fixture(scope="module", params=RUNS)
def run(request):
    """One run: its folder, its arrays, and what it measured."""
    backend = request.param.split()[0]
    if not find_spec(backend):
        pytest.skip(f"{backend} is missing: install labseg[test]")
    folder, status, printed = request.getfixturevalue("everywhere")[request.param]
    assert status == 0, printed
    said = json.loads((folder / "said.json").read_text())
    assert said["backend"] == backend
    assert (said["keras"] == COLABS_KERAS) == (COLABS_KERAS in request.param)
    return folder, np.load(folder / "kept.npz"), said


def test_training_lowers_the_loss(run):
    for name, history in run[2]["history"].items():
        for key, values in history.items():
            assert len(values) == EPOCHS, (name, key)
            assert np.isfinite(values).all(), (name, key)
        assert "val_loss" in history
        assert history["loss"][-1] < 0.9 * history["loss"][0], name


def test_predictions_are_scores_of_every_pixel(run):
    _, kept, _ = run
    for name in NAMES:
        assert kept[name].shape == (*kept["truth"].shape, 1)
        assert kept[name].dtype == np.float32
        assert kept[name].min() >= 0
        assert kept[name].max() <= 1
        assert kept[name].std() > 0.001, name  # it looks at the picture


def test_metrics_are_numpys(run):
    _, kept, said = run
    truth, scores = kept["truth"] == 1, np.float64(kept["cnn"][..., 0])
    found = scores > 0.5
    accuracy = np.mean(truth == found)
    np.testing.assert_allclose(said["evaluated"]["accuracy"], accuracy, atol=1e-5)
    loss = -np.mean(np.log(np.where(truth, scores, 1 - scores)))
    np.testing.assert_allclose(said["evaluated"]["loss"], loss, rtol=1e-3)
    iou = np.sum(truth & found) / np.sum(truth | found)
    np.testing.assert_allclose(said["BinaryIoU"], iou, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_saved_there_predicts_the_same_on_tensorflow(run, name):
    import keras

    import labseg

    folder, kept, _ = run
    model = keras.models.load_model(folder / f"{name}.keras", compile=False)
    assert keras.backend.backend() == "tensorflow"
    here = model.predict(labseg.load_cars(SIZE, limit=32).images, verbose=0)
    np.testing.assert_allclose(here, kept[name], atol=1e-4)


@pytest.mark.parametrize("name", ["baseline", "unet"])
def test_shipped_models_answer_the_same(run, everywhere, name):
    import labseg

    there = run[1][f"shipped {name}"] >= 0.5
    here = np.load(everywhere["tensorflow"][0] / "kept.npz")[f"shipped {name}"]
    assert 0.05 < there.mean() < 0.6
    assert labseg.metrics.iou(there, here).min() > 0.99


TWO_DEVICES = """
import keras, numpy as np
from labseg_author import lessons
keras.distribution.set_distribution(keras.distribution.DataParallel())
x = np.random.default_rng(0).integers(0, 256, (16, 16, 16, 3), np.uint8)
y = (x[..., :1] > 99).astype("uint8")
four = lessons.definitions("04_unet", x_val=x, y_val=y)
unet = four["build_unet"]((16, 16, 3), n_ch=2, floors=1)
history = four["train_model"](unet, x, y, 2, 1e-2)
print(np.isfinite(history.history["loss"]).all(), len(unet.weights[0].value.sharding.device_set))
"""


def test_lesson_4_shares_its_batches_out_among_devices():
    if not find_spec("jax"):
        pytest.skip("jax is missing: install labseg[test]")
    two = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "KERAS_BACKEND": "jax"}
    env = os.environ | two
    ran = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES], env=env, capture_output=True, text=True, check=False
    )
    assert ran.stdout.splitlines()[-1:] == ["True 2"], ran.stderr


if __name__ == "__main__":
    work(Path(sys.argv[1]))
