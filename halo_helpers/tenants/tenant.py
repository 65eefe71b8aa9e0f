"""One customer's HaloPSA: its fields, their names and limits."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..errors import ConfigError, HaloError
from ..secrets.references import Reference, check_reference
from ..secrets.value import Secret, Unresolved
from .base_url import parse_address

DEFAULT_SCOPES = ("all:standard", "all:teams", "admin:webhooks")
"""What Neo Agent needs by the newest edition of its documentation (facts 1.1)."""
PRACTICE = "practice"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
EMPTY_PRACTICE = "walk-practice"
"""The learner's own tenant of the practice server, empty at first."""
RESERVED = frozenset({PRACTICE, EMPTY_PRACTICE, "run", "latest", "history"})

WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
)

FIELDS = (
    "name",
    "base_url",
    "halo_tenant",
    "client_id",
    "client_secret",
    "agent_id",
    "scopes",
    "label",
    "owner",
    "paused_until",
    "paused_reason",
    "ca_file",
    "webhook_host",
)


def read_agent_id(text: str | None) -> int | str | None:
    """Read an Agent ID as people give it: a number of at most nine digits, or the agent's name."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else text or None


@dataclass(frozen=True)
class Tenant:
    """One customer's HaloPSA.

    `client_secret` is a reference (`env:NAME`, `file:PATH`, `keyring:`, `prompt:`) or a `Secret`, never the
    text itself. `agent_id` is a number or the agent's name. A base URL that cannot be used is no error here:
    a verification says what is wrong with it. `folder`, by keyword, is where relative paths start; where it
    is set, as it is in what `load_tenants` returns, references keep the rules of a tenants file.

    >>> from halo_helpers import Tenant
    >>> Tenant("acme", "https://acme.halopsa.com", client_secret="env:HALO_ACME_SECRET", agent_id=27).display
    'acme'

    Raises: ConfigError when a value cannot be right.
    """

    name: str
    base_url: str
    client_id: str = field(default="", repr=False)
    """Not shown either: it stands where a secret may be given by mistake."""
    client_secret: str | Secret | Unresolved = field(default="", repr=False)
    halo_tenant: str | None = None
    agent_id: int | str | None = None
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    label: str | None = None
    owner: str | None = None
    paused_until: dt.date | None = None
    paused_reason: str | None = None
    ca_file: str | None = None
    webhook_host: str | None = None
    """The host that Neo Agent's webhook sends to, once it is known; with its port where it names one."""
    folder: Path | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.scopes, str):
            object.__setattr__(self, "scopes", tuple(self.scopes.split()))
        wrong = [name for name, kinds in _KINDS.items() if not isinstance(getattr(self, name), kinds)]
        if isinstance(self.agent_id, bool) or (isinstance(self.agent_id, int) and self.agent_id < 0):
            wrong.append("agent_id")
        if not all(isinstance(scope, str) for scope in self.scopes if "scopes" not in wrong):
            wrong.append("scopes")
        if isinstance(self.name, str) and not NAME.fullmatch(self.name):
            wrong.append("name")
        if wrong:
            raise ConfigError(f"of a Tenant, {', '.join(wrong)} cannot be right: see help(Tenant)")
        if isinstance(self.client_secret, str) and self.client_secret:
            problem = check_reference(self.client_secret)
            if problem:
                raise ConfigError(f"client_secret of {self.name} {problem}")

    @property
    def display(self) -> str:
        """The name that people read."""
        return self.label or self.name

    @property
    def reference(self) -> Reference | None:
        """How the secret is found, None when it is at hand or was not given."""
        text = self.client_secret
        return Reference.parse(text) if isinstance(text, str) and text else None

    def as_json(self) -> dict[str, Any]:
        """Return everything but the secret, for another process or `json.dumps`."""
        values = {
            entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "client_secret"
        }
        return values | {
            "scopes": list(self.scopes),
            "folder": str(self.folder) if self.folder else None,
            "paused_until": self.paused_until.isoformat() if self.paused_until else None,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any], client_secret: str | Secret | Unresolved) -> Tenant:
        """Read what `as_json` returns, all of it; the secret, which is not in it, goes beside."""
        until, folder = values["paused_until"], values["folder"]
        return cls(
            **values
            | {
                "client_secret": client_secret,
                "scopes": tuple(values["scopes"]),
                "folder": Path(folder) if folder else None,
                "paused_until": dt.date.fromisoformat(until) if until else None,
            }
        )

    def is_paused(self, today: dt.date) -> bool:
        """Whether this tenant is not to be judged today."""
        return self.paused_until is not None and today < self.paused_until


_KINDS: dict[str, Any] = {
    **dict.fromkeys(("name", "base_url", "client_id"), str),
    **dict.fromkeys(
        ("halo_tenant", "label", "owner", "paused_reason", "ca_file", "webhook_host"), str | None
    ),
    "client_secret": str | Secret | Unresolved,
    "agent_id": int | str | None,
    "scopes": tuple,
    "paused_until": dt.date | None,
    "folder": Path | None,
}
"""What each field of a tenant may be."""


def is_practice(tenant: Tenant) -> bool:
    """Whether a tenant is a practice one, before anybody is asked: nobody else's HaloPSA is on loopback."""
    url = shown_url(tenant)
    return bool(url) and parse_address(url).is_loopback


def shown_url(tenant: Tenant) -> str:
    """Return the normalised base URL, empty when it cannot be used."""
    try:
        return parse_address(tenant.base_url).url
    except HaloError:
        return ""
