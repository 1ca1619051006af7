"""Right answers to test with: the two models as the lessons ask for them."""

import keras
from keras import layers


def build_cnn(input_shape, n_ch, L=3):
    """L convolutions of 3 × 3, channels doubling from n_ch, then a 1 × 1 one with a sigmoid."""
    model = keras.Sequential([keras.Input(input_shape), layers.Rescaling(1 / 255)])
    for level in range(L):
        model.add(layers.Conv2D(n_ch * 2**level, 3, padding="same", activation="relu"))
    model.add(layers.Conv2D(1, 1, activation="sigmoid"))
    return model


def build_unet(input_shape, n_ch, floors, convs=2):
    """The U-Net with `floors` poolings; floor k has n_ch·2^k channels."""
    if input_shape[0] % 2**floors or input_shape[1] % 2**floors:
        raise ValueError(
            f"{input_shape[0]}×{input_shape[1]} images cannot be halved {floors} times: "
            f"both sizes must be divisible by {2**floors}."
        )

    def block(x, floor):
        for _ in range(convs):
            x = layers.Conv2D(n_ch * 2**floor, 3, padding="same", activation="relu")(x)
        return x

    inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 255)(inputs)
    skips = []
    for floor in range(floors):
        x = block(x, floor)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = block(x, floors)
    for floor in reversed(range(floors)):
        x = layers.Conv2DTranspose(n_ch * 2**floor, 2, strides=2)(x)
        x = layers.Concatenate()([x, skips[floor]])
        x = block(x, floor)
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))
