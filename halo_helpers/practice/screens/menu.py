"""The menu of Configuration: where each page stands, and the pages that only lead on."""

from __future__ import annotations

HOME = [("Configuration", "/config")]
AGENTS = [*HOME, ("Teams & Agents", "/config/agents-and-teams"), ("Agents", "/config/agents")]
INTEGRATIONS = [*HOME, ("Integrations", "/config/integrations")]
API = [*INTEGRATIONS, ("HaloPSA API", "/config/integrations/api")]
APPLICATIONS = [*API, ("Applications", "/config/integrations/api/applications")]

TILES: dict[tuple[str, ...], tuple[list[tuple[str, str]], tuple[tuple[str, str, str], ...]]] = {
    (): (
        HOME,
        (
            ("Teams & Agents", "/config/agents-and-teams", "who works here"),
            ("Integrations", "/config/integrations", "what HaloPSA connects to"),
        ),
    ),
    ("agents-and-teams",): (
        AGENTS[:2],
        (("Agents", "/config/agents", "technicians, and what acts like one"),),
    ),
    ("integrations",): (
        INTEGRATIONS,
        (
            ("HaloPSA API", "/config/integrations/api", "applications that may come in"),
            ("Webhooks", "/config/integrations/webhooks", "who is told of events"),
        ),
    ),
}
"""The pages that only lead on: where they stand, and what they lead to."""


def here(path: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the path to a page, whose own entry is no link."""
    return [*path[:-1], (path[-1][0], "")]
