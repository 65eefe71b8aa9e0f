"""The one door: discovery, token, paging, caps, and every fault reached on a real socket."""

from __future__ import annotations

import gzip
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import truststore

from halo_helpers.client.connections import _tls_context
from halo_helpers.client.door import Request
from halo_helpers.client.halo_client import HaloClient
from halo_helpers.client.limits import Limits
from halo_helpers.errors import BudgetError, ConnectionFailedError, GuardError, HaloError
from halo_helpers.practice.control import start
from halo_helpers.practice.serve import Options
from halo_helpers.secrets.value import Secret
from halo_helpers.system.event_loop import run
from halo_helpers.tenants.practice import from_ready_entry

from .helpers.halopsa import HTML, QUICK, SECRET, TOKEN, api, body, hang, reset, tenant
from .helpers.practice import Practice
from .helpers.raw_server import http, raw_server


def ask(base_url: str, what: str, *args: object, limits: Limits = QUICK, **changes: object) -> object:
    async def work() -> object:
        async with HaloClient(tenant(base_url, **changes), Secret(SECRET), limits) as client:
            return await getattr(client, what)(*args)

    return run(work())


def code(base_url: str, what: str = "instance", *args: object, **changes: object) -> str:
    with pytest.raises(HaloError) as error:
        ask(base_url, what, *args, **changes)
    assert SECRET not in str(error.value)
    return error.value.code


def always(answer: bytes) -> Callable[[socket.socket, bytes], None]:
    return lambda connection, _: connection.sendall(answer)


def drip(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    never = threading.Event()
    while not never.wait(0.05):
        connection.sendall(b" ")


def drip_head(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    never = threading.Event()
    while not never.wait(0.05):
        connection.sendall(b"X-A: b\r\n")


def endless(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


GZIP = "Content-Encoding: gzip"
BOMB = gzip.compress(b" " * 50_000_000)

FAULTS = {
    "reset": (reset, "connection-reset"),
    "hang": (hang, "read-timeout"),
    "drip": (drip, "read-timeout"),
    "drip head": (drip_head, "read-timeout"),
    "endless": (endless, "response-too-large"),
    "bomb": (always(http("200 OK", BOMB, GZIP)), "response-too-large"),
    "cut": (always(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), "connection-reset"),
    "closed": (always(b""), "connection-reset"),
    "cut gzip": (always(http("200 OK", gzip.compress(b"{}" * 99)[:20], GZIP)), "protocol-error"),
    "no gzip": (always(http("200 OK", b"{}", GZIP)), "protocol-error"),
    "brotli": (always(http("200 OK", b"{}", "Content-Encoding: br")), "protocol-error"),
    "not http": (always(b"SSH-2.0-x\r\n"), "connection-reset"),
    "html": (always(http("200 OK", HTML, "Content-Type: text/html")), "html-instead-of-json"),
    "html as json": (always(http("200 OK", HTML)), "html-instead-of-json"),
    "text": (always(http("200 OK", b"fine")), "bad-json"),
    "empty": (always(http("200 OK")), "bad-json"),
    "deep": (always(http("200 OK", b"[" * 90_000)), "bad-json"),
    "array": (always(http("200 OK", b"[]")), "bad-json"),
    "302": (always(http("302 Found", b"", "Location: https://evil.example/")), "redirected"),
    "500": (always(http("500 Oops")), "server-error"),
    "502": (always(http("502 Bad", HTML)), "maintenance"),
    "503": (always(http("503 Soon", HTML)), "maintenance"),
    "504": (always(http("504 Late")), "gateway-timeout"),
    "429": (always(http("429 Slow", b"Rate limit reached")), "rate-limited"),
    "429 for long": (always(http("429 Slow", b"", "Retry-After: 300")), "rate-limited"),
    "403 page": (always(http("403 No", HTML)), "blocked"),
    "418": (always(http("418 Teapot")), "protocol-error"),
    "407": (always(http("407 Proxy")), "proxy-required"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name: str) -> None:
    script, expected = FAULTS[name]
    with raw_server(script) as url:
        assert code(url) == expected


def test_refused_and_unknown_host() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert code(f"http://127.0.0.1:{port}") == "connect-refused"
    assert code("https://no-such-host.invalid") == "dns-failed"


def test_plain_text_on_a_tls_port() -> None:
    with raw_server(always(b"HTTP/1.1 400 Bad\r\n\r\n")) as url:
        assert code(url.replace("http:", "https:")) in {"tls-failed", "connect-timeout", "connection-reset"}


def test_tls_of_a_private_authority() -> None:
    with start(Options(tls=True)) as server:
        found = from_ready_entry(server.tenants[0], server.base_url)
        assert code(found.base_url) == "tls-untrusted"
        assert ask(found.base_url, "instance", ca_file=server.ca_file).practice  # type: ignore[attr-defined]
        assert code(found.base_url, ca_file="/none.pem") == "tls-failed"


TOKEN_ERRORS = {
    "invalid_client": (
        body({"error": "invalid_client", "error_description": "x"}, "401 No"),
        "invalid-client",
    ),
    "invalid_grant": (body({"error": "invalid_grant"}, "400 Bad"), "invalid-client"),
    "empty 401": (http("401 No"), "invalid-client"),
    "unauthorized_client": (body({"error": "unauthorized_client"}, "400 Bad"), "unauthorized-client"),
    "unsupported": (body({"error": "unsupported_grant_type"}, "400 Bad"), "unsupported-grant-type"),
    "scope": (body({"error": "invalid_scope"}, "400 Bad"), "invalid-scope"),
    "tenant": (
        body(
            {"error": "invalid_request", "error_description": "The specified tenant was not found."},
            "400 Bad",
        ),
        "tenant-unknown",
    ),
    "other": (body({"error": "access_denied"}, "400 Bad"), "token-refused"),
    "bare 400": (http("400 Bad", b'"no"'), "token-refused"),
    "404": (http("404 None"), "token-endpoint-missing"),
    "405": (http("405 No"), "token-endpoint-missing"),
    "error in 200": (body({"error": "invalid_client"}), "invalid-client"),
    "no token": (body({"token_type": "Bearer"}), "token-malformed"),
    "null token": (body({"access_token": None}), "token-malformed"),
    "line break in token": (body({"access_token": "a\r\nX: y"}), "token-malformed"),
    "mac": (body({"access_token": "abcdefgh", "token_type": "mac"}), "token-malformed"),
    "html": (http("200 OK", HTML), "html-instead-of-json"),
    "block page": (http("403 No", HTML), "blocked"),
    "429": (http("429 Slow"), "rate-limited"),
    "503": (http("503 Soon", HTML), "maintenance"),
    "301": (http("301 Moved", b"", "Location: https://evil.example/token"), "redirected"),
}


@pytest.mark.parametrize("name", TOKEN_ERRORS)
def test_token_errors(name: str) -> None:
    answer, expected = TOKEN_ERRORS[name]
    with raw_server(api({"/auth/token": answer})) as url:
        assert code(url, "token") == expected


def test_the_secret_that_a_server_echoes_is_not_shown() -> None:
    echo = body({"error": "invalid_client", "error_description": f"secret {SECRET} is wrong"}, "401 No")
    with raw_server(api({"/auth/token": echo})) as url:
        assert code(url, "token") == "invalid-client"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/auth",
        "http://10.0.0.1/auth",
        "https://u:p@127.0.0.1/auth",
        "//evil.example",
        "nonsense",
        "http://[::1",
    ],
)
def test_credentials_do_not_follow_authinfo_elsewhere(elsewhere: str) -> None:
    seen: list[bytes] = []
    with raw_server(api({"/api/authinfo": body({"auth_url": elsewhere}), "/auth/token": TOKEN}, seen)) as url:
        assert code(url, "auth_info") == "redirected"
    assert len(seen) == 1


def test_authinfo_tells_tenant_and_path() -> None:
    seen: list[bytes] = []

    def script(connection: socket.socket, head: bytes) -> None:
        host = head.lower().split(b"host: ")[1].split(b"\r\n")[0].decode()
        api(
            {
                "/api/authinfo": body({"auth_url": f"http://{host}/x/auth/", "tenant_id": "acme"}),
                "/x/auth/token": TOKEN,
            },
            seen,
        )(connection, head)

    async def work(url: str) -> None:
        async with HaloClient(tenant(url), Secret(SECRET), QUICK) as client:
            await client.auth_info()
            await client.token()

    with raw_server(script) as url:
        run(work(url))
    assert seen[1].startswith(b"POST /x/auth/token?tenant=acme ")
    assert b"user-agent: halo-runbook/" in seen[1].lower()


def test_a_401_renews_the_token_once() -> None:
    seen: list[bytes] = []
    with raw_server(api({"/auth/token": TOKEN, "/api/Agent": http("401 No")}, seen)) as url:
        assert code(url, "get", "Agent/me") == "area-refused"
    assert [head.split(b" ")[0] for head in seen] == [b"POST", b"GET", b"POST", b"GET"]


def test_a_429_that_says_how_long_is_waited_for() -> None:
    answers = [http("429 Slow", b"", "Retry-After: 0"), body({"app_version": "2"})]
    with raw_server(lambda connection, _: connection.sendall(answers.pop(0))) as url:
        assert ask(url, "instance").version == "2"  # type: ignore[attr-defined]


def test_only_reads_and_only_at_the_own_host(practice: Practice) -> None:
    async def work(method: str, url: str, headers: dict[str, str] | None = None) -> None:
        async with HaloClient(practice.tenant(), Secret(SECRET)) as client:
            await client._door.send(Request(method, url, headers=headers))

    for method, url in (
        ("POST", "/api/Tickets"),
        ("DELETE", "/api/Tickets/1"),
        ("PUT", "/api/Agent"),
        ("PATCH", "/auth/token"),
    ):
        with pytest.raises(GuardError):
            run(work(method, practice.base_url + url))
    with pytest.raises(GuardError):
        run(work("GET", "http://127.0.0.1:9/api/Agent", {"Authorization": "Bearer x"}))


def test_the_budget_of_requests() -> None:
    async def work(url: str) -> None:
        async with HaloClient(tenant(url), Secret(SECRET), Limits(requests=3)) as client:
            while True:
                await client.instance()

    with raw_server(always(body({"app_version": "2"}))) as url, pytest.raises(BudgetError):
        run(work(url))


def test_the_budget_of_time() -> None:
    with raw_server(hang) as url:
        assert code(url, limits=Limits(total_s=0.3, request_s=5)) == "budget-exhausted"


def rows(connection: socket.socket, head: bytes, page: Callable[[int], object]) -> None:
    query = head.split(b" ")[1].decode()
    number = int(query.split("page_no=")[1].split("&")[0]) if "page_no=" in query else 0
    connection.sendall(TOKEN if "/token" in query else body(page(number)))


@pytest.mark.parametrize(
    ("page", "count"),
    [
        (lambda _: [{"id": n} for n in range(7)], 7),
        (lambda _: {"agents": [{"id": 1}]}, 1),
        (
            lambda n: {
                "record_count": 250,
                "results": [
                    {"id": i} for i in range(100 * (n - 1) if n else 0, min(100 * n, 250) if n else 50)
                ],
            },
            250,
        ),
        (lambda _: {"record_count": 999, "results": [{"id": 1}, {"id": 2}]}, 2),  # the same page for ever
        (lambda _: {"record_count": 2, "results": [{"id": 1}, {"id": 2}]}, 2),  # paging ignored
    ],
)
def test_paging_ends(page: Callable[[int], object], count: int) -> None:
    with raw_server(lambda connection, head: rows(connection, head, page)) as url:
        assert len(ask(url, "rows", "Agent", "agents")) == count  # type: ignore[arg-type]


def test_paging_that_never_ends_is_stopped() -> None:
    with raw_server(
        lambda c, h: rows(c, h, lambda n: {"record_count": 10**9, "results": [{"id": n}]})
    ) as url:
        assert code(url, "rows", "Agent", "agents") == "budget-exhausted"


def test_loopback_is_never_proxied(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert ask(practice.base_url, "instance").practice  # type: ignore[attr-defined]


def test_a_proxy_is_used_for_others_and_its_faults_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(always(http("407 Proxy Authentication Required"))) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        assert code("https://acme.halopsa.invalid") == "proxy-required"
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:9")
    assert code("https://acme.halopsa.invalid") == "proxy-required"


@pytest.mark.parametrize(
    ("proxy", "expected", "said"),
    [
        (
            "http://user:pass-of-the-proxy@127.0.0.1:9",
            "proxy-failed",
            "the proxy 127.0.0.1:9 of the environment",
        ),
        ("http://no-such-proxy.invalid:3128", "proxy-failed", "no-such-proxy.invalid:3128"),
        ("407", "proxy-required", "the proxy 127.0.0.1:"),
        ("502", "proxy-required", "the proxy 127.0.0.1:"),
        ("http://127.0.0.1:99999", "proxy-required", "the proxy 127.0.0.1:99999"),
        ("http://[::1", "proxy-required", "the proxy"),
    ],
)
def test_the_proxy_is_blamed_and_not_the_target(
    proxy: str, expected: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with raw_server(always(http(f"{proxy} Refused"))) as url:
        monkeypatch.setenv("HTTPS_PROXY", url if proxy.isdecimal() else proxy)
        with pytest.raises(ConnectionFailedError) as error:
            ask("https://acme.halopsa.invalid", "instance")
    assert error.value.code == expected
    assert said in error.value.seen
    assert "pass-of-the-proxy" not in error.value.seen


def test_a_host_in_no_proxy_is_asked_directly_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "halopsa.invalid")
    with pytest.raises(ConnectionFailedError) as error:
        ask("https://acme.halopsa.invalid", "instance")
    assert error.value.code == "dns-failed"
    assert "NO_PROXY names this host, so the proxy proxy.example:3128 was not used" in error.value.seen


def test_a_proxy_that_says_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It closes, or answers what is no HTTP: who failed is open, and both are named."""
    for script in (reset, always(b"rubbish\r\n\r\n")):
        with raw_server(script) as url:
            monkeypatch.setenv("HTTPS_PROXY", url)
            with pytest.raises(ConnectionFailedError) as error:
                ask("https://acme.halopsa.invalid", "instance")
            assert f"by the proxy {url.removeprefix('http://')}" in error.value.seen


def test_no_proxy_for_everything_among_others_is_read_as_httpx_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "10.0.0.0, *")
    with pytest.raises(ConnectionFailedError, match="was not used") as error:
        ask("https://acme.halopsa.invalid", "instance")
    assert error.value.code == "dns-failed"


def test_no_cookie_is_kept() -> None:
    """What a server sets it does not get back, neither with the next request nor with the token's."""
    seen: list[bytes] = []
    answers = {
        "/api/authinfo": body({"tenant_id": "acme"}, "200 OK", "Set-Cookie: tracked=1; Path=/"),
        "/auth/token": TOKEN,
        "/api/Agent/me": body({"id": 27, "name": "Neo"}),
    }
    with raw_server(api(answers, seen)) as url:

        async def work() -> None:
            async with HaloClient(tenant(url), Secret(SECRET), QUICK) as client:
                await client.auth_info()
                await client.me()

        run(work())
    assert len(seen) == 3
    assert not any(b"cookie" in head.lower() for head in seen)


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="the system's own store is asked there")
def test_the_list_of_authorities_is_read_once_and_not_at_each_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = _tls_context(None)
    monkeypatch.setattr(ssl.SSLContext, "set_default_verify_paths", lambda _: pytest.fail("read again"))
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_: pytest.fail("read again"))
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="acme.halopsa.com")
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="the system's own store is asked there")
def test_a_folder_of_authorities_that_openssl_does_not_read_is_left_to_truststore(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ca-bundle.crt").write_text("a list, and no certificate by its hash")
    paths = ssl.get_default_verify_paths()._replace(cafile=None, capath=str(tmp_path))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    assert isinstance(_tls_context.__wrapped__(None), truststore.SSLContext)
    (tmp_path / "0a1b2c3d.0").write_text("")
    assert not isinstance(_tls_context.__wrapped__(None), truststore.SSLContext)
