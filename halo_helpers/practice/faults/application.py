"""What is wrong with the application."""

from __future__ import annotations

from ..world.changes import application, several, with_settings, without_scopes
from ..world.scopes import SCOPES_OF_NEO
from .scenario import Scenario

SCENARIOS = (
    Scenario(
        "app-not-approved",
        "Application waits for approval",
        "an administrator has to enable the application",
        application(approved=False),
        expect=("token-refused",),
        row=18,
    ),
    Scenario(
        "only-all",
        "Only the scope all",
        "all is ticked, which contains neither teams nor webhooks",
        application(scopes=frozenset({"all"})),
        expect=(
            "scopes-missing",
            "scopes-excess",
            "area-refused",
            "webhooks-refused",
        ),
        row=30,
    ),
    Scenario(
        "scopes-too-wide",
        "More scopes than needed",
        "all and admin are ticked besides the three scopes",
        application(scopes=frozenset({*SCOPES_OF_NEO, "all", "admin"})),
        expect=("scopes-excess",),
        row=52,
    ),
    Scenario(
        "scope-refused",
        "Scope refused at the token endpoint",
        "this version refuses scopes that the application has not",
        several(with_settings(wider_scope="error"), without_scopes("all:teams")),
        expect=("invalid-scope",),
        row=28,
    ),
    Scenario(
        "token-short-lived",
        "Tokens end at once",
        "a token is good for some seconds only",
        with_settings(token_lifetime="20"),  # noqa: S106 - seconds
        expect=("token-expired",),
        row=33,
    ),
    Scenario(
        "any-secret",
        "Any secret is taken",
        "the token endpoint does not look at the secret",
        application(any_secret=True),
        expect=("token-control-passed",),
    ),
)
