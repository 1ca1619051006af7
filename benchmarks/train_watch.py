"""What the recipes of train.py share: the data, the levels, and a clock that counts training."""

import math
import time

from tqdm import tqdm

import labseg
from labseg import metrics

# As in lesson 4.
SIZE, N_CH, FLOORS, EPOCHS, RATE, BATCH = (64, 96), 8, 4, 10, 1e-2, 8
LEVELS = (0.90, 0.95)  # of held-out IoU


def split_cars(cars=None):
    """Lesson 4's (train, val, held-out) cars; `cars` limits how many cars are read."""
    limit = 16 * cars if cars else None
    return labseg.load_cars(SIZE, limit=limit).split(val=0.1, test=0.2, seed=0)


class Watch:
    """Training seconds, epochs and held-out IoU after each epoch of one run.

    The clock runs between `run` and `rest`. `over` is True once IoU `until` or `limit` seconds
    are reached.
    """

    def __init__(self, held, until=math.inf, limit=math.inf, bar=None):
        self.held, self.until, self.limit = held, until, limit
        self.bar = tqdm(desc=bar, unit=" epochs", disable=None if bar else True, leave=False)
        self.rows = []  # (seconds, epochs, IoU)
        self.past, self.began = 0.0, None

    @property
    def seconds(self):
        return self.past + (time.perf_counter() - self.began if self.began else 0)

    @property
    def over(self):
        reached = self.rows and self.rows[-1][2] >= self.until
        return bool(reached or self.seconds >= self.limit)

    def run(self):
        self.began = time.perf_counter()

    def rest(self):
        self.past, self.began = self.seconds, None

    def note(self, epochs, scores):
        """Note the IoU of `scores`, the network's answer to the held-out pictures by now."""
        iou = float(metrics.iou(self.held.masks, scores).mean())
        self.rows.append((self.seconds, epochs, iou))
        self.bar.set_postfix_str(f"{self.seconds:.0f} s, IoU {iou:.3f}")
        self.bar.update()
