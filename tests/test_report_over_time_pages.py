"""All runs on one page, and a run for Prometheus."""

from __future__ import annotations

import random
from pathlib import Path

from playwright.sync_api import expect
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from halo_helpers.batch.fleet import FleetOptions, run_fleet
from halo_helpers.report.over_time.index_page import Line, Lives, to_index
from halo_helpers.report.over_time.openmetrics import to_openmetrics

from .helpers.browser import chromium, needs_browser, new_page
from .helpers.practice import Practice


def thirty_nights(tenants: int) -> tuple[list[Line], Lives]:
    """Give a folder of thirty nights, one of them dead and one interrupted."""
    chance = random.Random(3)
    runs = [f"202611{day:02}T051500Z-0000" for day in range(1, 31)]
    lines = {
        f"tenant-{n:04}": "".join(chance.choices("pwfe", (92, 4, 3, 1), k=len(runs))) for n in range(tenants)
    }
    letters = {"pass": "p", "warn": "w", "fail": "f", "error": "e"}
    listed = [
        Line(
            run,
            f"2026-11-{n + 1:02}T05:15:00Z",
            there=n > 10,
            finished=n != 20,
            new=chance.randrange(4),
            drift=chance.randrange(2),
            undone=2 if n == 22 else 0,
            counts={v: sum(line[n] == letter for line in lines.values()) for v, letter in letters.items()},
        )
        for n, run in enumerate(runs)
    ]
    return listed[::-1], Lives(runs, lines)


@needs_browser
def test_every_run_and_each_life_line_on_one_page(tmp_path: Path) -> None:
    lines, lives = thirty_nights(2000)
    (tmp_path / "index.html").write_text(to_index(lines, lives, Lives([], {})), encoding="utf-8")
    assert (tmp_path / "index.html").stat().st_size < 300_000
    with chromium() as browser, new_page(browser) as page:
        page.goto((tmp_path / "index.html").as_uri())
        expect(page.get_by_role("heading", level=1)).to_contain_text("30 runs, the newest with ")
        expect(page.locator(".runs tbody tr")).to_have_count(30)
        expect(page.get_by_text("interrupted")).to_have_count(1)
        expect(page.get_by_text("2 not verified")).to_have_count(1)
        expect(page.get_by_text("folder removed")).to_have_count(11)
        expect(page.get_by_text("20 earlier")).to_be_visible()
        rows = page.locator("#rows tr")
        expect(rows).to_have_count(100)
        first = rows.first.locator("th").inner_text()
        assert lives.lines[first].endswith("f")
        page.get_by_label("Search").fill("tenant-0042")
        expect(rows).to_have_count(1)
        expect(rows.locator(".life span")).to_have_count(30)
        expect(page.get_by_label("Of", exact=True)).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_folder_of_runs_has_its_page(practice: Practice, tmp_path: Path) -> None:
    file, out = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret"), tmp_path / "runs"
    runs = [run_fleet(file, out, FleetOptions(keep=1)) for _ in range(2)]
    page = (out / "index.html").read_text()
    assert "<h1>2 runs, the newest with 1 broken</h1>" in page
    assert f'href="{runs[1].id}/report.html"' in page
    assert f'href="{runs[0].id}/report.html"' not in page
    assert '["wrong-secret","ff"],["healthy","pp"]' in page
    assert "Practice tenants" in page


def test_a_run_is_read_by_prometheus(practice: Practice, tmp_path: Path) -> None:
    run = run_fleet(practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret"), tmp_path / "runs")
    families = {family.name: family for family in text_string_to_metric_families(to_openmetrics(run) + "\n")}
    up = {s.labels["tenant"]: s.value for s in families["halo_runbook_connection_up"].samples}
    assert up == {"healthy": 1, "wrong-secret": 0}
    counts = {s.labels["verdict"]: s.value for s in families["halo_runbook_tenants"].samples}
    assert counts == {"fail": 1, "error": 0, "warn": 0, "pass": 1, "undone": 0}
    (since,) = families["halo_runbook_broken_since_timestamp_seconds"].samples
    assert since.value == run.results[1].started_at.replace(microsecond=0).timestamp()
