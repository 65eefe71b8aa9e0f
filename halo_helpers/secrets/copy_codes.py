"""One-time codes, by which a person at the machine lets a web page have a secret back.

Who has a page's token can send whatever the page sends. A code is shown where the lab runs, and nowhere in
the page or its kernel.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest

from ..system.plain_text import plain_text

VALID_S = 120.0
TRIES = 5
SHOWN, RIGHT, WRONG, GONE = "shown", "right", "wrong", "gone"


@dataclass
class _Code:
    digits: str
    until: float
    tries: int = TRIES


class CopyCodes:
    """The codes of a lab, one a tenant: valid two minutes and for five tries, then gone.

    A code that was tried too often is followed by no other until its time is up: guesses stay few.
    """

    def __init__(self, show: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._show, self._clock = show, clock
        self._codes: dict[str, _Code] = {}
        self._lock = threading.Lock()

    def _valid(self, tenant: str) -> _Code | None:
        code = self._codes.get(tenant)
        return code if code is not None and self._clock() < code.until else None

    def show(self, tenant: str) -> str:
        """Show a tenant's code at the machine; return SHOWN, or GONE while no other one is given."""
        with self._lock:
            code = self._valid(tenant)
            if code is None:
                code = _Code(f"{secrets.randbelow(10**6):06}", self._clock() + VALID_S)
                self._codes[tenant] = code
            if not code.tries:
                return GONE
        self._show(
            f"To copy the Client Secret of {plain_text(tenant)}, type {code.digits} in the page. It is valid "
            "for two minutes. If you did not ask, somebody else has the page's address: stop with Ctrl+C"
        )
        return SHOWN

    def confirm(self, tenant: str, digits: str) -> str:
        """Return RIGHT for the digits that were shown, once; WRONG, or GONE when no code is valid now."""
        with self._lock:
            code = self._valid(tenant)
            if code is None or not code.tries:
                return GONE
            code.tries -= 1
            if compare_digest(digits.encode("utf-8", "replace"), code.digits.encode()):
                del self._codes[tenant]
                return RIGHT
            return WRONG if code.tries else GONE
