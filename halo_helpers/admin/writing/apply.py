"""Writes a confirmed plan: one request an object, each read back; the first that fails stops the rest.

A request whose answer did not come is never sent again: what is there is read instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...checks.codes.administrator import WRITE_NOT_KEPT
from ...client.halo_client import HaloClient
from ...client.models import Json, as_id, as_object
from ...errors import ApiError, BudgetError, ConnectionFailedError, GuardError, HaloError, ShapeError
from ...tenants.base_url import parse_address
from ...tenants.tenant import Tenant
from ..access import Administrator
from ..reading.look import agents_of_name
from .changes import AGENT, APPLICATION, Change, Plan
from .guard import FIELDS, WriteGuard
from .record import Record, Written
from .writer import Writer

_KEYS: Mapping[str, tuple[str, ...]] = {
    "teams": ("team_id", "id"),
    "roles": ("id",),
    "scopes": ("name",),
}
"""What an entry of a list is told by."""


class SetUpStopped(HaloError):
    """A setup stopped half-way; `record` says what was done, and `--undo` takes it back."""

    def __init__(self, seen: str, record: str, code: str = "setup-stopped") -> None:
        super().__init__(code, seen)
        self.record = record
        self.args = (seen, record, code)

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return type(self), (self.seen, self.record, self.code)


async def apply(
    plan: Plan, tenant: Tenant, who: Administrator, administrators: frozenset[str], record: Record
) -> None:
    """Write a plan, and note in the record what became of each change.

    `administrators` are ids of roles that are never given.

    Raises: SetUpStopped, with the record written down; ConfigError when that cannot be.
    """
    record.written = [Written(change) for change in plan.changes]
    record.save()
    writer = Writer(tenant, who.token(), WriteGuard(parse_address(tenant.base_url).url, plan, administrators))
    try:
        async with who.client() as client:
            for route, key, changes in plan.requests():
                own = [one for one in record.written if one.change in changes]
                await _write(route, key, own, writer, client, record)
    except (HaloError, OSError) as error:
        if isinstance(error, SetUpStopped):
            raise
        raise _stopped(record, getattr(error, "seen", str(error))) from None
    finally:
        await writer.close()


async def _write(
    route: str, key: int | str | None, own: list[Written], writer: Writer, client: HaloClient, record: Record
) -> None:
    """Write one object and read it back."""
    before = {} if key is None else await _read(client, route, key)
    row = {one.change.field: one.change.after for one in own} | ({} if key is None else {"id": key})
    _note(record, own, "sent")
    lost = ""
    try:
        answer = await writer.post(route, row)
        key = key if key is not None else as_id(answer.get("id"))
    except GuardError as refusal:
        _note(record, own, "refused")
        raise _stopped(record, refusal.seen) from None
    except (ApiError, ConnectionFailedError, ShapeError, BudgetError) as error:
        if isinstance(error, ApiError) and error.status < 500:
            _note(record, own, "refused")
            raise _stopped(record, f"writing was refused: {error.seen}") from None
        lost = error.seen
    if key is None:  # it may have been made all the same; asking twice could make two
        same = await agents_of_name(client, str(row.get("name", "")))
        if len(same) != 1:
            raise _stopped(record, f"{lost or 'the answer has no id'}; no agent of this name is seen")
        key = same[0]
    _note(record, own, "sent", key)
    after = await _read(client, route, key)
    wrong = _differing(own, before, after, route)
    _note(record, own, "not-kept" if wrong else "kept", key, mark_of(after))
    if wrong:
        finding = WRITE_NOT_KEPT(f"{route} {key}: {', '.join(wrong)}")
        raise SetUpStopped(_said(record, f"{finding.seen}. {finding.cause}"), record.name, finding.code)


def _note(
    record: Record, own: list[Written], state: Any, key: int | str | None = None, mark: str = ""
) -> None:
    for one in own:
        one.state, one.mark = state, mark
        if key is not None and one.change.id is None:
            made = one.change.as_json() | {"id": key}
            one.change = Change.from_json(made)
    record.save()


async def _read(client: HaloClient, route: str, key: int | str) -> dict[str, Any]:
    value: Json = await client.get(f"{route}/{key}", includedetails=True)
    return as_object(value, f"{route}/{key}")


def _differing(own: list[Written], before: dict[str, Any], after: dict[str, Any], route: str) -> list[str]:
    """Return what did not stay, and which listed field moved that nobody touched."""
    changed = {one.change.field: one.change for one in own}
    wrong = [
        f"{change.screen} was to be {change.shown[1]}"
        for name, change in changed.items()
        if name not in after or _plain(name, after[name]) != _plain(name, change.after)
    ]
    listed = FIELDS[route] if route != APPLICATION else _plain_fields(before)
    untouched = listed - changed.keys() if before else ()
    wrong += [
        f"{name} moved, which nobody touched"
        for name in sorted(untouched)
        if name in before and name in after and _plain(name, before[name]) != _plain(name, after[name])
    ]
    if route == AGENT and after.get("is_admin") is True:
        wrong.append("the agent is an administrator now")
    return wrong


def _plain_fields(row: Mapping[str, Any]) -> set[str]:
    """Return the fields of an application that a write of others must not move: all but marks of change."""
    plain = {name for name, value in row.items() if not isinstance(value, list | dict)}
    return (plain | FIELDS[APPLICATION]) - {"concurrencyToken", "loginas_agent_name"}


def _plain(name: str, value: Json) -> Json:
    """Return a value as it is compared: lists by what tells their entries."""
    keys = _KEYS.get(name)
    if keys is None or not isinstance(value, list):
        return value
    rows = [row for row in value if isinstance(row, dict)]
    told = [next((row[key] for key in keys if row.get(key) is not None), "") for row in rows]
    return sorted(str(one if as_id(one) is None else as_id(one)).lower() for one in told)


def is_as_written(one: Written, now: dict[str, Any]) -> bool:
    """Whether an object still has the value that a change gave it."""
    return _is(one.change, now, one.change.after)


def is_as_before(one: Written, now: dict[str, Any]) -> bool:
    """Whether an object has the former value of a change."""
    return _is(one.change, now, one.change.before)


def _is(change: Change, now: dict[str, Any], value: Any) -> bool:
    return change.field in now and _plain(change.field, now[change.field]) == _plain(change.field, value)


def mark_of(row: dict[str, Any]) -> str:
    """Return an object's mark of change, empty where it has none."""
    mark = row.get("last_modified") or row.get("concurrencyToken") or ""
    return mark if isinstance(mark, str) else ""


def _stopped(record: Record, why: str) -> SetUpStopped:
    return SetUpStopped(_said(record, why), record.name)


def _said(record: Record, why: str) -> str:
    """Say how far it came, and write that down."""
    record.problem = why
    record.save()
    done = [one.change for one in record.written if one.state in {"kept", "not-kept"}]
    what = "; ".join(f"{one.object}: {one.screen}" for one in done) or "nothing"
    return f"stopped: {why}. Written so far: {what}. Take it back: setup {record.tenant} --undo {record.name}"
