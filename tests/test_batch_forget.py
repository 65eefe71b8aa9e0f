"""Forgetting a tenant."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from halo_helpers.batch.fleet import run_fleet
from halo_helpers.batch.forget import forget, what_is_kept
from halo_helpers.guide.lab.working_copy import open_walk
from halo_helpers.report import load_run
from halo_helpers.secrets.access_log import access_log
from halo_helpers.secrets.places import FILE, keep_in, remove
from halo_helpers.secrets.references import resolve
from halo_helpers.secrets.value import Secret
from halo_helpers.tenants.answers import write_answers

from .helpers.command import halo
from .helpers.practice import Practice


def test_a_kept_secret_is_private_and_goes(own_home: Path) -> None:
    reference = keep_in(FILE, "acme", Secret("a-secret-of-some-length"))
    path = Path(reference.removeprefix("file:"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert resolve(reference, "acme").reveal() == "a-secret-of-some-length"
    assert json.loads(access_log().read_text())["tenant"] == "acme"
    assert stat.S_IMODE(access_log().stat().st_mode) == 0o600
    assert remove("acme") == [FILE]
    assert remove("acme") == []


def test_forgetting_a_tenant_leaves_the_others(practice: Practice, tmp_path: Path, own_home: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    runs = tmp_path / "runs"
    run = run_fleet(file, runs)
    open_walk("wrong-secret")
    write_answers(
        "wrong-secret", client_secret=keep_in(FILE, "wrong-secret", Secret("a-secret-of-some-length"))
    )
    kept = what_is_kept("wrong-secret", runs)
    assert [line.partition(":")[0] for line in kept] == [
        "working copies, answers and progress",
        "secret of wrong-secret",
        f"results in 1 run below {runs}",
    ]
    setups = own_home / "setups"
    setups.mkdir()
    for record in ("wrong-secret-20261127T101500Z.json", "wrong-secret-2-20261127T101500Z.json"):
        (setups / record).write_text("{}")
    assert f"1 record of setup: {setups}" in what_is_kept("wrong-secret", runs)
    (runs / "history.damaged-1.sqlite").write_bytes(b"wrong-secret")
    assert "may name anybody" in what_is_kept("wrong-secret", runs)[-1]
    (run.folder / "healthy.json").rename(tmp_path / "not-yet")
    forget("wrong-secret", runs)
    assert load_run(run.folder).manifest.names == ["healthy"]
    (tmp_path / "not-yet").rename(run.folder / "healthy.json")
    assert what_is_kept("wrong-secret", runs) == []
    assert [path.name for path in setups.iterdir()] == ["wrong-secret-2-20261127T101500Z.json"]
    left = b"".join(
        path.read_bytes()
        for path in [*runs.rglob("*"), *own_home.rglob("*")]
        if path.is_file() and path.name != "secret-access.log"
    )
    assert b"wrong-secret" not in left
    assert [r.tenant for r in load_run(run.folder).results] == ["healthy"]
    forget(None, runs)
    assert what_is_kept(None, runs) == []
    assert not list(runs.iterdir())


def test_nothing_is_removed_unasked(own_home: Path, tmp_path: Path) -> None:
    """Without a terminal and without --yes it says what it would remove, and removes nothing."""
    kept = own_home / "walks" / "acme"
    kept.mkdir(parents=True)
    (kept / ".tenant.json").write_text("{}")
    for answer in ("", "y\n", "yes\n"):
        done = halo("forget", "acme", stdin=answer, cwd=tmp_path)
        assert (done.returncode, kept.exists()) == (2, True)
        assert "walks/acme" in done.stdout
        assert "give --yes" in done.stderr
    assert halo("forget", "acme", "--yes", cwd=tmp_path).returncode == 0
    assert not kept.exists()


@pytest.mark.parametrize(("answer", "stays"), [("n\n", True), ("\n", True), ("y\n", False)])
def test_a_person_is_asked(own_home: Path, tmp_path: Path, answer: str, *, stays: bool) -> None:
    import pty

    kept = own_home / "walks" / "acme"
    kept.mkdir(parents=True)
    (kept / ".tenant.json").write_text("{}")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "halo_helpers", "forget", "acme"]
    with os.fdopen(ours, "wb", buffering=0) as terminal:
        terminal.write(answer.encode())
        done = subprocess.run(
            command, stdin=theirs, capture_output=True, text=True, cwd=tmp_path, check=False
        )
        os.close(theirs)
    assert (done.returncode, kept.exists()) == (0, stays)
    assert ("nothing was removed" in done.stdout) is stays
