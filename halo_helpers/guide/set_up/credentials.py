"""Notebook 30-credentials: the four values, a token, another secret."""

from __future__ import annotations

from ..step import APPLICATIONS, Field, Step

NOTEBOOK = "30-credentials"

STEPS = (
    Step(
        "enter-credentials",
        "Enter the four values",
        NOTEBOOK,
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
        NOTEBOOK,
        path=APPLICATIONS,
        link="/config/integrations/api/applications",
        see="A token was given, a random secret was refused, and the scopes are the wanted ones.",
        practice_link="/config/integrations/api/applications",
    ),
    Step(
        "change-secret",
        "Change the secret",
        NOTEBOOK,
        path=f"{APPLICATIONS} → Neo Agent Integration",
        link="/config/integrations/api/applications",
        see="A token is given for the new secret, and the date of today stands beside it.",
        missing=(
            "No button to generate one: the log-in may not manage applications, ask the customer's "
            "HaloPSA administrator."
        ),
        practice_link="/config/integrations/api/applications",
    ),
)
