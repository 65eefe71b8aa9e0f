"""The public API as a user's type checker sees it."""

from __future__ import annotations

from halo_helpers import (
    Agent,
    CheckResult,
    ConfigError,
    Finding,
    HaloError,
    Tenant,
    Verification,
    alist_agents,
    atest_connection,
    averify,
    list_agents,
    load_tenants,
    test_connection,
    verify,
)


def use() -> list[str]:
    """Use every public name."""
    tenants: list[Tenant] = load_tenants("tenants.yaml")
    result = verify(tenants[0], only=["token"], control=False)
    again = test_connection("practice")
    names: list[str] = [agent.name for agent in list_agents("practice")]
    return [result.verdict, *again.codes, *names]


async def use_in_a_loop() -> Verification:
    """Use the asynchronous ones."""
    agents: list[Agent] = await alist_agents("practice")
    first: Verification = await atest_connection("practice", control=False)
    again = await averify(Tenant("acme", "https://acme.halopsa.com"), only=["token"])
    rows: tuple[CheckResult, ...] = again.checks
    found: list[Finding] = [finding for row in rows for finding in row.findings]
    try:
        return first if agents and found else again
    except ConfigError as error:
        raise HaloError(error.code, error.seen) from error
