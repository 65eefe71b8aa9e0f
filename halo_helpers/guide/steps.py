"""The guide as data: every step, where to click, what to set, what to see then.

The notebooks show these steps, diagnoses point to them, and tests hold the notebooks against them.
Source: facts 1.1 to 1.6; deep links facts 5 (a convenience: the click path always stands beside them).
"""

from __future__ import annotations

from .step import AGENTS, API, APPLICATIONS, CONFIGURATION, Field, Step

_START, _AGENT, _APP, _CREDENTIALS, _CONNECTION, _NEO = (
    "00-start",
    "10-agent",
    "20-application",
    "30-credentials",
    "40-connection",
    "50-connect-neo",
)

_ALL = (
    Step(
        "prerequisites",
        "What you need before you begin",
        _START,
        fields=(
            Field(
                "Admin access",
                "a HaloPSA log-in that can open Configuration",
                "agents and applications are made there",
            ),
            Field(
                "API access",
                "a HaloPSA subscription with the API included",
                "Neo Agent talks to the API only",
            ),
            Field(
                "Named Licence",
                "one free agent licence",
                "the Neo agent is a full agent, not an API-only one",
            ),
            Field(
                "Base URL",
                "the address in the browser when HaloPSA is open, without anything after the host",
                "such as https://yourdomain.halopsa.com, with no slash at the end",
            ),
        ),
        see="The check reaches the instance and names its version.",
        missing=(
            "Without the entry Configuration in HaloPSA the log-in has no admin access: ask the "
            "customer's HaloPSA administrator."
        ),
    ),
    Step(
        "open-agents",
        "Open the list of agents",
        _AGENT,
        path=AGENTS,
        also_called="Configuration → Agents in older versions",
        see="A table of agents with a column ID, and a button New.",
        missing="No Teams & Agents under Configuration means that this log-in may not manage agents.",
        practice_link="/config/agents",
    ),
    Step(
        "create-agent",
        "Create the Neo Agent agent",
        _AGENT,
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
        _AGENT,
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
        _AGENT,
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
        _AGENT,
        path=f"{AGENTS}, column ID",
        see="The new agent in the list, with a number in the column ID: this is the Agent ID.",
        missing=(
            "Not in the list: show disabled and API-only agents too, then look at Account Active and Is "
            "an API-only Agent."
        ),
        practice_link="/config/agents",
    ),
    Step(
        "open-configuration",
        "Open Configuration",
        _APP,
        path=CONFIGURATION,
        also_called="a gear, or an entry in the menu on the left, by version",
        see="A page of groups, among them Integrations.",
        missing="No such entry means no admin access: ask the customer's HaloPSA administrator.",
        practice_link="/config",
    ),
    Step(
        "open-integrations",
        "Open Integrations",
        _APP,
        path=f"{CONFIGURATION} → Integrations",
        see="A page of products that HaloPSA connects to, among them HaloPSA API.",
        practice_link="/config/integrations",
    ),
    Step(
        "open-api",
        "Open the API section",
        _APP,
        path=API,
        link="/config/integrations/api",
        also_called="API, or Halo API",
        see=(
            "API Details with Resource Server, Authorisation Server and Tenant, and a button View "
            "Applications."
        ),
        missing="An empty page under this link means a version with other links: take the click path.",
        practice_link="/config/integrations/api",
    ),
    Step(
        "create-application",
        "Look at the applications there are, then start a new one",
        _APP,
        path=f"{APPLICATIONS} → New",
        link="/config/integrations/api/applications",
        also_called="API → Applications in older versions",
        see=(
            "First the list. HaloPSA's own applications stand in it, too: do not change them. An inactive or "
            "half-made Neo Agent application from an earlier try? Do not copy it: start a new one."
        ),
        practice_link="/config/integrations/api/applications",
    ),
    Step(
        "application-fields",
        "Fill in the details",
        _APP,
        path=f"{APPLICATIONS} → New → Details",
        fields=(
            Field(
                "Application Name",
                "Neo Agent Integration",
                "to recognise it by",
                (("original", "Neo Agent, or Neo Agent Integration"),),
                to_paste=True,
            ),
            Field(
                "Active", "ticked", "an inactive application gets no token", (("original", "not mentioned"),)
            ),
            Field(
                "Authentication Method",
                "Client ID and Secret (Services)",
                "no other method works between servers",
                (("original", "called Client ID and Secret"),),
            ),
            Field(
                "Login Type",
                "Agent",
                "the token must act for an agent",
                (
                    ("all-scope", "not mentioned; HaloPSA has the field all the same"),
                    ("current", "not mentioned; HaloPSA has the field all the same"),
                ),
            ),
            Field(
                "Agent",
                "Neo Agent",
                "the agent made in the notebook before this one",
                (
                    ("all-scope", "not mentioned; HaloPSA has the field all the same"),
                    ("current", "not mentioned; HaloPSA has the field all the same"),
                ),
            ),
        ),
        see=(
            "The form with these five fields filled in. The Client ID shown now may still change when "
            "the form is saved."
        ),
        practice_link="/config/integrations/api/applications/new",
    ),
    Step(
        "application-permissions",
        "Tick the scopes",
        _APP,
        path=f"{APPLICATIONS} → New → Permissions",
        fields=(
            Field(
                "all:standard",
                "Yes",
                "tickets, contacts, assets and other everyday data",
                (
                    ("original", "the text names no scope"),
                    ("all-scope", "says all instead, which does not contain all:teams"),
                ),
            ),
            Field(
                "all:teams",
                "Yes",
                "teams, agents and routing",
                (
                    ("original", "the text names no scope"),
                    ("all-scope", "not mentioned; all does not contain it"),
                ),
            ),
            Field(
                "admin:webhooks",
                "Yes",
                "Neo Agent registers its own webhook; without it its connection fails",
                (("original", "the text names no scope"), ("all-scope", "not mentioned")),
            ),
            Field(
                "everything else",
                "No",
                "all and admin included: more than Neo Agent needs",
                (("original", "the text names no scope"), ("all-scope", "says all = Yes")),
            ),
        ),
        see="Exactly three scopes on Yes.",
        practice_link="/config/integrations/api/applications/new",
    ),
    Step(
        "save-application",
        "Save, then take the Client ID and the Client Secret",
        _APP,
        path=f"{APPLICATIONS} → New → Save",
        fields=(
            Field("Client ID", "copy it after saving", "the one shown before may have been replaced"),
            Field("Client Secret", "copy it now", "it is shown once; when it is lost, it must be made anew"),
        ),
        see=(
            "The Client Secret with a copy button, in the form or once after saving. Paste it into Neo Agent "
            "at once, too."
        ),
        missing="No secret is shown: use the button that generates a new one; the old one stops working.",
        practice_link="/config/integrations/api/applications",
    ),
    Step(
        "enter-credentials",
        "Enter the four values",
        _CREDENTIALS,
        fields=(
            Field("HaloPSA Base URL", "https://yourdomain.halopsa.com", "no trailing slash"),
            Field("Client ID", "a GUID", "from the application, after saving"),
            Field("Client Secret", "73 characters", "two GUIDs joined by a hyphen"),
            Field("Agent ID", "a number", "or the agent's username"),
        ),
        see="The check finds nothing to object to in their form.",
    ),
    Step(
        "test-token",
        "Ask for a token",
        _CREDENTIALS,
        path=APPLICATIONS,
        link="/config/integrations/api/applications",
        see="A token was given, a random secret was refused, and the scopes are the wanted ones.",
        practice_link="/config/integrations/api/applications",
    ),
    Step(
        "change-secret",
        "Change the secret",
        _CREDENTIALS,
        path=f"{APPLICATIONS} → Neo Agent Integration",
        link="/config/integrations/api/applications",
        see="A token is given for the new secret, and the date of today stands beside it.",
        missing=(
            "No button to generate one: the log-in may not manage applications, ask the customer's "
            "HaloPSA administrator."
        ),
        practice_link="/config/integrations/api/applications",
    ),
    Step(
        "test-connection",
        "Test the connection",
        _CONNECTION,
        see="The instance answers, the log-in works and the API can be read.",
    ),
    Step(
        "list-agents",
        "List the agents and find yours",
        _CONNECTION,
        path=AGENTS,
        see="A table of agents; the one that the application logs in as is marked.",
        practice_link="/config/agents",
    ),
    Step(
        "confirm-agent",
        "Confirm the Agent ID",
        _CONNECTION,
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
        _CONNECTION,
        path=f"{AGENTS} → Neo Agent → Roles",
        see="Each area that Neo Agent uses can be read.",
        practice_link="/config/agents",
    ),
    Step(
        "note-values",
        "Note the four values",
        _NEO,
        see=(
            "Four lines in the order of Neo Agent's form: Client ID, Client Secret (only as dots), HaloPSA "
            "Base URL without a slash at the end, Agent ID."
        ),
    ),
    Step(
        "connect-neo",
        "Connect in Neo Agent",
        _NEO,
        path="Neo Agent dashboard → Integrations → HaloPSA",
        see="Neo Agent's own test succeeds: log-in, API, tickets readable, acting as the agent. Then save.",
        missing=(
            "HaloPSA is not offered: as far as known, the PSA comes before a customer's other integrations "
            "in Neo Agent."
        ),
        practice_link="/neo-agent",
    ),
    Step(
        "webhooks",
        "Webhooks",
        _NEO,
        path=f"{CONFIGURATION} → Integrations → Webhooks",
        see="After connecting, a webhook that Neo Agent registered itself.",
        missing="Without the scope admin:webhooks Neo Agent's connection fails although reading works.",
        practice_link="/config/integrations/webhooks",
    ),
    Step(
        "record",
        "Keep the record",
        _NEO,
        see="A record of who checked what and when, to attach to the ticket.",
    ),
)

STEPS: dict[str, Step] = {step.id: step for step in _ALL}
NOTEBOOKS = (_START, _AGENT, _APP, _CREDENTIALS, _CONNECTION, _NEO)


def step(step_id: str) -> Step:
    """Return a step by id.

    Raises: KeyError with the known ids.
    """
    if step_id not in STEPS:
        raise KeyError(f"no step is called {step_id!r}; known are {', '.join(STEPS)}")
    return STEPS[step_id]
