"""The solved lessons on Colab: its Python and packages, and of labseg what their cell installs."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import colab
import nbformat
import pytest
from labseg_author.lessons import outputs, printed
from labseg_author.release import read_origin
from nbformat.v4 import new_code_cell, new_notebook

from labseg.evaluation import read_bands

pytestmark = pytest.mark.colab

ROOT = Path(__file__).parents[2]
ORIGIN = read_origin(ROOT)
# The slowest first: two run at a time.
LESSONS = ["04_unet", "05_augmentation", "02_baseline_cnn", "03_metrics", "01_dataset"]
WHERE = "import labseg\nprint(labseg.__file__)"
CORE = ["carvana", "evaluation", "explorers", "layers", "metrics", "models", "plot"]


def lesson(name):
    return nbformat.read(ROOT / "solutions" / f"{name}.ipynb", as_version=4)


def install_cell(name="01_dataset"):
    (cell,) = [cell for cell in lesson(name).cells if cell.id == "install"]
    return cell.source


def notebook_of(*sources):
    return new_notebook(cells=[new_code_cell(source) for source in sources])


def errors(notebook):
    return [out for out in outputs(notebook) if out.output_type == "error"]


def stderr(notebook):
    return "".join(out.text for out in outputs(notebook) if out.get("name") == "stderr")


@pytest.fixture(scope="session")
def disk():
    """A folder for all that follows, some 2 GB, which does not stay."""
    with TemporaryDirectory(prefix="labseg-colab-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def machine(disk, pytestconfig):
    """Colab as a student finds it. Nothing is installed on it: what installs takes a copy."""
    made = colab.new_machine(disk / "machine")
    version = made.run("--version").stdout.strip()
    pytestconfig.stash[colab.FOUND] = version
    return made


@pytest.fixture(scope="session")
def published(disk):
    """The variables with which git finds this checkout at GitHub, under the tag of its version."""
    return colab.publish(disk / "published", ORIGIN.address, ORIGIN.tag)


@pytest.fixture(scope="session")
def executed(machine, published, disk):
    """{lesson: its notebook with outputs}, run two at a time, each on a machine of its own."""

    def run(name):
        own = machine.copy(disk / name)
        return own.execute(lesson(name), own.folder / "content", **published)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(LESSONS, pool.map(run, LESSONS), strict=True))


@pytest.fixture(scope="session")
def installed(machine, published, disk):
    """(the machine after running the install cell twice, the notebook that did)."""
    own = machine.copy(disk / "installed")
    twice = notebook_of(install_cell(), install_cell(), WHERE)
    return own, own.execute(twice, own.folder / "content", **published)


# The machine.


def test_the_machine_has_what_colab_has(machine):
    wanted = colab.VERSIONS | colab.OTHERS
    found = {name.replace("_", "-"): version for name, version in machine.versions().items()}
    assert {name: found.get(name) for name in wanted} == wanted
    assert "labseg" not in found


# The install cell.


def test_every_lesson_has_the_same_install_cell():
    assert {install_cell(name) for name in LESSONS} == {install_cell()}


def test_the_install_cell_runs_twice_and_changes_no_package(machine, installed):
    own, notebook = installed
    assert errors(notebook) == []
    before, after = machine.versions(), own.versions()
    assert after.pop("labseg") == ORIGIN.tag.removeprefix("v")
    assert after == before


def test_labseg_is_then_what_was_installed_and_misses_nothing(installed):
    own, notebook = installed
    assert str(own.folder) in printed(notebook)
    checked = own.run("-m", "pip", "check").stdout
    assert [line for line in checked.splitlines() if line.startswith("labseg ")] == []


def test_doctor_is_content_on_colab(installed):
    own, _ = installed
    ran = own.run("-c", "from labseg.cli import app; app()", "doctor")
    assert not ran.returncode, ran.stdout + ran.stderr
    assert "[OK] Google Colab shows the notebooks" in ran.stdout


def test_the_install_cell_ends_in_one_sentence_when_github_cannot_be_reached(machine, disk):
    nowhere = colab.instead_of(ORIGIN.address, disk / "nowhere")
    own = machine.copy(disk / "unreachable")
    notebook = own.execute(notebook_of(install_cell()), own.folder / "content", **nowhere)
    (error,) = errors(notebook)
    says = "GitHub could not be reached. Wait a minute, then run this again."
    assert (error.ename, error.evalue) == ("ConnectionError", says)


# The lessons.


@pytest.mark.parametrize("name", LESSONS)
def test_the_solved_lesson_runs_to_its_last_cell(executed, name):
    assert errors(executed[name]) == []


@pytest.mark.parametrize("name", LESSONS)
def test_it_writes_no_warning_or_log(executed, name):
    assert stderr(executed[name]) == ""


@pytest.mark.parametrize("name", LESSONS)
def test_its_scores_lie_in_the_bands_it_states(executed, name):
    bands = read_bands(printed(executed[name]))
    assert bands
    assert [band for band in bands if not band.inside] == []


# labseg itself.


def test_labsegs_own_tests_pass_there(installed):
    own, _ = installed
    tests = [f"tests/core/test_{name}.py" for name in CORE]
    options = ["-q", "-p", "no:cacheprovider", "--override-ini=addopts="]
    # -P: labseg is the one that was installed, not the checkout's.
    ran = own.run("-P", "-m", "pytest", *options, *tests, cwd=ROOT)
    assert not ran.returncode, ran.stdout + ran.stderr
