"""Fields of an API application."""

from __future__ import annotations

from ...seed.values import Record, guid
from ...world.applications import Application
from ...world.world import World


def application_row(world: World, application: Application, number: int) -> Record:
    """Return an application (NHD_Identity_Application), without its secret.

    Its lists of tokens and authorisations are empty.
    """
    agent = world.agent(application.agent_id)
    off = dict.fromkeys(
        (
            "allowusers",
            "disable_windowsauth",
            "disable_azure",
            "disable_adfs",
            "disable_okta",
            "disable_centrify",
            "disable_google",
            "disable_anon",
        ),
        False,
    )
    nothing = dict.fromkeys(
        ("cors_whitelist", "redirecturi", "redirectUris", "logoutredirecturi", "postLogoutRedirectUris"), ""
    )
    return (
        off
        | nothing
        | {
            "system_use": "mobile" if application.is_system else "",
            "loginas_client_id": 0,
            "loginas_supplier_id": 0,
            "allowagents": application.login_type == "agent",
            "organisation_id": 0,
            "language_id": 1,
            "concurrencyToken": guid(world.seed, "application", number),
            "authorizations": [],
            "tokens": [],
            "id": str(number),
            "clientId": application.client_id,
            "displayName": application.name,
            "grant_type": application.method,
            "inactive": not application.active,
            "loginentity": ("none", "agent", "user", "supplier").index(application.login_type),
            "loginas_agent_id": application.agent_id,
            "loginas_agent_name": agent.name if agent else "",
            "scopes": [
                {"id": n, "application_id": str(number), "name": scope}
                for n, scope in enumerate(sorted(application.scopes), 1)
            ],
        }
    )
