"""The practice walk in a real JupyterLab in a real browser: from nothing to the record, and wrong turns."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page, expect

from halo_helpers.guide.steps import STEPS
from halo_helpers.practice.control import ask
from halo_helpers.report.walk_record import record_for_ticket

from .helpers.browser import needs_browser
from .helpers.lab import SHOWN, Lab, follow_next, next_link, panel, state
from .helpers.learner import Learner
from .helpers.screens import make_agent
from .helpers.traces import holding

pytestmark = needs_browser
NEW = "config/integrations/api/applications/new"


def confirm_prerequisites(page: Page) -> None:
    first = panel(page, "prerequisites")
    for word in ("This log-in can open Configuration", "The subscription includes the API"):
        first.get_by_role("listitem").filter(has_text=word).get_by_role("button").click()
    expect(state(page, "prerequisites")).to_have_text("OK")


def enter(page: Page, client_id: str, secret: str) -> None:
    """Enter what HaloPSA has shown, at the end of 20-application."""
    shown = page.locator(SHOWN)
    shown.get_by_label("Client ID").fill(client_id)
    shown.get_by_label("Client Secret").fill(secret)
    shown.get_by_role("button", name="Enter and check").click()


def agent_by_word(page: Page, agent_id: int) -> None:
    for step in ("create-agent", "agent-teams", "agent-preferences"):
        panel(page, step).get_by_role("button", name="I have done this").click()
        expect(state(page, step)).to_have_text(re.compile("^Confirmed by "))
    last = panel(page, "note-agent-id")
    last.get_by_label("Agent ID").fill(str(agent_id))
    last.get_by_label("Agent ID").press("Enter")
    expect(state(page, "note-agent-id")).to_have_text(re.compile("^Confirmed by "))


def test_a_newcomers_walk_from_an_empty_tenant_to_the_record(page: Page, lab: Lab) -> None:
    """Following Next only; nothing is green before it was made; the record is complete at the end."""
    ask(lab.practice, "walk", "POST", anew="true")
    lab.open(page, "00-start")
    expect(next_link(page, "What you need before you begin")).to_be_visible()
    assert set(lab.states().values()) == {"todo", "needs"}
    confirm_prerequisites(page)

    follow_next(page, "Create the Neo Agent agent")
    with page.context.expect_page() as opened:
        panel(page, "create-agent").get_by_role("link", name="Open the practice screen").click()
    screens = opened.value
    assert screens.get_by_label("Tenant").input_value() == "walk-practice"
    screens.get_by_role("button", name="Sign in").click()
    agent_id = make_agent(screens)
    agent_by_word(page, agent_id)

    follow_next(page, "Fill in the details")
    screens.goto(f"{lab.practice}/{NEW}")
    screens.get_by_label("Application Name").fill("Neo Agent Integration (mine)")
    screens.get_by_label("Active").check()
    screens.get_by_label("Agent", exact=True).select_option(str(agent_id))
    screens.get_by_role("button", name="Generate").click()
    secret = screens.locator("#client-secret").inner_text()
    for scope in ("all:standard", "all:teams", "admin:webhooks"):
        screens.get_by_label(scope, exact=True).check()
    screens.get_by_role("button", name="Save").click()
    enter(page, screens.locator("#client-id").inner_text(), secret)
    expect(page.locator(SHOWN).get_by_text(re.compile("^Connection works")).first).to_be_visible()
    for step in ("application-fields", "application-permissions", "save-application"):
        expect(state(page, step)).to_have_text("OK")

    follow_next(page, "Note the four values")
    copied = {}
    lines = page.get_by_role("group", name="The four values for Neo Agent")
    for line in ("Client ID", "HaloPSA Base URL", "Agent ID"):
        lines.get_by_role("button", name=f"Copy {line}").click()
        copied[line] = page.evaluate("navigator.clipboard.readText()")
        expect(lines.get_by_text(re.compile(r"^Copied \d"))).to_have_count(len(copied))
    page.get_by_role("button", name="Copy once …").click()
    page.get_by_role("button", name="Copy it once").click()
    expect(page.get_by_text("It is on the clipboard")).to_be_visible()
    copied["Client Secret"] = page.evaluate("navigator.clipboard.readText()")
    expect(state(page, "note-values")).to_have_text("Implied")

    with page.context.expect_page() as opened:
        panel(page, "connect-neo").get_by_role("link", name="Open the practice Neo Agent").click()
    neo_agent = opened.value
    for label, value in copied.items():
        neo_agent.get_by_label(label).fill(value)
    neo_agent.get_by_role("button", name="Test connection").click()
    expect(neo_agent.get_by_text("succeeded")).to_have_count(4)
    neo_agent.get_by_role("button", name="Save").click()
    expect(neo_agent.get_by_text("The webhook “Neo Agent” is registered.")).to_be_visible()

    panel(page, "connect-neo").get_by_role("button", name="It connected, and I saved").click()
    panel(page, "webhooks").get_by_role("button", name="Check").click()
    expect(state(page, "webhooks")).to_have_text("OK")
    expect(next_link(page, "Keep the record")).to_be_visible()
    page.get_by_role("button", name="Check everything and write it").click()
    expect(page.get_by_text("Practice: practice is connected to Neo Agent")).to_be_visible()
    expect(page.locator(SHOWN).get_by_text("finished").first).to_be_visible()
    page.get_by_role("button", name="Copy for the ticket").click()

    folder = lab.home / "data" / "walks" / "practice"
    record = json.loads((folder / "record.json").read_text())
    ticket = page.evaluate("navigator.clipboard.readText()")
    assert ticket == record_for_ticket(record)
    assert f"Client ID {record['answers']['client_id']}" in ticket, "as it can be used"
    assert (record["answers"]["agent_id"], record["agent"]) == (str(agent_id), f"Neo Helper (ID {agent_id})")
    found = lab.states()
    assert (found.pop("change-secret"), found.pop("connect-neo")) == ("todo", "confirmed")
    assert set(found.values()) == {"ok", "implied"}
    assert record["practice"]
    assert secret == copied["Client Secret"]
    assert not holding(lab.home, secret)


TURNS = {
    "the secret of another application": ("invalid-client", "save-application"),
    "the Client ID from before Save": ("invalid-client", "save-application"),
    "Login Type User": ("login-not-agent", "application-fields"),
    "another agent": ("agent-mismatch", "application-fields"),
    "a scope is missing": ("scopes-missing", "application-permissions"),
    "a look-alike was copied": ("invalid-client", "save-application"),
}


def take(turn: str, learner: Learner) -> tuple[str, str]:
    """Make the application with one thing wrong; return the Client ID and the secret that are entered."""
    changes = {
        "Login Type User": {"login_type": "user"},
        "another agent": {"agent": "2"},
        "a scope is missing": {"scope-all:teams": ""},
        "a look-alike was copied": {"active": ""},
    }
    learner.make_application(**changes.get(turn, {}))
    client_id, secret = learner.client_id, learner.client_secret
    if turn == "the Client ID from before Save":
        client_id = "1b6c0000-0000-4000-8000-000000000001"
    if turn == "the secret of another application":
        learner.client_id = ""
        learner.make_application(name="Another")
        secret = learner.client_secret
    return client_id, secret


def test_each_wrong_turn_is_one_card_and_next_leads_to_where_it_is_mended(page: Page, lab: Lab) -> None:
    """In one open lab: each walk is begun anew with the button, and the open notebooks follow."""
    lab.open(page, "00-start")
    shown = page.locator(SHOWN)
    for turn, (code, step) in TURNS.items():
        shown.get_by_role("button", name="Begin the practice walk anew …").click()
        shown.get_by_role("button", name="Begin anew").click()
        expect(next_link(page, "What you need before you begin")).to_be_visible()
        with Learner(lab.practice, anew=False) as learner:
            agent_id = learner.make_agent()
            confirm_prerequisites(page)
            follow_next(page, "Create the Neo Agent agent")
            agent_by_word(page, agent_id)
            follow_next(page, "Fill in the details")
            enter(page, *take(turn, learner))
        expect(next_link(page, f"mend “{STEPS[step].title}”"), turn).to_be_visible()
        shown.get_by_role("link", name=re.compile("^Connection, ")).click()
        verdict = panel(page, "verdict")
        expect(verdict.get_by_text(code, exact=True), turn).to_have_count(1)
        expect(verdict.locator(".h-found"), turn).to_have_count(1)
        with page.context.expect_page() as opened:
            verdict.get_by_role("link", name="Open the practice screen").click()
        screen = opened.value
        if screen.get_by_role("button", name="Sign in").count():
            screen.get_by_role("button", name="Sign in").click()
        expect(screen, turn).to_have_url(re.compile("/config/"))
        expect(screen.get_by_text("walk-practice"), turn).to_be_visible()
        screen.close()
        shown.get_by_role("link", name=re.compile("^Start, ")).click()
