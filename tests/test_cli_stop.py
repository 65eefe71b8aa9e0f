"""Ctrl+C on a terminal: heard at once, the terminal as before, exit 130, and no traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from halo_helpers.practice.control import ask

from .helpers.practice import Practice
from .helpers.terminal import Shown, interrupted, needs_terminal

pytestmark = needs_terminal
BAR = r"\x1b\[\?25l"
"""The cursor is hidden: a bar is shown."""


@pytest.mark.parametrize("command", ["batch", "demo"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_run(practice: Practice, tmp_path: Path, command: str, times: int) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "agent-mismatch", "app-inactive")
    words = ["batch", str(file), "--workers", "1"] if command == "batch" else ["demo"]
    seen = interrupted(BAR, *words, "--out", str(tmp_path / "runs"), times=times)
    assert (seen.code, seen.as_before) == (130, True), seen.text
    assert seen.text.rindex("\x1b[?25h") > seen.text.rindex("\x1b[?25l")
    assert re.search(r"stopping .* stopped; \d+ of \d+ verified", seen.text, re.S)
    assert "connect-refused" not in seen.text, "the practice server outlives who asks it"
    assert "Traceback" not in seen.text


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("practice", "Ctrl.C ends it"),
        ("secrets set acme --file", "nothing is shown"),
        ("lab --practice --no-browser --port 0", "token="),
    ],
)
def test_a_server_and_a_prompt(words: str, until: str) -> None:
    is_stopped(interrupted(until, *words.split()))


def test_a_check(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "slow")
    practice.reset("slow")

    def is_asked() -> bool:
        return bool(ask(practice.base_url, "tenants/slow/requests")["requests"])

    is_stopped(interrupted(is_asked, "check", "slow", "--tenants-file", str(file)))


def test_the_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def is_under_way() -> bool:
        return any(tmp_path.glob("halo-site-*/runs/*/healthy*.json"))

    seen = interrupted(is_under_way, "site", str(tmp_path / "site"))
    assert (seen.code, seen.as_before) == (130, True), seen.text
    assert re.search(r"stopping .* stopped; nothing was written to\s", seen.text, re.S)
    assert "please report" not in seen.text
    assert not list((tmp_path / "site").iterdir())


def is_stopped(seen: Shown) -> None:
    assert (seen.code, seen.as_before) == (130, True), seen.text
    assert "stopping; Ctrl+C again to stop at once" in seen.text
    assert "Traceback" not in seen.text
