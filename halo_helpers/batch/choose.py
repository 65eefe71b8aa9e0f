"""Which tenants of a file a run is about, and what is worth knowing before it begins."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..checks.findings import BROKEN
from ..errors import ConfigError, SecretError
from ..report import find_run, load_run
from ..system.plain_text import count_of
from ..tenants.tenant import Tenant, is_practice
from ..tenants.tenants_file import load_tenants, same_client_ids
from ..tenants.trust import secret_of


def preflight(tenants_file: str | os.PathLike[str], only: Sequence[str] = ()) -> list[str]:
    """Say which secrets do not resolve, and what else is worth a look, without contacting HaloPSA.

    Raises: ConfigError for mistakes in the file.
    """
    tenants = load_tenants(tenants_file)
    problems = same_client_ids(tenants)
    chosen = _named(tenants, set(only))
    try:
        refuse_mixture(chosen)
    except ConfigError as error:
        problems.append(str(error))
    for tenant in chosen:
        if tenant.reference and tenant.reference.is_interactive:
            problems.append(f"{tenant.name}: prompt: cannot be answered in an unattended run")
            continue
        try:
            secret_of(tenant, interactive=False, remember=False)
        except SecretError as error:
            problems.append(f"{tenant.name}: {error.seen}")
    return problems


def choose(
    tenants: Sequence[Tenant], out: Path, *, only: Sequence[str], resume: str | None, failed_of: str | None
) -> list[Tenant]:
    """Return the tenants that are asked for, in the file's order.

    `resume` and `failed_of` name runs of `out`.

    Raises: ConfigError for names that are not in the file, or a run that is not there.
    """
    if resume:
        names = set(load_run(find_run(resume, out)).manifest.names)
        return [tenant for tenant in tenants if tenant.name in names]
    if failed_of:
        failed = _failed(out, failed_of)
        return [tenant for tenant in tenants if tenant.name in failed]
    return _named(tenants, set(only))


def retired(tenants: Sequence[Tenant], out: Path, failed_of: str | None) -> list[str]:
    """Return who failed in a run and stands in the tenants file no more."""
    if not failed_of:
        return []
    known = {tenant.name for tenant in tenants}
    return sorted(_failed(out, failed_of) - known)


def _failed(out: Path, run: str) -> set[str]:
    """Return whom a run found broken or could not verify."""
    outcomes = load_run(find_run(run, out)).outcomes
    return {outcome.tenant for outcome in outcomes if outcome.verdict in BROKEN}


def _named(tenants: Sequence[Tenant], names: set[str]) -> list[Tenant]:
    """Return the tenants of these names, all of them for none.

    Raises: ConfigError for names that are not in the file.
    """
    missing = sorted(names - {tenant.name for tenant in tenants})
    if missing:
        raise ConfigError(
            f"no tenant is called {', '.join(missing)}; the file holds {count_of(len(tenants), 'tenant')}"
        )
    return [tenant for tenant in tenants if not names or tenant.name in names]


def refuse_mixture(chosen: Sequence[Tenant]) -> None:
    """Refuse practice tenants and customers in one run: a report must never mix them up.

    Raises: ConfigError.
    """
    practice = [tenant.name for tenant in chosen if is_practice(tenant)]
    if practice and len(practice) < len(chosen):
        raise ConfigError(
            f"practice tenants and customers are not verified in one run; practice: {', '.join(practice[:5])}"
        )
