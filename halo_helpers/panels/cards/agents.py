"""The agents of a tenant as a table; choosing one sets the Agent ID."""

from __future__ import annotations

from html import escape
from typing import Any

import traitlets

from ...client.models import UNASSIGNED_ID, Agent
from ...errors import HaloError
from ...report.text import agent_remarks, agents_table
from ...secrets.redaction import redact
from ...verification.agents import list_agents_and_own
from ..base.style import box
from ..base.view import Background, Message, Panel, View, script
from ..state import WalkState


class AgentsView(View):
    """The widget of the table."""

    _esm = script("agents")
    rows: Any = traitlets.List().tag(sync=True)
    about = traitlets.Unicode("").tag(sync=True)
    """Why there are none to be shown."""
    chosen = traitlets.Int(0, allow_none=True).tag(sync=True)


class AgentsPanel(Panel):
    """Shows agents. Message: `choose` with an id."""

    view: AgentsView

    def __init__(self, walk: WalkState) -> None:
        self.walk = walk
        self._asked: dict[str, str] | None = None
        self.work = Background()
        self.view = AgentsView(self._receive)
        if not walk.is_unattended:
            super().__init__("<p>Shown as soon as the page is connected.</p>", "agents: not listed yet")
            self.refresh()
            return
        try:
            agents, own = list_agents_and_own(walk.tenant)
        except HaloError as error:
            self.view.about = redact(error.seen)
            super().__init__(f"<p>{escape(self.view.about)}</p>", self.view.about)
            return
        agents = [agent for agent in agents if agent.id != UNASSIGNED_ID]
        self._asked = walk.answers_now()
        super().__init__(_html(agents, own), agents_table(agents, own))
        self._show(agents, own)

    def refresh(self) -> None:
        """Show the agents of the application of now: they are listed once its values are known."""
        answers = self.walk.answers_now()
        if answers != self._asked and self.walk.is_live:
            self._asked = answers
            self.work.start(lambda _: self.view.guarded(self._list))

    def _list(self) -> None:
        try:
            agents, own = list_agents_and_own(self.walk.tenant)
        except HaloError as error:
            self.view.rows, self.view.about = [], redact(error.seen)
        else:
            self._show([agent for agent in agents if agent.id != UNASSIGNED_ID], own)
        finally:
            self.work.done()

    def _show(self, agents: list[Agent], own: Agent | None) -> None:
        self.html, self.view.about = _html(agents, own), ""
        self.view.rows = [
            {
                "id": a.id,
                "name": a.name,
                "teams": ", ".join(a.team_names or ()),
                "marks": agent_remarks(a, own),
            }
            for a in sorted(agents, key=lambda agent: (own is None or agent.id != own.id, agent.id))
        ]
        chosen = self.walk.shown_answers().get("agent_id", "")
        self.view.chosen = int(chosen) if chosen.isdecimal() else None

    def _receive(self, message: Message) -> None:
        if message.get("do") == "choose" and any(row["id"] == message.get("id") for row in self.view.rows):
            self.view.chosen = message["id"]
            self._asked = self.walk.answers_now() | {"agent_id": str(message["id"])}
            self.walk.change_answers(agent_id=str(message["id"]))


def _html(agents: list[Agent], own: Agent | None) -> str:
    def row(agent: Agent) -> str:
        teams = ", ".join(agent.team_names or ())
        cells = (str(agent.id), agent.name, teams, agent_remarks(agent, own))
        return "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in cells)

    rows = "".join(f"<tr>{row(agent)}</tr>" for agent in agents)
    return box(f"<table><tr><th>ID</th><th>Name</th><th>Teams</th><th>Remarks</th></tr>{rows}</table>")
