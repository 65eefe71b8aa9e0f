"""The sign-in in a browser: authorisation code with PKCE (W48 to W51).

A person chooses an agent and allows it; the browser is then sent back to the application's own address with a
code, which is good once and for minutes. An address that is not registered is never sent anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from ..screens.forms import Form, is_foreign
from ..screens.page import SHOWN, html_page
from ..wire import Answer, Ask, as_json, empty, whole_number
from ..world.agents import UNASSIGNED_ID
from ..world.applications import Application
from ..world.realm import Realm, is_told
from ..world.scopes import KNOWN_SCOPES
from ..world.world import World

METHOD = "authorization-code"
CODE_S = 300.0
"""For how long a code is good."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MOST = 500


@dataclass(frozen=True)
class Code:
    """What a code or a refresh token was given for."""

    world: World
    application: Application
    agent_id: int
    scopes: frozenset[str]
    redirect: str
    challenge: str
    ends_at: float


@dataclass(frozen=True)
class _Wish:
    """A request for a code that can be answered by sending the browser back."""

    world: World
    application: Application
    redirect: str
    state: str
    scopes: frozenset[str]
    challenge: str


@dataclass
class SignIn:
    """The sign-in of one server: its page, and the codes that wait to be redeemed."""

    realm: Realm
    clock: Callable[[], float] = time.monotonic
    _codes: OrderedDict[str, Code] = field(default_factory=OrderedDict)
    _refreshers: OrderedDict[str, Code] = field(default_factory=OrderedDict)
    _key: str = field(default_factory=lambda: secrets.token_hex(16))

    def answer(self, ask: Ask) -> Answer:
        """Answer `/auth/authorize`: the page, or what was decided on it."""
        if ask.method not in {"GET", "HEAD", "POST"}:
            return empty(405, [("allow", "GET, POST")])
        if is_foreign(ask):
            return _error_page("This form came from another site.", 403)
        form = Form.of(ask)
        given = form.fields if form.posted else ask.query
        wish = self._wish(given)
        if isinstance(wish, Answer):
            return wish
        problem = _wrong(wish, given)
        if problem:
            return _back(wish, error=problem[0], error_description=problem[1])
        if not form.posted:
            return self._page(wish, given)
        if not hmac.compare_digest(form.fields.get("csrf", "").encode(), self._key.encode()):
            return _error_page("This form is too old. Go back and load it again.", 403)
        if "allow" not in form.fields:
            return _back(wish, error="access_denied", error_description="The authorization was denied.")
        agent = wish.world.agent(whole_number(form.fields.get("agent", ""), 8) or 0)
        if agent is None or agent.is_disabled or agent.id == UNASSIGNED_ID:
            return self._page(wish, given, "Choose an agent who is active.")
        return _back(wish, code=self._new_code(wish, agent.id))

    def redeem(self, form: dict[str, str]) -> Code | None:
        """Return what a code was given for, once; None for one that is used, old, or another's."""
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.ends_at < self.clock():
            return None
        verifier = hashlib.sha256(form.get("code_verifier", "").encode("utf-8", "replace")).digest()
        expected = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        right = (
            hmac.compare_digest(expected.encode(), code.challenge.encode("utf-8", "replace"))
            and form.get("client_id", "").lower() == code.application.client_id
            and form.get("redirect_uri", "") == code.redirect
        )
        return code if right else None

    def refresh(self, form: dict[str, str]) -> Code | None:
        """Return what a refresh token was given for; it changes with each use, as the settings say."""
        token = form.get("refresh_token", "")
        code = self._refreshers.get(token)
        if code is None or form.get("client_id", "").lower() != code.application.client_id:
            return None
        if code.world.settings.refresh_token == "rotates":
            del self._refreshers[token]
        return code

    def refresher(self, code: Code, granted: frozenset[str], used: str) -> str | None:
        """Return the next refresh token, the one `used` where it stays; None where none is granted."""
        if code.world.settings.refresh_token == "none" or "offline_access" not in granted:
            return None
        return used if used in self._refreshers else _keep(self._refreshers, code)

    def _wish(self, given: dict[str, str]) -> Answer | _Wish:
        """Read a request; what cannot be sent back to an address of the application is a page."""
        client_id = given.get("client_id", "").lower()
        world = self.realm.world_of_client(client_id)
        named = given.get("tenant")
        if world is None or (is_told(named) and self.realm.world_of_tenant(named) is not world):
            return _error_page("The client_id is not known here.")
        if world.settings.authorize == "no":
            return empty(404)
        application = world.applications[client_id]
        redirect = given.get("redirect_uri", "")
        if not application.active or application.method != METHOD:
            return _error_page("This application may not be used to sign in.")
        if not _is_registered(world, application, redirect):
            return _error_page("The redirect_uri is not one of the application's.")
        asked = frozenset(given.get("scope", "").split())
        return _Wish(
            world, application, redirect, given.get("state", ""), asked, given.get("code_challenge", "")
        )

    def _page(self, wish: _Wish, given: dict[str, str], *problems: str) -> Answer:
        agents = [one for one in wish.world.every_agent() if one.id != UNASSIGNED_ID and not one.is_disabled]
        kept = ("response_type", "client_id", "redirect_uri", "scope", "state", "tenant", "code_challenge")
        parts = urlsplit(wish.redirect)
        return html_page(
            None,
            "authorize",
            problems=list(problems),
            application=wish.application.name,
            scopes=sorted(wish.scopes),
            agents=[(str(one.id), one.name) for one in agents[:SHOWN]],
            kept=[(name, given[name]) for name in (*kept, "code_challenge_method") if name in given],
            csrf_token=self._key,
            form_action=f"'self' {parts.scheme}://{parts.netloc}",
        )

    def _new_code(self, wish: _Wish, agent_id: int) -> str:
        return _keep(
            self._codes,
            Code(
                wish.world,
                wish.application,
                agent_id,
                wish.scopes,
                wish.redirect,
                wish.challenge,
                self.clock() + CODE_S,
            ),
        )


def metadata(realm: Realm, world: World | None, origin: str) -> Answer:
    """Answer `/.well-known/openid-configuration`, where the settings say that there is one."""
    settings = (world or next(iter(realm.worlds.values()))).settings
    if settings.openid_metadata == "missing":
        return empty(404)
    return as_json(
        {
            "issuer": f"{origin}/auth/",
            "authorization_endpoint": f"{origin}/auth/authorize",
            "token_endpoint": f"{origin}/auth/token",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
        }
    )


def _is_registered(world: World, application: Application, redirect: str) -> bool:
    """Whether the browser may be sent to an address: one of the application's own, to the letter."""
    if redirect in application.redirects:
        return True
    try:
        parts = urlsplit(redirect)
        known = [urlsplit(one) for one in application.redirects]
    except ValueError:
        return False
    return world.settings.loopback_port == "any" and any(
        one.hostname == parts.hostname
        and one.hostname in _LOOPBACK
        and (one.scheme, one.path, one.query) == (parts.scheme, parts.path, parts.query)
        for one in known
    )


def _wrong(wish: _Wish, given: dict[str, str]) -> tuple[str, str] | None:
    """Return what the application is told of a request that cannot be granted."""
    if given.get("response_type") != "code":
        return "unsupported_response_type", "The specified 'response_type' is not supported."
    if not wish.challenge or given.get("code_challenge_method") != "S256":
        return "invalid_request", "The 'code_challenge' parameter is missing, or is not S256."
    if wish.scopes - KNOWN_SCOPES:
        return "invalid_scope", "The specified 'scope' is invalid."
    return None


def _back(wish: _Wish, **told: str) -> Answer:
    """Send the browser back to the application."""
    query = urlencode(told | ({"state": wish.state} if wish.state else {}))
    joint = "&" if "?" in wish.redirect else "?"
    return Answer(
        302, headers=[("location", f"{wish.redirect}{joint}{query}"), ("cache-control", "no-store")]
    )


def _error_page(problem: str, status: int = 400) -> Answer:
    return html_page(None, "missing", status, problems=[problem])


def _keep(held: OrderedDict[str, Code], code: Code) -> str:
    key = secrets.token_urlsafe(32)
    held[key] = code
    if len(held) > _MOST:
        held.popitem(last=False)
    return key
