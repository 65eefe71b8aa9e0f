"""The practice tenant keeps the wire contract; statements are named by their number (W1 to W34)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from halo_helpers.practice.api.fields.applications import application_row
from halo_helpers.practice.api.fields.teams_and_roles import role_object
from halo_helpers.practice.control import start
from halo_helpers.practice.serve import Options, build_realm

from .helpers.caller import ALL, Caller, pages
from .helpers.practice import Practice


def test_w1_form_in_any_order_and_encoding(caller: Caller) -> None:
    form = caller.form()
    assert caller.post(dict(reversed(form.items())))[0] == 200
    assert caller.post("&".join(f"{k}={quote(v, safe='')}" for k, v in form.items()))[0] == 200


def test_w2_basic_authentication(caller: Caller) -> None:
    pair = base64.b64encode(f"{caller.entry['client_id']}:{caller.entry['client_secret']}".encode()).decode()
    assert (
        caller.post({"grant_type": "client_credentials", "scope": "all"}, Authorization=f"Basic {pair}")[0]
        == 200
    )
    assert (
        caller.post({"grant_type": "client_credentials", "scope": "all"}, Authorization="Basic !!")[0] == 401
    )


@pytest.mark.parametrize("scope", ["all", "admin edit:tickets edit:customers", None])
def test_w3_scopes(caller: Caller, scope: str | None) -> None:
    form = caller.form(scope=scope or "")
    if scope is None:
        del form["scope"]
    assert caller.post(form)[0] == 200


@pytest.mark.parametrize("query", ["", "?tenant=healthy", "?tenant=undefined", "?tenant=HEALTHY"])
def test_w4_tenant(caller: Caller, query: str) -> None:
    assert caller.post(caller.form(), query)[0] == 200
    assert caller.post(caller.form(tenant="healthy"))[0] == 200
    status, _, answer = caller.post(caller.form(), "?tenant=none-such")
    assert (status, answer["error"]) == (400, "invalid_request")


def test_w5_success(caller: Caller) -> None:
    status, headers, answer = caller.post(caller.form())
    assert (status, headers["content-type"].partition(";")[0]) == (200, "application/json")
    assert (answer["token_type"], answer["scope"], answer["expires_in"] > 300) == ("Bearer", ALL, True)


@pytest.mark.parametrize("change", [{"client_secret": "wrong"}, {"client_id": "wrong"}])
def test_w6_wrong_credentials(caller: Caller, change: dict[str, str]) -> None:
    status, _, answer = caller.post(caller.form(**change))
    assert (status, answer["error"]) == (401, "invalid_client")
    assert answer["error_description"]


def test_w7_older_tokens_stay_good(caller: Caller) -> None:
    tokens = [caller.token() for _ in range(3)]
    assert [caller.get("Agent/me", one)[0] for one in tokens] == [200, 200, 200]
    assert len(set(tokens)) == 3


def test_w8_authinfo(caller: Caller) -> None:
    status, _, raw = caller.send("GET", "/api/authinfo?tenant=healthy")
    answer = json.loads(raw)
    assert (status, answer["tenant_id"]) == (200, "healthy")
    assert answer["auth_url"].endswith("/auth")
    assert "tenant_id" not in json.loads(caller.send("GET", "/api/authinfo")[2])


@pytest.mark.parametrize(
    "headers", [{}, {"Accept": "*/*"}, {"Accept": "application/json", "Content_Type": "application/json"}]
)
def test_w9_headers(caller: Caller, token: str, headers: dict[str, str]) -> None:
    assert caller.get("Agent", token, User_Agent="anything/1", **headers)[0] == 200


@pytest.mark.parametrize(
    "path", ["Agent", "agent", "AGENT/", "tickets", "Tickets", "Client", "client", "users", "TICKETS?count=1"]
)
def test_w10_case_of_resources(caller: Caller, token: str, path: str) -> None:
    assert caller.get(path, token)[0] == 200


@pytest.mark.parametrize(
    ("text", "paged"), [("True", True), ("true", True), ("False", False), ("false", False), ("x", False)]
)
def test_w11_booleans(caller: Caller, token: str, text: str, paged: bool) -> None:
    assert ("page_no" in caller.get(f"Tickets?pageinate={text}&page_size=2", token)[1]) is paged


UNUSED = (
    "orderdesc includedetails includeactive includeinactive includeenabled includedisabled "
    "includeunassigned open_only nonsense"
)


def test_w12_unused_parameters(caller: Caller, token: str) -> None:
    query = "&".join(f"{name}=x" for name in UNUSED.split())
    for route in ("Tickets", "Agent", "Client", "Users"):
        assert caller.get(f"{route}?{query}", token) == caller.get(route, token)
    assert len(caller.get("Tickets?pageinate=true&page_size=2&count=true", token)[1]["tickets"]) == 2


@pytest.mark.parametrize("header", ["Bearer undefined", "Bearer ", "Basic x", "", "Bearer a.b.c", "Bearer é"])
def test_w13_bad_tokens(caller: Caller, header: str) -> None:
    status, headers, _ = caller.send("GET", "/api/Agent", Authorization=header.encode().decode("latin-1"))
    assert status == 401
    assert headers["www-authenticate"].startswith("Bearer")


def test_w14_status(caller: Caller, token: str, practice: Practice) -> None:
    assert caller.get("Tickets/999999", token) == (404, None)
    assert caller.get("Contract", token) == (404, None)
    refused = Caller(practice.base_url, practice.entries["tickets-refused"])
    assert refused.get("Tickets") == (403, None)


def test_w15_type_and_names(caller: Caller, token: str) -> None:
    row = caller.get("Tickets/1", token)[1]
    assert all(name == name.lower() for name in row)
    assert isinstance(row["id"], int)
    headers = caller.send("GET", "/api/Tickets", Authorization=f"Bearer {token}")[1]
    assert headers["content-type"].startswith("application/json")


def test_w16_throttling(practice: Practice) -> None:
    with start(Options(rate_limit="2/60", settings=["retry-after=yes"])) as server:
        one = Caller(server.base_url, server.tenants[0])
        answers = [one.send("GET", "/api/authinfo") for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert answers[2][1]["retry-after"].isdecimal()
    assert b"rolling" in answers[2][2]


def test_w26_agents_are_a_bare_array(caller: Caller, token: str) -> None:
    assert isinstance(caller.get("Agent", token)[1], list)
    assert isinstance(caller.get("Agent?pageinate=false", token)[1], list)


def test_w27_agents_when_paging(caller: Caller, token: str) -> None:
    bare = caller.get("Agent", token)[1]
    paged = pages(caller, token, "Agent", 2, 1)
    assert paged["results"] == paged["agents"] == bare[:2]
    assert paged["record_count"] == len(bare)


def test_w28_fields_of_agents(caller: Caller, token: str) -> None:
    for row in caller.get("Agent?includedisabled=true", token)[1]:
        assert (type(row["id"]), bool(row["name"]), type(row["isdisabled"])) == (int, True, bool)
        assert all(isinstance(team["team_id"], int) for team in row["teams"])
    assert not any(row["isdisabled"] for row in caller.get("Agent", token)[1])


def test_w29_one_agent(caller: Caller, token: str) -> None:
    for query in ("", "?includedetails=true"):
        one = caller.get(f"Agent/27{query}", token)[1]
        assert (one["id"], one["teams"][0]["team_name"]) == (27, "Service Desk")


def test_w30_the_tokens_own_agent(caller: Caller, token: str) -> None:
    for query in ("", "?includedetails=False"):
        me = caller.get(f"Agent/me{query}", token)[1]
        assert (me["id"], me["name"]) == (27, "Neo Agent")


def test_w31_one_record(caller: Caller, token: str) -> None:
    for route in ("Tickets", "Client", "Users"):
        assert caller.get(f"{route}/3", token)[1]["id"] == 3
    assert caller.get("Client/me", token)[0] == 401
    assert caller.get("Users/me", token)[0] == 404


def test_w34_nothing_leads_to_another_host(caller: Caller, token: str, practice: Practice) -> None:
    for path in ("authinfo", "InstanceInfo"):
        text = caller.send("GET", f"/api/{path}", Host="localhost")[2].decode()
        assert "http://localhost" in text
    assert caller.send("GET", "/api/authinfo", Host="evil.example")[0] == 421


PUBLISHED = json.loads((Path(__file__).parent / "data" / "published-types.json").read_text())
"""By route: the fields that the facts name, and the types of the published OpenAPI document (September
2024)."""
KINDS = {"integer": int, "string": str, "boolean": bool, "number": float, "array": list}

UNPUBLISHED = {
    *(f"{route} guid" for route in ("Tickets", "Opportunities", "Projects")),
    "Agent can_approve_campaign",
    "Team homescreendashboardid",
    "Team concurrent_lic_limit",
    *(
        f"Webhook {name}"
        for name in (
            "batch_method",
            "batch_limit",
            "batch_delay_seconds",
            "auto_disable_attempts",
            "group_id",
            "infinite_loop_threshold",
            "initial_verification_type",
            "notify_on_failure",
        )
    ),
}
"""Seen on a live tenant (facts 4), though not in the document."""


@pytest.mark.parametrize("route", PUBLISHED)
def test_objects_carry_the_published_names_and_types(caller: Caller, route: str) -> None:
    token = caller.token(scope="all all:teams admin:webhooks admin")
    if route == "Application":
        world = build_realm(Options()).worlds["practice"]
        row = application_row(world, world.neo, details=True)
    elif route == "Actions":
        row = caller.get("Actions?ticket_id=3", token)[1]["actions"][0]
    elif route == "Roles":
        world = build_realm(Options()).worlds["practice"]
        row = role_object(world, 1)
    else:
        listed = caller.get(f"{route}?count=1&pageinate=true&page_size=1", token)[1]
        rows = listed if isinstance(listed, list) else next(v for v in listed.values() if isinstance(v, list))
        row = caller.get("Agent/me" if route == "Agent" else f"{route}/{rows[0]['id']}", token)[1]
    assert set(PUBLISHED[route]["named"]) <= set(row)
    for name, value in row.items():
        kind = PUBLISHED[route]["types"].get(name)
        if kind is None:
            assert f"{route} {name}" in UNPUBLISHED
        else:
            assert type(value) is KINDS[kind], (name, value)


def test_errors_of_facts_3_3(caller: Caller, token: str) -> None:
    assert caller.get("Agent/probe", token) == (400, {"id": ["The value 'probe' is not valid."]})
    bearer = {"Authorization": f"Bearer {token}", "Content_Type": "application/json"}
    assert caller.send("PUT", "/api/Tickets/1", "[]", **bearer)[0] == 405
    assert caller.send("POST", "/api/Tickets", "x", Authorization=f"Bearer {token}")[0] == 415
    assert (
        json.loads(caller.send("POST", "/api/Tickets", "{}", **bearer)[2])["ClassName"] == "System.Exception"
    )
    assert caller.send("POST", "/api/Tickets", "[]", **bearer)[0] == 400
    assert caller.send("POST", "/api/Client", "[{}]", **bearer)[0] == 403
    assert caller.get("Priority/1", token) == (404, None)
    assert caller.get("Status/9", token)[1]["name"] == "Closed"
    assert caller.get("Site/101", token)[1]["id"] == 101
    assert caller.send("GET", "/auth/token")[0] == 405
    assert caller.send("GET", "//auth/token")[0] == 404
