"""The tenants file: every mistake in one go, with its line; nothing that Excel or Notepad does is one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_helpers import Tenant, load_tenants
from halo_helpers.errors import ConfigError
from halo_helpers.tenants.find import find_tenant
from halo_helpers.tenants.tenant import FIELDS
from halo_helpers.tenants.tenants_file import same_client_ids

from .helpers.practice import Practice

ID = "1b6c0000-0000-4000-8000-000000000001"
SECRET = "0f1e2d3c-1111-4222-8333-444455556666-9a8b7c6d-aaaa-4bbb-8ccc-ddddeeeeffff"
GOOD = f"""\
defaults: {{scopes: [all:standard, all:teams]}}
tenants:
  - name: acme     # a comment
    base_url: https://acme.halopsa.com
    client_id: {ID}
    client_secret: env:HALO_ACME_SECRET
    agent_id: 27
    label: Acme Dental Ltd
    paused_until: 2026-12-31
    paused_reason: migration
  - name: birch
    base_url: birch.halopsa.com/
    client_id: {ID}
    client_secret: "file:birch.secret"
    agent_id: Neo Agent
    scopes: all:standard admin:webhooks
    ca_file: null
"""
FIVE = f"""\
tenants:
  - name: Acme Dental
    base_url: ftp://acme.halopsa.com
    client_id: {ID}
    client_secret: {SECRET}
  - name: birch
    base_ulr: https://birch.halopsa.com
    client_id: {ID}
    client_secret: env:X
"""


def write(folder: Path, text: str | bytes, name: str = "t.yaml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def mistakes(path: Path) -> list[tuple[int | None, str]]:
    with pytest.raises(ConfigError) as error:
        load_tenants(path)
    return [(mistake.line, mistake.message) for mistake in error.value.mistakes]


def test_a_good_file(tmp_path: Path) -> None:
    acme, birch = load_tenants(write(tmp_path, GOOD))
    assert (acme.name, acme.agent_id, acme.scopes, acme.display) == (
        "acme",
        27,
        ("all:standard", "all:teams"),
        "Acme Dental Ltd",
    )
    assert (birch.agent_id, birch.scopes, birch.ca_file) == (
        "Neo Agent",
        ("all:standard", "admin:webhooks"),
        None,
    )
    assert acme.is_paused(dt.date(2026, 12, 30))
    assert not acme.is_paused(dt.date(2026, 12, 31))
    assert len(same_client_ids([acme, birch])) == 1


def test_five_mistakes_with_their_lines(tmp_path: Path) -> None:
    found = mistakes(write(tmp_path, FIVE))
    assert [line for line, _ in found] == [2, 3, 5, 6, 7]
    assert SECRET not in str(found)
    assert "did you mean “base_url”" in found[4][1]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", None),
        ("\n", None),
        ("tenants:\n", None),
        ("tenants: []\n", None),
        ("- a\n", 1),
        ("just text", 1),
        ("tenants: {a: 1}\n", 1),
        ("tenants:\n  - acme\n", 2),
        ("tenants:\n\t- name: a\n", 2),
        ("a: [1\n", 2),
        ("tenants: &x []\nb: *x\n", 1),
        ("tenants:\n" + "".join("  " * n + "- \n" for n in range(1, 40)), 21),
        ("x: 1\ntenants: []\n", 1),
        (b"\xff\xfe\x00\xd8", 1),
        (b"tenants:\n  - name: \xe9\n", 2),
    ],
)
def test_files_that_are_none(tmp_path: Path, text: str | bytes, line: int | None) -> None:
    assert line in [found for found, _ in mistakes(write(tmp_path, text))]


def test_twins_are_named(tmp_path: Path) -> None:
    twice = GOOD.replace("name: birch", "name: acme")
    assert mistakes(write(tmp_path, twice)) == [(11, "name “acme” stands already in line 3")]


@pytest.mark.parametrize(
    "name", ["practice", "con", "nul", "latest", "../x", "a/b", "A", "-a", "a" * 64, "com1", "ä"]
)
def test_names_that_may_not_name_files(tmp_path: Path, name: str) -> None:
    assert mistakes(write(tmp_path, GOOD.replace("name: birch", f"name: {name}")))[0][0] == 11


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_as_excel_writes_it(tmp_path: Path, separator: str, start: bytes, newline: str) -> None:
    comma = ";" if separator == ";" else ","  # what Excel puts in quotes
    rows = [
        ("name", "base_url", "client_id", "client_secret", "agent_id", "label"),
        ("acme", "https://acme.halopsa.com", ID, "env:A", "27", f'"Acme{comma} Ltd"'),
        ("", "", "", "", "", ""),
    ]
    text = newline.join(separator.join(row) for row in rows) + newline
    (tenant,) = load_tenants(write(tmp_path, start + text.encode(), "t.csv"))
    assert (tenant.name, tenant.agent_id, tenant.label) == ("acme", 27, f"Acme{comma} Ltd")


def test_csv_mistakes_have_lines(tmp_path: Path) -> None:
    text = f"name,base_url,client_id,client_secret,agent\nacme,https://a.halopsa.com,{ID},env:A,1\n"
    assert mistakes(write(tmp_path, text, "t.csv"))[0][0] == 1
    text = f"name,base_url,client_id,client_secret\nacme,https://a.halopsa.com,{ID},{SECRET}\nB,,,\n"
    assert [line for line, _ in mistakes(write(tmp_path, text, "t.csv"))] == [2, 3, 3, 3, 3]


def test_utf16_of_notepad(tmp_path: Path) -> None:
    assert len(load_tenants(write(tmp_path, GOOD.encode("utf-16")))) == 2


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert "cannot be read" in mistakes(tmp_path / "none.yaml")[0][1]
    assert "folder" in mistakes(tmp_path)[0][1]


@given(
    st.text(max_size=200)
    | st.lists(
        st.sampled_from([*FIELDS, "tenants", ":", "- ", "\n", "  ", "{", "}", "&a", "*a", "|", '"', "\t"])
    ).map("".join)
)
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    for name in ("t.yaml", "t.csv"):
        try:
            load_tenants(write(folder, text.encode("utf-8", "replace"), name))
        except ConfigError as error:
            assert error.mistakes


def test_a_tenant_takes_no_secret_in_clear() -> None:
    with pytest.raises(ConfigError) as error:
        Tenant(name="a", base_url="https://a.halopsa.com", client_id=ID, client_secret=SECRET)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a/b"),
        ("name", 5),
        ("base_url", None),
        ("client_secret", b"7e57"),
        ("agent_id", -1),
        ("agent_id", True),
        ("agent_id", 2.5),
        ("scopes", [1]),
        ("scopes", (1,)),
        ("paused_until", "2026-01-01"),
    ],
)
def test_a_tenant_takes_no_value_that_cannot_be_right(field: str, value: object) -> None:
    given: dict[str, object] = {"name": "acme", "base_url": "https://acme.halopsa.com", field: value}
    with pytest.raises(ConfigError, match=field) as error:
        Tenant(**given)  # type: ignore[arg-type]
    assert "7e57" not in str(error.value)


def test_a_secret_in_the_place_of_the_client_id_is_not_shown() -> None:
    secret = f"{uuid4()}-{uuid4()}"
    assert secret not in repr(Tenant("acme", "https://acme.halopsa.com", secret))


def test_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="tenants-file"):
        find_tenant("acme")
    path = write(tmp_path, GOOD, "tenants.yaml")
    assert find_tenant("acme").name == "acme"
    with pytest.raises(ConfigError, match="did you mean “acme”"):
        find_tenant("acmee")
    monkeypatch.setenv("HALO_TENANTS_FILE", str(path))
    monkeypatch.chdir("/")
    assert find_tenant("birch").name == "birch"


def test_practice_is_the_running_server(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALO_PRACTICE_URL", practice.base_url)
    tenant = find_tenant("practice")
    assert (tenant.name, tenant.base_url) == ("practice", practice.base_url)
    monkeypatch.setenv("HALO_PRACTICE_URL", "http://127.0.0.1:1")
    with pytest.raises(ConfigError, match="no practice server answers"):
        find_tenant("practice")
