"""A real JupyterLab in a real browser, as a student has it: open a lesson, run it, type."""

import contextlib
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
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--IdentityProvider.token=",
    "--ServerApp.port_retries=0",
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def lab(home, theme="light"):
    """`labseg start lessons --open` in an empty home folder; (address, folder of the lessons)."""
    settings = home / "settings" / "@jupyterlab"
    # Cells that are out of sight stay on the page, so that they can be found there.
    for extension, values in {
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/themes": {"theme": THEMES[theme]},
    }.items():
        path = settings / f"{extension}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    port = free_port()
    environment = os.environ | {
        "HOME": str(home),
        "JUPYTERLAB_SETTINGS_DIR": str(settings.parent),
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
    """A notebook that is open in JupyterLab."""

    def __init__(self, chromium, address, folder, name):
        self.path = folder / f"{name}_{time.monotonic_ns()}.ipynb"  # one that nobody has open
        shutil.copy(folder / f"{name}.ipynb", self.path)
        self.errors, self.outside = [], []
        self.page = chromium.new_page(viewport={"width": 1280, "height": 900})
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._request)
        # In a workspace of its own, JupyterLab does not open what was open before.
        self.page.goto(f"{address}/lab/workspaces/{self.path.stem}/tree/{self.path.name}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        self._wait_until_idle(60)

    def _console(self, message):
        if message.type == "error":
            self.errors.append(message.text)

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
        for _ in range(5):  # it does nothing while the kernel is not connected
            self.menu("Run", "Run All Cells")
            time.sleep(5)
            if self.page.locator(".jp-InputPrompt", has_text=re.compile(r"\[[\d*]+\]")).count():
                break
        self.page.wait_for_function(
            """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
                .every(prompt => /\\[\\d+\\]/.test(prompt.textContent))""",
            timeout=seconds * 1000,
        )
        self._wait_until_idle(seconds)

    def _wait_until_idle(self, seconds):
        self.page.wait_for_function(
            """() => {
                const dot = document.querySelector(".jp-Notebook-ExecutionIndicator");
                const prompts = [...document.querySelectorAll(".jp-InputPrompt")];
                return dot && dot.dataset.status === "idle"
                    && !prompts.some(prompt => prompt.textContent.includes("*"));
            }""",
            timeout=seconds * 1000,
        )

    def saved(self):
        """Save the notebook in the browser; what is in its file then."""
        self.menu("File", "Save Notebook")
        self.page.wait_for_selector(".lm-TabBar-tab.jp-mod-current:not(.jp-mod-dirty)")
        for _ in range(100):  # the file is emptied before it is written
            with contextlib.suppress(ValueError):
                return nbformat.read(self.path, as_version=4)
            time.sleep(0.1)
        raise AssertionError(f"{self.path} was not saved")

    def cell(self, text):
        """The code cell with a text in its source."""
        return (
            self.page.locator(".jp-CodeCell")
            .filter(has=self.page.locator(".jp-InputArea-editor", has_text=text))
            .first
        )

    def type(self, text, source):
        """Replace the source of the cell that holds `text`, and run it; the cell."""
        cell = self.cell(text)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        self.run_selected()
        return self.cell(source.partition("\n")[0])

    def run(self, text):
        """Run the cell that holds `text`; what it then shows."""
        cell = self.cell(text)
        cell.locator(".cm-content").click()
        self.run_selected()
        return cell.locator(".jp-OutputArea").inner_text()

    def run_selected(self):
        self.page.keyboard.press("Control+Enter")
        time.sleep(0.5)
        self._wait_until_idle(120)

    def pictures(self):
        """[(text alternative, width in pixels)] of the pictures that are shown."""
        return self.page.evaluate(
            "[...document.querySelectorAll('.jp-OutputArea img')].map(i => [i.alt, i.naturalWidth])"
        )

    def picture(self, path):
        self.page.screenshot(path=path)

    def close(self):
        self.page.close()
