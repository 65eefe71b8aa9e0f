"""Which kinds of records there are: their routes, their envelopes, and the rights that open them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .tenant_data import Data
from .values import Record


@dataclass(frozen=True)
class Collection:
    """One listable kind of record: how the route is called, wrapped and governed.

    `pages` tells the routes that page (an envelope with `key`) from those that give a bare array.
    `area` is the right of the agent's role that governs it, `scopes` the application's scopes of which
    one is needed.
    """

    route: str
    key: str
    area: str
    scopes: tuple[str, ...]
    make: Callable[[Data, int], Record]
    count: Callable[[Data], int]
    pages: bool = True
    refused_with: int = 403
    details: Callable[[Data, int], Record] | None = None
    """Makes the single record, where it shows more than a row of the list."""
    numbered: bool = True
    """Whether the id is the record's number; else it is looked for in the (short) list."""

    def one(self, data: Data, number: int) -> Record:
        """Return the single record."""
        return (self.details or self.make)(data, number)

    def find(self, data: Data, key: str) -> int | None:
        """Return the number of the record with this id, None when there is none."""
        if self.numbered:
            return int(key) if key.isdecimal() and key.isascii() and len(key) <= 9 else None
        every = range(1, self.count(data) + 1)
        return next((n for n in every if str(self.make(data, n)["id"]).lower() == key.lower()), None)


def _small(number: int) -> Callable[[Data], int]:
    return lambda data: min(number, data.size.clients)


_STANDARD = "all:standard"


def _scopes(name: str) -> tuple[str, ...]:
    return (_STANDARD, f"read:{name}", f"edit:{name}")


_TICKETS, _CUSTOMERS = _scopes("tickets"), _scopes("customers")

COLLECTIONS: dict[str, Collection] = {
    entry.route.lower(): entry
    for entry in (
        Collection("Tickets", "tickets", "tickets", _TICKETS, Data.ticket, lambda d: d.size.tickets),
        Collection("Client", "clients", "clients", _CUSTOMERS, Data.client, lambda d: d.size.clients),
        Collection(
            "Site", "sites", "clients", _CUSTOMERS, Data.site, lambda d: d.size.clients, numbered=False
        ),
        Collection(
            "Users",
            "users",
            "users",
            (*_CUSTOMERS, "read:crm", "edit:crm"),
            Data.user,
            lambda d: d.size.users,
        ),
        Collection("Asset", "assets", "assets", _scopes("assets"), Data.asset, lambda d: d.size.clients * 3),
        Collection("Item", "items", "items", _scopes("items"), Data.item, _small(4)),
        Collection("KBArticle", "articles", "kb", _scopes("kb"), Data.article, _small(6)),
        Collection(
            "ClientContract",
            "contracts",
            "contracts",
            _scopes("contracts"),
            Data.contract,
            _small(5),
            refused_with=401,
        ),
        Collection("Invoice", "invoices", "invoices", _scopes("invoices"), Data.invoice, _small(5)),
        Collection(
            "Quotation",
            "quotes",
            "quotations",
            _scopes("quotes"),
            Data.quotation,
            _small(4),
            details=Data.quotation_details,
        ),
        Collection("Supplier", "suppliers", "suppliers", _scopes("suppliers"), Data.supplier, _small(3)),
        Collection(
            "Opportunities",
            "tickets",
            "sales",
            (*_scopes("sales"), "read:crm", "edit:crm"),
            Data.opportunity,
            _small(3),
        ),
        Collection("Projects", "tickets", "projects", _scopes("projects"), Data.project, _small(2)),
        Collection(
            "Report", "reports", "reports", _scopes("reporting"), Data.report, _small(4), refused_with=401
        ),
        Collection(
            "Appointment", "appointments", "calendar", _scopes("calendar"), Data.appointment, _small(5)
        ),
        Collection("TicketType", "types", "lookups", _TICKETS, Data.ticket_type, _small(3), pages=False),
        Collection(
            "Status", "statuses", "lookups", _TICKETS, Data.status, _small(4), pages=False, numbered=False
        ),
        Collection(
            "Priority",
            "priorities",
            "lookups",
            _TICKETS,
            Data.priority,
            _small(4),
            pages=False,
            numbered=False,
        ),
        Collection(
            "SLA", "slas", "slas", _TICKETS, Data.sla, _small(1), pages=False, details=Data.sla_details
        ),
        Collection("Workday", "workdays", "standard", (_STANDARD,), Data.workday, _small(1), pages=False),
    )
}
