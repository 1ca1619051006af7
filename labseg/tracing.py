"""What a Keras model computes, as text, and which layers a piece of code has called.

A layer or model of the user's own class does not say what it holds. Called on symbolic tensors,
it shows: in the text, the functional model that it builds stands in its place.
"""

import json
import warnings
from contextlib import contextmanager

SIZES = ("kernel_size", "pool_size", "size", "strides", "padding", "output_padding", "cropping")
MAX_CALLS = 500


def configuration(model):
    """The model as JSON text, and the names of the own classes in it.

    Raises ValueError, in one sentence, if it cannot be written as text.
    """
    if not hasattr(model, "to_json"):
        raise ValueError(f"expected a Keras model, not {type(model).__name__}")
    classes = sorted(_own_classes(model))
    if classes and not _is_graph(model):
        raise ValueError(
            f"{type(model).__name__} is a class of its own, not a functional model: "
            "return keras.Model(inputs, outputs)"
        )
    try:
        with warnings.catch_warnings(action="ignore"):
            if classes:
                model = _Tracer().model(model, _one_or_all(model.inputs))
            return model.to_json(), classes
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"Keras cannot write the model as text: {reason}") from None


def _is_own(layer):
    return not type(layer).__module__.startswith("keras.")


def _is_graph(layer):
    """Whether it is a functional model, or a Sequential one that is built."""
    return isinstance(getattr(layer, "inputs", None), list)


def _own_classes(layer):
    inner = getattr(layer, "layers", None)
    found = {type(layer).__name__} if _is_own(layer) else set()
    return found.union(*map(_own_classes, inner if isinstance(inner, list) else ()))


class _Tracer:
    """Rebuilds models on new inputs, with the same layers."""

    def __init__(self):
        self.models = {}  # id of a layer with weights → its model: to share it is to share these

    def model(self, layer, *args, **kwargs):
        """What the layer, or model, does to tensors like these, as a functional model."""
        import keras

        args, kwargs = keras.tree.map_structure(_new_input, (args, kwargs))
        name = layer.name if layer.weights else None  # without any it may stand in several places
        graph = keras.Model(_tensors(args, kwargs), layer.call(*args, **kwargs), name=name)
        return keras.models.clone_model(
            graph, clone_function=lambda same: same, call_function=self.call
        )

    def call(self, layer, *args, **kwargs):
        """Call the layer or, if that is of its own class, what it computes."""
        if not (_is_own(layer) or _is_graph(layer)):
            return layer(*args, **kwargs)
        kwargs.pop("mask", None)
        try:
            model = self.models.get(id(layer)) or self._replacement(layer, args, kwargs)
        except Exception:  # its code does more than call other layers
            return layer(*args, **kwargs)
        if layer.weights:
            self.models[id(layer)] = model
        return model(_one_or_all(_tensors(args, kwargs)))

    def _replacement(self, layer, args, kwargs):
        import keras

        kind = next(kind for kind in type(layer).__mro__ if kind.__module__.startswith("keras."))
        if type(layer).call is kind.call and not isinstance(layer, keras.Model):
            return kind.from_config(layer.get_config())  # it only has other defaults
        return self.model(layer, *args, **kwargs)


def _one_or_all(tensors):
    return tensors if len(tensors) > 1 else tensors[0]


def _new_input(value):
    import keras

    if not isinstance(value, keras.KerasTensor):
        return value
    return keras.Input(batch_shape=value.shape, dtype=value.dtype)


def _tensors(args, kwargs):
    import keras

    return [t for t in keras.tree.flatten((args, kwargs)) if isinstance(t, keras.KerasTensor)]


@contextmanager
def calls():
    """A list that fills with the layers that are called: {"class_name", "config"}.

    Of the configuration, only the name and the sizes.
    """
    import keras

    call, called = keras.layers.Layer.__call__, []

    def note_and_call(self, *args, **kwargs):
        if len(called) < MAX_CALLS:
            called.append({"class_name": type(self).__name__, "config": _sizes(self)})
        return call(self, *args, **kwargs)

    keras.layers.Layer.__call__ = note_and_call
    try:
        yield called
    finally:
        keras.layers.Layer.__call__ = call


def _sizes(layer):
    values = {name: getattr(layer, name, None) for name in SIZES}
    sizes = {name: json.loads(json.dumps(v)) for name, v in values.items() if _is_size(v)}
    return {"name": str(layer.name)} | sizes


def _is_size(value):
    if isinstance(value, tuple | list):
        return len(value) <= 2 and all(map(_is_size, value))
    return isinstance(value, int | str)
