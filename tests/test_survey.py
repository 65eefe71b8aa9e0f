"""What an instance does, found out by reading: the practice tenant's survey gives its own settings back."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from halo_helpers import Tenant
from halo_helpers.admin.access import SCOPES
from halo_helpers.errors import AuthError, ConfigError
from halo_helpers.practice.control import start
from halo_helpers.practice.serve import Options, build_realm
from halo_helpers.practice.settings import OPTIONS
from halo_helpers.secrets.value import Secret
from halo_helpers.survey.document import mistakes_of, read_survey, settings_of, write_survey
from halo_helpers.survey.questions import FIELDS, NOT_ASKED, QUESTIONS, WHY
from halo_helpers.survey.run_survey import survey
from halo_helpers.tenants.practice import from_ready_entry

from .helpers.administrator import Instance, application
from .helpers.command import document, halo
from .helpers.halopsa import ID, SECRET, api, body
from .helpers.practice import Practice
from .helpers.raw_server import http, raw_server

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
    """An API-only agent is there, and the list shows it or not, with its field that says so."""
    for value in ("yes", "no"):
        settings = [f"api-agents-listed={value}", "agent-list-fields=full"]
        with start(Options(scenarios=["agent-api-only"], settings=settings)) as server:
            found = answers(survey(from_ready_entry(server.tenants[0], server.base_url)))
        assert found["api-agents-listed"] == value


def test_what_a_role_refuses_is_no_rule_about_scopes() -> None:
    with start(Options(scenarios=["tickets-refused"], settings=["scopes-enforced=no"])) as server:
        found = answers(survey(from_ready_entry(server.tenants[0], server.base_url)))
    assert (found["scopes-enforced"], found["refusal-status"]) == (NOT_ASKED, NOT_ASKED)


def test_an_application_that_holds_admin_tells_nothing_of_wider_scopes() -> None:
    with start(Options(scenarios=["scopes-too-wide"])) as server:
        found = answers(survey(from_ready_entry(server.tenants[0], server.base_url)))
    assert found["wider-scope"] == NOT_ASKED


def test_without_a_token_there_is_no_survey(practice: Practice, tmp_path: Path) -> None:
    with pytest.raises(AuthError):
        survey(practice.tenant("wrong-secret"))
    file = practice.write(tmp_path / "t.yaml", "wrong-secret")
    done = halo("survey", "wrong-secret", "--out", tmp_path / "s.json", "--tenants-file", file)
    assert (done.returncode, "invalid-client" in done.stderr) == (1, True)
    assert not (tmp_path / "s.json").exists()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_ill_answers_nothing(status: int) -> None:
    """Everything but the token fails: no rule is read out of that."""
    token = body({"access_token": "a-token-of-some-length", "expires_in": 60})
    routes = {"/auth/token": token, "/": http(status, b"{}")}
    with raw_server(api(routes)) as url:
        found = answers(survey(Tenant("acme", url, client_id=ID, client_secret=Secret(SECRET))))
    by_token = {"token-errors", "unknown-tenant", "token-format"}  # the endpoint itself answers
    told = {name: value for name, value in found.items() if value not in {"other", NOT_ASKED}}
    assert told.keys() <= by_token


def test_a_survey_reads_only_and_within_its_cap(practice: Practice) -> None:
    before = len(practice.requests("healthy"))
    found = survey(practice.tenant("healthy"))
    seen = practice.requests("healthy")[before:]
    assert len(seen) <= 70
    assert not {"budget"} & {row.get("why") for row in found["questions"]}
    assert {entry["method"] for entry in seen if "/auth/token" not in entry["path"]} == {"GET"}
    assert answers(found)["token-format"] == "opaque"


def test_a_practice_tenant_made_like_it_answers_as_it_did(tmp_path: Path) -> None:
    """A handful of settings at random: survey, its settings, survey."""
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


def test_the_command_writes_it_and_settings_are_read_of_it(practice: Practice, tmp_path: Path) -> None:
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
        ({"questions": [{"id": "Acme Dental"}]}, "is none of this version"),
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


def document_mistakes(row: dict[str, Any]) -> list[str]:
    value = {"schema": "halo-runbook/survey/1", "asked": "2026-11", "app_version": "unknown"}
    return mistakes_of(value | {"hosting": "custom", "lanes": [], "questions": [row]})


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
    assert document_mistakes(good) == []
    assert document_mistakes(good | row)


def test_every_setting_is_a_question_and_has_its_reason() -> None:
    timing = {"token-lifetime", "latency-ms"}
    assert set(OPTIONS) - timing == set(QUESTIONS) & set(OPTIONS)
    assert all(question.never in {"", *WHY} for question in QUESTIONS.values())


def test_a_question_of_another_version_keeps_its_default_and_is_listed(tmp_path: Path) -> None:
    value = surveyed("authinfo=more")
    for row in value["questions"]:
        row["asked"] = "in the words of another version"
    value["questions"].append({"id": "of-tomorrow", "asked": "?", "answer": "so"})
    (tmp_path / "s.json").write_text(json.dumps(value))
    found, left = settings_of(read_survey(tmp_path / "s.json"))
    assert found["authinfo"] == "more"
    assert "of-tomorrow" in left


@pytest.mark.parametrize(("name", "answer"), [("page-max", "0"), ("rate-limit", "700")])
def test_a_number_that_no_practice_tenant_takes_is_refused(name: str, answer: str) -> None:
    row = {"id": name, "asked": QUESTIONS[name].asked, "answer": answer, "evidence": {}}
    assert document_mistakes(row)


def test_practice_is_made_like_files(tmp_path: Path) -> None:
    """By real processes: a file a tenant, and the ready line tells what is left."""
    for name, form in (("north", "jwt"), ("south", "opaque")):
        write_survey(tmp_path / f"{name}.json", surveyed(f"token-format={form}"))
    command = [sys.executable, "-m", "halo_helpers", "practice", "--port", "0"]
    likes = [word for name in ("north", "south") for word in ("--like", str(tmp_path / f"{name}.json"))]
    with subprocess.Popen([*command, *likes], stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            ready = json.loads(running.stdout.readline())
            assert [one["name"] for one in ready["tenants"]] == ["north", "south"]
            for entry in ready["tenants"]:
                found = answers(survey(from_ready_entry(entry, ready["base_url"])))
                assert found["token-format"] == {"north": "jwt", "south": "opaque"}[entry["name"]]
        finally:
            running.terminate()
    other = tmp_path / "other" / "north.json"
    other.parent.mkdir()
    other.write_bytes((tmp_path / "north.json").read_bytes())
    done = halo("practice", "--like", tmp_path / "north.json", "--like", other)
    assert (done.returncode, "of the same name" in done.stderr) == (2, True)


def test_several_surveys_give_a_tenant_each() -> None:
    wanted = {"a": "more", "b": "missing"}
    likes = [{"name": name, "settings": [f"authinfo={value}"]} for name, value in wanted.items()]
    realm = build_realm(Options(likes=likes))
    assert {name: realm.worlds[name].settings.authinfo for name in realm.listed} == wanted


WITH_ADMINISTRATOR = [
    (name, value)
    for name in ("admin-covers", "application-scopes", "application-secret", "application-codes", "audit")
    for value in OPTIONS[name].values
]


def with_administrator(*settings: str) -> dict[str, Any]:
    options = Options(settings=list(settings), rate_limit="1000000/1")
    with start(options) as server:
        entry = server.tenants[0]
        client_id, secret = application(server, entry["name"], "Admin tool", "2", *SCOPES, "all")
        one = Instance.of(server, entry)
        one.write("Agent", {"email": "audited@x.example"})
        one.make("Agent", {"id": 2, "email": "me@x.example"})
        return survey(from_ready_entry(entry, server.base_url), {}, (client_id, Secret(secret)))


@pytest.mark.parametrize(("name", "value"), WITH_ADMINISTRATOR)
def test_an_administrators_application_answers_more(name: str, value: str) -> None:
    found = with_administrator(f"{name}={value}")
    assert mistakes_of(found) == []
    assert found["lanes"] == ["application", "admin"]
    assert answers(found)[name] == value


@pytest.mark.parametrize(
    ("value", "answer"), [("agent", "agent"), ("all", "all"), ("both", NOT_ASKED), ("scope", NOT_ASKED)]
)
def test_what_reading_cannot_tell_apart_is_left_open(value: str, answer: str) -> None:
    """Whether the scope alone is enough shows only with an agent who is no administrator."""
    found = with_administrator(f"admin-level={value}")
    assert answers(found)["admin-level"] == answer


def test_without_a_right_the_questions_stay_open(practice: Practice) -> None:
    wrong = survey(practice.tenant(), {}, (ID, Secret(SECRET)))
    assert {answers(wrong)[name] for name, _ in WITH_ADMINISTRATOR} == {NOT_ASKED}
    assert mistakes_of(wrong) == []


def test_the_command_takes_an_administrators_application(practice: Practice, tmp_path: Path) -> None:
    file, out = practice.write(tmp_path / "t.yaml", "healthy"), tmp_path / "survey.json"
    client_id, secret = application(practice.server, "healthy", "Admin tool", "2", *SCOPES)
    words = ["survey", "healthy", "--tenants-file", file, "--out", out, "--admin-client-id", client_id]
    done = halo(*words, stdin=secret)
    assert done.returncode == 0, done.stderr
    assert secret not in out.read_text() + done.stdout + done.stderr
    assert answers(json.loads(out.read_text()))["application-scopes"] == "object"
