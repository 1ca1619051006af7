"""Quizzes and guesses: choices in every form, why each wrong one is wrong, and what is revealed."""

import pytest

import labseg
from labseg.exercises import catalogue, check
from labseg.exercises.choices import Question, quiz
from labseg.exercises.exercise import Exercise

RIGHT = {1: "a", 2: "b"}
QUIZ = quiz(
    "quiz_06",
    notebook="06_toy",
    questions=(
        Question("How many masks?", {"a": "one", "b": "two"}, "a", {"b": "count again."}),
        Question("What colour?", {"a": "red", "b": "a blue."}, "b", {"a": "look at 6.1."}),
    ),
)


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT,
        {1: "A)", 2: "(B)"},
        {"1": " One ", " 2": "A  blue"},
        {2: "b) a blue.", 1: "a) one"},
    ],
)
def test_a_right_quiz_has_no_points_and_no_remark(answer, capsys):
    verdict = check.run(QUIZ, answer)
    assert verdict.state == "right"
    assert (verdict.points, verdict.max_points) == (0, 0)
    assert capsys.readouterr().out == "✓ Right, all of it.\n"


def test_each_wrong_choice_says_why(capsys):
    assert not check.run(QUIZ, {1: "b", 2: "a"})
    assert capsys.readouterr().out.splitlines() == [
        "✗ Not yet:",
        "  ✗ question 1: count again.",
        "  ✗ question 2: look at 6.1.",
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({1: "a", 2: None}, "question 2: no answer yet"),
        ({1: "a"}, "question 2: no answer yet"),
        ({1: "a", 2: "z"}, 'question 2: “z” is not a choice here: choose from "a", "b"'),
        ({1: "a", 2: 2}, "question 2: “2” is not a choice here"),
        ({1: "a", 2: ["b"]}, "question 2: “['b']” is not a choice here"),
        ({1: "a", 3: "b"}, "there is no question 3: the questions are 1 to 2"),
        (["a", "b"], "give a dict with an answer for each question, such as {1:"),
        ("a", "give a dict with an answer for each question, such as {1:"),
        (print, "give a dict with an answer for each question, such as {1:"),
        ({1: print}, "give a dict with an answer for each question, such as {1:"),
    ],
)
def test_what_is_no_answer_is_one_sentence(answer, said):
    verdict = check.run(QUIZ, answer)
    assert verdict.state == "not yet"
    assert said in verdict.message


@pytest.mark.parametrize("answer", [None, {}, {1: None, 2: None}, {1: "", 2: " "}])
def test_a_quiz_without_choices_is_not_attempted(answer):
    verdict = check.run(QUIZ, answer)
    assert verdict.message == ("… Not attempted yet. Write your answers and run this cell again.")
    assert (verdict.right, verdict.passed) == ([], False)


def test_a_quiz_counts_in_progress_and_stays_right(monkeypatch, capsys):
    monkeypatch.setattr(catalogue, "EXERCISES", (QUIZ,))
    labseg.check.quiz_06(RIGHT)
    labseg.check.quiz_06({1: "b", 2: "a"})
    assert labseg.progress().done == [QUIZ]
    with pytest.raises(ValueError, match="quiz_06 has no hints"):
        labseg.hint("quiz_06")


def test_a_question_needs_a_reason_for_each_wrong_choice():
    with pytest.raises(ValueError, match="How many"):
        Question("How many?", {"a": "one", "b": "two"}, "a", {})


# Answers that an instructor reads.


def test_what_an_instructor_reads_is_handed_in_without_points(monkeypatch, capsys):
    text = Exercise(
        name="text",
        notebook="06_toy",
        minutes=2,
        points={"text": 2},
        cases=QUIZ.cases,
        answers=QUIZ.answers,
        faults=lambda cases, answers: {"text": "too short" if len(answers[0]["value"]) < 3 else ""},
        hints=(),
        takes="your text",
        by_hand=True,
    )
    monkeypatch.setattr(catalogue, "EXERCISES", (text,))
    assert labseg.check.text(" ").state == "not attempted"
    assert labseg.check.text("ab").state == "not yet"
    verdict = labseg.check.text("abc")
    assert (verdict.state, verdict.points, bool(verdict)) == ("handed in", 0, True)
    assert verdict.message == "✓ Handed in: your instructor reads it (up to 2 points)."
    assert "✓ handed in" in labseg.progress().message


# Guesses.


@pytest.mark.parametrize(
    ("guess", "truth", "shown"),
    [
        (0.3, 0.79, "You guessed 0.3; the share is 0.79."),
        (0.75, 0.79, "Well guessed! You guessed 0.75; the share is 0.79."),
        ("0.8", 0.79, "Well guessed! You guessed 0.8; the share is 0.79."),
        ([64, 96], (64, 96), "Well guessed! You guessed (64, 96); the share is (64, 96)."),
        ((64,), (64, 96), "You guessed (64); the share is (64, 96)."),
        (" The Wall", "the  wall", "Well guessed! You guessed The Wall; the share is the wall."),
        (1, 0, "You guessed 1; the share is 0."),
        (12345.6, 1820, "You guessed 12,346; the share is 1820."),
        (float("nan"), 1, "You guessed nan; the share is 1."),
    ],
)
def test_a_guess_is_shown_beside_the_truth(guess, truth, shown, capsys):
    labseg.reveal("share", guess, truth)
    assert capsys.readouterr().out == shown + "\n"


def test_without_a_guess_the_truth_is_shown(capsys):
    labseg.reveal("share", None, 0.79)
    assert capsys.readouterr().out.startswith("The share is 0.79. (You made no guess:")
