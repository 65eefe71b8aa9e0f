"""Access tokens of a practice server: issued, signed, read again, never stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from ..seed.values import Record
from .applications import Application
from .world import World


@dataclass(frozen=True)
class Grant:
    """What a valid token says: for which world and application, with which scopes, until when."""

    world: str
    client_id: str
    scopes: frozenset[str]
    expires: float
    agent_id: int | None = None
    """The agent who signed in in a browser; None where the application says as whom it acts."""


class Tokens:
    """The tokens of all worlds of one server.

    Tokens carry what they grant, signed with a key that only this process has: any number can be issued
    and none is stored, so a client that asks for one before every request costs no memory (W7).
    """

    def __init__(self, worlds: Mapping[str, World]) -> None:
        self._worlds = worlds
        self._key = secrets.token_bytes(32)
        self._grants: OrderedDict[str, Grant] = OrderedDict()

    def issue(
        self, world: World, application: Application, scopes: frozenset[str], agent_id: int | None = None
    ) -> str:
        """Return a new access token, opaque or a JWT as the world's settings say."""
        lifetime = int(world.settings.token_lifetime)
        now = int(time.time())
        claims: Record = {
            "w": world.name,
            "e": world.epoch,
            "client_id": application.client_id,
            "scope": " ".join(sorted(scopes)),
            "exp": now + lifetime,
            "jti": secrets.token_hex(6),
        }
        if agent_id is not None:
            claims["a"] = agent_id
        if world.settings.token_format == "jwt":
            claims |= {
                "sub": str(agent_id or application.agent_id),
                "role": "agent" if agent_id else application.login_type,
                "agent_id": agent_id or application.agent_id,
            }
            head = _b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
            body = f"{head}.{_b64(json.dumps(claims).encode())}"
            return f"{body}.{self._sign(body)}"
        body = _b64(json.dumps(claims).encode())
        return f"{self._sign(body)}{body}"

    def read(self, token: str) -> Grant | None:
        """Return what a token grants, or None when it is unknown, forged, expired or of a reset world."""
        grant = self._grants.get(token) or self._verify(token)
        if grant is None or grant.expires <= time.time():
            return None
        return grant

    def _verify(self, token: str) -> Grant | None:
        if token.count(".") == 2:
            body, _, signature = token.rpartition(".")
            payload = body.partition(".")[2]
        else:
            signature, body = token[:43], token[43:]
            payload = body
        if not token.isascii() or not hmac.compare_digest(self._sign(body), signature):
            return None
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        world = self._worlds.get(claims["w"])
        if world is None or world.epoch != claims["e"]:
            return None
        grant = Grant(
            claims["w"],
            claims["client_id"],
            frozenset(claims["scope"].split()),
            float(claims["exp"]),
            claims.get("a"),
        )
        self._grants[token] = grant
        if len(self._grants) > 5000:
            self._grants.popitem(last=False)
        return grant

    def forget(self) -> None:
        """Drop what was remembered of tokens, after a world was reset."""
        self._grants.clear()

    def _sign(self, body: str) -> str:
        return _b64(hmac.new(self._key, body.encode(), hashlib.sha256).digest())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
