"""Processes of notebooks: what they know, and that none is left."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from halo_helpers.batch.fleet import run_fleet
from halo_helpers.batch.one_tenant import Snapshot, TenantJob, judge
from halo_helpers.engine.fork_server.asker import close_server, fork_server
from halo_helpers.tenants.tenants_file import load_tenants

from .helpers.practice import Practice
from .helpers.processes import _children, memory


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


def test_no_worker_is_left(practice: Practice, tmp_path: Path) -> None:
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
    assert b"HALO_A" in Path(f"/proc/{knowing.pid}/environ").read_bytes()
    server = fork_server({"HALO_A"})
    assert server is not knowing
    assert b"HALO_A" not in Path(f"/proc/{server.pid}/environ").read_bytes()
    assert fork_server() is server
    close_server()
    assert not knowing.running
