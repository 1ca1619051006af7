"""Notebooks as students hand them in, and what grading them gives."""

import json
from pathlib import Path

from labseg.grading.sandbox import Limits
from labseg.grading.whole_class import grade_class

IMPORTS = "import numpy as np\n\nimport labseg"
IOU = """\
def iou(y_true, y_pred, threshold=0.5):
    truth = np.reshape(y_true, np.shape(y_true)[:3]) == 1
    found = np.reshape(y_pred, np.shape(y_pred)[:3]) >= threshold
    both, either = ((area).sum(axis=(1, 2)) for area in (truth & found, truth | found))
    return np.where(either == 0, 1, both / np.maximum(either, 1))
"""
DICE = """\
def dice(y_true, y_pred, threshold=0.5):
    score = iou(y_true, y_pred, threshold)
    return 2 * score / (1 + score)
"""
IOU_POINTS, DICE_POINTS = 8, 7


def cell(source, **more):
    return {"cell_type": "code", "metadata": {}, "outputs": [], "source": source, **more}


def notebook(*cells, **more):
    """The bytes of a notebook; cells are sources, or dicts as nbformat has them."""
    cells = [each if isinstance(each, dict) else cell(each) for each in cells]
    return json.dumps(
        {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}
    ).encode()


def hand_in(folder, students):
    """Write {student: bytes of a notebook, or {file: bytes}} as a folder a student."""
    for student, files in students.items():
        files = files if isinstance(files, dict) else {"03_metrics.ipynb": files}
        for name, content in files.items():
            path = Path(folder, student, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return folder


def graded(folder, out, seconds=60, memory=2_000_000_000, **options):
    """{student: what grades.json says of them}."""
    found = grade_class(folder, out, limits=Limits(seconds, memory), **options)
    return {student["student"]: student for student in found["students"]}
