"""Takes a setup back: the former values of each field, unless somebody else has written since.

What is shown is made of what is read now, not of the record's words; only the tenant's own objects change.
"""

from __future__ import annotations

from typing import Any

from ...client.halo_client import HaloClient
from ...errors import ApiError, ConfigError, Mistake, NotFoundError
from ...tenants.tenant import shown_url
from ..access import Administrator
from ..reading.look import Looked, agents_of_name
from .apply import is_as_before, is_as_written, mark_of
from .changes import AGENT, APPLICATION, Change, Plan
from .record import Record, Written, own_marks

_DONE = ("kept", "not-kept", "sent")
_SCREENS = {
    "isdisabled": "Account Active",
    "isapiagent": "Is an API-only Agent",
    "teams": "Departments & Teams",
    "roles": "Roles",
    "workday_id": "Preferences: Working Hours",
    "inactive": "Active",
    "loginas_agent_id": "Agent",
    "scopes": "Permissions",
    "active": "Active",
}
"""What may be taken back, as the screens call it."""


async def undo_plan(record: Record, seen: Looked, who: Administrator) -> Plan:
    """Return the plan that gives the former fields back. An agent that was made is made inactive.

    Raises: ConfigError for a record of another tenant or object, or when somebody wrote since.
    """
    tenant = seen.tenant
    if record.tenant != tenant.name or record.base_url != shown_url(tenant):
        raise ConfigError(Mistake(f"is of {record.tenant} at {record.base_url}", str(record.path)))
    changes: list[Change] = []
    marks = own_marks(tenant.name)
    async with who.client() as client:
        shown: dict[str, dict[str, Any]] = {}
        for one in record.written:
            if one.state not in _DONE:
                continue
            key = one.change.id
            if key is None:  # a request whose answer never came
                same = await agents_of_name(client, one.change.object)
                if len(same) != 1:
                    continue
                key = same[0]
            path = f"{one.change.route}/{key}"
            if path not in shown:
                shown[path] = await _read(client, path)
            change = _back(one, key, shown[path], marks, seen)
            if change is not None and change not in changes:
                changes.append(change)
    return Plan(tuple(changes))


async def _read(client: HaloClient, path: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = await client.get(path, includedetails=True)
    except NotFoundError:
        return {}
    except ApiError as error:
        raise ConfigError(f"{path} may not be read: {error.seen}") from None
    return found


def _back(
    one: Written, key: int | str, now: dict[str, Any], marks: frozenset[str], seen: Looked
) -> Change | None:
    """Return the change back; None where there is nothing to take back any more.

    Raises: ConfigError when somebody else has written since, or the object is not the tenant's own.
    """
    change = one.change
    was_made = change.route == AGENT and change.before is None
    if not was_made and (change.field not in _SCREENS or key not in _own(seen, change.route)):
        raise ConfigError(f"{change.route} {key} is not this tenant's own, so nothing was taken back")
    if was_made and now.get("isdisabled") is not False:
        return None
    if not was_made and is_as_before(one, now):
        return None  # not carried out, or taken back already
    by_us = mark_of(now) in marks or not mark_of(now) or not one.mark
    if not by_us or (one.state == "kept" and not is_as_written(one, now)):
        screen = _SCREENS.get(change.field, change.field)
        raise ConfigError(
            f"{change.object}: {screen} was changed by somebody else since, so nothing was taken back"
        )
    name = str(now.get("name") or now.get("displayName") or key)
    if was_made:
        shown = ("ticked", "not ticked")
        return Change(AGENT, key, name, "isdisabled", "Account Active", False, True, shown, "")
    current = now.get(change.field)
    shown = (_words(change.field, current, seen), _words(change.field, change.before, seen))
    fields = (change.field, _SCREENS[change.field], current, change.before, shown, "")
    return Change(change.route, key, name, *fields)


def _own(seen: Looked, route: str) -> set[int | str]:
    if route == AGENT:
        return {seen.agent.id} if seen.agent and seen.tenant.agent_id else set()
    if route == APPLICATION:
        own = seen.application
        return {own.id} if own and not own.is_system else set()
    return {hook.id for hook in seen.webhooks or ()}


def _words(field: str, value: Any, seen: Looked) -> str:
    """Say a value as the screens do."""
    if isinstance(value, list):
        roles = {role.id: role.name for role in seen.roles or ()}
        rows = [row for row in value if isinstance(row, dict)]
        keys = [
            row.get("team_name") or row.get("name") or row.get("id") or row.get("team_id") for row in rows
        ]
        return ", ".join(roles.get(str(one).lower(), str(one)) for one in keys) or "none"
    if isinstance(value, bool):
        return "ticked" if value != (field in {"isdisabled", "inactive"}) else "not ticked"
    return str(value)
