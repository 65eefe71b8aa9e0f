"""One customer's walk: its answers, what was checked and said, the states; and asking the system.

The panels show it, and ask through it the same checks that everything else asks.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol
from weakref import WeakSet

from ..errors import ConfigError, HaloError
from ..guide.rules import RULES, ids_of
from ..guide.walk_states import StepState, states_of
from ..guide.walk_store import note_results, store_file
from ..secrets.value import Secret
from ..tenants.tenant import Tenant
from ..verification.result import CheckResult, Verification
from ..verification.run_checks import verify
from .answers import WalkAnswers
from .base.view import Background
from .kept_results import USES, results_of

RECORD_SCHEMA = "halo-runbook/record/1"


class Refreshable(Protocol):
    """A panel that can show the state of now."""

    def refresh(self) -> None:
        """Show it."""


class WalkState(WalkAnswers):
    """One customer's walk through the steps, without its screens."""

    def __init__(self, tenant: str, file: str = "", edition: str = "current") -> None:
        self._panels: WeakSet[Refreshable] = WeakSet()
        self._drawing = threading.RLock()
        self.running: frozenset[str] = frozenset()
        """The checks that are being asked."""
        self._own_work = Background()
        self._last_asked: tuple[object, ...] = ()
        """What was last asked by itself, with which answers, of which tenant."""
        super().__init__(tenant, file, edition)

    def changed(self) -> None:
        """Show the answers of now, and ask what rests on them."""
        self.refresh()
        self.ask_by_itself()

    def states(self) -> dict[str, StepState]:
        """Return the state of each step, in order."""
        return states_of(self.store(), self.answers_now(), USES, self.running)

    def known_states(self) -> dict[str, StepState]:
        """Return the states by what is known, whatever is being asked, so that what comes next stays."""
        return states_of(self.store(), self.answers_now(), USES)

    def version(self) -> tuple[object, ...]:
        """Return something that differs once another notebook has changed the walk."""
        folder = store_file(self.name).parent
        return tuple(_stamp(folder / name) for name in (store_file(self.name).name, ".tenant.json"))

    def follow(self, panel: Refreshable) -> None:
        """Let a panel show the state of now whenever it changes."""
        with self._drawing:  # another thread may be going through them
            self._panels.add(panel)

    def refresh(self) -> None:
        """Let every panel of this notebook show the state of now.

        One thread at a time, and once more when the state has changed meanwhile: what was drawn from an older
        one would else be what stays.
        """
        with self._drawing:
            drawn: tuple[object, ...] | None = None
            while drawn != self.version():
                drawn = self.version()
                for panel in list(self._panels):
                    panel.refresh()

    @contextlib.contextmanager
    def asking(self, only: Sequence[str]) -> Iterator[None]:
        """Say as long as it lasts that checks are being asked, by id or layer; all of them without any."""
        self.running = frozenset(ids_of(tuple(only), USES) if only else USES)
        self.refresh()
        try:
            yield
        finally:
            self.running = frozenset()

    def ask_all(self) -> None:
        """Ask everything, in the background; a second call meanwhile does nothing."""
        self._own_work.start(lambda _: self._ask_all(()))

    def wait(self) -> None:
        """Wait until what is asked by itself has been answered."""
        self._own_work.wait()

    def ask_by_itself(self) -> None:
        """Ask what can be asked and was not yet, with the answers of now: all, or the address alone.

        In the background, once at a time, and once for the same answers: two notebooks of one customer would
        else begin one another's checks for ever.
        """
        answers = self.answers_now()
        only = ("address", "address.licence") if self.missing() else ()
        asked = (only, answers, self._which())
        if not self.is_live or not answers["base_url"] or asked == self._last_asked:
            return
        if self._lacks_results(only) and self._own_work.start(lambda _: self._ask_all(only)):
            self._last_asked = asked

    def _lacks_results(self, only: tuple[str, ...]) -> bool:
        """Whether a check that is asked by itself has no result, or one that rests on other answers."""
        results, answers = self.store().results, self.answers_now()
        own = only or tuple(one for rule in RULES.values() if rule.by_itself for one in rule.checks)
        rows = [results.get(one) for one in ids_of(own, USES)]
        return any(row is None or row.used.items() - answers.items() for row in rows)

    def _ask_all(self, only: Sequence[str]) -> None:
        answers = self.answers_now()
        try:
            with self.asking(only):
                self.ask(only)
        except HaloError:
            return  # a click on Check says why
        finally:
            self._own_work.done()
            self.refresh()
            if self.answers_now() != answers:
                self.ask_by_itself()  # they were changed meanwhile

    def ask(
        self,
        only: Sequence[str],
        *,
        on_result: Callable[[CheckResult], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Verification:
        """Ask checks, and keep what they answered with the answers that they were asked with.

        Raises: ConfigError when an answer is still missing; StoppedError.
        """
        self.begin()
        which = self._which()  # first: the answers of a walk that is begun anew are there before it is
        tenant, answers = self._asked_with(only)
        result = verify(tenant, only=only or None, on_result=on_result, stop=stop)
        note_results(self.name, results_of(result, answers), of=which)
        return result

    def _which(self) -> str:
        """Tell a learner's walk from one that was begun anew; the same for customers."""
        return self.store().notes.get("tenant", "")

    def _asked_with(self, only: Sequence[str]) -> tuple[Tenant, dict[str, str]]:
        """Return the tenant as it is asked now and the answers of that same moment."""
        while True:
            answers, tenant = self.answers_now(), self._tenant_for(only)
            if answers == self.answers_now():
                return tenant, answers

    def verify(self, only: Sequence[str]) -> Verification:
        """Ask checks, by id or layer, and keep nothing of it.

        Raises: ConfigError when an answer is still missing.
        """
        return verify(self._tenant_for(only), only=only or None)

    def _tenant_for(self, only: Sequence[str]) -> Tenant:
        self.load()
        try:
            return self.tenant
        except ConfigError:
            if not only or any(word.partition(".")[0] != "address" for word in only) or not self.instance:
                raise
            # an address can be asked before there are credentials: nothing is sent with it
            return Tenant(self.name, self.instance, client_secret=Secret("-"))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        known = path.stat()
    except OSError:
        return (0, 0)
    return (known.st_mtime_ns, known.st_size)
