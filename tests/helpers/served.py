"""Is the first lesson served? Run by the Python of an environment that has labseg installed.

Starts `labseg start lessons --open` as a student does and asks the server for lesson 1; a failed
assertion says what came instead.
"""

import json
import tempfile
from pathlib import Path
from urllib.request import urlopen

import nbformat
from jupyter import lab  # beside this file

import labseg

LESSON = "01_dataset.ipynb"


def main():
    checkout = Path(__file__).resolve().parents[2]
    assert checkout not in Path(labseg.__file__).resolve().parents, "this is the checkout's labseg"
    with tempfile.TemporaryDirectory() as home, lab(Path(home)) as (address, lessons):
        with urlopen(f"{address}/api/contents/{LESSON}") as answer:
            served = json.load(answer)["content"]
        copied = nbformat.read(lessons / LESSON, as_version=4)
        assert [cell["source"] for cell in served["cells"]] == [c.source for c in copied.cells]
        with urlopen(f"{address}/lab/tree/{LESSON}") as page:
            assert page.status == 200
            assert b"JupyterLab" in page.read()
    print(f"{LESSON} is served: {len(served['cells'])} cells")


if __name__ == "__main__":
    main()
