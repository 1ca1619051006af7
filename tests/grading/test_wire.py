"""What comes out of a sandbox is plain data, or a ValueError: never a crash, never code."""

import io
import json
import zipfile

import numpy as np
import pytest

from labseg.exercises.catalogue import EXERCISES
from labseg.grading.inside import wire


def same(a, b):
    if isinstance(a, np.ndarray):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_the_cases_of_every_exercise_come_through_as_they_are(exercise, seed):
    cases = exercise.cases(seed)
    assert same(cases, wire.unpack(wire.pack(cases)))


def test_so_does_what_answers_hold():
    value = {
        "answers": [
            {
                "value": [
                    1,
                    2.5,
                    None,
                    True,
                    "ä",
                    np.arange(6).reshape(2, 3),
                    {"a": np.float64(1).item()},
                ]
            },
            {"value": np.zeros((0, 3), np.uint8), "changed": ["x"]},
            {"value": np.array(3.5, np.float32)},
            {"error": "ValueError", "message": "\ud800 \0"},
        ]
    }
    assert same(value, wire.unpack(wire.pack(value)))


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([{}]), b"x", [10**5000]], ids=type)
def test_what_is_no_plain_data_is_not_packed(value):
    with pytest.raises((TypeError, ValueError)):
        wire.pack(value)


def message(data, files=(), compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr("data.json", data if isinstance(data, str) else json.dumps(data))
        for name, content in files:
            archive.writestr(name, content)
    return stream.getvalue()


def npy(array, **replaced):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=True)
    content = stream.getvalue()
    for old, new in replaced.values():
        assert old in content
        content = content.replace(old, new)
    return content


ONE = {"array in file": 0}
THREE = np.zeros(3, np.uint8)
FORGED = {
    "nothing": b"",
    "noise": bytes(range(256)) * 10,
    "half": wire.pack([THREE])[:-30],
    "no JSON": message("{"),
    "deep JSON": message("[" * 100_000),
    "much JSON": message(json.dumps(["x"] * 1_000_000)),
    "a long number": message("[" + "9" * 5000 + "]"),
    "compressed": message([0] * 1000, compression=zipfile.ZIP_DEFLATED),
    "a missing array": message(ONE),
    "a strange array": message({"array in file": "../../etc/passwd"}),
    "no array": message(ONE, [("0.npy", b"not an array")]),
    "pickled": message(ONE, [("0.npy", npy(np.array([{}])))]),
    "too large": message(
        ONE, [("0.npy", npy(THREE, to=(b"(3,), }      ", b"(3000000000,), }")[:2]))]
    ),
    "negative": message(ONE, [("0.npy", npy(THREE, to=(b"(3,), ", b"(-3,),")))]),
    "endless axes": message(
        ONE,
        [
            (
                "0.npy",
                npy(np.zeros((0, 1), "u1"), to=(b"(0, 1), }          ", b"(10000000000, 0), }")),
            )
        ],
    ),
    "of no size": message(ONE, [("0.npy", npy(THREE, to=(b"'|u1'", b"'|V0'")))]),
    "no header": message(ONE, [("0.npy", npy(THREE, to=(b"{'descr'", b"{open(0)")))]),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_is_forged_is_a_value_error(name):
    with pytest.raises(ValueError, match=r"."):
        wire.unpack(FORGED[name])


def test_an_array_asked_for_a_thousand_times_is_there_once():
    value = wire.unpack(message([ONE] * 1000, [("0.npy", npy(THREE))]))
    assert len({id(array) for array in value}) == 1
