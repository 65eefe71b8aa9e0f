"""Asks the fork server to run notebooks. One server a process, started at the first notebook."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from typing import Any

from ...errors import ConfigError
from ..job import Answer, CellsJob, FileJob, Outcome

START_S = 60.0
STOP_S = 10.0


class ForkServer:
    """A fork server of one's own. Threads may ask it at the same time."""

    def __init__(self, without: Iterable[str] = ()) -> None:
        """Start it, without the environment variables named.

        Raises: ConfigError when it does not come up.
        """
        self.hidden = {*without, "HALO_CLIENT_SECRET"}
        self._environment = {name: value for name, value in os.environ.items() if name not in self.hidden}
        # packets, so that a descriptor and a number never arrive as one
        self._control, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self._exits: dict[int, Future[int]] = {}
        self._gone = False
        self._lock = threading.Lock()
        self._ready: Future[None] = Future()
        self._listener = threading.Thread(target=self._start_and_listen, name="fork-server", daemon=True)
        self._listener.start()
        try:
            self._ready.result(START_S)
        except TimeoutError:
            self._process.kill()
            raise ConfigError(f"the fork server did not start within {START_S:g} s") from None

    def _start_and_listen(self) -> None:
        """Start the server and listen to it until it ends.

        By the same thread: the server ends when the thread that started it does.
        """
        try:
            self._start()
        except OSError as error:
            self._ready.set_exception(ConfigError(f"the fork server did not start: {error.strerror}"))
            return
        with contextlib.suppress(OSError, ValueError):
            while line := self._control.recv(4096):
                said = json.loads(line)
                if "ready" in said:
                    self._ready.set_result(None)
                else:
                    self._future_of(said["pid"]).set_result(said["exit"])
        with self._lock:  # nobody tells of exits any more, so nobody waits for one
            self._gone = True
            for waiting in self._exits.values():
                waiting.cancel()
        if not self._ready.done():
            self._complaints.seek(0)
            said = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
            self._ready.set_exception(
                ConfigError(f"the fork server did not start: {said[-1] if said else 'no word'}")
            )

    def _start(self) -> None:
        with self._theirs as theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this very interpreter
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "halo_helpers.engine.fork_server.server",
                    str(theirs.fileno()),
                    str(os.getpid()),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._complaints,
                start_new_session=True,
                env=self._environment | {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "JUPYTER_PLATFORM_DIRS": "1"},
            )

    @property
    def pid(self) -> int:
        """The server's process number."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server is there to be asked."""
        return self._process.poll() is None

    def run(self, job: FileJob | CellsJob, limit_s: float | None = None) -> Outcome:
        """Run one job in a fresh process.

        End it when it says nothing for longer than the limit, in seconds.
        """
        line = job.as_line()
        ours, theirs = socket.socketpair()
        outcome = Outcome(Answer("crashed", "the process ended without a word"))
        with ours:
            with theirs:
                try:
                    with self._lock:
                        socket.send_fds(self._control, [b"fork"], [theirs.fileno()])
                except OSError:
                    return outcome
            ours.settimeout(limit_s)
            lines = ours.makefile("rb")
            pid = 0
            try:
                pid = int(json.loads(lines.readline())["pid"])
                self._future_of(pid)
                ours.sendall(line)
                self._read(lines, outcome)
            except TimeoutError:
                self._end(pid)
                seen = f"the notebook did not end after {limit_s:g} s and was stopped"
                outcome.answer = Answer("timeout", seen)
            except (OSError, ValueError):
                pass
            finally:
                lines.close()
        status = self._exit_of(pid) if pid else None
        if outcome.answer.status == "crashed" and status is not None and status != 1:
            outcome.answer = replace(outcome.answer, message=_words(status))
        return outcome

    def close(self) -> None:
        """End the server and its children."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S)
        self._process.kill()
        self._process.wait()
        self._listener.join(STOP_S)
        self._control.close()
        self._complaints.close()

    def _read(self, lines: Any, outcome: Outcome) -> None:
        for line in lines:
            said = json.loads(line)
            if "status" in said:
                outcome.answer = Answer.from_json(said)
                return
            outcome.cells[said["cell"]] = said["ended"]

    def _end(self, pid: int) -> None:
        """Let the server end one of its children: only it can tell that the number is still the child's."""
        with contextlib.suppress(OSError), self._lock:
            self._control.sendall(str(pid).encode())

    def _exit_of(self, pid: int) -> int | None:
        try:
            return self._future_of(pid).result(STOP_S)
        except (TimeoutError, CancelledError):
            return None
        finally:
            with self._lock:
                self._exits.pop(pid, None)

    def _future_of(self, pid: int) -> Future[int]:
        with self._lock:
            found = self._exits.setdefault(pid, Future())
            if self._gone:
                found.cancel()
            return found


def _words(status: int) -> str:
    if status == -9:
        return "the process was killed (signal 9; often memory ran out)"
    return (
        f"the process was ended by signal {-status}"
        if status < 0
        else f"the process ended itself with exit status {status}"
    )


_server: ForkServer | None = None
_replaced: list[ForkServer] = []
_server_lock = threading.Lock()


def fork_server(without: Iterable[str] = ()) -> ForkServer:
    """Return this process's fork server, starting it when there is none; it ends with this process.

    One that still has a variable to be hidden, such as of another tenants file, is replaced; it finishes what
    it runs.
    """
    global _server  # noqa: PLW0603 - one a process
    with _server_lock:
        if _server is not None and _server.running and set(without) <= _server.hidden:
            return _server
        if _server is None:
            import atexit

            atexit.register(close_server)
        elif _server.running:
            _replaced.append(_server)
        else:
            _server.close()
        _server = ForkServer({*without, *(_server.hidden if _server else ())})
        return _server


def close_server() -> None:
    """End this process's fork server, if there is one."""
    global _server  # noqa: PLW0603
    with _server_lock:
        servers = [*_replaced, *([_server] if _server else [])]
        _replaced.clear()
        _server = None
    for server in servers:
        server.close()
