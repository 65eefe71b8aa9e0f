"""The one door for every request to a HaloPSA: the guard, the caps, and reading within bounds.

No redirect is followed. Caps on time, requests and size hold whatever the other side does.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode, urlsplit

from ..errors import BudgetError, ConnectionFailedError, GuardError
from ..system.plain_text import count_of
from ..tenants.base_url import Address
from .answers import Reply, clean
from .connections import BROKEN, Connections, proxy_for
from .limits import AT_ONCE, Limits, Reading
from .retry import ask_with_retries, http_date
from .transport_errors import code_of_transport_error

if TYPE_CHECKING:
    import httpx

_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_OF_PROXY = {
    "dns-failed": "has no known address",
    "connect-refused": "refuses the connection",
    "connect-timeout": "does not accept the connection in time",
}
"""What a failure before any answer says of the proxy, where one is used."""
_UNUSABLE = frozenset({"proxy-required", "url-malformed"})
"""What is the proxy's where one is used: the tenant's own address was taken apart before."""


@dataclass(frozen=True)
class Request:
    """One request; `form` goes into the body of a POST, or `body` as JSON."""

    method: str
    url: str
    params: Mapping[str, str] | None = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    body: bytes | None = None

    @property
    def has_credentials(self) -> bool:
        """Whether a secret or token is in it."""
        return self.form is not None or bool(self.headers)


class Guard(Protocol):
    """Decides which requests may leave."""

    def check(self, request: Request) -> None:
        """Let a request through.

        Raises: GuardError when it must not leave.
        """


class ReadOnly:
    """Lets reading through: GET, and the POST to the token endpoint.

    Credentials go to these two places only.
    """

    def __init__(self, base_url: str, token_url: str) -> None:
        self._base_url = base_url
        self.token_url = token_url

    def check(self, request: Request) -> None:
        """Let a request through.

        Raises: GuardError for a request that writes, or that takes credentials elsewhere.
        """
        asks_for_token = request.method == "POST" and request.url == self.token_url
        if (request.method != "GET" and not asks_for_token) or request.body is not None:
            raise GuardError(f"{request.method} refused: verification only reads")
        own = request.url == self.token_url or request.url.startswith(f"{self._base_url}/")
        if request.has_credentials and not own:
            raise GuardError("credentials are sent to the tenant's own host only")


class Door:
    """Sends requests to one address within the caps. `requests_made` counts them, `reading` what came."""

    def __init__(
        self,
        address: Address,
        ca_file: str | None,
        limits: Limits,
        guard: Guard,
        reading: Reading,
        ends_at: float,
    ) -> None:
        self._address, self._ca_file, self.limits = address, ca_file, limits
        self._guard, self.reading, self._ends_at = guard, reading, ends_at
        self._connections: Connections | None = None
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.requests_made = 0

    async def close(self) -> None:
        """Close the connections."""
        if self._connections is not None:
            await self._connections.close()

    @property
    def remaining_s(self) -> float:
        """Seconds that are left for this tenant."""
        return self._ends_at - time.monotonic()

    async def send(self, request: Request) -> Reply:
        """Send one request within the caps; wait and repeat when a 429 says how long and it fits.

        Raises: BudgetError, ConnectionFailedError, GuardError.
        """
        self._guard.check(request)
        return await ask_with_retries(
            lambda: self._send_once(request),
            reads=request.method == "GET",
            reading=self.reading,
            remaining_s=lambda: self.remaining_s,
        )

    async def _send_once(self, request: Request) -> Reply:
        limits = self.limits
        async with self._slots:
            if self.requests_made >= limits.requests:
                raise BudgetError(f"{count_of(self.requests_made, 'request')} sent, the cap for one tenant")
            left = self.remaining_s
            used_up = f"{limits.total_s:g} s are used up, the cap for one tenant"
            if left <= 0:
                raise BudgetError(used_up)
            self.requests_made += 1
            started = time.monotonic()
            try:
                async with asyncio.timeout(min(limits.request_s, left)):
                    return await self._exchange(request, started)
            except TimeoutError:
                if left <= limits.request_s:
                    raise BudgetError(used_up) from None
                seen = f"no complete answer from {place_of(request.url)} within {limits.request_s:g} s"
                raise ConnectionFailedError("read-timeout", seen) from None
            except BROKEN as error:
                raise self._failure(request, *code_of_transport_error(error)) from None

    def _failure(self, request: Request, code: str, seen: str) -> ConnectionFailedError:
        """Build the error of a connection; where a proxy stood between and failed, it is named and blamed."""
        place, seen = place_of(request.url), clean(seen, 300)
        proxy = None if self._address.is_loopback else proxy_for(request.url)
        if proxy is None:
            return ConnectionFailedError(code, f"{place}: {seen}")
        if proxy.bypassed:
            note = f"NO_PROXY names this host, so the proxy {proxy.place} was not used"
            return ConnectionFailedError(code, f"{place}: {seen}; {note}")
        if code in _OF_PROXY:
            why = f"{_OF_PROXY[code]}; {place} itself was not asked"
            return ConnectionFailedError("proxy-failed", f"the proxy {proxy.place} of the environment {why}")
        if code in _UNUSABLE:
            seen = f"the proxy {proxy.place}, on the way to {place}: {seen}"
            return ConnectionFailedError("proxy-required", seen)
        return ConnectionFailedError(code, f"{place}, by the proxy {proxy.place}: {seen}")

    async def _exchange(self, request: Request, started: float) -> Reply:
        if self._connections is None:
            self._connections = Connections(self._ca_file, self.limits, to_loopback=self._address.is_loopback)
        url = f"{request.url}?{urlencode(request.params)}" if request.params else request.url
        response = await self._connections.send(
            request.method, url, request.headers or {}, request.form, request.body
        )
        try:
            self._look_at(response.headers, started)
            body = await _read_capped(response, self.limits, self.reading)
        finally:
            await response.aclose()
        self.reading.latencies_s.append(time.monotonic() - started)
        if 300 <= response.status_code < 400:
            target = clean(response.headers.get("location", ""), 120)
            seen = f"{place_of(request.url)} answers {response.status_code} and points to “{target}”"
            raise ConnectionFailedError("redirected", seen)
        return Reply(response.status_code, response.headers, body)

    def _look_at(self, headers: Mapping[str, str], started: float) -> None:
        """Note what an answer's headers tell: a practice tenant, and the server's clock."""
        if self._address.is_loopback and headers.get("x-practice-tenant") == "1":
            self.reading.practice = True  # elsewhere the mark is a lie: practice servers listen here only
        theirs = http_date(headers.get("date", ""))
        if theirs is None:
            return
        # the server stamped it between our question and now; its clock shows whole seconds
        ours = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=(time.monotonic() - started) / 2)
        self.reading.clock_skew_s = (theirs - ours).total_seconds() + 0.5


async def _read_capped(response: httpx.Response, limits: Limits, reading: Reading) -> bytes:
    """Read and unpack an answer, never holding more than the caps in bytes (a packed bomb included).

    Raises: ConnectionFailedError `response-too-large` or `protocol-error`.
    """
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"", "identity", *_PACKED}:
        seen = f"the answer is packed as “{clean(coding)}”, which was not asked for"
        raise ConnectionFailedError("protocol-error", seen)
    unpack = zlib.decompressobj(wbits=47) if coding in _PACKED else None
    body, cap = bytearray(), limits.answer_bytes
    try:
        async for chunk in response.aiter_raw(64 * 1024):
            part = unpack.decompress(chunk, cap + 1 - len(body)) if unpack else chunk
            body += part
            reading.bytes_read += len(part)
            if len(body) > cap:
                seen = f"the answer is larger than {cap / 1024 / 1024:g} MiB"
                raise ConnectionFailedError("response-too-large", seen)
            if reading.bytes_read > limits.tenant_bytes:
                seen = f"all answers together are larger than {limits.tenant_bytes / 1024 / 1024:g} MiB"
                raise ConnectionFailedError("response-too-large", seen)
        if unpack and not unpack.eof and body:
            raise ConnectionFailedError("protocol-error", "the packed answer ends too early")
    except zlib.error:
        raise ConnectionFailedError("protocol-error", "the packed answer cannot be unpacked") from None
    return bytes(body)


def place_of(url: str) -> str:
    """Return host and port of a URL: the rest may hold more than a message should show."""
    return urlsplit(url).netloc
