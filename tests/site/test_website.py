"""The static site in a browser. LABSEG_SITE names its folder; `.ci/run site` makes it first."""

import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from jupyter import browser

pytestmark = pytest.mark.browser
SITE = Path(os.environ.get("LABSEG_SITE", "site"))
PICTURES = os.environ.get("LABSEG_SCREENSHOTS")  # a folder, to look at them
PAGES = sorted(
    str(path.relative_to(SITE)) for path in SITE.rglob("*.html") if "_static" not in path.parts
)
LESSONS = [page for page in PAGES if page.startswith("lessons")]

WITHOUT_CODE = """(() => {
    const page = document.body.cloneNode(true);
    page.querySelectorAll("pre, code, script, style").forEach(part => part.remove());
    return page.textContent;
})()"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.fixture
def visit(chromium, address):
    """A function that opens a page. At the end, the browser must have had no complaint."""
    tabs, complaints = [], []

    def open_page(name, theme="light"):
        tab = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme=theme)
        tabs.append(tab)
        tab.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on(
            "request",
            lambda asked: asked.url.startswith((address, "data:")) or complaints.append(asked.url),
        )
        tab.goto(f"{address}/{name}")
        if PICTURES:
            tab.screenshot(path=Path(PICTURES) / f"{name.replace('/', '_')}_{theme}.png")
        return tab

    yield open_page
    for tab in tabs:
        tab.close()
    assert complaints == []


def test_there_is_a_page_for_each_lesson_and_for_the_guide():
    assert len(LESSONS) == 5
    assert {"index.html", "instructors/guide.html", "instructors/index.html"} <= set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_pictures_are_there_and_described_and_formulas_are_drawn(visit, name):
    tab = visit(name)
    pictures = tab.evaluate("[...document.images].map(i => [i.alt, i.naturalWidth])")
    assert all(alt and width for alt, width in pictures)
    text = tab.inner_text("body")
    assert "\\mu" not in text
    assert "$" not in tab.evaluate(WITHOUT_CODE)
    sizes = tab.evaluate("[...document.querySelectorAll('math')].map(m => m.clientHeight)")
    hidden = tab.evaluate("[...document.querySelectorAll('details math')].length")
    assert sum(size > 0 for size in sizes) >= len(sizes) - hidden


def test_the_metrics_have_formulas_and_figures(visit):
    tab = visit("lessons/03_metrics.html")
    assert tab.locator("math").count() > 10
    assert tab.locator("img").count() > 10


def test_no_link_leads_nowhere(visit):
    broken = set()
    ids = {}
    for name in PAGES:
        tab = visit(name)
        for link in tab.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)"):
            if not link.startswith("http://127.0.0.1"):
                continue
            path, _, anchor = link.partition("#")
            file = path.split("/", 3)[3].partition("?")[0] or "index.html"
            if not (SITE / file).exists():
                broken.add(link)
            elif anchor:
                ids.setdefault(file, (SITE / file).read_text("utf-8"))
                if f'id="{anchor}"' not in ids[file]:
                    broken.add(link)
    assert broken == set()


@pytest.mark.parametrize("name", LESSONS)
def test_solutions_open_with_a_click(visit, name):
    tab = visit(name)
    folds = tab.locator("details.hide").filter(has_text="Show a solution")
    assert folds.count() > 0
    code = folds.first.locator("pre")
    assert not code.is_visible()
    folds.first.locator("summary").click()
    assert code.is_visible()
    assert "SOLUTION" not in tab.content()
    assert "HIDDEN TESTS" not in tab.content()


def test_the_search_finds_the_receptive_field(visit):
    tab = visit("index.html")
    tab.fill("input[name=q]", "receptive field")
    tab.press("input[name=q]", "Enter")
    tab.get_by_role("link", name="4 · The U-Net").nth(1).wait_for()


def test_slides_turn_with_the_arrow_keys(visit):
    tab = visit("slides/04_unet.html")
    assert tab.locator("section").count() > 5
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("scrollY === innerHeight")
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_function("scrollY === 0")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_everyone_can_read_it(visit, name, theme):
    from axe_playwright_python.sync_playwright import Axe

    tab = visit(name, theme)
    found = Axe().run(tab).response["violations"]
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], each["nodes"][0]["html"]) for each in grave] == []
