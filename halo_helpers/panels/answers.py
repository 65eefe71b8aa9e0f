"""What is known of one customer's walk: the tenant, the answers given so far, where the secret is.

A walk is written only once a page has answered, or somebody has clicked: cells that are merely executed
change nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from ..errors import ConfigError, ConnectionFailedError, LabSilentError, SecretError
from ..guide.step import EDITIONS, Step
from ..guide.walk_states import answers_of, listed
from ..guide.walk_store import Store, change_store, read_store
from ..secrets import lab_memory
from ..secrets.places import place_of
from ..secrets.references import resolve
from ..secrets.value import CLIENT_SECRET, Secret
from ..system.plain_text import count_of
from ..tenants.answers import ANSWERS, NAMES_CHOSEN, known_walks, read_answers, write_answers
from ..tenants.base_url import parse_address
from ..tenants.find import find_tenant, tenants_file
from ..tenants.practice import walk_tenant
from ..tenants.tenant import PRACTICE, Tenant, read_agent_id

_memory: dict[str, tuple[Secret, str]] = {}
"""Secrets entered in this kernel and when, by tenant; one that was entered later elsewhere outdates it."""


class WalkAnswers:
    """What is known of one customer: the tenant, what was entered, where the secret is."""

    def __init__(self, tenant: str, file: str = "", edition: str = "current") -> None:
        if edition not in EDITIONS:
            raise ConfigError(f"unknown edition {edition!r}; known are {', '.join(EDITIONS)}")
        self.name = tenant
        self.edition = edition
        self.file = file
        self._found: Tenant | None = None
        self._stored: dict[str, str] = {}
        self.is_live = False
        """Whether a page shows it. Before that nothing is written, and nobody has done any step."""
        self.load()

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

    def load(self) -> None:
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
            blank = dict.fromkeys(ANSWERS, "") | {"base_url": found.base_url}

            def begin(kept: Store) -> Store:
                if kept.notes.get("tenant") == which:
                    return kept  # another notebook has begun it a moment ago
                # the answers first: nobody takes those of before for those of the walk that begins
                write_answers(self.name, **blank)
                return Store(notes={"tenant": which})

            change_store(self.name, begin)
            self._stored = read_answers(self.name)
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
        self.load()
        return True

    def _follow(self) -> None:
        """Take over what another notebook has changed."""
        if read_answers(self.name) != self._stored:
            self.load()

    @property
    def tenant(self) -> Tenant:
        """The tenant as it is known now, with a secret that was entered in this kernel.

        Raises: ConfigError that names what is still missing.
        """
        missing = self.missing()
        if missing or self._found is None:
            raise ConfigError(
                f"not possible yet: {listed(missing)} of {self.name} "
                f"{'is' if len(missing) == 1 else 'are'} entered at the end of 20-application, or in "
                "30-credentials"
            )
        return self.tenant_so_far() or self._found

    def tenant_so_far(self) -> Tenant | None:
        """Return the tenant with what is known of it, None when nothing is."""
        self._follow()
        entered = self.secret_in_memory()
        return replace(self._found, client_secret=entered) if entered and self._found else self._found

    def missing(self, checks: Sequence[str] = ()) -> list[str]:
        """Return which answers checks still need, in words; a full check when none is named."""
        self._follow()
        values = {
            "the base URL": self._found and self._found.base_url,
            "the Client ID": self._found and self._found.client_id,
            "the Client Secret": self.secret_in_memory() or (self._found and self._found.client_secret),
        }
        if checks and all(check.partition(".")[0] == "address" for check in checks):
            del values["the Client ID"], values["the Client Secret"]
        return [name for name, value in values.items() if not value]

    def shown_answers(self) -> dict[str, str]:
        """Return the answers that are no secret."""
        self._follow()
        found = self._found
        if found is None:
            return {}
        return {
            "base_url": found.base_url,
            "client_id": found.client_id,
            "agent_id": str(found.agent_id or ""),
        }

    def named(self, step: Step) -> Step:
        """Return a step with the names that were chosen for the agent and the application."""
        return step.named(*(self._stored.get(name, "") for name in NAMES_CHOSEN)) if self.is_live else step

    def change_answers(self, **changes: str) -> None:
        """Change answers; steps that rest on others are stale then.

        Raises: ConfigError when the folder cannot be written.
        """
        self.begin()
        write_answers(self.name, **{"base_url": self.shown_answers().get("base_url", "")} | changes)
        self.load()
        self.changed()

    def changed(self) -> None:
        """Say that answers are others now."""

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
        return self.find_secret(used=True)

    def find_secret(self, *, used: bool = False) -> Secret | None:
        """Return the secret from wherever it is kept, to look at it or to use it, which is written down.

        Raises: LabSilentError when the lab, which may have it, does not answer.
        """
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
        when = f", entered on {since[:10]}{_ago(since)}" if since else ""
        where = place_of(kept)
        if self.secret_in_memory():
            return f"kept in this kernel{when}", True
        try:
            found = self.find_secret()
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

    def answers_now(self) -> dict[str, str]:
        """Return what results rest on: the answers, and for the secret the moment it was entered."""
        self._follow()
        return answers_of(read_answers(self.name), self._found)

    def store(self) -> Store:
        """Return what is kept of the walk; of one that no page shows, nothing."""
        return read_store(self.name) if self.is_live or not self.is_practice else Store()


def _ago(since: str) -> str:
    """Say how many days ago a moment was; empty on the same day."""
    days = (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(since)).days
    return f", {count_of(days, 'day')} ago" if days > 0 else ""


def refuse_secret(*texts: str) -> None:
    """Refuse a Client Secret in a field for something else: what stands there is written down.

    Raises: ConfigError that says so, without the text.
    """
    if CLIENT_SECRET.search(" ".join(texts)):
        raise ConfigError(
            "a Client Secret stands in a field for something else; nothing was saved. Take it "
            "out, and make a new secret in HaloPSA if this page was shared"
        )
