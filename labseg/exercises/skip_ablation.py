"""The exercise skip_ablation: what the skip connections do, in the student's own words."""

import re

from labseg.exercises.answers import given
from labseg.exercises.exercise import Exercise

WORDS = 40  # fewer can't hold what was changed, what was seen and why
# Chinese, Japanese, Thai, Lao, Burmese and Khmer have no spaces between words.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def count_words(text):
    """Words between spaces; of letters that are written without spaces, two count as a word."""
    spaced = [word for word in UNSPACED.sub(" ", text).split() if re.search(r"\w", word)]
    return len(spaced) + len(UNSPACED.findall(text)) // 2


def faults(cases, answers):
    """Only whether there is a text to read: an instructor judges it."""
    text = answers[0].get("value")
    if not isinstance(text, str):
        return {"text": 'give your text in quotes, such as """Without skips, …"""'}
    words = count_words(text)
    if words < WORDS:
        return {
            "text": f"your text has {words} word{'s' * (words != 1)}: write at least {WORDS} on "
            "what you changed, what you saw, and why"
        }
    return {}


EXERCISE = Exercise(
    name="skip_ablation",
    notebook="04_unet",
    minutes=10,
    points={"text": 2},
    cases=lambda seed: [{}],
    answers=given,
    faults=faults,
    hints=(
        "Say what you changed, what you saw, and why you think it happened: a sentence or two for "
        "each.",
        "Compare the two predictions at the border of the car, where its wheels meet the ground "
        "and where its roof meets the wall, and compare the two curves as well.",
        "What does the way up know about the place of an edge if all it gets is the bottom? And "
        "by which way does the gradient reach the first convolutions if there is no skip?",
    ),
    takes="your text",
    by_hand=True,
)
