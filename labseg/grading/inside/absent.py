"""In the sandbox, stands in for what students call beside their answers.

labseg.check, labseg.hint, labseg.reveal, labseg.progress and labseg.explorers are not there, and no
answer needs them: whatever is called does nothing, and returns something like the verdict on an
exercise that was not attempted.
"""


class Nothing:
    """False, without a message, and just as little when called or asked for more."""

    passed = attempted = False
    points = max_points = 0
    message = html = ""

    def __bool__(self):
        return False

    def __call__(self, *args, **kwargs):
        return self

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Nothing()
