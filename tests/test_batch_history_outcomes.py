"""What a run says of the runs before it."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from halo_helpers.batch.fleet import FleetOptions, run_fleet
from halo_helpers.batch.history.outcomes import Outcomes
from halo_helpers.batch.notify import Target, notify, target
from halo_helpers.errors import ConfigError
from halo_helpers.practice.control import ask
from halo_helpers.report import Run, headline
from halo_helpers.report.over_time.note import MOST, note_of
from halo_helpers.secrets.private_file import write_private
from halo_helpers.secrets.value import Secret
from halo_helpers.system.timestamps import utc_text

from .helpers.halopsa import ID, SECRET, api, body
from .helpers.practice import Practice
from .helpers.raw_server import http, raw_server


def test_the_control_is_asked_once_a_week(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy")
    first = run_fleet(file, tmp_path / "runs").results[0]
    second = run_fleet(file, tmp_path / "runs").results[0]
    assert (first["token.control"].verdict, second["token.control"].verdict) == ("pass", "skip")
    assert "once a week" in second["token.control"].seen
    assert second.verdict == "pass"


def test_a_damaged_history_is_set_aside_and_made_again_of_the_runs(
    practice: Practice, tmp_path: Path
) -> None:
    file, out = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret"), tmp_path / "runs"
    first = run_fleet(file, out)
    (out / "history.sqlite").write_bytes(b"x" * 4096)
    second = run_fleet(file, out)
    (warning,) = second.manifest.warnings
    assert "set aside as history.damaged-1.sqlite, and made again of 1 run" in warning
    assert (out / "history.damaged-1.sqlite").read_bytes() == b"x" * 4096
    assert second.manifest.since == first.manifest.since
    assert second.manifest.compared_with == first.id


def test_a_history_with_a_damaged_page_is_set_aside_too(practice: Practice, tmp_path: Path) -> None:
    file, out = practice.write(tmp_path / "t.yaml", "healthy"), tmp_path / "runs"
    first = run_fleet(file, out)
    history = out / "history.sqlite"
    whole = history.read_bytes()
    history.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    second = run_fleet(file, out)
    assert "set aside" in second.manifest.warnings[0]
    assert second.manifest.since == first.manifest.since


def test_a_history_that_cannot_be_opened_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite").mkdir()
    with pytest.raises(ConfigError, match=r"history\.sqlite"):
        Outcomes(tmp_path)


def test_a_history_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "history.sqlite")) as old, old:
        old.execute(
            "create table outcome (run text, tenant text, base_url text, started_at text, verdict text, "
            "broken text, control integer, practice integer, primary key (run, tenant)) without rowid"
        )
        row = "('r1', 'a', 'u', '2026-11-01T00:00:00Z', 'fail', 'c/k', 0, 0)"
        old.execute(f"insert into outcome values {row}")
    history = Outcomes(tmp_path)
    assert history.warnings == []
    assert history.broken_since(["a"], practice=False) == {"a": "2026-11-01T00:00:00Z"}
    assert [run["run"] for run in history.trend(practice=False)] == ["r1"]


def test_each_tenant_is_compared_with_its_own_last_result(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    run_fleet(file, tmp_path / "runs")
    run_fleet(file, tmp_path / "runs", FleetOptions(only=["healthy"]))
    changes = run_fleet(file, tmp_path / "runs").manifest.changes
    assert (changes["new"], [row["tenant"] for row in changes["still"]]) == ([], ["wrong-secret"])


def test_a_second_run_says_that_nothing_changed_and_the_next_what_did(
    practice: Practice, tmp_path: Path
) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    first = run_fleet(file, tmp_path / "runs")
    assert first.manifest.changes is None
    judged = {result.tenant: utc_text(result.started_at) for result in first.results}
    assert first.manifest.since == {"wrong-secret": judged["wrong-secret"]}
    second = run_fleet(file, tmp_path / "runs")
    assert headline(second.manifest).endswith("nothing changed.")
    assert second.manifest.since == first.manifest.since
    ask(practice.base_url, "tenants/healthy/scenario", "POST", name="app-inactive")
    try:
        practice.write(file, "healthy", "wrong-secret")
        third = run_fleet(file, tmp_path / "runs")
    finally:
        practice.reset("healthy")
    assert "new: healthy (invalid-client)" in headline(third.manifest)
    assert [entry["run"] for entry in third.manifest.trend] == [first.id, second.id, third.id]


def test_old_runs_are_pruned_and_the_history_knows_them(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy")
    out = tmp_path / "runs"
    (out / "not-a-run").mkdir(parents=True)
    runs = [run_fleet(file, out, FleetOptions(keep=2)) for _ in range(4)]
    assert {path.name for path in out.iterdir() if path.is_dir()} == {
        "not-a-run",
        *sorted(run.id for run in runs)[-2:],
    }
    assert len(Outcomes(out).trend(practice=True)) == 4


def test_the_newest_whole_run_stays_however_many_of_some_tenants_follow(
    practice: Practice, tmp_path: Path
) -> None:
    file, out = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret"), tmp_path / "runs"
    run_fleet(file, out)
    whole = run_fleet(file, out)
    some = [run_fleet(file, out, FleetOptions(only=["healthy"], keep=2)) for _ in range(3)]
    kept = {path.name for path in out.iterdir() if path.is_dir()}
    assert kept == {whole.id, *(run.id for run in some[-2:])}


def test_runs_of_some_tenants_stay_out_of_the_trend(practice: Practice, tmp_path: Path) -> None:
    file, out = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret"), tmp_path / "runs"
    whole = run_fleet(file, out)
    run_fleet(file, out, FleetOptions(only=["healthy"]))
    assert [run["run"] for run in Outcomes(out).trend(practice=True)] == [whole.id]


def test_since_when_is_right_though_few_runs_are_kept(practice: Practice, tmp_path: Path) -> None:
    file, out = practice.write(tmp_path / "t.yaml", "wrong-secret"), tmp_path / "runs"
    runs = [run_fleet(file, out, FleetOptions(keep=2)) for _ in range(5)]
    assert {run.manifest.since["wrong-secret"] for run in runs} == {runs[0].manifest.since["wrong-secret"]}


def test_a_note_is_written_when_something_changed(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    got: list[bytes] = []

    def script(connection: Any, head: bytes) -> None:
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        body = head.partition(b"\r\n\r\n")[2]
        while len(body) < length:
            body += connection.recv(65536)
        got.append(body)
        connection.sendall(http("200 OK"))

    run = run_fleet(file, tmp_path / "runs")
    assert notify(target(str(tmp_path / "note.txt")), run, say=print)
    assert (tmp_path / "note.txt").read_text().startswith("Practice tenants. 2 tenants: 1 broken, 1 OK.")
    with raw_server(script) as url:
        monkeypatch.setenv("NOTIFY_URL", f"{url}/hooks/T0KEN-T0KEN")
        to = target("webhook:env:NOTIFY_URL")
        assert "NOTIFY_URL" not in os.environ
        assert notify(to, run, say=print, report_url="https://reports.example/halo/")
    text = json.loads(got[0])["text"]
    assert text.startswith("Practice tenants. 2 tenants")
    assert "wrong-secret (scenario wrong-secret): invalid-client. Open the application" in text
    assert text.endswith(f"Report: https://reports.example/halo/{run.id}/report.html")
    said: list[str] = []
    assert not notify(to, run, say=said.append)
    assert "could not be sent" in said[0]
    assert "T0KEN" not in said[0]
    assert not notify(target(str(tmp_path / "none" / "note.txt")), run, say=said.append)
    assert "cannot be written" in said[1]
    assert not notify(Target(), run_fleet(file, tmp_path / "runs"), say=said.append)
    with pytest.raises(ConfigError, match="by reference"):
        target("https://hooks.example/T0KEN")
    with pytest.raises(ConfigError, match="NOT_THERE"):
        target("webhook:env:NOT_THERE")


def test_what_stays_broken_is_named_again_after_a_while(practice: Practice, tmp_path: Path) -> None:
    file, out, said = practice.write(tmp_path / "t.yaml", "wrong-secret"), tmp_path / "runs", list[str]()
    week, today = dt.timedelta(days=7), f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    assert notify(Target(), run_fleet(file, out), say=said.append, remind=week)
    assert not notify(Target(), run_fleet(file, out), say=said.append, remind=week)
    with contextlib.closing(sqlite3.connect(out / "history.sqlite")) as history, history:
        history.execute("update told set at = '2026-01-01T00:00:00Z'")
    again = run_fleet(file, out)
    assert not notify(Target(), again, say=said.append)
    assert notify(Target(), again, say=said.append, remind=week)
    assert (
        f"Still broken:\n• wrong-secret (scenario wrong-secret): invalid-client, since {today}." in said[-1]
    )
    assert not notify(Target(), run_fleet(file, out), say=said.append, remind=week)


def test_a_message_fits_the_chat_and_says_what_is_left_out(practice: Practice, tmp_path: Path) -> None:
    run = run_fleet(practice.write(tmp_path / "t.yaml", "wrong-secret"), tmp_path / "runs")
    (one,) = run.results
    many = Run(
        run.folder, run.manifest, [replace(one, tenant=f"t{n}", label="<!channel>") for n in range(300)]
    )
    message = note_of(many, report_url="https://r.example")
    assert message
    assert len(message.text) <= MOST
    assert "more, in the report." in message.text
    assert len(message.names) == 300


def test_an_empty_history_has_no_trend(tmp_path: Path) -> None:
    assert Outcomes(tmp_path).before("x", practice=True) == (set(), {})
    assert Outcomes(tmp_path).trend(practice=True) == []


def test_one_that_calls_itself_practice_moves_no_run(tmp_path: Path) -> None:
    """Two customers behind tunnels of this machine, one of which claims to be a practice tenant."""
    answers = {
        "/api/authinfo": body({"tenant_id": "acme"}),
        "/api/InstanceInfo": body({"app_version": "2.1", "app_name": "Halo PSA", "practice": True}),
        "/auth/token": body({"error": "invalid_client"}, "401 No"),
    }
    true = {
        path: answer.replace(b'"practice": true', b'"practice":false') for path, answer in answers.items()
    }
    mark = (b"\r\n\r\n", b"\r\nX-Practice-Tenant: 1\r\n\r\n")
    liar = {path: answer.replace(*mark) for path, answer in answers.items()}
    with raw_server(api(true)) as one, raw_server(api(liar)) as other:
        rows = []
        for name, url in (("acme", one), ("birch", other)):
            write_private(tmp_path / f"{name}.secret", Secret(SECRET))
            rows += [
                f"- name: {name}\n  base_url: {url}\n  client_id: {ID}\n  client_secret: file:{name}.secret\n"
            ]
        file = tmp_path / "t.yaml"
        file.write_text("tenants:\n" + rows[0])
        first = run_fleet(file, tmp_path / "runs")
        file.write_text("tenants:\n" + "".join(rows))
        second = run_fleet(file, tmp_path / "runs")
    assert [result.practice for result in second.results] == [False, True]
    assert second.manifest.compared_with == first.id
    assert [run["run"] for run in second.manifest.trend] == [first.id, second.id]
