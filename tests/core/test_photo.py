"""A photograph of one's own: whatever a telephone or a program writes, and bad files."""

import os
import re

import numpy as np
import pytest
from other_user import other_user
from PIL import Image

import labseg

SIZE = (40, 60)


def halves(height=80, width=120):
    """A picture whose left half is red and whose right half is blue."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2, 0] = picture[:, width // 2 :, 2] = 255
    return Image.fromarray(picture)


def colours(photo):
    """The mean colour left and right, and above and below."""
    h, w = photo.shape[:2]
    parts = photo[:, : w // 2 - 1], photo[:, w // 2 + 1 :], photo[: h // 2 - 1], photo[h // 2 + 1 :]
    return [part.reshape(-1, 3).mean(axis=0).round().astype(int).tolist() for part in parts]


RED, BLUE = [255, 0, 0], [0, 0, 255]


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "gif"])
def test_a_picture_keeps_its_colours_and_sides(tmp_path, ending):
    halves().save(tmp_path / f"car.{ending}")
    photo = labseg.load_photo(tmp_path / f"car.{ending}", SIZE)
    assert (photo.shape, photo.dtype) == ((40, 60, 3), np.uint8)
    assert colours(photo)[:2] == [RED, BLUE]


@pytest.mark.parametrize("text", ["car.png", "~/car.png"])
def test_a_name_in_this_folder_or_at_home_will_do(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    halves().save("car.png")
    assert labseg.load_photo(text, SIZE).shape == (40, 60, 3)


def test_the_middle_of_an_upright_picture_is_kept(tmp_path):
    tall = np.zeros((400, 120, 3), np.uint8)
    tall[160:240] = 255  # the middle 80 rows, as wide as 3:2 asks for
    Image.fromarray(tall).save(tmp_path / "car.png")
    assert labseg.load_photo(tmp_path / "car.png", SIZE)[2:-2].min() == 255


def test_proportions_are_kept(tmp_path):
    wide = np.zeros((80, 400, 3), np.uint8)
    wide[30:50, 190:210] = 255  # a square
    Image.fromarray(wide).save(tmp_path / "car.png")
    lit = labseg.load_photo(tmp_path / "car.png", SIZE)[..., 0] > 128
    assert lit.any(axis=0).sum() == lit.any(axis=1).sum() == 10


@pytest.mark.parametrize(
    ("turned", "left", "right", "above", "below"),
    [
        (1, RED, BLUE, None, None),
        (3, BLUE, RED, None, None),
        (6, None, None, RED, BLUE),
        (8, None, None, BLUE, RED),
    ],
)
def test_a_telephone_s_picture_is_turned_upright(tmp_path, turned, left, right, above, below):
    exif = Image.Exif()
    exif[0x0112] = turned
    halves(120, 120).save(tmp_path / "car.png", exif=exif)
    photo = labseg.load_photo(tmp_path / "car.png", (60, 60))
    for found, wanted in zip(colours(photo), (left, right, above, below), strict=True):
        assert wanted is None or found == wanted


def test_exif_data_that_cant_be_read_turn_nothing(tmp_path):
    halves(120, 120).save(tmp_path / "car.png", exif=b"Exif\0\0garbage!")
    photo = labseg.load_photo(tmp_path / "car.png", (60, 60))
    assert colours(photo)[:2] == [RED, BLUE]


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA", "RGBA"])
def test_other_colour_modes_become_rgb(tmp_path, mode):
    grey = Image.new("RGB", (120, 80), (255, 255, 255)).convert(mode)
    grey.save(tmp_path / "car.tif")
    photo = labseg.load_photo(tmp_path / "car.tif", SIZE)
    assert photo.shape == (40, 60, 3)
    assert photo.min() >= 254


def test_what_is_transparent_becomes_white(tmp_path):
    clear = np.zeros((80, 120, 4), np.uint8)
    clear[:, 60:, 3] = 255  # black on the right, nothing on the left
    Image.fromarray(clear).save(tmp_path / "car.png")
    assert colours(labseg.load_photo(tmp_path / "car.png", SIZE))[:2] == [[255] * 3, [0] * 3]


def test_sixteen_bits_become_eight(tmp_path):
    deep = np.full((80, 120), 0x80FF, np.uint16)
    Image.fromarray(deep).save(tmp_path / "car.png")
    assert np.unique(labseg.load_photo(tmp_path / "car.png", SIZE)).tolist() == [0x80]


def test_a_small_picture_is_enlarged(tmp_path):
    halves(32, 48).save(tmp_path / "car.png")
    assert labseg.load_photo(tmp_path / "car.png", (64, 96)).shape == (64, 96, 3)


def test_without_a_photograph_ours_is_read_and_said(capsys):
    photo = labseg.load_photo(None, (64, 96))
    assert photo.shape == (64, 96, 3)
    assert photo.std() > 20
    assert capsys.readouterr().out == (
        "No photograph of yours yet: using our picture of a street.\n"
    )


# What can't be read.


def refused(path, error=ValueError):
    with pytest.raises(error) as caught:
        labseg.load_photo(path, SIZE)
    return str(caught.value)


def test_a_missing_file_is_named_with_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = refused("my_car.jpg", FileNotFoundError)
    assert said.startswith(f"There is no file 'my_car.jpg' here ({tmp_path}): check its name")


def test_a_folder_is_no_picture(tmp_path):
    assert refused(tmp_path).endswith("is a folder: give the name of a picture in it.")


@pytest.mark.parametrize("path", [3, "", " ", ["car.jpg"], b"car.jpg"])
def test_what_is_no_path_is_said(path):
    assert refused(path) == f'path={path!r}: give the name of a picture, such as "my_car.jpg".'


@pytest.mark.parametrize("content", [b"", b"a shopping list"])
def test_a_file_of_another_kind_is_no_picture(tmp_path, content):
    (tmp_path / "car.jpg").write_bytes(content)
    assert refused(tmp_path / "car.jpg").endswith(
        "car.jpg is not a picture that can be read here: choose a JPEG or a PNG."
    )


def test_heic_is_named_with_the_way_out(tmp_path):
    (tmp_path / "car.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99))
    assert refused(tmp_path / "car.jpg").endswith(
        "car.jpg is a HEIC picture, which can't be read here: export it as a JPEG first."
    )


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_picture_cut_short_is_damaged(tmp_path, ending):
    file = tmp_path / f"car.{ending}"
    noise = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert re.search(r"is damaged or cut short \(.+\): copy it again", refused(file))


def test_a_tiny_picture_is_refused(tmp_path):
    halves(31, 48).save(tmp_path / "car.png")
    assert refused(tmp_path / "car.png").endswith(
        "car.png is 48×31 pixels: choose a picture with at least 32 on each side."
    )


def test_too_many_pixels_are_refused(tmp_path, monkeypatch):
    halves().save(tmp_path / "car.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert "has too many pixels: save it smaller" in refused(tmp_path / "car.png")


def test_numbers_that_are_no_colours_are_refused(tmp_path):
    Image.fromarray(np.zeros((80, 120), np.float32)).save(tmp_path / "car.tif")
    assert "has colour mode F, not that of a photograph" in refused(tmp_path / "car.tif")


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="permissions of POSIX systems")
def test_a_file_that_may_not_be_read_is_said(tmp_path):
    halves().save(tmp_path / "car.png")
    (tmp_path / "car.png").chmod(0)
    with other_user(tmp_path):
        assert "You may not read" in refused(tmp_path / "car.png", PermissionError)


def test_the_size_is_checked(tmp_path):
    halves().save(tmp_path / "car.png")
    with pytest.raises(ValueError, match=r"size=60: give \(height, width\) in pixels"):
        labseg.load_photo(tmp_path / "car.png", 60)
