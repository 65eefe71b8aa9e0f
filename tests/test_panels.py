"""Panels: what a person enters and clicks, without a browser; the secret's way in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from halo_helpers.batch.lab import _settings
from halo_helpers.errors import ConfigError
from halo_helpers.panels import open_guide
from halo_helpers.panels.secret_entry import SecretEntry
from halo_helpers.secrets import Secret
from halo_helpers.walks import open_walk, read_answers, write_answers

from .conftest import Practice


def find(widget: Any, kind: str, description: str = "") -> Any:
    found = [
        one
        for one in everything(widget)
        if type(one).__name__ == kind and description in getattr(one, "description", "")
    ]
    return found[0]


def everything(widget: Any) -> list[Any]:
    return [widget, *(one for child in getattr(widget, "children", ()) for one in everything(child))]


@pytest.fixture(autouse=True)
def _practice(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    practice.reset("healthy")
    monkeypatch.setenv("HALO_PRACTICE_URL", practice.base_url)


def test_a_click_on_check_shows_what_was_found() -> None:
    panel = open_guide().step("test-connection").widget
    find(panel, "Button").click()
    assert "All 9 checks" in [one.value for one in everything(panel) if type(one).__name__ == "HTML"][-1]


def test_what_is_still_missing_is_said_and_not_raised(own_home: Path) -> None:
    write_answers("acme", base_url="https://acme.halopsa.com")
    guide = open_guide("acme")
    assert "Client ID of acme" in guide.summary("token")
    assert "Client ID of acme" in guide.check()._repr_mimebundle_()["text/plain"]
    assert "Client ID of acme" in guide.handover().plain


def test_an_error_is_a_sentence_and_the_button_lives_on(own_home: Path) -> None:
    write_answers("acme", base_url="https://acme.halopsa.com")
    panel = open_guide("acme").step("test-token").widget
    button = find(panel, "Button")
    button.click()
    assert "not possible yet: the Client ID" in everything(panel)[-1].value
    assert not button.disabled


def test_the_walk_of_a_new_customer(own_home: Path, practice: Practice) -> None:
    entry = practice.entries["healthy"]
    start = open_guide("practice").start().widget
    find(start, "Text", "Short name").value = "acme"
    find(start, "Text", "Base URL").value = f"{practice.base_url}/"
    find(start, "Button").click()
    assert "acme/00-start.ipynb" in everything(start)[-1].value
    copy = json.loads((own_home / "walks" / "acme" / "30-credentials.ipynb").read_text())
    assert "tenant = 'acme'" in "".join("".join(cell["source"]) for cell in copy["cells"])

    guide = open_guide("acme")
    panel = guide.credentials().widget
    find(panel, "Text", "Client ID").value = entry["client_id"]
    find(panel, "Text", "Agent ID").value = "27"
    find(panel, "Dropdown").value = "a private file in my data folder"
    field: SecretEntry = find(panel, "SecretEntry")
    assert field._describe() == "not set"
    field._receive(field, {"kind": "secret", "value": entry["client_secret"]}, [])
    find(panel, "Button", "Save").click()
    assert field._describe() == "kept in memory, and in a private file"
    assert guide.summary() == "OK: 30 OK"
    assert "27 (Neo Agent)" in guide.handover().plain
    # a fresh kernel has the answers and finds the secret by its reference
    from halo_helpers.panels import walk

    walk._memory.clear()
    assert open_guide("acme").summary("token") == "OK: 7 OK"
    for path in own_home.rglob("*"):
        if path.is_file() and path.suffix != ".secret":
            assert entry["client_secret"] not in path.read_text(errors="replace")


def test_no_state_of_the_secret_entry_holds_the_secret() -> None:
    kept: list[Secret] = []
    entry = SecretEntry(kept.append, lambda: "kept")
    entry._receive(entry, {"kind": "secret", "value": "a-secret-of-some-length"}, [])
    assert kept[0].reveal() == "a-secret-of-some-length"
    assert "a-secret-of" not in json.dumps(entry.get_state(), default=repr)


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
    start = open_guide().start().widget
    find(start, "Text", "Short name").value = name
    find(start, "Text", "Base URL").value = url
    find(start, "Button").click()
    assert said in everything(start)[-1].value


def test_an_unknown_edition_is_refused() -> None:
    with pytest.raises(ConfigError, match="known are"):
        open_guide(edition="newest")


def test_agents_and_handover_of_the_practice_tenant(practice: Practice) -> None:
    guide = open_guide()
    assert "this one" in guide.agents().plain
    assert practice.entries["healthy"]["client_secret"] not in guide.handover().html


def test_a_walk_goes_on_where_it_was(own_home: Path) -> None:
    folder = open_walk("acme")
    (folder / "10-agent.ipynb").write_text("mine")
    open_walk("acme")
    assert (folder / "10-agent.ipynb").read_text() == "mine"
    (folder / "tenant.json").write_text("{")
    with pytest.raises(ConfigError, match=r"tenant\.json"):
        read_answers("acme")


def test_lab_does_not_save_widget_state(own_home: Path) -> None:
    options = _settings("practice", 0)
    (file,) = own_home.rglob("plugin.jupyterlab-settings")
    assert json.loads(file.read_text()) == {"saveState": False}
    assert any("checkpoint_dir" in option for option in options)
