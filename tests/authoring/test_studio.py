"""The rendered studio: the set that ships, and rendering it anew."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from labseg_author import statistics, studio
from PIL import Image

from labseg.data.carvana import SHIPPED_CARS, load_carvana

COUNTERFACTUALS = SHIPPED_CARS.parent / "counterfactuals"
LARGE = Path(__file__).parents[2] / "authoring" / "pictures" / "large"
SMALL = {"cars": 2, "views": 2, "size": (32, 48), "spp": 4}


def read(folder):
    """Images (n, h, w, 3) and masks (n, h, w), by name; every image has its mask."""
    images, masks = sorted(folder.glob("train/*")), sorted(folder.glob("train_masks/*"))
    assert [p.stem + "_mask.gif" for p in images] == [p.name for p in masks]
    return tuple(np.stack([np.array(Image.open(p)) for p in paths]) for paths in (images, masks))


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.fixture(scope="module")
def mitsuba():
    pytest.importorskip("mitsuba", reason="mitsuba is missing: it comes with labseg-author")


@pytest.fixture(scope="module")
def small(mitsuba, tmp_path_factory):
    return studio.render(tmp_path_factory.mktemp("cars") / "small", **SMALL)


# Formats, of the set that ships and of a fresh one.


def check_formats(folder, size):
    for path in folder.glob("train/*"):
        image = Image.open(path)
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", size)
        assert not image.info.get("progressive")
        assert [layer[1:3] for layer in image.layer] == [(2, 2), (1, 1), (1, 1)]  # 4:2:0
    for path in folder.glob("train_masks/*"):
        mask = Image.open(path)
        assert path.read_bytes()[:6] == b"GIF89a"
        assert (mask.mode, mask.size, mask.n_frames) == ("P", size, 1)
        assert mask.getpalette()[:6] == [0, 0, 0, 255, 255, 255]
        assert set(np.unique(mask)) == {0, 1}


def test_the_shipped_files_are_in_carvanas_formats():
    check_formats(SHIPPED_CARS, (384, 256))
    assert sum(p.stat().st_size for p in SHIPPED_CARS.rglob("*")) <= 12e6


def test_fresh_files_are_in_carvanas_formats(small):
    check_formats(small, (48, 32))
    assert len(list(small.glob("train/*"))) == 4
    views = {p.stem[-2:] for p in small.glob("train/*")}
    assert views == {"01", "09"}


# What the shipped set is like.


@pytest.fixture(scope="module")
def shipped():
    return read(SHIPPED_CARS)


def test_there_are_enough_cars_with_sixteen_views_each():
    names = [p.stem for p in SHIPPED_CARS.glob("train/*")]
    cars = {name[:12] for name in names}
    assert len(cars) >= 48
    assert set(names) == {f"{car}_{view:02d}" for car in cars for view in range(1, 17)}
    assert cars == set(json.loads((SHIPPED_CARS / "card.json").read_text())["cars"])


def test_the_cars_fill_the_picture_as_carvanas_do(shipped):
    share = shipped[1].mean(axis=(1, 2)).reshape(-1, 16)
    assert abs(share.mean() - 0.21) < 0.02
    assert 0.04 < share.std() < 0.06
    assert np.corrcoef(share.mean(axis=0), statistics.SHARES)[0, 1] > 0.9


def test_nearly_every_mask_is_one_piece(shipped):
    import cv2

    pieces = np.array([cv2.connectedComponents(mask)[0] - 1 for mask in shipped[1]])
    assert (pieces == 1).mean() > 0.97
    assert pieces.min() == 1


def test_many_masks_have_holes_and_few_touch_the_border(shipped):
    import cv2

    masks = shipped[1]
    background = [cv2.connectedComponents(1 - np.pad(mask, 1), connectivity=4)[0] for mask in masks]
    assert (np.array(background) > 2).mean() > 0.1
    inner = masks[:, 1:-1, 1:-1].sum(axis=(1, 2))
    assert (inner < masks.sum(axis=(1, 2))).mean() < 0.06


def test_every_style_occurs_several_times_and_most_are_sedans_and_hatchbacks():
    records = json.loads((SHIPPED_CARS / "card.json").read_text())["cars"].values()
    styles = [record["car"]["style"] for record in records]
    assert len(set(styles)) >= 7
    assert min(styles.count(style) for style in set(styles)) >= 3
    assert styles.count("sedan") + styles.count("hatchback") > 0.6 * len(styles)


def test_but_for_the_hard_cars_most_are_white_silver_grey_or_black_as_on_the_road():
    records = json.loads((SHIPPED_CARS / "card.json").read_text())["cars"].values()
    cars = [record["car"] for record in records]
    assert sum(car["hard"] != "" for car in cars) == len(cars) // 3
    paints = np.array([car["paint"] for car in cars if not car["hard"]])
    neutral = np.ptp(paints, axis=1) < 0.15 * paints.max(axis=1) + 0.005
    assert 0.55 < neutral.mean() < 0.95


def test_room_camera_and_turntable_are_as_carvanas():
    rows = statistics.compare(SHIPPED_CARS)
    assert [row.name for row in rows if row.met is False] == []
    assert sum(row.met is True for row in rows) >= 14
    ours = {row.name: row.folder[0] for row in rows}
    for view in ("03", "07", "11", "15"):  # the front points left in 03
        for side in ("left", "right"):
            name = f"view {view}, {side} end"
            assert ours[name] == pytest.approx(statistics.CARVANA[name][0], abs=0.035)
    for down, levels in ((1, 8), (2, 8), (5, 12)):
        name = f"luminance {down} pixel{'s' * (down > 1)} below the car"
        assert ours[name] == pytest.approx(statistics.CARVANA[name][0], abs=levels)


def test_the_background_is_about_as_bright_as_carvanas(shipped):
    """As a whole; wall and floor are compared one by one above."""
    images, masks = shipped
    assert images[masks == 0].mean(axis=0) == pytest.approx([192, 189, 189], abs=9)


def test_brightness_alone_does_not_find_the_car(shipped):
    images, masks = shipped
    grey, car = images[::4, ::2, ::2].mean(axis=-1), masks[::4, ::2, ::2] == 1
    scores = [iou(side, car) for t in range(5, 255, 10) for side in (grey < t, grey >= t)]
    assert max(scores) < 0.6


def test_the_mean_mask_of_other_cars_does_not_find_the_car(shipped):
    masks = shipped[1].reshape(-1, 16, *shipped[1].shape[1:])
    half = len(masks) // 2
    guess = masks[:half].mean(axis=(0, 1)) > 0.5
    assert np.mean([iou(guess, mask == 1) for car in masks[half:] for mask in car]) < 0.68


# Rendering.


def test_importing_the_studio_does_not_import_mitsuba():
    code = "import sys, labseg_author.studio; sys.exit('mitsuba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_after_tensorflow_rendering_is_refused_not_a_crash(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "mitsuba", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    with pytest.raises(ImportError, match="can't be loaded after TensorFlow"):
        studio.render(tmp_path / "cars", cars=1)
    assert not (tmp_path / "cars").exists()


def test_the_same_seed_gives_the_same_masks_however_many_cars(small, tmp_path):
    again = studio.render(tmp_path, **{**SMALL, "cars": 1})
    for path in again.glob("train_masks/*"):
        assert path.read_bytes() == (small / "train_masks" / path.name).read_bytes()


def test_another_seed_gives_other_cars(small, tmp_path):
    other = studio.render(tmp_path, cars=1, views=1, size=(32, 48), seed=5, spp=1)
    assert not {p.name for p in other.glob("train/*")} & {p.name for p in small.glob("train/*")}


def test_a_shipped_view_is_rendered_again_from_its_seed(mitsuba, tmp_path):
    again = studio.render(tmp_path, cars=1, views=1)
    (image,), (mask,) = read(again)
    (path,) = again.glob("train/*")
    old = np.array(Image.open(SHIPPED_CARS / "train_masks" / f"{path.stem}_mask.gif"))
    assert iou(mask == 1, old == 1) > 0.999
    old = np.array(Image.open(SHIPPED_CARS / "train" / path.name)).astype(float)
    assert np.abs(image - old).mean() < 6


def test_any_sixteen_cars_from_a_multiple_of_sixteen_are_a_dealers_mix():
    from labseg_author.studio.car import BLOCK
    from labseg_author.studio.shoot import draw_car

    for seed, first in ((0, 0), (0, 16), (5, 32)):
        styles = [draw_car(seed, first + k)[0].style for k in range(16)]
        assert sorted(styles) == sorted(BLOCK)


def test_a_third_of_the_cars_is_hard_on_purpose_every_kind_as_often():
    from labseg_author.studio.car import HARD
    from labseg_author.studio.shoot import draw_car

    cars = [draw_car(3, k)[0] for k in range(48)]
    count = {kind: sum(car.hard == kind for car in cars) for kind in HARD}
    assert sum(count.values()) == 16
    assert set(count.values()) == {5, 6}
    assert all(min(car.paint) > 0.36 for car in cars if car.hard == "white")
    assert all(max(car.paint) < 0.02 > car.rim - 0.03 for car in cars if car.hard == "black")
    assert all(car.privacy and car.tint > 0.5 for car in cars if car.hard == "glass")


@pytest.mark.parametrize("spread", [1.0, 2.0])
def test_cars_of_any_spread_are_whole_and_stand_on_their_wheels(spread):
    from labseg_author.studio.car import STYLES, build, draw

    for k in range(14):
        car = draw(np.random.default_rng(k), STYLES[k % 7], spread)
        meshes = build(car)
        for mesh in meshes.values():
            assert np.isfinite(mesh.points).all()
            assert np.isfinite(mesh.normals).all()
            assert mesh.faces.max() < len(mesh.points)
        body, tyre = meshes["paint"].points, meshes["tyre"].points
        assert tyre[:, 2].min() == pytest.approx(0, abs=0.01)
        assert (np.abs(tyre[:, :2]).max(axis=0) < np.abs(body[:, :2]).max(axis=0)).all()
        assert body[:, 2].max() == pytest.approx(car.height, abs=0.1)


def test_a_killed_run_goes_on_where_it_stopped(small, tmp_path):
    code = f"from labseg_author import studio; studio.render({str(tmp_path)!r}, **{SMALL!r})"
    run = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    for _ in range(600):
        if list(tmp_path.glob("train_masks/*.gif")) or run.poll() is not None:
            break
        time.sleep(0.1)
    run.send_signal(signal.SIGKILL)
    run.wait()
    done = {path: path.stat().st_mtime_ns for path in tmp_path.glob("train_masks/*.gif")}
    assert done
    studio.render(tmp_path, **SMALL)
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in done.items())
    for path in small.glob("train_masks/*"):
        assert path.read_bytes() == (tmp_path / "train_masks" / path.name).read_bytes()
    assert len(read(tmp_path)[0]) == 4


def test_a_lost_file_is_made_again_and_the_rest_is_kept(small):
    lost, kept = sorted(small.glob("train_masks/*"))[:2]
    before, stamp = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.unlink()
    studio.render(small, **SMALL)
    assert lost.read_bytes() == before
    assert kept.stat().st_mtime_ns == stamp
    assert not list(small.rglob("*.partial"))


@pytest.mark.parametrize(
    ("change", "says"),
    [({"seed": 7}, "seed 0"), ({"size": (64, 96)}, r"\[32, 48\]"), ({"spp": 5}, "spp 4")],
)
def test_two_sets_are_never_mixed(small, change, says):
    before = sorted(small.rglob("*"))
    with pytest.raises(ValueError, match=says):
        studio.render(small, **{**SMALL, **change})
    assert sorted(small.rglob("*")) == before


def test_a_set_is_not_filled_up_with_counterfactuals(small):
    with pytest.raises(ValueError, match="kind cars, not counterfactuals"):
        studio.counterfactuals(small, size=(32, 48), spp=4)


@pytest.mark.parametrize("text", ["", "[]", '{"seed": 0}'])
def test_a_card_that_cannot_be_read_is_named(text, tmp_path):
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(ValueError, match=r"card\.json cannot be read"):
        studio.render(tmp_path, **SMALL)


def test_cars_of_another_version_are_not_mixed_in(small, tmp_path):
    copy = shutil.copytree(small, tmp_path / "copy")
    card = json.loads((copy / "card.json").read_text())
    next(iter(card["cars"].values()))["car"]["length"] += 0.1
    (copy / "card.json").write_text(json.dumps(card))
    with pytest.raises(ValueError, match="another version of labseg"):
        studio.render(copy, **SMALL)


def test_somebody_elses_pictures_are_not_mixed_in(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "cat.jpg").touch()
    with pytest.raises(ValueError, match="empty folder"):
        studio.render(tmp_path, **SMALL)


@pytest.mark.parametrize(
    "bad",
    [
        *({"cars": 0}, {"cars": 1.5}, {"views": 0}, {"views": 17}, {"seed": -1}, {"workers": 0}),
        *({"size": (0, 48)}, {"size": (32,)}, {"size": 32}, {"size": (32, 9999)}, {"size": "ab"}),
    ],
)
def test_impossible_numbers_are_refused_before_anything_is_written(bad, tmp_path):
    name, value = next(iter(bad.items()))
    with pytest.raises(ValueError, match=name) as error:
        studio.render(tmp_path / "new", **bad)
    assert repr(value) in str(error.value)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="choose another folder"):
        studio.render(tmp_path / "file" / "cars", **SMALL)


# The picture.


def test_the_grain_of_few_rays_goes_and_edges_stay(mitsuba):
    from labseg_author.studio.develop import denoised

    colour = np.where(np.arange(96) < 48, 0.2, 0.8)[None, :, None] * np.ones((64, 1, 3))
    facing = np.broadcast_to([0.0, 0.0, 1.0], colour.shape)
    light = colour * np.random.default_rng(0).gamma(4, 1 / 4, (64, 96, 1))
    clean = denoised(light, np.concatenate([colour, facing], axis=-1))
    for side in (slice(0, 46), slice(50, 96)):
        assert clean[:, side].std() < 0.2 * light[:, side].std()
        assert clean[:, side].mean() == pytest.approx(light[:, side].mean(), rel=0.05)
    assert (clean[:, 48] - clean[:, 47]).min() > 0.4


# Counterfactuals: one cause changed at a time.


def check_counterfactuals(folder, size):
    cars = load_carvana(folder, size)
    by = {}
    for name, car in zip(cars.names, cars.cars, strict=True):
        by.setdefault(car, []).append(cars.names.index(name))
    pick = {car: (cars.images[rows].astype(int), cars.masks[rows]) for car, rows in by.items()}
    images, masks = pick["as-is"]
    assert len({len(rows) for rows in by.values()}) == 1
    paints = [car for car in by if car.startswith("paint-")]
    assert len(paints) == 8
    # Paint and letters change the picture, not the mask.
    colours = np.array([pick[car][0][masks == 1].mean(axis=0) for car in paints])
    distance = np.abs(colours[:, None] - colours[None]).max(axis=-1)
    assert distance[~np.eye(8, dtype=bool)].min() > 3
    for car in [*paints, "no-letters"]:
        assert (pick[car][1] == masks).all()
    plain = pick["no-letters"][0].min(axis=-1)
    letters = (plain - images.max(axis=-1) > 50) & (plain > 170) & (masks == 0)
    assert 0.01 < letters.mean() < 0.2
    assert not pick["empty"][1].any()
    # A nearer camera sees a larger car, one to the left a car to the right.
    share = {car: mask.mean() for car, (_, mask) in pick.items()}
    assert share["camera-nearer"] > 1.1 * share["as-is"] > 1.1**2 * share["camera-farther"]
    middle = {car: np.nonzero(mask)[2].mean() for car, (_, mask) in pick.items() if mask.any()}
    assert middle["camera-left"] > middle["as-is"] + 0.02 * size[1]
    assert middle["camera-right"] < middle["as-is"] - 0.02 * size[1]
    assert (pick["camera-higher"][1] != masks).any()


def test_the_shipped_counterfactuals_change_one_thing_at_a_time():
    check_counterfactuals(COUNTERFACTUALS, (128, 192))
    assert sum(p.stat().st_size for p in COUNTERFACTUALS.rglob("*")) <= 1.5e6


def test_fresh_counterfactuals_change_one_thing_at_a_time(mitsuba, monkeypatch, tmp_path):
    monkeypatch.setattr("labseg_author.studio.extras.VIEWS", [3])
    check_counterfactuals(studio.counterfactuals(tmp_path, size=(64, 96), spp=4), (64, 96))


# For looking at.


def test_the_large_views_have_carvanas_size():
    check_formats(LARGE, (1918, 1280))
    assert len(list(LARGE.glob("train/*"))) == 2
    assert sum(p.stat().st_size for p in LARGE.glob("train/*")) <= 400e3


def test_a_contact_sheet_shows_a_row_a_style(small, tmp_path):
    sheet = Image.open(studio.contact_sheet(small, tmp_path / "sheet.png", views=(1, 9), width=48))
    styles = {
        car["car"]["style"]
        for car in json.loads((small / "card.json").read_text())["cars"].values()
    }
    assert sheet.size == (2 * 48 + 3, len(styles) * 35 - 3)
    with pytest.raises(ValueError, match="render all 16 views first"):
        studio.contact_sheet(small, tmp_path / "sheet.png")
