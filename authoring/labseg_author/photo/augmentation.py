"""Rendered pictures made unlike each other, so that a photograph is one more of them.

Each function takes a picture, float32 (h, w, 3) from 0 to 255, mostly with its mask, uint8 (h, w),
and returns new arrays. What may differ between our studio and a real one is drawn at random: place,
light, the room behind the car, the car's own tone, the lens. The mask stays exact.
"""

import cv2
import numpy as np

ZOOM = 0.8, 1.25
SHIFT = 0.12  # of the height or width
LEAN = 2.5  # degrees
HORIZON = 0.2, 0.62  # of the height: where wall and floor may part


def augmented(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator):
    """One picture uint8 (h, w, 3) and its mask uint8 (h, w) → new ones of the same kind."""
    image, mask = placed(image.astype(np.float32), mask, rng)
    outside = 1 - cv2.GaussianBlur(mask.astype(np.float32), None, 0.5)[..., None]
    behind = (elsewhere, 0.25), (room, 0.7), (letters, 0.5), (blobs, 0.3), (lifted, 0.3)
    for change, share in behind:
        if rng.random() < share:
            image = image + outside * (change(image, rng) - image)
    if rng.random() < 0.5:
        image = outside * image + (1 - outside) * car_tone(image, mask, rng)
    for change, share in ((light, 0.8), (lens, 0.7)):
        if rng.random() < share:
            image = change(image, rng)
    return np.clip(image + 0.5, 0, 255).astype(np.uint8), mask


def placed(image, mask, rng):
    """Zoomed, shifted, leaning and mirrored; what enters repeats the border."""
    height, width = mask.shape
    zoom = np.exp(rng.uniform(*np.log(ZOOM)))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-LEAN, LEAN), zoom)
    turn[:, 2] += rng.uniform(-SHIFT, SHIFT, 2) * (width, height)
    if rng.random() < 0.5:
        turn = turn @ np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1.0]])
    image, soft = (  # the mask, too: what repeats of a car that touches the border is car
        cv2.warpAffine(each, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        for each in (image, mask.astype(np.float32))
    )
    return image, (soft >= 0.5).astype(np.uint8)


# --- the room, of which only what lies outside the mask is used ---------------------------------


def elsewhere(image, rng):
    """No studio: a wall or hedge, and the ground before it."""
    height, width = image.shape[:2]
    row = int(rng.uniform(*HORIZON) * height)
    return np.concatenate([surface(row, width, rng), surface(height - row, width, rng)])


def surface(height, width, rng):
    """Plain, mottled or laid of bricks, (height, width, 3)."""
    tone = rng.uniform(20, 240) * rng.uniform(0.8, 1.2, 3)
    kind, uneven = rng.integers(3), rng.uniform(5, 50)
    if kind == 0:  # bricks or slabs, one row shifted against the next
        tall, long = (max(2, int(v)) for v in np.exp(rng.uniform((1, 1.5), (3, 4))))
        y, x = np.mgrid[:height, :width]
        x = x + y // tall % 2 * (long // 2)
        brick = rng.normal(0, uneven, (height // tall + 1, width // long + 2, 1))
        joint = (y % tall == 0) | (x % long == 0)
        pattern = brick[y // tall, x // long] + rng.uniform(-60, 60) * joint[..., None]
    else:  # spots of one size; plain if they are as large as the picture
        across = np.exp(rng.uniform(0, np.log(width / 2)))
        size = 1 + int(across * height / width), 1 + int(across)
        spots = rng.normal(0, uneven, (*size, 1)) + rng.normal(0, uneven / 3, (*size, 3))
        pattern = cv2.resize(spots, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(tone + pattern, 0, 255).astype(np.float32)


def room(image, rng):
    """Wall and floor toned apart about a random horizon, its edge sharp or soft."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32) / height
    row = rng.uniform(*HORIZON) + rng.uniform(-0.06, 0.06) * (x - 0.7)
    softness = np.exp(rng.uniform(np.log(0.003), np.log(0.08)))
    floor = 1 / (1 + np.exp(-np.clip((y - row) / softness, -30, 30)))[..., None]
    wall_tone, floor_tone = (rng.uniform(0.62, 1.2) * rng.uniform(0.94, 1.06, 3) for _ in "ab")
    fall = 1 + rng.uniform(-0.25, 0.25) * (y - 0.5) + rng.uniform(-0.2, 0.2) * (x - 0.7)
    return image * (wall_tone * (1 - floor) + floor_tone * floor) * fall[..., None]


def letters(image, rng):
    """A word on the wall, in any grey and weight."""
    height, width = image.shape[:2]
    ink = np.zeros((height, width), np.uint8)
    word = "".join(rng.choice(list("ABCDEFGHIKLMNOPRSTUVX"), rng.integers(3, 9)))
    scale = rng.uniform(0.4, 1.8) * height / 128
    at = int(rng.uniform(-0.1, 0.6) * width), int(rng.uniform(0.12, 0.55) * height)
    fonts = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX)
    weight = int(rng.integers(1, 2 + round(6 * height / 192)))
    cv2.putText(ink, word, at, fonts[rng.integers(3)], scale, 255, weight, cv2.LINE_AA)
    tone = rng.uniform(20, 230) * rng.uniform(0.95, 1.05, 3)
    share = rng.uniform(0.4, 1.0) * ink[..., None] / np.float32(255)
    return image * (1 - share) + tone * share


def blobs(image, rng):
    """Spots, stripes and patches: lights, doors, scuffs, shadows."""
    height, width = image.shape[:2]
    out = image.copy()
    for _ in range(rng.integers(1, 5)):
        ink = np.zeros((height, width), np.uint8)
        middle = [int(v) for v in rng.random(2) * (width, height)]
        if rng.random() < 0.5:
            size = [max(1, int(v)) for v in np.exp(rng.uniform(0, 4, 2)) * height / 128]
            cv2.ellipse(ink, middle, size, rng.uniform(0, 180), 0, 360, 255, -1)
        else:
            far = [int(v) for v in rng.random(2) * (width, height)]
            cv2.line(ink, middle, far, 255, int(rng.integers(1, 1 + height // 16)))
        ink = cv2.GaussianBlur(ink, None, np.exp(rng.uniform(-1, 2)))[..., None] / np.float32(255)
        share = rng.uniform(0.15, 0.8) * ink
        out = out * (1 - share) + rng.uniform(10, 255) * rng.uniform(0.9, 1.1, 3) * share
    return out


def lifted(image, rng):
    """Dark things of the room made paler, or pale ones darker."""
    lift = rng.uniform(0, 0.9)
    if rng.random() < 0.5:
        return image + lift * np.maximum(0, rng.uniform(120, 200) - image)
    return image * (image / 255) ** (0.5 * lift)


# --- the car -------------------------------------------------------------------------------------


def car_tone(image, mask, rng):
    """The car's own brightness and colour; sometimes that of what stands behind it."""
    out = image * rng.uniform(0.7, 1.3) * rng.uniform(0.92, 1.08, 3)
    if rng.random() < 0.35 and mask.any() and not mask.all():
        target = np.percentile(image[mask == 0], rng.choice([20, 50, 80]))
        out = image + rng.uniform(0.3, 1.0) * (target - np.percentile(image[mask == 1], 60))
    return np.clip(out, 0, 255)


# --- the whole picture ---------------------------------------------------------------------------


def light(image, rng):
    """Exposure, contrast, colour cast, saturation."""
    out = 255 * np.clip(image / 255, 0, 1) ** np.exp(rng.uniform(-0.35, 0.35))
    out = out * rng.uniform(0.8, 1.15) * rng.uniform(0.93, 1.07, 3) + rng.uniform(-12, 12)
    grey = out.mean(axis=-1, keepdims=True)
    return grey + rng.uniform(0.5, 1.4) * (out - grey)


def lens(image, rng):
    """Blur or sharpening, grain, and a JPEG file's traces."""
    scale = image.shape[0] / 128
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, None, scale * rng.uniform(0.2, 0.7))
    else:
        sharp = image - cv2.GaussianBlur(image, None, scale * 0.6)
        image = image + rng.uniform(0, 0.9) * sharp
    image = image + rng.normal(0, rng.uniform(0, 7), image.shape)
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))]
        image = np.clip(image, 0, 255).astype(np.uint8)
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)
    return image.astype(np.float32)
