"""The desk of the fleet: a tenants file mended in place, its tenants added, paused and verified."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from halo_helpers.batch.desk import desk, fleet_in_background
from halo_helpers.batch.desk.fleet_in_background import FleetInBackground
from halo_helpers.batch.desk.panel import Desk
from halo_helpers.batch.fleet import FleetOptions
from halo_helpers.practice.control import ask
from halo_helpers.report import find_run, load_run
from halo_helpers.tenants.practice import write_practice_tenants
from halo_helpers.tenants.tenants_file import load_tenants

from .helpers.browser import chromium, needs_browser, new_page
from .helpers.halopsa import ID, SECRET
from .helpers.lab import SHOWN, Lab, run_all
from .helpers.panels import click
from .helpers.practice import Practice

ENTRY = f"""# customers of the north
tenants:
  - name: acme
    base_url: https://acme.halopsa.com   # moved in May
    client_id: {ID}
    client_secret: env:HALO_ACME_SECRET
"""


def opened(file: Path) -> Desk:
    found = desk(str(file))
    assert isinstance(found, Desk)
    return found


def test_a_mistake_is_mended_in_its_line_and_comments_stay(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(ENTRY.replace("base_url: https", "base_ur: https"))
    one = opened(file)
    assert "Line 4" in one.view.html
    assert "unknown field" in one.view.html
    mended = "    base_url: https://acme.halopsa.com   # moved in May"
    html = click(one, "mend", **{"line-4": mended, "line-3": "  - name: acme"}).html
    assert file.read_text() == ENTRY
    assert "What is wrong" not in html
    assert "acme" in html


def test_a_line_of_a_file_that_changed_meanwhile_is_left(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(ENTRY.replace("base_url: https", "base_ur: https"))
    one = opened(file)
    changed = "# another line\n" + file.read_text()
    file.write_text(changed)
    said = click(one, "mend", **{"line-4": "    base_url: https://a.example"}).results
    assert "has changed meanwhile" in said
    assert file.read_text() == changed


def test_a_secret_in_clear_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(ENTRY.replace("env:HALO_ACME_SECRET", SECRET))
    one = opened(file)
    assert SECRET not in str(one.view.get_state())
    assert "may hold a secret" in one.view.html
    click(one, "mend", **{"line-6": ""})
    assert SECRET in file.read_text(), "an empty field is no change"
    click(one, "mend", **{"line-6": "    client_secret: env:HALO_ACME_SECRET"})
    assert file.read_text() == ENTRY


@pytest.mark.parametrize(
    "line",
    [
        "client_secret: @hunter2-hunter2",
        "client_secret: hunter2-hunter2: y",
        "client_secrt: hunter2-hunter2",
        "client_secret:\thunter2-hunter2",
        "hunter2-hunter2",
        "password: hunter2-hunter2",
        "name: env:hunter2-hunter2  # token",
    ],
)
def test_a_line_that_may_hold_a_secret_has_no_text(tmp_path: Path, line: str) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(ENTRY.replace("client_secret: env:HALO_ACME_SECRET", line))
    one = opened(file)
    assert "Line" in one.view.html
    assert "hunter2" not in str(one.view.get_state())


@pytest.mark.parametrize(
    "row",
    [
        f"acme,https://a.example,{ID},hunter2-hunter2",
        f"acme,https://a.example,{ID},env:HALO_A,hunter2-hunter2",
        f"acme,https://a.example,{ID},,hunter2-hunter2",
        f'acme,"https://a.example\nhunter2-hunter2",{ID},env:HALO_A',
    ],
)
def test_a_shifted_cell_is_no_text_of_a_page(tmp_path: Path, row: str) -> None:
    file = tmp_path / "t.csv"
    file.write_text(f"name,base_url,client_id,client_secret\n{row}\n")
    one = opened(file)
    assert "What is wrong" in one.view.html
    assert "hunter2" not in str(one.view.get_state())


def test_ends_of_lines_are_those_of_the_reader(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    heading = "name,base_url,client_id,client_secret,label"
    first = f"acme,https://a.example,{ID},env:HALO_A,two\x0bpages\x85 and\u2028more"
    file.write_text(f"{heading}\n{first}\nbirch,not a url,{ID},env:HALO_B,\n", encoding="utf-8")
    one = opened(file)
    assert "not a url" in one.view.html
    mended = f"birch,https://b.example,{ID},env:HALO_B,"
    click(one, "mend", **{"line-3": mended})
    assert file.read_text(encoding="utf-8") == f"{heading}\n{first}\n{mended}\n"


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_bytes(b"\xff\x00 tenants")
    assert "is not UTF-8 text" in opened(tmp_path / "t.yaml").view.html
    one = opened(tmp_path / "none.yaml")
    assert "is not there yet" in one.view.html
    assert "enter the path" in click(one, "open", file=" ").results
    assert "mend the tenants file first" in click(one, "run").results


def test_tenants_are_added_paused_and_verified_again(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(ENTRY)
    one = opened(file)
    typed = {"name": "birch", "base_url": "https://birch.halopsa.com", "client_id": ID, "agent_id": "27"}
    fields = {f"{name}-0": value for name, value in typed.items()}
    assert "client_secret" in click(one, "add", **fields).results
    assert "birch" not in file.read_text()
    html = click(one, "add", **fields, **{"client_secret-0": "env:HALO_BIRCH_SECRET"}).html
    assert "birch stands in the file." in html
    assert "name-1" in html, "a new form has fields of its own"
    assert "until-birch" in click(one, "ask-pause", name="birch").html
    assert "enter the day" in click(one, "pause", name="birch", **{"until-birch": "soon"}).results
    day = {"until-birch": "2999-12-31"}
    assert "say why" in click(one, "pause", name="birch", **day).results
    html = click(one, "pause", name="birch", **day, **{"reason-birch": "moves"}).html
    assert "paused until 2999-12-31: moves" in html
    assert "Verify 1 tenant now" in html
    click(one, "resume", name="birch")
    assert "paused" not in file.read_text()
    assert file.read_text().startswith("# customers of the north\n")
    assert "# moved in May" in file.read_text()


def test_a_csv_is_paused_too(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(f"name,base_url,client_id,client_secret\nacme,https://a.example,{ID},env:HALO_A\n")
    one = opened(file)
    click(one, "pause", name="acme", **{"until-acme": "2999-12-31", "reason-acme": "moves"})
    assert load_tenants(file)[0].paused_reason == "moves"
    click(one, "resume", name="acme")
    assert load_tenants(file)[0].paused_until is None


def test_a_run_of_the_desk_is_a_run_of_the_command_line(practice: Practice, tmp_path: Path) -> None:
    one = opened(practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret"))
    html = click(one, "run").html
    run = load_run(find_run("latest", tmp_path / "runs"))
    assert {r.tenant: r.verdict for r in run.results} == {"healthy": "pass", "wrong-secret": "fail"}
    assert "2 tenants: 1 broken, 1 OK." in html
    assert str(run.folder / "report.html") in html
    click(one, "run", name="healthy")
    assert [r.tenant for r in load_run(find_run("latest", tmp_path / "runs")).results] == ["healthy"]


def test_cancelled_it_keeps_what_is_done(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret", "agent-mismatch")

    def cancel_after_one() -> None:
        if fleet.done == 1:
            fleet.cancel()

    fleet = FleetInBackground(cancel_after_one)
    fleet.start(file, tmp_path / "runs", FleetOptions(workers=1))
    fleet.work.wait()
    assert fleet.run is not None
    assert fleet.run.results
    assert fleet.run.manifest.undone
    assert len(fleet.run.results) + len(fleet.run.manifest.undone) == 3


def test_a_run_that_ends_by_a_fault_of_ours_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("spilt")

    monkeypatch.setattr(fleet_in_background, "run_fleet", broken)
    fleet = FleetInBackground(lambda: None)
    fleet.start(tmp_path / "t.yaml", tmp_path, FleetOptions())
    fleet.work.wait()
    assert (fleet.is_running, fleet.problem) == (False, "the run ended by KeyError: 'spilt'")


def test_a_web_page_of_voila_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.8")
    found = desk()
    assert found.view is None
    assert "open fleet-report.ipynb in JupyterLab" in found.plain


def test_two_thousand_tenants_are_found_by_a_word(tmp_path: Path) -> None:
    rows = "".join(
        f"  - {{name: t{n}, base_url: 'https://t{n}.halopsa.com', client_id: '{ID}', "
        f"client_secret: 'env:HALO_{n}'}}\n"
        for n in range(2000)
    )
    (tmp_path / "t.yaml").write_text("tenants:\n" + rows)
    one = opened(tmp_path / "t.yaml")
    assert "50 of 2000" in one.view.html
    assert len(one.view.html) < 60_000
    assert "1 of 2000" in click(one, "find", find="T1234.").html


@needs_browser
def test_in_a_lab(tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        (entry,) = [one for one in ask(lab.practice, "tenants")["tenants"] if one["name"] == "practice"]
        write_practice_tenants(tmp_path / "data" / "tenants.yaml", [entry], lab.practice)
        with chromium() as browser, new_page(browser) as page:
            lab.go(page, "fleet-report")
            run_all(page)
            card = page.locator(SHOWN).get_by_role("group", name="A run")
            card.get_by_role("button", name="Verify 1 tenant now").click()
            expect(card.get_by_text(re.compile("1 tenant: 1 OK"))).to_be_visible()
            expect(card.get_by_role("button", name="Open the report")).to_be_visible()
