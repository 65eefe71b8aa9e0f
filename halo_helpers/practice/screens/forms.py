"""What a browser sends: forms, and how one becomes an agent or an application."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl

from ..wire import Ask
from ..world.agents import ROLES, TEAMS, Agent
from ..world.applications import LOGIN_TYPES, METHODS, Application
from ..world.scopes import KNOWN_SCOPES
from ..world.world import World


@dataclass(frozen=True)
class Form:
    """What a form sent, and the search of a list."""

    fields: dict[str, str]
    posted: bool
    search: str = ""
    flash: str = ""

    @classmethod
    def of(cls, ask: Ask) -> Form:
        """Read the form of a request."""
        fields = dict(parse_qsl(ask.body.decode("utf-8", "replace"), keep_blank_values=True))
        return cls(fields, ask.method == "POST", ask.query.get("search", ""), ask.query.get("done", ""))


def is_own(form: Form, csrf: str) -> bool:
    """Whether a form carries the token that the server gave it."""
    return hmac.compare_digest(form.fields.get("csrf", "").encode(), csrf.encode())


def agent_from(form: dict[str, str], agent_id: int) -> Agent:
    """Read the form of an agent."""
    role = form.get("role", "")
    return Agent(
        agent_id,
        form.get("name", "").strip()[:100],
        form.get("email", "").strip()[:200],
        is_disabled="active" not in form,
        is_api_only="api_only" in form,
        team_ids=tuple(team for team in TEAMS if f"team-{team}" in form),
        role_ids=(int(role),)
        if role.isdecimal() and role.isascii() and len(role) < 9 and int(role) in ROLES
        else (),
        workday_id=1 if form.get("workday") == "1" else 0,
    )


def fill_in(world: World, application: Application, form: dict[str, str]) -> list[str]:
    """Put a form into an application; return what is wrong with it, in which case the rest is not saved.

    What was typed stays in the form, as far as it can be read.
    """
    name, agent = form.get("name", "").strip()[:100], form.get("agent", "0")
    method, login_type = form.get("method", ""), form.get("login_type", "")
    problems = [] if name else ["Application Name is missing."]
    if (
        method not in METHODS
        or login_type not in LOGIN_TYPES
        or not (agent.isdecimal() and agent.isascii() and len(agent) < 9)
    ):
        problems.append("Choose a value of each list.")
    elif login_type == "agent" and world.agent(int(agent)) is None:
        problems.append("With Login Type Agent, choose the Agent.")
    if problems and application.client_id in world.applications:
        return problems
    if method in METHODS and login_type in LOGIN_TYPES:
        application.method, application.login_type = method, login_type
    application.name, application.active = name, "active" in form
    application.agent_id = int(agent) if agent.isdecimal() and agent.isascii() and len(agent) < 9 else 0
    application.scopes = frozenset(scope for scope in KNOWN_SCOPES if f"scope-{scope}" in form)
    return problems
