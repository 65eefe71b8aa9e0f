"""A secret for each of twelve tenants that fail in different ways: nothing that is kept holds any of them."""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from halo_helpers import verify
from halo_helpers.batch.one_tenant import Snapshot, TenantJob, judge
from halo_helpers.engine.fork_server.asker import close_server
from halo_helpers.practice.control import PracticeServer, start
from halo_helpers.practice.serve import Options
from halo_helpers.secrets.value import Secret
from halo_helpers.system.paths import notebooks_folder
from halo_helpers.tenants.tenants_file import load_tenants

from .helpers.raw_server import http, raw_server
from .helpers.traces import forms, holding

SCENARIOS = (
    "healthy",
    "wrong-secret",
    "app-inactive",
    "wrong-grant",
    "login-type-user",
    "agent-disabled",
    "scope-none",
    "tickets-refused",
    "rate-limited",
    "maintenance",
    "html-login-page",
    "connection-cut",
)


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    with start(Options(scenarios=list(SCENARIOS))) as running:
        yield running


@pytest.fixture
def fleet(server: PracticeServer, tmp_path: Path) -> tuple[Path, dict[str, str], dict[str, str]]:
    """Write a tenants file with references to the environment; give it, the environment and the secrets."""
    rows, environment, planted = [], {}, {}
    for entry in server.tenants:
        variable = f"HALO_PLANTED_{entry['name'].upper().replace('-', '_')}"
        environment[variable] = planted[entry["name"]] = entry["client_secret"]
        rows.append(
            {
                "name": entry["name"],
                "base_url": server.base_url,
                "halo_tenant": entry["tenant"],
                "client_id": entry["client_id"],
                "client_secret": f"env:{variable}",
                "agent_id": entry["agent_id"],
            }
        )
    file = tmp_path / "kept" / "tenants.yaml"
    file.parent.mkdir()
    file.write_text(json.dumps({"tenants": rows}))
    return file, environment, planted


LOOKS = 4
"""How often a process is looked at: its arguments change with its program, soon after its start."""


def halo(folder: Path, environment: dict[str, str], *args: str) -> str:
    """Run a command at the loudest logging, watching every process's arguments; give all that it printed."""
    seen: list[str] = []
    process = subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "ignore", "-c", LOUD, *args],
        cwd=folder,
        text=True,
        env=os.environ | environment | {"HALO_RUNBOOK_HOME": str(folder / "home"), "HALO_RUNBOOK_DEBUG": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )
    done = threading.Event()
    looked: Counter[Path] = Counter()

    def watch() -> None:
        while not done.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                if looked[path] == LOOKS:
                    continue
                looked[path] += 1
                try:
                    seen.append(path.read_bytes().decode("utf-8", "replace"))
                except OSError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, _ = process.communicate(timeout=120)
    done.set()
    watcher.join()
    return out + "\n".join(set(seen))


def guide(folder: Path, environment: dict[str, str], notebook: str, file: Path) -> str:
    """Run a notebook of the guide by papermill's own command, and return what it printed."""
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(notebooks_folder() / f"{notebook}.ipynb"),
        f"{notebook}.ipynb",
        "--log-level",
        "DEBUG",
        "-p",
        "tenant",
        "wrong-secret",
        "-p",
        "tenants_file",
        str(file),
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        text=True,
        capture_output=True,
        timeout=120,
        check=True,
        env=os.environ | environment | {"HALO_RUNBOOK_HOME": str(folder / "home")},
    )
    assert "invalid-client" in (folder / f"{notebook}.ipynb").read_text()
    return done.stdout + done.stderr


LOUD = (
    "import logging, sys; logging.basicConfig(level=logging.DEBUG); from halo_helpers.cli import main; main()"
)


def test_no_file_stream_log_or_argument_holds_a_secret(
    fleet: tuple[Path, dict[str, str], dict[str, str]],
) -> None:
    file, environment, planted = fleet
    folder = file.parent
    with ThreadPoolExecutor(1) as beside:
        words = ("batch", str(file), "--out", "runs", "--timeout", "30")
        batch = beside.submit(halo, folder, environment, *words)
        said = ""
        for name in ("healthy", "wrong-secret", "login-type-user", "connection-cut", "no-such-tenant"):
            said += halo(folder, environment, "check", name, "--tenants-file", str(file))
        said += halo(folder, environment, "agents", "scope-none", "--tenants-file", str(file), "--json")
        for notebook in ("30-credentials", "40-connection", "50-connect-neo"):
            said += guide(folder, environment, notebook, file)
        said += batch.result()
    said += halo(folder, environment, "bundle", "latest", "--out", "bundle.zip", "--dir", "runs")
    said += halo(folder, environment, "report", "latest", "--tenant", "wrong-secret", "--dir", "runs")
    with zipfile.ZipFile(folder / "bundle.zip") as archive:
        archive.extractall(folder / "unpacked")
    with sqlite3.connect(folder / "runs" / "history.sqlite") as history:
        (folder / "dump.sql").write_text("\n".join(history.iterdump()))
    assert len(list((folder / "runs").glob("*/*.ipynb"))) == len(SCENARIOS)
    for name, secret in planted.items():
        assert not holding(folder, secret), name
        leak = folder / "leak"
        leak.write_text(f"the first part was {secret[:12]} and was cut")
        assert holding(folder, secret) == ["leak"]  # the search would find one
        leak.unlink()
        assert not re.search(b"|".join(map(re.escape, forms(secret))), said.encode()), name
    log = [json.loads(line) for line in (folder / "home" / "secret-access.log").read_text().splitlines()]
    assert {entry["tenant"] for entry in log} == set(SCENARIOS)
    assert {entry["source"] for entry in log if entry["tenant"] == "healthy"} == {
        "environment variable HALO_PLANTED_HEALTHY"
    }


def test_a_crash_in_the_middle_keeps_no_secret(
    fleet: tuple[Path, dict[str, str], dict[str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A notebook that prints its secret and then ends its process: the evidence that is left is clean."""
    file, environment, planted = fleet
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("halo_helpers.batch.one_tenant.notebooks_folder", lambda: tmp_path)
    cells = [
        "tenant = ''\ntenants_file = ''\ncontrol = True\ncontrol_note = ''",
        (
            "from halo_helpers.tenants.find import find_tenant\n"
            "from halo_helpers.tenants.trust import secret_of\n"
            "print('before', secret_of(find_tenant(tenant)).reveal())"
        ),
        "import os; os._exit(9)",
    ]
    source = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {"tags": ["parameters"]} if not n else {},
            "outputs": [],
            "execution_count": None,
            "source": cell,
        }
        for n, cell in enumerate(cells)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    (tmp_path / "verify-tenant.ipynb").write_text(
        json.dumps({"cells": source, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
    )
    close_server()
    (tmp_path / "out").mkdir()
    tenant = next(one for one in load_tenants(file) if one.name == "healthy")
    run_with = Snapshot.of([tenant], file, 30.0)
    result = judge(TenantJob(tenant, folder=str(tmp_path / "out")), run_with)
    assert result.undone
    assert result.undone.code == "run-crashed"
    assert "before [secret]" in (tmp_path / "out" / "healthy.ipynb").read_text()
    assert not holding(tmp_path / "out", planted["healthy"])


@pytest.mark.parametrize("redacting", [True, False])
def test_a_server_that_echoes_everything_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    *,
    redacting: bool,
) -> None:
    """With the line that takes secrets out taken out itself, the same search finds the secret."""
    secret = "0a1b2c3d-7e8f-4a9b-8c7d-6e5f4a3b2c1d-d1c2b3a4-f5e6-4d7c-9b8a-f8e7b9a4d3c2"

    def script(connection: object, head: bytes) -> None:
        said = {"error": "invalid_client", "error_description": f"unknown {secret}, {secret[:30]}"}
        answer = http("401 Unauthorized", json.dumps(said).encode())
        if b"/auth/token" not in head:
            answer = http("200 OK", json.dumps({"app_version": "2.1", "echo": secret}).encode())
        connection.sendall(answer)  # type: ignore[attr-defined]

    from .helpers.halopsa import tenant

    if not redacting:
        for module in ("client.answers", "client.models", "verification.run_checks"):
            monkeypatch.setattr(sys.modules[f"halo_helpers.{module}"], "redact", str)
    caplog.set_level(logging.DEBUG)
    with raw_server(script) as url:
        result = verify(tenant(url, client_secret=Secret(secret)))
    kept = json.dumps(result.as_json()) + caplog.text + "".join(capsys.readouterr()) + repr(result)
    found = re.search(b"|".join(map(re.escape, forms(secret))), kept.encode())
    assert bool(found) is not redacting


def test_the_guard_and_the_hosts_that_are_asked(
    server: PracticeServer,
    fleet: tuple[Path, dict[str, str], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The practice tenant's own record: only reads, but for the token; only the tenant's host."""
    from halo_helpers.practice.control import ask

    file, environment, _ = fleet
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for tenant in load_tenants(file):
        verify(tenant)
    for name in SCENARIOS:
        for request in ask(server.base_url, f"tenants/{name}/requests")["requests"]:
            assert request["method"] == "GET" or (request["method"], request["path"]) == (
                "POST",
                "/auth/token",
            )
            assert request["host"] == server.base_url.removeprefix("http://")
