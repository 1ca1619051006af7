"""labseg: the helper package of the image segmentation lab.

Importing it is cheap: TensorFlow, Keras, OpenCV and Matplotlib load when first used.
"""

import importlib
import os
from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("labseg")
except PackageNotFoundError:  # a copy that was not installed
    __version__ = "unknown"

# TensorFlow reads these when it is imported. No start-up log in the notebooks; and oneDNN, which it
# uses by itself on some processors only, though it halves the time of training on others, too.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# public name → (module, attribute; None is the module itself)
_PUBLIC = {
    "load_cars": ("labseg.data.carvana", "load_cars"),
    "load_carvana": ("labseg.data.carvana", "load_carvana"),
    "load_counterfactuals": ("labseg.data.carvana", "load_counterfactuals"),
    "load_photo": ("labseg.data.photo", "load_photo"),
    "fetch_carvana": ("labseg.data.fetch", "fetch_carvana"),
    "Cars": ("labseg.data.carvana", "Cars"),
    "SHIPPED_CARS": ("labseg.data.carvana", "SHIPPED_CARS"),
    "metrics": ("labseg.metrics", None),
    "evaluation": ("labseg.evaluation", None),
    "plot": ("labseg.plot", None),
    "explorers": ("labseg.explorers", None),
    "quiet_keras": ("labseg.models", "quiet_keras"),
    "load_model": ("labseg.models", "load_model"),
    "backup": ("labseg.training", "backup"),
    "EpochCounter": ("labseg.training", "EpochCounter"),
    "receptive_field": ("labseg.layers", "receptive_field"),
    "check": ("labseg.exercises.check", None),
    "hint": ("labseg.exercises.hints", "hint"),
    "reveal": ("labseg.exercises.guesses", "reveal"),
    "progress": ("labseg.exercises.progress", "progress"),
}
__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"labseg has no {name!r}; it has {', '.join(__all__)}")
    module, attribute = _PUBLIC[name]
    loaded = importlib.import_module(module)
    return getattr(loaded, attribute) if attribute else loaded


def __dir__():
    return __all__
