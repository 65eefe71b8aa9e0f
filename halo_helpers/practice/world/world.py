"""The state of practice tenants: one `World` each, many in one `Realm`.

Routes read and change this state and nothing else; no route knows the name of a scenario.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from ..seed.tenant_data import EPOCH, FIRST, LAST, NO_DATE, SIZES, Data, Record, guid, mix, stamp
from ..settings import Settings

SCOPES_OF_NEO = ("all:standard", "all:teams", "admin:webhooks")
"""What the newest Neo documentation ticks (facts 1.1)."""

_AREAS_OF_SCOPES = [
    "tickets",
    "calendar",
    "customers",
    "crm",
    "contracts",
    "suppliers",
    "items",
    "projects",
    "sales",
    "quotes",
    "sos",
    "pos",
    "invoices",
    "reporting",
    "timesheets",
    "softwarelicensing",
    "software",
    "kb",
    "assets",
    "distributionlists",
]
KNOWN_SCOPES = frozenset(
    [
        "all",
        *SCOPES_OF_NEO,
        "admin",
        "offline_access",
        "editMine:timesheets",
        "access:chat",
        "access:adpasswordreset",
        "read:teams",
        "read:agents",
    ]
    + [f"{verb}:{area}" for verb in ("read", "edit") for area in _AREAS_OF_SCOPES]
)
"""Source: facts 2.5."""

METHODS = ("client-credentials", "authorization-code", "implicit", "password", "api-key", "jwt-assertion")
"""Authentication methods of an application; the first is shown as *Client ID and Secret (Services)*."""
LOGIN_TYPES = ("agent", "user", "supplier", "none")

TEAMS = {1: "Service Desk", 2: "Projects", 3: "Field Engineers"}
ROLES = {1: "Administrator", 2: "1st Line Support", 3: "2nd Line Support"}
NEO_AGENT_ID = 27
UNASSIGNED_ID = 1


@dataclass
class Agent:
    """One agent. `denied` are the areas that the agent's roles do not open."""

    id: int
    name: str
    email: str = ""
    is_disabled: bool = False
    is_api_only: bool = False
    team_ids: tuple[int, ...] = (1,)
    role_ids: tuple[int, ...] = (2,)
    workday_id: int = 1
    denied: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    """Areas that answer, with no record that this agent may see."""
    listed: bool = True
    """Whether the list of agents shows it."""


@dataclass
class Application:
    """One API application: who may ask for a token, how, and as whom the token acts."""

    name: str
    client_id: str
    secret: str
    agent_id: int
    active: bool = True
    approved: bool = True
    any_secret: bool = False
    """Whether the token endpoint gives a token without looking at the secret."""
    method: str = METHODS[0]
    login_type: str = LOGIN_TYPES[0]
    scopes: frozenset[str] = frozenset(SCOPES_OF_NEO)


@dataclass(frozen=True)
class Grant:
    """What a valid token says: for which world and application, with which scopes, until when."""

    world: str
    client_id: str
    scopes: frozenset[str]
    expires: float


@dataclass(frozen=True)
class Seen:
    """One request that reached a world. No header, no body, no query value is kept."""

    method: str
    path: str
    status: int
    at: float
    host: str
    query: tuple[str, ...] = ()
    """Names of the query parameters, without their values."""

    def as_json(self) -> Record:
        """Shape for the control API."""
        return {
            "method": self.method,
            "path": self.path,
            "query": list(self.query),
            "status": self.status,
            "at": self.at,
            "host": self.host,
        }


class Throttle:
    """A rolling window: at most `limit` requests in `seconds`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._times: deque[float] = deque()
        self._clock = clock

    def take(self, limit: int, seconds: float) -> float | None:
        """Count one request; return the seconds to wait when it is one too many, else None."""
        now = self._clock()
        while self._times and self._times[0] <= now - seconds:
            self._times.popleft()
        if len(self._times) >= limit:
            return seconds if not self._times else self._times[0] + seconds - now
        self._times.append(now)
        return None


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
    """What the person setting this tenant up noted wrongly: `client_id`, `client_secret`, `tenant`."""
    answers: dict[str, int] = field(default_factory=dict)
    """Routes, in lower case, that answer with nothing but this status: no licence (404), a fault (500,
    504)."""

    def __post_init__(self) -> None:
        self.halo_tenant = self.name
        self.data = Data(f"{self.seed}/{self.name}", SIZES[self.size])
        self.agents: dict[int, Agent] = {}
        """Agents that differ from those of the seed."""
        self.applications: dict[str, Application] = {}
        self.throttle = Throttle()
        self.seen: deque[Seen] = deque(maxlen=2000)
        self.epoch = secrets.token_hex(4)
        self.agents[NEO_AGENT_ID] = Agent(NEO_AGENT_ID, "Neo Agent", "team@neoagent.example")
        self.neo = self.add_application("Neo Agent Integration", NEO_AGENT_ID)
        self.add_application("Monitoring hub", 2)
        self.add_application("Neo Agent (old)", NEO_AGENT_ID).active = False

    def add_application(self, name: str, agent_id: int) -> Application:
        """Make an application; the Client ID depends on the seed, the Client Secret on nothing."""
        client_id = guid(self.seed, self.name, "application", len(self.applications))
        application = Application(name, client_id, new_secret(), agent_id)
        self.applications[client_id] = application
        return application

    def agent(self, agent_id: int) -> Agent | None:
        """Return an agent by id, from the changes or from the seed."""
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

    def every_agent(self) -> Iterator[Agent]:
        """Return all agents by id."""
        for agent_id in sorted({*range(1, self.data.size.agents + 1), *self.agents}):
            agent = self.agent(agent_id)
            if agent is not None:
                yield agent

    def change_neo(self, **changes: object) -> None:
        """Change fields of the Neo Agent agent."""
        for name, value in changes.items():
            setattr(self.agents[NEO_AGENT_ID], name, value)


def new_secret() -> str:
    """Make a Client Secret of HaloPSA's form: two GUIDs joined by a hyphen (facts 2.4)."""
    return f"{uuid4()}-{uuid4()}"


# --- objects as the API shows them -----------------------------------------------------------------


_PLAIN_TEXTS = dict.fromkeys(("ad", "exchange_account", "extensionnumber", "jira_id", "logmeinid", "sms"), "")
_PLAIN_TICKS = dict.fromkeys(
    (
        "allowbeyondtrustinvites",
        "can_approve_campaign",
        "can_approve_invoice",
        "can_approve_purchaseorder",
        "can_approve_quote",
        "exchange_authorized",
        "gotoresolve_authorized",
        "sendemailerrors",
        "sentinel_authorized",
        "splashtop_authorized",
    ),
    False,
)
"""What a live row shows besides (facts 4.2), as of an agent that uses none of it."""


def agent_row(world: World, agent: Agent) -> Record:
    """Uname, as in the rows of `/Agent` (facts 4.2): false and empty fields of the sparse list left out."""
    first, _, last = agent.name.partition(" ")
    row: Record = {
        "id": agent.id,
        "name": agent.name,
        "firstname": first,
        "surname": last,
        "initials": (first[:1] + last[:1]).upper(),
        "isdisabled": agent.is_disabled,
        "is_agent": True,
        "colour": f"#{mix(agent.id) % 0xFFFFFF:06x}",
        "jobtitle": "",
        "chargerate": 0,
        "licence_type": 0,
        "teams": [_membership(agent, team_id) for team_id in agent.team_ids],
        "departments": [_department(agent)] if agent.team_ids else [],
        "namewithinactive": f"{agent.name} (inactive)" if agent.is_disabled else agent.name,
        "use": "agent",
        **_PLAIN_TEXTS,
        **_PLAIN_TICKS,
        "apptsync": 0,
        "linemanager": 0,
    }
    if agent.team_ids:
        row["team"] = TEAMS[agent.team_ids[0]]
    if world.settings.agent_list_fields == "full":
        row |= {"email": agent.email, "isapiagent": agent.is_api_only}
    return row


def agent_object(world: World, agent: Agent, *, claims: bool = False) -> Record:
    """Uname, as in `/Agent/{id}`; with `claims` as in `/Agent/me`, which is large on a real tenant."""
    whole = agent_row(world, agent) | {
        "isapiagent": agent.is_api_only,
        "is_admin": 1 in agent.role_ids,
        "role_list": ",".join(ROLES[role] for role in agent.role_ids),
        "roles": [role_object(world, role) for role in agent.role_ids],
        "workday_id": agent.workday_id,
        "workday_name": "Office hours" if agent.workday_id else "",
        "datecreated": stamp(EPOCH),
        "lastlogindate": NO_DATE,
        "twofactor_enabled": False,
        "language_id": 1,
        "last_modified": stamp(EPOCH),
        "lastonline": NO_DATE,
        "onlinestatus": 0,
        "is_online": False,
        "signature": "",
        "department": "Support" if agent.team_ids else "",
        "pagesize": 50,
        "named_licences_in_use": 1,
        "emailconfirmed": True,
        "accountconfirmed": True,
        "clients": [],
        "_canupdate": False,
        "_isnew": False,
    }
    if agent.email:
        whole["email"] = agent.email
    if claims:
        count = 108 + world.data.size.me_padding
        whole["claims"] = [
            {"type": f"practice/claim/{number}", "value": "a line of permissions"} for number in range(count)
        ]
    return whole


def _membership(agent: Agent, team_id: int) -> Record:
    """UnameSection."""
    return {
        "id": agent.id * 10 + team_id,
        "agent_id": agent.id,
        "agent_name": agent.name,
        "team_id": team_id,
        "team_name": TEAMS[team_id],
        "department_id": 1,
        "org_department_team_name": f"Support/{TEAMS[team_id]}",
        "fortickets": True,
        "foropps": False,
        "forprojects": team_id == 2,
        "is_manager": False,
        "in_section": True,
    }


def _department(agent: Agent) -> Record:
    """UnameDepartment."""
    return {
        "id": agent.id,
        "agent_id": agent.id,
        "agent_name": agent.name,
        "department_id": 1,
        "department_name": "Support",
        "membershiplevel": 1,
        "includeteamsintree": False,
    }


def role_object(world: World, role_id: int) -> Record:
    """NHD_Roles."""
    return {
        "id": guid(world.seed, "role", role_id),
        "id_int": role_id,
        "name": ROLES[role_id],
        "normalizedName": ROLES[role_id].upper(),
        "notes": "",
        "is_integration": False,
    }


def team_object(world: World, team_id: int) -> Record:
    """SectionDetail."""
    return {
        "id": team_id,
        "guid": guid(world.seed, "team", team_id),
        "name": TEAMS[team_id],
        "sequence": team_id,
        "forrequests": True,
        "foropps": False,
        "forprojects": team_id == 2,
        "ticket_count": 0,
        "department_id": 1,
        "department_name": "Support",
        "org_team_name": f"Support/{TEAMS[team_id]}",
        "inactive": False,
        "last_modified": stamp(EPOCH),
        "mailbox_override": 0,
        "override_column_id": 0,
        "homescreendashboardid": 0,
        "concurrent_lic_limit": 0,
        "hide_agents_in_tree_if_no_tickets": False,
        "teamphotopath": "",
        "use": "team",
    }


def team_details(world: World, team_id: int) -> Record:
    """SectionDetail with its agents, as the single record shows it."""
    members = [_membership(agent, team_id) for agent in world.every_agent() if team_id in agent.team_ids]
    return team_object(world, team_id) | {"agents": members, "managers": []}


# --- many worlds -----------------------------------------------------------------------------------


class Realm:
    """All worlds of one server, and the tokens that it issued.

    Tokens carry what they grant, signed with a key that only this process has: any number can be issued
    and none is stored, so a client that asks for one before every request costs no memory (W7).
    """

    def __init__(
        self,
        worlds: list[World],
        *,
        size: str = "small",
        seed: str = "practice",
        settings: Settings | None = None,
    ) -> None:
        self.size, self.seed, self.settings = size, seed, settings or Settings()
        """What further worlds are made with."""
        self.worlds = {world.name: world for world in worlds}
        self.scenarios: dict[str, str] = {}
        self.unrouted: deque[Seen] = deque(maxlen=2000)
        self._key = secrets.token_bytes(32)
        self._grants: OrderedDict[str, Grant] = OrderedDict()
        self._by_client: dict[str, str] = {}
        for world in worlds:
            self.index(world)

    @property
    def default(self) -> World | None:
        """The world that is meant when nothing says which: the only one."""
        return next(iter(self.worlds.values())) if len(self.worlds) == 1 else None

    def index(self, world: World) -> None:
        """Remember which world a Client ID belongs to; call it after applications changed."""
        self.worlds[world.name] = world
        for client_id in world.applications:
            self._by_client[client_id] = world.name

    def world_of_client(self, client_id: str) -> World | None:
        """Return the world that has an application with this Client ID."""
        world = self.worlds.get(self._by_client.get(client_id.lower(), ""))
        return world if world is not None and client_id.lower() in world.applications else None

    def world_of_tenant(self, tenant: str | None) -> World | None:
        """Return the world with this `tenant` parameter, or the only one when none is sent."""
        if tenant in (None, "", "undefined"):
            return self.default
        return self.worlds.get(str(tenant).lower())

    def issue(self, world: World, application: Application, scopes: frozenset[str]) -> str:
        """Make an access token, opaque or a JWT as the world's settings say."""
        lifetime = int(world.settings.token_lifetime)
        now = int(time.time())
        claims: Record = {
            "w": world.name,
            "e": world.epoch,
            "client_id": application.client_id,
            "scope": " ".join(sorted(scopes)),
            "exp": now + lifetime,
            "jti": secrets.token_hex(6),
        }
        if world.settings.token_format == "jwt":
            claims |= {
                "sub": str(application.agent_id),
                "role": application.login_type,
                "agent_id": application.agent_id,
            }
            head = _b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
            body = f"{head}.{_b64(json.dumps(claims).encode())}"
            return f"{body}.{self._sign(body)}"
        body = _b64(json.dumps(claims).encode())
        return f"{self._sign(body)}{body}"

    def read(self, token: str) -> Grant | None:
        """Return what a token grants, or None when it is unknown, forged, expired or of a reset world."""
        grant = self._grants.get(token) or self._verify(token)
        if grant is None or grant.expires <= time.time():
            return None
        return grant

    def _verify(self, token: str) -> Grant | None:
        if token.count(".") == 2:
            body, _, signature = token.rpartition(".")
            payload = body.partition(".")[2]
        else:
            signature, body = token[:43], token[43:]
            payload = body
        if not token.isascii() or not hmac.compare_digest(self._sign(body), signature):
            return None
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        world = self.worlds.get(claims["w"])
        if world is None or world.epoch != claims["e"]:
            return None
        grant = Grant(
            claims["w"], claims["client_id"], frozenset(claims["scope"].split()), float(claims["exp"])
        )
        self._grants[token] = grant
        if len(self._grants) > 5000:
            self._grants.popitem(last=False)
        return grant

    def forget_tokens(self) -> None:
        """Drop what was remembered of tokens, after a world was reset."""
        self._grants.clear()

    def _sign(self, body: str) -> str:
        return _b64(hmac.new(self._key, body.encode(), hashlib.sha256).digest())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
