"""Axe finds what it should, as the tests of pages ask it: colours read once are those that it would read again."""

from __future__ import annotations

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.browser.conftest import COLOURS_READ_ONCE, RULES, violations

pytestmark = pytest.mark.browser

# (colour, background, whether it is dark or light enough): axe asks for 4.5 to 1.
PAIRS = [
    ("#767676", "#ffffff", True),
    ("#777777", "#ffffff", False),
    ("rgb(0 0 0 / 60%)", "#ffffff", True),
    ("rgb(0 0 0 / 45%)", "#ffffff", False),
    ("hsl(0 0% 46%)", "white", True),
    ("hsl(0 0% 48%)", "white", False),
    ("color(srgb 0.9 0.9 0.9)", "#1a1a2e", True),
    ("color(srgb 0.3 0.3 0.3)", "#1a1a2e", False),
    ("lab(90% 0 0)", "oklch(30% 0.1 260)", True),
    ("lab(40% 0 0)", "oklch(30% 0.1 260)", False),
]


@pytest.fixture
def page(chromium: Browser) -> Page:
    """Each pair twice, on lines of their own: what is asked again is answered alike."""
    lines = [
        f'<p id="p{number}-{time}" style="color: {colour}; background: {behind}">Un texte qui se lit</p>'
        for time in range(2)
        for number, (colour, behind, _) in enumerate(PAIRS)
    ]
    made = chromium.new_page()
    made.set_content(
        f"<!doctype html><html lang='fr'><title>t</title><main><h1>t</h1>{''.join(lines)}</main></html>"
    )
    return made


def test_colours_that_are_too_near_are_found(page: Page) -> None:
    every = "options => axe.run(document, options).then(told => told.violations.flatMap(rule => rule.nodes))"
    page.evaluate(AXE_SCRIPT)
    plain = page.evaluate(every, RULES)
    page.evaluate(COLOURS_READ_ONCE)
    assert page.evaluate(every, RULES) == plain
    wanted = {f"p{n}-{time}" for time in range(2) for n, (*_, enough) in enumerate(PAIRS) if not enough}
    assert {node["html"].split('"')[1] for node in plain} == wanted
    page.close()


def test_pages_are_asked_about_colours_and_targets(page: Page) -> None:
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<p><a href=\"/\"></a></p>')"
    )
    found = {told.split(":")[0] for told in violations(page)}
    assert {"color-contrast", "link-name"} <= found
    page.close()
