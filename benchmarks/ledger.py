"""Does what the lessons say hold for other seeds? `uv run python benchmarks/ledger.py`

Runs the solved lessons 2, 4 and 5 as they are, but for the seed, with five seeds, each seed's
networks handed from lesson to lesson as a student's are. Prints the scores beside their bands, and
for every comparison that a lesson makes the difference, with an interval by drawing whole cars
again. About half an hour on 2 cores.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Annotated

import numpy as np
import typer
from labseg_author import lessons
from tqdm import tqdm

from labseg.evaluation import read_bands

UNTIL = {"02_baseline_cnn": "## 2.7"}  # what comes after compares nothing that the text claims


def compared(name, ran):
    """{claim: one difference a test picture, or one in all}, above 0 if it holds."""
    if name == "02_baseline_cnn":
        ious, recipes, heart = ran["ious"], ran["recipes"], ran["by_heart"]
        loss = {key: run.history["val_loss"][-1] for key, run in recipes.items()}
        slipped, right = (heart[f"{key} masks"].history["loss"][-1] for key in ("slipped", "right"))
        return {
            "2.3 scaling lowers the validation loss": loss["first recipe"] - loss["scaled"],
            "2.3 so does the higher rate": loss["scaled"] - loss["scaled, faster"],
            "2.5 the mean mask beats the CNN": ious["mean mask"] - ious["CNN"],
            "2.6 slipped masks are harder to learn": slipped - right,
        }
    if name == "04_unet":
        ious, old = ran["ious"], ran["ious_before"]
        return {
            "4.6 the U-Net beats the CNN": old["U-Net"] - old["CNN"],
            "4.6 … and the mean mask of the view": old["U-Net"] - old["mean mask of the view"],
            "4.7 at equal parameters it beats the CNN": ious["small U-Net"] - ious["CNN"],
        }
    ious = ran["ious"]
    plain, augmented = ious["three cars, plain"], ious["three cars, augmented"]
    all_cars = next(values for key, values in ious.items() if key.startswith("U-Net"))
    return {
        "5.5 augmenting helps": augmented - plain,
        "5.5 more cars help more": all_cars - augmented,
    }


def run(name, seed):
    """Run one solved lesson here with this seed; its scores, claims and cars, for JSON."""
    import labseg

    labseg.plot.show = lambda alt: labseg.plot.plt.close("all")
    ran = {}
    with open("printed.txt", "w+", encoding="utf-8") as printed:
        with contextlib.redirect_stdout(printed):
            for source in lessons.runnable(name, until=UNTIL.get(name)):
                exec(source.replace("set_random_seed(0)", f"set_random_seed({seed})"), ran)
                if "ious_before" not in ran and "ious" in ran:
                    ran["ious_before"] = ran["ious"]
        printed.seek(0)
        bands = [asdict(band) for band in read_bands(printed.read())]
    claims = {key: np.ravel(value).tolist() for key, value in compared(name, ran).items()}
    return {"bands": bands, "claims": claims, "cars": ran["test"].cars}


def run_seed(seed, bar):
    """The three lessons of one seed, each in a process of its own, in one folder."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("02_baseline_cnn", "04_unet", "05_augmentation"):
            command = [sys.executable, os.path.abspath(__file__), "--run", name, str(seed)]
            quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            env = os.environ | {"MPLBACKEND": "Agg"}
            done = subprocess.run(command, cwd=folder, env=env, check=False, **quiet)
            if done.returncode:
                sys.exit(f"{name} with seed {seed} failed:\n{done.stderr[-2000:]}")
            found.append(json.loads(done.stdout.splitlines()[-1]))
            bar.update()
    return found


def report(seeds):
    """Print both tables; seeds: what run_seed gave, for each seed."""
    from labseg import evaluation

    print("\n| score | " + " | ".join(f"seed {k}" for k in range(len(seeds))) + " | band |")
    print("| --- " * (len(seeds) + 2) + "|")
    for runs in zip(*seeds, strict=True):
        for bands in zip(*(one["bands"] for one in runs), strict=True):
            name, low, high = bands[0]["name"], bands[0]["low"], bands[0]["high"]
            print(
                f"| {name} | "
                + " | ".join(f"{band['score']:.3f}" for band in bands)
                + f" | {low}–{high} |"
            )
    print("\n| claim | mean | by seed | 95 % over cars | seeds that agree |")
    print("| --- | --- | --- | --- | --- |")
    for runs in zip(*seeds, strict=True):
        for claim in runs[0]["claims"]:
            values = np.array([one["claims"][claim] for one in runs])
            means, interval = values.mean(axis=1), "–"
            if values.shape[1] > 1:
                _, low, high = evaluation.bootstrap(values.mean(axis=0), runs[0]["cars"])
                interval = f"{low:+.3f} to {high:+.3f}"
            spread = f"{means.min():+.3f} to {means.max():+.3f}"
            agree = f"{(means > 0).sum()} of {len(means)}"
            print(f"| {claim} | {means.mean():+.3f} | {spread} | {interval} | {agree} |")


def main(
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 5,
    workers: Annotated[int, typer.Option(min=1, help="Seeds at a time.")] = 2,
    run_: Annotated[tuple[str, int] | None, typer.Option("--run", hidden=True)] = None,
):
    """What the lessons compare, over several seeds."""
    if run_:
        print(json.dumps(run(*run_)))
        return
    with tqdm(total=3 * seeds, unit="lesson") as bar, ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(lambda seed: run_seed(seed, bar), range(seeds)))
    report(found)


if __name__ == "__main__":
    typer.run(main)
