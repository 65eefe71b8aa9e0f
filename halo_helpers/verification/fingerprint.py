"""What a tenant's set-up is, in a few fields: later runs compare them, to tell what changed unseen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ..checks.probe import Probe
from ..client.models import Agent, as_text
from ..system.plain_text import plain_text

Fingerprint = dict[str, Any]
"""By field: a text, number or truth value, or a sorted list of texts. What was not told is not in it."""

FIELDS = {
    "scopes.granted": "Scopes granted",
    "scopes.wide": "Wide scopes granted",
    "agent.id": "Agent that the application logs in as",
    "agent.name": "Agent's name",
    "agent.roles": "Agent's roles",
    "agent.teams": "Agent's teams",
    "agent.hours": "Agent's working hours",
    "agent.disabled": "Agent disabled",
    "agent.api_only": "Agent API-only",
    "webhooks": "Webhooks",
    "version": "HaloPSA's version",
}
"""The fields that are compared, in words."""
CHANGED_AT = "agent.changed_at"
"""When HaloPSA says that the agent was changed last; not compared itself."""


def fingerprint_of(probe: Probe) -> Fingerprint:
    """Return it, made of what a verification has asked in any case; nothing is sent."""
    found: Fingerprint = {}
    token, wide = probe.known("token"), probe.known("wide scopes")
    if token is not None and token.scopes is not None:
        found["scopes.granted"] = sorted(token.scopes)
    if wide is not None:
        found["scopes.wide"] = sorted(wide)
    found |= _of_agent(probe.known("me"), probe.known("details"))
    rows = probe.known("webhooks")
    if rows is not None:
        found["webhooks"] = sorted(map(_webhook, rows))
    instance = probe.known("instance")
    if instance is not None and instance.version:
        found["version"] = instance.version
    return found


def _of_agent(me: Agent | None, details: Agent | None) -> Fingerprint:
    """Read the agent: each field from the answer that had it, the details first."""
    if me is None:
        return {}
    found: Fingerprint = {"agent.id": me.id, "agent.name": me.name}
    for answer in filter(None, (me, details)):
        fields = answer.fields
        found |= {"agent.disabled": answer.is_disabled} if "isdisabled" in fields else {}
        found |= {"agent.api_only": answer.is_api_only} if "isapiagent" in fields else {}
        found |= {"agent.hours": answer.workday} if "workday_id" in fields else {}
        found |= {"agent.teams": sorted(answer.team_names)} if answer.team_names is not None else {}
        found |= {"agent.roles": sorted(answer.role_names)} if answer.role_names is not None else {}
        found |= {CHANGED_AT: answer.changed_at} if answer.changed_at else {}
    return found


def _webhook(row: Mapping[str, Any]) -> str:
    """Name a webhook by its host: its path may be as good as a password."""
    try:
        host = plain_text(urlsplit(as_text(row.get("url"), 2000)).netloc.rpartition("@")[2])
    except ValueError:
        host = ""
    off = row.get("active") is False or bool(row.get("disabled"))
    return f"{host or 'no host'}{', off' if off else ''}"


def plain_fingerprint(value: object) -> Fingerprint:
    """Read a fingerprint that a file holds: known fields, each text made plain."""
    if not isinstance(value, Mapping):
        return {}
    return {name: _plain(value[name]) for name in (*FIELDS, CHANGED_AT) if name in value}


def _plain(value: object) -> Any:
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, Sequence):
        return [plain_text(entry) for entry in value if isinstance(entry, str)]
    return value if isinstance(value, bool | int) or value is None else plain_text(str(value))
