"""What comes out of a sandbox is read to its end, whatever else the machine is busy with."""

from pathlib import Path

from labseg.grading import sandbox, stage, watch


def test_what_is_written_between_two_looks_is_read(tmp_path, monkeypatch):
    """It writes and ends after the pipes were looked at, and before its own end is."""

    def wait_for_its_end(pid, memory, result):
        state = Path(f"/proc/{pid}/stat")
        while state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z":
            pass

    stage.stage(tmp_path / "staged")
    monkeypatch.setattr(watch, "too_much", wait_for_its_end)
    job = {"cells": [], "exercises": [], "all": False}
    run = sandbox.run(job, tmp_path / "staged", sandbox.Limits())
    assert run.messages == [{"defined": {}, "unreadable": {}}]
