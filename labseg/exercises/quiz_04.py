"""The quiz that ends lesson 4: receptive fields, transposed convolutions, skips, poolings."""

from labseg.exercises.choices import Question, quiz

QUESTIONS = (
    Question(
        "You may put a 3×3 convolution and a 2×2 max pooling in either order. In which order does "
        "one output pixel see more of the picture?",
        {
            "a": "convolution first, then pooling",
            "b": "pooling first, then convolution",
            "c": "the order makes no difference",
        },
        right="b",
        why={
            "a": "walk back from the output: the pooling needs 2 pixels, the convolution before it "
            "adds 2 more, which makes 4. In the other order it is 6 (4.1).",
            "c": "a pooling doubles the view of the layers that come after it, and of no others: "
            "6 pixels if it comes first, 4 if it comes last (4.1).",
        },
    ),
    Question(
        "A picture of 8×8 pixels goes through a 2×2 convolution with stride 2, whose four weights "
        "all differ, and then through a transposed convolution with the same kernel and stride. "
        "What comes out?",
        {
            "a": "the picture as it was, since the second layer undoes the first",
            "b": "4×4 pixels, each repeated to make 8×8",
            "c": "8×8 pixels again, but with other values",
        },
        right="c",
        why={
            "a": "it brings back the shape, not the values: one number can't say what the four "
            "pixels were from which it was computed (4.2).",
            "b": "repeating pixels is what UpSampling2D does, without any weights; a transposed "
            "convolution stamps a pattern that is learnt (4.2).",
        },
    ),
    Question(
        "At the bottom of a U-Net each cell stands for 16×16 pixels and holds 128 numbers. Could "
        "the exact border of a car get through there, without any skips?",
        {
            "a": "yes, 128 numbers have room for it; but the network would have to learn to write "
            "it down and to read it back",
            "b": "no, after four poolings the border is lost whatever the network learns",
            "c": "yes, since the transposed convolutions put back what the poolings took away",
        },
        right="a",
        why={
            "b": "the pooled picture has lost it, but the convolutions before a pooling may write "
            "into some channels where a border lies (4.3).",
            "c": "a transposed convolution brings back the shape; the values it can only make from "
            "what the bottom holds (4.2).",
        },
    ),
    Question(
        "Somebody builds a U-Net and takes the skip of each floor after its pooling instead of "
        "before. What happens at the first Concatenate?",
        {
            "a": "an error, because height and width differ",
            "b": "nothing, only the number of channels changes",
            "c": "nothing, but the masks will be less sharp",
        },
        right="a",
        why={
            "b": "the pooled skip has half the height and half the width of what comes up from "
            "below, and Concatenate joins only what has equal height and width (4.4).",
            "c": "it doesn't get that far: the pooled skip has half the height and half the width "
            "of what comes up, and Concatenate refuses (4.4).",
        },
    ),
    Question(
        "A U-Net sees the whole picture from every pixel. It finds the car, but misses the aerial, "
        "which is one pixel wide. You add a pooling. What does that give the network?",
        {
            "a": "finer detail, which the aerial needs",
            "b": "a view of the whole aerial, which it did not have before",
            "c": "a still wider view, which is not what it lacked",
        },
        right="c",
        why={
            "a": "the new floor has half the height and half the width: the aerial is harder to "
            "see there. Detail comes from the top floors, through the skips (4.6).",
            "b": "it saw the whole picture before, the aerial included (4.6).",
        },
    ),
)

EXERCISE = quiz("quiz_04", notebook="04_unet", questions=QUESTIONS)
