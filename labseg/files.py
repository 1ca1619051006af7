"""Writing a file whole or not at all."""

import os
from pathlib import Path


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
