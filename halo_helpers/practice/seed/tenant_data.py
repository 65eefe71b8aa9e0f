"""Records of a practice tenant, made from a seed when they are asked for.

Every record is a function of (seed, kind, id): nothing is stored, the same seed gives the same bytes,
and a tenant with 20,000 tickets costs nothing until somebody reads them. Names and types of the fields
are those of the published OpenAPI document; values hang together (a ticket's client exists, its contact
belongs to that client, dates are in order).
"""

from __future__ import annotations

from .sales import Sales
from .service_desk import ServiceDesk
from .service_levels import ServiceLevels
from .tickets import Tickets
from .webhooks import Webhooks


class Data(Tickets, Sales, ServiceDesk, ServiceLevels, Webhooks):
    """The records of one tenant."""
