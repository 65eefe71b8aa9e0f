"""What the cells of the notebooks call: `show` and `summary`, and the `Walk` whose panels they show.

Each cell stands alone: which walk is meant is said by the notebook's parameters where their cell has run,
else by the folder that the notebook lies in. Copies of notebooks of before call `open_guide` and its methods.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import ConfigError, HaloError
from ..guide.rules import ROTATION
from ..guide.step import DEFAULT_EDITION
from ..guide.steps import STEPS
from ..guide.steps import step as find_step
from ..report.evidence import Evidence, evidence_html
from ..secrets.redaction import redact
from ..tenants.answers import walks_folder
from ..tenants.tenant import NAME, PRACTICE
from ..verification.result import Verification
from .base.view import Panel, static
from .cards.agents import AgentsPanel
from .cards.connect_neo import ConnectNeoPanel
from .cards.header import HeaderPanel
from .cards.rights import RightsPanel, rights_panel
from .cards.rotation import RotationPanel
from .cards.step import StepPanel
from .cards.verdict import VerdictPanel
from .credentials import CredentialsPanel
from .handover import HandoverPanel
from .record import RecordPanel
from .start import StartPanel
from .state import WalkState


def open_guide(tenant: str = PRACTICE, tenants_file: str = "", edition: str = "current") -> Walk:
    """Open the guide for one tenant in this notebook.

    Raises: ConfigError for an unknown edition or a broken tenants file.
    """
    return Walk(tenant, tenants_file, edition)


def show(what: str) -> Panel:
    """Show a step by its id, or a panel: header, credentials, agents, rights, start, handover and others.

    Outside a lab this gives the panel's static form. It never raises for what a person can mend.
    """
    try:
        walk = _walk_here()
        return walk.panel(what)
    except HaloError as error:
        return static(redact(error.seen))
    except KeyError:
        return static(f"nothing is called {what!r}; known are {', '.join([*_PANELS, *STEPS])}")


def summary(*only: str) -> str:
    """Run checks, by id or layer, and return one line about them, or about what is still missing."""
    try:
        walk = _walk_here()
        return (
            walk.summary(*only)
            if walk.is_unattended
            else "the cards above ask; this cell does so in unattended runs alone"
        )
    except HaloError as error:
        return redact(error.seen)


def _walk_here() -> Walk:
    """Return the walk of this notebook, the same one for all its cells."""
    given = vars(sys.modules["__main__"])
    tenant = given.get("tenant")
    file, edition = str(given.get("tenants_file", "")), str(given.get("edition", DEFAULT_EDITION))
    here = Path.cwd()
    if not isinstance(tenant, str):
        tenant = here.name if here.parent == walks_folder() and NAME.fullmatch(here.name) else PRACTICE
    return _open(tenant, file, edition)


@lru_cache(maxsize=4)
def _open(tenant: str, file: str, edition: str) -> Walk:
    return Walk(tenant, file, edition)


class Walk(WalkState):
    """One customer's walk through the steps, as the cells of the notebooks show it."""

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """The header. It brings the style sheet along."""
        return self.header()._repr_mimebundle_(**options)

    def header(self) -> Panel:
        """Show customer or practice, the one verdict, the one next step, how far the walk is."""
        panel = HeaderPanel(self)
        self.follow(panel)
        return panel

    def panel(self, what: str) -> Panel:
        """Show a step by its id, or a panel by its name.

        Raises: KeyError for what is neither.
        """
        return self.step(what) if what in STEPS else _PANELS[what](self)

    def step(self, step_id: str) -> Panel:
        """Show a step: its state, where to click, what to set, what to see, and one button."""
        panel = _STEP_PANELS.get(step_id, StepPanel)(self, find_step(step_id))
        self.follow(panel)
        return panel

    def credentials(self) -> Panel:
        """Enter base URL, Client ID, Client Secret and Agent ID, and choose where the secret stays."""
        if self.file:
            return static(self.about_credentials())
        panel = CredentialsPanel(self)
        self.follow(panel)
        return panel

    def check(self, *only: str) -> Evidence | Panel:
        """Run checks, by id or layer, and show what they found; all of them when none is named.

        Where an answer is still missing it says which.
        """
        try:
            return Evidence(self.verify(only), self.edition)
        except ConfigError as error:
            return static(str(error))

    def verdict(self) -> Panel:
        """Show all that is known of the connection, the causes of what is wrong first."""
        panel = VerdictPanel(self, self._asked((), self._verdict_of))
        self.follow(panel)
        return panel

    def summary(self, *only: str) -> str:
        """Run checks and return one line about them, or about the answer that is still missing."""
        try:
            return self.verify(only).summary()
        except ConfigError as error:
            return str(error)

    def agents(self) -> Panel:
        """List the agents.

        The one that the application logs in as is marked, and one can be chosen as the Agent ID.
        """
        panel = AgentsPanel(self)
        self.follow(panel)
        return panel

    def rights(self) -> Panel:
        """Show the rights: what Neo Agent does in each area, and whether this agent may read it."""
        panel = RightsPanel(self, self._asked(("access", "webhooks"), rights_panel))
        self.follow(panel)
        return panel

    def _verdict_of(self, result: Verification) -> Panel:
        return Panel(evidence_html(result, self.edition), result.summary())

    def _asked(self, only: tuple[str, ...], make: Callable[[Verification], Panel]) -> Panel:
        """Return a panel's static form: what checks answer now in an unattended run, else where to look."""
        if not self.is_unattended:
            return static("Shown as soon as the page is connected: Run → Run All Cells.")
        try:
            return make(self.verify(only))
        except ConfigError as error:
            return static(str(error))

    def start(self) -> Panel:
        """Show the map of the steps; open a customer's walk, or go on with a colleague's."""
        panel = StartPanel(self)
        self.follow(panel)
        return panel

    def practice_settings(self) -> Panel:
        """Say where the settings of the practice tenant are listed; working copies of before ask for it."""
        return static("The practice tenant's settings are listed by: halo-runbook practice --help")

    def administrator(self) -> Panel:
        """Let an administrator sign in, see which field is wrong, and have it set right on consent."""
        from .admin.panel import administrator_panel

        return administrator_panel(self)

    def exercise(self) -> Panel:
        """Diagnose three practice tenants that are broken on purpose."""
        from .exercise import exercise_panel

        return exercise_panel(self)

    def handover(self) -> Panel:
        """Show the four values to enter in Neo Agent; of the secret only where it is kept."""
        panel = HandoverPanel(self)
        self.follow(panel)
        return panel

    def write_record(self) -> Panel:
        """Write the record of this walk, and put the tenant into the fleet's tenants file."""
        panel = RecordPanel(self)
        self.follow(panel)
        return panel


_STEP_PANELS: dict[str, type[StepPanel]] = {"connect-neo": ConnectNeoPanel, ROTATION: RotationPanel}
"""Steps with buttons of their own."""
_PANELS: dict[str, Callable[[Walk], Any]] = {
    "header": Walk.header,
    "credentials": Walk.credentials,
    "agents": Walk.agents,
    "rights": Walk.rights,
    "start": Walk.start,
    "administrator": Walk.administrator,
    "exercise": Walk.exercise,
    "handover": Walk.handover,
    "write-record": Walk.write_record,
    "verdict": Walk.verdict,
}
"""What `show` knows besides the steps."""
