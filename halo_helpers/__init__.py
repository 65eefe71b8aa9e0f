"""halo_helpers: verify that a HaloPSA tenant is set up for Neo Agent.

It says what is wrong, why, and what to click.

The public names are loaded when they are first used, so that importing the package stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .system.version import VERSION

__version__ = VERSION
__all__ = ["Tenant", "__version__", "list_agents", "load_tenants", "test_connection", "verify"]

if TYPE_CHECKING:
    from .tenants.tenant import Tenant
    from .tenants.tenants_file import load_tenants
    from .verification.agents import list_agents
    from .verification.run_checks import test_connection, verify

_MODULES = {
    "Tenant": "tenants.tenants_file",
    "load_tenants": "tenants.tenants_file",
    "list_agents": "verification.agents",
    "test_connection": "verification.run_checks",
    "verify": "verification.run_checks",
}
"""The module of each public name."""


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
