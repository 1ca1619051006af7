"""Arrays that were read before, kept in the user's cache directory.

An entry is a folder: images.npy, masks.npy, and card.json, which says where they came from. It is
written under another name and moved into place, so that it is whole or not there; its checksums
tell when a disk or a person has damaged it since.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from labseg.errors import DiskError, NotAllowed

ARRAYS = ("images.npy", "masks.npy")
CARD = "card.json"
UNFINISHED = ".part"
ABANDONED = 3600  # seconds after which nobody is still writing an unfinished entry


@dataclass(frozen=True)
class Entry:
    """What is kept of one folder: where it came from, (height, width), images, bytes."""

    path: Path
    folder: str
    size: tuple[int, int]
    images: int
    bytes: int


def cache_folder():
    """Where arrays are kept; DiskError where the user has no home folder."""
    try:
        folder = user_cache_path("labseg", appauthor=False) / "carvana"
    except (RuntimeError, KeyError):
        folder = Path("~")
    if str(folder).startswith("~"):
        raise DiskError("You have no home folder: set XDG_CACHE_HOME to a folder of yours")
    return folder


def key_of(paths, settings):
    """A name for these files as they are now (names, sizes, times), read with these settings."""
    key = hashlib.sha256(repr(settings).encode())
    for path in paths:
        stat = os.stat(path)
        key.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return key.hexdigest()[:32]


def load(key):
    """(images, masks), mapped from the disk, or None if they are not there or damaged.

    The arrays may be written to; the disk's copy stays as it is.
    """
    try:
        entry = cache_folder() / key
        card = json.loads((entry / CARD).read_bytes())
        images, masks = (np.load(entry / name, mmap_mode="c") for name in ARRAYS)
        shape = (card["images"], *card["size"])
        whole = (images.shape, masks.shape) == ((*shape, 3), shape)
        whole &= images.dtype == masks.dtype == np.uint8
        whole &= [zlib.crc32(images), zlib.crc32(masks)] == card["crc32"]
    except Exception:  # whatever a damaged file leads NumPy to
        return None
    return (images.view(np.ndarray), masks.view(np.ndarray)) if whole else None


def store(key, arrays, source):
    """Keep (images, masks); `source` has their folder, [h, w] size and limit.

    What was kept of the same source before its files changed is removed. Where nothing can be
    kept (a full disk), that is a warning: the caller has the arrays.
    """
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(UNFINISHED, key[:8] + ".", cache_folder()))
    except OSError as error:
        return _not_kept(error)
    try:
        for name, array in zip(ARRAYS, arrays, strict=True):
            np.save(part / name, array)
        card = source | {"images": len(arrays[0]), "crc32": [zlib.crc32(a) for a in arrays]}
        (part / CARD).write_text(json.dumps(card))
        _remove_outdated(card)
        _move_in(part, cache_folder() / key)
    except OSError as error:
        _not_kept(error)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def entries():
    """Every whole Entry, by folder and size."""
    found = [
        Entry(path, card["folder"], tuple(card["size"]), card["images"], _bytes(path))
        for path, card in _cards()
    ]
    return sorted(found, key=lambda entry: (entry.folder, entry.size, entry.images))


def clear():
    """Remove everything that is kept, unfinished and damaged entries too; the bytes freed.

    Raises NotAllowed if something cannot be removed.
    """
    folder = cache_folder()
    freed = _bytes(folder)
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise NotAllowed(
            f"Cannot remove all of {folder} ({error.strerror or error}): remove it by hand, "
            "as the user who owns it."
        ) from None
    return freed


def _cards():
    for path in sorted(cache_folder().glob("*")):
        try:
            card = json.loads((path / CARD).read_bytes())
        except (OSError, ValueError):
            continue  # damaged: replaced when it is next asked for
        match card:
            case {"folder": str(), "size": [int(), int()], "limit": int() | None, "images": int()}:
                if path.suffix != UNFINISHED:
                    yield path, card


def _remove_outdated(card):
    """Entries of the same source before its files changed, and what a killed process left."""
    for path, other in _cards():
        if all(other[name] == card[name] for name in ("folder", "size", "limit")):
            shutil.rmtree(path, ignore_errors=True)
    for path in cache_folder().glob(f"*{UNFINISHED}"):
        with contextlib.suppress(FileNotFoundError):  # another process may move its own away
            if time.time() - path.stat().st_mtime > ABANDONED:
                shutil.rmtree(path, ignore_errors=True)


def _move_in(part, entry):
    shutil.rmtree(entry, ignore_errors=True)  # a damaged one
    try:
        part.rename(entry)
    except OSError:
        if not (entry / CARD).exists():  # otherwise another process was faster
            raise


def _not_kept(error):
    where = "" if isinstance(error, DiskError) else f" in {cache_folder()}"
    warnings.warn(
        f"The arrays could not be kept{where} ({error.strerror or error}): "
        "the next load will take as long as this one.",
        stacklevel=5,
    )


def _bytes(folder):
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # gone by now, or not for us to see
                total += os.stat(os.path.join(root, name)).st_size
    return total
