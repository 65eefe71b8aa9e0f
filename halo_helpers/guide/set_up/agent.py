"""Notebook 10-agent: the agent that Neo Agent works as."""

from __future__ import annotations

from ..step import AGENTS, Field, Step

NOTEBOOK = "10-agent"

STEPS = (
    Step(
        "open-agents",
        "Open the list of agents",
        NOTEBOOK,
        path=AGENTS,
        also_called="Configuration → Agents in older versions",
        see="A table of agents with a column ID, and a button New.",
        missing="No Teams & Agents under Configuration means that this log-in may not manage agents.",
        practice_link="/config/agents",
    ),
    Step(
        "create-agent",
        "Create the Neo Agent agent",
        NOTEBOOK,
        path=f"{AGENTS} → New",
        also_called="Add Agent in older versions",
        fields=(
            Field(
                "Username",
                "Neo Agent",
                "shown in histories",
                (("original", "neoagent or neo_agent"),),
                to_paste=True,
            ),
            Field(
                "Name",
                "Neo Agent",
                "notes, actions and field changes are attributed to it; a human-looking name is fine too",
                (("current", "the username is shown as the name, too"),),
                to_paste=True,
            ),
            Field("Email", "team@neoagent.io", "or an address of the service provider", to_paste=True),
            Field("Password", "any long random one", "never used: Neo Agent does not log in by the screen"),
            Field(
                "Roles",
                "1st Line Support",
                "or Administrator: the role is the ceiling of what the API may do",
            ),
            Field("Account Active", "ticked", "as far as known, a disabled agent is refused"),
            Field(
                "Is an API-only Agent", "not ticked", "an API-only agent cannot be given tickets or log time"
            ),
        ),
        see="The agent's page with the tabs Details, Departments & Teams and Preferences.",
        missing="When saving asks for a licence, no Named Licence is free: buy or free one.",
        practice_link="/config/agents/new",
    ),
    Step(
        "agent-teams",
        "Put the agent in a team",
        NOTEBOOK,
        path=f"{AGENTS} → Neo Agent → Departments & Teams",
        fields=(
            Field(
                "Teams",
                "at least one",
                "without a team no ticket can be assigned to it, and views by team stay empty",
            ),
        ),
        see="The team in the list on this tab, also after saving.",
        practice_link="/config/agents",
    ),
    Step(
        "agent-preferences",
        "Set working hours and time zone",
        NOTEBOOK,
        path=f"{AGENTS} → Neo Agent → Preferences",
        fields=(
            Field("Working Hours", "those of the service desk", "they affect time entries"),
            Field("Timezone", "that of the service desk", "they affect time entries"),
        ),
        see="Both fields filled in after saving.",
        practice_link="/config/agents",
    ),
    Step(
        "note-agent-id",
        "Save and note the Agent ID",
        NOTEBOOK,
        path=f"{AGENTS}, column ID",
        see="The new agent in the list, with a number in the column ID: this is the Agent ID.",
        missing=(
            "Not in the list: show disabled and API-only agents too, then look at Account Active and Is "
            "an API-only Agent."
        ),
        practice_link="/config/agents",
    ),
)
