"""The exercises. Each is three small things: inputs, answers and a verdict.

answers.py runs the student's code and is all that a grading sandbox needs; a file an exercise
says what is asked, how it is judged and what is said about it; check.py is the students' door.
"""

from labseg.errors import InvalidValue

_next = {}  # how many hints of each exercise have been given


def hint(name, n=None):
    """Print the next hint of an exercise, or hint number n (from 1).

    Raises ValueError for an exercise or a hint that isn't there.
    """
    from labseg.exercises import unet  # here, because a sandbox has answers.py only

    hints = {"unet": unet.HINTS}
    if name not in hints:
        raise InvalidValue(f"No exercise is called {name!r}; there is {', '.join(hints)}.")
    texts = hints[name]
    if n is None:
        n = _next[name] = min(_next.get(name, 0) + 1, len(texts))
    if n not in range(1, len(texts) + 1):
        raise InvalidValue(f"The exercise {name} has hints 1 to {len(texts)}.")
    print(f"Hint {n} of {len(texts)}: {texts[n - 1]}")
