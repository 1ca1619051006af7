"""The `labseg-author` command: what it passes on, and how it fails."""

import inspect
import re
import sys
import types
from pathlib import Path

import pytest
from labseg_author import cli
from typer.testing import CliRunner

from labseg.errors import DiskError, InvalidValue

ROOT = Path(__file__).parents[2]


def author(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def fails_plainly(result, says):
    """One plain sentence on stderr, exit status 1."""
    assert result.exit_code == 1
    assert result.stdout == ""
    assert re.fullmatch(f"[\\w-]+: .*{says}.*\n", result.stderr), result.stderr


# labseg-author release


def test_release_outside_a_checkout_fails_plainly(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    fails_plainly(author("release"), "is not in a labseg checkout")


def test_release_check_passes_on_this_repository(monkeypatch):
    monkeypatch.chdir(ROOT / "tests")
    result = author("release", "--check")
    assert result.exit_code == 0, result.output


# labseg-author render


@pytest.fixture
def studio(monkeypatch):
    """A studio that notes what it is asked instead of rendering it."""
    asked = []
    fake = types.ModuleType("labseg_author.studio")
    fake.render = lambda *values, **named: asked.append((values, named))
    monkeypatch.setitem(sys.modules, "labseg_author.studio", fake)
    monkeypatch.setattr("labseg_author.studio", fake, raising=False)
    fake.asked = asked
    return fake


def test_render_leaves_what_is_not_given_to_the_studio(studio):
    assert author("render", "--out", "x").exit_code == 0
    assert studio.asked == [((Path("x"),), {})]


def test_render_passes_on_what_is_given(studio):
    options = ["--cars", "3", "--views", "16", "--size", "64x96", "--seed", "0", "--workers", "2"]
    result = author("render", "--out", "x", *options)
    assert result.exit_code == 0, result.output
    given = {"cars": 3, "views": 16, "size": (64, 96), "seed": 0, "workers": 2}
    assert studio.asked == [((Path("x"),), given)]


def test_render_makes_counterfactuals_or_large_views_instead(studio):
    studio.counterfactuals = studio.large = studio.render
    for what in ("--counterfactuals", "--large"):
        assert author("render", what, "--out", "x", "--seed", "3").exit_code == 0
        result = author("render", what, "--out", "x", "--cars", "3")
        assert result.exit_code == 2
        assert "leave out --cars" in result.stderr
    assert studio.asked == [((Path("x"),), {"seed": 3})] * 2


def test_render_draws_a_contact_sheet_of_what_it_rendered(studio):
    studio.contact_sheet = lambda *values: studio.asked.append(values)
    assert author("render", "--out", "x", "--sheet", "y.jpg").exit_code == 0
    assert studio.asked == [((Path("x"),), {}), (Path("x"), Path("y.jpg"))]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--views", "8", "--sheet", "y.jpg"], "all 16 views"),
        (["--counterfactuals", "--sheet", "y.jpg"], "all 16 views"),
        (["--large", "--sheet", "y.jpg"], "all 16 views"),
        (["--sheet", "y"], "ending .jpg or .png"),
    ],
)
def test_a_contact_sheet_that_can_t_be_drawn_is_refused_before_rendering(studio, options, says):
    result = author("render", "--out", "x", *options)
    assert result.exit_code == 2
    assert says in result.stderr
    assert studio.asked == []


@pytest.mark.parametrize("size", ["64", "64x", "0x96", "64x96x3", "64,96"])
def test_render_refuses_a_size_that_is_none(studio, size):
    result = author("render", "--out", "x", "--size", size)
    assert result.exit_code == 2
    assert "such as 256x384" in result.stderr
    assert studio.asked == []


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (InvalidValue("views=0: give 1 to 16."), "views=0: give 1 to 16"),
        (DiskError("x/train: Permission denied"), "x/train: Permission denied"),
    ],
)
def test_what_the_studio_refuses_is_said_plainly(studio, error, says):
    def refuse(*values, **named):
        raise error

    studio.render = refuse
    fails_plainly(author("render", "--out", "x"), says)


def test_the_studio_has_a_default_for_whatever_render_leaves_out():
    from labseg_author import studio

    out, *others = inspect.signature(studio.render).parameters.values()
    assert out.name == "out"
    named = {parameter.name for parameter in others}
    assert {"cars", "views", "size", "seed", "workers"} <= named
    assert [parameter.name for parameter in others if parameter.default is parameter.empty] == []


# labseg-author curves


def test_curves_says_what_it_recorded(monkeypatch):
    runs = {"healthy": {"val_loss": [0.5, 0.25]}}
    recorded = types.SimpleNamespace(record_curves=lambda: runs)
    monkeypatch.setitem(sys.modules, "labseg_author.curves", recorded)
    assert author("curves").output == "healthy: validation loss 0.250\n"


# labseg-author peephole


def test_peephole_says_what_each_network_reached(monkeypatch):
    runs = [{"network": "CNN", "depth": 3, "seed": 0, "iou": 0.5}]
    recorded = types.SimpleNamespace(record_peephole=lambda: {"runs": runs})
    monkeypatch.setitem(sys.modules, "labseg_author.peephole", recorded)
    assert author("peephole").output == "CNN 3, seed 0: IoU 0.500\n"


def test_render_does_one_thing_at_a_time(studio):
    result = author("render", "--out", "x", "--counterfactuals", "--large")
    assert result.exit_code == 2
    assert "leave out one of them" in result.stderr
    assert studio.asked == []


def test_render_into_no_folder_at_all_is_refused(studio):
    """As from "$OUT" in a shell that has none; it would fill the current folder."""
    result = author("render", "--out", "")
    assert result.exit_code == 1
    assert "--out=''" in result.stderr
    assert studio.asked == []
