"""The reader on files as Carvana has them, and on bad ones; the split by car."""

import os
import re

import numpy as np
import pytest
from carvana_files import FULL, write_cars, write_image, write_mask, write_pair
from other_user import other_user
from PIL import Image

import labseg

NAME = "0cdf5b5d0ce1_01"
SIZE = (20, 30)


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(tmp_path):
    write_pair(tmp_path, NAME)
    return tmp_path


def load(folder, size=SIZE, **options):
    return labseg.load_carvana(folder, size, **options)


# Good files.


def test_a_full_size_pair_as_carvana_stores_it(tmp_path):
    mask = write_pair(tmp_path, NAME, FULL)
    cars = load(tmp_path, (128, 192))
    assert Image.open(tmp_path / "train_masks" / f"{NAME}_mask.gif").mode == "P"
    assert (cars.images.shape, cars.images.dtype) == ((1, 128, 192, 3), np.uint8)
    assert (cars.masks.shape, cars.masks.dtype) == ((1, 128, 192), np.uint8)
    assert set(np.unique(cars.masks)) == {0, 1}
    nearest = Image.fromarray(mask).resize((192, 128), Image.Resampling.NEAREST)
    np.testing.assert_array_equal(cars.masks[0], np.array(nearest))
    area = Image.open(tmp_path / "train" / f"{NAME}.jpg").resize((192, 128), Image.Resampling.BOX)
    assert np.abs(cars.images[0].astype(int) - np.array(area)).mean() < 2


def test_channels_are_red_green_blue(folder):
    cars = load(folder)
    red, green, blue = cars.images[0][10, 0].astype(int)  # the blue edge
    assert blue > 150
    assert max(red, green) < 100
    red, green, blue = cars.images[0][cars.masks[0] == 1].mean(axis=0)
    assert red > 150
    assert max(green, blue) < 80


def test_images_are_averaged_not_sampled(tmp_path):
    stripes = np.zeros((40, 60, 3), np.uint8)
    stripes[::2] = 255
    write_image(tmp_path, NAME, Image.fromarray(stripes))
    write_mask(tmp_path, NAME, np.arange(2400).reshape(40, 60) < 900)
    assert abs(load(tmp_path).images.mean() - 127) < 6
    assert load(tmp_path).images.std() < 30


def test_enlarging_works_too(folder):
    cars = load(folder, (80, 120))
    assert cars.images.shape == (1, 80, 120, 3)
    assert set(np.unique(cars.masks)) == {0, 1}


def test_pairs_are_matched_by_name_in_name_order(tmp_path):
    names = ["b_02", "a_01", "b_01", "a_02"]
    masks = {name: write_pair(tmp_path, name, seed=i) for i, name in enumerate(names)}
    cars = load(tmp_path, (40, 60))
    assert cars.names == sorted(names)
    for name, mask in zip(cars.names, cars.masks, strict=True):
        np.testing.assert_array_equal(mask, masks[name])
    assert cars.cars == ["a", "a", "b", "b"]
    assert cars.views == [1, 2, 1, 2]


def test_limit_counts_images_in_name_order(tmp_path):
    write_cars(tmp_path, n_cars=2, views=3)
    assert load(tmp_path, limit=4).names == load(tmp_path).names[:4]


def test_hidden_files_are_passed_over(folder):
    (folder / "train" / "._0cdf5b5d0ce1_01.jpg").write_bytes(b"from a Mac")
    assert load(folder).names == [NAME]


@pytest.mark.parametrize("top", [1, 255])
def test_a_grey_mask_of_two_levels_is_read(folder, top):
    path = folder / "train_masks" / f"{NAME}_mask.gif"
    levels = np.zeros((40, 60), np.uint8)
    levels[:, 30:] = top
    Image.fromarray(levels).save(path)
    assert load(folder).masks.mean() == 0.5


def test_the_set_says_what_it_is(tmp_path):
    assert repr(load(write_cars(tmp_path, 2, 3))) == "Cars: 6 images of 2 cars, 20×30 pixels"


# Bad files: one sentence that names the file or value.


def fails(folder, *words, size=SIZE, error=ValueError, **options):
    with pytest.raises(error) as caught:
        labseg.load_carvana(folder, size, **options)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message
    return message


def test_a_missing_folder(tmp_path):
    fails(tmp_path / "nowhere", "nowhere", "train_masks/", error=FileNotFoundError)


def test_a_folder_without_masks(folder):
    (folder / "train_masks").rename(folder / "masks")
    fails(folder, str(folder / "train_masks"), error=FileNotFoundError)


def test_zips_that_were_not_unpacked(tmp_path):
    (tmp_path / "train.zip").write_bytes(b"PK")
    fails(tmp_path, "Unpack train.zip", error=FileNotFoundError)


def test_an_empty_folder(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train_masks").mkdir()
    fails(tmp_path, "train holds no .jpg: put the files there", error=FileNotFoundError)


def test_an_image_without_its_mask(folder):
    write_pair(folder, "a_02")
    (folder / "train_masks" / "a_02_mask.gif").unlink()
    fails(folder, "a_02.jpg has no mask", "a_02_mask.gif", error=FileNotFoundError)


def test_a_mask_without_its_image(folder):
    write_pair(folder, "a_02")
    (folder / "train" / "a_02.jpg").unlink()
    fails(folder, "a_02_mask.gif has no image", "train/a_02.jpg", error=FileNotFoundError)


def test_a_name_that_is_not_carvanas(folder):
    write_pair(folder, "holiday")
    fails(folder, "holiday.jpg", "<car>_<view>.jpg")


def test_a_truncated_jpeg(tmp_path):
    write_pair(tmp_path, NAME, (400, 600))
    path = tmp_path / "train" / f"{NAME}.jpg"
    path.write_bytes(path.read_bytes()[:3000])
    fails(tmp_path, f"{NAME}.jpg is damaged or cut short", "fetch it again")


@pytest.mark.parametrize("part", ["train/{}.jpg", "train_masks/{}_mask.gif"])
def test_a_file_that_is_no_picture(folder, part):
    path = folder / part.format(NAME)
    path.write_bytes(b"<html>Sign in</html>")
    fails(folder, path.name, "is damaged")


def test_a_mask_of_another_size(folder):
    write_mask(folder, NAME, np.ones((30, 60)))
    fails(folder, f"{NAME}_mask.gif is 60×30 pixels", "60×40")


def test_a_mask_with_grey_levels(folder):
    smooth = np.linspace(0, 255, 40 * 60).reshape(40, 60).astype(np.uint8)
    Image.fromarray(smooth).save(folder / "train_masks" / f"{NAME}_mask.gif")
    fails(folder, f"{NAME}_mask.gif has grey levels such as 1;", "nearest")


@pytest.mark.parametrize(("mode", "said"), [("L", "mode L"), ("CMYK", "mode CMYK")])
def test_an_image_of_another_colour_mode(folder, mode, said):
    write_image(folder, NAME, Image.new(mode, (60, 40)))
    fails(folder, f"{NAME}.jpg", said, 'convert("RGB")')


def test_an_image_stored_rotated(folder):
    exif = Image.Exif()
    exif[0x0112] = 6
    write_image(folder, NAME, Image.new("RGB", (60, 40)), exif=exif)
    fails(folder, f"{NAME}.jpg is stored rotated", "exif_transpose")


@pytest.mark.parametrize(
    "size", [0, 96, (96,), (96, 0), (-1, 5), (2.5, 3), (1, 2, 3), "ab", None, (float("nan"), 2)]
)
def test_a_size_that_is_no_pair_of_pixels(folder, size):
    fails(folder, f"size={size!r}", "(height, width)", size=size)


@pytest.mark.parametrize("limit", [0, -3, 2.5, True, "all"])
def test_a_limit_that_is_no_number_of_images(folder, limit):
    fails(folder, f"limit={limit!r}", "at least 1", limit=limit)


def test_a_limit_larger_than_the_set(folder):
    message = fails(folder, "limit=7", "holds 1 images", limit=7)
    assert re.search("smaller limit", message)


# The split.


@pytest.fixture(scope="module")
def ten(tmp_path_factory):
    return load(write_cars(tmp_path_factory.mktemp("ten"), n_cars=10, views=4), (8, 12))


def test_no_car_is_on_two_sides_and_none_is_lost(ten):
    for seed in range(5):
        sides = ten.split(val=0.2, test=0.3, seed=seed)
        owners = [set(side.cars) for side in sides]
        assert [len(owner) for owner in owners] == [5, 2, 3]
        assert set.union(*owners) == set(ten.cars)
        assert sum(map(len, sides)) == len(ten)


def test_rows_stay_together(ten):
    _, _, test = ten.split()
    for name, image, mask in zip(test.names, test.images, test.masks, strict=True):
        row = ten.names.index(name)
        np.testing.assert_array_equal(image, ten.images[row])
        np.testing.assert_array_equal(mask, ten.masks[row])


def test_the_seed_decides(ten):
    first, again, other = (set(ten.split(seed=seed)[2].cars) for seed in (0, 0, 3))
    assert first == again
    assert first != other


def test_the_fractions_count_cars_rounded_half_up():
    """Carvana's first 2,000 images are 125 cars; 0.1 of them is 13."""
    names = [f"{car:03}_{view:02}" for car in range(125) for view in range(1, 17)]
    shape = len(names), 1, 1
    cars = labseg.Cars(np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8), names)
    train, val, test = cars.split(val=0.1, test=0.1)
    assert [len(side) for side in (train, val, test)] == [1584, 208, 208]
    assert len(train) + len(val) == 1792


def test_each_side_has_a_car(ten):
    assert [len(set(side.cars)) for side in ten.split(val=0.01, test=0.01)] == [8, 1, 1]


@pytest.mark.parametrize("bad", [{"val": 0}, {"test": 1}, {"val": -0.1}, {"test": 16}])
def test_a_fraction_that_is_none(ten, bad):
    (side, value), *_ = bad.items()
    with pytest.raises(ValueError, match=f"{side}={value}: give a fraction"):
        ten.split(**bad)


def test_too_few_cars_to_split(ten):
    two = ten.select(slice(0, 8))
    with pytest.raises(ValueError, match="none of the 2 cars to train on"):
        two.split()


def test_select_takes_rows_a_slice_or_a_condition(ten):
    assert ten.select([3, 1]).names == [ten.names[3], ten.names[1]]
    assert ten.select((3, 1)).names == ten.select([3, 1]).names
    assert ten.select(slice(0, 2)).names == ten.names[:2]
    assert set(ten.select(np.array(ten.views) == 2).views) == {2}


@pytest.mark.parametrize("rows", [99, [99], -41, "a", None, [0.5], [True], {"a": 1}])
def test_rows_that_are_not_there(ten, rows):
    with pytest.raises(ValueError, match=r"rows=.*: give row numbers from 0 to 39, a slice"):
        ten.select(rows)


def test_a_condition_of_another_length_is_not_printed_whole(ten):
    with pytest.raises(ValueError, match="rows=") as caught:
        ten.select([True] * 672)
    assert len(str(caught.value)) < 200


def test_a_single_row_is_a_set_of_one_image(ten):
    assert ten.select(3).names == ten.select(np.int64(3)).names == [ten.names[3]]


@pytest.mark.parametrize(
    "bad", [{"val": None}, {"test": "0.1"}, {"val": float("nan")}, {"seed": -1}, {"seed": 1.5}]
)
def test_arguments_of_a_split_that_are_no_numbers(ten, bad):
    (name, value), *_ = bad.items()
    with pytest.raises(ValueError, match=re.escape(f"{name}={value!r}: give a")):
        ten.split(**bad)


def test_numpys_numbers_will_do(ten):
    given = {"val": np.float32(0.25), "test": np.float64(0.25), "seed": np.int64(1)}
    assert ten.split(**given)[2].names == ten.split(val=0.25, test=0.25, seed=1)[2].names


# Where the folder is, and what is in it.


def test_the_home_folder_may_be_written_as_a_tilde(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    assert load(f"~/{folder.name}").names == [NAME]


@pytest.mark.parametrize("nowhere", [None, 3, "", "a" * 300, "nul\0l"])
def test_a_folder_that_cannot_be(nowhere):
    words = f"folder={nowhere!r}: give" if nowhere != "a" * 300 else "There is no folder aaa"
    with pytest.raises((ValueError, FileNotFoundError), match=re.escape(words)):
        load(nowhere)


@pytest.mark.parametrize("ending", [".JPG", ".jpeg", ".png"])
def test_photographs_with_another_ending_are_named(folder, ending):
    path = folder / "train" / f"{NAME}.jpg"
    path.rename(path.with_suffix(ending))
    fails(
        folder,
        f"holds no .jpg but files that end in {ending}: rename or convert",
        error=FileNotFoundError,
    )


def test_a_folder_within_the_folder_of_the_same_name_is_named(folder):
    (folder / "train").rename(folder / "inner")
    (folder / "train").mkdir()
    (folder / "inner").rename(folder / "train" / "train")
    fails(folder, "holds no .jpg: move what is in", "train/train up", error=FileNotFoundError)


@pytest.mark.parametrize("target", [None, "nowhere", f"{NAME}.jpg"])
def test_a_folder_or_a_broken_link_in_the_place_of_a_file(folder, target):
    path = folder / "train" / f"{NAME}.jpg"
    path.unlink()
    path.symlink_to(target) if target else path.mkdir()
    fails(folder, f"{NAME}.jpg is not a file but a folder or a broken link")


def test_a_page_of_the_web_in_the_place_of_a_photograph(folder):
    path = folder / "train" / f"{NAME}.jpg"
    path.write_text("<html>Sign in</html>")
    fails(folder, f"{path} is damaged, or is not a picture: fetch it again.")


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="permissions of POSIX systems")
def test_a_folder_that_may_be_listed_but_not_entered(folder):
    (folder / "train").chmod(0o744 if os.geteuid() == 0 else 0o400)
    said = f"You may not read {folder / 'train'}: change its permissions."
    with other_user(folder):
        fails(folder, said, error=PermissionError)
    (folder / "train").chmod(0o755)


def test_a_file_that_may_not_be_read(folder, monkeypatch):
    def refused(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", refused)
    fails(
        folder,
        "You may not read",
        f"{NAME}.jpg: change its permissions",
        error=PermissionError,
        cache=False,
    )


def test_a_picture_with_far_too_many_pixels(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    fails(folder, f"{NAME}.jpg claims to have far too many pixels")


def test_more_than_the_memory_holds(folder):
    fails(folder, "1 images of", "do not fit into the memory", size=(10**9, 10**9))


def test_an_animated_mask(folder):
    path = folder / "train_masks" / f"{NAME}_mask.gif"
    frames = [Image.new("L", (60, 40), level) for level in (0, 255)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    fails(folder, f"{NAME}_mask.gif is animated (2 pictures)")


def test_a_mask_with_an_alpha_channel(folder):
    path = folder / "train_masks" / f"{NAME}_mask.gif"
    Image.new("LA", (60, 40)).save(path, "PNG")
    fails(folder, f"{NAME}_mask.gif has an alpha channel (mode LA)")


@pytest.mark.parametrize(
    ("level", "said"), [(0, "is empty: is the car another colour"), (1, "covers most of its pict")]
)
def test_a_mask_that_can_hardly_be_right_is_said(folder, level, said):
    write_mask(folder, NAME, np.full((40, 60), level))
    for _ in range(2):  # read, and found in the cache
        with pytest.warns(UserWarning, match=f"{NAME}_mask.gif {said}"):
            load(folder)


@pytest.mark.parametrize("size", [(1, 10**9), (1, 3 * 10**9), (10**30, 1)])
def test_a_size_that_no_memory_holds(folder, size):
    with pytest.raises(ValueError, match="do not fit into the memory: choose a smaller size"):
        load(folder, size)


def test_a_set_is_no_size_because_it_has_no_order(folder):
    with pytest.raises(ValueError, match=r"give \(height, width\) in pixels"):
        load(folder, {30, 20})


def test_one_file_in_capitals_is_not_passed_over(folder):
    """Image and mask would both be left out without a word."""
    for part, ending in (("train", ".JPG"), ("train_masks", "_mask.GIF")):
        file = next((folder / part).iterdir())
        (folder / part / f"b_01{ending}").write_bytes(file.read_bytes())
    with pytest.raises(
        FileNotFoundError, match=r"b_01\.JPG ends in capitals: rename it to b_01\.j"
    ):
        load(folder)


def test_an_orientation_that_exif_does_not_know_turns_nothing(folder):
    path = folder / "train" / f"{NAME}.jpg"
    image = Image.open(path)
    exif = image.getexif()
    exif[0x0112] = 0
    image.save(path, exif=exif)
    assert load(folder).names == [NAME]


def test_exif_data_that_cant_be_read_are_damage(folder):
    path = folder / "train" / f"{NAME}.jpg"
    with Image.open(path) as image:
        image.save(path, "PNG", exif=b"Exif\0\0garbage!")
    fails(folder, f"{NAME}.jpg is damaged", "fetch it again")


def test_cache_is_a_yes_or_no(folder):
    with pytest.raises(ValueError, match="cache='/scratch': give True or False"):
        load(folder, cache="/scratch")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda cars: {"names": ["a"] * len(cars)}, "name 'a' is not like Carvana's"),
        (
            lambda cars: {"names": cars.names[:1]},
            r"fit 1 names: expected \(n, h, w, 3\), \(n, h, w",
        ),
        (lambda cars: {"masks": cars.masks[..., None]}, r"masks of shape \(40, \d+, \d+, 1\)"),
        (lambda cars: {"images": cars.images[..., 0]}, r"images of shape \(40, \d+, \d+\)"),
        (lambda cars: {"images": list(cars.images)}, "list"),
    ],
)
def test_a_set_made_by_hand_has_to_fit_together(ten, change, says):
    parts = {"images": ten.images, "masks": ten.masks, "names": ten.names}
    with pytest.raises(labseg.errors.LabsegError, match=says):
        labseg.Cars(**parts | change(ten))


# The studio's counterfactuals.


def test_the_counterfactuals_are_one_car_with_one_thing_changed(recwarn):
    cars = labseg.load_counterfactuals((64, 96))
    changed = np.array(cars.cars)
    as_is, red, empty = (cars.select(changed == name) for name in ("as-is", "paint-red", "empty"))
    assert cars.images.shape == (len(cars), 64, 96, 3)
    assert sum(name.startswith("paint-") for name in set(cars.cars)) == 8
    assert as_is.views == red.views == empty.views
    np.testing.assert_array_equal(as_is.masks, red.masks)
    assert (as_is.images != red.images).any()
    assert not empty.masks.any()
    assert not recwarn.list  # that a turntable is empty is no surprise here


def test_the_size_of_the_counterfactuals_is_checked():
    with pytest.raises(ValueError, match=r"size=64: give \(height, width\)"):
        labseg.load_counterfactuals(64)
