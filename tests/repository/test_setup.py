"""What installs and checks the lab agrees: environment, tests' rules, style, licence."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import colab
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
EIGHT = [
    "tensorflow",
    "numpy",
    "pillow",
    "matplotlib",
    "opencv-python-headless",
    "jupyterlab",
    "nbval",
    "kaggle",
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
PIP = next(entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict))


def names(requirements):
    return {Requirement(text).name for text in requirements}


def wanted(extras):
    """The names of the packages that labseg[extras] installs, the extras of extras too."""
    found = names(PROJECT["dependencies"])
    for extra in extras:
        for requirement in map(Requirement, PROJECT["optional-dependencies"][extra]):
            if requirement.name == PROJECT["name"]:
                found |= wanted(requirement.extras)
            else:
                found.add(requirement.name)
    return found


# environment.yml


def test_the_environment_installs_this_checkout_with_its_extras():
    assert ENVIRONMENT["name"] == "labseg"
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    assert "pip" in ENVIRONMENT["dependencies"]
    assert PIP[-1] == "-e .[lab,data,test]"


def test_the_environment_names_the_eight_packages_and_no_version():
    assert PIP[:-1] == EIGHT


def test_every_package_of_the_environment_gets_its_range_from_pyproject():
    extras = re.fullmatch(r"-e \.\[(.+)\]", PIP[-1])[1].split(",")
    assert set(PIP[:-1]) <= wanted(extras)


def test_the_environments_python_is_one_that_labseg_takes():
    (python,) = [entry for entry in ENVIRONMENT["dependencies"] if str(entry).startswith("python=")]
    version = python.removeprefix("python=")
    assert Requirement(f"x{PROJECT['requires-python']}").specifier.contains(version)


# Colab


def test_the_ranges_admit_what_colab_has_so_that_nothing_is_replaced_there():
    extras = PROJECT["optional-dependencies"]
    ranges = [Requirement(r) for r in (*PROJECT["dependencies"], *extras["lab"], *extras["data"])]
    ranges = {wanted.name: wanted.specifier for wanted in ranges}
    assert colab.VERSIONS.keys() <= ranges.keys()
    for package, version in (colab.VERSIONS | colab.OTHERS).items():
        wanted = ranges.get(package, SpecifierSet())
        assert wanted.contains(version), f"{package} {version}"
    assert Requirement(f"x{PROJECT['requires-python']}").specifier.contains(f"{colab.PYTHON}.0")


# Style


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_content(command):
    ruff = [sys.executable, "-m", "ruff", *command, str(ROOT)]
    ran = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


# CI


def test_ci_runs_the_readmes_test_command():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text("utf-8")
    assert "\ntests() {\n    uv run pytest\n}\n" in text
    stages = re.findall(r"^(\w+)\(\) \{$", text, re.MULTILINE)
    by_default = re.search(r"\$\{@:-(.+?)\}", text)[1].split()
    assert set(by_default) == set(stages)
    assert "uv run pytest" in (ROOT / "README.md").read_text("utf-8")


SKIPS = """
import pytest

def test_tool():
    pytest.skip("no dot command")

@pytest.mark.skip(reason="later")
def test_marked(): pass

@pytest.mark.parametrize("x", [])
def test_nothing(x): pass

def test_allowed():
    pytest.skip("even in CI: needs a GPU")

@pytest.mark.xfail(reason="known")
def test_known():
    assert False
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    """A test suite of its own, with our conftest and a file that skips as a whole."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "helpers"))
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    pytester.makepyfile(
        test_skips=SKIPS, test_file="import pytest\npytest.importorskip('no_such_package')"
    )
    return pytester


def test_a_skip_fails_in_ci(suite, monkeypatch):
    monkeypatch.setenv("CI", "true")
    result = suite.runpytest_subprocess("--continue-on-collection-errors")
    result.assert_outcomes(failed=1, errors=3, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines(["*test_tool was skipped*failure: no dot command*"])


def test_a_skip_passes_elsewhere(suite, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    suite.runpytest_subprocess().assert_outcomes(skipped=5, xfailed=1)


# Licence


def test_the_licence_has_both_halves():
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Permission is hereby granted, free of charge" in text
    assert "Copyright (c) 2026 The labseg authors" in text
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in text
    assert PROJECT["license"] == "MIT AND CC-BY-4.0"
