"""The check of curves, the figure that it is about, and the text that an instructor reads."""

import numpy as np
import pytest
from labseg_author import curves as author

import labseg
from labseg.exercises import check, curves, skip_ablation
from labseg.exercises.curves import DIAGNOSES, EXERCISE, TEXTS, WHY, mysteries

RIGHT = {letter: TEXTS[name] for letter, name in DIAGNOSES.items()}
WRONG = {
    f"{TEXTS[name]}, taken for: {TEXTS[diagnosis]}": RIGHT | {letter: TEXTS[diagnosis]}
    for letter, name in DIAGNOSES.items()
    for diagnosis in WHY[name]
}

RUN = {name: [1, 0.5] for name in ("loss", "val_loss", "accuracy", "val_accuracy")}


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT,
        {letter.lower(): text.upper() for letter, text in RIGHT.items()},
        {f" {letter} ": f"{text.replace(' ', '  ')}." for letter, text in RIGHT.items()},
    ],
)
def test_right_answers(answer):
    assert check.run(EXERCISE, answer).points == 4


@pytest.mark.parametrize("wrong", WRONG)
def test_every_wrong_diagnosis_of_every_curve_has_its_own_sentence(wrong):
    verdict = check.run(EXERCISE, WRONG[wrong])
    assert verdict.points == 3
    ((_, fault),) = verdict.wrong
    others = [
        check.run(EXERCISE, other).wrong[0][1] for key, other in WRONG.items() if key != wrong
    ]
    assert fault not in others


def test_a_diagnosis_that_is_not_in_the_list_hears_what_is():
    said = check.run(EXERCISE, RIGHT | {"A": "bad luck"}).parts[0].message
    assert all(f'"{text}"' in said for text in TEXTS.values())


def test_not_attempted():
    assert not check.run(EXERCISE, dict.fromkeys("ABCD")).attempted


def test_the_curves_show_what_the_sentences_say():
    runs, healthy = mysteries()
    runs = {name: runs[letter] for letter, name in DIAGNOSES.items()}
    loss = {name: np.array([run["loss"], run["val_loss"]]) for name, run in runs.items()}
    assert loss["overfitting"][0, -1] < loss["overfitting"][1, -1] / 2
    for name in WHY.keys() - {"overfitting"}:
        np.testing.assert_allclose(*loss[name][:, 5:], atol=0.06)
    assert loss["rate too high"].max() > 5 * healthy["loss"][0]
    assert np.ptp(runs["rate too high"]["accuracy"][3:]) == 0
    assert np.all(np.diff(loss["rate too low"]) < 0)
    assert loss["rate too low"].min() > 0.6
    assert loss["out of step"].min() > 1.5 * min(healthy["val_loss"])
    assert abs(loss["out of step"][0, 0] - healthy["loss"][0]) < 0.05


def test_the_figure_has_a_column_for_each_training():
    axes = labseg.plot.side_by_side(*mysteries())
    assert [ax.get_title() for ax in axes[0]] == list("ABCD")
    assert [len(ax.lines) for ax in axes.flat] == [3] * 8


@pytest.mark.parametrize(
    ("runs", "reference", "said"),
    [
        ({"A": {"loss": [1]}}, RUN, "'A' has no accuracy"),
        ({"A": RUN}, {"loss": [1], "val_loss": [1], "accuracy": [1]}, "'reference' has no val_acc"),
        ([RUN], RUN, "history is not what fit returns"),
        ({"A": RUN}, None, "history is not what fit returns"),
        ({"A": RUN}, {"B": RUN, "C": RUN}, "reference is one training, not 2"),
    ],
)
def test_the_figure_says_what_it_cannot_draw(runs, reference, said):
    with pytest.raises((ValueError, TypeError), match=said):
        labseg.plot.side_by_side(runs, reference)


def test_the_author_records_what_ships(monkeypatch, tmp_path):
    monkeypatch.setattr(author, "EPOCHS", 1)
    made = author.record_curves(tmp_path)
    shipped = curves._recorded()
    assert {name: set(run) for name, run in made.items()} == {
        name: set(run) for name, run in shipped.items()
    }
    assert (tmp_path / "curves.json").exists()


# skip_ablation


@pytest.mark.parametrize(
    ("text", "state", "said"),
    [
        (None, "not attempted", "Write your text"),
        ("", "not attempted", "Write your text"),
        ("It is worse.", "not yet", "your text has 3 words: write at least 40"),
        (3, "not yet", "give your text in quotes"),
        (print, "not yet", "give your text in quotes"),
        ("a word " * 20, "handed in", "your instructor reads it (up to 2 points)"),
    ],
)
def test_a_text_is_handed_in(text, state, said):
    verdict = check.run(skip_ablation.EXERCISE, text)
    assert (verdict.state, verdict.points) == (state, 0)
    assert said in verdict.message
