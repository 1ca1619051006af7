"""What is staged of labseg: enough for set-up cells and answers, nothing that knows a verdict."""

import ast
import importlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from labseg.exercises import answers
from labseg.exercises.catalogue import EXERCISES
from labseg.grading import sandbox, stage
from labseg.grading.submission import asked, forbidden

ROOT = Path(__file__).parents[2]
GRADED = [exercise for exercise in EXERCISES if exercise.max_points]


def modules(paths):
    return {f"labseg.{path[:-3].replace('/', '.')}".removesuffix(".__init__") for path in paths}


STAGED, STAND_INS = modules(stage.WHOLE), modules(stage.ABSENT)


def imports(path):
    """The modules of ours that a file names in an import, or as text like "labseg.data.fetch"."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                is_module = (ROOT / f"{full.replace('.', '/')}.py").exists()
                yield full if is_module else node.module
        elif isinstance(node, ast.Constant) and re.fullmatch(r"labseg(\.\w+)+", str(node.value)):
            yield node.value


@pytest.mark.parametrize("path", stage.WHOLE)
def test_the_list_holds_all_that_its_files_import(path):
    ours = {name for name in imports(stage.PACKAGE / path) if name.startswith("labseg.")}
    lazily = {"labseg.exercises.answers"}  # none of these needs more
    assert ours - lazily <= STAGED | STAND_INS


def test_the_list_holds_what_students_may_call():
    public = {module for module, _ in importlib.import_module("labseg")._PUBLIC.values()}
    assert public <= STAGED | STAND_INS


def test_the_lists_files_are_there_and_no_verdict_hint_or_case_is_among_them():
    for path in (*stage.WHOLE, *stage.ABSENT):
        assert (stage.PACKAGE / path).is_file(), path
    exercises = {path for path in stage.WHOLE if path.startswith("exercises/")}
    assert exercises == {"exercises/__init__.py", "exercises/answers.py"}
    assert not [path for path in stage.WHOLE if path.startswith(("grading", "assets", "doctor"))]


@pytest.mark.parametrize("kind", sorted(set(map(forbidden, GRADED))), ids=str)
def test_what_is_laid_out_is_the_list(tmp_path, kind):
    folder = stage.stage(tmp_path, kind)
    found = {str(path.relative_to(folder)) for path in folder.rglob("*.py")}
    runner = {f"inside/{name}" for name in stage.RUNNER}
    ours = {f"labseg/{path}" for path in (*stage.WHOLE, *stage.ABSENT)}
    assert found == ours | runner | {"start.py"}
    others = {p.suffix for p in folder.rglob("*") if p.is_file()}
    assert others == {".py", ".pyc"}
    assert "labseg.exercises.judge" not in "".join(
        path.read_text("utf-8")
        for path in folder.rglob("*.py")
        if "exercises/__init__" not in str(path)
    )


@pytest.mark.parametrize("exercise", GRADED, ids=lambda exercise: exercise.name)
def test_every_exercise_can_be_asked_for_from_outside(exercise):
    function, keywords = asked(exercise)
    assert callable(getattr(answers, function))
    assert json.loads(json.dumps(keywords)) is not None


def test_a_forbidden_function_is_taken_out_with_its_helpers():
    source = """\
import math


class Box:
    @property
    def size(self):
        return _round(self)

    def other(self):
        return 1


def _round(box):
    return _half(box)


def _half(box):
    return 2


def kept():
    return 3
"""
    space = {}
    exec(stage.without(source, ["Box", "size"], "box.Box.size"), space)
    assert (space["Box"]().other(), space["kept"]()) == (1, 3)
    for call in (space["Box"]().size, lambda: space["_round"](1), lambda: space["_half"](1)):
        with pytest.raises(RuntimeError, match=r"^box\.Box\.size is not to be called here"):
            call()
    everything = {}
    exec(stage.without(source, [], "box"), everything)
    with pytest.raises(RuntimeError, match=r"^box\.kept is not"):
        everything["kept"]()


def test_where_labseg_is_installed_beside_other_packages_it_is_hidden(tmp_path, monkeypatch):
    library = tmp_path / "lib" / "site-packages"
    package = library / "labseg"
    (package / "assets" / "cars").mkdir(parents=True)
    (package / "secret.py").write_text("answer = 42")
    (library / "other.py").write_text("")
    class_folder = library / "class"
    class_folder.mkdir()
    (class_folder / "grades.csv").write_text("")
    there = [*sandbox.libraries(), library]
    monkeypatch.setattr(sandbox, "PACKAGE", package)
    monkeypatch.setattr(sandbox, "libraries", lambda: there)
    staged = stage.stage(tmp_path / "stage")
    line = [*sandbox.command(staged, hidden=[class_folder]), "/usr/bin/find", str(library)]
    found = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    names = {str(Path(name).relative_to(library)) for name in found.split()}
    assert names == {".", "other.py", "labseg", "class"}
