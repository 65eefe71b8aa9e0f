"""The support bundle names nobody."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from halo_helpers.batch.fleet import run_fleet
from halo_helpers.checks import CHECKS
from halo_helpers.report.support_bundle import _Words, make_bundle
from halo_helpers.secrets.private_file import write_private
from halo_helpers.secrets.value import Secret

from .helpers.halopsa import ID, SECRET, TOKEN, api, body
from .helpers.practice import Practice
from .helpers.raw_server import raw_server


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
    assert (first["verdict"], first["tenant"], len(first["checks"])) == ("pass", "tenant-1", len(CHECKS))
    assert json.loads(held["versions.json"])["packages"]["httpx"]


FOREIGN = [
    "Acme Dental",
    "ACME DENTAL",
    "call +49 (0)30 123 45-67",
    "020 7946 0958",
    "dr.jones@acme.example",
    "10.1.2.3",
    "fe80::1ff:fe23:4567:890a",
    "00:1a:2b:3c:4d:5e",
    r"\\fileserver\patients\jones",
    "//fileserver/patients",
    "smb://fileserver/patients",
    r"C:\Users\jones\x",
    "/home/jones/x",
    "2.1-acme-build",
    "fileserver",
]


def test_what_a_server_says_is_left_out(tmp_path: Path) -> None:
    """Refusals, versions and names that hold whatever a server likes to say of its owner."""
    said = " ; ".join(FOREIGN)
    refused = {"Message": said}
    answers = {
        "/api/authinfo": body({"tenant_id": "acme"}),
        "/api/InstanceInfo": body({"app_version": "2.1-acme-build", "app_name": said, "hosted_group": said}),
        "/auth/token": TOKEN,
        "/api/Agent/me": body({"id": 27, "name": "Jones", "teams": [{"team_name": "Dr Jones"}]}),
        "/api/Tickets": body(refused, "403 Forbidden"),
        "/api/Users": body(refused, "500 Oops"),
        "/api/Agent": body([{"id": 27, "name": "JONES"}, {"id": 28, "name": "jones"}]),
        "/api/Webhook": body(refused, "401 No"),
        "/api/": body([]),
    }
    with raw_server(api(answers)) as url:
        (tmp_path / "t.yaml").write_text(
            f"tenants:\n- name: acme\n  label: Acme Dental\n  base_url: {url}\n  client_id: {ID}\n"
            "  client_secret: file:s\n"
        )
        write_private(tmp_path / "s", Secret(SECRET))
        names = make_bundle("acme", tmp_path / "b.zip", tmp_path / "runs", str(tmp_path / "t.yaml"))
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        everything = "\n".join(archive.read(name).decode() for name in names).lower()
    for known in ("acme", "jones", "fileserver", "patients", "7946", "123 45", "fe80", "1a:2b", "10.1.2"):
        assert known not in everything, known
    checks = {row["id"]: row for row in json.loads(_read(tmp_path / "b.zip", "tenant-1.json"))["checks"]}
    assert checks["access.tickets"]["seen"] == "Tickets answers 403 [text]"
    assert checks["address.instance"]["seen"] == "[text] [text]"


def _read(file: Path, name: str) -> bytes:
    with zipfile.ZipFile(file) as archive:
        return archive.read(name)


PLAIN = [
    "half of the 24 answers took longer than 1.2 s",
    "1,200 records",
    "2026-01-02T03:04:05",
    "2.236.133",
    "25 requests, half of them answered within 12 ms",
]


@pytest.mark.parametrize("text", PLAIN)
def test_what_names_nobody_stays(text: str) -> None:
    assert _Words().replace(text) == text


@pytest.mark.parametrize("text", FOREIGN[2:13])
def test_what_may_say_who_or_where_is_left_out(text: str) -> None:
    replaced = _Words().replace(f"seen {text} there")
    assert "[" in replaced
    assert not re.search(r"\d\d|jones|fileserver", replaced), replaced


def test_a_customer_that_is_called_as_a_word_that_stands_in_is_replaced_too() -> None:
    words = _Words()
    for name in ("tenant-2", "tenant-1", "acme"):
        words.learn("tenant", name)
    text = words.replace("tenant-1 and TENANT-2 and acme")
    assert text == "tenant-4 and tenant-3 and tenant-5"
    assert not words.stands_in(text)
    assert words.stands_in("tenant-1")


@pytest.mark.parametrize(
    "spelt",
    ["straße 9 gmbh", "STRASSE", "İstanbul Ltd", "istanbul ltd", "\u212aelvin", "KELVIN", "Acme (West)"],
)
def test_a_name_is_found_in_capitals_and_in_letters_of_other_lengths(spelt: str) -> None:
    words = _Words()
    for name in ("Straße 9 GmbH", "Strasse", "İstanbul Ltd", "Kelvin", "Acme (West)", "Acme"):
        words.learn("label", name)
    assert re.fullmatch(r"seen by label-\d\.", words.replace(f"seen by {spelt}."))
    assert words.replace(f"not in x{spelt}x") == f"not in x{spelt}x"
