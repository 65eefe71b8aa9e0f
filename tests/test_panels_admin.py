"""The administrator's panel: signed in, the field is named; a plan is confirmed, written, and seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from halo_helpers.panels.admin import panel as panels
from halo_helpers.panels.admin.panel import AdministratorPanel
from halo_helpers.panels.walk import Walk
from halo_helpers.practice.control import PracticeServer, start
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.answers import write_answers

from .helpers.administrator import Instance
from .helpers.panels import click


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    with start(Options(rate_limit="1000000/1")) as one:
        yield one


@pytest.fixture
def one(server: PracticeServer, own_home: Path) -> Instance:
    """A customer whose application is not active, in a walk of its own."""
    made = Instance.fresh(server, "app-inactive")
    write_answers(
        "acme",
        base_url=server.base_url,
        client_id=made.entry["client_id"],
        agent_id="27",
        client_secret="env:HALO_NOT_SET",
    )
    return made


def signed_in(one: Instance) -> AdministratorPanel:
    panel = AdministratorPanel(Walk("acme"))
    assert one.how.secret is not None
    click(panel, "application", admin_id=one.how.client_id, admin_secret=one.how.secret.reveal())
    return panel


def test_the_field_is_named_set_right_and_the_sign_in_ends(one: Instance) -> None:
    panel = signed_in(one)
    assert "The application is not active" in panel.view.html
    assert "should be: ticked" in panel.view.html
    html = click(panel, "plan").html
    assert "<del>not ticked</del> → <b>ticked</b>" in html
    assert "nothing was written: type acme" in click(panel, "write", confirm="Acme").results
    assert one.fields()["inactive"] is True
    assert "No source says" in click(panel, "write", confirm="acme").html
    assert "Written and read back" in click(panel, "agree").html
    assert one.fields()["inactive"] is False
    assert "Nothing to do" in panel.view.html
    html = click(panel, "sign-out").html
    assert "nothing of the sign-in is left" in html
    assert panel._who is None
    assert "sign in first" in click(panel, "look").results


def test_no_secret_is_in_the_widgets_state_or_its_page(one: Instance) -> None:
    panel = signed_in(one)
    assert one.how.secret is not None
    assert one.how.secret.reveal() not in str(panel.view.get_state()) + panel.html + panel.plain


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"do": "application", "admin_id": "x"}, "enter the secret"),
        ({"do": "application", "admin_secret": "y"}, "enter the Client ID"),
        ({"do": "browser"}, "enter the Client ID"),
        ({"do": "plan"}, "sign in first"),
    ],
)
def test_a_slip_is_no_fault(one: Instance, message: dict[str, str], words: str) -> None:
    panel = AdministratorPanel(Walk("acme"))
    results = click(panel, message.pop("do"), **message).results
    assert words in results
    assert "Broken" not in results


def test_what_was_refused_is_said_and_nobody_is_signed_in(one: Instance) -> None:
    panel = AdministratorPanel(Walk("acme"))
    results = click(panel, "application", admin_id=one.how.client_id, admin_secret="wrong-wrong").results
    assert "sign-in was refused" in results
    assert panel._who is None


def test_unused_it_ends_by_itself(one: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "UNUSED_S", 0.05)
    panel = signed_in(one)
    panel._until.join(5)
    assert panel._who is None
    assert "Signed out" in panel.view.html


def test_a_customer_without_credentials_is_looked_at_too(one: Instance, own_home: Path) -> None:
    write_answers("acme", client_id="", client_secret="", agent_id="")
    panel = signed_in(one)
    html = click(panel, "plan").html
    assert "Taken over from HaloPSA: the Client ID and the Agent ID" in html
    assert panel.walk.shown_answers()["client_id"] == one.entry["client_id"]


def test_outside_a_lab_it_is_a_sentence(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.8")
    assert "halo-runbook inspect NAME" in Walk("acme").administrator().plain
