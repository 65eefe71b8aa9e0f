"""What the cells of the notebooks call: one `Walk` a notebook, which builds the panels."""

from __future__ import annotations

from html import escape

from ..errors import ConfigError, HaloError
from ..guide.steps import step as find_step
from ..report.evidence import Evidence
from ..secrets.redaction import redact
from ..tenants.tenant import PRACTICE
from ..verification.agents import list_agents_and_own
from . import handover, start
from .agents import AgentsPanel
from .base.style import SHEET, box
from .base.view import Panel, static
from .credentials import CredentialsPanel
from .rights import rights_panel
from .state import WalkState
from .step import StepPanel


def open_guide(tenant: str = PRACTICE, tenants_file: str = "", edition: str = "current") -> Walk:
    """Open the guide for one tenant in this notebook.

    Raises: ConfigError for an unknown edition or a broken tenants file.
    """
    return Walk(tenant, tenants_file, edition)


class Walk(WalkState):
    """One customer's walk through the steps, as the cells of the notebooks show it."""

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """The banner: customer and host, practice told apart at a glance. It brings the style sheet along."""
        url = self._found.base_url if self._found else "base URL not entered yet"
        label = self.name if self.is_practice else ((self._found.label if self._found else None) or self.name)
        kind = "Practice tenant" if self.is_practice else "Customer"
        html = box(
            f"<p class='halo-banner {'practice' if self.is_practice else ''}' style='border:2px "
            f"{'dashed' if self.is_practice else 'solid'} #8894a3;border-radius:6px;padding:.4em "
            ".8em'>"
            f"<b>{kind}: {escape(label)}</b> · {escape(url)} · documentation edition: {self.edition}</p>"
        )
        return {"text/html": SHEET + html, "text/plain": f"{kind}: {label} at {url}, edition {self.edition}"}

    def step(self, step_id: str) -> Panel:
        """Show a step: its state, where to click, what to set, what to see, and a button that checks it."""
        panel = StepPanel(self, find_step(step_id))
        self._panels.add(panel)
        return panel

    def credentials(self) -> Panel:
        """Enter base URL, Client ID, Client Secret and Agent ID, and choose where the secret stays."""
        return static(self.about_credentials()) if self.file else CredentialsPanel(self)

    def check(self, *only: str) -> Evidence | Panel:
        """Run checks, by id or layer, and show what they found; all of them when none is named.

        Where an answer is still missing it says which.
        """
        try:
            return Evidence(self.verify(only), self.edition)
        except ConfigError as error:
            return static(str(error))

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
        try:
            agents, own = list_agents_and_own(self.tenant)
        except HaloError as error:
            return static(redact(error.seen))
        return AgentsPanel(self, agents, own)

    def rights(self) -> Panel:
        """Show the rights as a matrix: what Neo Agent does in each area, and whether this agent may."""
        try:
            return rights_panel(self.verify(("access", "webhooks")))
        except ConfigError as error:
            return static(str(error))

    def start(self) -> Panel:
        """Show the map of the steps; open a customer's walk, or go on with a colleague's."""
        return start.start_panel(self)

    def practice_settings(self) -> Panel:
        """List what the sources on HaloPSA leave open, as settings of the practice tenant."""
        from .exercise import settings_panel

        return settings_panel()

    def exercise(self) -> Panel:
        """Diagnose three practice tenants that are broken on purpose."""
        from .exercise import exercise_panel

        return exercise_panel(self)

    def handover(self) -> Panel:
        """Show the four values to enter in Neo Agent; of the secret only where it is kept."""
        return handover.handover_panel(self)

    def write_record(self) -> Panel:
        """Write the record of this walk, and put the tenant into the fleet's tenants file."""
        return handover.record_panel(self)
