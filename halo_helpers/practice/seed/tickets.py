"""Fields of tickets, their actions, types and statuses; of opportunities and projects."""

from __future__ import annotations

from datetime import timedelta

from .customers import Customers
from .values import EPOCH, NO_DATE, Record, guid, mix, stamp

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


class Tickets(Customers):
    """Tickets of one tenant, and what belongs to them."""

    def ticket_status(self, number: int) -> int:
        """Return the status of a ticket; about a third are closed."""
        return (1, 2, 9, 2, 3, 9)[mix(self.seed, "status", number) % 6]

    def ticket(self, number: int) -> Record:
        """Return a ticket (Faults). The newest has the highest id."""
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
            "summary": self.pick(PROBLEMS, "problem", number),
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
        """Return one line in the history of a ticket (Actions)."""
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

    def opportunity(self, number: int) -> Record:
        """Return a sales opportunity, which is a ticket (Faults)."""
        return self.ticket(number) | {"summary": f"Opportunity {number}", "use": "opp"}

    def project(self, number: int) -> Record:
        """Return a project, which is a ticket (Faults)."""
        return self.ticket(number) | {"summary": f"Migration project {number}", "use": "project"}

    def ticket_type(self, number: int) -> Record:
        """Return a ticket type (RequestType)."""
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
        """Return a status of tickets (TStatus)."""
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
