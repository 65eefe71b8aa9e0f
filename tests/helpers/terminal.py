"""A command on a terminal of its own, with somebody who presses Ctrl+C."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

needs_terminal = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")


@dataclass
class Shown:
    """What a command left: its exit code, what it showed, and whether the terminal is as it was."""

    code: int
    text: str
    as_before: bool


def interrupted(until: str | Callable[[], bool], *words: str, times: int = 1) -> Shown:
    """Run a command until it shows a pattern, or something is so; press Ctrl+C then, and wait for its end."""
    import pty
    import termios

    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        [sys.executable, "-m", "halo_helpers", *words],
        stdout=theirs,
        stderr=theirs,
        stdin=theirs,
        env=os.environ | {"TERM": "xterm-256color"},
        start_new_session=True,
    )
    shown, after = "", before
    left = times
    with contextlib.suppress(OSError):  # the terminal is gone when the process is
        while process.poll() is None:
            if left and (re.search(until, shown) if isinstance(until, str) else until()):
                os.killpg(process.pid, signal.SIGINT)  # to the whole group, as a terminal does
                left -= 1
            shown += os.read(ours, 65536).decode(errors="replace") if readable(ours) else ""
        while readable(ours):
            shown += os.read(ours, 65536).decode(errors="replace")
    after = termios.tcgetattr(theirs)
    os.close(theirs)
    os.close(ours)
    assert not left, shown
    return Shown(process.wait(), shown, after == before)


def readable(descriptor: int) -> bool:
    """Whether there is something to be read, or comes in a moment."""
    import select

    return bool(select.select([descriptor], [], [], 0.05)[0])
