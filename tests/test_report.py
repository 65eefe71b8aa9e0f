"""Reports: foreign text stays text everywhere, and the first screen says who is broken and why."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import expect

from halo_helpers.checks import CHECKS, DIAGNOSES
from halo_helpers.client.models import Agent
from halo_helpers.errors import ConfigError
from halo_helpers.report import (
    Run,
    agents_table,
    compare,
    exit_code,
    find_run,
    fleet_table,
    load_run,
    to_csv,
    to_html,
    to_junit,
    totals,
    verification_text,
)
from halo_helpers.report.evidence import MIME, Evidence, read_evidence
from halo_helpers.report.manifest import RUN_SCHEMA, Manifest
from halo_helpers.verification.result import CheckResult, Verification

from .helpers.browser import chromium, needs_browser, new_page

EVIL = "<script>alert(1)</script>[red]=HYPERLINK(\x07"


def result(
    name: str = "acme", code: str | None = None, seen: str = "seen", label: str | None = None
) -> Verification:
    findings = (DIAGNOSES[code](seen),) if code else ()
    rows = [CheckResult(c.id, c.title, "pass", "fine", c.step) for c in CHECKS.values()]
    if findings:
        rows[4] = CheckResult(
            "token.grant", "A token is given", findings[0].verdict, seen, None, findings=findings
        )
    return Verification(
        tenant=name,
        base_url="https://acme.halopsa.com",
        checks=tuple(rows),
        started_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        label=label,
        agent=Agent(27, EVIL),
    )


RESULTS = [
    result(),
    result("birch", "invalid-client", EVIL, EVIL),
    result("copper", "dns-failed"),
    result("dune", "slow"),
]


def test_totals_and_exit_codes() -> None:
    assert totals(RESULTS) == {"tenants": 4, "pass": 1, "warn": 1, "fail": 1, "error": 1}
    assert [exit_code(rows) for rows in (RESULTS, RESULTS[:1], [RESULTS[2]], [RESULTS[3]])] == [1, 0, 3, 0]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.outside += [
            value for name, value in attrs if name in {"src", "href"} and value and "//" in value
        ]


def manifest_of(**given: object) -> Manifest:
    return Manifest.from_json({"schema": RUN_SCHEMA} | given)


def test_html_is_one_file_and_foreign_text_stays_text() -> None:
    manifest = manifest_of(tenants=[{"name": "acme"}, {"name": "left-over"}], warnings=[EVIL])
    page = to_html(RESULTS, manifest)
    tags = Tags()
    tags.feed(page)
    assert (tags.scripts, tags.outside) == (2, [])
    assert "1 of 4 connections broken" in page
    assert DIAGNOSES["invalid-client"].remedy in page
    assert "left-over" in page


def test_html_says_how_the_guide_is_opened_at_the_step_that_mends_it() -> None:
    manifest = manifest_of(tenants=[{"name": "birch"}])
    step = DIAGNOSES["invalid-client"].step
    assert f"<code>halo-runbook lab --tenant birch --step {step}</code>" in to_html(RESULTS, manifest)
    both = [*RESULTS, result("elm", "invalid-client", EVIL)]
    assert f"<code>halo-runbook lab --tenant NAME --step {step}</code>" in to_html(both, manifest)
    assert "halo-runbook lab --tenant" not in to_html([replace(one, practice=True) for one in both], manifest)


def test_csv_is_formula_safe() -> None:
    rows = list(
        csv.reader(
            io.StringIO(to_csv([result("a", "invalid-client", "=1+1", "@SUM(A1)"), result("b", label=" -2")]))
        )
    )
    assert rows[1][1] == "'@SUM(A1)"
    assert rows[1][6] == "'=1+1"
    assert rows[2][1] == "' -2"


def test_junit_counts() -> None:
    suites = ET.fromstring(to_junit(RESULTS))
    assert [(s.get("name"), s.get("failures"), s.get("errors")) for s in suites] == [
        ("acme", "0", "0"),
        ("birch", "1", "0"),
        ("copper", "0", "1"),
        ("dune", "0", "0"),
    ]


def test_text_shows_markup_as_text() -> None:
    assert EVIL[:20] in fleet_table(RESULTS, width=200)
    assert "[red]" in verification_text(RESULTS[1], width=300)
    assert "this one" in agents_table([Agent(27, "Neo")], Agent(27, "Neo"))
    table = fleet_table(RESULTS)
    assert table.index("birch") < table.index("copper") < table.index("dune") < table.index("acme")


def test_evidence_goes_through_a_notebook(tmp_path: Path) -> None:
    bundle = Evidence(RESULTS[1])._repr_mimebundle_()
    assert "<script" not in bundle["text/html"]
    notebook = tmp_path / "n.ipynb"
    notebook.write_text(json.dumps({"cells": [{"outputs": [{"data": bundle}]}]}))
    assert read_evidence(notebook) == RESULTS[1].as_json()
    assert MIME in bundle
    assert read_evidence(tmp_path / "none") is None


def write_run(folder: Path, name: str, *results: Verification) -> Path:
    run = folder / name
    run.mkdir()
    manifest = {"schema": "halo-runbook/run/1", "id": name, "tenants": [{"name": r.tenant} for r in results]}
    (run / "run.json").write_text(json.dumps(manifest))
    for one in results:
        (run / f"{one.tenant}.json").write_text(json.dumps(one.as_json()))
    return run


def test_runs_are_found_by_path_name_and_latest(tmp_path: Path) -> None:
    run = write_run(tmp_path, "one", *RESULTS)
    (tmp_path / "latest").write_text("one\n")
    assert (
        find_run(str(run))
        == find_run("one", tmp_path)
        == find_run("latest", tmp_path)
        == find_run(str(tmp_path))
        == run
    )
    kept = [Verification.from_json(r.as_json()).as_json() for r in RESULTS]
    assert [r.as_json() for r in load_run(run).results] == kept
    with pytest.raises(ConfigError, match="no run is found"):
        find_run("two", tmp_path)


def test_damaged_runs_are_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path, "one", result())
    (run / "acme.json").write_text("{")
    with pytest.raises(ConfigError, match=r"acme\.json"):
        load_run(run)
    (run / "run.json").write_text("{}")
    with pytest.raises(ConfigError, match="is no run"):
        load_run(run)


def test_what_changed(tmp_path: Path) -> None:
    def run(*results: Verification) -> Run:
        return Run(tmp_path, {}, list(results))

    found = compare(
        run(
            result("a", "invalid-client"),
            result("b", "invalid-client"),
            result("c", "slow"),
            result("d", "dns-failed"),
        ),
        run(result("a"), result("b", "invalid-client"), result("c", "dns-failed")),
    )
    assert {kind: [row["tenant"] for row in found[kind]] for kind in ("new", "fixed", "still", "gone")} == {
        "new": ["c"],
        "fixed": ["a"],
        "still": ["b"],
        "gone": ["d"],
    }


@needs_browser
def test_the_page_in_a_browser_finds_filters_and_runs_nothing_foreign(tmp_path: Path) -> None:
    """Names such as a script stay text in causes and map; a name opens its checks; filters narrow the map."""
    evil = "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"
    results = [
        result("acme", "invalid-client", f"seen {evil}", evil),
        result("birch", "dns-failed", label="=HYPERLINK(1)"),
        *(result(f"t{n:04}") for n in range(300)),
    ]
    manifest = {
        "tenants": [{"name": r.tenant} for r in results],
        "started_at": "2026-01-01T00:00:00Z",
        "id": "one",
        "version": "1",
        "duration_s": 1.0,
        "since": {"acme": "2026-01-01T00:00:00Z"},
        "changes": {"new": [{"tenant": "acme", "check": "c", "code": "k"}], "fixed": [], "still": []},
        "compared_with": evil,
        "paused": [{"name": "p", "until": "2027", "reason": evil}],
        "warnings": [evil],
    }
    file = tmp_path / "report.html"
    file.write_text(to_html(results, manifest_of(**manifest), evidence=True), encoding="utf-8")
    with chromium() as browser, new_page(browser) as page:
        page.goto(file.as_uri())
        assert page.title() == "HaloPSA connections: 1 broken of 302"
        expect(page.get_by_role("heading", level=1)).to_have_text("1 of 302 connections broken")
        expect(page.get_by_text("seen <script>").first).to_be_visible()
        assert page.get_by_role("heading", level=1).bounding_box()["y"] < 200  # type: ignore[index]
        rows = page.locator("#rows > tr:not(.detail)")
        expect(rows).to_have_count(100)
        page.get_by_role("button", name="Show more").click()
        expect(rows).to_have_count(302)
        page.get_by_label("Code").select_option("dns-failed")
        expect(rows).to_have_count(1)
        page.get_by_role("button", name="=HYPERLINK(1)").click()
        expect(page.locator(".detail")).to_contain_text(
            "no address is known" if "no address" in page.content() else "seen"
        )
        page.get_by_role("link", name="acme").first.click()
        expect(page.locator(".detail")).to_contain_text("seen <script>")
        for row in results[0].checks:
            expect(page.locator(".detail")).to_contain_text(row.headline)
        expect(page.locator(".detail")).not_to_contain_text("Webhooks may be managed")
        assert page.locator("img").count() == 0
        assert page.title().startswith("HaloPSA connections")


@needs_browser
def test_the_page_of_very_many_tenants_stays_small_and_leads_to_each(tmp_path: Path) -> None:
    fine = [replace(result(f"fine-{n}"), base_url=f"https://fine-{n}.halopsa.com") for n in range(18_800)]
    bad = [result(f"bad-{n}", "invalid-client", f"401 from bad-{n}") for n in range(1200)]
    html = to_html([*fine, *bad])
    assert len(html) < 6_000_000
    assert html.count("401 from bad-") == 100 + 1200  # in words for the first ones, in the data for all
    file = tmp_path / "report.html"
    file.write_text(html, encoding="utf-8")
    with chromium() as browser, new_page(browser) as page:
        page.goto(file.as_uri())
        expect(page.get_by_role("heading", level=1)).to_have_text("1,200 of 20,000 connections broken")
        page.get_by_role("link", name="All with this code in the table").click()
        expect(page.locator("#count")).to_have_text("1,200 of 20,000 tenants, 100 shown")
        page.get_by_label("Search").fill("bad-1199")
        expect(page.locator("#count")).to_have_text("1 of 20,000 tenants")
        page.get_by_role("button", name="bad-1199").click()
        expect(page.locator(".detail")).to_contain_text("401 from bad-1199")
