"""What is read is kept: found again, never wrong, safe with several processes, cleared."""

import errno
import json
import os
import pwd
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from carvana_files import write_cars, write_pair
from typer.testing import CliRunner

import labseg
from labseg import cli
from labseg.data import cache, carvana

SIZE = (20, 30)


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(tmp_path):
    return write_cars(tmp_path / "carvana", 2, views=2)


@pytest.fixture
def reads(monkeypatch):
    """How often the files were read, one entry a time."""
    times = []
    read = carvana._read
    monkeypatch.setattr(carvana, "_read", lambda *given: times.append(given) or read(*given))
    return times


def load(folder, size=SIZE, **options):
    return labseg.load_carvana(folder, size, **options)


def same(one, other):
    return (
        np.array_equal(one.images, other.images)
        and np.array_equal(one.masks, other.masks)
        and one.names == other.names
    )


# Found again.


def test_the_second_load_reads_no_file_and_is_the_same(folder, reads):
    first, second = load(folder), load(folder)
    assert len(reads) == 1
    assert same(first, second)
    assert same(second, load(folder, cache=False))
    assert (second.images.dtype, second.masks.dtype) == (np.uint8, np.uint8)
    assert type(second.images) is np.ndarray


def test_the_second_load_is_mapped_not_copied(folder):
    load(folder)
    base = load(folder).images.base
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)


def test_writing_to_the_arrays_does_not_reach_the_disk(folder):
    load(folder)
    second = load(folder)
    second.images[:] = 0
    second.masks[:] = 1
    assert same(load(folder), load(folder, cache=False))


def test_without_cache_nothing_is_kept(folder, reads):
    load(folder, cache=False)
    assert cache.entries() == []
    load(folder, cache=False)
    assert len(reads) == 2


def test_the_cars_that_ship_are_not_kept():
    labseg.load_cars((16, 24), limit=2)
    assert cache.entries() == []


def test_sizes_and_limits_are_kept_apart(folder, reads):
    for _ in range(2):
        assert load(folder).images.shape == (4, 20, 30, 3)
        assert load(folder, (30, 20)).images.shape == (4, 30, 20, 3)
        assert len(load(folder, limit=np.int64(2))) == 2
    assert len(reads) == 3
    assert len(cache.entries()) == 3


def test_another_filter_is_another_entry(folder, reads, monkeypatch):
    load(folder)
    monkeypatch.setattr(carvana, "FILTER", "another")
    load(folder)
    assert len(reads) == 2


# Never wrong.


def test_another_folder_with_the_same_names_sizes_and_times_is_another_entry(folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    write_pair(other, "000000000000_01", seed=99)
    for part in ("train/000000000000_01.jpg", "train_masks/000000000000_01_mask.gif"):
        sizes = [(place / part).stat().st_size for place in (folder, other)]
        for place, size in zip((folder, other), sizes, strict=True):
            with (place / part).open("ab") as file:
                file.write(bytes(max(sizes) - size))  # what follows the picture is not read
            os.utime(place / part, (1, 1))
    assert not same(load(folder), load(other))
    assert same(load(other), load(other, cache=False))


def change_image(folder):
    write_pair(folder, "000000000000_01", seed=99)


def change_only_the_time(folder):
    path = folder / "train" / "000000000000_01.jpg"
    os.utime(path, (1, 1))


def add_a_pair(folder):
    write_pair(folder, "000000000009_01")


def remove_a_pair(folder):
    (folder / "train" / "000000000000_01.jpg").unlink()
    (folder / "train_masks" / "000000000000_01_mask.gif").unlink()


def change_mask_of_same_size(folder):
    path = folder / "train_masks" / "000000000000_01_mask.gif"
    content = bytearray(path.read_bytes())
    content[13:19] = bytes([255, 255, 255, 0, 0, 0])  # the palette: black and white change places
    path.write_bytes(content)


@pytest.mark.parametrize(
    "change",
    [change_image, change_only_the_time, add_a_pair, remove_a_pair, change_mask_of_same_size],
)
@pytest.mark.filterwarnings("ignore:.*covers most of its picture")
def test_changed_files_are_read_anew_and_the_old_arrays_are_removed(folder, reads, change):
    load(folder)
    change(folder)
    assert same(load(folder), load(folder, cache=False))
    assert len(reads) == 3
    assert same(load(folder), load(folder, cache=False))
    assert len(reads) == 4
    assert len(cache.entries()) == 1


def entry():
    (found,) = cache.entries()
    return found.path


def cut(name):
    path = entry() / name
    path.write_bytes(path.read_bytes()[:-7])


def flip(name, place):
    path = entry() / name
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def swap(name, old, new):
    path = entry() / name
    path.write_bytes(path.read_bytes().replace(old, new))


def edit_card(**changes):
    path = entry() / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


DAMAGES = {
    "images cut": lambda: cut("images.npy"),
    "masks cut": lambda: cut("masks.npy"),
    "images flipped": lambda: flip("images.npy", -5),
    "masks flipped": lambda: flip("masks.npy", -100),
    "header flipped": lambda: flip("images.npy", 3),
    "bracket flipped": lambda: swap("images.npy", b"30, 3)", b"30, 3-"),
    "type changed": lambda: swap("images.npy", b"|u1", b"|i1"),
    "shape changed": lambda: swap("masks.npy", b"(4, 20, 30)", b"(4, 30, 20)"),
    "images empty": lambda: (entry() / "images.npy").write_bytes(b""),
    "masks gone": lambda: (entry() / "masks.npy").unlink(),
    "card cut": lambda: cut("card.json"),
    "card a list": lambda: (entry() / "card.json").write_text("[]"),
    "card gone": lambda: (entry() / "card.json").unlink(),
    "card without size": lambda: edit_card(size=None),
    "card with a size of three": lambda: edit_card(size=[1, 2, 3]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_read_and_written_anew(folder, reads, damage):
    before = load(folder)
    DAMAGES[damage]()
    assert same(load(folder), before)
    assert len(reads) == 2
    assert same(load(folder), before)
    assert len(reads) == 2
    assert len(list(cache.cache_folder().iterdir())) == 1


def test_arrays_in_use_outlive_a_change_of_their_files(folder):
    load(folder)
    used = load(folder)
    copy = used.images.copy()
    change_image(folder)
    load(folder)
    cache.clear()
    np.testing.assert_array_equal(used.images, copy)


# Several processes, and those that died.


def test_several_processes_may_load_at_once(folder):
    code = (
        "import sys, labseg, zlib; cars = labseg.load_carvana(sys.argv[1], (20, 30));"
        "print(zlib.crc32(cars.images), zlib.crc32(cars.masks))"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    said = [process.communicate() for process in running]
    assert {process.returncode for process in running} == {0}
    assert len(set(said)) == 1
    assert said[0][1] == b""
    assert len(list(cache.cache_folder().iterdir())) == 1


def test_what_a_killed_process_left_goes_when_nobody_can_be_writing_it(folder):
    cache.cache_folder().mkdir(parents=True)
    fresh, old = (cache.cache_folder() / f"{name}{cache.UNFINISHED}" for name in ("new", "old"))
    for part in (fresh, old):
        part.mkdir()
        (part / "images.npy").write_bytes(b"half")
    long_ago = time.time() - 2 * cache.ABANDONED
    os.utime(old, (long_ago, long_ago))
    load(folder)
    assert fresh.exists()
    assert not old.exists()
    assert len(cache.entries()) == 1


# Nothing can be kept.


def test_a_full_disk_is_a_warning_and_leaves_nothing(folder, monkeypatch):
    def full(*given):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.warns(UserWarning, match=r"could not be kept in .*No space left on device"):
        cars = load(folder)
    assert same(cars, load(folder, cache=False))
    assert list(cache.cache_folder().iterdir()) == []


def test_a_cache_directory_that_cannot_be_made_is_a_warning(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="could not be kept in .*file"):
        cars = load(folder)
    assert same(cars, load(folder, cache=False))


@pytest.fixture
def homeless(monkeypatch, tmp_path):
    """A user whom the system doesn't know, as containers have them."""

    def unknown(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.chdir(tmp_path)


def test_without_a_home_folder_loading_works_with_a_warning(folder, homeless):
    with pytest.warns(UserWarning, match=r"could not be kept \(You have no home folder: set XDG_"):
        assert len(load(folder)) == 4
    assert list(Path().iterdir()) == [Path(folder.name)]


def test_without_a_home_folder_the_command_says_what_to_do(homeless):
    result = CliRunner().invoke(cli.app, ["cache"])
    assert result.exit_code == 1
    assert "You have no home folder: set XDG_CACHE_HOME to a folder of yours" in result.stderr


def test_an_interrupt_while_writing_leaves_nothing(folder, monkeypatch):
    save = np.save

    def interrupted(path, array):
        save(path, array)
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load(folder)
    assert list(cache.cache_folder().iterdir()) == []


def test_an_interrupt_while_reading_does_not_read_the_rest(folder, monkeypatch):
    monkeypatch.setattr(carvana, "_cores", lambda: 1)
    read, seen = carvana._read_image, []

    def interrupted(path, size):
        seen.append(path)
        if len(seen) == 2:
            raise KeyboardInterrupt
        time.sleep(0.3)  # long enough for the interrupt to be heard; these files are small
        return read(path, size)

    monkeypatch.setattr(carvana, "_read_image", interrupted)
    for view in range(3, 17):
        write_pair(folder, f"000000000000_{view:02}")
    with pytest.raises(KeyboardInterrupt):
        load(folder)
    assert len(seen) < 10
    assert cache.entries() == []


# The command.


def command(*arguments):
    result = CliRunner().invoke(cli.app, ["cache", *arguments])
    assert result.exit_code == 0
    return result.stdout


def test_the_command_lists_what_is_kept_and_clears_it(folder, reads):
    assert "0.0 MB  in" in command()
    load(folder, (200, 300))
    load(folder)
    listed = command()
    assert f"4 images of 200×300 from {folder}" in listed
    assert f"4 images of 20×30 from {folder}" in listed
    assert "1.0 MB  in" in listed
    assert "freed 1.0 MB" in command("--clear")
    assert cache.entries() == []
    assert "images of" not in command()
    load(folder)
    assert len(reads) == 3


def test_the_command_passes_over_a_card_that_makes_no_sense(folder):
    load(folder)
    edit_card(folder=3, images="many")
    assert "images of" not in command()


def test_clearing_removes_damaged_and_unfinished_entries_too(folder):
    load(folder)
    DAMAGES["card gone"]()
    (cache.cache_folder() / f"x{cache.UNFINISHED}").mkdir()
    command("--clear")
    assert not cache.cache_folder().exists()


def test_what_cannot_be_removed_is_said(folder, monkeypatch):
    def refused(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    load(folder)
    monkeypatch.setattr(shutil, "rmtree", refused)
    result = CliRunner().invoke(cli.app, ["cache", "--clear"])
    assert result.exit_code == 1
    assert "Cannot remove all of" in result.stderr
    assert "(Permission denied): remove it by hand" in result.stderr


def test_a_link_in_the_place_of_the_cache_is_left_with_a_reason(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    cache.cache_folder().parent.mkdir(parents=True, exist_ok=True)
    cache.cache_folder().symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError, match=r"symbolic link.*: remove it by hand"):
        cache.clear()
