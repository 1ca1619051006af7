"""Do the lessons' claims hold with other seeds? `uv run python benchmarks/ledger.py`

Runs the solved lessons 2, 4, 3 and 5 with five seeds and nothing else changed. As for a student,
the networks of one lesson are used by the next. Prints the scores beside their bands, and for every
comparison that a lesson makes the difference, with an interval from resampling whole cars.
About half an hour on 2 cores. `--lesson 04_unet` runs that lesson alone, with the shipped networks
in place of those of the lessons before.
"""

import contextlib
import io
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from typing import Annotated

import numpy as np
import typer
from fresh_process import in_fresh_process
from labseg_author import lessons
from tqdm import tqdm

import labseg
from labseg.evaluation import bootstrap, read_bands

UNTIL = {"02_baseline_cnn": "## 2.9"}  # what follows makes no claim

# What a lesson compares: {claim: one difference for each test picture, or a single one}, above 0
# where the claim holds. `names` are those of the notebook after its run.


def baseline_claims(names):
    ious, iou_of = names["ious"], names["final"]
    recipes = {recipe: run.history for recipe, run in names["recipes"].items()}
    loss = {recipe: curves["val_loss"][-1] for recipe, curves in recipes.items()}
    one_car = names["one_car_history"].history
    by_heart = {masks: run.history["loss"][-1] for masks, run in names["by_heart"].items()}
    others = [iou for recipe, iou in iou_of.items() if recipe != "+ normalisation"]
    return {
        "2.2 the first loss is more than twice 0.69": recipes["first recipe"]["loss"][0] - 2 * 0.69,
        "2.3 scaling lowers the validation loss": loss["first recipe"] - loss["scaled"],
        "2.3 so does the higher rate": loss["scaled"] - loss["scaled, faster"],
        "2.4 on one car the loss is lower": one_car["val_loss"][-1] - one_car["loss"][-1],
        "2.5 the mean mask beats the CNN (not claimed)": ious["mean mask"] - ious["CNN"],
        "2.5 so does that of the view": ious["mean mask of the view"] - ious["CNN"],
        "2.5 the worst cars are light (grey levels)": names["lower"].mean() - names["upper"].mean(),
        "2.6 the right masks' loss stays above 0.1": by_heart["right masks"] - 0.1,
        "2.6 slipped masks are harder to learn": by_heart["slipped masks"]
        - by_heart["right masks"],
        "2.8 normalisation is the best of the four": iou_of["+ normalisation"] - max(others),
        "2.8 the schedule makes it worse (not claimed)": iou_of["as in class"]
        - iou_of["+ schedule"],
        "2.8 the best IoU comes later (epochs)": names["best_iou_epoch"]
        - (names["stop"].best_epoch + 1),
    }


def metrics_claims(names):
    """All on the validation cars, with the networks of lessons 2 and 4."""
    truth, distance = names["y_val"] == 1, names["distance"]
    cnn, unet = names["scores"] >= 0.5, names["unet_scores"] >= 0.5
    beside, away = distance == 1, distance > 2
    shifted = names["both"]["truth, 1 px to the right"]
    soft = [line for name, line in names["by_k"].items() if "soft" in name]
    return {
        "3.9 the U-Net errs less away from the border (not claimed)": (
            (cnn != truth)[away].mean() - (unet != truth)[away].mean()
        ),
        "3.9 … and beside it (not claimed)": (
            (cnn != truth)[beside].mean() - (unet != truth)[beside].mean()
        ),
        "3.9 a larger share of its errors is beside it (not claimed)": names["beside"][1]
        - names["beside"][0],
        "3.9 it beats a truth one pixel out, IoU (not claimed)": names["both"]["U-Net"][0]
        - shifted[0],
        "3.9 … and boundary IoU (not claimed)": names["both"]["U-Net"][1] - shifted[1],
        "3.11 sharpening raises the soft IoU": min(line[-1] - line[0] for line in soft),
    }


def unet_claims(names):
    ious, unet, cnn = names["ious"], names["unet_name"], names["cnn_name"]
    small, ablated = names["ious_small"], names["ious_ablated"]
    losses = {name: run.history for name, run in names["ablation"].items()}
    with_skips, without = losses["with skips"], losses["without skips"]
    mistakes = {name: scores[..., 0] >= 0.5 for name, scores in names["ablated"].items()}
    mistakes = {name: found != (names["test"].masks == 1) for name, found in mistakes.items()}
    inside = ~names["border"]
    lesions = {name: iou.mean() for name, iou in names["ious_lesions"].items()}
    top, *between, lowest = (lesions[f"floor {k}"] for k in range(len(lesions) - 1))
    return {
        "4.5 it learns four pictures by heart, to 0.97": names["by_heart"].history["accuracy"][-1]
        - 0.97,
        "4.6 the U-Net beats the CNN": ious[unet] - ious[cnn],
        "4.6 … and the mean mask of the view": ious[unet] - ious["mean mask of the view"],
        "4.7 at equal parameters it beats the CNN": small["your small U-Net"] - small[cnn],
        "4.6 trees on colour and place beat the CNN": names["trees"]["trees on colour and place"]
        - ious[cnn],
        "4.9 cutting the top skip hurts most (not claimed)": min(*between, lowest) - top,
        "4.9 cutting the lowest hurts least": lowest - max(top, *between),
        "4.9 skips raise the IoU": ablated["with skips"] - ablated["without skips"],
        "4.9 and lower the training loss": without["loss"][-1] - with_skips["loss"][-1],
        "4.9 and the validation loss": without["val_loss"][-1] - with_skips["val_loss"][-1],
        "4.9 and errors at the border": mistakes["without skips"][names["border"]].mean()
        - mistakes["with skips"][names["border"]].mean(),
        "4.9 and errors away from the border": mistakes["without skips"][inside].mean()
        - mistakes["with skips"][inside].mean(),
        "4.10 training widens the effective field (pixels)": names["sides"]["trained"]
        - names["sides"]["fresh"],
        "4.10 to less than half of 204 pixels (pixels)": 102 - names["sides"]["trained"],
    }


def augmentation_claims(names):
    ious, losses = names["ious"], names["losses"]
    plain, copies, fly = (ious[f"three cars, {way}"] for way in names["ways"])
    return {
        "5.3 upside-down pictures do not help": fly - upside_down_ious(names),
        "5.5 the highest training loss is that on the fly": losses["on the fly"]
        - max(losses["plain"], losses["copies"]),
        "5.5 on the fly beats plain": fly - plain,
        "5.5 … and flipped copies": fly - copies,
        "5.5 flipped copies beat plain (not claimed)": copies - plain,
        "5.5 more cars help more": ious[names["all_cars"]] - fly,
        "5.7 slipped masks cost less than a tenth in loss": 1.1 * losses["plain"]
        - names["slipped_loss"],
        "5.7 … but more than 0.1 in IoU": names["iou_slipped"] - names["iou_right"] - 0.1,
    }


def upside_down_ious(names):
    """IoU of the test pictures after training on the fly, half of all pictures upside down."""

    class UpsideDown(names["Batches"]):
        def __getitem__(self, i):
            images, masks = super().__getitem__(i)
            turned = self.rng.random(len(images)) < 0.5
            images[turned], masks[turned] = images[turned, ::-1], masks[turned, ::-1]
            return images, masks

    batches = UpsideDown(names["x_train"], names["y_train"], augment=True)
    with contextlib.redirect_stdout(io.StringIO()):
        scores, _ = names["train_few"]("upside down", batches, names["epochs"], names["y_val"])
    return labseg.metrics.iou(names["test"].masks, scores)


CLAIMS = {
    "02_baseline_cnn": baseline_claims,
    "04_unet": unet_claims,
    "03_metrics": metrics_claims,  # after lesson 4, whose U-Net it judges
    "05_augmentation": augmentation_claims,
}
Lesson = StrEnum("Lesson", list(CLAIMS))


def close_figure(alt):
    """Stands in for labseg.plot.show."""
    labseg.plot.plt.close()


def run_lesson(name, seed, folder):
    """Run a solved lesson in `folder` with this seed; its bands, its claims, its test cars."""
    os.chdir(folder)
    labseg.plot.plt.switch_backend("Agg")
    labseg.plot.show = close_figure
    printed, names = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        for source in lessons.runnable(name, until=UNTIL.get(name)):
            exec(source.replace("set_random_seed(0)", f"set_random_seed({seed})"), names)
    claims = {claim: np.ravel(value) for claim, value in CLAIMS[name](names).items()}
    return {"bands": read_bands(printed.getvalue()), "claims": claims, "cars": names["test"].cars}


def run_seed(names, progress, seed):
    """These lessons with one seed, one after another in one folder."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            results.append(in_fresh_process(run_lesson, name, seed, folder))
            progress.update()
    return results


def report(seeds):
    """Print both tables. seeds: for each seed the result of every lesson (see run_lesson)."""
    print("\n| score | " + " | ".join(f"seed {k}" for k in range(len(seeds))) + " | band |")
    print("| --- " * (len(seeds) + 2) + "|")
    for runs in zip(*seeds, strict=True):
        for bands in zip(*(run["bands"] for run in runs), strict=True):
            scores = " | ".join(f"{band.score:.3f}" for band in bands)
            print(f"| {bands[0].name} | {scores} | {bands[0].low}–{bands[0].high} |")
    print("\n| claim | mean | by seed | 95 % over cars | seeds that agree |")
    print("| --- | --- | --- | --- | --- |")
    for runs in zip(*seeds, strict=True):
        for claim in runs[0]["claims"]:
            differences = np.array([run["claims"][claim] for run in runs])
            by_seed, interval = differences.mean(axis=1), "–"
            if differences.shape[1] > 1:
                _, low, high = bootstrap(differences.mean(axis=0), runs[0]["cars"])
                interval = f"{low:+.3f} to {high:+.3f}"
            spread = f"{by_seed.min():+.3f} to {by_seed.max():+.3f}"
            agree = f"{(by_seed > 0).sum()} of {len(by_seed)}"
            print(f"| {claim} | {by_seed.mean():+.3f} | {spread} | {interval} | {agree} |")


def main(
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 5,
    workers: Annotated[int, typer.Option(min=1, help="How many seeds at a time.")] = 2,
    lesson: Annotated[
        list[Lesson] | None, typer.Option(help="Run only this lesson; may be repeated.")
    ] = None,
):
    """Check what the lessons compare with several seeds."""
    names = [name for name in CLAIMS if not lesson or name in lesson]
    total = seeds * len(names)
    with tqdm(total=total, unit="lesson") as progress, ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(partial(run_seed, names, progress), range(seeds)))
    report(results)


if __name__ == "__main__":
    typer.run(main)
