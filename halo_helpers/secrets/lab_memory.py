"""Secrets in the memory of `halo-runbook lab`, for as long as it runs: several notebooks share one.

The lab listens on a socket of its user's own and hands its place and key to its kernels by the environment.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection, Listener

ANSWER_S = 5.0
"""Time for the lab to answer."""
PLACE, KEY = "HALO_LAB_PLACE", "HALO_LAB_KEY"


@contextlib.contextmanager
def share_memory() -> Iterator[dict[str, str]]:
    """Keep secrets until left; return the environment by which kernels find the place."""
    from multiprocessing.connection import Listener

    key = secrets.token_bytes(32)
    kept: dict[str, str] = {}
    closed = threading.Event()
    with Listener(authkey=key) as listener:
        threading.Thread(target=_serve, args=(listener, kept, closed), daemon=True).start()
        try:
            yield {PLACE: str(listener.address), KEY: key.hex()}
        finally:
            closed.set()


def _serve(listener: Listener, kept: dict[str, str], closed: threading.Event) -> None:
    while not closed.is_set():
        try:
            connection = listener.accept()
        except Exception:  # noqa: S112 - somebody without the key, or who went away while he showed it
            continue
        threading.Thread(target=_answer, args=(connection, kept), daemon=True).start()


def _answer(connection: Connection[Any, Any], kept: dict[str, str]) -> None:
    with connection, contextlib.suppress(OSError, EOFError, ValueError):
        what, tenant, value = connection.recv()
        if what == "keep":
            kept[tenant] = value
        elif what == "forget":
            kept.pop(tenant, None)
        connection.send(kept.get(tenant))


def is_available() -> bool:
    """Whether this process runs below a lab."""
    return PLACE in os.environ and KEY in os.environ


def ask(what: str, tenant: str, value: str = "") -> str | None:
    """Let the lab `keep`, `give` or `forget` a tenant's secret.

    Return what it has then, None without a lab.
    """
    if not is_available():
        return None
    from multiprocessing import ProcessError
    from multiprocessing.connection import Client

    found: list[str | None] = []

    def exchange() -> None:
        with (
            contextlib.suppress(OSError, EOFError, ValueError, ProcessError),
            Client(os.environ[PLACE], authkey=bytes.fromhex(os.environ[KEY])) as connection,
        ):
            connection.send((what, tenant, value))
            found.append(connection.recv())

    # the handshake knows no time limit, and a notebook must not hang on a lab that does
    exchanging = threading.Thread(target=exchange, daemon=True)
    exchanging.start()
    exchanging.join(ANSWER_S)
    return found[0] if found else None
