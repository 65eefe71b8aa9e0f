"""What keeps people out of a page: axe finds nothing in practice screens, web pages and report.

axe is an npm package that only `.ci/run` installs; without it these tests are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from halo_helpers.report import load_run, to_html

from .helpers.axe import COLOURS, needs_axe, violations
from .helpers.browser import needs_browser, new_page
from .helpers.lab import Web
from .helpers.practice import Practice

pytestmark = [needs_browser, needs_axe]
SCREENS = (
    "/config",
    "/config/agents",
    "/config/agents/new",
    "/config/integrations/api",
    "/config/integrations/api/applications",
    "/config/integrations/api/applications/new",
    "/config/integrations/webhooks",
)


@pytest.fixture(params=[1280, 400])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    with new_page(browser, request.param, color_scheme="light") as one:
        yield one


def in_both_schemes(page: Page) -> list[str]:
    """Return what axe finds in the light, and what of colours in the dark."""
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    found += violations(page, rules=COLOURS)
    page.emulate_media(color_scheme="light")
    return found


def test_the_practice_screens(page: Page, practice: Practice) -> None:
    for path in ("/", "/practice", "/neo-agent"):
        page.goto(practice.base_url + path)
        assert in_both_schemes(page) == [], path
    page.goto(practice.base_url)
    page.get_by_role("button", name="Sign in").click()
    for path in SCREENS:
        page.goto(practice.base_url + path)
        assert in_both_schemes(page) == [], path


def test_the_report(page: Page, tmp_path: Path) -> None:
    run = load_run(Path(__file__).parent / "data" / "run-of-the-version-before")
    file = tmp_path / "report.html"
    file.write_text(to_html(run.results, run.manifest), encoding="utf-8")
    page.goto(file.as_uri())
    assert in_both_schemes(page) == []


@pytest.mark.parametrize(("scheme", "rules"), [("light", None), ("dark", COLOURS)])
def test_the_web_pages(browser: Browser, web: Web, scheme: str, rules: list[str] | None) -> None:
    with new_page(browser, 400, color_scheme=scheme) as page:
        page.goto(f"{web.url}/?token={web.token}")
        page.goto(f"{web.url}/voila/render/00-start.ipynb")
        page.locator(".h-head:visible").first.wait_for()
        assert violations(page, ".halo", rules) == []
