"""`run.json`: read, changed and written again; runs of the version before are read as they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from halo_helpers.batch.forget import forget
from halo_helpers.errors import ConfigError
from halo_helpers.report import compare, headline, load_run
from halo_helpers.report.manifest import RUN_SCHEMA, SUMMARY, Entry, Manifest, Pause
from halo_helpers.report.run import differences

BEFORE = Path(__file__).parent / "data" / "run-of-the-version-before"


def stored(folder: Path = BEFORE) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return value


def begun(**changes: Any) -> Manifest:
    value = {"schema": RUN_SCHEMA, "id": "one", "tenants": [{"name": "a"}, {"name": "b"}]}
    return Manifest.from_json(value | changes)


def test_a_run_of_the_version_before_is_read_compared_and_written_the_same() -> None:
    run = load_run(BEFORE)
    assert [result.tenant for result in run.results] == ["healthy", "wrong-secret"]
    assert headline(run.manifest).startswith("2 tenants: 1 broken, 1 OK.")
    assert [row["code"] for row in compare(run, run)["still"]] == ["invalid-client"]
    assert list(run.manifest.as_json().items()) == list(stored().items())


def test_a_run_of_the_version_before_is_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / stored()["id"]
    shutil.copytree(BEFORE, folder)
    forget("wrong-secret", tmp_path / "runs")
    assert sorted(path.name for path in folder.glob("*.json")) == ["healthy.json", "run.json"]
    assert "wrong-secret" not in json.dumps(stored(folder))


def test_what_a_run_lacks_stays_lacking_and_what_is_new_is_kept() -> None:
    manifest = begun(colour="red")
    assert manifest.as_json() == {
        "schema": RUN_SCHEMA,
        "id": "one",
        "tenants": [Entry(name).as_json() for name in "ab"],
        "colour": "red",
    }
    summed_up = manifest.summed_up(
        network=False, compared_with=None, changes=None, trend=[], since={}, drift=[], unaccepted=[]
    )
    assert set(summed_up.as_json()) == {*manifest.as_json(), *SUMMARY}


def test_a_resumed_run_leaves_out_who_is_paused_or_retired_and_not_judged() -> None:
    pause = Pause("b", "2030-01-01", "migration")
    resumed = begun(tenants=[{"name": name} for name in "abcd"]).resumed({"a"}, [pause], {"d"})
    assert resumed.names == ["a", "d"]
    assert resumed.paused == (pause,)
    assert [line.partition(":")[0] for line in resumed.warnings] == ["c"]


def test_without_a_tenant_nothing_names_it() -> None:
    row = {"tenant": "a", "check": "c", "code": "k"}
    manifest = begun(
        parameters={"only": ["a", "b"]},
        paused=[{"name": "a", "until": None, "reason": None}],
        warnings=["a is odd", "b is odd"],
        changes={"new": [row, row | {"tenant": "b"}], "fixed": [], "still": [], "gone": []},
        since={"a": "2026-01-01T00:00:00Z"},
    )
    left = manifest.without("a", lambda line: line.startswith("a "))
    assert '"a"' not in json.dumps(left.as_json())
    assert left.names == ["b"]
    assert left.parameters == {"only": ["b"]}
    assert left.changes is not None
    assert [entry["tenant"] for entry in left.changes["new"]] == ["b"]


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": "halo-runbook/run/9"},
        {"tenants": [{}]},
        {"tenants": [{"name": 1}]},
        {"tenants": None},
        None,
    ],
)
def test_a_damaged_manifest_is_a_clear_error(damage: dict[str, Any] | None, tmp_path: Path) -> None:
    text = "[]" if damage is None else json.dumps(stored() | damage)
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ConfigError, match="is no run"):
        load_run(tmp_path)


def test_what_could_not_be_asked_is_neither_fixed_nor_new() -> None:
    old = {("a", "webhooks.list", "scopes-missing"), ("b", "webhooks.list", "scopes-missing")}
    new = {("a", "token.grant", "invalid-client")}
    found = differences(old, new, {"a", "b"}, {("a", "token.grant"), ("b", "webhooks.list")})
    assert [(row["tenant"], row["check"]) for row in found["still"]] == [("a", "webhooks.list")]
    assert [row["tenant"] for row in found["fixed"]] == ["b"]
    assert [row["check"] for row in found["new"]] == ["token.grant"]
