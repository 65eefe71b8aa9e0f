"""Which field decides what: each field that was read, what it should be, and the finding where it is not.

Source: facts 6; the table of the administrator's lane. What was not seen gives no row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from ...checks.codes.administrator import (
    AGENT_RESTRICTED,
    APPLICATION_AGENT,
    APPLICATION_DOUBLED,
    APPLICATION_INACTIVE,
    APPLICATION_LOGIN_TYPE,
    APPLICATION_METHOD,
    APPLICATION_SYSTEM,
    APPLICATION_UNKNOWN,
    CLIENT_ID_CHANGED,
    MODULE_OFF,
    SCOPE_UNTICKED,
    SECRET_WRONG,
    TEAM_INACTIVE,
)
from ...checks.codes.identity import (
    AGENT_API_ONLY,
    AGENT_DISABLED,
    AGENT_HOURS_MISSING,
    AGENT_ROLE_MISSING,
    AGENT_UNKNOWN,
    AGENT_WITHOUT_TEAM,
)
from ...checks.codes.token import CREDENTIALS_SWAPPED, SCOPES_EXCESS
from ...checks.codes.webhooks import WEBHOOK_MISSING, WEBHOOK_OFF, WEBHOOK_WITHOUT_EVENTS
from ...checks.findings import BROKEN, Finding
from ...checks.webhooks import goes_to
from ...guide.step import APPLICATION_NAME
from ...secrets.value import GUID
from ...system.plain_text import count_of
from ...tenants.answers import read_answers
from .look import Looked
from .objects import AgentSetUp, Application

METHODS = frozenset({"client_credentials", "client id and secret (services)", "client id and secret"})
"""How the Authentication Method may be written; numbers and other words are open (wire contract 39)."""
OTHER_METHODS = frozenset(
    {
        *("authorization_code", "implicit", "password", "api_key", "jwt-bearer", "hybrid"),
        *("authorisation code (web or native application)", "authorisation code (native application)"),
        *("implicit flow", "username & password", "api key", "jwt assertion"),
    }
)
OTHER_LOGINS = frozenset({"0", "2", "3", "user", "supplier", "no login"})
"""Login types that are no agent's, as `loginentity` may have them (wire contract 39)."""
_MODULES = {
    "access.opportunities": ("sales", "opportunities"),
    "access.quotations": ("sales", "quotations"),
    "access.contracts": ("contracts",),
    "access.assets": ("assets",),
    "access.kb": ("knowledge base",),
    "access.reports": ("reporting", "reports"),
}
"""The modules of an area, in the words of `/Features`; real instances' words are open."""


@dataclass(frozen=True)
class Row:
    """One field: of which object, what it is called on the screen, its value, and what it should be.

    `finding` is None where it is right.
    """

    field: str
    screen: str
    value: str
    expected: str
    finding: Finding | None = None

    def as_json(self, base_url: str) -> dict[str, object]:
        """Shape of an entry of `fields`."""
        finding = self.finding
        return {
            "field": self.field,
            "screen": self.screen,
            "value": self.value,
            "expected": self.expected,
            "code": finding.code if finding else None,
            "link": f"{base_url}{finding.link}" if finding and finding.link else None,
        }


def rows_of(seen: Looked, found: Collection[str], missing: Collection[str] = ()) -> list[Row]:
    """Return every field that was read. `found` are the codes of the ordinary verification.

    `missing` are the checks of areas that the instance answered with 404.
    """
    rows = [*_application(seen), *_agent(seen), *_modules(seen, missing), *_webhook(seen)]
    broken = [row for row in rows if row.finding and row.finding.verdict in BROKEN]
    explained = any(
        row.field.startswith("application.") or row.field == "agent.isdisabled"
        for row in broken
        if row.field != "application.scopes"  # a scope that is not ticked refuses no client
    )
    told = {row.field for row in rows if row.finding is None}
    if seen.application and "invalid-client" in found and not explained and told >= _DECIDE:
        said = SECRET_WRONG("HaloPSA refuses the secret, and the application's other fields are right")
        rows.append(
            Row("application.clientSecret", "Client Secret", "refused", "the application's own", said)
        )
    return [replace(row, finding=_refining(row.finding, found)) if row.finding else row for row in rows]


_DECIDE = {
    *("application.inactive", "application.grant_type", "application.loginas_agent_id"),
    "agent.isdisabled",
}
"""Fields that have to be seen to be right before the secret is what is left."""
_REFINES = {
    CLIENT_ID_CHANGED.code: ("invalid-client",),
    APPLICATION_UNKNOWN.code: ("invalid-client",),
    APPLICATION_INACTIVE.code: ("invalid-client", "token-refused"),
    APPLICATION_METHOD.code: ("unauthorized-client",),
    APPLICATION_LOGIN_TYPE.code: ("login-not-agent",),
    APPLICATION_AGENT.code: ("agent-mismatch",),
    SCOPE_UNTICKED.code: (
        *("scopes-missing", "scopes-none", "invalid-scope", "webhooks-refused", "agents-not-listable"),
    ),
    SECRET_WRONG.code: ("invalid-client",),
    TEAM_INACTIVE.code: ("agent-without-team",),
    AGENT_RESTRICTED.code: ("area-empty",),
    AGENT_DISABLED.code: ("token-refused", "invalid-client"),
    MODULE_OFF.code: ("area-missing",),
}
"""What a code stands in the place of, where the verification found that."""


def _refining(finding: Finding, found: Collection[str]) -> Finding:
    if finding.code == CLIENT_ID_CHANGED.code and CREDENTIALS_SWAPPED.code in found:
        return replace(finding, folds_into=CREDENTIALS_SWAPPED.code)
    refines = next((code for code in _REFINES.get(finding.code, ()) if code in found), None)
    return replace(finding, refines=refines)


def _application(seen: Looked) -> Iterator[Row]:
    applications, own = seen.applications, seen.application
    if applications is None:
        return
    if own is None:
        yield _no_application(seen, applications)
        return
    yield Row("application.clientId", "Client ID", own.client_id, "the one given")
    if own.is_system:
        said = APPLICATION_SYSTEM(f"“{own.name}” has this Client ID, and HaloPSA uses it itself")
        yield Row("application.system_use", "—", "HaloPSA's own", "ours", said)
        return
    twins = [one for one in applications if one.name == own.name and one.id != own.id]
    if twins:
        seen_as = f"“{own.name}” stands {len(twins) + 1} times in the list; in use is {own.client_id}"
        yield Row(
            "application.displayName", "Name", own.name, "once in the list", APPLICATION_DOUBLED(seen_as)
        )
    yield from _details(own)
    yield from _login(seen, own)
    yield from _scopes(seen, own)


def _no_application(seen: Looked, applications: list[Application]) -> Row:
    shown = seen.client_id if GUID.fullmatch(seen.client_id) else "no Client ID"
    given = read_answers(seen.tenant.name).get("application_name") or APPLICATION_NAME
    alike = [one for one in applications if one.name.casefold() == given.casefold() and not one.is_system]
    if alike:
        one = next((one for one in alike if not one.is_inactive), alike[0])
        said = CLIENT_ID_CHANGED(f"“{one.name}” has the Client ID {one.client_id}, given was {shown}")
        return Row("application.clientId", "Client ID", one.client_id, shown, said)
    of_them = f"none of {count_of(len(applications), 'application')}"
    said = APPLICATION_UNKNOWN(f"{of_them} has the Client ID {shown}")
    if not seen.client_id:
        said = APPLICATION_UNKNOWN(f"no Client ID is known, and {of_them} is called “{given}”")
    return Row("application.clientId", "Client ID", "in no application", shown, said)


def _details(own: Application) -> Iterator[Row]:
    if own.is_inactive is not None:
        said = APPLICATION_INACTIVE(f"Active of “{own.name}” is not ticked") if own.is_inactive else None
        yield Row(
            "application.inactive", "Active", "not ticked" if own.is_inactive else "ticked", "ticked", said
        )
    if own.method:
        written, wanted = own.method, "Client ID and Secret (Services)"
        if written.lower() in METHODS:
            yield Row("application.grant_type", "Authentication Method", written, wanted)
        else:
            known = written.lower() in OTHER_METHODS
            said = APPLICATION_METHOD(
                f"Authentication Method of “{own.name}” is “{written}”"
                + ("" if known else ", a value that no source tells the meaning of"),
                verdict="fail" if known else "warn",
            )
            yield Row("application.grant_type", "Authentication Method", written, wanted, said)


def _login(seen: Looked, own: Application) -> Iterator[Row]:
    """Login Type and agent; `loginentity` itself is open, so what it says only counts where it is known."""
    told = own.login_entity.lower()
    other = bool(own.client_login) or bool(own.supplier_login) or told in OTHER_LOGINS
    nobody = own.agent_id is not None and own.agent_id <= 0
    shown = own.login_entity or "not told"
    if other or nobody:
        whom = "a client or supplier" if other else "nobody"
        said = APPLICATION_LOGIN_TYPE(f"“{own.name}” logs in as {whom} (Login Type is “{shown}”)")
        yield Row("application.loginentity", "Login Type", shown, "Agent", said)
        return
    if own.agent_id is None:
        return
    yield Row("application.loginentity", "Login Type", shown, "Agent")
    wanted = seen.agent.id if seen.agent else seen.tenant.agent_id
    if not isinstance(wanted, int):
        return
    said_agent = None
    if own.agent_id != wanted:
        said_agent = APPLICATION_AGENT(
            f"“{own.name}” logs in as agent {own.agent_id}, the Agent ID is {wanted}"
        )
    yield Row("application.loginas_agent_id", "Agent", str(own.agent_id), str(wanted), said_agent)


def _scopes(seen: Looked, own: Application) -> Iterator[Row]:
    if own.scopes is None:
        return
    held = set(own.scopes)
    for scope in seen.tenant.scopes:
        ticked = scope in held or (scope == "all:standard" and "all" in held)
        said = (
            None
            if ticked
            else SCOPE_UNTICKED(f"{scope} is not ticked on “{own.name}”", headline=f"{scope} is not ticked")
        )
        yield Row("application.scopes", scope, "Yes" if ticked else "No", "Yes", said)
    wide = sorted(held - set(seen.tenant.scopes))
    if wide:
        said = SCOPES_EXCESS(f"ticked besides the three that Neo Agent needs: {', '.join(wide)}")
        yield Row("application.scopes", "everything else", ", ".join(wide), "No", said)


def _agent(seen: Looked) -> Iterator[Row]:
    one = seen.agent
    if one is None:
        if seen.agent_is_there is False:
            said = AGENT_UNKNOWN(f"no agent has the number {seen.tenant.agent_id}")
            yield Row("agent.id", "Agent ID", "not there", str(seen.tenant.agent_id), said)
        return
    yield Row("agent.id", "Agent ID", str(one.id), str(one.id))
    if one.is_disabled is not None:
        off = AGENT_DISABLED(f"Account Active of {one.label} is not ticked") if one.is_disabled else None
        yield Row("agent.isdisabled", "Account Active", "not ticked" if off else "ticked", "ticked", off)
    if one.is_api_only is not None:
        only = AGENT_API_ONLY(f"Is an API-only Agent of {one.label} is ticked") if one.is_api_only else None
        yield Row(
            "agent.isapiagent", "Is an API-only Agent", "ticked" if only else "not ticked", "not ticked", only
        )
    yield from _teams(seen, one)
    if one.roles is not None:
        none = None if one.roles else AGENT_ROLE_MISSING(f"{one.label} has no role")
        known = {role.id for role in seen.roles or ()}
        if one.roles and known and not known & {key for key, _ in one.roles}:
            none = AGENT_ROLE_MISSING(f"no role of {one.label} is in the list of roles any more")
        names = ", ".join(name or key for key, name in one.roles) or "none"
        yield Row("agent.roles", "Roles", names, "at least one", none)
    yield from _hours(seen, one)
    if one.clients:
        number = count_of(one.clients, "client")
        said = AGENT_RESTRICTED(f"{one.label} is restricted to {number}")
        yield Row("agent.clients", "Client restrictions", number, "none", said)


def _teams(seen: Looked, one: AgentSetUp) -> Iterator[Row]:
    if one.teams is None:
        return
    names = ", ".join(team.name or str(team.team_id) for team in one.teams) or "none"
    off = {team.id for team in seen.teams or () if team.off}
    said = None
    if not one.teams:
        said = AGENT_WITHOUT_TEAM(f"{one.label} is in no team")
    elif all(team.for_tickets is False for team in one.teams):
        said = AGENT_WITHOUT_TEAM(f"no team of {one.label} is one for tickets: {names}")
    elif all(team.for_tickets is False or str(team.team_id) in off for team in one.teams):
        said = TEAM_INACTIVE(f"every team of {one.label} for tickets is inactive: {names}")
    yield Row("agent.teams", "Departments & Teams", names, "at least one in use", said)


def _hours(seen: Looked, one: AgentSetUp) -> Iterator[Row]:
    if one.workday_id is None:
        return
    known = {day.id: day.name for day in seen.workdays or ()}
    said = None
    if one.workday_id <= 0:
        said = AGENT_HOURS_MISSING(f"{one.label} has no working hours")
    elif seen.workdays is not None and str(one.workday_id) not in known:
        said = AGENT_HOURS_MISSING(f"the working hours {one.workday_id} of {one.label} are not there")
    value = "none" if one.workday_id <= 0 else known.get(str(one.workday_id)) or str(one.workday_id)
    yield Row("agent.workday_id", "Preferences: Working Hours", value, "set", said)


def _modules(seen: Looked, missing: Collection[str]) -> Iterator[Row]:
    """Modules of areas that are missing; the others are no matter of Neo Agent's."""
    off = {one.name.casefold(): one for one in seen.features or () if one.off}
    for check in missing:
        for name in _MODULES.get(check, ()):
            if name in off:
                said = MODULE_OFF(f"the module {off[name].name} is not enabled or not licensed")
                yield Row("features.enabled", off[name].name, "off", "on, if it is used", said)


def _webhook(seen: Looked) -> Iterator[Row]:
    host = (seen.tenant.webhook_host or "").strip().lower()
    if not host or seen.webhooks is None:
        return
    own = [one for one in seen.webhooks if goes_to({"url": one.url}, host)]
    if not own:
        said = WEBHOOK_MISSING(f"none of {len(seen.webhooks)} webhooks goes to {host}")
        yield Row("webhook.url", "Webhooks", "not there", host, said)
        return
    active = next((one for one in own if one.is_active and not one.is_disabled), None)
    shown = active or own[0]
    if shown.is_active is not None or shown.is_disabled is not None:
        said_off = None if active else WEBHOOK_OFF(f"Active of the webhook “{shown.name}” is not ticked")
        yield Row(
            "webhook.active", "Webhooks: Active", "ticked" if active else "not ticked", "ticked", said_off
        )
    if shown.events is not None:
        none = None if shown.events else WEBHOOK_WITHOUT_EVENTS(f"the webhook “{shown.name}” has no event")
        yield Row("webhook.events", "Webhooks: Events", str(shown.events), "at least one", none)
