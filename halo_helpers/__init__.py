"""halo_helpers: verify that a HaloPSA tenant is set up for Neo Agent.

It says what is wrong, why, and what to click. `practice` is the practice tenant: the first one of the
practice server that runs, or of one that is started and ends with this process. Any other name is looked up
in the tenants file, and a `Tenant` needs none. To verify, the package needs none of its extras; the practice
tenant wants `[practice]`, and `[all]` has everything.

>>> from halo_helpers import verify
>>> result = verify("practice")
>>> print(result)
practice: OK: ... OK, 1 not reached
>>> result["token.grant"].verdict
'pass'

Whatever the other side does is a finding, never an exception. The public names are loaded when they are first
used, so that importing the package stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .system.version import VERSION

__version__ = VERSION
__all__ = [
    "Agent",
    "ApiError",
    "AuthError",
    "BudgetError",
    "CheckResult",
    "ConfigError",
    "ConnectionFailedError",
    "Finding",
    "GuardError",
    "HaloError",
    "LabSilentError",
    "Limits",
    "NotFoundError",
    "RateLimitedError",
    "RefusedError",
    "Secret",
    "SecretError",
    "ShapeError",
    "StoppedError",
    "Tenant",
    "VerdictError",
    "Verification",
    "__version__",
    "alist_agents",
    "atest_connection",
    "averify",
    "list_agents",
    "load_tenants",
    "test_connection",
    "verify",
]

if TYPE_CHECKING:
    from .checks.findings import Finding
    from .client.limits import Limits
    from .client.models import Agent
    from .errors import (
        ApiError,
        AuthError,
        BudgetError,
        ConfigError,
        ConnectionFailedError,
        GuardError,
        HaloError,
        LabSilentError,
        NotFoundError,
        RateLimitedError,
        RefusedError,
        SecretError,
        ShapeError,
        StoppedError,
        VerdictError,
    )
    from .secrets.value import Secret
    from .tenants.tenant import Tenant
    from .tenants.tenants_file import load_tenants
    from .verification.agents import alist_agents, list_agents
    from .verification.result import CheckResult, Verification
    from .verification.run_checks import atest_connection, averify, test_connection, verify

_OF_MODULES = {
    "checks.findings": ("Finding",),
    "client.limits": ("Limits",),
    "client.models": ("Agent",),
    "errors": tuple(name for name in __all__ if name.endswith("Error")),
    "secrets.value": ("Secret",),
    "tenants.tenant": ("Tenant",),
    "tenants.tenants_file": ("load_tenants",),
    "verification.agents": ("alist_agents", "list_agents"),
    "verification.result": ("CheckResult", "Verification"),
    "verification.run_checks": ("atest_connection", "averify", "test_connection", "verify"),
}
_MODULES = {name: module for module, names in _OF_MODULES.items() for name in names}
"""The module of each public name."""


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
