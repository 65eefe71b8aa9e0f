"""What the API writes, by the numbers of the wire contract (W35 to W47, W52 to W56)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from halo_helpers.practice.control import PracticeServer, start
from halo_helpers.practice.serve import Options

from .helpers.caller import ALL, Caller
from .helpers.forms import send, signed_in


class Writer(Caller):
    """A client that writes, as an administrator or as Neo Agent."""

    def write(self, route: str, *rows: Any, token: str, method: str = "POST") -> tuple[int, Any]:
        body = json.dumps(list(rows)) if method == "POST" else None
        bearer = {"Authorization": f"Bearer {token}", "Content_Type": "application/json"}
        status, _, raw = self.send(method, f"/api/{route}", body, **bearer)
        return status, json.loads(raw) if raw else None


@contextmanager
def tenant(*settings: str, scenario: str = "healthy") -> Iterator[tuple[PracticeServer, Writer]]:
    """Give a server of one tenant with these settings, and its Neo Agent."""
    options = Options(scenarios=[scenario], settings=list(settings), rate_limit="1000000/1")
    with start(options) as server:
        yield server, Writer(server.base_url, server.tenants[0])


@pytest.fixture(scope="module")
def usual() -> Iterator[tuple[PracticeServer, Writer]]:
    with tenant() as both:
        yield both


def token_of(server: PracticeServer, one: Writer, *scopes: str, agent: str = "2", asked: str = "") -> str:
    """Make an application on the screens; give a token of it."""
    cookie, csrf = signed_in(server, one.entry["name"])
    form = {"name": "Another", "active": "1", "method": "client-credentials", "login_type": "agent"}
    form |= {"agent": agent, "csrf": csrf} | {f"scope-{scope}": "1" for scope in scopes}
    made = send(server, "POST", "/config/integrations/api/applications/new", form, Cookie=cookie)
    page = send(server, "GET", made[1]["location"], Cookie=cookie)[2]
    client_id, secret = (
        page.partition(f'id="{name}">')[2].partition("<")[0] for name in ("client-id", "client-secret")
    )
    asked = asked or " ".join(scopes)
    return str(one.post(one.form(client_id=client_id, client_secret=secret, scope=asked))[2]["access_token"])


def administrator(server: PracticeServer, one: Writer) -> str:
    """Give a token of an administrator with every scope that is needed."""
    return token_of(server, one, "admin", *ALL.split())


def test_w35_an_update_changes_the_fields_that_are_sent_and_no_others(
    usual: tuple[PracticeServer, Writer],
) -> None:
    token = administrator(*usual)
    one = usual[1]
    before = one.get("Agent/27", token)[1]
    status, after = one.write("Agent", {"id": 27, "email": "neo@msp.example"}, token=token)
    assert (status, after["email"], after["name"]) == (201, "neo@msp.example", before["name"])
    kept = {k: v for k, v in before.items() if k not in {"email", "last_modified"}}
    assert {k: v for k, v in one.get("Agent/27", token)[1].items() if k in kept} == kept
    assert after["last_modified"] > before["last_modified"], "W55"


def test_w36_several_objects_are_an_array_in_their_order(usual: tuple[PracticeServer, Writer]) -> None:
    one, token = usual[1], administrator(*usual)
    status, made = one.write("Agent", {"name": "One"}, {"name": "Two"}, token=token)
    assert (status, [row["name"] for row in made]) == (201, ["One", "Two"])
    with tenant("write-answer=array", "update-status=200") as (server, other):
        token = administrator(server, other)
        status, made = other.write("Agent", {"id": 27, "name": "Neo"}, token=token)
        assert (status, [row["name"] for row in made]) == (200, ["Neo"])


@pytest.mark.parametrize(
    ("setting", "teams"), [("replace", ["Projects"]), ("merge", ["Service Desk", "Projects"])]
)
def test_w37_a_list_is_replaced_or_merged(setting: str, teams: list[str]) -> None:
    with tenant(f"list-update={setting}") as (server, one):
        token = administrator(server, one)
        shown = one.write("Agent", {"id": 27, "teams": [{"team_id": 2}]}, token=token)[1]
        assert [row["team_name"] for row in shown["teams"]] == teams


def test_w38_agents_are_made_checked_and_deleted(usual: tuple[PracticeServer, Writer]) -> None:
    server, one = usual
    token = administrator(server, one)
    for row, words in (
        ({"email": "x@y.example"}, "enter a name"),
        ({"id": 99999, "name": "x"}, "no agent with the id 99999"),
        ({"id": 1, "name": "x"}, "no agent with the id 1"),
        ({"id": 27, "teams": [{"team_id": 77}]}, "no such team"),
        ({"id": 27, "roles": [{"id": "x"}]}, "no such role"),
    ):
        status, answer = one.write("Agent", row, token=token)
        assert (status, words in answer["Message"]) == (400, True)
    role = one.get("Roles", token)[1][1]["id"]
    row = {"name": "Neo Two", "email": "a@b.example", "teams": [{"id": 1}], "roles": [{"id": role}]}
    made = one.write("Agent", row | {"workday_id": 1}, token=token)[1]
    assert (made["team"], made["role_list"], made["workday_id"]) == ("Service Desk", "1st Line Support", 1)
    assert one.write(f"Agent/{made['id']}", token=token, method="DELETE")[1]["name"] == "Neo Two"
    assert one.get(f"Agent/{made['id']}", token)[0] == 404


@pytest.mark.parametrize(
    ("setting", "expected"), [("400", (400, None)), ("api-only", (201, True)), ("disabled", (201, False))]
)
def test_w38_without_a_free_licence(setting: str, expected: tuple[int, bool | None]) -> None:
    with tenant(f"licence-full={setting}", scenario="licences-used-up") as (server, one):
        token = administrator(server, one)
        status, answer = one.write("Agent", {"name": "Neo Two"}, token=token)
        assert (status, answer.get("isapiagent")) == expected
        if setting == "disabled":
            assert answer["isdisabled"]


def test_w38_one_licence_is_given_once() -> None:
    with tenant("licence-full=400", scenario="licences-used-up") as (server, one):
        token = administrator(server, one)
        assert one.write("Agent/27", token=token, method="DELETE")[0] == 200
        assert one.write("Agent", {"name": "One"}, {"name": "Two"}, token=token)[0] == 400
        assert one.write("Agent", {"name": "One"}, token=token)[0] == 201


def test_w35_two_rows_of_one_agent_change_it_both(usual: tuple[PracticeServer, Writer]) -> None:
    one, token = usual[1], administrator(*usual)
    number = one.write("Agent", {"name": "Twice"}, token=token)[1]["id"]
    one.write("Agent", {"id": number, "name": "Other"}, {"id": number, "email": "a@b.example"}, token=token)
    shown = one.get(f"Agent/{number}", token)[1]
    assert (shown["name"], shown["email"]) == ("Other", "a@b.example")


def test_w38_and_w56_neo_agent_itself_may_write_no_agent(usual: tuple[PracticeServer, Writer]) -> None:
    one = usual[1]
    assert one.write("Agent", {"id": 27, "name": "x"}, token=one.token())[0] == 401
    assert one.write("Agent", {"id": 27, "name": "x"}, token=one.token(scope="admin:webhooks"))[0] == 403


@pytest.mark.parametrize(
    ("level", "scoped", "as_administrator", "both"),
    [("both", 401, 403, 200), ("scope", 200, 403, 200), ("agent", 401, 200, 200), ("all", 401, 403, 200)],
)
def test_w39_what_opens_the_applications(level: str, scoped: int, as_administrator: int, both: int) -> None:
    with tenant(f"admin-level={level}") as (server, one):
        tokens = (
            token_of(server, one, "admin", agent="27"),
            token_of(server, one, *ALL.split()),
            administrator(server, one),
        )
        assert [one.get("Application", token)[0] for token in tokens] == [scoped, as_administrator, both]


def test_w39_and_w41_an_application_is_read_without_its_secret(usual: tuple[PracticeServer, Writer]) -> None:
    one, token = usual[1], administrator(*usual)
    row = next(r for r in one.get("Application", token)[1] if r["clientId"] == one.entry["client_id"])
    assert (row["grant_type"], row["loginentity"], "scopes" in row) == ("client_credentials", 1, False)
    whole = one.get(f"Application/{row['id']}", token)[1]
    assert {scope["name"] for scope in whole["scopes"]} == set(ALL.split())
    assert one.get("Application/x", token) == (404, None)
    assert one.entry["client_secret"] not in json.dumps(one.get("Application", token)[1]) + json.dumps(whole)


def test_w39_settings_of_what_an_application_shows() -> None:
    settings = ("application-scopes=details", "application-codes=titles", "application-secret=masked")
    with tenant(*settings) as (server, one):
        token = administrator(server, one)
        row = next(r for r in one.get("Application", token)[1] if r["clientId"] == one.entry["client_id"])
        titles = ("Client ID and Secret (Services)", "Agent", "********")
        assert (row["grant_type"], row["loginentity"], row["clientSecret"]) == titles
        assert "scopes" not in one.get(f"Application/{row['id']}", token)[1]
        assert one.get(f"Application/{row['id']}?includedetails=true", token)[1]["scopes"]


def _neo(one: Writer, token: str) -> dict[str, Any]:
    rows = one.get("Application", token)[1]
    return next(row for row in rows if row["clientId"] == one.entry["client_id"])


def test_w40_an_application_is_changed_by_its_id(usual: tuple[PracticeServer, Writer]) -> None:
    one, token = usual[1], administrator(*usual)
    before = _neo(one, token)
    status, after = one.write("Application", {"id": before["id"], "inactive": True}, token=token)
    assert (status, after["inactive"]) == (201, True)
    assert one.post(one.form())[2]["error"] == "invalid_client"
    assert after["concurrencyToken"] != before["concurrencyToken"], "W55"
    scopes = [{"name": name} for name in ALL.split()]
    row = {"id": before["id"], "inactive": False, "scopes": scopes, "loginas_agent_id": 27}
    one.write("Application", row, token=token)
    assert one.post(one.form())[2]["scope"] == ALL
    for row, words in (
        ({"id": before["id"], "loginas_agent_id": 4711}, "no such agent"),
        ({"id": before["id"], "scopes": [{"name": "everything"}]}, "no such scope"),
        ({"id": before["id"], "loginentity": "Robot"}, "no such login type"),
        ({"id": "x"}, "no application with the id x"),
    ):
        status, answer = one.write("Application", row, token=token)
        assert (status, words in answer["Message"]) == (400, True)


def test_w40_system_applications_are_not_changed(usual: tuple[PracticeServer, Writer]) -> None:
    one, token = usual[1], administrator(*usual)
    own = next(row for row in one.get("Application", token)[1] if row["system_use"])
    assert one.write("Application", {"id": own["id"], "inactive": True}, token=token)[0] == 403
    assert one.write(f"Application/{own['id']}", token=token, method="DELETE")[0] == 403
    with tenant("system-applications=allowed") as (server, other):
        token = administrator(server, other)
        own = next(row for row in other.get("Application", token)[1] if row["system_use"])
        assert other.write("Application", {"id": own["id"], "inactive": True}, token=token)[0] == 201


@pytest.mark.parametrize(("setting", "status"), [("refused", 403), ("no-secret", 201), ("secret-once", 201)])
def test_w40_an_application_may_be_made(setting: str, status: int) -> None:
    with tenant(f"application-write={setting}") as (server, one):
        token = administrator(server, one)
        found, made = one.write("Application", {"displayName": "New", "loginas_agent_id": 27}, token=token)
        assert found == status
        if status == 201:
            assert ("clientSecret" in made) is (setting == "secret-once")
            if setting == "secret-once":
                form = one.form(client_id=made["clientId"], client_secret=made["clientSecret"])
                assert one.post(form)[0] == 200
            assert one.write(f"Application/{made['id']}", token=token, method="DELETE")[0] == 200


def test_w40_a_stale_mark_is_refused_where_it_is_looked_at() -> None:
    with tenant("concurrency=checked") as (server, one):
        token = administrator(server, one)
        row = _neo(one, token)
        mark = {"id": row["id"], "concurrencyToken": row["concurrencyToken"]}
        assert one.write("Application", mark | {"inactive": True}, token=token)[0] == 201
        assert one.write("Application", mark | {"inactive": False}, token=token)[0] == 400


@pytest.mark.parametrize("setting", ["both", "inline", "notification"])
def test_w42_and_w43_a_webhook_gets_its_events(setting: str) -> None:
    with tenant(f"webhook-events={setting}") as (_, one):
        token = one.token()
        row = {"name": "Neo", "url": "https://neo.example/hook", "events": [{"name": "New ticket logged"}]}
        made = one.write("Webhook", row, token=token)[1]
        event = {"webhook_id": made["id"], "name": "Ticket updated"}
        status, _ = one.write("Notification", event, token=token)
        assert status == (404 if setting == "inline" else 201)
        events = [e["name"] for e in one.get(f"Webhook/{made['id']}?includedetails=true", token)[1]["events"]]
        assert (
            events
            == {
                "both": ["New ticket logged", "Ticket updated"],
                "inline": ["New ticket logged"],
                "notification": ["Ticket updated"],
            }[setting]
        )
        assert one.write(f"Webhook/{made['id']}", token=token, method="DELETE")[0] == 200
        assert one.get(f"Webhook/{made['id']}", token)[0] == 404


TICKET = {"summary": "halo-runbook test", "details": "please ignore", "tickettype_id": 1, "client_id": 1}


def test_w45_to_w47_a_ticket_is_made_noted_and_closed(usual: tuple[PracticeServer, Writer]) -> None:
    one = usual[1]
    token = one.token()
    status, made = one.write("Tickets", TICKET, token=token)
    assert (status, made["summary"], made["status_id"]) == (201, "halo-runbook test", 1)
    number = made["id"]
    assert one.get(f"Tickets/{number}", token)[1]["details"] == "please ignore"
    note = {"ticket_id": number, "outcome_id": 7, "note": "seen", "timetaken": 0.25, "hiddenfromuser": True}
    status, action = one.write("Actions", note, token=token)
    assert (status, action["note"], action["actionby_application_id"]) == (
        201,
        "seen",
        "Neo Agent Integration",
    )
    assert [row["note"] for row in one.get(f"Actions?ticket_id={number}", token)[1]["actions"]] == ["seen"]
    assert one.write("Tickets", {"id": number, "status_id": 9}, token=token)[1]["status_id"] == 9
    opened = one.get("Tickets?open_only=true&pageinate=true&page_size=100", token)[1]["tickets"]
    assert number not in {row["id"] for row in opened}
    assert one.write(f"Tickets/{number}", token=token, method="DELETE")[0] == 401
    for route, row, words in (
        ("Tickets", {"summary": "x"}, "mandatory fields: tickettype_id, client_id"),
        ("Tickets", {"id": 10**6, "status_id": 9}, "no ticket"),
        ("Tickets", {"id": number, "status_id": 77}, "no such status"),
        ("Tickets", {"id": number, "status_id": [9]}, "no such status"),
        ("Tickets", TICKET | {"status_id": 77}, "no such status"),
        ("Actions", {"ticket_id": number, "outcome_id": 7, "new_status": 77}, "no such status"),
        ("Actions", {"ticket_id": number}, "outcome"),
        ("Actions", {"ticket_id": 10**6, "outcome_id": 7}, "no ticket"),
    ):
        status, answer = one.write(route, row, token=token)
        assert (status, words in answer["Message"]) == (400, True)


@pytest.mark.parametrize(("setting", "made"), [("checked", 0), ("ignored", 1)])
def test_w45_a_ticket_that_is_only_to_be_checked(setting: str, made: int) -> None:
    with tenant(f"validate-only={setting}") as (_, one):
        token = one.token()
        before = one.get("Tickets?pageinate=true&page_size=1", token)[1]["record_count"]
        one.write("Tickets", TICKET | {"_validate_only": True}, token=token)
        assert one.get("Tickets?pageinate=true&page_size=1", token)[1]["record_count"] - before == made


def test_w47_closing_may_need_a_note() -> None:
    with tenant("close-refused=needs-fields") as (_, one):
        token = one.token()
        number = one.write("Tickets", TICKET, token=token)[1]["id"]
        assert one.write("Tickets", {"id": number, "status_id": 9}, token=token)[0] == 400
        close = {"ticket_id": number, "outcome_id": 7, "note": "done", "new_status": 9}
        assert one.write("Actions", close, token=token)[0] == 201
        closed = one.get(f"Tickets/{number}", token)[1]
        assert (closed["status_id"], bool(closed["dateclosed"])) == (9, True)


@pytest.mark.parametrize(("setting", "agents"), [("lists", 200), ("configuration", 403)])
def test_w52_what_the_scope_admin_alone_opens(setting: str, agents: int) -> None:
    with tenant(f"admin-covers={setting}") as (server, one):
        token = token_of(server, one, "admin")
        assert [one.get(route, token)[0] for route in ("Application", "Agent/me", "Features")] == [200] * 3
        assert {one.get(route, token)[0] for route in ("Agent", "Team", "Roles", "Workday")} == {agents}


def test_w54_the_audit_says_nothing_without_parameters() -> None:
    with tenant() as (server, one):
        token = administrator(server, one)
        one.write("Agent", {"id": 27, "name": "Neo"}, token=token)
        assert one.get("Audit?table_name=UNAME&id1=27", token) == (200, {"record_count": 0, "audit": []})
    with tenant("audit=by-object", "config-commits=paged") as (server, one):
        token = administrator(server, one)
        one.write("Agent", {"id": 27, "name": "Neo"}, token=token)
        (row,) = one.get("Audit?table_name=UNAME&id1=27", token)[1]["audit"]
        assert (row["to"], row["agent_id"]) == ("Neo", 2)
        commits = one.get("ConfigCommit?pageinate=true&page_size=1", token)[1]
        assert (commits["record_count"], len(commits["commits"])) == (4655, 1)
        second = one.get("ConfigCommit?pageinate=true&page_size=1&page_no=2", token)[1]
        assert second["commits"][0]["id"] != commits["commits"][0]["id"]
    with tenant("audit=refused", "config-commits=refused") as (server, one):
        token = administrator(server, one)
        assert {one.get(route, token)[0] for route in ("Audit", "ConfigCommit")} == {403}


@pytest.mark.parametrize(("setting", "told"), [("role", True), ("always", True), ("absent", None)])
def test_w56_can_update(setting: str, told: bool | None) -> None:
    with tenant(f"can-update={setting}") as (server, one):
        assert one.get("Agent/27", administrator(server, one))[1].get("_canupdate") is told
        if setting == "role":
            assert one.get("Agent/27", one.token())[1]["_canupdate"] is False


def test_counts_move_with_the_agents() -> None:
    with tenant() as (server, one):
        token = administrator(server, one)
        before = one.get("InstanceInfo")[1]["agent_count"]
        one.write("Agent", {"name": "One more"}, token=token)
        assert one.get("InstanceInfo")[1]["agent_count"] == before + 1
