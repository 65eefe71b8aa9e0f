"""Codes of the agent that the token acts for."""

from __future__ import annotations

from ..findings import diagnosis

LOGIN_NOT_AGENT = diagnosis(
    "login-not-agent",
    "fail",
    headline="The token does not act for an agent",
    step="application-fields",
    cause="Login Type of the application is not Agent, so the token acts for a user, a supplier or nobody.",
    remedy="Set Login Type to Agent, choose the Neo Agent agent and save.",
)

AGENT_MISMATCH = diagnosis(
    "agent-mismatch",
    "fail",
    headline="The application logs in as another agent",
    step="application-fields",
    cause=(
        "Another agent is chosen on the application (often a copy of an existing application), or the "
        "noted Agent ID is another agent's."
    ),
    remedy=(
        "Open the application and choose the Neo Agent agent; or correct the Agent ID if that one is the "
        "wrong one."
    ),
)

AGENT_UNKNOWN = diagnosis(
    "agent-unknown",
    "fail",
    headline="No agent has this Agent ID",
    step="note-agent-id",
    fixer="us",
    cause="The Agent ID was mistyped, or belongs to another instance.",
    remedy="Take the number from the column ID of the list of agents.",
)

AGENT_DISABLED = diagnosis(
    "agent-disabled",
    "fail",
    headline="The agent is not active",
    step="create-agent",
    cause="Account Active is not ticked on the agent.",
    remedy="Tick Account Active on the agent and save; it takes a free Named Licence.",
)

AGENT_API_ONLY = diagnosis(
    "agent-api-only",
    "fail",
    headline="The agent is an API-only one",
    step="create-agent",
    cause="Is an API-only Agent is ticked: such an agent cannot be given tickets or log time.",
    remedy="Take the tick away and save; it takes a free Named Licence.",
)

AGENT_WITHOUT_TEAM = diagnosis(
    "agent-without-team",
    "fail",
    headline="The agent is in no team",
    step="agent-teams",
    cause="No team is chosen on Departments & Teams: lists stay empty and the agent cannot be assigned.",
    remedy="Add at least one team on Departments & Teams and save.",
)

AGENT_ROLE_MISSING = diagnosis(
    "agent-role-missing",
    "warn",
    headline="The agent has no role",
    step="create-agent",
    cause="The agent has no role, so it has no rights.",
    remedy="Give it a role such as 1st Line Support and save.",
)

AGENT_HOURS_MISSING = diagnosis(
    "agent-hours-missing",
    "warn",
    headline="The agent has no working hours",
    step="agent-preferences",
    cause="No Working Hours are chosen on Preferences; they affect time entries.",
    remedy="Choose Working Hours and Timezone on Preferences and save.",
)

AGENT_NAME_AMBIGUOUS = diagnosis(
    "agent-name-ambiguous",
    "warn",
    headline="Several agents have this name",
    step="note-agent-id",
    fixer="us",
    cause="Several agents have this name.",
    remedy="Use the number as Agent ID, and give the agents names of their own.",
)

AGENT_UNLISTED = diagnosis(
    "agent-unlisted",
    "warn",
    headline="The agent is not in the list of agents",
    step="agent-teams",
    cause=(
        "The list of agents leaves the token's own agent out: it is in no team that it may see, or the "
        "list is restricted."
    ),
    remedy="Look at the agent's Departments & Teams.",
)

AGENTS_NOT_LISTABLE = diagnosis(
    "agents-not-listable",
    "fail",
    headline="Agents may not be listed",
    step="application-permissions",
    cause="The scope all:teams (or all:standard) is missing, or the agent's role may not see agents.",
    remedy="Tick all:teams on the application's Permissions; then look at the agent's role.",
)
