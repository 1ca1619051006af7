"""What is shown once: rich in a notebook, as plain text in a terminal."""

import sys


class Shown:
    """Something with a `message` (plain text) and `html`.

    `show` displays it at once, even where its cell assigns it to a name; where it also ends that
    cell, it is not displayed a second time.
    """

    _last = (None, None)  # what was shown, and in which cell

    def show(self):
        shell = _shell()
        if shell is None:
            encoding = sys.stdout.encoding or "utf-8"  # a terminal's may lack ✓ and ✗
            print(self.message.encode(encoding, "replace").decode(encoding))
        else:
            self._ipython_display_()
        return self

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": self.message, "text/html": self.html}

    def _ipython_display_(self):
        from IPython.display import display

        here = (self, _shell().execution_count)
        if Shown._last[0] is not self or Shown._last[1] != here[1]:
            Shown._last = here
            display(self._repr_mimebundle_(), raw=True)


def _shell():
    """The IPython in which we run, or None."""
    ipython = sys.modules.get("IPython")  # loaded wherever there is a notebook
    return ipython.get_ipython() if ipython else None
