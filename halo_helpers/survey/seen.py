"""What several questions look at, each asked once."""

from __future__ import annotations

from collections.abc import Sequence

from ..tenants.tenant import Tenant
from .asker import Asker, Said

Answer = tuple[str, Sequence[Said]]
"""An answer with what was seen for it."""


class NotAsked(Exception):
    """A question is not asked, for one of the reasons of the list."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Seen:
    """What several questions look at, each asked once."""

    def __init__(self, asker: Asker, tenant: Tenant, authinfo: Said, instance: Said, granted: Said) -> None:
        self.asker, self.tenant = asker, tenant
        self.authinfo, self.instance, self.granted = authinfo, instance, granted
        self._tokens: dict[str, Said] = {}
        self._read: dict[tuple[str, str], Said] = {}

    async def token(self, scope: str) -> Said:
        """Return a token for one scope.

        Raises: NotAsked when the application does not have it.
        """
        if scope not in self._tokens:
            self._tokens[scope] = await self.asker.token(scope)
        told = self._tokens[scope].scopes
        if not self.asker.holds(scope) or (told is not None and scope not in told):
            raise NotAsked("no-right")
        return self._tokens[scope]

    async def read(self, path: str, scope: str | None = None, /, **params: object) -> Said:
        """Read a path with the token of the wanted scopes, or of one scope."""
        key = f"{path} {sorted(params.items())}", scope or ""
        if key not in self._read:
            if scope is not None:
                await self.token(scope)
            elif not self.asker.holds():
                raise NotAsked("no-right")
            self._read[key] = await self.asker.get(path, params, *([scope] if scope else []))
        return self._read[key]

    async def read_with_less(self, path: str, scope: str, /, **params: object) -> Said:
        """Read with the token of one scope what the wanted scopes open, so that a refusal is the scope's.

        Raises: NotAsked when they do not open it, either: a role may forbid it then.
        """
        if (await self.read(path, **params)).status != 200:
            raise NotAsked("not-met")
        return await self.read(path, scope, **params)
