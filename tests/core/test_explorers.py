"""The explorers: what they show follows their sliders, and a page without widgets says the same."""

import base64
import re
import sys
from html.parser import HTMLParser

import cv2
import ipywidgets
import keras
import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output
from reference import build_cnn, build_unet

import labseg
from labseg import explorers, plot
from labseg.errors import LabsegError
from labseg.explorers.explorer import VIEW
from labseg.explorers.moved_pairs import moved
from labseg.explorers.thresholds import GRID, NAMES, five_scores

RNG = np.random.default_rng(0)
CARS = labseg.load_cars((32, 48), limit=16)
IMAGES, MASKS = CARS.images[:4], CARS.masks[:4]
SCORES = np.clip(MASKS + RNG.normal(0, 0.4, MASKS.shape), 0, 1).astype(np.float32)
KINDS = {
    "threshold": lambda: explorers.threshold(IMAGES, MASKS, SCORES),
    "augmentation": lambda: explorers.augmentation(IMAGES[0], MASKS[0]),
    "errors": lambda: explorers.errors(IMAGES, MASKS, SCORES),
    "receptive_field": lambda: explorers.receptive_field(
        {"CNN": build_cnn((32, 48, 3), 2), "U-Net": build_unet((32, 48, 3), 2, 2)},
        IMAGES[0],
        MASKS[0],
    ),
}


@pytest.fixture(params=KINDS)
def explorer(request):
    return KINDS[request.param]()


class Images(HTMLParser):
    """Collects [(text, uint8 (h, w, 3))] of the pictures on a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            attributes = dict(attributes)
            png = base64.b64decode(attributes["src"].removeprefix("data:image/png;base64,"))
            pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
            self.found.append((attributes["alt"], pixels[..., ::-1]))


def pictures(html):
    parser = Images()
    parser.feed(html)
    return parser.found


def rgb(colour):
    return [round(255 * part) for part in to_rgb(colour)]


# --- every explorer ------------------------------------------------------------------------------


def other(control):
    """A value that the control does not have."""
    if isinstance(control, ipywidgets.Checkbox):
        return not control.value
    return control.min if control.value != control.min else control.max


def test_the_picture_follows_each_control(explorer):
    values = {name: control.value for name, control in explorer.controls.items()}
    assert explorer.picture.value == explorer.view() == explorer.view(**values)
    for name, control in explorer.controls.items():
        if name == "wrong":  # nothing has moved yet
            explorer.controls["right"].value = 5
        before = explorer.picture.value
        control.value = other(control)
        assert explorer.picture.value != before
        values = {name: control.value for name, control in explorer.controls.items()}
        assert explorer.picture.value == explorer.view(**values)


def test_every_value_that_a_control_can_take_can_be_shown(explorer):
    for name, each in explorer.sliders.items():
        for value in (getattr(each, "low", False), getattr(each, "high", True)):
            assert explorer.view(**{name: value})


def test_controls_have_names_and_the_keyboard_moves_them_by_one_step(explorer):
    for name, control in explorer.controls.items():
        assert control.description == explorer.sliders[name].label
        assert len(control.description) > 2
        assert getattr(control, "step", 1) == getattr(explorer.sliders[name], "step", 1)
    assert isinstance(explorer.widget, ipywidgets.VBox)
    assert explorer.widget.children == (*explorer.controls.values(), explorer.picture)


def test_every_picture_and_plot_has_a_text(explorer):
    html = explorer.view()
    assert all(alt.endswith(".") for alt, _ in pictures(html))
    assert len(pictures(html)) == html.count("<img")
    plots = re.findall(r"<svg [^>]*>", html)
    assert all("aria-label=" in svg or 'aria-hidden="true"' in svg for svg in plots)


def test_a_page_holds_the_still_figure_and_its_text(explorer):
    bundle = explorer._repr_mimebundle_()
    assert list(bundle) == ["text/plain", "text/html", VIEW]
    assert bundle[VIEW]["model_id"] == explorer.widget.model_id
    ((alt, pixels),) = pictures(bundle["text/html"])
    assert alt == bundle["text/plain"]
    assert len(alt) > 100
    assert pixels.shape[1] > 500
    assert "://" not in bundle["text/html"]
    assert "://" not in explorer.view()
    assert plot.plt.get_fignums() == []


def test_without_ipywidgets_the_still_figure_is_shown(explorer, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert list(explorer._repr_mimebundle_()) == ["text/plain", "text/html"]


# --- where no widget can live --------------------------------------------------------------------


def test_a_page_of_nbconvert_shows_the_still_figure_alone(explorer):
    bundle = explorer._repr_mimebundle_()
    cell = new_code_cell("", outputs=[new_output("display_data", data=bundle)])
    html, _ = HTMLExporter().from_notebook_node(new_notebook(cells=[cell]))
    assert [alt for alt, _ in pictures(html)] == [bundle["text/plain"]]
    assert bundle[VIEW]["model_id"] not in html


def test_a_notebook_runs_without_a_front_end():
    source = (
        "import labseg\n"
        "cars = labseg.load_cars((32, 48), limit=16)\n"
        "labseg.explorers.threshold(cars.images, cars.masks, cars.masks)"
    )
    notebook = new_notebook(cells=[new_code_cell(source)])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs  # nothing on stderr
    assert set(output.data) == {"text/plain", "text/html", VIEW}
    nbformat.validate(notebook)


# --- threshold -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scores",
    [
        SCORES,
        SCORES.astype(np.float64)[..., None],
        GRID.astype(np.float32)[RNG.integers(0, 101, MASKS.shape)],  # at the very thresholds
        GRID[RNG.integers(0, 101, MASKS.shape)],
        GRID.astype(np.float16)[RNG.integers(0, 101, MASKS.shape)],
        MASKS,
        np.zeros(MASKS.shape),
        np.ones(MASKS.shape, bool),
    ],
    ids=["float32", "float64", "grid", "grid64", "grid16", "labels", "nothing", "all"],
)
def test_the_five_scores_are_those_of_the_metrics(scores):
    truth = MASKS.copy()
    truth[3] = 0
    curves, _ = five_scores(truth == 1, scores.reshape(truth.shape))
    for name in ("IoU", "Dice", "accuracy"):
        metric = getattr(labseg.metrics, name.lower())
        for place, level in enumerate(GRID):
            expected = metric(truth, scores, float(level))
            np.testing.assert_allclose(curves[NAMES.index(name), :, place], expected)


def test_precision_and_recall_at_a_threshold():
    truth = np.array([[[1, 1, 0, 0]]])
    scores = np.array([[[0.9, 0.2, 0.6, 0.1]]])
    curves, _ = five_scores(truth == 1, scores)
    at = {
        round(100 * level): dict(zip(NAMES, curves[:, 0, k], strict=True))
        for k, level in enumerate(GRID)
    }
    assert (at[50]["precision"], at[50]["recall"]) == (0.5, 0.5)
    assert (at[20]["precision"], at[20]["recall"]) == pytest.approx((2 / 3, 1))
    assert (at[95]["precision"], at[95]["recall"]) == (1, 0)  # nothing is called car


def test_missed_and_invented_car_have_a_colour_each_and_are_counted():
    explorer = explorers.threshold(IMAGES, MASKS, SCORES)
    ((alt, shown),) = pictures(explorer.view(threshold=0.3, number=2))
    truth, found = MASKS[1] == 1, SCORES[1] >= np.float32(0.3)
    times = shown.shape[1] // 48
    corners = shown[::times, ::times]
    assert (corners[truth & ~found] == rgb(plot.MISSED)).all()
    assert (corners[~truth & found] == rgb(plot.EXTRA)).all()
    right = corners[truth == found]
    assert (right[:, 0] == right[:, 1]).all()  # grey
    iou = labseg.metrics.iou(MASKS, SCORES, 0.3)[1]
    assert f"{np.sum(truth & ~found)} pixels of the car are missed" in alt
    assert f"and {np.sum(~truth & found)} invented" in alt
    assert f"IoU {iou:.2f}, Dice" in alt


def test_in_grey_missed_car_is_darker_than_the_picture_and_invented_car_has_dots():
    grey = [0.299, 0.587, 0.114] @ np.array([rgb(plot.MISSED), rgb(plot.EXTRA)]).T
    assert grey[0] < 0.4 * 255  # as dark as nothing else in the picture
    explorer = explorers.threshold(IMAGES, np.zeros_like(MASKS), np.ones_like(SCORES))
    shown = pictures(explorer.view())[0][1]
    times = shown.shape[1] // 48
    dots = (shown == 0).all(axis=-1).reshape(32, times, 48, times).any(axis=(1, 3))
    assert dots.all()


# --- receptive field -----------------------------------------------------------------------------


def test_what_is_dark_does_not_change_the_score():
    models = {"CNN": build_cnn((32, 48, 3), 2), "U-Net": build_unet((32, 48, 3), 2, 1, 1)}
    explorer = explorers.receptive_field(models, IMAGES[0])
    for row, column in ((10, 20), (0, 47), (31, 9)):
        html = explorer.view(row=row, column=column)
        large = [shown for alt, shown in pictures(html) if alt.startswith("The picture")]
        for (name, model), shown in zip(models.items(), large, strict=True):
            times = shown.shape[1] // 48
            middles = shown[times // 2 :: times, times // 2 :: times].astype(int)
            bright = (abs(middles - IMAGES[0]) <= 2).all(axis=-1)
            assert 0 < bright.sum() < bright.size
            erased = np.where(bright[..., None], IMAGES[0], 0)
            score, same = keras.ops.convert_to_numpy(model(np.stack([IMAGES[0], erased])))[
                :, row, column, 0
            ]
            assert f"{name}: score {score:.2f}" in html
            assert score == pytest.approx(same, abs=1e-6)


def test_the_patch_grows_with_the_network_and_the_truth_is_named():
    html = KINDS["receptive_field"]().view(row=16, column=24)
    assert re.search(r"CNN: score 0\.\d\d, from 7×7 pixels<", html)
    assert re.search(r"U-Net: score 0\.\d\d, from 44×44 pixels<", html)
    assert f"which is {'car' if MASKS[0, 16, 24] else 'background'}" in html


def test_it_begins_where_two_networks_differ_most():
    first, last = (build_cnn((32, 48, 3), 2) for _ in range(2))
    explorer = explorers.receptive_field({"a": first, "b": last}, IMAGES[0])
    scores = [keras.ops.convert_to_numpy(m(IMAGES[:1]))[0, ..., 0] for m in (first, last)]
    apart = abs(scores[0] - scores[1])
    at = explorer.sliders["row"].start, explorer.sliders["column"].start
    assert apart[at] == apart.max()
    explorer = explorers.receptive_field(first, IMAGES[0], at=(3, 4))
    assert explorer.controls["row"].value == 3
    assert explorer.controls["column"].value == 4


# --- augmentation --------------------------------------------------------------------------------

STILL = {"right": 0, "down": 0, "zoom": 1.0, "brightness": 1.0, "flip": False}


def test_nothing_moves_a_pair_that_stays():
    image, mask = moved(IMAGES[0], MASKS[0] == 1, **STILL)
    np.testing.assert_array_equal(image, IMAGES[0])
    np.testing.assert_array_equal(mask, MASKS[0])


def test_a_flip_and_a_shift_move_both_alike():
    image, mask = moved(IMAGES[0], MASKS[0] == 1, **STILL | {"flip": True})
    np.testing.assert_array_equal(image, IMAGES[0][:, ::-1])
    np.testing.assert_array_equal(mask, MASKS[0][:, ::-1])
    image, mask = moved(IMAGES[0], MASKS[0] == 1, **STILL | {"right": 5, "down": -3})
    np.testing.assert_array_equal(image[:-3, 5:], IMAGES[0][3:, :-5])
    np.testing.assert_array_equal(mask[:-3, 5:], MASKS[0][3:, :-5])
    assert not image[-3:].any()
    assert not mask[:, :5].any()


def test_zoom_enlarges_both_and_brightness_the_picture_alone():
    _, mask = moved(IMAGES[0], MASKS[0] == 1, **STILL | {"zoom": 0.5})
    assert mask.sum() == pytest.approx(MASKS[0].sum() / 4, rel=0.1)
    bright, same = moved(IMAGES[0], MASKS[0] == 1, **STILL | {"brightness": 0.5})
    assert bright.mean() == pytest.approx(IMAGES[0].mean() / 2, rel=0.02)
    np.testing.assert_array_equal(same, MASKS[0])


def test_done_wrong_the_mask_stays_and_its_iou_falls():
    explorer = explorers.augmentation(IMAGES[0], MASKS[0])

    def seen(**values):
        html = explorer.view(right=10, **values)
        shown = next(shown for alt, shown in pictures(html) if alt.startswith("The mask"))
        times = shown.shape[1] // 48
        mask = shown[::times, ::times, 0] > 0
        return mask, float(re.search(r"IoU of (\d\.\d\d)", html)[1])

    right, fit = seen()
    assert fit == 1
    stayed, fit = seen(wrong=True)
    np.testing.assert_array_equal(stayed, MASKS[0])
    assert fit == round(labseg.metrics.iou(right[None], MASKS[:1])[0], 2)


# --- errors --------------------------------------------------------------------------------------


def test_the_worst_picture_comes_first():
    ious = labseg.metrics.iou(MASKS, SCORES)
    explorer = explorers.errors(IMAGES, MASKS, SCORES)
    shown = [
        int(re.search(r"images\[(\d)\]", explorer.view(place=place))[1]) for place in range(1, 5)
    ]
    assert shown == list(np.argsort(ious))
    assert f"IoU {ious.min():.3f}" in explorer.view()


def test_wrong_pixels_are_counted_by_their_distance_from_the_border():
    truth = np.zeros((1, 40, 40), np.uint8)
    truth[:, :20] = 1
    found = truth.copy()
    found[0, 20, :3] = 1  # invented, beside the border
    found[0, 25, 0] = 1  # six pixels away
    found[0, 18, :2] = 0  # missed, two pixels inside
    found[0, 0, 7] = 0  # twenty pixels inside
    html = explorers.errors(np.zeros((1, 40, 40, 3), np.uint8), truth, found).view()
    counts = re.findall(r"(\S+) px (\d+) missed and (\d+) invented", html)
    found = {bar: (int(missed), int(invented)) for bar, missed, invented in counts}
    assert found == dict.fromkeys(map(str, range(1, 12)), (0, 0)) | {
        "1": (0, 3),
        "2": (2, 0),
        "6": (0, 1),
        "12+": (1, 0),
    }
    assert "43% of the wrong pixels touch the true border." in html


def test_what_has_no_error_or_no_border_is_shown_too():
    assert "No pixel is wrong." in explorers.errors(IMAGES, MASKS, MASKS).view()
    empty = np.zeros_like(MASKS)
    html = explorers.errors(IMAGES, empty, SCORES).view()
    assert "0% of the wrong pixels touch the true border." in html


# --- bad input -----------------------------------------------------------------------------------

CNN = build_cnn((32, 48, 3), 2)
BAD = {
    "no pictures": (
        lambda: explorers.threshold(IMAGES[0], MASKS, SCORES),
        "one picture .h, w, 3. for",
    ),
    "fewer masks": (
        lambda: explorers.errors(IMAGES, MASKS[:2], SCORES[:2]),
        "one picture .h, w, 3. for",
    ),
    "scores apart": (lambda: explorers.errors(IMAGES, MASKS, SCORES[:2]), "but the prediction"),
    "scores over 1": (lambda: explorers.threshold(IMAGES, MASKS, 2 * SCORES), "between 0 and 1"),
    "a threshold": (lambda: explorers.errors(IMAGES, MASKS, SCORES, 2), "threshold=2"),
    "masks of 255": (lambda: explorers.augmentation(IMAGES[0], 255 * MASKS[0]), "use mask > 0"),
    "several": (lambda: explorers.augmentation(IMAGES, MASKS), r"images\[0\]"),
    "mask's size": (lambda: explorers.augmentation(IMAGES[0], MASKS[0, :9]), "mask has shape"),
    "bright floats": (lambda: explorers.augmentation(IMAGES[0] * 1.0, MASKS[0]), "divide by 255"),
    "text": (lambda: explorers.augmentation("car", MASKS[0]), "not an array of numbers"),
    "no models": (lambda: explorers.receptive_field({}, IMAGES[0]), "models is empty"),
    "no model": (lambda: explorers.receptive_field("unet", IMAGES[0]), "expected a Keras model"),
    "another size": (lambda: explorers.receptive_field(CNN, IMAGES[0, :9]), "takes pictures of"),
    "outside": (lambda: explorers.receptive_field(CNN, IMAGES[0], at=(32, 0)), r"to \(31, 47\)"),
    "no place": (lambda: explorers.receptive_field(CNN, IMAGES[0], at=5), "at=5: give"),
    "dense": (
        lambda: explorers.receptive_field(
            {
                "D": keras.Sequential(
                    [keras.Input((32, 48, 3)), keras.layers.Flatten(), keras.layers.Dense(1)]
                )
            },
            IMAGES[0],
        ),
        "D: the receptive field through a",
    ),
    "channels": (
        lambda: explorers.receptive_field(
            keras.Sequential([keras.Input((32, 48, 3)), keras.layers.Conv2D(2, 1)]), IMAGES[0]
        ),
        "one score a pixel",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_one_sentence(name):
    make, said = BAD[name]
    with pytest.raises(LabsegError, match=said) as caught:
        make()
    assert "\n" not in str(caught.value)
