"""Sphinx's settings for the site."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert
from sphinx.application import Sphinx

project = "labseg"
author = "The labseg authors"
language = "en"
extensions = ["myst_nb"]
html_theme = "furo"
html_title = "labseg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_use_index = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_favicon = "_static/favicon.svg"
pygments_dark_style = "github-dark"
html_permalinks_icon = "#"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_mime_priority_overrides = [
    ("html", "application/vnd.jupyter.widget-view+json", None),  # the still figure instead
]
nb_merge_streams = True
html_math_renderer = "mathml"


def _inline(self, node):
    self.body.append(convert(node.astext()))
    raise SkipNode


def _block(self, node):
    self.body.append(
        f'<div class="math" tabindex="0">{convert(node.astext(), display="block")}</div>'
    )
    raise SkipNode


def _with_levels(app, page, template, context, doctree):
    """Sphinx gives its captions the role of a heading, but no level."""
    for part in ("body", "furo_navigation_tree"):
        if part in context:
            levelled = 'role="heading" aria-level="2"'
            context[part] = context[part].replace('role="heading"', levelled)


def setup(app: Sphinx) -> None:
    """Formulas become MathML, which browsers draw by themselves."""
    app.connect("html-page-context", _with_levels, priority=900)
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
