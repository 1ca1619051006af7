"""The rendered studio: parametric cars on a turntable, with exact masks.

Needs the renderer (`pip install "labseg[studio]"`); it is imported when render runs.
"""

from .shoot import render

__all__ = ["render"]
