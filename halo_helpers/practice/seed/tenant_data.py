"""Records of a practice tenant, made from a seed when they are asked for.

Every record is a function of (seed, kind, id): nothing is stored, the same seed gives the same bytes,
and a tenant with 20,000 tickets costs nothing until somebody reads them. Names and types of the fields
are those of the published OpenAPI document; values hang together (a ticket's client exists, its contact
belongs to that client, dates are in order).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zlib import crc32

Record = dict[str, object]

EPOCH = datetime(2026, 1, 5, 8, 0, 0)  # noqa: DTZ001 - HaloPSA's dates carry no zone (facts 3.5)
NO_DATE = "1900-01-01T00:00:00"

COMPANIES = (
    "Acme Dental",
    "Birch & Sons",
    "Copper Kettle Cafés",
    "Dunmore Logistics",
    "Eastgate Surgery",
    "Fjord Architects",
    "Greenfield Academy",
    "Harbour Freight",
    "Ivy House Care",
    "Juniper Legal",
)
FIRST = ("Ana", "Bilal", "Chloe", "Dmitri", "Elif", "Femi", "Grace", "Hugo", "Inés", "Jonas", "Keiko", "Liam")
LAST = ("Alvarez", "Brandt", "Costa", "Dahl", "Evans", "Fischer", "Gallagher", "Haddad", "Ito", "Jansen")
PROBLEMS = (
    "Printer on floor 2 offline",
    "Cannot open shared mailbox",
    "New starter set-up",
    "VPN drops hourly",
    "Laptop will not wake",
    "Password reset",
    "Disk almost full",
    "Teams has no sound",
)
STATUSES = ((1, "New"), (2, "In Progress"), (3, "Waiting on User"), (9, "Closed"))
CLOSED = 9


def mix(*parts: object) -> int:
    """Return a 32-bit number that depends on all parts and is the same in every process."""
    return crc32("\x1f".join(map(str, parts)).encode())


def guid(*parts: object) -> str:
    """Return a GUID that depends on all parts and is the same in every process."""
    return str(UUID(int=sum(mix(n, *parts) << (32 * n) for n in range(4)), version=4))


def stamp(moment: datetime) -> str:
    """Write a date as HaloPSA does: ISO 8601, no zone, meaning UTC."""
    return moment.isoformat(timespec="milliseconds")[:-1] if moment.microsecond else moment.isoformat()


@dataclass(frozen=True)
class Size:
    """How much of everything a tenant holds."""

    agents: int
    clients: int
    users: int
    tickets: int
    me_padding: int
    """Claims on top in `/Agent/me`: real ones are about 2 MB (facts, surprise 9)."""


SIZES = {
    "small": Size(agents=6, clients=12, users=40, tickets=130, me_padding=0),
    "large": Size(agents=2000, clients=400, users=5000, tickets=20_000, me_padding=24_000),
}


class Data:
    """The records of one tenant."""

    def __init__(self, seed: str, size: Size) -> None:
        self.seed = seed
        self.size = size

    def _pick(self, choices: tuple[str, ...], *parts: object) -> str:
        return choices[mix(self.seed, *parts) % len(choices)]

    def client_inactive(self, number: int) -> bool:
        """Every eleventh client has left."""
        return number % 11 == 0

    def user_client(self, number: int) -> int:
        """Return the client that a contact belongs to."""
        return 1 + (number - 1) % self.size.clients

    def user_inactive(self, number: int) -> bool:
        """A contact is inactive with its client; and every thirteenth left."""
        return number % 13 == 0 or self.client_inactive(self.user_client(number))

    def ticket_status(self, number: int) -> int:
        """Return the status of a ticket; about a third are closed."""
        return (1, 2, 9, 2, 3, 9)[mix(self.seed, "status", number) % 6]

    def client(self, number: int) -> Record:
        """Area: a customer of the service provider."""
        name = COMPANIES[(number - 1) % len(COMPANIES)]
        batch = (number - 1) // len(COMPANIES)
        return {
            "id": number,
            "name": name if not batch else f"{name} {batch + 1}",
            "toplevel_id": 1,
            "toplevel_name": "Customers",
            "inactive": self.client_inactive(number),
            "colour": f"#{mix(self.seed, 'colour', number) % 0xFFFFFF:06x}",
            "main_site_id": 100 + number,
            "main_site_name": "Main",
            "website": f"https://client{number}.example",
            "accountsid": f"C{number:05}",
            "is_vip": number % 9 == 0,
            "client_to_invoice": 0,
            "use": "client",
        }

    def site(self, number: int) -> Record:
        """Site: each client has one, whose id is the client's plus 100."""
        client = self.client(number)
        return {
            "id": 100 + number,
            "name": "Main",
            "client_id": float(number),
            "client_name": client["name"],
            "clientsite_name": f"{client['name']}/Main",
            "inactive": client["inactive"],
            "phonenumber": "",
            "timezone": "Europe/London",
            "maincontact_name": "",
            "use": "site",
        }

    def user(self, number: int) -> Record:
        """Users: a contact. The email is left out where there is none, as HaloPSA drops nulls."""
        first, last = self._pick(FIRST, "first", number), self._pick(LAST, "last", number)
        client_id = self.user_client(number)
        record: Record = {
            "id": number,
            "name": f"{first} {last}",
            "firstname": first,
            "surname": last,
            "site_id": float(100 + client_id),
            "site_name": "Main",
            "client_id": client_id,
            "client_name": self.client(client_id)["name"],
            "phonenumber": "",
            "mobilenumber2": "",
            "inactive": self.user_inactive(number),
            "linked_agent_id": 0,
            "isserviceaccount": False,
            "use": "user",
            "emailaddress": f"contact{number}@client{client_id}.example",
        }
        return record

    def ticket(self, number: int) -> Record:
        """Faults: a ticket. The newest has the highest id."""
        status = self.ticket_status(number)
        # a contact of an existing client, so that ticket, contact and client agree
        user_id = 1 + mix(self.seed, "ticket-user", number) % self.size.users
        client_id = self.user_client(user_id)
        opened = EPOCH + timedelta(minutes=17 * number)
        touched = opened + timedelta(
            minutes=mix(self.seed, "touched", number) % 900, milliseconds=10 * (number % 90)
        )
        agent_id = 2 + mix(self.seed, "ticket-agent", number) % 3
        return {
            "id": number,
            "summary": self._pick(PROBLEMS, "problem", number),
            "details": "Reported by telephone.",
            "dateoccurred": stamp(opened),
            "dateclosed": stamp(touched) if status == CLOSED else NO_DATE,
            "deadlinedate": stamp(opened + timedelta(days=2)),
            "fixbydate": stamp(opened + timedelta(days=2)),
            "respondbydate": stamp(opened + timedelta(hours=4)),
            "lastactiondate": stamp(touched),
            "last_update": stamp(touched),
            "status_id": status,
            "tickettype_id": 1,
            "itil_requesttype_id": 1,
            "sla_id": 1,
            "priority_id": 1 + number % 4,
            "client_id": client_id,
            "client_name": self.client(client_id)["name"],
            "site_id": 100 + client_id,
            "site_name": "Main",
            "user_id": user_id,
            "user_name": self.user(user_id)["name"],
            "agent_id": agent_id,
            "parent_id": 0,
            "contract_id": 0,
            "impact": 3,
            "urgency": 3,
            "source": 0,
            "team": "Service Desk",
            "category_1": "Hardware" if number % 2 else "Software",
            "onhold": status == 3,
            "inactive": False,
            "excludefromsla": False,
            "customfields": [],
            "guid": guid(self.seed, "ticket", number),
            "use": "ticket",
        }

    def action(self, ticket_id: int, number: int) -> Record:
        """Actions: one line in the history of a ticket."""
        moment = EPOCH + timedelta(minutes=17 * ticket_id + 5 * number)
        return {
            "id": number,
            "ticket_id": ticket_id,
            "outcome_id": 0,
            "outcome": "Note",
            "who_type": 1,
            "who_agentid": 2,
            "datetime": stamp(moment),
            "actiondatecreated": stamp(moment),
            "note": "Called back, will look at it this afternoon.",
            "note_html": "",
            "emailfrom": "",
            "emailto": "",
            "old_status": 1,
            "new_status": 2,
            "timetaken": 0.25,
            "hiddenfromuser": False,
        }

    def asset(self, number: int) -> Record:
        """Device."""
        client_id = 1 + (number - 1) % self.size.clients
        return {
            "id": number,
            "inventory_number": f"PC-{number:04}",
            "key_field": f"PC-{number:04}",
            "key_field2": "Laptop",
            "assettype_id": 1,
            "assettype_name": "Laptop",
            "client_id": client_id,
            "client_name": self.client(client_id)["name"],
            "site_id": 100 + client_id,
            "site_name": "Main",
            "status_id": 1,
            "inactive": False,
            "use": "device",
        }

    def item(self, number: int) -> Record:
        """Item: a product."""
        return {
            "id": number,
            "name": f"Managed seat tier {number}",
            "baseprice": 10.0 * number,
            "use": "item",
        }

    def article(self, number: int) -> Record:
        """KBEntry: a knowledge base article."""
        return {
            "id": number,
            "name": f"How to: {PROBLEMS[number % len(PROBLEMS)]}",
            "description": "",
            "resolution": "",
            "type": 0,
            "date_created": stamp(EPOCH),
            "date_edited": stamp(EPOCH),
            "view_count": number,
            "useful_count": 0,
            "kb_tags": "",
            "inactive": False,
        }

    def contract(self, number: int) -> Record:
        """ContractHeader."""
        return {
            "id": number,
            "ref": f"CON-{number:04}",
            "client_id": number,
            "client_name": self.client(number)["name"],
            "site_id": 100 + number,
            "start_date": stamp(EPOCH),
            "end_date": stamp(EPOCH + timedelta(days=365)),
            "active": True,
            "contract_status": "Active",
            "contracttype": 1,
            "contracttype_name": "Managed service",
            "expired": False,
            "started": True,
            "next_invoice_date": stamp(EPOCH + timedelta(days=30)),
            "sla_id": 1,
        }

    def invoice(self, number: int) -> Record:
        """InvoiceHeader."""
        return {
            "id": number,
            "invoicenumber": f"INV-{number:05}",
            "client_id": number,
            "client_name": self.client(number)["name"],
            "invoice_date": stamp(EPOCH),
            "duedate": stamp(EPOCH + timedelta(days=30)),
            "datesent": NO_DATE,
            "total": 120.0 * number,
            "tax_total": 20.0 * number,
            "amountdue": 120.0 * number,
            "paymentstatus": 0,
            "schedule_id": 0,
        }

    def quotation(self, number: int) -> Record:
        """QuotationHeader."""
        return {
            "id": number,
            "title": f"Laptop refresh {number}",
            "client_id": number,
            "client_name": self.client(number)["name"],
            "user_id": number,
            "user_name": self.user(number)["name"],
            "ticket_id": 0,
            "status": 1,
            "date": stamp(EPOCH),
            "expiry_date": stamp(EPOCH + timedelta(days=30)),
            "po_ref": "",
            "revenue": 900.0,
        }

    def quotation_details(self, number: int) -> Record:
        """QuotationHeader with its total, which the list leaves out."""
        return self.quotation(number) | {"total": 1080.0}

    def supplier(self, number: int) -> Record:
        """Company: a supplier."""
        return {
            "id": number,
            "name": f"Wholesale {number} Ltd",
            "contact_name": "",
            "email_address": "",
            "phone_number": "",
            "website": "",
            "toplevel_id": 1,
            "inactive": False,
            "use": "supplier",
        }

    def opportunity(self, number: int) -> Record:
        """Faults, as a sales opportunity."""
        return self.ticket(number) | {"summary": f"Opportunity {number}", "use": "opp"}

    def project(self, number: int) -> Record:
        """Faults, as a project."""
        return self.ticket(number) | {"summary": f"Migration project {number}", "use": "project"}

    def report(self, number: int) -> Record:
        """AnalyzerProfile: a report."""
        return {
            "id": number,
            "name": f"Tickets by client {number}",
            "description": "",
            "group_id": 1,
            "group_name": "Service Desk",
            "type": 0,
            "mainentity": "ticket",
            "datasource_id": 0,
            "restrictaccess": False,
            "canbeaccessedbyallusers": False,
            "systemreportid": 0,
            "_canupdate": False,
        }

    def appointment(self, number: int) -> Record:
        """Appointment."""
        start = EPOCH + timedelta(days=number)
        return {
            "id": number,
            "subject": f"Site visit {number}",
            "start_date": stamp(start),
            "end_date": stamp(start + timedelta(hours=1)),
            "allday": False,
            "agent_id": 2,
            "client_id": 1,
            "ticket_id": number,
        }

    def ticket_type(self, number: int) -> Record:
        """RequestType."""
        return {
            "id": number,
            "guid": guid(self.seed, "type", number),
            "name": ("Incident", "Service Request", "Change")[number - 1],
            "use": "ticket",
            "sequence": number,
            "group_id": 0,
            "group_name": "",
            "cancreate": True,
            "agentscanselect": True,
            "enduserscanselect": True,
            "anonymouscanselect": False,
            "allowattachments": True,
            "visible": True,
            "itilrequesttype": number,
            "default_sla": 1,
            "default_priority": 3,
            "default_team": "Service Desk",
            "default_agent": 1,
            "fieldidlist": [],
        }

    def status(self, index: int) -> Record:
        """TStatus."""
        number, name = STATUSES[index - 1]
        return {
            "id": number,
            "guid": guid(self.seed, "status", number),
            "name": name,
            "shortname": name,
            "type": 0,
            "sequence": index,
            "colour": "#2f6fd0",
            "slaaction": "N",
            "showonquickchange": True,
        }

    def priority(self, number: int) -> Record:
        """Policy."""
        return {
            "id": guid(self.seed, "priority", number),
            "priorityid": number,
            "slaid": 1,
            "name": ("Critical", "High", "Medium", "Low")[number - 1],
            "fixtime": 8.0 * number,
            "fixunits": "H",
            "responsetime": 1.0 * number,
            "responseunits": "H",
            "ishidden": False,
            "colour": "#c0392b",
        }

    def sla(self, number: int) -> Record:
        """SlaHead."""
        return {
            "id": number,
            "guid": guid(self.seed, "sla", number),
            "name": "Standard SLA",
            "workday_id": 1,
            "hoursaretechslocaltime": False,
            "responsereset": False,
            "trackslafixbytime": True,
            "trackslaresponsetime": True,
        }

    def sla_details(self, number: int) -> Record:
        """SlaHead with its priorities, as the single record shows it."""
        return self.sla(number) | {"priorities": [self.priority(n) for n in range(1, 5)]}

    def workday(self, number: int) -> Record:
        """Workdays: office hours, with the times of day on an empty date."""
        days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        record: Record = {
            "id": number,
            "guid": guid(self.seed, "workday", number),
            "name": "Office hours",
            "timezone": "Europe/London",
            "alldayssame": True,
            "start": "1900-01-01T09:00:00",
            "end": "1900-01-01T17:30:00",
        }
        for index, day in enumerate(days):
            record |= {f"inc{day}": index < 5, f"start{day}": record["start"], f"end{day}": record["end"]}
        return record

    def webhook(self, number: int) -> Record:
        """Webhook: one that another product registered; Neo registers its own (facts 1.6)."""
        return {
            "id": guid(self.seed, "webhook", number),
            "name": "Monitoring hub",
            "type": 0,
            "url": "https://hooks.monitoring.example/halo",
            "content_type": "application/json",
            "method": 0,
            "authentication_type": 1,
            "basic_username": "hub",
            "active": True,
            "events": [],
            "payload_type": 0,
            "custom_payload": False,
            "last_status": 200,
            "log_retention_policy_days": 14,
            "inbound_authentication_type": 0,
            "authentication_header": "",
            "signature_prefix": "",
            "algorithm": 0,
            "digest": 0,
            "batch_method": 0,
            "batch_limit": 0,
            "batch_delay_seconds": 0,
            "auto_disable_attempts": 0,
            "infinite_loop_threshold": 0,
            "initial_verification_type": 0,
            "notify_on_failure": False,
            "group_id": 0,
        }

    def webhook_event(self, number: int) -> Record:
        """WebhookEvent: one delivery, of the webhook there is."""
        return {
            "id": guid(self.seed, "delivery", number),
            "webhook_id": self.webhook(1)["id"],
            "notification_id": 0,
            "integation_method_name": "",
            "status": 200,
            "timestamp": stamp(EPOCH + timedelta(hours=number)),
        }


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
        """Make the single record."""
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
        Collection(
            "Webhook",
            "webhooks",
            "webhooks",
            ("admin:webhooks", "admin"),
            Data.webhook,
            _small(1),
            pages=False,
            numbered=False,
        ),
        Collection(
            "WebhookEvent",
            "events",
            "webhooks",
            ("admin:webhooks", "admin"),
            Data.webhook_event,
            _small(3),
            numbered=False,
        ),
    )
}
