"""Every diagnosis code, reached over a real socket within its limits; the table in DIAGNOSES.md is made from it."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import trustme

from halo_helpers import Tenant, verify
from halo_helpers.batch.fleet import FleetOptions, run_fleet
from halo_helpers.checks import DIAGNOSES
from halo_helpers.checks.findings import FIXERS
from halo_helpers.client.limits import Limits
from halo_helpers.guide.steps import STEPS
from halo_helpers.practice.control import start
from halo_helpers.practice.scenarios import SCENARIOS
from halo_helpers.practice.serve import Options
from halo_helpers.report.text import step_words
from halo_helpers.secrets.value import Secret
from halo_helpers.tenants.practice import from_ready_entry
from halo_helpers.verification.result import Verification

from .conftest import Practice, http, raw_server
from .test_client import HTML, ID, QUICK, SECRET, TOKEN, api, body, hang, reset

TABLE = Path(__file__).parent.parent / "DIAGNOSES.md"
INFO = body({"app_version": "2.236.133", "app_name": "Halo PSA"})
AUTH = body({"tenant_id": "acme"})
KNOWN = {"/api/authinfo": AUTH, "/api/InstanceInfo": INFO}
ME = body(
    {
        "id": 27,
        "name": "Neo Agent",
        "teams": [{"team_id": 1, "team_name": "Desk"}],
        "roles": [{"name": "1st Line"}],
        "workday_id": 1,
    }
)


def tenant(base_url: str, **changes: Any) -> Tenant:
    return Tenant(
        **({"name": "acme", "base_url": base_url, "client_id": ID, "client_secret": Secret(SECRET)} | changes)
    )


class Bound(NamedTuple):
    """What a case may take at most: seconds from the call to the result, requests sent, bytes of answers taken in."""

    seconds: float
    requests: int
    answer_bytes: int


UNSENT, DOOR, WHOLE = Bound(8, 1, 0), Bound(5, 7, 8 * 1024), Bound(15, 30, 64 * 1024)
"""Nothing comes back; the first requests fail; all checks are asked, and one of them fails."""


@dataclass(frozen=True)
class Case:
    """How a code is reached: opens what it takes and gives the verification, within a bound."""

    code: str
    ask: Callable[[ExitStack], Verification]
    within: Bound


CASES: dict[str, Case] = {}


def case(code: str, within: Bound = UNSENT) -> Callable[[Callable[[ExitStack], Verification]], None]:
    def register(ask: Callable[[ExitStack], Verification]) -> None:
        CASES[code] = Case(code, ask, within)

    return register


def served(
    code: str,
    answers: dict[str, bytes] | Callable[[socket.socket, bytes], None],
    limits: Limits = QUICK,
    within: Bound = DOOR,
    **changes: Any,
) -> None:
    """Register a case that a script over raw sockets shows."""

    def ask(stack: ExitStack) -> Verification:
        script = api(answers) if isinstance(answers, dict) else answers
        return verify(tenant(stack.enter_context(raw_server(script)), **changes), limits=limits)

    CASES[code] = Case(code, ask, within)


def practised(
    code: str, scenario: str = "healthy", *settings: str, within: Bound = WHOLE, **changes: Any
) -> None:
    """Register a case that a practice tenant shows."""

    def ask(stack: ExitStack) -> Verification:
        server = stack.enter_context(start(Options(scenarios=[scenario], settings=list(settings))))
        return verify(replace(from_ready_entry(server.tenants[0], server.base_url), **changes))

    CASES[code] = Case(code, ask, within)


def at(code: str, base_url: str, **changes: Any) -> None:
    CASES[code] = Case(
        code, lambda _: verify(tenant(base_url, **changes), limits=Limits(total_s=7, request_s=6)), UNSENT
    )


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


@case("proxy-required")
def _(stack: ExitStack) -> Verification:
    proxy = stack.enter_context(raw_server(lambda c, _: c.sendall(http("407 Proxy Authentication Required"))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", proxy)
        return verify(tenant("https://acme.halopsa.invalid"), limits=QUICK)


@contextmanager
def tls_server(authority: trustme.CA, names: tuple[str, ...], **options: Any) -> Iterator[str]:
    """Speak TLS with a certificate of one's own, and answer nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **options).configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as spoken:
                    spoken.recv(65536)
            except OSError:
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def tls(code: str, *, trusted: bool = True, names: tuple[str, ...] = ("127.0.0.1",), **options: Any) -> None:
    def ask(stack: ExitStack) -> Verification:
        import tempfile

        authority = trustme.CA()
        file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "ca.pem"
        authority.cert_pem.write_to_path(str(file))
        url = stack.enter_context(tls_server(authority, names, **options))
        return verify(tenant(url, ca_file=str(file) if trusted else None), limits=QUICK)

    CASES[code] = Case(code, ask, UNSENT)


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


def fleet(
    code: str, options: FleetOptions, executor: Executor | None = None, scenario: str = "healthy"
) -> None:
    def ask(stack: ExitStack) -> Verification:
        import tempfile

        from halo_helpers.tenants.practice import write_practice_tenants

        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(start(Options(scenarios=[scenario])))
        write_practice_tenants(folder / "t.yaml", server.tenants, server.base_url)
        return run_fleet(folder / "t.yaml", folder / "runs", options, executor=executor).results[0]

    CASES[code] = Case(code, ask, Bound(15, 0, 0))


class Lost(Executor):
    """Loses every job."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.error is None:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_exception(self.error)
        return future


fleet("run-timeout", FleetOptions(timeout_s=2), scenario="slow")
fleet("run-crashed", FleetOptions(), Lost(MemoryError("worker died")))
fleet("run-cancelled", FleetOptions(), Lost(None))
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


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def table(examples: dict[str, str]) -> str:
    """Write the table: by layer, what each code means, with an example as it was really seen."""
    rows: dict[int, list[str]] = {}
    for scenario in SCENARIOS.values():
        if scenario.row is not None:
            for code in scenario.expect:
                rows.setdefault(scenario.row, []).append(code)
    lines = [
        "# Diagnoses",
        "",
        (
            "Made from the registry of checks and from what its tests really saw "
            "(`tests/test_diagnoses.py`). *Verdict* is the"
        ),
        (
            "usual one; a check may be milder or stricter where it says so. Codes are stable: none is "
            "renamed or used again."
        ),
        "",
        "| code | verdict | for example, seen | why | what to do | where | who can |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in DIAGNOSES.values():
        example = _settled(examples.get(one.code, "this tool failed inside"))
        where = step_words(one.step) if one.step in STEPS else "the run folder"
        cells = (f"`{one.code}`", one.verdict, example, one.cause, one.remedy, where, FIXERS[one.fixer])
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _settled(text: str) -> str:
    """Leave out what differs from run to run."""
    text = re.sub(r"127\.0\.0\.1:\d+", "acme.halopsa.com", text)
    return re.sub(r"\d+\.\d+ s|\d{2,} s (?=behind|ahead)", "some seconds ", text)


def test_nothing_takes_the_answer_for_its_own(practice: Practice) -> None:
    """A verification that fails in its first check still holds every check, none of them OK by not being asked."""
    result = verify(tenant("https://no-such-host.invalid"))
    assert {check.verdict for check in result.checks if check.id not in {"address.url", "token.form"}} == {
        "error",
        "skip",
    }
