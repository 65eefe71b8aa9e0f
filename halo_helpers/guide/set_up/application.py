"""Notebook 20-application: the API application: its fields, scopes, Client ID and Client Secret."""

from __future__ import annotations

from ..step import API, APPLICATIONS, CONFIGURATION, Field, Step

NOTEBOOK = "20-application"

STEPS = (
    Step(
        "open-configuration",
        "Open Configuration",
        NOTEBOOK,
        path=CONFIGURATION,
        also_called="a gear, or an entry in the menu on the left, by version",
        see="A page of groups, among them Integrations.",
        missing="No such entry means no admin access: ask the customer's HaloPSA administrator.",
        practice_link="/config",
    ),
    Step(
        "open-integrations",
        "Open Integrations",
        NOTEBOOK,
        path=f"{CONFIGURATION} → Integrations",
        see="A page of products that HaloPSA connects to, among them HaloPSA API.",
        practice_link="/config/integrations",
    ),
    Step(
        "open-api",
        "Open the API section",
        NOTEBOOK,
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
        NOTEBOOK,
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
        NOTEBOOK,
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
        NOTEBOOK,
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
        same_form=True,
    ),
    Step(
        "save-application",
        "Save, then take the Client ID and the Client Secret",
        NOTEBOOK,
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
)
