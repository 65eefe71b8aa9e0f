"""The entry of the credentials: where a secret goes, and that no page gets it back unasked."""

from __future__ import annotations

import json
from pathlib import Path
from socket import AF_UNIX, socket
from typing import Any
from uuid import uuid4

import pytest

from halo_helpers.guide.walk_store import read_store
from halo_helpers.panels import answers as walk_answers
from halo_helpers.panels import open_guide
from halo_helpers.panels.credentials import form_problem
from halo_helpers.secrets import lab_memory
from halo_helpers.secrets.lab_memory import ask as ask_lab
from halo_helpers.secrets.lab_memory import share_memory
from halo_helpers.secrets.value import Secret
from halo_helpers.tenants.answers import read_answers, write_answers

from .helpers.panels import click, sent
from .helpers.practice import Practice

pytestmark = pytest.mark.usefixtures("practised_guide")

FIRST, SECOND, THIRD = (f"{uuid4()}-{uuid4()}" for _ in range(3))


def test_no_trait_of_the_entry_holds_the_secret(own_home: Path) -> None:
    write_answers("acme", base_url="https://acme.halopsa.com")
    panel = open_guide("acme").credentials()
    click(panel, "secret", value=FIRST, place="kernel")
    assert open_guide("acme").secret_now().reveal() == FIRST  # type: ignore[union-attr]
    assert FIRST[:20] not in json.dumps(panel.view.get_state(), default=repr)
    click(panel, "secret", value=SECOND, place="kernel")
    assert SECOND[:20] not in json.dumps(panel.view.get_state(), default=repr)


def test_what_another_notebook_has_entered_is_shown_with_the_next_redraw(own_home: Path) -> None:
    write_answers("acme", base_url="https://acme.halopsa.com", agent_id="27")
    panel = open_guide("acme").credentials()
    write_answers("acme", agent_id="31")
    panel.refresh()
    assert panel.view.answers["agent_id"] == "31"
    click(panel, "save", client_id="1b6c0000-0000-4000-8000-000000000001")
    assert read_answers("acme")["agent_id"] == "31"


def test_a_good_secret_stays_until_another_one_is_confirmed(own_home: Path) -> None:
    """A stray key, a Client ID, half of a secret, the same one again: nothing is lost and nothing changes."""
    write_answers("acme", base_url="https://acme.halopsa.com")
    guide = open_guide("acme")
    panel = guide.credentials()
    click(panel, "secret", value=f" {FIRST}\n", place="kernel")
    entered = read_answers("acme")
    for value, said in {
        "x": "it has 1 character, a Client Secret has 73",
        FIRST[:36]: "this is a Client ID",
        f"{FIRST[:40]} {FIRST[40:]}": "blanks inside",
        SECOND: "Replace the secret of",
    }.items():
        view = click(panel, "secret", value=value, place="kernel")
        assert said in view.question["text"]
        assert value not in repr(view.question) or value == "x"
        click(panel, "keep")
        assert (view.question, panel._waiting) == ({}, None)
    click(panel, "secret", value="", place="kernel")
    assert "this is the secret of" in click(panel, "secret", value=FIRST, place="kernel").results
    assert read_answers("acme") == entered
    assert guide.secret_now().reveal() == FIRST  # type: ignore[union-attr]
    assert "nothing waits any more" in click(panel, "replace").results
    click(panel, "secret", value=SECOND, place="kernel")
    click(panel, "replace")
    assert guide.secret_now().reveal() == SECOND  # type: ignore[union-attr]


def test_what_waits_for_an_answer_is_dropped(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("halo_helpers.panels.credentials.WAITS_S", 0.01)
    write_answers("acme", base_url="https://acme.halopsa.com")
    panel = open_guide("acme").credentials()
    click(panel, "secret", value="half-a-secret", place="kernel")
    panel._until.join(5)
    assert (panel._waiting, panel.view.question) == (None, {})


def test_a_secret_in_the_wrong_field_is_not_saved(own_home: Path) -> None:
    write_answers("acme", base_url="https://acme.halopsa.com")
    secret = "0f1e2d3c-1111-4222-8333-444455556666-9a8b7c6d-aaaa-4bbb-8ccc-ddddeeeeffff"
    panel = open_guide("acme").credentials()
    assert (
        "nothing was saved"
        in click(panel, "save", base_url="https://acme.halopsa.com", client_id=secret).results
    )
    assert "client_id" not in read_answers("acme")
    assert secret not in panel.view.results
    for step, do, field in (
        ("note-agent-id", "enter", "agent_id"),
        ("prerequisites", "enter", "base_url"),
        ("test-token", "go-on", "reason"),
    ):
        view = click(open_guide("acme").step(step), do, **{field: f"it is {secret}"})
        assert "nothing was saved" in view.results
        assert secret not in view.results + view.html
    for path in own_home.rglob("*"):
        assert not path.is_file() or secret not in path.read_text(errors="replace")


@pytest.mark.parametrize(
    ("value", "said"),
    [("1b6c0000-0000-4000-8000-000000000001", "Client ID"), ("a b c", "blanks"), ("x" * 40, "40 characters")],
)
def test_odd_secrets_are_described_without_being_shown(value: str, said: str) -> None:
    problem = form_problem(Secret(value), "")
    assert said in problem
    assert value not in problem


def test_the_labs_memory_is_shared_and_ends_with_it(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_answers("acme", base_url="https://acme.halopsa.com", client_id="x")
    with share_memory() as places:
        for name, value in places.items():
            monkeypatch.setenv(name, value)
        click(open_guide("acme").credentials(), "secret", value=FIRST, place="lab")
        walk_answers._memory.clear()
        assert open_guide("acme").secret_now().reveal() == FIRST  # type: ignore[union-attr]
        with socket(AF_UNIX) as gone:  # a kernel that ends while it says who it is
            gone.connect(places["HALO_LAB_PLACE"])
        since = read_answers("acme")["secret_set_at"]
        click(open_guide("acme").credentials(), "place", place="kernel")
        assert ask_lab("give", "acme") is None
        assert (open_guide("acme").has_secret(), read_answers("acme")["secret_set_at"]) == (True, since)
        click(open_guide("acme").credentials(), "place", place="lab")
        assert ask_lab("give", "acme") == FIRST
    assert "does not hold it any more" in open_guide("acme").about_secret()


def test_a_lab_that_does_not_answer_costs_no_secret(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What it may hold is neither shown as lost nor moved; what is entered meanwhile stays."""
    write_answers("acme", base_url="https://acme.halopsa.com", client_id="x")
    monkeypatch.setattr(lab_memory, "ANSWER_S", 0.2)
    with share_memory() as places, socket(AF_UNIX) as mute:
        for name, value in places.items():
            monkeypatch.setenv(name, value)
        panel = open_guide("acme").credentials()
        click(panel, "secret", value=FIRST, place="lab")
        mute.bind(str(tmp_path_factory.mktemp("s") / "s"))
        mute.listen(64)
        known = read_answers("acme")

        monkeypatch.setenv("HALO_LAB_PLACE", mute.getsockname())
        told = sent(panel)
        click(panel, "hello")
        assert (told[-1]["kept"], "not known" in told[-1]["html"]) == (True, True)
        handover = open_guide("acme").handover()
        copied = sent(handover)
        assert "the lab does not answer" in click(panel, "place", place="kernel").results
        assert "the lab does not answer" in click(handover, "copy").results
        assert read_answers("acme") == known
        assert not [message for message in copied if message["kind"] == "copy"]
        monkeypatch.setenv("HALO_LAB_PLACE", places["HALO_LAB_PLACE"])
        assert open_guide("acme").secret_now().reveal() == FIRST  # type: ignore[union-attr]

        monkeypatch.setenv("HALO_LAB_PLACE", mute.getsockname())
        click(panel, "secret", value=SECOND, place="lab")
        view = click(panel, "replace")
        assert "this kernel keeps it" in view.results
        assert open_guide("acme").secret_now().reveal() == SECOND  # type: ignore[union-attr]
        click(panel, "secret", value=THIRD, place="file")
        view = click(panel, "replace")
        assert "may still hold the secret of acme" in view.results
        walk_answers._memory.clear()
        assert open_guide("acme").secret_now().reveal() == THIRD  # type: ignore[union-attr]


def in_web(monkeypatch: pytest.MonkeyPatch, places: dict[str, str]) -> None:
    """Let this process be a kernel of Voilà."""
    for name, value in {**places, "VOILA_BASE_URL": "/"}.items():
        monkeypatch.setenv(name, value)


def test_a_web_page_gets_the_secret_only_with_the_code_of_the_terminal(
    acme: str, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = practice.entries["healthy"]["client_secret"]
    lines: list[str] = []
    with share_memory(lines.append) as places:
        in_web(monkeypatch, places)
        panel = open_guide(acme).handover()
        told = sent(panel)
        assert "type it here" in click(panel, "copy").html
        code = lines[-1].partition(", type ")[2][:6]
        assert code.isdecimal()
        for wrong in ("", "None", code[::-1] + "0", f"{(int(code) + 1) % 10**6:06}"):
            click(panel, "code", code=wrong)
        click(panel, "copy", code=code)  # another message's field
        assert secret not in repr(told)
        assert code not in repr(told)
        assert "copied client_secret" not in read_store(acme).notes
        # the code is known where it was shown, not in the kernel of the page that asked for it
        other = open_guide(acme).handover()
        seen = sent(other)
        click(other, "code", code=code)
        assert [message["value"] for message in seen if message["kind"] == "copy"] == [secret]
        assert "copied client_secret" in read_store(acme).notes
        click(panel, "code", code=code)
        assert "no code is valid now" in panel.view.results
        assert secret not in repr(told)


@pytest.mark.parametrize("lab_runs", [True, False])
def test_a_web_page_without_a_terminal_of_ours_gets_no_secret(
    acme: str, practice: Practice, monkeypatch: pytest.MonkeyPatch, lab_runs: bool
) -> None:
    """Voilà started by somebody else, or below JupyterLab: there is nowhere to show a code."""
    with share_memory() as places:
        in_web(monkeypatch, places if lab_runs else {})
        panel = open_guide(acme).handover()
        told = sent(panel)
        assert "only with a code in the terminal" in click(panel, "copy").results
        assert "only with a code in the terminal" in click(panel, "code", code="000000").results
        assert practice.entries["healthy"]["client_secret"] not in repr(told)


WORDS = ["hello", "secret", "place", "save", "copy", "code", "check", "cancel", "word", "go-on", "choose"]
WORDS += [
    "replace",
    "keep",
    "take-back",
    "enter",
    "copied",
    "open",
    "load",
    "record",
    "fleet",
    "refresh",
    "ask-copy",
    "failed",
    "which",
    "begin",
    "hint",
    "answer",
    "scenario",
    "reveal",
    "value",
    "",
    "give",
    "next",
]
FIELDS: list[dict[str, Any]] = [
    {},
    {"place": "kernel"},
    {"place": "file", "value": ""},
    {"code": ["000000"], "value": None, "place": {}, "name": 3, "id": "x", "scenario": [], "on": "?"},
    {"kind": "copy", "value": "x" * 9, "place": "no", "base_url": "http://127.0.0.1:1", "client_id": "c"},
]


def test_no_other_message_gets_a_web_page_the_secret(
    acme: str, practice: Practice, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every message of a panel and some of none, with odd fields, and what is no message at all."""
    secret = practice.entries["healthy"]["client_secret"]
    with share_memory(lambda _: None) as places:
        in_web(monkeypatch, places)
        guide = open_guide(acme)
        for make in (
            guide.header,
            guide.credentials,
            lambda: guide.step("test-token"),
            lambda: guide.step("save-application"),
            guide.agents,
            guide.rights,
            guide.start,
            lambda: guide.step("connect-neo"),
            guide.exercise,
            guide.handover,
            guide.write_record,
        ):
            panel = make()
            if panel.view is None:
                continue
            told = sent(panel)
            for do in WORDS:
                for fields in FIELDS:
                    click(panel, do, **fields)
                    assert secret not in repr(told) + json.dumps(panel.view.get_state(), default=repr)
                told.clear()
            for odd in (None, "copy", ["copy"], {"do": ["copy"]}, {"do": {"do": "copy"}}, {}):
                panel.view._on_message(panel.view, odd, [])
            assert secret not in repr(told)
