"""`setup` on a real terminal, and a write that is proved."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from halo_helpers.admin.writing.prove_write import SUMMARY, prove_write
from halo_helpers.practice.control import start
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.answers import read_answers
from halo_helpers.tenants.tenants_file import load_tenants

from .helpers.administrator import Instance, application
from .helpers.command import document, halo
from .helpers.practice import Practice

WAIT_S = 20.0


class Terminal:
    """A command on a terminal, which is answered as a person does."""

    def __init__(self, *words: object) -> None:
        ours, theirs = pty.openpty()
        self.shown = ""
        self._ours, self._read = ours, 0
        command = [sys.executable, "-m", "halo_helpers", *map(str, words)]
        # in a session of its own, so that a hidden prompt asks here and on no other terminal
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def expect(self, words: str) -> None:
        """Read until these words are shown, after what was read before."""
        while not (found := re.compile(words).search(self.shown, self._read)):
            assert self._more(), f"{words!r} was not shown:\n{self.shown[self._read :]}"
        self._read = found.end()

    def type(self, text: str) -> None:
        os.write(self._ours, f"{text}\n".encode())

    def _more(self) -> bool:
        """Read what comes next; false at the end, or when nothing comes for long."""
        if not select.select([self._ours], [], [], WAIT_S)[0]:
            return False
        try:
            chunk = os.read(self._ours, 65536)
        except OSError:  # what Linux says when the other side is closed
            return False
        self.shown += chunk.decode(errors="replace").replace("\r\n", "\n")
        return bool(chunk)

    def end(self) -> int:
        """Read to the end; return the exit code."""
        while self._more():
            pass
        os.close(self._ours)
        return self.process.wait(WAIT_S)


@pytest.fixture
def one(own_home: Path) -> Iterator[Instance]:
    with start(Options(scenarios=["app-inactive"], rate_limit="1000000/1")) as server:
        yield Instance.of(server, server.tenants[0])


def words_of(one: Instance, file: Path, *more: str) -> list[object]:
    Practice(one.server).write(file, one.entry["name"])
    return ["setup", one.entry["name"], "--tenants-file", file, "--sign-in", "application", *more]


def test_a_plan_is_shown_and_nothing_is_written(one: Instance, own_home: Path) -> None:
    words = [*words_of(one, own_home / "t.yaml"), "--admin-client-id", one.how.client_id]
    assert one.how.secret is not None
    before = one.fields()
    done = halo(*words, stdin=one.how.secret.reveal())
    assert (done.returncode, "Active: not ticked → ticked" in done.stdout) == (1, True)
    assert "Nothing was written. To write it: halo-runbook setup app-inactive --apply" in done.stdout
    told = document(halo(*words, "--json", stdin=one.how.secret.reveal()))
    assert [(row["route"], row["field"], row["after"]) for row in told["changes"]] == [
        ("Application", "inactive", False)
    ]
    for more in (["--apply"], ["--undo", "x"], ["--prove-write"], ["--apply", "--plan"]):
        refused = halo(*words, *more, stdin="x")
        assert refused.returncode == 2, more
    assert one.fields() == before


def test_on_a_terminal_it_is_written_and_taken_back(one: Instance, own_home: Path) -> None:
    assert one.how.secret is not None
    file = own_home / "t.yaml"
    terminal = Terminal(*words_of(one, file, "--apply"))
    terminal.expect("Client ID of that application")
    terminal.type(one.how.client_id)
    terminal.expect(r"\(nothing is shown\)")
    terminal.type(one.how.secret.reveal())
    terminal.expect("Active: not ticked → ticked")
    terminal.expect("Type the tenant's name")
    terminal.type("app-inactive")
    terminal.expect("Update it")
    terminal.type("y")
    assert terminal.end() == 0, terminal.shown
    assert one.fields()["inactive"] is False
    assert one.how.secret.reveal() not in terminal.shown
    record = re.search(r"in the record (\S+)", terminal.shown)
    assert record
    back = Terminal(*words_of(one, file, "--undo", record[1], "--admin-client-id", one.how.client_id))
    back.expect(r"\(nothing is shown\)")
    back.type(one.how.secret.reveal())
    back.expect("Type the tenant's name")
    back.type("app-inactive")
    assert back.end() == 0, back.shown
    assert one.fields()["inactive"] is True


def test_what_cannot_be_is_refused_before_anybody_signs_in(one: Instance, own_home: Path) -> None:
    for words, said in (
        (["setup", "acme", "--base-url", "acme x"], "holds a blank"),
        (words_of(one, own_home / "t.yaml", "--undo", "no-such-record"), "no-such-record"),
    ):
        terminal = Terminal(*words)
        assert terminal.end() == 2, terminal.shown
        assert said in terminal.shown
        assert "Client ID of that application" not in terminal.shown


def test_in_practice_the_screen_of_the_administrators_application_is_named(
    one: Instance, own_home: Path
) -> None:
    file = own_home / "t.yaml"
    Practice(one.server).write(file, one.entry["name"])
    terminal = Terminal("inspect", one.entry["name"], "--tenants-file", file)
    terminal.expect(rf"here {one.server.base_url}/config/integrations/api/applications/new,")
    terminal.expect("Sign in by")
    terminal.type("foo")
    terminal.expect("this is neither of the two")
    terminal.type("application")
    terminal.expect("Client ID of that application")
    terminal.type("1b6c0000-0000-4000-8000-000000000001")
    terminal.expect(r"\(nothing is shown\)")
    terminal.type("wrong")
    assert terminal.end() != 0


def test_a_new_customer_is_set_up_and_kept_for_the_guide(own_home: Path) -> None:
    """From nothing: the agent is made, the application clicked, Client ID and secret are taken over."""
    with start(Options(scenarios=["healthy"], rate_limit="1000000/1")) as server:
        one = Instance.of(server, server.tenants[0])
        assert one.how.secret is not None
        for row in one.get("Application"):
            if row["displayName"].startswith("Neo Agent"):
                one.delete(f"Application/{row['id']}")
        one.delete("Agent/27")
        words = ["setup", "acme", "--base-url", server.base_url, "--apply", "--sign-in", "application"]
        terminal = Terminal(*words, "--admin-client-id", one.how.client_id)
        terminal.expect(r"\(nothing is shown\)")
        terminal.type(one.how.secret.reveal())
        terminal.expect("Type the tenant's name")
        terminal.type("acme")
        terminal.expect("left for you to click")
        terminal.expect("Enter when that is done")
        agent = re.search(r"the Agent ID is (\d+)", terminal.shown)
        assert agent
        scopes = ("all:standard", "all:teams", "admin:webhooks")
        client_id, secret = application(server, "healthy", "Neo Agent Integration", agent[1], *scopes)
        terminal.type("")
        terminal.expect(r"of the application \(nothing is shown\)")
        terminal.type(secret)
        assert terminal.end() == 0, terminal.shown
    answers = read_answers("acme")
    assert (answers["client_id"], answers["agent_id"]) == (client_id, agent[1])
    assert answers["client_secret"].startswith(("file:", "keyring:"))
    assert secret not in terminal.shown


def test_a_secret_that_is_pasted_stays_where_the_file_says(own_home: Path) -> None:
    """Of a reference to a place of ours; the wrong one is not kept."""
    with start(Options(scenarios=["healthy"], rate_limit="1000000/1")) as server:
        one = Instance.of(server, server.tenants[0])
        assert one.how.secret is not None
        file = own_home / "t.yaml"
        words = words_of(one, file, "--apply", "--admin-client-id", one.how.client_id)
        place = own_home / "secrets" / "healthy.secret"
        text = re.sub(r"client_secret: .*", f"client_secret: file:{place}", file.read_text())
        file.write_text(text)
        for typed, code in ((one.how.secret.reveal(), 1), (one.entry["client_secret"], 0)):
            terminal = Terminal(*words)
            terminal.expect(r"\(nothing is shown\)")
            terminal.type(one.how.secret.reveal())
            terminal.expect(r"of the application \(nothing is shown\)")
            terminal.type(typed)
            assert terminal.end() == code, terminal.shown
            assert place.exists() is (code == 0)
    assert place.read_text().strip() == one.entry["client_secret"]


def test_what_is_found_is_written_into_the_tenants_file(one: Instance, own_home: Path) -> None:
    assert one.how.secret is not None
    file = own_home / "t.yaml"
    words = words_of(one, file, "--apply", "--admin-client-id", one.how.client_id)
    true_id = load_tenants(file)[0].client_id
    file.write_text(file.read_text().replace(true_id, true_id.replace(true_id[:4], "0000")))
    terminal = Terminal(*words)
    terminal.expect(r"\(nothing is shown\)")
    terminal.type(one.how.secret.reveal())
    terminal.expect(f"the Client ID is {true_id}")
    terminal.expect("Type the tenant's name")
    terminal.type("no")
    assert terminal.end() == 1
    assert load_tenants(file)[0].client_id == true_id


def test_a_write_is_proved_and_closed(one: Instance, own_home: Path) -> None:
    healthy = Instance.fresh(one.server, "healthy")
    proof = prove_write(healthy.tenant)
    assert proof.problems == []
    assert len(proof.done) == 3
    ticket = healthy.get(f"Tickets/{proof.ticket}")
    assert (ticket["summary"], ticket["status_id"]) == (SUMMARY, 9)
    (note,) = [row for row in healthy.get(f"Actions?ticket_id={proof.ticket}")["actions"] if row["note"]]
    assert (note["hiddenfromuser"], note["who_agentid"]) == (True, 27)


def test_a_ticket_that_wants_a_note_at_the_end_is_closed_by_one(own_home: Path) -> None:
    with start(Options(settings=["close-refused=needs-fields"])) as server:
        proof = prove_write(Instance.fresh(server).tenant)
    assert (proof.problems, proof.done[-1]) == ([], "the ticket was closed")


@pytest.mark.parametrize(
    ("scenario", "code", "done"),
    [("notes-refused", "note-refused", 2), ("tickets-refused", "area-refused", 0)],
)
def test_what_is_refused_is_told(one: Instance, own_home: Path, scenario: str, code: str, done: int) -> None:
    proof = prove_write(Instance.fresh(one.server, scenario).tenant)
    assert ([problem.code for problem in proof.problems], len(proof.done)) == ([code], done)


def test_a_proof_is_asked_for_on_a_terminal(one: Instance, own_home: Path) -> None:
    healthy = Instance.fresh(one.server, "healthy")
    practice = Practice(one.server)
    practice.entries[healthy.entry["name"]] = healthy.entry
    file = practice.write(own_home / "t.yaml", healthy.entry["name"])
    for typed, code, words in (("no", 1, "nothing was written"), (healthy.entry["name"], 0, "proved: ")):
        terminal = Terminal("setup", healthy.entry["name"], "--tenants-file", file, "--prove-write")
        terminal.expect("Type the tenant's name")
        terminal.type(typed)
        assert terminal.end() == code, terminal.shown
        assert words in terminal.shown
