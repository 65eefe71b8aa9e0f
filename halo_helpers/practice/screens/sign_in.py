"""Signing in: sessions, cookies, and the token that every form carries."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from ..wire import Ask
from ..world.world import World


@dataclass(frozen=True)
class Session:
    """A signed-in administrator of one world, and the token that its forms carry."""

    world: World
    csrf: str


class Sessions:
    """Signed sessions of the administrators of all worlds of one server."""

    def __init__(self, worlds: Mapping[str, World]) -> None:
        self._worlds = worlds
        self._key = secrets.token_bytes(32)

    def cookie(self, ask: Ask, world: World) -> str:
        """Return the cookie that signs in to a world."""
        secure = "; Secure" if ask.origin.startswith("https:") else ""
        value = f"{world.name}.{self._sign('session', world.name)}"
        return f"{_cookie_name(ask)}={value}; Path=/; HttpOnly; SameSite=Strict{secure}"

    def no_cookie(self, ask: Ask) -> str:
        """Return the cookie that signs out."""
        return f"{_cookie_name(ask)}=; Path=/; Max-Age=0"

    def form_token(self, name: str) -> str:
        """Return the token of the forms of a world, or of the trainer's page."""
        return self._sign("csrf", name)

    def session(self, ask: Ask) -> Session | None:
        """Return the session of a request, None when it has no good cookie."""
        try:
            cookie = SimpleCookie(ask.headers.get("cookie", "")).get(_cookie_name(ask))
        except CookieError:
            return None
        name, _, signature = (cookie.value if cookie else "").partition(".")
        world = self._worlds.get(name)
        if world is None or not hmac.compare_digest(signature.encode(), self._sign("session", name).encode()):
            return None
        return Session(world, self.form_token(name))

    def _sign(self, purpose: str, name: str) -> str:
        return hmac.new(self._key, f"{purpose} {name}".encode(), hashlib.sha256).hexdigest()


def _cookie_name(ask: Ask) -> str:
    """Return the cookie's name, with the port in it: cookies are shared by all ports of a host."""
    return f"halo_practice_{urlsplit(ask.origin).port or 80}"
