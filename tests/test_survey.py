"""What an instance does, found out by reading: the practice tenant's survey gives its own settings back."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from halo_helpers import Tenant
from halo_helpers.errors import ConfigError
from halo_helpers.practice.control import start
from halo_helpers.practice.serve import Options, build_realm
from halo_helpers.practice.settings import OPTIONS
from halo_helpers.secrets.value import Secret
from halo_helpers.survey.document import mistakes_of, read_survey, settings_of, write_survey
from halo_helpers.survey.questions import FIELDS, NOT_ASKED, QUESTIONS, WHY
from halo_helpers.survey.run_survey import survey
from halo_helpers.tenants.practice import from_ready_entry

from .helpers.command import document, halo
from .helpers.halopsa import ID, SECRET, api, body
from .helpers.practice import Practice
from .helpers.raw_server import raw_server

ALIKE = {("refusal-status", "403"): "facts"}
"""A rule for all routes and one by route answer alike where a scope is missing."""
NOT_MET = {"api-agents-listed", "delivery-status", "neo-webhook", "scope-all"}
"""What the usual practice tenant cannot show: no API-only agent, no webhook of Neo Agent, no scope `all`."""


def asked_by_reading() -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, question in QUESTIONS.items()
        if name in OPTIONS and not question.never and name not in NOT_MET
        for value in OPTIONS[name].values
    ]


def surveyed(*settings: str) -> dict[str, Any]:
    options = Options(settings=list(settings), rate_limit="1000000/1")
    with start(options) as server:
        tenant = from_ready_entry(server.tenants[0], server.base_url)
        return survey(tenant)


def answers(found: dict[str, Any]) -> dict[str, str]:
    return {row["id"]: row["answer"] for row in found["questions"]}


@pytest.mark.parametrize(("name", "value"), asked_by_reading())
def test_each_setting_that_can_be_asked_is_given_back(name: str, value: str) -> None:
    found = surveyed(f"{name}={value}")
    assert mistakes_of(found) == []
    assert answers(found)[name] == ALIKE.get((name, value), value)


def test_the_other_answers_stay_the_usual_ones() -> None:
    found = answers(surveyed())
    usual = {name: OPTIONS[name].values[0] for name in found if name in OPTIONS}
    assert {name: value for name, value in found.items() if value not in {NOT_ASKED, usual.get(name)}} == {}


def test_what_only_a_connected_tenant_shows() -> None:
    with start(Options(scenarios=["connected"], settings=["delivery-status=http"])) as server:
        found = answers(survey(from_ready_entry(server.tenants[0], server.base_url)))
    assert (found["neo-webhook"], found["delivery-status"]) == ("there", "http")


def test_api_only_agents_in_the_list() -> None:
    """An API-only agent is there, and the list shows it or not."""
    for value in ("yes", "no"):
        with start(Options(scenarios=["agent-api-only"], settings=[f"api-agents-listed={value}"])) as server:
            found = answers(survey(from_ready_entry(server.tenants[0], server.base_url)))
        assert found["api-agents-listed"] in {value, NOT_ASKED}


def test_a_survey_reads_only_and_within_its_cap(practice: Practice) -> None:
    before = len(practice.requests("healthy"))
    found = survey(practice.tenant("healthy"))
    seen = practice.requests("healthy")[before:]
    assert len(seen) <= 70
    assert {entry["method"] for entry in seen if "/auth/token" not in entry["path"]} == {"GET"}
    assert answers(found)["token-format"] == "opaque"


def test_a_practice_tenant_made_like_it_answers_as_it_did(tmp_path: Path) -> None:
    """A handful of settings at random, by real processes: survey, practice --like, survey."""
    chance = random.Random(11)
    for _ in range(3):
        chosen = dict(chance.sample(asked_by_reading(), 6))
        first = surveyed(*(f"{name}={value}" for name, value in chosen.items()))
        write_survey(tmp_path / "s.json", first)
        found, _ = settings_of(read_survey(tmp_path / "s.json"))
        again = surveyed(*(f"{name}={value}" for name, value in found.items()))
        assert answers(again) == answers(first)


def test_no_name_host_id_or_text_gets_out(tmp_path: Path) -> None:
    """A server that plants them in every field and every key."""
    planted = ["Acme Dental", "dr.jones@acme.example", "9a8b7c6d-aaaa", "acme.halopsa.com", "10.1.2.3"]
    text = " ".join(planted)
    row = dict.fromkeys(FIELDS, text) | {text: text, "id": 27, "url": text}
    answer = body([row])
    routes = {
        "/api/authinfo": body({"tenant_id": "acme", text: text}),
        "/api/InstanceInfo": body({"app_version": text, "hosted_group": text}),
        "/auth/token": body({"access_token": "a-token-of-some-length", "scope": text, text: text}),
        "/api/": answer,
        "/": body({text: text}),
    }
    with raw_server(api(routes)) as url:
        found = survey(Tenant("acme", url, client_id=ID, client_secret=Secret(SECRET)))
    assert mistakes_of(found) == []
    held = json.dumps(found)
    assert not [word for word in [*planted, ID, "127.0.0.1"] if word in held]


def test_the_command_writes_it_and_practice_is_made_like_it(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy")
    out = tmp_path / "survey.json"
    done = halo("survey", "healthy", "--out", out, "--tenants-file", file, "--json")
    assert (done.returncode, document(done)) == (0, read_survey(out))
    assert "attach it to an issue" in done.stderr
    value = read_survey(out)
    row = next(row for row in value["questions"] if row["id"] == "token-format")
    row["answer"] = "jwt"
    write_survey(out, value)
    found, left = settings_of(value)
    assert found["token-format"] == "jwt"
    assert "rate-limit" in left
    realm = build_realm(Options(likes=[{"name": "acme", "settings": ["token-format=jwt"]}]))
    assert realm.listed == ["acme"]
    assert realm.worlds["acme"].settings.token_format == "jwt"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "x"}, "is no halo-runbook/survey/1"),
        ({"host": "acme"}, "which no survey has"),
        ({"asked": "2026-11-27"}, "“asked” has another form"),
        ({"hosting": "acme"}, "“hosting” is none of the list"),
        ({"lanes": ["acme"]}, "“lanes”"),
        ({"questions": {}}, "“questions” is no list"),
        ({"questions": [{"id": "acme"}]}, "is none of this version"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    value = {
        "schema": "halo-runbook/survey/1",
        "asked": "2026-11",
        "app_version": "2.236",
        "hosting": "halopsa",
        "lanes": ["application"],
        "questions": [],
    }
    assert mistakes_of(value) == []
    (tmp_path / "s.json").write_text(json.dumps(value | change))
    with pytest.raises(ConfigError, match=words):
        read_survey(tmp_path / "s.json")
    assert halo("practice", "--like", tmp_path / "s.json").returncode == 2


@pytest.mark.parametrize(
    "row",
    [
        {"asked": "Acme"},
        {"answer": "Acme"},
        {"answer": NOT_ASKED},
        {"why": "Acme"},
        {"evidence": {"status": [7]}},
        {"evidence": {"fields": ["acme"]}},
        {"evidence": {"body": "Acme"}},
        {"note": "Acme"},
    ],
)
def test_a_question_holds_nothing_but_what_is_listed(row: dict[str, Any]) -> None:
    good = {"id": "authinfo", "asked": QUESTIONS["authinfo"].asked, "answer": "two-fields", "evidence": {}}
    value = {"schema": "halo-runbook/survey/1", "asked": "2026-11", "app_version": "unknown"}
    value |= {"hosting": "custom", "lanes": [], "questions": [good]}
    assert mistakes_of(value) == []
    assert mistakes_of(value | {"questions": [good | row]})


def test_every_setting_is_a_question_and_has_its_reason() -> None:
    timing = {"token-lifetime", "latency-ms"}
    assert set(OPTIONS) - timing == set(QUESTIONS) & set(OPTIONS)
    assert all(question.never in {"", *WHY} for question in QUESTIONS.values())


def test_several_surveys_give_a_tenant_each() -> None:
    wanted = {"a": "more", "b": "missing"}
    likes = [{"name": name, "settings": [f"authinfo={value}"]} for name, value in wanted.items()]
    realm = build_realm(Options(likes=likes))
    assert {name: realm.worlds[name].settings.authinfo for name in realm.listed} == wanted
