"""The screens of the practice tenant: walked in a browser, and what is set there is what the API does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from halo_helpers import Tenant, verify
from halo_helpers.practice.control import PracticeServer, ask, start
from halo_helpers.practice.serve import Options
from halo_helpers.secrets.value import Secret

from .helpers.browser import needs_browser, new_page
from .helpers.screens import make_agent, make_application


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    with start() as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: PracticeServer) -> Iterator[Page]:
    ask(server.base_url, "tenants/practice/scenario", "POST", name="healthy")
    with new_page(browser) as one:
        one.goto(server.ui_url)
        one.get_by_role("button", name="Sign in").click()
        yield one


@needs_browser
def test_agent_and_application_made_by_hand_pass_every_check(page: Page, server: PracticeServer) -> None:
    result = verify(make_application(page, server, make_agent(page)))
    assert (result.verdict, result.codes) == ("pass", [])
    assert result.agent
    assert result.agent.name == "Neo Helper"


WRONG = {
    "unauthorized-client": {"method": "Authorisation Code (Web or Native Application)"},
    "login-not-agent": {"login_type": "User"},
    "agent-mismatch": {"agent": "3"},
    "scopes-missing webhooks-refused": {"scope": "admin:webhooks"},
    "scopes-missing area-refused": {"scope": "all:teams"},
}


@needs_browser
@pytest.mark.parametrize("codes", WRONG)
def test_one_field_wrong_gets_exactly_its_code(page: Page, server: PracticeServer, codes: str) -> None:
    result = verify(make_application(page, server, 27, **WRONG[codes]))
    assert set(result.codes) == set(codes.split())


@needs_browser
def test_what_is_wrong_is_mended_on_the_screens(page: Page, server: PracticeServer) -> None:
    agent_id = make_agent(page, teams=False)
    tenant = make_application(page, server, agent_id)
    assert "agent-without-team" in verify(tenant).codes
    page.goto(f"{server.base_url}/config/agents/{agent_id}")
    page.get_by_label("Service Desk").check()
    page.get_by_role("button", name="Save").click()
    assert verify(tenant).verdict == "pass"
    page.goto(f"{server.base_url}/config/integrations/api/applications/{tenant.client_id}")
    page.get_by_role("button", name="Generate a new Client Secret").click()
    fresh = page.locator("#client-secret").inner_text()
    assert verify(tenant).verdict == "pass", "nothing is saved yet"
    page.get_by_role("button", name="Save").click()
    assert page.locator("#client-secret").inner_text() == fresh
    assert verify(tenant).codes == ["invalid-client"]
    assert verify(Tenant(**(vars(tenant) | {"client_secret": Secret(fresh)}))).verdict == "pass"


@needs_browser
def test_mistakes_in_a_form_are_said_and_nothing_typed_is_lost(page: Page, server: PracticeServer) -> None:
    page.goto(f"{server.base_url}/config/integrations/api/applications/new")
    page.get_by_label("Application Name").fill("Half done")
    page.get_by_label("Login Type").select_option("Agent")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("choose the Agent")
    expect(page.get_by_label("Application Name")).to_have_value("Half done")


@needs_browser
def test_everything_is_reached_by_keyboard_with_a_label(page: Page, server: PracticeServer) -> None:
    for path in ("config/agents/new", "config/integrations/api/applications/new", "practice"):
        page.goto(f"{server.base_url}/{path}")
        for field in page.locator("input:not([type=hidden]), select").all():
            assert field.get_attribute("id")
            assert page.locator(f"label[for='{field.get_attribute('id')}']").count() == 1
    page.goto(f"{server.base_url}/config/agents/new")
    page.get_by_label("Username").focus()
    for name in ("Email", "Password", "Roles", "Account Active"):
        page.keyboard.press("Tab")
        expect(page.get_by_label(name)).to_be_focused()


@needs_browser
def test_a_page_is_readable_on_a_narrow_screen(browser: Browser, server: PracticeServer) -> None:
    with new_page(browser, 400) as page:
        page.goto(server.ui_url)
        page.get_by_role("button", name="Sign in").click()
        for path in ("config", "config/agents", "config/integrations/api/applications/new", "practice"):
            page.goto(f"{server.base_url}/{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 400, path


@needs_browser
def test_a_trainer_puts_a_tenant_into_a_scenario_and_makes_one(page: Page) -> None:
    with start(Options(scenarios=["healthy"])) as server:
        ask(server.base_url, "walk", "POST")
        page.goto(f"{server.base_url}/practice")
        expect(page.get_by_role("row", name="walk-practice")).to_contain_text("empty until it is set up")
        page.get_by_label("Tenant").fill("exercise")
        page.get_by_label("Scenario").select_option("app-inactive")
        page.get_by_role("button", name="Put it").click()
        expect(page.get_by_role("status")).to_contain_text("exercise: Application not active")
        page.get_by_label("Tenant").fill("No Name")
        page.get_by_role("button", name="Put it").click()
        expect(page.get_by_role("alert")).to_contain_text("a-z, 0-9")
