"""Panels: what a person enters and clicks, without a browser: messages in, traits out."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from halo_helpers.checks import CHECKS
from halo_helpers.errors import ConfigError
from halo_helpers.guide.lab.jupyter import _settings
from halo_helpers.guide.lab.working_copy import open_walk
from halo_helpers.guide.steps import STEPS
from halo_helpers.guide.walk_store import note, read_store
from halo_helpers.panels import answers as walk_answers
from halo_helpers.panels import open_guide
from halo_helpers.panels.base.view import Background, View
from halo_helpers.panels.exercise import TENANTS
from halo_helpers.panels.start import load_record
from halo_helpers.practice.control import ask, start
from halo_helpers.practice.serve import Options
from halo_helpers.secrets.places import FILE, put_in
from halo_helpers.secrets.value import Secret
from halo_helpers.system.account import account_name
from halo_helpers.tenants.answers import read_answers, write_answers
from halo_helpers.tenants.tenants_file import load_tenants

from .helpers.halopsa import HEALTHY, ID, SECRET, api, body
from .helpers.panels import click, sent
from .helpers.practice import NOT_REACHED, Practice
from .helpers.raw_server import raw_server

pytestmark = pytest.mark.usefixtures("practised_guide")


def card(panel: Any) -> str:
    return str(panel.view.html)


def state(guide: Any, step: str) -> str:
    return str(guide.states()[step].state)


def test_executing_cells_alone_writes_no_walk(own_home: Path, practice: Practice) -> None:
    guide = open_guide()
    for step in STEPS:
        assert "nobody has done this step" in guide.step(step).html
    assert guide.check().result.verdict == "pass"
    assert guide.agents() and guide.rights() and guide.handover() and guide.header()
    assert not {state for state in guide.states().values() if state.is_done}
    assert not (own_home / "walks").exists()


def test_a_click_on_check_shows_what_was_found_and_is_written_down(acme: str) -> None:
    guide = open_guide(acme)
    panel = guide.step("test-token")
    assert "To do" in card(panel)
    click(panel, "check")
    assert 'data-is="ok"' in card(panel)
    assert state(open_guide(acme), "test-token") == "ok"
    # what this step asked tells of others, too, and of no more
    assert state(guide, "application-permissions") == "ok"
    assert state(guide, "check-rights") == "todo"


def test_results_come_one_by_one_and_a_card_shows_cause_and_what_to_do(acme: str, practice: Practice) -> None:
    ask(practice.base_url, "tenants/healthy/scenario", "POST", name="agent-without-team")
    entry = ask(practice.base_url, "tenants")["tenants"]
    entry = next(one for one in entry if one["name"] == "healthy")
    put_in(FILE, acme, Secret(entry["client_secret"]))
    guide = open_guide(acme)
    panel = guide.step("confirm-agent")
    told: list[str] = []
    panel.view.observe(lambda change: told.append(change["new"]), "spoken")
    click(panel, "check")
    assert len([text for text in told if "done, the last" in text]) > 5
    assert "Broken: " in card(panel)
    for one in (guide.verdict(), guide.step("agent-teams")):  # one cause is one card in each notebook
        assert "agent-without-team" in card(one)
        assert "Add at least one team" in card(one)
    assert "Add at least one team" not in card(panel)
    assert "data-open='40-connection.ipynb#verdict'" in card(panel)
    assert state(guide, "agent-teams") == "broken"
    assert "Next<span class='h-more'>: mend “Put the agent in a team”" in card(guide.header())


def test_a_second_click_meanwhile_does_nothing_and_a_check_can_be_cancelled(acme: str) -> None:
    with start(Options(latency_ms=300)) as slow:
        entry = slow.tenants[0]
        write_answers(acme, base_url=slow.base_url, client_id=entry["client_id"])
        put_in(FILE, acme, Secret(entry["client_secret"]))
        panel = open_guide(acme).step("test-connection")
        panel.view._on_message(panel.view, {"do": "check"}, [])
        first = panel.work._thread
        panel.view._on_message(panel.view, {"do": "check"}, [])
        assert panel.work._thread is first
        assert "Cancel" in card(panel)
        panel.view._on_message(panel.view, {"do": "cancel"}, [])
        panel.work.wait()
    assert "cancelled" in panel.view.spoken
    assert "To do" in card(panel)


def test_what_is_next_stays_next_while_it_is_checked(own_home: Path) -> None:
    """A click on Next would else lead to a later step, for as long as checks are under way."""
    write_answers("acme", base_url="https://acme.halopsa.com")
    guide = open_guide("acme")
    guide.begin()
    header = guide.header()
    before = card(header).partition("data-key='next'")[2].partition("</a>")[0]
    assert "What you need before you begin" in before
    with guide.asking(("address", "address.licence")):
        assert state(guide, "prerequisites") == "checking"
        assert "Checking" in card(header)
        assert card(header).partition("data-key='next'")[2].partition("</a>")[0] == before


def test_what_changes_while_it_is_drawn_is_drawn_once_more(acme: str) -> None:
    """A check in the background draws an older state while a click changes it: the newer one has to stay."""
    guide = open_guide(acme)

    class Slow:
        def __init__(self) -> None:
            self.shown: list[str] = []

        def refresh(self) -> None:
            self.shown.append(read_store(acme).notes.get("copied agent_id", ""))
            if len(self.shown) == 1:
                note(acme, **{"copied agent_id": "now 27"})

    panel = Slow()
    guide.follow(panel)
    guide.refresh()
    assert panel.shown == ["", "now 27"]


def test_a_result_rests_on_the_answers_that_were_asked(acme: str) -> None:
    with start(Options(latency_ms=300)) as slow:
        entry = slow.tenants[0]
        write_answers(acme, base_url=slow.base_url, client_id=entry["client_id"])
        put_in(FILE, acme, Secret(entry["client_secret"]))
        guide = open_guide(acme)
        panel = guide.step("confirm-agent")
        panel.view._on_message(panel.view, {"do": "check"}, [])
        while not ask(slow.base_url, f"tenants/{entry['name']}/requests")["requests"]:
            pass  # until it is under way
        write_answers(acme, agent_id="4")
        panel.work.wait()
    assert guide.states()["confirm-agent"].outdated_by == "agent_id"
    assert "Outdated: the Agent ID changed" in card(panel)


def test_another_secret_outdates_results_and_the_same_one_does_not(
    practice: Practice, own_home: Path
) -> None:
    entry = practice.entries["healthy"]
    write_answers("acme", base_url=practice.base_url, client_id=entry["client_id"], agent_id="27")
    guide, elsewhere = open_guide("acme"), open_guide("acme")
    here, other = guide.credentials(), elsewhere.credentials()
    click(here, "secret", value=entry["client_secret"], place="file")
    guide._own_work.wait()
    click(other, "secret", value=entry["client_secret"], place="file")
    assert state(elsewhere, "test-token") == "ok"
    another = Secret(entry["client_secret"][::-1])
    click(other, "secret", value=another.reveal(), place="file")
    assert state(elsewhere, "test-token") == "ok"  # it is asked for first
    click(other, "replace")
    elsewhere._own_work.wait()
    assert state(guide, "test-token") == "broken"
    write_answers("acme", secret_set_at="2026-11-24T09:30:00Z")
    assert guide.states()["test-token"].outdated_by == "client_secret"
    assert guide.secret_now().reveal() == another.reveal()  # type: ignore[union-attr]
    click(here, "place", place="kernel")
    assert not list(own_home.rglob("*.secret"))


def test_a_place_that_refuses_costs_nothing(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_answers("acme", base_url="https://acme.halopsa.com")
    first, second = f"{uuid4()}-{uuid4()}", f"{uuid4()}-{uuid4()}"
    panel = open_guide("acme").credentials()
    click(panel, "secret", value=first, place="file")
    monkeypatch.setattr(
        "halo_helpers.secrets.places.write_private", lambda *_: os.open(own_home / "none" / "x", 0)
    )
    click(panel, "secret", value=second, place="file")
    view = click(panel, "replace")
    assert "cannot be written" in view.results
    assert open_guide("acme").secret_now().reveal() == second  # type: ignore[union-attr]
    assert [path.read_text().strip() for path in own_home.rglob("*.secret")] == [first]


def test_what_is_still_missing_is_said_and_not_raised(own_home: Path) -> None:
    write_answers("acme", base_url="https://acme.halopsa.com")
    guide = open_guide("acme")
    assert "Client ID and the Client Secret of acme" in guide.summary("token")
    assert "Client ID" in guide.check()._repr_mimebundle_()["text/plain"]
    assert "Client ID: not known yet" in guide.handover().plain
    panel = guide.step("test-token")
    assert "Needs the Client ID and the Client Secret" in card(panel)
    assert "Checked as soon as the credentials are there" in card(panel)
    assert "not possible yet" in card(panel) or "not possible yet" in (click(panel, "check"), card(panel))[1]


def test_an_address_is_checked_before_there_are_credentials(own_home: Path, practice: Practice) -> None:
    write_answers("acme", base_url=practice.base_url)
    guide = open_guide("acme")
    panel = guide.step("prerequisites")
    click(panel, "check")
    assert guide.states()["prerequisites"].claim.startswith(f"{practice.base_url} answers; Halo PSA")
    for name in ("admin", "api", "licence"):
        assert state(guide, "prerequisites") == "todo"
        click(panel, "word", name=name)
    assert state(guide, "prerequisites") == "ok"


def test_a_word_is_given_with_a_name_and_taken_back(own_home: Path) -> None:
    guide = open_guide()
    made = guide.step("create-agent")
    click(made, "word")
    assert f"Confirmed by {account_name()}" in card(made)
    click(made, "take-back")
    assert state(guide, "create-agent") == "todo"


def test_going_on_past_what_is_broken_takes_a_reason_and_stays_red(acme: str) -> None:
    put_in(FILE, acme, Secret(f"{uuid4()}-{uuid4()}"))
    guide = open_guide(acme)
    panel = guide.step("save-application")
    click(panel, "check")
    assert state(guide, "save-application") == "broken"
    click(panel, "ask-why")
    assert "Go on as" in card(panel)
    assert "a reason is needed" in click(panel, "go-on", reason=" ").results
    click(panel, "go-on", reason="they mend it tomorrow")
    assert 'data-is="past"' in card(panel)
    assert "they mend it tomorrow" in card(panel)
    assert not guide.states()["save-application"].is_done


def test_a_page_that_says_hello_begins_the_walk_and_what_can_be_asked_is_asked(acme: str) -> None:
    guide = open_guide(acme)
    header = guide.header()
    assert "Not tested yet" in card(header)
    click(header, "hello")
    guide._own_work.wait()
    assert "Connection works" in card(header)
    assert {"ok"} == {state(guide, step) for step in ("test-token", "test-connection", "check-rights")}


def test_notebooks_of_one_customer_follow_one_another(acme: str) -> None:
    here, there = open_guide(acme), open_guide(acme)
    header = there.header()
    click(header, "hello")
    there._own_work.wait()
    click(here.step("connect-neo"), "word")
    for _ in range(40):
        if "Hand-over, 1 of 4" in card(header):
            break
        threading.Event().wait(0.05)
    assert "Hand-over, 1 of 4" in card(header)


def test_a_webhook_that_appeared_proves_its_step_and_one_that_was_there_does_not(own_home: Path) -> None:
    rows = [{"id": "a", "url": "https://other.example/x"}]
    write_answers("acme", client_id=ID, agent_id="27", secret_set_at="2026-11-24T09:30:00Z")
    write_answers("acme", client_secret=put_in(FILE, "acme", Secret(SECRET)))

    def answer(connection: Any, head: bytes) -> None:
        api(HEALTHY | {"/api/Webhook?": body(rows)})(connection, head)

    with raw_server(answer) as url:
        write_answers("acme", base_url=url)
        guide = open_guide("acme")
        panel = guide.step("webhooks")
        guide.begin()
        guide.refresh()
        panel.work.wait()
        assert "I have done this" in card(panel)  # and no Cancel of what is over
        click(panel, "check")
        assert state(guide, "webhooks") == "todo"
        assert "no webhook is there that was not there" in card(panel)
        rows.append({"id": "b", "url": "https://user:pw@hooks.neo.example/y"})
        click(panel, "check")
    found = guide.states()["webhooks"]
    assert (found.state, found.by) == ("ok", "check")
    assert found.claim.startswith("a webhook to hooks.neo.example is there that was not there at")


def test_no_error_is_lost_in_a_callback() -> None:
    def fail(_: object) -> None:
        raise KeyError("unforeseen")

    view = View(fail)
    view._on_message(view, {"do": "x"})
    assert "please report it" in view.results
    assert "unforeseen" not in view.results


def test_the_walk_of_a_new_customer(own_home: Path, practice: Practice) -> None:
    entry = practice.entries["healthy"]
    start = open_guide("practice").start()
    assert "acme/00-start.ipynb" in click(start, "open", name="acme", url=f"{practice.base_url}/").html
    copy = json.loads((own_home / "walks" / "acme" / "30-credentials.ipynb").read_text())
    assert "tenant: str = 'acme'" in "".join("".join(cell["source"]) for cell in copy["cells"])

    guide = open_guide("acme")
    panel = guide.credentials()
    told = sent(panel)
    click(panel, "hello")
    assert told[-1] == {"kind": "status", "html": "not set", "kept": False}
    click(panel, "secret", value=entry["client_secret"], place="file")
    click(panel, "save", base_url=practice.base_url, client_id=entry["client_id"], agent_id="27")
    guide._own_work.wait()
    assert "Accepted by HaloPSA</span> kept in a private file, entered on 20" in told[-1]["html"]
    assert told[-1]["html"].endswith(", 73 characters, two GUIDs")
    assert guide.summary() == f"OK: {len(CHECKS) - len(NOT_REACHED)} OK, {len(NOT_REACHED)} not reached"
    assert "Agent ID: 27" in guide.handover().plain
    # a fresh kernel has the answers and finds the secret by its reference
    walk_answers._memory.clear()
    assert open_guide("acme").summary("token") == "OK: 7 OK"

    handover = guide.handover()
    told = sent(handover)
    click(handover, "ask-copy")
    assert "on the clipboard?" in handover.view.html
    assert not [message for message in told if message["kind"] == "copy"]
    click(handover, "copy")
    assert told[-1] == {"kind": "copy", "value": entry["client_secret"]}
    assert "copied client_secret" in read_store("acme").notes

    record = guide.write_record()
    assert "Written" in click(record, "record").html
    assert "stands in" in click(record, "fleet", file=str(own_home / "tenants.yaml"), owner="desk").html
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
    assert (read_answers("birch")["agent_id"], read_store("birch").results) == ("27", {})


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


def test_agents_are_listed_and_one_is_chosen(acme: str, practice: Practice) -> None:
    guide = open_guide(acme)
    panel = guide.agents()
    assert "this one" in panel.plain
    assert {row["id"]: row["marks"] for row in panel.view.rows}[5] == "disabled"
    click(panel, "choose", id=3)
    assert (panel.view.chosen, read_answers(acme)["agent_id"]) == (3, "3")
    click(panel, "choose", id=999)
    assert panel.view.chosen == 3
    assert practice.entries["healthy"]["client_secret"] not in guide.handover().html


def test_the_rights_are_a_matrix() -> None:
    text = open_guide().rights().plain
    assert "Tickets: OK, can be read; 130 records (Neo Agent reads and writes)" in text
    assert "(Neo Agent reads)" in text


def test_the_exercise_breaks_one_tenant_after_the_other(practice: Practice) -> None:
    panel = open_guide().exercise()
    assert "What is wrong?" not in panel.view.html
    click(panel, "begin")
    for number in range(1, TENANTS + 1):
        task = panel._task
        assert f"{number} of {TENANTS}" in panel.view.html
        assert "To do" not in panel.view.html
        assert "choose what is wrong" in click(panel, "answer", answer="").results
        click(panel, "next")
        assert panel._task is task, "not before it is solved"
        for wrong in (one for one in task.choices if one != task.scenario):
            assert "Not this" in click(panel, "answer", answer=wrong).html
        assert "A hint: it is mended at" in click(panel, "hint").html
        solved = click(panel, "answer", answer=task.scenario).html
        assert "Right: " in solved
        assert "To do" in solved
        assert f"?tenant=exercise-{number}" in solved or "Open the practice screen" not in solved
        click(panel, "next")
    assert "Three others" in panel.view.html


def test_a_walk_goes_on_where_it_was(own_home: Path) -> None:
    folder = open_walk("acme")
    (folder / "10-agent.ipynb").write_text("mine")
    open_walk("acme")
    assert (folder / "10-agent.ipynb").read_text() == "mine"
    for name, read in ((".tenant.json", read_answers), (".walk.json", read_store)):
        (folder / name).write_text("{")
        with pytest.raises(ConfigError, match=name.replace(".", r"\.")):
            read("acme")
        (folder / name).unlink()


def test_lab_does_not_save_widget_state(own_home: Path) -> None:
    options = _settings("practice", 0)
    (file,) = own_home.rglob("plugin.jupyterlab-settings")
    assert json.loads(file.read_text()) == {"saveState": False}
    assert any("checkpoint_dir" in option for option in options)


def test_work_that_is_being_started_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    background, waiting, began = Background(), list[Future[None]](), threading.Thread.start

    def start_slowly(thread: threading.Thread) -> None:
        if thread.name == "halo-panel":
            waiting.append(pool.submit(background.wait))
            wait_for(waiting, timeout=0.05)  # it is at the thread now, which does not run yet
        began(thread)

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(threading.Thread, "start", start_slowly)
        ended = list[bool]()
        background.start(lambda stop: ended.append(True))
        waiting[0].result(timeout=10)
    assert ended == [True]
