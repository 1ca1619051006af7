"""The static site, made from tiny lessons; tests/site looks at the real one in a browser."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from labseg_author.site import build_site
from labseg_author.site.pages import page
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parents[2]
PICTURE = '<img src="data:image/png;base64,AAAA" alt="a red car">'
SOLVED = "def f():\n    ### BEGIN SOLUTION\n    return 42\n    ### END SOLUTION"
CHECK = "check(f)\n### BEGIN HIDDEN TESTS\nassert secret\n### END HIDDEN TESTS"
WIDGET = "application/vnd.jupyter.widget-view+json"


def shows(source, **data):
    data = {"text/plain": "a picture"} | data
    return new_code_cell(source, outputs=[new_output("display_data", data=data)])


def lesson():
    solved = new_code_cell(SOLVED, metadata={"nbgrader": {"solution": True, "grade_id": "f"}})
    explorer = shows("explore()", **{"text/html": PICTURE, WIDGET: {"model_id": "x"}})
    return new_notebook(
        cells=[
            new_markdown_cell("[Open in Colab](https://example.org)"),
            new_code_cell("%pip install labseg", metadata={"labseg": {"role": "install"}}),
            new_markdown_cell("# 1 · Tiny\n\n**You will learn** that $\\mu(A) = 1$."),
            new_markdown_cell("## 1.1 First\n\nIs it *red*?\n\n<details>yes</details>"),
            shows("draw()", **{"text/html": PICTURE}),
            solved,
            new_code_cell(CHECK),
            explorer,
        ],
        metadata={"language_info": {"name": "python", "pygments_lexer": "ipython3"}},
    )


@pytest.fixture
def checkout(tmp_path):
    """A checkout with one lesson, and the folder where it lies executed."""
    (tmp_path / "solutions").mkdir()
    (tmp_path / "executed").mkdir()
    for name in ("INSTRUCTORS.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for folder in ("solutions", "executed"):
        nbformat.write(lesson(), tmp_path / folder / "01_tiny.ipynb")
    return tmp_path


@pytest.fixture
def build(checkout):
    def run(**options):
        options = {"executed": checkout / "executed", "say": lambda line: None} | options
        return build_site(checkout, checkout / "site", **options)

    return run


def test_a_page_begins_with_its_title_and_leaves_the_installation_out():
    cells = page(lesson()).cells
    assert cells[0].source.startswith("# 1 · Tiny")
    assert not any("%pip" in cell.source for cell in cells)


def test_the_solution_is_folded_and_the_hidden_tests_are_gone():
    solution, check = page(lesson()).cells[4:6]
    assert "hide-input" in solution.metadata.tags
    assert solution.source == "def f():\n    return 42"
    assert check.source == "check(f)"


def test_the_site_has_pages_slides_and_a_guide_of_its_own(build):
    site = build()
    text = (site / "lessons" / "01_tiny.html").read_text("utf-8")
    assert re.search(r"(?s)<details[^>]*>\s*<summary[^>]*>.*?Show a solution", text)
    assert "<math" in text
    assert 'alt="a red car"' in text
    assert "a picture" not in text  # nor is the widget there, which can't live on a page
    slides = (site / "slides" / "01_tiny.html").read_text("utf-8")
    assert slides.count('alt="a red car"') == 2
    assert "<p>Is it <em>red</em>?</p>" in slides
    assert "minute by minute" in (site / "instructors" / "guide.html").read_text("utf-8")
    assert "minute by minute" not in text


def test_nothing_on_a_page_comes_from_elsewhere(build):
    for path in build().rglob("*.html"):
        fetched = re.findall(r'(?:src|<link[^>]*href)="(https?:[^"]*)', path.read_text("utf-8"))
        assert fetched == []


def test_an_older_site_is_replaced_and_anything_else_is_not(build, checkout):
    (build() / "lessons" / "old.html").touch()
    assert not (build() / "lessons" / "old.html").exists()
    (checkout / "site" / "searchindex.js").unlink()
    with pytest.raises(FileExistsError, match=r"site is there and is not a site: choose another"):
        build()


def test_a_lesson_that_fails_is_named_and_nothing_is_left(build, checkout):
    broken = new_notebook(cells=[new_markdown_cell("# 1"), new_code_cell("1 / 0")])
    nbformat.write(broken, checkout / "solutions" / "01_tiny.ipynb")
    before = set(checkout.iterdir())
    with pytest.raises(
        ValueError, match=r"01_tiny\.ipynb fails at '1 / 0': ZeroDivisionError: div"
    ):
        build(executed=None)
    assert set(checkout.iterdir()) == before


def test_a_lesson_that_was_not_run_is_named(build, checkout):
    (checkout / "executed" / "01_tiny.ipynb").unlink()
    with pytest.raises(ValueError, match=r"executed has no 01_tiny\.ipynb: run that lesson"):
        build()


def test_faults_of_the_pages_are_no_site(build, checkout):
    broken = lesson()
    broken.cells[3].source += "\n\n[nowhere](nowhere.md)"
    nbformat.write(broken, checkout / "executed" / "01_tiny.ipynb")
    before = set(checkout.iterdir())
    with pytest.raises(ValueError, match=r"(?s)The site has faults:.*nowhere"):
        build()
    assert set(checkout.iterdir()) == before
