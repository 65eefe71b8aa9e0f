"""The public API as a user's type checker sees it."""

from __future__ import annotations

from halo_helpers import Tenant, list_agents, load_tenants, test_connection, verify


def use() -> list[str]:
    """Use every public name."""
    tenants: list[Tenant] = load_tenants("tenants.yaml")
    result = verify(tenants[0], only=["token"], control=False)
    again = test_connection("practice")
    names: list[str] = [agent.name for agent in list_agents("practice")]
    return [result.verdict, *again.codes, *names]
