"""The guided walk in a real JupyterLab in a real browser: states, cards, secrets that leave no trace."""

from __future__ import annotations

import base64
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from halo_helpers.guide.steps import STEPS
from halo_helpers.guide.working_copy import open_walk
from halo_helpers.practice.control import ask, start
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.answers import write_answers

from .helpers.browser import CHROMIUM, needs_browser, new_page
from .helpers.lab import IDLE, SECRET, SHOWN, Lab, Web, check, next_link, panel, run_all, save, state
from .helpers.screens import make_agent
from .helpers.traces import forms, holding

pytestmark = needs_browser


@pytest.fixture
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    lab.scenario("healthy")
    with new_page(browser, 1280, permissions=["clipboard-read", "clipboard-write"]) as one:
        one.set_default_timeout(15_000)
        yield one


def test_a_newcomers_walk_from_an_empty_tenant_to_the_record(page: Page, lab: Lab, browser: Browser) -> None:
    """Following Next only; nothing is green before it was made; the record is complete at the end."""
    ask(lab.practice, "walk", "POST", anew="true")
    lab.open(page, "00-start")
    expect(next_link(page, "What you need before you begin")).to_be_visible()
    assert set(lab.states().values()) == {"todo", "needs"}
    first = panel(page, "prerequisites")
    for word in ("This log-in can open Configuration", "The subscription includes the API"):
        first.get_by_role("listitem").filter(has_text=word).get_by_role("button").click()
    expect(state(page, "prerequisites")).to_have_text("OK")

    next_link(page, "Create the Neo Agent agent").click()
    with page.context.expect_page() as opened:
        panel(page, "create-agent").get_by_role("link", name="Open the practice screen").click()
    screens = opened.value
    assert screens.get_by_label("Tenant").input_value() == "walk-practice"
    screens.get_by_role("button", name="Sign in").click()
    agent_id = make_agent(screens)
    for step in ("create-agent", "agent-teams", "agent-preferences"):
        panel(page, step).get_by_role("button", name="I have done this").click()
        expect(state(page, step)).to_have_text(re.compile("^Confirmed by "))
    last = panel(page, "note-agent-id")
    last.get_by_label("Agent ID").fill(str(agent_id))
    last.get_by_label("Agent ID").press("Enter")
    expect(state(page, "note-agent-id")).to_have_text(re.compile("^Confirmed by "))

    next_link(page, "Fill in the details").click()
    screens.goto(f"{lab.practice}/config/integrations/api/applications/new")
    screens.get_by_label("Application Name").fill("Neo Agent Integration (mine)")
    screens.get_by_label("Agent", exact=True).select_option(str(agent_id))
    for scope in ("all:standard", "all:teams", "admin:webhooks"):
        screens.get_by_label(scope, exact=True).check()
    screens.get_by_role("button", name="Save").click()
    client_id, secret = (screens.locator(f"#client-{what}").inner_text() for what in ("id", "secret"))
    page.locator(SHOWN).get_by_label("Client ID").fill(client_id)
    page.locator(SHOWN).get_by_label("Client Secret").fill(secret)
    page.locator(SHOWN).get_by_label("Client Secret").press("Enter")
    page.locator(SHOWN).get_by_role("button", name="Enter and check").click()
    expect(page.locator(SHOWN).get_by_text(re.compile("^Connection works")).first).to_be_visible()
    for step in ("application-fields", "application-permissions", "save-application"):
        expect(state(page, step)).to_have_text("OK")

    next_link(page, "Note the four values").click()
    for line in ("Client ID", "HaloPSA Base URL", "Agent ID"):
        page.get_by_role("button", name=f"Copy {line}").click()
    page.get_by_role("button", name="I have pasted it").click()
    expect(state(page, "note-values")).to_have_text("Implied")
    for step in ("connect-neo", "webhooks"):
        panel(page, step).get_by_role("button", name="I have done this").click()
    expect(next_link(page, "Keep the record")).to_be_visible()
    page.get_by_role("button", name="Check everything and write the record").click()
    expect(page.get_by_text("Written:")).to_be_visible(timeout=30_000)
    expect(page.locator(SHOWN).get_by_text("finished").first).to_be_visible()

    folder = lab.home / "data" / "walks" / "practice"
    record = json.loads((folder / "record.json").read_text())
    assert (record["answers"]["agent_id"], record["agent"]) == (str(agent_id), f"Neo Helper (ID {agent_id})")
    found = lab.states()
    assert {found.pop("change-secret"), found.pop("connect-neo"), found.pop("webhooks")} == {
        "todo",
        "confirmed",
    }
    assert set(found.values()) == {"ok", "implied"}
    assert record["practice"]
    assert not holding(lab.home, secret)


SCENARIOS = {
    "wrong-grant": ("test-token", "unauthorized-client"),
    "scope-missing-webhooks": ("test-token", "scopes-missing"),
    "login-type-user": ("test-connection", "login-not-agent"),
    "agent-without-team": ("confirm-agent", "agent-without-team"),
    "tickets-refused": ("check-rights", "area-refused"),
    "maintenance": ("test-connection", "maintenance"),
}


def test_scenarios_show_their_card_and_turn_ok_when_mended(page: Page, lab: Lab) -> None:
    lab.customer("acme")
    lab.open(page, "40-connection", walk="acme")
    for scenario, (step, code) in SCENARIOS.items():
        if STEPS[step].notebook != "40-connection":
            continue
        lab.scenario(scenario)
        lab.customer("acme")  # its secret is another one, so that everything is asked again by itself
        one = page.locator(f"[data-step={step}]:visible").first
        expect(one.get_by_text(code, exact=True).first).to_be_visible(timeout=30_000)
        lab.scenario("healthy")
        lab.customer("acme")
        expect(state(page, step)).to_have_text("OK", timeout=30_000)
        expect(one.get_by_text(code, exact=True)).to_have_count(0)


def test_the_search_finds_a_planted_secret(tmp_path: Path) -> None:
    for number, text in enumerate(
        [*forms(SECRET)[:3], base64.b64encode(f"user:{SECRET}".encode()), SECRET[20:31].encode()]
    ):
        (tmp_path / str(number)).write_bytes(b"before " + text + b" after")
    assert len(holding(tmp_path, SECRET)) == 5


RECORDED = """
import json, pathlib
from halo_helpers.guide import save_hook
drop = save_hook.drop_widgets
def record(model, **more):
    with pathlib.Path({file!r}).open("a") as stream:
        json.dump(model, stream)
    drop(model, **more)
save_hook.drop_widgets = record
"""
"""A configuration of JupyterLab by which all that it is sent to save is kept, too."""


@pytest.fixture
def own_lab(tmp_path: Path) -> Iterator[Lab]:
    (tmp_path / "home" / "jupyter").mkdir(parents=True)
    config = tmp_path / "home" / "jupyter" / "jupyter_server_config.py"
    config.write_text(RECORDED.format(file=str(tmp_path / "home" / "sent.json")))
    running = Lab(tmp_path / "home")
    try:
        yield running
    finally:
        running.stop()


def test_a_secret_leaves_no_trace_with_widget_state_saved(
    own_lab: Lab, browser: Browser, tmp_path: Path
) -> None:
    """Half-typed, typed, while a check runs, after it, after a reload and after the kernel was shut down."""
    lab = own_lab
    (settings,) = (lab.home / "data" / "lab-settings").rglob("plugin.jupyterlab-settings")
    settings.write_text('{"saveState": true}')
    context = browser.browser_type.launch_persistent_context(
        tmp_path / "profile", executable_path=CHROMIUM, args=["--no-sandbox"]
    )
    try:
        page = context.new_page()
        page.set_default_timeout(15_000)
        lab.open(page, "30-credentials")
        field = page.get_by_label("Client Secret")
        field.press_sequentially(SECRET[:40])
        save(page)  # Ctrl+S works in the field; it stays half-typed
        assert field.input_value() == SECRET[:40]
        field.fill(SECRET)
        field.press("Enter")
        expect(page.get_by_text("kept in the lab's memory")).to_be_visible()
        assert field.input_value() == ""
        save(page)
        page.locator(SHOWN).get_by_label("Client ID").fill("1b6c0000-0000-4000-8000-000000000001")
        page.locator(SHOWN).get_by_role("button", name="Enter and check").click()
        save(page)
        expect(state(page, "test-token")).to_have_text(re.compile("^Broken"), timeout=30_000)
        save(page)
        page.reload()
        page.locator(f"{SHOWN} {IDLE}").first.wait_for()
        run_all(page)
        expect(page.get_by_text("the lab's memory").first).to_be_visible()
        save(page)
        page.get_by_role("menuitem", name="Kernel", exact=True).click()
        page.get_by_text("Shut Down Kernel", exact=True).click()
        save(page)
    finally:
        context.close()
    # JupyterLab sends widget state, which holds no secret; our hook keeps all of it out of the file
    sent = (lab.home / "sent.json").read_text()
    assert "widget-state+json" in sent, "no widget state was sent, so this proves nothing"
    notebook = (lab.home / "data" / "walks" / "practice" / "30-credentials.ipynb").read_text()
    assert "widget-state+json" not in notebook
    assert not holding(tmp_path, SECRET)
    assert SECRET not in "".join(lab.log)


def test_restart_reload_and_a_second_tab_tell_no_lie(page: Page, lab: Lab, browser: Browser) -> None:
    lab.customer("acme")
    lab.open(page, "40-connection", walk="acme")
    expect(state(page, "test-connection")).to_have_text("OK", timeout=30_000)
    page.reload()
    page.locator(f"{SHOWN} {IDLE}").first.wait_for()
    run_all(page)
    expect(state(page, "test-connection")).to_have_text("OK")
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_text("Restart Kernel…", exact=True).click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    page.locator(f"{SHOWN} {IDLE}").first.wait_for()
    check(page, "list-agents")
    expect(page.get_by_text(re.compile("no kernel|does not answer")).first).to_be_visible(timeout=10_000)
    expect(page.get_by_text("Not running. Nothing is lost.")).to_be_visible()
    page.get_by_role("button", name="Run this notebook").click()
    expect(state(page, "test-connection")).to_have_text("OK")
    with new_page(browser) as second:
        second.set_default_timeout(15_000)
        lab.open(second, "30-credentials", walk="acme")
        expect(state(second, "test-token")).to_have_text("OK", timeout=30_000)
    check(page, "list-agents")
    expect(state(page, "list-agents")).to_have_text("OK", timeout=30_000)


def test_a_walk_that_is_opened_the_next_day_reads_and_runs(page: Page, lab: Lab) -> None:
    """Saved with its widgets, opened without a kernel of before: no dead panel, and all words are there."""
    lab.scenario("healthy")
    lab.customer("birch")
    lab.open(page, "40-connection", walk="birch")
    expect(state(page, "test-connection")).to_have_text("OK", timeout=30_000)
    save(page)
    stored = (lab.home / "data" / "walks" / "birch" / "40-connection.ipynb").read_text()
    assert "widget-view" not in stored
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_text("Shut Down Kernel", exact=True).click()
    page.reload()
    expect(page.get_by_text("A saved view, which is not live").first).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Configuration → Teams & Agents → Agents").first).to_be_attached()
    expect(page.get_by_text("odel not found")).to_have_count(0)
    run_all(page)
    expect(state(page, "test-connection")).to_have_text("OK", timeout=30_000)


def test_a_slow_check_is_cancelled_and_a_second_click_does_nothing(page: Page, lab: Lab) -> None:
    lab.scenario("slow")
    lab.customer("acme")
    lab.open(page, "40-connection", walk="acme")
    expect(state(page, "test-connection")).to_have_text("Look at", timeout=60_000)  # asked by itself
    one = panel(page, "test-connection")
    before = len(ask(lab.practice, "tenants/practice/requests")["requests"])
    one.get_by_role("button", name="Check again").click()
    one.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("cancelled").first).to_be_attached()
    expect(one.get_by_role("button", name="Check again")).to_be_visible()
    assert len(ask(lab.practice, "tenants/practice/requests")["requests"]) - before < 8


def test_a_server_that_is_away_or_slow_is_told_and_freezes_nothing(
    page: Page, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens; then answers take 30 s; then all is well: each is said, in the same open notebook."""
    monkeypatch.setenv("HALO_RUNBOOK_HOME", str(lab.home / "data"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    write_answers("away", base_url=f"http://127.0.0.1:{port}")
    open_walk("away")
    lab.open(page, "00-start", walk="away")
    one, word = check(page, "prerequisites"), state(page, "prerequisites")
    expect(one.get_by_text("connect-refused", exact=True).first).to_be_visible()
    expect(word).to_have_text(re.compile("^Could not check"))
    with start(Options(port=port, latency_ms=30_000)):
        check(page, "prerequisites")
        expect(word).to_have_text("Checking")
        page.get_by_role("button", name="Refresh the map").click()
        expect(page.get_by_text("0 of 1 done").first).to_be_visible()
        expect(page.get_by_role("button", name="Refresh the map")).to_be_enabled()
        expect(word).to_have_text("Checking")  # the kernel was free meanwhile
        expect(one.get_by_text("read-timeout", exact=True).first).to_be_visible(timeout=40_000)
        expect(word).to_have_text(re.compile("^Could not check"))
    with start(Options(port=port)):
        check(page, "prerequisites")
        expect(word).to_have_text("To do")  # the address answers; the three words are not given
    assert lab.states("away")["prerequisites"] == "todo"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    running = Web(tmp_path)
    try:
        yield running
    finally:
        running.stop()


def test_the_guide_as_web_pages_needs_its_token(browser: Browser, web: Web) -> None:
    for width in (1280, 400):
        with new_page(browser, width) as page:
            page.goto(web.url)
            expect(page.get_by_text("00-start")).to_have_count(0)
            page.goto(f"{web.url}/?token={web.token}")
            page.wait_for_url(re.compile("/voila/render/00-start.ipynb"), timeout=60_000)
            one = page.locator("[data-step=prerequisites]:visible").first
            one.wait_for(timeout=60_000)
            one.get_by_role("button", name="Check", exact=False).first.click()
            expect(one.get_by_text("Halo PSA (practice tenant)").first).to_be_visible(timeout=30_000)


def test_a_web_page_copies_the_secret_with_the_code_of_the_terminal_only(browser: Browser, web: Web) -> None:
    """Nothing that the page receives holds the secret before; the right code is taken once."""
    received: list[str] = []
    secret = f"{uuid4()}-{uuid4()}"
    with new_page(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.on("websocket", lambda one: one.on("framereceived", lambda data: received.append(repr(data))))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{web.url}/?token={web.token}")
        page.goto(f"{web.url}/voila/render/30-credentials.ipynb")
        field = page.get_by_label("Client Secret")
        field.wait_for(timeout=60_000)
        field.fill(secret)
        field.press("Enter")
        copy = page.get_by_role("button", name="Copy the secret once, for Neo Agent")
        copy.wait_for(timeout=60_000)
        copy.click()
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
        expect(page.get_by_text("The secret is on the clipboard")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == secret
        assert secret in "".join(received), "frames were not seen, so this proves nothing"
    assert secret not in "".join(web.log)
