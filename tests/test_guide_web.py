"""The guide as web pages, in a real browser: token, theme, links, and the secret that is copied."""

from __future__ import annotations

import re
from urllib.parse import urlsplit
from uuid import uuid4

from playwright.sync_api import Browser, expect

from .helpers.browser import needs_browser, new_page
from .helpers.lab import Web

pytestmark = needs_browser


def is_elsewhere(url: str) -> bool:
    """Whether a request leaves this machine."""
    parts = urlsplit(url)
    return parts.scheme not in {"data", "blob"} and parts.hostname != "127.0.0.1"


def test_the_guide_as_web_pages_needs_its_token(browser: Browser, web: Web) -> None:
    elsewhere: list[str] = []
    for width, scheme in ((1280, "dark"), (400, "light")):
        with new_page(browser, width, color_scheme=scheme) as page:
            page.on("request", lambda one: elsewhere.append(one.url) if is_elsewhere(one.url) else None)
            page.goto(web.url)
            expect(page.get_by_text("00-start")).to_have_count(0)
            page.goto(f"{web.url}/?token={web.token}")
            page.wait_for_url(re.compile("/voila/render/00-start.ipynb"))
            one = page.locator("[data-step=prerequisites]:visible").first
            one.wait_for()
            one.get_by_role("button", name="Check", exact=False).first.click()
            expect(one.get_by_text("Halo PSA (practice tenant)").first).to_be_visible()
            assert page.evaluate("document.body.dataset.jpThemeLight") == str(scheme == "light").lower()
            background = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (background == "rgb(255, 255, 255)") == (scheme == "light")
            page.goto(f"{web.url}/voila/render/nothing.ipynb")
            expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    assert elsewhere == []


WITHOUT_PANELS = """
document.addEventListener("DOMContentLoaded", () => {
  document.head.insertAdjacentHTML("beforeend", "<style>.h-head { display: none !important }</style>");
  document.getElementById("rendered_cells")?.append("Error displaying widget: model not found");
});
"""
"""What a page looks like that has given up on its panels, as it does when the machine is slow."""


def test_a_web_page_without_its_panels_loads_once_more_then_says_so(browser: Browser, web: Web) -> None:
    loads: list[str] = []
    with new_page(browser) as page:
        page.add_init_script(WITHOUT_PANELS)
        page.on("framenavigated", lambda frame: loads.append(frame.url))
        page.goto(f"{web.url}/voila/render/10-agent.ipynb?token={web.token}")
        expect(page.get_by_role("alert").filter(has_text="did not come up whole")).to_be_visible()
        assert len(loads) == 2


def test_links_of_a_web_page_lead_where_they_say(browser: Browser, web: Web) -> None:
    with new_page(browser) as page:
        page.goto(f"{web.url}/voila/render/10-agent.ipynb?token={web.token}")
        page.locator(".h-head:visible").first.wait_for()
        expect(page.locator(".h-steps [aria-current=page]")).to_have_text(re.compile("^Agent, "))
        page.locator(".h-head").get_by_role("link", name=re.compile("^Next")).click()
        page.wait_for_url("**/voila/render/00-start.ipynb")


def test_a_web_page_copies_the_secret_with_the_code_of_the_terminal_only(browser: Browser, web: Web) -> None:
    """Nothing that the page receives holds the secret before; the right code is taken once."""
    received: list[str] = []
    secret = f"{uuid4()}-{uuid4()}"
    with new_page(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.on("websocket", lambda one: one.on("framereceived", lambda data: received.append(repr(data))))
        page.goto(f"{web.url}/?token={web.token}")
        page.goto(f"{web.url}/voila/render/30-credentials.ipynb")
        field = page.get_by_label("Client Secret")
        field.wait_for()
        field.fill(secret)
        field.press("Enter")
        expect(page.get_by_text("kept in the lab's memory")).to_be_visible()
        page.goto(f"{web.url}/voila/render/50-connect-neo.ipynb")
        copy = page.get_by_role("button", name="Copy once …")
        copy.wait_for()
        copy.click()
        page.get_by_role("button", name="Copy it once").click()
        code = page.get_by_label("Code from the terminal")
        code.wait_for()
        shown = web.said(r"To copy the Client Secret of practice, type (\d{6}) in the page")
        code.fill(f"{(int(shown) + 1) % 10**6:06}")
        code.press("Enter")
        expect(page.get_by_text("This is not the code")).to_be_visible()
        assert secret not in "".join(received)
        assert shown not in "".join(received)
        code.fill(shown)
        page.get_by_role("button", name="Copy with this code").click()
        expect(page.get_by_text("It is on the clipboard")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == secret
        assert secret in "".join(received), "frames were not seen, so this proves nothing"
    assert secret not in "".join(web.log)
