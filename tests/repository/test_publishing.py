"""What GitHub shows and runs agrees with the project: citation, workflow, templates, guides."""

import re
import tomllib
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
import yaml
from packaging.specifiers import SpecifierSet

from labseg.models import OURS

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text("utf-8"))
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted(
    path for path in ROOT.rglob("*.md") if not {".venv", "node_modules"} & set(path.parts)
)


def test_the_citation_names_this_version_and_address():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert citation["repository-code"] == PROJECT["urls"]["Repository"]
    assert " AND ".join(citation["license"]) == PROJECT["license"]


def test_the_changelog_knows_this_version():
    assert f"\n## {PROJECT['version']}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_workflow_runs_the_readmes_test_command_on_every_python_that_labseg_takes():
    job = WORKFLOW["jobs"]["tests"]
    matrix = job["strategy"]["matrix"]
    wanted = SpecifierSet(PROJECT["requires-python"])
    assert matrix["python"] == [f"3.{n}" for n in range(9, 20) if f"3.{n}.0" in wanted]
    assert [system.partition("-")[0] for system in matrix["os"]] == ["ubuntu", "macos", "windows"]
    commands = " && ".join(step["run"] for step in job["steps"][-2:])
    assert f"```sh\n{commands}\n```" in README


def test_the_readme_links_every_lesson_to_colab_where_the_notebooks_do():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        first, *_ = nbformat.read(path, as_version=4).cells
        address = re.search(r"https://colab\.\S+?\.ipynb", first.source)[0]
        assert f"({address})" in README


def test_every_link_to_binder_follows_from_the_address_and_the_version():
    slug = PROJECT["urls"]["Repository"].removeprefix("https://github.com/")
    lesson = "notebooks/01_dataset.ipynb"
    assert (ROOT / lesson).exists()
    address = f"https://mybinder.org/v2/gh/{slug}/v{PROJECT['version']}?labpath={quote(lesson, '')}"
    links = {
        page: re.findall(r"https://mybinder\S+?(?=\))", page.read_text("utf-8")) for page in PAGES
    }
    found = {page.relative_to(ROOT).as_posix(): set(all_) for page, all_ in links.items() if all_}
    assert found == {"README.md": {address}, "notebooks/README.md": {address}}


def test_every_page_installs_this_version():
    install = re.compile(r"git\+(https://\S+?)@v([\d.]+\d)")
    found = {
        page.relative_to(ROOT).as_posix(): set(install.findall(page.read_text("utf-8")))
        for page in PAGES
    }
    this = PROJECT["urls"]["Repository"], PROJECT["version"]
    assert {page: all_ for page, all_ in found.items() if all_} == {"INSTRUCTORS.md": {this}}


def test_the_notes_for_students_name_the_files_that_are_lost_with_a_machine():
    notes = (ROOT / "notebooks" / "README.md").read_text("utf-8")
    saved = {
        name
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for name in re.findall(r'\.save\(\\"(\w+\.keras)', path.read_text("utf-8"))
        if name.removesuffix(".keras") in OURS
    }
    assert saved
    assert {name for name in saved if f"`{name}`" not in notes} == set()


def test_a_report_of_a_problem_asks_for_what_doctor_prints():
    form = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/problem.yml").read_text("utf-8"))
    asked = {field["id"]: field for field in form["body"]}
    assert "labseg doctor" in asked["doctor"]["attributes"]["label"]
    assert asked["doctor"]["validations"]["required"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_links_to_is_there(page):
    text = page.read_text("utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    missing = [
        link
        for link in links
        if "://" not in link and not link.startswith("#")
        if not (page.parent / link.partition("#")[0]).exists()
    ]
    assert missing == []
    places = {link[1:] for link in links if link.startswith("#")}
    assert places <= {anchor(line) for line in text.splitlines() if line.startswith("#")}


def anchor(heading):
    """The place within a page that GitHub gives to a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower())
    return words.replace(" ", "-")
