"""The quiz that ends lesson 1: levels of analysis, masks, trivial answers, splits."""

from labseg.exercises.choices import Question, quiz

QUESTIONS = (
    Question(
        "A network puts a box around each car. What can you compute from its boxes alone?",
        {
            "a": "whether there is a car in the picture",
            "b": "the mask of each car",
            "c": "the share of car pixels in the picture",
        },
        right="a",
        why={
            "b": "a box holds background too, and does not say which of its pixels are car (1.1).",
            "c": "a box is larger than its car, by a different amount each time (1.1).",
        },
    ),
    Question(
        "Somebody shrinks masks by averaging, and then calls every pixel above 0 car. What happens "
        "to the cars?",
        {
            "a": "nothing, the masks hold only 0 and 1 again",
            "b": "they grow at the border",
            "c": "they shrink at the border",
        },
        right="b",
        why={
            "a": "the values are right again, but a border pixel that is 0.1 of a car now counts "
            "as a whole one (1.4).",
            "c": "a border pixel that is 0.1 of a car is above 0, so it is car now (1.4).",
        },
    ),
    Question(
        "A segmentation of these pictures is right on 80 % of the pixels. What do you know about "
        "it?",
        {
            "a": "it finds 80 % of each car",
            "b": "it is a good start, far better than chance",
            "c": "hardly anything",
        },
        right="c",
        why={
            "a": "most of the pixels on which it is right may be background; it may have found no "
            "car at all (1.5).",
            "b": "“no car anywhere” is right on about as many pixels (1.5).",
        },
    ),
    Question(
        "Views 1 to 12 of every car are for training, views 13 to 16 for the test. Is the test "
        "honest?",
        {
            "a": "yes, no picture is on both sides",
            "b": "yes, and harder than usual, because the views are new",
            "c": "no, every car of the test is known from training",
        },
        right="c",
        why={
            "a": "the pictures differ, but paint, wheels and body are the same: copying the "
            "nearest view already scores well (1.6).",
            "b": "view 13 looks almost like view 12, and every car is known (1.6).",
        },
    ),
    Question(
        'Somebody reads the masks with convert("L"), gets 0 and 255, and trains on them as they '
        "are. What happens?",
        {
            "a": "an error, because a mask may hold only 0 and 1",
            "b": "no error, but the loss may fall below zero",
            "c": "nothing, since Keras divides masks by 255",
        },
        right="b",
        why={
            "a": "Keras computes with whatever numbers it gets, and nothing stops; the formula "
            "expects 0 and 1 all the same (1.3).",
            "c": "Keras does not know that these numbers are a mask; whoever reads the files has "
            "to make them 0 and 1 (1.3).",
        },
    ),
)

EXERCISE = quiz("quiz_01", notebook="01_dataset", questions=QUESTIONS)
