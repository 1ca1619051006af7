"""A real JupyterLab in a real browser, as a student has it: open a lesson, run it, type."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import nbformat

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--IdentityProvider.token=",
    "--ServerApp.port_retries=0",
    "--LabApp.expose_app_in_browser=True",  # as window.jupyterapp, which knows what to wait for
]
LONG = 120_000  # milliseconds; a test that passes never waits so long

# Whatever asks for an answer before the lesson can be read is a fault, as is an error.
WATCH_DIALOGS = """
new MutationObserver(records => {
    for (const node of records.flatMap(record => [...record.addedNodes]))
        if (node.matches?.(".jp-Dialog")) console.error(`dialog: ${node.textContent}`);
}).observe(document, {childList: true, subtree: true});
"""
# JupyterLab asks again and again which kernels there are. Between a kernel's start and its first
# sign of life jupyter_server 2.21 has no answer; to the next question it has.
UNANSWERED = re.compile(r"the server responded with a status of 500 .*/api/kernels\?")
PANEL = "window.jupyterapp.shell.currentWidget"
CONNECTED = f"""() => {{
    const dialog = document.querySelector(".jp-Dialog");
    if (dialog) throw new Error(`dialog: ${{dialog.textContent}}`);
    const kernel = {PANEL}?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}}"""
# A cell gets its number when all that it shows has arrived.
HAS_RUN = """([cell, before]) => {
    const prompt = cell.querySelector(".jp-InputPrompt").textContent;
    return /\\[\\d+\\]/.test(prompt) && prompt !== before;
}"""
ALL_HAVE_RUN = """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
    .every(prompt => /\\[\\d+\\]/.test(prompt.textContent))"""
TEXTS, OUTPUTS = ".jp-RenderedMarkdown", ".jp-OutputArea-output"  # ours; the rest is JupyterLab's
# Not ours: ipywidgets' sliders, whose handle has no name but a label beside it, and the colours of
# Keras's model.summary().
THEIRS = [[".noUi-handle"], ["pre span"]]
# JupyterLab does not underline links, and its dark theme's are close to the colour of the text.
OPTIONS_OF_AXE = '{resultTypes: ["violations"], rules: {"link-in-text-block": {enabled: false}}}'


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def lab(home):
    """`labseg start lessons --open` in an empty home folder; (address, folder of the lessons)."""
    # Cells that are out of sight stay on the page, so that they can be found there.
    tracker = home / "settings" / "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text(json.dumps({"windowingMode": "none"}), encoding="utf-8")
    port = free_port()
    environment = os.environ | {
        "HOME": str(home),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    run = "from labseg.cli import app; app()"
    command = [sys.executable, "-c", run, "start", "lessons", "--open", "--"]
    with open(home / "log.txt", "wb") as log:
        server = subprocess.Popen(
            [*command, *OPTIONS, f"--ServerApp.port={port}"],
            cwd=home,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(port, server, home / "log.txt")
        yield f"http://127.0.0.1:{port}", home / "lessons"
    finally:
        os.killpg(server.pid, 15)
        server.wait()


def _wait_for(port, server, log):
    for _ in range(300):
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        assert server.poll() is None, log.read_text("utf-8")
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab does not answer:\n{log.read_text('utf-8')}")


@contextmanager
def browser():
    """Debian's Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield chromium
        chromium.close()


class Lesson:
    """A notebook that is open in JupyterLab, its kernel connected unless `connected` is False.

    script: run by the page before all else.
    errors: what the browser's console complained about, dialogs too; outside: requests to others.
    """

    def __init__(self, chromium, address, folder, name, script="", connected=True):
        self.path = folder / f"{name}_{time.monotonic_ns()}.ipynb"  # one that nobody has open
        shutil.copy(folder / f"{name}.ipynb", self.path)
        self.errors, self.outside = [], []
        self.page = chromium.new_page(viewport={"width": 1280, "height": 900})
        self.page.set_default_timeout(LONG)
        self.page.add_init_script(WATCH_DIALOGS + script)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._request)
        # In a workspace of its own, JupyterLab does not open what was open before.
        self.page.goto(f"{address}/lab/workspaces/{self.path.stem}/tree/{self.path.name}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        if connected:
            self.wait_for_kernel()

    def wait_for_kernel(self, seconds=LONG / 1000):
        """Until then JupyterLab says "idle" too, and Run starts nothing or asks for a kernel."""
        self.page.wait_for_function(CONNECTED, timeout=seconds * 1000)

    def _console(self, message):
        said = f"{message.text} at {message.location['url']}"
        if message.type == "error" and not UNANSWERED.search(said):
            self.errors.append(said)

    def _request(self, request):
        if not re.match(r"(http|ws)s?://127\.0\.0\.1|data:|blob:", request.url):
            self.outside.append(request.url)

    def menu(self, *entries):
        for entry in entries:
            self.page.locator(".lm-MenuBar-itemLabel, .lm-Menu-itemLabel").get_by_text(
                entry, exact=True
            ).click()

    def run_all(self, seconds):
        """Run a notebook that has not been run yet, until each of its cells has a number."""
        self.menu("Run", "Run All Cells")
        self.page.wait_for_function(ALL_HAVE_RUN, timeout=seconds * 1000)

    def notebook(self):
        """The notebook as it is on the page, saved or not."""
        return nbformat.from_dict(self.page.evaluate(f"{PANEL}.context.model.toJSON()"))

    def cell(self, text):
        """The first code cell with a text in its source."""
        editor = self.page.locator(".jp-InputArea-editor", has_text=text)
        return self.page.locator(".jp-CodeCell").filter(has=editor).first.element_handle()

    def run(self, text, source=None):
        """Run the cell that holds `text`, or type another source there before; what it shows."""
        cell = self.cell(text)
        before = cell.query_selector(".jp-InputPrompt").text_content()
        cell.query_selector(".cm-content").click()
        if source is not None:
            self.page.keyboard.press("Control+A")
            self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(HAS_RUN, arg=[cell, before])
        return "".join(out.inner_text() for out in cell.query_selector_all(".jp-OutputArea-output"))

    def theme(self, name):
        """Change JupyterLab's theme: "light" or "dark"."""
        theme = f"JupyterLab {name.title()}"
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
        )
        self.page.wait_for_function(
            """theme => document.body.dataset.jpThemeName === theme
                && !document.getElementById("jupyterlab-splash")""",
            arg=theme,
        )

    def pictures(self):
        """[(text alternative, width in pixels)] of the pictures that are shown."""
        return self.page.evaluate(
            "[...document.querySelectorAll('.jp-OutputArea img')].map(i => [i.alt, i.naturalWidth])"
        )

    def headings(self):
        """The levels of the headings, from first to last."""
        return self.page.evaluate(
            """[...document.querySelectorAll(".jp-RenderedMarkdown :is(h1, h2, h3, h4, h5, h6)")]
                .map(heading => Number(heading.tagName[1]))"""
        )

    def barriers(self, texts=True):
        """What axe calls serious or critical in outputs and in texts, as lines of text."""
        from axe_playwright_python.base import AXE_SCRIPT

        self._unroll()
        self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate(
            f"context => axe.run(context, {OPTIONS_OF_AXE})",
            {"include": [[OUTPUTS], [TEXTS]][: 1 + texts], "exclude": THEIRS},
        )
        return [
            f"{fault['id']}: {node['html'][:200]} {node['failureSummary']}"
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]

    def _unroll(self):
        """Make the screen as high as the notebook: axe reads no colours where it need scroll."""
        panel = "document.querySelector('.jp-WindowedPanel-outer')"
        bottom = "[...document.querySelectorAll('.jp-Cell')].at(-1).getBoundingClientRect().bottom"
        height = self.page.evaluate(f"{panel}.scrollTop = 0, {bottom}")
        self.page.set_viewport_size({"width": 1280, "height": int(height) + 100})
        self.page.add_style_tag(content="body { height: 100vh; }")  # JupyterLab's has no height
        self.page.wait_for_function(f"{panel}.getBoundingClientRect().bottom >= {bottom}")

    def screens(self, folder, name, whole=True):
        """A picture of the screen, or of the whole lesson, a screen each."""
        if not whole:
            self.page.screenshot(path=folder / f"{name}.png")
            return
        self.page.set_viewport_size({"width": 1280, "height": 1500})
        scroller = self.page.query_selector(".jp-WindowedPanel-outer")
        total, screen = scroller.evaluate("node => [node.scrollHeight, node.clientHeight]")
        for n, top in enumerate(range(0, total, screen)):
            scroller.evaluate("(node, top) => { node.scrollTop = top; }", top)
            self.page.screenshot(path=folder / f"{name}_{n:02}.png")

    def close(self):
        self.page.evaluate(f"{PANEL}.sessionContext.shutdown()")  # its kernel would go on
        self.page.close()
