"""The two models that ship with labseg: trained and saved by the solved notebooks themselves."""

import json
import tempfile
from importlib.metadata import version
from pathlib import Path

from labseg.errors import InvalidValue
from labseg.evaluation import read_bands
from labseg.files import write_whole
from labseg.models import ASSETS
from labseg_author import lessons

MAKERS = {"baseline": "02_baseline_cnn", "unet": "04_unet"}


def ship_models(root, assets=ASSETS):
    """Run the solved notebooks 02 and 04 and keep the models they save, with their scores.

    root: a labseg checkout. Writes `<name>.keras`, without the optimiser's state, and
    models.json into `assets`. Raises ValueError unless Keras is 3.13, the oldest that labseg
    supports: a later one may write files that it can't read.
    """
    record = {"keras": oldest_keras("models"), "scores": {}}
    with tempfile.TemporaryDirectory() as folder:
        for maker in MAKERS.values():
            path = Path(root) / "solutions" / f"{maker}.ipynb"
            shown = lessons.printed(lessons.execute(path, folder))
            scores = {band.name.removeprefix("your "): band.score for band in read_bands(shown)}
            record["scores"] |= scores
        made = {name: shippable(Path(folder) / f"{name}.keras") for name in MAKERS}
        for name in MAKERS:  # only now, so that the models and their scores change together
            write_whole(Path(assets) / f"{name}.keras", made[name])
    scores = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    write_whole(Path(assets) / "models.json", scores)
    return record


def oldest_keras(command):
    """The version of Keras. Raises ValueError unless it is the oldest that labseg supports.

    It is read without importing Keras. command: of labseg-author, for the remedy.
    """
    found = version("keras")
    if not found.startswith("3.13."):
        raise InvalidValue(
            f"Keras {found} may write models that Keras 3.13 can't read: run "
            f'`uv run --with "keras==3.13.2" labseg-author {command}`.'
        )
    return found


def shippable(path):
    """The bytes of the model saved at `path`, without the optimiser's state."""
    import keras

    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.name
        keras.models.load_model(path, compile=False).save(plain)
        return plain.read_bytes()
