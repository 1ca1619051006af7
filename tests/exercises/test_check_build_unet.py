"""The U-Net check: wrong answers hear what is wrong."""

import functools

import keras
import pytest
from keras import layers, ops
from reference import build_cnn, build_unet
from unets import (
    Block,
    P,
    conv,
    end,
    join,
    pool,
    refuse,
    up,
    valid_padding,
    variant,
    with_open_sizes,
)

from labseg.exercises import build_unet as exercise
from labseg.exercises import check
from labseg.exercises.judge import judge
from labseg.exercises.verdict import Verdict

UNET = exercise.EXERCISE
CASES = UNET.cases(0)


def add_skip(x, skips, floor):
    return layers.Add()([x, skips[floor]["kept"]])


def skip_after_pooling(x, skips, floor):
    kept = skips[floor - 1]["pooled"] if floor else skips[floor]["kept"]
    return layers.Concatenate()([x, kept])


def skip_after_its_pooling(x, skips, floor):
    return layers.Concatenate()([x, skips[floor]["pooled"]])


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
        {"model": "24×8: each skip joins on its own floor, and what was kept last is needed first"},
    ),
    "skip after its own pooling": (
        {"join": skip_after_its_pooling},
        {"model": "has 24×12 pixels, expected 48×24: keep the features before you pool them"},
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
    "n_ch to the power of the floor": (
        {"channels": lambda n_ch, floor, floors: n_ch**floor},
        {"channels": "floor 0 going down has 1 channel, expected 11 (n_ch·2^0)"},
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
    "transposed 1": (
        {"up": lambda x, n: layers.Conv2DTranspose(n, 1, strides=2)(x)},
        {"upsampling": "a Conv2DTranspose is 1×1, which leaves gaps: use a 2×2 kernel"},
    ),
    "transposed, other channels": (
        {"up": lambda x, n: layers.Conv2DTranspose(2 * n, 2, strides=2)(x)},
        {"channels": "the Conv2DTranspose to floor 0 has 22 channels, expected 11 (n_ch·2^0)"},
    ),
    **{
        f"transposed, {name}": (
            {"up": lambda x, n, options=options: layers.Conv2DTranspose(n, **options)(x)},
            {"model": f"Keras cannot build the model, since a Conv2DTranspose {message}"},
        )
        for name, options, message in [
            (
                "3, as in lesson 4.2",
                {"kernel_size": 3, "strides": 2},
                "is 3×3 with padding='valid' (the default), which makes 2n + 1 pixels of n: use "
                "a 2×2 kernel, or padding='same', which double the size",
            ),
            (
                "4",
                {"kernel_size": 4, "strides": 2},
                "is 4×4 with padding='valid' (the default), which makes 2n + 2 pixels of n",
            ),
            (
                "2 and a pixel",
                {"kernel_size": 2, "strides": 2, "output_padding": 1},
                "is 2×2 with output_padding, which makes 2n + 1 pixels of n",
            ),
            ("no strides", {"kernel_size": 2}, "has strides 1×1, expected 2×2 to double the size"),
        ]
    },
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
    "pooling of 4": (
        {"pool": lambda x, n: layers.MaxPooling2D(4)(x)},
        {"model": "cannot build the model, since a pooling is 4×4, expected 2×2"},
    ),
    "pooling without strides": (
        {"pool": lambda x, n: layers.MaxPooling2D(2, strides=1)(x)},
        {"model": "cannot build the model, since a pooling has strides 1×1, expected 2×2"},
    ),
    "no pooling": (
        {"pool": lambda x, n: x},
        {"model": "since there are 0 poolings before the first upsampling, expected 1 (floors)"},
    ),
    "strides in the block": (
        {"conv": lambda x, n: conv(x, n, strides=2)},
        {"model": "cannot build the model, since a Conv2D has strides 2×2, expected none"},
    ),
    "padded by too much": (
        {"conv": lambda x, n: conv(layers.ZeroPadding2D(2)(x), n, padding="valid")},
        {"model": "a ZeroPadding2D and a Conv2D together give another size"},
    ),
    "skip cropped": (
        {
            "conv": lambda x, n: conv(x, n, padding="valid"),
            "join": lambda x, s, k: layers.Concatenate()([x, layers.Cropping2D(1)(s[k]["kept"])]),
        },
        {"model": "since a Conv2D is 3×3 with padding='valid' (the default), which shrinks"},
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
    "normalized before the sigmoid": (
        {
            "end": lambda x: keras.activations.sigmoid(
                layers.BatchNormalization()(layers.Conv2D(1, 1)(x))
            )
        },
        {"output": "a BatchNormalization comes between the last convolution and the sigmoid"},
    ),
    "whole numbers out": (
        {"end": lambda x: ops.cast(end(x), "uint8")},
        {"output": "the output is uint8, expected float32"},
    ),
    "padded at the end": (
        {"end": lambda x: layers.Cropping2D(1)(layers.ZeroPadding2D(1)(end(x)))},
        {"output": "a ZeroPadding2D comes after", "convolutions": "there is a ZeroPadding2D"},
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
    "255 / x": (
        {"scale": lambda s: lambda x: 255 / x},
        {"input": "a number is divided by the images, expected the images divided by 255"},
    ),
    "x / 127.5 - 1": (
        {"scale": lambda s: lambda x: x / 127.5 - 1},
        {"input": "the images are scaled 2 times, expected once"},
    ),
    "scaled, then whole numbers": (
        {"scale": lambda s: lambda x: ops.cast(x / 255, "int32")},
        {"input": "the scaled images become int32, expected float32"},
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
    **{
        f"{name} for ReLU": ({"conv": convolution}, {"convolutions": f"has {name}, expected ReLU"})
        for name, convolution in {
            "leaky_relu": lambda x, n: conv(x, n, activation="leaky_relu"),
            "LeakyReLU": lambda x, n: layers.LeakyReLU()(conv(x, n, activation=None)),
            "LeakyRelu": lambda x, n: ops.leaky_relu(conv(x, n, activation=None)),
            "PReLU": lambda x, n: layers.PReLU()(conv(x, n, activation=None)),
            "a changed ReLU": lambda x, n: conv(x, n, activation=layers.ReLU(negative_slope=0.1)),
            "a function that cannot be read": lambda x, n: conv(x, n, activation=lambda t: t),
        }.items()
    },
    "nearly all dropped": (
        {"conv": lambda x, n: layers.Dropout(0.99)(conv(x, n))},
        {"convolutions": "a Dropout has the rate 0.99, expected at most 0.5"},
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
    assert out.startswith(f"✗ Not yet ({verdict.points} of 14 points):\n")
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


def shared_weights(input_shape, n_ch, floors, convs=2):
    inputs = keras.Input(input_shape)
    same = layers.Conv2D(3, 3, **P)
    return keras.Model(inputs, end(same(same(layers.Conv2D(3, 1)(inputs)))))


def unlisted_layer(input_shape, n_ch, floors, convs=2):
    return variant(end=lambda x: end(layers.LayerNormalization()(x)))(
        input_shape, n_ch, floors, convs
    )


def with_batch_size(input_shape, n_ch, floors, convs=2):
    inputs = keras.Input(batch_shape=(4, *input_shape))
    return keras.Model(inputs, build_unet(input_shape, n_ch, floors, convs)(inputs))


def skips_from(step):
    """Keeps the features of one step of each block: the convolution, BatchNormalization, …"""

    def build(input_shape, n_ch, floors, convs=2):
        refuse(input_shape, floors)

        def block(x, n):
            for _ in range(convs):
                steps = {"convolution": layers.Conv2D(n, 3, **P)(x)}
                steps["normalization"] = layers.BatchNormalization()(steps["convolution"])
                steps["other ReLU"] = layers.ReLU()(steps["convolution"])
                steps["same ReLU"] = layers.ReLU()(steps["normalization"])
                x = layers.ReLU()(steps["normalization"])
            return x, steps[step]

        inputs = keras.Input(input_shape)
        x, skips = layers.Rescaling(1 / 255)(inputs), []
        for floor in range(floors):
            x, kept = block(x, n_ch * 2**floor)
            skips.append(kept)
            x = pool(x, n_ch)
        x, _ = block(x, n_ch * 2**floors)
        for floor in reversed(range(floors)):
            n = n_ch * 2**floor
            x, _ = block(layers.Concatenate()([up(x, n), skips[floor]]), n)
        return keras.Model(inputs, end(x))

    return build


@pytest.mark.usefixtures("fewer_cases")
@pytest.mark.parametrize(
    ("build", "part", "message"),
    [
        (
            skips_from("convolution"),
            "skips",
            "floor 0 going up joins features from before the BatchNormalization and ReLU of",
        ),
        (skips_from("normalization"), "skips", "joins features from before the ReLU of floor 0"),
        (skips_from("other ReLU"), "skips", "joins features from before the BatchNormalization of"),
        (with_batch_size, "input", "your model takes exactly 4 images at a time: leave their"),
        (
            lambda shape, *args, **kw: with_open_sizes((32, 32, shape[2]), *args, **kw),
            "sizes",
            "no exception, expected a ValueError",
        ),
    ],
)
def test_one_part_is_wrong(build, part, message):
    verdict = check.build_unet(build)
    parts = {part.name: part for part in verdict.parts if not part.points}
    assert list(parts) == [part]
    assert message in parts[part].message


def test_a_skip_may_have_a_relu_of_its_own():
    assert judge(UNET, CASES, UNET.answers(skips_from("same ReLU"), CASES))


def with_lambda(*args, **kwargs):
    return variant(scale=lambda s: layers.Lambda(lambda x: x * s))(*args, **kwargs)


def shared_blocks(input_shape, n_ch, floors, convs=2):
    inputs = keras.Input(input_shape)
    block = Block(input_shape[2])
    return keras.Model(inputs, end(block(block(layers.Rescaling(1 / 255)(inputs)))))


class Unreadable(layers.Layer):
    """A convolution that isn't made of layers."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels

    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], self.channels))

    def call(self, x):
        return ops.relu(ops.conv(x, self.kernel, **P))


def unreadable_block(x, n):
    return Unreadable(n)(x)


class Untraceable(layers.Layer):
    def call(self, x):
        assert not isinstance(x, keras.KerasTensor)
        return x


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
        (
            lambda *args, **kw: [build_unet],
            "your function returned something of type list, not a model",
        ),
        (
            lambda *args, **kw: keras.Input((8, 8, 3)),
            "returned something of type KerasTensor, not a model",
        ),
        (lambda *args, **kw: 1 + "1", "raised TypeError: unsupported operand type(s) for +"),
        (lambda shape, n_ch: None, "your function raised TypeError: <lambda>() got an unexpected"),
        (
            lambda *args, **kw: Subclassed(min),
            "your model cannot be read: Subclassed is a class of its own, not a functional model: "
            "return keras.Model(inputs, outputs)",
        ),
        (with_lambda, "is a Lambda, whose code cannot be read (nor loaded from a file): use "),
        (variant(conv=unreadable_block), "is a Conv; this exercise takes InputLayer, Rescaling"),
        (
            variant(conv=lambda x, n: Untraceable()(conv(x, n))),
            "is of your own class Untraceable, which cannot be read: write it as a function",
        ),
        (
            variant(conv=lambda x, n: conv(x, n, activation=functools.partial(ops.relu))),
            "your model cannot be read: Keras cannot write the model as text: Cannot serialize",
        ),
        (shared_blocks, "the Conv2D layer 'conv' is used in two places, which then share"),
        (unlisted_layer, "is a LayerNormalization; this exercise takes InputLayer, Rescaling, "),
        (shared_weights, "is used in two places, which then share their weights"),
        (valid_padding, "since a Conv2D is 3×3 with padding='valid' (the default), which shrinks"),
        (
            variant(join=skip_of_wrong_floor),
            "floors=2, convs=3: Keras cannot build the model, since the skip joined on floor 1 has",
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
    assert verdict.points == 13


class WrongSize(ValueError):
    pass


@pytest.mark.usefixtures("fewer_cases")
@pytest.mark.parametrize(
    "message",
    [
        "2**{floors} does not divide {size}",
        "{size} cannot be divided by 2^{floors}.",
        "{size} is no multiple of 2{superscript}",
        "{size} must be divisible by 2 to the power {floors}",
        "{size}: use multiples of 2 to the power of {floors}",
        "{size} is not divisible by {divisor}",
        "the shape (None, {size}, 3) is not divisible by {divisor}",
        "size {size} must be divisible by 2**floors, floors={floors}",
    ],
)
@pytest.mark.parametrize("error", [ValueError, WrongSize])
def test_a_refusal_may_name_the_power(message, error):
    def refuse_with(shape, floors):
        for size in shape[:2]:
            if size % 2**floors:
                numbers = {"superscript": "⁰¹²³⁴"[floors], "divisor": 2**floors}
                raise error(message.format(size=size, floors=floors, **numbers))

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
    assert (verdict.points, verdict.max_points) == (0, 14)


def test_wrong_as_printed(capsys, monkeypatch):
    monkeypatch.setattr("labseg.exercises.check._wrong", {})  # as if it were the first try
    check.build_unet(variant(join=add_skip, end=softmax_end))
    assert capsys.readouterr().out == (
        "✗ Not yet (10 of 14 points):\n"
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
    assert repr(verdict) == "<build_unet: not attempted, 0 of 14 points>"
    InteractiveShell.clear_instance()


def test_the_hints_say_what_the_contract_says():
    text = " ".join(UNET.hints)
    assert "BatchNormalization between convolution and ReLU is recommended" in text
    assert "raise ValueError" in text
    assert "InvalidValue" not in text


def test_it_takes_the_function_itself():
    for wrong in (None, build_unet((8, 8, 3), 3, 1)):
        with pytest.raises(TypeError, match=r"Give the function itself: labseg\.check\.build_unet"):
            check.build_unet(wrong)
