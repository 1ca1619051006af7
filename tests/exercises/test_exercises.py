"""What all exercises share: the record, the judge, the verdict, hints and progress."""

import io
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

import labseg
from labseg import tracing
from labseg.exercises import answers, catalogue, progress
from labseg.exercises.exercise import Exercise
from labseg.exercises.judge import judge
from labseg.exercises.verdict import Fault

# Adding an exercise means one record and its name in the list: here are three small ones.


def wrong_areas(cases, answers):
    for case, answer in zip(cases, answers, strict=True):
        expected = case["height"] * case["width"]
        if answer.get("value") != expected:
            given = answer.get("value", answer.get("message"))
            return {"area": Fault(f"wrong for {case['height']}×{case['width']}", given, expected)}
    return {}


AREA = Exercise(
    name="area",
    notebook="06_toy",
    minutes=3,
    points={"area": 2, "signature": 1},
    cases=lambda seed: [{"height": 2 + seed, "width": 3}, {"height": 4, "width": 5}],
    answers=answers.values,
    faults=wrong_areas,
    hints=("Think of a rectangle.", "Multiply."),
    remark=lambda cases, answers: "Now try it on a circle.",
)
CURVES = Exercise(
    name="curves",
    notebook="06_toy",
    minutes=2,
    points={"a": 1, "b": 1},
    cases=lambda seed: [{}],
    answers=answers.given,
    faults=lambda cases, answers: {
        name: None if answers[0]["value"].get(name) == "overfitting" else "look at the dashed line"
        for name in "ab"
    },
    hints=("Which curve rises?",),
    takes="your answer",
)
WORD = Exercise(
    name="word",
    notebook="06_toy",
    minutes=1,
    points={"word": 1},
    cases=lambda seed: [{}],
    answers=answers.given,
    faults=lambda cases, answers: {
        "word": None if answers[0].get("value") == "skip" else Fault("not the word", "x", "skip")
    },
    hints=("It jumps.",),
    takes="your answer",
)


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.setattr(catalogue, "EXERCISES", (AREA, CURVES, WORD))


def area(height, width):
    return height * width


def not_written(height, width):
    raise NotImplementedError


def test_a_right_function(capsys):
    verdict = labseg.check.area(area)
    assert verdict
    assert capsys.readouterr().out == (
        "✓ Right, all of it (3 of 3 points).\n  Now try it on a circle.\n"
    )


def test_a_wrong_function_sees_what_it_gave_and_what_was_expected(capsys):
    verdict = labseg.check.area(lambda height, width: height + width, seed=1)
    assert (verdict.points, verdict.max_points) == (1, 3)
    assert capsys.readouterr().out == (
        "✗ Not yet (1 of 3 points):\n"
        "  ✗ area: wrong for 3×3\n"
        "      given: 6\n"
        "      expected: 9\n"
        "  ✓ right so far: signature\n"
        '  labseg.hint("area") gives a hint.\n'
    )


def test_a_function_that_is_not_written_yet(capsys):
    verdict = labseg.check.area(not_written)
    assert not verdict.attempted
    assert capsys.readouterr().out.startswith("… Not attempted yet. Write the function and run")


def test_a_terminal_without_our_signs_still_gets_the_words(monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    labseg.check.area(area)
    terminal.flush()
    assert b"Right, all of it" in terminal.buffer.getvalue()


def test_choices_and_texts_are_answers_too(capsys):
    assert labseg.check.curves({"a": "overfitting", "b": "overfitting"})
    half = labseg.check.curves({"a": "overfitting", "b": "underfitting"})
    assert [part.message for part in half.parts] == ["", "look at the dashed line"]
    assert labseg.check.word("skip")
    assert not labseg.check.word("jump")
    assert "given: x" in capsys.readouterr().out


def test_the_checks_are_listed_and_an_unknown_one_is_said():
    assert dir(labseg.check) == ["area", "curves", "word"]
    assert "right, not yet and why" in labseg.check.area.__doc__
    with pytest.raises(AttributeError, match=r"'volume'.* area, curves, word"):
        labseg.check.volume  # noqa: B018


# Whatever an answer does or holds.


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError


def raising(error):
    def function(*_):
        raise error

    return function


@pytest.mark.parametrize(
    "function",
    [
        *map(raising, [SystemExit(0), KeyboardInterrupt(), GeneratorExit(), Unprintable()]),
        lambda: 3,
        lambda height, width: Unprintable,
        lambda height, width: np.array([object()]),
        lambda height, width: 10**5000,
    ],
)
def test_whatever_the_function_does_is_a_verdict(function):
    verdict = labseg.check.area(function)
    assert verdict.attempted
    assert verdict.points <= 1


def test_interrupting_a_check_interrupts_it():
    def slow(height, width):
        os.kill(os.getpid(), signal.SIGINT)
        return height * width

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match="The check was interrupted"):
        labseg.check.area(slow)
    assert signal.getsignal(signal.SIGINT) is before


def test_arguments_that_a_function_changes_are_its_own():
    seen = []
    exercise_cases = [{"numbers": np.zeros(2)}, {"numbers": [1, 2]}]

    def change(numbers):
        seen.append(numbers)
        if isinstance(numbers, np.ndarray):
            numbers += 1
        return numbers

    first, second = answers.values(change, exercise_cases)
    np.testing.assert_array_equal(exercise_cases[0]["numbers"], [0, 0])
    np.testing.assert_array_equal(first["value"], [1, 1])
    assert second == {"value": [1, 2]}
    assert seen[1] == (1, 2)


@pytest.mark.parametrize(
    "given",
    [None, 3, [], [None, None], [{"value": 6}], [{"error": ["x"]}] * 2, [{"value": {}}] * 9],
)
def test_malformed_answers_are_a_verdict(given):
    verdict = judge(AREA, AREA.cases(0), given)
    assert verdict.attempted
    assert not verdict


def test_a_judge_that_stumbles_says_so_in_every_part():
    verdict = judge(CURVES, [{}], [{"value": 3}])
    assert verdict.points == 0
    assert {part.message for part in verdict.parts} == {
        "the answer cannot be judged (AttributeError)"
    }


def test_answers_run_without_the_rest_of_labseg():
    """answers.py goes into the sandbox, with tracing.py and nothing else."""
    for module in (answers, tracing):
        text = Path(module.__file__).read_text(encoding="utf-8")
        assert "labseg" not in text.replace("from labseg import tracing\n", "")


# How a verdict is shown.


@pytest.fixture
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_a_notebook_shows_a_verdict_rich_and_once(shell, capsys):
    verdict = labseg.check.area(not_written)
    assert capsys.readouterr().out.count("Not attempted yet") == 1
    assert shell.display_formatter.format(verdict) == ({}, {})
    assert capsys.readouterr().out == ""
    shell.execution_count += 1
    shell.display_formatter.format(verdict)  # as when a later cell ends in it
    assert capsys.readouterr().out.count("Not attempted yet") == 1


def test_no_tag_in_an_answer_reaches_the_page():
    verdict = judge(WORD, [{}], [{"value": "<script>"}])
    bundle = verdict._repr_mimebundle_()
    assert "not the word" in bundle["text/html"]
    assert bundle["text/plain"] == verdict.message
    shouting = judge(AREA, AREA.cases(0), [{"error": "X", "message": "<script>"}] * 2)
    assert "<script>" not in shouting.html
    assert "&lt;script&gt;" in shouting.html


# Hints and progress.


def test_hints(capsys, monkeypatch):
    monkeypatch.setattr("labseg.exercises.hints._given", {})
    for _ in range(3):
        labseg.hint("area")
    assert capsys.readouterr().out.splitlines() == [
        "Hint 1 of 2: Think of a rectangle.",
        *["Hint 2 of 2: Multiply."] * 2,
    ]
    labseg.hint("area", np.int64(1))
    assert "Hint 1 of 2" in capsys.readouterr().out
    for wrong in (0, 3):
        with pytest.raises(ValueError, match=f"n={wrong}: the exercise area has hints 1 to 2"):
            labseg.hint("area", wrong)
    for wrong in ("2", 1.0, True):
        with pytest.raises(ValueError, match="give a whole number"):
            labseg.hint("area", wrong)
    with pytest.raises(ValueError, match=r"No exercise is called 'volume'.* area, curves, word"):
        labseg.hint("volume")


def test_progress_keeps_the_best_of_every_exercise(capsys):
    labseg.check.area(area)
    labseg.check.area(lambda height, width: 0)
    labseg.check.curves({"a": "overfitting"})
    labseg.check.word("jump")
    capsys.readouterr()
    table = labseg.progress()
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:] == [
        ["06_toy", "area", "✓", "right", *["3", "of", "3"], "3"],
        ["06_toy", "curves", "✗", "not", "yet", *["1", "of", "2"], "2"],
        ["06_toy", "word", "✗", "not", "yet", *["0", "of", "1"], "1"],
        ["in", "all", *["1", "of", "3"], *["4", "of", "6"], *["3", "of", "6"]],
    ]
    assert table.html.count("<tr>") == 5


@pytest.mark.parametrize(
    "text", ["", "[]", '{"area": 3}', '{"area": {"state": "right", "points": 99}}', "\x00"]
)
def test_a_damaged_progress_file_counts_as_nothing_done(text, capsys):
    Path(progress.FILE).write_text(text)
    assert labseg.progress().done == []
    assert labseg.check.area(area)
    assert labseg.progress().done == [AREA]


def test_progress_that_cannot_be_kept_stops_nobody():
    Path(progress.FILE).mkdir()
    assert labseg.check.area(area)
    assert labseg.progress().done == []
