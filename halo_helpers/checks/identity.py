"""For whom does the token act, and is that agent set up for work?"""

from __future__ import annotations

from collections.abc import AsyncIterator

from ..client.models import UNASSIGNED_ID, Agent
from ..errors import ApiError, HaloError, NotFoundError, RefusedError
from ..system.plain_text import count_of
from .codes.identity import (
    AGENT_API_ONLY,
    AGENT_DISABLED,
    AGENT_HOURS_MISSING,
    AGENT_MISMATCH,
    AGENT_NAME_AMBIGUOUS,
    AGENT_ROLE_MISSING,
    AGENT_UNKNOWN,
    AGENT_UNLISTED,
    AGENT_WITHOUT_TEAM,
    AGENTS_NOT_LISTABLE,
    LOGIN_NOT_AGENT,
)
from .codes.shared import WIRE
from .codes.token import SCOPES_MISSING, TOKEN_REFUSED
from .findings import Finding, Skipped
from .probe import Probe
from .registry import WITH_TOKEN, check


@check(
    "identity.login",
    title="The token acts for an agent",
    otherwise="It was not seen whom the token acts for",
    needs=("token.grant",),
    codes=(LOGIN_NOT_AGENT, AGENT_DISABLED, TOKEN_REFUSED, *WIRE),
    step="application-fields",
)
async def login(probe: Probe) -> AsyncIterator[Finding | str]:
    """Does the token act for an agent?"""
    try:
        me = await probe.me()
    except NotFoundError:
        yield LOGIN_NOT_AGENT("Agent/me does not exist for this token")
        return
    except RefusedError as refusal:
        yield await _why_refused(probe, refusal)
        return
    yield f"it acts for {me.label}"


async def _why_refused(probe: Probe, refusal: RefusedError) -> Finding:
    """Tell apart what Agent/me alone does not.

    A disabled agent is refused everything with 401, a token of another Login Type gets 403 for tickets (facts
    6, rows 19 and 21; 7, row 13).
    """
    token = await probe.token()
    if token.scopes is not None and not token.scopes:
        raise Skipped(f"{refusal.seen}; the token holds no scope", "token.scopes")
    if refusal.code == TOKEN_REFUSED.code:
        return TOKEN_REFUSED(f"the API does not accept the fresh token: {refusal.seen}")
    cause = None if await probe.holds("all:standard") else SCOPES_MISSING.code
    if refusal.status != 401:
        return LOGIN_NOT_AGENT(refusal.seen, folds_into=cause)
    try:
        await probe.client.first_page("Tickets", "tickets")
    except RefusedError as second:
        if second.status == 401:
            return AGENT_DISABLED("every request is answered 401 although the token is fresh")
    except HaloError:
        pass
    return LOGIN_NOT_AGENT(refusal.seen, folds_into=cause)


@check(
    "identity.agent",
    title="It is the expected agent",
    otherwise="It is not seen to be the expected agent",
    earned="No other agent was expected",
    needs=("identity.login",),
    codes=(AGENT_MISMATCH, AGENT_UNKNOWN, *WIRE),
    step="confirm-agent",
    uses=(*WITH_TOKEN, "agent_id"),
)
async def agent(probe: Probe) -> AsyncIterator[Finding | str]:
    """Is it the expected Agent ID or username?"""
    me = await probe.me()
    expected = probe.tenant.agent_id
    if expected is None or expected == "":
        yield f"no Agent ID was given to compare with; the token acts for {me.label}"
        return
    if me.id == expected or _same_name(me, expected):
        yield f"{me.label}, as expected"
        return
    other = await _find(probe, expected)
    if other is None:
        yield AGENT_UNKNOWN(f"no agent is {_quoted(expected)}; the token acts for {me.label}")
    else:
        yield AGENT_MISMATCH(f"the token acts for {me.label}, expected was {other.label}")


async def _find(probe: Probe, expected: int | str) -> Agent | None:
    """Return the agent with this id or name; None when there is none, as far as this token can see."""
    if isinstance(expected, int):
        try:
            return await probe.client.agent(expected)
        except ApiError as error:
            if error.status in {400, 404}:
                return None
            if not isinstance(error, RefusedError):
                raise
            return Agent(id=expected, name="agent that may not be read")
    try:
        agents = await probe.agents()
    except RefusedError as refusal:
        seen = f"a username was given, and agents may not be listed: {refusal.seen}"
        raise Skipped(seen, "identity.listed") from None
    return next((one for one in agents if _same_name(one, expected)), None)


def _same_name(one: Agent, expected: int | str) -> bool:
    """Compare a username: HaloPSA shows it as the name (facts 1.3)."""
    return isinstance(expected, str) and bool(one.name) and one.name.casefold() == expected.strip().casefold()


def _quoted(expected: int | str) -> str:
    return f"number {expected}" if isinstance(expected, int) else f"called “{expected}”"


@check(
    "identity.active",
    title="The agent is set up for work",
    otherwise="The agent is not set up for work, or not known",
    earned="The agent's set-up shows no fault",
    needs=("identity.agent",),
    step="create-agent",
    codes=(
        AGENT_DISABLED,
        AGENT_API_ONLY,
        AGENT_WITHOUT_TEAM,
        AGENT_ROLE_MISSING,
        AGENT_HOURS_MISSING,
        *WIRE,
    ),
    uses=(*WITH_TOKEN, "agent_id"),
)
async def active(probe: Probe) -> AsyncIterator[Finding | str]:
    """Is the agent active, not API-only, in at least one team, with a role and working hours?"""
    me = await probe.me()
    try:
        details = await probe.details()
    except (RefusedError, NotFoundError):
        details = me
    told = details.fields | me.fields
    if details.is_disabled or me.is_disabled:
        yield AGENT_DISABLED(f"{me.label} is disabled")
    if details.is_api_only or me.is_api_only:
        yield AGENT_API_ONLY(f"{me.label} is an API-only agent")
    teams = details.team_names or me.team_names
    if not teams and _is_told(details.team_names, me.team_names):
        yield AGENT_WITHOUT_TEAM(f"{me.label} is in no team")
    roles, hours = details.role_names or me.role_names, details.workday or me.workday
    if not roles and _is_told(details.role_names, me.role_names):
        yield AGENT_ROLE_MISSING(f"{me.label} has no role")
    if not hours and "workday_id" in told:
        yield AGENT_HOURS_MISSING(f"{me.label} has no working hours")
    missing = [words for name, words in _TOLD.items() if name not in told]
    yield "active" if "isdisabled" in told else me.label
    yield f"teams: {', '.join(teams or ('none told',))}"
    for what, names in (("roles", roles), ("working hours", (hours,) if hours else ())):
        if names:
            yield f"{what}: {', '.join(names)}"
    if missing:
        yield f"not told: {', '.join(missing)}"


_TOLD = {
    "isdisabled": "whether it is active",
    "isapiagent": "whether it is API-only",
    "teams": "its teams",
    "roles": "its roles",
    "workday_id": "its working hours",
}
"""Fields of an agent that an answer may leave out: what is not told is no finding, and is said."""


def _is_told(*answers: tuple[str, ...] | None) -> bool:
    """Whether one of the answers had the field at all."""
    return any(answer is not None for answer in answers)


@check(
    "identity.listed",
    title="Agents can be listed",
    otherwise="Agents were not listed as they should be",
    needs=("token.grant",),
    after=("identity.login",),
    codes=(AGENTS_NOT_LISTABLE, AGENT_UNLISTED, AGENT_NAME_AMBIGUOUS, *WIRE),
    step="list-agents",
)
async def listed(probe: Probe) -> AsyncIterator[Finding | str]:
    """Can agents be listed, is the token's own among them, is its name unique?"""
    try:
        agents = [one for one in await probe.agents() if one.id != UNASSIGNED_ID]
    except RefusedError as refusal:
        await probe.explain_refusal(refusal)
        held = await probe.holds("all:teams") and await probe.holds("all:standard")
        yield AGENTS_NOT_LISTABLE(refusal.seen, folds_into=None if held else SCOPES_MISSING.code)
        return
    yield f"{count_of(len(agents), 'agent')}, {sum(one.is_disabled for one in agents)} of them disabled"
    if counted := probe.client.reading.ended_early.get("Agent"):
        yield f"the list ends there, although the instance counts {counted:,}"
    me: Agent | None = probe.known("me")
    if me is None:
        return
    if all(one.id != me.id for one in agents):
        yield AGENT_UNLISTED(f"{me.label} is not among the {count_of(len(agents), 'agent')} of the list")
    twins = [
        one for one in agents if one.id != me.id and me.name and one.name.casefold() == me.name.casefold()
    ]
    if twins:
        ids = ", ".join(str(one.id) for one in twins[:5])
        by_name = isinstance(probe.tenant.agent_id, str) and probe.tenant.agent_id != ""
        yield AGENT_NAME_AMBIGUOUS(
            f"the name “{me.name}” is also that of agent {ids}", verdict="fail" if by_name else "warn"
        )
