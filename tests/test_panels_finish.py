"""The end of a walk: names, what Neo Agent's test said, the record; the change of the secret."""

from __future__ import annotations

import base64
import json
import re
from html import escape
from pathlib import Path
from typing import Any

import pytest

from halo_helpers.guide.rules import LINES, ROTATION
from halo_helpers.guide.step import AGENT_NAME
from halo_helpers.guide.steps import STEPS
from halo_helpers.guide.walk_store import override, read_store
from halo_helpers.panels import open_guide
from halo_helpers.panels.cards.connect_neo import FOUR_TESTS
from halo_helpers.secrets.redaction import forget, redact
from halo_helpers.system.account import account_name
from halo_helpers.tenants.answers import read_answers

from .helpers.learner import Learner
from .helpers.panels import click
from .helpers.practice import Practice

pytestmark = pytest.mark.usefixtures("practised_guide")


def asked(guide: Any) -> Any:
    click(guide.header(), "hello")
    guide._own_work.wait()
    return guide


def test_a_name_that_was_chosen_is_the_name_in_later_texts(acme: str) -> None:
    guide = asked(open_guide(acme))
    create, teams = guide.step("create-agent"), guide.step("agent-teams")
    click(create, "name", name="Nia Agent <b>")
    assert read_answers(acme)["agent_name"] == "Nia Agent <b>"
    for panel in (create, teams, guide.step("application-fields")):
        assert "Nia Agent &lt;b&gt;" in panel.view.html
        assert f"<b>{AGENT_NAME}</b>" not in panel.view.html
    click(guide.step("application-fields"), "name", name="Hub")
    path = guide.named(STEPS["change-secret"]).path
    assert path.endswith("View Applications → Hub")
    assert guide.named(STEPS["application-permissions"]).path_again.endswith("→ Hub → Permissions")
    click(create, "name", name="")
    assert f"<b>{AGENT_NAME}</b>" in create.view.html
    assert guide.named(STEPS["agent-teams"]) is not STEPS["agent-teams"], "the application keeps its name"


def test_a_typed_secret_is_no_name(acme: str, practice: Practice) -> None:
    guide = open_guide(acme)
    secret = practice.entries["healthy"]["client_secret"]
    assert "Client Secret" in click(guide.step("create-agent"), "name", name=secret).results
    assert "agent_name" not in read_answers(acme)


def test_neo_agents_own_test_rests_on_a_persons_word(acme: str) -> None:
    guide = asked(open_guide(acme))
    panel = guide.step("connect-neo")
    assert "It connected, and I saved" in panel.view.html
    assert "I have done this" not in panel.view.html
    for name, (words, _, to_do) in FOUR_TESTS.items():
        assert words in click(panel, "failed").html
        shown = click(panel, "which", test=name).html
        assert "Here it works" in shown
        assert escape(to_do.partition(":")[0]) in shown
        assert guide.states()["connect-neo"].state == "todo"
    assert "Here it works" not in click(panel, "word").html
    assert guide.states()["connect-neo"].who == account_name()


def test_when_neo_agent_fails_and_so_do_the_checks_their_card_says_why(acme: str, practice: Practice) -> None:
    guide = open_guide(acme)
    before = click(guide.step("connect-neo"), "which", test="log-in").html
    assert "Nothing was asked here yet" in before
    practice.reset("healthy")  # another secret than the one that acme knows
    asked(guide)
    shown = click(guide.step("connect-neo"), "which", test="log-in").html
    assert "so do the checks here" in shown
    assert "invalid-client" in shown


def test_a_finding_has_a_message_to_whoever_can_mend_it(acme: str, practice: Practice) -> None:
    guide = open_guide(acme)
    practice.reset("healthy")
    asked(guide)
    html = guide.verdict().view.html  # type: ignore[union-attr]
    assert "A message to the customer&#x27;s HaloPSA administrator" in html
    (text,) = re.findall(r"<pre class='h-text'>([^<]+)</pre>", html)
    assert practice.base_url in text
    assert "What to do: " in text
    assert "invalid-client" in text
    assert f"data-copy='{text}'" in html


def test_a_learner_gets_no_message_and_a_link_to_the_practice_screen(learner: Learner) -> None:
    guide = asked(open_guide())
    number = learner.make_agent()
    learner.make_application(active="")
    click(guide.step("note-agent-id"), "enter", agent_id=str(number))
    click(guide.credentials(), "secret", value=learner.client_secret, place="file")
    click(guide.credentials(), "save", client_id=learner.client_id)
    guide._own_work.wait()
    html = guide.verdict().view.html
    assert "invalid-client" in html
    assert "A message to" not in html
    assert f"{learner.base_url}/config/integrations/api/applications?tenant=walk-practice" in html


class TestTheRecord:
    """Rendered as it reads in the ticket, its verdict first."""

    def complete(self, guide: Any) -> Any:
        asked(guide)
        for name in ("admin", "api", "licence"):
            click(guide.step("prerequisites"), "word", name=name)
        click(guide.step("note-agent-id"), "enter", agent_id="27")
        for line in LINES:
            click(guide.handover(), "copied", line=line)
        guide._own_work.wait()
        return guide

    def test_a_walk_that_is_not_finished_says_so_first(self, acme: str, own_home: Path) -> None:
        guide = self.complete(open_guide(acme))
        panel = guide.write_record()
        assert "Not finished: 2 steps left" in panel.view.html
        assert "data-open='50-connect-neo.ipynb#connect-neo'" in panel.view.html
        click(panel, "record")
        text = (own_home / "walks" / acme / "record.md").read_text()
        assert text.startswith("# Practice: Not finished: 2 steps left\n")
        assert "- Left: Connect in Neo Agent; Webhooks" in text

    def test_a_finished_one_is_shown_copied_and_downloaded(self, acme: str, own_home: Path) -> None:
        guide = self.complete(open_guide(acme))
        for step in ("connect-neo", "webhooks"):
            click(guide.step(step), "word")
        panel = guide.write_record()
        html = click(panel, "record").html
        text = (own_home / "walks" / acme / "record.md").read_text()
        assert text.startswith(f"# Practice: {acme} is connected to Neo Agent\n")
        assert "23 of 23 steps done" in text
        assert f"By word only: Connect in Neo Agent: {account_name()}" in text
        assert "Keep the record | OK" in text, "the record counts itself"
        for shown in (f"{acme} is connected to Neo Agent", "23 of 23 steps done", "Copy for the ticket"):
            assert shown in html
        encoded = re.search(r"data:text/markdown;base64,([^']+)'", html)
        assert encoded
        assert base64.b64decode(encoded[1]).decode() == text
        again = open_guide(acme)
        click(again.header(), "hello")
        assert "23 of 23 steps done" in again.write_record().view.html, "also when it is opened again"
        (own_home / "walks" / acme / "record.json").write_text("{}")
        assert "23 of 23" not in again.write_record().view.html

    def test_a_client_id_in_the_wrong_field_is_named_all_the_same(self, acme: str, own_home: Path) -> None:
        guide = self.complete(open_guide(acme))
        client_id, credentials = read_answers(acme)["client_id"], guide.credentials()
        forget(client_id)  # other tests of this process may have swapped it with the secret
        assert "this is a Client ID" in click(credentials, "secret", value=client_id).question["text"]
        assert redact(client_id) == "[secret]", "as long as it waits"
        click(credentials, "keep")
        click(guide.write_record(), "record")
        value = json.loads((own_home / "walks" / acme / "record.json").read_text())
        assert value["answers"]["client_id"] == client_id

    def test_what_is_broken_and_what_was_overridden_stand_in_it(
        self, acme: str, practice: Practice, own_home: Path
    ) -> None:
        guide = self.complete(open_guide(acme))
        practice.reset("healthy")
        click(guide.step("test-token"), "check")
        override(acme, "test-token", "tomorrow", ("invalid-client",), who="Dana Reyes")
        click(guide.write_record(), "record")
        text = (own_home / "walks" / acme / "record.md").read_text()
        assert text.startswith("# Practice: Broken: HaloPSA refuses")
        assert "Dana Reyes went on: “tomorrow”" in text.partition("- Overridden: ")[2].partition("\n")[0]
        value = json.loads((own_home / "walks" / acme / "record.json").read_text())
        assert value["schema"] == "halo-runbook/record/1"


class TestTheChangeOfTheSecret:
    """Begun on purpose, by one of two ways, each step checked."""

    def enter(self, guide: Any, entry: dict[str, Any]) -> None:
        credentials = guide.credentials()
        click(credentials, "secret", value=entry["client_secret"], place="file")
        click(credentials, "replace")
        click(credentials, "save", client_id=entry["client_id"])
        guide._own_work.wait()

    def test_with_a_gap_the_old_one_is_asked_about(self, acme: str, practice: Practice) -> None:
        guide = asked(open_guide(acme))
        panel = guide.step(ROTATION)
        assert "Begin, with a gap" in panel.view.html
        assert "Begin, without a gap" in panel.view.html
        assert "cut off until the next line is done" in panel.html, "also in a stored page"
        click(panel, "begin", way="one")
        assert "still the secret of before" in panel.view.html
        assert "Check that the old one" not in panel.view.html
        practice.reset("healthy")
        self.enter(guide, practice.entries["healthy"])
        assert "HaloPSA accepts the new one" in panel.view.html
        assert "Check that the old one is refused" in panel.view.html
        assert "OK: it was refused at" in click(panel, "check-old").html
        assert guide.states()[ROTATION].state == "todo", "Neo Agent has to have it, too"
        click(panel, "word", name="neo")
        assert guide.states()[ROTATION].state == "ok"
        click(panel, "give-up")
        kept = read_store(acme)
        assert not [name for name in (*kept.notes, *kept.words, *kept.results) if "secret" in name]

    def test_without_a_gap_the_first_application_goes_on_until_it_is_switched_off(
        self, learner: Learner
    ) -> None:
        guide = asked(open_guide())
        number = learner.make_agent()
        learner.make_application()
        first, first_secret = learner.client_id, learner.client_secret
        click(guide.step("note-agent-id"), "enter", agent_id=str(number))
        self.enter(guide, {"client_id": first, "client_secret": first_secret})
        panel = guide.step(ROTATION)
        click(panel, "begin", way="second")
        learner.client_id = ""
        learner.make_application(name="Neo Agent 2")
        self.enter(guide, {"client_id": first, "client_secret": learner.client_secret})
        assert "still the Client ID of before" in panel.view.html
        self.enter(guide, {"client_id": learner.client_id, "client_secret": learner.client_secret})
        assert "HaloPSA accepts the new one" in panel.view.html
        click(panel, "word", name="neo")
        assert "still accepted" in click(panel, "check-old").html
        assert guide.states()[ROTATION].state == "todo"
        learner.client_id = first
        learner.make_application(active="")
        assert "OK: it was refused at" in click(panel, "check-old").html
        assert guide.states()[ROTATION].state == "ok"

    def test_after_a_restart_the_old_one_is_a_persons_word(
        self, acme: str, monkeypatch: pytest.MonkeyPatch, practice: Practice
    ) -> None:
        guide = asked(open_guide(acme))
        panel = guide.step(ROTATION)
        click(panel, "begin", way="second")
        monkeypatch.setattr("halo_helpers.panels.cards.rotation._before", {})
        practice.reset("healthy")
        self.enter(guide, practice.entries["healthy"])
        assert "I have seen to it" in panel.view.html
        assert "does not hold the secret" in click(panel, "check-old").html
        click(panel, "word", name="old")
        assert f"Confirmed by {account_name()}" in panel.view.html
