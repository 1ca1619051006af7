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

import numpy as np
import pytest

SIZE = (32, 48)
EPOCHS, STEPS, RATE = 4, 2, 5e-3
# Where they are killed, and how many epochs are whole by then.
KILLS = {"in epoch 3": 2, "writing epoch 3": 2, "writing epoch 1": 0}
N_CH, OTHER = 2, 3  # first channels: two architectures

# --- in a process of its own ---------------------------------------------------------------


def work(folders, kill=None):
    """Train in each folder in turn; prints one line of JSON about each training."""
    import labseg

    labseg.quiet_keras()
    import keras
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
        print(json.dumps({"began": seen, "epochs": history.epoch, "steps": steps}), flush=True)


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
    assert len(list(root.glob("*/backup-*/latest.weights.h5"))) == len(KILLS)
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
    assert measured["epochs"] == list(range(whole, EPOCHS))
    for epoch, (number, steps, rate) in enumerate(measured["began"], whole):
        assert (number, steps) == (epoch, STEPS * epoch)
        np.testing.assert_allclose(rate, cosine(steps), atol=1e-8)  # the schedule goes on
    assert measured["steps"] == STEPS * EPOCHS  # as many as without the kill
    assert said.startswith(f"Going on after epoch {whole}; to start anew, delete") or not whole
    assert not left  # so that training again starts anew


def test_after_a_whole_training_the_next_starts_anew(after):
    said, measured, left = after["again"]
    assert not said
    assert measured["epochs"] == list(range(EPOCHS))
    assert not left


def test_another_architecture_starts_anew(after):
    said, measured, left = after["other"]
    assert not said
    assert measured["epochs"] == list(range(EPOCHS))
    assert len(left) == 1  # the first one's, which may still go on


if __name__ == "__main__":
    work(*json.loads(sys.argv[1]))
