"""Training that is cut off goes on after its last whole epoch (labseg.backup).

Processes that train as lesson 04 does are killed, one of them for each way of KILLS; then one
process (this file, as a script, like them) goes on where they ended.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import labseg

SIZE = (32, 48)
EPOCHS, STEPS, RATE = 4, 2, 5e-3
# Where they are killed, and how many epochs are whole by then.
KILLS = {"in epoch 3": 2, "writing epoch 3": 2, "writing epoch 1": 0}
N_CH, OTHER = 2, 3  # first channels: two architectures

# --- in a process of its own ---------------------------------------------------------------


def work(folders, kill=None):
    """Train in each folder in turn; prints one line of JSON about each training."""
    labseg.quiet_keras()
    from labseg_author import lessons

    cars = labseg.load_cars(SIZE, limit=16 * STEPS)
    x, y = cars.images, cars.masks[..., None]
    four = lessons.definitions("04_unet", x_val=x[:2], y_val=y[:2])
    for folder, n_ch in folders:
        keras.utils.set_random_seed(0)
        model = four["build_unet"]((*SIZE, 3), n_ch, floors=1)
        seen = []
        watch = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, _, model=model, seen=seen: began(model, seen, epoch, kill)
        )
        if kill and kill.startswith("writing"):
            die_writing(model, int(kill[-1]))
        print("said:", end=" ")
        callbacks = [labseg.backup(model, folder), watch]
        print()
        history = four["train_model"](model, x, y, EPOCHS, RATE, 16, callbacks=callbacks)
        steps = int(model.optimizer.iterations)
        measured = {"began": seen, "steps": steps, "epochs": history.epoch}
        print(json.dumps(measured | {"curves": history.history}), flush=True)


def began(model, seen, epoch, kill):
    rate = float(model.optimizer.learning_rate)
    seen.append([epoch, int(model.optimizer.iterations), rate])
    if kill == f"in epoch {epoch + 1}":
        os.kill(os.getpid(), signal.SIGKILL)


def die_writing(model, time):
    """Have this process killed when half of a backup is written, at the time-th of them."""
    save, done = model.save_weights, []

    def half(filepath, **options):
        save(filepath, **options)
        done.append(filepath)
        if len(done) == time:
            os.truncate(filepath, os.path.getsize(filepath) // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    model.save_weights = half


# --- here ----------------------------------------------------------------------------------


def start(*arguments):
    quick = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}  # compiling takes the time
    return subprocess.Popen(
        [sys.executable, __file__, json.dumps(arguments)],
        env=os.environ | quick,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    """{case: (what was said, what was measured, names in the folder afterwards)}."""
    root = tmp_path_factory.mktemp("resume")
    cases = {kill: [str(root / kill), N_CH] for kill in KILLS}
    killed = {kill: start([case], kill) for kill, case in cases.items()}
    for process in killed.values():
        _, errors = process.communicate()
        assert process.returncode == -signal.SIGKILL, errors
    assert len({path.parents[2] for path in root.glob("*/backup-*/*/*.weights.h5")}) == len(KILLS)
    shutil.copytree(root / "in epoch 3", root / "other")
    cases |= {"other": [str(root / "other"), OTHER], "again": cases["in epoch 3"]}
    process = start(list(cases.values()))
    printed, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    said = [line[6:] for line in printed.splitlines() if line.startswith("said: ")]
    measured = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    left = [list(Path(folder).glob("backup-*")) for folder, _ in cases.values()]
    return dict(zip(cases, zip(said, measured, left, strict=True), strict=True))


def cosine(step):
    return RATE * (1 + np.cos(np.pi * step / (EPOCHS * STEPS))) / 2


@pytest.mark.parametrize("kill", KILLS)
def test_a_killed_training_goes_on_after_its_last_whole_epoch(after, kill):
    said, measured, left = after[kill]
    whole = KILLS[kill]
    assert [epoch for epoch, _, _ in measured["began"]] == list(range(whole, EPOCHS))
    for epoch, (number, steps, rate) in enumerate(measured["began"], whole):
        assert (number, steps) == (epoch, STEPS * epoch)
        np.testing.assert_allclose(rate, cosine(steps), atol=1e-8)  # the schedule goes on
    assert measured["steps"] == STEPS * EPOCHS  # as many as without the kill
    assert said.startswith(f"Going on after epoch {whole}; to start anew, delete") or not whole
    assert not left  # so that training again starts anew


@pytest.mark.parametrize("kill", KILLS)
def test_the_curves_of_a_resumed_training_have_all_epochs(after, kill):
    curves, uninterrupted = after[kill][1]["curves"], after["again"][1]["curves"]
    assert after[kill][1]["epochs"] == list(range(EPOCHS))
    assert curves.keys() == uninterrupted.keys() >= {"loss", "val_loss", "accuracy"}
    for name, values in curves.items():
        assert len(values) == EPOCHS
        before = slice(KILLS[kill])
        np.testing.assert_allclose(values[before], uninterrupted[name][before], rtol=1e-3)


@pytest.mark.parametrize("case", ["again", "other"])
def test_after_a_whole_training_or_with_another_architecture_it_starts_anew(after, case):
    said, measured, left = after[case]
    assert not said
    assert [epoch for epoch, _, _ in measured["began"]] == list(range(EPOCHS))
    assert measured["epochs"] == list(range(EPOCHS))
    # The killed one's backup, of another architecture, may still go on.
    assert len(left) == (case == "other")


# --- a small model, in this process --------------------------------------------------------

X, Y = np.zeros((4, 2)), np.ones((4, 1))


def dense(units=3):
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(units), keras.layers.Dense(1)])


def train(model, folder, epochs=EPOCHS, stop=None):
    """Fit with a backup; `stop` is the epoch in which somebody interrupts it."""

    def interrupt(epoch, _):
        if epoch + 1 == stop:
            raise KeyboardInterrupt

    model.compile("sgd", "mse")
    interrupter = keras.callbacks.LambdaCallback(on_epoch_begin=interrupt)
    callbacks = [labseg.backup(model, folder), interrupter]
    return model.fit(X, Y, epochs=epochs, verbose=0, callbacks=callbacks)


def folders(folder):
    return [path.name for path in folder.iterdir()]


def test_the_folder_is_named_after_the_layers_alone(tmp_path):
    def name(model):
        return labseg.backup(model, tmp_path).backup_dir

    model = dense()
    fresh = name(model)
    model.compile("adam", "mse")
    assert name(model) == fresh
    train(model, tmp_path)
    assert name(model) == fresh
    assert name(dense()) == fresh
    assert name(dense(4)) != fresh
    assert name(keras.Sequential([keras.Input((2,)), model])) == name(
        keras.Sequential([keras.Input((2,)), dense()])
    )


def skipping(start):
    """A model whose last layer sees the first or the second one, beside the third."""
    inputs = keras.Input((2,))
    steps = [inputs]
    for _ in range(3):
        steps.append(keras.layers.Dense(2)(steps[-1]))
    joined = keras.layers.Concatenate()([steps[start], steps[3]])
    return keras.Model(inputs, keras.layers.Dense(1)(joined))


def test_the_folder_is_named_after_the_connections_too(tmp_path):
    names = [labseg.backup(skipping(start), tmp_path).backup_dir for start in (1, 2, 1, 2)]
    assert names[:2] == names[2:]
    assert names[0] != names[1]


def test_a_curve_that_one_of_the_two_runs_lacks_has_gaps(tmp_path):
    model = dense()
    model.compile("sgd", "mse", metrics=["mae"])
    stop = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, _: 1 // (2 - epoch))
    with pytest.raises(ZeroDivisionError):
        model.fit(X, Y, epochs=4, verbose=0, callbacks=[labseg.backup(model, tmp_path), stop])
    model = dense()
    model.compile("sgd", "mse")
    history = model.fit(
        X,
        Y,
        epochs=4,
        verbose=0,
        validation_data=(X, Y),
        callbacks=[labseg.backup(model, tmp_path)],
    )
    gaps = {name: np.isnan(values).tolist() for name, values in history.history.items()}
    assert gaps == {
        "loss": [False] * 4,
        "mae": [False, False, True, True],
        "val_loss": [True, True, False, False],
    }


def test_curves_are_drawn_from_the_first_epoch_on_after_an_interrupt(tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt):
        train(dense(), tmp_path, stop=3)
    history = train(dense(), tmp_path)
    assert capsys.readouterr().out.startswith("Going on after epoch 2; to start anew, delete")
    (line, *_) = labseg.plot.history(history, names=["loss"])[0].lines
    np.testing.assert_array_equal(line.get_xdata(), np.arange(1, EPOCHS + 1))
    assert np.all(np.diff(line.get_ydata()) < 0)  # learning goes on where it was
    assert folders(tmp_path) == []


def test_a_training_that_was_done_but_for_its_end_gives_its_curves(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(dense(), tmp_path, stop=3)
    history = train(dense(), tmp_path, epochs=2)
    assert history.epoch == [0, 1]
    assert len(history.history["loss"]) == 2


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_text("[{")])
def test_without_the_earlier_curves_training_still_goes_on(tmp_path, damage):
    with pytest.raises(KeyboardInterrupt):
        train(dense(), tmp_path, stop=3)
    damage(next(tmp_path.glob("*/2/history.json")))
    assert train(dense(), tmp_path).epoch == [2, 3]


def kept_files(folder):
    """The files of the last epochs that a backup has, by their place in it."""
    with pytest.raises(KeyboardInterrupt):
        train(dense(), folder, stop=4)
    (state,) = folder.iterdir()
    return {str(path.relative_to(state)): path for path in state.glob("*/*")}


FILES = "latest.weights.h5", "training_metadata.json", "history.json"


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
@pytest.mark.parametrize("place", [f"{epoch}/{file}" for epoch in (2, 3) for file in FILES])
def test_whichever_file_is_cut_short_an_epoch_is_lost_at_most(tmp_path, capsys, place, share):
    files = kept_files(tmp_path)
    assert len(files) == 6
    os.truncate(files[place], int(share * files[place].stat().st_size))
    history = train(dense(), tmp_path)
    said = capsys.readouterr().out
    assert said.startswith("Going on after epoch 3; ")
    damaged = place in ("3/latest.weights.h5", "3/training_metadata.json")
    assert ("That backup is damaged: going on after epoch 2." in said) == damaged
    assert history.epoch == ([3] if place == "3/history.json" else list(range(EPOCHS)))
    assert np.all(np.diff(history.history["loss"]) < 0)


@pytest.mark.parametrize("missing", FILES[:2])
def test_a_backup_that_was_not_all_removed_does_not_count(tmp_path, capsys, missing):
    kept_files(tmp_path)[f"3/{missing}"].unlink()
    train(dense(), tmp_path)
    assert capsys.readouterr().out.startswith("Going on after epoch 2; ")


def test_what_a_kill_left_unfinished_does_not_count(tmp_path, capsys):
    files = kept_files(tmp_path)
    unfinished = files["3/history.json"].parents[1] / "unfinished"
    unfinished.mkdir()
    for file in FILES[1:]:
        (unfinished / file).write_bytes(b"[{")
    history = train(dense(), tmp_path)
    assert capsys.readouterr().out.startswith("Going on after epoch 3; ")
    assert np.all(np.diff(history.history["loss"]) < 0)
    assert not unfinished.parent.exists()


def test_a_backup_that_cannot_be_restored_is_one_sentence(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(dense(), tmp_path, stop=3)
    for weights in tmp_path.glob("*/*/*.weights.h5*"):
        weights.write_bytes(b"spoilt")
    with pytest.raises(ValueError, match=r"backup-\w+ cannot be restored: delete it, and train"):
        train(dense(), tmp_path)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match=r"Cannot write to .*file.*; choose another folder"):
        train(dense(), tmp_path / "file")


@pytest.mark.parametrize("model", [None, "unet", np.zeros((9, 9))])
def test_only_a_model_has_a_backup(model):
    with pytest.raises(TypeError, match="backup needs the Keras model that you train, not "):
        labseg.backup(model)


def test_only_a_path_is_a_folder_for_backups():
    with pytest.raises(ValueError, match="folder=3: give the path of a folder"):
        labseg.backup(dense(), 3)


if __name__ == "__main__":
    work(*json.loads(sys.argv[1]))
