"""Pictures and plots as HTML, each with a text for those who can't see it.

Pictures are small arrays, enlarged pixel by pixel, so that one takes milliseconds. Plots are SVG
in the colour of the text around them, so that they suit a light page and a dark one.
"""

import base64
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np
from matplotlib.colors import to_rgb

from labseg.errors import InvalidValue
from labseg.metrics import check_range, number_array
from labseg.plot import DASHES, EXTRA, MISSED

LARGE, MIDDLE, SMALL = 400, 300, 200  # widths of pictures on the screen, in pixels, at most


def photos(images, n=None, size=None):
    """`images` as uint8 (n, h, w, 3), from that or floats from 0 to 1.

    n, size: how many there should be, and their (h, w). Raises ValueError for anything else.
    """
    images = number_array(images, "images")
    if images.ndim != 4 or images.shape[-1] != 3 or not images.size:
        raise InvalidValue(
            f"images has shape {images.shape}; expected (n, h, w, 3) "
            "(for a single picture, write image[None])."
        )
    if n is not None and images.shape[:3] != (n, *size):
        raise InvalidValue(
            f"images has shape {images.shape} but the truth {(n, *size)}: "
            "give one mask for each picture, of its size."
        )
    return _bytes(images)


def photo(image, size=None):
    """One picture as uint8 (h, w, 3); arguments and errors as in `photos`."""
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
    if not np.isin(mask, (0, 1)).all():
        raise InvalidValue(
            f"mask has values from {mask.min():.7g} to {mask.max():.7g}; expected 0 and 1 "
            "(if it is 0 and 255, use mask > 0)."
        )
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


def framed(shown, inside, times, rim=2):
    """An enlarged picture with a frame around a part of it, two slices of the small one.

    rim: how wide a white line goes around the frame.
    """
    shown = np.ascontiguousarray(shown)
    (top, bottom), (left, right) = ((times * s.start, times * s.stop) for s in inside)
    ends = (left - 1, top - 1), (right, bottom)
    for wide, colour in ((2 * rim + 1, (255, 255, 255)), (1, _rgb(EXTRA))):
        cv2.rectangle(shown, *ends, colour, wide)
    return shown


def black_and_white(mask):
    """A mask as a picture."""
    return np.repeat(mask[..., None] * np.uint8(255), 3, axis=-1)


def _rgb(colour):
    return tuple(round(255 * part) for part in to_rgb(colour))


# --- HTML ----------------------------------------------------------------------------------------


def picture(pixels, alt, title="", width=None):
    """A picture, uint8 (h, w, 3), below its title; `width` on the screen, in pixels."""
    _, png = cv2.imencode(".png", pixels[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    source = base64.b64encode(png).decode("ascii")
    height, own = pixels.shape[:2]
    width = width or own
    return (
        f'<figure style="margin: 0; max-width: {width}px"><figcaption>{title}</figcaption>'
        f'<img src="data:image/png;base64,{source}" alt="{escape(alt)}" width="{width}" '
        f'height="{round(height * width / own)}" decoding="sync" '
        'style="max-width: 100%; height: auto; image-rendering: pixelated"></figure>'
    )


def side_by_side(*parts):
    """Parts side by side, below one another where the page is narrow."""
    return (
        '<div style="display: flex; flex-wrap: wrap; gap: 6px 18px; align-items: flex-start; '
        f'line-height: 1.4">{"".join(parts)}</div>'
    )


def swatch(colour, dashes=None, dot=""):
    """A small sample of a colour, with a dot if it has a colour, or of a line with these dashes."""
    if dashes is None:
        shape = f'<rect width="14" height="14" fill="{colour}"/>'
        shape += f'<rect x="5" y="5" width="4" height="4" fill="{dot}"/>' * bool(dot)
        return _inline(14, 14, shape)
    return _inline(30, 12, f'<path d="M0 6H30" {_stroke(colour, dashes)}/>')


def wrong_legend(missed, invented):
    """The two colours of `wrong_pixels`, with how many pixels each has."""
    return (
        f"{swatch(MISSED)} missed car: {missed:,} px &ensp; "
        f"{swatch(EXTRA, dot='black')} invented car: {invented:,} px"
    )


def _inline(width, height, shapes):
    return (
        f'<svg width="{width}" height="{height}" aria-hidden="true" '
        f'style="vertical-align: -2px">{shapes}</svg>'
    )


def _stroke(colour, dashes):
    array = "" if dashes == "-" else " ".join(f"{2 * length:g}" for length in dashes[1])
    return f'fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{array}"'


@dataclass(frozen=True)
class Chart:
    """A plot: the limits of its axes, their labels, and the ticks as {value: text}."""

    x: tuple[float, float]
    y: tuple[float, float]
    xlabel: str
    ylabel: str
    xticks: dict
    yticks: dict
    width: int = 400
    height: int = 270

    def right(self, x):
        low, high = self.x
        return 48 + (self.width - 60) * (np.asarray(x, float) - low) / (high - low)

    def down(self, y):
        low, high = self.y
        return self.height - 42 - (self.height - 54) * (np.asarray(y, float) - low) / (high - low)

    def curve(self, x, y, k):
        """The k-th of several lines."""
        points = zip(self.right(x), self.down(y), strict=True)
        path = "L".join(f"{across:.1f} {below:.1f}" for across, below in points)
        return f'<path d="M{path}" {_stroke(*line_style(k))}/>'

    def dot(self, x, y, k):
        place = f'cx="{self.right(x):.1f}" cy="{self.down(y):.1f}" r="5"'
        return f'<circle {place} fill="{line_style(k)[0]}" stroke="currentColor"/>'

    def upright(self, x):
        at = f"{self.right(x):.1f}"
        ends = f'x1="{at}" x2="{at}" y1="12" y2="{self.height - 42}"'
        return f'<line {ends} stroke="currentColor" stroke-width="1.5"/>'

    def bar(self, left, right, low, high, colour):
        """A block from `low` to `high`."""
        x, y = self.right(left), self.down(high)
        size = f'width="{self.right(right) - x:.1f}" height="{self.down(low) - y:.1f}"'
        return f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{colour}"/>'

    def svg(self, alt, *parts):
        """The plot with these parts in it."""
        bottom, end = self.height - 42, self.width - 12
        grid = "".join(f"M48 {self.down(y):.1f}H{end}" for y in self.yticks)
        texts = [
            f'<text x="{self.right(x):.1f}" y="{bottom + 17}" text-anchor="middle">{text}</text>'
            for x, text in self.xticks.items()
        ]
        texts += [
            f'<text x="42" y="{self.down(y) + 4:.1f}" text-anchor="end">{text}</text>'
            for y, text in self.yticks.items()
        ]
        middle = (48 + end) / 2, (12 + bottom) / 2
        texts.append(
            f'<text x="{middle[0]}" y="{bottom + 36}" text-anchor="middle">{self.xlabel}</text>'
            f'<text transform="translate(12 {middle[1]}) rotate(-90)" text-anchor="middle">'
            f"{self.ylabel}</text>"
        )
        return (
            f'<svg role="img" aria-label="{escape(alt)}" width="{self.width}" '
            f'height="{self.height}" viewBox="0 0 {self.width} {self.height}" font-size="12" '
            'font-family="sans-serif" fill="currentColor" style="max-width: 100%; height: auto">'
            f'<path d="{grid}" stroke="currentColor" opacity="0.2"/>'
            f'<path d="M48 12V{bottom}H{end}" fill="none" stroke="currentColor"/>'
            f"{''.join(parts)}{''.join(texts)}</svg>"
        )


def line_style(k):
    """Colour and dashes of the k-th of several lines."""
    return COLOURS[k], DASHES[k]


# As labseg.plot's, but for the black, which a dark page swallows.
COLOURS = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"
