"""Figures that move: a slider, and the picture and the numbers follow. Needs the extra `lab`.

Each function returns an Explorer, which a notebook shows when it is a cell's last line. Where no
slider can live (a saved page, a preview, no ipywidgets), a still figure says the same.
"""

from labseg.explorers.error_browser import errors
from labseg.explorers.moved_pairs import augmentation
from labseg.explorers.patches import receptive_field
from labseg.explorers.thresholds import threshold

__all__ = ["augmentation", "errors", "receptive_field", "threshold"]
