"""Which of a student's notebooks holds which exercise, from names in their code.

Only text is searched: nothing of a student's is parsed as Python outside the sandbox. Whether the
code really defines the answer is seen inside.
"""

import re
from functools import cache

TAKES_FUNCTION = "the function"
MAX_CANDIDATES = 3


@cache
def _patterns(name):
    word = re.escape(name)
    return {
        "checked": re.compile(rf"\bcheck\s*\.\s*{word}\s*\("),
        "function": re.compile(rf"^[ \t]*((async\s+)?def|class)\s+{word}\b", re.MULTILINE),
        "mentioned": re.compile(rf"\b{word}\b"),
    }


def _found(exercise, cells):
    """{what: whether it is in the cells}, of an exercise's marks."""
    found = {
        what: any(pattern.search(cell.source) for cell in cells)
        for what, pattern in _patterns(exercise.name).items()
    }
    return found | {"named": any(cell.grade_id == exercise.name for cell in cells)}


def evidence(exercise, cells, lesson):
    """How strongly a notebook's cells suggest that they hold an exercise; 0 if they don't.

    lesson: the one to which the notebook seems to belong, or None.
    """
    found = _found(exercise, cells)
    score = 4 * found["named"] + 3 * found["checked"]
    if exercise.takes == TAKES_FUNCTION:
        score += 2 * found["function"]
    if lesson in (exercise.notebook, None):  # others use names like `curves` in another sense
        score += found["mentioned"]
    return score


def lesson_of(exercises, cells, name):
    """The lesson to which a notebook belongs, by its exercises and its file's name; or None."""
    lessons = dict.fromkeys(exercise.notebook for exercise in exercises)
    scores = dict.fromkeys(lessons, 0)
    for exercise in exercises:
        found = _found(exercise, cells)
        scores[exercise.notebook] += 3 * found["named"] + 3 * found["checked"] + found["function"]
    for lesson in lessons:
        scores[lesson] += 2 * (lesson in name)
    best = max(scores, key=scores.get)
    return best if scores[best] else None


def assign(exercises, notebooks):
    """{exercise's name: files that may hold it, the likeliest first}.

    notebooks: {file: its cells}. First comes the one that says so most clearly, then the one with
    the lesson's own name, then the last by name.
    """
    lessons = {name: lesson_of(exercises, cells, name) for name, cells in notebooks.items()}
    chosen = {}
    for exercise in exercises:
        scores = {
            name: (
                evidence(exercise, cells, lessons[name]),
                _stem(name) == exercise.notebook,
                _natural(name),
            )
            for name, cells in notebooks.items()
        }
        holding = [name for name in notebooks if scores[name][0]]
        chosen[exercise.name] = sorted(holding, key=scores.get, reverse=True)[:MAX_CANDIDATES]
    return chosen


def _stem(name):
    return name.rpartition("/")[2].rpartition(".")[0]


def _natural(name):
    """A key by which 10 comes after 9."""
    return [part.zfill(20) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
