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


def develop(light: np.ndarray, guide: np.ndarray, shot: Shot, seed):
    """Linear light → photograph, uint8: sensor, exposure, tone curve, lens.

    light (k h, k w, 3) and guide (k h, k w, 6) are FINER = k times as large as the photograph
    (h, w, 3), as a sensor's pixel gathers the light of its whole area. guide: see `denoised`.
    """
    gain = GAIN * shot.exposure * np.array(shot.balance)
    light = _gathered(np.minimum(light, BURNT / gain))
    photo = _lens(255 * _toned(denoised(light, _gathered(guide)) * gain), shot)
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


def denoised(light: np.ndarray, guide: np.ndarray) -> np.ndarray:
    """Light without the grain of few rays, by Intel's Open Image Denoise.

    guide: per pixel, without grain: the surface's colour (3) and the direction it faces (3).
    """
    import mitsuba_oidn

    light, colour, facing = (
        np.ascontiguousarray(part, np.float32) for part in (light, guide[..., :3], guide[..., 3:])
    )
    return mitsuba_oidn.denoise(light, np.clip(colour, 0, 1), facing, hdr=True, clean_aux=True)


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
