"""Asks the fork server to run notebooks. One server a process, started before the first notebook wants it.

It loads what notebooks need while its asker still reads who is to be verified. Since it is known only then
which variables of the environment are secrets, it gets the environment last.
"""

from __future__ import annotations

import contextlib
import errno
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
ENVIRONMENT = b"environment"
"""What comes along is a file with the server's environment."""
_AT_ONCE = frozenset(
    {"HALO_RUNBOOK_HOME", "HOME", "IPYTHONDIR", "LANG", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER"}
    | {"SSL_CERT_DIR", "SSL_CERT_FILE"}
    | {f"JUPYTER_{name}" for name in ("CONFIG_DIR", "DATA_DIR", "PATH", "RUNTIME_DIR")}
)
_AT_ONCE_PREFIXES = ("LC_", "LD_", "PYTHON", "XDG_")
"""What a server is started with of the environment: it matters while Python loads, and is nobody's secret."""


class ForkServer:
    """A fork server of one's own. Threads may ask it at the same time, once `hand_over` was called."""

    def __init__(self, without: Iterable[str] = ()) -> None:
        """Start it, without the variables named, which goes on by itself; nobody waits for it here."""
        hidden = set(without)
        self.known = {
            name: value
            for name, value in os.environ.items()
            if (name in _AT_ONCE or name.startswith(_AT_ONCE_PREFIXES)) and name not in hidden
        }
        """The environment that it is started with."""
        self.hidden: set[str] | None = None
        """Variables of the environment that it does not know; None before `hand_over`."""
        # packets, so that a descriptor and a number never arrive as one
        self._control, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self._exits: dict[int, Future[int]] = {}
        self._gone = self._closed = False
        self._lock = threading.Lock()
        self._ready: Future[None] = Future()
        self._process: subprocess.Popen[bytes] | None = None
        self._listener = threading.Thread(target=self._start_and_listen, name="fork-server", daemon=True)
        self._listener.start()

    def hand_over(self, hidden: Iterable[str]) -> None:
        """Wait until it is up, and give it the environment without the variables named.

        Raises: ConfigError when it does not come up.
        """
        try:
            self._ready.result(START_S)
        except TimeoutError:
            self._kill()
            raise ConfigError(f"the fork server did not start within {START_S:g} s") from None
        hides = {*hidden, "HALO_CLIENT_SECRET"}
        environment = {name: value for name, value in os.environ.items() if name not in hides}
        with os.fdopen(os.memfd_create("environment"), "wb") as file, contextlib.suppress(OSError):
            file.write(json.dumps(environment).encode())
            file.flush()
            socket.send_fds(self._control, [ENVIRONMENT], [file.fileno()])
        self.hidden = hides

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
        command = [sys.executable, "-P", "-m", "halo_helpers.engine.fork_server.server"]
        with self._theirs as theirs, self._lock:
            if self._closed:
                raise OSError(errno.ECANCELED, os.strerror(errno.ECANCELED))
            self._process = subprocess.Popen(  # noqa: S603 - this very interpreter
                [*command, str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._complaints,
                start_new_session=True,
                env=self.known | {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "JUPYTER_PLATFORM_DIRS": "1"},
            )

    @property
    def pid(self) -> int:
        """The server's process number, once `hand_over` was called."""
        assert self._process is not None  # noqa: S101
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server is there to be asked, or will be."""
        if self._process is None:
            return not self._ready.done()
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
        with self._lock:
            self._closed = True
        if not self._ready.done():
            self._kill()  # it would not listen before everything is loaded
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_S)
            self._kill()
            self._process.wait()
        self._listener.join(STOP_S)
        self._control.close()
        self._complaints.close()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

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


def start_server() -> None:
    """Start this process's fork server where there is none, and do not wait; it ends with this process."""
    with _server_lock:
        if _server is None or not _server.running:
            _replace()


def fork_server(without: Iterable[str] = ()) -> ForkServer:
    """Return this process's fork server, which does not know the variables named; start it if there is none.

    One that knows such a variable, as of another tenants file, is replaced; it finishes what it runs.

    Raises: ConfigError when it does not come up.
    """
    with _server_lock:
        server, hides = _server, set(without)
        if server is not None and server.hidden is not None:
            if server.running and hides <= server.hidden:
                return server
            hides |= server.hidden
        if server is None or server.hidden is not None or not server.running or hides & server.known.keys():
            server = _replace(hides)
        server.hand_over(hides)
        return server


def _replace(without: Iterable[str] = ()) -> ForkServer:
    """Make a new server this process's, which never knew the variables named."""
    global _server  # noqa: PLW0603 - one a process
    if _server is None:
        import atexit

        atexit.register(close_server)
    elif _server.running:
        _replaced.append(_server)
    else:
        _server.close()
    _server = ForkServer(without)
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
