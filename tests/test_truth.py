"""What a verification says is what it asked: no claim of writing, headings that agree."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from typing import Any

import pytest

from halo_helpers import verify
from halo_helpers.checks import CHECKS, DIAGNOSES
from halo_helpers.checks.access import AREAS
from halo_helpers.checks.findings import BROKEN
from halo_helpers.panels.cards.rights import rights_panel
from halo_helpers.practice.control import start
from halo_helpers.practice.scenarios import SCENARIOS
from halo_helpers.practice.serve import Options
from halo_helpers.report import fleet_table, verification_text
from halo_helpers.report.evidence import evidence_html
from halo_helpers.secrets.value import Secret
from halo_helpers.system.plain_text import count_of
from halo_helpers.tenants.practice import from_ready_entry
from halo_helpers.verification.causes import cards_of
from halo_helpers.verification.result import CheckResult, Verification

from .helpers.halopsa import TOKEN, api, body, tenant
from .helpers.practice import NOT_REACHED, Practice
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
    result, requests = practice.verified(name)
    for request in requests:
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
        words = {"pass": entry.earned} | dict.fromkeys(BROKEN, entry.otherwise)
        assert row.headline == words.get(verdict, entry.title)


CLAIMS = ("may be managed", "is the expected", "is set up for work", "reads and writes")
"""What no request of a verification asks."""


@pytest.mark.parametrize("check_id", CHECKS)
def test_no_heading_of_a_check_that_holds_claims_what_was_not_asked(check_id: str) -> None:
    row = CheckResult(check_id, CHECKS[check_id].title, "pass", "seen", None)
    assert not [words for words in CLAIMS if words in row.headline]
    page = evidence_html(Verification("acme", "https://acme.example", (row,), dt.datetime.now(dt.UTC)))
    assert not [words for words in CLAIMS if words in page]


@pytest.mark.parametrize("name", SCENARIOS)
def test_headings_agree_with_their_verdicts(practice: Practice, name: str) -> None:
    """Nothing that is found stands under a sentence that says that all is well."""
    result, _ = practice.verified(name)
    text = verification_text(result, width=10_000)
    titles = {entry.title for entry in CHECKS.values()}
    for card in cards_of(result.checks):
        assert f"{card.headline}  [{card.code}]" in text
        assert not titles & {card.headline, *(finding.headline for _, finding in card.consequences)}
    for check, finding in result.findings:
        if check.verdict in BROKEN:
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
    assert {check.id for check in result.checks if check.verdict not in {"pass", "warn"}} == NOT_REACHED
    json.dumps(result.as_json())


@pytest.mark.parametrize("code", DIAGNOSES)
def test_every_code_has_a_headline_of_its_own(code: str) -> None:
    headlines = [entry.headline for entry in DIAGNOSES.values()]
    assert headlines.count(DIAGNOSES[code].headline) == 1
    assert len(DIAGNOSES[code].headline) <= 60
    assert not DIAGNOSES[code].headline.endswith(".")


def test_plurals() -> None:
    assert [count_of(n, "record") for n in (0, 1, 2, 1200)] == [
        "0 records",
        "1 record",
        "2 records",
        "1,200 records",
    ]


REFUSALS = {
    "The specified client is unknown.": "the Client ID was copied",
    "Client not found": "the Client ID was copied",
    "The application is inactive.": "the application is not active",
    "This client has been disabled": "the application is not active",
    "The specified client credentials are invalid.": "the secret is wrong",
    "Invalid client secret": "the secret is wrong",
}


@pytest.mark.parametrize("words", REFUSALS)
def test_the_first_cause_is_the_one_that_the_server_names(words: str) -> None:
    refused = body({"error": "invalid_client", "error_description": words}, "401 Unauthorized")
    with raw_server(api(tickets() | {"/auth/token": refused})) as url:
        (finding,) = verify(tenant(url), only=["token.grant"])["token.grant"].findings
    assert finding.cause.startswith(f"By the server's words, in order of likelihood: {REFUSALS[words]}")


def test_without_words_nothing_is_pointed_to() -> None:
    refused = body({"error": "invalid_client"}, "401 Unauthorized")
    with raw_server(api(tickets() | {"/auth/token": refused})) as url:
        (finding,) = verify(tenant(url), only=["token.grant"])["token.grant"].findings
    assert finding.cause.startswith("In order of likelihood: ")
    assert finding.remedy.endswith("or make a new one and enter it here and in Neo Agent.")


WIDE = {
    "neither": ({"scope": ""}, "pass", "admin and all not granted when asked for"),
    "one": ({"scope": "all"}, "warn", "granted besides, when asked for: all"),
    "both": ({"scope": "admin all"}, "warn", "granted besides, when asked for: admin, all"),
    "as asked": ({}, "pass", "whether admin or all would be granted is not told"),
    "refused": (None, "pass", "whether admin or all would be granted is not told"),
}


@pytest.mark.parametrize("how", WIDE)
def test_wide_scopes_are_asked_for_by_themselves(how: str) -> None:
    """A token is narrowed to what was asked, so that only a request for the wide scopes can show them."""
    answer, verdict, said = WIDE[how]
    base = {"access_token": "a-token-of-some-length", "expires_in": 3600}
    forms: list[bytes] = []

    def script(connection: Any, head: bytes) -> None:
        if b"/auth/token" not in head.split(b"\r\n")[0]:
            api(tickets())(connection, head)
            return
        forms.append(head)
        if len(forms) == 1:  # the token that the rest uses
            connection.sendall(body(base | {"scope": "all:standard all:teams admin:webhooks"}))
        elif answer is None:
            connection.sendall(body({"error": "invalid_scope"}, "400 Bad Request"))
        else:
            connection.sendall(body(base | answer))

    with raw_server(script) as url:
        result = verify(tenant(url), only=["token.scopes"])
    found = result["token.scopes"]
    assert len(forms) == 2
    assert (found.verdict, found.seen.endswith(said)) == (verdict, True), found
    assert result.as_json()["scopes"]["excess"] == (sorted(answer.get("scope", "").split()) if answer else [])


@pytest.mark.parametrize(
    ("counts", "codes", "verdict"),
    [
        ((3, 5), [], "pass"),
        ((5, 5), ["licence-none-free"], "warn"),
        ((6, 5), ["licence-none-free"], "warn"),
        ((0, 0), [], "skip"),
        ((None, None), [], "skip"),
        ((1e400, "many"), [], "skip"),
    ],
)
def test_a_free_licence(counts: tuple[Any, Any], codes: list[str], verdict: str) -> None:
    info = INFO | {"agent_count": counts[0], "licensed_agent_count": counts[1]}
    with raw_server(api(tickets() | {"/api/InstanceInfo": body(info)})) as url:
        result = verify(tenant(url), only=["address.licence"])
    assert (result["address.licence"].verdict, result.codes) == (verdict, codes)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_codes_and_ids_are_not_broken(practice: Practice, width: int) -> None:
    """Each stands whole in one line, however narrow the terminal, and in HTML it is not wrapped."""
    results = [
        practice.verified(name)[0] for name in ("scope-missing-teams", "secret-cut-off", "agent-without-team")
    ]
    fleet = fleet_table(results, width=width)
    for result in results:
        text = verification_text(result, width=width)
        for card in cards_of(result.checks):
            assert card.code in text
            assert card.code in fleet
            assert f"<code style='white-space:nowrap'>{card.code}</code>" in evidence_html(result)
        for check in result.checks:
            assert check.verdict == "skip" or check.id in text


def test_fields_that_nobody_sent_are_no_finding() -> None:
    """Agent/me with id and name, and no details to be had: teams, role and hours are not told."""
    answers = tickets() | {
        "/api/Agent/me": body({"id": 27, "name": "Neo"}),
        "/api/Agent/27": body({}, "403 No"),
    }
    with raw_server(api(answers)) as url:
        found = verify(tenant(url), only=["identity.active"])["identity.active"]
    assert (found.verdict, found.findings) == ("pass", ())
    assert not found.seen.startswith("active")
    assert "not told: whether it is active, whether it is API-only, its teams" in found.seen


def test_a_username_cannot_be_compared_where_agents_may_not_be_listed() -> None:
    answers = {"/api/Agent/me": body(ME), "/api/Agent": body({}, "403 No")} | tickets()
    with raw_server(api(answers)) as url:
        found = verify(tenant(url, agent_id="somebody"), only=["identity.agent"])["identity.agent"]
    assert (found.verdict, found.requires) == ("skip", ("identity.listed",))


def test_a_wrong_form_explains_a_refusal_only_where_the_server_names_nothing_else() -> None:
    """The secret is short, and the server says that the application is inactive: two causes."""
    for words, cards in {
        "The application is inactive.": ["invalid-client", "client-secret-malformed"],
        "The specified 'client_id' is invalid.": ["invalid-client", "client-secret-malformed"],
        "The specified client credentials are invalid.": ["client-secret-malformed"],
        "": ["client-secret-malformed"],
    }.items():
        refused = body({"error": "invalid_client", "error_description": words}, "401 Unauthorized")
        with raw_server(api(tickets() | {"/auth/token": refused})) as url:
            result = verify(tenant(url, client_secret=Secret("short-secret")), only=["token.grant"])
        assert [card.code for card in cards_of(result.checks)] == cards


def test_a_login_that_is_refused_for_a_missing_scope_is_no_second_cause() -> None:
    granted = {"access_token": "a-token-of-some-length", "scope": "admin:webhooks"}
    answers = {"/api/Agent/me": body({}, "403 No")} | tickets() | {"/auth/token": body(granted)}
    answers["/api/Agent/me"] = body({}, "403 No")
    with raw_server(api(answers)) as url:
        result = verify(tenant(url), only=["identity.login", "token.scopes"])
    assert [card.code for card in cards_of(result.checks)] == ["scopes-missing"]
    assert "login-not-agent" in result.codes


@pytest.mark.parametrize("lifetime", [None, "abc", -5, 2_592_000])
def test_a_lifetime_is_said_as_it_was_told(lifetime: Any) -> None:
    given = body({"access_token": "a-token-of-some-length", "expires_in": lifetime})
    with raw_server(api(tickets() | {"/auth/token": given})) as url:
        seen = verify(tenant(url), only=["token.grant"])["token.grant"].seen
    said = {-5: "the token is good for 0 s only", 2_592_000: "a token was given, good for 2592000 s"}
    assert seen == said.get(lifetime, "a token was given; for how long is not told")


def test_throttling_is_not_said_to_be_over_when_something_stayed_refused() -> None:
    seen: Counter[bytes] = Counter()
    answer = api(tickets())

    def script(connection: Any, head: bytes) -> None:
        path = head.split(b" ")[1].partition(b"?")[0]
        seen[path] += 1
        if path == b"/api/Users" or (path == b"/api/Tickets" and seen[path] == 1):
            wait = ["Retry-After: 0"] if path == b"/api/Tickets" else []
            connection.sendall(http("429 Too Many", b"", *wait))
        else:
            answer(connection, head)

    with raw_server(script) as url:
        result = verify(tenant(url), only=["access.tickets", "access.contacts", "limits"])
    assert "rate-limited" in result.codes
    assert "throttled" not in result.codes


def test_a_list_that_ends_early_is_not_called_whole() -> None:
    rows = [{"id": number, "name": f"agent {number}"} for number in (27, 28)]
    answers = {"/api/Agent/me": body(ME), "/api/Agent?": body({"agents": rows, "record_count": 99_999})}
    with raw_server(api(answers | tickets())) as url:
        found = verify(tenant(url), only=["identity.listed"])["identity.listed"]
    assert found.verdict == "pass"
    assert "2 agents, 0 of them disabled; the list ends there" in found.seen
    assert "the instance counts 99,999" in found.seen
