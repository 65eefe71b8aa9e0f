"""What spans tell is what a row for each tenant and run would tell; and a year of nights stays small."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from halo_helpers.batch.history.outcomes import TREND, Outcomes
from halo_helpers.batch.history.spans import Nights, Span, placed
from halo_helpers.checks import DIAGNOSES
from halo_helpers.checks.findings import Verdict
from halo_helpers.report.over_time.index_page import LETTERS
from halo_helpers.system.timestamps import utc_text
from halo_helpers.verification.result import CheckResult, Verification

BEGAN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
CODES: dict[str, str] = {"pass": "", "warn": "", "fail": "scopes-missing", "error": "read-timeout"}


@dataclass(frozen=True)
class OneRun:
    """A run of a made-up folder: whom it judged how, of which file, and whether it covered that file."""

    number: int
    file: str
    whole: bool
    verdicts: Mapping[str, Verdict]

    @property
    def name(self) -> str:
        return f"r{self.number:03}"

    @property
    def at(self) -> dt.datetime:
        return BEGAN + dt.timedelta(days=self.number)

    def add_to(self, history: Outcomes) -> None:
        results = [result(name, verdict, self.at) for name, verdict in self.verdicts.items()]
        history.add(self.name, results, whole=self.whole, file=self.file)


def result(name: str, verdict: Verdict, at: dt.datetime) -> Verification:
    findings = (DIAGNOSES[CODES[verdict]]("-"),) if CODES[verdict] else ()
    check = CheckResult("token.grant", "", verdict, "-", None, findings=findings)
    return Verification(name, f"https://{name}.example", (check,), at)


RUNS = st.lists(
    st.tuples(
        st.sampled_from(["a.yaml", "b.yaml"]),
        st.booleans(),
        st.dictionaries(st.sampled_from("xyz"), st.sampled_from(list(LETTERS)), min_size=1),
    ),
    min_size=1,
    max_size=12,
).map(
    lambda rows: [
        OneRun(number, file, whole, verdicts) for number, (file, whole, verdicts) in enumerate(rows)
    ]
)


@given(RUNS, st.booleans())
def test_life_lines_since_and_before_are_those_of_single_results(runs: list[OneRun], again: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        history = Outcomes(Path(folder))
        for run in runs:
            run.add_to(history)
            if again:  # as when it is resumed
                run.add_to(history)
        nights = [run for run in runs if run.whole]
        lives = history.lives(practice=False)
        assert list(lives.runs) == [run.name for run in nights]
        names = {name for run in runs for name in run.verdicts}
        lines = {
            name: "".join(LETTERS.get(run.verdicts.get(name, ""), "-") for run in nights) for name in names
        }
        assert lives.lines == {name: line for name, line in lines.items() if line.strip("-")}
        assert history.broken_since(names, practice=False) == {
            name: since for name in names if (since := since_of(name, runs))
        }
        for run in runs:
            seen, judged = history.before(run.name, practice=False)
            earlier = {name: one for one in runs[: run.number] for name in one.verdicts}
            assert judged.keys() == earlier.keys()
            assert {tenant for tenant, _, _ in seen} == {
                name for name, one in earlier.items() if CODES[one.verdicts[name]]
            }
        for entry, run in zip(history.trend(practice=False), nights, strict=True):
            assert entry["started_at"] == utc_text(run.at)
            assert sum(entry[verdict] for verdict in LETTERS) == len(run.verdicts)


def since_of(name: str, runs: list[OneRun]) -> str | None:
    since = None
    for run in runs:
        verdict = run.verdicts.get(name)
        if verdict in {"pass", "warn"}:
            since = None
        elif verdict:
            since = since or utc_text(run.at)
    return since


@given(st.lists(st.sampled_from(list(LETTERS)), min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_nights_that_end_in_another_order_are_put_in_theirs(verdicts: list[str], chance: object) -> None:
    runs = [OneRun(number, "a.yaml", True, {"x": verdict}) for number, verdict in enumerate(verdicts)]
    mixed = runs.copy()
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        history = Outcomes(Path(folder))
        for run in mixed:
            run.add_to(history)
        assert history.lives(practice=False).lines == {"x": "".join(LETTERS[one] for one in verdicts)}


def test_a_night_that_ends_late_and_did_not_judge_a_tenant_leaves_a_gap(tmp_path: Path) -> None:
    history = Outcomes(tmp_path)
    for number in (0, 2):
        OneRun(number, "a.yaml", True, {"x": "fail", "y": "pass"}).add_to(history)
    OneRun(1, "a.yaml", True, {"y": "pass"}).add_to(history)
    assert history.lives(practice=False).lines == {"x": "f-f", "y": "ppp"}
    assert history.broken_since(["x"], practice=False) == {"x": utc_text(BEGAN)}


def test_a_result_of_the_same_run_replaces_the_one_before(tmp_path: Path) -> None:
    history = Outcomes(tmp_path)
    for verdict in ("fail", "fail", "pass"):
        OneRun(0, "a.yaml", True, {"x": "fail"}).add_to(history)
        OneRun(1, "a.yaml", True, {"x": verdict}).add_to(history)
    assert history.lives(practice=False).lines == {"x": "fp"}


def test_a_tenant_that_stays_as_it_is_takes_one_row(tmp_path: Path) -> None:
    history = Outcomes(tmp_path)
    for number in range(40):
        OneRun(number, "a.yaml", True, {"x": "pass", "y": "fail" if number == 20 else "pass"}).add_to(history)
        OneRun(100 + number, "a.yaml", False, {"y": "pass"}).add_to(history) if number == 39 else None
    with contextlib.closing(sqlite3.connect(tmp_path / "history.sqlite")) as file:
        counts = dict(file.execute("select tenant, count(*) from span group by tenant"))
    assert counts == {"x": 1, "y": 3}
    assert len(history.trend(practice=False)) == TREND


def test_spans_join_where_no_night_is_missing_only() -> None:
    night = Span("r1", "t1", "r1", "pass", "", "a")
    later = Span("r3", "t3", "r3", "pass", "", "a")
    assert placed([night], later, {"a": Nights({"r1": "t1", "r3": "t3"})}) == [
        Span("r1", "t1", "r3", "pass", "", "a")
    ]
    assert placed([night], later, {"a": Nights({"r1": "t1", "r2": "t2", "r3": "t3"})}) == [night, later]


def test_a_result_of_another_tenants_file_cuts_by_the_nights_of_each(tmp_path: Path) -> None:
    """A tenant of two files; a run of the second is noted after later ones of the first."""
    history = Outcomes(tmp_path)
    for number in (0, 1, 2, 4, 5, 6):
        OneRun(number, "a.yaml", True, {"x": "pass", "y": "pass"}).add_to(history)
    OneRun(3, "b.yaml", True, {"x": "pass"}).add_to(history)
    assert history.lives(practice=False).lines == {"x": "ppppppp", "y": "ppp-ppp"}


def test_a_run_of_an_older_history_that_is_resumed_keeps_the_nights_before(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "history.sqlite")) as old, old:
        old.execute(
            "create table outcome (run text, tenant text, base_url text, started_at text, verdict text, "
            "broken text, control integer, practice integer, whole integer, primary key (run, tenant)) "
            "without rowid"
        )
        old.executemany(
            "insert into outcome values (?, 'x', 'u', ?, 'pass', '', 0, 0, ?)",
            [(f"r{n:03}", utc_text(BEGAN + dt.timedelta(days=n)), int(n < 9)) for n in range(10)],
        )
    history = Outcomes(tmp_path)
    assert history.lives(practice=False).lines == {"x": "p" * 9}
    OneRun(9, "t.yaml", True, {"x": "pass"}).add_to(history)
    assert history.lives(practice=False).lines == {"x": "p" * 10}
    assert [entry["pass"] for entry in history.trend(practice=False)] == [1] * 10


def test_a_run_that_is_no_night_any_more_leaves_the_trend(tmp_path: Path) -> None:
    history = Outcomes(tmp_path)
    for whole in (True, False):
        OneRun(0, "a.yaml", whole, {"x": "pass"}).add_to(history)
    assert history.trend(practice=False) == []
