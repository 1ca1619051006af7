"""The steps of a U-Net (conv_block, down, up), read as layers: what each makes of its tensors."""

from dataclasses import dataclass

from labseg.errors import InvalidValue
from labseg.exercises.graphs import MADE_AND_CALLED, config_of, unused
from labseg.exercises.judge import attempt
from labseg.exercises.unet_floors import RECASTS, read_checked
from labseg.exercises.verdict import short
from labseg.layers import Layer


@dataclass
class Step:
    layers: dict[str, Layer]  # by name, each after those that it takes; those of RECASTS left out
    given: dict[str, str]  # the name of a layer → the argument that it stands for
    unused: set[str]  # the kinds of layers that were called for nothing

    @property
    def called(self):
        """All layers but the arguments, in order."""
        return [layer for name, layer in self.layers.items() if name not in self.given]

    def argument(self, name):
        """Whether the result depends on this argument of the function."""
        return name in self.given.values()

    def way_back(self, name, kinds=()):
        """From `name` back to an argument or a layer of these kinds, or to where ways join."""
        way = [self.layers[name]]
        while len(way[-1].inputs) == 1 and way[-1].kind not in kinds:
            way.append(self.layers[way[-1].inputs[0]])
        return way


def read_step(case, answer, call, allowed, arguments=("x",), explain=lambda answer: None):
    """The Step in an answer; InvalidValue, in one sentence, if it holds none.

    arguments: the names of those that are tensors; the case has their shapes.
    allowed, call, explain: see read_checked and config_of.
    """
    config = config_of(answer, call, explain)
    if config is None:
        raise InvalidValue(_no_graph(answer, arguments))
    classes = answer.get("classes")
    classes = classes if isinstance(classes, list) else ()
    layers = read_checked(config, classes, ["InputLayer", *allowed], several=True)
    given = {layer.name: _argument(case, layer, arguments) for layer in layers if not layer.inputs}
    kinds = attempt(unused, answer, layers)[0] or set()
    return Step(_without_recasts(layers), given, kinds)


def _argument(case, layer, arguments):
    """Which argument an InputLayer stands for: all have different shapes."""
    for name in arguments:
        if layer.config.get("batch_shape") == [None, *case[name]]:
            return name
    raise InvalidValue(_from_elsewhere(arguments))


def _from_elsewhere(arguments):
    return (
        "your result comes from a keras.Input of your own, "
        f"expected one that comes from {' and '.join(arguments)}"
    )


def _without_recasts(layers):
    kept, same = {}, {}
    for layer in layers:
        inputs = tuple(same[name] for name in layer.inputs)
        recast = layer.kind in RECASTS
        same[layer.name] = inputs[0] if recast else layer.name
        if not recast:
            kept[layer.name] = Layer(layer.name, layer.kind, layer.config, inputs, layer.use)
    return kept


def _no_graph(answer, arguments):
    """What to say of what was returned instead of a tensor that comes from the arguments."""
    returned, kinds = short(answer.get("returned"), 40), answer.get("kinds")
    kinds = kinds if isinstance(kinds, list) else ()
    if returned == "KerasTensor":
        return _from_elsewhere(arguments)
    if returned == "type":
        return f"your function returned a class, expected a tensor: {MADE_AND_CALLED}"
    if returned in ("list", "tuple"):
        n = short(answer.get("length"), 12)
        return f"your function returned a {returned} of length {n}, expected one tensor"
    if "Model" in kinds:
        return "your function returned a model, expected a tensor: return what the last layer gives"
    if "Layer" in kinds:
        return (
            f"your function returned the layer {returned} itself, expected a tensor: "
            f"{MADE_AND_CALLED}"
        )
    comes = f"expected a tensor that comes from {' and '.join(arguments)}"
    return f"your function returned something of type {returned}, {comes}"


def describe(case, arguments=("x",)):
    """What was given: shapes of tensors, values of others."""
    items = [
        f"{name} of shape {tuple(value)}" if name in arguments else f"{name}={value}"
        for name, value in case.items()
    ]
    return f"with {', '.join(items)}"
