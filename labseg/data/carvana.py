"""A folder of Carvana's files → arrays, and the split by car.

A folder holds `train/<car>_<view>.jpg` and `train_masks/<car>_<view>_mask.gif`, as in Kaggle's
Carvana Image Masking Challenge.
"""

import math
import os
import re
import reprlib
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from labseg.arguments import folder_path, image_size, number, whole_number
from labseg.data import cache as kept
from labseg.errors import FileMissing, InvalidType, InvalidValue, NotAllowed
from labseg.progress_line import counted

ASSETS = Path(__file__).parents[1] / "assets"
SHIPPED_CARS, COUNTERFACTUALS = ASSETS / "cars", ASSETS / "counterfactuals"
NAME = re.compile(r"(?P<car>.+)_(?P<view>\d\d)")
EXIF_ORIENTATION = 0x0112
TURNED = range(2, 9)  # its values that mean something; some cameras write 0
MOST = 0.5  # of a picture; Carvana's cars cover .09 to .37 of it
# How pictures are made smaller. Part of the cache's key: change it when pixels change.
FILTER = "scaled decode, Hamming; masks nearest; 1"


@dataclass(frozen=True, eq=False)
class Cars:
    """Photographs of cars and their masks; row i of each array belongs to `names[i]`.

    images: uint8 (n, h, w, 3), RGB, 0–255.
    masks: uint8 (n, h, w), 0 background, 1 car.
    names: n names such as "0cdf5b5d0ce1_01": the car, then the view (01 front … 09 rear).
    """

    images: np.ndarray
    masks: np.ndarray
    names: list[str]

    def __post_init__(self):
        images, masks, n = np.shape(self.images), np.shape(self.masks), len(self.names)
        if not isinstance(self.images, np.ndarray) or not isinstance(self.masks, np.ndarray):
            kinds = type(self.images).__name__, type(self.masks).__name__
            raise InvalidType(f"images and masks are {' and '.join(kinds)}: give NumPy arrays.")
        if len(masks) != 3 or masks[0] != n or images != (*masks, 3):
            raise InvalidValue(
                f"images of shape {images} and masks of shape {masks} do not fit {n} names: "
                "expected (n, h, w, 3), (n, h, w) and n names."
            )
        for name in self.names:
            if not isinstance(name, str) or not NAME.fullmatch(name):
                raise InvalidValue(
                    f"The name {name!r} is not like Carvana's: <car>_<view>, such as "
                    "0cdf5b5d0ce1_01."
                )

    @property
    def cars(self):
        """The car of every image, e.g. "0cdf5b5d0ce1"."""
        return [car_of(name) for name in self.names]

    @property
    def views(self):
        """The view of every image, 1 to 16."""
        return [int(NAME.fullmatch(name)["view"]) for name in self.names]

    def __len__(self):
        return len(self.names)

    def __repr__(self):
        h, w = self.masks.shape[1:]
        return f"Cars: {len(self)} images of {len(set(self.cars))} cars, {h}×{w} pixels"

    def select(self, rows):
        """The images at `rows` (integers, a slice, or a condition), as a set of their own."""
        try:
            rows = list(rows) if isinstance(rows, tuple) else rows
            chosen = np.atleast_1d(np.arange(len(self))[rows])
            if chosen.ndim > 1:
                raise IndexError
        except (IndexError, TypeError, ValueError):
            raise InvalidValue(
                f"rows={reprlib.repr(rows)}: give row numbers from 0 to {len(self) - 1}, a slice, "
                f"or a True or False for each of the {len(self)} images."
            ) from None
        return Cars(self.images[chosen], self.masks[chosen], [self.names[row] for row in chosen])

    def split(self, val=0.1, test=0.1, seed=0):
        """Three sets (train, val, test) with no car in two of them.

        val, test: fractions of the cars, rounded, at least one car each.
        Raises ValueError when no car would be left to train on.
        """
        val, test = _fraction("val", val), _fraction("test", test)
        owners = np.array(self.cars)
        order = np.random.default_rng(whole_number("seed", seed, 0)).permutation(np.unique(owners))
        n_val, n_test = (max(1, math.floor(part * len(order) + 0.5)) for part in (val, test))
        if n_val + n_test >= len(order):
            raise InvalidValue(
                f"val={val} and test={test} leave none of the {len(order)} cars to train on: "
                "load more cars or choose smaller fractions."
            )
        sides = order[n_test + n_val :], order[n_test : n_test + n_val], order[:n_test]
        return tuple(self.select(np.flatnonzero(np.isin(owners, side))) for side in sides)


def _fraction(name, value):
    what = "a fraction of the cars, such as 0.1,"
    if number(name, value, 0, 1, what) in (0, 1):
        raise InvalidValue(f"{name}={value!r}: give {what} between 0 and 1.")
    return value


def car_of(name):
    """The car in a name such as "0cdf5b5d0ce1_01"."""
    return NAME.fullmatch(name)["car"]


def load_cars(size, limit=None):
    """The rendered cars that ship with labseg; arguments and result as in `load_carvana`."""
    return load_carvana(SHIPPED_CARS, size, limit, cache=False)  # small: read in a second


def load_counterfactuals(size):
    """One rendered car with one thing changed at a time, 4 views of each; see their README.md.

    size: as in `load_carvana`. Returns Cars whose "cars" are named for what was changed: "as-is",
    "paint-red", "camera-nearer", "no-letters", "empty" (a turntable without a car) and others.
    """
    pairs = list_pairs(COUNTERFACTUALS)
    return Cars(*_read(pairs, image_size(size)), [image.stem for image, _ in pairs])


def load_carvana(folder, size, limit=None, cache=True):
    """Read a Carvana folder into memory.

    folder: holds `train/` and `train_masks/`.
    size: (height, width) of the arrays, in pixels. Images are averaged down, masks take the
        nearest pixel, so that they stay 0 and 1.
    limit: read only the first `limit` images in name order (16 to a car); None reads all.
    cache: keep the arrays in the user's cache directory, where the next call finds them; they
        are read anew when a file has changed. `labseg cache` lists and clears what is kept.
    Returns Cars. Raises FileNotFoundError or ValueError, naming the file or value and the remedy.
    """
    size = image_size(size)
    folder = folder_path("folder", folder)
    if not isinstance(cache, bool):
        raise InvalidValue(f"cache={cache!r}: give True or False.")
    pairs = _first(limit, list_pairs(folder), folder)
    names = [image.stem for image, _ in pairs]
    arrays = _read_cached(pairs, size, folder, limit) if cache else _read(pairs, size)
    cars = Cars(*arrays, names)
    _warn_of_odd_masks(cars.masks, [mask for _, mask in pairs])
    return cars


def _read_cached(pairs, size, folder, limit):
    source = {"folder": str(folder.resolve()), "size": list(size), "limit": limit and int(limit)}
    key = kept.key_of([path for pair in pairs for path in pair], (FILTER, source))
    arrays = kept.load(key)
    if arrays is None:
        arrays = _read(pairs, size)
        kept.store(key, arrays, source)
    return arrays


def _warn_of_odd_masks(masks, paths):
    share = masks.mean(axis=(1, 2))
    for odd, what in (
        (share == 0, "is empty: is the car another colour than white, or in the alpha channel?"),
        (share > MOST, "covers most of its picture: is its background white and its car black?"),
    ):
        if odd.any():
            others = f" There are {odd.sum()} such masks." if odd.sum() > 1 else ""
            warnings.warn(f"{paths[odd.argmax()]} {what}{others}", stacklevel=3)


def _first(limit, pairs, folder):
    if limit is None:
        return pairs
    limit = whole_number("limit", limit, 1, "a whole number of images")
    if limit > len(pairs):
        raise InvalidValue(
            f"limit={limit}, but {folder} holds {len(pairs)} images: "
            "choose a smaller limit, or none to read all."
        )
    return pairs[:limit]


def _read(pairs, size):
    """Images and masks of the pairs, as far as the memory holds them."""
    try:
        return _read_all(pairs, size)
    except (MemoryError, OverflowError):  # which of them depends on the size
        raise InvalidValue(
            f"{len(pairs)} images of {size[0]}×{size[1]} pixels do not fit into the memory: "
            "choose a smaller size or limit."
        ) from None


def _read_all(pairs, size):
    """As `_read`; Pillow decodes outside Python's lock, so threads help."""
    try:
        images = np.empty((len(pairs), *size, 3), np.uint8)
        masks = np.empty((len(pairs), *size), np.uint8)
    except ValueError:  # more than any machine can address
        raise MemoryError from None

    def read(row):
        image, mask = pairs[row]
        images[row], stored = _read_image(image, size)
        masks[row] = _read_mask(mask, size, stored)

    pool = ThreadPoolExecutor(_cores())
    try:
        rows = pool.map(read, range(len(pairs)))
        for _ in counted(rows, "Reading images", len(pairs), "image"):
            pass
    finally:  # after an error or an interrupt, don't read the rest
        pool.shutdown(cancel_futures=True)
    return images, masks


def _cores():
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def list_pairs(folder):
    """(image, mask) paths in name order, matched by name; FileNotFoundError if one is missing."""
    for part in (folder, folder / "train", folder / "train_masks"):
        if not os.path.isdir(part):  # unlike Path's, it never raises
            zipped = os.path.exists(folder / "train.zip")
            raise FileMissing(
                f"There is no folder {part}: give the folder that holds train/ and train_masks/."
                + " Unpack train.zip and train_masks.zip there." * zipped
            )
    images = _named(folder / "train", ".jpg")
    masks = _named(folder / "train_masks", "_mask.gif")
    for name in sorted(images.keys() ^ masks.keys()):
        if name in images:
            raise FileMissing(
                f"{images[name]} has no mask: add train_masks/{name}_mask.gif or remove the image."
            )
        raise FileMissing(f"{masks[name]} has no image: add train/{name}.jpg or remove the mask.")
    return [(images[name], masks[name]) for name in sorted(images)]


def _named(folder, ending):
    """The folder's files with this ending, by name without it; hidden files left out."""
    try:
        entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
        os.stat(os.path.join(folder, "."))  # it may be listed and yet not be entered
    except PermissionError:
        raise NotAllowed(f"You may not read {folder}: change its permissions.") from None
    found, capitals = {}, []
    for entry in entries:
        name, path = entry.name.removesuffix(ending), folder / entry.name
        if name == entry.name:
            capitals += [path] * name.lower().endswith(ending)
            continue
        if not NAME.fullmatch(name):
            raise InvalidValue(
                f"{path} is not named like Carvana's files (<car>_<view>{ending}, "
                f"such as 0cdf5b5d0ce1_01{ending}): rename or remove it."
            )
        if not os.path.isfile(path):  # unlike entry's, it never raises
            raise InvalidValue(f"{path} is not a file but a folder or a broken link: remove it.")
        found[name] = path
    if not found:
        raise FileMissing(f"{folder} holds no {ending}{_what_else(folder, entries)}.")
    if capitals:
        right = capitals[0].name[: -len(ending)] + ending
        raise FileMissing(f"{capitals[0]} ends in capitals: rename it to {right}.")
    return found


def _what_else(folder, entries):
    """What a folder without the right files holds, and what to do about it."""
    if any(entry.name == folder.name and entry.is_dir() for entry in entries):
        return f": move what is in {folder / folder.name} up to it"
    files = [entry.name for entry in entries if os.path.isfile(entry)]
    endings = Counter(os.path.splitext(name)[1] for name in files)
    if not endings:
        return ": put the files there"
    most, _ = endings.most_common(1)[0]
    return f" but files that end in {most or 'nothing'}: rename or convert them"


def _read_image(path, size):
    """One photograph, averaged to size: (uint8 (h, w, 3), (width, height) of the file)."""
    h, w = size
    with _opened(path) as image:
        _check_image(image, path)
        stored = image.size
        shrinks = image.width >= w and image.height >= h
        # The JPEG decoder averages blocks of 2, 4 or 8 pixels, which is much faster than
        # decoding all; `box` is the part of the result that the photograph fills.
        _, box = image.draft("RGB", (w, h)) or (None, None)
        smooth = Image.Resampling.HAMMING if shrinks else Image.Resampling.BILINEAR
        return np.asarray(image.resize((w, h), smooth, box)), stored


def _read_mask(path, size, stored):
    """One mask by nearest pixel, bool (h, w); stored is the (width, height) of its image."""
    h, w = size
    with _opened(path) as mask:
        if mask.size != stored:
            raise InvalidValue(
                f"{path} is {mask.width}×{mask.height} pixels but its image is "
                f"{stored[0]}×{stored[1]}: they must show the same picture."
            )
        if getattr(mask, "n_frames", 1) > 1:
            raise InvalidValue(
                f"{path} is animated ({mask.n_frames} pictures): a mask is one picture."
            )
        mask.load()
    if "A" in mask.mode:
        raise InvalidValue(
            f"{path} has an alpha channel (mode {mask.mode}): save it in black and white, "
            "without transparency."
        )
    _check_levels(mask, path)
    return np.asarray(mask.resize((w, h), Image.Resampling.NEAREST).convert("L")) > 0


@contextmanager
def _opened(path):
    """The picture in `path`; what goes wrong while reading it names the file."""
    try:
        with Image.open(path) as picture:
            yield picture
    except PermissionError:
        raise NotAllowed(f"You may not read {path}: change its permissions.") from None
    except UnidentifiedImageError:
        raise InvalidValue(f"{path} is damaged, or is not a picture: fetch it again.") from None
    except (OSError, SyntaxError) as error:  # Pillow's
        raise InvalidValue(f"{path} is damaged or cut short ({error}): fetch it again.") from None
    except Image.DecompressionBombError:
        raise InvalidValue(
            f"{path} claims to have far too many pixels: it is damaged, or not a photograph."
        ) from None


def _check_image(image, path):
    if image.mode != "RGB":
        raise InvalidValue(
            f"{path} has colour mode {image.mode}, not RGB: "
            'convert it with Image.open(…).convert("RGB") and save it again.'
        )
    if image.getexif().get(EXIF_ORIENTATION) in TURNED:
        raise InvalidValue(
            f"{path} is stored rotated (EXIF orientation), so its mask would not fit: "
            "apply PIL.ImageOps.exif_transpose and save it again."
        )


def _check_levels(mask, path):
    if mask.mode == "P":
        colours = mask.getpalette()
        if set(zip(*[iter(colours)] * 3, strict=True)) <= {(0, 0, 0), (255, 255, 255)}:
            return  # as Carvana's: no need to look at the pixels
    levels = np.flatnonzero(mask.convert("L").histogram())
    if set(levels) - {0, 255} and set(levels) - {0, 1}:
        between = next(level for level in levels if level not in (0, 255))
        raise InvalidValue(
            f"{path} has grey levels such as {between}; a mask has only 0 and 255. "
            "Was it resized with a smooth filter, or saved as a JPEG? Use nearest, and GIF."
        )
