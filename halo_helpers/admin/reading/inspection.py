"""An inspection: the ordinary verification, and the fields that an administrator sees. One cause, one card.

Where both know, the more exact one leads: its finding `refines` the other's, which folds into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...checks.findings import WORST_FIRST, Finding
from ...report.text import escaped, render, text_table, verification_text
from ...system.event_loop import run
from ...tenants.tenant import Tenant
from ...verification.result import WORDS, CheckResult, Verification
from ...verification.run_checks import verify
from ..access import Administrator, SignIn, signed_in
from .causes import Row, rows_of
from .look import Looked, look

SCHEMA = "halo-runbook/inspection/1"
_OBJECTS = {
    "application": "The application's fields",
    "agent": "The agent's fields",
    "features": "The modules",
    "webhook": "Neo Agent's webhook, by its fields",
}
_OF_ROLES = ("area-refused", "area-hidden")


@dataclass(frozen=True)
class Inspection:
    """What was found of one tenant with an administrator's eyes."""

    verification: Verification
    """The ordinary one, with the application's own credentials."""
    rows: tuple[Row, ...]
    way: str
    scopes: tuple[str, ...] | None
    administrator_id: int | None
    could_not_see: tuple[str, ...]
    roles: tuple[str, ...] = ()
    """Of the agent: what they open is seen by logging in as it, since the form of their rights is open."""
    webhook_hosts: tuple[str, ...] = ()
    """Where webhooks go to, while Neo Agent's is not known."""

    @property
    def joined(self) -> Verification:
        """The verification with the fields' findings in it; what they refine follows from them."""
        refined = {
            row.finding.refines: row.finding.code for row in self.rows if row.finding and row.finding.refines
        }

        def folded(finding: Finding) -> Finding:
            into = refined.get(finding.code) or refined.get(finding.folds_into or "")
            if self.roles and finding.code in _OF_ROLES:
                finding = replace(
                    finding, seen=f"{finding.seen}; roles of the agent: {', '.join(self.roles)}"
                )
            return replace(finding, folds_into=into) if into else finding

        checks = [
            replace(check, findings=tuple(map(folded, check.findings))) if check.findings else check
            for check in self.verification.checks
        ]
        return replace(self.verification, checks=(*self._of_fields(), *checks))

    def _of_fields(self) -> list[CheckResult]:
        found = []
        for name, title in _OBJECTS.items():
            rows = [row for row in self.rows if row.field.partition(".")[0] == name]
            findings = sorted(
                (row.finding for row in rows if row.finding),
                key=lambda finding: WORST_FIRST.index(finding.verdict),
            )
            if rows:
                verdict = findings[0].verdict if findings else "pass"
                seen = "; ".join(f.seen for f in findings) or "every field that was seen is right"
                found.append(CheckResult(f"admin.{name}", title, verdict, seen, None, (), tuple(findings)))
        return found

    @property
    def codes(self) -> list[str]:
        """The codes of what was found, without those that a more exact one stands in the place of."""
        refined = {row.finding.refines for row in self.rows if row.finding}
        return sorted(set(self.joined.codes) - refined)

    @property
    def findings(self) -> list[tuple[CheckResult, Finding]]:
        """Every finding with its check, worst first."""
        return self.joined.findings

    def as_json(self) -> dict[str, Any]:
        """Shape: `halo-runbook/inspection/1`. Nothing in it is a secret."""
        joined, base_url = self.joined, self.verification.base_url
        return {
            "schema": SCHEMA,
            "tenant": joined.tenant,
            "practice": joined.practice,
            "base_url": base_url,
            "verdict": joined.verdict,
            "codes": self.codes,
            "way": self.way,
            "scopes": None if self.scopes is None else list(self.scopes),
            "administrator": self.administrator_id,
            "fields": [row.as_json(base_url) for row in self.rows],
            "could_not_see": list(self.could_not_see),
            "webhook_hosts": list(self.webhook_hosts),
            "findings": [finding.as_json() | {"check": check.id} for check, finding in self.findings],
            "verification": self.verification.as_json(),
        }

    def as_text(self, *, width: int | None = None, colour: bool = False) -> str:
        """Say what is wrong and which field it is, then every field that was read."""
        table = text_table("Field", "Is", "Should be", "", whole=("",))
        for row in self.rows:
            mark = WORDS[row.finding.verdict if row.finding else "pass"]
            table.add_row(*map(escaped, (row.screen, row.value, row.expected, mark)))
        lines = [f"could not see: {', '.join(self.could_not_see)}"] if self.could_not_see else []
        if self.webhook_hosts:
            lines.append(
                f"webhooks go to {', '.join(self.webhook_hosts)}: write the one of Neo Agent into the "
                "tenants "
                "file as webhook_host, and its deliveries are looked at, too"
            )
        head = verification_text(self.joined, width=width, colour=colour, details=False)
        parts: Sequence[object] = [table, *map(escaped, lines)]
        return f"{head}\n{render(parts, width, colour)}"


def inspect(tenant: Tenant, how: SignIn) -> Inspection:
    """Sign in as an administrator, read the fields, verify as usual, and join both.

    Raises: NoAdministratorError, SignInError, and what the client raises before anything is seen.
    """
    with signed_in(tenant, how) as who:
        return inspect_as(tenant, who)


def inspect_as(tenant: Tenant, who: Administrator) -> Inspection:
    """As `inspect`, with an administrator who is signed in."""
    return join(run(look(tenant, who)), who, verify(tenant))


def join(seen: Looked, who: Administrator, verification: Verification) -> Inspection:
    """Put what was seen and the verification together."""
    missing = [check.id for check, finding in verification.findings if finding.code == "area-missing"]
    rows = rows_of(seen, verification.codes, missing)
    hosts = () if seen.tenant.webhook_host else _hosts(seen)
    return Inspection(
        verification,
        tuple(rows),
        who.way,
        who.scopes,
        who.agent.id if who.agent else None,
        tuple(dict.fromkeys(seen.could_not_see)),
        tuple(name for _, name in (seen.agent.roles or ()) if name) if seen.agent else (),
        hosts,
    )


def _hosts(seen: Looked) -> tuple[str, ...]:
    return tuple(sorted({host for hook in seen.webhooks or () if (host := hook.host)}))
