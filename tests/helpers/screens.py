"""An agent and an application, made on the practice tenant's screens."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from halo_helpers import Tenant
from halo_helpers.practice.control import PracticeServer
from halo_helpers.secrets.value import Secret


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
