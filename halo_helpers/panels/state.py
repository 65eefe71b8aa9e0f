"""One customer's walk: answers given so far, where the secret is, what was checked and said, the states.

The panels show it, and ask through it the same checks that everything else asks. A walk is written only once
a page has answered, or somebody has clicked: cells that are merely executed change nothing.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from weakref import WeakSet

from ..errors import ConfigError, ConnectionFailedError, HaloError, LabSilentError, SecretError
from ..guide.rules import RULES, asked_by, ids_of
from ..guide.step import EDITIONS, Step
from ..guide.walk_states import StepState, answers_of, listed, states_of
from ..guide.walk_store import Store, change_store, note_results, read_store, store_file
from ..secrets import lab_memory
from ..secrets.places import place_of
from ..secrets.references import resolve
from ..secrets.value import CLIENT_SECRET, Secret
from ..tenants.answers import ANSWERS, known_walks, read_answers, write_answers
from ..tenants.base_url import parse_address
from ..tenants.find import find_tenant, tenants_file
from ..tenants.practice import walk_tenant
from ..tenants.tenant import PRACTICE, Tenant, read_agent_id
from ..verification.result import CheckResult, Verification
from ..verification.run_checks import verify
from .base.view import Background
from .kept_results import USES, results_of

RECORD_SCHEMA = "halo-runbook/record/1"
_memory: dict[str, tuple[Secret, str]] = {}
"""Secrets entered in this kernel and when, by tenant; one that was entered later elsewhere outdates it."""


class Refreshable(Protocol):
    """A panel that can show the state of now."""

    def refresh(self) -> None:
        """Show it."""


class WalkState:
    """One customer's walk through the steps, without its screens: answers, secret, progress, asking."""

    def __init__(self, tenant: str, file: str = "", edition: str = "current") -> None:
        if edition not in EDITIONS:
            raise ConfigError(f"unknown edition {edition!r}; known are {', '.join(EDITIONS)}")
        self.name = tenant
        self.edition = edition
        self.file = file
        self._found: Tenant | None = None
        self._stored: dict[str, str] = {}
        self._panels: WeakSet[Refreshable] = WeakSet()
        self.is_live = False
        """Whether a page shows it. Before that nothing is written, and nobody has done any step."""
        self.running: frozenset[str] = frozenset()
        """The checks that are being asked."""
        self._own_work = Background()
        self._load()

    # --- what is known ---

    @property
    def is_practice(self) -> bool:
        """Whether this is the practice tenant."""
        return self.name == PRACTICE

    @property
    def is_unattended(self) -> bool:
        """Whether no page shows it and no lab runs here: panels then ask at once, for their stored form."""
        return not self.is_live and not lab_memory.is_available()

    @property
    def label(self) -> str:
        """The name that people read."""
        return (self._found.label if self._found and not self.is_practice else None) or self.name

    @property
    def instance(self) -> str:
        """The base URL, empty when it is not known or cannot be used."""
        try:
            return parse_address(self._found.base_url).url if self._found and self._found.base_url else ""
        except ConnectionFailedError:
            return ""

    def _load(self) -> None:
        """Find the tenant; a name that nobody knows yet is a new customer."""
        self._stored = read_answers(self.name)
        if self.is_practice and self.is_live:
            self._found = self._learners()
        elif self.is_practice or self.file or self.name in known_walks() or tenants_file() is not None:
            self._found = find_tenant(self.name, self.file or None)

    def _learners(self) -> Tenant:
        """Return the learner's own tenant with what was entered for it; a new one begins a new walk."""
        found, which = walk_tenant()
        if read_store(self.name).notes.get("tenant") != which:
            change_store(self.name, lambda _: Store(notes={"tenant": which}))
            self._stored = write_answers(
                self.name, **dict.fromkeys(ANSWERS, "") | {"base_url": found.base_url}
            )
        answers = self._stored
        return replace(
            found,
            client_id=answers.get("client_id", ""),
            agent_id=read_agent_id(answers.get("agent_id")),
            client_secret=self.secret_in_memory() or answers.get("client_secret", ""),
        )

    def begin(self) -> bool:
        """Take the walk up: a page shows it, or somebody clicked. Return whether it was not before."""
        if self.is_live:
            return False
        self.is_live = True
        self._load()
        return True

    def _follow(self) -> None:
        """Take over what another notebook has changed."""
        if read_answers(self.name) != self._stored:
            self._load()

    @property
    def tenant(self) -> Tenant:
        """The tenant as it is known now, with a secret that was entered in this kernel.

        Raises: ConfigError that names what is still missing.
        """
        missing = self._missing()
        if missing or self._found is None:
            raise ConfigError(
                f"not possible yet: {listed(missing)} of {self.name} "
                f"{'is' if len(missing) == 1 else 'are'} entered at the end of 20-application, or in "
                "30-credentials"
            )
        entered = self.secret_in_memory()
        return replace(self._found, client_secret=entered) if entered else self._found

    def _missing(self) -> list[str]:
        self._follow()
        values = {
            "the base URL": self._found and self._found.base_url,
            "the Client ID": self._found and self._found.client_id,
            "the Client Secret": self.secret_in_memory() or (self._found and self._found.client_secret),
        }
        return [name for name, value in values.items() if not value]

    def missing(self, step: Step) -> list[str]:
        """Say which answers a step's check still needs."""
        checks = asked_by(step.id, USES)
        only_address = bool(checks) and all(check.partition(".")[0] == "address" for check in checks)
        needed = self._missing()
        needed = [name for name in needed if name == "the base URL"] if only_address else needed
        return (
            [f"{name} is not entered yet (end of 20-application, or 30-credentials)" for name in needed]
            if checks
            else []
        )

    # --- answers and the secret ---

    def shown_answers(self) -> dict[str, str]:
        """Return the answers that are no secret."""
        found = self._found
        if found is None:
            return {}
        return {
            "base_url": found.base_url,
            "client_id": found.client_id,
            "agent_id": str(found.agent_id or ""),
        }

    def change_answers(self, **changes: str) -> None:
        """Change answers; steps that rest on others are stale then.

        Raises: ConfigError when the folder cannot be written.
        """
        self.begin()
        write_answers(self.name, **{"base_url": self.shown_answers().get("base_url", "")} | changes)
        self._load()
        self.refresh()
        self.ask_by_itself()

    def keep_secret(self, secret: Secret | None, *, here: bool, reference: str, at: str) -> None:
        """Take over a secret that was entered: its reference and when (UTC, ISO 8601).

        The secret itself is kept when it stays `here`.

        Raises: ConfigError when the folder cannot be written.
        """
        if here and secret is not None:
            _memory[self.name] = secret, at
        else:
            _memory.pop(self.name, None)
        self.change_answers(client_secret=reference, secret_set_at=at)

    def secret_in_memory(self) -> Secret | None:
        """Return the secret that was entered in this kernel, unless another one was entered since."""
        if self.is_practice and not self.is_live:
            return None  # it is the learner's, not that of the tenant which unattended runs ask
        secret, at = _memory.get(self.name, (None, ""))
        return secret if at == read_answers(self.name).get("secret_set_at", "") else None

    def secret_now(self) -> Secret | None:
        """Return the secret from wherever it is kept, None when it cannot be found.

        Raises: LabSilentError when that is open.
        """
        return self._secret(used=True)

    def _secret(self, *, used: bool = False) -> Secret | None:
        self._follow()
        reference = self.secret_in_memory() or (self._found.client_secret if self._found else "")
        try:
            return resolve(reference, self.name, self._found.folder if self._found else None, used=used)
        except LabSilentError:
            raise
        except SecretError:
            return None

    def has_secret(self) -> bool:
        """Whether a secret can be found, or the lab may have it."""
        return self.secret_status()[1]

    def about_secret(self) -> str:
        """Say in a few words what is kept, and since when."""
        return self.secret_status()[0]

    def secret_status(self) -> tuple[str, bool]:
        """Say what is kept, since when, and whether it can be found, or may be when the lab answers again."""
        answers = read_answers(self.name)
        kept, since = answers.get("client_secret", ""), answers.get("secret_set_at", "")
        when = f", entered on {since[:10]}" if since else ""
        where = place_of(kept)
        if self.secret_in_memory():
            return f"kept in this kernel{when}", True
        try:
            found = self._secret()
        except LabSilentError:
            return "not known: the lab, which may still hold it, does not answer; try again", True
        if found is not None:
            return f"kept in {where or found.source.removeprefix('kept in ')}{when}", True
        gone = f"not set: {where} does not hold it any more, enter it again"
        return (gone if where else "not set"), False

    def about_credentials(self) -> str:
        """Say what is to be entered here."""
        if self.is_practice:
            return "Enter what the practice tenant's screens show you: the same as at a customer's."
        if self.file:
            return f"The four values of {self.name} stand in the tenants file: nothing to enter."
        return (
            f"The four values of {self.name}. The secret goes straight to the kernel: it is in no cell, "
            "output or file of this notebook."
        )

    # --- states ---

    def answers_now(self) -> dict[str, str]:
        """Return what results rest on: the answers, and for the secret the moment it was entered."""
        self._follow()
        return answers_of(read_answers(self.name), self._found)

    def store(self) -> Store:
        """Return what is kept of the walk; of one that no page shows, nothing."""
        return read_store(self.name) if self.is_live or not self.is_practice else Store()

    def states(self) -> dict[str, StepState]:
        """Return the state of each step, in order."""
        return states_of(self.store(), self.answers_now(), USES, self.running)

    def note_result(self, result: Verification, answers: dict[str, str]) -> None:
        """Keep what checks answered, with the answers that they were asked with.

        They may have changed meanwhile.
        """
        self.begin()
        note_results(self.name, results_of(result, answers))

    def version(self) -> tuple[object, ...]:
        """Return something that differs once another notebook has changed the walk."""
        folder = store_file(self.name).parent
        return tuple(_stamp(folder / name) for name in (store_file(self.name).name, ".tenant.json"))

    def follow(self, panel: Refreshable) -> None:
        """Let a panel show the state of now whenever it changes."""
        self._panels.add(panel)

    def refresh(self) -> None:
        """Let every panel of this notebook show the state of now."""
        for panel in list(self._panels):
            panel.refresh()

    # --- asking ---

    @contextlib.contextmanager
    def asking(self, only: Sequence[str]) -> Iterator[None]:
        """Say as long as it lasts that checks are being asked, by id or layer; all of them without any."""
        self.running = frozenset(ids_of(tuple(only), USES) if only else USES)
        self.refresh()
        try:
            yield
        finally:
            self.running = frozenset()

    def missing_answers(self) -> str:
        """Say which answers a full check still needs, with their verb; empty when it needs none."""
        missing = self._missing()
        return f"{listed(missing)} {'is' if len(missing) == 1 else 'are'}" if missing else ""

    def ask_all(self) -> None:
        """Ask everything, in the background; a second call meanwhile does nothing."""
        self._own_work.start(lambda _: self._ask_all(()))

    def ask_by_itself(self) -> None:
        """Ask what can be asked and was not yet, with the answers of now: all, or the address alone.

        In the background, once at a time; nothing happens where everything was asked.
        """
        states = self.states()
        if not self.is_live or not any(_is_open(one) for one in states.values() if RULES[one.id].by_itself):
            return
        missing = self._missing()
        if not missing:
            self.ask_all()
        elif (
            "the base URL" not in missing and _is_open(states["prerequisites"]) and not self._knows_address()
        ):
            self._own_work.start(lambda _: self._ask_all(("address", "address.licence")))

    def _knows_address(self) -> bool:
        found = self.store().results.get("address.reach")
        return found is not None and found.used.get("base_url") == self.answers_now()["base_url"]

    def _ask_all(self, only: Sequence[str]) -> None:
        answers = self.answers_now()
        try:
            with self.asking(only):
                result = self.verify(only)
        except HaloError:
            return  # a click on Check says why
        else:
            self.note_result(result, answers)
        finally:
            self._own_work.done()
            self.refresh()

    def verify(
        self,
        only: Sequence[str],
        *,
        on_result: Callable[[CheckResult], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Verification:
        """Ask checks, by id or layer.

        Raises: ConfigError when an answer is still missing; Stopped.
        """
        self._load()
        try:
            tenant = self.tenant
        except ConfigError:
            if not only or any(word.partition(".")[0] != "address" for word in only) or not self.instance:
                raise
            # an address can be asked before there are credentials: nothing is sent with it
            tenant = Tenant(self.name, self.instance, client_secret=Secret("-"))
        return verify(tenant, only=list(only) or None, on_result=on_result, stop=stop)


def refuse_secret(*texts: str) -> None:
    """Refuse a Client Secret in a field for something else: what stands there is written down.

    Raises: ConfigError that says so, without the text.
    """
    if CLIENT_SECRET.search(" ".join(texts)):
        raise ConfigError(
            "a Client Secret stands in a field for something else; nothing was saved. Take it "
            "out, and make a new secret in HaloPSA if this page was shared"
        )


def _is_open(state: StepState) -> bool:
    """Whether a step's checks were not asked yet, or with other answers."""
    return state.state in {"todo", "outdated", "needs"}


def _stamp(path: Path) -> tuple[int, int]:
    try:
        known = path.stat()
    except OSError:
        return (0, 0)
    return (known.st_mtime_ns, known.st_size)
