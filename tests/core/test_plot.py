"""The figures show what they are given."""

import base64
import io
import re
from itertools import pairwise

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

import labseg
from labseg import plot
from labseg.errors import LabsegError

MASK = np.zeros((20, 30), np.uint8)
MASK[5:15, 10:25] = 1
IMAGE = np.full((20, 30, 3), 100, np.uint8)
IMAGE[MASK == 1] = 200
CARS = labseg.Cars(IMAGE[None], MASK[None], ["a_01"])
FIVE = labseg.Cars(np.stack([IMAGE] * 5), np.stack([MASK] * 5), [f"a_0{k}" for k in range(1, 6)])
RUN = {"loss": [2, 1], "val_loss": [3, 2], "accuracy": [0, 1]}
BROKEN_RUN = RUN | {"val_accuracy": ["a"]}


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


def test_the_loss_of_a_history_may_be_logarithmic():
    loss, accuracy = plot.history({"a": RUN, "b": RUN}, log_loss=True)
    assert (loss.get_yscale(), accuracy.get_yscale()) == ("log", "linear")
    assert loss.yaxis.get_major_formatter()(0.5) == "0.5"
    assert plot.history(RUN)[0].get_yscale() == "linear"


def test_walking_back_draws_what_one_output_pixel_is_computed_from():
    stacks = {"first": [(3, 1), (2, 2)], "second": [(2, 2), (3, 1)]}
    expected = ((1, 2, 4), 8), ((1, 3, 6), 9)
    for ax, (wide, joined) in zip(plot.walk_back(stacks), expected, strict=True):
        rows = [line.get_xdata() for line in ax.lines if line.get_marker() == "s"]
        assert tuple(map(len, rows)) == wide
        assert all(row.mean() == 0 for row in rows)
        assert len(ax.lines) - len(rows) == joined
    with pytest.raises(LabsegError, match="deep: one output is computed from over 50 pixels"):
        plot.walk_back({"deep": [(3, 1), (2, 2)] * 5})


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


def test_patches_show_the_place_in_the_middle_of_every_cutout():
    axes = plot.patches([IMAGE, IMAGE], [(0, 0), (9, 20)], [3, 8], ["left", "right"])
    assert axes.shape == (2, 2)
    for line, side in zip(axes, (3, 8), strict=True):
        for ax, (row, column) in zip(line, [(0, 0), (9, 20)], strict=True):
            (left, right), (below, above) = ax.get_xlim(), ax.get_ylim()
            assert (right - left, below - above) == (side, side)
            assert left < column < right
            assert above < row < below
            frame = ax.patches[-1]
            assert frame.get_xy() == (column - 0.5, row - 0.5)
    assert [ax.get_title() for ax in axes[0]] == ["left", "right"]
    assert [line[0].get_ylabel() for line in axes] == ["3×3", "8×8"]


def test_iou_by_field_has_a_dot_at_the_mean_of_the_seeds():
    one = {"network": "A", "depth": 1, "sees": 3, "half": 1, "iou": 0.5}
    runs = [one, one | {"iou": 0.7}, one | {"depth": 0, "sees": 1, "iou": 0.2}]
    axes = plot.iou_by_field([*runs, one | {"network": "B"}])
    line = axes[0].containers[0].lines[0]
    np.testing.assert_allclose(line.get_xdata(orig=False), [1, 3])
    np.testing.assert_allclose(line.get_ydata(orig=False), [0.2, 0.6])
    np.testing.assert_allclose(axes[1].containers[0].lines[0].get_xdata(orig=False), [1, 1])
    (bars,) = axes[0].containers[0].lines[2]
    np.testing.assert_allclose(bars.get_segments()[1], [[3, 0.5], [3, 0.7]])
    assert [text.get_text() for text in axes[0].figure.legends[0].get_texts()] == ["A", "B"]


def test_the_ladder_is_sorted_and_tells_what_is_quoted():
    ax = plot.ladder({"b": 0.5, "c": 0.75, "a": 0.25}, quoted=["b"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
    assert [bar.get_width() for bar in ax.patches] == [0.25, 0.5, 0.75]
    assert [bool(bar.get_hatch()) for bar in ax.patches] == [False, True, False]
    assert {text.get_text() for text in ax.texts} == {"0.250", "0.500", "0.750"}


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
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: displayed.append(data))
    plot.pairs(CARS, [0])
    plot.show('a "car" & <more>')
    (data,) = displayed
    assert data["text/plain"] == 'a "car" & <more>'
    assert 'alt="a &quot;car&quot; &amp; &lt;more&gt;"' in data["text/html"]
    picture = re.search('base64,([^"]+)', data["text/html"])[1]
    assert Image.open(io.BytesIO(base64.b64decode(picture))).size[0] > 100
    assert not plt.get_fignums()


def legend_of(ax):
    (legend,) = ax.figure.legends
    names = [text.get_text() for text in legend.texts]
    return dict(zip(names, legend.get_lines(), strict=True))


def look(line):
    return line.get_color(), line.get_marker(), str(line.get_linestyle())


@pytest.mark.parametrize("n", [2, 5, 20])
def test_no_run_curve_or_square_is_dropped_or_looks_like_another(n):
    names = [f"line {k}" for k in range(n)]
    axes = plot.history({name: {"loss": [2, 1]} for name in names}, ["loss"])
    assert len(axes[0].lines) == n
    legend = legend_of(axes[0])
    assert list(legend) == [*names, "training"]
    for name, line in zip(names, axes[0].lines, strict=True):
        assert look(line) == look(legend[name])
    assert len({look(line) for line in axes[0].lines}) == n

    ax = plot.curves([0, 1], {name: [0, 1] for name in names}, "x", "y")
    assert len({look(line) for line in ax.lines}) == n
    assert list(legend_of(ax)) == names

    ax = plot.receptive_fields(IMAGE, {name: 3 + k for k, name in enumerate(names)}, at=(10, 15))
    looks = {(box.get_edgecolor(), str(box.get_linestyle())) for box in ax.patches}
    assert len(ax.patches) == len(looks) == len(legend_of(ax)) == n


def test_eight_lines_are_told_apart_without_colours():
    assert len(set(plot.COLOURS)) == len(set(plot.MARKERS)) == len(set(plot.DASHES)) == 8


def test_a_field_larger_than_the_picture_is_said():
    ax = plot.receptive_fields(IMAGE, {"small": 5, "large": np.int64(99)}, at=np.array([10, 15]))
    assert list(legend_of(ax)) == ["small: 5 px", "large: 99 px, larger than the picture"]


def test_levels_without_a_car():
    axes = plot.levels(IMAGE, MASK * 0)
    assert axes[0, 0].get_title() == "classification: “no car”"
    assert not axes[0, 1].patches


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("mask", [MASK, MASK[..., None], MASK == 1, MASK * 0.7, MASK * 0, MASK | 1])
def test_overlay_tints_where_the_mask_says_car(mask):
    ax = plot.overlay(plt.gca(), IMAGE, mask)
    np.testing.assert_array_equal(ax.images[1].get_array()[..., 3] > 0, np.squeeze(mask) >= 0.5)


def test_overlay_without_tint_draws_the_border_alone():
    ax = plot.overlay(plt.gca(), IMAGE, MASK, tint=0)
    assert not ax.images[1].get_array()[..., 3].any()
    assert len(ax.collections) == 1


@pytest.mark.parametrize(
    "image",
    [
        IMAGE / 255,
        (IMAGE / 255).astype(np.float16),
        IMAGE.astype(int),
        IMAGE[None],
        MASK == 1,
        MASK[..., None],
        MASK * 1.0000001,
        np.dstack([MASK == 1] * 3),
    ],
)
def test_pictures_of_all_usual_kinds_are_shown(image):
    plot.picture(plt.gca(), image)
    expected = np.squeeze(image).astype(float)
    np.testing.assert_allclose(shown(plt.gca()), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("threshold", "colour"), [(np.float32(0.5), plot.MISSED), (0.4, None), (0, plot.EXTRA)]
)
def test_errors_take_floats_grey_pictures_and_thresholds(threshold, colour):
    scores = MASK * 0.4
    for image in (IMAGE / 255, IMAGE[..., 0] / 255, IMAGE):
        ax = plot.errors(plt.figure().gca(), image, MASK, scores, threshold)
        row, column = (0, 0) if colour == plot.EXTRA else (10, 20)
        pixel = shown(ax)[row, column]
        if colour:
            np.testing.assert_allclose(pixel, to_rgb(colour))
        else:
            np.testing.assert_allclose(pixel, 0.4 + 0.6 * 200 / 255)


@pytest.mark.parametrize(
    "rows", [[np.int64(4), -5], np.array([4, 0]), range(0, 5, 4), slice(0, 5, 4), (4,)]
)
def test_rows_come_in_all_usual_kinds(rows):
    names = {ax.get_title() for ax in plot.pairs(FIVE, rows)[0]}
    assert names <= {"a_01", "a_05"}
    scores = np.zeros((5, 20, 30))
    assert len(plot.predictions(FIVE, {"CNN": scores}, rows)) == len(names)


@pytest.mark.parametrize(
    "history",
    [RUN, type("History", (), {"history": RUN}), {"one": RUN}, {"one": RUN, "two": {"loss": [1]}}],
)
def test_history_takes_what_fit_returns(history):
    assert [ax.get_title() for ax in plot.history(history)] == ["loss", "accuracy"]
    assert [ax.get_title() for ax in plot.history(history, "loss")] == ["loss"]
    without_loss = {"accuracy": [0, 1], "val_accuracy": [0, 1]}
    (ax,) = plot.history(without_loss, ["accuracy"])
    assert [line.get_label() for line in ax.lines] == ["training", "validation"]


SCORES = np.zeros((5, 20, 30, 1))
ANSWER = {"CNN": SCORES}


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot.pairs(FIVE, 3), "rows=3: give the rows of some of the 5 images"),
        (lambda: plot.pairs(FIVE, []), r"rows=\[\]"),
        (lambda: plot.pairs(FIVE, [0, 5]), r"rows=\[0, 5\]"),
        (lambda: plot.pairs(FIVE, [0.5]), r"rows=\[0.5\]"),
        (lambda: plot.pairs(FIVE, None), "rows=None"),
        (lambda: plot.pairs(IMAGE, [0]), "cars is of type ndarray: give a set of cars"),
        (lambda: plot.predictions(FIVE, ANSWER, []), r"rows=\[\]"),
        (lambda: plot.predictions(FIVE, {}, [0]), "answers is empty"),
        (lambda: plot.predictions(FIVE, SCORES, [0]), "answers is of type ndarray"),
        (lambda: plot.predictions(FIVE, {"CNN": SCORES[:1]}, [0]), r"CNN has shape \(1, 20, 30\)"),
        (lambda: plot.predictions(FIVE, {"CNN": SCORES[:, :9]}, [0]), "expected .5, 20, 30."),
        (lambda: plot.predictions(FIVE, {"CNN": SCORES[0]}, [0]), r"CNN has shape \(20, 30, 1\)"),
        (lambda: plot.predictions(FIVE, {"CNN": SCORES - 3}, [0]), "CNN has values from -3 to -3"),
        (lambda: plot.predictions(FIVE, {"CNN": SCORES * np.nan}, [0]), "diverge"),
        (lambda: plot.predictions(FIVE, ANSWER, [0], {}), "titles is empty"),
        (lambda: plot.predictions(FIVE, ANSWER, [0], {"U-Net": [1] * 5}), "titles has no 'CNN'"),
        (lambda: plot.predictions(FIVE, ANSWER, [0], {"CNN": [1]}), "1 numbers for 5 images"),
        (lambda: plot.errors(plt.gca(), IMAGE, MASK, MASK * np.nan), "from nan"),
        (lambda: plot.errors(plt.gca(), IMAGE, MASK, MASK * 7.5), "from 0 to 7.5"),
        (
            lambda: plot.errors(plt.gca(), IMAGE, MASK * 255, MASK),
            "true mask has values from 0 to 255",
        ),
        (lambda: plot.errors(plt.gca(), IMAGE, MASK[:9], MASK), r"truth has shape \(9, 30\)"),
        (lambda: plot.errors(plt.gca(), IMAGE, MASK, MASK, 2), "threshold=2"),
        (lambda: plot.overlay(plt.gca(), IMAGE, MASK[:9]), r"mask has shape \(9, 30\) but the pic"),
        (lambda: plot.overlay(plt.gca(), IMAGE, MASK * 255), "if it is 0 and 255, use mask > 0"),
        (lambda: plot.levels(IMAGE, MASK[:9]), r"mask has shape \(9, 30\)"),
        (lambda: plot.picture(plt.gca(), IMAGE * 1.0), "from 100 to 200; .*divide by 255"),
        (lambda: plot.picture(plt.gca(), IMAGE[..., 0]), "from 100 to 200; .*divide by 255"),
        (lambda: plot.picture(plt.gca(), IMAGE.astype(int) * 2), "from 200 to 400"),
        (lambda: plot.picture(plt.gca(), MASK * np.nan), "The picture has values from nan"),
        (lambda: plot.picture(plt.gca(), FIVE.images), r"The picture has shape \(5, 20, 30, 3\)"),
        (lambda: plot.picture(plt.gca(), IMAGE[:0]), r"The picture has shape \(0, 30, 3\)"),
        (lambda: plot.picture(plt.gca(), "car.jpg"), "The picture is not an array of numbers"),
        (lambda: plot.picture(plot.grid(1, 2), IMAGE), "ax is of type ndarray: give one of the Ax"),
        (lambda: plot.picture(plt, IMAGE), "ax is of type module: give one of the Axes"),
        (
            lambda: plot.overlay(plt.gca(), IMAGE, MASK, tint=35),
            "tint=35: give a number from 0 to 1",
        ),
        (lambda: plot.overlay(plt.gca(), IMAGE, MASK, colour="rot"), "colour='rot': give a colour"),
        (lambda: plot.overlay(plt.gca(), IMAGE, MASK, colour=(255, 0, 0)), "colour=.255, 0, 0.: "),
        (
            lambda: plot.walk_back({"a": (3, 1)}),
            r"stacks\['a'\]=\(3, 1\): give \[\(kernel size, st",
        ),
        (lambda: plot.walk_back({"a": ["conv"]}), r"stacks\['a'\]=\['conv'\]: give"),
        (lambda: plot.walk_back({"a": None}), r"stacks\['a'\]=None: give"),
        (lambda: plot.walk_back({"a": [(3, 1, 1)]}), r"stacks\['a'\]=\[\(3, 1, 1\)\]: give"),
        (lambda: plot.side_by_side({}, RUN), "history is empty"),
        (lambda: plot.history(None), "history is not what fit returns"),
        (lambda: plot.history([RUN, RUN]), "history is not what fit returns"),
        (lambda: plot.history({"a": RUN, "b": None}), "history is not what fit returns"),
        (lambda: plot.history({}), "history is empty: train for at least one epoch"),
        (lambda: plot.history({"accuracy": [1]}), r"this training has \['accuracy'\]"),
        (lambda: plot.history(RUN, []), r"names=\[\]: this training has"),
        (lambda: plot.history(RUN, None), "names=None"),
        (lambda: plot.history({"a": RUN}, ["IoU"]), r"has \['loss', 'accuracy'\], choose from"),
        (lambda: plot.history({"loss": ["low"]}, "loss"), "loss is not an array of numbers"),
        (lambda: plot.curves([0, 1], {"IoU": [0, 1, 2]}, "x", "y"), r"IoU has shape \(3,\)"),
        (lambda: plot.curves([0, 1], {}, "x", "y"), "lines is empty"),
        (lambda: plot.scores({}), "answers is empty: give {name: one score an image}"),
        (lambda: plot.scores({"CNN": []}), r"CNN has shape \(0,\)"),
        (lambda: plot.scores({"CNN": [0.5, np.nan]}), r"CNN\[1\] is nan"),
        (lambda: plot.scores({"CNN": [50, 90]}), "CNN has values from 50 to 90; expected scores"),
        (lambda: plot.scores(ANSWER), r"CNN has shape \(5, 20, 30, 1\)"),
        (lambda: plot.receptive_fields(IMAGE, {"CNN": (5, 7)}, (1, 1)), r"sizes\['CNN'\]=\(5, 7\)"),
        (lambda: plot.receptive_fields(IMAGE, {"CNN": 0}, (1, 1)), "a number of pixels from 1"),
        (lambda: plot.receptive_fields(IMAGE, {"CNN": 5}, (20, 1)), "row=20.* from 0 to 19"),
        (lambda: plot.receptive_fields(IMAGE, {"CNN": 5}, 3), "at=3: give .row, column."),
        (lambda: plot.patches([IMAGE], [(1, 1)] * 2, [7]), "1 pictures, 2 places and 1 titles"),
        (lambda: plot.patches([IMAGE], [(25, 1)], [7]), "row=25.* from 0 to 19"),
        (lambda: plot.history(np.array([0.5, 0.3])), "history is not what fit returns"),
        (lambda: plot.history({"loss": ["a"]}, "loss"), "loss is not an array of numbers"),
        (lambda: plot.patches([IMAGE], [(1, 1)], [0]), "a side=0"),
        (lambda: plot.ladder({}), "steps is empty: give {answer: score}"),
        (lambda: plot.ladder({"CNN": 52}), r"steps\['CNN'\]=52: give a number from 0 to 1"),
        (lambda: plot.ladder({"CNN": 0.5}, ["trees"]), "'trees' is none of the steps"),
        (lambda: plot.unet((96, 144), 8, 5), "96×144 cannot be halved 5 times"),
        (lambda: plot.unet((96, 144), 8, 10**9), "cannot be halved"),
        (lambda: plot.unet((96, 144), 8, -1), "floors=-1"),
        (lambda: plot.unet((96, 144), 0, 2), "n_ch=0"),
        (lambda: plot.unet((96, 144), 8, 2, convs=1.5), "convs=1.5"),
        (lambda: plot.unet((96, 144, 3), 8, 2), "size=.*give .height, width."),
        (lambda: plot.grid(0, 3), "rows=0"),
        (lambda: plot.grid(1, 2.5), "columns=2.5"),
        (lambda: plot.grid(1, 1, height=0), "height=0: give inches from 0.1 to 100"),
        (lambda: plot.grid(1, 1, height=10**400), "height=1000.*give inches from 0.1 to 100"),
        (lambda: plot.predictions(FIVE, ANSWER, [0] * 101), "101 rows and 4 columns: a figure"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_sentence(draw, message):
    with pytest.raises(LabsegError, match=message) as raised:
        draw()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plot.patches([IMAGE], [(25, 1)], [7]),
        lambda: plot.reliability({"CNN": ([1, 2], [1])}),
        lambda: plot.walk_back({"deep": [(60, 1)]}),
        lambda: plot.history({"loss": [0.5], "accuracy": ["a"]}),
        lambda: plot.side_by_side({"a": BROKEN_RUN}, BROKEN_RUN),
    ],
)
def test_where_an_argument_is_wrong_no_figure_is_begun(draw):
    with pytest.raises(LabsegError):
        draw()
    assert plt.get_fignums() == []  # a notebook would show it, half drawn


def test_trainings_of_a_single_epoch_stand_side_by_side():
    run = dict.fromkeys(BROKEN_RUN, 0.5)
    assert plot.side_by_side({"a": run}, run).shape == (2, 1)


def test_the_anatomy_counts_missed_and_invented_pixels_at_each_distance():
    scores = MASK[None].astype(float)
    scores[0, 5, 10:25] = 0  # 15 pixels of car, beside the border
    scores[0, 7, 15:17] = 0  # 2 more, in the third row
    scores[0, 0, 12] = 1  # wall, five pixels above the car
    ax, perfect = plot.anatomy(MASK[None], {"CNN": scores, "truth": MASK[None]})
    missed, invented = ([bar.get_height() for bar in bars] for bars in ax.containers)
    assert missed == [0, 15, 0, 2]
    assert invented == [0, 0, 0, 0, 0, 1]
    assert [bar.get_y() for bar in ax.containers[1]][:4] == [0, 15, 0, 2]
    assert ax.get_title() == "CNN: 18 wrong pixels"
    assert perfect.get_title() == "truth: 0 wrong pixels"
    assert ax.get_ylim() == perfect.get_ylim()


def test_the_anatomy_of_pictures_without_a_border_stands_in_the_title():
    (ax,) = plot.anatomy(np.zeros((1, 20, 30)), {"CNN": MASK[None]})
    assert ax.get_title() == "CNN: 150 wrong pixels"
    assert not sum(bar.get_height() for bars in ax.containers for bar in bars)


def test_reliability_is_the_share_of_car_above_the_number_of_pixels():
    above, below = plot.reliability({"CNN": ([10, 0, 4, 8], [1, 0, 2, 8])})
    (_, share), (pixels,) = above.lines, below.lines
    np.testing.assert_allclose(share.get_xdata(), [0.125, 0.625, 0.875])  # not the empty bin
    np.testing.assert_allclose(share.get_ydata(), [0.1, 0.5, 1])
    np.testing.assert_allclose(pixels.get_ydata(), [10, 4, 8])


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot.anatomy(MASK[None], {}), "answers is empty"),
        (lambda: plot.anatomy(MASK[None], MASK), "answers is of type ndarray: give {name: scores"),
        (lambda: plot.anatomy(MASK, {"CNN": MASK}), "truth has shape"),
        (lambda: plot.reliability({"CNN": ([1, 2], [1])}), "CNN: give .pixels, car., and no more"),
        (lambda: plot.reliability({"CNN": ([1, 2], [1, 3])}), "CNN: give .pixels, car., and no"),
        (lambda: plot.reliability({"CNN": ([1, 2], ["a", "b"])}), "CNN: car is not an array"),
        (lambda: plot.reliability({"CNN": 0.5}), "CNN: give .pixels, car., two rows of numbers"),
        (lambda: plot.reliability({}), "answers is empty: give {name: .pixels, car.}"),
    ],
)
def test_figures_of_errors_name_what_they_cannot_draw(draw, message):
    with pytest.raises(LabsegError, match=message):
        draw()


def test_figures_fit_a_notebook():
    """Wider ones are scaled down there, and their labels with them."""
    plot.history({"plain": RUN, "augmented": RUN})
    plot.predictions(FIVE, {"plain": SCORES, "augmented": SCORES}, [0])
    plot.predictions(FIVE, ANSWER | {"U-Net": SCORES, "a name too long for one line": SCORES}, [0])
    plot.scores({"CNN": [0.5, 0.6]})
    plot.pairs(FIVE, range(5))
    plot.levels(IMAGE, MASK)
    plot.patches([IMAGE] * 6, [(9, 9)] * 6, [7, 18], list("abcdef"))
    plot.ladder({"CNN": 0.5, "U-Net": 0.9}, ["CNN"])
    plot.unet((96, 144), 8, np.int64(4))
    plot.anatomy(MASK[None], {"CNN": MASK[None], "U-Net": MASK[None]})
    plot.reliability({"CNN": ([9, 9], [0, 9])})
    for number in plt.get_fignums():
        figure = plt.figure(number)
        assert figure.get_figwidth() <= 7.5
        texts = [text for text in figure.findobj(mpl.text.Text) if text.get_text().strip()]
        assert texts
        assert min(text.get_fontsize() for text in texts) >= 9


def test_titles_above_pictures_do_not_run_into_one_another():
    name = "three cars, augmented"
    axes = plot.predictions(FIVE, {"CNN": SCORES, "U-Net": SCORES, name: SCORES}, [0, 1])
    figure = axes[0, 0].figure
    figure.draw_without_rendering()
    for line in axes:
        boxes = [ax.title.get_window_extent() for ax in line]
        for left, right in pairwise(boxes):
            assert left.x1 < right.x0


def test_many_rows_are_not_printed_whole():
    with pytest.raises(LabsegError) as raised:
        plot.pairs(FIVE, np.ones(900, bool))
    assert len(str(raised.value)) < 200
