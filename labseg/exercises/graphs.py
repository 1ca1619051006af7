"""What the exercises about models and tensors share: from an answer to the faults of its parts.

What an answer holds is read as a graph, by each exercise in its own way; here is what to say of an
answer that holds none, and how the parts of an exercise are judged over all cases.
"""

import re

from labseg.errors import InvalidValue
from labseg.exercises.judge import attempt, fault_of, raised
from labseg.exercises.unet_floors import ALLOWED, read_net
from labseg.exercises.verdict import short

WAITS = "judged once"  # how a sentence begins that says why a part can't be judged yet
WAIT = f"{WAITS} your function works for every input"

# --- the parts of an exercise ----------------------------------------------------------------


def by_graph(cases, answers, read, parts, describe, ignorable):
    """{part: its first fault, or None}.

    read: (case, answer) → a graph; InvalidValue if the answer holds none.
    parts: {part: (case, graph) → a sentence or None}.
    describe: case → what was given, such as "with n_ch=3".
    ignorable: {part: what part_fault takes as `ignorable`}.
    """
    found = [
        (case, *attempt(read, case, answer)) for case, answer in zip(cases, answers, strict=True)
    ]
    graphs = [(case, graph) for case, graph, failure in found if not failure]
    failures = [(case, failure) for case, _, failure in found]
    if not graphs and len({failure for _, failure in failures}) == 1:
        return dict.fromkeys(parts, failures[0][1])
    faults = {
        part: part_fault(judge_part, graphs, describe, ignorable.get(part))
        for part, judge_part in parts.items()
    }
    if failure := first_fault(failures, describe):
        otherwise = WAIT if any(faults.values()) else failure
        faults = {part: fault or otherwise for part, fault in faults.items()}
    return faults


def part_fault(judge_part, graphs, describe, ignorable=None):
    """The first fault of a part over [(case, graph)], or that it never changes with an argument.

    ignorable: (what is counted, the argument, graph → {place: number}), such as
    ("channels", "n_ch", …): a function that ignores the argument gives the same every time.
    """
    fault = first_fault(
        ((case, fault_of(judge_part, case, graph)) for case, graph in graphs), describe
    )
    if fault and not fault.startswith(WAITS) and ignorable:
        counted, argument, observe = ignorable
        seen = [attempt(observe, graph)[0] for _, graph in graphs]
        asked = {case.get(argument) for case, _ in graphs}
        if len(asked) > 1 and all(seen) and _agree(seen):
            always = f"it is always {next(iter(seen[0].values()))}"
            if counted == argument:
                argument = f"the argument {argument}"
            return f"the number of {counted} does not change with {argument}: {always}"
    return fault


def first_fault(faults, describe):
    """The first of [(case, fault or None)], with what was given; None if there is none."""
    for case, fault in faults:
        if fault:
            return fault if fault.startswith(WAITS) else f"{describe(case)}: {fault}"


def _agree(dicts):
    """Whether no key has two values."""
    items = {item for each in dicts for item in each.items()}
    return len(items) == len({key for key, _ in items})


def unused(answer, layers):
    """The kinds of layers that the function has called without using what came of them."""
    used = [layer.config.get("name") for layer in layers]
    return {
        short(entry["class_name"], 40)
        for entry in answer.get("layers", ())
        if entry["config"]["name"] not in used
    }


def loose_end(kind):
    """What to say of a layer in `unused`."""
    return (
        f"the result of {a(kind)} is not used: each layer takes the result of the one before, "
        "as in x = …(x)"
    )


def count(n, thing):
    return f"{n} {thing}" + ("" if n == 1 else "s")


def a(kind):
    """The name of a layer's class with its article."""
    return f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind}"


# --- what to say of an answer without a graph ------------------------------------------------


def config_of(answer, call, explain=lambda answer: None):
    """The configuration in an answer; InvalidValue says why there is none.

    call: how the function is called, such as "down(x)".
    explain: answer → a sentence about what was raised, or None.
    """
    if not isinstance(answer, dict):
        raise InvalidValue("there is no answer")
    if "config" in answer:
        return answer["config"]
    if error := raised(answer):
        sentence = attempt(explain, answer)[0] or attempt(_explained, answer, call)[0]
        raise InvalidValue(sentence or error)
    if answer.get("returned") == "NoneType":
        raise InvalidValue("your function returned None: is there a `return` at its end?")
    if message := short(answer.get("message", ""), 200):
        raise InvalidValue(f"your model cannot be read: {message}")
    return None


def net_of(answer, call, explain=lambda answer: None, allowed=ALLOWED):
    """The Net of the model in an answer; InvalidValue, in one sentence, if it holds none.

    call, explain, allowed: see config_of and read_net.
    """
    config = config_of(answer, call, explain)
    if config is None:
        returned = short(answer.get("returned"), 40)
        then = ": return keras.Model(inputs, outputs)" if returned == "KerasTensor" else ""
        raise InvalidValue(
            f"your function returned something of type {returned}, not a model{then}"
        )
    classes, dtypes = answer.get("classes"), answer.get("dtypes")
    net = read_net(config, classes if isinstance(classes, list) else (), allowed)
    if isinstance(dtypes, list) and dtypes and isinstance(dtypes[0], str):
        net.dtype = dtypes[0]
    net.unused = attempt(unused, answer, net.layers.values())[0] or set()
    return net


OTHER_CALL = r"[\w.<>]*\(\) (takes|missing|got an unexpected|got multiple)"
MADE_AND_CALLED = "first make the layer, then call it on the tensor, as in layers.ReLU()(x)"
# What Keras's messages say, and what to say instead.
EXPLAINED = {
    "Iterating over a symb|used as a boolean|convert it to an int|identifier: <KerasTensor": (
        "a tensor is used like a number or a list, perhaps among the settings of a layer: "
        + MADE_AND_CALLED
    ),
    "Only input tensors may be passed as positional": (
        f"a layer is called on something that is no tensor, perhaps on a layer: {MADE_AND_CALLED}"
    ),
    "to a TensorFlow function|convert it to a NumPy array": (
        "the tensors here hold no numbers yet, so use only Keras's layers and keras.ops on them, "
        "nothing from NumPy or tf"
    ),
    "expected axis -1 of input shape to have value": (
        "one layer is called on tensors with different numbers of channels, but its weights fit "
        "only the first: make a new layer for each call"
    ),
    "too many positional arguments": (
        "a layer is called with too many arguments: several tensors go into one list, as in "
        "Concatenate()([a, b])"
    ),
    r"Concatenate\.__init__\(\) takes": (
        "Concatenate is given the tensors where it is made: first make it, then call it on a list "
        "of them, as in Concatenate()([a, b])"
    ),
    r"expects 1 input\(s\), but it received": (
        "a layer that takes one tensor is called on several: only Concatenate takes a list"
    ),
    "filters=0": "you ask for a convolution with 0 channels, which Keras refuses",
    r"invalid dimension '\d+\.\d+'": (
        "a number of channels is not an int: divide with //, not with /"
    ),
}


def _explained(answer, call):
    """A sentence about an exception whose own message says too little, or None."""
    error, message = raised(answer), short(answer.get("message"))
    if re.match(OTHER_CALL, message) and "__init__()" not in message:
        return f"your function is called as {call}, but it {error.removeprefix('your function ')}"
    if answer["error"] == "NotImplementedError" and answer.get("layers"):
        return f"{error}: delete the line that raises it"
    for words, sentence in EXPLAINED.items():
        if re.search(words, message):
            return f"your function raised {short(answer['error'], 40)}: {sentence}"
