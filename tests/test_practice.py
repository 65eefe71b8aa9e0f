"""The practice tenant keeps the wire contract; statements are named by their number (W1 to W34)."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from halo_helpers.practice.control import PracticeError, PracticeServer, ask, start
from halo_helpers.practice.scenarios import SCENARIOS
from halo_helpers.practice.serve import Options, build_realm
from halo_helpers.practice.settings import OPTIONS, Settings

from .conftest import Practice

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


def test_w9_w10_headers_and_case(caller: Caller, token: str) -> None:
    for path in ("Agent", "agent", "AGENT/", "tickets", "Client", "users", "TICKETS?count=1"):
        assert caller.get(path, token, Content_Type="application/json", Accept="*/*")[0] == 200


def test_w11_w12_booleans_and_unknown_parameters(caller: Caller, token: str) -> None:
    assert "page_no" in caller.get("Tickets?pageinate=True&page_size=2", token)[1]
    answer = caller.get("Tickets?pageinate=False&page_size=2&orderdesc=x&nonsense=1&count=3", token)[1]
    assert ("page_no" in answer, len(answer["tickets"])) == (False, 3)
    assert caller.get("Tickets?pageinate=true&page_size=2&count=true", token)[0] == 200


@pytest.mark.parametrize("header", ["Bearer undefined", "Bearer ", "Basic x", "", "Bearer a.b.c", "Bearer é"])
def test_w13_bad_tokens(caller: Caller, header: str) -> None:
    status, headers, _ = caller.send("GET", "/api/Agent", Authorization=header.encode().decode("latin-1"))
    assert status == 401
    assert headers["www-authenticate"].startswith("Bearer")


def test_w14_w15_status_and_type(caller: Caller, token: str, practice: Practice) -> None:
    assert caller.get("Tickets/999999", token) == (404, None)
    assert caller.get("Contract", token) == (404, None)
    refused = Caller(practice.base_url, practice.entries["tickets-refused"])
    assert refused.get("Tickets") == (403, None)
    headers = caller.send("GET", "/api/Tickets", Authorization=f"Bearer {token}")[1]
    assert headers["content-type"].startswith("application/json")


def test_w16_throttling(practice: Practice) -> None:
    with start(Options(rate_limit="2/60", settings=["retry-after=yes"])) as server:
        one = Caller(server.base_url, server.tenants[0])
        answers = [one.send("GET", "/api/authinfo") for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert answers[2][1]["retry-after"].isdecimal()
    assert b"rolling" in answers[2][2]


@pytest.mark.parametrize(
    ("route", "key"), [("Tickets", "tickets"), ("Client", "clients"), ("Users", "users")]
)
def test_w17_to_w22_lists(caller: Caller, token: str, route: str, key: str) -> None:
    plain = caller.get(route, token)[1]
    assert list(plain) == ["record_count", key]
    total = plain["record_count"]
    assert len(plain[key]) == min(50, total)
    assert len(caller.get(f"{route}?count=100000", token)[1][key]) == total
    for size in (1, 2, 7, 50, 100):
        found, page = [], 1
        while True:
            answer = caller.get(f"{route}?pageinate=true&page_size={size}&page_no={page}&count=3", token)[1]
            assert (answer["record_count"], answer["page_no"], answer["page_size"]) == (total, page, size)
            found += [row["id"] for row in answer[key]]
            if not answer[key]:
                break
            page += 1
            if size < 7 and page > 5:
                break
        if size >= 7:
            assert found == sorted(set(found))
            assert len(found) == total


def test_w23_only_active_by_default(caller: Caller, token: str) -> None:
    plain = caller.get("Client?count=1000", token)[1]
    assert caller.get("Client?count=1000&includeactive=true&includeinactive=false", token)[1] == plain
    both = caller.get("Client?count=1000&includeinactive=true", token)[1]
    assert both["record_count"] > plain["record_count"]
    assert not any(row["inactive"] for row in plain["clients"])


def test_w24_w25_fields_that_hang_together(caller: Caller, token: str) -> None:
    users = {
        row["id"]: row for row in caller.get("Users?count=10000&includeinactive=true", token)[1]["users"]
    }
    clients = {
        row["id"] for row in caller.get("Client?count=10000&includeinactive=true", token)[1]["clients"]
    }
    tickets = caller.get("Tickets?count=10000", token)[1]["tickets"]
    for row in tickets:
        assert isinstance(row["itil_requesttype_id"], int)
        assert row["lastactiondate"] >= row["dateoccurred"]
        assert row["client_id"] in clients
        assert users[row["user_id"]]["client_id"] == row["client_id"]
    assert caller.get("Tickets?open_only=true&count=9999", token)[1]["record_count"] == sum(
        r["status_id"] != 9 for r in tickets
    )


def test_w26_to_w30_agents(caller: Caller, token: str) -> None:
    bare = caller.get("Agent", token)[1]
    assert isinstance(bare, list)
    paged = caller.get("Agent?pageinate=true&page_size=2&page_no=1", token)[1]
    assert paged["results"] == paged["agents"] == bare[:2]
    assert paged["record_count"] == len(bare)
    for row in bare:
        assert isinstance(row["id"], int)
        assert row["name"]
        assert row["isdisabled"] is False
    one = caller.get("Agent/27?includedetails=true", token)[1]
    assert (one["id"], one["teams"][0]["team_name"]) == (27, "Service Desk")
    me = caller.get("Agent/me?includedetails=False", token)[1]
    assert (me["id"], me["name"]) == (27, "Neo Agent")
    assert len(caller.get("Agent?includedisabled=true", token)[1]) == len(bare) + 1


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


def test_published_types(caller: Caller, token: str) -> None:
    """Fields that the published document types as numbers, texts and booleans are of that type."""
    kinds = {
        "id": int,
        "summary": str,
        "onhold": bool,
        "status_id": int,
        "dateoccurred": str,
        "customfields": list,
    }
    row = caller.get("Tickets/1", token)[1]
    assert {name: type(row[name]) for name in kinds} == kinds


def test_errors_of_facts_3_3(caller: Caller, token: str) -> None:
    assert caller.get("Agent/probe", token) == (400, {"id": ["The value 'probe' is not valid."]})
    assert caller.send("POST", "/api/Agent", "[]", Authorization=f"Bearer {token}")[0] == 405
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
