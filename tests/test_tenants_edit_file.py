"""Upkeep of a tenants file: entries come and go, comments stay."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from halo_helpers.errors import ConfigError
from halo_helpers.tenants.edit_file import add_tenant, pause_tenant, resume_tenant, retire_tenant
from halo_helpers.tenants.tenants_file import load_tenants

from .helpers.command import document, halo

FILE_TEXT = """# our customers
defaults: {owner: desk}
tenants:
  - name: acme   # the dentist
    base_url: https://acme.halopsa.com
    client_id: x
    client_secret: env:HALO_A
  # moved in May
  - name: birch
    base_url: https://birch.halopsa.com
    client_id: y
    client_secret: 'keyring:'
"""

ROW = "acme,https://acme.halopsa.com,x,env:HALO_A"

NEW = {
    "name": "copper",
    "base_url": "https://copper.halopsa.com",
    "client_id": "z",
    "client_secret": "env:HALO_C",
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


@pytest.mark.parametrize("indent", ["", "  ", "    "])
def test_what_stands_there_keeps_its_lines(tmp_path: Path, indent: str) -> None:
    file = tmp_path / "t.yaml"
    acme = f"""{indent}- name: acme
{indent}  base_url: https://acme.halopsa.com
{indent}  client_id: x
{indent}  client_secret: env:HALO_A
{indent}  paused_reason: {"a long story " * 20}
"""
    text = f"# ours\ntenants:\n\n{indent}# the dentist\n{acme.rstrip()}\n"
    file.write_text(text)
    add_tenant(file, NEW)
    assert file.read_text().startswith(text)
    assert f"{indent}- name: copper\n" in file.read_text()


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
        "\ufeffname;base_url;client_id;client_secret;label\r\nacme;https://acme.halopsa.com;x;env:HALO_A;Acmé\r\n".encode()
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


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", f"Name,Base_URL,client_id,client_secret,,paused_until,paused_reason\n{ROW},mine,,\n"),
        ("t.csv", f"sep=\t\nname\tbase_url\tclient_id\tclient_secret\n{ROW}\n".replace(",", "\t")),
        (
            "t.yaml",
            FILE_TEXT.replace("name: acme", "name: 365"),
        ),
        ("t.yaml", FILE_TEXT),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_one_is_found_as_the_file_is_read(tmp_path: Path, name: str, text: str, encoding: str) -> None:
    file = tmp_path / name
    file.write_text(text, encoding=encoding)
    first = load_tenants(file)[0].name
    pause_tenant(file, first, dt.date(2999, 12, 31), "moves")
    assert load_tenants(file)[0].paused_reason == "moves"
    resume_tenant(file, first)
    assert load_tenants(file)[0].paused_until is None
    add_tenant(file, NEW)
    retire_tenant(file, first)
    assert load_tenants(file)[-1].name == "copper"
    kept = file.read_text(encoding="utf-8-sig")
    heading = text.split("\n", maxsplit=1)[0]
    assert file.suffix == ".yaml" or kept.startswith(heading)


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
            "env:HALO_C",
            "--tenants-file",
            file,
        ).stdout
    )
    rows = document(halo("tenants", "list", "--tenants-file", file, "--json"))["tenants"]
    assert [row["client_secret"] for row in rows] == ["env:HALO_A", "keyring:", "env:HALO_C"]
    done = halo("tenants", "check", "--tenants-file", file)
    assert (done.returncode, "the environment variable HALO_A is not set" in done.stdout) == (2, True)
    assert halo("tenants", "retire", "copper", "--tenants-file", file).returncode == 0
    secret = "0f1e2d3c-1111-4222-8333-444455556666-9a8b7c6d-aaaa-4bbb-8ccc-ddddeeeeffff"
    done = halo("secrets", "set", "acme", "--file", stdin=secret + "\n")
    reference = done.stdout.split()[-1]
    assert (done.returncode, secret in done.stdout) == (0, False)
    file.write_text(FILE_TEXT.replace("env:HALO_A", reference))
    assert "file acme.secret" in halo("secrets", "where", "acme", "--tenants-file", file).stdout
    assert "a private file" in halo("secrets", "remove", "acme").stdout
    assert halo("secrets", "where", "acme", "--tenants-file", file).returncode == 2
    assert halo("secrets", "set", "../x", "--file", stdin="x").returncode == 2
    assert halo("forget").returncode == 2
    assert halo("status", tmp_path / "none").returncode == 3
    assert halo("status", tmp_path, "--max-age", "soon").returncode == 2
    assert halo("bundle", "nobody", "--tenants-file", file).returncode == 2


def test_a_pause_comes_and_goes_and_comments_stay(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(FILE_TEXT.replace("HALO_A\n", "HALO_A   # ours\n"))
    pause_tenant(file, "acme", dt.date(2999, 12, 31), "moves")
    file.write_text(file.read_text().replace("moves\n", "moves   # to the new site\n", 1))
    assert load_tenants(file)[0].paused_reason == "moves"
    resume_tenant(file, "acme")
    left = file.read_text()
    assert "paused" not in left
    for comment in ("# our customers", "# the dentist", "# ours", "# to the new site", "# moved in May"):
        assert comment in left
    assert [tenant.name for tenant in load_tenants(file)] == ["acme", "birch"]
