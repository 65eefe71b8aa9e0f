"""Every scenario gets its codes and no other, over real HTTP; the checks' own table is that of the design."""

from __future__ import annotations

import pytest

from halo_helpers import verify
from halo_helpers.checks import CHECKS, DIAGNOSES, select
from halo_helpers.guide.steps import STEPS
from halo_helpers.practice.control import start
from halo_helpers.practice.scenarios import SCENARIOS
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.practice import from_ready_entry

from ..helpers.practice import Practice

NEEDS = {
    "address.url": "",
    "address.reach": "address.url",
    "address.instance": "address.reach",
    "token.form": "",
    "token.grant": "address.instance token.form",
    "token.control": "token.grant",
    "token.scopes": "token.grant",
    "identity.login": "token.grant",
    "identity.agent": "identity.login",
    "identity.active": "identity.agent",
    "identity.listed": "token.grant",
    "webhooks.manage": "token.grant",
    "limits.headroom": "address.instance",
}
AREAS = (
    "tickets actions contacts companies assets products appointments slas kb contracts invoices quotations "
    "suppliers opportunities reports teams configuration"
)
CODES = """
url-malformed url-insecure url-trimmed dns-failed connect-refused connect-timeout connection-reset
read-timeout proxy-required tls-untrusted tls-name-mismatch tls-expired tls-failed not-halopsa
html-instead-of-json bad-json response-too-large redirected maintenance gateway-timeout server-error
rate-limited blocked protocol-error budget-exhausted client-id-malformed client-secret-malformed
credentials-swapped credentials-trimmed secret-unavailable token-endpoint-missing invalid-client
unauthorized-client unsupported-grant-type invalid-scope tenant-unknown token-refused token-malformed
token-expired token-control-passed scopes-missing scopes-none scopes-excess login-not-agent
agent-mismatch agent-unknown agent-disabled agent-api-only agent-without-team agent-name-ambiguous
agent-unlisted agents-not-listable area-refused area-hidden area-empty area-missing webhooks-refused
clock-skew slow agent-role-missing agent-hours-missing run-timeout run-crashed run-cancelled
"""


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_gets_exactly_its_codes(practice: Practice, name: str) -> None:
    result, _ = practice.verified(name)
    assert result.codes == sorted(practice.entries[name]["expect"])
    assert [check.id for check in result.checks] == list(CHECKS)
    assert result.practice
    for check, finding in result.findings:
        assert finding.code in CHECKS[check.id].codes
        assert finding.seen
        assert finding.cause
        assert finding.remedy


def test_a_server_with_many_tenants_needs_no_tenant_parameter(practice: Practice) -> None:
    from dataclasses import replace

    assert verify(replace(practice.tenant(), halo_tenant=None)).verdict == "pass"


def test_ids_and_needs_are_those_of_the_design() -> None:
    assert {name: " ".join(CHECKS[name].needs) for name in NEEDS} == NEEDS
    assert {f"access.{area}" for area in AREAS.split()} <= set(CHECKS)
    assert all("identity.login" in c.needs for c in CHECKS.values() if c.layer == "access")


def test_every_code_of_the_design_is_declared_with_a_step() -> None:
    assert set(CODES.split()) <= set(DIAGNOSES)
    for entry in DIAGNOSES.values():
        assert entry.step in STEPS or entry.code.startswith(("run-", "internal"))


def test_select_brings_what_is_needed() -> None:
    assert select(["identity.login"]) == [
        "address.url",
        "address.reach",
        "address.instance",
        "token.form",
        "token.grant",
        "identity.login",
    ]
    with pytest.raises(ValueError, match="layers are"):
        select(["nonsense"])


SETTINGS = {
    "token-format=jwt": (),
    "agents-envelope=results": (),
    "agents-envelope=agents": (),
    "agents-envelope=array": (),
    "authinfo=missing": (),
    "authinfo=more": (),
    "agent-list-fields=full": (),
    "retry-after=yes": (),
    "scopes-enforced=no": (),
    "paths=strict": (),
    "page-max=1000": (),
    "token-lifetime=20": ("token-expired",),
    "unknown-tenant=ignored": (),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_healthy_whatever_the_open_questions_turn_out_to_be(setting: str) -> None:
    with start(Options(settings=[setting])) as server:
        result = verify(from_ready_entry(server.tenants[0], server.base_url))
    assert result.codes == sorted(SETTINGS[setting])


BROKEN_OTHERWISE = {
    ("wrong-secret", "token-errors=invalid-grant"): {"invalid-client"},
    ("wrong-secret", "token-errors=no-description"): {"invalid-client"},
    ("agent-disabled", "disabled-agent=token"): {"token-refused"},
    ("tickets-refused", "refusal-status=401"): {"area-refused"},
    ("tickets-refused", "refusal-status=message"): {"area-refused"},
    ("scope-none", "no-scope=error"): {"scopes-none"},
    ("scope-missing-teams", "wider-scope=error"): {"invalid-scope"},
    ("maintenance", "maintenance-page=200"): {"html-instead-of-json"},
    ("maintenance", "maintenance-page=reset"): {"connection-reset"},
    ("login-type-user", "refusal-status=401"): {"login-not-agent"},
}


@pytest.mark.parametrize(("name", "setting"), BROKEN_OTHERWISE)
def test_the_same_fault_in_another_answer(name: str, setting: str) -> None:
    with start(Options(scenarios=[name], settings=[setting])) as server:
        result = verify(from_ready_entry(server.tenants[0], server.base_url))
    assert set(result.codes) == BROKEN_OTHERWISE[name, setting]


def test_what_a_verification_sends_only_reads(practice: Practice) -> None:
    practice.reset("healthy")
    verify(practice.tenant())
    seen = practice.requests("healthy")
    assert {entry["path"] for entry in seen if entry["method"] != "GET"} == {"/auth/token"}
    assert len(seen) < 40
