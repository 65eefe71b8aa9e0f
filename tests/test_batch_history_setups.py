"""What changed behind one's back, by field, and only then."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from halo_helpers.batch.fleet import FleetOptions, run_fleet
from halo_helpers.batch.history.setups import Setups
from halo_helpers.practice.control import PracticeServer, start
from halo_helpers.practice.serve import Options
from halo_helpers.report import compare, has_changed, headline
from halo_helpers.report.over_time.drift import by_change, changed_fields, words_of
from halo_helpers.tenants.practice import write_practice_tenants

from .helpers.caller import ALL, Caller
from .helpers.command import halo
from .helpers.forms import send, signed_in


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with start(Options(tenants=3, rate_limit="100000/1")) as one:
        yield one


def test_fields_that_one_side_does_not_know_are_not_compared() -> None:
    before = {"agent.id": 27, "webhooks": [], "agent.changed_at": "x"}
    after = {"agent.id": 28, "version": "2", "agent.changed_at": "y"}
    assert changed_fields(before, after) == [("agent.id", 27, 28)]


@pytest.mark.parametrize(
    ("field", "before", "after", "words"),
    [
        ("agent.roles", ["Technician"], ["Administrator", "Technician"], "Agent's roles: +Administrator"),
        ("scopes.granted", ["a", "b"], ["b", "c"], "Scopes granted: +c, −a"),
        ("agent.disabled", False, True, "Agent disabled: no → yes"),
        ("agent.hours", "Office hours", None, "Agent's working hours: Office hours → none"),
        ("version", "2.1", "2.2", "HaloPSA's version: 2.1 → 2.2"),
    ],
)
def test_a_change_is_said_in_words(field: str, before: object, after: object, words: str) -> None:
    assert words_of({"field": field, "before": before, "after": after}) == words


FIRST_ROLE = "1st Line Support"


def test_an_upgrade_of_everybody_is_one_line() -> None:
    row = {"field": "version", "before": "2.1", "after": "2.2", "since": "2026-11-27T05:15:00Z"}
    role = {"field": "agent.roles", "before": [], "after": ["Administrator"], "since": "2026-11-27T05:15:00Z"}
    rows = [*(row | {"tenant": f"t{n}"} for n in range(2000)), role | {"tenant": "acme"}]
    assert {words: len(same) for words, same in by_change(rows).items()} == {
        "Agent's roles: +Administrator": 1,
        "HaloPSA's version: 2.1 → 2.2": 2000,
    }
    assert next(iter(by_change(rows))) == "Agent's roles: +Administrator"


def save_agent(server: PracticeServer, tenant: str, **fields: str) -> None:
    """Save the Neo Agent's form, as somebody does who has signed in."""
    cookie, token = signed_in(server, tenant)
    form = {"name": "Neo Agent", "active": "1", "role": "2", "team-1": "1", "workday": "1", "csrf": token}
    assert send(server, "POST", "/config/agents/27", form | fields, Cookie=cookie)[0] == 303


def test_a_change_is_told_the_next_night_and_only_then(server: PracticeServer, tmp_path: Path) -> None:
    """An agent is made administrator behind one's back."""
    file, out = tmp_path / "t.yaml", tmp_path / "runs"
    write_practice_tenants(file, server.tenants, server.base_url)
    first, second = (run_fleet(file, out) for _ in range(2))
    assert (first.manifest.drift, second.manifest.drift) == ((), ())
    assert not has_changed(second.manifest)
    name = server.tenants[1]["name"]
    save_agent(server, name, role="1")
    third = run_fleet(file, out, FleetOptions(keep=2))
    told = json.loads((third.folder / "run.json").read_text())["drift"]
    assert [(row["tenant"], row["field"], row["after"]) for row in told] == [
        (name, "agent.roles", ["Administrator"])
    ]
    assert told[0]["since"] <= json.loads((third.folder / f"{name}.json").read_text())["started_at"]
    assert {r.verdict for r in third.results} == {"pass"}
    assert has_changed(third.manifest)
    assert f"Changed set-up: {name} (agent.roles)." in headline(third.manifest)
    page = (third.folder / "report.html").read_text()
    assert "still working" in page
    assert "Agent&#39;s roles: +Administrator" in page
    assert [row["field"] for row in compare(second, third)["drift"]] == ["agent.roles"]
    fourth = run_fleet(file, out, FleetOptions(keep=2))
    assert (fourth.manifest.drift, has_changed(fourth.manifest)) == ((), False)
    assert fourth.manifest.unaccepted == tuple(told)
    assert "1 change against what was accepted" in (fourth.folder / "report.html").read_text()


def test_what_is_accepted_is_told_no_more(server: PracticeServer, tmp_path: Path) -> None:
    file, out = tmp_path / "t.yaml", tmp_path / "runs"
    write_practice_tenants(file, server.tenants[:1], server.base_url)
    name = server.tenants[0]["name"]
    run_fleet(file, out)
    save_agent(server, name, role="1")
    assert run_fleet(file, out).manifest.unaccepted
    done = halo("tenants", "accept", name, "--dir", str(out))
    assert (done.returncode, done.stdout) == (
        0,
        f"Agent's roles: +Administrator, −{FIRST_ROLE}\n{name}: accepted as it is now\n",
    )
    assert run_fleet(file, out).manifest.unaccepted == ()
    assert halo("tenants", "accept", "nobody", "--dir", str(out)).returncode == 2


def test_a_run_that_is_summed_up_again_says_the_same(server: PracticeServer, tmp_path: Path) -> None:
    file, out = tmp_path / "t.yaml", tmp_path / "runs"
    write_practice_tenants(file, server.tenants[:1], server.base_url)
    run_fleet(file, out)
    save_agent(server, server.tenants[0]["name"], **{"team-2": "1"})
    changed = run_fleet(file, out)
    again = Setups(out).note_setups(changed.id, changed.results)
    assert again == list(changed.manifest.drift) != []


def save_scopes(server: PracticeServer, entry: dict[str, Any], *scopes: str) -> None:
    """Save the application's form with these scopes ticked."""
    cookie, token = signed_in(server, entry["name"])
    form = {"name": "Neo Agent Integration", "active": "1", "method": "client-credentials"}
    form |= {"login_type": "agent", "agent": "27", "csrf": token} | {f"scope-{one}": "1" for one in scopes}
    page = f"/config/integrations/api/applications/{entry['client_id']}"
    assert send(server, "POST", page, form, Cookie=cookie)[0] == 303


def make_webhook(server: PracticeServer, entry: dict[str, Any]) -> None:
    """Make a webhook by the API."""
    one = Caller(server.base_url, entry)
    body = json.dumps([{"name": "other", "url": "https://other.example/hook/s3cr3t-path"}])
    bearer = {"Authorization": f"Bearer {one.token()}", "Content_Type": "application/json"}
    assert one.send("POST", "/api/Webhook", body, **bearer)[0] == 201


CHANGES: dict[str, tuple[Callable[[PracticeServer, dict[str, Any]], None], list[str]]] = {
    "a team": (lambda server, entry: save_agent(server, entry["name"], **{"team-2": "1"}), ["agent.teams"]),
    "working hours": (lambda server, entry: save_agent(server, entry["name"], workday="0"), ["agent.hours"]),
    "a name": (lambda server, entry: save_agent(server, entry["name"], name="Neo"), ["agent.name"]),
    "a wide scope": (
        lambda server, entry: save_scopes(server, entry, *ALL.split(), "admin"),
        ["scopes.wide"],
    ),
    "a scope less": (
        lambda server, entry: save_scopes(server, entry, "all:standard", "all:teams"),
        ["scopes.granted"],
    ),
    "a webhook": (make_webhook, ["webhooks"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_told_by_its_field(change: str, server: PracticeServer, tmp_path: Path) -> None:
    file, out = tmp_path / "t.yaml", tmp_path / "runs"
    write_practice_tenants(file, server.tenants, server.base_url)
    run_fleet(file, out)
    act, fields = CHANGES[change]
    act(server, server.tenants[1])
    told = run_fleet(file, out).manifest.drift
    assert [(row["tenant"], row["field"]) for row in told] == [(server.tenants[1]["name"], f) for f in fields]
    assert run_fleet(file, out).manifest.drift == ()
    assert "s3cr3t-path" not in "".join(path.read_text() for path in out.glob("*/*.json"))
