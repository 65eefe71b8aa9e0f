"""Many requests at a time over kept connections, with nothing but the standard library."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit


def load(
    base_url: str, targets: Sequence[str], *, at_once: int, total: int, headers: dict[str, str] | None = None
) -> Counter[int]:
    """Send `total` requests for the targets in turn; give the answers counted by status."""
    return asyncio.run(_load(base_url, targets, at_once, total, headers or {}))


async def _load(
    base_url: str, targets: Sequence[str], at_once: int, total: int, headers: dict[str, str]
) -> Counter[int]:
    at = urlsplit(base_url)
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    asked = [f"GET {target} HTTP/1.1\r\nHost: {at.netloc}\r\n{more}\r\n".encode() for target in targets]
    found: Counter[int] = Counter()
    todo = iter(range(total))

    async def one() -> None:
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        try:
            for number in todo:
                writer.write(asked[number % len(asked)])
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = int(head.partition("content-length:")[2].partition("\r\n")[0])
                await reader.readexactly(length)
                found[int(head.split(" ", 2)[1])] += 1
        finally:
            writer.close()

    await asyncio.gather(*(one() for _ in range(at_once)))
    return found


def memory_mb(pid: int) -> float:
    """Give the resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def cpu_s(pid: int) -> float:
    """Give the CPU seconds that a process has used."""
    import os

    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
