"""A class from submissions to grades: states, tables, points by hand, runs that go on."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from submissions import DICE, IMPORTS, IOU, IOU_POINTS, graded, hand_in, notebook
from typer.testing import CliRunner

from labseg import cli
from labseg.exercises.catalogue import EXERCISES, find
from labseg.grading.sandbox import Limits
from labseg.grading.whole_class import grade_class

ROOT = Path(__file__).parents[2]
STUB = "def iou(y_true, y_pred, threshold=0.5):\n    raise NotImplementedError"
TEXT = "Without skips the borders blur, because the way up only knows the bottom. " * 8
WRITTEN = notebook(
    IMPORTS, f'skip_ablation = """{TEXT}"""', "labseg.check.skip_ablation(skip_ablation)"
)
RIGHT = notebook(IMPORTS, IOU, DICE)
PARTLY = notebook(IMPORTS, IOU, "def dice(y_true, y_pred, threshold=0.5):\n    return 1 / 0")
CLASS = {
    "all": {"03_metrics.ipynb": RIGHT, "04_unet.ipynb": WRITTEN},
    "partly": PARTLY,
    "nothing": notebook(IMPORTS, STUB),
    "unreadable": b"{",
    "=cmd()": PARTLY,
}


def labseg(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def rows(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """The folder of grades of a small class, and what the command said."""
    folder, out = hand_in(tmp_path_factory.mktemp("in"), CLASS), tmp_path_factory.mktemp("out")
    result = labseg("grade", folder, "--out", out, "--seed", 7, "--workers", 2)
    assert result.exit_code == 0, result.output
    return out, result.output


def test_the_table_has_a_row_a_student_and_no_zero_that_was_not_earned(marked):
    out, _ = marked
    table = rows(out / "grades.csv")
    assert list(table[0])[:4] == ["student", "state", "total", "max"]
    lessons = ("03_metrics", "04_unet")
    names = [e.name for e in EXERCISES if e.notebook in lessons and e.max_points]
    assert list(table[0])[4:] == names
    most = sum(find(name).max_points for name in names)
    found = {row["student"]: row for row in table}
    assert {name: (row["state"], row["total"]) for name, row in found.items()} == {
        "'=cmd()": ("graded", str(IOU_POINTS)),
        "all": ("to be read", "15"),
        "nothing": ("not attempted", ""),
        "partly": ("graded", str(IOU_POINTS)),
        "unreadable": ("unreadable", ""),
    }
    assert {row["max"] for row in table} == {str(most)}
    assert (found["partly"]["dice"], found["nothing"]["iou"], found["all"]["build_unet"]) == (
        "0",
        "",
        "",
    )


def test_the_report_says_what_made_it(marked):
    out, output = marked
    found = json.loads((out / "grades.json").read_text("utf-8"))
    assert found["seed"] == 7
    assert found["sandbox"].startswith("bubblewrap 0.")
    assert found["executed"] == "needed code"
    assert found["lessons"] == ["03_metrics", "04_unet"]
    students = {student["student"]: student for student in found["students"]}
    part = students["partly"]["exercises"]["dice"]["parts"][0]
    assert part["message"] == "your function raised ZeroDivisionError: division by zero"
    assert students["all"]["exercises"]["skip_ablation"]["text"] == TEXT
    assert students["all"]["exercises"]["iou"]["cell"] == IOU
    assert "unreadable: 03_metrics.ipynb can't be read" in output
    assert str(out / "grades.csv") in output


def test_another_run_does_nothing_twice_and_keeps_points_given_by_hand(marked):
    out, _ = marked
    table = rows(out / "written.csv")
    assert [(row["student"], row["exercise"], row["max"]) for row in table] == [
        ("all", "skip_ablation", "2")
    ]
    kept = (out / "written.csv").read_text("utf-8")
    before = {path: path.stat().st_mtime_ns for path in (out / "results").iterdir()}
    folder = json.loads((out / "grades.json").read_text("utf-8"))
    (out / "written.csv").write_text(kept.replace(",2,,,", ",2,1.5,well seen,"), "utf-8")
    for _ in range(2):
        students = graded(_folder(out), out, seconds=120, memory=3_000_000_000)
        result = students["all"]["exercises"]["skip_ablation"]
        assert (result["state"], result["points"], result["remark"]) == ("graded", 1.5, "well seen")
        assert (students["all"]["state"], students["all"]["total"]) == ("graded", 16.5)
    after = {path: path.stat().st_mtime_ns for path in (out / "results").iterdir()}
    assert {p for p in before if before[p] != after[p]} == {
        next(p for p in before if p.name.startswith("unreadable"))
    }
    assert folder["seed"] == 7
    (out / "written.csv").write_text(kept.replace(",2,,,", ",2,3,,"), "utf-8")
    result = labseg("grade", _folder(out), "--out", out)
    assert result.exit_code == 1
    assert "line 2: points=3; give a number from 0 to 2, or leave it empty." in result.stderr
    (out / "written.csv").write_text(kept, "utf-8")


def test_spreadsheets_see_that_it_is_utf_8_and_systems_get_it_plain(marked, tmp_path):
    out, _ = marked
    mark = "\ufeff".encode()
    assert (out / "grades.csv").read_bytes().startswith(mark + b"student,")
    assert (out / "written.csv").read_bytes().startswith(mark + b"student,")
    graded(hand_in(tmp_path / "in", {"ana": RIGHT}), tmp_path / "out", ids="canvas")
    assert (tmp_path / "out" / "grades.csv").read_bytes().startswith(b"ID,")


def test_points_by_hand_that_are_nobodys_are_named(tmp_path):
    folder, out = (
        hand_in(tmp_path / "in", {"0123457": {"04_unet.ipynb": WRITTEN}}),
        tmp_path / "out",
    )
    labseg("grade", folder, "--out", out)
    table = (out / "written.csv").read_text("utf-8-sig")
    (out / "written.csv").write_text(table.replace("0123457", "123457").replace(",2,,", ",2,2,"))
    result = labseg("grade", folder, "--out", out)
    assert result.exit_code == 0, result.output
    says = "written.csv has points for skip_ablation of 123457, who is not among these students"
    assert says in result.output
    (row,) = rows(out / "grades.csv")
    assert row["state"] == "to be read"
    (out / "written.csv").write_text(table.replace("skip_", "skip ").replace(",2,,", ",2,2,"))
    says = "written.csv has points for skip ablation of 0123457: there is no such exercise"
    assert says in labseg("grade", folder, "--out", out).output
    (out / "written.csv").write_text(table.replace(",2,,", ",2,2,"))
    assert "written.csv has" not in labseg("grade", folder, "--out", out).output
    hand_in(tmp_path / "other", {"ana": RIGHT})  # the points wait for their student's return
    result = labseg("grade", tmp_path / "other", "--out", out, "--replace")
    assert result.exit_code == 0, result.output
    assert "written.csv has" not in result.output


ANOTHER = notebook(
    "import labseg", "receptive_field = None", "def receptive_field(stack): return 1"
)


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ({"ben": RIGHT}, "holds grades of students that are not among these submissions (ana)"),
        (
            {"ana": {"04_unet.ipynb": ANOTHER}},
            "holds grades of lessons that are not among these submissions (03_metrics)",
        ),
    ],
    ids=["students", "lessons"],
)
def test_other_submissions_do_not_replace_grades_unasked(tmp_path, second, says):
    out = tmp_path / "out"
    graded(hand_in(tmp_path / "first", {"ana": RIGHT}), out)
    before = _content(out)
    assert before
    hand_in(tmp_path / "second", second)
    result = labseg("grade", tmp_path / "second", "--out", out, "--seed", 7)
    assert result.exit_code == 1
    assert says in result.stderr
    assert _content(out) == before
    result = labseg("grade", tmp_path / "second", "--out", out, "--replace")
    assert result.exit_code == 0, result.output
    assert "1 student, " in result.output
    assert [row["student"] for row in rows(out / "grades.csv")] == list(second)


def _content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_grades_that_cannot_be_read_are_not_replaced(tmp_path):
    hand_in(tmp_path / "in", {"ana": RIGHT})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "grades.json").write_text("[1")
    with pytest.raises(ValueError, match=r"grades\.json can't be read \(JSONDecodeError\): remove"):
        graded(tmp_path / "in", tmp_path / "out")


def _folder(out):
    return out.parent / out.name.replace("out", "in")


@pytest.mark.parametrize(
    ("ids", "column", "names"),
    [
        ("moodle", "Identifier", ["Participant 12", "Participant 13"]),
        ("canvas", "ID", ["Ana", "Ben"]),
        ("nbgrader", "student_id", ["Ana", "Ben"]),
    ],
)
def test_each_system_gets_its_own_identifier(tmp_path, ids, column, names):
    students = {f"{n}_{i}_assignsubmission_file_": RIGHT for i, n in ((12, "Ana"), (13, "Ben"))}
    hand_in(tmp_path / "in", students)
    graded(tmp_path / "in", tmp_path / "out", ids=ids)
    assert [row[column] for row in rows(tmp_path / "out" / "grades.csv")] == names


def test_an_unknown_system_is_named(tmp_path):
    hand_in(tmp_path / "in", {"ana": RIGHT})
    result = labseg("grade", tmp_path / "in", "--out", tmp_path / "out", "--ids", "ilias")
    assert result.exit_code == 1
    assert "--ids ilias: give moodle, canvas or nbgrader" in result.stderr


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_run_that_is_ended_leaves_nothing_behind_and_goes_on(tmp_path, name):
    slow = notebook(
        IMPORTS, STUB.replace("raise NotImplementedError", "import time; time.sleep(300)")
    )
    hand_in(tmp_path / "in", {"a": RIGHT, "b": RIGHT, "slow": slow})
    (tmp_path / "tmp").mkdir()
    command = [sys.executable, "-c", "from labseg.cli import app; app()", "grade", "in"]
    process = subprocess.Popen(
        [*command, "--out", "out", "--workers", "1"],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(tmp_path / "tmp")},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # If these tests run under nohup, or behind a shell's &, the run would ignore it, too.
        preexec_fn=lambda: signal.signal(signal.Signals[name], signal.SIG_DFL),
    )
    results = tmp_path / "out" / "results"
    end = time.monotonic() + 60
    while len(list(results.glob("[ab]-*.json"))) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)
    assert list((tmp_path / "tmp").glob("labseg-stage-*"))
    process.send_signal(signal.Signals[name])
    _, stderr = process.communicate(timeout=60)  # the end of stderr: no worker holds it open
    assert process.returncode > 0  # it ended by itself
    assert not list((tmp_path / "tmp").iterdir())
    assert b"To go on, run the same command again" in stderr
    before = {path.name: path.stat().st_mtime_ns for path in results.iterdir()}
    assert len(before) == 2
    assert not list((tmp_path / "out").glob("grades.*"))
    hand_in(tmp_path / "in", {"slow": RIGHT})
    grade_class(tmp_path / "in", tmp_path / "out", limits=Limits())
    after = {path.name: path.stat().st_mtime_ns for path in results.iterdir()}
    assert before.items() <= after.items()
    assert len(after) == 3


def test_a_bug_of_ours_stops_nobody_else(tmp_path, monkeypatch):
    import labseg.grading.batch as batch

    def failing(content, settings):
        if any(b"1 / 0" in each for each in content[0].values()):
            raise KeyError("ours")
        return before(content, settings)

    before = batch.grade
    monkeypatch.setattr(batch, "grade", failing)
    students = graded(hand_in(tmp_path / "in", {"a": PARTLY, "b": RIGHT}), tmp_path / "out")
    assert students["a"]["state"] == "crashed"
    assert students["a"]["why"] == "a bug of labseg: KeyError: 'ours'"
    assert students["b"]["total"] == 15


def test_a_process_of_ours_that_dies_stops_nobody_else(tmp_path, monkeypatch):
    import labseg.grading.batch as batch

    def dying(content, settings):
        if any(b"1 / 0" in each for each in content[0].values()):
            os._exit(3)
        return before(content, settings)

    before = batch.grade
    monkeypatch.setattr(batch, "grade", dying)
    students = graded(hand_in(tmp_path / "in", {"a": PARTLY, "b": RIGHT}), tmp_path / "out")
    assert students["a"]["why"] == "outside the sandbox, its process ended with exit status 3"
    assert students["b"]["total"] == 15


def test_whole_notebooks_can_be_run(tmp_path):
    cells = [IMPORTS, IOU, "exec(compile(CODE, 'x', 'exec'))"]
    hidden = notebook(IMPORTS, f"CODE = {IOU!r}", cells[2], "1 / 0")
    hand_in(tmp_path / "in", {"ana": {"03_metrics.ipynb": hidden}})
    few = graded(tmp_path / "in", tmp_path / "few")["ana"]["exercises"]["iou"]
    assert few["points"] is None  # the answer is only there once all has run
    students = graded(tmp_path / "in", tmp_path / "all", execute_all=True)
    assert students["ana"]["exercises"]["iou"]["points"] == IOU_POINTS
    found = json.loads((tmp_path / "all" / "grades.json").read_text("utf-8"))
    assert found["executed"] == "whole notebooks"


def test_whole_notebooks_give_the_same_states(tmp_path):
    letters = json.dumps(dict.fromkeys("ABCD", "overfitting"))
    students = {
        "written into the check": notebook(IMPORTS, f"labseg.check.curves({letters})"),
        "not there": notebook(IMPORTS, "from helpers import iou", "labseg.check.iou(iou)"),
        "no function": notebook(IMPORTS, "iou = 3", "labseg.check.iou(iou)"),
        "a value into the check": notebook(IMPORTS, "labseg.check.iou(3)"),
        "made for the check": notebook(
            IMPORTS, "def make(): return nothere", "labseg.check.iou(make())"
        ),
        "only checked": notebook(IMPORTS, "labseg.check.iou(iou)"),
        "untouched": notebook(IMPORTS, STUB, "labseg.check.iou(iou)"),
    }
    hand_in(tmp_path / "in", students)
    few = graded(tmp_path / "in", tmp_path / "few")
    every = graded(tmp_path / "in", tmp_path / "all", execute_all=True)
    states = {name: (few[name]["state"], every[name]["state"]) for name in students}
    assert states == {
        "written into the check": ("graded", "graded"),
        "not there": ("crashed", "crashed"),
        "no function": ("crashed", "crashed"),
        "a value into the check": ("graded", "graded"),
        "made for the check": ("crashed", "crashed"),
        "only checked": ("not attempted", "not attempted"),
        "untouched": ("not attempted", "not attempted"),
    }
    why = {name: student["exercises"].get("iou", {}).get("why") for name, student in every.items()}
    assert why["not there"] == "it is not there after cell 2"
    assert why["no function"] == "it is not a function"
    assert why["made for the check"] == "NameError: name 'nothere' is not defined"


def test_the_solutions_earn_every_point_and_the_student_edition_none(tmp_path):
    editions = {
        edition: {path.name: path.read_bytes() for path in (ROOT / edition).glob("*.ipynb")}
        for edition in ("solutions", "notebooks")
    }
    students = graded(hand_in(tmp_path / "in", editions), tmp_path / "out", seconds=200, workers=2)
    for name, result in students["solutions"]["exercises"].items():
        if result["state"] != "to be read":
            assert (name, result["points"], result["why"]) == (name, result["max"], "")
    states = {result["state"] for result in students["notebooks"]["exercises"].values()}
    assert states == {"not attempted"}


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.max_points], ids=lambda e: e.name)
def test_cases_are_drawn_at_once_whatever_the_seed(exercise):
    class Late(BaseException):
        pass

    def late(*_):
        raise Late

    before = signal.signal(signal.SIGALRM, late)
    try:
        for seed in range(2**32 - 1, 0, -(2**27) - 12345):
            signal.alarm(5)
            assert exercise.cases(seed)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
