"""How far long work has come: a line that is replaced in a notebook, a progress bar elsewhere."""

import sys
import time
from uuid import uuid4

from tqdm import tqdm

EVERY = 0.5  # seconds between two lines


class ProgressLine:
    """A line of text that later ones replace, so that a saved page holds only the last one."""

    def __init__(self):
        ipython = sys.modules.get("IPython")  # loaded wherever there is a notebook
        self.in_notebook = ipython is not None and ipython.get_ipython() is not None
        self._id = None

    def write(self, text):
        if not self.in_notebook:
            print(text, flush=True)
            return
        from IPython.display import display

        update = self._id is not None
        self._id = self._id or uuid4().hex
        display({"text/plain": text}, raw=True, display_id=self._id, update=update)

    def replace(self, text):
        """As `write`, but only where the line before can be replaced."""
        if self.in_notebook:
            self.write(text)


def counted(items, what, total, unit, delay=1):
    """Yield the items; after `delay` seconds, say how many of `total` are done."""
    line = ProgressLine()
    if not line.in_notebook:
        yield from tqdm(items, what, total, unit=unit, delay=delay)
        return
    start = shown = time.monotonic()
    for n, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - start > delay and now - shown > EVERY:
            line.write(f"{what}: {n:,} of {total:,} {unit}s")
            shown = now
    if shown > start:
        line.write(f"{what}: {total:,} {unit}s in {now - start:.0f} s")
