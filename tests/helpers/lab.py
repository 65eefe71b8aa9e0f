"""A lab with its guide in a browser."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Locator, Page, expect

from halo_helpers.guide.lab.working_copy import open_walk
from halo_helpers.guide.steps import STEPS
from halo_helpers.practice.control import ask, running_at
from halo_helpers.secrets.places import FILE, put_in
from halo_helpers.secrets.value import Secret
from halo_helpers.system.timestamps import utc_text
from halo_helpers.tenants.answers import write_answers

SECRET = "7e57ab1e-93c4-4d1b-8f27-6ad05be19c38-5ec2e7ed-b7a1-4e6f-9c0d-f4813de62b97"


SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"


class Served:
    """`halo-runbook lab` or `web` with practice tenants, in a home of its own."""

    def __init__(self, home: Path, command: str, port: int, address: str) -> None:
        self.home = home
        environment = os.environ | {
            "HALO_RUNBOOK_HOME": str(home / "data"),
            "HOME": str(home),
            "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
            "IPYTHONDIR": str(home / "ipython"),
            "JUPYTER_DATA_DIR": str(home / "share"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        }
        self.log: list[str] = []
        words = [command, "--practice", "--no-browser", "--port", str(port)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "halo_helpers", *words],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env=environment,
            cwd=home,
        )
        assert self.process.stderr
        for line in self.process.stderr:
            self.log.append(line)
            found = re.search(address, line)
            if found:
                self.url, self.token = found.groups()
                break
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.practice = str(running_at(home / "data" / "practice.json"))

    def _read(self) -> None:
        for line in self.process.stderr or ():
            with self._more:
                self.log.append(line)
                self._more.notify_all()

    def said(self, pattern: str) -> str:
        """Wait until the terminal shows something; give the group of the pattern."""
        with self._more:
            found = self._more.wait_for(lambda: re.search(pattern, "".join(self.log)), timeout=20)
        assert found
        return str(found.group(1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        self._reader.join(timeout=5)
        if self.process.stderr:
            self.process.stderr.close()

    def kill(self) -> None:
        """End the command alone, as nothing it could notice does."""
        self.process.kill()
        self.process.wait(timeout=20)

    def ask(self, path: str, method: str = "GET") -> bytes:
        """Return what the server answers to somebody with its token.

        JupyterLab prints its address a moment before it listens.
        """
        headers = {"Authorization": f"token {self.token}"}
        with socket.socket() as probe:
            at = urlsplit(self.url)
            until = time.monotonic() + 20
            while probe.connect_ex((at.hostname, at.port)) and time.monotonic() < until:
                pass
        with urlopen(Request(f"{self.url}/{path}", method=method, headers=headers), timeout=60) as answer:
            return bytes(answer.read())


class Web(Served):
    """`halo-runbook web --practice` in a home of its own."""

    def __init__(self, home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        super().__init__(home, "web", port, r"(http://127\.0\.0\.1:\d+)/\?token=(\w+)")


class Lab(Served):
    """`halo-runbook lab --practice` in a home of its own."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, "lab", 0, r"(http://127\.0\.0\.1:\d+)/lab/tree\S*token=(\w+)")

    def scenario(self, name: str) -> None:
        ask(self.practice, "tenants/practice/scenario", "POST", name=name)

    def open(self, page: Page, notebook: str, walk: str = "practice") -> None:
        """Open a notebook alone; it runs by itself."""
        self.go(page, notebook, walk)
        wait_until_run(page)

    def go(self, page: Page, notebook: str, walk: str = "practice") -> None:
        """Open a notebook alone, and wait for its kernel."""
        page.goto(
            f"{self.url}/lab/workspaces/{walk}-{notebook}/tree/{walk}/{notebook}.ipynb?token={self.token}&reset"
        )
        page.locator(f"{SHOWN} {IDLE}").first.wait_for()

    def states(self, walk: str = "practice") -> dict[str, str]:
        """Return the state of each step, as the command line tells it."""
        done = subprocess.run(
            [sys.executable, "-m", "halo_helpers", "walk", walk, "--json"],
            env=os.environ | {"HALO_RUNBOOK_HOME": str(self.home / "data")},
            capture_output=True,
            check=True,
        )
        return {step["id"]: step["state"] for step in json.loads(done.stdout)["steps"]}

    def customer(self, name: str) -> None:
        """Let a customer's walk have the values of the practice tenant, its secret in a private file."""
        (entry,) = [one for one in ask(self.practice, "tenants")["tenants"] if one["name"] == "practice"]
        with home_of(self.home / "data"):
            write_answers(
                name,
                base_url=self.practice,
                client_id=entry["client_id"],
                agent_id=str(entry["agent_id"]),
                client_secret=put_in(FILE, name, Secret(entry["client_secret"])),
                secret_set_at=utc_text(timespec="milliseconds"),
            )
            open_walk(name)


@contextmanager
def home_of(folder: Path) -> Iterator[None]:
    """Let this process use a data folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALO_RUNBOOK_HOME", str(folder))
        patch.setenv("JUPYTER_DATA_DIR", str(folder.parent / "share"))  # with the notebooks' signatures
        yield


def wait_until_run(page: Page) -> None:
    """Wait until the notebook in front has run by itself, to its last cell."""
    expect(page.locator(f"{SHOWN} .jp-CodeCell").last.locator(".jp-OutputArea-output").first).to_be_attached()
    expect(page.locator(f"{SHOWN} [data-halo-saved]")).to_have_count(0)
    page.locator(f"{SHOWN} {IDLE}").first.wait_for()


def run_all(page: Page) -> None:
    """Run all cells by the menu, as after a restart."""
    # shown as idle it may have no session yet, and JupyterLab loses what it is given
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget.context.sessionContext.isReady")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.locator(f"{SHOWN} {IDLE}").first.wait_for()


def panel(page: Page, step: str) -> Locator:
    """Give the card of a step, unfolded."""
    found = page.locator(f"[data-step={step}]:visible").first
    found.wait_for()
    # it may turn from a line to a card meanwhile, so nothing is clicked
    found.evaluate("step => step.querySelectorAll('details.h-line').forEach(line => { line.open = true; })")
    return found


def state(page: Page, step: str) -> Locator:
    """Give the word of a step's state."""
    return page.locator(f"[data-step={step}]:visible .h-state").first


def next_link(page: Page, title: str) -> Locator:
    """Give the header's link to the next step, in the notebook that is in front."""
    return page.locator(SHOWN).get_by_role("link", name=f"Next: {title}")


def follow_next(page: Page, title: str) -> None:
    """Click on Next, and wait until the page has brought the step up: a click while it scrolls is lost."""
    next_link(page, title).click()
    (step,) = [one.id for one in STEPS.values() if one.title == title]
    expect(page.locator(f"{SHOWN} [data-step={step}] [tabindex]").first).to_be_focused()


def check(page: Page, step: str) -> Locator:
    one = panel(page, step)
    one.get_by_role("button", name=re.compile("^Check( again)?$")).click()
    return one


def save(page: Page) -> None:
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-current .jp-DirtyIndicator, .lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)
