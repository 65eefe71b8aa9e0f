"""What may leave for writing: these routes with these fields, for the objects that a person confirmed.

Everything else is refused before the socket. Source: the administrator's lane, section 3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...client.door import Request
from ...errors import GuardError
from .changes import AGENT, APPLICATION, WEBHOOK, Plan

FIELDS: Mapping[str, frozenset[str]] = {
    AGENT: frozenset({"name", "email", "isdisabled", "isapiagent", "teams", "roles", "workday_id"}),
    APPLICATION: frozenset({"inactive", "loginas_agent_id", "scopes"}),
    WEBHOOK: frozenset({"active"}),
}
"""By route: the fields that may be written, besides the id."""
_OF_PROOF = {
    "Tickets": frozenset({"id", "summary", "details", "tickettype_id", "client_id", "status_id"}),
    "Actions": frozenset(
        {"ticket_id", "outcome_id", "note", "hiddenfromuser", "sendemail", "timetaken", "new_status"}
    ),
}


@dataclass(frozen=True)
class WriteGuard:
    """Lets through the requests of one plan, and nothing that it does not hold."""

    base_url: str
    plan: Plan = field(default_factory=Plan)
    administrators: frozenset[str] = frozenset()
    """Ids of the roles that change everything: never given."""

    def check(self, request: Request) -> None:
        """Let a request through.

        Raises: GuardError for anything that the plan does not hold.
        """
        route, row = _row_of(request, self.base_url)
        allowed = FIELDS.get(route)
        if allowed is None:
            raise GuardError(f"POST {route} refused: setup never writes there")
        own = [one for one in self.plan.changes if one.route == route and _same(one.id, row.get("id"))]
        if not own or ("id" not in row and route != AGENT):
            raise GuardError(f"POST {route} refused: this object is not in the plan that was confirmed")
        sent = {name: value for name, value in row.items() if name != "id"}
        planned = {one.field: one.after for one in own}
        if not sent.keys() <= allowed or not _same(sent, planned):
            raise GuardError(f"POST {route} refused: its fields are not those of the plan that was confirmed")
        roles = sent.get("roles", ())
        if any(str(role.get("id")).lower() in self.administrators for role in roles):
            raise GuardError("POST Agent refused: setup makes nobody an administrator")


@dataclass(frozen=True)
class ProofGuard:
    """Lets through the test ticket of a proof by writing, and what is added to it."""

    base_url: str
    ticket: list[int] = field(default_factory=list)
    """The id of the ticket that the proof itself has made."""

    def check(self, request: Request) -> None:
        """Let a request through.

        Raises: GuardError for another route, field or ticket.
        """
        route, row = _row_of(request, self.base_url)
        allowed = _OF_PROOF.get(route)
        if allowed is None or not row.keys() <= allowed:
            raise GuardError(f"POST {route} refused: a proof writes one test ticket and its notes")
        number = row.get("id" if route == "Tickets" else "ticket_id")
        if number is None and route == "Tickets" and not self.ticket:
            return
        if number not in self.ticket:
            raise GuardError(f"POST {route} refused: the ticket is not the one that the proof has made")


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same as JSON: 1 is neither true nor 1.0 there."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _row_of(request: Request, base_url: str) -> tuple[str, dict[str, Any]]:
    """Return the route and the one object of a write.

    Raises: GuardError for another method, place or form.
    """
    start = f"{base_url}/api/"
    if request.method != "POST" or request.body is None or not request.url.startswith(start):
        raise GuardError(f"{request.method} refused: setup writes to the tenant's own API only")
    try:
        rows = json.loads(request.body)
    except ValueError:
        rows = None
    if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict) or request.params:
        raise GuardError("POST refused: one object a request")
    return request.url.removeprefix(start), rows[0]
