"""Secrets in the memory of `halo-runbook lab`, for as long as it runs: several notebooks share one.

The lab listens on a socket of its user's own and hands its place and key to its kernels by the environment.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..errors import LabSilentError
from .copy_codes import CopyCodes

if TYPE_CHECKING:
    from multiprocessing.connection import Connection, Listener

ANSWER_S = 5.0
"""Time for the lab to answer, and for who asks it to show the key and say what is asked."""
MAX_OPEN = 64
"""Connections that are answered at a time; the oldest makes room for a newer one."""
PAUSE_S = 0.05
PLACE, KEY = "HALO_LAB_PLACE", "HALO_LAB_KEY"
FREE = "free"
"""The answer of a lab that lets its secrets be copied without a code."""


@contextlib.contextmanager
def share_memory(show: Callable[[str], None] | None = None) -> Iterator[dict[str, str]]:
    """Keep secrets until left; return the environment by which kernels find the place.

    With `show`, which prints a line where only the person at the machine reads it, a secret is copied out of
    a page only with a code that is shown there.
    """
    from multiprocessing.connection import Listener

    key = secrets.token_bytes(32)
    closed = threading.Event()
    memory = _Memory(key, CopyCodes(show) if show else None)
    # without the key: the listener would ask for it before it takes the next one
    with Listener(backlog=MAX_OPEN) as listener:
        threading.Thread(target=memory.serve, args=(listener, closed), daemon=True).start()
        try:
            yield {PLACE: str(listener.address), KEY: key.hex()}
        finally:
            closed.set()


class _Memory:
    """What a lab keeps. Each one who asks has a thread and a time limit, so that nobody waits for another."""

    def __init__(self, key: bytes, codes: CopyCodes | None) -> None:
        self._key, self._codes = key, codes
        self._kept: dict[str, str] = {}
        self._open: dict[Any, None] = {}  # of connections, which are of another kind on Windows
        self._lock = threading.Lock()

    def serve(self, listener: Listener, closed: threading.Event) -> None:
        """Answer everybody, until closed."""
        while not closed.is_set():
            try:
                connection = listener.accept()
            except OSError:  # who asked went away, or too many files are open
                closed.wait(PAUSE_S)
                continue
            with self._lock:
                if len(self._open) >= MAX_OPEN:
                    self._cut(next(iter(self._open)))
                self._open[connection] = None
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: Connection[Any, Any]) -> None:
        from multiprocessing.connection import answer_challenge, deliver_challenge

        limit = threading.Timer(ANSWER_S, self._time_is_up, (connection,))
        limit.daemon = True
        limit.start()
        # somebody without the key, or who says something else, or nothing, or went away
        with contextlib.suppress(Exception):
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            connection.send(self._do(*connection.recv()))
        limit.cancel()
        with self._lock:
            self._open.pop(connection, None)
            connection.close()

    def _do(self, what: str, tenant: str, value: str) -> str | None:
        if what in {"code", "confirm"}:
            if self._codes is None:
                return FREE
            return self._codes.show(tenant) if what == "code" else self._codes.confirm(tenant, value)
        if what == "keep":
            self._kept[tenant] = value
        elif what == "forget":
            self._kept.pop(tenant, None)
        return self._kept.get(tenant)

    def _time_is_up(self, connection: Connection[Any, Any]) -> None:
        with self._lock:
            if connection in self._open:
                self._cut(connection)

    def _cut(self, connection: Connection[Any, Any]) -> None:
        """Wake the thread of an open connection, which closes it; call it with the lock."""
        del self._open[connection]
        if sys.platform == "win32":
            connection.close()
        else:
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as same:
                same.shutdown(socket.SHUT_RDWR)


def is_available() -> bool:
    """Whether this process runs below a lab."""
    return PLACE in os.environ and KEY in os.environ


def ask(what: str, tenant: str, value: str = "") -> str | None:
    """Let the lab `keep`, `give` or `forget` a tenant's secret, show a `code` for a copy or `confirm` one.

    Return what it has then, or its answer about the code; None without a lab, and after its end.

    Raises: LabSilentError when it does not answer in time, or not to this process: what it has is open.
    """
    if not is_available():
        return None
    found: list[str | None] = []

    def exchange() -> None:
        with contextlib.suppress(Exception):
            found.append(_exchange(what, tenant, value))

    # the handshake knows no time limit, and a notebook must not hang on a lab that does
    exchanging = threading.Thread(target=exchange, daemon=True)
    exchanging.start()
    exchanging.join(ANSWER_S)
    if not found:
        raise LabSilentError(
            f"the lab does not answer, so it may still hold the secret of {tenant}; try again, and if that "
            "does not help, stop the lab and start it again"
        )
    return found[0]


def _exchange(what: str, tenant: str, value: str) -> str | None:
    """Return the lab's answer, None after its end. Who was cut off while many ask tries again.

    Raises: AuthenticationError when the key is not the lab's, OSError or EOFError when it is away.
    """
    from multiprocessing.connection import Client

    until = time.monotonic() + ANSWER_S
    while True:
        try:
            connection = Client(os.environ[PLACE], authkey=bytes.fromhex(os.environ[KEY]))
            break
        except FileNotFoundError:
            return None
        except (OSError, EOFError):
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE_S)
    with connection:
        connection.send((what, tenant, value))
        answer: str | None = connection.recv()
        return answer
