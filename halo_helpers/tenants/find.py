"""Find a tenant by name: in a tenants file, in the guide's answers, or on the practice server."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import ConfigError, Mistake, SecretError
from ..secrets.private_file import synchronised
from ..secrets.value import Unresolved
from ..system.plain_text import did_you_mean
from .file_fields import shown_text
from .practice import practice_tenant
from .tenant import NAME, PRACTICE, Tenant, read_agent_id
from .tenants_file import load_tenants


def tenants_file(given: str | os.PathLike[str] | None = None) -> Path | None:
    """Return the tenants file to use: the given one, `HALO_TENANTS_FILE`, or `tenants.yaml` here."""
    if given:
        return Path(given)
    named = os.environ.get("HALO_TENANTS_FILE")
    if named:
        return Path(named)
    here = Path("tenants.yaml")
    return here if here.exists() else None


def worth_a_warning(tenant: Tenant) -> list[str]:
    """Say what is odd about a tenant's entry though it works."""
    try:
        path = tenant.reference.file(tenant.folder) if tenant.reference else None
    except SecretError:
        return []  # it does not resolve, which is said elsewhere
    copied_by = synchronised(path) if path is not None else ""
    return (
        [f"{tenant.name}: the secret's file lies in a folder that {copied_by} copies elsewhere"]
        if copied_by
        else []
    )


_handed_over: Tenant | None = None
"""The one tenant of a process that verifies one tenant for a fleet run."""


@contextlib.contextmanager
def handed_over(tenant: Tenant) -> Iterator[None]:
    """Let `find_tenant` return this tenant by its name, without reading a file or resolving a reference.

    It is known until the `with` is left, and with it its secret.
    """
    global _handed_over  # noqa: PLW0603 - one a process
    _handed_over = tenant
    try:
        yield
    finally:
        _handed_over = None


HANDED_OVER = "HALO_RUNBOOK_TENANT"
"""Holds the one tenant of a stock kernel that verifies it for a fleet run, in JSON, without its secret."""


def _from_run(name: str) -> Tenant | None:
    """Return the tenant that this process was started for, None when that is another one, or none."""
    text = os.environ.get(HANDED_OVER)
    if not text:
        return None
    value = json.loads(text)
    if value["tenant"]["name"] != name:
        return None
    if "refused" in value:
        return Tenant.from_json(value["tenant"], Unresolved(value["refused"], value["code"]))
    return Tenant.from_json(value["tenant"], value["reference"])


def find_tenant(tenant: str | Tenant, file: str | os.PathLike[str] | None = None) -> Tenant:
    """Return a tenant by name; `practice` is the practice server's, which is started when none runs.

    Raises: ConfigError when there is no such tenant or no tenants file.
    """
    if isinstance(tenant, Tenant):
        return tenant
    if not isinstance(tenant, str):
        raise ConfigError(f"a tenant is given by its name or as a Tenant, not as {type(tenant).__name__}")
    if _handed_over is not None and _handed_over.name == tenant:
        return _handed_over
    started_for = _from_run(tenant)
    if started_for is not None:
        return started_for
    if tenant == PRACTICE:
        return practice_tenant()
    path = tenants_file(file)
    walk = None if file else _from_walk(tenant)
    if path is None and walk is not None:
        return walk
    if path is None:
        raise ConfigError(
            f"no tenants file to find {shown_text(tenant)!r} in: give --tenants-file (in Python, "
            "tenants_file=), set HALO_TENANTS_FILE, or write ./tenants.yaml; the name “practice” needs none"
        )
    known = load_tenants(path)
    found = next((entry for entry in known if entry.name == tenant), None)
    found = found or walk
    if found is None:
        names = [entry.name for entry in known]
        hint = did_you_mean(tenant, names) or f"; it holds {len(known)} others"
        raise ConfigError(Mistake(f"no tenant is called {shown_text(tenant)!r}{hint}", str(path)))
    return found


def _from_walk(name: str) -> Tenant | None:
    """Return the tenant that is being set up in the guide under this name, None when there is none."""
    from .answers import read_answers

    answers = read_answers(name) if NAME.fullmatch(name) else {}
    if not answers:
        return None
    return Tenant(
        name=name,
        base_url=answers.get("base_url", ""),
        client_id=answers.get("client_id", ""),
        client_secret=answers.get("client_secret", ""),
        label=answers.get("label"),
        agent_id=read_agent_id(answers.get("agent_id")),
    )
