"""One practice tenant: everything that its routes and screens read and change.

No route knows the name of a scenario: scenarios change this state, and routes answer from it.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..seed.tenant_data import Data
from ..seed.values import FIRST, LAST, SIZES, Record, guid, mix, now
from ..settings import Settings
from .agents import NEO_AGENT_ID, UNASSIGNED_ID, Agent
from .applications import Application, new_secret
from .requests_seen import Seen
from .throttle import Throttle
from .webhooks import Webhook, of_monitoring


@dataclass
class World:
    """One practice tenant.

    `front` says what stands before the instance: `open`, `maintenance`, `login-page`, `block-page` or
    `reset`.
    """

    name: str
    seed: str = "practice"
    size: str = "small"
    settings: Settings = field(default_factory=Settings)
    front: str = "open"
    agent_id: int = NEO_AGENT_ID
    """The Agent ID that the person setting this tenant up would note."""
    clock_ahead_s: int = 0
    """By how much the instance's clock is ahead of the real time."""
    handed_over: dict[str, str] = field(default_factory=dict)
    """What the person setting this tenant up noted: `client_id`, `client_secret`, `tenant` where they are
    wrong, and `webhook_host` once Neo Agent is connected."""
    answers: dict[str, int] = field(default_factory=dict)
    """Routes, in lower case, that answer with nothing but this status: no licence (404), a fault (500,
    504)."""

    licences: int = 0
    """Named Licences; 0 for three more than are in use."""

    def __post_init__(self) -> None:
        self.halo_tenant = self.name
        self.data = Data(f"{self.seed}/{self.name}", SIZES[self.size])
        self.agents: dict[int, Agent] = {}
        """Agents that differ from those of the seed."""
        self.applications: dict[str, Application] = {}
        self.removed_agents: set[int] = set()
        self.inactive_teams: set[int] = set()
        self.webhooks: list[Webhook] = [of_monitoring()]
        self.tickets: dict[int, Record] = {}
        """Tickets that the API made, whole, and what it changed of those of the seed."""
        self.actions: dict[int, list[Record]] = {}
        """Actions that the API made, by ticket."""
        self.audit: list[Record] = []
        self.throttle = Throttle()
        self.seen: deque[Seen] = deque(maxlen=2000)
        self.epoch = secrets.token_hex(4)
        self.agents[NEO_AGENT_ID] = Agent(NEO_AGENT_ID, "Neo Agent", "team@neoagent.example")
        self.neo = self.add_application("Neo Agent Integration", NEO_AGENT_ID)
        self.add_application("Monitoring hub", 2)
        self.add_application("Neo Agent (old)", NEO_AGENT_ID).active = False
        own = self.add_application("Mobile App", 0)
        own.is_system, own.method, own.login_type = True, "authorization-code", "none"

    def add_application(self, name: str, agent_id: int) -> Application:
        """Add an application and return it; the Client ID depends on the seed, the secret on nothing."""
        client_id = guid(self.seed, self.name, "application", len(self.applications))
        application = Application(name, client_id, new_secret(), agent_id)
        self.applications[client_id] = application
        return application

    def agent(self, agent_id: int) -> Agent | None:
        """Return an agent by id, from the changes or from the seed, None when there is none."""
        if agent_id in self.removed_agents:
            return None
        changed = self.agents.get(agent_id)
        if changed is not None or not 1 <= agent_id <= self.data.size.agents:
            return changed
        if agent_id == UNASSIGNED_ID:
            return Agent(UNASSIGNED_ID, "Unassigned", team_ids=(), role_ids=())
        first = FIRST[mix(self.seed, "agent-first", agent_id) % len(FIRST)]
        last = LAST[(agent_id + agent_id // len(LAST)) % len(LAST)]
        number = f" {agent_id}" if self.data.size.agents > len(LAST) else ""
        email = f"{first}.{last}{agent_id}@msp.example".lower()
        return Agent(
            agent_id,
            f"{first} {last}{number}",
            email,
            team_ids=(1 + agent_id % 3,),
            role_ids=(1,) if agent_id == 2 else (2,),
            is_disabled=agent_id == 5,
        )

    def note_change(self, table: str, key: int, agent: Agent, before: object, after: object) -> None:
        """Write down who changed what, for the audit."""
        self.audit.append(
            {
                "id": len(self.audit) + 1,
                "ticket_id": 0,
                "agent_id": agent.id,
                "date": now(),
                "value": "",
                "from": str(before),
                "to": str(after),
                "table_name": table,
                "id1": key,
                "id2": 0,
                "username": agent.name,
            }
        )

    def licence_is_free(self, begun: int = 0) -> bool:
        """Whether one agent more could use a Named Licence, `begun` besides those that use one."""
        return not self.licences or self.licences_in_use + begun < self.licences

    @property
    def licences_in_use(self) -> int:
        """How many agents use a Named Licence."""
        return sum(not (agent.is_disabled or agent.is_api_only) for agent in self.every_agent())

    def every_agent(self) -> Iterator[Agent]:
        """Return all agents, in the order of their ids."""
        for agent_id in sorted({*range(1, self.data.size.agents + 1), *self.agents}):
            agent = self.agent(agent_id)
            if agent is not None:
                yield agent
