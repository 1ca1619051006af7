"""The U-Net check: whatever an answer holds, the verdict is a verdict, and soon."""

import copy
import json
import random

import pytest
from reference import build_unet
from unets import encoder_and_decoder, nested_model, renamed, valid_padding

from labseg.exercises import build_unet as exercise
from labseg.exercises.judge import judge
from labseg.exercises.verdict import Verdict

UNET = exercise.EXERCISE
CASES = UNET.cases(0)


@pytest.fixture(scope="module")
def right_answers():
    return UNET.answers(build_unet, CASES)


GIANT = int("9" * 4000)


@pytest.mark.parametrize(
    "answer",
    [
        *[None, 3, "x", [], {}, {"config": None}, {"config": ""}, {"config": "[" * 10**6}],
        *[{"config": "[]"}, {"config": "9" * 5000}, {"config": " " * 3_000_000}, {"config": {}}],
        *[{"error": None}, {"error": ["x"], "message": {}}, {"error": "E" * 10**6}],
        {"error": "ValueError", "message": "\x1b[31m\n" * 10**5},
        {"error": "ValueError", "message": 7},
        *[{"returned": None}, {"returned": GIANT}, {"returned": float("nan")}],
    ],
)
def test_malformed_answers(answer, right_answers):
    for answers in ([answer] * 7, [*right_answers[:4], answer, *right_answers[5:]], answer):
        verdict = judge(UNET, CASES, answers)
        assert verdict.attempted
        assert not verdict
        assert len(verdict.message) < 3000
        assert verdict.message.replace("\n", "").isprintable()


def test_a_skip_from_elsewhere(right_answers):
    """Keras would not join different sizes; an answer may say so all the same."""
    config = json.loads(right_answers[0]["config"])
    entries = {entry["name"]: entry for entry in config["config"]["layers"]}
    join = next(entry for entry in entries.values() if entry["class_name"] == "Concatenate")
    upsampled, skip = join["inbound_nodes"][0]["args"][0]
    up = entries[upsampled["config"]["keras_history"][0]]
    bottom = up["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0]
    skip["config"]["keras_history"][0] = bottom
    verdict = judge(UNET, CASES, [{"config": json.dumps(config)}, *right_answers[1:]])
    assert "joins features of the bottom, expected those of floor 0 going down" in verdict.message


def test_too_few_and_too_many_answers(right_answers):
    assert not judge(UNET, CASES, right_answers[:6])
    assert judge(UNET, CASES, [*right_answers, "more"])


def test_what_a_model_says_of_its_shapes_is_not_read(right_answers):
    forged = copy.deepcopy(right_answers)
    for answer in forged[:5]:
        config = json.loads(answer["config"])
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "Conv2DTranspose":
                layer["config"]["strides"] = [1, 1]  # the shapes of before are still written there
        answer["config"] = json.dumps(config)
    verdict = judge(UNET, CASES, forged)
    assert "a Conv2DTranspose has strides 1×1, expected 2×2" in verdict.message
    assert "the output is 25×13 pixels" in verdict.message


def places(value, path=()):
    """The paths to everything in a parsed JSON text."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


JUNK = [None, True, -1, 0, GIANT, 1e300, float("nan"), "", "x" * 10_000, [], {}, [[]], [None] * 3]
JUNK += [[GIANT, GIANT], {"class_name": "ReLU"}, "relu", "Lambda", "\x00\n"]


@pytest.mark.parametrize("build", [build_unet, nested_model, encoder_and_decoder, renamed])
def test_configurations_with_a_broken_place(build):
    """Whatever is put at whatever place, the verdict is a verdict."""
    rng = random.Random(0)
    case = CASES[0]
    text = UNET.answers(build, [case])[0]["config"]
    paths = [path for path in places(json.loads(text)) if "kernel_initializer" not in path]
    for _ in range(400):
        config = json.loads(text)
        for path in rng.sample(paths, rng.choice([1, 1, 2, 5])):
            place = config
            try:
                for key in path[:-1]:
                    place = place[key]
                if rng.random() < 0.2:
                    del place[path[-1]]
                else:
                    place[path[-1]] = rng.choice(JUNK)
            except (LookupError, TypeError):
                continue  # an earlier break took this place away
        verdict = judge(UNET, [case] * 3, [{"config": json.dumps(config)}] * 3)
        assert isinstance(verdict, Verdict)
        assert "cannot be judged" not in verdict.message, verdict.message
        assert verdict.message.replace("\n", "").isprintable()


@pytest.mark.parametrize("key", ["config", "classes", "dtypes", "error", "kinds", "layers"])
@pytest.mark.parametrize("answer", ["right", "failing"])
def test_answers_with_a_broken_place(key, answer, right_answers):
    answers = right_answers if answer == "right" else UNET.answers(valid_padding, CASES)
    for junk in [*JUNK, [{}], [{"class_name": "Conv2D", "config": {"kernel_size": GIANT}}]]:
        verdict = judge(UNET, CASES, [{**each, key: junk} for each in answers])
        assert isinstance(verdict, Verdict)
        assert verdict.message.replace("\n", "").isprintable()
        assert key != "config" or not verdict


def test_huge_models_are_judged_quickly():
    layer = {"class_name": "UpSampling2D", "config": {"size": [100_000, 100_000]}}
    chain = [{"class_name": "InputLayer", "config": {"name": "0", "batch_shape": [1, 2, 2, 3]}}]
    chain += [copy.deepcopy(layer) for _ in range(1500)]
    for i, entry in enumerate(chain):
        entry["config"]["name"] = str(i)
    head = {"class_name": "Conv2D", "config": {"name": "h", "filters": 1, "activation": "sigmoid"}}
    config = {"class_name": "Sequential", "config": {"layers": [*chain, head]}}
    assert not judge(UNET, CASES, [{"config": json.dumps(config)}] * 7)
