"""Kaggle → a Carvana folder.

Two archives of the competition are downloaded (455 MB of its 24 GB), checked, unpacked to a
temporary place and moved in whole: the folder is complete or not there. Beside it, `<folder>.part`
holds what has been downloaded so far; a later call resumes there.
"""

import contextlib
import io
import os
import shutil
import sys
import time
from pathlib import Path

from labseg.arguments import folder_path, whole_number
from labseg.data.archives import ARCHIVES, RESUMES, check, check_room, megabytes, unpack
from labseg.data.carvana import car_of, list_pairs
from labseg.errors import (
    FileInTheWay,
    FileMissing,
    InUse,
    InvalidValue,
    LabsegError,
    NoConnection,
    NotAllowed,
    PackageMissing,
)
from labseg.files import disk_errors

COMPETITION = "carvana-image-masking-challenge"
RULES = f"https://www.kaggle.com/c/{COMPETITION}/rules"
DELAYS = (1, 2, 4)  # seconds before trying again
PATIENCE = 300  # seconds that we wait if Kaggle asks us to

A_TOKEN = """\
  1. Sign in at https://www.kaggle.com (an account is free).
  2. Open https://www.kaggle.com/settings/api and click "Generate New Token"; copy the token.
"""
ON_A_LAPTOP = f"""{A_TOKEN}\
  3. Save it as the file .kaggle/access_token in your home folder, or set the environment
     variable KAGGLE_API_TOKEN to it (a kaggle.json from earlier works too).
"""
ON_COLAB = f"""{A_TOKEN}\
  3. In Colab click the key at the left, "Add new secret": name KAGGLE_API_TOKEN, value your
     token, and switch on "Notebook access".
  4. Call labseg.fetch_carvana in a cell: the command line can't read Colab's secrets.
"""


def fetch_carvana(folder, cars=None):
    """Get Carvana's training photographs and masks from Kaggle, through Kaggle's own client.

    folder: where they go, as `train/` and `train_masks/`. If they are there already, nothing is
        fetched.
    cars: keep only the first `cars` of the 318 cars in name order; everything is downloaded.
    Returns the folder as a Path, for `load_carvana`.

    You need a Kaggle account, its API token, and to have accepted the competition's rules on its
    page. Raises PermissionError when Kaggle does not let us, ConnectionError without a network,
    FileExistsError when the folder holds something else, ValueError for a damaged archive, OSError
    for a full disk; each says what to do. After any of them, and after an interrupt, the next
    call resumes where this one stopped.
    """
    try:
        return _fetch(folder_path("folder", folder), cars)
    except LabsegError as error:
        raise error.with_traceback(None) from None  # its sentence says all, in a notebook too


def _fetch(folder, cars):
    if cars is not None:
        cars = whole_number("cars", cars, 1, "a whole number of cars")
    if _is_there(folder, cars):
        return folder
    if not folder.name:
        raise InvalidValue(f"{folder}: name a folder that does not exist yet, such as carvana.")
    part = folder.with_name(folder.name + ".part")
    with _workspace(part):
        if not _is_there(folder, cars):  # another process may just have finished
            _get_archives(part)
            unpack(part, part / "unpacked", cars)
            _move_in(part / "unpacked", folder)
    shutil.rmtree(part, ignore_errors=True)
    _is_there(folder, cars)
    return folder


# The folder, and the space beside it.


def _is_there(folder, cars):
    """Whether the folder holds cars; prints how many. An empty folder counts as none."""
    try:
        if not os.path.exists(folder) or (folder.is_dir() and not any(folder.iterdir())):
            return False
    except PermissionError:
        raise NotAllowed(
            f"You may not read {folder}: change its permissions, or choose another folder."
        ) from None
    if not all((folder / part).is_dir() for part, _ in ARCHIVES.values()):
        raise FileInTheWay(
            f"{folder} exists already and holds something else: choose another name."
        )
    pairs = list_pairs(folder)
    held = len({car_of(image.stem) for image, _ in pairs})
    if cars and held < cars:
        raise FileInTheWay(
            f"{folder} holds {held} cars, fewer than the {cars} asked for: "
            "remove it, or choose another folder, to fetch more."
        )
    print(f"{folder}: {len(pairs)} images of {held} cars")
    return True


@contextlib.contextmanager
def _workspace(part):
    """The folder `part`, for this process alone; it stays if it holds a download."""
    try:
        from filelock import FileLock, Timeout
    except ModuleNotFoundError:
        raise _missing() from None
    with disk_errors(part.parent):
        part.mkdir(parents=True, exist_ok=True)
        lock = FileLock(part / "lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise InUse(
                f"Another process is fetching into {part}: wait until it has finished."
            ) from None
    try:
        yield
    finally:
        empty = not any(archive.stat().st_size for archive in part.rglob("*.zip"))
        if empty:  # while it is locked, or it might be somebody else's by now
            shutil.rmtree(part, ignore_errors=True)
        lock.release()
        if empty and os.name == "nt":  # where the lock can't be removed while it is open
            shutil.rmtree(part, ignore_errors=True)


def _move_in(unpacked, folder):
    if hasattr(os, "sync"):
        os.sync()  # a power cut must not leave a whole folder of empty files
    with disk_errors(folder.parent):
        if folder.exists():
            folder.rmdir()  # empty
        unpacked.rename(folder)


# Downloads.


def _get_archives(part):
    """Have checked archives in `part`; those that are there already were checked."""
    missing = [name for name in ARCHIVES if not (part / name).exists()]
    if not missing:
        return
    downloads = part / "download"
    with disk_errors(part):
        downloads.mkdir(exist_ok=True)
    for name in missing:
        _download(name, downloads / name)
        check(downloads / name)
        (downloads / name).replace(part / name)


def _download(name, archive):
    """One file of the competition. Broken connections and busy servers are tried again."""
    try:
        from requests import RequestException  # Kaggle's client is built on it
    except ModuleNotFoundError:
        raise _missing() from None
    failures, size = 0, _size(archive)
    while True:
        try:
            return _try_download(name, archive)
        except (RequestException, SizeError) as error:
            failures = 1 if _size(archive) > size else failures + 1
            size = _size(archive)
            wait = _wait(error, failures)
            if wait is None:
                raise _explained(error, name, size, failures) from None
            print(f"{_reason(error)}. Trying again in {wait:.0f} s.", flush=True)
            time.sleep(wait)


class SizeError(Exception):
    """What came is not as long as it should be."""


def _try_download(name, archive):
    """Download once, or what is missing of it, with the client's progress bar."""
    api = _client()
    from kagglesdk.competitions.types.competition_api_service import ApiDownloadDataFileRequest

    request = ApiDownloadDataFileRequest()
    request.competition_name, request.file_name = COMPETITION, name
    with api.build_kaggle_client() as kaggle:
        response = kaggle.competitions.competition_api_client.download_data_file(request)
        total = int(response.headers.get("Content-Length") or 0)
        check_room(archive.parent, total - _size(archive), name)
        if not total or _size(archive) != total:
            print(f"{name}, {megabytes(total)}, from Kaggle:", flush=True)
            _take(api, kaggle, response, archive)
        response.close()


def _take(api, kaggle, response, archive):
    """The client's download, without its own retries: 2.0 appends whatever a server answers."""
    options = {"quiet": False, "resume": True, "max_retries": 0}
    with contextlib.redirect_stdout(io.StringIO()), disk_errors(archive.parent, RESUMES):
        try:
            api.download_file(response, str(archive), kaggle.http_client(), **options)
        except ValueError as error:
            if isinstance(error, OSError):  # requests'
                raise
            archive.unlink()
            raise SizeError(error) from None


def _client():
    """Kaggle's client, signed in. Importing it signs in, and may end the process or print."""
    _take_colab_secrets()
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            import kaggle

            kaggle.api.authenticate()
    except ModuleNotFoundError:
        raise _missing() from None
    except (SystemExit, NameError):  # it calls exit(), a name that IPython hides
        raise _not_signed_in() from None
    except (ValueError, KeyError) as error:
        if isinstance(error, OSError):  # not the credentials but the server's answer is no JSON
            raise
        raise NotAllowed(
            f"Kaggle's client cannot read your credentials ({error}). Make a new token:\n{_steps()}"
        ) from None
    return kaggle.api


def _take_colab_secrets():
    """Put the token from Colab's secrets where Kaggle's client looks for it."""
    try:
        from google.colab import userdata
    except ImportError:
        return
    for names in (("KAGGLE_API_TOKEN",), ("KAGGLE_USERNAME", "KAGGLE_KEY")):
        try:
            os.environ.update({name: userdata.get(name) for name in names})
            return
        except userdata.NotebookAccessError:
            raise NotAllowed(
                f"This notebook may not read Colab's secret {names[0]}: click the key at the "
                'left and switch on "Notebook access" beside it.'
            ) from None
        except Exception:  # no such secret, or not in a cell: Kaggle's client may know another
            continue


# What went wrong.


def _wait(error, failures):
    """Seconds until it makes sense to try again, or None."""
    status = _status(error)
    if (status and status < 500 and status not in (408, 429)) or failures > len(DELAYS):
        return None
    asked = error.response.headers.get("Retry-After", "") if status else ""
    wait = float(asked) if asked.isdigit() else DELAYS[failures - 1]
    return wait if wait <= PATIENCE else None


def _status(error):
    return getattr(getattr(error, "response", None), "status_code", None)


def _reason(error):
    status = _status(error)
    if status == 429:
        return "Kaggle has had too many requests (HTTP 429)"
    if status:
        return f"Kaggle answers with an error (HTTP {status})"
    return f"The connection to Kaggle failed ({type(error).__name__})"


def _explained(error, name, size, failures):
    """The exception to raise for an error that trying again did not help."""
    status = _status(error)
    if status == 401:
        return _not_signed_in()
    if status == 403:
        return NotAllowed(
            f"Kaggle does not let you have {name} (HTTP 403). Open {RULES} in a browser, "
            'signed in, and click "I Understand and Accept" (Kaggle may ask for your phone '
            "number first); then run this again."
        )
    if status == 404:
        return FileMissing(
            f"Kaggle has no {name} in {COMPETITION} (HTTP 404): "
            "see whether there is a newer labseg."
        )
    if status == 429:
        return NoConnection(f"{_reason(error)}: wait an hour, then run this again.")
    often = f", {failures} times in a row" if failures > 1 else ""
    kept = f" {megabytes(size)} of {name} are kept." if size else ""
    return NoConnection(
        f"{_reason(error)}{often}: see whether "
        f"https://www.kaggle.com opens in a browser, then run this again.{kept}"
    )


def _not_signed_in():
    source = _credentials()
    if source:
        return NotAllowed(
            f"Kaggle does not accept your token (from {source}): it is mistyped, expired or "
            f"revoked. Make a new one:\n{_steps()}"
        )
    return NotAllowed(
        f"Kaggle wants to know who you are, and no token was found. Make one:\n{_steps()}"
    )


def _credentials():
    """Where Kaggle's client finds the credentials, or None."""
    if os.environ.get("KAGGLE_API_TOKEN"):
        return "KAGGLE_API_TOKEN"
    home = Path(os.path.expanduser("~"))  # unlike Path.home(), it needs none
    folders = [home / ".kaggle", home / ".config" / "kaggle"]
    if os.environ.get("KAGGLE_CONFIG_DIR"):
        folders.insert(0, Path(os.environ["KAGGLE_CONFIG_DIR"]))
    files = [home / ".kaggle" / "access_token", home / ".kaggle" / "access_token.txt"]
    if not any(file.exists() for file in files) and os.environ.get("KAGGLE_KEY"):
        return "KAGGLE_USERNAME and KAGGLE_KEY"
    files += [folder / "kaggle.json" for folder in folders]
    files.append(home / ".kaggle" / "credentials.json")
    return next((str(file) for file in files if file.exists()), None)


def _steps():
    return ON_COLAB if "google.colab" in sys.modules else ON_A_LAPTOP


def _missing():
    return PackageMissing('Kaggle\'s client is missing: pip install "labseg[data]"')


def _size(path):
    return path.stat().st_size if path.exists() else 0
