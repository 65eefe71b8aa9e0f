"""What the processes of this machine hold."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from halo_helpers.engine.job import FORKS

needs_fork = pytest.mark.skipif(not FORKS, reason="about the fork server, which is not asked in this mode")


def memory(pid: int) -> bytes:
    """Give what a process has in writable memory."""
    found = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as stream:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, modes = line.split()[:2]
            if modes.startswith("rw"):
                start, end = (int(part, 16) for part in place.split("-"))
                try:
                    stream.seek(start)
                    found.append(stream.read(end - start))
                except OSError:
                    continue
    return b"".join(found)


def _children() -> set[str]:
    own = str(os.getpid())
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if status.read_text().rpartition(")")[2].split()[1] == own:
                found.add(status.parent.name)
        except OSError:
            continue
    return found


def below(pid: int) -> list[int]:
    """Give the processes that a process has started, and those that these have."""
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(status.parent.name))
    found = list(parents.get(pid, []))
    for one in found:
        found += parents.get(one, [])
    return found


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")


def left_of(pids: list[int], end: Callable[[], None], timeout_s: float) -> list[int]:
    """Do what is to end processes; give those that are there when the time is up."""
    handles = {os.pidfd_open(pid): pid for pid in pids}
    waiting = selectors.DefaultSelector()
    for handle in handles:
        waiting.register(handle, selectors.EVENT_READ)
    end()
    until = time.monotonic() + timeout_s
    while waiting.get_map() and (rest := until - time.monotonic()) > 0:
        for key, _ in waiting.select(rest):
            waiting.unregister(key.fd)
    left = [handles[key.fd] for key in waiting.get_map().values()]
    waiting.close()
    for handle in handles:
        os.close(handle)
    return left


def _command_lines() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found
