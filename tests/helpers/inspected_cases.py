"""How a code of the administrator's lane is reached: by an inspection, a setup, a proof by writing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest

from halo_helpers.admin.access import signed_in
from halo_helpers.admin.reading.inspection import Inspection, inspect
from halo_helpers.admin.writing.apply import SetUpStopped
from halo_helpers.admin.writing.prove_write import prove_write
from halo_helpers.admin.writing.set_up import set_up
from halo_helpers.checks import DIAGNOSES
from halo_helpers.checks.findings import Finding
from halo_helpers.practice.control import start
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.tenant import Tenant

from .administrator import WISHES, Helper, InMemory, Instance, application
from .diagnosis_cases import Bound, case

BOTH = Bound(20, 120, 512 * 1024)
"""An inspection and the ordinary verification beside it."""


@dataclass(frozen=True)
class Told:
    """A finding that is told on its own."""

    finding: Finding

    @property
    def codes(self) -> list[str]:
        return [self.finding.code]

    @property
    def findings(self) -> list[tuple[None, Finding]]:
        return [(None, self.finding)]

    def as_json(self) -> dict[str, Any]:
        return self.finding.as_json()


def inspected(
    code: str, scenario: str, change: Callable[[Instance], Tenant] = lambda one: one.tenant
) -> None:
    """Register a case that an inspection of a practice tenant shows."""

    @case(code, BOTH)
    def _(stack: ExitStack) -> Inspection:
        one = Instance.fresh(stack.enter_context(start(Options(rate_limit="1000000/1"))), scenario)
        return inspect(change(one), one.how)


OF_NOBODY = "1b6c0000-0000-4000-8000-00000000000f"
"""A Client ID that no application has."""


def _without_application(one: Instance) -> Tenant:
    return replace(one.tenant, client_id=OF_NOBODY, agent_id=6)


def _of_halopsa(one: Instance) -> Tenant:
    rows = one.get("Application")
    own = next(row["clientId"] for row in rows if row["displayName"] == "Mobile App")
    return replace(one.tenant, client_id=own)


def _doubled(one: Instance) -> Tenant:
    application(one.server, one.entry["name"], "Neo Agent Integration", "27")
    return one.tenant


def _renamed(one: Instance) -> Tenant:
    one.write("Application", {"displayName": "Neo"})
    return _without_application(one)


inspected("client-id-changed", "id-before-save")
inspected("application-unknown", "healthy", _renamed)
inspected("application-system", "healthy", _of_halopsa)
inspected("application-doubled", "healthy", _doubled)
inspected("application-inactive", "app-inactive")
inspected("application-method", "wrong-grant")
inspected("application-login-type", "login-type-user")
inspected("application-agent", "agent-mismatch")
inspected("scope-unticked", "scope-missing-teams")
inspected("secret-wrong", "wrong-secret")
inspected("team-inactive", "team-inactive")
inspected("agent-restricted", "agent-restricted")
inspected("module-off", "no-sales-module")


@case("write-not-kept", BOTH)
def _(stack: ExitStack) -> Told:
    home = stack.enter_context(tempfile.TemporaryDirectory())
    stack.enter_context(pytest.MonkeyPatch.context()).setenv("HALO_RUNBOOK_HOME", home)
    options = Options(settings=["list-update=merge"], rate_limit="1000000/1")
    one = Instance.fresh(stack.enter_context(start(options)))
    one.write("Application", {"scopes": [{"name": "all"}]})
    with signed_in(one.tenant, one.how) as who, pytest.raises(SetUpStopped) as stopped:
        set_up(one.tenant, who, WISHES, Helper(), InMemory())
    assert stopped.value.code == "write-not-kept"
    return Told(DIAGNOSES["write-not-kept"](stopped.value.seen.partition(". ")[0].partition(": ")[2]))


@case("note-refused", BOTH)
def _(stack: ExitStack) -> Told:
    one = Instance.fresh(stack.enter_context(start(Options(rate_limit="1000000/1"))), "notes-refused")
    (problem,) = prove_write(one.tenant).problems
    return Told(problem)
