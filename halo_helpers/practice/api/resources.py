"""The REST routes of a practice tenant. Source: wire contract 9-33; facts 3 and 4."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..seed.tenant_data import CLOSED, COLLECTIONS, EPOCH, Collection, Record, guid, stamp
from ..settings import Settings
from ..wire import Answer, Ask, as_json, empty
from ..world.world import (
    ROLES,
    TEAMS,
    UNASSIGNED_ID,
    Agent,
    Application,
    Grant,
    World,
    agent_object,
    agent_row,
    role_object,
    team_details,
    team_object,
)

APP_VERSION = "2.236.133"
DEFAULT_COUNT = 50
_TEAM_SCOPES = ("all:teams", "read:teams")
_AGENT_SCOPES = {
    "either": ("all:teams", "all:standard", "read:agents"),
    "all:teams": ("all:teams",),
    "all:standard": ("all:standard",),
    "read:agents": ("read:agents",),
}
_ADMIN = ("admin",)


@dataclass(frozen=True)
class Identity:
    """Who asks: the token's application and, when it logs in as one, the agent."""

    world: World
    application: Application
    agent: Agent | None
    scopes: frozenset[str]

    def may(self, wanted: Iterable[str]) -> bool:
        """Whether the token holds one of the wanted scopes (facts 2.5)."""
        if self.world.settings.scopes_enforced == "no":
            return True
        held = set(self.scopes)
        if "all" in held:
            held.add("all:standard")
            if self.world.settings.scope_all == "everything":
                held |= {"all:teams", "admin:webhooks"}
        return bool(held & set(wanted))


# --- without a token -------------------------------------------------------------------------------


def auth_info(world: World | None, settings: Settings, origin: str) -> Answer:
    """Answer `/api/authinfo`; `tenant_id` only when it is known which tenant is meant."""
    if settings.authinfo == "missing":
        return empty(404)
    body: Record = {"auth_url": f"{origin}/auth"}
    if world is not None:
        body["tenant_id"] = world.halo_tenant
    if settings.authinfo == "more":
        body |= {"resource_url": f"{origin}/api", "hosted": True}
    return as_json(body)


def instance_info(world: World | None, origin: str) -> Answer:
    """Answer `/api/InstanceInfo`, with counters at zero for an anonymous caller (facts 2.2)."""
    body: Record = {
        "dbid": 1,
        "app_version": APP_VERSION,
        "database_version": APP_VERSION,
        "agent_count": 0,
        "licensed_agent_count": 0,
        "online_agent_count": 0,
        "last_login": stamp(EPOCH),
        "last_task_run": stamp(EPOCH),
        "app_name": "Halo PSA (practice tenant)",
        "agent_url": origin,
        "portal_url": f"{origin}/portal",
        "auth_url": f"{origin}/auth",
        "hosted_group": "Practice",
        "mobileapp_enabled": False,
        "teamsbot_enabled": False,
        "nhserver_version": APP_VERSION,
        "using_event_service": False,
        "using_scheduling_service": False,
        "using_outgoing_service": False,
        "using_incoming_service": False,
        "practice": True,
    }
    if world is not None:
        body["tenant_id"] = world.halo_tenant
    return as_json(body)


def health() -> Answer:
    """Answer `/api/Health`."""
    return as_json({"status": "Healthy", "practice": True})


# --- with a token ----------------------------------------------------------------------------------


def bad_token(settings: Settings) -> Answer:
    """Answer a missing, unknown or expired token (W13)."""
    headers = [("www-authenticate", 'Bearer error="invalid_token"')]
    if settings.bad_token_body == "json":
        return as_json(
            {"error": "invalid_token", "error_description": "The token is not valid."}, 401, headers
        )
    return empty(401, headers)


def refused(settings: Settings, usual: int = 403) -> Answer:
    """Answer a caller without the right."""
    if settings.refusal_status == "message":
        return refused_text("You do not have permission to do this.")
    return empty(usual if settings.refusal_status == "facts" else int(settings.refusal_status))


def serve(world: World, grant: Grant, ask: Ask, parts: Sequence[str]) -> Answer:
    """Answer `GET /api/{resource}[/{id}]`; `parts` is the path below `/api`, in lower case."""
    application = world.applications.get(grant.client_id)
    if application is None or not application.active:
        return bad_token(world.settings)
    agent = world.agent(application.agent_id) if application.login_type == "agent" else None
    if agent is not None and agent.is_disabled:
        return empty(401)
    who = Identity(world, application, agent, grant.scopes)
    resource, rest = parts[0], parts[1:]
    special = _SPECIAL.get(resource)
    if special is None and resource not in COLLECTIONS:
        return empty(404)
    if ask.method != "GET":
        return _refuse_write(ask)
    if resource in world.answers:
        return empty(world.answers[resource])
    if len(rest) > 1:
        return empty(404)
    key = rest[0] if rest else None
    if special is not None:
        return special(who, ask, key)
    return _collection(who, ask, COLLECTIONS[resource], key)


def _refuse_write(ask: Ask) -> Answer:
    """Refuse to create or change: nothing is written here; what is wrong with the request is told as HaloPSA does.

    Source: facts 3.1, 3.3: POST only, of a JSON array.
    """
    if ask.method not in {"POST", "DELETE"}:
        return empty(405, [("allow", "GET, POST, DELETE")])
    if ask.method == "DELETE":
        return refused_text("This practice tenant is not changed by the API.")
    if not ask.headers.get("content-type", "").lower().startswith("application/json"):
        return empty(415)
    try:
        value = json.loads(ask.body)
    except (ValueError, RecursionError):
        return as_json({"": ["A non-empty request body is required."]}, 400)
    if not isinstance(value, list):
        return as_json(_exception("The request body has to be an array."), 400)
    return refused_text("This practice tenant is not changed by the API.")


def refused_text(text: str) -> Answer:
    """Answer 403 with a text, as for records that may not be changed."""
    return as_json({"Message": text}, 403)


def _exception(message: str) -> Record:
    """Return a serialised .NET exception, one of the bodies of a 400 (facts 3.3)."""
    return {
        "ClassName": "System.Exception",
        "Message": message,
        "Data": None,
        "InnerException": None,
        "HelpURL": None,
        "StackTraceString": None,
        "RemoteStackTraceString": None,
        "RemoteStackIndex": 0,
        "ExceptionMethod": None,
        "HResult": -2146233088,
        "Source": None,
        "WatsonBuckets": None,
    }


def _collection(who: Identity, ask: Ask, kind: Collection, key: str | None) -> Answer:
    settings = who.world.settings
    if key == "me":
        return empty(401 if kind.route == "Client" else 404)
    if not who.may(kind.scopes) or who.agent is None or kind.area in who.agent.denied:
        return refused(settings, kind.refused_with if who.agent and who.may(kind.scopes) else 403)
    data = who.world.data
    if key is None:
        return _listing(who, ask, kind)
    number = kind.find(data, key)
    if number is None and kind.numbered:
        return _not_a_number(key)
    return (
        as_json(kind.one(data, number))
        if number and number in _visible(who, ask, kind, everything=True)
        else empty(404)
    )


def _visible(who: Identity, ask: Ask, kind: Collection, *, everything: bool = False) -> Sequence[int]:
    """Return the ids that this agent may see and the filters let through, in order."""
    data = who.world.data
    agent = who.agent
    if agent is None or kind.area in agent.empty or (kind.key == "tickets" and not agent.team_ids):
        return ()
    ids: Sequence[int] = range(1, kind.count(data) + 1)
    if everything:
        return ids
    inactive = {"Client": data.client_inactive, "Users": data.user_inactive}.get(kind.route)
    if inactive is not None:
        with_active = ask.flag("includeactive") is not False
        with_inactive = ask.flag("includeinactive") is True
        ids = [n for n in ids if (with_inactive if inactive(n) else with_active)]
    if kind.route == "Tickets":
        if ask.flag("open_only"):
            ids = [n for n in ids if data.ticket_status(n) != CLOSED]
        client = ask.number("client_id")
        if client is not None:
            ids = [n for n in ids if data.ticket(n)["client_id"] == client]
    return ids


def _listing(who: Identity, ask: Ask, kind: Collection) -> Answer:
    data = who.world.data
    ids = _visible(who, ask, kind)
    if not kind.pages:
        return as_json([kind.make(data, n) for n in ids])
    page = _page(ask, who.world.settings)
    if isinstance(page, Answer):
        return page
    number, size, count = page
    body: Record = {"record_count": len(ids)}
    if number:
        body = {"page_no": number, "page_size": size, "record_count": len(ids)}
        chosen = ids[(number - 1) * size : number * size]
    else:
        chosen = ids[:count]
    body[kind.key] = [kind.make(data, n) for n in chosen]
    return as_json(body)


def _page(ask: Ask, settings: Settings) -> tuple[int, int, int] | Answer:
    """Read the paging parameters (W18, W21): (page number or 0 without paging, page size, count)."""
    if ask.flag("pageinate") is not True:
        count = ask.number("count")
        return 0, 0, DEFAULT_COUNT if count is None else count
    size = ask.number("page_size") or DEFAULT_COUNT
    if settings.page_max == "error" and size > 100:
        return as_json("Page size is too large", 400)
    if settings.page_max != "error":
        size = min(size, int(settings.page_max))
    return ask.number("page_no") or 1, size, 0


def _actions(who: Identity, ask: Ask, key: str | None) -> Answer:
    """Answer `/Actions?ticket_id=N`: as tickets; without a ticket the list is empty (facts 4.4)."""
    tickets = COLLECTIONS["tickets"]
    if not who.may(tickets.scopes) or who.agent is None or tickets.area in who.agent.denied:
        return refused(who.world.settings)
    if key is not None:
        return empty(404)
    ticket = ask.number("ticket_id")
    visible = ticket is not None and ticket in _visible(who, ask, tickets, everything=True)
    rows = (
        [who.world.data.action(ticket, n) for n in range(1, 1 + ticket % 4)]
        if visible and ticket is not None
        else []
    )
    count = ask.number("count")
    return as_json({"record_count": len(rows), "actions": rows if count is None else rows[:count]})


def _agents(who: Identity, ask: Ask, key: str | None) -> Answer:
    """Answer `/Agent`, `/Agent/{id}` and `/Agent/me` (facts 4.2, W26-W30)."""
    settings = who.world.settings
    if key == "me":
        if who.agent is None:
            return empty(404)
        if not who.scopes and settings.scopes_enforced == "yes":
            return refused(settings)
        return as_json(agent_object(who.world, who.agent, claims=True))
    if who.agent is None or not who.may(_AGENT_SCOPES[settings.agents_scope]):
        return refused(settings)
    if key is None:
        return _agent_list(who, ask)
    number = _number(key)
    if number is None:
        return _not_a_number(key)
    agent = who.world.agent(number)
    return empty(404) if agent is None else as_json(agent_object(who.world, agent))


def _agent_list(who: Identity, ask: Ask) -> Answer:
    world = who.world
    assert who.agent is not None  # noqa: S101 - _agents has refused others
    disabled, enabled = ask.flag("includedisabled") is True, ask.flag("includeenabled") is not False
    api_only = ask.flag("includeapiagents") is True or world.settings.api_agents_listed == "yes"
    unassigned = ask.flag("includeunassigned") is True
    everyone: Iterable[Agent] = world.every_agent() if who.agent.team_ids else [who.agent]
    chosen = [
        agent
        for agent in everyone
        if (disabled if agent.is_disabled else enabled)
        and (api_only or not agent.is_api_only)
        and agent.listed
        and (unassigned or agent.id != UNASSIGNED_ID)
    ]
    search = ask.query.get("search", "").lower()
    if search:
        chosen = [agent for agent in chosen if search in agent.name.lower()]
    return _agent_envelope(world, ask, chosen)


def _agent_envelope(world: World, ask: Ask, chosen: list[Agent]) -> Answer:
    form = world.settings.agents_envelope
    paging = ask.flag("pageinate") is True
    if form == "array" or (form == "auto" and not paging):
        return as_json([agent_row(world, agent) for agent in chosen])
    page = _page(ask, world.settings)
    if isinstance(page, Answer):
        return page
    number, size, _ = page
    here = chosen[(number - 1) * size : number * size] if number else chosen
    rows = [agent_row(world, agent) for agent in here]
    body: Record = {"record_count": len(chosen)}
    if number:
        body |= {"page_no": number, "page_size": size}
    for key in ("results", "agents") if form == "auto" else (form,):
        body[key] = rows
    return as_json(body)


def _teams(who: Identity, _: Ask, key: str | None) -> Answer:
    if who.agent is None or not who.may(_TEAM_SCOPES):
        return refused(who.world.settings)
    if key is None or key == "tree":
        return as_json([team_object(who.world, team) for team in TEAMS])
    return _by_number(key, set(TEAMS), lambda number: team_details(who.world, number))


def _roles(who: Identity, _: Ask, key: str | None) -> Answer:
    if who.agent is None or not who.may(_ADMIN):
        return refused(who.world.settings)
    if key is None:
        return as_json([role_object(who.world, role) for role in ROLES])
    found = [role for role in ROLES if role_object(who.world, role)["id"] == key]
    return as_json(role_object(who.world, found[0])) if found else empty(404)


def _applications(who: Identity, _: Ask, key: str | None) -> Answer:
    """Answer `/Application`, never with a secret (facts 4.8)."""
    if who.agent is None or not who.may(_ADMIN):
        return refused(who.world.settings)
    rows = [_application_row(who.world, app, n) for n, app in enumerate(who.world.applications.values(), 1)]
    if key is None:
        return as_json(rows)
    found = [row for row in rows if row["id"] == key]
    return as_json(found[0]) if found else empty(404)


def _application_row(world: World, application: Application, number: int) -> Record:
    """NHD_Identity_Application, without its secret: lists of tokens and authorisations are empty."""
    agent = world.agent(application.agent_id)
    off = dict.fromkeys(
        (
            "allowusers",
            "disable_windowsauth",
            "disable_azure",
            "disable_adfs",
            "disable_okta",
            "disable_centrify",
            "disable_google",
            "disable_anon",
        ),
        False,
    )
    nothing = dict.fromkeys(
        ("cors_whitelist", "redirecturi", "redirectUris", "logoutredirecturi", "postLogoutRedirectUris"), ""
    )
    return (
        off
        | nothing
        | {
            "system_use": "",
            "loginas_client_id": 0,
            "loginas_supplier_id": 0,
            "allowagents": application.login_type == "agent",
            "organisation_id": 0,
            "language_id": 1,
            "concurrencyToken": guid(world.seed, "application", number),
            "authorizations": [],
            "tokens": [],
            "id": str(number),
            "clientId": application.client_id,
            "displayName": application.name,
            "grant_type": application.method,
            "inactive": not application.active,
            "loginentity": ("none", "agent", "user", "supplier").index(application.login_type),
            "loginas_agent_id": application.agent_id,
            "loginas_agent_name": agent.name if agent else "",
            "scopes": [
                {"id": n, "application_id": str(number), "name": scope}
                for n, scope in enumerate(sorted(application.scopes), 1)
            ],
        }
    )


def _by_number(key: str, known: set[int], make: Callable[[int], Record]) -> Answer:
    number = _number(key)
    if number is None:
        return _not_a_number(key)
    return as_json(make(number)) if number in known else empty(404)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= 9 else None


def _not_a_number(text: str) -> Answer:
    """Answer an id of the wrong type: ASP.NET's model state (facts 3.3)."""
    return as_json({"id": [f"The value {json.dumps(text)[1:-1]!r} is not valid."]}, 400)


_SPECIAL: dict[str, Callable[[Identity, Ask, str | None], Answer]] = {
    "agent": _agents,
    "team": _teams,
    "roles": _roles,
    "application": _applications,
    "actions": _actions,
}
SPELLINGS = frozenset(
    {"Agent", "Team", "Roles", "Application", "Actions", "authinfo", "AuthInfo", "InstanceInfo", "Health"}
    | {kind.route for kind in COLLECTIONS.values()}
)
"""Resource names as published, which `paths=strict` insists on."""
