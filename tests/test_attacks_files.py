"""Result files and manifests that somebody forged: they lead nowhere and steer nothing."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from pathlib import Path
from typing import Any

import keyring
import keyring.core
import pytest

from halo_helpers import verify
from halo_helpers.client import answers
from halo_helpers.errors import ConfigError, SecretError
from halo_helpers.report import find_run, load_run, to_html, verification_text
from halo_helpers.report.evidence import evidence_html
from halo_helpers.report.over_time.status import status_of
from halo_helpers.secrets.references import resolve
from halo_helpers.tenants.tenants_file import load_tenants
from halo_helpers.verification.result import Verification

from .helpers.halopsa import EVIL, HEALTHY, ID, PLAIN, QUICK, api, tenant
from .helpers.raw_server import raw_server

DATA = Path(__file__).parent / "data"


def forged(**changes: Any) -> dict[str, Any]:
    with raw_server(api(HEALTHY)) as url:
        value = verify(tenant(url), limits=QUICK).as_json()
    return value | changes


def test_a_forged_result_steers_nothing(tmp_path: Path) -> None:
    """A run's files may come from anybody: texts are made plain, and types that cannot be are refused."""
    value = forged(tenant=EVIL, label=EVIL, owner=EVIL, base_url=EVIL)
    value["checks"][0] |= {"seen": EVIL, "title": EVIL, "verdict": "fail"}
    value["checks"][0]["findings"] = [
        {
            "code": "x" + EVIL,
            "verdict": "fail",
            "seen": EVIL,
            "cause": EVIL,
            "remedy": EVIL,
            "step": None,
            "fixer": "us",
        }
    ]
    result = Verification.from_json(value)
    text = verification_text(result) + evidence_html(result)
    assert PLAIN in text
    assert all(letter.isprintable() or letter == "\n" for letter in text)


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": 5},
        {"tenant": None},
        {"checks": None},
        {"checks": [1]},
        {"agent": 7},
        {"started_at": "x"},
        {"checks": [{"id": "a"}]},
        {"base_url": {}},
        {"label": []},
        {"schema": "other/1"},
    ],
)
def test_a_damaged_result_is_refused_in_words(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="halo-runbook/verification/1"):
        Verification.from_json(forged() | changes)


def test_a_run_that_points_elsewhere_reads_nothing_there(tmp_path: Path) -> None:
    """A name in run.json that is a path, and a `latest` that leads out of the folder."""
    (tmp_path / "stolen.json").write_text(json.dumps(forged(tenant="stolen")))
    run = tmp_path / "runs" / "20260101T000000Z-abcd"
    shutil.copytree(DATA / "run-of-the-version-before", run)
    value = json.loads((run / "run.json").read_text())
    value["tenants"][0]["name"] = "../../stolen"
    (run / "run.json").write_text(json.dumps(value))
    with pytest.raises(ConfigError, match="is no run"):
        load_run(run)
    (tmp_path / "runs" / "latest").write_text("../../elsewhere")
    shutil.copytree(DATA / "run-of-the-version-before", tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="no run is found"):
        find_run("latest", tmp_path / "runs")


def test_a_forged_manifest_steers_nothing(tmp_path: Path) -> None:
    run = tmp_path / "20260101T000000Z-abcd"
    shutil.copytree(DATA / "run-of-the-version-before", run)
    value = json.loads((run / "run.json").read_text())
    entry = {"tenant": EVIL, "check": EVIL, "code": EVIL}
    value |= {"warnings": [EVIL], "version": EVIL, "id": EVIL, "compared_with": EVIL, "verdict": EVIL}
    value |= {"changes": {"new": [entry], "fixed": [], "still": []}, "since": {"acme": EVIL}}
    value["tenants"][0] |= {"label": EVIL, "owner": EVIL}
    (run / "run.json").write_text(json.dumps(value))
    manifest = load_run(run).manifest
    assert manifest.warnings == (PLAIN,)
    assert (manifest.tenants[0].label, manifest.tenants[0].owner) == (PLAIN, PLAIN)
    shown = to_html(load_run(run).results, manifest) + json.dumps(manifest.as_json(), ensure_ascii=False)
    assert all(letter.isprintable() or letter == "\n" for letter in shown)


@pytest.mark.parametrize(
    "changes",
    [
        {"changes": {"new": [1], "fixed": [], "still": []}},
        {"trend": [{"started_at": "x"}]},
        {"trend": [5]},
        {"since": ["x"]},
        {"totals": {"tenants": "many"}},
        {"finished_at": 5},
        {"started_at": "2026-01-01T00:00:00"},
    ],
    ids=str,
)
def test_a_manifest_of_other_types_is_refused_in_words(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = tmp_path / "20260101T000000Z-abcd"
    shutil.copytree(DATA / "run-of-the-version-before", run)
    value = json.loads((run / "run.json").read_text()) | changes
    (run / "run.json").write_text(json.dumps(value))
    with pytest.raises(ConfigError, match="is no run"):
        load_run(run)


def test_what_a_tenants_file_shows_is_plain(tmp_path: Path) -> None:
    """Names for people may come from anybody's list: no mark of direction, nothing unseen."""
    file = tmp_path / "t.yaml"
    row = {
        "name": "acme",
        "base_url": "https://acme.halopsa.com",
        "client_id": ID,
        "client_secret": "env:HALO_X",
    }
    shown = "Acme\u202e De\u200bntal\u2028 Ltd\ufeff"
    row |= {"label": shown, "owner": shown, "paused_reason": shown, "paused_until": "2030-01-01"}
    file.write_text(json.dumps({"tenants": [row]}))
    (found,) = load_tenants(file)
    assert {found.label, found.owner, found.paused_reason} == {"Acme Dental Ltd"}


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def test_a_pipe_is_no_file_to_wait_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tenants file, a tenant's authority and a run's manifest: each is refused at once."""
    with pytest.raises(ConfigError, match="is no regular file"):
        load_tenants(pipe(tmp_path / "tenants.yaml"))
    result = verify(
        tenant("https://acme.halopsa.com", ca_file=str(pipe(tmp_path / "ca.pem"))), only=["address.reach"]
    )
    assert result.codes == ["tls-failed"]
    run = tmp_path / "runs" / "20260101T000000Z-abcd"
    run.mkdir(parents=True)
    pipe(run / "run.json")
    assert status_of(tmp_path / "runs", dt.timedelta(hours=1))["run"] is None
    shutil.rmtree(run)
    shutil.copytree(DATA / "run-of-the-version-before", run)
    name = load_run(run).results[0].tenant
    (run / f"{name}.json").unlink()
    pipe(run / f"{name}.json")
    assert name not in {one.tenant for one in load_run(run).results}


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "great"},
        {"step": "nowhere"},
        {"duration_s": "long"},
        {"findings": []},
        {"requires": [5]},
        {"findings": [{"code": "x", "verdict": "fail", "seen": "", "cause": "", "remedy": "", "step": None}]},
    ],
    ids=str,
)
def test_a_check_of_other_words_is_refused(change: dict[str, Any]) -> None:
    value = forged()
    value["checks"][0] |= {"verdict": "fail"} | change
    with pytest.raises(ValueError, match="a damaged"):
        Verification.from_json(value)


@pytest.mark.parametrize("change", [{"fixer": "nobody"}, {"folds_into": 5}, {"step": "nowhere"}], ids=str)
def test_a_finding_of_other_words_is_refused(change: dict[str, Any]) -> None:
    value = forged()
    finding = {"code": "x", "verdict": "fail", "headline": "h", "seen": "", "cause": "", "remedy": ""}
    finding |= {"step": None, "fixer": "us", "folds_into": None}
    value["checks"][0] |= {"verdict": "fail", "findings": [finding]}
    assert "x" in Verification.from_json(value).codes
    value["checks"][0]["findings"] = [finding | change]
    with pytest.raises(ValueError, match="a damaged"):
        Verification.from_json(value)


def test_a_keyring_that_the_environment_names_and_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    before = keyring.get_keyring()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "no.such.Backend")
    keyring.core._keyring_backend = None
    try:
        with pytest.raises(SecretError, match="keyring cannot be used: ModuleNotFoundError"):
            resolve("keyring:", "acme")
    finally:
        keyring.set_keyring(before)


def test_a_long_text_is_cut_before_it_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    monkeypatch.setattr(answers, "redact", lambda text: lengths.append(len(text)) or text)
    assert len(answers.clean("long " * 3_000_000)) <= 160
    assert max(lengths) <= 4096


@pytest.mark.parametrize(
    "content", ["[" * 200_000, "\x00", '{"schema": "halo-runbook/run/1", "started_at": 5}']
)
def test_files_of_a_run_that_are_none_are_sentences(tmp_path: Path, content: str) -> None:
    run = tmp_path / "20260101T000000Z-abcd"
    shutil.copytree(DATA / "run-of-the-version-before", run)
    name = load_run(run).results[0].tenant
    (run / f"{name}.json").write_text(content)
    with pytest.raises(ConfigError):
        load_run(run)
    (run / "run.json").write_text(content)
    with pytest.raises(ConfigError):
        load_run(run)


def test_a_path_in_a_reference_steers_no_terminal(tmp_path: Path) -> None:
    for odd in ("\x1b[2Jx", "a\nb", "evil\u202ename"):
        with pytest.raises(SecretError) as error:
            resolve(f"file:{odd}", "acme", tmp_path)
        assert str(error.value).isprintable()
