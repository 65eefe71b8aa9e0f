"""What a verification says is what it asked: no claim of writing, headings that agree."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from halo_helpers import verify
from halo_helpers.checks import CHECKS
from halo_helpers.checks.access import AREAS
from halo_helpers.checks.findings import BROKEN, count_of
from halo_helpers.panels.rights import rights_panel
from halo_helpers.practice.control import start
from halo_helpers.practice.scenarios import SCENARIOS
from halo_helpers.practice.serve import Options
from halo_helpers.report import verification_text
from halo_helpers.tenants.practice import from_ready_entry
from halo_helpers.verification.result import CheckResult

from .helpers.halopsa import TOKEN, api, body, tenant
from .helpers.practice import Practice
from .helpers.raw_server import http, raw_server

ME = {"id": 27, "name": "Neo", "teams": [{"team_name": "Desk"}], "roles": [], "workday_id": 1}
INFO = {"app_version": "2.1", "app_name": "Halo PSA"}


def tickets(**row: Any) -> dict[str, bytes]:
    return {
        "/api/authinfo": body({"tenant_id": "acme"}),
        "/api/InstanceInfo": body(INFO),
        "/auth/token": TOKEN,
        "/api/Agent/me": body(ME),
        "/api/Tickets": body({"record_count": 1, "tickets": [{"id": 1} | row]}),
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_claims_that_writing_was_asked(practice: Practice, name: str) -> None:
    """Only reading is asked, whatever the tenant is like; what Neo Agent will do there is said as that."""
    practice.reset(name)
    result = verify(practice.tenant(name))
    for request in practice.requests(name):
        assert request["method"] == "GET" or request["path"] == "/auth/token"
    for check in result.checks:
        if check.id.startswith("access.") and check.verdict == "pass":
            assert check.seen.startswith("can be read"), check
    plain = rights_panel(result).plain
    for area in AREAS:
        line = next(text for text in plain.splitlines() if text.startswith(f"{area.title}:"))
        assert line.endswith(f"(Neo Agent {'reads and writes' if area.writes else 'reads'})")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "can be read; 1 record"),
        ({"_canupdate": True}, "a hint, not asked: HaloPSA marks one as to be changed by this agent"),
        ({"_canupdate": False}, "a hint, not asked: HaloPSA marks one as not to be changed by this agent"),
        ({"_canupdate": "yes"}, "can be read; 1 record"),
    ],
)
def test_a_hint_about_writing_is_named_as_one(row: dict[str, Any], said: str) -> None:
    with raw_server(api(tickets(**row))) as url:
        found = verify(tenant(url), only=["access.tickets"])["access.tickets"]
    assert (found.verdict, found.seen.endswith(said)) == ("pass", True)


@pytest.mark.parametrize("check_id", CHECKS)
def test_every_check_has_a_heading_for_when_it_does_not_hold(check_id: str) -> None:
    entry = CHECKS[check_id]
    assert entry.otherwise
    assert entry.otherwise != entry.title
    for verdict in ("pass", "warn", "skip", "fail", "error"):
        row = CheckResult(check_id, entry.title, verdict, "seen", None)
        assert row.headline == (entry.otherwise if verdict in BROKEN else entry.title)


@pytest.mark.parametrize("name", SCENARIOS)
def test_headings_agree_with_their_verdicts(practice: Practice, name: str) -> None:
    """No broken finding stands under a sentence that says that all is well."""
    result = verify(practice.tenant(name))
    text = verification_text(result, width=10_000)
    for check, finding in result.findings:
        if check.verdict in BROKEN:
            assert f"{check.headline}  [{finding.code}]" in text
            assert f"{check.title}  [{finding.code}]" not in text


def test_waiting_that_ended_well_is_a_warning_and_not_an_error() -> None:
    """One 429 with a time to wait, then everything is answered: look at, code `throttled`."""
    seen: Counter[bytes] = Counter()
    answer = api(tickets())

    def script(connection: Any, head: bytes) -> None:
        path = head.split(b" ")[1].partition(b"?")[0]
        seen[path] += 1
        if path == b"/api/Tickets" and seen[path] == 1:
            connection.sendall(http("429 Too Many", b"", "Retry-After: 0"))
        else:
            answer(connection, head)

    with raw_server(script) as url:
        result = verify(tenant(url), only=["access.tickets", "limits"])
    assert (result.verdict, result.codes) == ("warn", ["throttled"])
    assert "1 request of" in result["limits.headroom"].seen


def test_throttling_that_was_not_answered_stays_an_error(practice: Practice) -> None:
    result = verify(practice.tenant("rate-limited"))
    assert (result.verdict, result.codes) == ("error", ["rate-limited"])


@pytest.mark.parametrize("lifetime", [1, 20])
def test_a_short_token_is_a_warning_and_the_rest_goes_on(lifetime: int) -> None:
    with start(Options(settings=[f"token-lifetime={lifetime}"])) as server:
        result = verify(from_ready_entry(server.tenants[0], server.base_url))
    assert (result.verdict, result.codes) == ("warn", ["token-expired"])
    assert {check.verdict for check in result.checks} == {"pass", "warn"}
    json.dumps(result.as_json())


def test_plurals() -> None:
    assert [count_of(n, "record") for n in (0, 1, 2, 1200)] == [
        "0 records",
        "1 record",
        "2 records",
        "1,200 records",
    ]
