"""The network for photographs: its augmentation, its shape, and how it is trained and shipped."""

import json

import cv2
import keras
import numpy as np
import pytest
from labseg_author.photo import augmentation, network, train

import labseg
from labseg.models import ASSETS

CARS = labseg.load_cars((96, 144), limit=16)


def rng(seed=0):
    return np.random.default_rng(seed)


# Augmentation.


def test_pictures_and_masks_stay_what_they_are():
    images, masks = CARS.images.copy(), CARS.masks.copy()
    for k in range(32):
        image, mask = augmentation.augmented(CARS.images[k % 16], CARS.masks[k % 16], rng(k))
        assert (image.shape, image.dtype) == ((96, 144, 3), np.uint8)
        assert (mask.shape, mask.dtype) == ((96, 144), np.uint8)
        assert set(np.unique(mask)) <= {0, 1}
    assert (images == CARS.images).all()
    assert (masks == CARS.masks).all()


def test_the_same_seed_gives_the_same_picture_and_others_give_others():
    first, again, other = (
        augmentation.augmented(CARS.images[3], CARS.masks[3], rng(seed))[0] for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).mean() > 0.5


def test_picture_and_mask_move_together():
    """A picture that is its own mask still is, but for pixels at the car's outline."""
    cut = np.roll(CARS.masks[4], -CARS.masks[4].shape[1] // 3, axis=1)  # a car in two halves
    assert cut[:, [0, -1]].any(axis=0).all()
    for k, mask in enumerate([*CARS.masks, *[cut] * 8]):
        image = np.repeat(255 * np.float32(mask)[..., None], 3, axis=-1)
        moved, moved_mask = augmentation.placed(image, mask, rng(k))
        inside = cv2.erode(moved_mask, np.ones((3, 3)))
        outside = 1 - cv2.dilate(moved_mask, np.ones((3, 3)))
        assert moved[inside == 1].mean() > 250
        assert moved[inside == 1].min() > 127
        assert moved[outside == 1].mean() < 5
        assert moved[outside == 1].max() < 128


ROOM = ["elsewhere", "room", "letters", "blobs", "lifted"]


@pytest.mark.parametrize("change", ROOM)
def test_the_room_changes_and_the_car_does_not(change, monkeypatch):
    for other in set(ROOM) - {change}:
        monkeypatch.setattr(augmentation, other, lambda image, rng: image)
    for name in ("light", "lens"):
        monkeypatch.setattr(augmentation, name, lambda image, rng: image)
    monkeypatch.setattr(augmentation, "car_tone", lambda image, mask, rng: image)
    monkeypatch.setattr(augmentation, "placed", lambda image, mask, rng: (image, mask))
    changed = 0
    for k in range(8):
        image, mask = CARS.images[k], CARS.masks[k]
        after, _ = augmentation.augmented(image, mask, rng(k))
        inside = cv2.erode(mask, np.ones((5, 5))) == 1
        assert np.abs(after[inside].astype(int) - image[inside]).max() <= 1
        changed += np.abs(after[mask == 0].astype(int) - image[mask == 0]).max() > 20
    assert changed > 0


# The network.


def test_it_takes_pictures_as_loaded_and_returns_scores():
    model = network.build((64, 96), 4, (6, 8, 10, 12, 14))
    scores = model.predict(np.zeros((2, 64, 96, 3), np.uint8), verbose=0)
    assert scores.shape == (2, 64, 96, 1)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert network.build().count_params() * 4 < train.MOST


def test_every_pixel_sees_the_whole_car():
    _, sees = labseg.receptive_field(network.build((64, 96), 4, (6, 8, 10, 12, 14)))
    assert sees > network.SIZE[1] * 0.6


# Training.


def tiny(size):
    """A network that is compiled in a second."""
    layers = keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(1, 3, padding="same")
    layers += keras.layers.BatchNormalization(), keras.layers.Activation("sigmoid")
    return keras.Sequential([keras.Input((*size, 3)), *layers])


@pytest.fixture
def few_cars(monkeypatch):
    """Three tiny sets in place of those that take minutes to render; the folders it pretends."""
    rows = {"unusual": slice(0, 8), "validation": slice(8, 12), "stress": slice(12, 16)}

    def load(folder, size, cache=False):
        return labseg.load_cars(size, limit=16).select(rows[folder])

    monkeypatch.setattr("labseg_author.models.version", lambda package: "3.13.2")
    monkeypatch.setattr(train.network, "SIZE", (64, 96))
    monkeypatch.setattr(train, "SIZES", ((32, 64), (64, 96)))
    monkeypatch.setattr(train, "BATCH", 4)
    monkeypatch.setattr(train, "render_sets", lambda out: {name: name for name in rows})
    monkeypatch.setattr(train, "load_carvana", load)
    monkeypatch.setattr(train, "load_cars", lambda size: load("unusual", size))
    monkeypatch.setattr(train.network, "build", tiny)
    return {name: name for name in rows}


def test_the_model_ships_with_its_scores_and_without_its_optimiser(few_cars, tmp_path):
    said = []
    record = train.train_photo(tmp_path, tmp_path / "assets", (1, 1), say=said.append)
    assert (tmp_path / "assets" / "photo.json").read_text() == json.dumps(record, indent=2) + "\n"
    assert record["epochs"] == [1, 1]
    assert record["stress"].keys() >= {"iou", "dice", "worst_car", "worst_picture"}
    assert 0 <= record["stress"]["worst_picture"] <= record["stress"]["iou"] <= 1
    assert said[-1].startswith("stress: IoU 0.")
    model = keras.models.load_model(tmp_path / "assets" / "photo.keras")
    assert not model.compiled
    assert model.input_shape == (None, 64, 96, 3)
    assert not (tmp_path / "backup").exists()  # or the next training would be over at once


def test_each_size_goes_on_with_the_weights_of_the_one_before(few_cars, tmp_path, monkeypatch):
    began, ended = [], []

    def fit(model, cars, val, epochs, rate, backup):
        backup.mkdir(exist_ok=True)
        began.append(model.get_weights())
        model.set_weights([values + 1 for values in model.get_weights()])
        ended.append(model.get_weights())

    monkeypatch.setattr(train, "fit", fit)
    model = train.trained(few_cars, (1, 1), tmp_path)
    assert len(began) == 2
    for here, there in ((began[1], ended[0]), (model.get_weights(), ended[1])):
        assert all((a == b).all() for a, b in zip(here, there, strict=True))


def test_a_resumed_training_goes_on_in_the_epoch_that_was_stopped(few_cars, tmp_path, monkeypatch):
    seen, failures = set(), []

    def augmented(image, mask, rng):
        _, height, epoch, _ = rng.bit_generator.seed_seq.entropy
        seen.add((height, epoch))
        if (height, epoch) == (64, 2) and not failures:
            failures.append("the power")
            raise RuntimeError("the power went off")
        return image, mask

    monkeypatch.setattr(train, "augmented", augmented)
    with pytest.raises(Exception, match="the power went off"):
        train.trained(few_cars, (2, 4), tmp_path)
    assert seen == {(32, 0), (32, 1), (64, 0), (64, 1), (64, 2)}
    seen.clear()
    train.trained(few_cars, (2, 4), tmp_path)
    # Keras looks at the first pictures before it begins, so epoch 0 is seen.
    assert seen == {(64, 0), (64, 2), (64, 3)}


def test_a_backup_of_other_settings_is_not_used(monkeypatch):
    names = {train._fingerprint((14, 10)), train._fingerprint((14, 9))}
    monkeypatch.setattr(train, "RATES", (1e-3, 1e-3))
    names.add(train._fingerprint((14, 10)))
    monkeypatch.setattr(train.inspect, "getsource", lambda module: "another augmentation")
    names.add(train._fingerprint((14, 10)))
    assert len(names) == 4


def test_a_keras_that_older_ones_cant_read_is_refused_before_rendering(monkeypatch, tmp_path):
    monkeypatch.setattr(train, "render_sets", lambda out: pytest.fail("minutes of rendering"))
    monkeypatch.setattr("labseg_author.models.version", lambda package: "3.15.1")
    with pytest.raises(ValueError, match=r"Keras 3\.15\.1 .* --with \"keras==3\.13\.2\".* photo"):
        train.train_photo(tmp_path, tmp_path / "assets", (1, 1))
    assert not (tmp_path / "assets").exists()


def test_no_set_shares_a_car_with_another():
    from labseg_author.studio.shoot import car_name

    sets = train.SETS.values()
    names = [car_name(each.seed, k) for each in sets for k in range(each.cars)]
    names += labseg.load_cars((8, 8)).cars[::16]
    assert len(set(names)) == len(names)


def test_the_loss_is_lowest_for_the_truth():
    truth = np.float32(CARS.masks[:2, ..., None])
    half = np.full_like(truth, 0.5)
    right, unsure, wrong = (
        np.asarray(train.loss(keras.ops.convert_to_tensor(truth), keras.ops.convert_to_tensor(p)))
        for p in (truth, half, 1 - truth)
    )
    assert right.shape == (2,)
    assert (right < 0.01).all()
    assert (right < unsure).all()
    assert (unsure < wrong).all()


# What ships.


def test_the_shipped_network_is_small_and_works_on_cars_that_it_has_not_seen():
    assert (ASSETS / "photo.keras").stat().st_size <= train.MOST
    record = json.loads((ASSETS / "photo.json").read_text())
    assert record["keras"].startswith("3.13.")
    assert record["stress"]["iou"] >= 0.95
    assert record["stress"]["worst_car"] >= 0.90


def test_the_shipped_network_finds_the_cars_of_the_studio(capsys, tmp_path):
    model = labseg.load_model("photo", tmp_path)
    assert "our network for photographs" in capsys.readouterr().out
    assert model.input_shape == (None, *network.SIZE, 3)
    cars = labseg.load_cars(network.SIZE).select(slice(None, None, 96))
    assert labseg.metrics.iou(cars.masks, model.predict(cars.images, verbose=0)).mean() > 0.95


def test_on_the_street_it_finds_the_car_where_the_u_net_takes_the_wall_for_one(tmp_path):
    """What lesson 5's section 5.9 shows to those who have no photograph of their own."""
    street, called = labseg.load_photo(None, network.SIZE), {}
    for name in ("unet", "photo"):
        model = labseg.load_model(name, tmp_path)
        height, width = model.input_shape[1:3]
        small = cv2.resize(street, (width, height), interpolation=cv2.INTER_AREA)
        called[name] = model.predict(small[None], verbose=0)[0, ..., 0] >= 0.5
    height = len(called["photo"])
    wall = called["photo"][: height // 4]  # above the cars
    assert wall.mean() < 0.05
    assert 0.15 < called["photo"].mean() < 0.35
    assert called["unet"].mean() > 1.3 * called["photo"].mean()
