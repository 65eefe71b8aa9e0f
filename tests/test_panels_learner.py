"""The practice walk: it begins empty, is walked on the screens; wrong turns lead to where they are mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from halo_helpers.guide.rules import LINES
from halo_helpers.guide.walk_states import is_finished, next_of
from halo_helpers.guide.walk_store import read_store
from halo_helpers.panels import open_guide
from halo_helpers.practice.control import ask
from halo_helpers.system.account import account_name
from halo_helpers.tenants.answers import read_answers
from halo_helpers.tenants.practice import walk_tenant

from .helpers.learner import Learner
from .helpers.panels import click
from .helpers.practice import Practice

pytestmark = pytest.mark.usefixtures("practised_guide")


def test_the_learners_walk_begins_empty_and_is_walked_on_the_screens(
    learner: Learner, practice: Practice, own_home: Path
) -> None:
    guide = open_guide()
    click(guide.header(), "hello")
    guide._own_work.wait()
    assert guide.answers_now()["client_id"] == ""
    assert not [one.id for one in guide.states().values() if one.is_done]
    for name in ("admin", "api", "licence"):
        click(guide.step("prerequisites"), "word", name=name)
    number = learner.make_agent()
    click(guide.step("create-agent"), "word")
    click(guide.step("note-agent-id"), "enter", agent_id=str(number))
    assert guide.states()["note-agent-id"].claim == f"{number}, says {account_name()}"
    learner.make_application()
    credentials = guide.credentials()
    click(credentials, "secret", value=learner.client_secret, place="file")
    click(credentials, "save", client_id=learner.client_id)
    guide._own_work.wait()
    found = guide.states()
    undone = [one.id for one in found.values() if not one.is_done]
    assert undone == ["change-secret", "note-values", "connect-neo", "webhooks", "record"], found
    assert found["create-agent"].by == "check"
    assert found["open-agents"].state == "implied"
    handover = guide.handover()
    for line in LINES:
        click(handover, "copied", line=line)
    click(guide.step("connect-neo"), "word")
    click(guide.step("webhooks"), "word")
    record = guide.write_record()
    assert "All other steps are done" in record.view.html
    assert "Practice: practice is connected to Neo Agent" in click(record, "record").html
    assert is_finished(guide.states())
    assert practice.tenant().client_secret not in (own_home / "walks").rglob("*")


WRONG_TURNS: dict[str, tuple[dict[str, str], dict[str, str], str, str]] = {
    "no team": ({"team-1": ""}, {}, "agent-without-team", "agent-teams"),
    "not active": ({"active": ""}, {}, "agent-disabled", "create-agent"),
    "Login Type": ({}, {"login_type": "user"}, "login-not-agent", "application-fields"),
    "another agent": ({}, {"agent": "2"}, "agent-mismatch", "application-fields"),
    "a scope": ({}, {"scope-all:teams": ""}, "scopes-missing", "application-permissions"),
    "application not active": ({}, {"active": ""}, "invalid-client", "save-application"),
}


@pytest.mark.parametrize("turn", WRONG_TURNS)
def test_a_wrong_turn_leads_to_where_it_is_mended(learner: Learner, turn: str) -> None:
    agent, application, code, next_step = WRONG_TURNS[turn]
    guide = open_guide()
    click(guide.header(), "hello")
    number = learner.make_agent(**agent)
    learner.make_application(**application)
    for name in ("admin", "api", "licence"):
        click(guide.step("prerequisites"), "word", name=name)
    click(guide.step("note-agent-id"), "enter", agent_id=str(number))
    credentials = guide.credentials()
    click(credentials, "secret", value=learner.client_secret, place="file")
    click(credentials, "save", client_id=learner.client_id)
    guide._own_work.wait()
    found = guide.states()
    assert code in {one for step in found.values() for one in step.codes}
    assert next_of(found) == next_step


def test_a_walk_that_is_kept_shows_nothing_in_an_unattended_run(learner: Learner) -> None:
    guide = open_guide()
    click(guide.header(), "hello")
    click(guide.step("create-agent"), "word")
    guide._own_work.wait()
    alone = open_guide()
    assert not [one.id for one in alone.states().values() if one.is_done]
    assert alone.check().result.verdict == "pass"  # type: ignore[union-attr]


def test_a_practice_server_that_was_started_anew_begins_a_new_walk(learner: Learner) -> None:
    guide = open_guide()
    click(guide.step("create-agent"), "word")
    click(guide.step("note-agent-id"), "enter", agent_id="28")
    ask(learner.base_url, "walk", "POST", anew="true")
    fresh = open_guide()
    click(fresh.header(), "hello")
    fresh._own_work.wait()
    assert not [one.id for one in fresh.states().values() if one.is_done]
    assert fresh.answers_now()["agent_id"] == ""


def test_changing_the_secret_is_begun_and_ends_with_another_one(acme: str, practice: Practice) -> None:
    guide = open_guide(acme)
    panel = guide.step("change-secret")
    assert "Begin" in panel.view.html
    click(panel, "begin")
    assert "still the secret of before" in panel.view.html
    click(panel, "word", name="neo")
    assert guide.states()["change-secret"].state == "todo"
    practice.reset("healthy")
    credentials = guide.credentials()
    click(credentials, "secret", value=practice.entries["healthy"]["client_secret"], place="file")
    click(credentials, "replace")
    guide._own_work.wait()
    assert guide.states()["change-secret"].state == "ok"
    click(panel, "give-up")
    assert guide.states()["change-secret"].state == "todo"
    assert "Begin" in panel.view.html


def test_the_practice_walk_is_begun_anew_on_demand(learner: Learner) -> None:
    guide = open_guide()
    click(guide.header(), "hello")
    number = learner.make_agent()
    click(guide.step("create-agent"), "word")
    click(guide.step("note-agent-id"), "enter", agent_id=str(number))
    click(guide.credentials(), "secret", value=f"{uuid4()}-{uuid4()}", place="file")
    guide._own_work.wait()
    start = guide.start()
    click(start, "ask-anew")
    assert "are taken away" in start.view.html
    click(start, "keep")
    assert "are taken away" not in start.view.html
    assert guide.states()["create-agent"].is_done
    click(start, "anew")
    guide._own_work.wait()
    assert not [one.id for one in guide.states().values() if one.is_done]
    assert not guide.has_secret()
    assert "Neo Agent" not in learner.list_agents()


def test_what_was_asked_before_it_was_begun_anew_is_not_kept(
    learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another notebook's checks end after that, with answers of the walk that is gone."""
    guide, other = open_guide(), open_guide()
    click(guide.header(), "hello")
    learner.make_agent()
    learner.make_application()
    guide.change_answers(client_id=learner.client_id)
    guide._own_work.wait()
    asked_with = guide._asked_with

    def and_begun_anew(only: Any) -> Any:
        found = asked_with(only)
        walk_tenant(anew=True)
        other.begin()
        other.load()
        return found

    monkeypatch.setattr(guide, "_asked_with", and_begun_anew)
    guide.ask(("address",))
    assert read_store(guide.name).results == {}
    assert "client_id" not in read_answers(guide.name)


def test_a_customers_walk_is_never_begun_anew(acme: str) -> None:
    guide = open_guide(acme)
    click(guide.step("create-agent"), "word")
    assert "anew" not in guide.start().view.html
    click(guide.start(), "anew")
    assert guide.states()["create-agent"].state == "confirmed"


def test_two_notebooks_do_not_begin_one_anothers_checks_for_ever(acme: str, practice: Practice) -> None:
    """Where the secret is refused most checks are not reached: that is an answer, too."""
    practice.reset("healthy")  # another secret than the one that acme knows
    first, second = open_guide(acme), open_guide(acme)
    for guide in (first, second):
        click(guide.header(), "hello")
        guide._own_work.wait()
    before = len(ask(practice.base_url, "tenants/healthy/requests")["requests"])
    for guide in (first, second) * 5:
        guide.refresh()
        guide.ask_by_itself()  # what a notebook does when the walk's files have changed
        guide._own_work.wait()
    assert len(ask(practice.base_url, "tenants/healthy/requests")["requests"]) == before
    click(first.step("agent-teams"), "word")
    assert first.states()["test-token"].state == "broken"
