"""Codes that an administrator's sign-in tells apart: the field itself, where others see a symptom."""

from __future__ import annotations

from ..findings import diagnosis

_FIELDS, _PERMISSIONS, _SAVE = "application-fields", "application-permissions", "save-application"

CLIENT_ID_CHANGED = diagnosis(
    "client-id-changed",
    "fail",
    headline="The application has another Client ID",
    step=_SAVE,
    cause="The Client ID was copied before the application was saved, or is that of another application.",
    remedy="Open the application, copy the Client ID as it stands there, and enter it here and in Neo Agent.",
)
APPLICATION_UNKNOWN = diagnosis(
    "application-unknown",
    "fail",
    headline="No application has this Client ID",
    step="create-application",
    cause="The application was deleted, was never saved, or is on another instance.",
    remedy="See that it is the instance of the base URL; then make the application.",
)
APPLICATION_SYSTEM = diagnosis(
    "application-system",
    "fail",
    headline="The application is one of HaloPSA's own",
    step="create-application",
    cause="The Client ID of an application that HaloPSA uses itself was taken; nobody may change that one.",
    remedy="Leave it as it is, and make a new application with View Applications → New.",
)
APPLICATION_DOUBLED = diagnosis(
    "application-doubled",
    "warn",
    headline="Several applications have this name",
    step="create-application",
    cause="An earlier try was left behind, so the next person may open the wrong one.",
    remedy="See which Client ID is in use, and rename or deactivate the other ones.",
)
APPLICATION_INACTIVE = diagnosis(
    "application-inactive",
    "fail",
    headline="The application is not active",
    step=_FIELDS,
    cause="Active is not ticked, so the application gets no token whatever its secret is.",
    remedy="Open the application → Edit → tick Active → Save.",
)
APPLICATION_METHOD = diagnosis(
    "application-method",
    "fail",
    headline="Authentication Method is not Client ID and Secret",
    step=_FIELDS,
    cause="Only Client ID and Secret (Services) works between servers.",
    remedy=(
        "Make a new application with Authentication Method: Client ID and Secret (Services), rather than "
        "change "
        "this one."
    ),
)
APPLICATION_LOGIN_TYPE = diagnosis(
    "application-login-type",
    "fail",
    headline="The application does not log in as an agent",
    step=_FIELDS,
    cause="Login Type is not Agent, or no agent is chosen, so the token acts for somebody else or nobody.",
    remedy=(
        "Open the application, set Login Type: Agent, then Agent, and save. HaloPSA may make a new "
        "secret then: "
        "enter that one here and in Neo Agent."
    ),
)
APPLICATION_AGENT = diagnosis(
    "application-agent",
    "fail",
    headline="On the application another agent is chosen",
    step=_FIELDS,
    cause="On the application another agent is chosen than the one with the Agent ID.",
    remedy="Open the application, choose the agent with the Agent ID as the agent to log in as, and save.",
)
SCOPE_UNTICKED = diagnosis(
    "scope-unticked",
    "fail",
    headline="A scope is not ticked",
    step=_PERMISSIONS,
    cause="On Permissions of the application this scope does not stand on Yes.",
    remedy="Open the application → Permissions → set it to Yes → Save. A token made before does not have it.",
)
SECRET_WRONG = diagnosis(
    "secret-wrong",
    "fail",
    headline="The Client Secret is not the application's",
    step=_SAVE,
    cause=(
        "Every field of the application is as it should be, so only the secret is left: it was cut off, "
        "or made "
        "anew since. Rarely an approval of the application is missing."
    ),
    remedy="Open the application → Edit → Generate → Copy → Save; enter the secret here and in Neo Agent.",
)
TEAM_INACTIVE = diagnosis(
    "team-inactive",
    "fail",
    headline="The agent's teams are not active",
    step="agent-teams",
    cause="Every team that the agent is in is inactive, so no ticket can be given to it.",
    remedy="Open the agent → Departments & Teams, and choose a team that is in use.",
)
AGENT_RESTRICTED = diagnosis(
    "agent-restricted",
    "warn",
    headline="The agent may see some clients only",
    step="check-rights",
    cause="The agent is restricted to chosen clients, so records of the others do not show.",
    remedy="Open the agent's client restrictions and allow all customers, unless it is meant to be so.",
)
MODULE_OFF = diagnosis(
    "module-off",
    "warn",
    headline="A module is switched off",
    step="check-rights",
    cause="The instance has no licence for this module, or it is switched off.",
    remedy="Nothing to do unless the customer uses it: then switch the module on in Configuration.",
)
WRITE_NOT_KEPT = diagnosis(
    "write-not-kept",
    "fail",
    headline="A field that was written did not stay",
    step=_FIELDS,
    cause="HaloPSA took the change and shows another value, or moved another field with it.",
    remedy="Look at the object on its screen; setup --undo gives the former values back.",
)
NOTE_REFUSED = diagnosis(
    "note-refused",
    "fail",
    headline="The agent may not add a note",
    step="check-rights",
    cause="The agent's role lets tickets be read, and no action be added to them.",
    remedy="Open the agent's role → Permissions, and allow adding actions to tickets.",
)
