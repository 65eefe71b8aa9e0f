"""The practice tenant keeps the wire contract; statements are named by their number (W1 to W34)."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from halo_helpers.practice.api.fields.applications import application_row as _application_row
from halo_helpers.practice.api.fields.teams_and_roles import role_object
from halo_helpers.practice.control import PracticeError, PracticeServer, ask, start
from halo_helpers.practice.scenarios import SCENARIOS
from halo_helpers.practice.serve import Options, build_realm
from halo_helpers.practice.settings import OPTIONS, Settings

from .conftest import Practice
from .loadgen import load, memory_mb

ALL = "all:standard all:teams admin:webhooks"


class Caller:
    """A bare HTTP client."""

    def __init__(self, base_url: str, entry: dict[str, Any]) -> None:
        self.at = urlsplit(base_url)
        self.entry = entry

    def send(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(self.at.hostname or "", self.at.port, timeout=10)
        try:
            connection.request(
                method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
            )
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def post(
        self, form: dict[str, str] | str, query: str = "", **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        text = form if isinstance(form, str) else urlencode(form)
        status, found, raw = self.send(
            "POST", f"/auth/token{query}", text, Content_Type="application/x-www-form-urlencoded", **headers
        )
        return status, found, json.loads(raw) if raw else None

    def form(self, **changes: str) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": self.entry["client_id"],
            "client_secret": self.entry["client_secret"],
            "scope": ALL,
        } | changes

    def token(self, **changes: str) -> str:
        return str(self.post(self.form(**changes))[2]["access_token"])

    def get(self, path: str, token: str | None = None, **headers: str) -> tuple[int, Any]:
        status, _, raw = self.send(
            "GET", f"/api/{path}", Authorization=f"Bearer {token or self.token()}", **headers
        )
        return status, json.loads(raw) if raw else None


@pytest.fixture(scope="module")
def caller(practice: Practice) -> Caller:
    return Caller(practice.base_url, practice.entries["healthy"])


@pytest.fixture(scope="module")
def token(caller: Caller) -> str:
    return caller.token()


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


LISTS = pytest.mark.parametrize(
    ("route", "key"), [("Tickets", "tickets"), ("Client", "clients"), ("Users", "users")]
)


def pages(caller: Caller, token: str, route: str, size: int, number: int, more: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = caller.get(
        f"{route}?pageinate=true&page_size={size}&page_no={number}{more}", token
    )[1]
    return answer


@LISTS
def test_w17_envelope(caller: Caller, token: str, route: str, key: str) -> None:
    assert list(caller.get(route, token)[1]) == ["record_count", key]


@LISTS
def test_w18_paging(caller: Caller, token: str, route: str, key: str) -> None:
    answer = pages(caller, token, route, 2, 2)
    assert (answer["page_no"], answer["page_size"], len(answer[key])) == (2, 2, 2)
    default = caller.get(f"{route}?pageinate=true", token)[1]
    assert (default["page_no"], default["page_size"]) == (1, 50)


@LISTS
def test_w19_record_count_is_of_all_on_every_page(caller: Caller, token: str, route: str, key: str) -> None:
    total = caller.get(route, token)[1]["record_count"]
    assert total == len(caller.get(f"{route}?count=100000", token)[1][key])
    assert [pages(caller, token, route, 5, n)["record_count"] for n in (1, 2, 9999)] == [total] * 3


@LISTS
def test_w20_pages_do_not_overlap(caller: Caller, token: str, route: str, key: str) -> None:
    found: list[int] = []
    number = 1
    while rows := pages(caller, token, route, 7, number)[key]:
        found += [row["id"] for row in rows]
        number += 1
    assert found == [row["id"] for row in caller.get(f"{route}?count=100000", token)[1][key]]
    assert len(set(found)) == len(found)


@LISTS
def test_w21_count(caller: Caller, token: str, route: str, key: str) -> None:
    total = caller.get(route, token)[1]["record_count"]
    assert len(caller.get(route, token)[1][key]) == min(50, total)
    assert len(caller.get(f"{route}?count=3", token)[1][key]) == 3
    assert len(caller.get(f"{route}?count=1000000", token)[1][key]) == total
    assert len(pages(caller, token, route, 2, 1, "&count=9")[key]) == 2


@pytest.mark.parametrize("size", [1, 2, 7, 50, 100])
def test_w22_page_sizes(caller: Caller, token: str, size: int) -> None:
    answer = pages(caller, token, "Tickets", size, 1)
    assert len(answer["tickets"]) == answer["page_size"] == size


def test_w23_only_active_by_default(caller: Caller, token: str) -> None:
    plain = caller.get("Client?count=1000", token)[1]
    assert caller.get("Client?count=1000&includeactive=true&includeinactive=false", token)[1] == plain
    both = caller.get("Client?count=1000&includeinactive=true", token)[1]
    assert both["record_count"] > plain["record_count"]
    assert not any(row["inactive"] for row in plain["clients"])


def test_w24_fields_that_hang_together(caller: Caller, token: str) -> None:
    users = {
        row["id"]: row for row in caller.get("Users?count=10000&includeinactive=true", token)[1]["users"]
    }
    clients = {
        row["id"]: row for row in caller.get("Client?count=10000&includeinactive=true", token)[1]["clients"]
    }
    agents = {row["id"] for row in caller.get("Agent?includedisabled=true", token)[1]}
    for row in caller.get("Tickets?count=10000", token)[1]["tickets"]:
        assert isinstance(row["itil_requesttype_id"], int)
        assert row["lastactiondate"] >= row["dateoccurred"]
        assert users[row["user_id"]]["client_id"] == row["client_id"]
        assert (row["client_id"] in clients, row["agent_id"] in agents, bool(row["summary"])) == (
            True,
            True,
            True,
        )
    for client in clients.values():
        assert (bool(client["name"]), type(client["inactive"])) == (True, bool)
    for user in users.values():
        assert (bool(user["name"]), "@" in user["emailaddress"], type(user["inactive"])) == (True, True, bool)


def test_w25_open_only_and_dates_not_set(caller: Caller, token: str) -> None:
    tickets = caller.get("Tickets?count=10000", token)[1]["tickets"]
    still_open = caller.get("Tickets?open_only=true&count=9999", token)[1]
    assert (
        still_open["record_count"]
        == len(still_open["tickets"])
        == sum(row["status_id"] != 9 for row in tickets)
    )
    assert all(row["dateclosed"] < "1980" for row in still_open["tickets"])


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


def _until_record_count(ask: Ask) -> list[int]:
    found: list[int] = []
    number = 1
    while len(found) < (answer := ask(number))["record_count"]:
        found += [row["id"] for row in answer["users"]]
        number += 1
    return found


def _until_short(ask: Ask) -> list[int]:
    found: list[int] = []
    number, rows = 1, [0] * 7
    while len(rows) == 7:
        rows = [row["id"] for row in ask(number)["users"]]
        found += rows
        number += 1
    return found


def _until_repeated(ask: Ask) -> list[int]:
    found: list[int] = []
    number, before = 1, None
    while (rows := [row["id"] for row in ask(number)["users"]]) and rows[0] != before:
        found += rows
        number, before = number + 1, rows[0]
    return found


def _until_computed(ask: Ask) -> list[int]:
    first = ask(1)
    last = -(-first["record_count"] // first["page_size"])
    return [row["id"] for number in range(1, last + 1) for row in ask(number)["users"]]


Ask = Callable[[int], dict[str, Any]]


def test_w32_every_way_to_end_a_listing_finds_the_same(caller: Caller, token: str) -> None:
    ways = (_until_record_count, _until_short, _until_repeated, _until_computed)
    first, *others = (way(lambda number: pages(caller, token, "Users", 7, number)) for way in ways)
    assert first
    assert all(found == first for found in others)


def test_w33_record_count_is_never_more_than_the_pages_give(practice: Practice) -> None:
    for name in ("healthy", "agent-restricted", "agent-without-team"):
        one = Caller(practice.base_url, practice.entries[name])
        token = one.token()
        for route, key in (("Tickets", "tickets"), ("Client", "clients"), ("Users", "users")):
            answer = one.get(f"{route}?count=1000000", token)[1]
            assert answer["record_count"] == len(answer[key])


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
        row = _application_row(world, world.neo, 1)
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
    assert caller.send("POST", "/api/Tickets", "[]", **bearer)[0] == 403
    assert caller.get("Priority/1", token) == (404, None)
    assert caller.get("Status/9", token)[1]["name"] == "Closed"
    assert caller.get("Site/101", token)[1]["id"] == 101
    assert caller.send("GET", "/auth/token")[0] == 405
    assert caller.send("GET", "//auth/token")[0] == 404


def test_the_same_seed_gives_the_same_bytes() -> None:
    def bytes_of(realm_seed: str) -> list[str]:
        world = build_realm(Options(seed=realm_seed)).worlds["practice"]
        return [json.dumps(world.data.ticket(n)) for n in range(1, 20)] + list(world.applications)

    assert bytes_of("a") == bytes_of("a") != bytes_of("b")


def test_two_thousand_tenants_of_the_large_size_are_made_lazily() -> None:
    realm = build_realm(Options(tenants=2000, size="large", scenarios=["healthy=19", "wrong-secret"]))
    assert len(realm.worlds) == 2000
    assert sum(name == "wrong-secret" for name in realm.scenarios.values()) == 100
    assert realm.worlds["tenant-0001"].data.ticket(20_000)["id"] == 20_000


@pytest.mark.parametrize(
    "options",
    [
        Options(scenarios=["none"]),
        Options(tenants=9999),
        Options(settings=["x=y"]),
        Options(settings=["token-format=x"]),
        Options(settings=["x"]),
        Options(rate_limit="a/b"),
        Options(scenarios=["healthy=x"]),
    ],
)
def test_wrong_options_are_refused_in_words(options: Options) -> None:
    with pytest.raises(PracticeError, match=r"known are|takes|unknown|weight"):
        start(options)


def test_every_setting_and_scenario_explains_itself() -> None:
    assert all(option.help for option in OPTIONS.values())
    assert Settings.parse([f"{key}={option.values[-1]}" for key, option in OPTIONS.items()])
    assert all(entry.title and entry.wrong for entry in SCENARIOS.values())


@pytest.fixture
def own() -> Iterator[PracticeServer]:
    with start() as server:
        yield server


def test_control_needs_its_header_and_shows_requests(own: PracticeServer) -> None:
    request = urllib.request.Request(f"{own.base_url}/practice/tenants")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)
    Caller(own.base_url, own.tenants[0]).get("Agent")
    seen = ask(own.base_url, "tenants/practice/requests")["requests"]
    assert [(entry["method"], entry["path"], entry["status"]) for entry in seen] == [
        ("POST", "/auth/token", 200),
        ("GET", "/api/Agent", 200),
    ]


def test_a_reset_tenant_forgets_its_tokens_and_takes_another_scenario(own: PracticeServer) -> None:
    one = Caller(own.base_url, own.tenants[0])
    old = one.token()
    entry = ask(own.base_url, "tenants/practice/scenario", "POST", name="app-inactive")
    assert (entry["scenario"], entry["expect"]) == ("app-inactive", ["invalid-client"])
    assert one.get("Agent", old)[0] == 401
    with pytest.raises(PracticeError, match="known are"):
        ask(own.base_url, "tenants/practice/scenario", "POST", name="none")


def test_the_server_ends_with_who_started_it(own: PracticeServer) -> None:
    assert own._process.stdin
    own._process.stdin.close()
    assert own._process.wait(timeout=10) == 0


def test_asking_who_is_no_practice_server() -> None:
    with pytest.raises(PracticeError, match="no practice server answers"):
        ask("http://127.0.0.1:1", "tenants")
    with pytest.raises(PracticeError, match="loopback"):
        ask("https://acme.halopsa.com", "tenants")


def test_twenty_thousand_requests_a_hundred_at_a_time() -> None:
    """No error and no growth of memory, with limits out of the way."""
    targets = [
        "/api/Agent/27",
        "/api/Tickets?pageinate=true&page_size=1",
        "/api/authinfo",
        "/api/Client?count=2",
        "/config",
        "/api/none",
    ]
    with start(Options(rate_limit="1000000000/1")) as server:
        wanted = {"Authorization": f"Bearer {Caller(server.base_url, server.tenants[0]).token()}"}
        load(server.base_url, targets, at_once=100, total=4_000, headers=wanted)
        before = memory_mb(server.pid)
        found = load(server.base_url, targets, at_once=100, total=20_000, headers=wanted)
        grown = memory_mb(server.pid) - before
    assert set(found) == {200, 404}
    assert found.total() == 20_000
    assert grown < 5
