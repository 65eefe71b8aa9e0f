"""What keeps people out of a page: axe finds nothing in panels, practice screens, web pages and report.

axe is an npm package that only `.ci/run` installs; without it these tests are skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from halo_helpers.guide.steps import NOTEBOOKS
from halo_helpers.report import load_run, to_html

from .helpers.browser import needs_browser, new_page
from .helpers.lab import SHOWN, Lab, Web, wait_until_run

AXE = Path(__file__).parents[1] / ".ci" / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [needs_browser, pytest.mark.skipif(not AXE.exists(), reason="needs axe-core, see .ci/run")]

RUN = """async ([selector, rules]) => {
  if (!selector) return axe.run(document, rules ? {runOnly: rules} : {});
  let include = [];
  while (!include.length) {  // a panel that is just being drawn anew is not there for a moment
    await new Promise(requestAnimationFrame);
    include = [...document.querySelectorAll(selector)].map((e, i) => {
      e.id = e.id || `axe-${i}`; return [`#${e.id}`]; });
  }
  return axe.run({include}, rules ? {runOnly: rules} : {}); }"""
COLOURS = ["color-contrast", "link-in-text-block"]
"""Rules about colours, which alone can come out otherwise when nothing but the theme has changed."""
SCREENS = (
    "/config",
    "/config/agents",
    "/config/agents/new",
    "/config/integrations/api",
    "/config/integrations/api/applications",
    "/config/integrations/api/applications/new",
    "/config/integrations/webhooks",
)


def violations(page: Page, selector: str = "", rules: list[str] | None = None) -> list[str]:
    """Return what axe finds in a page, or in the parts of it that a selector names; by all rules, or some."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    if selector:  # axe looks at the whole page where nothing is of the name
        page.locator(selector).first.wait_for(state="attached")
    found = page.evaluate(RUN, [selector, rules])["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_practice_screens(browser: Browser, lab: Lab, scheme: str) -> None:
    for width in (1280, 400):
        with new_page(browser, width, color_scheme=scheme) as page:
            for path in ("/", "/practice", "/neo-agent"):
                page.goto(lab.practice + path)
                assert violations(page) == []
            page.goto(lab.practice)
            page.get_by_role("button", name="Sign in").click()
            for path in SCREENS:
                page.goto(lab.practice + path)
                assert violations(page) == [], path


@pytest.mark.parametrize("walk", ["practice", "acme", "refused"])
def test_the_panels(browser: Browser, lab: Lab, walk: str) -> None:
    """Of a walk that has not begun, of one whose values are known, of one whose secret is refused."""
    if walk != "practice":
        lab.customer(walk)
    if walk == "refused":
        lab.scenario("healthy")  # another secret
    with new_page(browser) as page:
        lab.open(page, NOTEBOOKS[0], walk=walk)
        for number, notebook in enumerate(NOTEBOOKS):
            page.locator(SHOWN).get_by_role("navigation").get_by_role("link").nth(number).click()
            expect(page.locator(f"{SHOWN} .h-head:visible")).to_be_visible()
            wait_until_run(page)
            page.evaluate("document.querySelectorAll('.halo details').forEach(one => { one.open = true; })")
            for is_light, rules in (("true", None), ("false", COLOURS)):
                page.evaluate("light => { document.body.dataset.jpThemeLight = light }", is_light)
                found = violations(page, f"{SHOWN} .jp-OutputArea-output .halo", rules)
                assert found == [], (notebook, is_light)


def test_the_report(browser: Browser, tmp_path: Path) -> None:
    run = load_run(Path(__file__).parent / "data" / "run-of-the-version-before")
    file = tmp_path / "report.html"
    file.write_text(to_html(run.results, run.manifest), encoding="utf-8")
    for scheme in ("light", "dark"):
        for width in (1280, 400):
            with new_page(browser, width, color_scheme=scheme) as page:
                page.goto(file.as_uri())
                assert violations(page) == [], (scheme, width)


def test_the_web_pages(browser: Browser, tmp_path: Path) -> None:
    web = Web(tmp_path)
    try:
        for scheme in ("light", "dark"):
            with new_page(browser, 400, color_scheme=scheme) as page:
                page.goto(f"{web.url}/?token={web.token}")
                page.goto(f"{web.url}/voila/render/00-start.ipynb")
                page.locator(".h-head:visible").first.wait_for()
                assert violations(page, ".halo") == [], scheme
    finally:
        web.stop()
