"""Folders of cars in numbers: measured on a drawn room whose numbers are known."""

import numpy as np
import pytest
from carvana_files import write_mask
from labseg_author import cli, statistics
from labseg_author.studio.shoot import car_name
from PIL import Image
from typer.testing import CliRunner

WALL, FLOOR, INK, PAINT, SHADOW = 240, 190, 100, 60, 80
EDGE, TOP, FOOT = 48, 52, 90  # rows of 128: the floor's first, the car's first, below its last
LETTERS = slice(28, EDGE), slice(12, 180)  # rows; of 192 columns


def room(floor=(FLOOR,) * 3, letters=True):
    """A wall that meets the floor in a sharp edge, and one letter along it, uint8 RGB."""
    picture = np.full((128, 192, 3), WALL, np.uint8)
    picture[EDGE:] = floor
    if letters:
        picture[LETTERS] = INK
    return picture


def write_car(folder, index=0, views=16, **of_the_room):
    """A box that stands in the middle, its ends depending on the view, on a strip of shadow."""
    for view in range(1, views + 1):
        picture, mask = room(**of_the_room), np.zeros((128, 192), bool)
        mask[TOP:FOOT, 40 + view : 140 + view] = True
        picture[FOOT : FOOT + 5, 40 + view : 140 + view] = SHADOW
        picture[mask] = PAINT
        name = f"{car_name(0, index)}_{view:02}"
        path = folder / "train" / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path, quality=95, subsampling="4:4:4")
        write_mask(folder, name, mask)
    return folder


@pytest.fixture
def measured(tmp_path):
    """{row: its mean} of one car."""
    rows = statistics.compare(write_car(tmp_path, floor=(196, 190, 186)))
    return {row.name: row.folder[0] for row in rows}


def test_every_row_of_the_table_is_measured_in_its_order(measured):
    assert list(measured) == list(statistics.CARVANA)
    assert np.isfinite(list(measured.values())).all()


def test_wall_floor_and_their_edge(measured):
    floor = statistics.luminance(np.array([196, 190, 186]))
    assert measured["wall's luminance"] == pytest.approx(WALL, abs=1)
    for place in ("floor's luminance beside the car", "floor in front, luminance"):
        assert measured[place] == pytest.approx(floor, abs=1)
    assert measured["wall minus floor"] == pytest.approx(WALL - floor, abs=1.5)
    for place in ("floor beside the car, R−B", "floor in front, R−B"):
        assert measured[place] == pytest.approx(10, abs=1.5)
    assert measured["edge between wall and floor"] == pytest.approx(EDGE / 128, abs=0.012)


def test_the_letters(measured):
    assert measured["letters' left end"] == pytest.approx(12 / 192, abs=0.006)
    assert measured["letters' right end"] == pytest.approx(180 / 192, abs=0.006)
    assert measured["letters' top"] == pytest.approx(28 / 128, abs=0.01)
    assert measured["letters' luminance"] == pytest.approx(INK, abs=2)
    share = (46 - 28) * 168 / (46 * 192)  # rows 0 to .36 are 46
    assert measured["letters' share of the upper .36"] == pytest.approx(share, abs=0.01)


def test_the_car_and_the_floor_below_it(measured):
    assert measured["view 05, car's top"] == TOP / 128
    assert measured["view 05, car's bottom"] == FOOT / 128
    for view in (3, 7, 11, 15):
        assert measured[f"view {view:02}, left end"] == (40 + view) / 192
        assert measured[f"view {view:02}, right end"] == (140 + view) / 192
    assert measured["car's luminance, percentile 50"] == pytest.approx(PAINT, abs=1)
    for below in ("1 pixel", "2 pixels", "5 pixels"):
        assert measured[f"luminance {below} below the car"] == pytest.approx(SHADOW, abs=5)
    assert measured["share of car pixels"] == pytest.approx((FOOT - TOP) * 100 / (128 * 192))


def test_a_wall_without_letters_has_none_to_measure(tmp_path):
    rows = {row.name: row for row in statistics.compare(write_car(tmp_path, letters=False))}
    assert np.isnan(rows["letters' top"].folder[0])
    assert rows["letters' top"].met is False
    assert rows["letters' share of the upper .36"].folder[0] == 0


def test_means_and_spreads_over_cars_both_have_to_fit(tmp_path):
    for index, brightness in enumerate((176, 192, 208)):
        write_car(tmp_path, index, floor=(brightness,) * 3)
    rows = {row.name: row for row in statistics.compare(tmp_path)}
    floor, wall = rows["floor's luminance beside the car"], rows["wall's luminance"]
    assert floor.folder == pytest.approx((192, np.std([176, 192, 208])), abs=1)
    assert floor.met
    assert abs(wall.folder[0] - wall.carvana[0]) < 2  # near enough,
    assert wall.met is False  # but it does not vary
    assert rows["car's luminance, percentile 50"].met is None  # Carvana's deviation is not known


def test_a_car_of_which_views_are_missing_does_not_count(tmp_path):
    write_car(tmp_path, 0)
    write_car(tmp_path, 1, views=15, floor=(100,) * 3)
    rows = {row.name: row.folder for row in statistics.compare(tmp_path)}
    assert rows["floor's luminance beside the car"] == pytest.approx((FLOOR, 0), abs=1)
    for view in range(1, 16):
        (tmp_path / "train" / f"{car_name(0, 0)}_{view:02}.jpg").unlink()
        (tmp_path / "train_masks" / f"{car_name(0, 0)}_{view:02}_mask.gif").unlink()
    with pytest.raises(ValueError, match="No car has all 16 views; render or download them"):
        statistics.compare(tmp_path)


def test_the_command_prints_both_columns(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    result = CliRunner().invoke(cli.app, ["statistics", str(write_car(tmp_path))])
    assert result.exit_code == 0, result.output
    (line,) = (line for line in result.output.splitlines() if "wall's luminance" in line)
    assert "241 (9)" in line
    assert "240.0 (0.0)" in line
    assert "NO" in line
