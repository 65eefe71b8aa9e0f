"""Which requests earn which sentence: nothing is claimed that was not asked, whatever the tenant."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NamedTuple

import pytest

from halo_helpers import verify
from halo_helpers.checks import CHECKS, ON_REQUEST
from halo_helpers.checks.access import AREAS
from halo_helpers.practice.scenarios import SCENARIOS

from .helpers.practice import NOT_REACHED, Practice

TOKEN, ME = "POST /auth/token", "GET /api/Agent/me"
GUID = r"[0-9a-f-]{36}"


class Earned(NamedTuple):
    """A sentence as a pattern, and the requests that must have been answered: how often each.

    With 200, unless `whatever` says that any answer will do.
    """

    sentence: str
    requests: dict[str, int]
    whatever: bool = False


TABLE: dict[str, tuple[Earned, ...]] = {
    "address.url": (Earned(r"https?://\S+", {}),),
    "address.reach": (Earned(r"https?://\S+ answers", {"GET /api/authinfo": 1}, whatever=True),),
    "address.instance": (Earned(r"Halo PSA \(practice tenant\) [\d.]+", {"GET /api/InstanceInfo": 1}),),
    "address.licence": (
        Earned(r"\d+ of \d+ licences in use, by InstanceInfo", {"GET /api/InstanceInfo": 1}),
    ),
    "token.form": (Earned("a GUID, and two GUIDs joined by a hyphen", {}),),
    "token.grant": (Earned(r"a token was given, good for \d+ s", {TOKEN: 1}),),
    "token.control": (Earned("a random secret is refused", {TOKEN: 1}),),
    "token.scopes": (
        Earned(r"granted: [a-z:, ]+; admin and all not granted when asked for", {TOKEN: 2}),
        Earned("the answer names no scope, yet requests with the token are answered", {TOKEN: 1, ME: 1}),
    ),
    "identity.login": (Earned(r"it acts for .+ \(ID \d+\)", {ME: 1}),),
    "identity.agent": (Earned(r".+ \(ID \d+\), as expected", {ME: 1}),),
    "identity.active": (Earned(r"active; teams: .+", {ME: 1}),),
    "identity.listed": (Earned(r"\d+ agents?, \d+ of them disabled", {"GET /api/Agent": 1}),),
    "webhooks.manage": (Earned(r"webhooks can be read; there (is|are) \d+", {"GET /api/Webhook": 1}),),
    "webhooks.delivery": (
        Earned(
            r"\d+ of the last \d+ deliveries arrived, the newest of them: [\dT:-]+; "
            r"webhooks\.\S+: active, \d+ events",
            {"GET /api/Webhook": 1, "GET /api/Webhook/GUID": 1, "GET /api/WebhookEvent": 1},
        ),
    ),
    "limits.headroom": (Earned(r"\d+ requests, half of them answered within \d+ ms", {}),),
} | {
    f"access.{area.name}": (
        Earned(
            r"can be read(; it holds no record|; [\d,]+ records?)?(; a hint, not asked: .+)?",
            {f"GET /api/{area.route}": 1},
        ),
    )
    for area in AREAS
}
"""By check: what it may say when all is well."""

UNASKED = frozenset({"client-id-malformed", "client-secret-malformed", "credentials-swapped"})
"""Codes that are told of what was typed, without a request."""


def answered(requests: list[dict[str, Any]], *, whatever: bool) -> Counter[str]:
    """Count requests by method and path, with GUIDs in it masked."""
    return Counter(
        re.sub(f"/{GUID}$", "/GUID", f"{one['method']} {one['path']}")
        for one in requests
        if whatever or one["status"] == 200
    )


def test_the_table_has_every_check() -> None:
    assert set(TABLE) == {*CHECKS, *ON_REQUEST}


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_sentence_is_earned(practice: Practice, name: str) -> None:
    result, requests = practice.verified(name)
    for check in result.checks:
        if check.verdict == "pass":
            claim = next((one for one in TABLE[check.id] if re.fullmatch(one.sentence, check.seen)), None)
            assert claim, f"{check.id} says {check.seen!r}, which is not in the table"
            count = answered(requests, whatever=claim.whatever)
            for request, times in claim.requests.items():
                assert count[request] >= times, (check.id, request, count)
    if result["token.control"].verdict == "pass":
        assert sum(one["path"] == "/auth/token" and one["status"] in {400, 401} for one in requests) >= 1
    if result["limits.headroom"].verdict == "pass" and name != "wrong-tenant":  # its log is nobody's
        assert result["limits.headroom"].seen.startswith(f"{len(requests)} requests")


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_told_of_an_instance_that_was_not_asked(practice: Practice, name: str) -> None:
    """A finding rests on a request, but for those of what was typed; a skip names what it waits for."""
    result, asked = practice.verified(name)
    for check in result.checks:
        for finding in check.findings:
            assert asked or finding.code in UNASKED or finding.code == "connection-reset"
        if check.verdict == "skip":
            assert check.requires or check.id in NOT_REACHED
            assert not check.findings


def test_the_licence_is_asked_only_at_its_step(practice: Practice) -> None:
    """In a verification nobody asks; named, it is told until an Agent ID is noted."""
    from dataclasses import replace

    assert "address.licence" not in [check.id for check in verify(practice.tenant()).checks]
    before = replace(practice.tenant(), agent_id=None)
    found = verify(before, only=["address.licence"])["address.licence"]
    assert found.verdict == "pass"
    assert re.fullmatch(TABLE["address.licence"][0].sentence, found.seen)
    assert verify(practice.tenant(), only=["address.licence"])["address.licence"].verdict == "skip"
