"""How each step of the guide becomes done, as data: exactly one way each.

A check proves the step's own claim, a person gives their word, or a later step implies it. What a check
does not prove is not claimed. `walk_states` works the state out from these rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

HOURS, TEAM = "agent-hours-missing", "agent-without-team"
OWN_CODES = frozenset({HOURS, TEAM})
"""Codes of `identity.active` that a step of their own tells."""

Answer = Literal["base_url", "client_id", "client_secret", "agent_id"]
NAMES: dict[str, str] = {
    "base_url": "the base URL",
    "client_id": "the Client ID",
    "client_secret": "the Client Secret",
    "agent_id": "the Agent ID",
}
"""What a person enters, in the words of the guide."""
CHANGED: dict[str, str] = {**NAMES, "version": "the version of this tool", "notes": "what was noted"}
"""What a result may rest on."""
ENTERED_AT: dict[str, str] = {
    "base_url": "prerequisites",
    "agent_id": "note-agent-id",
    "client_id": "save-application",
    "client_secret": "save-application",
}
"""The step at which an answer is entered."""
LINES: tuple[Answer, ...] = ("client_id", "client_secret", "base_url", "agent_id")
"""The four lines of the hand-over, in the order of Neo Agent's form."""


@dataclass(frozen=True)
class Rule:
    """How one step becomes done. Checks are named by id or layer."""

    checks: tuple[str, ...] = ()
    """Those that prove its claim; all of them have to be answered."""
    quotes: tuple[str, ...] = ()
    """Those whose own words are the claim."""
    only: frozenset[str] = frozenset()
    """Codes that count here, when not all do."""
    leaves: frozenset[str] = frozenset()
    """Codes that another step tells."""
    part: str = ""
    """The fact of what it quotes that is this step's, by its first words; else all but other steps'."""
    word: bool = False
    """Whether a person's word can stand as long as no check has answered."""
    also: tuple[tuple[str, str], ...] = ()
    """Checks that count when they were asked, each until another one holds."""
    words: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """Words that are needed beside the checks: a name, what is said, and the checks that say it as well."""
    implied_by: tuple[str, ...] = ()
    """Steps that imply it, together."""
    lines: tuple[Answer, ...] = ()
    """Lines of the hand-over that have to be copied."""
    way_to: str = ""
    """The step that a click path leads to; it is done when that is."""
    by_itself: bool = False
    """Whether its checks are asked as soon as the answers are there."""
    counted: bool = True


_AGENT = ("identity.login", "identity.agent", "identity.active")
ROTATION = "change-secret"
"""The step that is a walk of its own, and the note of the secret that was there when it was begun."""
SECOND = "second"
"""The way to change a secret without a gap: by a second application."""
WEBHOOK_APPEARED, RECORD_WRITTEN, OLD_REFUSED = "walk.webhook", "walk.record", "walk.old-secret"
"""Results that the walk itself notes: no check of a verification."""

RULES: dict[str, Rule] = {
    "prerequisites": Rule(
        checks=("address.url", "address.reach", "address.instance"),
        quotes=("address.reach", "address.instance"),
        also=(("address.licence", "identity.active"),),
        words=(
            ("admin", "this log-in can open Configuration", ("token.grant",)),
            ("api", "the subscription includes the API", ("token.grant",)),
            ("licence", "a Named Licence is free", ("identity.active", "address.licence")),
        ),
        by_itself=True,
    ),
    "open-agents": Rule(way_to="create-agent"),
    "create-agent": Rule(
        checks=_AGENT, quotes=("identity.login", "identity.active"), leaves=OWN_CODES, word=True
    ),
    "agent-teams": Rule(
        checks=("identity.active",),
        quotes=("identity.active",),
        only=frozenset({TEAM}),
        part="teams:",
        word=True,
    ),
    "agent-preferences": Rule(
        checks=("identity.active",),
        quotes=("identity.active",),
        only=frozenset({HOURS}),
        part="working hours:",
        word=True,
    ),
    "note-agent-id": Rule(checks=("identity.agent",), quotes=("identity.agent",), word=True),
    "open-configuration": Rule(way_to="application-fields"),
    "open-integrations": Rule(way_to="application-fields"),
    "open-api": Rule(way_to="application-fields"),
    "create-application": Rule(way_to="application-fields"),
    "application-fields": Rule(
        checks=("token.grant", "identity.login", "identity.agent"), quotes=("identity.agent",), word=True
    ),
    "application-permissions": Rule(checks=("token.scopes",), quotes=("token.scopes",), word=True),
    "save-application": Rule(checks=("token.form", "token.grant"), quotes=("token.grant",), by_itself=True),
    "enter-credentials": Rule(checks=("address.url", "token.form"), quotes=("token.form",), by_itself=True),
    "test-token": Rule(
        checks=("token.grant", "token.control", "token.scopes"),
        quotes=("token.grant", "token.control"),
        by_itself=True,
    ),
    ROTATION: Rule(
        checks=("token.grant",),
        quotes=("token.grant",),
        words=(
            ("neo", "Neo Agent has the new secret, too", ()),
            ("old", "the first application is no longer active", (OLD_REFUSED,)),
        ),
        counted=False,
    ),
    "test-connection": Rule(
        checks=("address", "token", "identity.login", "limits"),
        quotes=("address.instance", "identity.login", "limits.headroom"),
        by_itself=True,
    ),
    "list-agents": Rule(checks=("identity.listed",), quotes=("identity.listed",), by_itself=True),
    "confirm-agent": Rule(checks=("identity",), quotes=("identity.agent",), by_itself=True),
    "check-rights": Rule(checks=("access", "webhooks.manage"), by_itself=True),
    "note-values": Rule(implied_by=("test-token", "confirm-agent"), lines=LINES),
    "connect-neo": Rule(word=True),
    "webhooks": Rule(checks=(WEBHOOK_APPEARED,), quotes=(WEBHOOK_APPEARED,), word=True),
    "record": Rule(checks=(RECORD_WRITTEN,), quotes=(RECORD_WRITTEN,)),
}
"""By step."""


def asked_by(step_id: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the checks of the registry that a step's button asks, by id."""
    rule = RULES[step_id]
    every = tuple(known)
    return tuple(one for one in ids_of(rule.checks, every) if one in every) + tuple(
        one for one, _ in rule.also
    )


def ids_of(names: tuple[str, ...], known: Iterable[str]) -> list[str]:
    """Return the ids of checks that are named by id or layer; `known` are those of the registry."""
    every = tuple(known)
    return [
        check_id
        for name in names
        for check_id in (
            [one for one in every if one.partition(".")[0] == name] if "." not in name else [name]
        )
    ]
