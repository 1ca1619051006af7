"""Long work says how far it has come, and leaves one line behind."""

import pytest

from labseg import progress_line
from labseg.progress_line import counted


@pytest.fixture
def shown(monkeypatch):
    """What a notebook shows, {id of a line: its last text}."""
    import IPython
    import IPython.display

    lines = {}

    def display(data, raw, display_id, update):
        assert update == (display_id in lines)
        lines[display_id] = data["text/plain"]

    monkeypatch.setattr(IPython, "get_ipython", lambda: "a kernel")
    monkeypatch.setattr(IPython.display, "display", display)
    monkeypatch.setattr(progress_line, "EVERY", -1)
    return lines


def test_a_notebook_keeps_one_line_however_many_were_shown(shown):
    seen = []
    for item in counted("abc", "Reading", 3, "letter", delay=-1):
        seen.append((item, list(shown.values())))
    assert [item for item, _ in seen] == ["a", "b", "c"]
    assert seen[2][1] == ["Reading: 2 of 3 letters"]
    assert list(shown.values()) == ["Reading: 3 letters in 0 s"]


def test_quick_work_is_silent(shown):
    assert list(counted("abc", "Reading", 3, "letter")) == ["a", "b", "c"]
    assert shown == {}


def test_a_terminal_has_a_progress_bar(capsys):
    assert list(counted("abc", "Reading", 3, "letter", delay=0)) == ["a", "b", "c"]
    assert "Reading: 100%" in capsys.readouterr().err
