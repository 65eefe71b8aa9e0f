"""An administrator's sign-in names the field that is wrong; what it may not see is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from halo_helpers.admin.access import NoAdministratorError, signed_in
from halo_helpers.admin.reading.inspection import Inspection, inspect
from halo_helpers.practice.control import PracticeServer, start
from halo_helpers.practice.scenarios import SCENARIOS
from halo_helpers.practice.serve import Options

from .helpers.administrator import Instance, administrators_sign_in
from .helpers.command import document, halo
from .helpers.practice import Practice

FIELDS = {
    "wrong-secret": "application.clientSecret",
    "secret-cut-off": "application.clientSecret",
    "app-inactive": "application.inactive",
    "wrong-grant": "application.grant_type",
    "login-type-user": "application.loginentity",
    "agent-mismatch": "application.loginas_agent_id",
    "agent-disabled": "agent.isdisabled",
    "agent-api-only": "agent.isapiagent",
    "agent-without-team": "agent.teams",
    "team-inactive": "agent.teams",
    "agent-without-role": "agent.roles",
    "agent-without-hours": "agent.workday_id",
    "agent-restricted": "agent.clients",
    "scope-missing-teams": "application.scopes",
    "scope-missing-webhooks": "application.scopes",
    "scope-none": "application.scopes",
    "scope-refused": "application.scopes",
    "only-all": "application.scopes",
    "scopes-too-wide": "application.scopes",
    "id-before-save": "application.clientId",
    "credentials-swapped": "application.clientId",
    "no-sales-module": "features.enabled",
    "webhook-gone": "webhook.url",
    "webhook-off": "webhook.active",
    "webhook-without-events": "webhook.events",
}
"""By scenario whose cause is a field: which one."""
NO_FIELD = {
    *("healthy", "connected", "rate-limited", "maintenance", "html-login-page", "slow", "wrong-tenant"),
    *("app-not-approved", "token-short-lived", "any-secret", "agent-twins", "agent-unlisted"),
    *("tickets-refused", "contracts-hidden", "licences-used-up", "notes-refused", "webhook-failing"),
    *("address-blocked", "connection-cut", "area-fails", "area-too-slow", "clock-off"),
}
"""Scenarios whose cause is no field that the API shows, by the lane's table."""


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    with start(Options(rate_limit="1000000/1")) as one:
        yield one


def inspected(server: PracticeServer, scenario: str) -> Inspection:
    one = Instance.fresh(server, scenario)
    return inspect(one.tenant, one.how)


def test_every_scenario_is_in_one_of_the_lists() -> None:
    assert FIELDS.keys() | NO_FIELD == SCENARIOS.keys()
    assert not FIELDS.keys() & NO_FIELD


@pytest.mark.parametrize("scenario", FIELDS)
def test_the_field_is_named_and_leads(server: PracticeServer, scenario: str) -> None:
    found = inspected(server, scenario)
    assert {row.field for row in found.rows if row.finding} == {FIELDS[scenario]}
    row = next(row for row in found.rows if row.finding)
    assert row.finding
    if row.finding.refines:
        assert row.finding.refines in found.verification.codes
        assert row.finding.refines not in found.codes
    assert row.finding.code in found.codes
    if scenario != "team-inactive":  # which an application that reads does not see
        assert found.joined.verdict == found.verification.verdict
    assert row.screen in found.as_text()


@pytest.mark.parametrize("scenario", ["healthy", "connected"])
def test_of_a_healthy_one_it_says_so(server: PracticeServer, scenario: str) -> None:
    found = inspected(server, scenario)
    assert (found.codes, found.joined.verdict, found.could_not_see) == ([], "pass", ())
    assert len(found.rows) >= 14
    assert all(row.finding is None for row in found.rows)


@pytest.mark.parametrize("scenario", ["tickets-refused", "contracts-hidden"])
def test_beside_what_a_role_refuses_stands_the_role(server: PracticeServer, scenario: str) -> None:
    assert "roles of the agent: 1st Line Support" in inspected(server, scenario).as_text()


@pytest.mark.parametrize(
    ("settings", "scopes", "unseen"),
    [
        (["admin-covers=configuration"], ("admin",), {"Agent/{id}", "Roles", "Team", "Workday"}),
        (
            ["admin-level=scope"],
            ("all:standard", "all:teams"),
            {"Application", "Features", "Roles", "Webhook"},
        ),
    ],
)
def test_what_may_not_be_seen_is_said_and_not_guessed(
    settings: list[str], scopes: tuple[str, ...], unseen: set[str]
) -> None:
    options = Options(scenarios=["agent-without-team"], settings=settings, rate_limit="1000000/1")
    with start(options) as server:
        how = administrators_sign_in(server, "agent-without-team", *scopes)
        one = Instance(server, server.tenants[0], how)
        found = inspect(one.tenant, one.how)
    assert set(found.could_not_see) == unseen
    assert "agent-without-team" in found.codes, "the ordinary verification sees it all the same"
    assert f"could not see: {', '.join(found.could_not_see)}" in found.as_text(width=300)


def test_who_is_no_administrator_is_told_before_anything_is_asked(server: PracticeServer) -> None:
    one = Instance.fresh(server)
    how = administrators_sign_in(server, one.entry["name"], agent="27")
    asked = len(Practice(server).requests(one.entry["name"]))
    with pytest.raises(NoAdministratorError, match=r"Neo Agent \(ID 27\) is no administrator"):
        inspect(one.tenant, how)
    new = Practice(server).requests(one.entry["name"])[asked:]
    assert {request["path"] for request in new} <= {"/api/authinfo", "/auth/token", "/api/Agent/me"}


def test_an_application_of_another_instance_opens_nothing(server: PracticeServer) -> None:
    one = Instance.fresh(server)
    with start(Options(rate_limit="1000000/1", seed="other")) as other:
        stranger = Instance.fresh(other)
        with pytest.raises(NoAdministratorError, match="sign-in was refused"):
            inspect(one.tenant, stranger.how)


def test_the_credentials_are_gone_at_the_end(server: PracticeServer) -> None:
    one = Instance.fresh(server)
    with signed_in(one.tenant, one.how) as who:
        pass
    assert (who._secret, who._token) == (None, None)
    with pytest.raises(NoAdministratorError, match="sign-in has ended"):
        who.token()


def test_the_command(own_home: Path) -> None:
    with start(Options(scenarios=["app-inactive"], rate_limit="1000000/1")) as server:
        how = administrators_sign_in(server, "app-inactive")
        assert how.secret is not None
        file = Practice(server).write(own_home / "t.yaml", "app-inactive")
        named = ["inspect", "app-inactive", "--tenants-file", file]
        words = [*named, "--sign-in", "application", "--admin-client-id", how.client_id]
        done = halo(*words, stdin=how.secret.reveal())
        assert (done.returncode, "BROKEN  The application is not active" in done.stdout) == (1, True)
        told = document(halo(*words, "--json", stdin=how.secret.reveal()))
        wrong = halo(*words, stdin=f"{how.secret.reveal()[:-1]}z")
        nobody = halo(*named)
        way = halo(*named, "--sign-in", "password")
    assert (told["schema"], told["codes"]) == ("halo-runbook/inspection/1", ["application-inactive"])
    assert told["findings"][0]["refines"] == "invalid-client"
    assert how.secret.reveal() not in json.dumps(told) + done.stdout + done.stderr
    assert (wrong.returncode, "sign-in was refused" in wrong.stderr) == (3, True)
    assert (nobody.returncode, "give --sign-in browser|application" in nobody.stderr) == (2, True)
    assert (way.returncode, "--sign-in takes browser or application" in way.stderr) == (2, True)


def test_the_secret_is_not_blamed_for_what_was_not_seen(server: PracticeServer) -> None:
    """The agent may not be read: that it is disabled could be the cause as well."""
    options = Options(scenarios=["wrong-secret"], settings=["admin-covers=configuration"])
    with start(options) as other:
        how = administrators_sign_in(other, "wrong-secret", "admin")
        found = inspect(Instance(other, other.tenants[0], how).tenant, how)
    assert "secret-wrong" not in found.codes
    assert "invalid-client" in found.codes
