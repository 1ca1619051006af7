"""The quiz that ends lesson 3: what accuracy, IoU and Dice count, thresholds, the test."""

from labseg.exercises.choices import Question, quiz

QUESTIONS = (
    Question(
        "The same photographs are taken again with twice as much empty wall around each car. A "
        "network gets the wall right and is as good on the car as before. What changes?",
        {
            "a": "accuracy and IoU both rise",
            "b": "accuracy rises, IoU stays",
            "c": "neither changes",
        },
        right="b",
        why={
            "a": "pixels that are background in both masks are in neither area of the IoU (3.2).",
            "c": "the new pixels are all right, and accuracy counts them (3.1).",
        },
    ),
    Question(
        "A prediction finds the whole car and, next to it, invents an area as large as the car. "
        "What is its IoU?",
        {"a": "1, nothing was missed", "b": "0.67", "c": "0.5"},
        right="c",
        why={
            "a": "what is invented counts in the union: it is twice as large as the car (3.2).",
            "b": "this is the Dice score, 2·1/(1 + 2); the union is twice the intersection (3.2).",
        },
    ),
    Question(
        "A photograph shows the empty studio. The prediction has three pixels of car. What is its "
        "IoU?",
        {
            "a": "0",
            "b": "nearly 1, for three pixels hardly matter",
            "c": "undefined, it is 0/0",
        },
        right="a",
        why={
            "b": "that is the accuracy; the union has three pixels and the intersection none "
            "(3.4).",
            "c": "the union has three pixels, so it is 0/3; only an empty prediction gives 0/0 "
            "(3.4).",
        },
    ),
    Question(
        "Every score of a network is halved, and so is the threshold. What changes?",
        {
            "a": "the IoU falls, because the network is less sure",
            "b": "the IoU stays; the loss, which reads the scores themselves, changes",
            "c": "nothing at all, neither IoU nor loss",
        },
        right="b",
        why={
            "a": "the same pixels are above the threshold as before, and IoU sees nothing else "
            "(3.2).",
            "c": "the masks are the same, but cross-entropy reads the scores: a car pixel with "
            "0.45 costs more than one with 0.9 (notebook 2, 2.2).",
        },
    ),
    Question(
        "You try ten thresholds on the test cars and report the best IoU. Is the number honest?",
        {
            "a": "yes, the network was not trained on these cars",
            "b": "no, it is likely to be too high",
            "c": "no, it is likely to be too low",
        },
        right="b",
        why={
            "a": "the network was not, but the threshold was: you chose it by these cars (3.6).",
            "c": "the largest of ten numbers owes something to luck, and luck of this kind only "
            "adds (3.6).",
        },
    ),
)

EXERCISE = quiz("quiz_03", notebook="03_metrics", questions=QUESTIONS)
