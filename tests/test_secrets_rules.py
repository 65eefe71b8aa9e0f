"""What a reference in a tenants file may name: a file of somebody else leads no secret of ours away."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from halo_helpers.errors import ConfigError, SecretError
from halo_helpers.secrets import places, references
from halo_helpers.secrets.places import FILE, KEYRING, keep_in
from halo_helpers.secrets.references import resolve
from halo_helpers.secrets.rules import allow
from halo_helpers.secrets.value import Secret
from halo_helpers.tenants.edit_file import add_tenant
from halo_helpers.tenants.tenants_file import file_warnings, load_tenants

VALUE = "0f1e2d3c-1111-4222-8333-444455556666-9a8b7c6d-aaaa-4bbb-8ccc-ddddeeeeffff"


@pytest.fixture(autouse=True)
def no_allowances(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HALO_RUNBOOK_ALLOW_ENV", "HALO_RUNBOOK_SECRETS_DIRS"):
        monkeypatch.setenv(name, "")


def private(path: Path, text: str = VALUE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("AWS_SECRET_ACCESS_KEY", "--allow-env AWS_SECRET_ACCESS_KEY"),
        ("halo_acme", "--allow-env halo_acme"),
        ("HALO_LAB_KEY", "belongs to halo-runbook itself"),
        ("HALO_RUNBOOK_HOME", "belongs to halo-runbook itself"),
        ("HALO_NOTIFY_URL", "belongs to halo-runbook itself"),
        ("HALO_CLIENT_SECRET", "belongs to halo-runbook itself"),
    ],
)
def test_a_file_names_only_variables_that_are_meant_for_it(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where a data folder of that name would be made
    monkeypatch.setenv(name, VALUE)
    with pytest.raises(SecretError, match=said):
        resolve(f"env:{name}", "t", tmp_path)
    assert resolve(f"env:{name}", "t").reveal() == VALUE  # a person typed it


def test_another_variable_is_allowed_by_option_or_settings(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME", VALUE)
    monkeypatch.setenv("BIRCH", VALUE)
    allow(["ACME"])
    assert resolve("env:ACME", "t", tmp_path).reveal() == VALUE
    with pytest.raises(SecretError):
        resolve("env:BIRCH", "t", tmp_path)
    own_home.mkdir(exist_ok=True)
    (own_home / "settings.yaml").write_text("allow_env: [BIRCH]\n")
    assert resolve("env:BIRCH", "t", tmp_path).reveal() == VALUE
    (own_home / "settings.yaml").write_text("allow_env: 7\n")
    with pytest.raises(ConfigError, match="allow_env"):
        resolve("env:CEDAR", "t", tmp_path)


def test_a_files_place(tmp_path: Path, own_home: Path) -> None:
    """Below the tenants file's folder, the data folder, or a folder that was allowed; never by a link out."""
    folder, outside = tmp_path / "customers", private(tmp_path / "outside" / "key")
    private(folder / "deep" / "a.secret")
    private(own_home / "secrets" / "b.secret")
    (folder / "link").symlink_to(outside)
    (folder / "inner").symlink_to(folder / "deep" / "a.secret")
    for good in ("deep/a.secret", "inner", str(own_home / "secrets" / "b.secret"), "./deep/../deep/a.secret"):
        assert resolve(f"file:{good}", "t", folder).reveal() == VALUE
    for bad in (str(outside), "../outside/key", "link", "deep/../../outside/key"):
        with pytest.raises(SecretError, match="--secrets-dir"):
            resolve(f"file:{bad}", "t", folder)
    assert resolve(f"file:{outside}", "t").reveal() == VALUE  # a person typed it
    allow(folders=[outside.parent])
    assert resolve("file:../outside/key", "t", folder).reveal() == VALUE


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices have names elsewhere")
@pytest.mark.parametrize("what", ["fifo", "device", "proc", "folder", "socket"])
def test_what_is_no_regular_file_is_refused_at_once(what: str, tmp_path: Path) -> None:
    """A pipe without a writer would be waited for: here the answer is there before anybody could write."""
    import socket

    paths = {"device": "/dev/zero", "proc": f"/proc/{os.getpid()}/environ"}
    path = Path(paths.get(what, str(tmp_path / what)))
    listener = socket.socket(socket.AF_UNIX)
    if what == "fifo":
        os.mkfifo(path, 0o600)
    elif what == "folder":
        path.mkdir(mode=0o700)
    elif what == "socket":
        listener.bind(str(path))
    failed: list[Exception] = []

    def ask() -> None:
        try:
            resolve(f"file:{path}", "t")
        except SecretError as error:
            failed.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(5)
    listener.close()
    assert not thread.is_alive()
    assert failed


def test_a_large_file_is_no_secret(tmp_path: Path) -> None:
    private(tmp_path / "a", "x" * 4097)
    with pytest.raises(SecretError, match="larger than 4 KiB"):
        resolve("file:a", "t", tmp_path)


@pytest.mark.parametrize(
    "reference", ["file:~nosuchuser/x", "file:a\\0b", "keyring:other", "env:A B", "env:1X", "file:", "lab:x"]
)
def test_a_broken_reference_is_its_tenants_error_only(reference: str, tmp_path: Path) -> None:
    text = reference.replace("\\0", "\0")
    with pytest.raises(SecretError):
        resolve(text, "t", tmp_path)
    file = tmp_path / "tenants.yaml"
    quoted = reference.replace("\\0", "\\0")
    row = "base_url: https://a.halopsa.com, client_id: 1b6c0000-0000-4000-8000-000000000001"
    file.write_text(
        f'tenants:\n  - {{name: a, {row}, client_secret: "{quoted}"}}\n'
        f"  - {{name: b, {row}, client_secret: 'env:HALO_B'}}\n"
    )
    assert [tenant.name for tenant in load_tenants(file)] == ["a", "b"]


class Hangs:
    """A keyring that waits for a person who is not there."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def get_password(self, *_: str) -> str | None:
        self.asked.wait(30)
        return None


def test_a_keyring_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    hangs = Hangs()
    monkeypatch.setattr(references, "RESOLVE_S", 0.05)
    monkeypatch.setattr(keyring, "get_keyring", lambda: hangs)
    monkeypatch.setattr(keyring, "get_password", hangs.get_password)
    with pytest.raises(SecretError, match="did not answer within"):
        resolve("keyring:", "t")
    hangs.asked.set()


def fake_keyring(module: str, name: str) -> Any:
    return type(name, (), {"__module__": module})()


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        ("keyring.backends.null", "Keyring", "keeps nothing"),
        ("keyrings.alt.file", "PlaintextKeyring", "keeps secrets in clear"),
    ],
)
def test_keyrings_that_keep_nothing_or_in_clear_are_refused_by_name(
    module: str, name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring

    monkeypatch.setattr(keyring, "get_keyring", lambda: fake_keyring(module, name))
    with pytest.raises(SecretError, match=f"{module}.{name} {said}"):
        resolve("keyring:", "t")
    with pytest.raises(ConfigError, match=said):
        keep_in(KEYRING, "acme", Secret(VALUE))
    assert not places.keyring_works()


def test_a_place_that_forgets_does_not_cost_the_old_one(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keyring takes the secret and gives another one back: the private file still has it."""
    import keyring

    keep_in(FILE, "acme", Secret(VALUE))
    monkeypatch.setattr(keyring, "get_keyring", lambda: fake_keyring("some.system", "Keyring"))
    monkeypatch.setattr(keyring, "set_password", lambda *_: None)
    monkeypatch.setattr(keyring, "get_password", lambda *_: "something-else-of-some-length")
    with pytest.raises(ConfigError, match="does not give the secret back"):
        keep_in(KEYRING, "acme", Secret("another-secret-of-some-length"))
    assert resolve(f"file:{own_home / 'secrets' / 'acme.secret'}", "acme").reveal() == VALUE


def test_a_new_entry_may_hold_only_what_a_file_may(tmp_path: Path) -> None:
    entry = {
        "name": "acme",
        "base_url": "https://acme.halopsa.com",
        "client_id": "1b6c0000-0000-4000-8000-000000000001",
    }
    file = tmp_path / "tenants.yaml"
    for reference in ("env:PATH", "file:/etc/passwd", "keyring:other"):
        with pytest.raises(ConfigError):
            add_tenant(file, entry | {"client_secret": reference})
    assert not file.exists()
    add_tenant(file, entry | {"client_secret": "env:HALO_ACME_SECRET"})
    assert load_tenants(file)[0].client_secret == "env:HALO_ACME_SECRET"


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files")
def test_a_file_that_others_can_change_is_not_followed(tmp_path: Path) -> None:
    file = tmp_path / "tenants.yaml"
    row = "name: a, base_url: https://a.halopsa.com, client_id: x, client_secret: 'env:HALO_A'"
    file.write_text(f"tenants:\n  - {{{row}}}\n")
    file.chmod(0o666)
    with pytest.raises(ConfigError, match="chmod o-w"):
        load_tenants(file)
    file.chmod(0o664)
    assert load_tenants(file)
    assert file_warnings(file)
    file.chmod(0o644)
    assert not file_warnings(file)
    if os.getuid() == 0:
        os.chown(file, 65534, 65534)
        with pytest.raises(ConfigError, match="belongs to another user"):
            load_tenants(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
