"""The two models that ship with labseg: trained and saved by the solved notebooks themselves."""

import json
import tempfile
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
    import keras

    if not keras.__version__.startswith("3.13."):
        raise InvalidValue(
            f"Keras {keras.__version__} may write models that Keras 3.13 can't read: run "
            '`uv run --with "keras==3.13.2" labseg-author models`.'
        )
    record = {"keras": keras.__version__, "scores": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name, maker in MAKERS.items():
            path = Path(root) / "solutions" / f"{maker}.ipynb"
            shown = lessons.printed(lessons.execute(path, folder))
            scores = {band.name.removeprefix("your "): band.score for band in read_bands(shown)}
            record["scores"] |= scores
            trained = keras.models.load_model(Path(folder) / f"{name}.keras", compile=False)
            trained.save(Path(folder) / f"shipped_{name}.keras")
        for name in MAKERS:  # only now, so that the models and their scores change together
            made = (Path(folder) / f"shipped_{name}.keras").read_bytes()
            write_whole(Path(assets) / f"{name}.keras", made)
    scores = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    write_whole(Path(assets) / "models.json", scores)
    return record
