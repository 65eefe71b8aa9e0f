"""What a server may send and do: too much, broken HTTP, places that credentials must not go to."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from halo_helpers import verify
from halo_helpers.checks.findings import BROKEN
from halo_helpers.client.limits import Limits
from halo_helpers.verification.result import Verification

from .helpers.halopsa import HEALTHY, ID, ME, QUICK, SECRET, api, body, served, tenant
from .helpers.raw_server import http, raw_server

MIB = 1024 * 1024


DEEP = b"[" * 200_000 + b"]" * 200_000


def big(value: bytes, times: int) -> bytes:
    return http("200 OK", b"[" + b",".join([value] * times) + b"]", "Content-Type: application/json")


def token(**fields: object) -> bytes:
    return body({"access_token": "a-token-of-some-length", "expires_in": 3600} | fields)


TOO_MUCH: dict[str, tuple[dict[str, bytes], str, str]] = {
    "a token of 40 KiB": (
        {"/auth/token": token(access_token="x" * 40_000)},
        "token.grant",
        "token-malformed",
    ),
    "60,000 rows": ({"/api/Agent?": big(b'{"id":1}', 60_000)}, "identity.listed", "response-too-large"),
    "a million empty rows": ({"/api/Agent?": big(b"{}", 1_000_000)}, "identity.listed", "response-too-large"),
    "values in one row": (
        {"/api/Agent/me": http("200 OK", b'{"id":1,"x":{"y":[' + b"1," * 1_100_000 + b"1]}}")},
        "identity.login",
        "response-too-large",
    ),
    "a deep one": ({"/api/Agent/me": http("200 OK", DEEP)}, "identity.login", "bad-json"),
    "packed twice": (
        {
            "/api/authinfo": http(
                "200 OK", gzip.compress(gzip.compress(b"{}")), "Content-Encoding: gzip, gzip"
            )
        },
        "address.reach",
        "protocol-error",
    ),
    "a bomb": (
        {"/api/authinfo": http("200 OK", zlib.compress(b"\0" * 200 * MIB), "Content-Encoding: deflate")},
        "address.reach",
        "response-too-large",
    ),
}


@pytest.mark.parametrize("how", TOO_MUCH)
def test_too_much_is_a_finding(how: str) -> None:
    answers, check_id, code = TOO_MUCH[how]
    with raw_server(served(answers)) as url:
        result = verify(tenant(url), only=[check_id], limits=Limits(total_s=20))
    assert result[check_id].code == code
    assert "internal-error" not in result.codes


def test_a_thousand_scopes_are_a_hundred() -> None:
    scopes = " ".join(["all:standard", *(f"read:x{n}" for n in range(1000))])
    with raw_server(served({"/auth/token": token(scope=scopes)})) as url:
        result = verify(tenant(url), only=["token.scopes"])
    assert len(result.scopes["granted"]) == 100


def test_all_answers_together_have_a_cap() -> None:
    """Each list is below the cap of one answer; a tenant's are not."""
    rows = body([{"id": 1, "x": "y" * 3 * MIB}])
    limits = Limits(tenant_bytes=20 * MIB)
    with raw_server(served(HEALTHY | {"/api/": rows})) as url:
        result = verify(tenant(url), limits=limits)
    assert "response-too-large" in result.codes
    assert "internal-error" not in result.codes


WORST: dict[str, bytes] = {
    "rows of a pair": big(b'{"a":1}', 2 * MIB),
    "lists": big(b"[]", 5 * MIB),
    "letters of four bytes": body({"x": "😀" + "y" * 15 * MIB}),
    "a long name": body([ME | {"name": "\u202e\x1b[" * 3 * MIB}]),
    "a long page": http("500 No", b"<html><title>" + b"<title" * 2 * MIB),
    "a long refusal": http("401 No", b"[" + b"[]," * 5 * MIB + b"[]]"),
    "not closed": http("200 OK", b'{"a":"' + b"\\u0000" * 2 * MIB),
}


MEASURED = """
import atexit, pathlib, sys
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: print(status.read_text().partition("VmHWM:")[2].partition("\\n")[0], file=sys.stderr))
from halo_helpers.cli import main
main()
"""
"""The command line, which says at its end how much memory it has held at most."""


@pytest.mark.parametrize("how", WORST)
def test_one_check_stays_small_and_ends(how: str, tmp_path: Path) -> None:
    """Every route answers with it, as often as it is asked: below 300 MiB, and done in its time."""
    with raw_server(served(HEALTHY | {"/api/": WORST[how]})) as url:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, "check", "--base-url", url, "--client-id", ID, "--json"],
            capture_output=True,
            env=os.environ | {"HALO_CLIENT_SECRET": SECRET, "HALO_RUNBOOK_HOME": str(tmp_path)},
            check=False,
        )
    assert time.monotonic() - started < Limits().total_s + 5
    assert int(done.stderr.split()[-2]) / 1024 < 300, done.stderr
    result = Verification.from_json(json.loads(done.stdout))
    assert "internal-error" not in result.codes
    assert result.verdict in BROKEN


def raw(data: bytes) -> Callable[[socket.socket, bytes], None]:
    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(data)

    return script


SPLIT = {
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + b" " * 38,
    "a length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    ),
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
    "a header with a line break": b"HTTP/1.1 200 OK\r\nX: a\n\rb\r\nContent-Length: 2\r\n\r\n{}",
    "a header of 200 KiB": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    "ten thousand headers": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 10_000 + b"\r\n{}",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a status of five digits": b"HTTP/1.1 20000 OK\r\n\r\n",
    "an endless 100": b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
}


@pytest.mark.parametrize("how", SPLIT)
def test_answers_that_break_http_are_findings(how: str) -> None:
    with raw_server(raw(SPLIT[how])) as url:
        result = verify(tenant(url), limits=QUICK)
    assert result.verdict in BROKEN
    assert "internal-error" not in result.codes
    assert result["token.grant"].verdict == "skip"


def test_a_smuggled_second_answer_is_not_taken_for_the_next_one() -> None:
    """Behind the answer to authinfo stands a token that nobody asked for."""
    asked: list[bytes] = []

    def script(connection: socket.socket, head: bytes) -> None:
        asked.append(head)
        first = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        connection.sendall(
            first + b"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n" + b'{"access_token":"smuggle"}'
        )
        connection.recv(1)

    with raw_server(script) as url:
        result = verify(tenant(url), limits=QUICK)
    assert result["token.grant"].verdict != "pass"
    assert not any(SECRET.encode() in head for head in asked)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Again", "308 For good"])
def test_credentials_follow_no_redirect(status: str) -> None:
    """The token endpoint and the API lead on to another host: nothing is sent there."""
    elsewhere: list[bytes] = []
    with raw_server(api({}, elsewhere)) as other:
        moved = http(status, b"", f"Location: {other}/auth/token")
        for path in ("/auth/token", "/api/Agent/me"):
            with raw_server(served({path: moved})) as url:
                result = verify(tenant(url), only=["identity.login"], limits=QUICK)
            assert result.codes == ["redirected"]
    assert elsewhere == []


@pytest.mark.parametrize(
    "auth_url",
    [
        "https://acme.halopsa.com@evil.example/auth",
        "http://evil.example/auth",
        "//evil.example/auth",
        "file:///etc/passwd",
        "https:///auth",
        "https://[::1/auth",
        "https://evil.example:99999/auth",
        "javascript:alert(1)",
        "HTTPS://user:pass@evil.example",
        "https://evil.example\r\nX: y",
    ],
)
def test_credentials_go_to_no_odd_authorisation_server(auth_url: str) -> None:
    named = body({"auth_url": auth_url, "tenant_id": "a"})
    with raw_server(served({"/api/authinfo": named})) as url:
        result = verify(tenant(url), only=["token.grant"], limits=QUICK)
    assert result["token.grant"].verdict != "pass"
    assert set(result.codes) & {"redirected", "not-halopsa", "url-malformed"}


@pytest.mark.parametrize(
    "base_url",
    [
        "https://user:password@acme.halopsa.com",
        "https://acme.halopsa.com@evil.example",
        "https://аcme.halopsa.com",  # the first letter is Cyrillic
        "https://acme。halopsa.com",
        "https://acme.halopsa.com\\@evil.example",
        "https://acme.halopsa.com#@evil.example/",
        "https://acme.halopsa.com?@evil.example/",
        "https://ac\u200bme.halopsa.com",
        "https://acme.halopsa.com\n.evil.example",
        "https://0x7f000001",
        "https://acme.halopsa.com.",
    ],
)
def test_a_host_is_what_it_looks_like(base_url: str) -> None:
    """It is refused, or what is asked is shown in plain letters; nobody is asked whom the text hides."""
    result = verify(tenant(base_url), only=["address.url"])
    found = result["address.url"]
    used = found.seen.rpartition("used: ")[2] if found.verdict != "fail" else ""
    assert "evil.example" not in used
    assert used.isascii()
