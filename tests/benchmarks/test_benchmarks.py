"""What the benchmarks count, when they stop and what they print; never how fast they are."""

import ast
import inspect
import math
import os
import re
import signal
import time
from pathlib import Path

import explorers  # benchmarks/ is on the tests' path (pyproject.toml)
import ledger
import numpy as np
import pytest
import train
from fresh_process import in_fresh_process, peak_memory
from labseg_author import lessons

import labseg
from labseg.data.carvana import Cars
from labseg.evaluation import Band

ROOT = Path(__file__).parents[2]

LESSON_4 = train.Settings()
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
    source = "\n".join(lessons.code(ROOT / "solutions" / "04_unet.ipynb"))
    numbers = f"{LESSON_4.n_ch}, {LESSON_4.floors}, {LESSON_4.epochs}, 1e-2"
    assert f"    n_ch, floors, epochs, learning_rate = {numbers}\n" in source
    assert LESSON_4.rate == 1e-2
    assert f"learning_rate, batch_size={LESSON_4.batch}, callbacks=()" in source
    assert f"labseg.load_cars(size={LESSON_4.size})" in source
    assert "cars.split(val=0.1, test=0.2, seed=0)" in source


def test_the_trees_on_lesson_4s_ladder_are_those_of_the_table():
    table = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    trees = re.findall(r"^\| boosted trees, (.+?) \| (\.\d{3}) ", table, re.MULTILINE)
    assert len(trees) == 2
    source = "\n".join(lessons.code(ROOT / "solutions" / "04_unet.ipynb"))
    for kind, iou in trees:
        assert f'"trees on {kind}": 0{iou}' in source


# A process of its own.


def test_a_function_runs_in_another_process_and_its_result_comes_back():
    assert in_fresh_process(os.getpid) not in (os.getpid(), in_fresh_process(os.getpid))
    assert in_fresh_process(sorted, [1, 2], reverse=True) == [2, 1]


def test_the_peak_memory_of_a_fresh_process_is_its_own():
    ours = np.ones(300_000_000, np.uint8)
    assert peak_memory() > ours.nbytes > in_fresh_process(peak_memory)


def test_an_error_in_the_process_ends_the_benchmark_and_says_where(capsys):
    with pytest.raises(SystemExit, match=r"^sqrt\(-1\) failed: ValueError: .+"):
        in_fresh_process(math.sqrt, -1)
    assert "Traceback" in capsys.readouterr().err


def test_a_killed_process_ends_the_benchmark():
    with pytest.raises(SystemExit, match=r"raise_signal\(.+\) ended without a result"):
        in_fresh_process(signal.raise_signal, signal.SIGKILL)


def test_the_readme_has_a_command_for_every_benchmark():
    text = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    commands = re.findall(r"python benchmarks/(\w+)\.py ?(\w*)", text)
    files = (ROOT / "benchmarks").glob("*.py")
    assert {name for name, _ in commands} == {
        file.stem for file in files if "__main__" in file.read_text("utf-8")
    }
    trainings = {command.callback.__name__ for command in train.app.registered_commands}
    assert {command for name, command in commands if name == "train"} == trainings


# What is printed.


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

    def trained(function, recipe, seed, settings, cars, limit):
        given.append((function, recipe, seed, settings.epochs, limit))
        return FAST if recipe == train.OURS else SLOW

    monkeypatch.setattr(train, "in_fresh_process", trained)
    settings = train.Settings(epochs=4)
    runs = train.train_all([train.OURS, train.ORIGINAL], seeds=2, cap=10, settings=settings)
    assert runs == {train.OURS: [FAST] * 2, train.ORIGINAL: [SLOW] * 2}
    assert given == [
        (train.train_once, train.OURS, 0, 4, math.inf),
        (train.train_once, train.ORIGINAL, 0, 4, 120),
        (train.train_once, train.OURS, 1, 4, 120),
        (train.train_once, train.ORIGINAL, 1, 4, 120),
    ]


def test_the_figure_is_whole_or_not_there(tmp_path, monkeypatch):
    runs = {train.OURS: [FAST, FAST], train.ORIGINAL: [SLOW]}
    train.draw(runs, tmp_path / "train.png")
    assert (tmp_path / "train.png").read_bytes().startswith(b"\x89PNG")

    def interrupted(figure, file, **_):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train.draw(runs, tmp_path / "other.png")
    assert [path.name for path in tmp_path.iterdir()] == ["train.png"]


def test_a_bad_name_for_the_figure_is_said_first():
    with pytest.raises(SystemExit, match=r"ends in \.png"):
        train.compare(out=Path("train.doc"))


# What is counted.


def test_the_clock_rests():
    watch = train.Watch(cars(2))
    watch.run()
    watch.rest()
    counted = watch.seconds
    time.sleep(0.01)
    assert watch.seconds == counted
    watch.run()
    assert watch.seconds > counted


def test_the_watch_is_over_at_its_level_or_limit():
    test = cars(3)
    watch = train.Watch(test, until=0.95)
    watch.note(1, np.zeros(test.masks.shape))
    assert not watch.over
    watch.note(2, test.masks)
    assert watch.over
    assert [row[1:] for row in watch.rows] == [(1, 0.0), (2, 1.0)]
    watch = train.Watch(test, limit=1e-9)
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


def test_every_epoch_is_noted_with_its_test_iou(keras):
    watch = train.Watch(cars(3))
    model = small_fit(keras, watch, epochs=3)
    seconds, epochs, ious = zip(*watch.rows, strict=True)
    assert epochs == (1, 2, 3)
    assert list(seconds) == sorted(seconds)
    again = train.Watch(watch.test)
    again.note(3, model.predict(watch.test.images, verbose=0))
    assert again.rows[0][2] == ious[-1]


def test_the_limit_holds_within_an_epoch(keras):
    watch = train.Watch(cars(3), limit=1e-9)
    small_fit(keras, watch, epochs=3)
    assert [epochs for _, epochs, _ in watch.rows] == [0.25]


def test_only_the_scaling_is_taken_from_the_original(keras):
    import train_keras

    build_unet, _ = train_keras.lesson_functions(cars(2))
    scaled = build_unet((4, 6, 3), n_ch=2, floors=1)
    unscaled = train_keras.unscaled(scaled)
    assert len(unscaled.layers) == len(scaled.layers)
    assert not np.array_equal(unscaled.weights[0], scaled.weights[0])  # weights of its own
    unscaled.set_weights(scaled.get_weights())
    x = cars(3).images
    expected = scaled.predict(x, verbose=0)
    np.testing.assert_allclose(unscaled.predict(x / 255, verbose=0), expected, atol=1e-5)


@pytest.mark.parametrize("recipe", [train.OURS, train.ORIGINAL])
def test_a_recipe_trains(recipe, capsys):
    settings = train.Settings(floors=0, n_ch=1, epochs=2)  # no floors compile fast
    run = train.train_once(recipe, seed=0, settings=settings, cars=4, limit=1e-9)
    assert capsys.readouterr().out == ""
    epochs = [row[1] for row in run["rows"]]
    assert epochs == ([1, 2] if recipe == train.OURS else [1.0])  # 2 cars are one batch of 32
    assert run["versions"].startswith("Keras 3")


# Full scale.


def test_mixed_precision_ends_in_float32(keras):
    import train_keras

    build_unet, _ = train_keras.lesson_functions(cars(2))
    with train_keras.mixed_precision():
        model = build_unet((4, 6, 3), n_ch=1, floors=1)
    assert keras.config.dtype_policy().name == "float32"
    assert model.layers[-1].compute_dtype == "float32"
    assert model.layers[-2].compute_dtype == "float16"


def test_full_scale_repeats_pictures_and_says_what_to_do_without_a_gpu(keras, monkeypatch, capsys):
    import train_keras

    def trained(data, val, watch, seed, settings):
        assert len(data) == 1000
        np.testing.assert_array_equal(data.images[528], data.images[0])  # 33 cars
        assert settings == train.Settings((16, 16), 64, 4, 20, 1e-3, 16)
        watch.rows = [(60, 1, 0.5), (70, 2, 0.9), (80, 3, 0.95)]

    monkeypatch.setattr(train, "FULL_SIZE", (16, 16))
    monkeypatch.setattr(train_keras, "lesson_4", trained)
    monkeypatch.setattr(train_keras, "sees_gpu", lambda: False)
    train.full(epochs=20, n_ch=64, pictures=1000)
    printed = capsys.readouterr().out
    assert "no GPU" in printed
    assert "--pictures 64 --n-ch 4 --epochs 2" in printed
    # Compiling is left out of the speed.
    assert "first epoch, compiling included: 60.0 s" in printed
    assert "100.0 pictures a second" in printed


# The explorers.


def test_explorers_are_moved_until_enough_moves_have_shown():
    pictures = cars(3)
    scores = np.linspace(0, 1, pictures.masks.size).reshape(pictures.masks.shape)
    explorer = labseg.explorers.threshold(pictures.images, pictures.masks, scores)
    seen = []
    explorer.picture.observe(lambda change: seen.append(change["new"]), "value")
    seconds, _ = explorers.moves(explorer, 20, np.random.default_rng(0))
    assert len(seconds) == len(seen) == 20
    assert min(seconds) > 0


# The ledger.


def test_the_ledger_counts_the_seeds_that_agree(capsys):
    def seed(score, difference):
        claims = {"better": difference, "by one number": difference[:1]}
        band = Band("U-Net", score, 0.9, 1.0)
        return [{"bands": [band], "claims": claims, "cars": ["a", "a", "b", "b"]}]

    ledger.report([seed(0.95, [0.1, 0.2, 0.3, 0.4]), seed(0.91, [-0.2, -0.2, 0.0, 0.0])])
    printed = capsys.readouterr().out
    assert "| U-Net | 0.950 | 0.910 | 0.9–1.0 |" in printed
    # Of the mean over seeds, one car has -0.025 and the other 0.175.
    assert "| better | +0.075 | -0.100 to +0.250 | -0.025 to +0.175 | 1 of 2 |" in printed
    assert "| by one number | -0.050 | -0.200 to +0.100 | – | 1 of 2 |" in printed


def test_the_ledger_finds_its_seed_and_its_end_in_every_lesson():
    for name in ("02_baseline_cnn", "04_unet", "05_augmentation"):
        sources = lessons.runnable(name, until=ledger.UNTIL.get(name))
        assert any("set_random_seed(0)" in source for source in sources)
        assert any("in_band" in source for source in sources)
    everything = lessons.runnable("02_baseline_cnn")
    until = ledger.UNTIL["02_baseline_cnn"]
    assert len(lessons.runnable("02_baseline_cnn", until)) < len(everything)


def test_the_ledger_runs_the_lessons_that_are_asked_for(monkeypatch):
    ran = []
    monkeypatch.setattr(ledger, "in_fresh_process", lambda _, name, seed, __: ran.append(name))
    monkeypatch.setattr(ledger, "report", lambda seeds: None)
    ledger.main(seeds=1)
    order = ["02_baseline_cnn", "04_unet", "03_metrics", "05_augmentation"]
    assert ran == order  # each uses those before
    ran.clear()
    ledger.main(seeds=2, workers=1, lesson=["05_augmentation", "02_baseline_cnn"])
    assert ran == 2 * ["02_baseline_cnn", "05_augmentation"]


@pytest.mark.parametrize(("lesson", "claims"), ledger.CLAIMS.items())
def test_the_ledger_reads_names_that_its_lesson_binds(lesson, claims):
    tree = ast.parse("\n".join(lessons.runnable(lesson, until=ledger.UNTIL.get(lesson))))
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    read = set(re.findall(r'names\["(\w+)"\]', inspect.getsource(claims)))
    assert read
    assert read <= bound
