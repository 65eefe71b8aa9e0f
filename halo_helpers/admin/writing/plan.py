"""What is to be written so that Neo Agent can work, and what only a person may click.

Never planned: an application made, a secret, a login type, a method, another agent, a role's content, a
deletion (the administrator's lane, section 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...checks.codes.address import LICENCE_NONE_FREE
from ...checks.codes.administrator import (
    APPLICATION_INACTIVE,
    APPLICATION_UNKNOWN,
    SCOPE_UNTICKED,
)
from ...checks.findings import Finding
from ...checks.webhooks import goes_to
from ...client.models import UNASSIGNED_ID
from ...guide.step import AGENT_NAME, APPLICATION_NAME
from ...guide.steps import STEPS
from ...report.text import step_words
from ...tenants.answers import read_answers
from ...tenants.tenant import DEFAULT_SCOPES
from ..access import Administrator
from ..reading.causes import Row, rows_of
from ..reading.look import Looked
from ..reading.objects import Application, Named
from .changes import AGENT, APPLICATION, WEBHOOK, Change, Click, Plan

ADMINISTRATOR = "admin"
"""Part of the name of a role that is never given."""
_NEEDED = frozenset({"agent-role-missing", "agent-hours-missing"})
"""Warnings that a setup sees to, too."""
_TOLD_OTHERWISE = frozenset({"client-id-changed", "application-unknown", "agent-unknown"})
_TEXTS = {True: "ticked", False: "not ticked"}


@dataclass(frozen=True)
class Wishes:
    """What a person may choose; a team, role and working hours by name, empty for the first that fits."""

    agent_name: str
    application_name: str
    email: str
    team: str = ""
    role: str = ""
    hours: str = ""


def wishes_of(name: str, agent: str = "", application: str = "", **chosen: str) -> Wishes:
    """Return what was chosen for a tenant, here or in the guide; the guide's own names else."""
    answers = read_answers(name)
    email = next(field.value for field in STEPS["create-agent"].fields if field.name == "Email")
    return Wishes(
        agent or answers.get("agent_name") or AGENT_NAME,
        application or answers.get("application_name") or APPLICATION_NAME,
        email,
        **chosen,
    )


def plan_of(seen: Looked, who: Administrator, wishes: Wishes) -> Plan:
    """Return what is to be done, of what was seen now."""
    rows = {row.finding.code: row for row in rows_of(seen, ()) if row.finding}
    changes = [*_agent(seen, who, wishes, rows), *_application(seen, who, rows), *_webhook(seen, rows)]
    clicks = list(_clicks(seen, who, wishes, rows))
    told = {*(one.code for one in changes), *(one.code for one in clicks)} | _TOLD_OTHERWISE
    clicks += [_of(row.finding) for code, row in rows.items() if row.finding and _is_left(code, row, told)]
    return Plan(tuple(changes), tuple(clicks))


def _is_left(code: str, row: Row, told: set[str]) -> bool:
    """Whether something wrong has no change and no click yet: nothing that fits it was found."""
    matters = row.finding is not None and (row.finding.verdict == "fail" or code in _NEEDED)
    return matters and code not in told


def _is_own(seen: Looked, who: Administrator) -> bool:
    """Whether the agent is the administrator himself, or another one: nobody's own rights are changed."""
    return seen.agent is not None and (
        seen.agent.is_admin is not False
        or seen.agent.id == UNASSIGNED_ID
        or who.agent is None
        or seen.agent.id == who.agent.id
    )


def _agent(seen: Looked, who: Administrator, wishes: Wishes, rows: dict[str, Row]) -> Iterator[Change]:
    if seen.agent is None:
        if _is_to_be_made(seen, wishes) and not _no_licence(seen):
            yield from _new_agent(seen, wishes)
        return
    if _is_own(seen, who):
        return
    one = seen.agent

    def change(name: str, screen: str, before: Any, after: Any, shown: tuple[str, str], code: str) -> Change:
        return Change(AGENT, one.id, one.name, name, screen, before, after, shown, code)

    ticks = (
        ("agent-disabled", "isdisabled", "Account Active", (_TEXTS[False], _TEXTS[True])),
        ("agent-api-only", "isapiagent", "Is an API-only Agent", (_TEXTS[True], _TEXTS[False])),
    )
    for code, name, screen, shown in ticks:
        if code in rows and not _no_licence(seen):
            yield change(name, screen, True, False, shown, code)
    code = next((code for code in ("agent-without-team", "team-inactive") if code in rows), "")
    team = _chosen(seen.teams, wishes.team)
    if code and team:
        before = list(one.lists.get("teams", ()))
        shown = (rows[code].value, ", ".join([*(m.name for m in one.teams or ()), team.name]))
        yield change("teams", "Departments & Teams", before, [*before, _team(team)], shown, code)
    role = _role(seen, wishes)
    if "agent-role-missing" in rows and role:
        shown = ("none", role.name)
        yield change("roles", "Roles", [], [{"id": role.id}], shown, "agent-role-missing")
    hours = _chosen(seen.workdays, wishes.hours)
    if "agent-hours-missing" in rows and hours:
        before_hours = one.workday_id or 0
        shown = (rows["agent-hours-missing"].value, hours.name)
        code = "agent-hours-missing"
        yield change("workday_id", "Preferences: Working Hours", before_hours, int(hours.id), shown, code)


def _is_to_be_made(seen: Looked, wishes: Wishes) -> bool:
    named = seen.tenant.agent_id
    is_ours = isinstance(named, str) and named.strip().casefold() == wishes.agent_name.casefold()
    return is_ours and seen.of_name == [] and not _other_agent(seen)


def _other_agent(seen: Looked) -> int:
    """Return whom the application logs in as already, 0 for nobody: that may be Neo Agent's agent."""
    return seen.application.agent_id or 0 if seen.application else 0


def _no_licence(seen: Looked) -> bool:
    """Whether no Named Licence is free, as far as the instance tells."""
    counts = (seen.instance.agents, seen.instance.licensed_agents) if seen.instance else (None, None)
    return bool(counts[0] and counts[1] and counts[0] >= counts[1])


def _new_agent(seen: Looked, wishes: Wishes) -> Iterator[Change]:
    """Return the fields of an agent to be made; none unless each has a value to choose from."""
    team, role, hours = (
        _chosen(seen.teams, wishes.team),
        _role(seen, wishes),
        _chosen(seen.workdays, wishes.hours),
    )
    if not (team and role and hours):
        return
    for name, screen, after, shown in (
        ("name", "Username and Name", wishes.agent_name, wishes.agent_name),
        ("email", "Email", wishes.email, wishes.email),
        ("teams", "Departments & Teams", [_team(team)], team.name),
        ("roles", "Roles", [{"id": role.id}], role.name),
        ("workday_id", "Preferences: Working Hours", int(hours.id), hours.name),
    ):
        yield Change(AGENT, None, wishes.agent_name, name, screen, None, after, ("—", shown), "agent-unknown")


def _team(team: Named) -> dict[str, object]:
    return {"team_id": int(team.id), "team_name": team.name, "fortickets": True, "in_section": True}


def _chosen(entries: list[Named] | None, name: str) -> Named | None:
    """Return the entry of a name, the first in use where none is wished."""
    usable = [one for one in entries or () if not one.off and one.id.isdecimal()]
    if name:
        return next((one for one in usable if one.name.casefold() == name.casefold()), None)
    return next(iter(usable), None)


def _role(seen: Looked, wishes: Wishes) -> Named | None:
    """Return the role to give: never the one that changes everything."""
    wanted = wishes.role or next(
        (field.value for field in STEPS["create-agent"].fields if field.name == "Roles"), ""
    )
    roles = [one for one in seen.roles or () if ADMINISTRATOR not in one.name.casefold()]
    return next((one for one in roles if one.name.casefold() == wanted.casefold()), None)


def _application(seen: Looked, who: Administrator, rows: dict[str, Row]) -> Iterator[Change]:
    own = seen.application
    if own is None or own.is_system:
        return

    def change(name: str, screen: str, before: Any, after: Any, shown: tuple[str, str], code: str) -> Change:
        return Change(APPLICATION, own.id, own.name, name, screen, before, after, shown, code)

    if APPLICATION_INACTIVE.code in rows:
        yield change(
            "inactive", "Active", True, False, (_TEXTS[False], _TEXTS[True]), APPLICATION_INACTIVE.code
        )
    row = rows.get("application-agent")
    if row and seen.agent and not _is_own(seen, who):
        shown = (f"agent {own.agent_id}", seen.agent.label)
        yield change("loginas_agent_id", "Agent", own.agent_id, seen.agent.id, shown, "application-agent")
    if (SCOPE_UNTICKED.code in rows or "scopes-excess" in rows) and set(own.scopes or ()) != {
        *DEFAULT_SCOPES
    }:
        yield _scopes(own, SCOPE_UNTICKED.code if SCOPE_UNTICKED.code in rows else "scopes-excess")


def _scopes(own: Application, code: str) -> Change:
    """Return the change of the scopes to the wanted ones: the list whole, its rows as they came."""
    before, wanted = list(own.lists.get("scopes", ())), DEFAULT_SCOPES
    kept = [row for row in before if isinstance(row, dict) and row.get("name") in wanted]
    after = [*kept, *({"name": one} for one in wanted if one not in {row["name"] for row in kept})]
    shown = (", ".join(sorted(own.scopes or ())) or "none", ", ".join(sorted(wanted)))
    return Change(APPLICATION, own.id, own.name, "scopes", "Permissions", before, after, shown, code)


def _webhook(seen: Looked, rows: dict[str, Row]) -> Iterator[Change]:
    row = rows.get("webhook-off")
    host = (seen.tenant.webhook_host or "").strip().lower()
    hook = next((one for one in seen.webhooks or () if host and goes_to({"url": one.url}, host)), None)
    if row and hook and not hook.is_disabled:
        shown = (_TEXTS[False], _TEXTS[True])
        yield Change(WEBHOOK, hook.id, hook.name, "active", "Active", False, True, shown, "webhook-off")


def _clicks(seen: Looked, who: Administrator, wishes: Wishes, rows: dict[str, Row]) -> Iterator[Click]:
    """What only a person may do, with the exact words of the screens."""
    if seen.agent is None:
        yield from _clicks_for_agent(seen, wishes)
    elif _is_own(seen, who):
        yield _click(
            "note-agent-id",
            f"{seen.agent.label} is an administrator: Neo Agent needs an agent of its own. Give that one's "
            "number as agent_id, or leave agent_id out to have one made",
            "agent-mismatch",
        )
    elif _no_licence(seen) and {"agent-disabled", "agent-api-only"} & rows.keys():
        yield _of(LICENCE_NONE_FREE(""), "prerequisites")
    if seen.applications is None:
        yield _click("create-application", "the applications may not be seen: look at each field there", "")
    elif len(same := of_name(seen, wishes)) > 1:
        ids = ", ".join(one.client_id for one in same)
        todo = f"{ids} are all called {wishes.application_name}: give the right one as client_id"
        yield _click("save-application", todo, "application-doubled")
    elif seen.application is None:
        agent = seen.agent.name if seen.agent else wishes.agent_name
        todo = _to_make(wishes.application_name, agent)
        yield _click("create-application", todo, APPLICATION_UNKNOWN.code)


def of_name(seen: Looked, wishes: Wishes) -> list[Application]:
    """Return the applications of the expected name, while it is open which one is meant."""
    if seen.application is not None:
        return []
    name = wishes.application_name.casefold()
    return [one for one in seen.applications or () if one.name.casefold() == name and not one.is_system]


def _clicks_for_agent(seen: Looked, wishes: Wishes) -> Iterator[Click]:
    if "Agent/{id}" in seen.could_not_see or "Agent" in seen.could_not_see:
        yield _click("create-agent", "the agent may not be seen: look at each field there", "")
        return
    if seen.of_name == [] and _other_agent(seen):
        todo = (
            f"the application logs in as agent {_other_agent(seen)}: if that is Neo Agent's, give its number "
            "as agent_id"
        )
        yield _click("note-agent-id", todo, "agent-unknown")
        return
    if seen.of_name and len(seen.of_name) > 1:
        ids = ", ".join(map(str, seen.of_name))
        todo = (
            f"agents {ids} are all called {wishes.agent_name}: give the number of the right one as agent_id"
        )
        yield _click("note-agent-id", todo, "agent-name-ambiguous")
    elif seen.agent_is_there is False:
        todo = f"no agent has the number {seen.tenant.agent_id}: correct agent_id, or leave it out"
        yield _click("note-agent-id", f"{todo} to have one made", "agent-unknown")
    elif _is_to_be_made(seen, wishes) and _no_licence(seen):
        yield _of(LICENCE_NONE_FREE(""), "prerequisites")
    elif not _is_to_be_made(seen, wishes) or not list(_new_agent(seen, wishes)):
        yield _click(
            "create-agent", f"make the agent {wishes.agent_name} by hand, as the guide says", "agent-unknown"
        )


def _to_make(application: str, agent: str) -> str:
    return (
        f"Application Name: {application}; Active: ticked; Authentication Method: Client ID and Secret "
        f"(Services); Login Type: Agent; Agent: {agent}; Permissions: {', '.join(DEFAULT_SCOPES)} on Yes; "
        "Save; copy the Client Secret, which is shown once"
    )


def _click(step: str, todo: str, code: str) -> Click:
    is_new = step.startswith("create-")
    where = f"{STEPS[step].path} (notebook {STEPS[step].notebook})" if is_new else step_words(step)
    return Click(step, where or step, todo, code)


def _of(finding: Finding, step: str = "") -> Click:
    return _click(finding.step or step, finding.remedy, finding.code)
