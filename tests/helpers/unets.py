"""U-Nets as students write them: right but for the steps that are replaced, or in other words."""

import keras
from keras import layers, ops
from reference import build_unet

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


def conv_bn_relu(x, n):
    x = layers.Conv2D(n, 3, use_bias=False, kernel_initializer="he_normal", **P)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def with_open_sizes(input_shape, n_ch, floors, convs=2):
    refuse(input_shape, floors)
    build = variant(refuse=lambda shape, floors: None, conv=conv_bn_relu)
    return build((None, None, input_shape[2]), n_ch, floors, convs)


def valid_padding(input_shape, n_ch, floors, convs=2):
    return variant(conv=lambda x, n: conv(x, n, padding="valid"))(input_shape, n_ch, floors, convs)


# Models and layers within the model, and of one's own class.


class Block(layers.Layer):
    def __init__(self, channels):
        super().__init__()
        self.conv = layers.Conv2D(channels, 3, name="conv", **P)
        self.normalize = layers.BatchNormalization(name="bn")

    def call(self, x, training=None):
        return ops.relu(self.normalize(self.conv(x), training=training))


class UpAndJoin(layers.Layer):
    def __init__(self, channels):
        super().__init__()
        self.up = layers.Conv2DTranspose(channels, 2, strides=2)

    def call(self, x, skip):
        return layers.concatenate([self.up(x), skip])


class Halve(layers.Layer):
    def call(self, x):
        return ops.max_pool(x, 2, strides=2)


class Conv3(layers.Conv2D):
    def __init__(self, channels):
        super().__init__(channels, 3, activation="relu", **P)


class SequentialBlock(keras.Sequential):
    def __init__(self, channels):
        super().__init__([layers.Conv2D(channels, 3, **P), layers.ReLU()])


class PlainCallable:
    def __init__(self, channels):
        self.conv = layers.Conv2D(channels, 3, activation="relu", **P)

    def __call__(self, x):
        return self.conv(x)


class OwnModel(keras.Model):
    """A functional model with another constructor."""

    def __init__(self, *args, **kwargs):
        model = build_unet(*args, **kwargs)
        super().__init__(model.inputs, model.outputs)


class Renamed(keras.Model):
    pass


def renamed(*args, **kwargs):
    model = variant(conv=lambda x, n: Block(n)(x))(*args, **kwargs)
    return Renamed(model.inputs, model.outputs)


def nested_model(input_shape, n_ch, floors, convs=2):
    inner = build_unet(input_shape, n_ch, floors, convs)
    return keras.Sequential([keras.Input(input_shape), inner])


def sequential_block(x, n):
    block = [layers.Conv2D(n, 3, name="conv", **P), layers.BatchNormalization(), layers.ReLU()]
    return keras.Sequential(block)(x)


def functional_block(x, n):
    inputs = keras.Input(x.shape[1:])
    return keras.Model(inputs, conv(inputs, n))(x)


def encoder_and_decoder(input_shape, n_ch, floors, convs=2):
    """Two models: one gives all skips, the other takes them."""
    whole = build_unet(input_shape, n_ch, floors, convs)
    skips = [layer.input for layer in whole.layers if isinstance(layer, layers.MaxPooling2D)]
    ups = [layer.input for layer in whole.layers if isinstance(layer, layers.Conv2DTranspose)]
    cut = [*skips, ups[0] if ups else whole.layers[-1].input]
    inputs = keras.Input(input_shape)
    features = keras.Model(whole.inputs, cut, name="encoder")(inputs)
    decoder = keras.Model(cut, whole.outputs, name="decoder")
    return keras.Model(inputs, decoder(features if floors else features[0]))


HALVE = Halve()
NESTED = {
    "a model in a Sequential": nested_model,
    "Sequential blocks": variant(conv=sequential_block),
    "functional blocks": variant(conv=functional_block),
    "encoder and decoder": encoder_and_decoder,
    "a plain class": variant(conv=lambda x, n: PlainCallable(n)(x)),
}
OWN = {
    "Block": variant(conv=lambda x, n: Block(n)(x)),
    "UpAndJoin": variant(
        up=lambda x, n: x,
        join=lambda x, skips, k: UpAndJoin(skips[k]["kept"].shape[-1])(x, skips[k]["kept"]),
    ),
    "Halve": variant(pool=lambda x, n: HALVE(x)),
    "Conv3": variant(conv=lambda x, n: Conv3(n)(x)),
    "SequentialBlock": variant(conv=lambda x, n: SequentialBlock(n)(x)),
    "OwnModel": lambda *args, **kwargs: OwnModel(*args, **kwargs),
    "Block, Renamed": renamed,
}
