"""Writes files as Carvana has them: baseline 4:2:0 JPEGs and palette GIF masks, in one folder."""

import numpy as np
from PIL import Image

FULL = (1280, 1918)  # Carvana's own (height, width)


def write_pair(folder, name, size=(40, 60), seed=0):
    """One image (a red car on grey, a blue left edge) and its mask; the mask comes back."""
    h, w = size
    rng = np.random.default_rng(seed)
    mask = np.zeros((h, w), bool)
    top, left = rng.integers(h // 8, h // 3), rng.integers(w // 8, w // 3)
    mask[top : top + h // 2, left : left + w // 2] = True
    pixels = np.full((h, w, 3), 190, np.uint8)
    pixels[mask] = (200, 30, 30)
    pixels[:, : w // 10] = (20, 40, 220)
    write_image(folder, name, Image.fromarray(pixels))
    write_mask(folder, name, mask)
    return mask


def write_image(folder, name, image, **options):
    path = folder / "train" / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=55, subsampling="4:2:0", **options)
    return path


def write_mask(folder, name, mask):
    path = folder / "train_masks" / f"{name}_mask.gif"
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(mask, np.uint8), "P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    image.save(path, optimize=False)
    return path


def write_cars(folder, n_cars=3, views=16, size=(40, 60)):
    for car in range(n_cars):
        for view in range(1, views + 1):
            write_pair(folder, f"{car:012x}_{view:02}", size, seed=100 * car + view)
    return folder
