"""Fixtures: a session's practice server, and a server of raw sockets for faults."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from halo_helpers.practice.control import PracticeServer, ask, start
from halo_helpers.practice.scenarios import SCENARIOS
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.practice import from_ready_entry, write_practice_tenants
from halo_helpers.tenants.tenant import Tenant

# the same examples each time, so that a change is judged by what it changed; HALO_FUZZ=N looks for new ones
settings.register_profile("same", derandomize=True)
if "HALO_FUZZ" not in os.environ:
    settings.load_profile("same")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn a skip into a failure where nothing may be skipped (.ci/run)."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("HALO_RUNBOOK_NO_SKIP") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which is not allowed here: {report.longrepr}"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test out of the user's data folder and environment."""
    for name in (
        "HALO_TENANTS_FILE",
        "HALO_CLIENT_SECRET",
        "HALO_PRACTICE_URL",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HALO_RUNBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return tmp_path / "home"


class Practice:
    """The session's practice server, one tenant per scenario."""

    def __init__(self, server: PracticeServer) -> None:
        self.server = server
        self.base_url = server.base_url
        self.entries = {entry["name"]: entry for entry in server.tenants}

    def tenant(self, name: str = "healthy") -> Tenant:
        return from_ready_entry(self.entries[name], self.base_url)

    def reset(self, name: str = "healthy") -> None:
        self.entries[name] = ask(self.base_url, f"tenants/{name}/scenario", "POST", name=name)

    def requests(self, name: str = "healthy") -> list[dict[str, Any]]:
        return list(ask(self.base_url, f"tenants/{name}/requests")["requests"])

    def write(self, path: Path, *names: str) -> Path:
        write_practice_tenants(path, [self.entries[name] for name in names], self.base_url)
        return path


@pytest.fixture(scope="session")
def practice() -> Iterator[Practice]:
    with start(Options(scenarios=list(SCENARIOS))) as server:
        yield Practice(server)


Script = Callable[[socket.socket, bytes], None]


@contextmanager
def raw_server(script: Script) -> Iterator[str]:
    """Serve a script over raw sockets: it gets the connection and the request's head, and does its worst."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                chunk = connection.recv(65536)
                if not chunk:
                    return
                head += chunk
            script(connection, head)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        # a close alone would not wake the thread that waits in accept
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Write an HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
