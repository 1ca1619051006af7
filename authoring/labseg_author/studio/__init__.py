"""The rendered studio: parametric cars on a turntable, with exact masks.

The renderer, Mitsuba, is imported when something is rendered.
"""

from .extras import contact_sheet, counterfactuals, large
from .shoot import render

__all__ = ["contact_sheet", "counterfactuals", "large", "render"]
