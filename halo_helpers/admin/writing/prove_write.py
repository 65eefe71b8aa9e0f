"""A write proved, on consent: one test ticket, a note with a minute of time, and its end.

With the application's own credentials, since it is what they may do that is proved. Source: wire contract 45
to 47; facts 6, row 51.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...checks.codes.administrator import NOTE_REFUSED, WRITE_NOT_KEPT
from ...checks.findings import Finding, diagnose
from ...client.halo_client import HaloClient
from ...client.models import as_id, as_object, as_rows
from ...errors import ApiError, HaloError, ShapeError
from ...system.event_loop import run
from ...tenants.base_url import parse_address
from ...tenants.tenant import Tenant
from ...tenants.trust import secret_of
from .guard import ProofGuard
from .writer import Writer

SUMMARY = "halo-runbook test, please ignore"
_INTERNAL_NOTE, _CLOSED = 7, 9
"""The built-in outcome and status (wire contract 46, 47)."""
_MINUTE_H = 1 / 60
_CLOSED_WORDS = "the ticket was closed"


@dataclass
class Proof:
    """What was done, and what was refused."""

    ticket: int | None = None
    done: list[str] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)

    def as_text(self) -> str:
        """Say what was proved."""
        lines = [f"proved: {line}" for line in self.done]
        for one in self.problems:
            lines += [f"{one.headline}  [{one.code}]", f"  seen:   {one.seen}", f"  to do:  {one.remedy}"]
        if self.ticket is not None and _CLOSED_WORDS not in self.done:
            lines.append(f"ticket {self.ticket} (“{SUMMARY}”) is still open: close it by hand")
        if self.ticket is None and any(one.verdict == "error" for one in self.problems):
            lines.append(f"if a ticket “{SUMMARY}” is there all the same, close it by hand")
        return "\n".join(lines)


def prove_write(tenant: Tenant) -> Proof:
    """Make the test ticket, add to it, close it.

    Raises: SecretError, AuthError and ConnectionFailedError before anything is written; what is refused after
    that is in the proof.
    """
    return run(_prove(tenant))


async def _prove(tenant: Tenant) -> Proof:
    proof = Proof()
    guard = ProofGuard(parse_address(tenant.base_url).url, proof_ids := [])
    async with HaloClient(tenant, secret_of(tenant)) as client:
        await client.auth_info()
        token = await client.token()
        kind, customer = await _first(client, "TicketType"), await _first(client, "Client", "clients")
        writer = Writer(tenant, token.value, guard)
        try:
            row = {
                "summary": SUMMARY,
                "details": "Made by halo-runbook to prove that Neo Agent may write. It is closed at once.",
                "tickettype_id": kind,
                "client_id": customer,
            }
            made = await _try(proof, writer, "Tickets", row, "a ticket was made")
            proof.ticket = as_id(made.get("id")) if made else None
            if proof.ticket is not None:
                proof_ids.append(proof.ticket)
                await _note_and_close(proof, writer, proof.ticket)
                await _see_the_end(proof, client, proof.ticket)
            elif made is not None:
                proof.done.clear()
                proof.problems.append(diagnose(ShapeError("bad-json", "POST Tickets answers without an id")))
        finally:
            await writer.close()
    return proof


async def _note_and_close(proof: Proof, writer: Writer, ticket: int) -> None:
    note = {
        "ticket_id": ticket,
        "outcome_id": _INTERNAL_NOTE,
        "note": SUMMARY,
        "hiddenfromuser": True,
        "sendemail": False,
        "timetaken": _MINUTE_H,
    }
    await _try(proof, writer, "Actions", note, "a private note with a minute of time was added", is_note=True)
    known = len(proof.problems)
    close = {"id": ticket, "status_id": _CLOSED}
    if await _try(proof, writer, "Tickets", close, _CLOSED_WORDS) is None:
        # some types of ticket want a note at the end
        by_note = note | {"timetaken": 0, "new_status": _CLOSED}
        if await _try(proof, writer, "Actions", by_note, _CLOSED_WORDS, is_note=True) is not None:
            del proof.problems[known:]


async def _see_the_end(proof: Proof, client: HaloClient, ticket: int) -> None:
    """Claim the end only when the ticket shows it."""
    try:
        shown = as_object(await client.get(f"Tickets/{ticket}"), "the ticket")
    except ApiError:
        shown = {}
    if _CLOSED_WORDS in proof.done and as_id(shown.get("status_id")) != _CLOSED:
        proof.done.remove(_CLOSED_WORDS)
        proof.problems.append(WRITE_NOT_KEPT(f"ticket {ticket} is not closed, though it was answered so"))


async def _try(
    proof: Proof, writer: Writer, route: str, row: dict[str, Any], done: str, *, is_note: bool = False
) -> dict[str, Any] | None:
    try:
        answer = await writer.post(route, row)
    except HaloError as error:
        if is_note and isinstance(error, ApiError):
            proof.problems.append(NOTE_REFUSED(error.seen))
        else:
            proof.problems.append(diagnose(error))
        return None
    proof.done.append(done)
    return answer


async def _first(client: HaloClient, route: str, key: str = "") -> int | None:
    """Return the id of the first entry of a list, None when there is none or it may not be read."""
    try:
        rows, _ = as_rows(await client.get(route, pageinate=True, page_size=1, page_no=1), route, key)
    except ApiError:
        return None
    return as_id(rows[0].get("id")) if rows else None
