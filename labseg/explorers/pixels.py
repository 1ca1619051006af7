"""Pictures for explorers: arrays that are checked, enlarged pixel by pixel and marked.

They are small, so that one is made in a few milliseconds.
"""

import cv2
import numpy as np
from matplotlib.colors import to_rgb

from labseg.errors import InvalidValue
from labseg.metrics import check_labels, check_range, number_array
from labseg.plot import EXTRA, MISSED

LARGE, SMALL = 400, 200  # widths of pictures on the screen, in pixels, at most


def photos(images, truth):
    """`images` as uint8 (n, h, w, 3), from that or floats from 0 to 1, one for each true mask.

    Raises ValueError for anything else.
    """
    images = number_array(images, "images")
    if images.shape != (*truth.shape, 3):
        raise InvalidValue(
            f"images has shape {images.shape} but the truth {truth.shape}: "
            "give one picture (h, w, 3) for each mask, of its size."
        )
    return _bytes(images)


def photo(image):
    """One picture as uint8 (h, w, 3), from that or floats from 0 to 1; ValueError otherwise."""
    image = number_array(image, "image")
    if image.ndim != 3 or image.shape[-1] != 3 or not image.size:
        raise InvalidValue(
            f"image has shape {image.shape}; expected (h, w, 3), one picture such as images[0]."
        )
    return _bytes(image)


def _bytes(images):
    if images.dtype.kind in "iu" and images.min() >= 0 and images.max() <= 255:
        return images.astype(np.uint8)
    check_range(images, "The picture", "values", "divide by 255, or give whole numbers up to 255")
    return np.round(images * 255).clip(0, 255).astype(np.uint8)


def one_mask(mask, image):
    """A mask as bool (h, w), from (h, w) or (h, w, 1) of 0 and 1, of the picture's size."""
    mask = number_array(mask, "mask")
    if mask.ndim == 3 and mask.shape[-1] == 1:
        mask = mask[..., 0]
    if mask.shape != image.shape[:2]:
        raise InvalidValue(f"mask has shape {mask.shape} but the picture {image.shape[:2]}.")
    check_labels(mask, "mask has")
    return mask == 1


def factor(width, side):
    """How many times a picture of this width is enlarged so that it is at most `side` wide."""
    return max(1, side // width)


def enlarged(pixels, times):
    """Each pixel as a block of times × times."""
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def wrong_pixels(image, truth, found, times):
    """The picture in grey, enlarged: missed car in blue, invented car in orange with dark dots.

    The dots tell the two apart where colours cannot.
    """
    grey = 0.4 * 255 + 0.6 * image.mean(axis=-1)
    shown = np.repeat(grey[..., None], 3, axis=-1).astype(np.uint8)
    shown[truth & ~found] = _rgb(MISSED)
    shown[~truth & found] = _rgb(EXTRA)
    shown = enlarged(shown, times)
    dot, size = np.zeros((times, times), bool), round(times / 3)
    start = (times - size) // 2
    dot[start : start + size, start : start + size] = True
    shown[np.kron(~truth & found, dot)] = 0
    return shown


def bordered(pixels, area, times, colour=EXTRA):
    """The picture, enlarged, with an area tinted and a line around it."""
    shown = pixels.astype(np.float32)
    shown[area] = 0.65 * shown[area] + 0.35 * np.array(_rgb(colour), np.float32)
    shown = np.ascontiguousarray(enlarged(shown.astype(np.uint8), times))
    outlines, _ = cv2.findContours(
        enlarged(area.astype(np.uint8), times), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(shown, outlines, -1, (255, 255, 255), 3)
    cv2.drawContours(shown, outlines, -1, _rgb(colour), 2)
    return shown


def framed(shown, inside, times, fine=False):
    """An enlarged picture with a frame around a part of it, two slices of the small one.

    fine: whether the frame is one thin line, around something small.
    """
    shown = np.ascontiguousarray(shown)
    (top, bottom), (left, right) = ((times * s.start, times * s.stop - 1) for s in inside)
    lines = [_rgb(EXTRA)] if fine else [_rgb(EXTRA), _rgb(EXTRA), (255, 255, 255)]
    for out, colour in enumerate(lines, 1):
        cv2.rectangle(shown, (left - out, top - out), (right + out, bottom + out), colour, 1)
    return shown


def black_and_white(mask):
    """A mask as a picture."""
    return np.repeat(mask[..., None] * np.uint8(255), 3, axis=-1)


def _rgb(colour):
    return tuple(round(255 * part) for part in to_rgb(colour))
