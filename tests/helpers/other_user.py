"""What permissions do to somebody who is not root: root may read all."""

import os
from contextlib import contextmanager

NOBODY = 65534


@contextmanager
def other_user(folder):
    """As somebody who may enter `folder` and is not root; who is not root anyway stays so."""
    if os.geteuid() != 0:
        yield
        return
    for each in (folder, *folder.parents[:3]):
        each.chmod(each.stat().st_mode | 0o055)  # pytest's own are closed to others
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
