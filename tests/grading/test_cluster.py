"""A class graded on a Dask cluster: on loopback, with a worker that is killed half-way."""

import json
import os
import signal

import pytest
from submissions import DICE, DICE_POINTS, IMPORTS, IOU, IOU_POINTS, graded, hand_in, notebook

from labseg.errors import InvalidValue, NoConnection
from labseg.grading import cluster

distributed = pytest.importorskip("distributed", reason="the extra cluster is not installed")

WRONG = "def dice(y_true, y_pred, threshold=0.5):\n    return 1 / 0"
CLASS = {f"student{n}": notebook(IMPORTS, IOU, DICE if n % 2 else WRONG) for n in range(8)}


@pytest.fixture(scope="module")
def local():
    """A cluster of two workers, each a process of its own that is started again if it ends."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as found:
        yield found


def kill_a_worker(local):
    worker = next(iter(local.workers.values()))
    os.kill(worker.pid, signal.SIGKILL)


def test_every_submission_is_graded_once_though_a_worker_is_killed(local, tmp_path, monkeypatch):
    folder = hand_in(tmp_path / "in", CLASS | {"broken": b"{"})
    written = []
    write = cluster.write_whole

    def write_and_kill(path, text):
        write(path, text)
        written.append(path.name)
        if len(written) == 3:
            kill_a_worker(local)

    monkeypatch.setattr(cluster, "write_whole", write_and_kill)
    found = graded(folder, tmp_path / "out", scheduler=local.scheduler_address)
    assert found["broken"]["state"] == "unreadable"
    totals = {name: student["total"] for name, student in found.items() if name != "broken"}
    assert totals == {
        name: IOU_POINTS + (DICE_POINTS if int(name[-1]) % 2 else 0) for name in CLASS
    }
    assert len(written) == len(set(written)) == len(CLASS) + 1


def test_what_is_graded_already_is_not_sent_again(local, tmp_path, monkeypatch):
    folder = hand_in(tmp_path / "in", {"ana": CLASS["student1"]})
    first = graded(folder, tmp_path / "out", scheduler=local.scheduler_address)
    monkeypatch.setattr(cluster, "run", None)
    assert graded(folder, tmp_path / "out", scheduler=local.scheduler_address) == first


def test_only_json_text_is_sent_and_comes_back(local, tmp_path, monkeypatch):
    sent = []
    submit = distributed.Client.submit

    def note_and_submit(client, function, *arguments, **options):
        sent.append(arguments)
        return submit(client, function, *arguments, **options)

    monkeypatch.setattr(distributed.Client, "submit", note_and_submit)
    folder = hand_in(tmp_path / "in", {"ana": notebook(IMPORTS, IOU)})
    found = graded(folder, tmp_path / "out", scheduler=local.scheduler_address)
    ((job,),) = sent
    assert set(json.loads(job)) >= {"student", "files", "seed"}
    result = cluster.run(job)
    assert json.loads(result)["exercises"]["iou"] == found["ana"]["exercises"]["iou"]


def test_a_worker_with_another_labseg_does_not_grade(local, tmp_path, monkeypatch):
    folder = hand_in(tmp_path / "in", {"ana": CLASS["student1"]})
    monkeypatch.setattr(cluster.batch, "fingerprint", lambda *_: "another")
    found = graded(folder, tmp_path / "out", scheduler=local.scheduler_address)
    assert found["ana"]["state"] == "crashed"
    assert "another labseg" in found["ana"]["why"]
    assert found["ana"]["total"] is None


def test_an_address_without_a_port_is_not_tried(tmp_path):
    folder = hand_in(tmp_path / "in", {"ana": CLASS["student1"]})
    with pytest.raises(InvalidValue, match=r"--cluster nope: give the address .* tcp://10\.0"):
        graded(folder, tmp_path / "out", scheduler="nope")


def test_no_cluster_at_the_address(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    folder = hand_in(tmp_path / "in", {"ana": CLASS["student1"]})
    with pytest.raises(NoConnection, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9 "):
        graded(folder, tmp_path / "out", scheduler="tcp://127.0.0.1:9")
