"""Controls above a picture: ipywidgets where they can live, a still figure elsewhere."""

import importlib.util
from dataclasses import dataclass
from functools import cached_property

VIEW = "application/vnd.jupyter.widget-view+json"
NOTE = "A still figure: its sliders need ipywidgets, and a notebook that runs."


@dataclass(frozen=True)
class Slider:
    """A number from `low` to `high`; whole numbers if the step is one."""

    label: str
    low: float
    high: float
    start: float
    step: float = 1


@dataclass(frozen=True)
class Switch:
    """A checkbox, off at first."""

    label: str


class Explorer:
    """What an explorer returns: show it by making it the last line of a cell, or with `display`.

    sliders: {name: Slider or Switch}.
    view: called with a value for each of these names, gives HTML with a text for each picture.
    still: called without arguments, gives (text, HTML) of a figure that stands in for it.
    """

    def __init__(self, sliders, view, still):
        self.sliders, self._view, self._still = sliders, view, still
        self.view()  # so that a fault shows where the explorer is made

    def view(self, **values):
        """The HTML for these values; the others as they are at first."""
        first = {name: getattr(each, "start", False) for name, each in self.sliders.items()}
        return self._view(**first | values)

    @cached_property
    def controls(self):
        """{name: ipywidgets slider or checkbox}."""
        return {name: _control(each) for name, each in self.sliders.items()}

    @cached_property
    def picture(self):
        """The ipywidgets.HTML below the controls; it follows them."""
        import ipywidgets

        # HTML because ipywidgets.Image has no text for those who can't see it.
        picture = ipywidgets.HTML(self.view())

        def follow(_):
            picture.value = self._view(**{n: each.value for n, each in self.controls.items()})

        for control in self.controls.values():
            control.observe(follow, "value")
        return picture

    @cached_property
    def widget(self):
        """Everything, as one ipywidgets.VBox."""
        import ipywidgets

        return ipywidgets.VBox([*self.controls.values(), self.picture])

    def _repr_mimebundle_(self, include=None, exclude=None):
        """A page shows the widget if it can, and else the figure."""
        text, html = self._still()
        html = f'{html}<p style="margin: 0"><small>{NOTE}</small></p>'
        bundle = {"text/plain": text, "text/html": html}
        if importlib.util.find_spec("ipywidgets"):
            model = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
            bundle[VIEW] = model
        return bundle


def _control(each):
    import ipywidgets

    style = {"description_width": "130px"}
    if isinstance(each, Switch):
        return ipywidgets.Checkbox(
            value=False, description=each.label, indent=True, style=style, layout={"width": "98%"}
        )
    kind = ipywidgets.IntSlider if each.step == 1 else ipywidgets.FloatSlider
    return kind(
        value=each.start,
        min=each.low,
        max=each.high,
        step=each.step,
        description=each.label,
        style=style,
        layout={"width": "98%", "max_width": "560px"},
    )
