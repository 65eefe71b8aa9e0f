"""The guide as pages that run nothing: whole, linked, quiet, and without anybody's secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from halo_helpers.checks import CHECKS
from halo_helpers.guide.steps import NOTEBOOKS
from halo_helpers.panels.site.pages import FIRST, REPORT, make_folder
from halo_helpers.secrets.value import CLIENT_SECRET

from .helpers.command import halo
from .helpers.practice import NOT_REACHED

GUIDE = [FIRST, *(f"{name}.html" for name in NOTEBOOKS)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    made = halo("site", home / "site", HALO_RUNBOOK_HOME=str(home / "data"))
    assert (made.returncode, made.stdout) == (0, f"open {home / 'site' / FIRST}\n"), made.stderr
    assert not list((home / "data").glob("walks/*")), "the walk of the pages is nobody's"
    return home / "site"


def test_the_pages_show_a_walk_that_works(site: Path) -> None:
    assert {path.name for path in site.iterdir()} == {*GUIDE, REPORT}
    connection = (site / "40-connection.html").read_text()
    assert "Connection works" in connection
    assert f"{len(CHECKS) - len(NOT_REACHED)} checks OK, {len(NOT_REACHED)} not reached" in connection
    assert "<td style='text-align:left'>Neo Agent</td>" in connection
    assert "Not verified" not in (site / REPORT).read_text()


def test_every_link_between_them_leads_somewhere(site: Path) -> None:
    names = {path.name for path in site.iterdir()}
    for page in GUIDE:
        text = (site / page).read_text()
        assert ".ipynb'" not in re.sub(r"data-open='[^']*'", "", text)
        for link in re.findall(r"<a [^>]*href=[\"']([^\"'#]+)", text):
            assert link in names, (page, link)


def test_nothing_of_them_runs_or_asks(site: Path) -> None:
    for page in GUIDE:
        text = (site / page).read_text()
        assert "<script" not in text
        assert "default-src 'none'" in text
        assert not re.search(r"<(button|input|select|textarea)(?! disabled)\b", text), page


def test_no_secret_is_in_them(site: Path) -> None:
    assert not [path.name for path in site.iterdir() if CLIENT_SECRET.search(path.read_text())]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, site: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    refused = halo("site", mine)
    assert (refused.returncode, "holds something else (notes.txt)" in refused.stderr) == (2, True)
    assert [path.name for path in mine.iterdir()] == ["notes.txt"]
    make_folder(site)  # with its own pages alone, which are replaced
