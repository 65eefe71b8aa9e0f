"""The guided walk in a real JupyterLab in a real browser: states, cards, secrets that leave no trace."""

from __future__ import annotations

import base64
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from halo_helpers.guide.lab.working_copy import open_walk
from halo_helpers.guide.steps import STEPS
from halo_helpers.practice.control import ask, start
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.answers import read_answers, write_answers

from .helpers.browser import CHROMIUM, needs_browser, new_page
from .helpers.lab import (
    IDLE,
    SECRET,
    SHOWN,
    Lab,
    check,
    home_of,
    panel,
    run_all,
    save,
    state,
    wait_until_run,
)
from .helpers.traces import forms, holding

pytestmark = needs_browser


WAITS = re.compile("no kernel|does not answer|Waiting: the kernel")
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
        one = panel(page, "verdict")
        expect(one.get_by_text(code, exact=True).first).to_be_visible()
        expect(state(page, step)).to_have_text(re.compile("^(Broken|Could not check|Look at)"))
        expect(panel(page, step).get_by_role("link", name="at the top")).to_be_visible()
        lab.scenario("healthy")
        lab.customer("acme")
        expect(state(page, step)).to_have_text("OK")
        expect(one.get_by_text(code, exact=True)).to_have_count(0)


def test_the_search_finds_a_planted_secret(tmp_path: Path) -> None:
    for number, text in enumerate(
        [*forms(SECRET)[:3], base64.b64encode(f"user:{SECRET}".encode()), SECRET[20:31].encode()]
    ):
        (tmp_path / str(number)).write_bytes(b"before " + text + b" after")
    assert len(holding(tmp_path, SECRET)) == 5


RECORDED = """
import json, pathlib
from halo_helpers.guide.lab import save_hook
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
    with Lab(tmp_path / "home") as running:
        yield running


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
        expect(state(page, "test-token")).to_have_text(re.compile("^Broken"))
        save(page)
        page.reload()
        wait_until_run(page)
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


def test_only_what_a_person_has_changed_here_is_entered(page: Page, lab: Lab) -> None:
    """A field that still shows what another notebook has replaced does not bring it back."""
    lab.customer("elm")
    lab.open(page, "30-credentials", walk="elm")
    expect(state(page, "test-token")).to_have_text("OK")
    shown = page.locator(SHOWN)
    shown.get_by_label("Agent ID").evaluate("field => { field.value = '99'; }")
    client_id = shown.get_by_label("Client ID").input_value()
    shown.get_by_label("Client ID").fill(client_id)
    shown.get_by_role("button", name="Enter and check").click()
    expect(shown.get_by_text("All values have the right form")).to_be_visible()
    with home_of(lab.home / "data"):
        assert read_answers("elm")["agent_id"] != "99"
    other = "1b6c0000-0000-4000-8000-000000000001"
    shown.get_by_text("Base URL and Agent ID: change").click()
    shown.get_by_label("Client ID").fill(other)
    shown.get_by_label("Agent ID").fill(SECRET)
    shown.get_by_role("button", name="Enter and check").click()
    expect(shown.get_by_text("nothing was saved").first).to_be_visible()
    shown.get_by_label("Agent ID").fill("27")
    shown.get_by_role("button", name="Enter and check").click()
    expect(state(page, "test-token")).to_have_text(re.compile("^Broken"))
    with home_of(lab.home / "data"):
        assert read_answers("elm")["client_id"] == other, "it waited for the other field"


def test_restart_reload_and_a_second_tab_tell_no_lie(page: Page, lab: Lab, browser: Browser) -> None:
    lab.customer("acme")
    lab.open(page, "40-connection", walk="acme")
    expect(state(page, "test-connection")).to_have_text("OK")
    page.reload()
    wait_until_run(page)
    expect(state(page, "test-connection")).to_have_text("OK")
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_text("Restart Kernel…", exact=True).click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    page.locator(f"{SHOWN} {IDLE}").first.wait_for()
    check(page, "list-agents")
    expect(page.get_by_text(WAITS).first).to_be_visible()
    expect(page.get_by_text("Not running. Nothing is lost.")).to_be_visible()
    page.get_by_role("button", name="Run this notebook").click()
    expect(state(page, "test-connection")).to_have_text("OK")
    with new_page(browser) as second:
        lab.open(second, "30-credentials", walk="acme")
        expect(state(second, "test-token")).to_have_text("OK")
    check(page, "list-agents")
    expect(state(page, "list-agents")).to_have_text("OK")


def test_a_walk_that_is_opened_the_next_day_reads_and_runs(page: Page, lab: Lab) -> None:
    """Saved with its widgets, opened without a kernel of before: no dead panel, and all words are there."""
    lab.scenario("healthy")
    lab.customer("birch")
    lab.open(page, "40-connection", walk="birch")
    expect(state(page, "test-connection")).to_have_text("OK")
    save(page)
    stored = (lab.home / "data" / "walks" / "birch" / "40-connection.ipynb").read_text()
    assert "widget-view" not in stored
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_text("Shut Down Kernel", exact=True).click()
    expect(page.get_by_text("No Kernel").first).to_be_visible()
    page.reload()
    expect(page.get_by_text("A saved view, which is not live").first).to_be_visible()
    expect(page.get_by_text("Configuration → Teams & Agents → Agents").first).to_be_attached()
    expect(page.get_by_text("odel not found")).to_have_count(0)
    wait_until_run(page)  # it begins by itself
    expect(state(page, "test-connection")).to_have_text("OK")


def test_a_notebook_that_is_not_trusted_reads_and_runs_nothing_by_itself(page: Page, lab: Lab) -> None:
    with home_of(lab.home / "data"):
        write_answers("dune", base_url=lab.practice)
        file = open_walk("dune") / "10-agent.ipynb"
    file.write_text(
        file.read_text().replace("Set working hours", "Set the working hours")
    )  # by somebody else
    lab.go(page, "10-agent", walk="dune")
    expect(page.get_by_text("Run → Run All Cells").first).to_be_visible()
    expect(page.get_by_role("heading", name="Set the working hours")).to_be_visible()
    expect(page.locator("[data-step]")).to_have_count(0)
    run_all(page)
    expect(state(page, "create-agent")).to_have_text("To do")


def test_the_focus_goes_to_a_question_and_back(page: Page, lab: Lab) -> None:
    lab.customer("acme")
    lab.open(page, "50-connect-neo", walk="acme")
    page.get_by_role("button", name="Copy once …").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Copy once …")).to_be_focused()
    page.get_by_role("button", name="Copy Agent ID").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^Copied [0-9]"))).to_be_visible()
    expect(page.locator("[data-key='copy Agent ID']")).to_be_focused()


SCROLLS = """
const scrollTo = Element.prototype.scrollTo;
window.scrolledTo = [];
Element.prototype.scrollTo = function (...given) {
  if (new Error().stack.includes("/static/lab/")) window.scrolledTo.push(JSON.stringify(given));
  return scrollTo.apply(this, given);
};
"""
"""Notes where JupyterLab itself scrolls to."""


def test_jupyterlab_scrolls_nowhere_while_a_notebook_runs_by_itself(page: Page, lab: Lab) -> None:
    """It would scroll to the last cell at a time of its own, under a button that somebody presses."""
    page.add_init_script(SCROLLS)
    lab.customer("acme")
    lab.open(page, "50-connect-neo", walk="acme")
    expect(page.locator(SHOWN).get_by_text(re.compile("^Connection works")).first).to_be_visible()
    assert page.evaluate("window.scrolledTo") == []
    # whoever asks JupyterLab gets JupyterLab; whether that scrolls depends on what is in view already
    page.wait_for_function("!Object.hasOwn(window.jupyterapp.shell.currentWidget.content, 'scrollToItem')")


def test_a_slow_check_is_cancelled_and_a_second_click_does_nothing(page: Page, lab: Lab) -> None:
    lab.scenario("slow")
    lab.customer("acme")
    lab.open(page, "40-connection", walk="acme")
    expect(state(page, "test-connection")).to_have_text("Look at")  # asked by itself
    one = panel(page, "test-connection")
    before = len(ask(lab.practice, "tenants/practice/requests")["requests"])
    one.get_by_role("button", name="Check again").click()
    one.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("cancelled").first).to_be_attached()
    expect(one.get_by_role("button", name="Check again")).to_be_visible()
    assert len(ask(lab.practice, "tenants/practice/requests")["requests"]) - before < 8


def test_a_server_that_is_away_or_slow_is_told_and_freezes_nothing(page: Page, lab: Lab) -> None:
    """Nobody listens; then answers take 30 s; then all is well: each is said, in the same open notebook."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with home_of(lab.home / "data"):
        write_answers("away", base_url=f"http://127.0.0.1:{port}")
        open_walk("away")
    lab.open(page, "00-start", walk="away")
    one, word = check(page, "prerequisites"), state(page, "prerequisites")
    expect(one.get_by_text("connect-refused", exact=True).first).to_be_visible()
    expect(word).to_have_text(re.compile("^Could not check"))
    with start(Options(port=port, latency_ms=30_000)):
        check(page, "prerequisites")
        expect(word).to_have_text("Checking")
        page.get_by_text("Open another customer …").click()
        page.get_by_role("button", name="Open this customer").click()
        expect(page.get_by_text("the short name takes a-z").first).to_be_visible()
        expect(word).to_have_text("Checking")  # the kernel was free meanwhile
        expect(one.get_by_text("read-timeout", exact=True).first).to_be_visible()
        expect(word).to_have_text(re.compile("^Could not check"))
    with start(Options(port=port)):
        check(page, "prerequisites")
        expect(word).to_have_text("To do")  # the address answers; the three words are not given
    assert lab.states("away")["prerequisites"] == "todo"


def test_no_page_of_another_site_reaches_the_lab_or_its_app(page: Page, lab: Lab) -> None:
    """JupyterLab shows its own app to its page alone: to no frame, no opener, no file that it serves."""
    (lab.home / "data" / "walks" / "practice" / "foreign.html").write_text(
        "<script>try { document.title = String(window.parent.jupyterapp); }"
        " catch (error) { document.title = error.name; }</script>"
    )
    lab.open(page, "00-start")
    assert page.evaluate("typeof window.jupyterapp") == "object", "without it this proves nothing"
    other = page.context.new_page()
    # another port is another origin, though cookies are shared with it
    other.goto(f"{lab.practice}/neo-agent")
    reached = other.evaluate(
        """url => new Promise((resolve) => {
            const opened = window.open(url);
            const frame = document.createElement("iframe");
            frame.src = url;
            document.body.append(frame);
            setTimeout(() => resolve([opened, frame.contentWindow].map((one) => {
                try { return typeof one.jupyterapp; } catch (error) { return error.name; }
            })), 3000);
        })""",
        f"{lab.url}/lab?token={lab.token}",
    )
    assert reached == ["SecurityError", "SecurityError"]
    other.goto(f"{lab.url}/files/practice/foreign.html?token={lab.token}")
    assert other.evaluate("self.origin") == "null", "a file is shown in a sandbox"
    other.close()
