"""Upkeep: tenants files that keep their comments, secrets in their places, forgetting, the support bundle, a vault."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from halo_helpers.batch.fleet import run_fleet
from halo_helpers.batch.forget import forget, what_is_kept
from halo_helpers.batch.history import History
from halo_helpers.batch.schedule import Budget, instance_of
from halo_helpers.errors import ConfigError, SecretError
from halo_helpers.guide.working_copy import open_walk
from halo_helpers.report import load_run
from halo_helpers.report.run import newest_run, parse_age, status_of
from halo_helpers.report.support_bundle import make_bundle
from halo_helpers.secrets.access_log import access_log
from halo_helpers.secrets.places import FILE, keep_in, remove
from halo_helpers.secrets.private_file import sddl_is_private, synchronised
from halo_helpers.secrets.references import resolve
from halo_helpers.secrets.value import Secret
from halo_helpers.tenants.answers import write_answers
from halo_helpers.tenants.edit_file import add_tenant, retire_tenant
from halo_helpers.tenants.tenant import Tenant
from halo_helpers.tenants.tenants_file import load_tenants

from .conftest import Practice, http, raw_server
from .test_cli import document, halo

FILE_TEXT = """# our customers
defaults: {owner: desk}
tenants:
  - name: acme   # the dentist
    base_url: https://acme.halopsa.com
    client_id: x
    client_secret: env:A
  # moved in May
  - name: birch
    base_url: https://birch.halopsa.com
    client_id: y
    client_secret: 'keyring:'
"""
NEW = {
    "name": "copper",
    "base_url": "https://copper.halopsa.com",
    "client_id": "z",
    "client_secret": "env:C",
    "agent_id": 27,
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "t.yaml"
    path.write_text(FILE_TEXT)
    return path


def test_entries_come_and_go_and_comments_stay(file: Path) -> None:
    add_tenant(file, NEW)
    retire_tenant(file, "birch")
    text = file.read_text()
    assert "# our customers" in text
    assert "# the dentist" in text
    assert [(t.name, t.agent_id, t.owner) for t in load_tenants(file)] == [
        ("acme", None, "desk"),
        ("copper", 27, "desk"),
    ]


@pytest.mark.parametrize(
    "wrong", [{"name": "acme"}, {"client_secret": "in clear " * 5}, {"base_url": "x"}, {"name": "con"}]
)
def test_a_wrong_entry_is_refused_and_nothing_is_written(file: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        add_tenant(file, NEW | wrong)
    assert file.read_text() == FILE_TEXT
    assert list(file.parent.iterdir()) == [file]


def test_csv_keeps_its_separator_and_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(
        "\ufeffname;base_url;client_id;client_secret;label\r\nacme;https://acme.halopsa.com;x;env:A;Acmé\r\n".encode()
    )
    add_tenant(path, NEW)
    assert path.read_bytes().startswith(
        "\ufeffname;base_url;client_id;client_secret;label;agent_id\r\n".encode()
    )
    assert [(t.name, t.label) for t in load_tenants(path)] == [("acme", "Acmé"), ("copper", None)]
    retire_tenant(path, "acme")
    with pytest.raises(ConfigError, match="only tenant"):
        retire_tenant(path, "copper")
    with pytest.raises(ConfigError, match="no tenant"):
        retire_tenant(path, "acme")


def test_a_first_entry_makes_the_file(tmp_path: Path) -> None:
    add_tenant(tmp_path / "new" / "t.yaml", NEW)
    assert [t.name for t in load_tenants(tmp_path / "new" / "t.yaml")] == ["copper"]


def test_commands(file: Path, tmp_path: Path, own_home: Path) -> None:
    assert (
        "copper stands in"
        in halo(
            "tenants",
            "add",
            "copper",
            "--base-url",
            "https://copper.halopsa.com",
            "--client-id",
            "z",
            "--secret",
            "env:C",
            "--tenants-file",
            file,
        ).stdout
    )
    rows = document(halo("tenants", "list", "--tenants-file", file, "--json"))["tenants"]
    assert [row["client_secret"] for row in rows] == ["env:A", "keyring:", "env:C"]
    done = halo("tenants", "check", "--tenants-file", file)
    assert (done.returncode, "the environment variable A is not set" in done.stdout) == (2, True)
    assert halo("tenants", "retire", "copper", "--tenants-file", file).returncode == 0
    secret = "0f1e2d3c-1111-4222-8333-444455556666-9a8b7c6d-aaaa-4bbb-8ccc-ddddeeeeffff"
    done = halo("secrets", "set", "acme", "--file", stdin=secret + "\n")
    reference = done.stdout.split()[-1]
    assert (done.returncode, secret in done.stdout) == (0, False)
    file.write_text(FILE_TEXT.replace("env:A", reference))
    assert "file acme.secret" in halo("secrets", "where", "acme", "--tenants-file", file).stdout
    assert "a private file" in halo("secrets", "remove", "acme").stdout
    assert halo("secrets", "where", "acme", "--tenants-file", file).returncode == 2
    assert halo("secrets", "set", "../x", "--file", stdin="x").returncode == 2
    assert halo("forget").returncode == 2
    assert halo("status", tmp_path / "none").returncode == 3
    assert halo("status", tmp_path, "--max-age", "soon").returncode == 2
    assert halo("bundle", "nobody", "--tenants-file", file).returncode == 2


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
        f"results in 1 runs below {runs}",
    ]
    (run.folder / "healthy.json").rename(tmp_path / "not-yet")
    forget("wrong-secret", runs)
    assert load_run(run.folder).manifest.names == ["healthy"]
    (tmp_path / "not-yet").rename(run.folder / "healthy.json")
    assert what_is_kept("wrong-secret", runs) == []
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


def test_a_bundle_names_nobody(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "agent-mismatch", "wrong-secret")
    text = (
        file.read_text().replace("name: healthy", "name: pass").replace("scenario healthy", "Acme Dental Ltd")
    )
    file.write_text(text)
    run = run_fleet(file, tmp_path / "runs")
    names = make_bundle(run.id, tmp_path / "b.zip", tmp_path / "runs")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        held = {name: archive.read(name).decode() for name in names}
    everything = "\n".join(held.values())
    for known in (
        "Acme",
        "Keiko",
        "Neo Agent (",
        "127.0.0.1",
        'agent-mismatch", "',
        practice.entries["healthy"]["client_id"],
    ):
        assert known not in everything
    assert not re.search(r"\bID \d", everything)
    first = json.loads(held["tenant-1.json"])
    assert (first["verdict"], first["tenant"], len(first["checks"])) == ("pass", "tenant-1", 30)
    assert json.loads(held["versions.json"])["packages"]["httpx"]


def test_status_of_runs(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "wrong-secret")
    run_fleet(file, tmp_path / "runs")
    newest = newest_run(tmp_path / "runs")
    now = dt.datetime.now(dt.UTC)
    assert (
        status_of(newest, parse_age("1h"), now)["exit_code"],
        status_of(newest, parse_age("1h"), now)["too_old"],
    ) == (1, False)
    assert status_of(newest, parse_age("26h"), now + dt.timedelta(days=2))["too_old"]
    assert status_of(None, parse_age("1d"))["exit_code"] == 3


def test_an_instance_is_not_asked_more_than_its_share() -> None:
    now = [0.0]
    budget = Budget(clock=lambda: now[0])
    taken = [budget.wait_s("a") for _ in range(8)]
    assert taken[:7] == [0] * 7
    assert taken[7] == 300
    assert budget.wait_s("b") == 0
    now[0] = 301
    assert budget.wait_s("a") == 0


def test_instances_are_told_apart_as_halopsa_counts() -> None:
    one, other = (Tenant(name, "https://acme.halopsa.com/", client_id=name) for name in ("a", "b"))
    assert instance_of(one) == instance_of(other)
    assert instance_of(Tenant("c", "https://acme.halopsa.com", halo_tenant="c")) != instance_of(one)


def test_the_history_is_shared_and_says_since_when(tmp_path: Path) -> None:
    assert History(tmp_path).before("x", practice=True) == (set(), {})
    assert History(tmp_path).trend(practice=True) == []


@pytest.mark.parametrize(
    ("sddl", "private"),
    [
        ("O:S-1-5-21-1-2-3-1001G:S-1-5-21-1D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;S-1-5-21-1-2-3-1001)", True),
        ("O:BAG:SYD:AI(A;ID;FA;;;SY)(A;ID;0x1200a9;;;BU)", False),
        ("D:(A;;FR;;;WD)", False),
        ("D:(D;;FR;;;WD)(A;;FA;;;OW)", True),
        ("", False),
        ("O:BA", False),
    ],
)
def test_access_lists_of_windows(sddl: str, private: bool) -> None:
    assert sddl_is_private(sddl) is private


def test_synchronised_folders_are_recognised() -> None:
    assert synchronised(Path("/home/me/OneDrive - Acme/halo/a.secret")) == "onedrive"
    assert synchronised(Path("/home/me/halo/a.secret")) == ""


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A faithful local Vault: key-value store, version 2, one secret, token in its header."""
    seen: list[bytes] = []
    kept = {
        "data": {"data": {"client_secret": "from-the-vault-of-acme", "number": 1}, "metadata": {"version": 3}}
    }

    def script(connection: Any, head: bytes) -> None:
        seen.append(head)
        path = head.split(b" ")[1].partition(b"?")[0]
        if b"x-vault-token: good" not in head.lower():
            connection.sendall(
                http("403 Forbidden", b'{"errors":["permission denied"]}', "Content-Type: application/json")
            )
        elif path == b"/v1/secret/data/halo/acme":
            connection.sendall(http("200 OK", json.dumps(kept).encode(), "Content-Type: application/json"))
        else:
            connection.sendall(http("404 Not Found", b'{"errors":[]}', "Content-Type: application/json"))

    with raw_server(script) as url:
        monkeypatch.setenv("VAULT_ADDR", url)
        monkeypatch.setenv("VAULT_TOKEN", "good")
        yield seen


def test_a_vault_answers_by_reference(vault: list[bytes]) -> None:
    found = resolve("vault:secret/halo/{tenant}#client_secret", "acme")
    assert (found.reveal(), found.source) == ("from-the-vault-of-acme", "vault vault")
    assert resolve("vault:secret/halo/acme", "acme").reveal() == "from-the-vault-of-acme"
    assert vault[0].startswith(b"GET /v1/secret/data/halo/acme")


@pytest.mark.parametrize(
    ("reference", "change", "said"),
    [
        ("vault:secret/halo/other", {}, "holds nothing"),
        ("vault:secret/halo/acme#none", {}, "no field none"),
        ("vault:secret/halo/acme#number", {}, "no text"),
        ("vault:secret", {}, "takes MOUNT/PATH"),
        ("vault:secret/halo/acme", {"VAULT_TOKEN": "bad-token-value"}, "refuses"),
        ("vault:secret/halo/acme", {"VAULT_ADDR": "http://vault.example"}, "https"),
        ("vault:secret/halo/acme", {"VAULT_ADDR": "http://127.0.0.1:1"}, "cannot be asked"),
    ],
)
def test_a_vaults_faults_are_said(
    vault: list[bytes], monkeypatch: pytest.MonkeyPatch, reference: str, change: dict[str, str], said: str
) -> None:
    for name, value in change.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SecretError, match=said) as error:
        resolve(reference, "acme")
    assert os.environ["VAULT_TOKEN"] not in str(error.value) or len(os.environ["VAULT_TOKEN"]) < 5
