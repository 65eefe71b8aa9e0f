"""The agents of a tenant as a table; choosing one sets the Agent ID."""

from __future__ import annotations

from html import escape
from typing import Any

import traitlets

from ..client.models import UNASSIGNED_ID, Agent
from ..report.text import agent_remarks, agents_table
from .base.style import box
from .base.view import Panel, View, script
from .state import WalkState


class AgentsView(View):
    """The widget of the table."""

    _esm = script("agents")
    rows: Any = traitlets.List().tag(sync=True)
    chosen = traitlets.Int(0, allow_none=True).tag(sync=True)


class AgentsPanel(Panel):
    """Shows agents. Message: `choose` with an id."""

    view: AgentsView

    def __init__(self, walk: WalkState, agents: list[Agent], own: Agent | None) -> None:
        shown = [agent for agent in agents if agent.id != UNASSIGNED_ID]
        super().__init__(_html(shown, own), agents_table(shown, own))
        self.walk = walk
        rows = [
            {
                "id": a.id,
                "name": a.name,
                "teams": ", ".join(a.team_names or ()),
                "marks": agent_remarks(a, own),
            }
            for a in shown
        ]
        chosen = walk.shown_answers().get("agent_id", "")
        self.view = AgentsView(self._receive, rows=rows, chosen=int(chosen) if chosen.isdecimal() else None)

    def _receive(self, message: dict[str, Any]) -> None:
        if message.get("do") == "choose" and any(row["id"] == message.get("id") for row in self.view.rows):
            self.walk.change_answers(agent_id=str(message["id"]))
            self.view.chosen = message["id"]
            self.walk.refresh()


def _html(agents: list[Agent], own: Agent | None) -> str:
    def row(agent: Agent) -> str:
        teams = ", ".join(agent.team_names or ())
        cells = (str(agent.id), agent.name, teams, agent_remarks(agent, own))
        return "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in cells)

    rows = "".join(f"<tr>{row(agent)}</tr>" for agent in agents)
    return box(f"<table><tr><th>ID</th><th>Name</th><th>Teams</th><th>Remarks</th></tr>{rows}</table>")
