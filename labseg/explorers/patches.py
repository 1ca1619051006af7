"""The explorer of receptive fields: the patch of a picture that one score depends on."""

from html import escape

import numpy as np
from matplotlib.patches import Rectangle

from labseg import plot
from labseg.arguments import filled_dict, whole_number
from labseg.errors import InvalidValue
from labseg.explorers.explorer import Explorer, Slider
from labseg.explorers.page import picture, side_by_side
from labseg.explorers.pixels import LARGE, enlarged, factor, framed, one_mask, photo
from labseg.layers import seen_pixels

DARK = 0.25  # how bright what a network cannot see is left


def receptive_field(models, image, mask=None, at=None):
    """Move a pixel over a picture: what lies in the patch that its score depends on is bright.

    models: a Keras model or several as {name: model}, each from pictures to scores (h, w, 1).
    image: (h, w, 3), as the models take it. mask: the true one, (h, w) or (h, w, 1), 0 and 1, if
    the truth is to be named. at: (row, column) to begin at; if None, where the scores of the
    first and the last model differ most, or in the middle.
    Returns an Explorer. Raises ValueError for other shapes or values, and for layers through
    which `labseg.receptive_field` cannot see.
    """
    if not isinstance(models, dict):
        models = {"the network": models}
    filled_dict("models", models, "a Keras model, or several as {name: model}")
    shown = photo(image)
    mask = None if mask is None else one_mask(mask, shown)
    fields = [_Field(str(name), model, np.asarray(image)) for name, model in models.items()]
    row, column = _start(at, fields)

    def view(row, column):
        lines = [field.html(shown, row, column) for field in fields]
        return f"<div>{_place(mask, row, column)}:</div>{''.join(lines)}"

    height, width = shown.shape[:2]
    sliders = {
        "row": Slider("row", 0, height - 1, row),
        "column": Slider("column", 0, width - 1, column),
    }
    return Explorer(sliders, view, lambda: _still(fields, shown, mask, row, column))


def _word(car):
    return "car" if car else "background"


def _place(mask, row, column):
    truth = "" if mask is None else f", which is {_word(mask[row, column])}"
    return f"The pixel in row {row} and column {column}{truth}"


class _Field:
    """One network's scores on a picture, and what each of them depends on."""

    def __init__(self, name, model, image):
        self.name = name
        try:
            spans = [seen_pixels(model, n, axis) for axis, n in enumerate(image.shape[:2])]
        except InvalidValue as error:
            raise InvalidValue(f"{name}: {error}.") from None
        taken = model.input_shape[1:]
        fits = len(taken) == 3 and all(
            n in (None, m) for n, m in zip(taken, image.shape, strict=True)
        )
        if not fits:
            raise InvalidValue(f"{name} takes pictures of shape {taken}, not {image.shape}.")
        scores = _scores(model, image)
        if scores.shape != (*image.shape[:2], 1):
            raise InvalidValue(
                f"{name} turns a picture of shape {image.shape} into {scores.shape}; expected "
                "one score a pixel, (h, w, 1)."
            )
        self.rows, self.columns = spans
        self.scores = scores[..., 0]

    def patch(self, row, column):
        """What the score depends on: as two slices within the picture, and its full size."""
        spans = self.rows[row], self.columns[column]
        inside = tuple(slice(max(first, 0), max(last + 1, 0)) for first, last in spans)
        return inside, tuple(last - first + 1 for first, last in spans)

    def said(self, row, column):
        """The score there and what it depends on, in words."""
        (rows, columns), (high, wide) = self.patch(row, column)
        all_of_it = self.scores[rows, columns].shape == self.scores.shape
        return (
            f"{self.name}: score {self.scores[row, column]:.2f}, from {high}×{wide} pixels"
            + ", the whole picture" * all_of_it
        )

    def lit(self, image, row, column):
        """The picture, dark but for the patch."""
        inside, _ = self.patch(row, column)
        shown = (image * DARK).astype(np.uint8)
        shown[inside] = image[inside]
        return shown

    def html(self, image, row, column):
        (rows, columns), _ = self.patch(row, column)
        said, times = self.said(row, column), factor(image.shape[1], LARGE)
        pixel = slice(row, row + 1), slice(column, column + 1)
        large = framed(enlarged(self.lit(image, row, column), times), (rows, columns), times)
        large = framed(large, pixel, times, fine=True)
        words = f"The picture, dark but for what counts. {said}."
        parts = [picture(large, words, "in the picture")]
        alone = image[rows, columns]
        if alone.size:
            close = min(n // own for n, own in zip(large.shape[:2], alone.shape[:2], strict=True))
            inside = (
                slice(row - rows.start, row - rows.start + 1),
                slice(column - columns.start, column - columns.start + 1),
            )
            alone = framed(enlarged(alone, close), inside, close)
            parts.append(picture(alone, "What counts alone, enlarged.", "alone"))
        title = f'<div style="margin-top: 8px"><b>{escape(said)}</b></div>'
        return title + side_by_side(*parts)


def _scores(model, image):
    """What a model gives for one picture."""
    import keras

    return keras.ops.convert_to_numpy(model(image[None], training=False))[0]


def _start(at, fields):
    """(row, column) of the pixel that is shown at first."""
    height, width = fields[0].scores.shape
    if at is None:
        apart = np.abs(fields[0].scores - fields[-1].scores)
        middle = height // 2, width // 2
        return np.unravel_index(apart.argmax(), apart.shape) if apart.any() else middle
    try:
        row, column = (whole_number("at", n, 0) for n in at)
    except (TypeError, ValueError):
        row, column = height, width
    if row >= height or column >= width:
        raise InvalidValue(
            f"at={at!r}: give (row, column), from (0, 0) to ({height - 1}, {width - 1})."
        )
    return row, column


def _still(fields, image, mask, row, column):
    """The pixel that is shown at first: the picture dark but for the patch, and the patch."""
    axes = plot.grid(len(fields), 2, height=2.4, width=3.6)
    for (left, right), field in zip(axes, fields, strict=True):
        (rows, columns), _ = field.patch(row, column)
        plot.picture(left, field.lit(image, row, column), field.said(row, column))
        left.plot(column, row, "s", markersize=5, markerfacecolor="none", color=plot.ORANGE)
        corner = columns.start - 0.5, rows.start - 0.5
        alone = image[rows, columns]
        if alone.size:
            size = alone.shape[1], alone.shape[0]
            left.add_patch(Rectangle(corner, *size, fill=False, edgecolor=plot.ORANGE))
            plot.picture(right, alone, "these pixels alone, enlarged")
    said = "; ".join(field.said(row, column) for field in fields)
    text = (
        "A picture for each network, dark but for the patch that one score depends on, and beside "
        f"it the patch alone. {_place(mask, row, column)}. {said}."
    )
    return text, plot.as_html(text)
