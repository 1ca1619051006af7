"""A photograph of one's own → the array that a network takes."""

import os
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from labseg.arguments import image_size
from labseg.data.carvana import ASSETS
from labseg.errors import FileMissing, InvalidValue, NotAllowed

STREET = ASSETS / "street" / "street.jpg"
SMALLEST = 32  # pixels: below, there is nothing to see
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}
COLOURS = {"1", "L", "P", "RGB", "CMYK", "YCbCr", "LAB", "HSV", "LA", "La", "PA", "RGBA", "RGBa"}


def load_photo(path, size):
    """Read one photograph: turned upright, its middle cropped to the proportions of `size`.

    path: a file that Pillow reads, such as a JPEG, PNG or WebP; transparent pixels become white.
        With None it is ours, two rendered cars in a street, and a printed line says so.
    size: (height, width) of the result, in pixels.
    Returns uint8 (height, width, 3), RGB. Raises FileNotFoundError, PermissionError or ValueError,
    naming the file and the remedy.
    """
    height, width = image_size(size)
    if path is None:
        print("No photograph of yours yet: using our picture of a street.")
        path = STREET
    path = _existing(path)
    picture = _upright(_decoded(path))
    if min(picture.size) < SMALLEST:
        raise InvalidValue(
            f"{path} is {picture.width}×{picture.height} pixels: choose a picture with at least "
            f"{SMALLEST} on each side."
        )
    return np.asarray(ImageOps.fit(_rgb(picture, path), (width, height), Image.Resampling.HAMMING))


def _existing(path):
    """`path` as a Path to a file, "~" replaced by the home folder."""
    if not isinstance(path, str | os.PathLike) or not str(path).strip():
        raise InvalidValue(f'path={path!r}: give the name of a picture, such as "my_car.jpg".')
    path = Path(os.path.expanduser(path))
    if os.path.isdir(path):
        raise InvalidValue(f"{path} is a folder: give the name of a picture in it.")
    if not os.path.exists(path):  # unlike Path's, it never raises
        raise FileMissing(
            f"There is no file {str(path)!r} here ({os.getcwd()}): check its name and its ending, "
            "or copy the picture to this folder."
        )
    return path


def _decoded(path):
    """The picture, in whatever mode it has."""
    try:
        with Image.open(path) as picture:
            picture.load()
            return picture
    except PermissionError:
        raise NotAllowed(f"You may not read {path}: change its permissions.") from None
    except UnidentifiedImageError:
        raise InvalidValue(f"{path} {_what_it_is(path)}") from None
    except Image.DecompressionBombError:
        raise InvalidValue(
            f"{path} has too many pixels: save it smaller, such as 1,500 pixels wide."
        ) from None
    except (OSError, SyntaxError, ValueError) as error:  # Pillow's, for damaged files
        raise InvalidValue(
            f"{path} is damaged or cut short ({error}): copy it again, or choose another picture."
        ) from None


def _upright(picture):
    """The picture as it was taken; as it is stored if its EXIF data can't be read."""
    try:
        return ImageOps.exif_transpose(picture)
    except (SyntaxError, ValueError, LookupError, TypeError, struct.error):
        return picture


def _what_it_is(path):
    """Why Pillow does not know a file, and the remedy."""
    with open(path, "rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp" and head[8:12] in HEIC:
        return "is a HEIC picture, which can't be read here: export it as a JPEG first."
    return "is not a picture that can be read here: choose a JPEG or a PNG."


def _rgb(picture, path):
    """The picture in RGB, 8 bits a channel, transparent parts on white."""
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB")
    if picture.mode not in COLOURS:
        raise InvalidValue(
            f"{path} has colour mode {picture.mode}, not that of a photograph: save it as a JPEG."
        )
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")
