"""A real browser for tests: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None
)
WAITS_MS = 60_000
"""How long a page may take on a machine that does other work, too; a wait ends as soon as it is over."""
expect.set_options(timeout=WAITS_MS)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def new_page(browser: Browser, width: int = 1280, **options: object) -> Iterator[Page]:
    """Open a page of its own context; what it logs as an error fails the test."""
    errors: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(WAITS_MS)
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert not errors


def picture(page: Page, folder: Path, name: str) -> None:
    """Keep a screenshot, for people to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True)
