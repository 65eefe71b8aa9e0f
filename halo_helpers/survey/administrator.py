"""The questions of a survey that need an administrator's own application. GET and token requests alone.

Source: facts, section 7, rows 21 to 28; wire contract 39, 41, 52, 54.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ..secrets.value import GUID
from .asker import WANTED, Asker, Said
from .questions import OTHER
from .seen import Answer, NotAsked

ADMIN, ALL = "admin", "all"
_REFUSED = (401, 403)
_GRANTS = frozenset({"client_credentials", "authorization_code", "implicit", "password", "refresh_token"})
_LISTS = ("Agent", "Roles", "Team", "Workday")


class Administrator:
    """What an administrator's application sees, each asked once."""

    def __init__(self, asker: Asker, client_id: str) -> None:
        """`client_id` is that of Neo Agent's application, the one that works."""
        self._asker, self._client_id = asker, client_id.strip().lower()
        self._read: dict[tuple[str, str], Said] = {}

    async def read(self, path: str, scope: str, /, **params: object) -> Said:
        """Read a path with a token of one scope.

        Raises: NotAsked when the application does not have it.
        """
        key = f"{path} {sorted(params.items())}", scope
        if key not in self._read:
            if not self._asker.holds(scope):
                granted = await self._asker.token(scope)
                held = granted.scopes
                if not self._asker.holds(scope) or (held is not None and not set(scope.split()) <= held):
                    raise NotAsked("no-right")
            self._read[key] = await self._asker.get(path, params, scope)
        return self._read[key]

    async def applications(self) -> Said:
        """Return the list of applications, as a token for admin sees it."""
        said = await self.read("Application", ADMIN)
        if said.status != 200 or not rows_of(said):
            raise NotAsked("no-right")
        return said

    async def neo(self) -> dict[str, Any]:
        """Return Neo Agent's row of the list.

        Raises: NotAsked when it is not there.
        """
        rows = rows_of(await self.applications())
        own = next((one for one in rows if str(one.get("clientId", "")).lower() == self._client_id), None)
        if own is None or not GUID.fullmatch(str(own.get("id"))):
            raise NotAsked("not-met")
        return own


def rows_of(said: Said) -> list[dict[str, Any]]:
    """Return the rows of a bare array."""
    return [row for row in said.data if isinstance(row, dict)] if isinstance(said.data, list) else []


async def _admin_level(who: Administrator) -> Answer:
    """Both or the scope alone cannot be told apart without an agent who is no administrator."""
    found = {}
    for scope in (WANTED, ALL):
        try:
            found[scope] = await who.read("Application", scope)
        except NotAsked:
            continue
    kept = [Said(one.status) for one in found.values()]
    if WANTED in found and found[WANTED].status == 200:
        return "agent", kept
    if ALL in found and found[ALL].status == 200:
        return "all", kept
    raise NotAsked("not-met")


async def _admin_covers(who: Administrator) -> Answer:
    said = [await who.read(path, ADMIN) for path in _LISTS]
    kept = [Said(one.status) for one in said]
    if all(one.status == 200 for one in said):
        return "lists", kept
    return "configuration" if all(one.status in _REFUSED for one in said) else OTHER, kept


async def _application_scopes(who: Administrator) -> Answer:
    row = await who.neo()
    if isinstance(row.get("scopes"), list):
        return "rows", [Said(200)]
    plain = await who.read(f"Application/{row['id']}", ADMIN)
    if isinstance(plain.data, dict) and isinstance(plain.data.get("scopes"), list):
        return "object", [Said(plain.status)]
    whole = await who.read(f"Application/{row['id']}", ADMIN, includedetails=True)
    has = isinstance(whole.data, dict) and isinstance(whole.data.get("scopes"), list)
    return "details" if has else OTHER, [Said(plain.status), Said(whole.status)]


async def _application_secret(who: Administrator) -> Answer:
    row = await who.neo()
    whole = await who.read(f"Application/{row['id']}", ADMIN, includedetails=True)
    told = whole.data.get("clientSecret") if isinstance(whole.data, dict) else None
    value = str(told or row.get("clientSecret") or "")
    kept = [Said(whole.status)]
    if not value:
        return "never", kept
    return "masked" if set(value) <= set("*•●") else OTHER, kept


async def _application_codes(who: Administrator) -> Answer:
    row = await who.neo()
    login, grant = row.get("loginentity"), row.get("grant_type")
    kept = [Said(200, dict.fromkeys(row))]
    if isinstance(login, int) and not isinstance(login, bool) and grant in _GRANTS:
        return "numbers", kept
    return "titles" if isinstance(login, str) and login == "Agent" else OTHER, kept


async def _audit(who: Administrator) -> Answer:
    plain = await who.read("Audit", ADMIN)
    kept = [Said(plain.status)]
    if plain.status in _REFUSED:
        return "refused", kept
    if plain.status != 200 or not isinstance(plain.data, dict):
        return OTHER, kept
    me = await who.read("Agent/me", ADMIN)
    number = me.data.get("id") if isinstance(me.data, dict) else None
    of_object = await who.read("Audit", ADMIN, table_name="UNAME", id1=number or 0)
    rows = of_object.data.get("audit") if isinstance(of_object.data, dict) else None
    return "by-object" if rows else "empty", [*kept, Said(of_object.status)]


ASKED: dict[str, Callable[[Administrator], Awaitable[Answer]]] = {
    "admin-level": _admin_level,
    "admin-covers": _admin_covers,
    "application-scopes": _application_scopes,
    "application-secret": _application_secret,
    "application-codes": _application_codes,
    "audit": _audit,
}
"""What a survey asks with an administrator's application."""
