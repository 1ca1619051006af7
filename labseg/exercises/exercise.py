"""What makes an exercise: one frozen record, from which checks, hints and grades are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Exercise:
    """One exercise; its functions take and give plain data, so that they can run apart.

    name: of the student's function, of its `grade_id` and of its check.
    notebook: the lesson that it stands in, such as "04_unet".
    minutes: how long it should take.
    points: {part: points}, in the order in which a verdict lists the parts.
    cases: seed → the cases to try, a list of {argument: value}.
    answers: (what the student wrote, cases) → one plain answer a case; from answers.py.
    faults: (cases, answers) → {part: Fault, a sentence, or None if the part is right};
        None where nothing was attempted.
    hints: from a first nudge to nearly the answer; none where each fault says all.
    remark: (cases, answers) → a sentence to a right answer, or "".
    takes: what the student writes, as a check asks for it ("the function", "your answer").
    by_hand: whether an instructor reads the answer and gives its points; `faults` then only says
        why it can't be handed in yet.
    """

    name: str
    notebook: str
    minutes: int
    points: Mapping[str, int]
    cases: Callable[[int], list[dict]]
    answers: Callable[[object, list[dict]], list]
    faults: Callable[[list[dict], list], Mapping]
    hints: tuple[str, ...]
    remark: Callable[[list[dict], list], str] = lambda cases, answers: ""
    takes: str = "the function"
    by_hand: bool = False

    @property
    def max_points(self):
        return sum(self.points.values())
