"""Asks an instance every question of a survey that reading can answer."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import uuid4

from ..checks.webhooks import goes_to
from ..client.halo_client import HaloClient
from ..errors import ApiError, BudgetError, ConnectionFailedError, ShapeError
from ..secrets.value import Secret
from ..system.event_loop import run
from ..tenants.tenant import Tenant
from ..tenants.trust import secret_of
from .administrator import ASKED, Administrator
from .asker import Asker, Said
from .document import SURVEY_SCHEMA, Document
from .questions import FIELDS, NOT_ASKED, OTHER, QUESTIONS
from .seen import Answer, NotAsked, Seen

T = TypeVar("T")
_TEAMS, _STANDARD, _ALL = "all:teams", "all:standard", "all"


def survey(
    tenant: Tenant,
    told: dict[str, str] | None = None,
    administrator: tuple[str, Secret] | None = None,
) -> Document:
    """Ask a tenant's instance, and return the document; `told` are answers that a person gave, by question.

    `administrator` are Client ID and Client Secret of an administrator's own application, with which more is
    asked.

    At most 70 requests, all of which read. Raises: SecretError, and the errors of the client when the
    instance cannot be reached, or gives the application no token.
    """
    return run(_survey(tenant, secret_of(tenant), told or {}, administrator))


async def _survey(
    tenant: Tenant, secret: Secret, told: dict[str, str], given: tuple[str, Secret] | None
) -> Document:
    asker = Asker(tenant, secret)
    try:
        authinfo = await asker.get_openly("/api/authinfo")
        asker.use(authinfo)
        instance = await asker.get_openly("/api/InstanceInfo")
        granted = await asker.token()
        if not asker.holds():
            async with HaloClient(tenant, secret) as client:
                await client.token()  # says why there is none
        seen = Seen(asker, tenant, authinfo, instance, granted)
        rows = [await _row(name, _ASKED.get(name), seen, told) for name in QUESTIONS]
        if given is not None:
            rows = await _with_administrator(rows, tenant, authinfo, given, asker.left)
    finally:
        await asker.close()
    return {
        "schema": SURVEY_SCHEMA,
        "asked": f"{dt.datetime.now(dt.UTC):%Y-%m}",
        "app_version": _version(instance),
        "hosting": _hosting(asker.address.url, instance),
        "lanes": ["application", "admin"] if given else ["application"],
        "questions": rows,
    }


async def _with_administrator(
    rows: list[dict[str, Any]], tenant: Tenant, authinfo: Said, given: tuple[str, Secret], left: int
) -> list[dict[str, Any]]:
    """Return the rows with those answered that an administrator's application can answer."""
    client_id, secret = given
    asker = Asker(replace(tenant, client_id=client_id), secret, left)
    try:
        asker.use(authinfo)
        who = Administrator(asker, tenant.client_id)
        return [
            await _row(row["id"], ASKED[row["id"]], who, {}) if row["id"] in ASKED else row for row in rows
        ]
    finally:
        await asker.close()


async def _row(
    name: str, ask: Callable[[T], Awaitable[Answer]] | None, seen: T, told: dict[str, str]
) -> dict[str, Any]:
    question = QUESTIONS[name]
    row: dict[str, Any] = {"id": name, "asked": question.asked}
    if name in told:
        return row | {"answer": told[name], "evidence": {}}
    if ask is None:
        return row | {"answer": NOT_ASKED, "why": question.never or "no-right"}
    try:
        answer, evidence = await ask(seen)
    except NotAsked as reason:
        return row | {"answer": NOT_ASKED, "why": reason.why}
    except BudgetError:
        return row | {"answer": NOT_ASKED, "why": "budget"}
    except ConnectionFailedError:
        return row | {"answer": NOT_ASKED, "why": "not-met"}  # nobody answered
    except (ApiError, ShapeError):
        return row | {"answer": OTHER, "evidence": {}}
    return row | {"answer": answer, "evidence": _evidence(evidence)}


def _evidence(seen: Sequence[Said]) -> dict[str, Any]:
    """Return status numbers and names of known fields; others are counted."""
    fields = set().union(*(one.fields for one in seen)) if seen else set()
    value: dict[str, Any] = {"status": [one.status for one in seen], "fields": sorted(fields & FIELDS)}
    return value | ({"more_fields": len(fields - FIELDS)} if fields - FIELDS else {})


def _version(instance: Said) -> str:
    told = instance.data.get("app_version") if isinstance(instance.data, dict) else None
    found = re.match(r"\d{1,4}\.\d{1,6}", told) if isinstance(told, str) else None
    return found[0] if found else "unknown"


def _hosting(url: str, instance: Said) -> str:
    for name in ("halopsa", "haloitsm", "haloservicedesk"):
        if url.endswith(f".{name}.com"):
            return name
    hosted = instance.data.get("hosted_group") if isinstance(instance.data, dict) else None
    return "custom" if hosted else "on-premise"


_REFUSED = (401, 403)


async def _token_errors(seen: Seen) -> Answer:
    wrong = Secret(f"{uuid4()}-{uuid4()}")
    said = await seen.asker.token(secret=wrong)
    error = said.data.get("error") if isinstance(said.data, dict) else None
    if said.status == 400 and error == "invalid_grant":
        return "invalid-grant", [said]
    if said.status == 401 and error == "invalid_client":
        return "oauth" if "error_description" in said.fields else "no-description", [said]
    return OTHER, [said]


async def _unknown_tenant(seen: Seen) -> Answer:
    said = await seen.asker.token(_STANDARD, tenant=f"nobody-{secrets.token_hex(6)}")
    return {200: "ignored", 400: "400", 404: "404", 500: "500"}.get(said.status, OTHER), [said]


async def _wider_scope(seen: Seen) -> Answer:
    said = await seen.asker.token("all:standard all:teams admin:webhooks admin")
    if said.status == 200 and said.scopes is not None:
        if "admin" in said.scopes:
            raise NotAsked("not-met")  # the application has it
        return "narrow", [said]
    return "error" if said.status == 400 else OTHER, [said]


async def _no_scope(seen: Seen) -> Answer:
    said = await seen.asker.token(None)
    if said.status != 200:
        return "error" if said.status == 400 else OTHER, [said]
    used = await seen.asker.get("Agent/me", {}, "")
    return "empty-token" if used.status in _REFUSED else OTHER, [said, used]


async def _scope_all(seen: Seen) -> Answer:
    said = await seen.read_with_less("Webhook", _ALL, type=0)
    return {200: "everything", 401: "standard", 403: "standard"}.get(said.status, OTHER), [said]


async def _agents_scope(seen: Seen) -> Answer:
    if (await seen.read("Agent/me")).status != 200:
        raise NotAsked("not-met")
    teams, standard = await seen.read("Agent", _TEAMS), await seen.read("Agent", _STANDARD)
    if not {teams.status, standard.status} <= {200, *_REFUSED}:
        return OTHER, [teams, standard]
    opened = (teams.status == 200, standard.status == 200)
    answers = {
        (True, True): "either",
        (True, False): "all:teams",
        (False, True): "all:standard",
        (False, False): "read:agents",
    }
    return answers[opened], [teams, standard]


async def _scopes_enforced(seen: Seen) -> Answer:
    said = await _tickets(seen)
    return {200: "no", 401: "yes", 403: "yes"}.get(said.status, OTHER), [said]


async def _tickets(seen: Seen) -> Said:
    return await seen.read_with_less("Tickets", _TEAMS, pageinate=True, page_size=1, page_no=1)


async def _refusal_status(seen: Seen) -> Answer:
    said = await _tickets(seen)
    if said.status == 200:
        raise NotAsked("not-met")
    if said.status == 403 and "Message" in said.fields:
        return "message", [said]
    # 403 alone does not tell a rule by route from one for all: the likelier one is recorded
    return {401: "401", 403: "facts"}.get(said.status, OTHER), [said]


async def _bad_token_body(seen: Seen) -> Answer:
    said = await seen.asker.get_with_no_token("Agent/me")
    if said.status != 401:
        return OTHER, [said]
    return "json" if said.fields else "empty", [said]


async def _page_max(seen: Seen) -> Answer:
    said = await seen.read("Client", pageinate=True, page_size=101, page_no=1)
    size = said.data.get("page_size") if isinstance(said.data, dict) else None
    kept = [Said(said.status, dict.fromkeys(said.fields))]
    if said.status == 400:
        return "error", kept
    if not isinstance(size, int) or isinstance(size, bool):
        return OTHER, kept
    return "1000" if size >= 101 else str(size), kept


async def _agents_envelope(seen: Seen) -> Answer:
    plain, paged = await seen.read("Agent"), await _paged_agents(seen)
    if isinstance(paged.data, list):
        return "array", [plain, paged]
    if isinstance(plain.data, list):
        return "auto" if "results" in paged.fields else OTHER, [plain, paged]
    keys = [key for key in ("results", "agents") if key in plain.fields]
    return keys[0] if len(keys) == 1 else OTHER, [plain, paged]


async def _paged_agents(seen: Seen) -> Said:
    return await seen.read("Agent", pageinate=True, page_size=5, page_no=1)


def _rows(said: Said) -> list[dict[str, Any]]:
    value = said.data
    if isinstance(value, dict):
        value = next((value[key] for key in ("results", "agents") if isinstance(value.get(key), list)), [])
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


async def _api_agents_listed(seen: Seen) -> Answer:
    plain, with_them = await seen.read("Agent"), await seen.read("Agent", includeapiagents=True)
    known = {row.get("id") for row in _rows(plain)}
    if any(row.get("id") not in known for row in _rows(with_them)):
        return "no", [plain, with_them]
    if any(row.get("isapiagent") is True for row in _rows(plain)):
        return "yes", [plain, with_them]
    raise NotAsked("not-met")


async def _agent_list_fields(seen: Seen) -> Answer:
    said = await seen.read("Agent")
    rows = _rows(said)
    if not rows:
        raise NotAsked("not-met")
    return "full" if "isapiagent" in rows[0] else "sparse", [Said(said.status, dict.fromkeys(rows[0]))]


async def _token_format(seen: Seen) -> Answer:
    if not seen.asker.holds():
        raise NotAsked("no-right")
    return seen.asker.form_of_token(), [seen.granted]


async def _authinfo(seen: Seen) -> Answer:
    said = seen.authinfo
    if said.status == 404:
        return "missing", [said]
    if said.status != 200 or not said.fields:
        return OTHER, [said]
    return "two-fields" if said.fields <= {"auth_url", "tenant_id"} else "more", [said]


async def _openid_metadata(seen: Seen) -> Answer:
    path = ".well-known/openid-configuration"
    found = [await seen.asker.get_openly(f"/{one}{path}") for one in ("", "auth/")]
    kept = [Said(one.status) for one in found]
    if any(one.status == 200 and isinstance(one.data, dict) for one in found):
        return "present", kept
    return "missing" if all(one.status == 404 for one in found) else OTHER, kept


async def _authorize(seen: Seen) -> Answer:
    said = await seen.asker.get_openly("/auth/authorize")
    known = dict.fromkeys((200, 302, 400, 401), "yes") | {404: "no"}
    return known.get(said.status, OTHER), [Said(said.status)]


async def _neo_webhook(seen: Seen) -> Answer:
    said, _ = await _own_webhook(seen)
    return "there", [Said(said.status)]


async def _own_webhook(seen: Seen) -> tuple[Said, str]:
    """Return the answer that lists Neo Agent's webhook, and the webhook's id.

    Raises: NotAsked when its host is not known, or it is not there.
    """
    host = (seen.tenant.webhook_host or "").strip().lower()
    said = await seen.read("Webhook", type=0)
    found = next((row for row in _rows(said) if host and goes_to(row, host)), None)
    if found is None or not isinstance(found.get("id"), str):
        raise NotAsked("not-met")
    return said, str(found["id"])


async def _delivery_status(seen: Seen) -> Answer:
    _, identity = await _own_webhook(seen)
    said = await seen.read("WebhookEvent", webhook_id=identity, pageinate=True, page_size=20, page_no=1)
    rows = said.data.get("events") if isinstance(said.data, dict) else None
    rows = rows if isinstance(rows, list) else []
    numbers: list[Any] = [row.get("status") for row in rows if isinstance(row, dict)]
    kept = [Said(said.status)]
    if not numbers:
        raise NotAsked("not-met")
    if not all(isinstance(one, int) for one in numbers):
        return OTHER, kept
    if set(numbers) <= {0, 1}:
        return "0-1", kept
    return "http" if all(100 <= one < 600 for one in numbers) else OTHER, kept


async def _paths(seen: Seen) -> Answer:
    said = await seen.read("agent/me/")
    return {200: "lenient", 404: "strict"}.get(said.status, OTHER), [Said(said.status)]


async def _licence_counts(seen: Seen) -> Answer:
    told = seen.instance.data if isinstance(seen.instance.data, dict) else {}
    counts = [told.get(name) for name in ("agent_count", "licensed_agent_count")]
    kept = [Said(seen.instance.status, dict.fromkeys(told))]
    if seen.instance.status != 200 or not told:
        return OTHER, kept
    if counts == [None, None]:
        return "absent", kept
    return "zero" if counts == [0, 0] else "real", kept


async def _can_update(seen: Seen) -> Answer:
    said = await seen.read("Agent/me")
    me = said.data if isinstance(said.data, dict) else {}
    number = me.get("id")
    if not isinstance(number, int):
        raise NotAsked("no-right")
    one = await seen.read(f"Agent/{number}")
    told = one.data.get("_canupdate") if isinstance(one.data, dict) else None
    kept = [Said(one.status, dict.fromkeys(one.fields))]
    if told is None:
        return "absent", kept
    if told is True and me.get("is_admin") is True:
        raise NotAsked("not-met")  # an administrator may in any case
    return "always" if told is True else "role", kept


_ASKED: dict[str, Callable[[Seen], Awaitable[Answer]]] = {
    "token-errors": _token_errors,
    "unknown-tenant": _unknown_tenant,
    "wider-scope": _wider_scope,
    "no-scope": _no_scope,
    "scope-all": _scope_all,
    "agents-scope": _agents_scope,
    "scopes-enforced": _scopes_enforced,
    "refusal-status": _refusal_status,
    "bad-token-body": _bad_token_body,
    "page-max": _page_max,
    "agents-envelope": _agents_envelope,
    "api-agents-listed": _api_agents_listed,
    "agent-list-fields": _agent_list_fields,
    "token-format": _token_format,
    "authinfo": _authinfo,
    "openid-metadata": _openid_metadata,
    "authorize": _authorize,
    "neo-webhook": _neo_webhook,
    "delivery-status": _delivery_status,
    "paths": _paths,
    "licence-counts": _licence_counts,
    "can-update": _can_update,
}
"""What a survey asks with the application's own credentials."""
