"""Verify one tenant: run its checks, concurrently where they do not need each other."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import time
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any, TypedDict, Unpack

from ..checks import CHECKS, DIAGNOSES, ON_REQUEST, Finding, Skipped, diagnose, select
from ..checks.findings import WORST_FIRST
from ..checks.probe import Probe
from ..checks.registry import Check
from ..client.halo_client import HaloClient
from ..client.limits import Limits
from ..client.models import Agent
from ..errors import ConfigError, HaloError, SecretError, StoppedError
from ..secrets.redaction import redact
from ..secrets.value import Secret
from ..system.event_loop import run
from ..tenants.find import find_tenant
from ..tenants.tenant import Tenant, is_practice, shown_url
from ..tenants.trust import secret_of
from .causes import fold
from .fingerprint import fingerprint_of
from .result import CheckResult, Verification


class Options(TypedDict, total=False):
    """What `verify` and its kin take besides the tenant."""

    tenants_file: str | PathLike[str] | None
    only: str | Sequence[str] | None
    control: bool
    control_note: str
    limits: Limits | None
    on_result: Callable[[CheckResult], None] | None


def verify(
    tenant: str | Tenant, *, stop: threading.Event | None = None, **options: Unpack[Options]
) -> Verification:
    """Verify one tenant: run its checks and return what they found.

    `only` takes ids and layers of checks (an unknown one is answered with all), and what they need runs, too.
    `on_result` is called with the `CheckResult` of each check as it ends; an error that it raises ends the
    verification. `control` asks for a token with a wrong secret, once, to see that wrong ones are refused;
    without it, `control_note` says why. `limits` are the caps on time and requests. When `stop` is set
    meanwhile, what is under way ends.

    >>> from halo_helpers import Tenant, verify
    >>> acme = Tenant("acme", "https://acme.halopsa.com", client_id="1b6c", client_secret="env:NOT_SET")
    >>> result = verify(acme)
    >>> result.verdict, result.codes
    ('error', ['secret-unavailable'])
    >>> check, finding = result.findings[0]
    >>> check.id, finding.step
    ('token.form', 'enter-credentials')

    Raises: ConfigError for an unknown tenant, a broken tenants file or an unknown check; StoppedError.
    Whatever the other side does is a finding, never an exception.
    """
    work = _prepare(tenant, options)
    if isinstance(work, Verification):
        return work
    return run(work if stop is None else _until(stop, work))


async def averify(tenant: str | Tenant, **options: Unpack[Options]) -> Verification:
    """Verify one tenant in the event loop of the caller; to stop it, cancel the task. As `verify` else.

    In a notebook, which has an event loop: `await averify("practice")`.

    >>> import asyncio
    >>> from halo_helpers import averify
    >>> asyncio.run(averify("practice")).verdict
    'pass'
    """
    work = await asyncio.to_thread(_prepare, tenant, options)
    return work if isinstance(work, Verification) else await work


def _prepare(tenant: str | Tenant, options: Options) -> Verification | Coroutine[Any, Any, Verification]:
    """Find the tenant and its secret; return what is left to do, or what is known without asking anybody.

    Raises: as `verify`; TypeError for an option that there is not.
    """
    for name in options.keys() - Options.__annotations__.keys():
        raise TypeError(f"there is no option {name!r}; known are {', '.join(Options.__annotations__)}")
    only = options.get("only")
    try:
        chosen = select(None if only is None else (only,) if isinstance(only, str) else tuple(only))
    except ValueError as error:
        raise ConfigError(str(error)) from None
    found_tenant = find_tenant(tenant, options.get("tenants_file"))
    started_at, started = dt.datetime.now(dt.UTC), time.monotonic()
    base = Verification(
        tenant=found_tenant.name,
        base_url=shown_url(found_tenant),
        checks=(),
        started_at=started_at,
        label=found_tenant.label,
        owner=found_tenant.owner,
    )
    try:
        secret = secret_of(found_tenant)
    except SecretError as error:
        results = _without_secret(chosen, error)
        return replace(base, checks=results, duration_s=time.monotonic() - started)
    return _verify(base, found_tenant, secret, chosen, options, started)


async def _until(stop: threading.Event, work: Coroutine[Any, Any, Verification]) -> Verification:
    """Do the work, unless it is asked to stop first.

    Raises: StoppedError.
    """
    task = asyncio.create_task(work)
    while not task.done():
        if stop.is_set():
            task.cancel()
            await asyncio.wait([task])
            raise StoppedError
        await asyncio.wait([task], timeout=0.1)
    return task.result()


_CONNECTION = ("address", "token", "identity", "limits")


def test_connection(tenant: str | Tenant, **options: Unpack[Options]) -> Verification:
    """Test the connection: address, token and log-in, without the areas. Options as for `verify`.

    Raises: ConfigError as `verify` does.
    """
    return verify(tenant, **({"only": _CONNECTION} | options))


async def atest_connection(tenant: str | Tenant, **options: Unpack[Options]) -> Verification:
    """Test the connection in the event loop of the caller. As `test_connection` else."""
    return await averify(tenant, **({"only": _CONNECTION} | options))


test_connection.__test__ = False  # type: ignore[attr-defined]  # its name is fixed, and pytest would collect it


def _without_secret(chosen: Iterable[str], error: SecretError) -> tuple[CheckResult, ...]:
    """Nothing is sent without a secret: one error, the rest not reached."""
    entries = CHECKS | ON_REQUEST
    form = entries["token.form"]
    finding = diagnose(error)
    return tuple(
        CheckResult(form.id, form.title, "error", finding.seen, finding.step, findings=(finding,))
        if check_id == form.id
        else CheckResult(
            check_id,
            entries[check_id].title,
            "skip",
            "not reached without the secret",
            entries[check_id].step,
            (form.id,),
        )
        for check_id in ([] if "token.form" in chosen else ["token.form"]) + list(chosen)
    )


async def _verify(
    base: Verification,
    tenant: Tenant,
    secret: Secret,
    chosen: list[str],
    options: Options,
    started: float,
) -> Verification:
    async with HaloClient(tenant, secret, options.get("limits")) as client:
        control, note = options.get("control", True), options.get("control_note", "")
        probe = Probe(tenant, client, control=control, control_note=note)
        tasks: dict[str, asyncio.Task[CheckResult]] = {}
        entries = CHECKS | ON_REQUEST
        # each task waits for the ones it names, which stand before it in the registry
        for check_id in chosen:
            entry = entries[check_id]
            asked = _run_check(entry, probe, dict(tasks), options.get("on_result"))
            tasks[check_id] = asyncio.create_task(asked)
        results = await _all_of(tasks.values())
        agent: Agent | None = probe.known("me")
        token = probe.known("token")
        instance = probe.known("instance")
        wide: tuple[str, ...] = probe.known("wide scopes") or ()
        fingerprint = fingerprint_of(probe)
    wanted = list(tenant.scopes)
    granted = sorted(token.scopes) if token and token.scopes is not None else wanted if token else []
    practice = client.reading.practice or bool(instance and instance.practice and is_practice(tenant))
    if not client.reading.latencies_s:
        practice = is_practice(tenant)  # nobody answered who could have said it
    covered = set(granted) | ({"all:standard"} if "all" in granted else set())
    scopes = {
        "wanted": wanted,
        "granted": granted,
        "missing": sorted(set(wanted) - covered) if token else [],
        "excess": sorted({*granted, *wide} - set(wanted)),
    }
    control_asked = any(r.id == "token.control" and r.verdict == "pass" for r in results)
    return replace(
        base,
        checks=fold(results),
        agent=agent,
        scopes=scopes,
        fingerprint=fingerprint,
        practice=practice,
        instance=instance.as_json() if instance else {},
        secret_source=redact(secret.source),
        control_asked=control_asked,
        duration_s=time.monotonic() - started,
    )


async def _all_of(tasks: Collection[asyncio.Task[CheckResult]]) -> list[CheckResult]:
    """Return what all tasks return; when one fails, or this is cancelled, the others end, too."""
    try:
        return [await task for task in tasks]
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def _run_check(
    entry: Check,
    probe: Probe,
    before: dict[str, asyncio.Task[CheckResult]],
    on_result: Callable[[CheckResult], None] | None,
) -> CheckResult:
    """Wait for what a check needs, ask it, and turn whatever happens into a result."""
    awaited = (
        before
        if entry.after == "*"
        else {name: before[name] for name in (*entry.needs, *entry.after) if name in before}
    )
    for task in awaited.values():
        await task
    failed = tuple(
        name
        for name in entry.needs
        if name in before and before[name].result().verdict in {"fail", "error", "skip"}
    )
    started = time.monotonic()
    result = (
        CheckResult(entry.id, entry.title, "skip", f"needs {', '.join(failed)}", entry.step, failed)
        if failed and not _out_of_budget(failed, before)
        else await _ask(entry, probe, failed, before)
    )
    result = replace(result, duration_s=time.monotonic() - started)
    if on_result is not None:
        on_result(result)
    return result


def _out_of_budget(failed: tuple[str, ...], before: dict[str, asyncio.Task[CheckResult]]) -> bool:
    """Whether what a check needs could not be asked because the caps were used up.

    Then it is an error, too.
    """
    return any(before[name].result().code == "budget-exhausted" for name in failed)


async def _ask(
    entry: Check, probe: Probe, failed: tuple[str, ...], before: dict[str, asyncio.Task[CheckResult]]
) -> CheckResult:
    findings: list[Finding] = []
    notes: list[str] = []
    try:
        if failed:
            findings.append(DIAGNOSES["budget-exhausted"](before[failed[0]].result().seen))
        else:
            async for said in entry.ask(probe):
                findings.append(said) if isinstance(said, Finding) else notes.append(said)
    except Skipped as skipped:
        return CheckResult(entry.id, entry.title, "skip", skipped.seen, entry.step, skipped.requires)
    except HaloError as error:
        findings.append(diagnose(error))
    except Exception as error:
        findings.append(DIAGNOSES["internal-error"](f"{type(error).__name__} in {entry.id}"))
    findings.sort(key=lambda finding: WORST_FIRST.index(finding.verdict))
    seen = redact("; ".join(f.seen for f in findings) or "; ".join(notes))
    clean = tuple(replace(f, seen=redact(f.seen)) for f in findings)
    verdict = findings[0].verdict if findings else "pass"
    told = tuple(map(redact, notes))
    return CheckResult(entry.id, entry.title, verdict, seen, entry.step, findings=clean, notes=told)
