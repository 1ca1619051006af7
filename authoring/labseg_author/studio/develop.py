"""From the renderer's light to the camera's picture."""

from io import BytesIO

import cv2
import numpy as np
from PIL import Image

from .scene import Shot

GAIN = 1.77 * np.array([1.60, 1.555, 1.609])  # exposure and white balance
PIVOT, TOE = 0.45, 1.4  # below this light shadows deepen by this power
KNEE = 0.38  # light above which highlights are compressed
FINER = 2  # times the photograph's size at which light is traced
BURNT = 2.5  # of white: a glint brighter than this is no brighter to the sensor
QUALITY = 76  # of the JPEG


def develop(light: np.ndarray, guide: np.ndarray, mask: np.ndarray, shot: Shot, seed):
    """Linear light → photograph, uint8: sensor, exposure, tone curve, lens.

    light (k h, k w, 3), guide (k h, k w, 7) and mask (k h, k w) are FINER = k times as large as the
    photograph (h, w, 3), as a sensor's pixel gathers the light of its whole area. guide and mask
    say what each pixel shows, see `denoised`.
    """
    gain = GAIN * shot.exposure * np.array(shot.balance)
    light = _gathered(np.minimum(light, BURNT / gain))
    car = _gathered(mask[..., None])[..., 0] > 0
    guide = np.concatenate([_gathered(guide[..., :6]), guide[::FINER, ::FINER, 6:]], axis=-1)
    photo = _lens(255 * _toned(denoised(light, guide, car) * gain), shot)
    photo += 255 * _grain(photo / 255, shot.noise, np.random.default_rng(seed))
    return np.clip(photo + 0.5, 0, 255).astype(np.uint8)


def _gathered(fine):
    """The mean over each FINER × FINER pixels."""
    height, width = fine.shape[0] // FINER, fine.shape[1] // FINER
    return fine.reshape(height, FINER, width, FINER, -1).mean(axis=(1, 3), dtype=np.float32)


def _toned(light):
    """The film's toe and its shoulder, so that white paint keeps its shades; then gamma."""
    light = np.where(light < PIVOT, PIVOT * (light / PIVOT) ** TOE, light)
    over = np.maximum(light - KNEE, 0)
    light = np.minimum(light, KNEE) + (1 - KNEE) * (1 - np.exp(-over / (1 - KNEE)))
    return np.clip(light, 0, 1).astype(np.float32) ** (1 / 2.2)


def denoised(light: np.ndarray, guide: np.ndarray, car: np.ndarray) -> np.ndarray:
    """Light without the grain of few rays.

    car: bool (h, w), the pixels in which there is some car. guide: per pixel, without grain:
    albedo (3), normal (3), number of the shape (1).
    The room is matt, so its light is albedo × illumination, and illumination is smooth on the
    floor and on the wall. The car is averaged over neighbours of the same part, direction and
    brightness.
    """
    pixel = light.shape[1] / 384
    around = np.ones((3, 3), np.uint8)
    around[1, 1] = 0
    light = light.astype(np.float32)
    beside = cv2.dilate(light, around)
    out = light = np.where(light > 3 * beside, beside, light)  # a lone bright ray
    lies = guide[..., 5] > 0.5
    for surface in (lies & ~car, ~lies & ~car):
        out = np.where(surface[..., None], _lit(light, guide, surface, 2 * pixel), out)
    if car.any():
        rows, columns = (slice(max(0, k.min() - 4), k.max() + 5) for k in np.nonzero(car))
        part = out[rows, columns], guide[rows, columns, 3:]
        out[rows, columns] = np.where(car[rows, columns, None], _averaged(*part), part[0])
    return out


def _lit(light, guide, surface, sigma):
    """A matt surface under smoothed illumination; elsewhere without meaning."""
    albedo = np.maximum(guide[..., :3], 0.01)
    there = np.float32(surface)[..., None]
    spread = cv2.GaussianBlur(np.concatenate([there * light / albedo, there], -1), None, sigma)
    return albedo * spread[..., :3] / np.maximum(spread[..., 3:], 1e-6)


def _averaged(light, guide, reach=3):
    """A bilateral filter: by place, part and normal, and the brightness that the eye would see."""
    sight = _toned(cv2.GaussianBlur(light, None, 0.8)).mean(axis=-1, keepdims=True)
    key = np.concatenate([guide[..., :3] / 0.16, guide[..., 3:] / 0.1, sight / 0.07], -1)
    pad = [(reach, reach), (reach, reach), (0, 0)]
    key, wide, values = key.astype(np.float32), np.pad(key, pad, "edge"), np.pad(light, pad, "edge")
    total, weights = np.zeros_like(light), np.zeros((*light.shape[:2], 1), np.float32)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            window = (
                slice(reach + dy, reach + dy + light.shape[0]),
                slice(reach + dx, reach + dx + light.shape[1]),
            )
            far = ((wide[window] - key) ** 2).sum(-1, keepdims=True) + (dx * dx + dy * dy) / 4
            weight = np.exp(-far / 2)
            total += weight * values[window]
            weights += weight
    return total / weights


def _lens(photo, shot):
    """Slightly soft, then sharpened a little, as cameras do."""
    pixel = photo.shape[1] / 384
    if shot.blur * pixel > 0.15:
        photo = cv2.GaussianBlur(photo, None, shot.blur * pixel)
    return photo + shot.sharpen * (photo - cv2.GaussianBlur(photo, None, 0.9 * pixel))


def _grain(photo, strength, rng):
    """A sensor's noise: stronger in the shadows, and a little of it in colour."""
    grey = rng.normal(0, 1, (*photo.shape[:2], 1))
    colour = rng.normal(0, 0.4, photo.shape)
    return strength * (grey + colour) * (1.3 - 0.6 * photo)


def jpeg(photo: np.ndarray, quality: int = QUALITY) -> bytes:
    """Baseline, 4:2:0, as Carvana's."""
    file = BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=quality, subsampling="4:2:0", optimize=True)
    return file.getvalue()
