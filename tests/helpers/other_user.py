"""What permissions do to somebody who is not root: root may read all."""

import os
from contextlib import contextmanager

NOBODY = 65534


@contextmanager
def other_user(folder):
    """As somebody who may read `folder` but is not root; a test run by such a user stays as is."""
    for each in (folder, *folder.parents[:3]):
        each.chmod(each.stat().st_mode | 0o055)  # pytest's own are closed to others
    user = os.geteuid()
    try:
        os.seteuid(user or NOBODY)
        yield
    finally:
        os.seteuid(user)
