"""Processes of notebooks: what they know, and that none is left."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import nbformat
import pytest

from halo_helpers.batch.fleet import run_fleet
from halo_helpers.batch.one_tenant import Snapshot, TenantJob, judge
from halo_helpers.engine.fork_server.asker import ForkServer, close_server, fork_server, start_server
from halo_helpers.engine.job import FileJob
from halo_helpers.secrets.references import MASTER_KEYS
from halo_helpers.tenants.tenants_file import load_tenants

from .helpers.practice import Practice
from .helpers.processes import _children, memory, needs_fork

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@needs_fork
def test_a_tenants_process_knows_no_secret_but_its_own(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a child nor the fork server holds another tenant's secret, in environment or memory."""
    names = ("healthy", "wrong-secret", "agent-mismatch")
    rows = []
    for name in names:
        entry = practice.entries[name]
        monkeypatch.setenv(f"SECRET_{name.upper().replace('-', '_')}", entry["client_secret"])
        rows.append(
            {
                "name": name,
                "base_url": practice.base_url,
                "halo_tenant": entry["tenant"],
                "client_id": entry["client_id"],
                "client_secret": f"env:SECRET_{name.upper().replace('-', '_')}",
            }
        )
    file = tmp_path / "t.yaml"
    file.write_text(json.dumps({"tenants": rows}))
    monkeypatch.setenv("VAULT_TOKEN", "opens everything")
    fork_server()  # such as of another tenants file, with what this one hides
    tenants = load_tenants(file)
    run_with = Snapshot.of(tenants, file, 60.0)
    for tenant in tenants:
        assert judge(TenantJob(tenant), run_with).verification
    server = fork_server().pid
    assert b"VAULT_TOKEN" not in Path(f"/proc/{server}/environ").read_bytes()
    assert not any(practice.entries[name]["client_secret"].encode() in memory(server) for name in names)
    assert b"SECRET_HEALTHY" not in Path(f"/proc/{server}/environ").read_bytes()


def test_notebooks_see_the_environment_but_for_what_is_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that was started before it was known what is a secret knows none of them, either."""
    close_server()
    monkeypatch.setenv("HALO_HIDDEN", "only the asker's")
    monkeypatch.setenv("PLAIN_WORD", "seen by all \udcff")
    start_server()
    server = fork_server({"HALO_HIDDEN"})
    assert b"only the asker's" not in memory(server.pid)
    source = tmp_path / "n.ipynb"
    cell = nbformat.v4.new_code_cell(
        "import os; print(ascii([os.environ.get(n) for n in ('HALO_HIDDEN', 'PLAIN_WORD')]))"
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=PYTHON), source)
    job = FileJob(str(source), str(tmp_path / "out.ipynb"), str(tmp_path), {}, 30.0)
    assert server.run(job).answer.status == "ok"
    shown = nbformat.read(tmp_path / "out.ipynb", 4).cells[0].outputs[0].text
    assert shown == "[None, 'seen by all \\udcff']\n"
    close_server()


def test_a_secret_in_a_variable_that_is_given_at_once_is_never_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one that was allowed by --allow-env, whatever it is called."""
    close_server()
    monkeypatch.setenv("PYTHON_OF_ACME", "only the asker's")
    start_server()
    server = fork_server({"PYTHON_OF_ACME"})
    assert b"only the asker's" not in memory(server.pid)
    assert b"PYTHON_OF_ACME" not in Path(f"/proc/{server.pid}/environ").read_bytes()
    close_server()


def test_a_server_that_nobody_needs_is_not_waited_for() -> None:
    """It would hear that nobody wants it only when it has loaded everything."""
    before = _children()
    server = ForkServer()
    while server.running and server._process is None:
        os.sched_yield()
    server.close()
    assert server._process is not None
    assert server._process.returncode == -signal.SIGKILL
    assert not _children() - before


def test_one_that_is_closed_before_it_was_started_is_never_started(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    start = ForkServer._start

    def late(self: ForkServer) -> None:
        assert begun.wait(20)
        start(self)

    monkeypatch.setattr(ForkServer, "_start", late)
    monkeypatch.setattr("halo_helpers.engine.fork_server.asker.STOP_S", 0.0)  # of the thread that starts it
    server = ForkServer()
    server.close()
    begun.set()
    server._listener.join(20)
    assert server._process is None
    assert not server.running


def test_no_worker_is_left(practice: Practice, tmp_path: Path) -> None:
    fork_server(MASTER_KEYS)  # it stays
    before = _children()
    run_fleet(practice.write(tmp_path / "t.yaml", "healthy"), tmp_path / "runs")
    ends = time.monotonic() + 5
    while _children() - before and time.monotonic() < ends:
        os.sched_yield()
    assert not _children() - before


def test_a_server_that_knows_too_much_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    close_server()
    monkeypatch.setenv("HALO_A", "of tenant a")
    knowing = fork_server()
    assert b"of tenant a" in memory(knowing.pid)
    server = fork_server({"HALO_A"})
    assert server is not knowing
    assert b"of tenant a" not in memory(server.pid)
    assert fork_server() is server
    close_server()
    assert not knowing.running
