"""Setting a tenant up by an administrator's sign-in: planned, confirmed, written, read back, taken back."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from halo_helpers import list_agents
from halo_helpers.admin.access import signed_in
from halo_helpers.admin.writing.apply import SetUpStopped
from halo_helpers.admin.writing.record import Record
from halo_helpers.admin.writing.set_up import plan_for, set_up, undo
from halo_helpers.errors import ConfigError
from halo_helpers.practice.control import PracticeServer, ask, start
from halo_helpers.practice.serve import Options
from halo_helpers.secrets.value import Secret
from halo_helpers.tenants.tenant import Tenant

from .helpers.administrator import WISHES, Helper, InMemory, Instance, administrators_sign_in, application
from .helpers.between import between


@contextmanager
def serving(*settings: str) -> Iterator[PracticeServer]:
    with start(Options(settings=list(settings), rate_limit="1000000/1")) as server:
        yield server


@pytest.fixture(scope="module")
def shared() -> Iterator[PracticeServer]:
    with serving() as server:
        yield server


@contextmanager
def empty(*settings: str) -> Iterator[tuple[PracticeServer, Tenant]]:
    with serving(*settings) as server:
        made = ask(server.base_url, "walk", "POST")
        yield server, Tenant("walk-practice", server.base_url, halo_tenant=made["tenant"])


def test_an_empty_tenant_ends_in_one_that_check_passes(own_home: object) -> None:
    with empty() as (server, tenant):
        made: list[tuple[str, str]] = []
        keeper = InMemory()

        def click(shown: str) -> None:
            assert "Agent: Neo Agent" in shown
            agent = str(keeper.kept["agent_id"])
            made.append(application(server, tenant.name, "Neo Agent Integration", agent, "all:standard"))

        person = Helper(click, given_secret=lambda: made[0][1])
        with signed_in(tenant, administrators_sign_in(server, tenant.name)) as who:
            result = set_up(tenant, who, WISHES, person, keeper)
            assert result.verification is not None
            assert (result.state, result.verification.verdict, person.clicks) == ("done", "pass", 1)
            assert keeper.kept == {"client_id": made[0][0], "agent_id": result.tenant.agent_id}
            again = set_up(result.tenant, who, WISHES, person, keeper)
            assert (again.records, again.plan.is_empty, person.clicks) == ([], True, 1)


WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "disabled": ("Agent", {"isdisabled": True}),
    "api-only": ("Agent", {"isapiagent": True}),
    "no-team": ("Agent", {"teams": []}),
    "no-role": ("Agent", {"roles": []}),
    "no-hours": ("Agent", {"workday_id": 0}),
    "inactive": ("Application", {"inactive": True}),
    "other-agent": ("Application", {"loginas_agent_id": 3}),
    "scope": ("Application", {"scopes": [{"name": "all:standard"}, {"name": "admin"}]}),
    "no-scope": ("Application", {"scopes": []}),
    "webhook": ("Webhook", {"active": False}),
}
"""What may be written, set wrong."""
PAIRS = [pair for pair in itertools.combinations(WRONG, 2) if pair != ("scope", "no-scope")]


@pytest.mark.parametrize("names", [*((one,) for one in WRONG), *PAIRS], ids="+".join)
def test_what_is_set_wrong_is_set_right_without_a_click_and_taken_back(
    shared: PracticeServer, own_home: object, names: tuple[str, ...]
) -> None:
    one = Instance.fresh(shared)
    right = one.fields()
    for name in names:
        one.write(*WRONG[name])
    broken = one.fields()
    person = Helper(lambda shown: pytest.fail(f"a click is asked for: {shown}"))
    with signed_in(one.tenant, one.how) as who:
        result = set_up(one.tenant, who, WISHES, person, InMemory())
        assert result.verification is not None
        assert (result.state, result.verification.codes) == ("done", []), person.told
        assert one.fields() == right
        for record in reversed(result.records):
            assert undo(record, one.tenant, who, person).state == "done"
    assert one.fields() == broken


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", [1, 5, 12, 20, "POST"])
def test_killed_at_a_request_the_next_one_goes_on_and_makes_nothing_twice(
    own_home: Path, number: int | str, moment: str
) -> None:
    with empty() as (server, tenant):
        how = administrators_sign_in(server, tenant.name)
        assert how.secret is not None
        process: list[subprocess.Popen[str]] = []
        seen: list[str] = []

        def kill(method: str, path: str) -> bool:
            seen.append(path)
            is_it = len(seen) == number or (number == "POST" and method == "POST" and "/api/" in path)
            if is_it:
                process[0].kill()
            return not is_it

        passed = (kill, lambda *_: True) if moment == "before" else (lambda *_: True, kill)
        with between(server.base_url, *passed) as url:
            given = {
                "tenant": {"name": tenant.name, "base_url": url, "halo_tenant": tenant.halo_tenant},
                "client_id": how.client_id,
                "client_secret": how.secret.reveal(),
            }
            once = [sys.executable, "-m", "tests.helpers.set_up_once"]
            process.append(subprocess.Popen(once, stdin=PIPE, stdout=PIPE, text=True))
            assert process[0].communicate(json.dumps(given), timeout=30)[0] == ""
            assert process[0].returncode == -9
        person = Helper()
        person.clicks = 4
        with signed_in(tenant, how) as who:
            result = set_up(tenant, who, WISHES, person, InMemory())
            assert [one.step for one in result.plan.clicks] == ["create-application"]
            again = set_up(result.tenant, who, WISHES, person, InMemory())
            assert again.records == []
        client_id, secret = application(server, tenant.name, "Another", "2", *tenant.scopes)
        other = replace(tenant, client_id=client_id, client_secret=Secret(secret))
        made = [agent.name for agent in list_agents(other)]
        assert made.count("Neo Agent") == 1


SETTINGS = [
    "list-update=merge",
    "write-answer=array",
    "update-status=200",
    "application-scopes=details",
    "application-scopes=rows",
    "application-codes=titles",
    "application-secret=masked",
    "change-marks=no",
    "can-update=absent",
    "concurrency=checked",
    "admin-level=scope",
    "admin-level=agent",
    "admin-level=all",
    "agents-envelope=agents",
    "agent-list-fields=full",
    "licence-counts=absent",
    "page-max=5",
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_whatever_the_sources_leave_open(own_home: Path, setting: str) -> None:
    with serving(setting) as server:
        one = Instance.fresh(server)
        names = ("no-scope", "inactive", "no-team", "no-role", "no-hours", "webhook", "other-agent")
        for name in names:
            one.write(*WRONG[name])
        one.write("Application", {"scopes": []})
        person = Helper(lambda shown: pytest.fail(f"a click is asked for: {shown}"))
        with signed_in(one.tenant, one.how) as who:
            result = set_up(one.tenant, who, WISHES, person, InMemory())
        assert result.verification is not None
        assert (result.state, result.verification.verdict) == ("done", "pass"), person.told


def test_a_scope_that_stays_is_told(own_home: Path) -> None:
    """Where lists are merged, what is to go stays: it is read back, said, and the rest is stopped."""
    with serving("list-update=merge") as server:
        one = Instance.fresh(server)
        one.write("Application", {"scopes": [{"name": "all"}]})
        one.write(*WRONG["webhook"])
        with signed_in(one.tenant, one.how) as who, pytest.raises(SetUpStopped) as stopped:
            set_up(one.tenant, who, WISHES, Helper(), InMemory())
        assert stopped.value.code == "write-not-kept"
        assert "Permissions was to be admin:webhooks, all:standard, all:teams" in stopped.value.seen
        assert one.fields()["active"] is False, "the first that fails stops the rest"
        record = Record.read(stopped.value.record)
        assert [entry.state for entry in record.written] == ["not-kept", "planned"]


@pytest.mark.parametrize("form", ["400", "api-only", "disabled"])
def test_no_licence_that_nobody_counts(own_home: Path, form: str) -> None:
    """InstanceInfo counts nothing, so that it is seen at the write."""
    with serving("licence-counts=absent", f"licence-full={form}") as server:
        one = Instance.fresh(server, "licences-used-up")
        one.write("Agent", {"isdisabled": True})
        other = {"name": "One more", "email": "x@y.example"}
        one.make("Agent", other)
        with signed_in(one.tenant, one.how) as who, pytest.raises(SetUpStopped) as stopped:
            set_up(one.tenant, who, WISHES, Helper(), InMemory())
        words = "no Named Licence left" if form == "400" else "Account Active was to be ticked|moved"
        assert re.search(words, stopped.value.seen)


def test_no_licence_is_a_click_before_anything_is_written(own_home: Path) -> None:
    with serving() as server:
        one = Instance.fresh(server, "licences-used-up")
        one.write("Agent", {"isdisabled": True})
        one.make("Agent", {"name": "One more", "email": "x@y.example"})
        with signed_in(one.tenant, one.how) as who:
            _, plan = plan_for(one.tenant, who, WISHES)
        codes = [click.code for click in plan.clicks]
    assert (codes, plan.changes) == (["licence-none-free", "agent-disabled"], ())


def test_what_changes_between_showing_and_writing_is_looked_at_again(
    shared: PracticeServer, own_home: Path
) -> None:
    one = Instance.fresh(shared)
    one.write(*WRONG["inactive"])
    moves = ["no-team"]

    def meanwhile() -> None:
        while moves:
            one.write(*WRONG[moves.pop()])

    person = Helper(before_writing=meanwhile)
    with signed_in(one.tenant, one.how) as who:
        result = set_up(one.tenant, who, WISHES, person, InMemory())
    assert any("changed between showing and writing, so nothing was written" in line for line in person.told)
    assert (result.state, len(result.records)) == ("done", 1)


@pytest.mark.parametrize("typed", ["yes", "Practice", "another"])
def test_without_the_tenants_name_nothing_is_written(
    shared: PracticeServer, own_home: Path, typed: str
) -> None:
    one = Instance.fresh(shared)
    one.write(*WRONG["inactive"])
    before = one.fields()
    with signed_in(one.tenant, one.how) as who:
        result = set_up(one.tenant, who, WISHES, Helper(name=typed), InMemory())
    assert (result.state, result.records, one.fields()) == ("declined", [], before)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"agent_id": 2}, "Neo Agent needs an agent of its own"),
        ({"agent_id": 999}, "no agent has the number 999"),
    ],
)
def test_nobody_elses_agent_is_touched(
    shared: PracticeServer, own_home: Path, change: dict[str, Any], words: str
) -> None:
    one = Instance.fresh(shared)
    with signed_in(one.tenant, one.how) as who:
        _, plan = plan_for(replace(one.tenant, **change), who, WISHES)
    assert [entry for entry in plan.changes if entry.route == "Agent"] == []
    assert words in plan.as_text()


def test_an_application_of_halopsas_own_is_never_touched(shared: PracticeServer, own_home: Path) -> None:
    one = Instance.fresh(shared)
    own = next(row for row in one.get("Application") if row["displayName"] == "Mobile App")
    with signed_in(one.tenant, one.how) as who:
        _, plan = plan_for(replace(one.tenant, client_id=own["clientId"]), who, WISHES)
    assert plan.changes == ()
    assert ["Leave it as it is" in click.todo for click in plan.clicks] == [True]


def test_what_somebody_else_wrote_since_is_not_taken_back(shared: PracticeServer, own_home: Path) -> None:
    one = Instance.fresh(shared)
    one.write(*WRONG["no-team"])
    with signed_in(one.tenant, one.how) as who:
        (record,) = set_up(one.tenant, who, WISHES, Helper(), InMemory()).records
        one.write("Agent", {"teams": [{"team_id": 2}]})
        before = one.fields()
        with pytest.raises(ConfigError, match="was changed by somebody else since"):
            undo(record, one.tenant, who, Helper())
        with pytest.raises(ConfigError, match="is of practice at"):
            undo(record, replace(one.tenant, name="other"), who, Helper())
    assert one.fields() == before


def test_the_record_holds_no_secret_and_nobody_elses_name(shared: PracticeServer, own_home: Path) -> None:
    one = Instance.fresh(shared)
    for name in ("no-team", "no-scope", "webhook"):
        one.write(*WRONG[name])
    with signed_in(one.tenant, one.how) as who:
        (record,) = set_up(one.tenant, who, WISHES, Helper(), InMemory()).records
    path = Record.read(record).path
    assert path is not None
    text = path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert one.how.secret is not None
    for secret in (one.how.secret.reveal(), one.entry["client_secret"], one.token):
        assert secret not in text
    assert json.loads(text)["administrator"] == 2
    assert not re.search(r"@msp\.example", text)


@pytest.mark.parametrize("passed_on", [True, False])
def test_a_gateways_time_out_is_read_back_and_not_asked_again(own_home: Path, *, passed_on: bool) -> None:
    """The answer to the write is lost on the way: what is there says whether it was written."""
    with serving() as server:
        one = Instance.fresh(server)
        one.write(*WRONG["inactive"])
        writes: list[str] = []

        def is_write(method: str, path: str) -> bool:
            return method == "POST" and "/api/Application" in path

        def before(method: str, path: str) -> bool:
            writes.extend([path] if is_write(method, path) else [])
            return passed_on or not is_write(method, path)

        with between(server.base_url, before, lambda *asked: not is_write(*asked)) as url:
            tenant = replace(one.tenant, base_url=url)
            with signed_in(tenant, one.how) as who:
                if passed_on:
                    assert set_up(tenant, who, WISHES, Helper(), InMemory()).state == "done"
                else:
                    with pytest.raises(SetUpStopped) as stopped:
                        set_up(tenant, who, WISHES, Helper(), InMemory())
                    assert stopped.value.code == "write-not-kept"
        assert len(writes) == 1
        assert one.fields()["inactive"] is not passed_on


def test_two_applications_of_one_name_are_asked_about(shared: PracticeServer, own_home: Path) -> None:
    one = Instance.fresh(shared)
    application(shared, one.entry["name"], "Neo Agent Integration", "27", "all:standard")
    with signed_in(one.tenant, one.how) as who:
        seen, plan = plan_for(replace(one.tenant, client_id=""), who, WISHES)
    assert seen.application is None
    assert [click.code for click in plan.clicks] == ["application-doubled"]


def test_an_application_of_the_same_agent_is_nobodys_to_take(shared: PracticeServer, own_home: Path) -> None:
    """Only the name says which one is meant: a Client ID is kept in the tenants file."""
    one = Instance.fresh(shared)
    one.write("Application", {"displayName": "Something else"})
    keeper = InMemory()
    with signed_in(one.tenant, one.how) as who:
        person = Helper()
        person.clicks = 4
        result = set_up(replace(one.tenant, client_id=""), who, WISHES, person, keeper)
    assert (result.state, result.tenant.client_id) == ("clicks", "")
    assert not keeper.kept.get("client_id")


def test_an_administrator_never_becomes_the_agent_to_log_in_as(
    shared: PracticeServer, own_home: Path
) -> None:
    one = Instance.fresh(shared)
    with signed_in(one.tenant, one.how) as who:
        _, plan = plan_for(replace(one.tenant, agent_id=2), who, WISHES)
    assert plan.changes == ()
    assert "note-agent-id" in {click.step for click in plan.clicks}


def test_whom_an_application_logs_in_as_is_not_taken_for_neo_agents(
    shared: PracticeServer, own_home: Path
) -> None:
    """Without an Agent ID, an application that logs in as somebody tells nothing of whose agent that is."""
    one = Instance.fresh(shared, "agent-mismatch")
    one.make("Agent", {"id": 3, "isdisabled": True})
    one.write("Agent", {"name": "Something else"})
    keeper, person = InMemory(), Helper()
    person.clicks = 4
    with signed_in(one.tenant, one.how) as who:
        tenant = replace(one.tenant, agent_id=None)
        _, plan = plan_for(tenant, who, WISHES)
        set_up(tenant, who, WISHES, person, keeper)
    assert [change for change in plan.changes if change.route == "Agent"] == []
    assert "the application logs in as agent 3" in plan.as_text()
    assert not keeper.kept.get("agent_id")


def test_a_name_that_nobody_has_makes_nobody_of_another_name(shared: PracticeServer, own_home: Path) -> None:
    one = Instance.fresh(shared)
    with signed_in(one.tenant, one.how) as who:
        _, plan = plan_for(replace(one.tenant, agent_id="Support Bot", client_id=""), who, WISHES)
    assert [change for change in plan.changes if change.id is None] == []


@pytest.mark.parametrize(
    "wish", [{"team": "Nope"}, {"role": "Nope"}, {"role": "Administrator"}, {"hours": "Nope"}]
)
def test_what_fits_nothing_is_a_click_and_no_empty_plan(
    shared: PracticeServer, own_home: Path, wish: dict[str, str]
) -> None:
    one = Instance.fresh(shared)
    for name in ("no-team", "no-role", "no-hours"):
        one.write(*WRONG[name])
    with signed_in(one.tenant, one.how) as who:
        _, plan = plan_for(one.tenant, who, replace(WISHES, **wish))
    assert (len(plan.changes), len(plan.clicks)) == (2, 1)


def test_only_the_three_scopes_are_ever_ticked(shared: PracticeServer, own_home: Path) -> None:
    one = Instance.fresh(shared)
    one.write(*WRONG["no-scope"])
    with signed_in(one.tenant, one.how) as who:
        _, plan = plan_for(replace(one.tenant, scopes=("all", "admin")), who, WISHES)
    (change,) = plan.changes
    assert {row["name"] for row in change.after} == {"all:standard", "all:teams", "admin:webhooks"}


def test_a_host_that_begins_alike_is_another_one(shared: PracticeServer, own_home: Path) -> None:
    one = Instance.fresh(shared)
    one.write("Webhook", {"active": False})
    evil = {"name": "Alike", "url": f"https://{one.entry['webhook_host']}.evil.example/x", "active": False}
    one.make("Webhook", evil)
    with signed_in(one.tenant, one.how) as who:
        _, plan = plan_for(one.tenant, who, WISHES)
    assert [change.object for change in plan.changes] == ["Neo Agent"]


def test_what_did_not_stay_is_taken_back_and_twice_is_nothing(own_home: Path) -> None:
    with serving("list-update=merge") as server:
        one = Instance.fresh(server)
        one.write("Application", {"scopes": [{"name": "all"}]})
        one.write(*WRONG["inactive"])
        before = one.fields()
        with signed_in(one.tenant, one.how) as who:
            with pytest.raises(SetUpStopped) as stopped:
                set_up(one.tenant, who, WISHES, Helper(), InMemory())
            assert undo(stopped.value.record, one.tenant, who, Helper()).state == "done"
            assert undo(stopped.value.record, one.tenant, who, Helper()).records == []
        assert one.fields() == before


def test_two_setups_of_one_agent_are_taken_back_one_after_the_other(
    shared: PracticeServer, own_home: Path
) -> None:
    one = Instance.fresh(shared)
    one.write(*WRONG["no-team"])
    one.write(*WRONG["no-hours"])
    before = one.fields()
    with signed_in(one.tenant, one.how) as who:
        one.write("Agent", {"workday_id": 1})
        first = set_up(one.tenant, who, WISHES, Helper(), InMemory()).records
        one.write(*WRONG["no-hours"])
        second = set_up(one.tenant, who, WISHES, Helper(), InMemory()).records
        for record in (*second, *first):
            undo(record, one.tenant, who, Helper())
        assert undo(first[0], one.tenant, who, Helper()).records == []
    assert one.fields() == before


@pytest.mark.parametrize(
    "change",
    [
        {"id": 3, "object": "Neo Agent"},
        {"field": "password", "before": "x"},
        {"field": "roles", "before": [{"id": "ADMIN"}], "after": []},
    ],
)
def test_a_record_that_somebody_wrote_touches_nobody(
    shared: PracticeServer, own_home: Path, change: dict[str, Any]
) -> None:
    one = Instance.fresh(shared)
    one.write(*WRONG["no-hours"])
    admin = next(role["id"] for role in one.get("Roles") if role["name"] == "Administrator")
    with signed_in(one.tenant, one.how) as who:
        (record,) = set_up(one.tenant, who, WISHES, Helper(), InMemory()).records
        path = Record.read(record).path
        assert path is not None
        text = json.loads(path.read_text())
        text["changes"][0] |= change | {"mark": "", "state": "sent"}
        path.write_text(json.dumps(text).replace("ADMIN", admin))
        before = one.fields()
        with pytest.raises((ConfigError, SetUpStopped)):
            undo(record, one.tenant, who, Helper())
    assert one.fields() == before


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "halo-runbook/setup-record/1", "changes": ["abc"]}'])
def test_a_damaged_record_is_a_sentence(own_home: Path, text: str) -> None:
    (own_home / "setups").mkdir(parents=True)
    (own_home / "setups" / "x.json").write_text(text)
    with pytest.raises(ConfigError):
        Record.read("x")
