"""The state of one customer's walk: the answers given so far, where the secret is, the record of every step.

The panels show it, and ask through it the same checks that everything else asks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol
from weakref import WeakSet

from ..errors import ConfigError, ConnectionFailedError, LabSilentError, SecretError
from ..guide.progress import OF_VERDICT, StepRecord, note_step, read_progress
from ..guide.steps import EDITIONS, Step
from ..secrets.places import place_of
from ..secrets.references import resolve
from ..secrets.value import Secret
from ..tenants.answers import known_walks, read_answers, write_answers
from ..tenants.base_url import parse_address
from ..tenants.find import find_tenant, tenants_file
from ..tenants.tenant import PRACTICE, Tenant, read_agent_id
from ..verification.result import CheckResult, Verification
from ..verification.run_checks import verify

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
        self._load()

    # --- what is known ---

    @property
    def is_practice(self) -> bool:
        """Whether this is the practice tenant."""
        return self.name == PRACTICE

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
        if not (self.is_practice or self.file or self.name in known_walks() or tenants_file() is not None):
            return
        found = find_tenant(self.name, self.file or None)
        if self.is_practice:
            # what a learner made on the screens replaces what the server was seeded with, as long as it runs
            answers = self._stored
            if answers.get("base_url") == found.base_url:
                found = replace(
                    found,
                    client_id=answers.get("client_id", found.client_id),
                    agent_id=read_agent_id(str(answers.get("agent_id", found.agent_id or ""))),
                    client_secret=self.secret_in_memory()
                    or answers.get("client_secret")
                    or found.client_secret,
                )
        self._found = found

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
                f"not possible yet: {' and '.join(missing)} of {self.name} "
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
        only_address = bool(step.checks) and all(
            check.partition(".")[0] == "address" for check in step.checks
        )
        needed = self._missing()
        needed = [name for name in needed if name == "the base URL"] if only_address else needed
        return (
            [f"{name} is not entered yet (end of 20-application, or 30-credentials)" for name in needed]
            if step.checks
            else []
        )

    def not_done_before(self, step: Step) -> list[str]:
        """Return the steps that this one builds on and that are not OK."""
        progress = self._progress()
        return [step_id for step_id in step.after if not progress[step_id].is_done]

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
        write_answers(self.name, **{"base_url": self.shown_answers().get("base_url", "")} | changes)
        self._load()
        self.refresh()

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
            return (
                "The practice tenant was made with an agent and an application; leave the fields as they "
                "are to use these, or enter what you made yourself on its screens."
            )
        if self.file:
            return f"The four values of {self.name} stand in the tenants file: nothing to enter."
        return (
            f"The four values of {self.name}. The secret goes straight to the kernel: it is in no cell, "
            "output or file of this notebook."
        )

    # --- progress ---

    def answers_now(self) -> dict[str, str]:
        """Return what results rest on, also when another notebook changed it."""
        self._follow()
        return self.shown_answers() | {"secret_set_at": read_answers(self.name).get("secret_set_at", "")}

    def _progress(self) -> dict[str, StepRecord]:
        return read_progress(self.name, self.answers_now())

    def record(self, step_id: str) -> StepRecord:
        """Return the record of a step."""
        return self._progress()[step_id]

    def progress(self) -> dict[str, StepRecord]:
        """Return the records of all steps, in order."""
        return self._progress()

    def note(self, step_id: str, answers: dict[str, str] | None = None, **changes: Any) -> None:
        """Write down what became of a step.

        `answers` are those that it was checked with, if not those of now.
        """
        note_step(self.name, step_id, self.answers_now() if answers is None else answers, **changes)

    def note_only(self, step_id: str, **changes: Any) -> None:
        """Add to a step's record, without changing its state."""
        known = self.record(step_id)
        kept = {name: getattr(known, name) for name in ("state", "summary", "codes", "by_hand")}
        self.note(step_id, **kept | changes)

    def note_result(self, step_id: str, result: Verification, answers: dict[str, str]) -> None:
        """Write down what a check found, with the answers that it was asked with.

        They may have changed meanwhile.
        """
        self.note(step_id, answers, **state_of(result))

    def refresh(self) -> None:
        """Let every panel of this notebook show the state of now."""
        for panel in list(self._panels):
            panel.refresh()

    # --- asking ---

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


def state_of(result: Verification) -> dict[str, Any]:
    """Return what a step's record says of a verification."""
    return {
        "state": OF_VERDICT[result.verdict],
        "summary": result.summary(),
        "codes": tuple(result.codes),
        "by_hand": False,
    }
