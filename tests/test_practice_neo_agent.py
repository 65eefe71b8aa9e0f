"""What stands in for Neo Agent: its four tests see what a client sees, and it registers its webhook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_helpers.practice.app import Door
from halo_helpers.practice.control import PracticeServer, ask, start
from halo_helpers.practice.neo_agent.four_tests import FourValues, run_tests
from halo_helpers.practice.serve import Options, build_realm
from halo_helpers.practice.wire import Ask

SECRET = "Client Secret"


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    with start(Options(tenants=2)) as running:
        yield running


@pytest.fixture
def pages(server: PracticeServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url, follow_redirects=True, trust_env=False) as client:
        yield client


def values_of(server: PracticeServer, scenario: str = "healthy") -> dict[str, str]:
    name = server.tenants[0]["name"]
    entry = ask(server.base_url, f"tenants/{name}/scenario", "POST", name=scenario)
    return {
        "client_id": entry["client_id"],
        "client_secret": entry["client_secret"],
        "base_url": server.base_url,
        "agent_id": str(entry["agent_id"]),
    }


def send(pages: httpx.Client, **fields: str) -> str:
    token = re.search(r'name="csrf" value="(\w+)"', pages.get("/neo-agent").text)
    assert token
    return pages.post("/neo-agent", data=fields | {"csrf": token[1]}).text


def outcome_of(page: str) -> list[str]:
    return re.findall(r"</b>: (succeeded|failed|not reached)", page)


def test_the_four_tests_succeed_then_save_registers_a_webhook(
    server: PracticeServer, pages: httpx.Client
) -> None:
    values = values_of(server)
    page = send(pages, **values)
    assert outcome_of(page) == ["succeeded"] * 4
    assert values["client_secret"] not in page
    key = re.search(r'name="tested" value="([^"]+)"', page)
    assert key
    assert "The webhook “Neo Agent” is registered." in send(pages, tested=key[1])
    again = send(pages, tested=key[1])
    assert "too old" in again, "what was saved waits no more"
    pages.post("/signin", data={"tenant": server.tenants[0]["name"]})
    assert pages.get("/config/integrations/webhooks").text.count("Neo Agent</td>") == 1
    key = re.search(r'name="tested" value="([^"]+)"', send(pages, **values))
    assert key
    assert "was there already" in send(pages, tested=key[1])


@pytest.mark.parametrize(
    ("change", "outcome", "said"),
    [
        ({"client_secret": "x"}, ["failed", *["not reached"] * 3], "HaloPSA answered 401 (invalid_client)"),
        ({"client_id": "x"}, ["failed", *["not reached"] * 3], "HaloPSA answered 401 (invalid_client)"),
        ({"base_url": "/"}, ["failed", *["not reached"] * 3], "HaloPSA answered 404"),
        ({"base_url": "https://acme.halopsa.com"}, ["failed", *["not reached"] * 3], "nobody answers"),
        ({"base_url": "http://[::1"}, ["failed", *["not reached"] * 3], "nobody answers"),
        ({"agent_id": "3"}, ["succeeded"] * 3 + ["failed"], "cannot act as"),
        ({"agent_id": "nobody"}, ["succeeded"] * 3 + ["failed"], "no agent is called nobody"),
        ({"agent_id": "neo agent"}, ["succeeded"] * 4, "acts as Neo Agent (27)"),
        ({"agent_id": "9" * 300}, ["succeeded"] * 3 + ["failed"], "HaloPSA answered 4"),
    ],
)
def test_a_wrong_value_fails_the_test_that_it_is_about(
    server: PracticeServer, pages: httpx.Client, change: dict[str, str], outcome: list[str], said: str
) -> None:
    values = values_of(server)
    if change.get("base_url") == "/":
        change = {"base_url": server.base_url + "/"}
    page = send(pages, **values | change)
    assert outcome_of(page) == outcome
    assert said in page


@pytest.mark.parametrize(
    ("scenario", "outcome"),
    [
        ("app-inactive", ["failed", *["not reached"] * 3]),
        ("agent-disabled", ["succeeded", "failed", *["not reached"] * 2]),
        ("login-type-user", ["succeeded", "failed", *["not reached"] * 2]),
        ("tickets-refused", ["succeeded"] * 2 + ["failed", "not reached"]),
        ("maintenance", ["failed", *["not reached"] * 3]),
    ],
)
def test_a_broken_tenant_fails_as_its_clients_see_it(
    server: PracticeServer, scenario: str, outcome: list[str]
) -> None:
    values_of(server, scenario)
    tests: list[dict[str, Any]] = ask(server.base_url, f"tenants/{server.tenants[0]['name']}/neo-agent")[
        "tests"
    ]
    words = {True: "succeeded", False: "failed", None: "not reached"}
    assert [words[one["passed"]] for one in tests] == outcome


def test_without_the_scope_of_webhooks_nothing_is_saved(server: PracticeServer, pages: httpx.Client) -> None:
    page = send(pages, **values_of(server, "scope-missing-webhooks"))
    assert outcome_of(page) == ["succeeded"] * 4
    key = re.search(r'name="tested" value="([^"]+)"', page)
    assert key
    assert "Not saved: the webhook cannot be registered, HaloPSA answered 403" in send(pages, tested=key[1])


def test_a_form_of_another_site_and_one_without_a_token_are_refused(
    server: PracticeServer, pages: httpx.Client
) -> None:
    values = values_of(server)
    evil = pages.post("/neo-agent", data=values, headers={"origin": "https://evil.example"})
    assert evil.status_code == 403
    assert pages.post("/neo-agent", data=values).status_code == 403
    assert pages.delete("/neo-agent").status_code == 405


@given(st.lists(st.text(max_size=30), min_size=4, max_size=4))
@settings(max_examples=100)
def test_no_values_make_it_fail(texts: list[str]) -> None:
    door = Door(build_realm(Options()))
    origin = "http://127.0.0.1:1"
    for base_url in (texts[2], f"{origin}/{texts[2]}"):
        values = FourValues(texts[0], texts[1], base_url, texts[3])
        outcomes = run_tests(values, door._answer_api, origin)
        assert [one.passed for one in outcomes] == [False, None, None, None]
    assert texts[1] not in repr(values) or len(texts[1]) < 20


class TestWritingWebhooks:
    """`POST /Webhook` as programs send it (W35, W36, W42)."""

    @pytest.fixture
    def door(self) -> Door:
        return Door(build_realm(Options()))

    def send(self, door: Door, body: str, scope: str = "admin:webhooks") -> tuple[int, str]:
        world = door.realm.worlds["practice"]
        token = door.realm.tokens.issue(world, world.neo, frozenset({scope}))
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        answer = door._answer_api(
            Ask("POST", "/api/Webhook", "http://127.0.0.1:1", {}, headers, body.encode())
        )
        return answer.status, answer.body.decode()

    def test_one_is_made_and_changed_by_its_id(self, door: Door) -> None:
        status, text = self.send(door, '[{"name": "x", "url": "https://x.example/", "active": true}]')
        made = re.search(r'"id":"([0-9a-f-]{36})"', text)
        assert (status, bool(made)) == (201, True)
        assert made
        status, text = self.send(door, f'[{{"id": "{made[1]}", "active": false}}]')
        assert status == 201
        assert '"url":"https://x.example/"' in text, "what is not named stays"
        assert '"active":false' in text

    @pytest.mark.parametrize(
        ("body", "scope", "status"),
        [
            ('{"name": "x"}', "admin:webhooks", 400),
            ('[{"name": "x"}]', "admin:webhooks", 400),
            ('[{"name": "x", "url": "ftp://x"}]', "admin:webhooks", 400),
            ('[{"name": "x", "url": "http://["}]', "admin:webhooks", 400),
            ('[{"id": "x", "url": "https://x.example"}]', "admin:webhooks", 400),
            ('[{"name": "x", "url": "https://x.example"}]', "all:standard", 403),
            ("[1]", "admin:webhooks", 400),
            ("", "admin:webhooks", 400),
        ],
    )
    def test_what_is_wrong_is_refused_and_nothing_written(
        self, door: Door, body: str, scope: str, status: int
    ) -> None:
        before = list(door.realm.worlds["practice"].webhooks)
        assert self.send(door, body, scope)[0] == status
        assert door.realm.worlds["practice"].webhooks == before
