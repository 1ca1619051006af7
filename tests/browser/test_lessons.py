"""The untouched lessons as a student meets them: JupyterLab in a browser, Run All Cells."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def errors_in(notebook):
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return [out.evalue for out in outputs if out.output_type == "error"]


@pytest.mark.parametrize("name", LESSONS)
def test_an_untouched_lesson_runs_to_its_end_and_says_what_is_not_attempted(opened, readable, name):
    lesson = opened(name)
    lesson.run_all(seconds=1500)
    notebook = lesson.notebook()
    assert errors_in(notebook) == []
    assert "Not attempted yet" in str(notebook)
    assert len(lesson.pictures()) > 3
    readable(lesson, name)


RUN_AT_ONCE = """
const timer = setInterval(() => {
    if (!window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length) return;
    clearInterval(timer);
    window.jupyterapp.commands.execute("notebook:run-all-cells");
}, 5);
"""


def test_whoever_runs_a_lesson_before_it_has_a_kernel_is_not_asked_for_one(opened):
    """Opening and running may each start a kernel; if JupyterLab drops both, Run starts one."""
    from playwright.sync_api import TimeoutError

    lesson = opened("01_dataset", RUN_AT_ONCE, connected=False)
    try:
        lesson.wait_for_kernel(seconds=20)  # which fails if there is a dialog
    except TimeoutError:
        lesson.menu("Run", "Run All Cells")
        lesson.wait_for_kernel()
    lesson.run("import numpy")
    # What the debugger asked of the kernel that was dropped.
    lesson.errors = [said for said in lesson.errors if "Canceled future" not in said]


PALE = """\
from IPython.display import HTML
HTML('<p>legible</p>' * 99 + '<p style="color: #ddd; background: #fff">pale</p>')"""


def test_what_some_readers_cannot_read_is_found(scratch):
    (pale,) = scratch("pale", PALE).barriers()
    assert pale.startswith("color-contrast: <p style=")
