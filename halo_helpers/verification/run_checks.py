"""Verify one tenant: run its checks, concurrently where they do not need each other (floor 4)."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Any

from ..checks import CHECKS, DIAGNOSES, Finding, Skipped, Verdict, diagnose, select
from ..checks.probe import Probe
from ..checks.registry import WORST_FIRST, Check
from ..client.halo_client import HaloClient, Limits
from ..client.models import Agent
from ..errors import ConfigError, HaloError, SecretError
from ..guide.steps import STEPS
from ..secrets.references import Found, redact, resolve
from ..system.event_loop import run
from ..system.timestamps import utc_text
from ..tenants.base_url import parse_address
from ..tenants.tenants_file import Tenant, find_tenant

SCHEMA = "halo-runbook/verification/1"
RUN = "run.execution"
"""The id of the row that a run adds when a tenant's notebook itself failed."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer to one check: its verdict, what was seen, and every finding, worst first."""

    id: str
    title: str
    verdict: Verdict
    seen: str
    step: str | None
    requires: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    duration_s: float = 0.0

    @property
    def code(self) -> str | None:
        """The code of the worst finding."""
        return self.findings[0].code if self.findings else None

    def as_json(self, base_url: str = "") -> dict[str, object]:
        """Shape of an entry of `checks` (design, section 6)."""
        worst = self.findings[0] if self.findings else None
        link = STEPS[self.step].link if self.step else ""
        if worst:
            link = worst.link or ""
        return {
            "id": self.id, "title": self.title, "verdict": self.verdict, "code": self.code, "seen": self.seen,
            "cause": worst.cause if worst else "", "remedy": worst.remedy if worst else "",
            "step": worst.step if worst else self.step, "link": f"{base_url}{link}" if link and base_url else None,
            "fixer": worst.fixer if worst else None, "retryable": bool(worst and worst.retryable),
            "requires": list(self.requires), "duration_s": round(self.duration_s, 3),
            "findings": [finding.as_json() for finding in self.findings],
        }  # fmt: skip

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> CheckResult:
        """Read what `as_json` gives."""
        findings = tuple(
            Finding(f["code"], f["verdict"], f["seen"], f["cause"], f["remedy"], f["step"], f["fixer"],
                    f["code"] in DIAGNOSES and DIAGNOSES[f["code"]].retryable) for f in row["findings"])  # fmt: skip
        return cls(row["id"], row["title"], row["verdict"], row["seen"], row["step"], tuple(row["requires"]), findings,
                   row["duration_s"])  # fmt: skip


@dataclass(frozen=True)
class Verification:
    """What was found of one tenant. `verdict` is the worst of its checks; skips do not count."""

    tenant: str
    base_url: str
    checks: tuple[CheckResult, ...]
    started_at: dt.datetime
    duration_s: float = 0.0
    practice: bool = False
    label: str | None = None
    owner: str | None = None
    instance: dict[str, object] = field(default_factory=dict)
    agent: Agent | None = None
    scopes: dict[str, list[str]] = field(default_factory=dict)
    secret_source: str = ""
    control_asked: bool = False
    attempts: int = 1
    """How often a fleet run tried it."""

    @property
    def verdict(self) -> Verdict:
        """The worst verdict, in the order fail, error, warn, pass."""
        found = {result.verdict for result in self.checks}
        return next((verdict for verdict in WORST_FIRST[:-1] if verdict in found), "error")

    @property
    def findings(self) -> list[tuple[CheckResult, Finding]]:
        """Every finding with its check, worst verdict first, then in the order of the checks."""
        pairs = [(result, finding) for result in self.checks for finding in result.findings]
        return sorted(pairs, key=lambda pair: WORST_FIRST.index(pair[1].verdict))

    @property
    def broken(self) -> set[tuple[str, str, str]]:
        """What does not work, as (tenant, check, code)."""
        return {
            (self.tenant, result.id, f.code) for result, f in self.findings if f.verdict in {"fail", "error"}
        }

    @property
    def codes(self) -> list[str]:
        """The codes of all findings, each once, sorted."""
        return sorted({finding.code for _, finding in self.findings})

    def __getitem__(self, check_id: str) -> CheckResult:
        return next(result for result in self.checks if result.id == check_id)

    def as_json(self) -> dict[str, Any]:
        """Shape: `halo-runbook/verification/1` (design, section 6). Nothing in it is a secret."""
        return {
            "schema": SCHEMA, "tenant": self.tenant, "label": self.label, "owner": self.owner, "practice": self.practice,
            "base_url": self.base_url, "verdict": self.verdict, "codes": self.codes,
            "started_at": utc_text(self.started_at),
            "duration_s": round(self.duration_s, 3), "instance": self.instance,
            "agent": {"id": self.agent.id, "name": self.agent.name} if self.agent else None, "scopes": self.scopes,
            "secret_source": self.secret_source, "control_asked": self.control_asked,
            "attempts": self.attempts, "checks": [result.as_json(self.base_url) for result in self.checks],
        }  # fmt: skip

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Verification:
        """Read what `as_json` gives.

        Raises: ValueError when it is something else.
        """
        if not isinstance(value, dict) or value.get("schema") != SCHEMA:
            raise ValueError(f"no {SCHEMA}")
        try:
            agent = value["agent"]
            return cls(
                tenant=value["tenant"], base_url=value["base_url"], practice=value["practice"],
                checks=tuple(map(CheckResult.from_json, value["checks"])),
                started_at=dt.datetime.fromisoformat(value["started_at"]), duration_s=value["duration_s"],
                label=value.get("label"), owner=value.get("owner"), instance=value["instance"],
                agent=Agent(agent["id"], agent["name"]) if agent else None, scopes=value["scopes"],
                secret_source=value.get("secret_source", ""), control_asked=value.get("control_asked", False),
                attempts=value.get("attempts", 1),
            )  # fmt: skip
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"a damaged {SCHEMA}: {error}") from None

    def summary(self) -> str:
        """One line: counts by verdict, and the codes."""
        counts = [f"{sum(r.verdict == verdict for r in self.checks)} {word}" for verdict, word in WORDS.items()
                  if any(r.verdict == verdict for r in self.checks)]  # fmt: skip
        return f"{WORDS[self.verdict]}: {', '.join(counts)}" + (
            f"; {', '.join(self.codes)}" if self.codes else ""
        )

    def __repr__(self) -> str:
        return f"<Verification {self.tenant}: {self.summary()}>"


WORDS: dict[Verdict, str] = {
    "pass": "OK",
    "warn": "look at",
    "fail": "broken",
    "error": "could not check",
    "skip": "not reached",
}
"""How verdicts read on screens and in reports (design, section 2)."""

OnResult = Callable[[CheckResult], None]


def verify(tenant: str | Tenant, *, tenants_file: str | PathLike[str] | None = None, only: Sequence[str] | None = None,
           control: bool = True, control_note: str = "", limits: Limits | None = None,
           on_result: OnResult | None = None, stop: threading.Event | None = None) -> Verification:  # fmt: skip
    """Verify one tenant: run its checks and give what they found.

    `only` takes ids and layers of checks; what they need runs too. `on_result` is called as each check ends.
    When `stop` is set meanwhile, what is under way ends.

    Raises: ConfigError for an unknown tenant, a broken tenants file or an unknown check; Stopped. Whatever the
    other side does is a finding, never an exception.
    """
    try:
        chosen = select(tuple(only) if only else None)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    found_tenant = find_tenant(tenant, tenants_file)
    started_at, started = dt.datetime.now(dt.UTC), time.monotonic()
    base = Verification(tenant=found_tenant.name, base_url=shown_url(found_tenant), checks=(), started_at=started_at,
                        label=found_tenant.label, owner=found_tenant.owner)  # fmt: skip
    try:
        secret = resolve(found_tenant.client_secret, found_tenant.name, found_tenant.folder)
    except SecretError as error:
        results = _without_secret(chosen, error)
        return replace(base, checks=results, duration_s=time.monotonic() - started)
    work = _verify(
        base, found_tenant, secret, chosen, control, control_note, limits or Limits(), on_result, started
    )
    return run(work if stop is None else _until(stop, work))


class Stopped(Exception):
    """A verification was stopped by who had asked for it."""


async def _until(stop: threading.Event, work: Coroutine[Any, Any, Verification]) -> Verification:
    """Do the work, unless it is asked to stop first.

    Raises: Stopped.
    """
    task = asyncio.create_task(work)
    while not task.done():
        if stop.is_set():
            task.cancel()
            await asyncio.wait([task])
            raise Stopped
        await asyncio.wait([task], timeout=0.1)
    return task.result()


def test_connection(tenant: str | Tenant, **options: Any) -> Verification:
    """Test the connection: address, token and log-in, without the areas. Options as for `verify`.

    Raises: ConfigError as `verify` does.
    """
    return verify(tenant, **({"only": ["address", "token", "identity", "limits"]} | options))


test_connection.__test__ = False  # type: ignore[attr-defined]  # its name is fixed, and pytest would collect it


def list_agents(
    tenant: str | Tenant, *, tenants_file: str | PathLike[str] | None = None, limits: Limits | None = None
) -> list[Agent]:
    """List a tenant's agents, disabled and API-only ones included, ordered by id.

    Raises: ConfigError, SecretError, and the errors of the client when the list cannot be had.
    """
    return list_agents_and_own(tenant, tenants_file=tenants_file, limits=limits)[0]


def list_agents_and_own(tenant: str | Tenant, *, tenants_file: str | PathLike[str] | None = None,
                        limits: Limits | None = None) -> tuple[list[Agent], Agent | None]:  # fmt: skip
    """List a tenant's agents, and give the one that the token acts for where that can be told.

    Raises: as `list_agents`.
    """
    found = find_tenant(tenant, tenants_file)
    secret = resolve(found.client_secret, found.name, found.folder)

    async def ask() -> tuple[list[Agent], Agent | None]:
        async with HaloClient(found, secret.secret, limits) as client:
            await client.auth_info()
            agents = await client.agents()
            try:
                own = await client.me()
            except HaloError:
                own = None
            return agents, own

    return run(ask())


def failed_run(tenant: str, code: str, seen: str, *, base_url: str = "", label: str | None = None, owner: str | None = None,
               started_at: dt.datetime | None = None, duration_s: float = 0.0, practice: bool = False) -> Verification:  # fmt: skip
    """Give the Verification of a tenant whose notebook did not come to its end: one error, the rest not reached."""
    finding = DIAGNOSES[code](seen)
    first = CheckResult(
        RUN,
        "The verification ran to its end",
        "error",
        seen,
        None,
        findings=(finding,),
        duration_s=duration_s,
    )
    rest = tuple(
        CheckResult(entry.id, entry.title, "skip", "not reached", entry.step, (RUN,))
        for entry in CHECKS.values()
    )
    return Verification(tenant=tenant, base_url=base_url, checks=(first, *rest), practice=practice, label=label, owner=owner,
                        started_at=started_at or dt.datetime.now(dt.UTC), duration_s=duration_s)  # fmt: skip


def is_practice(tenant: Tenant) -> bool:
    """Say whether a tenant is a practice one, before anybody is asked: nobody else's HaloPSA is on loopback."""
    url = shown_url(tenant)
    return bool(url) and parse_address(url).is_loopback


def shown_url(tenant: Tenant) -> str:
    """Give the normalised base URL, empty when it cannot be used."""
    try:
        return parse_address(tenant.base_url).url
    except HaloError:
        return ""


def _without_secret(chosen: Iterable[str], error: SecretError) -> tuple[CheckResult, ...]:
    """Nothing is sent without a secret: one error, the rest not reached."""
    form = CHECKS["token.form"]
    finding = diagnose(error)
    return tuple(
        CheckResult(form.id, form.title, "error", finding.seen, finding.step, findings=(finding,)) if check_id == form.id
        else CheckResult(check_id, CHECKS[check_id].title, "skip", "not reached without the secret", CHECKS[check_id].step, (form.id,))
        for check_id in ([] if "token.form" in chosen else ["token.form"]) + list(chosen)
    )  # fmt: skip


async def _verify(base: Verification, tenant: Tenant, found: Found, chosen: list[str], control: bool, control_note: str,
                  limits: Limits, on_result: OnResult | None, started: float) -> Verification:  # fmt: skip
    async with HaloClient(tenant, found.secret, limits) as client:
        probe = Probe(tenant, client, control=control, control_note=control_note)
        tasks: dict[str, asyncio.Task[CheckResult]] = {}
        # each task waits for the ones it names, which stand before it in the registry
        for check_id in chosen:
            tasks[check_id] = asyncio.create_task(_run_check(CHECKS[check_id], probe, dict(tasks), on_result))
        results = [await task for task in tasks.values()]
        agent: Agent | None = probe.known("me")
        token = probe.known("token")
        instance = probe.known("instance")
    wanted = list(tenant.scopes)
    granted = sorted(token.scopes) if token and token.scopes is not None else wanted if token else []
    practice = client.reading.practice or bool(instance and instance.practice)
    if not client.reading.latencies_s:
        practice = is_practice(tenant)  # nobody answered who could have said it
    covered = set(granted) | ({"all:standard"} if "all" in granted else set())
    scopes = {"wanted": wanted, "granted": granted, "missing": sorted(set(wanted) - covered) if token else [],
              "excess": sorted(set(granted) - set(wanted))}  # fmt: skip
    control_asked = any(r.id == "token.control" and r.verdict == "pass" for r in results)
    return replace(base, checks=tuple(results), agent=agent, scopes=scopes, practice=practice,
                   instance=instance.as_json() if instance else {}, secret_source=redact(found.source),
                   control_asked=control_asked, duration_s=time.monotonic() - started)  # fmt: skip


async def _run_check(
    entry: Check, probe: Probe, before: dict[str, asyncio.Task[CheckResult]], on_result: OnResult | None
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
    result = (CheckResult(entry.id, entry.title, "skip", f"needs {', '.join(failed)}", entry.step, failed)
              if failed and not _out_of_budget(failed, before) else await _ask(entry, probe, failed, before))  # fmt: skip
    result = replace(result, duration_s=time.monotonic() - started)
    if on_result is not None:
        on_result(result)
    return result


def _out_of_budget(failed: tuple[str, ...], before: dict[str, asyncio.Task[CheckResult]]) -> bool:
    """Say whether what a check needs could not be asked because the caps were used up: then it is an error, too."""
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
    return CheckResult(
        entry.id, entry.title, findings[0].verdict if findings else "pass", seen, entry.step, findings=clean
    )
