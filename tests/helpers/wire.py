"""A wire to a practice server that a test can cut."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit


class Wire:
    """Passes connections on to a server; once cut, nobody answers at its address until it is mended."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._there = (parts.hostname or "", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._begin()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                ours, _ = listener.accept()
                threading.Thread(target=self._pass, args=(ours,), daemon=True).start()

    def _pass(self, ours: socket.socket) -> None:
        with ours, contextlib.suppress(OSError), socket.create_connection(self._there) as theirs:
            self._open |= {ours, theirs}
            with selectors.DefaultSelector() as ready:
                ready.register(ours, selectors.EVENT_READ, theirs)
                ready.register(theirs, selectors.EVENT_READ, ours)
                while True:
                    for key, _ in ready.select():
                        data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                        if not data:
                            return
                        key.data.sendall(data)

    def cut(self) -> None:
        """Refuse connections, and end those that are open."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def mend(self) -> None:
        """Pass connections on again, at the same address."""
        self._listener = socket.create_server(("127.0.0.1", int(self.url.rpartition(":")[2])))
        self._begin()


@contextlib.contextmanager
def wire(url: str) -> Iterator[Wire]:
    """Give a wire to a server."""
    one = Wire(url)
    try:
        yield one
    finally:
        one.cut()
