"""Fixtures: the session's practice server, and a home of its own for every test."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from halo_helpers.practice.control import start
from halo_helpers.practice.scenarios import SCENARIOS
from halo_helpers.practice.serve import Options
from halo_helpers.secrets.places import FILE, put_in
from halo_helpers.secrets.value import Secret
from halo_helpers.tenants.answers import write_answers

from .helpers.caller import Caller
from .helpers.learner import Learner
from .helpers.practice import Practice

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from .helpers.lab import Lab, Web

# the same examples each time, so that a change is judged by what it changed; HALO_FUZZ=N looks for new ones
# and no example has a time limit, which a busy machine would break
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("new", deadline=None)
settings.load_profile("new" if "HALO_FUZZ" in os.environ else "same")


LONG = (
    "test_guide_lab",
    "test_accessibility",
    "test_batch_resume",
    "test_guide_web",
    "test_planted",
    "test_batch_",
)
"""Files that take longest, which begin first, so that no worker is left alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin first; within a file the order stays."""
    items.sort(key=lambda item: next((n for n, name in enumerate(LONG) if name in item.nodeid), len(LONG)))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn a skip into a failure where nothing may be skipped (.ci/run)."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("HALO_RUNBOOK_NO_SKIP") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which is not allowed here: {report.longrepr}"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test out of the user's data folder and environment."""
    for name in (
        "HALO_TENANTS_FILE",
        "HALO_CLIENT_SECRET",
        "HALO_PRACTICE_URL",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HALO_RUNBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def practice() -> Iterator[Practice]:
    # the whole suite asks one server: an instance's own limit is tried where it is the matter
    with start(Options(scenarios=list(SCENARIOS), rate_limit="1000000/1")) as server:
        yield Practice(server)


@pytest.fixture(scope="module")
def caller(practice: Practice) -> Caller:
    return Caller(practice.base_url, practice.entries["healthy"])


@pytest.fixture(scope="module")
def token(caller: Caller) -> str:
    return caller.token()


@pytest.fixture
def practised_guide(practice: Practice, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the guide of this process use the session's practice tenant, without what was entered before.

    What its panels still do in the background has ended when the test has.
    """
    import ipywidgets

    from halo_helpers.panels import answers

    practice.reset("healthy")
    monkeypatch.setenv("HALO_PRACTICE_URL", practice.base_url)
    monkeypatch.setattr(answers, "_memory", {})
    yield
    ipywidgets.Widget.close_all()
    for thread in threading.enumerate():
        if thread.name in {"halo-panel", "halo-follow"}:
            thread.join(20)
            assert not thread.is_alive()
    practice.reset("healthy")


@pytest.fixture
def acme(practice: Practice, practised_guide: None, own_home: Path) -> str:
    """A customer whose four values were entered in the guide, in the session's practice tenant."""
    entry = practice.entries["healthy"]
    write_answers(
        "acme",
        base_url=practice.base_url,
        client_id=entry["client_id"],
        agent_id="27",
        client_secret=put_in(FILE, "acme", Secret(entry["client_secret"])),
        secret_set_at="2026-11-24T09:30:00Z",
    )
    return "acme"


@pytest.fixture
def learner(practice: Practice, practised_guide: None) -> Iterator[Learner]:
    """A learner at the empty practice tenant of the walk."""
    with Learner(practice.base_url) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from .helpers.browser import chromium

    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab with its practice tenant, in a home of its own."""
    from .helpers.lab import Lab

    with Lab(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The guide as web pages with its practice tenant, in a home of its own."""
    from .helpers.lab import Web

    with Web(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    """A page of a browser for the lab, which may use the clipboard."""
    from .helpers.browser import new_page

    lab.scenario("healthy")
    with new_page(browser, 1280, permissions=["clipboard-read", "clipboard-write"]) as one:
        yield one
