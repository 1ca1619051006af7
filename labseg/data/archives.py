"""Kaggle's two archives → files, after a look at every name and every byte."""

import contextlib
import errno
import shutil
import stat
import zipfile
import zlib
from pathlib import PurePosixPath

from labseg.data.carvana import NAME, car_of
from labseg.errors import DiskError, InvalidValue
from labseg.files import disk_errors
from labseg.progress_line import counted

# Kaggle's archive → the folder that it holds, and how the names in there end.
ARCHIVES = {"train.zip": ("train", ".jpg"), "train_masks.zip": ("train_masks", "_mask.gif")}
IGNORED = {"__MACOSX", ".DS_Store"}  # what some archivers add
CHUNK = 1 << 20
RESUMES = "; then run this again, and it resumes where it stopped"


def check(archive):
    """Look at every name and read every byte of an archive before anything is unpacked."""
    members = _members(archive)
    with _archive_errors(archive), zipfile.ZipFile(archive) as opened:
        for member in counted(
            members.values(), f"Checking {archive.name}", len(members), "file", delay=0
        ):
            with opened.open(member) as file:
                while file.read(CHUNK):
                    pass


# What zipfile raises for it; an OSError where a damaged place lies before the file's beginning.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    UnicodeDecodeError,
)


@contextlib.contextmanager
def _archive_errors(archive):
    """Removes a damaged archive, and says so."""
    try:
        yield
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        archive.unlink()
        raise InvalidValue(
            f"{archive.name} was damaged ({error}) and has been removed: run this again."
        ) from None


def _members(archive):
    """What an archive holds, by name without folder and ending; anything unexpected is damage."""
    folder, ending = ARCHIVES[archive.name]
    members = {}
    with _archive_errors(archive):
        with zipfile.ZipFile(archive) as opened:
            held = [member for member in opened.infolist() if not member.is_dir()]
        for member in held:
            path = PurePosixPath(member.filename)
            if IGNORED & set(path.parts):
                continue
            name = path.name.removesuffix(ending)
            plain = member.filename in (path.name, f"{folder}/{path.name}")
            link = stat.S_ISLNK(member.external_attr >> 16)
            expected = path.name.endswith(ending) and NAME.fullmatch(name) and "\\" not in name
            if link or name in members or not (plain and expected):
                raise zipfile.BadZipFile(f"unexpected file {member.filename}")
            members[name] = member
        if not members:
            raise zipfile.BadZipFile("it holds no files")
    return members


def unpack(source, target, cars=None):
    """Unpack the first `cars` cars of both archives in `source` to the folder `target`, anew."""
    shutil.rmtree(target, ignore_errors=True)  # of a run that was stopped
    members = {archive: _members(source / archive) for archive in ARCHIVES}
    names = _chosen(members, source, cars)
    needed = sum(held[name].file_size for held in members.values() for name in names)
    check_room(source, needed, "Unpacking")
    for archive, (folder, ending) in ARCHIVES.items():
        chosen = [members[archive][name] for name in names]
        paths = [target / folder / f"{name}{ending}" for name in names]
        _extract(source / archive, chosen, paths)


def _chosen(members, source, cars):
    """The names to unpack, sorted; every image has to have its mask."""
    images, masks = (set(held) for held in members.values())
    if images != masks:
        for archive in members:
            (source / archive).unlink()
        raise InvalidValue(
            f"{min(images ^ masks)} is in only one of {' and '.join(members)}; "
            "both were removed: run this again."
        )
    owners = sorted({car_of(name) for name in images})
    if cars and cars > len(owners):
        raise InvalidValue(f"cars={cars}, but there are {len(owners)}: ask for fewer.")
    kept = set(owners[:cars])
    return sorted(name for name in images if car_of(name) in kept)


def _extract(archive, members, paths):
    place = archive.parent
    with _archive_errors(archive), disk_errors(place, RESUMES), zipfile.ZipFile(archive) as opened:
        paths[0].parent.mkdir(parents=True)
        for member, path in zip(
            counted(members, f"Unpacking {archive.name}", len(members), "file", delay=0),
            paths,
            strict=True,
        ):
            with opened.open(member) as packed, path.open("wb") as file:
                shutil.copyfileobj(packed, file, CHUNK)


# The disk.


def check_room(place, needed, what):
    """OSError if the disk of `place` has less than `needed` bytes free."""
    free = shutil.disk_usage(place).free
    if needed > free:
        raise DiskError(
            f"{what} takes {megabytes(needed)} more, and the disk has {megabytes(free)} free "
            f"({place}): free some space, or choose a folder on another disk."
        )


def megabytes(size):
    return f"{size / 1e6:.1f} MB"
