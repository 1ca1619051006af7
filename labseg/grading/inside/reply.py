"""What is sent out of the sandbox: answers, as plain data through a pipe."""

import os

from . import wire

MAX_MESSAGE = 500


def send(out, message):
    """Write a message to the pipe; one that is no plain data says so."""
    try:
        content = wire.pack(message)
    except (ValueError, TypeError, RecursionError) as error:
        why = f"what came back can't be sent ({text_of(error)})"
        content = wire.pack({"exercise": message["exercise"], "failed": why})
    content = len(content).to_bytes(8, "big") + content
    while content:
        content = content[os.write(out, content) :]


def asked(exercise, value):
    """{"answers"}: what answers.py makes of a student's function or value."""
    from labseg.exercises import answers

    ask = getattr(answers, exercise["function"])
    return {"answers": ask(value, exercise["cases"], **exercise["keywords"])}


def text_of(error):
    """Its kind and what it says, if it says anything."""
    try:
        said = str(error)
        return (type(error).__name__ + f": {said}" * bool(said))[:MAX_MESSAGE]
    except Exception:
        return "an error without a readable message"
