"""The student's side: call their function, and keep only what JSON can hold.

When a lab is graded, this file alone runs beside the student's code. It judges nothing.
"""

import json

MAX_MESSAGE = 500


def unet(build_unet, cases):
    """For each case a dict of strings that says what build_unet gave.

    {"config": the model's configuration as JSON text}, or {"error": the exception's type,
    "message": its words}, or {"returned": the type's name} if it isn't a Keras model.
    """
    return [_unet(build_unet, dict(case)) for case in cases]


def _unet(build_unet, case):
    import keras

    shape, n_ch, floors = tuple(case.pop("input_shape")), case.pop("n_ch"), case.pop("floors")
    try:
        model = build_unet(shape, n_ch, floors, **case)  # convs, where the case has it
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)[:MAX_MESSAGE]}
    if not isinstance(model, keras.Model):
        return {"returned": type(model).__name__}
    try:
        return {"config": model.to_json()}
    except Exception:  # a subclass of keras.Model says nothing of its layers
        return {"config": json.dumps({"class_name": type(model).__name__, "config": {}})}
