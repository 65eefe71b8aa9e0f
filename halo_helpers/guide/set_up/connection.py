"""Notebook 40-connection: what is checked when the connection fails."""

from __future__ import annotations

from ..step import AGENTS, Step

NOTEBOOK = "40-connection"

STEPS = (
    Step(
        "test-connection",
        "Test the connection",
        NOTEBOOK,
        see="The instance answers, the log-in works and the API can be read.",
    ),
    Step(
        "list-agents",
        "List the agents and find yours",
        NOTEBOOK,
        path=AGENTS,
        see="A table of agents; the one that the application logs in as is marked.",
        practice_link="/config/agents",
    ),
    Step(
        "confirm-agent",
        "Confirm the Agent ID",
        NOTEBOOK,
        path=AGENTS,
        see=(
            "The Agent ID belongs to the agent that the application logs in as, and the agent is set up "
            "for work."
        ),
        practice_link="/config/agents",
    ),
    Step(
        "check-rights",
        "Check the rights, area by area",
        NOTEBOOK,
        path=f"{AGENTS} → Neo Agent → Roles",
        see="Each area that Neo Agent uses can be read.",
        practice_link="/config/agents",
    ),
)
