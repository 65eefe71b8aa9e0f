"""What seeded records are made of: names, dates, GUIDs, and how much a tenant holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zlib import crc32

Record = dict[str, object]

EPOCH = datetime(2026, 1, 5, 8, 0, 0)  # noqa: DTZ001 - HaloPSA's dates carry no zone (facts 3.5)
NO_DATE = "1900-01-01T00:00:00"
FIRST = ("Ana", "Bilal", "Chloe", "Dmitri", "Elif", "Femi", "Grace", "Hugo", "Inés", "Jonas", "Keiko", "Liam")
LAST = ("Alvarez", "Brandt", "Costa", "Dahl", "Evans", "Fischer", "Gallagher", "Haddad", "Ito", "Jansen")


def mix(*parts: object) -> int:
    """Return a 32-bit number that depends on all parts and is the same in every process."""
    return crc32("\x1f".join(map(str, parts)).encode())


def guid(*parts: object) -> str:
    """Return a GUID that depends on all parts and is the same in every process."""
    return str(UUID(int=sum(mix(n, *parts) << (32 * n) for n in range(4)), version=4))


def stamp(moment: datetime) -> str:
    """Return a date as HaloPSA writes it: ISO 8601, no zone, meaning UTC."""
    return moment.isoformat(timespec="milliseconds")[:-1] if moment.microsecond else moment.isoformat()


def now() -> str:
    """Return the moment of now, as HaloPSA writes it."""
    return stamp(datetime.now(UTC).replace(microsecond=0, tzinfo=None))


@dataclass(frozen=True)
class Size:
    """How much of everything a tenant holds."""

    agents: int
    clients: int
    users: int
    tickets: int
    me_padding: int
    """Claims on top in `/Agent/me`: real ones are about 2 MB (facts, surprise 9)."""


SIZES = {
    "small": Size(agents=6, clients=12, users=40, tickets=130, me_padding=0),
    "large": Size(agents=2000, clients=400, users=5000, tickets=20_000, me_padding=24_000),
}


class Seeded:
    """What records are made from: the seed, and how much of everything there is."""

    def __init__(self, seed: str, size: Size) -> None:
        self.seed = seed
        self.size = size

    def pick(self, choices: tuple[str, ...], *parts: object) -> str:
        """Return one of the choices, the same for the same parts."""
        return choices[mix(self.seed, *parts) % len(choices)]
