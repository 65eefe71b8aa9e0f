"""Panels: what a person enters and clicks, without a browser: messages in, traits out."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from halo_helpers.checks import CHECKS
from halo_helpers.errors import ConfigError
from halo_helpers.guide.jupyter import _settings
from halo_helpers.guide.progress import note_step, read_progress
from halo_helpers.guide.working_copy import open_walk
from halo_helpers.panels import open_guide
from halo_helpers.panels import state as walk_state
from halo_helpers.panels.base.view import View
from halo_helpers.panels.start import load_record
from halo_helpers.practice.control import ask
from halo_helpers.tenants.answers import read_answers, write_answers
from halo_helpers.tenants.tenants_file import load_tenants

from .helpers.panels import click, sent
from .helpers.practice import Practice

pytestmark = pytest.mark.usefixtures("practised_guide")


def state(panel: Any) -> str:
    return str(panel.view.state)


def test_a_click_on_check_shows_what_was_found_and_is_written_down() -> None:
    guide = open_guide()
    panel = guide.step("test-connection")
    assert "to do" in state(panel)
    view = click(panel, "check")
    assert "All 9 checks" in view.results
    assert ">OK<" in state(panel)
    assert open_guide().record("test-connection").codes == ()
    assert not view.running


def test_results_come_one_by_one_and_a_card_shows_cause_and_what_to_do(practice: Practice) -> None:
    ask(practice.base_url, "tenants/healthy/scenario", "POST", name="agent-without-team")
    panel = open_guide().step("confirm-agent")
    told: list[str] = []
    panel.view.observe(lambda change: told.append(change["new"]), "progress")
    view = click(panel, "check")
    assert len([text for text in told if "checks done" in text]) > 5
    assert "agent-without-team" in view.results
    assert "Add at least one team" in view.results
    assert "broken" in state(panel)


def test_a_second_click_meanwhile_does_nothing_and_a_check_can_be_cancelled(practice: Practice) -> None:
    ask(practice.base_url, "tenants/healthy/scenario", "POST", name="slow")
    panel = open_guide().step("test-connection")
    panel.view._on_message(panel.view, {"do": "check"}, [])
    first = panel.work._thread
    panel.view._on_message(panel.view, {"do": "check"}, [])
    assert panel.work._thread is first
    panel.view._on_message(panel.view, {"do": "cancel"}, [])
    panel.work.wait()
    assert "cancelled" in panel.view.progress
    assert "to do" in state(panel)


def test_a_result_rests_on_the_answers_that_were_asked(practice: Practice) -> None:
    ask(practice.base_url, "tenants/healthy/scenario", "POST", name="slow")
    guide = open_guide()
    panel = guide.step("test-connection")
    panel.view._on_message(panel.view, {"do": "check"}, [])
    write_answers("practice", base_url=practice.base_url, agent_id="4")
    panel.work.wait()
    assert "stale" in state(panel)


def test_another_secret_makes_results_stale_and_the_same_one_does_not(
    practice: Practice, own_home: Path
) -> None:
    entry = practice.entries["healthy"]
    write_answers("acme", base_url=practice.base_url, client_id=entry["client_id"])
    guide, elsewhere = open_guide("acme"), open_guide("acme")
    here, other = guide.credentials(), elsewhere.credentials()
    click(here, "secret", value=entry["client_secret"], place="kernel")
    panel = elsewhere.step("test-connection")
    guide.note("test-connection", state="ok")
    click(other, "secret", value=entry["client_secret"], place="file")
    assert "OK" in state(panel)
    click(other, "secret", value=entry["client_secret"][::-1], place="file")
    assert "stale" in state(panel)
    assert guide.secret_now().reveal() == entry["client_secret"][::-1]  # type: ignore[union-attr]
    click(here, "place", place="kernel")
    assert not list(own_home.rglob("*.secret"))


def test_a_place_that_refuses_costs_nothing(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_answers("acme", base_url="https://acme.halopsa.com")
    panel = open_guide("acme").credentials()
    click(panel, "secret", value="a-secret-of-some-length", place="file")
    monkeypatch.setattr(
        "halo_helpers.secrets.places.write_private", lambda *_: os.open(own_home / "none" / "x", 0)
    )
    view = click(panel, "secret", value="another-secret-of-some-length", place="file")
    assert "cannot be written" in view.results
    assert open_guide("acme").secret_now().reveal() == "another-secret-of-some-length"  # type: ignore[union-attr]
    assert [path.read_text().strip() for path in own_home.rglob("*.secret")] == ["a-secret-of-some-length"]


def test_what_is_still_missing_is_said_and_not_raised(own_home: Path) -> None:
    write_answers("acme", base_url="https://acme.halopsa.com")
    guide = open_guide("acme")
    assert "Client ID and the Client Secret of acme" in guide.summary("token")
    assert "Client ID" in guide.check()._repr_mimebundle_()["text/plain"]
    assert "Client ID" in guide.handover().plain
    panel = guide.step("test-token")
    assert "the Client Secret is not entered yet" in panel.view.closed
    assert not panel.view.can_check
    assert "not possible yet" in click(panel, "check").results


def test_an_address_is_checked_before_there_are_credentials(own_home: Path, practice: Practice) -> None:
    write_answers("acme", base_url=practice.base_url)
    assert click(open_guide("acme").step("prerequisites"), "check").results.count("OK") > 2


def test_ticks_and_going_on_anyway_are_written_down(own_home: Path) -> None:
    guide = open_guide()
    made = guide.step("create-agent")
    click(made, "tick", on=True)
    assert "done by hand" in state(made)
    click(made, "tick", on=False)
    assert "to do" in state(made)
    closed = guide.step("connect-neo")
    assert "builds on what is not OK yet" in closed.view.closed
    assert (closed.view.can_check, closed.view.can_go_on) == (False, True)
    click(closed, "go-on")
    assert (closed.view.can_check, closed.view.can_go_on) == (True, False)
    assert open_guide().record("connect-neo").went_on_past == ("test-token", "confirm-agent", "check-rights")


def test_a_changed_answer_makes_later_steps_stale(own_home: Path) -> None:
    guide = open_guide()
    earlier, later = guide.step("prerequisites"), guide.step("test-token")
    click(earlier, "check")
    click(later, "check")
    guide.change_answers(client_id="1b6c0000-0000-4000-8000-000000000001")
    assert ">OK<" in state(earlier)
    assert "stale" in state(later)
    assert read_progress("practice")["test-token"].state == "stale"


def test_no_error_is_lost_in_a_callback() -> None:
    def fail(_: object) -> None:
        raise KeyError("unforeseen")

    view = View(fail)
    view._on_message(view, {"do": "x"})
    assert "please report it" in view.results
    assert "unforeseen" not in view.results


def test_two_writers_do_not_lose_each_others_steps(own_home: Path) -> None:
    def write(steps: tuple[str, ...]) -> None:
        for step in steps:
            note_step("acme", step, {}, state="ok")

    halves = (
        ("open-agents", "create-agent", "agent-teams", "note-agent-id"),
        ("open-api", "test-token", "record", "webhooks"),
    )
    threads = [threading.Thread(target=write, args=(half,)) for half in halves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {step for step, record in read_progress("acme").items() if record.state == "ok"} == {
        *halves[0],
        *halves[1],
    }


def test_the_walk_of_a_new_customer(own_home: Path, practice: Practice) -> None:
    entry = practice.entries["healthy"]
    start = open_guide("practice").start()
    assert "acme/00-start.ipynb" in click(start, "open", name="acme", url=f"{practice.base_url}/").results
    copy = json.loads((own_home / "walks" / "acme" / "30-credentials.ipynb").read_text())
    assert "tenant = 'acme'" in "".join("".join(cell["source"]) for cell in copy["cells"])

    guide = open_guide("acme")
    panel = guide.credentials()
    told = sent(panel)
    click(panel, "hello")
    assert told[-1] == {"kind": "status", "text": "not set", "kept": False}
    click(panel, "secret", value=entry["client_secret"], place="file")
    click(panel, "save", base_url=practice.base_url, client_id=entry["client_id"], agent_id="27")
    assert told[-1]["text"].startswith("kept in a private file, entered on 20")
    assert guide.summary() == f"OK: {len(CHECKS) - 1} OK, 1 not reached"
    assert "27 (Neo Agent)" in guide.handover().plain
    # a fresh kernel has the answers and finds the secret by its reference
    walk_state._memory.clear()
    assert open_guide("acme").summary("token") == "OK: 7 OK"

    click(panel, "copy")
    assert told[-2] == {"kind": "copy", "value": entry["client_secret"]}
    assert "copied to the clipboard" in guide.record("save-application").summary

    record = guide.write_record()
    assert "Written" in click(record, "record").results
    assert "stands in" in click(record, "fleet", file=str(own_home / "tenants.yaml"), owner="desk").results
    (tenant,) = load_tenants(own_home / "tenants.yaml")
    assert (tenant.name, tenant.agent_id, tenant.owner) == ("acme", 27, "desk")
    for path in own_home.rglob("*"):
        if path.is_file() and path.suffix != ".secret":
            assert entry["client_secret"] not in path.read_text(errors="replace")
    written = json.loads((own_home / "walks" / "acme" / "record.json").read_text())
    with pytest.raises(ConfigError, match="practice tenant"):
        load_record("birch", own_home / "walks" / "acme" / "record.json")
    (own_home / "r.json").write_text(json.dumps(written | {"practice": False}))
    load_record("birch", own_home / "r.json")
    assert (read_answers("birch")["agent_id"], read_progress("birch")["record"].state) == ("27", "ok")


@pytest.mark.parametrize(
    ("name", "url", "said"),
    [
        ("../x", "https://a.b", "takes a-z"),
        ("practice", "https://a.b", "takes a-z"),
        ("new", "", "needs a base URL"),
        ("new", "ftp://x", "must be https"),
    ],
)
def test_odd_customers_are_refused_in_words(name: str, url: str, said: str) -> None:
    assert said in click(open_guide().start(), "open", name=name, url=url).results


def test_an_unknown_edition_is_refused() -> None:
    with pytest.raises(ConfigError, match="known are"):
        open_guide(edition="newest")


def test_agents_are_listed_and_one_is_chosen(practice: Practice) -> None:
    guide = open_guide()
    panel = guide.agents()
    assert "this one" in panel.plain
    assert {row["id"]: row["marks"] for row in panel.view.rows}[5] == "disabled"
    click(panel, "choose", id=3)
    assert (panel.view.chosen, open_guide().tenant.agent_id) == (3, 3)
    click(panel, "choose", id=999)
    assert panel.view.chosen == 3
    assert practice.entries["healthy"]["client_secret"] not in guide.handover().html


def test_the_rights_are_a_matrix() -> None:
    text = open_guide().rights().plain
    assert "Tickets: OK, can be read; 130 records (Neo Agent reads and writes)" in text
    assert "(Neo Agent reads)" in text


def test_the_exercise_hides_breaks_and_explains(practice: Practice) -> None:
    panel = open_guide().exercise()
    assert "Three tenants are broken" in click(panel, "anew").results
    looked = click(panel, "look", which="1").results
    assert "are not" in looked
    assert "To do" not in looked
    answered = [
        click(panel, "answer", which="1", answer=name).results
        for name, _ in panel.view.inputs[1]["options"][1:]
    ]
    assert sum("Right" in text for text in answered) == 1
    assert all("To do" in text for text in answered)
    assert "choose what is wrong" in click(panel, "answer", which="1", answer="").results


def test_a_walk_goes_on_where_it_was(own_home: Path) -> None:
    folder = open_walk("acme")
    (folder / "10-agent.ipynb").write_text("mine")
    open_walk("acme")
    assert (folder / "10-agent.ipynb").read_text() == "mine"
    for name, read in ((".tenant.json", read_answers), (".progress.json", read_progress)):
        (folder / name).write_text("{")
        with pytest.raises(ConfigError, match=name.replace(".", r"\.")):
            read("acme")
        (folder / name).unlink()


def test_lab_does_not_save_widget_state(own_home: Path) -> None:
    options = _settings("practice", 0)
    (file,) = own_home.rglob("plugin.jupyterlab-settings")
    assert json.loads(file.read_text()) == {"saveState": False}
    assert any("checkpoint_dir" in option for option in options)
