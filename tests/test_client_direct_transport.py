"""The transport below httpx: kept connections, TLS, and whatever a server may do, on real sockets."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable

import httpx
import pytest
import trustme

from halo_helpers.client import direct_transport
from halo_helpers.client.direct_transport import DirectTransport

from .helpers.raw_server import http, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def ask(
    work: Callable[[httpx.AsyncClient], Awaitable[object]], context: ssl.SSLContext | None = None
) -> None:
    async def with_client() -> None:
        transport = DirectTransport(context or ssl.create_default_context())
        async with httpx.AsyncClient(transport=transport, timeout=httpx.Timeout(5.0, connect=0.5)) as client:
            await work(client)

    asyncio.run(with_client())


class Counted:
    """A script that answers a connection as often as it is asked, and counts connections and requests."""

    def __init__(self, answer: bytes = OK, requests: int = 99, after: bytes = b"") -> None:
        self._answer, self._requests, self._after = answer, requests, after
        self.connections = self.requests = 0
        self.ended = threading.Event()
        """Set once a connection has ended."""

    def __call__(self, connection: socket.socket, _: bytes) -> None:
        self.connections += 1
        for _again in range(self._requests):
            self.requests += 1
            connection.sendall(self._answer)
            if self._after:
                connection.sendall(self._after)
            if self.requests < self._requests and not connection.recv(65536):
                break
        connection.close()
        self.ended.set()


def test_a_connection_is_kept_and_used_again() -> None:
    server = Counted()

    async def work(client: httpx.AsyncClient) -> None:
        for _ in range(3):
            assert (await client.get(url)).text == "ok"

    with raw_server(server) as url:
        ask(work)
        assert server.ended.wait(5)
    assert (server.connections, server.requests) == (1, 3)


def test_one_that_the_server_closed_meanwhile_is_not_used() -> None:
    server = Counted(requests=1)

    async def work(client: httpx.AsyncClient) -> None:
        assert (await client.get(url)).text == "ok"
        assert await asyncio.to_thread(server.ended.wait, 5)
        assert (await client.get(url)).text == "ok"

    with raw_server(server) as url:
        ask(work)
    assert server.connections == 2


def test_one_that_was_idle_for_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Counted()

    async def work(client: httpx.AsyncClient) -> None:
        for _ in range(2):
            assert (await client.get(url)).text == "ok"

    monkeypatch.setattr(direct_transport, "_KEPT_S", 0.0)
    with raw_server(server) as url:
        ask(work)
    assert server.connections == 2


@pytest.mark.parametrize("after", [b"HTTP/1.1 200 OK\r\n", b"x"])
def test_one_on_which_more_came_than_was_asked_for_is_not_used(after: bytes) -> None:
    server = Counted(OK + after)

    async def work(client: httpx.AsyncClient) -> None:
        for _ in range(2):
            assert (await client.get(url)).text == "ok"

    with raw_server(server) as url:
        ask(work)
    assert server.connections == 2


def test_an_answer_that_is_not_read_ends_its_connection() -> None:
    server = Counted(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\nmuch")

    async def work(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", url) as answer:
            assert answer.status_code == 200
        await asyncio.to_thread(server.ended.wait, 5)
        assert server.ended.is_set()

    with raw_server(server) as url:
        ask(work)


def test_who_is_cancelled_leaves_no_connection() -> None:
    begun, ended = threading.Event(), threading.Event()

    def silent(connection: socket.socket, _: bytes) -> None:
        begun.set()
        connection.recv(1)
        ended.set()

    async def work(client: httpx.AsyncClient) -> None:
        task = asyncio.create_task(client.get(url))
        await asyncio.to_thread(begun.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(ended.wait, 5)

    with raw_server(silent) as url:
        ask(work)


ANSWERS = {
    "hints before the answer": (b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + OK, 200),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\nX-Last: 1\r\n\r\n",
        200,
    ),
    "until the end": (b"HTTP/1.0 200 OK\r\n\r\nok", 200),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
    "no words": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_answers_there_are(name: str) -> None:
    raw, status = ANSWERS[name]

    async def work(client: httpx.AsyncClient) -> None:
        answer = await client.get(url)
        assert answer.status_code == status
        assert answer.text in {"ok", ""}

    with raw_server(lambda connection, _: connection.sendall(raw)) as url:
        ask(work)


BROKEN: dict[str, tuple[bytes, type[httpx.TransportError]]] = {
    "nothing": (b"", httpx.RemoteProtocolError),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-", httpx.RemoteProtocolError),
    "half a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", httpx.RemoteProtocolError),
    "half a chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok",
        httpx.RemoteProtocolError,
    ),
    "another protocol": (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", httpx.RemoteProtocolError),
    "no http": (b"SSH-2.0-OpenSSH\r\n\r\n", httpx.RemoteProtocolError),
    "two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        httpx.RemoteProtocolError,
    ),
    "a head without end": (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000, httpx.RemoteProtocolError),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_answer_is_said_as_httpx_says_it(name: str) -> None:
    raw, error = BROKEN[name]

    async def work(client: httpx.AsyncClient) -> None:
        with pytest.raises(error):
            await client.get(url)

    with raw_server(lambda connection, _: connection.sendall(raw)) as url:
        ask(work)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def work(client: httpx.AsyncClient) -> None:
        with pytest.raises(httpx.ConnectError):
            await client.get(url)

    ask(work)


def test_nobody_listens_at_any_address_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def both(*_: object, **__: object) -> list[object]:
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 1, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1)),
        ]

    async def work(client: httpx.AsyncClient) -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
        with pytest.raises(httpx.ConnectError) as error:
            await client.get("http://two.example")
        assert isinstance(error.value.__cause__, ConnectionRefusedError)

    ask(work)


def test_a_header_that_is_none_is_not_sent() -> None:
    server = Counted()

    async def work(client: httpx.AsyncClient) -> None:
        with pytest.raises(httpx.LocalProtocolError):
            await client.get(url, headers={"X-Bad": "a\r\nX-Smuggled: b"})
        assert (await client.get(url)).text == "ok"

    with raw_server(server) as url:
        ask(work)
    assert server.requests == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_names_and_addresses_of_both_kinds(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server(("::1" if ":" in host else "127.0.0.1", 0), family=family) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(http("200 OK", b"ok"))

        threading.Thread(target=answer, daemon=True).start()

        async def work(client: httpx.AsyncClient) -> None:
            assert (await client.get(f"http://{host}:{listener.getsockname()[1]}")).text == "ok"

        ask(work)


def test_a_tls_connection_is_kept_too_and_asked_for_http_1() -> None:
    """The server's side of TLS runs in a thread: a client that never reads would hang here."""
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(ours)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    seen: list[str | None] = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with theirs.wrap_socket(connection, server_side=True) as spoken:
            seen.append(spoken.version())
            while spoken.recv(65536):
                spoken.sendall(OK)
                seen.append("answered")

    async def work(client: httpx.AsyncClient) -> None:
        for _ in range(3):
            assert (await client.get(f"https://127.0.0.1:{listener.getsockname()[1]}")).text == "ok"

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        ask(work, ours)
        thread.join(5)
    assert seen == ["TLSv1.3", *["answered"] * 3]


def test_a_certificate_that_nobody_trusts() -> None:
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(theirs)

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, pytest.raises(ssl.SSLError):
            theirs.wrap_socket(connection, server_side=True)

    async def work(client: httpx.AsyncClient) -> None:
        with pytest.raises(httpx.ConnectError) as error:
            await client.get(f"https://127.0.0.1:{listener.getsockname()[1]}")
        assert isinstance(error.value.__cause__, ssl.SSLCertVerificationError)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        ask(work)


def test_a_handshake_that_never_ends_is_left_and_closed() -> None:
    ended = threading.Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while connection.recv(65536):
                pass
            ended.set()

    async def work(client: httpx.AsyncClient) -> None:
        with pytest.raises(httpx.ConnectTimeout):
            await client.get(f"https://127.0.0.1:{listener.getsockname()[1]}")
        assert await asyncio.to_thread(ended.wait, 5)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        ask(work)
