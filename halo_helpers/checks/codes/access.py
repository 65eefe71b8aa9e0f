"""Codes of the areas."""

from __future__ import annotations

from ..findings import diagnosis

AREA_REFUSED = diagnosis(
    "area-refused",
    "fail",
    headline="An area is refused",
    step="check-rights",
    cause="The agent's role does not open this area, or its scope is not ticked on the application.",
    remedy=(
        "Give the agent's role at least Read Only for this area, and for areas that Neo Agent writes "
        "Read and Modify; test by logging in as that agent."
    ),
)

AREA_HIDDEN = diagnosis(
    "area-hidden",
    "fail",
    headline="An area is hidden",
    step="check-rights",
    cause="HaloPSA hides this area from the agent: its role has no access level for it.",
    remedy="Set the access level of this area in the agent's role to at least Read Only.",
)

AREA_EMPTY = diagnosis(
    "area-empty",
    "warn",
    headline="An area shows no records",
    step="check-rights",
    cause=(
        "The agent is restricted to teams, clients or ticket types that hold nothing, or the instance is new."
    ),
    remedy="Log in as that agent and look whether records show; widen its teams, clients or ticket types.",
)

AREA_MISSING = diagnosis(
    "area-missing",
    "warn",
    headline="An area is not there",
    step="check-rights",
    cause="The instance has no licence for this area, or is too old to know it.",
    remedy="Nothing to do unless the customer uses this area: then ask HaloPSA support.",
)
