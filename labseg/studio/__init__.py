"""The rendered studio: parametric cars on a turntable, with exact masks.

Needs the renderer (`pip install "labseg[studio]"`); it is imported when something is rendered.
"""

from .extras import contact_sheet, counterfactuals, large
from .shoot import render

__all__ = ["contact_sheet", "counterfactuals", "large", "render"]
