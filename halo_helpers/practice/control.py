"""Start a practice server, or find and ask a running one.

The client here is the standard library's: the package's one door for HaloPSA requests stays in another room.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from .serve import Options
from .wire import CONTROL_HEADER

START_TIMEOUT_S = 30.0


class PracticeError(Exception):
    """A practice server could not be started or asked; the message is for people."""


class PracticeServer:
    """A practice server in a process of its own, which ends with this one and hears no Ctrl+C before."""

    def __init__(self, process: subprocess.Popen[str], line: dict[str, Any]) -> None:
        self._process = process
        self.base_url: str = line["base_url"]
        self.ui_url: str = line["ui_url"]
        self.ca_file: str | None = line.get("ca_file")
        self.tenants: list[dict[str, Any]] = line["tenants"]

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Stop the process; harmless when it has ended."""
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()  # it ends by that, and leaves nothing
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream:
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(options: Options | None = None) -> PracticeServer:
    """Start a practice server, wait until it listens, and return it.

    Raises: PracticeError with what it said, when it does not come up.
    """
    command = [sys.executable, "-P", "-m", "halo_helpers.practice"]
    # not a pipe: nobody would read it, and a full pipe stops the server
    with tempfile.TemporaryFile("w+", encoding="utf-8") as complaints:
        process = subprocess.Popen(  # noqa: S603 - this very interpreter
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            encoding="utf-8",
            env=_environment(),
            # a group of its own: what still asks it after Ctrl+C finds it there
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        assert process.stdin  # noqa: S101 - asked for above
        assert process.stdout  # noqa: S101
        with contextlib.suppress(OSError):
            process.stdin.write(json.dumps((options or Options()).as_json()) + "\n")
            process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            process.stdin.close()
            process.stdout.close()
            process.wait(timeout=START_TIMEOUT_S)
            complaints.seek(0)
            said = complaints.read().strip().splitlines()
            raise PracticeError(said[-1] if said else "the practice server ended without a word")
    return PracticeServer(process, json.loads(line))


def _environment() -> dict[str, str]:
    """Return the environment without anybody's secret: a practice server needs none."""
    return {name: value for name, value in os.environ.items() if not name.upper().endswith("SECRET")}


def ask(
    base_url: str, path: str, method: str = "GET", *, timeout_s: float = 5.0, **query: str
) -> dict[str, Any]:
    """Return what a control route of a running practice server answers; on loopback only.

    Raises: PracticeError when nobody answers there, or somebody else does.
    """
    parts = urlsplit(base_url)
    if parts.scheme != "http" or parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise PracticeError(
            f"a practice server is asked over http on loopback, not at {parts.scheme}://{parts.hostname}"
        )
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout_s)
    try:
        target = f"/practice/{path}" + (f"?{urlencode(query)}" if query else "")
        connection.request(method, target, headers={CONTROL_HEADER: "1"})
        answer = connection.getresponse()
        marked = answer.headers.get("x-practice-tenant") == "1"
        body = answer.read(64 * 1024 * 1024)
    except (OSError, http.client.HTTPException) as error:
        raise PracticeError(f"no practice server answers at {base_url} ({type(error).__name__})") from None
    finally:
        connection.close()
    if not marked:
        raise PracticeError(f"what answers at {base_url} is no practice server")
    value: dict[str, Any] = json.loads(body) if body else {}
    if answer.status != 200:
        raise PracticeError(str(value.get("error", f"the practice server answered {answer.status}")))
    return value


def note_running(state_file: Path, base_url: str) -> None:
    """Write where a server listens into the state file, so that other notebooks find it; no secret."""
    state_file.parent.mkdir(parents=True, exist_ok=True)
    temporary = state_file.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps({"base_url": base_url, "pid": os.getpid()}), encoding="utf-8")
    temporary.replace(state_file)


def forget_running(state_file: Path, base_url: str) -> None:
    """Remove the state file, unless another server has written its own since."""
    if running_at(state_file) == base_url:
        state_file.unlink(missing_ok=True)


def running_at(state_file: Path) -> str | None:
    """Return the base URL in the state file, None without a readable one."""
    try:
        return str(json.loads(state_file.read_text(encoding="utf-8"))["base_url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
