"""A real server on a free port of this machine, and Debian's Chromium to look at it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.people import PASSWORD

WHOLE = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# The same engine without the windows of a browser: two thirds of the time. It has no viewer of PDF.
CHROMIUMS = ("chromium-headless-shell", *WHOLE)
# Milliseconds: beside the rest of the suite on two cores, an answer was once awaited for more than five seconds.
PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)
REQUIRED = "COORDINATION_REQUIRE_BROWSER"
SCREENSHOTS = "COORDINATION_SCREENSHOTS"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--lang=fr-FR",
)
# Every success criterion of WCAG 2.2 level AA that axe can judge; target-size is off unless asked for.
RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "rules": {"target-size": {"enabled": True}},
    # What passes is not told again node by node: a third of the time.
    "resultTypes": ["violations"],
    # The HTML of a place is told, not a path to it: a twelfth.
    "selectors": False,
    # Nothing here stands in a frame or waits to be loaded.
    "iframes": False,
    "preload": False,
}

# A page has ten colours and asks for them thousands of times; read once each, axe takes a quarter less.
COLOURS_READ_ONCE = """() => {
  const colour = axe.commons.color.Color.prototype, read = colour.parseString, known = new Map();
  colour.parseString = function (text) {
    if (!known.has(text)) {
      const { r, g, b, alpha } = read.call(this, text);
      known.set(text, { r, g, b, alpha });
    }
    return Object.assign(this, known.get(text));
  };
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser per file. Its event loop must not outlive it: other tests have loops of their own."""
    path = _first_of(CHROMIUMS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def whole_chromium(chromium: Browser) -> Iterator[Browser]:
    """A browser as people have it, with its viewer of PDF."""
    browser = chromium.browser_type.launch(executable_path=_first_of(WHOLE), args=list(QUIET))
    yield browser
    browser.close()


def _first_of(names: Iterable[str]) -> str:
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"No Chromium was found, and {REQUIRED}=1 asks for one.")
        pytest.skip("No Chromium was found: the pages were not tried in a browser.")
    return path


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: what fails shows in the page."""


class _Counted:
    """The application, which knows how many answers it is making.

    What a page still asked for when it was closed must be answered before its database is taken away.
    """

    def __init__(self, app: Flask) -> None:
        self.app, self.under_way, self.changed = app, 0, threading.Condition()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self._count(1)
        try:
            return self.app(environ, start_response)
        finally:
            # The database was let go of; this server may never close the answer of a form that the browser left.
            self._count(-1)

    def _count(self, more: int) -> None:
        with self.changed:
            self.under_way += more
            self.changed.notify_all()

    def wait(self) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: not self.under_way, timeout=30), "an answer never ended"


@dataclass
class Site:
    """The territory, served; `new_page` is a fresh browser profile on it."""

    app: Flask
    address: str
    browser: Browser
    contexts: list[BrowserContext]

    def new_page(self, width: int = 360, height: int = 780, **options: Any) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, locale="fr-FR", base_url=self.address, **options
        )
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"A script failed: {error}"))
        return page

    def signed_in(self, who: str, **options: Any) -> Page:
        """A page after the sign-in form, as `who`@demo.example."""
        page = self.new_page(**options)
        sign_in(page, who)
        return page


@pytest.fixture
def site(site: Flask, chromium: Browser) -> Iterator[Site]:
    """The followed territory on a port, and the browser."""
    counted = _Counted(site)
    server = make_server("127.0.0.1", 0, counted, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served = Site(site, f"http://127.0.0.1:{server.server_port}", chromium, [])
    yield served
    for context in served.contexts:
        context.close()
    server.shutdown()
    thread.join()
    # What was accepted last has a moment to begin, and what began is waited for.
    for one in threading.enumerate():
        if "process_request_thread" in one.name:
            one.join(0.5)
    counted.wait()
    server.server_close()


def sign_in(page: Page, who: str) -> None:
    page.goto("/")
    page.get_by_label("Adresse e-mail").fill(f"{who}@demo.example")
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_role("button", name="Se déconnecter").wait_for()


@dataclass
class Thumb:
    """Counts what a hand does besides typing."""

    taps: int = 0

    def tap(self, target: Locator) -> None:
        self.taps += 1
        target.tap()


def violations(page: Page) -> list[str]:
    """What axe has against the page: rule, and the places."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
        page.evaluate(COLOURS_READ_ONCE)
    found = page.evaluate("options => axe.run(document, options).then(told => told.violations)", RULES)
    return [f"{rule['id']}: {[node['html'][:160] for node in rule['nodes']][:4]}" for rule in found]


def scrolls_sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    page.wait_for_load_state()
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return max(width, 0)


def keep_screenshot(page: Page, name: str) -> None:
    """For people to look at, in the folder that the environment names."""
    folder = os.environ.get(SCREENSHOTS)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
