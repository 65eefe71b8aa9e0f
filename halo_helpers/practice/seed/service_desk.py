"""Fields of assets, knowledge base articles, reports, appointments."""

from __future__ import annotations

from datetime import timedelta

from .customers import Customers
from .tickets import PROBLEMS
from .values import EPOCH, Record, stamp


class ServiceDesk(Customers):
    """What the agents of one tenant work with besides tickets."""

    def asset(self, number: int) -> Record:
        """Return an asset (Device)."""
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

    def article(self, number: int) -> Record:
        """Return a knowledge base article (KBEntry)."""
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

    def report(self, number: int) -> Record:
        """Return a report (AnalyzerProfile)."""
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
        """Return an appointment (Appointment)."""
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
