"""Choosing and starting the renderer."""

import ctypes.util
import os
import re
import subprocess
import sys

from labseg.errors import PackageMissing

# Renders one tiny picture in a process of its own, because a wrong LLVM kills the process.
PROBE = """
import mitsuba as mi, numpy as np
mi.set_variant("llvm_ad_rgb")
scene = mi.load_dict({"type": "scene", "light": {"type": "constant"}, "ball": {"type": "sphere"},
    "integrator": {"type": "path"}, "sensor": {"type": "perspective",
    "film": {"type": "hdrfilm", "width": 4, "height": 4}}})
assert np.isfinite(np.array(mi.render(scene, spp=1))).all()
"""


def start(workers: int | None = None):
    """Import Mitsuba with the fastest variant that works here and return it.

    Raises PackageMissing when TensorFlow was imported first: then Mitsuba can't be any more.
    """
    if "tensorflow" in sys.modules and "mitsuba" not in sys.modules:
        raise PackageMissing(  # it would end the process
            "Mitsuba can't be loaded after TensorFlow: use the command `labseg-author render`, "
            "or restart Python and render first."
        )
    import mitsuba as mi

    if mi.variant() is None:
        mi.set_variant(_variant())
    import drjit as dr

    dr.set_thread_count(workers or os.cpu_count() or 1)
    return mi


def _variant() -> str:
    if "DRJIT_LIBLLVM_PATH" not in os.environ:
        library = _llvm()
        if library is None:
            return "scalar_rgb"
        os.environ["DRJIT_LIBLLVM_PATH"] = library
    probe = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, check=False)
    return "llvm_ad_rgb" if probe.returncode == 0 else "scalar_rgb"


def _llvm() -> str | None:
    """The newest LLVM library of version 17 or later; 14 to 16 crash Mitsuba."""
    found = [ctypes.util.find_library(f"LLVM-{n}") for n in range(30, 16, -1)]
    found.append(ctypes.util.find_library("LLVM"))
    for library in filter(None, found):
        version = re.search(r"(\d+)", library.split("LLVM")[-1])
        if version and int(version[1]) >= 17:
            return library
    return None
