"""What a step is, the editions of Neo Agent's documentation, the click paths that steps share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

EDITIONS = {
    "original": "names Login Type and Agent, and no scope",
    "all-scope": "names the one scope all, and neither Login Type nor Agent",
    "current": "names exactly three scopes, and neither Login Type nor Agent in the part that is known",
}
"""The generations of the Neo Agent documentation (facts 1.1)."""
DEFAULT_EDITION = "current"
AGENT_NAME, APPLICATION_NAME = "Neo Agent", "Neo Agent Integration"
"""What the guide calls the agent and the application, unless other names are chosen."""
CONFIGURATION = "Configuration"
AGENTS = f"{CONFIGURATION} → Teams & Agents → Agents"
API = f"{CONFIGURATION} → Integrations → HaloPSA API"
APPLICATIONS = f"{API} → View Applications"


@dataclass(frozen=True)
class Field:
    """One field of a form: what to set, why, and what an edition of the documentation says besides."""

    name: str
    value: str
    why: str
    by_edition: tuple[tuple[str, str], ...] = ()
    to_paste: bool = False

    def note(self, edition: str) -> str:
        """Return what this edition says of the field; empty when it says the same."""
        return dict(self.by_edition).get(edition, "")


@dataclass(frozen=True)
class Step:
    """One step. `path` is the click path, `link` a path on the instance; `rules` say when it is done.

    `missing` says what it means when the entry is not there, `see` what is on the screen afterwards.
    """

    id: str
    title: str
    notebook: str
    path: str = ""
    link: str = ""
    also_called: str = ""
    fields: tuple[Field, ...] = ()
    see: str = ""
    missing: str = ""
    practice_link: str = ""
    """The same screen on the practice tenant, all of whose addresses are known."""
    same_form: bool = False
    """Whether it goes on in the form of the step before: that is open, and a new one would lose it."""
    names: tuple[str, str] = (AGENT_NAME, APPLICATION_NAME)
    """What the agent and the application are called."""

    def named(self, agent: str, application: str) -> Self:
        """Return the step with other names of the agent and the application in its path and fields."""
        names = (agent or AGENT_NAME, application or APPLICATION_NAME)
        if names == self.names:
            return self
        path = self.path
        for made, old, new in zip((AGENTS, APPLICATIONS), self.names, names, strict=True):
            path = path.replace(f"{made} → {old}", f"{made} → {new}")
        named = {"Agent": 0, "Username": 0, "Name": 0, "Application Name": 1}
        fields = tuple(
            replace(one, value=names[named[one.name]])
            if one.name in named and one.value == self.names[named[one.name]]
            else one
            for one in self.fields
        )
        return replace(self, path=path, fields=fields, names=names)

    @property
    def path_again(self) -> str:
        """The click path to what this step has made, to mend it.

        It is there now, and New would make another one.
        """
        for made, name in zip((AGENTS, APPLICATIONS), self.names, strict=True):
            if self.path.startswith(f"{made} → New"):
                return self.path.replace("→ New", f"→ {name}").removesuffix(" → Save")
        return self.path

    @property
    def where(self) -> str:
        """Notebook and anchor, such as `20-application.ipynb#save-application`."""
        return f"{self.notebook}.ipynb#{self.id}"
