"""The network for photographs: a U-Net that spends little on its full-size floor."""

SIZE = 192, 288  # height and width of its pictures
TOP = 8  # channels at full size
CHANNELS = 24, 48, 80, 112, 128  # of the floors below, each at half the size of the one above


def build(size=SIZE, top=TOP, channels=CHANNELS):
    """uint8 pictures (h, w, 3) as they are loaded → scores (h, w, 1); 32 divides h and w.

    Most of a U-Net's time goes into its top floors, whose channels say little more than where
    edges are: here they are few, and a convolution with stride 2 leads down to the rest.
    """
    from keras import Input, Model, layers

    def convolutions(x, filters, count, strides=1):
        for k in range(count):
            x = layers.Conv2D(
                filters, 3, strides=strides if k == 0 else 1, padding="same", use_bias=False
            )(x)
            x = layers.BatchNormalization(momentum=0.98)(x)
            x = layers.ReLU()(x)
        return x

    inputs = Input((*size, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = full = convolutions(x, top, 1)
    x = convolutions(x, channels[0], 2, strides=2)
    skips = []
    for filters in channels[1:]:
        skips.append(x)
        x = convolutions(layers.MaxPooling2D()(x), filters, 2)
    for filters, skip in zip(channels[-2::-1], reversed(skips), strict=True):
        x = layers.Conv2DTranspose(filters, 2, strides=2)(x)
        x = convolutions(layers.Concatenate()([x, skip]), filters, 2)
    x = layers.Conv2DTranspose(top, 2, strides=2)(x)
    x = convolutions(layers.Concatenate()([x, full]), top, 1)
    return Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x), name="photo")
