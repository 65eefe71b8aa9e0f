"""The way to a host that no proxy stands before: h11 on asyncio's own transports, below httpx's client.

httpx's own transport, httpcore on anyio, does more than is needed here, and a process that was just forked
pays for each line of it that it touches first (tests/benchmarks). Where a proxy is named, httpx's own is
used.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import Any

import h11

from ..system.spared_imports import spared

with spared("httpx._main"):  # its command line, which takes as long to load as all the rest of it
    import httpx

_AT_A_TIME = 64 * 1024
"""Bytes that may wait to be taken before the other side is asked to wait."""
_MOST_HEADERS = 100 * 1024
"""Bytes of an answer's status line and headers."""
_NEXT_ADDRESS_S = 0.25
"""After this time, in seconds, a host's next address is tried beside the first (RFC 8305)."""


_KEPT_S = 5.0
"""A connection that was idle for longer, in seconds, is not used again: somebody may have closed it."""


class DirectTransport(httpx.AsyncBaseTransport):
    """Sends requests of HTTP/1.1 over kept connections; how many at a time is up to who sends them."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._idle: list[_Connection] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; return its answer when the headers are there.

        Raises: httpx's TransportError, as its own transport does.
        """
        limits = request.extensions.get("timeout", {})
        connection = self._kept(_origin(request.url)) or await self._connect(
            request.url, limits.get("connect")
        )
        with connection.closed_on_error():
            await connection.send(request)
            head = await connection.head(limits.get("read"))
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=_Body(self, connection, limits.get("read")),
            extensions={"http_version": b"HTTP/" + head.http_version, "reason_phrase": head.reason},
        )

    async def aclose(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            self._idle.pop().close()

    def keep(self, connection: _Connection) -> None:
        """Take a connection back whose answer was read, for the next request."""
        if connection.is_ready_again():
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.close()

    def _kept(self, origin: tuple[bytes, bytes, int]) -> _Connection | None:
        for connection in reversed(self._idle):
            if connection.origin == origin:
                self._idle.remove(connection)
                is_fresh = asyncio.get_running_loop().time() - connection.idle_since < _KEPT_S
                if is_fresh and connection.is_usable():
                    return connection
                connection.close()
        return None

    async def _connect(self, url: httpx.URL, limit_s: float | None) -> _Connection:
        """Open a connection, with TLS where the URL wants it; each of the two within the limit.

        Raises: httpx.ConnectTimeout, httpx.ConnectError.
        """
        loop, connection = asyncio.get_running_loop(), _Connection(origin := _origin(url))
        scheme, host, port = origin[0], origin[1].decode("ascii"), origin[2]
        with connection.closed_on_error():
            try:
                async with asyncio.timeout(limit_s):
                    await loop.create_connection(
                        lambda: connection, host, port, happy_eyeballs_delay=_NEXT_ADDRESS_S
                    )
                if scheme == b"https":
                    async with asyncio.timeout(limit_s):
                        await connection.secure(self._context, host)
            except TimeoutError as error:
                raise httpx.ConnectTimeout("no connection in time") from error
            except OSError as error:
                raise httpx.ConnectError(str(error)) from _reason(error)
            connection.listen()
        return connection


def _reason(error: OSError) -> OSError:
    """Return the one reason why no address of a host could be reached, which asyncio tells in a text."""
    numbers = set(re.findall(r"\[(?:Errno|WinError) (\d+)\]", str(error))) if error.errno is None else set()
    return OSError(int(numbers.pop()), str(error)) if len(numbers) == 1 else error


def _origin(url: httpx.URL) -> tuple[bytes, bytes, int]:
    scheme = url.raw_scheme
    return scheme, url.raw_host, url.port or (443 if scheme == b"https" else 80)


class _Body(httpx.AsyncByteStream):
    """The body of an answer, read as it is asked for."""

    def __init__(self, transport: DirectTransport, connection: _Connection, limit_s: float | None) -> None:
        self._transport, self._connection, self._limit_s = transport, connection, limit_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with self._connection.closed_on_error():
            while isinstance(event := await self._connection.event(self._limit_s), h11.Data):
                yield bytes(event.data)

    async def aclose(self) -> None:
        """Give the connection back; one whose answer was not read to its end is closed."""
        self._transport.keep(self._connection)


class _Connection(asyncio.Protocol):
    """One connection: what h11 knows of it, and what came and was not taken yet."""

    def __init__(self, origin: tuple[bytes, bytes, int]) -> None:
        self.origin = origin
        self.idle_since = 0.0
        """On the event loop's clock, in seconds."""
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEADERS)
        self._wire: Any = None
        """The transport of the bytes; `_tcp` is the one below TLS."""
        self._tcp: Any = None
        self._came = bytearray()
        self._ended = False
        self._error: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None

    # --- what asyncio tells ---

    def connection_made(self, transport: Any) -> None:
        """Nothing is read before it is known who reads: this protocol, or TLS."""
        self._wire = self._tcp = transport
        transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Keep what came; let the other side wait when that is much."""
        self._came += data
        if len(self._came) > _AT_A_TIME:
            self._wire.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that nothing more comes."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that nothing more comes, and why."""
        self._ended, self._error = True, exc
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    # --- what the transport does ---

    async def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Begin TLS.

        Raises: OSError, ssl.SSLError among them.
        """
        loop = asyncio.get_running_loop()
        self._wire = await loop.start_tls(self._tcp, self, context, server_hostname=host)

    def listen(self) -> None:
        """Begin to read; TLS does so by itself."""
        self._wire.resume_reading()

    async def send(self, request: httpx.Request) -> None:
        """Send a request. One that the other side does not take may have been answered all the same.

        Raises: httpx.LocalProtocolError for one that is no HTTP.
        """
        try:
            url = request.url
            parts = [
                self._http.send(
                    h11.Request(method=request.method, target=url.raw_path, headers=request.headers.raw)
                )
            ]
            assert isinstance(request.stream, httpx.AsyncByteStream)  # noqa: S101 - of an AsyncClient
            parts += [self._http.send(h11.Data(data=part)) async for part in request.stream]
            parts.append(self._http.send(h11.EndOfMessage()))
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error
        self._wire.write(b"".join(part for part in parts if part))

    async def head(self, limit_s: float | None) -> h11.Response:
        """Read an answer's status line and headers; what only announces one is passed over.

        Raises: what `event` raises.
        """
        while not isinstance(event := await self.event(limit_s), h11.Response):
            pass
        return event

    async def event(self, limit_s: float | None) -> Any:
        """Return the next part of an answer, within the limit.

        Raises: httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError.
        """
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                data = await self._read(limit_s)
                if not data and self._http.their_state is h11.SEND_RESPONSE:
                    raise httpx.RemoteProtocolError("disconnected without an answer")
                self._http.receive_data(data)
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        return event

    async def _read(self, limit_s: float | None) -> bytes:
        """Return what came, at least a byte; nothing when nothing more comes."""
        if not self._came and not self._ended:
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(limit_s):
                    await self._waiting
            except TimeoutError as error:
                raise httpx.ReadTimeout("no answer in time") from error
        if not self._came and self._error is not None:
            raise httpx.ReadError(str(self._error)) from self._error
        data = bytes(self._came)
        self._came.clear()
        if not self._ended:
            self._wire.resume_reading()
        return data

    def is_ready_again(self) -> bool:
        """Whether the answer was read to its end, and both sides go on; make ready for the next request."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return self.is_usable()

    def is_usable(self) -> bool:
        """Whether the other side has neither ended it nor sent what nobody asked for."""
        return not self._ended and not self._came and not self._http.trailing_data[0]

    def close(self) -> None:
        """Close it without what TLS says at the end, which is of no use to anybody here."""
        if self._tcp is not None:
            self._tcp.close()

    @contextlib.contextmanager
    def closed_on_error(self) -> Iterator[None]:
        """Close the connection when something goes wrong meanwhile, being cancelled included."""
        try:
            yield
        except BaseException:
            self.close()
            raise
