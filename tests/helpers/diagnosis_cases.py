"""How a diagnosis code is reached: a case each, with what it may take."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import trustme

from halo_helpers import verify
from halo_helpers.batch.fleet import FleetOptions, run_fleet
from halo_helpers.client.limits import Limits
from halo_helpers.practice.control import start
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.practice import from_ready_entry
from halo_helpers.verification.result import Verification, failed_run

from ..helpers.halopsa import QUICK, api, body, tenant
from ..helpers.raw_server import raw_server
from ..helpers.tls_server import tls_server

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


class Bound(NamedTuple):
    """What a case may take at most: seconds to the result, requests sent, bytes of answers taken in."""

    seconds: float
    requests: int
    answer_bytes: int


UNSENT, DOOR, WHOLE = Bound(8, 1, 0), Bound(5, 7, 8 * 1024), Bound(15, 30, 64 * 1024)
"""Nothing comes back; the first requests fail; all checks are asked, and one of them fails."""


@dataclass(frozen=True)
class Case:
    """How a code is reached: opens what it takes and gives the verification, within a bound."""

    code: str
    ask: Callable[[ExitStack], Any]
    """Gives what has `codes`, `findings` and `as_json`, such as a Verification."""
    within: Bound


CASES: dict[str, Case] = {}


def case(code: str, within: Bound = UNSENT) -> Callable[[Callable[[ExitStack], Any]], None]:
    def register(ask: Callable[[ExitStack], Any]) -> None:
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


def tls(code: str, *, trusted: bool = True, names: tuple[str, ...] = ("127.0.0.1",), **options: Any) -> None:
    def ask(stack: ExitStack) -> Verification:
        import tempfile

        authority = trustme.CA()
        file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "ca.pem"
        authority.cert_pem.write_to_path(str(file))
        url = stack.enter_context(tls_server(authority, names, **options))
        return verify(tenant(url, ca_file=str(file) if trusted else None), limits=QUICK)

    CASES[code] = Case(code, ask, UNSENT)


def fleet(
    code: str, options: FleetOptions, executor: Executor | None = None, scenario: str = "healthy"
) -> None:
    def ask(stack: ExitStack) -> Verification:
        import tempfile

        from halo_helpers.tenants.practice import write_practice_tenants

        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(start(Options(scenarios=[scenario])))
        write_practice_tenants(folder / "t.yaml", server.tenants, server.base_url)
        run = run_fleet(folder / "t.yaml", folder / "runs", options, executor=executor)
        left = [failed_run(one.tenant, one.code, one.seen) for one in run.manifest.undone]
        return [*run.results, *left][0]

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
