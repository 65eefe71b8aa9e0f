"""Which route answers a request that carries a token. Source: wire contract 9-33; facts 3 and 4."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from ..seed.record_kinds import COLLECTIONS
from ..wire import Answer, Ask, as_json, empty
from ..world.tokens import Grant
from ..world.world import World
from .admin.read import answer_applications, answer_audit, answer_commits, answer_features
from .agents import answer_agents
from .records import answer_actions, answer_collection
from .refusals import bad_token, exception, refused_text
from .rights import Identity
from .teams_and_roles import answer_roles, answer_teams
from .webhooks import answer_deliveries, answer_webhooks
from .writes.agents import delete_agent, write_agents
from .writes.answers import Sent
from .writes.applications import delete_application, write_applications
from .writes.service_desk import delete_ticket, write_actions, write_tickets
from .writes.webhooks import delete_webhook, write_notifications, write_webhooks


def answer_resource(world: World, grant: Grant, ask: Ask, parts: Sequence[str]) -> Answer:
    """Answer `/api/{resource}[/{id}]`; `parts` is the path below `/api`, in lower case."""
    application = world.applications.get(grant.client_id)
    if application is None or not application.active:
        return bad_token(world.settings)
    agent = world.agent(application.agent_id) if application.login_type == "agent" else None
    if grant.agent_id is not None:
        agent = world.agent(grant.agent_id)
    if agent is not None and agent.is_disabled:
        return empty(401)
    who = Identity(world, application, agent, grant.scopes)
    resource, rest = parts[0], parts[1:]
    special = _SPECIAL.get(resource)
    if special is None and resource not in COLLECTIONS:
        return empty(404)
    if ask.method != "GET":
        return _answer_write(who, ask, resource, rest)
    if resource in world.answers:
        return empty(world.answers[resource])
    if len(rest) > 1:
        return empty(404)
    key = rest[0] if rest else None
    if special is not None:
        return special(who, ask, key)
    return answer_collection(who, ask, COLLECTIONS[resource], key)


def _answer_write(who: Identity, ask: Ask, resource: str, rest: Sequence[str]) -> Answer:
    """Write what HaloPSA lets the API write; what is wrong with a request is told as it does.

    Source: facts 3.1, 3.3, W35: POST only, of a JSON array.
    """
    if ask.method not in {"POST", "DELETE"}:
        return empty(405, [("allow", "GET, POST, DELETE")])
    if ask.method == "DELETE":
        delete = _DELETED.get(resource)
        if delete is None or len(rest) != 1:
            return refused_text("This practice tenant is not changed by the API.")
        return delete(who, rest[0])
    if not ask.headers.get("content-type", "").lower().startswith("application/json"):
        return empty(415)
    try:
        value = json.loads(ask.body)
    except (ValueError, RecursionError):
        return as_json({"": ["A non-empty request body is required."]}, 400)
    if not isinstance(value, list):
        return as_json(exception("The request body has to be an array."), 400)
    write = _WRITTEN.get(resource)
    if write is None:
        return refused_text("This practice tenant is not changed by the API.")
    if not value or not all(isinstance(row, dict) for row in value):
        return as_json(exception("The request body has to be an array of objects."), 400)
    return write(who, value)


_SPECIAL: dict[str, Callable[[Identity, Ask, str | None], Answer]] = {
    "agent": answer_agents,
    "team": answer_teams,
    "roles": answer_roles,
    "application": answer_applications,
    "actions": answer_actions,
    "webhook": answer_webhooks,
    "webhookevent": answer_deliveries,
    "notification": lambda *_: empty(404),
    "audit": answer_audit,
    "configcommit": answer_commits,
    "features": answer_features,
}

_WRITTEN: dict[str, Callable[[Identity, list[Sent]], Answer]] = {
    "agent": write_agents,
    "application": write_applications,
    "webhook": write_webhooks,
    "notification": write_notifications,
    "tickets": write_tickets,
    "actions": write_actions,
}
_DELETED: dict[str, Callable[[Identity, str], Answer]] = {
    "agent": delete_agent,
    "application": delete_application,
    "webhook": delete_webhook,
    "tickets": delete_ticket,
}

SPELLINGS = frozenset(
    {"Agent", "Team", "Roles", "Application", "Actions", "authinfo", "AuthInfo", "InstanceInfo", "Health"}
    | {"Webhook", "WebhookEvent", "Notification", "Audit", "ConfigCommit", "Features"}
    | {kind.route for kind in COLLECTIONS.values()}
)
"""Resource names as published, which `paths=strict` insists on."""
