"""halo_helpers: verify that a HaloPSA tenant is set up for Neo Agent, and say what is wrong and what to click.

The public names are loaded when they are first used, so that importing the package stays cheap.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Tenant", "__version__", "list_agents", "load_tenants", "test_connection", "verify"]

if TYPE_CHECKING:
    from .tenants import Tenant, load_tenants
    from .verify import list_agents, test_connection, verify

_HOMES = {"Tenant": "tenants", "load_tenants": "tenants", "list_agents": "verify", "test_connection": "verify",
          "verify": "verify"}  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


class _Package(ModuleType):
    """Keeps `halo_helpers.verify` the function: importing the module of that name would put itself there."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "verify" and isinstance(value, ModuleType):
            value = value.verify
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __dir__() -> list[str]:
    return sorted(__all__)
