"""The table of lesson 4's plot of IoU against receptive field."""

import json

import pytest
from labseg_author import peephole

from labseg.models import ASSETS


@pytest.fixture
def trained(monkeypatch):
    """What was trained: noted instead of done."""
    asked = []

    def note(name, depth, seed, train, val, test):
        asked.append((name, depth, seed))
        return {"network": name, "depth": depth, "seed": seed, "iou": 0.5}

    monkeypatch.setattr(peephole, "_train", note)
    monkeypatch.setattr(peephole, "SEEDS", 2)
    return asked


def test_every_network_is_trained_once_with_each_seed(trained, tmp_path):
    record = peephole.record_peephole(tmp_path)
    assert len(trained) == len(set(trained)) == 2 * (6 + 5 + 4)
    assert json.loads((tmp_path / "peephole.json").read_text("utf-8")) == record
    assert record["pictures"] == 264


def test_what_was_interrupted_goes_on(trained, tmp_path):
    whole = peephole.record_peephole(tmp_path)
    path = tmp_path / "peephole.json"
    left_out = ("U-Net", 2, 1)
    runs = [r for r in whole["runs"] if (r["network"], r["depth"], r["seed"]) != left_out]
    path.write_text(json.dumps(whole | {"runs": runs}), "utf-8")
    trained.clear()
    assert peephole.record_peephole(tmp_path) == whole
    assert trained == [left_out]


def test_one_network_is_trained_measured_and_scored(monkeypatch, tmp_path):
    monkeypatch.setattr(peephole, "EPOCHS", 1)
    monkeypatch.setattr(peephole, "EVERY", 60)
    monkeypatch.setattr(peephole, "SEEDS", 1)
    monkeypatch.setattr(peephole, "NETWORKS", {"CNN": [1], peephole.NO_SKIPS: [1]})
    cnn, unet = peephole.record_peephole(tmp_path)["runs"]
    assert (cnn["sees"], cnn["half"], cnn["weights"]) == (3, 3, 233)
    assert (unet["sees"], unet["weights"]) == (18, 6761)
    assert 3 <= unet["half"] <= 18
    assert 0 <= cnn["iou"] <= 1


def test_the_shipped_table_is_whole():
    record = json.loads((ASSETS / "peephole.json").read_text("utf-8"))
    assert (record["epochs"], record["channels"]) == (peephole.EPOCHS, peephole.CHANNELS)
    expected = {
        (name, depth, seed)
        for name, depths in peephole.NETWORKS.items()
        for depth in depths
        for seed in range(peephole.SEEDS)
    }
    assert {(run["network"], run["depth"], run["seed"]) for run in record["runs"]} == expected


def test_the_shipped_table_says_what_lesson_4_says():
    runs = json.loads((ASSETS / "peephole.json").read_text("utf-8"))["runs"]
    ious = {(run["network"], run["depth"], run["seed"]): run["iou"] for run in runs}
    half = {(run["network"], run["depth"], run["seed"]): run["half"] for run in runs}
    none = peephole.NO_SKIPS
    for seed in range(peephole.SEEDS):
        assert ious["U-Net", 4, seed] - ious["U-Net", 1, seed] < 0.05  # only a little
        assert half["U-Net", 4, seed] < 204 / 4  # a small square
        assert ious[none, 2, seed] > ious["U-Net", 2, seed] - 0.03  # little is missing
        assert ious[none, 4, seed] < ious[none, 2, seed]
        assert ious[none, 4, seed] < ious["U-Net", 4, seed]
        assert ious["U-Net", 0, seed] > ious["CNN", 2, seed]  # both see 5 pixels
