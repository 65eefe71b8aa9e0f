"""Every diagnosis code, reached over a real socket within its limits; DIAGNOSES.md is made from it."""

from __future__ import annotations

import datetime as dt
import gzip
import importlib
import json
import os
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from halo_helpers import verify
from halo_helpers.batch.fleet import FleetOptions
from halo_helpers.checks import DIAGNOSES
from halo_helpers.client.limits import Limits
from halo_helpers.practice.control import start
from halo_helpers.secrets.value import Secret
from halo_helpers.tenants.practice import from_ready_entry
from halo_helpers.tenants.trust import trust
from halo_helpers.verification.result import Verification

from .helpers.diagnoses_table import _cells, table
from .helpers.diagnosis_cases import (
    CASES,
    DOOR,
    KNOWN,
    ME,
    WHOLE,
    Lost,
    at,
    case,
    fleet,
    practised,
    served,
    tls,
)
from .helpers.halopsa import HTML, QUICK, SECRET, TOKEN, api, body, hang, reset, tenant
from .helpers.practice import Practice
from .helpers.raw_server import http, raw_server

TABLE = Path(__file__).parent.parent / "DIAGNOSES.md"


at("url-malformed", "https://acme halopsa.com")
at("url-insecure", "http://no-such-host.invalid")
at("dns-failed", "https://no-such-host.invalid")


@case("url-trimmed", WHOLE)
def _(stack: ExitStack) -> Verification:
    server = stack.enter_context(start())
    return verify(
        replace(from_ready_entry(server.tenants[0], server.base_url), base_url=f"{server.base_url}/api/")
    )


@case("connect-refused")
def _(stack: ExitStack) -> Verification:
    closed = stack.enter_context(socket.socket())
    closed.bind(("127.0.0.1", 0))
    return verify(tenant(f"http://127.0.0.1:{closed.getsockname()[1]}"), limits=QUICK)


@case("connect-timeout")
def _(stack: ExitStack) -> Verification:
    """A queue that is full: further connections get no answer."""
    full = stack.enter_context(socket.socket())
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    for _ in range(4):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(full.getsockname())
    return verify(tenant(f"http://127.0.0.1:{full.getsockname()[1]}"), limits=QUICK)


served("connection-reset", reset)
served("read-timeout", hang)


@case("proxy-failed")
def _(stack: ExitStack) -> Verification:
    closed = stack.enter_context(socket.socket())
    closed.bind(("127.0.0.1", 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed.getsockname()[1]}")
        return verify(tenant("https://acme.halopsa.invalid"), limits=QUICK)


@case("proxy-required")
def _(stack: ExitStack) -> Verification:
    proxy = stack.enter_context(raw_server(lambda c, _: c.sendall(http("407 Proxy Authentication Required"))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", proxy)
        return verify(tenant("https://acme.halopsa.invalid"), limits=QUICK)


tls("tls-untrusted", trusted=False)
tls("tls-name-mismatch", names=("other.example",))
tls(
    "tls-expired",
    not_before=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    not_after=dt.datetime(2020, 2, 1, tzinfo=dt.UTC),
)
at("tls-failed", "https://127.0.0.1:1", ca_file="/does/not/exist.pem")
served("not-halopsa", {"/api/": body({})})
served("html-instead-of-json", {"/": http("200 OK", HTML, "Content-Type: text/html")})
served("bad-json", {"/": http("200 OK", b"fine", "Content-Type: application/json")})
served("response-too-large", {"/": http("200 OK", gzip.compress(b" " * 5_000_000), "Content-Encoding: gzip")})
served("redirected", {"/": http("302 Found", b"", "Location: https://elsewhere.example/")})
served("maintenance", {"/": http("503 Soon", HTML)})
practised("gateway-timeout", "area-too-slow")
practised("server-error", "area-fails")
served("rate-limited", {"/": http("429 Slow", b"limit reached, 700 requests per rolling 5 minute window")})
served("blocked", {"/": http("403 No", HTML)})
served("protocol-error", {"/": http("200 OK", b"{}", "Content-Encoding: br")})
served(
    "budget-exhausted",
    KNOWN | {"/auth/token": TOKEN, "/api/": body([])},
    Limits(total_s=4, request_s=1, requests=6),
)
practised("client-id-malformed", client_id="abc")
practised("client-secret-malformed", client_secret=Secret("short secret"))
practised("credentials-swapped", "credentials-swapped")
practised("credentials-trimmed", client_secret=Secret(f" {SECRET}\n"))


for name in ("webhook-off", "webhook-without-events", "webhook-failing"):
    practised(name, name)
practised("webhook-missing", "webhook-gone")


@case("licence-none-free", DOOR)
def _(stack: ExitStack) -> Verification:
    info = body({"app_version": "2.236.133", "agent_count": 12, "licensed_agent_count": 12})
    url = stack.enter_context(raw_server(api(KNOWN | {"/api/InstanceInfo": info})))
    return verify(tenant(url), only=["address.licence"])


@case("reference-moved")
def _(stack: ExitStack) -> Verification:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    known = tenant("https://acme.halopsa.com", client_secret="env:HALO_ACME_SECRET", folder=folder)
    trust(known)
    return verify(replace(known, base_url="https://elsewhere.example"))


@case("throttled", WHOLE)
def _(stack: ExitStack) -> Verification:
    """The first request after the token is told to come again at once."""
    answer = api(KNOWN | {"/auth/token": TOKEN, "/api/Agent/me": ME})
    told: list[bytes] = []

    def script(connection: socket.socket, head: bytes) -> None:
        if b"/api/Agent/me" in head and not told:
            told.append(head)
            connection.sendall(http("429 Slow", b"", "Retry-After: 0"))
        else:
            answer(connection, head)

    return verify(tenant(stack.enter_context(raw_server(script))), limits=QUICK)


at("secret-unavailable", "https://acme.example", client_secret="env:HALO_NOT_SET_ANYWHERE")
served("token-endpoint-missing", KNOWN)
practised("invalid-client", "wrong-secret")
practised("unauthorized-client", "wrong-grant")
served(
    "unsupported-grant-type", KNOWN | {"/auth/token": body({"error": "unsupported_grant_type"}, "400 Bad")}
)
practised("invalid-scope", "scope-refused")
practised("tenant-unknown", "wrong-tenant")
practised("token-refused", "app-not-approved")
served("token-malformed", KNOWN | {"/auth/token": body({"token_type": "Bearer"})})
practised("token-expired", "token-short-lived")
practised("token-control-passed", "any-secret")
practised("scopes-missing", "scope-missing-webhooks")
practised("scopes-none", "scope-none")
served(
    "scopes-excess",
    KNOWN
    | {
        "/auth/token": body(
            {"access_token": "a-token-of-some-length", "scope": "all admin all:teams admin:webhooks"}
        ),
        "/api/Agent/": ME,
    },
    within=WHOLE,
)
practised("login-not-agent", "login-type-user")


for _name in ("agent-mismatch", "agent-disabled", "agent-api-only", "agent-without-team", "agent-unlisted"):
    practised(_name, _name)


practised("agent-unknown", agent_id=999)
practised("agent-role-missing", "agent-without-role")
practised("agent-hours-missing", "agent-without-hours")
practised("agent-name-ambiguous", "agent-twins")
practised("agents-not-listable", "healthy", "agents-scope=read:agents")
practised("area-refused", "tickets-refused")
practised("area-hidden", "contracts-hidden")
practised("area-empty", "agent-restricted")
practised("area-missing", "no-sales-module")
practised("webhooks-refused", "scope-missing-webhooks")
practised("clock-skew", "clock-off")
practised("slow", "slow")
fleet("run-timeout", FleetOptions(timeout_s=2), scenario="slow")
fleet("run-crashed", FleetOptions(), Lost(MemoryError("worker died")))
fleet("run-cancelled", FleetOptions(), Lost(None))


importlib.import_module("tests.helpers.inspected_cases")  # registers the administrator's cases
NOT_FOUND_OUTSIDE = {"internal-error"}
"""A failure of this tool itself: reached by no answer of the other side."""


@pytest.fixture(scope="module")
def found() -> dict[str, tuple[Verification, float]]:
    return {}


@pytest.mark.parametrize("code", CASES)
def test_the_code_is_reached_within_its_limits(
    code: str, found: dict[str, tuple[Verification, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALO_RUNBOOK_HOME", "/nonexistent/never-made")
    sent: list[str] = []
    taken_in: list[int] = []
    send, aiter_raw = httpx.AsyncClient.send, httpx.Response.aiter_raw

    async def counting_send(
        self: httpx.AsyncClient, request: httpx.Request, **options: Any
    ) -> httpx.Response:
        sent.append(request.url.path)
        return await send(self, request, **options)

    async def counting_bytes(self: httpx.Response, size: int | None = None) -> AsyncIterator[bytes]:
        async for chunk in aiter_raw(self, size):
            taken_in.append(len(chunk))
            yield chunk

    monkeypatch.setattr(httpx.AsyncClient, "send", counting_send)
    monkeypatch.setattr(httpx.Response, "aiter_raw", counting_bytes)
    within = CASES[code].within
    began = time.monotonic()
    with ExitStack() as stack:
        result = CASES[code].ask(stack)
    took = time.monotonic() - began
    assert code in result.codes
    finding = next(f for _, f in result.findings if f.code == code)
    assert all((finding.seen, finding.cause, finding.remedy))
    assert SECRET not in json.dumps(result.as_json())
    assert took <= within.seconds
    assert len(sent) <= within.requests, sent
    assert sum(taken_in) <= within.answer_bytes
    found[code] = result, took


def test_every_code_has_its_case() -> None:
    assert set(DIAGNOSES) - set(CASES) == NOT_FOUND_OUTSIDE


def test_the_table_is_that_of_the_registry(found: dict[str, tuple[Verification, float]]) -> None:
    """`HALO_WRITE_TABLE=1 pytest tests/test_diagnoses.py` makes it again."""
    if set(found) != set(CASES):
        pytest.skip("the table is made from all cases: run the whole file")
    text = table(
        {
            code: next(f.seen for _, f in result.findings if f.code == code)
            for code, (result, _) in found.items()
        }
    )
    if os.environ.get("HALO_WRITE_TABLE"):
        TABLE.write_text(text, encoding="utf-8")
    kept = TABLE.read_text(encoding="utf-8")
    # all but what was seen, which differs from machine to machine
    assert [_cells(line)[:2] + _cells(line)[3:] for line in kept.splitlines()] == [
        _cells(line)[:2] + _cells(line)[3:] for line in text.splitlines()
    ]


def test_nothing_takes_the_answer_for_its_own(practice: Practice) -> None:
    """A verification that fails in its first check holds every check, none of them OK by not being asked."""
    result = verify(tenant("https://no-such-host.invalid"))
    assert {check.verdict for check in result.checks if check.id not in {"address.url", "token.form"}} == {
        "error",
        "skip",
    }
