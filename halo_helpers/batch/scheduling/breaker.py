"""Outages: while an origin does not answer, its tenants wait, and one of them asks now and then.

An origin that three tenants in a row did not reach pauses. When three in a row failed at several origins,
while others are still to be asked or nobody was reached yet, it is more likely the way out of here, and the
whole run pauses. Whoever was not reached in a pause is asked again as if nothing had been.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ...checks.findings import BROKEN
from ...verification.result import Verification

IN_A_ROW = 3
ASK_EVERY_S = 2.0
WAIT_S = 120.0
"""How long an outage is waited for; after that, what was found stands."""
EVERYWHERE = ""
"""Stands for the whole run in the place of an origin."""

_NETWORK = frozenset(
    {"dns-failed", "connect-refused", "connect-timeout", "connection-reset", "read-timeout", "proxy-failed"}
)


def was_reached(result: Verification) -> bool | None:
    """Whether an instance answered; False when all failed on the way, None when nobody asked it."""
    broken = {finding.code for _, finding in result.findings if finding.verdict in BROKEN}
    checks = {check.id: check.verdict for check in result.checks}
    if broken and broken <= _NETWORK and checks.get("token.grant") != "pass":
        return False
    return None if checks.get("address.reach", "skip") == "skip" else True


@dataclass
class _Pause:
    """One outage under way. Times are on the breaker's clock."""

    since: float
    ask_at: float
    asking: bool = False


@dataclass
class Breaker:
    """Knows which origins pause; `tell` gets one line when a pause begins and one when it ends."""

    tell: Callable[[str], None]
    wait_s: float = WAIT_S
    clock: Callable[[], float] = time.monotonic
    to_ask: Callable[[], Iterable[str]] = tuple
    """Returns the origins of the tenants that are still to be asked for the first time."""
    network_lost: bool = False
    """Whether the whole run waited for its way out in vain."""
    _reached: bool = False
    """Whether anybody was reached in this run."""
    _row: dict[str, set[str]] = field(default_factory=dict)
    """By origin, its tenants that failed in a row."""
    _last: dict[str, str] = field(default_factory=dict)
    """The tenants that failed in a row, wherever, with their origins."""
    _pauses: dict[str, _Pause] = field(default_factory=dict)
    _given_up: set[str] = field(default_factory=set)

    def wait(self, origin: str) -> float:
        """Return the seconds until a tenant of this origin may be begun.

        Whoever may begin in a pause is the one who asks; the others wait for what is found.
        """
        now = self.clock()
        pauses = self._of(origin)
        waits = [ASK_EVERY_S if pause.asking else max(0.0, pause.ask_at - now) for pause in pauses]
        if any(waits):
            return max(waits)
        for pause in pauses:
            pause.asking = True
        return 0.0

    def forgives(self, origin: str) -> bool:
        """Whether a tenant that was not reached at this origin just now is to be asked again uncounted."""
        return bool(self._of(origin))

    def gave_up(self, origin: str) -> bool:
        """Whether this origin was waited for in vain: asking its tenants twice would find the same."""
        return bool({EVERYWHERE, origin} & self._given_up)

    def learn(self, origin: str, *, reached: bool | None, tenant: str = "") -> None:
        """Learn how a tenant of this origin came out; None when that says nothing of the way there."""
        pauses = self._of(origin)
        if reached is None:
            for pause in pauses:
                pause.asking = False
            return
        if reached:
            self._reached = True
            self._row.pop(origin, None)
            self._last.clear()
            for key in (EVERYWHERE, origin):
                self._over(key)
            return
        if not pauses:  # who asks in a pause was counted before
            self._row.setdefault(origin, set()).add(tenant)
            self._last[tenant] = origin
        for pause in pauses:
            pause.asking, pause.ask_at = False, self.clock() + ASK_EVERY_S
        self._begin_pauses(origin)
        for key in (EVERYWHERE, origin):
            self._give_up(key)

    def _begin_pauses(self, origin: str) -> None:
        failing = set(self._last.values())
        if len(self._last) >= IN_A_ROW and len(failing) > 1:
            others = any(one not in failing for one in self.to_ask())
            if others or not self._reached:
                self._begin(EVERYWHERE)
        if len(self._row.get(origin, ())) >= IN_A_ROW:
            self._begin(origin)

    def _begin(self, key: str) -> None:
        if key in self._pauses or key in self._given_up or self.wait_s <= 0:
            return
        now = self.clock()
        self._pauses[key] = _Pause(now, now + ASK_EVERY_S)
        self.tell(
            f"{_name(key)} not answer {IN_A_ROW} tenants in a row: waiting for up to {self.wait_s:g} s, "
            f"one asks every {ASK_EVERY_S:g} s"
        )

    def _over(self, key: str) -> None:
        pause = self._pauses.pop(key, None)
        if pause is not None:
            self.tell(f"{_name(key, again=True)} again after {self.clock() - pause.since:.0f} s: going on")

    def _give_up(self, key: str) -> None:
        pause = self._pauses.get(key)
        if pause is None or self.clock() - pause.since < self.wait_s:
            return
        del self._pauses[key]
        self._given_up.add(key)
        self.network_lost = self.network_lost or key == EVERYWHERE
        self.tell(f"{_name(key)} still not answer after {self.wait_s:g} s: what is found now stands")

    def _of(self, origin: str) -> list[_Pause]:
        return [self._pauses[key] for key in (EVERYWHERE, origin) if key in self._pauses]


def _name(key: str, *, again: bool = False) -> str:
    who = key or "several instances"
    verb = ("answer" if not key else "answers") if again else ("do" if not key else "does")
    return f"{who} {verb}"
