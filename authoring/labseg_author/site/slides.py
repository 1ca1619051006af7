"""A lesson's figures as slides: one to a screen, with the question that comes before it."""

import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

LENGTH = 320  # characters of the text above a figure
NO_TEXT = ("#", "<", "|", "```", "- ", "* ", "1. ", "$$")  # how other blocks than text begin

markdown = MarkdownIt()
markdown.use(
    dollarmath_plugin,
    renderer=lambda formula, options: convert(
        formula, display="block" if options["display_mode"] else "inline"
    ),
)


@dataclass(frozen=True)
class Slide:
    heading: Markup
    lead: Markup  # the text above the picture
    picture: Markup  # an <img>


def deck(title, notebook):
    """The HTML of a lesson's slides; notebook: solved and executed."""
    page = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    learn = next(
        (text for cell in notebook.cells for text in _texts(cell) if "You will learn" in text), ""
    )
    return page.get_template("slides.html").render(
        title=title, learn=_inline(learn), slides=list(_slides(notebook))
    )


def _slides(notebook):
    heading = lead = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#{2,3} (.+)$", cell.source, re.MULTILINE)
            heading = headings[-1] if headings else heading
            lead = next(reversed(list(_texts(cell))), "")
            continue
        for out in cell.get("outputs", []):
            for picture in re.findall(r"<img [^>]*>", out.get("data", {}).get("text/html", "")):
                yield Slide(_inline(heading), _inline(_short(lead)), Markup(picture))
                lead = ""  # said once


def _texts(cell):
    """The paragraphs of a text cell, folded ones left out."""
    if cell.cell_type != "markdown":
        return
    source = re.sub(r"<details>.*?</details>", "", cell.source, flags=re.DOTALL)
    for block in re.split(r"\n\s*\n", source):
        if block.strip() and not block.strip().startswith(NO_TEXT):
            yield " ".join(block.split())


def _short(text):
    """Its first sentences, as many as fit above a figure."""
    if len(text) <= LENGTH:
        return text
    kept = ""
    for sentence in re.split(r"(?<=[.?!:]) ", text):
        if kept and len(kept) + len(sentence) > LENGTH:
            break
        kept += f"{sentence} "
    return kept.strip()


def _inline(text):
    return Markup(markdown.renderInline(text))
