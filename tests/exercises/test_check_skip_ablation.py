"""skip_ablation counts the words of a text, in whatever language it is written."""

import pytest

import labseg

ENGLISH = "I put zeros in the place of every skip, and the border of the car was gone. " * 3
CHINESE = "我把每个跳跃连接换成了零，其余一切不变。没有跳跃连接时，汽车的边缘变得模糊。" * 3
THAI = "เมื่อไม่มีการเชื่อมต่อข้าม ขอบของรถจะเบลอ และค่าไอโอยูลดลง" * 3


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, THAI, CHINESE + ENGLISH])
def test_a_text_that_is_long_enough_waits_for_its_reader(text):
    assert labseg.check.skip_ablation(text).passed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Blurred.", "1 word:"),
        ("The border of the car is gone.", "7 words"),
        ("边缘变得模糊。", "3 words"),
        ("边缘 is gone.", "3 words"),
        ("— !", "0 words"),
        ("x" * 999, "1 word:"),
    ],
)
def test_a_text_that_is_too_short_is_counted(text, words):
    verdict = labseg.check.skip_ablation(text)
    assert not verdict.passed
    assert f"your text has {words}" in verdict.message


@pytest.mark.parametrize("answer", [3, ["a", "b"], b"text" * 99])
def test_what_is_no_text_is_asked_for_in_quotes(answer):
    assert "give your text in quotes" in labseg.check.skip_ablation(answer).message


@pytest.mark.parametrize("answer", [None, "", " "])
def test_nothing_is_not_attempted(answer):
    assert "Not attempted yet" in labseg.check.skip_ablation(answer).message
