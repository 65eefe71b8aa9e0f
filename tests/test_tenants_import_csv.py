"""A list of customers becomes entries of the tenants file: seen first, all or none, nothing overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from halo_helpers.errors import ConfigError
from halo_helpers.tenants.import_csv import preview_import
from halo_helpers.tenants.tenant import Tenant
from halo_helpers.tenants.tenants_file import MAX_FILE, load_tenants

from .helpers.command import document, halo
from .helpers.halopsa import ID, SECRET

LIST = f"""Company Name,Halo URL,Client ID,Agent,Account manager,Phone
Müller & Söhne GmbH,https://mueller.halopsa.com/api/,{ID},27,Sam,+49 1
"Acme, Inc.",acme.halopsa.com,{ID.replace("3", "4")},Neo Agent,,
Acme Inc,https://acme2.halopsa.com,{ID.replace("3", "5")},,,
"""


def written(folder: Path, text: str = LIST) -> Path:
    file = folder / "list.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_names_and_references_are_proposed(tmp_path: Path) -> None:
    preview = preview_import(written(tmp_path), [])
    assert [(e["name"], e["base_url"], e["client_secret"], e["agent_id"]) for e in preview.new] == [
        ("muller-sohne-gmbh", "https://mueller.halopsa.com", "env:HALO_MULLER_SOHNE_GMBH_SECRET", 27),
        ("acme-inc", "https://acme.halopsa.com", "env:HALO_ACME_INC_SECRET", "Neo Agent"),
        ("acme-inc-2", "https://acme2.halopsa.com", "env:HALO_ACME_INC_2_SECRET", None),
    ]
    assert (preview.new[0]["label"], preview.new[0]["owner"]) == ("Müller & Söhne GmbH", "Sam")
    assert preview.ignored == ["phone"]


def test_a_variable_that_is_ours_is_not_proposed(tmp_path: Path) -> None:
    text = f"Company,URL,Client ID\nLab,https://lab.example,{ID}\n"
    assert preview_import(written(tmp_path, text), []).new[0]["client_secret"] == "env:HALO_TENANT_LAB_SECRET"


@pytest.mark.parametrize(
    ("place", "reference"), [("file", "file:secrets/acme-inc.secret"), ("keyring", "keyring:")]
)
def test_references_look_where_was_asked(tmp_path: Path, place: str, reference: str) -> None:
    assert preview_import(written(tmp_path), [], place).new[1]["client_secret"] == reference


def test_who_stands_there_already_stays(tmp_path: Path) -> None:
    known = [Tenant("acme", "https://acme.halopsa.com", client_id=ID.replace("3", "4"))]
    preview = preview_import(written(tmp_path), known)
    assert [proposal.known_as for proposal in preview.proposals] == ["", "acme", ""]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Company,URL\nacme,https://a.example\n", "no column is called “client id”"),
        (f"URL,Client ID,Secret\nhttps://a.example,{ID},{SECRET}\n", "looks like a secret in clear"),
        (f"URL,Client ID,Base URL\nhttps://a.example,{ID},b.example\n", "two columns say the base_url"),
        (
            f"URL,Client ID,Company\nhttps://a.example,{ID},{SECRET}\n",
            "“label” holds what looks like a secret",
        ),
        (f"URL,Client ID\nnot a url,{ID}\n", "blank"),
        ("URL,Client ID\nhttps://a.example,\n", "the Client ID is missing"),
        (f"Name,URL,Client ID\npractice,https://a.example,{ID}\n", "can be no tenant's name"),
        ("", "no column is called"),
        (f"Name,URL,Client ID\na,a.example,{ID}\na,b.example,{ID}\n", "this name stands in line 2, too"),
        (f"URL,Client ID\na.example,{ID}\na.example,{ID}\n", "this URL and Client ID stands? in line 2"),
    ],
)
def test_a_mistake_has_its_line_and_no_secret(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as error:
        preview_import(written(tmp_path, text), [])
    assert SECRET not in str(error.value)
    assert error.value.mistakes[0].line in {1, 2, 3}


def test_other_separators_and_excels_first_line(tmp_path: Path) -> None:
    for text in (
        f"sep=;\nURL;Client ID\na.example;{ID}\n",
        f"URL\tClient ID\na.example\t{ID}\n",
        f"\ufeffURL,Client ID\r\na.example,{ID}\r\n",
        f"URL,Client ID\ra.example,{ID}\r",
    ):
        assert preview_import(written(tmp_path, text), []).new[0]["name"] == "a"


def test_a_file_is_too_large_by_its_bytes(tmp_path: Path) -> None:
    file = written(tmp_path, LIST + "ü" * (MAX_FILE // 2))
    with pytest.raises(ConfigError, match="too large"):
        preview_import(file, [])


def test_it_shows_first_and_writes_on_a_word(tmp_path: Path) -> None:
    file, to = written(tmp_path), tmp_path / "t.yaml"
    words = ["tenants", "import", str(file), "--tenants-file", str(to)]
    shown = halo(*words)
    assert (shown.returncode, to.exists()) == (0, False)
    assert "new    acme-inc  (Acme, Inc.)  https://acme.halopsa.com  env:HALO_ACME_INC_SECRET" in shown.stdout
    assert "Nothing was written" in shown.stdout
    assert halo(*words, "--yes").returncode == 0
    assert [t.name for t in load_tenants(to)] == ["muller-sohne-gmbh", "acme-inc", "acme-inc-2"]
    before = to.read_text()
    again = halo(*words, "--yes", "--json")
    assert {row["known_as"] for row in document(again)["tenants"]} == {t.name for t in load_tenants(to)}
    assert to.read_text() == before


def test_two_thousand_customers_at_once(tmp_path: Path) -> None:
    rows = "".join(f"Customer,https://c{n}.halopsa.com,{ID}\n" for n in range(2000))
    preview = preview_import(written(tmp_path, f"Company,URL,Client ID\n{rows}"), [])
    assert len({entry["name"] for entry in preview.new}) == 2000
