"""What keeps people out of the guide: axe finds nothing in its panels, in a real JupyterLab.

axe is an npm package that only `.ci/run` installs; without it these tests are skipped.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from halo_helpers.guide.steps import NOTEBOOKS

from .helpers.axe import COLOURS, needs_axe, violations
from .helpers.browser import needs_browser, new_page
from .helpers.lab import SHOWN, Lab, wait_until_run

pytestmark = [needs_browser, needs_axe]


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
