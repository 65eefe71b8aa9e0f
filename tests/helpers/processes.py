"""What the processes of this machine hold."""

from __future__ import annotations

import os
from pathlib import Path


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


def _command_lines() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found
