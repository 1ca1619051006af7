"""The recipe by which lesson 4 trains: gentler on a network without normalisation."""

import keras
import pytest
from keras import layers
from labseg_author.lessons import definitions


def network(*middle):
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3), *middle])


@pytest.fixture(scope="module")
def adam():
    return definitions("04_unet")["adam"]


@pytest.mark.parametrize(
    ("model", "rate", "clip"),
    [
        (network(), 1e-3, 1.0),
        (network(layers.ReLU(), layers.Dropout(0.1)), 1e-3, 1.0),
        (network(layers.BatchNormalization()), 5e-3, None),
        (network(keras.Sequential([layers.BatchNormalization()])), 5e-3, None),
    ],
    ids=["plain", "with dropout", "normalised", "normalised in a piece of its own"],
)
def test_without_normalisation_steps_are_smaller_and_clipped(adam, model, rate, clip):
    optimizer = adam(model, 5e-3)
    assert float(optimizer.learning_rate) == pytest.approx(rate)
    assert optimizer.global_clipnorm == clip


def test_the_rate_falls_to_0_within_the_steps(adam):
    optimizer = adam(network(), 5e-3, steps=10)
    rates = []
    for step in (0, 5, 10):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    assert rates == pytest.approx([1e-3, 5e-4, 0])
