"""The U-Net check: right answers pass, wrong ones hear what is wrong, nothing breaks it."""

import copy
import json
import random
from dataclasses import replace

import keras
import pytest
from keras import layers
from reference import build_cnn, build_unet

from labseg.exercises import build_unet as exercise
from labseg.exercises import catalogue, check
from labseg.exercises.judge import judge
from labseg.exercises.verdict import Verdict

UNET = exercise.EXERCISE

P = {"padding": "same"}


def conv(x, n, size=3, activation="relu", **options):
    return layers.Conv2D(n, size, activation=activation, **(P | options))(x)


def pool(x, n):
    return layers.MaxPooling2D()(x)


def up(x, n):
    return layers.Conv2DTranspose(n, 2, strides=2)(x)


def join(x, skips, floor):
    return layers.Concatenate()([x, skips[floor]["kept"]])


def end(x):
    return layers.Conv2D(1, 1, activation="sigmoid")(x)


def refuse(shape, floors):
    if shape[0] % 2**floors or shape[1] % 2**floors:
        raise ValueError(f"{shape[0]} × {shape[1]} is not divisible by {2**floors}")


def variant(
    *,
    conv=conv,
    pool=pool,
    up=up,
    join=join,
    end=end,
    refuse=refuse,
    scale=layers.Rescaling,
    channels=lambda n_ch, floor, floors: n_ch * 2**floor,
    arguments=lambda *arguments: arguments,
    convs_up=lambda convs: convs,
    convs_bottom=lambda convs: convs,
):
    """A builder of U-Nets that is right but for the steps that are replaced."""

    def build(input_shape, n_ch, floors, convs=2):
        input_shape, n_ch, floors, convs = arguments(input_shape, n_ch, floors, convs)
        refuse(input_shape, floors)

        def block(x, floor, convs):
            for _ in range(convs):
                x = conv(x, channels(n_ch, floor, floors))
            return x

        inputs = keras.Input(input_shape)
        x = scale(1 / 255)(inputs)
        skips = []
        for floor in range(floors):
            x = conv(x, channels(n_ch, floor, floors))
            skips.append({"early": x})
            x = skips[-1]["kept"] = block(x, floor, convs - 1)
            x = skips[-1]["pooled"] = pool(x, channels(n_ch, floor, floors))
        x = block(x, floors, convs_bottom(convs))
        for floor in reversed(range(floors)):
            n = channels(n_ch, floor, floors)
            x = block(join(up(x, n), skips, floor), floor, convs_up(convs))
        return keras.Model(inputs, end(x))

    return build


CASES = UNET.cases(0)


@pytest.fixture
def fewer_cases(monkeypatch):
    """Leaves out the deepest two: building models is what takes the time here."""
    fewer = replace(UNET, cases=lambda seed: [*CASES[:2], *CASES[4:]])
    monkeypatch.setattr(catalogue, "EXERCISES", (fewer,))


# --- right answers -------------------------------------------------------------------------


def conv_bn_relu(x, n):
    x = layers.Conv2D(n, 3, use_bias=False, kernel_initializer="he_normal", **P)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def conv_dropout(x, n):
    x = layers.Activation("relu")(layers.Conv2D(n, (3, 3), padding="same")(x))
    return layers.SpatialDropout2D(0.1)(x)


def end_in_two_steps(x):
    return keras.ops.sigmoid(layers.Conv2D(1, 1, **P)(layers.Dropout(0.2)(x)))


def join_before_batchnorm(x, skips, floor):
    return layers.Concatenate()([layers.BatchNormalization()(skips[floor]["kept"]), x])


SHARED_POOLING = layers.MaxPooling2D()
RIGHT = {
    "as it is": variant(),
    "batch normalization, he": variant(conv=conv_bn_relu),
    "dropout, Activation layers": variant(conv=conv_dropout),
    "keras.ops.relu": variant(conv=lambda x, n: keras.ops.relu(conv(x, n, activation=None))),
    "relu as a layer in the convolution": variant(
        conv=lambda x, n: conv(x, n, activation=layers.ReLU())
    ),
    "transposed 3": variant(up=lambda x, n: layers.Conv2DTranspose(n, 3, strides=2, **P)(x)),
    "transposed 4, relu": variant(
        up=lambda x, n: layers.Conv2DTranspose(n, 4, strides=2, activation="relu", **P)(x)
    ),
    "transposed 2, same, other channels": variant(
        up=lambda x, n: layers.Conv2DTranspose(2 * n, 2, strides=2, **P)(x)
    ),
    "keras.ops.concatenate": variant(
        join=lambda x, skips, k: keras.ops.concatenate([skips[k]["kept"], x], axis=-1)
    ),
    "axis 3": variant(join=lambda x, s, k: layers.Concatenate(axis=3)([x, s[k]["kept"]])),
    "normalized skips": variant(join=join_before_batchnorm),
    "sigmoid apart": variant(end=end_in_two_steps),
    "divided by 255": variant(scale=lambda s: lambda x: x / 255),
    "one pooling layer for all": variant(pool=lambda x, n: SHARED_POOLING(x)),
}


@pytest.mark.usefixtures("fewer_cases")
@pytest.mark.parametrize("name", RIGHT)
def test_right_answers(name, capsys):
    verdict = check.build_unet(RIGHT[name])
    out = capsys.readouterr().out
    assert verdict, out
    assert out == "✓ Right: everything asked for is there (10 of 10 points).\n"


@pytest.mark.parametrize("seed", range(1, 4))
def test_other_parameters(seed):
    cases = UNET.cases(seed)
    assert {case["floors"] for case in cases[:5]} == {0, 1, 2, 3, 4}
    assert all(case["input_shape"][0] != case["input_shape"][1] for case in cases)
    assert cases == UNET.cases(seed) != UNET.cases(0)
    assert json.loads(json.dumps(cases)) == cases
    answers = UNET.answers(build_unet, cases)
    assert json.loads(json.dumps(answers)) == answers
    assert judge(UNET, cases, answers).passed
    naive = judge(UNET, cases, UNET.answers(variant(refuse=lambda *_: None), cases))
    assert [part.name for part in naive.parts if not part.points] == ["sizes"]


# --- wrong answers: what replaces what, the parts that fail, and what is said -------------------


def add_skip(x, skips, floor):
    return layers.Add()([x, skips[floor]["kept"]])


def skip_after_pooling(x, skips, floor):
    kept = skips[floor - 1]["pooled"] if floor else skips[floor]["kept"]
    return layers.Concatenate()([x, kept])


def skip_of_wrong_floor(x, skips, floor):
    return layers.Concatenate()([x, skips[-1 - floor]["kept"]])


def skip_through_conv(x, skips, floor):
    return layers.Concatenate()([x, layers.Conv2D(4, 1)(skips[floor]["kept"])])


def skip_twice(x, skips, floor):
    return layers.Concatenate()([join(x, skips, floor), skips[floor]["kept"]])


def late_join(x, skips, floor):
    return join(conv(x, 4), skips, floor)


def along_height(x, skips, floor):
    kept = skips[floor]["kept"]
    return layers.MaxPooling2D((2, 1))(layers.Concatenate(axis=1)([x, kept]))


def residual(x, n):
    return layers.Add()([conv(x, n), conv(x, n, 1)])


def strided(x, n):
    return layers.Conv2D(n, 3, strides=2, activation="relu", **P)(x)


def twice(scale):
    return lambda x: layers.Rescaling(scale)(layers.Rescaling(scale)(x))


def softmax_end(x):
    return layers.Softmax()(layers.Conv2D(1, 1)(x))


N_CH, CONVS = 6, 2  # what a notebook may have lying about


WRONG = {
    "no skips": (
        {"join": lambda x, skips, floor: x},
        {"skips": "floor 0 going up joins nothing: Concatenate the features kept on floor 0"},
    ),
    "Add": ({"join": add_skip}, {"skips": "joins its skip by Add, expected Concatenate"}),
    "skip after the pooling": (
        {"join": skip_after_pooling},
        {"skips": "floor 1 going up joins features from after a pooling: keep them before"},
    ),
    "skip of the wrong floor": (
        {"join": skip_of_wrong_floor},
        {"model": "(does each skip join on its own floor, the last one kept first?)"},
    ),
    "skip too early": (
        {"join": lambda x, skips, k: layers.Concatenate()([x, skips[k]["early"]])},
        {"skips": "from before the last convolution of floor 0 going down"},
    ),
    "skip through a convolution": (
        {"join": skip_through_conv},
        {"skips": "joins features of a Conv2D beside the way down and up, expected those of"},
    ),
    "skip joined twice": (
        {"join": skip_twice},
        {"skips": "there is a layer Concatenate where no skip joins"},
    ),
    "joined with itself": (
        {"join": lambda x, skips, k: layers.Concatenate()([x, x])},
        {"skips": "joins the upsampled features with themselves"},
    ),
    "three tensors": (
        {"join": lambda x, skips, k: layers.Concatenate()([x, x, skips[k]["kept"]])},
        {"skips": "joins 3 tensors, expected 2"},
    ),
    "joined late": (
        {"join": late_join},
        {"skips": "joins its skip after a convolution", "convolutions": "convolutions, expected"},
    ),
    "joined along the height": (
        {"join": along_height},
        {"poolings": "expected 1 (floors)"},
    ),
    "skip squashed": (
        {
            "join": lambda x, s, k: join(
                x, [{"kept": layers.Activation("tanh")(v["kept"])} for v in s], k
            )
        },
        {"skips": "a skip passes through tanh"},
    ),
    "channels never double": (
        {"channels": lambda n_ch, floor, floors: n_ch},
        {"channels": "the bottom has 11 channels, expected 22 (n_ch·2^1)"},
    ),
    "channels start doubled": (
        {"channels": lambda n_ch, floor, floors: n_ch * 2 ** (floor + 1)},
        {"channels": "floor 0 going down has 22 channels, expected 11 (n_ch·2^0)"},
    ),
    "channels grow linearly": (
        {"channels": lambda n_ch, floor, floors: n_ch * (floor + 1)},
        {"channels": "with input_shape=(48, 16, 1), n_ch=7, floors=2, convs=3: the bottom has 21"},
    ),
    "channels upside down": (
        {"channels": lambda n_ch, floor, floors: n_ch * 2 ** (floors - floor)},
        {"channels": "floor 0 going down has 22 channels"},
    ),
    "n_ch ignored": (
        {"arguments": lambda shape, n_ch, floors, convs: (shape, 16, floors, convs)},
        {"channels": "the number of channels does not change with n_ch: it is always 16"},
    ),
    "n_ch read from a global": (
        {"channels": lambda n_ch, floor, floors: N_CH * 2**floor},
        {"channels": "does not change with n_ch: it is always 6"},
    ),
    "convs read from a global": (
        {"arguments": lambda shape, n_ch, floors, convs: (shape, n_ch, floors, CONVS)},
        {"convolutions": "the number of convolutions does not change with convs: it is always 2"},
    ),
    "floors ignored": (
        {"arguments": lambda shape, n_ch, floors, convs: (shape, n_ch, 1, convs)},
        {"poolings": "the number of poolings does not change with floors", "sizes": "expected a"},
    ),
    "one floor too few": (
        {"arguments": lambda shape, n, floors, convs: (shape, n, max(floors - 1, 0), convs)},
        {"poolings": "your model has 0 poolings, expected 1 (floors)", "skips": "judged once"},
    ),
    "input_shape ignored": (
        {"arguments": lambda shape, *others: ((64, 64, 3), *others)},
        {"input": "your model takes images of shape (64, 64, 3): use input_shape", "sizes": ""},
    ),
    "always three channels in": (
        {"arguments": lambda shape, *others: ((*shape[:2], 3), *others)},
        {"input": "floors=2, convs=3: your model takes images of shape (48, 16, 3)"},
    ),
    "UpSampling2D": (
        {"up": lambda x, n: layers.UpSampling2D()(x)},
        {"upsampling": "your model goes up by UpSampling2D, expected Conv2DTranspose"},
    ),
    "transposed 5": (
        {"up": lambda x, n: layers.Conv2DTranspose(n, 5, strides=2, **P)(x)},
        {"upsampling": "a Conv2DTranspose is 5×5, expected 2×2"},
    ),
    "transposed, tanh": (
        {"up": lambda x, n: layers.Conv2DTranspose(n, 2, strides=2, activation="tanh")(x)},
        {"upsampling": "has the activation tanh, expected none"},
    ),
    "strided convolutions": (
        {"pool": strided},
        {"poolings": "your model goes down by a strided convolution, expected MaxPooling2D"},
    ),
    "average pooling": (
        {"pool": lambda x, n: layers.AveragePooling2D(2)(x)},
        {"poolings": "your model goes down by AveragePooling2D, expected MaxPooling2D"},
    ),
    "pooling of 3": (
        {"pool": lambda x, n: layers.MaxPooling2D(3, strides=2, **P)(x)},
        {"poolings": "a pooling is 3×3, expected 2×2 with strides of 2"},
    ),
    "no sigmoid": (
        {"end": lambda x: layers.Conv2D(1, 1)(x)},
        {"output": "the output has no activation, expected a sigmoid"},
    ),
    "softmax": ({"end": softmax_end}, {"output": "the output has softmax, expected a sigmoid"}),
    "two channels": (
        {"end": lambda x: layers.Conv2D(2, 1, activation="softmax")(x)},
        {"output": "the output has 2 channels, expected 1"},
    ),
    "last convolution 3×3": (
        {"end": lambda x: layers.Conv2D(1, 3, activation="sigmoid", **P)(x)},
        {"output": "the last convolution is 3×3, expected 1×1"},
    ),
    "no last convolution": (
        {"end": lambda x: x},
        {"output": "your model does not end with a 1×1 convolution to 1 channel"},
    ),
    "more after the sigmoid": (
        {"end": lambda x: layers.Dropout(0.5)(end(x))},
        {"output": "something comes after the sigmoid"},
    ),
    "sigmoid twice": (
        {"end": lambda x: layers.Activation("sigmoid")(end(x))},
        {"output": "the output has sigmoid and sigmoid, expected a sigmoid"},
    ),
    "labels out": (
        {"end": lambda x: layers.Rescaling(255)(end(x))},
        {"input": "scaled 2 times", "output": "a Rescaling comes after the last convolution"},
    ),
    "no scaling": (
        {"scale": lambda s: lambda x: x},
        {"input": "nothing scales the images, which come as 0 to 255"},
    ),
    "scaled twice": ({"scale": twice}, {"input": "the images are scaled 2 times, expected once"}),
    "scaled by 1/256": (
        {"scale": lambda s: layers.Rescaling(1 / 256)},
        {"input": "the Rescaling has scale 0.00390625 and offset 0.0, expected 1/255 and 0"},
    ),
    "scaled to -1…1": (
        {"scale": lambda s: layers.Rescaling(1 / 127.5, offset=-1)},
        {"input": "and offset -1, expected 1/255 and 0"},
    ),
    "scaled late": (
        {"scale": lambda s: lambda x: layers.Rescaling(s)(layers.BatchNormalization()(x))},
        {"input": "the scaling is not the first layer"},
    ),
    "5×5": (
        {"conv": lambda x, n: conv(x, n, 5)},
        {"convolutions": "floor 0 going down has a 5×5 convolution, expected 3×3"},
    ),
    "dilated": (
        {"conv": lambda x, n: conv(x, n, dilation_rate=2)},
        {"convolutions": "has dilation_rate or groups, expected none"},
    ),
    "no ReLU": (
        {"conv": lambda x, n: conv(x, n, activation=None)},
        {"convolutions": "a convolution of floor 0 going down has no activation, expected ReLU"},
    ),
    "tanh": (
        {"conv": lambda x, n: conv(x, n, activation="tanh")},
        {"convolutions": "a convolution of floor 0 going down has tanh, expected ReLU"},
    ),
    "leaky ReLU": (
        {"conv": lambda x, n: layers.ReLU(negative_slope=0.1)(conv(x, n, activation=None))},
        {"convolutions": "has a changed ReLU, expected ReLU"},
    ),
    "residual blocks": (
        {"conv": residual},
        {"skips": "there is a layer Add where no skip joins, expected none"},
    ),
    "no bottom": (
        {"convs_bottom": lambda convs: 0},
        {"convolutions": "the bottom has 0 convolutions, expected 2 (convs)"},
    ),
    "no convolutions going up": (
        {"convs_up": lambda convs: 0},
        {"convolutions": "floor 0 going up has 0 convolutions, expected 2 (convs)"},
    ),
    "one convolution going up": (
        {"convs_up": lambda convs: 1},
        {"convolutions": "floor 0 going up has 1 convolution, expected 2 (convs)"},
    ),
    "odd sizes pass, keras.ops": (
        {
            "refuse": lambda shape, floors: None,
            "join": lambda x, skips, k: keras.ops.concatenate([x, skips[k]["kept"]], axis=-1),
        },
        {"sizes": "Keras raised the ValueError, on joining a skip; raise your own first: expected"},
    ),
    "odd sizes pass": (
        {"refuse": lambda shape, floors: None},
        {"sizes": "Keras raised the ValueError, on joining a skip; raise your own first: expected"},
    ),
}


@pytest.mark.usefixtures("fewer_cases")
@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers(name, capsys):
    changes, expected = WRONG[name]
    verdict = check.build_unet(variant(**changes))
    out = capsys.readouterr().out
    assert verdict.attempted
    assert not verdict
    assert out.startswith(f"✗ Not yet ({verdict.points} of 10 points):\n")
    parts = {part.name: part for part in verdict.parts}
    for part, message in expected.items():
        assert parts[part].points == 0, out
        assert message in parts[part].message, out
        assert parts[part].message in out
    if not any("judged once" in part.message for part in verdict.parts) and len(expected) == 1:
        assert [part.name for part in verdict.parts if not part.points] == list(expected), out
    assert all(len(line) < 400 for line in out.splitlines())


def only_cnn(input_shape, n_ch, floors, convs=2):
    return build_cnn(input_shape, n_ch)


def no_decoder(input_shape, n_ch, floors, convs=2):
    refuse(input_shape, floors)
    inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 255)(inputs)
    for floor in range(floors):
        x = pool(conv(x, n_ch * 2**floor), n_ch)
    return keras.Model(inputs, end(x))


def valid_padding(input_shape, n_ch, floors, convs=2):
    return variant(conv=lambda x, n: conv(x, n, padding="valid"))(input_shape, n_ch, floors, convs)


def shared_weights(input_shape, n_ch, floors, convs=2):
    inputs = keras.Input(input_shape)
    same = layers.Conv2D(3, 3, **P)
    return keras.Model(inputs, end(same(same(layers.Conv2D(3, 1)(inputs)))))


def unlisted_layer(input_shape, n_ch, floors, convs=2):
    return variant(end=lambda x: end(layers.LayerNormalization()(x)))(
        input_shape, n_ch, floors, convs
    )


def nested_model(input_shape, n_ch, floors, convs=2):
    inner = build_unet(input_shape, n_ch, floors, convs)
    return keras.Sequential([keras.Input(input_shape), inner])


class Subclassed(keras.Model):
    def __init__(self, builder):
        super().__init__()
        self.builder = builder

    def call(self, x):
        return x


@pytest.mark.usefixtures("fewer_cases")
@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda *args, **kw: None, "your function returned None: is there a `return` at its end?"),
        (lambda *args, **kw: [build_unet], "your function returned list, not a model"),
        (lambda *args, **kw: keras.Input((8, 8, 3)), "returned KerasTensor, not a model"),
        (lambda *args, **kw: 1 + "1", "raised TypeError: unsupported operand type(s) for +"),
        (lambda shape, n_ch: None, "your function raised TypeError: <lambda>() got an unexpected"),
        (lambda *args, **kw: Subclassed(min), "keep the model flat"),
        (nested_model, "the model holds a Functional layer; keep the model flat"),
        (unlisted_layer, "is a LayerNormalization; this exercise takes InputLayer, Rescaling, "),
        (shared_weights, "is used in two places, which then share their weights"),
        (valid_padding, "(does each skip join on its own floor, the last one kept first?)"),
        (
            variant(join=skip_of_wrong_floor),
            "floors=2, convs=3: your function raised ValueError: A `Concatenate` layer",
        ),
        (only_cnn, "the number of poolings does not change with floors: it is always 0"),
        (no_decoder, "your model has 0 upsamplings, expected 1: one Conv2DTranspose for each"),
        (no_decoder, "the output is 24×12 pixels, expected the size of the input"),
    ],
)
def test_other_wrong_answers(build, message, capsys):
    verdict = check.build_unet(build)
    out = capsys.readouterr().out
    assert message in out
    assert verdict.attempted
    assert not verdict
    assert verdict.points <= 4


def test_valid_padding_where_nothing_joins():
    cases = [{"input_shape": [20, 22, 3], "n_ch": 3, "floors": 0, "convs": n} for n in (1, 2, 3)]
    verdict = judge(UNET, cases, UNET.answers(valid_padding, cases))
    assert "the only floor shrinks the image: use padding='same'" in verdict.message
    assert "the output is 18×20 pixels" in verdict.message


@pytest.mark.usefixtures("fewer_cases")
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("wrong size"), "says 'wrong size', expected a sentence with 20 and 2**3 = 8"),
        (
            ValueError("(20, 48, 3)!"),
            "says '(20, 48, 3)!', expected a sentence with 20 and 2**3 = 8",
        ),
        (AssertionError("20 % 8"), "your function raised AssertionError, expected a ValueError"),
        (NotImplementedError(), "your function raised NotImplementedError, expected a ValueError"),
    ],
)
def test_refusals(error, message, capsys):
    def refuse_with(shape, floors):
        if shape[0] % 2**floors or shape[1] % 2**floors:
            raise error

    verdict = check.build_unet(variant(refuse=refuse_with))
    assert message in capsys.readouterr().out
    assert verdict.points == 9


def test_a_refusal_may_name_the_power():
    def refuse_with(shape, floors):
        for size in shape[:2]:
            if size % 2**floors:
                raise ValueError(f"2**{floors} does not divide {size}")

    assert check.build_unet(variant(refuse=refuse_with))


def test_refusing_every_size_earns_nothing():
    def build(input_shape, n_ch, floors, convs=2):
        raise ValueError(f"{input_shape} cannot be divided by {2**floors}")

    assert check.build_unet(build).points == 0


def test_a_list_that_grows_from_call_to_call(capsys):
    kept = []

    def join_wrongly(x, skips, floor):
        kept.extend(skip["kept"] for skip in skips)
        return layers.Concatenate()([x, kept[floor]])

    assert not check.build_unet(variant(join=join_wrongly))
    assert "floors=1, convs=2" not in capsys.readouterr().out  # the first call was right


def test_the_student_who_wrote_a_part_of_it():
    def build(input_shape, n_ch, floors, convs=2):
        if floors > 1:
            raise NotImplementedError
        return build_unet(input_shape, n_ch, floors, convs)

    verdict = check.build_unet(build)
    assert verdict.attempted
    assert "floors=2, convs=3: your function raised NotImplementedError" in verdict.message


# --- the outcomes ----------------------------------------------------------------------------


def not_yet(input_shape, n_ch, floors, convs=2):
    raise NotImplementedError("write build_unet")


def test_not_attempted(capsys):
    verdict = check.build_unet(not_yet)
    assert capsys.readouterr().out == (
        "… Not attempted yet. Write the function and run this cell again; "
        'labseg.hint("build_unet") gives a hint.\n'
    )
    assert not verdict
    assert not verdict.attempted
    assert not verdict.passed
    assert (verdict.points, verdict.max_points) == (0, 10)


def test_wrong_as_printed(capsys):
    check.build_unet(variant(join=add_skip, end=softmax_end))
    assert capsys.readouterr().out == (
        "✗ Not yet (7 of 10 points):\n"
        "  ✗ skips: with input_shape=(48, 24, 3), n_ch=11, floors=1, convs=2: floor 0 going up "
        "joins its skip by Add, expected Concatenate\n"
        "  ✗ output: with input_shape=(48, 24, 3), n_ch=11, floors=1, convs=2: the output has "
        "softmax, expected a sigmoid\n"
        "  ✓ right so far: model, input, poolings, convolutions, channels, upsampling, sizes\n"
        '  labseg.hint("build_unet") gives a hint.\n'
    )


def test_the_verdict_is_shown_once():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    verdict = check.build_unet(not_yet)
    assert isinstance(verdict, Verdict)
    assert shell.display_formatter.format(verdict) == ({}, {})
    assert repr(verdict) == "<build_unet: not attempted, 0 of 10 points>"
    InteractiveShell.clear_instance()


def test_it_takes_the_function_itself():
    for wrong in (None, build_unet((8, 8, 3), 3, 1)):
        with pytest.raises(TypeError, match=r"Give the function itself: labseg\.check\.build_unet"):
            check.build_unet(wrong)


# --- hostile answers ---------------------------------------------------------------------------


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


def test_configurations_with_a_broken_place(right_answers):
    """Whatever is put at whatever place, the verdict is a verdict."""
    rng = random.Random(0)
    case, text = CASES[0], right_answers[0]["config"]
    paths = [path for path in places(json.loads(text)) if "kernel_initializer" not in path]
    for _ in range(600):
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


def test_huge_models_are_judged_quickly():
    layer = {"class_name": "UpSampling2D", "config": {"size": [100_000, 100_000]}}
    chain = [{"class_name": "InputLayer", "config": {"name": "0", "batch_shape": [1, 2, 2, 3]}}]
    chain += [copy.deepcopy(layer) for _ in range(1500)]
    for i, entry in enumerate(chain):
        entry["config"]["name"] = str(i)
    head = {"class_name": "Conv2D", "config": {"name": "h", "filters": 1, "activation": "sigmoid"}}
    config = {"class_name": "Sequential", "config": {"layers": [*chain, head]}}
    assert not judge(UNET, CASES, [{"config": json.dumps(config)}] * 7)
