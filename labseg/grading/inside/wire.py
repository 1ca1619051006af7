"""Plain data as bytes, into the sandbox and out of it: JSON, with NumPy's arrays beside it.

A message is an uncompressed zip of "data.json" and "<n>.npy". Nothing is ever unpickled.
`unpack` may be given bytes from a stranger: it raises ValueError or returns plain data.
"""

import io
import json
import math
import zipfile

import numpy as np

DATA = "data.json"
MAX_TEXT = 4_000_000  # bytes of JSON: as Python objects they take many times as much
MOST = 100_000_000  # numbers in an array, an axis of length 0 counted as 1
ARRAY = "array in file"  # the key of the dict that stands for an array


def pack(value):
    """The bytes of a value: None, bools, ints, floats, texts, arrays, and lists and dicts of them.

    Raises ValueError or TypeError for anything else.
    """
    arrays = []
    text = json.dumps(_without_arrays(value, arrays))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(DATA, text)
        for n, array in enumerate(arrays):
            with archive.open(f"{n}.npy", "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    return stream.getvalue()


def _without_arrays(value, arrays):
    if type(value) is np.ndarray:
        arrays.append(value)
        return {ARRAY: len(arrays) - 1}
    if type(value) is dict:
        return {key: _without_arrays(item, arrays) for key, item in value.items()}
    if type(value) in (list, tuple):
        return [_without_arrays(item, arrays) for item in value]
    return value


def unpack(content):
    """The value in bytes that `pack` made; ValueError, and nothing else, if they are not so."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_sizes(archive, len(content))
            return _with_arrays(json.loads(archive.read(DATA)), archive, {})
    except ValueError:
        raise
    except Exception as error:  # of a forged zip: many kinds
        raise ValueError(f"this is not a message ({type(error).__name__})") from None


def _check_sizes(archive, size):
    """Nothing may grow when it is unpacked."""
    members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("a message must not be compressed")
    if sum(member.file_size for member in members) > size:
        raise ValueError("a message claims to be larger than it is")
    if archive.getinfo(DATA).file_size > MAX_TEXT:
        raise ValueError("a message with too much text")


def _with_arrays(value, archive, arrays):
    if isinstance(value, list):
        return [_with_arrays(item, archive, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != {ARRAY}:
        return {key: _with_arrays(item, archive, arrays) for key, item in value.items()}
    name = f"{int(value[ARRAY])}.npy"
    if name not in arrays:  # asked for a thousand times, it is there once
        _check_claim(archive, name)
        with archive.open(name) as file:
            arrays[name] = np.lib.format.read_array(file, allow_pickle=False)
    return arrays[name]


def _check_claim(archive, name):
    """ValueError if an array's header claims another size than its file has, or endless axes."""
    with archive.open(name) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("an array of an unknown version")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        there = archive.getinfo(name).file_size - file.tell()
    if dtype.hasobject or not dtype.itemsize or min(shape, default=0) < 0:
        raise ValueError("an array of no plain data")
    if math.prod(shape) * dtype.itemsize != there or math.prod(side or 1 for side in shape) > MOST:
        raise ValueError("an array that is not as large as it claims to be")
