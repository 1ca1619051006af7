"""Questions with choices: the quizzes that end the lessons, and other answers chosen from a list.

An answer is a dict of question → choice. A choice may be given by its letter ("a", "A", "a)") or
by its full text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from labseg.errors import InvalidValue
from labseg.exercises.answers import given
from labseg.exercises.exercise import Exercise
from labseg.exercises.verdict import short


@dataclass(frozen=True)
class Question:
    """text: the question. choices: {letter: text}. right: a letter. why: {wrong letter: why}."""

    text: str
    choices: Mapping[str, str]
    right: str
    why: Mapping[str, str]

    def __post_init__(self):
        wrong = set(self.choices) - {self.right}
        if self.right not in self.choices or set(self.why) != wrong:
            raise InvalidValue(f"Give one right choice, and why for each other: {self.text!r}.")

    def fault(self, choice):
        """A sentence on what is wrong with a choice; None if it is the right one."""
        letter = self._letter(choice)
        if letter is None:
            return f"“{short(choice, 40)}” is not a choice here: choose from {self.letters}"
        return self.why.get(letter)

    @property
    def letters(self):
        return ", ".join(f'"{letter}"' for letter in self.choices)

    def _letter(self, choice):
        if not isinstance(choice, str):
            return None
        text = _plain(choice)
        for letter, full in self.choices.items():
            if text in (letter, _plain(full), _plain(f"{letter}) {full}")):
                return letter
        return None


def _plain(text):
    return " ".join(text.split()).strip(" .()").casefold()


def faults(questions, names, cases, answers, example):
    """{part: what is wrong with the choice, or None}.

    questions: {label, as the student's dict has it: Question}. names: the part of each.
    example: a dict as the student should write it.
    """
    chosen = _chosen(answers[0], questions, example)
    return {
        part: "no answer yet" if _empty(chosen.get(label)) else question.fault(chosen[label])
        for part, (label, question) in zip(names, questions.items(), strict=True)
    }


def _empty(choice):
    return choice is None or choice == ""


def _chosen(answer, questions, example):
    """The student's dict; its keys as the questions have them."""
    value = answer.get("value") if isinstance(answer, dict) else None
    if not isinstance(value, dict):
        raise InvalidValue(f"give a dict with an answer for each question, such as {example}")
    chosen = {str(key).strip().upper(): choice for key, choice in value.items()}
    if unknown := [key for key in value if str(key).strip().upper() not in questions]:
        labels = list(questions)
        raise InvalidValue(
            f"there is no question {short(unknown[0], 20)}: "
            f"the questions are {labels[0]} to {labels[-1]}"
        )
    return chosen


def quiz(name, notebook, questions, minutes=1):
    """The Exercise of a quiz: no points, and why each wrong choice is wrong instead of hints."""
    numbered = {str(n): question for n, question in enumerate(questions, 1)}
    parts = [f"question {n}" for n in numbered]
    return Exercise(
        name=name,
        notebook=notebook,
        minutes=minutes,
        points=dict.fromkeys(parts, 0),
        cases=lambda seed: [{}],
        answers=given,
        faults=partial(faults, numbered, parts, example='{1: "a", 2: "b", …}'),
        hints=(),
        takes="your answers",
    )
