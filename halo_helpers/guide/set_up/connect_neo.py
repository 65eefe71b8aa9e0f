"""Notebook 50-connect-neo: the hand-over to Neo Agent, webhooks, the record."""

from __future__ import annotations

from ..step import CONFIGURATION, Step

NOTEBOOK = "50-connect-neo"

STEPS = (
    Step(
        "note-values",
        "Note the four values",
        NOTEBOOK,
        see=(
            "Four lines in the order of Neo Agent's form: Client ID, Client Secret (only as dots), HaloPSA "
            "Base URL without a slash at the end, Agent ID."
        ),
    ),
    Step(
        "connect-neo",
        "Connect in Neo Agent",
        NOTEBOOK,
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
        NOTEBOOK,
        path=f"{CONFIGURATION} → Integrations → Webhooks",
        see="After connecting, a webhook that Neo Agent registered itself.",
        missing="Without the scope admin:webhooks Neo Agent's connection fails although reading works.",
        practice_link="/config/integrations/webhooks",
    ),
    Step(
        "record",
        "Keep the record",
        NOTEBOOK,
        see="A record of who checked what and when, to attach to the ticket.",
    ),
)
