"""A Verification: its verdict, its JSON, and what happens when a check cannot be asked."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from halo_helpers import Tenant, verify
from halo_helpers.checks import CHECKS, Verdict
from halo_helpers.client.limits import Limits
from halo_helpers.errors import ConfigError, VerdictError
from halo_helpers.report.evidence import read_evidence, refuse_unknown
from halo_helpers.system.paths import notebooks_folder
from halo_helpers.tenants.base_url import Address
from halo_helpers.verification.result import CheckResult, Verification, failed_run

from .helpers.halopsa import TOKEN, api, tenant
from .helpers.practice import Practice
from .helpers.raw_server import http, raw_server

KEYS = {
    "schema",
    "tenant",
    "practice",
    "base_url",
    "verdict",
    "started_at",
    "duration_s",
    "instance",
    "agent",
    "scopes",
    "checks",
}
CHECK_KEYS = {
    "id",
    "title",
    "verdict",
    "code",
    "seen",
    "cause",
    "remedy",
    "step",
    "link",
    "fixer",
    "retryable",
    "requires",
    "duration_s",
    "findings",
}


def test_json_has_the_fields_of_the_design(practice: Practice) -> None:
    value = verify(practice.tenant("agent-mismatch")).as_json()
    assert set(value) >= KEYS
    assert all(set(check) == CHECK_KEYS for check in value["checks"])
    assert set(value["scopes"]) == {"wanted", "granted", "missing", "excess"}
    assert value["agent"]["id"] == 3
    assert value["started_at"].endswith("Z")
    assert Verification.from_json(json.loads(json.dumps(value))).as_json() == value


def test_no_secret_is_in_it(practice: Practice) -> None:
    for name in ("healthy", "wrong-secret"):
        tenant = practice.tenant(name)
        text = json.dumps(verify(tenant).as_json())
        assert practice.entries[name]["client_secret"] not in text


@pytest.mark.parametrize("value", [None, [], {}, {"schema": "x"}, {"schema": "halo-runbook/verification/1"}])
def test_what_is_no_verification_is_a_value_error(value: object) -> None:
    with pytest.raises(ValueError, match="halo-runbook/verification/1"):
        Verification.from_json(value)  # type: ignore[arg-type]


def test_agent_ids(practice: Practice) -> None:
    def codes(agent_id: int | str | None) -> list[str]:
        return verify(replace(practice.tenant(), agent_id=agent_id), only=["identity.agent"]).codes

    assert codes(27) == codes("Neo Agent") == codes("neo agent ") == codes(None) == []
    assert codes(3) == codes("Keiko Dahl") == ["agent-mismatch"]
    assert codes(999) == codes("Nobody") == ["agent-unknown"]


def test_wider_and_missing_scopes(practice: Practice) -> None:
    result = verify(replace(practice.tenant(), scopes=("all:standard", "all:teams", "access:chat")))
    assert result["token.scopes"].code == "scopes-missing"
    assert result.scopes["missing"] == ["access:chat"]


def test_forms_of_id_and_secret(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    entry, good = practice.entries["healthy"], practice.tenant()

    def form(client_id: str, secret: str) -> tuple[str, str | None]:
        monkeypatch.setenv("HALO_T", secret)
        result = verify(replace(good, client_id=client_id, client_secret="env:HALO_T"), only=["token.grant"])
        return result["token.form"].verdict, result["token.form"].code

    assert form(entry["client_id"], entry["client_secret"]) == ("pass", None)
    assert form(entry["client_id"], f" {entry['client_secret']}\u200b") == ("warn", "credentials-trimmed")
    assert form(entry["client_id"], entry["client_secret"][:40]) == ("warn", "client-secret-malformed")
    assert form("abc", entry["client_secret"]) == ("warn", "client-id-malformed")
    assert form(entry["client_secret"], entry["client_id"]) == ("fail", "credentials-swapped")
    assert form("", entry["client_secret"])[0] == "fail"


def test_a_secret_that_does_not_resolve_sends_nothing() -> None:
    seen: list[bytes] = []
    with raw_server(lambda _, head: seen.append(head)) as url:
        result = verify(Tenant(name="t", base_url=url, client_id="x", client_secret="env:NOT_THERE_AT_ALL"))
    assert (result.verdict, result.codes, seen) == ("error", ["secret-unavailable"], [])
    assert len(result.checks) == len(CHECKS)


def test_budget_used_up_is_an_error_and_not_a_skip(practice: Practice) -> None:
    result = verify(practice.tenant(), limits=Limits(requests=6))
    assert result["access.reports"].verdict == "error"
    assert {check.code for check in result.checks if check.verdict == "error"} == {"budget-exhausted"}
    assert not [check.id for check in result.checks if check.verdict == "skip"]


def test_a_server_that_takes_any_secret_is_found_out(practice: Practice) -> None:
    def script(connection: object, head: bytes) -> None:
        path = head.split(b" ")[1].split(b"?")[0]
        token = b'{"access_token":"whatever-it-is","token_type":"Bearer","expires_in":3600}'
        body = {
            b"/auth/token": token,
            b"/api/authinfo": b"{}",
            b"/api/InstanceInfo": b'{"app_version":"2.1"}',
            b"/api/Agent/me": b'{"id":27,"name":"Neo"}',
        }
        connection.sendall(http("200 OK", body.get(path, b"[]")))  # type: ignore[attr-defined]

    with raw_server(script) as url:
        result = verify(replace(practice.tenant(), base_url=url, halo_tenant=None))
    assert result["token.control"].code == "token-control-passed"
    assert not result.control_asked  # so that the next fleet run asks again
    assert "token-control-passed" not in verify(practice.tenant(), control=False).codes


def test_not_a_halopsa() -> None:
    with raw_server(lambda c, _: c.sendall(http("404 None"))) as url:
        result = verify(Tenant(name="t", base_url=url, client_id="x", client_secret="env:PATH"))
    assert result["address.instance"].code == "not-halopsa"
    assert result.verdict == "fail"


def test_results_are_told_as_they_come(practice: Practice) -> None:
    told: list[str] = []
    result = verify(practice.tenant(), on_result=lambda check: told.append(check.id))
    assert sorted(told) == sorted(check.id for check in result.checks)


def test_unknown_check() -> None:
    with pytest.raises(ConfigError, match="layers are"):
        verify("practice", only=["nonsense"])


def test_a_failed_run_is_one_error_and_the_rest_not_reached() -> None:
    result = failed_run("t", "run-timeout", "stopped after 3 s")
    assert (result.verdict, result.codes, len(result.checks)) == (
        "error",
        ["run-timeout"],
        len(CHECKS) + 1,
    )
    assert f"could not check: 1 could not check, {len(CHECKS)} not reached; run-timeout" in result.summary()


@pytest.mark.parametrize(
    ("came_out", "raises_on"),
    [("pass", ()), ("warn", ("warn",)), ("error", ("warn", "error")), ("fail", ("warn", "error", "fail"))],
)
def test_it_raises_from_a_verdict_on(came_out: Verdict, raises_on: tuple[str, ...]) -> None:
    failed = failed_run("t", "run-timeout", "x")
    result = replace(failed, checks=(replace(failed.checks[0], verdict=came_out),))
    assert result.verdict == came_out
    for verdict in ("", "warn", "error", "fail"):
        if verdict in raises_on:
            with pytest.raises(VerdictError, match="t: "):
                result.raise_on(verdict)
        else:
            result.raise_on(verdict)
    with pytest.raises(ConfigError, match="to fail on are"):
        result.raise_on("broken")


def test_papermill_fails_where_it_was_asked_to(practice: Practice, tmp_path: Path) -> None:
    """The notebook is whole all the same, and its last cell says why."""
    file = practice.write(tmp_path / "t.yaml", "wrong-secret")
    words = ["papermill", str(notebooks_folder() / "verify-tenant.ipynb"), str(tmp_path / "out.ipynb")]
    words += ["-p", "tenant", "wrong-secret", "-p", "tenants_file", str(file), "-p", "fail_on", "fail"]
    command = [sys.executable, "-m", *words, "--no-progress-bar"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "VerdictError" in done.stderr
    assert "wrong-secret: broken" in done.stderr
    assert read_evidence(tmp_path / "out.ipynb")["codes"] == ["invalid-client"]


def test_a_server_elsewhere_that_calls_itself_practice_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One liar must not move a run into the practice history: practice servers listen here only."""
    marked = http("200 OK", b'{"practice": true}', "X-Practice-Tenant: 1", "Content-Type: application/json")
    answers = {"/api": marked, "/auth/token": TOKEN}
    with raw_server(api(answers)) as url:
        assert verify(tenant(url), only=["address"]).practice
        monkeypatch.setattr("halo_helpers.tenants.base_url.is_loopback", lambda host: host == "never")
        monkeypatch.setattr(
            "halo_helpers.client.halo_client.parse_address",
            lambda _: Address(url, "127.0.0.1", is_loopback=False),
        )
        assert not verify(tenant(url), only=["address"]).practice


def test_a_check_that_did_not_run_is_a_key_error_that_names_those_alike(practice: Practice) -> None:
    result = verify(practice.tenant("healthy"), only="address")
    assert ("address.reach" in result, "token.grant" in result) == (True, False)
    assert list(result) == [check.id for check in result.checks]
    with pytest.raises(KeyError, match=r"did you mean .*address\.reach"):
        result["address.reached"]


def test_an_error_of_the_callers_own_ends_the_verification_once(
    practice: Practice, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(_: CheckResult) -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        verify(practice.tenant("healthy"), on_result=fail)
    gc.collect()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "wrong",
    [{"edition": "newest"}, {"control": "maybe"}, {"fail_on": "failed"}],
    ids=lambda one: next(iter(one)),
)
def test_a_parameter_of_the_notebook_is_refused_before_anything_is_asked(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"edition": "current", "control": True, "fail_on": "fail"}
    refuse_unknown(**given)
    with pytest.raises(ConfigError):
        refuse_unknown(**given | wrong)


@pytest.mark.parametrize(
    "wrong", [{"timeout": 5}, {"only": []}, {"only": "tokens"}], ids=["unknown", "nothing", "alike"]
)
def test_wrong_options_are_refused_in_words(practice: Practice, wrong: dict[str, object]) -> None:
    with pytest.raises((TypeError, ConfigError), match=r"known are|at least one|is called"):
        verify(practice.tenant("healthy"), **wrong)  # type: ignore[arg-type]


def test_a_tenant_is_given_by_its_name_or_as_a_tenant() -> None:
    with pytest.raises(ConfigError, match="not as int"):
        verify(5)  # type: ignore[arg-type]
