"""The explorer of augmentation: a picture and its mask move together, or come apart."""

import cv2
import numpy as np

from labseg import plot
from labseg.explorers.explorer import Explorer, Slider, Switch
from labseg.explorers.page import picture, side_by_side
from labseg.explorers.pixels import (
    LARGE,
    SMALL,
    black_and_white,
    bordered,
    enlarged,
    factor,
    one_mask,
    photo,
)
from labseg.metrics import iou


def augmentation(image, mask):
    """Shift, flip, zoom and brighten a picture; its mask moves along, unless you do it wrong.

    image: (h, w, 3), uint8 or from 0 to 1. mask: (h, w) or (h, w, 1), 0 and 1.
    Returns an Explorer. Raises ValueError for other shapes or values.
    """
    image = photo(image)
    mask = one_mask(mask, image)
    large, small = (factor(image.shape[1], side) for side in (LARGE, SMALL))

    def view(wrong, **settings):
        shown, right = moved(image, mask, **settings)
        used = mask if wrong else right
        fit = iou(right[None], used[None])[0]
        which = "the picture alone" if wrong else "picture and mask together"
        done = _words(**settings)
        done = f"{done[0].upper()}{done[1:]}, {which}" if done else "Nothing has changed yet"
        alt = f"{done}: mask and car agree with an IoU of {fit:.2f}."
        both = picture(
            bordered(shown, used, large),
            f"The picture with the mask's area tinted and outlined. {alt}",
            "the mask on the picture",
        )
        apart = (
            picture(enlarged(shown, small), "The picture alone.", "the picture"),
            picture(
                enlarged(black_and_white(used), small),
                "The mask, white where it says car.",
                "the mask",
            ),
        )
        weight = "bold" if fit < 1 else "normal"
        said = f'<div style="margin-top: 6px; line-height: 1.4; font-weight: {weight}">{alt}</div>'
        return side_by_side(both, f"<div>{''.join(apart)}</div>") + said

    height, width = mask.shape
    sliders = {
        "right": Slider("to the right (px)", -(width // 3), width // 3, 0),
        "down": Slider("down (px)", -(height // 3), height // 3, 0),
        "zoom": Slider("zoom (×)", 0.5, 2.0, 1.0, 0.05),
        "brightness": Slider("brightness (×)", 0.4, 1.6, 1.0, 0.05),
        "flip": Switch("flip left and right"),
        "wrong": Switch("do it wrong: the mask stays"),
    }
    return Explorer(sliders, view, lambda: _still(image, mask))


def moved(image, mask, right, down, zoom, brightness, flip):
    """The pair after a flip, a zoom about the middle, a shift and a change of brightness.

    image: uint8 (h, w, 3), linear between pixels; mask: bool (h, w), nearest pixel. What comes in
    from outside is 0.
    """
    height, width = mask.shape
    across = -zoom if flip else zoom
    middle = (width - 1) / 2, (height - 1) / 2
    matrix = np.array(
        [
            [across, 0, middle[0] * (1 - across) + right],
            [0, zoom, middle[1] * (1 - zoom) + down],
        ]
    )
    shown = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR)
    used = cv2.warpAffine(mask.astype(np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST)
    return cv2.convertScaleAbs(shown, alpha=brightness), used == 1


def _words(right, down, zoom, brightness, flip):
    """What was done to the pair; nothing if nothing was."""
    sides = (("right", "left", right), ("down", "up", down))
    shifts = [f"{abs(n)} px {there if n > 0 else back}" for there, back, n in sides if n]
    steps = ["flipped left and right"] * flip
    steps += [f"zoomed ×{zoom:.2f}"] * (round(zoom, 2) != 1)
    steps += [f"shifted {' and '.join(shifts)}"] * bool(shifts)
    steps += [f"brightness ×{brightness:.2f}"] * (round(brightness, 2) != 1)
    return ", ".join(steps)


def _still(image, mask):
    """The pair as it was, moved together, and with the picture alone moved."""
    width = mask.shape[1]
    settings = {"right": width // 6, "down": 0, "zoom": 1.0, "brightness": 1.0, "flip": True}
    shown, right = moved(image, mask, **settings)
    fit = iou(right[None], mask[None])[0]
    axes = plot.grid(1, 3, height=1.9)[0]
    plot.overlay(axes[0], image, mask, "as it was")
    plot.overlay(axes[1], shown, right, "both moved")
    plot.overlay(axes[2], shown, mask, f"only the picture moved: IoU {fit:.2f}")
    text = (
        "A picture with its mask drawn on it, three times: as it was; both "
        f"{_words(**settings)}, so that they still fit; and only the picture "
        f"moved, so that the mask slips off the car (IoU {fit:.2f})."
    )
    return text, plot.as_html(text)
