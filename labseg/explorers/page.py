"""Pictures and plots as HTML, each with a text for those who can't see it.

Plots are SVG in the colour of the text around them, so that they suit a light page and a dark one.
"""

import base64
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np

from labseg.plot import BLUE, DASHES, EXTRA, GREEN, MISSED, ORANGE, PINK

# As labseg.plot's, but for the black, which a dark page swallows.
COLOURS = BLUE, ORANGE, GREEN, PINK, "#56B4E9"


def picture(pixels, alt, title=""):
    """A picture, uint8 (h, w, 3), below its title."""
    _, png = cv2.imencode(".png", pixels[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    source = base64.b64encode(png).decode("ascii")
    height, width = pixels.shape[:2]
    return (
        f'<figure style="margin: 0; max-width: {width}px"><figcaption>{title}</figcaption>'
        f'<img src="data:image/png;base64,{source}" alt="{escape(alt)}" width="{width}" '
        f'height="{height}" decoding="sync" '
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
    return _inline(46, 12, f'<path d="M0 6H46" {_stroke(colour, dashes)}/>')


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


LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 42  # margins of a plot, in pixels


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
        share = (np.asarray(x, float) - low) / (high - low)
        return LEFT + (self.width - LEFT - RIGHT) * share

    def down(self, y):
        low, high = self.y
        share = (np.asarray(y, float) - low) / (high - low)
        return self.height - BOTTOM - (self.height - TOP - BOTTOM) * share

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
        ends = f'x1="{at}" x2="{at}" y1="{TOP}" y2="{self.height - BOTTOM}"'
        return f'<line {ends} stroke="currentColor" stroke-width="1.5"/>'

    def bar(self, left, right, low, high, colour):
        """A block from `low` to `high`."""
        x, y = self.right(left), self.down(high)
        size = f'width="{self.right(right) - x:.1f}" height="{self.down(low) - y:.1f}"'
        return f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{colour}"/>'

    def svg(self, alt, *parts):
        """The plot with these parts in it."""
        bottom, end = self.height - BOTTOM, self.width - RIGHT
        grid = "".join(f"M{LEFT} {self.down(y):.1f}H{end}" for y in self.yticks)
        texts = [
            f'<text x="{self.right(x):.1f}" y="{bottom + 17}" text-anchor="middle">{text}</text>'
            for x, text in self.xticks.items()
        ]
        texts += [
            f'<text x="{LEFT - 6}" y="{self.down(y) + 4:.1f}" text-anchor="end">{text}</text>'
            for y, text in self.yticks.items()
        ]
        middle = (LEFT + end) / 2, (TOP + bottom) / 2
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
            f'<path d="M{LEFT} {TOP}V{bottom}H{end}" fill="none" stroke="currentColor"/>'
            f"{''.join(parts)}{''.join(texts)}</svg>"
        )


def line_style(k):
    """Colour and dashes of the k-th of several lines."""
    return COLOURS[k], DASHES[k]
