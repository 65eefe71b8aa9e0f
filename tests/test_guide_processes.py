"""What `lab` and `web` have started ends with them, however they end."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from halo_helpers.guide.lab.lab_process import GRACE_S

from .helpers.lab import Lab, Served, Web
from .helpers.processes import below, command_of, left_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@contextmanager
def with_kernel(kind: type[Served], home: Path) -> Iterator[Served]:
    """Start a server and let it have a kernel."""
    served = kind(home)
    try:
        if kind is Lab:
            assert json.loads(served.ask("api/kernels", "POST"))["id"]
        else:
            assert b"halo" in served.ask("voila/render/00-start.ipynb")
        yield served
    finally:
        served.stop()


def left(served: Served, end: Callable[[], None]) -> list[str]:
    """Give the commands of what a server has started and left, and end them."""
    started = {pid: command_of(pid) for pid in below(served.process.pid)}
    for part in ("halo_helpers.guide.lab.lab_process", "ipykernel_launcher", "halo_helpers.practice"):
        assert any(part in command for command in started.values()), (part, started)
    found = left_of(list(started), end, GRACE_S + 4)
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return [started[pid] for pid in found]


@pytest.mark.parametrize("kind", [Lab, Web])
def test_killed_hard_it_leaves_no_server_no_kernel_no_practice_tenant(
    kind: type[Served], tmp_path: Path
) -> None:
    with with_kernel(kind, tmp_path) as served:
        assert left(served, served.kill) == []


def test_ended_as_usual_it_leaves_none_either(tmp_path: Path) -> None:
    with with_kernel(Lab, tmp_path) as served:
        assert left(served, lambda: served.process.send_signal(signal.SIGINT)) == []
        assert served.process.wait(timeout=20) == 130
