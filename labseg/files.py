"""Writing files: whole or not at all, and what is said when a disk refuses."""

import contextlib
import errno
import os
from pathlib import Path

from labseg.errors import DiskError, FileInTheWay, LabsegError, NotAllowed

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
IN_THE_WAY = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR}


@contextlib.contextmanager
def disk_errors(path, then=""):
    """Turns each OSError of writing to `path` into one of labseg's, with the remedy.

    then: what to do once a full disk has space again.
    """
    try:
        yield
    except LabsegError:
        raise
    except OSError as error:
        if error.errno is None or isinstance(error, ConnectionError):
            raise  # not the disk's
        kind, remedy = DiskError, "choose another folder"
        if error.errno in FULL:
            remedy = f"free some space, or choose a folder on another disk{then}"
        elif error.errno == errno.ENAMETOOLONG:
            remedy = "choose a folder with a shorter name"
        elif error.errno in REFUSED:
            kind = NotAllowed
        elif error.errno in IN_THE_WAY:
            kind = FileInTheWay
        raise kind(f"Cannot write to {path}: {error.strerror or error}; {remedy}.") from None


def write_whole(path, content):
    """Write `content` (bytes, or text as UTF-8) to `path`, all of it or nothing.

    It is written beside the place where it belongs and renamed when it is complete. Folders that
    are missing are made. Raises OSError as writing does; then the old file is still there.
    """
    path = Path(path)
    if isinstance(content, str):
        content = content.encode("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
