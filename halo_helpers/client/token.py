"""The access token: where it is asked for, the one POST that takes the secret, and what its refusals mean."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

from ..errors import AuthError, ConnectionFailedError, HaloError
from ..secrets.redaction import remember
from ..secrets.value import Secret
from ..tenants.base_url import Address, is_loopback
from .answers import Reply, clean, data_of, raise_for_status
from .door import Door, Request
from .limits import Limits, Reading
from .models import Json

RENEW_EARLY_S = 60
"""Clients renew a token this long before it ends (facts 2.6)."""
SHORTEST_S = 0.5
"""A token is used at least this long, so that one that ends at once is not asked for again and again."""
_USUAL_S, _LONGEST_S = 3600.0, 10 * 365 * 86_400.0
MAX_TOKEN = 32 * 1024
"""Characters; it goes into a header of each request."""
MAX_SCOPES = 100
_ERROR_BYTES = 16 * 1024
"""What is read of a refusal; a longer one is none of OAuth's."""
_CODES = {
    "invalid_client": "invalid-client",
    "invalid_grant": "invalid-client",
    "unauthorized_client": "unauthorized-client",
    "unsupported_grant_type": "unsupported-grant-type",
    "invalid_scope": "invalid-scope",
}
"""Diagnosis codes by OAuth's `error` (facts 2.7)."""
_REFUSALS = frozenset({"invalid-client", "token-refused", "unauthorized-client"})
"""Codes that refuse the credentials themselves."""


@dataclass(frozen=True)
class Token:
    """An access token in memory. `scopes` is None when the answer named none, which means: as asked."""

    value: Secret
    scopes: tuple[str, ...] | None
    expires_in_s: float | None
    """None when the answer said nothing that can be a lifetime; clients take an hour then."""
    renew_at: float
    """On the monotonic clock, in seconds."""


@dataclass(frozen=True)
class SignInCode:
    """What the browser brought back from a sign-in, and what it is exchanged with."""

    code: Secret
    verifier: Secret
    redirect_uri: str


class Tokens:
    """The tokens of one Client ID: asked for when there is none, and again before one ends.

    `url` is the token endpoint; `halo_tenant` is HaloPSA's own tenant name, None when it is not known.
    """

    def __init__(
        self,
        door: Door,
        url: str,
        halo_tenant: str | None,
        client_id: str,
        secret: Secret | None,
        scopes: Sequence[str],
    ) -> None:
        self._door, self.url, self.halo_tenant = door, url, halo_tenant
        self._limits, self._reading = door.limits, door.reading
        self._client_id, self._secret, self._scopes = client_id.strip(), secret, scopes
        self._token: Token | None = None
        self._renewed_once = False
        self._lock = asyncio.Lock()

    async def token(self) -> Token:
        """Return a token, asking for one when there is none or it is about to end.

        Raises: AuthError, ConnectionFailedError, ApiError, ShapeError.
        Source: POST {auth}/token, client credentials (facts 2.4 to 2.7).
        """
        async with self._lock:
            if self._token is None or time.monotonic() >= self._token.renew_at:
                self._token = await self._grant(self._own_secret())
            return self._token

    async def renewed(self, refused: Token) -> Token:
        """Return a newer token than the refused one; only the first who asks makes it, and only once."""
        async with self._lock:
            if self._token is refused and not self._renewed_once and self._secret is not None:
                self._renewed_once = True
                self._token = await self._grant(self._secret)
            return self._token or refused

    @property
    def held(self) -> Token | None:
        """The token in memory; nothing is asked for."""
        return self._token

    def use(self, token: Token) -> None:
        """Go on with a token that was given before."""
        self._token = token

    async def redeem(self, code: SignInCode) -> Token:
        """Exchange the code of a sign-in in the browser for a token, which is used from then on.

        Raises: what `token` raises.
        Source: POST {auth}/token, authorisation code with PKCE (wire contract 50).
        """
        form = {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "code": code.code.reveal(),
            "redirect_uri": code.redirect_uri,
            "code_verifier": code.verifier.reveal(),
        }
        params = {"tenant": self.halo_tenant} if self.halo_tenant else {}
        reply = await self._door.send(Request("POST", self.url, params=params, form=form))
        async with self._lock:
            self._token = _token_of(reply, self._limits, self._reading)
        return self._token

    def _own_secret(self) -> Secret:
        if self._secret is None:
            raise AuthError("token-refused", "the sign-in in the browser has ended; sign in again")
        return self._secret

    async def is_granted(self, secret: Secret) -> bool:
        """Whether the token endpoint takes another secret for the same Client ID; no token is kept.

        Raises: what `token` raises, but for a refusal of the credentials.
        """
        try:
            await self._grant(secret)
        except AuthError as error:
            if error.code in _REFUSALS:
                return False
            raise
        return True

    async def granted_of(self, scopes: Sequence[str]) -> tuple[str, ...] | None:
        """Return which of these scopes are granted when they are asked for; the token is not kept.

        None when that is not told: the answer names no scopes, or all of them together are refused.

        Raises: what `token` raises, but for a refusal.
        """
        try:
            token = await self._grant(self._own_secret(), scopes)
        except AuthError as error:
            if error.code in {"token-malformed", *_CODES.values(), "token-refused"}:
                return None
            raise
        return None if token.scopes is None else tuple(s for s in scopes if s in token.scopes)

    async def _grant(self, secret: Secret, scopes: Sequence[str] = ()) -> Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": secret.reveal(),
            "scope": " ".join(scopes or self._scopes),
        }
        params = {"tenant": self.halo_tenant} if self.halo_tenant else {}
        reply = await self._door.send(Request("POST", self.url, params=params, form=form))
        if reply.status == 404 and params and await self._endpoint_exists():
            seen = f"the token endpoint answers 404 for the tenant “{clean(self.halo_tenant or '')}”"
            raise AuthError("tenant-unknown", seen)
        return _token_of(reply, self._limits, self._reading)

    async def _endpoint_exists(self) -> bool:
        """Whether the endpoint answers without credentials and tenant: with 400, 401 or 405 (facts 2.2)."""
        try:
            reply = await self._door.send(Request("GET", self.url))
        except HaloError:
            return False
        return reply.status in {400, 401, 405}


def trusted_token_url(address: Address, auth_url: str) -> str:
    """Return the token endpoint of the authorisation server that `authinfo` names (design, section 7).

    Raises: ConnectionFailedError `redirected` for a place that must not see credentials.
    """
    own = urlsplit(address.url)
    try:
        named = urlsplit(auth_url)
        _ = named.port
        if own.scheme == "https":
            safe = named.scheme == "https"
        else:
            safe = named.hostname == own.hostname and is_loopback(named.hostname or "")
        safe = safe and named.scheme in {"http", "https"} and not named.username and bool(named.hostname)
    except ValueError:
        safe = False
    if not safe:
        place = clean(auth_url, 120)
        seen = f"authinfo names “{place}” as the authorisation server; credentials are not sent there"
        raise ConnectionFailedError("redirected", seen)
    path = named.path.rstrip("/").removesuffix("/token")
    return f"{named.scheme}://{named.netloc}{path}/token"


def _token_of(reply: Reply, limits: Limits, reading: Reading) -> Token:
    """Read a token from the endpoint's answer.

    Raises: AuthError, and what `data_of` raises.
    """
    if reply.status != 200:
        _raise_refusal(reply)
    body = data_of(reply, "the token endpoint's answer", limits, reading)
    if isinstance(body, dict) and isinstance(body.get("error"), str):
        _raise_refusal(reply)
    value = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(value, str) or not value.strip() or not value.isascii() or not value.isprintable():
        seen = "the token endpoint answered 200 without a usable access_token"
        raise AuthError("token-malformed", seen)
    if len(value) > MAX_TOKEN:
        raise AuthError("token-malformed", f"the access_token has {len(value):,} characters")
    remember(value)
    kind = body.get("token_type")
    if isinstance(kind, str) and kind.lower() != "bearer":
        raise AuthError("token-malformed", f"the token is of type “{clean(kind)}”, not Bearer")
    lifetime_s = _seconds(body.get("expires_in"))
    scope = body.get("scope")
    scopes = tuple(clean(one) for one in scope.split()[:MAX_SCOPES]) if isinstance(scope, str) else None
    used_s = _USUAL_S if lifetime_s is None else lifetime_s
    renew_at = time.monotonic() + max(used_s - RENEW_EARLY_S, used_s / 2, SHORTEST_S)
    return Token(Secret(value), scopes, lifetime_s, renew_at)


def _seconds(value: Json) -> float | None:
    """Read `expires_in` (facts 2.6); None for what cannot be a lifetime, 0 for a number below zero."""
    try:
        seconds = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) and seconds < _LONGEST_S else None


def _raise_refusal(reply: Reply) -> NoReturn:
    """Classify a refusal by status, `error` and content type (facts 2.7).

    Raises: AuthError, and what `raise_for_status` raises.
    """
    error, text = _oauth_error(reply)
    seen = f"the token endpoint answers {reply.status}"
    seen += f" “{clean(error)}”" if error else ""
    seen += f": {clean(text)}" if text else ""
    code = _CODES.get(error)
    if code is None and error == "invalid_request" and "tenant" in text.lower():
        code = "tenant-unknown"
    if code is None and error:
        code = "token-refused"
    if code is not None:
        raise AuthError(code, seen)
    if reply.status in {404, 405}:
        raise AuthError("token-endpoint-missing", seen)
    if reply.status == 401 and not reply.is_html:
        raise AuthError("invalid-client", seen)
    if reply.status == 400 or (reply.status == 403 and not reply.is_html):
        raise AuthError("token-refused", seen)
    raise_for_status(reply, "the token endpoint")


def _oauth_error(reply: Reply) -> tuple[str, str]:
    """Return `error` and `error_description`, empty where there are none."""
    try:
        body = json.loads(reply.body[:_ERROR_BYTES]) if not reply.is_html else {}
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(body, dict):
        return "", body if isinstance(body, str) else ""
    error, text = body.get("error"), body.get("error_description")
    return error if isinstance(error, str) else "", text if isinstance(text, str) else ""
