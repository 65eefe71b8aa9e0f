"""A reference goes to the host that it was first used for; a file that sends it elsewhere is not followed."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from halo_helpers import verify
from halo_helpers.batch.choose import preflight
from halo_helpers.batch.fleet import run_fleet
from halo_helpers.errors import ConfigError, SecretError
from halo_helpers.tenants.find import find_tenant
from halo_helpers.tenants.tenant import Tenant
from halo_helpers.tenants.trust import MOVED, check_hosts, host_of, knows_nothing, secret_of, trust

from .helpers.command import document, halo
from .helpers.halopsa import ID, SECRET, TOKEN, api, body
from .helpers.raw_server import raw_server


def of_file(url: str, folder: Path, reference: str = "env:HALO_ACME", name: str = "acme") -> Tenant:
    return Tenant(name, url, ID, reference, folder=folder)


@pytest.fixture(autouse=True)
def a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALO_ACME", SECRET)


def test_the_first_host_is_remembered_and_another_one_gets_nothing(tmp_path: Path, own_home: Path) -> None:
    assert knows_nothing()
    assert secret_of(of_file("https://acme.halopsa.com", tmp_path)).reveal() == SECRET
    assert secret_of(of_file("https://ACME.halopsa.com/", tmp_path)).reveal() == SECRET
    with pytest.raises(
        SecretError, match=r"evil\.example:443; so far it went to acme\.halopsa\.com:443"
    ) as error:
        secret_of(of_file("https://evil.example", tmp_path))
    assert error.value.code == MOVED
    for elsewhere in ("https://acme.halopsa.com:8443", "https://acme.halopsa.com.evil.example"):
        with pytest.raises(SecretError):
            secret_of(of_file(elsewhere, tmp_path))
    file = own_home / "trusted-hosts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "HALO_ACME" not in file.read_text()


def test_another_tenants_reference_is_no_way_around(tmp_path: Path) -> None:
    secret_of(of_file("https://acme.halopsa.com", tmp_path))
    with pytest.raises(SecretError):
        secret_of(of_file("https://evil.example", tmp_path, name="another-name"))
    (tmp_path / "a.secret").write_text(SECRET)
    (tmp_path / "a.secret").chmod(0o600)
    (tmp_path / "b").symlink_to("a.secret")
    secret_of(of_file("https://acme.halopsa.com", tmp_path, "file:a.secret"))
    for same in ("file:./a.secret", "file:b", f"file:{tmp_path}/a.secret"):
        with pytest.raises(SecretError):
            secret_of(of_file("https://evil.example", tmp_path, same))


def test_a_host_is_accepted_by_the_one_command(tmp_path: Path) -> None:
    secret_of(of_file("https://acme.halopsa.com", tmp_path))
    moved = of_file("https://new.example", tmp_path)
    assert trust(moved) == "acme.halopsa.com:443"
    assert secret_of(moved).reveal() == SECRET
    with pytest.raises(SecretError):
        secret_of(of_file("https://acme.halopsa.com", tmp_path))


def test_what_a_person_typed_and_what_stays_here_needs_no_trust(tmp_path: Path) -> None:
    for url in ("https://a.example", "https://b.example"):
        assert secret_of(Tenant("acme", url, ID, "env:HALO_ACME")).reveal() == SECRET
    assert knows_nothing()
    for port in (1, 2):
        secret_of(of_file(f"http://127.0.0.1:{port}", tmp_path))
    with pytest.raises(SecretError):  # from this machine to another one
        secret_of(of_file("https://evil.example", tmp_path))


def test_looking_is_not_using(tmp_path: Path) -> None:
    secret_of(of_file("https://evil.example", tmp_path), remember=False)
    assert knows_nothing()
    assert host_of(of_file("https://acme.halopsa.com", tmp_path)) == "acme.halopsa.com:443"
    assert host_of(of_file("nonsense:", tmp_path)) == ""


def test_a_damaged_memory_is_a_clear_error(tmp_path: Path, own_home: Path) -> None:
    own_home.mkdir(exist_ok=True)
    for damage in ("{", "[]", '{"a": 1}'):
        (own_home / "trusted-hosts.json").write_text(damage)
        with pytest.raises(ConfigError, match=r"trusted-hosts\.json: cannot be read"):
            secret_of(of_file("https://acme.halopsa.com", tmp_path))


def test_two_thousand_tenants_are_looked_at_at_once(tmp_path: Path, own_home: Path) -> None:
    tenants = [
        of_file(f"https://t{n}.halopsa.com", tmp_path, f"env:HALO_T{n}", name=f"t{n}") for n in range(2000)
    ]
    assert check_hosts(tenants) == {}
    assert len(json.loads((own_home / "trusted-hosts.json").read_text())) == 2000
    moved = [of_file("https://evil.example", tmp_path, f"env:HALO_T{n}", name=f"t{n}") for n in (3, 4)]
    assert set(check_hosts([*tenants, *moved])) == {"t3", "t4"}


def write(folder: Path, url: str) -> Path:
    file = folder / "tenants.yaml"
    row = {"name": "acme", "base_url": url, "client_id": ID, "client_secret": "env:HALO_ACME"}
    file.write_text(json.dumps({"tenants": [row]}))
    return file


def known_elsewhere(folder: Path) -> None:
    """Let the reference be bound to another host than the server of the test."""
    trust(of_file("https://acme.halopsa.com", folder))


def test_a_verification_sends_nothing_to_a_new_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the function and by a fleet run alike; the new host's server sees no request at all."""
    seen: list[bytes] = []
    monkeypatch.setattr("halo_helpers.tenants.trust._is_loopback", lambda _: False)
    with raw_server(api({"/auth/token": TOKEN, "/api": body({})}, seen)) as url:
        file = write(tmp_path, url)
        known_elsewhere(tmp_path)
        result = verify(find_tenant("acme", file))
        run = run_fleet(file, tmp_path / "runs")
    assert (result.verdict, result.codes) == ("error", ["reference-moved"])
    assert run.results[0].codes == ["reference-moved"]
    assert "acme.halopsa.com:443" in run.results[0]["token.form"].seen
    assert not seen


def test_the_commands(tmp_path: Path, own_home: Path) -> None:
    """`check` exits 3, `tenants check` names the host, `tenants trust` accepts it, the log names it, too."""
    known_elsewhere(tmp_path)
    file = write(tmp_path, "https://no-such-host.invalid")
    refused = halo("check", "acme", "--tenants-file", file)
    assert refused.returncode == 3
    assert "halo-runbook tenants trust acme" in " ".join(refused.stdout.split())
    found = document(halo("tenants", "check", "--tenants-file", file, "--json"))
    assert found["hosts"] == {"acme": "no-such-host.invalid:443"}
    assert "Nothing was sent" in found["errors"][0]["message"]
    done = halo("tenants", "trust", "acme", "--tenants-file", file)
    assert "may go to no-such-host.invalid:443, no longer to acme.halopsa.com:443" in done.stdout
    assert "dns-failed" in halo("check", "acme", "--tenants-file", file).stdout
    log = [json.loads(line) for line in (own_home / "secret-access.log").read_text().splitlines()]
    assert {entry["host"] for entry in log} == {"no-such-host.invalid:443"}
    assert preflight(file) == []


def test_the_file_of_the_working_folder_and_the_first_use_are_named(tmp_path: Path) -> None:
    write(tmp_path, "https://no-such-host.invalid")
    first = halo("check", "acme", cwd=tmp_path)
    assert "tenants file: tenants.yaml" in first.stderr
    assert "first use here" in first.stderr
    second = halo("check", "acme", cwd=tmp_path, HALO_TENANTS_FILE=str(tmp_path / "tenants.yaml"))
    assert "tenants file:" not in second.stderr
    assert "first use here" not in second.stderr


def test_an_entry_of_a_vault_is_one_however_it_is_written(tmp_path: Path) -> None:
    """The default field and the tenant's name may be written out: it is the same secret."""
    check_hosts([of_file("https://acme.halopsa.com", tmp_path, "vault:secret/halo/acme")])
    for same in (
        "vault:secret/halo/acme#client_secret",
        "vault:secret/halo/{tenant}",
        "vault:secret/{tenant}",
    ):
        moved = check_hosts([of_file("https://evil.example", tmp_path, same)])
        assert bool(moved) is (same != "vault:secret/{tenant}")


def test_this_machine_takes_no_host_away(tmp_path: Path) -> None:
    """A reference that was also used for a practice tenant stays bound to the customer's host."""
    secret_of(of_file("https://acme.halopsa.com", tmp_path))
    secret_of(of_file("http://127.0.0.1:9", tmp_path))
    secret_of(of_file("https://acme.halopsa.com", tmp_path))
    with pytest.raises(SecretError, match=r"so far it went to acme\.halopsa\.com"):
        secret_of(of_file("https://evil.example", tmp_path))
