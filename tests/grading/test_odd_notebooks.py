"""Honest notebooks that look unlike the lesson: nobody loses a point that they have earned."""

import json
import re
import textwrap
from pathlib import Path

import pytest
from submissions import (
    DICE,
    DICE_POINTS,
    IMPORTS,
    IOU,
    IOU_POINTS,
    cell,
    graded,
    hand_in,
    notebook,
)

ROOT = Path(__file__).parents[2]
CHECK = "verdict = labseg.check.iou(iou)"
STUB = "def iou(y_true, y_pred, threshold=0.5):\n    raise NotImplementedError"
WRONG = "def iou(y_true, y_pred, threshold=0.5):\n    return 0.5"


def old_format(*sources):
    cells = [
        {"cell_type": "code", "language": "python", "input": s, "outputs": []} for s in sources
    ]
    return json.dumps(
        {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    ).encode()


def indented(code, margin="    "):
    return textwrap.indent(code, margin)


HONEST = {
    "as it should be": notebook(IMPORTS, IOU, CHECK),
    "cells moved": notebook(CHECK, IOU, IMPORTS),
    "import at the end, needed at once": notebook(
        IOU.replace("iou(y_true,", "iou(y_true: np.ndarray,"), IMPORTS
    ),
    "cell split": notebook(
        IMPORTS,
        "def binary(masks, threshold):\n    return np.reshape(masks, masks.shape[:3]) >= threshold",
        "LEVEL = 0.5",
        "def iou(y_true, y_pred, threshold=LEVEL):\n"
        "    truth, found = binary(y_true, 0.5), binary(y_pred, threshold)\n"
        "    both, either = (a.sum(axis=(1, 2)) for a in (truth & found, truth | found))\n"
        "    return np.where(either == 0, 1, both / np.maximum(either, 1))",
        CHECK,
    ),
    "cell duplicated": notebook(IMPORTS, IOU, IOU, CHECK, IOU),
    "defined again later": notebook(IMPORTS, WRONG, CHECK, "iou(1, 2)", IOU),
    "first the stub": notebook(IMPORTS, STUB, CHECK, IOU, CHECK),
    "one cell for all": notebook("\n\n".join([IMPORTS, IOU, CHECK, "print(iou)"])),
    "no metadata": json.dumps(
        {"cells": [{"cell_type": "code", "source": s} for s in (IMPORTS, IOU)]}
    ).encode(),
    "another kernel": notebook(
        IMPORTS, IOU, metadata={"kernelspec": {"name": "julia-1.9", "language": "julia"}}
    ),
    "old format": old_format(IMPORTS, IOU, CHECK),
    "a byte order mark": b"\xef\xbb\xbf" + notebook(IMPORTS, IOU),
    "lists of lines": notebook(IMPORTS.splitlines(True), IOU.splitlines(True)),
    "from Colab": notebook(
        cell("#@title Install\n!pip install -q labseg\n%matplotlib inline\n" + IMPORTS, id="aB3"),
        "from google.colab import drive\ndrive.mount('/content/drive')",
        cell('#@title **IoU** { display-mode: "form" }\n' + IOU, id="aB3"),
        metadata={"colab": {"provenance": []}, "accelerator": "GPU"},
    ),
    "magics": notebook("%load_ext autoreload\n" + IMPORTS, "%%time\n" + IOU, "!ls", "iou?"),
    "a warning on stderr": notebook(
        IMPORTS,
        IOU.replace(
            "    truth =",
            "    import sys, warnings\n    warnings.warn('odd')\n"
            "    print('careful', file=sys.stderr)\n    truth =",
        ),
    ),
    "errors in other cells": notebook(
        "import torch_of_another_course", IMPORTS, "1 / 0", IOU, "raise SystemExit", "for in:"
    ),
    "training beside it": notebook(
        IMPORTS,
        "import keras",
        "baseline = labseg.load_model('baseline')",
        "while True: print('training')",
        IOU + "\nmodel = train(epochs=1000)\nmodel.fit(while_you_wait=True)",
        CHECK,
    ),
    "names used again later": notebook(
        IMPORTS,
        "def overlap(a, b):\n    return (a & b).sum(axis=(1, 2))",
        IOU.replace("both, either =", "_ = overlap(truth, found)\n    both, either ="),
        CHECK,
        "overlap = 0.7\nfor iou in [0.5]: pass\niou = 0.9",
    ),
    "a lambda": notebook(
        IMPORTS,
        IOU.replace("def iou", "def one_iou"),
        "iou = lambda y_true, y_pred, threshold=0.5: one_iou(y_true, y_pred, threshold)",
    ),
    "a method": notebook(
        IMPORTS,
        "class Metrics:\n" + indented(IOU.replace("iou(", "iou(self, ")),
        "metrics = Metrics()\niou = metrics.iou",
        CHECK,
    ),
    "another name": notebook(
        IMPORTS, IOU.replace("def iou", "def my_iou"), "labseg.check.iou(my_iou)"
    ),
    "in an if": notebook(IMPORTS, "if True:\n" + indented(IOU) + "else:\n    iou = None"),
    "after a star": notebook("from numpy import *\nimport numpy as np", IOU.replace("np.", "")),
    "in a decorator": notebook(
        IMPORTS,
        "import functools",
        "calls = []",
        "def logged(function):\n    @functools.wraps(function)\n"
        "    def inner(*args, **kwargs):\n        calls.append(1)\n"
        "        return function(*args, **kwargs)\n    return inner",
        "@logged\n" + IOU,
    ),
    "a table filled below": notebook(
        IMPORTS,
        "settings = {}",
        "settings['empty'] = 1",
        "settings.update(low=1)",
        IOU.replace("either == 0, 1,", "either == 0, settings['empty'],").replace(
            "either, 1)", "either, settings['low'])"
        ),
    ),
    "an attribute set by its name": notebook(
        IMPORTS,
        "class Settings:\n    pass",
        'setattr(Settings, "empty", 1)',
        IOU.replace("either == 0, 1,", "either == 0, Settings.empty,"),
        "def train(model):\n    while True: print(model)",
        "train(Settings)",  # not needed
    ),
    "await in a cell": notebook(
        IMPORTS,
        "import asyncio\nasync def later(value):\n    await asyncio.sleep(0)\n    return value",
        "ONE = await later(1)\nONES = [each async for each in numbers()]",
        "async def numbers():\n    yield ONE",
        IOU.replace("either == 0, 1,", "either == 0, ONES[0],"),
    ),
    "type hints from typing": notebook(
        "from __future__ import annotations\n" + IMPORTS,
        IOU.replace("iou(y_true, y_pred", "iou(y_true: Array, y_pred: Array"),
    ),
    "a verdict that decides": notebook(
        IMPORTS,
        CHECK.replace("(iou)", "(None)"),
        "labseg.hint('iou'); labseg.progress(); labseg.reveal('IoU', 1, 2)",
        "SCALE = 2 if verdict.passed else 1",
        IOU.replace("either == 0, 1,", "either == 0, SCALE,"),
    ),
    "a wide and strange alphabet": notebook(
        IMPORTS, "größe = 1\nπ = 1", IOU.replace("either == 0, 1,", "either == 0, größe * π,")
    ),
    "windows lines": notebook(IMPORTS, IOU.replace("\n", "\r\n")),
}
NAMES = ["Ana María Núñez", "o'neil; rm -rf", "名前", "-rf", "=1+1", "a" * 150, "x.y", "CON"]


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("in")
    named = dict.fromkeys(NAMES, HONEST["as it should be"])
    hand_in(folder, {n: {"iou.ipynb": content} for n, content in (HONEST | named).items()})
    return graded(folder, tmp_path_factory.mktemp("out"), workers=2)


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_notebook_gets_its_points(honest, name):
    result = honest[name]["exercises"]["iou"]
    assert (result["state"], result["points"]) == ("graded", IOU_POINTS), result["why"]


def test_so_does_an_honest_student_of_any_name(honest):
    assert sorted(set(honest) - set(HONEST)) == sorted(
        name[:119] + "…" * (len(name) > 119) for name in NAMES
    )
    for name in set(honest) - set(HONEST):
        assert honest[name]["total"] == IOU_POINTS


def test_the_cell_that_is_shown_is_the_one_that_counts(honest):
    assert honest["defined again later"]["exercises"]["iou"]["cell"].count("def iou") >= 1
    assert "both / np.maximum" in honest["defined again later"]["exercises"]["iou"]["cell"]


def test_exercises_may_build_on_each_other(tmp_path):
    hand_in(tmp_path / "in", {"ana": notebook(IMPORTS, DICE, IOU)})
    found = graded(tmp_path / "in", tmp_path / "out")
    assert found["ana"]["total"] == IOU_POINTS + DICE_POINTS


@pytest.mark.parametrize("after", [[], [CHECK]], ids=["alone", "with its check"])
def test_a_cell_that_is_no_python_says_so(tmp_path, after):
    broken = IOU.replace("return", "retrun now")
    hand_in(tmp_path / "in", {"ana": notebook(IMPORTS, broken, *after)})
    result = graded(tmp_path / "in", tmp_path / "out")["ana"]["exercises"]["iou"]
    assert (result["state"], result["points"]) == ("crashed", None)
    assert "SyntaxError" in result["why"]


def test_a_cell_that_is_too_deep_to_be_read_says_so(tmp_path):
    deep = IOU + f"    return {'-' * 100_000}1"
    hand_in(tmp_path / "in", {"ana": notebook(IMPORTS, deep, CHECK)})
    result = graded(tmp_path / "in", tmp_path / "out")["ana"]["exercises"]["iou"]
    assert (result["state"], result["points"]) == ("crashed", None)
    assert re.fullmatch(r"its cell can't be read: \w+Error(: .+)?", result["why"])


def test_what_is_only_checked_is_not_attempted(tmp_path):
    hand_in(tmp_path / "in", {"ana": notebook(IMPORTS, CHECK), "ben": notebook(IOU, CHECK)})
    found = graded(tmp_path / "in", tmp_path / "out")
    assert found["ana"]["exercises"]["iou"]["state"] == "not attempted"


def test_what_is_no_function_says_so(tmp_path):
    hand_in(tmp_path / "in", {"ana": notebook(IMPORTS, "iou = 0.5", CHECK)})
    result = graded(tmp_path / "in", tmp_path / "out")["ana"]["exercises"]["iou"]
    assert (result["state"], result["why"]) == ("crashed", "it is not a function")


def test_what_fails_where_it_is_defined_says_so(tmp_path):
    hand_in(tmp_path / "in", {"ana": notebook(IMPORTS, "@jit\n" + IOU)})
    result = graded(tmp_path / "in", tmp_path / "out")["ana"]["exercises"]["iou"]
    assert (result["state"], result["points"]) == ("crashed", None)
    assert result["why"] == "NameError: name 'jit' is not defined"


UNRUNNABLE = {
    "SyntaxError: 'return' outside function (<cell 2>, line 3)": (
        "if True:\n    iou = len\n    return",
        CHECK,
    ),
    "SyntaxError: 'await' outside function (<the check>, line 1)": (
        CHECK.replace("(iou)", "(await later(1))"),
    ),
    "RuntimeError": ("def bare(_):\n    raise RuntimeError", "@bare\n" + IOU),
}


def test_what_cannot_be_run_says_so_and_takes_nothing_with_it(tmp_path):
    files = {str(n): notebook(IMPORTS, *c, DICE) for n, c in enumerate(UNRUNNABLE.values())}
    found = graded(hand_in(tmp_path / "in", files), tmp_path / "out", workers=2)
    for n, why in enumerate(UNRUNNABLE):
        result = found[str(n)]["exercises"]["iou"]
        assert (result["state"], result["why"]) == ("crashed", why)
        assert found[str(n)]["exercises"]["dice"]["state"] == "graded"


def solution(lesson, name):
    """The source of a solution cell, as the lesson has it."""
    cells = json.loads((ROOT / "solutions" / f"{lesson}.ipynb").read_text("utf-8"))["cells"]
    named = {each["metadata"].get("nbgrader", {}).get("grade_id"): each for each in cells}
    return "".join(named[name]["source"])


CNN = solution("02_baseline_cnn", "build_cnn")
KERAS = {
    "keras of tensorflow": notebook(
        "import tensorflow as tf\nkeras = tf.keras\nlayers = tf.keras.layers", CNN
    ),
    "imports in the function": notebook(
        IMPORTS,
        CNN.replace("    inputs =", "    import keras\n    from keras import layers\n    inputs ="),
    ),
    "a layer of one's own": notebook(
        "import keras",
        "from keras.layers import Conv2D, Rescaling",
        "@keras.saving.register_keras_serializable()\n"
        "class Block(keras.layers.Layer):\n"
        "    def __init__(self, channels, **options):\n"
        "        super().__init__(**options)\n"
        "        self.inner = Conv2D(channels, 3, padding='same', activation='relu')\n"
        "    def call(self, x):\n        return self.inner(x)",
        "def build_cnn(input_shape, n_ch, L=3):\n"
        "    x = inputs = keras.Input(input_shape)\n"
        "    x = Rescaling(1 / 255)(x)\n"
        "    for level in range(L):\n        x = Block(n_ch * 2**level)(x)\n"
        "    return keras.Model(inputs, Conv2D(1, 1, activation='sigmoid')(x))",
        "model = build_cnn((64, 96, 3), 8)\nmodel.fit(x_train, y_train, epochs=1000)",
    ),
    "settings and cars before it": notebook(
        IMPORTS + "\nlabseg.quiet_keras()\nimport keras\nfrom keras import layers",
        "keras.utils.set_random_seed(0)\nkeras.config.set_dtype_policy('mixed_float16')",
        "cars = labseg.load_cars(size=(64, 96))\nL_DEFAULT = 3 if len(cars) else 0",
        CNN.replace("L=3", "L=L_DEFAULT"),
        "verdict = labseg.check.build_cnn(build_cnn)",
    ),
}


IOU_BY_TENSORS = """\
def iou(y_true, y_pred, threshold=0.5):
    shape = y_true.shape[:3]
    truth = tf.reshape(tf.constant(y_true), shape) == 1
    found = tf.reshape(tf.constant(y_pred), shape) >= threshold
    both, either = (
        tf.reduce_sum(tf.cast(a, tf.float64), axis=(1, 2)) for a in (truth & found, truth | found)
    )
    return tf.where(either == 0, tf.ones_like(either), both / tf.maximum(either, 1))
"""


@pytest.fixture(scope="module")
def with_keras(tmp_path_factory):
    folder = tmp_path_factory.mktemp("in")
    hand_in(folder, {n: {"02_baseline_cnn.ipynb": content} for n, content in KERAS.items()})
    hand_in(folder, {"tensors": notebook("import tensorflow as tf", IOU_BY_TENSORS)})
    return graded(folder, tmp_path_factory.mktemp("out"), seconds=120, workers=2)


@pytest.mark.parametrize("name", KERAS)
def test_so_does_an_honest_model(with_keras, name):
    result = with_keras[name]["exercises"]["build_cnn"]
    assert (result["state"], result["points"]) == ("graded", result["max"]), result


def test_so_does_a_metric_made_of_tensors(with_keras):
    assert with_keras["tensors"]["exercises"]["iou"]["points"] == IOU_POINTS
