"""Fields of priorities, service level agreements and working hours."""

from __future__ import annotations

from .values import Record, Seeded, guid


class ServiceLevels(Seeded):
    """How fast one tenant promises to be, and when it works."""

    def priority(self, number: int) -> Record:
        """Return a priority (Policy)."""
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
        """Return a service level agreement (SlaHead)."""
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
        """Return a service level agreement with its priorities, as the single record."""
        return self.sla(number) | {"priorities": [self.priority(n) for n in range(1, 5)]}

    def workday(self, number: int) -> Record:
        """Return office hours (Workdays), with the times of day on an empty date."""
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
