"""The walk: what makes each step done, what never does, which step is next, and what is kept."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_helpers.checks import CHECKS
from halo_helpers.errors import ConfigError
from halo_helpers.guide.rules import LINES, RECORD_WRITTEN, ROTATION, RULES, WEBHOOK_APPEARED, ids_of
from halo_helpers.guide.steps import STEPS
from halo_helpers.guide.walk_states import DONE, WORDS, StepState, is_finished, next_of, states_of, walk_json
from halo_helpers.guide.walk_store import (
    Found,
    Override,
    Result,
    Store,
    Word,
    give_word,
    note_results,
    override,
    read_store,
    take_back,
)
from halo_helpers.tenants.answers import walks_folder, write_answers

from .helpers.command import halo

USES = {check.id: check.uses for check in CHECKS.values()}
ANSWERS = {
    "base_url": "https://acme.halopsa.com",
    "client_id": "1b6c0000-0000-4000-8000-000000000001",
    "client_secret": "2026-11-24T09:30:00Z",
    "agent_id": "28",
}
AT, LATER = "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z"


def result(check_id: str, verdict: str = "pass", *codes: str, **used: str) -> Result:
    found = tuple(Found(code, verdict, f"headline of {code}", None) for code in codes)
    rests_on = {name: ANSWERS[name] for name in USES.get(check_id, ())} | used
    return Result(verdict, f"seen by {check_id}", AT, rests_on, found)


def all_passed() -> dict[str, Result]:
    return {check_id: result(check_id) for check_id in CHECKS}


def states(store: Store, **answers: str) -> dict[str, StepState]:
    return states_of(store, ANSWERS | answers, USES)


def one(step: str, store: Store, **answers: str) -> StepState:
    return states(store, **answers)[step]


def words(*steps: str) -> dict[str, Word]:
    return {step: Word("Dana Reyes", AT) for step in steps}


PREREQUISITES = words(*(f"prerequisites {name}" for name in ("admin", "api", "licence")))


def copied(**more: str) -> dict[str, str]:
    return {f"copied {line}": f"{AT} {ANSWERS[line]}" for line in LINES} | more


def finished() -> Store:
    results = all_passed() | {WEBHOOK_APPEARED: result(WEBHOOK_APPEARED)}
    results[RECORD_WRITTEN] = Result("pass", "written", LATER, ANSWERS)
    return Store(results, words("connect-neo"), {}, copied())


def test_every_step_has_its_rule_and_each_rule_asks_known_checks() -> None:
    assert list(RULES) == list(STEPS)
    for rule in RULES.values():
        ids = ids_of(rule.checks, USES)
        assert set(ids) <= {*USES, WEBHOOK_APPEARED, RECORD_WRITTEN}
        assert set(rule.quotes) <= set(ids)
        assert bool(rule.way_to) + bool(rule.checks) + bool(rule.implied_by) + (rule.word and not ids) == 1
    assert sum(rule.counted for rule in RULES.values()) == len(STEPS) - 1


def test_nothing_is_done_before_anything_was_asked_or_said() -> None:
    for answers in ({}, dict.fromkeys(ANSWERS, "")):
        found = states(Store(), **answers)
        assert not [step.id for step in found.values() if step.is_done]
        assert next_of(found) == "prerequisites"


def test_a_walk_to_its_end() -> None:
    found = states(finished())
    assert {step.id: step.state for step in found.values() if not step.is_done} == {ROTATION: "todo"}
    assert is_finished(found)
    assert next_of(found) is None
    assert found["connect-neo"].state == "confirmed"
    assert found["open-agents"].by == "implied"


@pytest.mark.parametrize("step_id", [s for s, r in RULES.items() if r.checks and r.counted])
def test_a_step_is_ok_by_all_its_checks_and_no_fewer(step_id: str) -> None:
    store = finished()
    assert one(step_id, store).state == "ok"
    for check_id in ids_of(RULES[step_id].checks, USES):
        without = {key: row for key, row in store.results.items() if key != check_id}
        state = one(step_id, Store(without, {}, {}, store.notes))
        assert not state.is_done, check_id
        for verdict, wrong in (("fail", "broken"), ("error", "error")):
            broken = {**store.results, check_id: result(check_id, verdict, "some-code")}
            if step_id == "record" or RULES[step_id].only:
                continue
            assert one(step_id, Store(broken, words(step_id), {}, store.notes)).state == wrong


@pytest.mark.parametrize(
    ("code", "step", "others"),
    [
        ("agent-without-team", "agent-teams", ["create-agent", "agent-preferences"]),
        ("agent-hours-missing", "agent-preferences", ["create-agent", "agent-teams"]),
    ],
)
def test_one_cause_breaks_the_step_where_it_is_mended(code: str, step: str, others: list[str]) -> None:
    rows = all_passed() | {"identity.active": result("identity.active", "fail", code)}
    found = states(Store(rows))
    assert found[step].state == "broken"
    assert {found[other].state for other in others} == {"ok"}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_a_result_rests_on_outdates_it_and_nothing_else_does(name: str) -> None:
    store = Store(all_passed(), PREREQUISITES)
    found = states(store, **{name: "another one"})
    for step_id, rule in RULES.items():
        ids = ids_of(rule.checks, USES)
        if not ids or not rule.counted or ids[0] in {WEBHOOK_APPEARED, RECORD_WRITTEN}:
            continue
        rests_on = any(name in USES[check_id] for check_id in ids)
        assert (found[step_id].state == "outdated") is rests_on, step_id
        assert (found[step_id].outdated_by == name) is rests_on


@pytest.mark.parametrize("step_id", [s for s, r in RULES.items() if r.word])
def test_a_word_is_shown_as_one_and_covers_no_result(step_id: str) -> None:
    said = one(step_id, Store({}, words(step_id)), client_id="")
    assert (said.state, said.by, said.who, said.at) == ("confirmed", "person", "Dana Reyes", AT)
    if not RULES[step_id].checks or step_id == "webhooks":
        return
    check_id = ids_of(RULES[step_id].checks, USES)[0]
    code = next(iter(RULES[step_id].only), "some-code")
    rows = all_passed() | {check_id: result(check_id, "fail", code)}
    assert one(step_id, Store(rows, words(step_id))).state == "broken"


@pytest.mark.parametrize("step_id", [s for s, r in RULES.items() if not r.word])
def test_where_no_word_can_stand_none_does(step_id: str) -> None:
    assert not one(step_id, Store({}, words(step_id))).is_done


def test_connecting_in_neo_agent_is_a_persons_word_only() -> None:
    assert one("connect-neo", Store(all_passed())).state == "todo"
    assert one("connect-neo", Store({}, words("connect-neo"))).state == "confirmed"


def test_prerequisites_take_three_words_or_what_implies_them() -> None:
    address = {key: row for key, row in all_passed().items() if key.startswith("address.")}
    step = one("prerequisites", Store(address))
    assert (step.state, step.claim) == ("todo", "seen by address.reach; seen by address.instance")
    assert one("prerequisites", Store(address, PREREQUISITES)).state == "ok"
    assert one("prerequisites", Store(all_passed())).state == "ok"
    grant = address | {"token.grant": result("token.grant")}
    assert one("prerequisites", Store(grant)).state == "todo"  # the licence is not told
    full = address | {"address.licence": result("address.licence", "warn", "licence-none-free")}
    assert one("prerequisites", Store(full, PREREQUISITES)).state == "warn"
    assert one("prerequisites", Store(full | all_passed(), PREREQUISITES)).state == "ok"


def test_an_override_stays_red_and_another_code_ends_it() -> None:
    given_up = {"test-token": Override("Dana Reyes", LATER, "they mend it tomorrow", ("scopes-missing",))}
    rows = all_passed() | {"token.scopes": result("token.scopes", "fail", "scopes-missing")}
    step = one("test-token", Store(rows, {}, given_up))
    assert (step.state, step.who, step.is_done) == ("overridden", "Dana Reyes", False)
    assert "they mend it tomorrow" in step.claim
    others = rows | {"token.control": result("token.control", "fail", "token-control-passed")}
    assert one("test-token", Store(others, {}, given_up)).state == "broken"
    assert one("test-token", Store(all_passed(), {}, given_up)).state == "ok"


def test_a_walk_may_be_finished_with_overrides() -> None:
    store = finished()
    rows = {**store.results, "token.scopes": result("token.scopes", "fail", "scopes-missing")}
    past = {
        step: Override("Dana Reyes", AT, "tomorrow", ("scopes-missing",))
        for step in ("application-permissions", "test-token", "test-connection")
    }
    found = walk_json("acme", states(Store(rows, store.words, past, store.notes)), practice=False)
    assert (found["done"], found["overridden"], found["next"]) == (True, 3, None)
    (values,) = [step for step in found["steps"] if step["id"] == "note-values"]
    assert "“Ask for a token”: broken, overridden" in values["claim"]


def test_what_is_missing_leads_to_where_it_is_entered() -> None:
    step = one("test-token", Store(), client_secret="")
    assert (step.state, step.claim, step.leads_to) == ("needs", "the Client Secret", "save-application")
    step = one("confirm-agent", Store(), agent_id="")
    assert (step.state, step.leads_to) == ("needs", "note-agent-id")
    skipped = Result("skip", "needs token.grant", AT, {}, (), ("token.grant",))
    rows = {check_id: skipped for check_id in CHECKS if check_id.startswith("access.")}
    step = one("check-rights", Store(rows | {"webhooks.manage": skipped}))
    assert (step.state, step.claim) == ("needs", "token.grant to be OK")


def test_the_next_step_is_where_what_is_broken_is_mended() -> None:
    rows = all_passed()
    wrong = Found("invalid-client", "fail", "HaloPSA refuses the Client ID and Secret", "save-application")
    rows["token.grant"] = Result("fail", "401", AT, rows["token.grant"].used, (wrong,))
    assert next_of(states(Store(rows))) == "save-application"
    followed = Found("webhooks-refused", "fail", "no webhooks", "webhooks", folds_into="scopes-missing")
    cause = Found("scopes-missing", "fail", "Scopes are missing", "application-permissions")
    rows = all_passed()
    rows["token.scopes"] = Result("fail", "x", AT, rows["token.scopes"].used, (cause,))
    rows["webhooks.manage"] = Result("fail", "x", AT, rows["webhooks.manage"].used, (followed,))
    assert next_of(states(Store(rows))) == "application-permissions"


def test_ways_and_the_change_of_the_secret_are_never_next() -> None:
    rows = {"address.url": result("address.url")}
    for store in (Store(), Store(rows), finished(), Store(all_passed())):
        assert next_of(states(store)) not in {ROTATION, *(s for s, r in RULES.items() if r.way_to)}


def test_four_lines_have_to_be_copied_as_they_are_now() -> None:
    store = finished()
    assert one("note-values", store).state == "implied"
    assert one("note-values", store, agent_id="29").state != "implied"
    for line in LINES:
        fewer = {key: text for key, text in store.notes.items() if key != f"copied {line}"}
        assert one("note-values", Store(store.results, {}, {}, fewer)).state == "todo"


def test_a_record_is_outdated_by_whatever_is_noted_later() -> None:
    store = finished()
    assert one("record", store).state == "ok"
    late = {"connect-neo": Word("Dana Reyes", "2026-11-24T12:00:00Z")}
    assert one("record", Store(store.results, late, {}, store.notes)).outdated_by == "notes"
    assert one("record", store, agent_id="29").state == "outdated"


def test_changing_the_secret_is_a_walk_of_its_own() -> None:
    rows, began = all_passed(), {ROTATION: f"{AT} {ANSWERS['client_secret']}"}
    neo = words(f"{ROTATION} neo")
    assert one(ROTATION, Store(rows, neo)).state == "todo"  # not begun
    assert one(ROTATION, Store(rows, neo, {}, began)).state == "todo"  # still the same secret
    changed = {"client_secret": LATER}
    asked = {"token.grant": result("token.grant", client_secret=LATER)}
    assert states_of(Store(asked, {}, {}, began), ANSWERS | changed, USES)[ROTATION].state == "todo"
    assert states_of(Store(asked, neo, {}, began), ANSWERS | changed, USES)[ROTATION].state == "ok"


VERDICTS = st.sampled_from(["pass", "warn", "fail", "error", "skip"])
RESULTS = st.dictionaries(
    st.sampled_from([*CHECKS, WEBHOOK_APPEARED, RECORD_WRITTEN, "address.licence"]),
    st.tuples(VERDICTS, st.booleans()),
)
STEP_IDS = st.sampled_from(list(STEPS))


@given(RESULTS, st.sets(STEP_IDS), st.sets(STEP_IDS), st.sets(st.sampled_from(list(ANSWERS))))
def test_whatever_is_kept_has_one_state_and_a_fail_is_never_green(
    kept: dict[str, tuple[str, bool]], said: set[str], past: set[str], missing: set[str]
) -> None:
    rows = {}
    for check_id, (verdict, with_code) in kept.items():
        codes = ("some-code",) if verdict in {"fail", "error", "warn"} or with_code else ()
        rows[check_id] = result(check_id, verdict, *codes)
    overrides = {step: Override("Dana Reyes", AT, "why", ("some-code",)) for step in past}
    answers = ANSWERS | dict.fromkeys(missing, "")
    found = states_of(Store(rows, words(*said), overrides, copied()), answers, USES)
    assert set(found) == set(STEPS)
    for step in found.values():
        assert step.state in WORDS
        rule = RULES[step.id]
        mine = [rows[one].verdict for one in ids_of(rule.checks, USES) if one in rows]
        if {"fail", "error"} & set(mine) and not rule.only and step.id != ROTATION:
            assert step.state not in DONE, step
        if step.state == "ok" and not rule.only:
            assert set(mine) == {"pass"}
        assert not (step.by == "person" and step.state in {"ok", "warn"})
    following = next_of(found)
    assert following is None or not RULES[following].way_to


# --- what is kept ---


def test_what_is_kept_is_read_back_and_nothing_secret_is_in_it(own_home: Path) -> None:
    note_results("acme", {"token.grant": result("token.grant", "fail", "invalid-client")})
    give_word("acme", "create-agent", who="Dana Reyes")
    override("acme", "test-token", "tomorrow", ("invalid-client",), who="Dana Reyes")
    store = read_store("acme")
    assert store.results["token.grant"].found[0].code == "invalid-client"
    assert (store.words["create-agent"].who, store.overrides["test-token"].codes) == (
        "Dana Reyes",
        ("invalid-client",),
    )
    assert Store.from_json(json.loads(json.dumps(store.as_json()))) == store
    take_back("acme", "create-agent")
    assert "create-agent" not in read_store("acme").words


def test_two_writers_do_not_lose_each_others_words(own_home: Path) -> None:
    halves = (list(STEPS)[:8], list(STEPS)[8:16])

    def write(steps: list[str]) -> None:
        for step in steps:
            give_word("acme", step)

    threads = [threading.Thread(target=write, args=(half,)) for half in halves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read_store("acme").words) == {*halves[0], *halves[1]}


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "x"}', '{"schema": "halo-runbook/walk-store/1"}'])
def test_a_damaged_walk_is_named(own_home: Path, text: str) -> None:
    folder = walks_folder() / "acme"
    folder.mkdir(parents=True)
    (folder / ".walk.json").write_text(text)
    with pytest.raises(ConfigError, match=r"\.walk\.json"):
        read_store("acme")


def test_records_of_the_version_before_become_words_or_outdated_and_never_ok(own_home: Path) -> None:
    base: dict[str, Any] = {"at": AT, "by": "dana", "summary": "OK", "codes": [], "went_on_past": []}
    rows = {
        "create-agent": base | {"state": "ok", "by_hand": True, "answers": {}},
        "test-token": base | {"state": "ok", "by_hand": False, "answers": {}},
        "record": base | {"state": "todo", "by_hand": False, "answers": {}},
    }
    folder = walks_folder() / "acme"
    folder.mkdir(parents=True)
    (folder / ".progress.json").write_text(json.dumps(rows))
    found = states(read_store("acme"))
    assert (found["create-agent"].state, found["create-agent"].who) == ("confirmed", "dana")
    assert found["test-token"].state == "outdated"
    assert found["test-token"].outdated_by == "version"
    assert not {"ok", "warn"} & {step.state for step in found.values()}


# --- the command line ---

KEYS = ["schema", "tenant", "practice", "next", "done", "overridden", "steps"]
STEP_KEYS = ["id", "state", "by", "at", "claim", "codes", "outdated_by"]


def test_walk_prints_every_step_and_the_next_one(own_home: Path) -> None:
    done = halo("walk", "practice", "--json")
    value = json.loads(done.stdout)
    assert (done.returncode, list(value)) == (0, KEYS)
    assert [value["schema"], value["tenant"], value["practice"]] == ["halo-runbook/walk/1", "practice", True]
    assert [list(step) for step in value["steps"]] == [STEP_KEYS] * len(STEPS)
    assert not {"ok", "warn", "confirmed", "implied"} & {step["state"] for step in value["steps"]}
    assert (value["next"], value["done"], value["overridden"]) == ("prerequisites", False, 0)
    assert not (own_home / "walks").exists()

    write_answers("acme", base_url="https://acme.halopsa.com")
    give_word("acme", "create-agent", who="Dana Reyes")
    text = halo("walk", "acme").stdout
    assert text.startswith("acme: 2 of 23 steps done; next: What you need before you begin (00-start.ipynb#")
    assert re.search(r"create-agent +confirmed +says Dana Reyes", text)
    (step,) = [one for one in json.loads(halo("walk", "acme", "--json").stdout)["steps"] if "who" in one]
    assert (step["id"], step["who"], step["by"]) == ("create-agent", "Dana Reyes", "person")
    every = json.loads(halo("walk", "--json").stdout)
    assert [one["tenant"] for one in every["walks"]] == ["acme", "practice"]
    assert len(halo("walk").stdout.strip().splitlines()) == 3


@pytest.mark.parametrize("name", ["nosuch", "../x", "walk-practice", "\x1b[2J"])
def test_a_walk_that_nobody_knows_is_a_mistake(own_home: Path, name: str) -> None:
    done = halo("walk", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert "walks are: practice" in done.stderr
    assert "\x1b" not in done.stderr
