"""What a browser sends: forms, and how one becomes an agent or an application."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from ..wire import Ask, whole_number
from ..world.agents import ROLES, TEAMS, Agent
from ..world.applications import LOGIN_TYPES, METHODS, Application
from ..world.scopes import KNOWN_SCOPES
from ..world.world import World

ID_DIGITS = 8
"""Digits of the longest id that a form or a path may carry."""


@dataclass(frozen=True)
class Form:
    """What a form sent, and the search of a list."""

    fields: dict[str, str]
    posted: bool
    search: str = ""
    flash: str = ""
    draft: str = ""
    """Which form that is not saved yet it goes on with."""

    @classmethod
    def of(cls, ask: Ask) -> Form:
        """Return the form of a request."""
        fields = dict(parse_qsl(ask.body.decode("utf-8", "replace"), keep_blank_values=True))
        draft = fields.get("draft") or ask.query.get("draft", "")
        return cls(
            fields, ask.method == "POST", ask.query.get("search", ""), ask.query.get("done", ""), draft
        )


def is_foreign(ask: Ask) -> bool:
    """Whether another site sent this form: a browser says from where it comes."""
    return ask.method == "POST" and ask.headers.get("origin", ask.origin) != ask.origin


def is_own(form: Form, csrf: str) -> bool:
    """Whether a form carries the token that the server gave it."""
    return hmac.compare_digest(form.fields.get("csrf", "").encode(), csrf.encode())


def agent_from(form: dict[str, str], agent_id: int) -> Agent:
    """Return the agent that a form describes."""
    role = whole_number(form.get("role", ""), ID_DIGITS)
    return Agent(
        agent_id,
        form.get("name", "").strip()[:100],
        form.get("email", "").strip()[:200],
        is_disabled="active" not in form,
        is_api_only="api_only" in form,
        team_ids=tuple(team for team in TEAMS if f"team-{team}" in form),
        role_ids=(role,) if role is not None and role in ROLES else (),
        workday_id=1 if form.get("workday") == "1" else 0,
    )


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and len(text) <= 300


def fill_in(world: World, application: Application, form: dict[str, str]) -> list[str]:
    """Put a form into a copy of an application, as far as it can be read.

    Return what is wrong with it, in which case it is not saved.
    """
    name, agent_id = form.get("name", "").strip()[:100], whole_number(form.get("agent", "0"), ID_DIGITS)
    method, login_type = form.get("method", ""), form.get("login_type", "")
    problems = [] if name else ["Application Name is missing."]
    if method not in METHODS or login_type not in LOGIN_TYPES or agent_id is None:
        problems.append("Choose a value of each list.")
    elif login_type == "agent" and world.agent(agent_id) is None:
        problems.append("With Login Type Agent, choose the Agent.")
    if method in METHODS and login_type in LOGIN_TYPES:
        application.method, application.login_type = method, login_type
    application.name, application.active = name, "active" in form
    application.agent_id = agent_id or 0
    redirects = form.get("redirect", "").replace(",", " ").split()
    if any(not _is_address(one) for one in redirects):
        problems.append("A Redirect URI is no address such as http://127.0.0.1:8765/callback.")
    application.redirects = tuple(redirects[:10])
    application.scopes = frozenset(scope for scope in KNOWN_SCOPES if f"scope-{scope}" in form)
    return problems
