"""The figures show what they are given."""

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

import labseg
from labseg import plot

MASK = np.zeros((20, 30), np.uint8)
MASK[5:15, 10:25] = 1
IMAGE = np.full((20, 30, 3), 100, np.uint8)
IMAGE[MASK == 1] = 200
CARS = labseg.Cars(IMAGE[None], MASK[None], ["a_01"])


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def shown(ax):
    return ax.images[0].get_array()


def test_pairs_show_images_above_masks():
    axes = plot.pairs(CARS, [0])
    np.testing.assert_array_equal(shown(axes[0, 0]), IMAGE)
    np.testing.assert_array_equal(shown(axes[1, 0]), MASK)
    assert axes[0, 0].get_title() == "a_01"


def test_the_box_is_where_the_mask_begins_and_ends():
    axes = plot.levels(IMAGE, MASK)
    (box,) = axes[0, 1].patches
    assert (*box.get_xy(), box.get_width(), box.get_height()) == (9.5, 4.5, 15, 10)
    assert "“car”" in axes[0, 0].get_title()


def test_errors_have_a_colour_each():
    scores = np.zeros((20, 30, 1))
    scores[5:15, 5:15] = 1
    picture = shown(plot.errors(plt.gca(), IMAGE, MASK, scores))
    np.testing.assert_allclose(picture[10, 7], to_rgb(plot.EXTRA))
    np.testing.assert_allclose(picture[10, 20], to_rgb(plot.MISSED))
    for right in (picture[10, 12], picture[0, 0]):
        assert right[0] == right[1] == right[2]  # grey


def test_history_draws_training_and_validation_of_every_run():
    run = {"loss": [2, 1], "val_loss": [3, 2], "accuracy": [0, 1]}
    one = plot.history(run)
    assert [line.get_label() for line in one[0].lines] == ["training", "validation"]
    np.testing.assert_array_equal(one[0].lines[1].get_ydata(), [3, 2])
    assert [line.get_label() for line in one[1].lines] == ["training"]
    two = plot.history({"a": run, "b": {"loss": [1, 0]}}, names=["loss"])
    assert [line.get_label() for line in two[0].lines] == ["training", "validation", "training"]
    (legend,) = two[0].figure.legends
    assert [text.get_text() for text in legend.texts] == ["a", "b", "training", "validation"]


def test_predictions_show_every_answer_with_its_score():
    scores = MASK[None, ..., None] * 0.9
    axes = plot.predictions(CARS, {"CNN": scores}, [0], titles={"CNN": [0.875]})
    assert axes.shape == (1, 4)
    assert axes[0, 3].get_title() == "IoU 0.88"


def test_scores_write_the_mean():
    ax = plot.scores({"CNN": np.array([0.2, 0.4]), "U-Net": np.array([0.9, 1.0])})
    assert [text.get_text() for text in ax.texts] == ["0.300", "0.950"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["CNN", "U-Net"]


def test_curves_and_receptive_fields_name_what_they_show():
    ax = plot.curves([1, 2], {"IoU": [0, 1], "Dice": [0, 1]}, "τ", "score")
    assert [line.get_label() for line in ax.lines] == ["IoU", "Dice"]
    ax = plot.receptive_fields(IMAGE, {"CNN": 7}, at=(10, 15))
    (box,) = ax.patches
    assert (*box.get_xy(), box.get_width()) == (11.5, 6.5, 7)


@pytest.mark.parametrize(("floors", "n_ch"), [(0, 3), (2, 4), (4, 8)])
def test_the_unet_drawing_has_a_box_a_floor_and_side(floors, n_ch):
    ax = plot.unet((96, 144), n_ch, floors)
    boxes = [text.get_text() for text in ax.texts if "channels" in text.get_text()]
    assert len(boxes) == 2 * floors + 1
    assert boxes[floors] == f"{96 // 2**floors}×{144 // 2**floors}\n{n_ch * 2**floors} channels"


def test_show_gives_the_picture_its_text(monkeypatch):
    """As in a notebook: an image with its text, and the figure closed."""
    import IPython
    import IPython.display

    displayed = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: "a kernel")
    monkeypatch.setattr(IPython.display, "display", displayed.append)
    plot.pairs(CARS, [0])
    plot.show("a car")
    data, metadata = displayed[0]._repr_png_()
    assert metadata["alt"] == "a car"
    assert data
    assert not plt.get_fignums()
