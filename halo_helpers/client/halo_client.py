"""The one door for every request to a HaloPSA (floor 2, the only importer of httpx).

It only reads: any request but GET, and the POST to the token endpoint, is refused here. Credentials go to
the tenant's own host, and to the authorisation server that `authinfo` names over verified https. No
redirect is followed. Caps on time, requests and size hold whatever the other side does.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import ssl
import sys
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn, Self
from urllib.parse import urlsplit

import httpx

from ..errors import (
    ApiError,
    AuthError,
    BudgetError,
    ConnectionFailedError,
    GuardError,
    HaloError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    ShapeError,
)
from ..secrets.references import EMAIL, Secret, redact, remember
from ..system.version import VERSION
from ..tenants.base_url import Address, is_loopback, parse_address
from ..tenants.tenants_file import Tenant
from .models import Agent, AuthInfo, Instance, Json, Page, as_rows
from .transport_errors import code_of_transport_error

USER_AGENT = f"halo-runbook/{VERSION}"
RENEW_EARLY_S = 60
"""Clients renew a token this long before it ends (facts 2.6)."""
MAX_PAGES = 100
PAGE_SIZE = 100
AT_ONCE = 7
"""Requests under way at a time in one tenant."""


@dataclass(frozen=True)
class Limits:
    """The caps for one tenant (design, section 7)."""

    total_s: float = 60.0
    request_s: float = 20.0
    connect_s: float = 7.0
    """For TCP and for TLS each: with the name's look-up (5 s) less than a request, whose end by force would
    leave a half-made TLS connection open."""
    requests: int = 120
    answer_bytes: int = 16 * 1024 * 1024


@dataclass(frozen=True)
class Token:
    """An access token in memory. `scopes` is None when the answer named none, which means: as asked."""

    value: Secret
    scopes: tuple[str, ...] | None
    expires_in_s: float
    renew_at: float


@dataclass
class Reading:
    """What the answers told besides their content, for `limits.headroom`."""

    latencies_s: list[float] = field(default_factory=list)
    throttled: int = 0
    clock_skew_s: float | None = None
    """Server's clock minus ours; positive when ours is behind."""
    practice: bool = False
    """Whether the answers are marked as those of a practice tenant."""


@dataclass(frozen=True)
class _Reply:
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def is_html(self) -> bool:
        start = self.body[:256].lstrip().lower()
        return "html" in self.headers.get("content-type", "") or start.startswith(
            (b"<!doctype html", b"<html")
        )


class HaloClient:
    """Asks one tenant. Use it as an async context manager."""

    def __init__(self, tenant: Tenant, secret: Secret, limits: Limits | None = None) -> None:
        self.tenant = tenant
        self.limits = limits or Limits()
        self.reading = Reading()
        self.requests_made = 0
        self.halo_tenant = tenant.halo_tenant
        self.secret = secret
        self._deadline = time.monotonic() + self.limits.total_s
        self._address: Address | None = None
        self._http: httpx.AsyncClient | None = None
        self._token: Token | None = None
        self._renewed_once = False
        self._token_url: str | None = None
        self._token_lock = asyncio.Lock()
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.aclose()

    # --- where ---

    @property
    def address(self) -> Address:
        """The normalised base URL.

        Raises: ConnectionFailedError `url-malformed`.
        """
        if self._address is None:
            self._address = parse_address(self.tenant.base_url)
        return self._address

    @property
    def remaining_s(self) -> float:
        """Seconds that are left for this tenant."""
        return self._deadline - time.monotonic()

    # --- discovery, without credentials ---

    async def auth_info(self) -> AuthInfo | None:
        """Ask where the authorisation server is; None when the instance does not say (404).

        Raises: ConnectionFailedError, ApiError, ShapeError.
        Source: GET /api/authinfo (facts 2.2).
        """
        try:
            info = AuthInfo.from_json(await self._anonymous("authinfo"))
        except NotFoundError:
            return None
        if info.tenant_id and not self.halo_tenant:
            self.halo_tenant = info.tenant_id
        if info.auth_url:
            self._token_url = self._trusted_token_url(info.auth_url)
        return info

    async def instance(self) -> Instance:
        """Ask which installation this is.

        Raises: ConnectionFailedError, ApiError, ShapeError.
        Source: GET /api/InstanceInfo (facts 2.2, 3.6).
        """
        return Instance.from_json(await self._anonymous("InstanceInfo"))

    async def _anonymous(self, resource: str) -> Json:
        params = {"tenant": self.halo_tenant} if self.halo_tenant else {}
        reply = await self._send("GET", f"{self.address.url}/api/{resource}", params=params)
        return self._json(reply, resource)

    def _trusted_token_url(self, auth_url: str) -> str:
        """Say where the token request goes; refuse a place that must not see credentials (design, section 7).

        Raises: ConnectionFailedError `redirected`.
        """
        own = urlsplit(self.address.url)
        try:
            named = urlsplit(auth_url)
            same_host = named.hostname == own.hostname
            safe = (
                named.scheme == "https"
                if own.scheme == "https"
                else same_host and is_loopback(named.hostname or "")
            )
            safe = safe and named.scheme in {"http", "https"} and not named.username and bool(named.hostname)
            _ = named.port
        except ValueError:
            safe = False
        if not safe:
            shown = redact(auth_url)[:120]
            raise ConnectionFailedError(
                "redirected",
                f"authinfo names {shown!r} as the authorisation server; credentials are not sent there",
            )
        path = named.path.rstrip("/").removesuffix("/token")
        return f"{named.scheme}://{named.netloc}{path}/token"

    # --- the token ---

    async def token(self) -> Token:
        """Give a token, asking for one when there is none or it is about to end.

        Raises: AuthError, ConnectionFailedError, ApiError, ShapeError.
        Source: POST {auth}/token, client credentials (facts 2.4 to 2.7).
        """
        async with self._token_lock:
            if self._token is None or time.monotonic() >= self._token.renew_at:
                self._token = await self._grant(self.secret)
            return self._token

    async def is_granted(self, secret: Secret) -> bool:
        """Say whether the token endpoint takes another secret for the same Client ID; no token is kept.

        Raises: what `token` raises, but for a refusal of the credentials.
        """
        try:
            await self._grant(secret)
        except AuthError as error:
            if error.code in {"invalid-client", "token-refused", "unauthorized-client"}:
                return False
            raise
        return True

    async def _grant(self, secret: Secret) -> Token:
        url = self._token_url or f"{self.address.url}/auth/token"
        form = {"grant_type": "client_credentials", "client_id": self.tenant.client_id.strip(),
                "client_secret": secret.reveal(), "scope": " ".join(self.tenant.scopes)}  # fmt: skip
        params = {"tenant": self.halo_tenant} if self.halo_tenant else {}
        reply = await self._send("POST", url, params=params, data=form)
        if reply.status == 404 and params and await self._token_endpoint_exists(url):
            raise AuthError(
                "tenant-unknown",
                f"the token endpoint answers 404 for the tenant “{_clean(self.halo_tenant)}”",
            )
        return self._token_of(reply)

    async def _token_endpoint_exists(self, url: str) -> bool:
        """Ask without credentials and tenant: 400, 401 or 405 means that it exists (facts 2.2)."""
        try:
            reply = await self._send("GET", url)
        except HaloError:
            return False
        return reply.status in {400, 401, 405}

    def _token_of(self, reply: _Reply) -> Token:
        if reply.status != 200:
            self._raise_token_error(reply)
        body = self._json(reply, "the token endpoint's answer")
        if isinstance(body, dict) and isinstance(body.get("error"), str):
            self._raise_token_error(reply)
        value = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(value, str) or not value.strip() or not value.isascii() or not value.isprintable():
            raise AuthError(
                "token-malformed", "the token endpoint answered 200 without a usable access_token"
            )
        remember(value)
        kind = body.get("token_type")
        if isinstance(kind, str) and kind.lower() != "bearer":
            raise AuthError("token-malformed", f"the token is of type “{_clean(kind)}”, not Bearer")
        lifetime = _seconds(body.get("expires_in"))
        scope = body.get("scope")
        scopes = tuple(scope.split()) if isinstance(scope, str) else None
        return Token(
            Secret(value), scopes, lifetime, time.monotonic() + max(lifetime - RENEW_EARLY_S, lifetime / 2)
        )

    def _raise_token_error(self, reply: _Reply) -> NoReturn:
        """Classify by status, `error` and content type (facts 2.7)."""
        error, text = _oauth_error(reply)
        shown = (
            f"the token endpoint answers {reply.status}"
            + (f" “{_clean(error)}”" if error else "")
            + (f": {_clean(text)}" if text else "")
        )
        code = _OAUTH_CODES.get(error)
        if code is None and error == "invalid_request" and "tenant" in text.lower():
            code = "tenant-unknown"
        if code is None and error:
            code = "token-refused"
        if code is not None:
            raise AuthError(code, shown)
        if reply.status in {404, 405}:
            raise AuthError("token-endpoint-missing", shown)
        if reply.status == 401 and not reply.is_html:
            raise AuthError("invalid-client", shown)
        if reply.status == 400 or (reply.status == 403 and not reply.is_html):
            raise AuthError("token-refused", shown)
        self._raise_for_status(reply, "the token endpoint")
        raise AuthError("token-malformed", shown)

    # --- the API ---

    async def get(self, resource: str, **params: object) -> Json:
        """Read one resource below `/api` with the token; after a 401 once more with a new token.

        Raises: RefusedError, NotFoundError, RateLimitedError, ApiError, ConnectionFailedError, AuthError,
        ShapeError, BudgetError.
        """
        token = await self.token()
        reply = await self._read(resource, token, params)
        if reply.status == 401:
            fresh = await self._renewed(token)
            if fresh is not token:
                reply = await self._read(resource, fresh, params)
        return self._json(reply, resource)

    async def _read(self, resource: str, token: Token, params: Mapping[str, object]) -> _Reply:
        query = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in params.items()
        }
        headers = {"Authorization": f"Bearer {token.value.reveal()}"}
        return await self._send("GET", f"{self.address.url}/api/{resource}", params=query, headers=headers)

    async def _renewed(self, refused: Token) -> Token:
        """Give a newer token than the refused one; only the first who asks makes it, and only once."""
        async with self._token_lock:
            if self._token is refused and not self._renewed_once:
                self._renewed_once = True
                self._token = await self._grant(self.secret)
            return self._token or refused

    async def first_page(self, resource: str, key: str, **params: object) -> Page:
        """Read one row of a list, and how many there are.

        Shape: `Page`; routes that do not page give all their rows.
        Raises: what `get` raises, ShapeError when there is no list.
        """
        value = await self.get(
            resource, **({"pageinate": True, "page_size": 1, "page_no": 1, "count": 1} | params)
        )
        return Page(*as_rows(value, resource, key))

    async def rows(self, resource: str, key: str, **params: object) -> list[dict[str, Any]]:
        """Read all rows of a list: a bare array, or pages until they end, repeat, or `record_count` is reached.

        Raises: what `get` raises, ShapeError when there is no list or it never ends.
        Source: facts 3.2, 4.2; wire contract 17 to 22.
        """
        rows, count = as_rows(await self.get(resource, **params), resource, key)
        if count is None or len(rows) >= count:
            return rows
        found: dict[object, dict[str, Any]] = {}
        for number in range(1, MAX_PAGES + 1):
            paging = {"pageinate": True, "page_size": PAGE_SIZE, "page_no": number}
            rows, count = as_rows(await self.get(resource, **params, **paging), resource, key)
            before = len(found)
            for row in rows:
                found.setdefault(_identity(row), row)
            if len(found) == before or count is None or len(found) >= count:
                return list(found.values())
        raise ShapeError("response-too-large", f"the list {resource} does not end after {MAX_PAGES} pages")

    async def agents(self) -> list[Agent]:
        """List the tenant's agents, disabled and API-only ones included.

        Shape: one Agent a row, ordered by id; HaloPSA answers a bare array or wraps it.
        Raises: what `rows` raises.
        Source: GET /api/Agent (facts 4.2).
        """
        rows = await self.rows(
            "Agent", "agents", includeenabled=True, includedisabled=True, includeapiagents=True
        )
        return sorted(map(Agent.from_json, rows), key=lambda agent: agent.id)

    async def agent(self, agent_id: int) -> Agent:
        """Read one agent with its details.

        Raises: what `get` raises.
        Source: GET /api/Agent/{id} (facts 4.2).
        """
        return Agent.from_json(await self.get(f"Agent/{agent_id}", includedetails=True))

    async def me(self) -> Agent:
        """Read the agent that the token acts for.

        Raises: what `get` raises.
        Source: GET /api/Agent/me (facts 4.1); about 2 MB on a real tenant.
        """
        return Agent.from_json(await self.get("Agent/me", includedetails=False))

    # --- one request ---

    async def _send(self, method: str, url: str, *, params: Mapping[str, str] | None = None,
                    data: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> _Reply:  # fmt: skip
        """Send one request within the caps; wait and repeat when a 429 says how long and it fits.

        Raises: BudgetError, ConnectionFailedError, GuardError.
        """
        self._guard(method, url, with_credentials=data is not None or bool(headers))
        tries = 0
        while True:
            tries += 1
            try:
                reply = await self._send_once(method, url, params, data, headers)
            except ConnectionFailedError as error:
                # an idle connection that the server had closed: a read may be asked again
                if (
                    method == "GET"
                    and error.code == "connection-reset"
                    and tries == 1
                    and len(self.reading.latencies_s) > 0
                ):
                    continue
                raise
            if reply.status != 429:
                return reply
            self.reading.throttled += 1
            wait = _retry_after(reply)
            if wait is None or tries > 2 or wait >= self.remaining_s - 1:
                return reply
            await asyncio.sleep(wait)

    def _guard(self, method: str, url: str, *, with_credentials: bool) -> None:
        token_url = self._token_url or f"{self.address.url}/auth/token"
        if method != "GET" and not (method == "POST" and url == token_url):
            raise GuardError(f"{method} refused: verification only reads")
        if with_credentials and url != token_url and not url.startswith(f"{self.address.url}/"):
            raise GuardError("credentials are sent to the tenant's own host only")

    async def _send_once(self, method: str, url: str, params: Mapping[str, str] | None,
                         data: Mapping[str, str] | None, headers: Mapping[str, str] | None) -> _Reply:  # fmt: skip
        async with self._slots:
            if self.requests_made >= self.limits.requests:
                raise BudgetError(f"{self.requests_made} requests were made, the cap for one tenant")
            left = self.remaining_s
            if left <= 0:
                raise BudgetError(f"{self.limits.total_s:g} s are used up, the cap for one tenant")
            self.requests_made += 1
            started = time.monotonic()
            try:
                async with asyncio.timeout(min(self.limits.request_s, left)):
                    return await self._exchange(method, url, params, data, headers, started)
            except TimeoutError:
                if left <= self.limits.request_s:
                    raise BudgetError(
                        f"{self.limits.total_s:g} s are used up, the cap for one tenant"
                    ) from None
                raise ConnectionFailedError(
                    "read-timeout",
                    f"no complete answer from {_place(url)} within {self.limits.request_s:g} s",
                ) from None
            except (
                httpx.HTTPError,
                httpx.InvalidURL,
                httpx.StreamError,
                ssl.SSLError,
                OSError,
                ImportError,
                ValueError,
            ) as error:
                code, seen = code_of_transport_error(error)
                raise ConnectionFailedError(code, f"{_place(url)}: {redact(seen)}") from None

    async def _exchange(self, method: str, url: str, params: Mapping[str, str] | None, data: Mapping[str, str] | None,
                        headers: Mapping[str, str] | None, started: float) -> _Reply:  # fmt: skip
        http = self._connection()
        async with http.stream(method, url, params=params or None, data=data, headers=headers) as response:
            self._look_at(response.headers, started)
            body = await _read_capped(response, self.limits.answer_bytes)
        self.reading.latencies_s.append(time.monotonic() - started)
        if 300 <= response.status_code < 400:
            target = redact(response.headers.get("location", ""))[:120]
            raise ConnectionFailedError(
                "redirected", f"{_place(url)} answers {response.status_code} and points to {target!r}"
            )
        return _Reply(response.status_code, response.headers, body)

    def _connection(self) -> httpx.AsyncClient:
        if self._http is None:
            limits = self.limits
            loopback = self.address.is_loopback
            transports: dict[str, httpx.AsyncBaseTransport | None] = dict.fromkeys(
                ("all://localhost", "all://127.0.0.1", "all://[::1]"))  # fmt: skip
            self._http = httpx.AsyncClient(
                verify=_tls_context(_full_path(self.tenant)),
                follow_redirects=False,
                trust_env=not loopback,
                mounts=transports,
                timeout=httpx.Timeout(limits.request_s, connect=limits.connect_s),
                limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
                headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"},
            )
        return self._http

    def _look_at(self, headers: httpx.Headers, started: float) -> None:
        self.reading.practice = self.reading.practice or headers.get("x-practice-tenant") == "1"
        try:
            theirs = parsedate_to_datetime(headers.get("date", ""))
        except (TypeError, ValueError):
            return
        if theirs.tzinfo is None:
            return
        # the server stamped it between our question and now; its clock shows whole seconds
        ours = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=(time.monotonic() - started) / 2)
        self.reading.clock_skew_s = (theirs - ours).total_seconds() + 0.5

    # --- reading an answer ---

    def _json(self, reply: _Reply, what: str) -> Json:
        if reply.status not in {200, 201}:
            self._raise_for_status(reply, what)
        if reply.is_html:
            raise ShapeError(
                "html-instead-of-json",
                f"{what} answers with a web page titled “{_title(reply.body)}” instead of data",
            )
        try:
            return json.loads(reply.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            shown = _clean(reply.body[:80].decode("utf-8", "replace"))
            raise ShapeError(
                "bad-json", f"{what} answers with something that is no JSON: “{shown}”"
            ) from None

    def _raise_for_status(self, reply: _Reply, what: str) -> NoReturn:
        """Turn a status into an error (facts 3.3).

        Raises: RefusedError, NotFoundError, RateLimitedError, ApiError.
        """
        status = reply.status
        text = "" if reply.is_html else _error_text(reply.body)
        shown = f"{what} answers {status}" + (f": {text}" if text else "")
        if status in {401, 403} and not reply.is_html:
            raise RefusedError(
                "token-refused"
                if status == 401 and "invalid_token" in reply.headers.get("www-authenticate", "")
                else "area-refused",
                shown,
                status,
            )
        if status == 403:
            raise ApiError(
                "blocked", f"{what} answers 403 with a web page titled “{_title(reply.body)}”", status
            )
        if status == 404:
            raise NotFoundError("area-missing", shown, status)
        if status == 429:
            raise RateLimitedError("rate-limited", shown, status)
        if status == 407:
            raise ApiError("proxy-required", shown, status)
        if status in {502, 503}:
            raise ApiError("maintenance", shown, status)
        if status == 504:
            raise ApiError("gateway-timeout", shown, status)
        if status >= 500:
            raise ApiError("server-error", shown, status)
        if reply.is_html and status < 400:
            raise ShapeError(
                "html-instead-of-json", f"{what} answers with a web page titled “{_title(reply.body)}”"
            )
        raise ApiError("protocol-error", shown, status)


_OAUTH_CODES = {
    "invalid_client": "invalid-client", "invalid_grant": "invalid-client", "unauthorized_client": "unauthorized-client",
    "unsupported_grant_type": "unsupported-grant-type", "invalid_scope": "invalid-scope",
}  # fmt: skip


def warm_up() -> None:
    """Make what every tenant needs: the list of trusted authorities takes longer to read than most requests."""
    _tls_context(None)


def post_summary(url: Secret, body: str) -> None:
    """Post a run's summary to a chat's webhook. It is no HaloPSA: nothing of a tenant's credentials is near it.

    Raises: ConnectionFailedError with `url-insecure` for a URL that is not https (loopback aside), ApiError for
    an answer other than 2xx. Messages never hold the URL, which is as good as a password.
    """
    parts = urlsplit(url.reveal())
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ConnectionFailedError("url-insecure", "the webhook's URL does not begin with https://")
    try:
        with httpx.Client(
            verify=_tls_context(None), timeout=10.0, trust_env=not is_loopback(parts.hostname or "")
        ) as http:
            answer = http.post(
                url.reveal(),
                content=body,
                headers={"Content-Type": "application/json", "User-Agent": USER_AGENT},
            )
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        code, seen = code_of_transport_error(error)
        raise ConnectionFailedError(code, f"the webhook at {parts.hostname}: {seen}") from None
    if not answer.is_success:
        raise ApiError(
            "protocol-error",
            f"the webhook at {parts.hostname} answers {answer.status_code}",
            answer.status_code,
        )


def _full_path(tenant: Tenant) -> str | None:
    """Give the tenant's ca_file with the folder that it starts at."""
    return str((tenant.folder or Path()) / Path(tenant.ca_file).expanduser()) if tenant.ca_file else None


@lru_cache(maxsize=8)
def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Trust what the operating system trusts, and `ca_file` besides; certifi's list where the system has none.

    Raises: ConnectionFailedError when the file cannot be used.
    """
    import truststore

    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if sys.platform not in {"win32", "darwin"} and not _system_has_authorities():
        context = httpx.create_ssl_context()
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConnectionFailedError(
                "tls-failed", f"ca_file {ca_file} cannot be used: {type(error).__name__}"
            ) from None
    return context


def _system_has_authorities() -> bool:
    """Say whether OpenSSL finds any authority: a bare container has no package ca-certificates."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile) or bool(paths.capath and any(Path(paths.capath).iterdir()))


async def _read_capped(response: httpx.Response, cap: int) -> bytes:
    """Read and unpack an answer, never holding more than the cap (a packed bomb included).

    Raises: ConnectionFailedError `response-too-large` or `protocol-error`.
    """
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise ConnectionFailedError(
            "protocol-error", f"the answer is packed as “{_clean(coding)}”, which was not asked for"
        )
    unpack = zlib.decompressobj(wbits=47) if coding in {"gzip", "x-gzip", "deflate"} else None
    body = bytearray()
    try:
        async for chunk in response.aiter_raw(64 * 1024):
            body += unpack.decompress(chunk, cap + 1 - len(body)) if unpack else chunk
            if len(body) > cap:
                raise ConnectionFailedError(
                    "response-too-large", f"the answer is larger than {cap / 1024 / 1024:g} MiB"
                )
        if unpack and not unpack.eof and body:
            raise ConnectionFailedError("protocol-error", "the packed answer ends too early")
    except zlib.error:
        raise ConnectionFailedError("protocol-error", "the packed answer cannot be unpacked") from None
    return bytes(body)


def _identity(row: Mapping[str, Any]) -> object:
    key = row.get("id")
    return key if isinstance(key, str | int | float) else id(row)


def _seconds(value: Json) -> float:
    """Read `expires_in`; 3600 is the usual value and the fallback in clients (facts 2.6)."""
    try:
        return float(value) if not isinstance(value, bool) and value is not None else 3600.0
    except (TypeError, ValueError, OverflowError):
        return 3600.0


def _retry_after(reply: _Reply) -> float | None:
    text = reply.headers.get("retry-after", "").strip()
    if text.isdecimal() and len(text) < 7:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds()) if moment.tzinfo else None


def _oauth_error(reply: _Reply) -> tuple[str, str]:
    """Give `error` and `error_description`, empty where there are none."""
    try:
        body = json.loads(reply.body) if not reply.is_html else {}
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(body, dict):
        return "", body if isinstance(body, str) else ""
    error, text = body.get("error"), body.get("error_description")
    return error if isinstance(error, str) else "", text if isinstance(text, str) else ""


def _error_text(body: bytes) -> str:
    """Give the message in one of HaloPSA's several error bodies (facts 3.3), short and clean."""
    text = body[:4096].decode("utf-8", "replace").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _clean(text)
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, dict):
        for key in ("error_description", "Message", "errorMessage", "message", "error", "ClassName"):
            if isinstance(value.get(key), str) and value[key]:
                return _clean(value[key])
        return _clean(
            "; ".join(
                f"{name}: {entry[0]}" for name, entry in value.items() if isinstance(entry, list) and entry
            )
        )
    return ""


def _title(body: bytes) -> str:
    text = body[:8192].decode("utf-8", "replace")
    lower = text.lower()
    start = lower.find("<title")
    start = lower.find(">", start) + 1 if start >= 0 else 0
    end = lower.find("</title", start)
    return _clean(text[start:end]) if start and end > start else "without a title"


def _clean(text: object, length: int = 160) -> str:
    """Make foreign text fit for a sentence: one line, printable, short, no secret, no e-mail address."""
    shown = EMAIL.sub("[e-mail]", redact(str(text or "")))
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in shown).split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def _place(url: str) -> str:
    """Name host and port of a URL: the rest may hold more than a message should show."""
    return urlsplit(url).netloc
