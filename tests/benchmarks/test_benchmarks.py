"""benchmarks/train.py and ledger.py: what they count, when they stop, what they print. No speed."""

import math
import time
from pathlib import Path

import ledger
import numpy as np
import pytest
import train  # benchmarks/ is on the tests' path (pyproject.toml)
import train_watch
from labseg_author import lessons

from labseg.data.carvana import Cars

ROOT = Path(__file__).parents[2]

SLOW = {"rows": [(10, 1, 0.5), (20, 2, 0.91), (30, 3, 0.93)], "versions": "K"}
FAST = {"rows": [(4, 1, 0.7), (8, 2, 0.90), (12, 3, 0.96), (16, 4, 0.955)], "versions": "K"}


def cars(count, size=(4, 6)):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, *size, 3), np.uint8)
    names = [f"{k:02}_01" for k in range(count)]
    return Cars(images, (images[..., 0] > 99).astype(np.uint8), names)


@pytest.fixture
def keras():
    import labseg

    labseg.quiet_keras()
    import keras

    return keras


def test_the_settings_are_lesson_4s():
    source = (ROOT / "solutions" / "04_unet.ipynb").read_text(encoding="utf-8")
    numbers = f"{train_watch.N_CH}, {train_watch.FLOORS}, {train_watch.EPOCHS}, 1e-2"
    assert f"    n_ch, floors, epochs, learning_rate = {numbers}\\n" in source
    assert train_watch.RATE == 1e-2
    assert f"learning_rate, batch_size={train_watch.BATCH}, callbacks=()" in source
    assert f"labseg.load_cars(size={train_watch.SIZE})" in source
    assert "cars.split(val=0.1, test=0.2, seed=0)" in source


# What is told.


def test_a_level_is_reached_at_its_first_epoch():
    assert train.reached(FAST, 0.90) == (8, 2, True)
    assert train.reached(SLOW, 0.95) == (30, 3, False)


def test_a_run_that_did_not_get_there_is_a_bound():
    assert train.middle([(5, True), (9, True), (30, False)]) == (9, True)
    assert train.middle([(5, True), (30, False), (31, False)]) == (30, False)
    assert train.spread([(5, True), (9, True), (30, False)]) == "9 (5–> 30)"
    assert train.spread([(30, False), (31, False)]) == "> 30"
    assert train.spread([(7.4, True)]) == "7"


def test_the_table_compares_with_lesson_4():
    rows = list(train.table({train.OURS: [FAST] * 3, train.ORIGINAL: [SLOW] * 3}))
    assert len({row.count("|") for row in rows}) == 1
    assert rows[2].split(" | ")[3:6] == ["12 (12–12)", "3 (3–3)", "1.0"]
    assert rows[3].split(" | ")[3:6] == ["> 30", "> 3", "> 2.5"]


def test_no_ratio_when_lesson_4_itself_fails():
    assert " | – | " in list(train.table({train.OURS: [SLOW]}))[2]


def test_the_recipes_take_turns_and_the_original_is_capped(monkeypatch):
    given = []

    def trained(**settings):
        given.append(settings)
        return FAST if settings["recipe"] == train.OURS else SLOW

    monkeypatch.setattr(train, "trained", trained)
    runs = train.compare([train.OURS, train.ORIGINAL], seeds=2, cap=10, epochs=4)
    assert runs == {train.OURS: [FAST] * 2, train.ORIGINAL: [SLOW] * 2}
    assert [settings["recipe"] for settings in given] == [train.OURS, train.ORIGINAL] * 2
    assert [settings["seed"] for settings in given] == [0, 0, 1, 1]
    assert given[1]["limit"] == given[3]["limit"] == 120


def test_the_figure_is_whole_or_not_there(tmp_path, monkeypatch):
    runs = {train.OURS: [FAST, FAST], train.ORIGINAL: [SLOW]}
    train.draw(runs, tmp_path / "train.png")
    assert (tmp_path / "train.png").read_bytes().startswith(b"\x89PNG")

    def interrupted(figure, path, **_):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train.draw(runs, tmp_path / "other.png")
    assert [path.name for path in tmp_path.iterdir()] == ["train.png"]


def test_a_bad_name_for_the_figure_is_said_first():
    with pytest.raises(SystemExit, match=r"ends in \.png"):
        train.main(out=Path("train.doc"))


# What is counted.


def test_the_clock_rests():
    watch = train_watch.Watch(cars(2))
    watch.run()
    watch.rest()
    counted = watch.seconds
    time.sleep(0.01)
    assert watch.seconds == counted
    watch.run()
    assert watch.seconds > counted


def test_the_watch_is_over_at_its_level_or_limit():
    held = cars(3)
    watch = train_watch.Watch(held, until=0.95)
    watch.note(1, np.zeros(held.masks.shape))
    assert not watch.over
    watch.note(2, held.masks)
    assert watch.over
    assert [row[1:] for row in watch.rows] == [(1, 0.0), (2, 1.0)]
    watch = train_watch.Watch(held, limit=1e-9)
    assert not watch.over
    watch.run()
    assert watch.over


def small_fit(keras, watch, epochs):
    import train_keras

    data = cars(40)
    model = keras.Sequential([keras.Input((4, 6, 3)), keras.layers.Conv2D(1, 1)])
    model.add(keras.layers.Activation("sigmoid"))
    model.compile("adam", "binary_crossentropy")
    x, y = data.images, data.masks[..., None]
    watch.run()
    watching = [train_keras.Watching(watch)]
    model.fit(x, y, 10, epochs, validation_data=(x, y), verbose=0, callbacks=watching)
    return model


def test_every_epoch_is_noted_with_the_held_out_iou(keras):
    watch = train_watch.Watch(cars(3))
    model = small_fit(keras, watch, epochs=3)
    seconds, epochs, ious = zip(*watch.rows, strict=True)
    assert epochs == (1, 2, 3)
    assert list(seconds) == sorted(seconds)
    again = train_watch.Watch(watch.held)
    again.note(3, model.predict(watch.held.images, verbose=0))
    assert again.rows[0][2] == ious[-1]


def test_the_limit_holds_within_an_epoch(keras):
    watch = train_watch.Watch(cars(3), limit=1e-9)
    small_fit(keras, watch, epochs=3)
    assert [epochs for _, epochs, _ in watch.rows] == [0.25]


def test_only_the_scaling_is_taken_from_the_original(keras):
    import train_keras

    build_unet, _ = train_keras.lesson_4(cars(2))
    scaled = build_unet((4, 6, 3), n_ch=2, floors=1)
    unscaled = train_keras.unscaled(scaled)
    assert len(unscaled.layers) == len(scaled.layers)
    assert not np.array_equal(unscaled.weights[0], scaled.weights[0])  # weights of its own
    unscaled.set_weights(scaled.get_weights())
    x = cars(3).images
    expected = scaled.predict(x, verbose=0)
    np.testing.assert_allclose(unscaled.predict(x / 255, verbose=0), expected, atol=1e-5)


@pytest.mark.parametrize("recipe", [train.OURS, train.ORIGINAL])
def test_a_recipe_trains(recipe, monkeypatch, capsys):
    import train_keras

    monkeypatch.setattr(train_keras, "FLOORS", 0)  # compiles fast
    run = train.train(recipe, seed=0, epochs=2, n_ch=1, cars=4, limit=1e-9)
    assert capsys.readouterr().out == ""
    epochs = [row[1] for row in run["rows"]]
    assert epochs == ([1, 2] if recipe == train.OURS else [1.0])  # 2 cars are one batch of 32
    assert run["versions"].startswith("Keras 3")


# Full scale.


def test_the_work_of_a_network_is_counted_from_its_shapes(keras):
    import train_full

    pictures = keras.Input((4, 6, 3))
    x = keras.layers.Conv2D(5, 3, padding="same")(pictures)
    x = keras.layers.MaxPooling2D()(x)
    outputs = keras.layers.Conv2DTranspose(7, 2, strides=2)(x)
    by_hand = 2 * (4 * 6 * 3 * 3 * 3 * 5) + 2 * (2 * 3 * 2 * 2 * 5 * 7)
    assert train_full.flops(keras.Model(pictures, outputs)) == by_hand


def test_devices_are_known_by_name(keras):
    import train_full

    assert train_full.peak_of("NVIDIA H100 80GB HBM3") == 989
    assert train_full.peak_of("NVIDIA H100 PCIe") == 756
    assert train_full.peak_of("Tesla T4") == 65
    assert train_full.peak_of("NVIDIA L40S") is None
    assert train_full.peak_of("NVIDIA H100 80GB HBM3 MIG 1g.10gb") is None


def test_mixed_precision_ends_in_float32(keras):
    import train_full
    import train_keras

    build_unet, _ = train_keras.lesson_4(cars(2))
    with train_full.dtype_policy("mixed_bfloat16"):
        model = build_unet((4, 6, 3), n_ch=1, floors=1)
    assert keras.config.dtype_policy().name == "float32"
    assert model.layers[-1].compute_dtype == "float32"
    assert model.layers[-2].compute_dtype == "bfloat16"


def test_pictures_are_repeated(keras):
    import train_full

    images, masks = train_full.repeated(cars(3), pictures=7)
    assert images.shape == (7, 4, 6, 3)
    assert masks.shape == (7, 4, 6, 1)
    np.testing.assert_array_equal(images[6], images[0])


def test_without_a_gpu_it_says_what_to_do(keras, monkeypatch):
    import train_full

    monkeypatch.setattr(train_full, "gpu", lambda: None)
    with pytest.raises(SystemExit, match=r"--full wants a GPU.*--force"):
        train_full.measure()


def test_the_report_leaves_compiling_out(capsys, keras):
    import train_full

    train_full.report([(60, 1, 0.5), (70, 2, 0.9), (80, 3, 0.95)], 100, 2e12, peak=40)
    told = capsys.readouterr().out
    assert "first epoch, compiling included: 60.0 s" in told
    assert "10.0 pictures a second" in told
    assert "20 TFLOP/s, 50.0% of the device's 40" in told
    train_full.report([(60, 1, math.nan)], 100, 2e12, peak=None)
    assert "unknown device: give --peak TFLOPS" in capsys.readouterr().out


# The ledger.


def test_the_ledger_counts_the_seeds_that_agree(capsys):
    def seed(score, difference):
        found = {"bands": [["U-Net", score, "0.9", "1.0"]], "cars": ["a", "a", "b", "b"]}
        return [found | {"claims": {"better": difference, "by one number": [difference[0]]}}]

    ledger.report([seed("0.95", [0.1, 0.2, 0.3, 0.4]), seed("0.91", [-0.2, -0.2, 0.0, 0.0])])
    told = capsys.readouterr().out
    assert "| U-Net | 0.95 | 0.91 | 0.9–1.0 |" in told
    # Of the mean over seeds, one car has -0.025 and the other 0.175.
    assert "| better | +0.075 | -0.100 to +0.250 | -0.025 to +0.175 | 1 of 2 |" in told
    assert "| by one number | -0.050 | -0.200 to +0.100 | – | 1 of 2 |" in told


def test_the_ledger_finds_its_seed_and_its_end_in_every_lesson():
    for name in ("02_baseline_cnn", "04_unet", "05_augmentation"):
        sources = lessons.runnable(name, until=ledger.UNTIL.get(name))
        assert any("set_random_seed(0)" in source for source in sources)
        assert any("in_band" in source for source in sources)
    everything = lessons.runnable("02_baseline_cnn")
    assert len(lessons.runnable("02_baseline_cnn", until="## 2.7")) < len(everything)
