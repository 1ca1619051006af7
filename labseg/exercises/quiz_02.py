"""The quiz that ends lesson 2: convolutions, losses, overfitting, and what a keyhole can't see."""

from labseg.exercises.choices import Question, quiz

QUESTIONS = (
    Question(
        "You build the same network for pictures of twice the height and twice the width. What "
        "happens to the number of its weights?",
        {"a": "it stays the same", "b": "it doubles", "c": "it is multiplied by four"},
        right="a",
        why={
            "b": "the filters are as large as before, they only slide over more places (2.1).",
            "c": "four times as many pixels need four times the work, but the same filters do it "
            "(2.1).",
        },
    ),
    Question(
        "In its first epoch a network with a sigmoid has a loss of 8. What does that tell you?",
        {
            "a": "it has learnt nothing yet",
            "b": "it is sure of many of its answers, and they are wrong",
            "c": "it overfits",
        },
        right="b",
        why={
            "a": "a network that knows nothing and says so, 0.5 everywhere, has a loss of 0.69 "
            "(2.2).",
            "c": "overfitting is a gap between training and validation, and grows over many epochs "
            "(2.4); this is the first.",
        },
    ),
    Question(
        "For three epochs the validation accuracy is exactly that of “no car anywhere”, while the "
        "loss falls. What is going on?",
        {
            "a": "the network has stopped learning",
            "b": "the accuracy is computed on the wrong pictures",
            "c": "every score is still below 0.5, but the scores are moving",
        },
        right="c",
        why={
            "a": "the loss falls, so the scores get better; accuracy only counts on which side of "
            "0.5 they are (2.3).",
            "b": "it is computed on the same pictures as the loss. “No car anywhere” means that no "
            "score reaches 0.5 (2.3).",
        },
    ),
    Question(
        "The training loss has fallen to 0.1, the validation loss stays at 0.4. What is most "
        "likely to help?",
        {
            "a": "pictures of more cars",
            "b": "more epochs",
            "c": "more channels",
        },
        right="a",
        why={
            "b": "more epochs make the training loss still lower; the gap is what you want to "
            "close (2.4).",
            "c": "more channels learn the same few cars even better by heart (2.4).",
        },
    ),
    Question(
        "A white patch of a door and a white patch of the wall look the same, 7 by 7 pixels of "
        "each. What does the trained network of this lesson say about their middles?",
        {
            "a": "the door gets the higher score, because it has learnt what cars look like",
            "b": "both get the same score",
            "c": "the wall gets the lower score, because it lies higher up in the picture",
        },
        right="b",
        why={
            "a": "a score depends on 7 by 7 pixels and on nothing else; these are the same (2.1).",
            "c": "the same filters are used everywhere, so a score doesn't know where its pixel "
            "is (2.1).",
        },
    ),
)

EXERCISE = quiz("quiz_02", notebook="02_baseline_cnn", questions=QUESTIONS)
