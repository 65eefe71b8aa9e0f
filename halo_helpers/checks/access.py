"""Can each area that Neo Agent uses be read? One cheap request per area."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass

from ..client.models import Page, as_id
from ..errors import NotFoundError, RefusedError
from ..system.plain_text import count_of
from .codes.access import AREA_EMPTY, AREA_HIDDEN, AREA_MISSING, AREA_REFUSED
from .codes.shared import WIRE
from .codes.token import SCOPES_MISSING
from .findings import Finding, Skipped
from .probe import Probe
from .registry import Function, check

_STEP = "check-rights"


@dataclass(frozen=True)
class Area:
    """One area: the route that is read, and how its answers are told.

    `writes`: Neo Agent writes it, so a refusal breaks the connection. `hides`: its route answers 401 to an
    agent without the right (facts 3.3). `must_hold`: empty is suspicious. `scope`: what opens it to a token.
    """

    name: str
    route: str
    key: str
    title: str
    hides: bool = False
    must_hold: bool = False
    writes: bool = False
    scope: str = "all:standard"


AREAS = (
    Area("tickets", "Tickets", "tickets", "Tickets", must_hold=True, writes=True),
    Area("actions", "Actions", "actions", "Ticket actions", writes=True),
    Area("contacts", "Users", "users", "Contacts", must_hold=True, writes=True),
    Area("companies", "Client", "clients", "Companies", must_hold=True),
    Area("assets", "Asset", "assets", "Assets", writes=True),
    Area("products", "Item", "items", "Products", writes=True),
    Area("appointments", "Appointment", "appointments", "Appointments", writes=True),
    Area("slas", "SLA", "slas", "SLAs"),
    Area("kb", "KBArticle", "articles", "Knowledge base"),
    Area("contracts", "ClientContract", "contracts", "Contracts", hides=True),
    Area("invoices", "Invoice", "invoices", "Invoices"),
    Area("quotations", "Quotation", "quotes", "Quotations"),
    Area("suppliers", "Supplier", "suppliers", "Suppliers"),
    Area("opportunities", "Opportunities", "tickets", "Opportunities"),
    Area("reports", "Report", "reports", "Reports", hides=True),
    Area("teams", "Team", "teams", "Teams", scope="all:teams"),
    Area("configuration", "TicketType", "types", "Configuration (ticket types)"),
)
"""Source: facts 1.4 for the areas, 4.1 for their routes."""


async def _read(probe: Probe, area: Area) -> Page:
    """Read one row of an area.

    Raises: what the client raises, Skipped when there is no ticket to ask about.
    """
    params: dict[str, object] = {}
    if area.name == "appointments":
        # this route does not page: 36,764 rows were seen without a date range (facts 3.2)
        today = dt.datetime.now(dt.UTC).date()
        params = {"start_date": f"{today}T00:00:00Z", "end_date": f"{today + dt.timedelta(days=1)}T00:00:00Z"}
    if area.name == "actions":
        params = {"ticket_id": await _some_ticket(probe)}
    return await probe.client.first_page(area.route, area.key, **params)


async def _some_ticket(probe: Probe) -> int:
    page = await probe.area_page("tickets", lambda: _read(probe, AREAS[0]))
    ticket = as_id(page.rows[0].get("id")) if page.rows else None
    if ticket is None:
        raise Skipped("there is no ticket to read the actions of", "access.tickets")
    return ticket


def _write_hint(page: Page) -> str:
    """Say what a row tells of writing, which nobody asked: its meaning is open (facts 4.2)."""
    hint = page.rows[0].get("_canupdate") if page.rows else None
    if not isinstance(hint, bool):
        return ""
    return f"; a hint, not asked: HaloPSA marks one as {'' if hint else 'not '}to be changed by this agent"


def _make(area: Area) -> Function:
    async def ask(probe: Probe) -> AsyncIterator[Finding | str]:
        refused = "fail" if area.writes else "warn"
        purpose = "Neo Agent writes this area" if area.writes else "Neo Agent only reads this area"
        try:
            page = await probe.area_page(area.name, lambda: _read(probe, area))
        except NotFoundError as error:
            yield AREA_MISSING(error.seen, headline=f"{area.title} is not there")
            return
        except RefusedError as error:
            code = AREA_HIDDEN if error.status == 401 and area.hides else AREA_REFUSED
            cause = None if await probe.holds(area.scope) else SCOPES_MISSING.code
            seen, headline = f"{error.seen}; {purpose}", f"{area.title} cannot be read"
            yield code(seen, headline=headline, verdict=refused, folds_into=cause)
            return
        if page.total:
            count = f"; {count_of(page.total, 'record')}" if page.record_count is not None else ""
            yield f"can be read{count}{_write_hint(page) if area.writes else ''}"
        elif area.must_hold:
            seen = f"{area.title} answers, with no record that this agent may see"
            yield AREA_EMPTY(seen, headline=f"{area.title} shows no records")
        else:
            yield "can be read; it holds no record"

    ask.__doc__ = f"Can {area.title.lower()} be read?"
    return ask


for _area in AREAS:
    _needs = ("identity.login", "access.tickets") if _area.name == "actions" else ("identity.login",)
    check(
        f"access.{_area.name}",
        title=_area.title,
        otherwise=f"{_area.title} cannot be read",
        needs=_needs,
        step=_STEP,
        codes=(AREA_REFUSED, AREA_HIDDEN, AREA_EMPTY, AREA_MISSING, *WIRE),
    )(_make(_area))
