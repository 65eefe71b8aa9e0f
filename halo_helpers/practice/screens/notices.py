"""What the page after a saved form says once: that it was saved, and the Client Secret, too."""

from __future__ import annotations

import secrets
from collections import OrderedDict

Notice = dict[str, str]
"""What a page says once: `saved`, or the `secret`."""


class Notices:
    """Words that wait for the next page; each is shown once."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Notice] = OrderedDict()

    def leave(self, **notice: str) -> str:
        """Keep what the next page says once, and return the query that asks for it."""
        key = secrets.token_urlsafe(9)
        self._waiting[key] = notice
        if len(self._waiting) > 100:
            self._waiting.popitem(last=False)
        return f"?done={key}"

    def take(self, key: str) -> Notice:
        """Return the words with this key, and forget them; none when they are not known."""
        return self._waiting.pop(key, {})
