"""One cause, one card: what follows from a cause is told under it and advises nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from halo_helpers import verify
from halo_helpers.checks import CHECKS, DIAGNOSES
from halo_helpers.checks.access import AREAS
from halo_helpers.practice.control import start
from halo_helpers.practice.scenarios import SCENARIOS
from halo_helpers.practice.serve import Options
from halo_helpers.report import to_csv, to_html, to_junit, verification_text
from halo_helpers.report.evidence import evidence_html
from halo_helpers.tenants.practice import from_ready_entry
from halo_helpers.verification.causes import CONSEQUENCES, OUTAGES, cards_of, fold
from halo_helpers.verification.result import CheckResult, Verification

from .helpers.halopsa import body, tenant
from .helpers.practice import Practice
from .helpers.raw_server import raw_server
from .test_truth import INFO, TOKEN, api

TWO_CAUSES = {"only-all": ["scopes-missing", "scopes-excess"]}
"""Scenarios of more than one cause."""


def rows(*pairs: tuple[str, str]) -> list[CheckResult]:
    """Return results of checks by (id of the check, code)."""
    return [
        CheckResult(
            check_id,
            CHECKS[check_id].title,
            DIAGNOSES[code].verdict,
            code,
            None,
            findings=(DIAGNOSES[code](f"seen by {check_id}"),),
        )
        for check_id, code in pairs
    ]


def cards(result: Verification) -> list[str]:
    return [card.code for card in cards_of(result.checks)]


def folded(result: Verification) -> set[tuple[str, str | None]]:
    return {(finding.code, finding.folds_into) for _, finding in result.findings}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_has_one_card_a_cause(practice: Practice, name: str) -> None:
    result, _ = practice.verified(name)
    causes = TWO_CAUSES.get(name, list(SCENARIOS[name].expect[:1]))
    assert cards(result) == causes


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_finding_stays_in_the_data(practice: Practice, name: str) -> None:
    result, _ = practice.verified(name)
    assert result.codes == sorted(SCENARIOS[name].expect)
    again = Verification.from_json(result.as_json())
    assert again.as_json() == result.as_json()
    assert folded(again) == folded(result)


def test_a_consequence_advises_nothing_of_its_own(practice: Practice) -> None:
    """In each form of a result the cause's remedy stands once, and the other one's nowhere."""
    result = verify(practice.tenant("scope-missing-webhooks"))
    cause, other = (DIAGNOSES[code].remedy for code in ("scopes-missing", "webhooks-refused"))
    assert ("webhooks-refused", "scopes-missing") in folded(result)
    for text in (
        verification_text(result, width=10_000),
        evidence_html(result),
        to_csv([result]),
        to_html([result]).partition('id="data"')[0],
        str(result),
    ):
        assert text.count(cause) == 1
        assert other not in text
    assert "It follows from scopes-missing." in to_junit([result])
    assert "so too: Webhooks may not be managed" in verification_text(result)


def test_a_refusal_for_another_reason_is_a_card_of_its_own() -> None:
    """The scope of webhooks is missing, and the agent's role does not open tickets: two causes."""
    world = Options(scenarios=["tickets-refused"])
    with start(world) as server:
        known = from_ready_entry(server.tenants[0], server.base_url)
        result = verify(known)
        assert cards(result) == ["area-refused"]
    granted = {"access_token": "a-token-of-some-length", "expires_in": 3600}
    answers = {
        "/api/authinfo": body({"tenant_id": "acme"}),
        "/api/InstanceInfo": body(INFO),
        "/auth/token": body(granted | {"scope": "all:standard all:teams"}),
        "/api/Agent/me": body({"id": 27, "name": "Neo"}),
        "/api/Tickets": body({}, "403 Forbidden"),
        "/api/Webhook": body({}, "403 Forbidden"),
    }
    with raw_server(api(answers)) as url:
        result = verify(tenant(url), only=["access.tickets", "webhooks", "token.scopes"])
    assert cards(result) == ["scopes-missing", "area-refused"]
    assert ("webhooks-refused", "scopes-missing") in folded(result)
    assert ("area-refused", None) in folded(result)


def test_a_cause_that_was_not_found_folds_nothing() -> None:
    """A token that names no scopes: the refusal of webhooks stands by itself."""
    answers = {
        "/api/authinfo": body({"tenant_id": "acme"}),
        "/api/InstanceInfo": body(INFO),
        "/auth/token": TOKEN,
        "/api/Agent/me": body({"id": 27, "name": "Neo"}),
        "/api/Webhook": body({}, "403 Forbidden"),
    }
    with raw_server(api(answers)) as url:
        result = verify(tenant(url), only=["webhooks"])
    assert cards(result) == ["webhooks-refused"]


@pytest.mark.parametrize(
    ("cause", "code"), [(c, code) for c, codes in CONSEQUENCES.items() for code in codes]
)
def test_the_table_folds(cause: str, code: str) -> None:
    results = rows(("identity.active", cause), ("access.tickets", code))
    assert [(card.code, len(card.consequences)) for card in cards_of(results)] == [(cause, 1)]
    assert [f.folds_into for row in fold(results) for f in row.findings] == [None, cause]


@pytest.mark.parametrize("outage", OUTAGES)
def test_an_outage_explains_other_errors_and_nothing_else(outage: str) -> None:
    results = rows(
        ("address.reach", outage),
        ("access.tickets", "read-timeout"),
        ("access.assets", "area-refused"),
        ("access.slas", "internal-error"),
        ("access.kb", outage),
    )
    found = [(card.code, len(card.findings), len(card.consequences)) for card in cards_of(results)]
    assert sorted(found) == sorted([("area-refused", 1, 0), (outage, 2, 1), ("internal-error", 1, 0)])


@pytest.mark.parametrize("code", DIAGNOSES)
def test_each_code_alone_is_one_card(code: str) -> None:
    assert [card.code for card in cards_of(rows(("access.tickets", code)))] == [code]


def test_a_card_is_as_bad_as_what_follows_from_it() -> None:
    """An agent without a role is to be looked at; that its areas are refused is broken."""
    results = rows(("identity.active", "agent-role-missing"), ("access.tickets", "area-refused"))
    (card,) = cards_of(results)
    assert (card.cause.verdict, card.verdict) == ("warn", "fail")


def test_one_code_in_many_areas_is_one_card() -> None:
    areas: Iterable[tuple[str, str]] = (
        (f"access.{name}", "area-refused") for name in ("tickets", "contacts", "assets", "kb", "slas")
    )
    (card,) = cards_of(rows(*areas))
    assert (card.headline, len(card.findings)) == ("An area is refused", 5)


def test_many_headlines_are_three_and_a_number(practice: Practice) -> None:
    """Areas are named where one cause closes several; from the fourth on they are counted."""
    result = verify(practice.tenant("scope-missing-teams"))
    assert cards_of(result.checks)[0].because_of_it == "Teams cannot be read"
    refused = DIAGNOSES["area-refused"]
    denied = [
        CheckResult(f"access.{area.name}", area.title, "fail", "", None, findings=(found,))
        for area in AREAS[:5]
        for found in [refused("", headline=f"{area.title} cannot be read")]
    ]
    (card,) = cards_of(denied)
    assert card.headline.startswith("Tickets cannot be read; Ticket actions cannot be read; Contacts cannot")
    assert card.headline.endswith("; and 2 more")


def test_a_token_without_scopes_that_is_answered_excuses_no_refusal() -> None:
    """It names no scope, yet the agent can be read: what is refused then is a finding, and no skip."""
    answers = {
        "/api/authinfo": body({"tenant_id": "acme"}),
        "/api/InstanceInfo": body(INFO),
        "/auth/token": body({"access_token": "a-token-of-some-length", "scope": ""}),
        "/api/Agent/me": body({"id": 27, "name": "Neo"}),
        "/api/Webhook": body({}, "403 Forbidden"),
        "/api/Agent": body({}, "403 Forbidden"),
    }
    with raw_server(api(answers)) as url:
        result = verify(tenant(url), only=["webhooks", "identity.listed"])
    assert result.codes == ["agents-not-listable", "webhooks-refused"]
