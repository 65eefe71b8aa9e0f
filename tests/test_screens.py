"""The screens of the practice tenant: walked in a browser, and what is set there is what the API does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from halo_helpers import Tenant, verify
from halo_helpers.practice.control import PracticeServer, ask, start
from halo_helpers.practice.screens.forms import Form
from halo_helpers.practice.screens.pages import Screens
from halo_helpers.practice.screens.sign_in import Session
from halo_helpers.practice.serve import Options, build_realm
from halo_helpers.practice.wire import Ask
from halo_helpers.secrets.value import Secret

from .browser import chromium, needs_browser, new_page


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: PracticeServer) -> Iterator[Page]:
    ask(server.base_url, "tenants/practice/scenario", "POST", name="healthy")
    with new_page(browser) as one:
        one.goto(server.ui_url)
        one.get_by_role("button", name="Sign in").click()
        yield one


def make_agent(page: Page, *, teams: bool = True) -> int:
    for link in ("Teams & Agents", "Agents", "New"):
        page.get_by_role("link", name=link).last.click()
    page.get_by_label("Username").fill("Neo Helper")
    page.get_by_label("Email").fill("team@neoagent.example")
    page.get_by_label("Roles").select_option("1st Line Support")
    if teams:
        page.get_by_label("Service Desk").check()
    page.get_by_label("Working Hours").select_option("Office hours")
    page.get_by_role("button", name="Save").click()
    said = page.get_by_role("status").inner_text()
    return int(re.search(r"Agent ID is (\d+)", said).group(1))  # type: ignore[union-attr]


def make_application(page: Page, server: PracticeServer, agent_id: int, **wrong: str) -> Tenant:
    page.goto(f"{server.base_url}/config")
    for link in ("Integrations", "HaloPSA API", "View Applications", "New"):
        page.get_by_role("link", name=link).last.click()
    shown_before = page.locator("#client-id").inner_text()
    page.get_by_label("Application Name").fill("Neo Agent Integration 2")
    page.get_by_label("Active").check()
    page.get_by_label("Authentication Method").select_option(
        wrong.get("method", "Client ID and Secret (Services)")
    )
    page.get_by_label("Login Type").select_option(wrong.get("login_type", "Agent"))
    page.get_by_label("Agent", exact=True).select_option(wrong.get("agent", str(agent_id)))
    for scope in ("all:standard", "all:teams", "admin:webhooks"):
        if scope != wrong.get("scope"):
            page.get_by_label(scope, exact=True).check()
    page.get_by_role("button", name="Save").click()
    client_id = page.locator("#client-id").inner_text()
    assert client_id != shown_before
    secret = Secret(page.locator("#client-secret").inner_text())
    page.reload()
    assert page.locator("#client-secret").count() == 0
    return Tenant(
        name="made", base_url=server.base_url, client_id=client_id, client_secret=secret, agent_id=agent_id
    )


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
        page.goto(f"{server.base_url}/practice")
        page.get_by_label("Tenant").fill("exercise")
        page.get_by_label("Scenario").select_option("app-inactive")
        page.get_by_role("button", name="Put it").click()
        expect(page.get_by_role("status")).to_contain_text("exercise: Application not active")
        page.get_by_label("Tenant").fill("No Name")
        page.get_by_role("button", name="Put it").click()
        expect(page.get_by_role("alert")).to_contain_text("a-z, 0-9")


def send(
    server: PracticeServer, method: str, path: str, form: dict[str, str] | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    at = urlsplit(server.base_url)
    connection = HTTPConnection(at.hostname or "", at.port, timeout=10)
    try:
        connection.request(
            method, path, urlencode(form or {}), {k.replace("_", "-"): v for k, v in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def signed_in(server: PracticeServer) -> tuple[str, str]:
    cookie = send(server, "POST", "/signin", {"tenant": "practice"})[1]["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
    cookie = cookie.partition(";")[0]
    token = re.search(
        r'name="csrf" value="(\w+)"', send(server, "GET", "/config/agents/new", Cookie=cookie)[2]
    )
    assert token
    return cookie, token.group(1)


def test_forms_of_other_sites_are_refused(server: PracticeServer) -> None:
    cookie, token = signed_in(server)
    form = {"name": "Mallory", "csrf": token}
    for path in ("/config/agents/new", "/signin", "/practice"):
        assert send(server, "POST", path, form, Cookie=cookie, Origin="https://evil.example")[0] == 403
        assert send(server, "POST", path, form, Cookie=cookie, Origin="null")[0] == 403
    assert send(server, "POST", "/config/agents/new", form | {"csrf": "x"}, Cookie=cookie)[0] == 403
    assert send(server, "POST", "/practice", {"tenant": "a", "scenario": "healthy", "csrf": token})[0] == 403
    assert send(server, "GET", "/config", Host="evil.example")[0] == 421
    assert send(server, "POST", "/config/agents/new", form, Cookie=cookie, Origin=server.base_url)[0] == 303


def test_pages_are_not_kept_framed_or_scripted(server: PracticeServer) -> None:
    headers = send(server, "GET", "/")[1]
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_what_is_typed_is_text_everywhere(server: PracticeServer) -> None:
    cookie, token = signed_in(server)
    form = {"name": "<script>alert(1)</script>", "csrf": token, "active": "1"}
    target = send(server, "POST", "/config/agents/new", form, Cookie=cookie)[1]["location"]
    for path in (target, "/config/agents", "/config/integrations/api/applications/new"):
        text = send(server, "GET", path, Cookie=cookie)[2]
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text


def test_without_signing_in_every_screen_is_the_sign_in(server: PracticeServer) -> None:
    for cookie in (
        "",
        "halo_practice_1=practice.x",
        f"halo_practice_{urlsplit(server.base_url).port}=practice.00",
        "é=;;,",
    ):
        assert "Sign in" in send(server, "GET", "/config/agents", Cookie=cookie.encode().decode("latin-1"))[2]
    assert send(server, "DELETE", "/config")[0] == 405


FIELDS = st.sampled_from(
    [
        "name",
        "email",
        "role",
        "team-1",
        "active",
        "workday",
        "method",
        "login_type",
        "agent",
        "scope-all",
        "tenant",
        "scenario",
    ]
)
VALUES = st.sampled_from(
    ["", "1", "-1", "²", "9" * 12, "9" * 5000, "agent", "client-credentials", "healthy", "é\x00"]
) | st.text(max_size=12)
PATHS = st.sampled_from(
    [
        "/config/agents/new",
        "/config/agents/27",
        "/config/agents/²",
        "/config/integrations/api/applications/new",
        "/practice",
        "/signin",
        "/config/integrations/api/applications/x",
        "/config/integrations/api/applications/x/secret",
        "/config/x",
        "/config/agents/1/2",
    ]
)


@example(path="/config/agents/new", form={"name": "x", "role": "9" * 5000}, method="POST")
@given(path=PATHS, form=st.dictionaries(FIELDS, VALUES, max_size=6), method=st.sampled_from(["GET", "POST"]))
@settings(deadline=None, max_examples=150)
def test_no_form_makes_it_fail(path: str, form: dict[str, str], method: str) -> None:
    with_token = Form(form, method == "POST")
    realm = build_realm(Options())
    screens = Screens(realm)
    ask_ = Ask(
        method,
        path,
        "http://127.0.0.1:1",
        {"search": form.get("name", "")},
        {},
        urlencode(form).encode("utf-8", "replace"),
    )
    assert screens.answer(ask_).status < 500
    parts = tuple(part for part in path.split("/") if part)
    assert screens._screen(ask_, Session(realm.worlds["practice"], "x"), parts[1:], with_token).status < 500
