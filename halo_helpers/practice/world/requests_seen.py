"""Which requests reached a practice tenant."""

from __future__ import annotations

from dataclasses import dataclass

from ..seed.values import Record


@dataclass(frozen=True)
class Seen:
    """One request that reached a world. No header, no body, no query value is kept."""

    method: str
    path: str
    status: int
    at: float
    host: str
    query: tuple[str, ...] = ()
    """Names of the query parameters, without their values."""

    def as_json(self) -> Record:
        """Return the request as the control routes answer it."""
        return {
            "method": self.method,
            "path": self.path,
            "query": list(self.query),
            "status": self.status,
            "at": self.at,
            "host": self.host,
        }
