"""Fields of an API application."""

from __future__ import annotations

from ...seed.values import Record, guid
from ...world.applications import LOGIN_NAMES, METHOD_NAMES, METHODS, Application
from ...world.world import World

_OFF = (
    "allowusers",
    "disable_windowsauth",
    "disable_azure",
    "disable_adfs",
    "disable_okta",
    "disable_centrify",
    "disable_google",
    "disable_anon",
)
_GRANTS = dict(
    zip(
        METHODS,
        ("client_credentials", "authorization_code", "implicit", "password", "api_key", "jwt-bearer"),
        strict=True,
    )
)
LOGIN_CODES = {"agent": 1, "user": 2, "supplier": 3, "none": 0}
"""Numbers of `loginentity` (W39)."""


def id_of(world: World, application: Application) -> str:
    """Return an application's id, which is not its Client ID."""
    return guid(world.seed, world.name, "application-id", application.client_id)


def token_of(world: World, application: Application) -> str:
    """Return the mark that changes with each write, where the settings say so (W55)."""
    writes = application.writes if world.settings.change_marks == "yes" else 0
    return guid(world.seed, world.name, "application-token", application.client_id, writes)


def application_row(world: World, application: Application, *, details: bool = False) -> Record:
    """Return an application (NHD_Identity_Application), without its secret.

    Its lists of tokens and authorisations are empty. `details`: as the single one is shown.
    """
    agent, codes = world.agent(application.agent_id), world.settings.application_codes
    identity = id_of(world, application)
    row: Record = dict.fromkeys(_OFF, False) | dict.fromkeys(
        ("cors_whitelist", "logoutredirecturi", "postLogoutRedirectUris"), ""
    )
    row |= {
        "redirecturi": ",".join(application.redirects),
        "redirectUris": ",".join(application.redirects),
        "system_use": "mobile" if application.is_system else "",
        "loginas_client_id": int(application.login_type == "user"),
        "loginas_supplier_id": int(application.login_type == "supplier"),
        "allowagents": application.login_type == "agent" or application.method == "authorization-code",
        "organisation_id": 0,
        "language_id": 1,
        "concurrencyToken": token_of(world, application),
        "authorizations": [],
        "tokens": [],
        "id": identity,
        "clientId": application.client_id,
        "displayName": application.name,
        "grant_type": (_GRANTS if codes == "numbers" else METHOD_NAMES)[application.method],
        "inactive": not application.active,
        "loginentity": (LOGIN_CODES if codes == "numbers" else LOGIN_NAMES)[application.login_type],
        "loginas_agent_id": application.agent_id if application.login_type == "agent" else 0,
        "loginas_agent_name": agent.name if agent and application.login_type == "agent" else "",
    }
    if details or world.settings.application_scopes == "rows":
        row["scopes"] = [
            {"id": n, "application_id": identity, "name": scope}
            for n, scope in enumerate(sorted(application.scopes), 1)
        ]
    if world.settings.application_secret == "masked":
        row["clientSecret"] = "********"
    return row


def login_type_of(code: object) -> str | None:
    """Return the login type that a code or a title stands for, None for neither."""
    by_code: dict[object, str] = {number: name for name, number in LOGIN_CODES.items()}
    by_title: dict[object, str] = {title: name for name, title in LOGIN_NAMES.items()}
    return (by_code | by_title).get(code) if isinstance(code, int | str) else None
