"""The quiz that ends lesson 5: maps of pairs, which of them make sense, copies, fair comparison."""

from labseg.exercises.choices import Question, quiz

QUESTIONS = (
    Question(
        "For each pair a program turns the picture by a random angle between −3° and 3°, and the "
        "mask by a new random angle between −3° and 3°. What is wrong?",
        {
            "a": "nothing, both angles come from the same range",
            "b": "picture and mask no longer have the same shape, so training stops with an error",
            "c": "picture and mask no longer match, and no error says so",
        },
        right="c",
        why={
            "a": "the same range is not the same number: the picture may turn to the left and its "
            "mask to the right (5.2).",
            "b": "turning changes no shape here, so training runs; only a look at the pairs shows "
            "that they don't match (5.2).",
        },
    ),
    Question(
        'T multiplies an array by 0.8 and converts the result with astype("uint8"), so it makes a '
        "picture darker. By mistake it is applied to the mask as well, which holds 0 and 1. What "
        "is the mask now?",
        {
            "a": "the same as before",
            "b": "background everywhere",
            "c": "0.8 where there is car",
        },
        right="b",
        why={
            "a": "that is what it should be, for light moves nothing. But astype cuts the fraction "
            "off: 0.8 becomes 0, so every car pixel is lost (5.2).",
            "c": "uint8 holds whole numbers only, and 0.8 cut down to one is 0 (5.2).",
        },
    ),
    Question(
        "You segment hearts in X-rays of the chest. Does a flip from left to right make as good "
        "new pairs there as it does for cars?",
        {
            "a": "hardly, for it shows what almost never comes: a heart on the right",
            "b": "yes, if picture and mask are flipped alike",
            "c": "no, because a flip blurs the picture",
        },
        right="a",
        why={
            "b": "then each pair is a right one, but not one that could have been taken: in nearly "
            "everybody the heart lies on the left (5.3).",
            "c": "a flip only reorders pixels, none of them changes its value (5.3).",
        },
    ),
    Question(
        "You have 48 pictures of three cars and append nine transformed copies of each. What do "
        "you have now?",
        {
            "a": "what 30 cars would have given you, in ten times the memory",
            "b": "what 30 cars would have given you, in the same memory",
            "c": "what you know of three cars, in ten times the memory",
        },
        right="c",
        why={
            "a": "the copies are made from the same 48 pictures: they show no other body and no "
            "other paint (5.4).",
            "b": "every copy takes memory of its own, and it shows the same three cars (5.4).",
        },
    ),
    Question(
        "Plain: 48 pairs, 20 epochs. Augmented: 240 pairs, copies included, 20 epochs, and a "
        "higher IoU on the test cars. What follows?",
        {
            "a": "nothing yet, for the second network also took five times as many steps",
            "b": "that augmentation helps, since both were trained for 20 epochs",
            "c": "nothing, because the test pictures were not augmented",
        },
        right="a",
        why={
            "b": "an epoch of 240 pairs has five times as many steps as one of 48; perhaps the "
            "plain network only needed more of them (5.5).",
            "c": "nor should they be: the test stands for pictures as they really come (5.5).",
        },
    ),
)

EXERCISE = quiz("quiz_05", notebook="05_augmentation", questions=QUESTIONS)
