"""Fetching Carvana: Kaggle's own client, two versions of it, against a server on loopback."""

import io
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import zipfile
from importlib.metadata import version
from pathlib import Path

import colab
import numpy as np
import pytest
from carvana_files import write_cars
from kaggle_server import KEY, TOKEN, USER, KaggleServer
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook
from other_user import other_user
from typer.testing import CliRunner

import labseg
from labseg import cli
from labseg.data import archives
from labseg.data import fetch as fetching
from labseg.errors import DiskError, LabsegError

ROOT = Path(__file__).parents[2]
COLABS = colab.VERSIONS["kaggle"]
SIGNED_IN = {"KAGGLE_API_TOKEN": TOKEN}
MEGABYTE = 1 << 20  # the client writes in such chunks
NO_MOUNT = 77  # exit status
SMALL_DISK = f"""
mount -t tmpfs -o size=8k none "$1" || exit {NO_MOUNT}
cd "$1"
"$2" -c "$3"
status=$?
echo what is left:
ls
exit $status
"""
FETCH = "import labseg; labseg.fetch_carvana('carvana')"


# The two clients.


@pytest.fixture(scope="session")
def colabs_python(tmp_path_factory):
    """An environment of its own with Colab's client and little more."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        pytest.skip("uv is missing: pip install uv")
    folder = tmp_path_factory.mktemp("colab") / "venv"
    python = folder / "bin" / "python"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], check=True)
    install = [uv, "pip", "install", "-q", "--python", python]
    same = [f"{name}=={version(name)}" for name in ("numpy", "pillow", "tqdm", "platformdirs")]
    subprocess.run([*install, f"kaggle=={COLABS}", "six", "filelock", *same], check=True)
    subprocess.run([*install, "--no-deps", "-e", ROOT], check=True)
    return python


@pytest.fixture(params=["newest", COLABS])
def python(request):
    """The Python that has the client."""
    return sys.executable if request.param == "newest" else request.getfixturevalue("colabs_python")


def test_the_versions_are_those_meant(colabs_python):
    code = "from importlib.metadata import version; print(version('kaggle'))"
    ran = subprocess.run([colabs_python, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == COLABS
    assert tuple(map(int, version("kaggle").split("."))) > (2, 0, 2)


# What Kaggle has.


def zipped(folder, part):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{part}/", "")
        for path in sorted((folder / part).iterdir()):
            archive.write(path, f"{part}/{path.name}")
        archive.writestr(f"__MACOSX/{part}/._x", "an archiver's own")
    return packed.getvalue()


def padded(content):
    """The archive with an incompressible end, so that its download takes several chunks."""
    packed = io.BytesIO(content)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("__MACOSX/padding", np.random.default_rng(0).bytes(3 * MEGABYTE))
    return packed.getvalue()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_cars(tmp_path_factory.mktemp("source"), 3, views=4)


@pytest.fixture(scope="module")
def files(source):
    return {f"{part}.zip": zipped(source, part) for part in ("train", "train_masks")}


@pytest.fixture(scope="module")
def large_files(files):
    return {name: padded(content) for name, content in files.items()}


@pytest.fixture
def server(files):
    with KaggleServer(dict(files)) as running:
        yield running


@pytest.fixture
def slow_server(large_files):
    with KaggleServer(dict(large_files)) as running:
        yield running


# A student's machine: an empty home folder, and a working folder.


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    return tmp_path


def start(python, home, server, code=FETCH, **environment):
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return subprocess.Popen(
        [python, "-c", code],
        cwd=home / "work",
        env=kept | {"HOME": str(home / "home")} | server.environment | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=interruptible,
    )


def interruptible():
    """A test run that was started in the background ignores SIGINT, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def fetch(*given, **environment):
    """(exit status, stdout, stderr) of a process that fetches."""
    process = start(*given, **environment)
    return (process.wait(), *process.communicate())


def call(options):
    return f"import labseg; labseg.fetch_carvana('carvana', {options})"


def complete(home, source, cars=3):
    """Whether the folder holds exactly the first cars, unchanged, and nothing lies beside it."""
    folder = home / "work" / "carvana"
    for part in ("train", "train_masks"):
        wanted = {
            p.name: p.read_bytes() for p in (source / part).iterdir() if int(p.name[:12], 16) < cars
        }
        found = {p.name: p.read_bytes() for p in (folder / part).iterdir()}
        assert found == wanted
    assert {p.name for p in folder.iterdir()} == {"train", "train_masks"}
    assert [p.name for p in (home / "work").iterdir()] == ["carvana"]
    return True


def nothing_there(home):
    return list((home / "work").iterdir()) == []


def sentence(stderr):
    """The last exception's text; what the student reads."""
    *_, last = re.finditer(r"^labseg\.errors\.\w+: ", stderr, re.MULTILINE)
    return stderr[last.end() :]


# It works.


def test_two_archives_become_a_carvana_folder(python, home, server, source):
    code, said, progress = fetch(python, home, server, **SIGNED_IN)
    assert code == 0, progress
    assert complete(home, source)
    assert [name for name, _ in server.asked] == ["train.zip", "train_masks.zip"]
    assert "carvana: 12 images of 3 cars" in said
    for work in ("Checking train.zip", "Unpacking train_masks.zip", "100%"):
        assert work in progress
    cars = labseg.load_carvana(home / "work" / "carvana", (20, 30), cache=False)
    assert len(cars) == 12


@pytest.mark.parametrize("way", ["access_token", "kaggle.json", "KAGGLE_USERNAME"])
def test_every_kind_of_credentials_works(python, home, server, source, way):
    folder, given = home / "home" / ".kaggle", {}
    folder.mkdir()
    if way == "access_token":
        (folder / way).write_text(TOKEN)
    elif way == "kaggle.json":
        (folder / way).write_text(f'{{"username": "{USER}", "key": "{KEY}"}}')
        (folder / way).chmod(0o600)
    else:
        given = {"KAGGLE_USERNAME": USER, "KAGGLE_KEY": KEY}
    code, _, said = fetch(python, home, server, **given)
    assert code == 0, said
    assert complete(home, source)


def test_a_subset_of_cars(python, home, server, source):
    assert fetch(python, home, server, call("cars=2"), **SIGNED_IN)[0] == 0
    assert complete(home, source, cars=2)


def test_what_is_there_is_not_fetched_again(home, server, source):
    fetch(sys.executable, home, server, **SIGNED_IN)
    server.asked.clear()
    code, said, _ = fetch(sys.executable, home, server)  # not even signed in
    assert (code, server.asked) == (0, [])
    assert "carvana: 12 images of 3 cars" in said
    assert fetch(sys.executable, home, server, call("cars=3"))[0] == 0
    code, _, said = fetch(sys.executable, home, server, call("cars=4"))
    assert code == 1
    assert "holds 3 cars, fewer than the 4 asked for: remove it" in sentence(said)
    assert complete(home, source)


def test_the_command(files, home, monkeypatch):
    monkeypatch.chdir(home / "work")
    write_cars(home / "work" / "mine", 2, views=2)
    result = CliRunner().invoke(cli.app, ["fetch", "carvana", "mine", "--cars", "2"])
    assert (result.exit_code, result.stdout) == (0, "mine: 4 images of 2 cars\n")
    result = CliRunner().invoke(cli.app, ["fetch", "carvana", "mine", "--cars", "3"])
    assert result.exit_code == 1
    assert result.stderr.startswith("labseg: mine holds 2 cars")


# Connections that break.


def test_a_broken_connection_is_taken_up_where_it_broke(python, home, slow_server, source):
    slow_server.cuts["train.zip"] = [2 * MEGABYTE + 9]
    code, said, _ = fetch(python, home, slow_server, **SIGNED_IN)
    assert code == 0
    assert "The connection to Kaggle failed (ChunkedEncodingError). Trying again in 1 s." in said
    assert ("train.zip", 2 * MEGABYTE) in slow_server.asked
    assert complete(home, source)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_download_is_taken_up_by_the_next_call(python, home, slow_server, source, how):
    slow_server.speed = 4 * MEGABYTE
    process = start(python, home, slow_server, **SIGNED_IN)
    archive = home / "work" / "carvana.part" / "download" / "train_masks.zip"
    wait_for(lambda: archive.exists() and archive.stat().st_size >= MEGABYTE, process)
    process.send_signal(how)
    process.communicate()
    assert process.returncode != 0
    assert not (home / "work" / "carvana").exists()
    slow_server.asked.clear()
    slow_server.speed = None
    code, _, said = fetch(python, home, slow_server, **SIGNED_IN)
    assert code == 0, said
    assert {name for name, _ in slow_server.asked} == {"train_masks.zip"}
    assert slow_server.asked[-1][1] >= MEGABYTE
    assert complete(home, source)


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)


def test_a_server_that_ignores_ranges_does_no_harm(python, home, slow_server, source):
    slow_server.ranges = False
    slow_server.cuts["train.zip"] = [2 * MEGABYTE + 9]
    assert fetch(python, home, slow_server, **SIGNED_IN)[0] == 0
    assert complete(home, source)


def test_a_server_that_sends_the_whole_for_a_part_does_no_harm(python, home, slow_server, source):
    slow_server.part = False
    slow_server.cuts["train.zip"] = [2 * MEGABYTE + 9]
    code, _, said = fetch(python, home, slow_server, **SIGNED_IN)
    assert code == 0, said
    assert complete(home, source)


def test_a_connection_that_keeps_breaking_is_said_and_what_came_is_kept(
    python, home, slow_server, source
):
    slow_server.cuts["train.zip"] = [2 * MEGABYTE + 9] + 2 * [100] * 9
    code, _, said = fetch(python, home, slow_server, **SIGNED_IN)
    assert code == 1
    assert "see whether https://www.kaggle.com opens in a browser" in sentence(said)
    assert "2.1 MB of train.zip are kept" in sentence(said)
    slow_server.cuts.clear()
    assert fetch(python, home, slow_server, **SIGNED_IN)[0] == 0
    assert complete(home, source)


def test_no_network(python, home, server):
    nowhere = {"http_proxy": "http://127.0.0.1:9"}
    code, said, error = fetch(python, home, server, **SIGNED_IN, **nowhere)
    assert code == 1
    assert said.count("Trying again") == 3
    assert "see whether https://www.kaggle.com opens in a browser" in sentence(error)
    assert nothing_there(home)


def test_too_many_requests_are_waited_for(python, home, server, source):
    server.statuses["train.zip"] = [429, 429]
    server.retry_after = 2
    code, said, _ = fetch(python, home, server, **SIGNED_IN)
    assert code == 0
    wait = "Kaggle has had too many requests (HTTP 429). Trying again in 2 s."
    assert said.count(wait) == 2
    assert complete(home, source)


def test_far_too_many_requests(python, home, server):
    server.statuses["train.zip"] = [429]
    server.retry_after = 3600
    code, _, said = fetch(python, home, server, **SIGNED_IN)
    assert code == 1
    assert "too many requests (HTTP 429): wait an hour" in sentence(said)
    assert nothing_there(home)


def test_a_request_that_is_refused_is_not_said_to_be_repeated(python, home, server):
    server.statuses["train.zip"] = [400]
    code, _, said = fetch(python, home, server, **SIGNED_IN)
    assert code == 1
    assert "Kaggle answers with an error (HTTP 400): see whether" in sentence(said)


def test_a_server_that_stumbles_is_asked_again(python, home, server, source):
    server.statuses["train_masks.zip"] = [503]
    code, said, _ = fetch(python, home, server, **SIGNED_IN)
    assert code == 0
    assert "Kaggle answers with an error (HTTP 503). Trying again in 1 s." in said
    assert complete(home, source)


# Kaggle says no.


def test_no_credentials(python, home, server):
    code, _, said = fetch(python, home, server)
    assert code == 1
    assert "no token was found" in sentence(said)
    for step in ("kaggle.com/settings/api", "Generate New Token", ".kaggle/access_token"):
        assert step in sentence(said)
    assert "Colab" not in sentence(said)
    assert nothing_there(home)


def test_no_credentials_in_a_notebook(python, home, server):
    """IPython hides exit(), which the client calls."""
    code, _, said = fetch(python, home, server, f"import builtins; del builtins.exit\n{FETCH}")
    assert code == 1
    assert "no token was found" in sentence(said)
    assert said.count("File ") == 2  # the cell, and the function that was called
    assert nothing_there(home)


def test_a_kernel_shows_the_sentence_and_little_else(home, server, monkeypatch):
    monkeypatch.chdir(home / "work")
    monkeypatch.setenv("HOME", str(home / "home"))
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    notebook = new_notebook(cells=[new_code_cell(FETCH)])
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook).execute()
    (shown,) = notebook.cells[0].outputs
    assert shown.ename == "NotAllowed"
    assert "no token was found" in shown.evalue
    assert len(shown.traceback) < 6


@pytest.mark.parametrize(
    ("given", "source_of_it"),
    [
        ({"KAGGLE_API_TOKEN": "KGAT_bad"}, "KAGGLE_API_TOKEN"),
        ({"KAGGLE_USERNAME": USER, "KAGGLE_KEY": "bad"}, "KAGGLE_USERNAME and KAGGLE_KEY"),
    ],
)
def test_a_wrong_token(python, home, server, given, source_of_it):
    code, _, said = fetch(python, home, server, **given)
    assert code == 1
    assert f"does not accept your token (from {source_of_it})" in sentence(said)
    assert "Generate New Token" in sentence(said)
    assert nothing_there(home)


def test_a_wrong_token_in_a_file_is_named(python, home, server):
    token = home / "home" / ".kaggle" / "access_token"
    token.parent.mkdir()
    token.write_text("KGAT_bad")
    code, _, said = fetch(python, home, server)
    assert code == 1
    assert f"does not accept your token (from {token})" in sentence(said)


def test_a_kaggle_json_that_cannot_be_read(python, home, server):
    path = home / "home" / ".kaggle" / "kaggle.json"
    path.parent.mkdir()
    path.write_text('{"username": "student"')
    path.chmod(0o600)
    code, _, said = fetch(python, home, server)
    assert code == 1
    assert "Generate New Token" in sentence(said)
    assert nothing_there(home)


def test_the_rules_were_not_accepted(python, home, server):
    server.statuses["train.zip"] = [403]
    code, _, said = fetch(python, home, server, **SIGNED_IN)
    assert code == 1
    assert "https://www.kaggle.com/c/carvana-image-masking-challenge/rules" in sentence(said)
    assert "I Understand and Accept" in sentence(said)
    assert nothing_there(home)


def test_not_found(python, home, server):
    del server.files["train_masks.zip"]
    code, _, said = fetch(python, home, server, **SIGNED_IN)
    assert code == 1
    assert "Kaggle has no train_masks.zip" in sentence(said)
    assert not (home / "work" / "carvana").exists()


def test_credentials_that_come_later_are_seen_by_the_same_process(python, home, server, source):
    code = f"""
import os, labseg
try:
    labseg.fetch_carvana("carvana")
except PermissionError as error:
    print(error)
os.environ["KAGGLE_API_TOKEN"] = "{TOKEN}"
labseg.fetch_carvana("carvana")
"""
    status, said, error = fetch(python, home, server, code)
    assert status == 0, error
    assert "no token was found" in said
    assert complete(home, source)


def test_without_the_client_the_way_to_get_it_is_said(tmp_path):
    code = (
        "import sys; sys.modules['kaggle'] = None\nimport labseg; labseg.fetch_carvana(sys.argv[1])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "carvana"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert sentence(ran.stderr) == 'Kaggle\'s client is missing: pip install "labseg[data]"\n'
    assert list(tmp_path.iterdir()) == []


# Colab.

COLAB = """
import sys, types

class NotebookAccessError(Exception): pass
class SecretNotFoundError(Exception): pass

def get(name):
    if name in refused: raise NotebookAccessError(name)
    if name not in secrets: raise SecretNotFoundError(name)
    return secrets[name]

def colab(given, refuse=()):
    global secrets, refused
    secrets, refused = given, refuse
    userdata = types.ModuleType("google.colab.userdata")
    userdata.get, userdata.NotebookAccessError = get, NotebookAccessError
    package = types.ModuleType("google.colab")
    package.userdata = userdata
    sys.modules |= {"google.colab": package, "google.colab.userdata": userdata}
"""


@pytest.mark.parametrize(
    "secrets", [{"KAGGLE_API_TOKEN": TOKEN}, {"KAGGLE_USERNAME": USER, "KAGGLE_KEY": KEY}]
)
def test_colabs_secrets_are_used(python, home, server, source, secrets):
    code, _, said = fetch(python, home, server, f"{COLAB}\ncolab({secrets})\n{FETCH}")
    assert code == 0, said
    assert complete(home, source)


def test_a_secret_that_the_notebook_may_not_read(python, home, server):
    given = f"{COLAB}\ncolab({{}}, ['KAGGLE_API_TOKEN'])\n{FETCH}"
    code, _, said = fetch(python, home, server, given)
    assert code == 1
    assert 'switch on "Notebook access"' in sentence(said)


def test_no_secret_in_colab(python, home, server):
    code, _, said = fetch(python, home, server, f"{COLAB}\ncolab({{}})\n{FETCH}")
    assert code == 1
    for step in ("no token was found", "Add new secret", "KAGGLE_API_TOKEN", "in a cell"):
        assert step in sentence(said)


# Archives that are not what they should be.


def rezipped(content, change):
    """The archive with its members changed: change(name, bytes) → (name, bytes) or None."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            if changed := change(name, old.read(name)):
                new.writestr(*changed)
    return packed.getvalue()


def with_member(content, name):
    packed = io.BytesIO(content)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(name, "x")
    return packed.getvalue()


def with_directory_moved(zipped):
    """Its directory seems to begin later than it does, and the first files lie before 0."""
    begin = int.from_bytes(zipped[-6:-2], "little") + 100_000
    return zipped[:-6] + begin.to_bytes(4, "little") + zipped[-2:]


def with_link(content):
    link = zipfile.ZipInfo("train/000000000007_01.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return with_member(content, link)


def with_spoilt_member(content):
    """One byte of one photograph changed, its checksum not."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        member = archive.getinfo("train/000000000001_03.jpg")
    spoilt = bytearray(content)
    spoilt[member.header_offset + 30 + len(member.filename) + member.compress_size // 2] ^= 0xFF
    return bytes(spoilt)


FIRST = "000000000000_01"
ARCHIVES = {
    "cut short": (lambda zipped: zipped[: len(zipped) // 2], "not a zip file"),
    "a member spoilt": (with_spoilt_member, "000000000001_03|invalid|Bad CRC"),
    "a member before the beginning": (with_directory_moved, "Invalid argument|Bad "),
    "no zip at all": (lambda zipped: b"<html>Sorry</html>", "not a zip file"),
    "empty": (lambda zipped: rezipped(zipped, lambda *member: None), "holds no files"),
    "outside": (lambda z: with_member(z, "../evil.jpg"), "unexpected file ../evil.jpg"),
    "well named outside": (
        lambda z: with_member(z, f"../{FIRST}.jpg"),
        f"unexpected file ../{FIRST}.jpg",
    ),
    "absolute": (lambda z: with_member(z, f"/tmp/{FIRST}.jpg"), "unexpected file /tmp"),
    "backslash": (lambda z: with_member(z, f"train/..\\{FIRST}.jpg"), "unexpected file"),
    "deeper": (lambda z: with_member(z, f"train/train/{FIRST}.jpg"), "unexpected file"),
    "other files": (lambda z: with_member(z, "train/setup.py"), "unexpected file train/setup.py"),
    "badly named": (lambda z: with_member(z, "train/car.jpg"), "unexpected file train/car.jpg"),
    "twice": (lambda z: with_member(z, f"{FIRST}.jpg"), "unexpected file"),
    "link": (with_link, "unexpected file train/000000000007_01.jpg"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("damage", ARCHIVES)
def test_a_damaged_archive_is_removed_and_nothing_unpacked(home, server, source, damage):
    spoil, reason = ARCHIVES[damage]
    whole = server.files["train.zip"]
    server.files["train.zip"] = spoil(whole)
    code, _, said = fetch(sys.executable, home, server, **SIGNED_IN)
    assert code == 1
    assert "train.zip was damaged" in sentence(said)
    assert any(part in sentence(said) for part in reason.split("|"))
    assert "has been removed: run this again" in sentence(said)
    assert nothing_there(home)
    assert {p.name for p in home.iterdir()} == {"home", "work"}
    server.files["train.zip"] = whole
    assert fetch(sys.executable, home, server, **SIGNED_IN)[0] == 0
    assert complete(home, source)


def test_a_folder_that_is_somebody_elses_is_one_sentence(tmp_path):
    (tmp_path / "carvana").mkdir(mode=0o300)
    with other_user(tmp_path), pytest.raises(PermissionError, match=r"You may not read .*carvana"):
        labseg.fetch_carvana(tmp_path / "carvana")


def test_a_failed_run_empties_its_workspace_while_it_is_locked(tmp_path, monkeypatch):
    from filelock import FileLock

    def release(lock, *arguments, **options):
        there.append((tmp_path / "carvana.part").exists())
        return before(lock, *arguments, **options)

    there, before = [], FileLock.release
    monkeypatch.setattr(FileLock, "release", release)
    monkeypatch.setattr(fetching, "_get_archives", lambda part: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        labseg.fetch_carvana(tmp_path / "carvana")
    assert there[0] is False
    assert list(tmp_path.iterdir()) == []


def test_a_photograph_without_mask(home, server, source):
    masks = server.files["train_masks.zip"]
    server.files["train_masks.zip"] = rezipped(
        masks, lambda name, content: None if FIRST in name else (name, content)
    )
    code, _, said = fetch(sys.executable, home, server, **SIGNED_IN)
    assert code == 1
    assert f"{FIRST} is in only one of train.zip and train_masks.zip" in sentence(said)
    assert nothing_there(home)


def test_an_archive_that_is_damaged_later_is_noticed(home, server, source):
    """The check was passed, the disk spoilt it afterwards."""
    part = home / "work" / "carvana.part"
    part.mkdir()
    (part / "train.zip").write_bytes(with_spoilt_member(server.files["train.zip"]))
    (part / "train_masks.zip").write_bytes(server.files["train_masks.zip"])
    code, _, said = fetch(sys.executable, home, server)
    assert code == 1
    assert "train.zip was damaged" in sentence(said)
    assert not (home / "work" / "carvana").exists()
    assert fetch(sys.executable, home, server, **SIGNED_IN)[0] == 0
    assert complete(home, source)


# Folders and disks.


def test_more_cars_than_there_are(home, server):
    code, _, said = fetch(sys.executable, home, server, call("cars=4"), **SIGNED_IN)
    assert code == 1
    assert sentence(said) == "cars=4, but there are 3: ask for fewer.\n"
    server.files.clear()  # what was downloaded is kept
    assert fetch(sys.executable, home, server, call("cars=1"))[0] == 0


@pytest.mark.parametrize("cars", [0, -1, 1.5, True, "3"])
def test_an_impossible_number_of_cars(tmp_path, cars):
    with pytest.raises(ValueError, match="give a whole number of cars, at least 1"):
        labseg.fetch_carvana(tmp_path / "carvana", cars)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_where_one_is_has_no_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="name a folder that does not exist yet"):
        labseg.fetch_carvana(".")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_something_else_has_the_name(tmp_path, kind):
    taken = tmp_path / "carvana"
    if kind == "folder":
        taken.mkdir()
        (taken / "thesis.tex").write_text("years of work")
    else:
        taken.write_text("years of work")
    with pytest.raises(FileExistsError, match=r"carvana exists already and holds something else"):
        labseg.fetch_carvana(taken)
    assert list(tmp_path.rglob("*"))[-1].read_text() == "years of work"
    assert list(tmp_path.iterdir()) == [taken]


def test_an_empty_folder_may_have_the_name(home, server, source):
    (home / "work" / "carvana").mkdir()
    assert fetch(sys.executable, home, server, **SIGNED_IN)[0] == 0
    assert complete(home, source)


@pytest.mark.parametrize(
    ("folder", "words"),
    [("a" * 300, "File name too long; choose a folder with a shorter name"), ("nul\0l", "folder=")],
)
def test_a_name_that_no_folder_can_have(tmp_path, monkeypatch, folder, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((OSError, ValueError), match=words) as caught:
        labseg.fetch_carvana(folder)
    assert isinstance(caught.value, LabsegError)
    assert not any(tmp_path.iterdir())


def test_an_archive_with_a_name_that_is_too_long(tmp_path):
    for name, (folder, ending) in archives.ARCHIVES.items():
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(f"{folder}/{'a' * 300}_01{ending}", b"")
    with pytest.raises(DiskError, match="File name too long; choose a folder with a shorter name"):
        archives.unpack(tmp_path, tmp_path / "unpacked")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError, match=r"Cannot write to .*file.*; choose another folder"):
        labseg.fetch_carvana(tmp_path / "file" / "carvana")


def test_a_disk_without_room_for_the_download(python, home, server):
    disk = home / "work"
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", SMALL_DISK, "sh", disk, python, FETCH],
        env=os.environ | {"HOME": str(home / "home")} | server.environment | SIGNED_IN,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode == NO_MOUNT:
        pytest.skip("even in CI: no disk can be mounted here")
    assert ran.returncode == 1
    assert "train.zip takes 0.0 MB more, and the disk has 0.0 MB free" in sentence(ran.stderr)
    assert "free some space" in sentence(ran.stderr)
    assert ran.stdout == "what is left:\n"


def limited(python, home, server, limit, **environment):
    """As fetch, where no file may grow beyond `limit` bytes."""
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n{FETCH}"
    )
    return fetch(python, home, server, code, **environment)


def test_a_disk_that_fills_up_during_the_download(python, home, slow_server, source):
    code, said, error = limited(python, home, slow_server, 2 * MEGABYTE, **SIGNED_IN)
    assert code == 1
    assert "free some space, or choose a folder on another disk" in sentence(error)
    assert "then run this again, and it resumes where it stopped" in sentence(error)
    assert "Trying again" not in said
    assert not (home / "work" / "carvana").exists()
    assert fetch(python, home, slow_server, **SIGNED_IN)[0] == 0
    assert ("train.zip", 2 * MEGABYTE) in slow_server.asked
    assert complete(home, source)


def test_a_disk_that_fills_up_during_unpacking(home, server, source):
    part = home / "work" / "carvana.part"
    part.mkdir()
    for name, content in server.files.items():
        (part / name).write_bytes(content)
    code, _, said = limited(sys.executable, home, server, 500)
    assert code == 1
    assert "free some space" in sentence(said)
    assert "it resumes where it stopped" in sentence(said)
    assert not (home / "work" / "carvana").exists()
    assert fetch(sys.executable, home, server)[0] == 0  # without asking Kaggle again
    assert complete(home, source)


def test_two_processes_do_not_write_the_same_file(home, slow_server, source):
    slow_server.speed = 4 * MEGABYTE
    first = start(sys.executable, home, slow_server, **SIGNED_IN)
    wait_for(lambda: slow_server.asked, first)
    code, _, said = fetch(sys.executable, home, slow_server, **SIGNED_IN)
    assert code == 1
    assert "Another process is fetching into carvana.part: wait" in sentence(said)
    first.communicate()
    assert first.returncode == 0
    assert complete(home, source)
