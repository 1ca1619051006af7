"""Solutions → the student edition: what release writes, and that what is committed is that."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
from labseg_author.release import CODE_STUB, ReleaseError, release, without_margin_stubs
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[2]
LESSONS = ["01_dataset", "02_baseline_cnn", "03_metrics", "04_unet", "05_augmentation"]
COMMITTED = sorted([*ROOT.glob("solutions/*.ipynb"), *ROOT.glob("notebooks/*.ipynb")])
committed = pytest.mark.parametrize(
    "path", COMMITTED, ids=[p.relative_to(ROOT).as_posix() for p in COMMITTED]
)

ANSWER = '''\
def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    twice_as_much = x + x
    return twice_as_much
    ### END SOLUTION
'''
CHECK = "print(double)\n\n### BEGIN HIDDEN TESTS\nassert double(3) == 6\n### END HIDDEN TESTS\n"


def marks(grade_id, **others):
    defaults = {"schema_version": 3, "grade": False, "solution": False, "locked": False}
    return {"nbgrader": defaults | {"grade_id": grade_id} | others}


def lesson(answer=ANSWER, check=CHECK):
    """A small solved notebook, as an author's editor leaves it."""
    ran = nbformat.v4.new_output("stream", text="kept from a run")
    cells = [
        new_markdown_cell("# A lesson", id="title"),
        new_code_cell("start = 1\n", outputs=[ran], execution_count=7, id="start"),
        new_code_cell(answer, id="answer", metadata=marks("double", solution=True)),
        new_code_cell(check, metadata=marks("check", grade=True, locked=True, points=2)),
    ]
    cells[1].metadata = {"scrolled": True, "tags": ["keep"]}
    return new_notebook(cells=cells, metadata={"celltoolbar": "Create Assignment"})


@pytest.fixture
def checkout(tmp_path):
    """A released checkout of one small lesson."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "solutions").mkdir()
    nbformat.write(lesson(), tmp_path / "solutions" / "01_dataset.ipynb")
    release(tmp_path)
    return tmp_path


def read(path):
    return nbformat.read(path, as_version=4)


def edit(path, change):
    nb = read(path)
    change(nb)
    nbformat.write(nb, path)


def contents(root):
    return {path: path.read_bytes() for path in root.rglob("*.ipynb")}


# What release writes.


def test_the_student_edition_has_stubs_for_solutions_and_no_hidden_tests(checkout):
    cells = {cell.id: cell for cell in read(checkout / "notebooks" / "01_dataset.ipynb").cells}
    stub = "".join(f"    {line}\n" for line in CODE_STUB.split("\n"))
    assert cells["answer"].source + "\n" == ('def double(x):\n    """Return twice x."""\n' + stub)
    assert cells["answer"].metadata.deletable is False
    graded = [cell for cell in cells.values() if cell.metadata.get("nbgrader", {}).get("grade")]
    assert [cell.source for cell in graded] == ["print(double)"]
    assert [cell.metadata.editable for cell in graded] == [False]


def test_a_solution_at_the_left_margin_leaves_what_stands_above_it(checkout):
    path = checkout / "solutions" / "01_dataset.ipynb"
    quiz = 'quiz = {1: None}\n### BEGIN SOLUTION\nquiz = {1: "a"}\n### END SOLUTION\nprint(quiz)'
    nbformat.write(lesson(answer=quiz), path)
    release(checkout)
    released = read(checkout / "notebooks" / path.name)
    assert "quiz = {1: None}\nprint(quiz)" in [cell.source for cell in released.cells]


def test_an_untouched_stub_raises_only_when_called(checkout):
    nb = read(checkout / "notebooks" / "01_dataset.ipynb")
    names = {}
    exec(next(cell.source for cell in nb.cells if cell.id == "answer"), names)
    with pytest.raises(NotImplementedError):
        names["double"](1)


def test_solutions_lose_outputs_and_traces_but_keep_ids_tags_and_answers(checkout):
    nb = read(checkout / "solutions" / "01_dataset.ipynb")
    start, answer, check = nb.cells[3:]
    assert (start.outputs, start.execution_count) == ([], None)
    assert start.metadata == {"tags": ["keep"]}
    assert [cell.id for cell in nb.cells[:5]] == ["badge", "install", "title", "start", "answer"]
    assert answer.source == ANSWER.rstrip()
    assert check.source == CHECK.rstrip()
    assert set(nb.metadata) == {"kernelspec", "language_info"}
    assert nb.metadata.language_info == {"name": "python"}


def test_the_first_two_cells_come_from_the_one_address_and_the_version(checkout):
    pyproject = checkout / "pyproject.toml"
    text = pyproject.read_text()
    text = text.replace("https://github.com/labseg/labseg", "https://github.com/you/fork.git")
    pyproject.write_text(text.replace('version = "0.1.0"', 'version = "2.3.4"'))
    changed = release(checkout)
    assert changed == ["notebooks/01_dataset.ipynb", "solutions/01_dataset.ipynb"]
    for name in changed:
        nb = read(checkout / name)
        badge, install = nb.cells[:2]
        assert "[Open this lesson in Google Colab](https://colab." in badge.source
        assert "![" not in badge.source  # a picture would be asked of another server
        assert "/github/you/fork/blob/v2.3.4/notebooks/01_dataset.ipynb)" in badge.source
        assert "Save a copy in Drive" in badge.source
        assert '--no-deps "labseg @ git+https://github.com/you/fork@v2.3.4"' in install.source
        assert [cell.metadata.get("labseg") for cell in nb.cells[2:]] == [None] * 4


@pytest.fixture
def install_cell(checkout):
    """A function that runs the notebooks' install cell; the magics that it has called."""
    from IPython.core.inputtransformer2 import TransformerManager

    source = read(checkout / "notebooks" / "01_dataset.ipynb").cells[1].source
    code = TransformerManager().transform_cell(source)
    calls = []

    class Shell:
        def run_line_magic(self, name, line):
            calls.append((name, line))

    def run():
        exec(code, {"get_ipython": Shell})
        return calls

    return run


def test_the_install_cell_does_nothing_outside_colab(install_cell, monkeypatch):
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    assert install_cell() == []


def test_the_install_cell_can_be_run_twice_on_colab(install_cell, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", object())
    install_cell()
    first, second = install_cell()
    assert first == second
    assert first[0] == "pip"
    assert first[1].startswith("install --quiet --no-deps ")


def test_the_install_cell_says_that_nothing_was_installed(install_cell, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", object())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConnectionError, match="GitHub could not be reached"):
        install_cell()


def test_releasing_twice_changes_nothing(checkout):
    before = contents(checkout)
    assert release(checkout) == []
    assert contents(checkout) == before


def test_missing_and_repeated_cell_ids_are_filled_once(checkout):
    path = checkout / "solutions" / "01_dataset.ipynb"
    nb = json.loads(path.read_text())
    del nb["cells"][2]["id"]
    nb["cells"][4]["id"] = nb["cells"][3]["id"]
    path.write_text(json.dumps(nb))
    release(checkout)
    ids = [cell.id for cell in read(path).cells]
    assert len(set(ids)) == len(ids)
    edit(path, lambda nb: nb.cells.insert(2, new_markdown_cell("new", id="new")))
    release(checkout)
    assert [cell.id for cell in read(path).cells] == [*ids[:2], "new", *ids[2:]]
    student_ids = [cell.id for cell in read(checkout / "notebooks" / path.name).cells]
    assert student_ids == [cell.id for cell in read(path).cells]


def test_generated_cells_are_clean_to_ruff(checkout):
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, str(checkout)]
        ran = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


# What release refuses.


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"check": "print(double)"}, r"01_dataset\.ipynb, cell 6 \(check\).*HIDDEN TESTS"),
        (
            {"check": "### BEGIN HIDDEN TESTS\nprint(double(3))\n### END HIDDEN TESTS"},
            r"01_dataset\.ipynb, cell 6 \(check\).*assertion",
        ),
        (
            {"answer": ANSWER.replace("### END SOLUTION", "")},
            r"01_dataset\.ipynb, cell 5 \(double\).*no end solution",
        ),
        (
            {"check": CHECK + "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"},
            r"01_dataset\.ipynb, cell 6 \(check\).*non-solution cell",
        ),
        (
            {"check": CHECK + "### begin solution\nx = 1\n### end solution"},
            r"01_dataset\.ipynb, cell 6 \(check\).*'### begin solution'",
        ),
        (
            {"answer": ANSWER + "### SOLUTION BEGIN\nsecret = 1\n### SOLUTION END"},
            r"01_dataset\.ipynb, cell 5 \(double\).*'### SOLUTION BEGIN'",
        ),
        (
            {"answer": ANSWER + "# BEGIN SOLUTON\nsecret = 1\n# END SOLUTON"},
            r"01_dataset\.ipynb, cell 5 \(double\).*'# BEGIN SOLUTON'",
        ),
        (
            {"answer": ANSWER.replace("SOLUTION", "SOLUTON")},
            r"01_dataset\.ipynb, cell 5 \(double\).*'### BEGIN SOLUTON'",
        ),
        (
            {"answer": ANSWER + "secret = 1\n### END SOLUTION"},
            r"01_dataset\.ipynb, cell 5 \(double\).*'### END SOLUTION' has no BEGIN",
        ),
        (
            {"answer": ANSWER.replace("    ### BEGIN SOLUTION\n", "").replace("### END", "# The")},
            r"01_dataset\.ipynb, cell 5 \(double\).*needs ### BEGIN SOLUTION",
        ),
    ],
    ids=[
        "no hidden test",
        "no assertion",
        "open region",
        "wrong cell",
        "lower case",
        "turned round",
        "second region misspelt",
        "only region misspelt",
        "end without beginning",
        "no region",
    ],
)
def test_a_faulty_cell_is_named_and_nothing_is_written(checkout, given, says):
    nbformat.write(lesson(**given), checkout / "solutions" / "01_dataset.ipynb")
    before = contents(checkout)
    with pytest.raises(ReleaseError, match=says):
        release(checkout)
    assert contents(checkout) == before


def test_two_cells_with_one_grade_id_are_refused(checkout):
    def repeat(nb):
        nb.cells.append(new_code_cell("", metadata=marks("double", solution=True)))

    edit(checkout / "solutions" / "01_dataset.ipynb", repeat)
    with pytest.raises(ReleaseError, match=r"01_dataset\.ipynb.*Duplicate grade id: double"):
        release(checkout)


def test_a_file_that_is_no_notebook_is_named(checkout):
    (checkout / "solutions" / "02_baseline_cnn.ipynb").write_text("<html>")
    with pytest.raises(ReleaseError, match=r"02_baseline_cnn\.ipynb is not a notebook"):
        release(checkout)


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_a_folder_or_a_broken_link_in_the_place_of_a_notebook_is_named(checkout, folder, make):
    make(checkout / folder / "06_draft.ipynb")
    with pytest.raises(ReleaseError, match=r"06_draft\.ipynb (is not a notebook|was not made)"):
        release(checkout)


def test_cells_that_are_none_are_named(checkout):
    (checkout / "solutions" / "02_baseline_cnn.ipynb").write_text('{"nbformat": 4, "cells": null}')
    with pytest.raises(ReleaseError, match=r"02_baseline_cnn\.ipynb is not a notebook"):
        release(checkout)


def test_only_the_notebooks_that_are_named_are_released(checkout):
    solutions, notebooks = checkout / "solutions", checkout / "notebooks"
    shutil.copy(solutions / "01_dataset.ipynb", solutions / "04_unet.ipynb")
    (solutions / "03_metrics.ipynb").write_text("being written")
    nbformat.write(lesson(), notebooks / "06_draft.ipynb")
    changed = ["notebooks/04_unet.ipynb", "solutions/04_unet.ipynb"]
    assert release(checkout, names=["solutions/04_unet.ipynb"]) == changed
    assert release(checkout, names=["01_dataset", "04_unet.ipynb"]) == []
    with pytest.raises(ReleaseError, match=r"solutions/ holds no 4_unet\.ipynb.*04_unet"):
        release(checkout, names=["4_unet"])


def test_outside_a_checkout_it_says_what_to_do(tmp_path):
    with pytest.raises(ReleaseError, match=r"not in a labseg checkout.*clone"):
        release(tmp_path)


def test_a_broken_pyproject_is_named(checkout):
    (checkout / "pyproject.toml").write_text("[project\n")
    with pytest.raises(ReleaseError, match=r"pyproject\.toml can't be read: .*line 1"):
        release(checkout)


def test_an_address_that_colab_cannot_open_is_refused(checkout):
    pyproject = checkout / "pyproject.toml"
    pyproject.write_text(
        pyproject.read_text().replace("https://github.com/", "https://gitlab.com/")
    )
    with pytest.raises(ReleaseError, match=r"pyproject\.toml.*Repository.*gitlab"):
        release(checkout)


def test_a_notebook_in_the_wrong_folder_is_not_deleted(checkout):
    draft = checkout / "notebooks" / "06_draft.ipynb"
    nbformat.write(lesson(), draft)
    with pytest.raises(ReleaseError, match=r"06_draft\.ipynb was not made from solutions/"):
        release(checkout)
    assert draft.exists()


# Work that release could lose.


def commit(root):
    git = ["git", "-c", "user.name=a", "-c", "user.email=b", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "all"]):
        subprocess.run([*git, *command], cwd=root, check=True)


@pytest.mark.parametrize("known", [False, True], ids=["no repository", "committed before"])
@pytest.mark.parametrize("name", ["01_dataset", "01_dataset-Copy1"])
def test_edits_that_git_does_not_have_are_neither_overwritten_nor_deleted(checkout, name, known):
    path = checkout / "notebooks" / f"{name}.ipynb"
    shutil.copy(checkout / "notebooks" / "01_dataset.ipynb", path.with_stem("01_dataset-Copy1"))
    if known:
        commit(checkout)
    if name == "01_dataset":
        path.with_stem("01_dataset-Copy1").unlink()
    append_cell(path)
    before = contents(checkout)
    with pytest.raises(ReleaseError, match=rf"notebooks/{name}\.ipynb .*git"):
        release(checkout)
    assert contents(checkout) == before


def test_edits_that_are_committed_are_replaced_but_a_notebook_of_ones_own_stays(checkout):
    released = checkout / "notebooks" / "01_dataset.ipynb"
    append_cell(released)
    commit(checkout)
    assert release(checkout) == ["notebooks/01_dataset.ipynb"]
    nbformat.write(lesson(), released.with_stem("06_draft"))
    commit(checkout)
    with pytest.raises(ReleaseError, match=r"06_draft\.ipynb was not made from solutions/"):
        release(checkout)


def test_a_copy_that_git_does_not_know_is_not_deleted(checkout):
    commit(checkout)
    released = checkout / "notebooks" / "01_dataset.ipynb"
    shutil.copy(released, released.with_stem("01_dataset-Copy1"))
    with pytest.raises(ReleaseError, match=r"01_dataset-Copy1\.ipynb"):
        release(checkout)
    assert released.with_stem("01_dataset-Copy1").exists()


def test_what_an_earlier_release_made_is_replaced_without_a_commit(checkout):
    change_source(checkout / "solutions" / "01_dataset.ipynb")
    edit(checkout / "solutions" / "01_dataset.ipynb", lambda nb: nb.cells.pop(2))
    assert "notebooks/01_dataset.ipynb" in release(checkout)


# Drift, on the repository's own notebooks.


@pytest.fixture
def copy(tmp_path):
    """The repository's own notebooks, free to spoil."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for folder in ("solutions", "notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("[!0]*"))
    return tmp_path


def append_cell(path):
    edit(path, lambda nb: nb.cells.append(new_code_cell("x = 1", id="appended")))


def change_source(path):
    def change(nb):
        nb.cells[-1].source += " "

    edit(path, change)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda r: append_cell(r / "notebooks/03_metrics.ipynb"), "notebooks/03_metrics.ipynb"),
        (lambda r: change_source(r / "notebooks/01_dataset.ipynb"), "notebooks/01_dataset.ipynb"),
        (lambda r: append_cell(r / "solutions/04_unet.ipynb"), "notebooks/04_unet.ipynb"),
        (
            lambda r: (r / "notebooks/02_baseline_cnn.ipynb").unlink(),
            "02_baseline_cnn.ipynb: missing",
        ),
        (
            lambda r: shutil.copy(r / "notebooks/01_dataset.ipynb", r / "notebooks/01_old.ipynb"),
            "notebooks/01_old.ipynb: extra",
        ),
        (
            lambda r: (r / "solutions/05_augmentation.ipynb").unlink(),
            "notebooks/05_augmentation.ipynb: extra",
        ),
    ],
    ids=["student", "one space", "solution", "deleted", "extra", "solution deleted"],
)
def test_drift_is_named_and_release_mends_it(copy, spoil, named):
    spoil(copy)
    before = contents(copy)
    with pytest.raises(ReleaseError, match="labseg-author release") as caught:
        release(copy, check=True)
    assert named in str(caught.value)
    assert contents(copy) == before
    commit(copy)
    release(copy)
    assert release(copy, check=True) == []


# What is committed.


def test_the_committed_notebooks_are_what_release_makes():
    assert release(ROOT, check=True) == []


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_the_five_lessons_are_there(folder):
    assert sorted(path.stem for path in (ROOT / folder).glob("*.ipynb")) == LESSONS


@committed
def test_no_outputs_counts_or_machine_paths(path):
    nb = read(path)
    nbformat.validate(nb)
    for cell in nb.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)
    for trace in ("/home/", "/root/", "/work/", "/Users/", "/tmp/", "C:\\\\"):
        assert trace not in path.read_text("utf-8")


@pytest.mark.parametrize("name", LESSONS)
def test_the_student_edition_holds_no_line_of_a_solution(name):
    solved, handed_out = (
        [cell.source for cell in read(ROOT / folder / f"{name}.ipynb").cells]
        for folder in ("solutions", "notebooks")
    )
    for n, cell in enumerate(solved):
        others = handed_out[:n] + handed_out[n + 1 :]  # its own cell keeps what it begins with
        visible = {line.strip() for source in others for line in source.splitlines()}
        for line in regions([cell], "SOLUTION") + regions([cell], "HIDDEN TESTS"):
            assert len(line) <= 15 or line not in visible


def regions(sources, kind):
    """The lines between BEGIN and END markers, stripped."""
    found, inside = [], False
    for line in "\n".join(sources).splitlines():
        if f"### END {kind}" in line:
            inside = False
        if inside:
            found.append(line.strip())
        if f"### BEGIN {kind}" in line:
            inside = True
    return found


def test_the_regions_of_a_solution_are_found():
    assert regions([ANSWER, CHECK], "SOLUTION") == [
        "twice_as_much = x + x",
        "return twice_as_much",
    ]
    assert regions([ANSWER, CHECK], "HIDDEN TESTS") == ["assert double(3) == 6"]


def test_nbgrader_makes_the_same_student_edition(tmp_path, monkeypatch):
    """`solutions/` copied into a course's source/labseg/ is an assignment that nbgrader accepts."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    # nbgrader calls the alembic command, which an environment need not have been activated for.
    scripts = sysconfig.get_path("scripts")
    monkeypatch.setenv("PATH", scripts, prepend=os.pathsep)
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    config.Exchange.root = str(tmp_path / "exchange")
    config.ClearSolutions.code_stub = {"python": CODE_STUB}
    shutil.copytree(ROOT / "solutions", tmp_path / "source" / "labseg")
    result = NbGraderAPI(config=config).generate_assignment("labseg")
    assert result["success"], result
    for path in (tmp_path / "source" / "labseg").glob("*.ipynb"):
        theirs = read(tmp_path / "release" / "labseg" / path.name)
        ours = read(ROOT / "notebooks" / path.name)
        assert [
            without_margin_stubs(c.source).rstrip() for c in theirs.cells if c.cell_type == "code"
        ] == [c.source for c in ours.cells if c.cell_type == "code"]
