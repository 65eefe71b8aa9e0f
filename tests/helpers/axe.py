"""axe, which finds what keeps people out of a page. It is an npm package that only `.ci/run` installs."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / ".ci" / "node_modules" / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="needs axe-core, see .ci/run")

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


def violations(page: Page, selector: str = "", rules: list[str] | None = None) -> list[str]:
    """Return what axe finds in a page, or in the parts of it that a selector names; by all rules, or some."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    if selector:  # axe looks at the whole page where nothing is of the name
        page.locator(selector).first.wait_for(state="attached")
    found = page.evaluate(RUN, [selector, rules])["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
