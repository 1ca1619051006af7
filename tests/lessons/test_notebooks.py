"""Every notebook runs from its first cell to its last, and shows what it should."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from carvana_files import write_cars
from labseg_author.lessons import code, outputs, printed, runnable
from nbformat.v4 import new_code_cell, new_notebook
from nbval_run import run_nbval

from labseg.evaluation import read_bands

ROOT = Path(__file__).parents[2]
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def by_name(paths):
    return pytest.mark.parametrize("path", paths, ids=[path.stem for path in paths])


def stderr(notebook):
    """What a run wrote beside its results: warnings and logs, but not tqdm's progress bars."""
    text = "".join(out.text for out in outputs(notebook) if out.get("name") == "stderr")
    return re.sub(r"^[^\n]*\d+%\|[^\n]*\]\n?", "", text, flags=re.MULTILINE)


def images_without_alt(notebook):
    """The sources of the cells that show an image without saying in words what is on it.

    An output that is an image counts: pages leave out the text that goes with it.
    """
    return [
        cell.source
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        for mime, content in out.get("data", {}).items()
        if mime.startswith("image/")
        or any(
            'alt="' not in tag or 'alt=""' in tag for tag in re.findall("<img[^>]*>", str(content))
        )
    ]


def shown(notebook):
    """What a notebook shows in words: printed, and displayed as plain text."""
    results = [out.data.get("text/plain", "") for out in outputs(notebook) if "data" in out]
    return "\n".join([printed(notebook), *results])


def outside_band(notebook):
    """The bands that the notebook states and its scores miss."""
    return [band for band in read_bands(printed(notebook)) if not band.inside]


# The solved notebooks.


@by_name(SOLUTIONS)
def test_the_solved_notebook_runs_to_its_last_cell(executed, path):
    run = executed(path)
    assert run.passed, run.report


@by_name(SOLUTIONS)
def test_it_writes_no_warning_or_log(executed, path):
    assert stderr(executed(path).notebook) == ""


@by_name(SOLUTIONS)
def test_every_image_has_a_text_alternative(executed, path):
    assert images_without_alt(executed(path).notebook) == []


@by_name(SOLUTIONS)
def test_its_scores_lie_in_the_bands_it_states(executed, path):
    notebook = executed(path).notebook
    assert read_bands(printed(notebook)), "the notebook states no score"
    assert outside_band(notebook) == []


# The student edition, nothing filled in.


@by_name(NOTEBOOKS)
def test_the_untouched_student_edition_runs_to_its_last_cell(executed, path):
    solved = ROOT / "solutions" / path.name
    # Where there is nothing to fill in, both have the same code, and one run tells of both.
    run = executed(solved if code(path) == code(solved) else path)
    assert run.passed, run.report
    assert [out for out in outputs(run.notebook) if out.output_type == "error"] == []


@by_name(NOTEBOOKS)
def test_the_untouched_student_edition_is_as_quiet_and_described(executed, path):
    solved = ROOT / "solutions" / path.name
    run = executed(solved if code(path) == code(solved) else path)
    assert stderr(run.notebook) == ""
    assert images_without_alt(run.notebook) == []


@pytest.mark.parametrize(
    "said",
    [
        "… Not attempted yet. Write the function and run this cell again",
        "No unet.keras here yet: using our U-Net, not yours.",
        "✓ our U-Net, test IoU: ",
    ],
)
def test_the_untouched_lesson_4_says_that_it_goes_on_with_our_unet(executed, said):
    assert said in shown(executed(ROOT / "notebooks" / "04_unet.ipynb").notebook)


# What a student reads.


@by_name(SOLUTIONS)
@pytest.mark.parametrize("method", ["fit", "compile"])
def test_what_is_fitted_and_how_is_said_by_name(path, method):
    calls = [
        node
        for source in runnable(path.stem)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == method
    ]
    assert [ast.unparse(call) for call in calls if call.args] == []


# That the tests above can fail.

SPOILT = """\
import sys
from IPython.display import display
from tqdm import tqdm
print("seen")
print("noise", file=sys.stderr)
for _ in tqdm([1, 2], "Reading"):
    pass
display({"image/png": "AAAA"}, raw=True, metadata={"image/png": {"alt": "lost on a page"}})
display({"text/html": '<img src="data:image/png;base64,AAAA" alt="">'}, raw=True)
display({"text/html": '<img src="data:image/png;base64,AAAA" alt="a car">'}, raw=True)
from labseg.evaluation import in_band
in_band("a", 0.1, 0, 0.2)
in_band("b", 0.3, 0, 0.2)
"""


@pytest.fixture(scope="session")
def spoilt(executed, tmp_path_factory):
    """A run of a notebook with everything wrong that the tests above look for."""
    path = tmp_path_factory.mktemp("spoilt") / "spoilt.ipynb"
    cells = [new_code_cell(source) for source in (SPOILT, "open('left', 'w')\n1 / 0", "after = 2")]
    nbformat.write(new_notebook(cells=cells), path)
    return executed(path)


def test_a_cell_that_raises_fails_the_run_and_is_shown(spoilt):
    assert not spoilt.passed
    assert "ZeroDivisionError" in spoilt.report
    assert [out.ename for out in outputs(spoilt.notebook) if out.output_type == "error"] == [
        "ZeroDivisionError"
    ]


@pytest.mark.parametrize("source", ["# NBVAL_SKIP\n1 / 0", "!sleep 100"], ids=["skip", "hang"])
def test_a_cell_that_did_not_run_to_its_end_fails_the_run(tmp_path, source):
    path, folder = tmp_path / "short.ipynb", tmp_path / "copy"
    folder.mkdir()
    nbformat.write(new_notebook(cells=[new_code_cell(source)]), path)
    assert not run_nbval(path, folder, cell_timeout=2).passed


def test_what_a_notebook_showed_is_kept(spoilt):
    assert any(out.get("text", "").startswith("seen\n") for out in outputs(spoilt.notebook))
    assert stderr(spoilt.notebook) == "noise\n"
    assert images_without_alt(spoilt.notebook) == [SPOILT] * 2
    assert [band.name for band in read_bands(printed(spoilt.notebook))] == ["a", "b"]
    assert [band.name for band in outside_band(spoilt.notebook)] == ["b"]


def test_a_run_leaves_nothing_beside_the_notebook(spoilt):
    assert not (ROOT / "left").exists()
    assert not (ROOT / "tests" / "left").exists()


# The switch to real photographs.


def test_every_notebook_has_the_same_switch():
    for path in SOLUTIONS:
        source = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
        assert source.count("\nCARVANA = None  #") == 1, path
        load = "labseg.load_carvana(labseg.fetch_carvana(CARVANA), size=(256, 256), limit=2000)"
        assert source.count(load) == 1, path


def test_the_switch_leads_to_a_folder_of_carvanas_files(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_cars(tmp_path / "pictures" / "carvana", 126)
    (tmp_path / "run").mkdir()
    notebook = nbformat.read(SOLUTIONS[0], as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("CARVANA = None", 'CARVANA = "~/pictures/carvana"')
    nbformat.write(notebook, tmp_path / "switched.ipynb")
    run = run_nbval(tmp_path / "switched.ipynb", tmp_path / "run")
    assert run.passed, run.report
    said = "".join(out.get("text", "") for out in outputs(run.notebook))
    assert "carvana: 2016 images of 126 cars" in said
    results = [out.data["text/plain"] for out in outputs(run.notebook) if "data" in out]
    assert "Cars: 2000 images of 125 cars, 256×256 pixels" in results
