"""How a command asks an administrator to sign in: nothing is taken from options or variables but the id."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import ConfigError
from ..shared import complain, piped_or_typed_secret

if TYPE_CHECKING:
    from ...admin.access import SignIn
    from ...tenants.tenant import Tenant

WAYS = ("browser", "application")
SignInWay = Annotated[
    str | None,
    typer.Option(
        "--sign-in",
        metavar="|".join(WAYS),
        help="How the administrator signs in; asked for on a terminal.",
    ),
]
AdminClientId = Annotated[
    str | None,
    typer.Option(
        "--admin-client-id",
        metavar="ID",
        help="Client ID of the administrator's own application; its secret is asked for, never an option.",
    ),
]
Named = Annotated[str, typer.Argument(metavar="TENANT", help="A name from the tenants file, or: practice.")]

HOW = """\
An administrator's own sign-in says which field is wrong. It stays in memory
and ends with this command. It goes by an application, made once in
  {applications}
with the scopes {scopes}:
  browser      Authentication Method Authorisation Code (Native Application),
               Allow Agent Logins, no secret, and the redirect
               {redirect}
               You log in on HaloPSA's own page then.
  application  Authentication Method Client ID and Secret (Services), Login
               Type Agent, and an administrator as the agent.
"""
_CLICKS = "Configuration → Integrations → HaloPSA API → View Applications → New,"


def _applications_of(tenant: Tenant) -> str:
    """Say where an application is made: the clicks, of a practice tenant the address of its screen, too."""
    from ...tenants.tenant import is_practice, shown_url

    if not is_practice(tenant):
        return _CLICKS
    return f"{_CLICKS}\n  here {shown_url(tenant)}/config/integrations/api/applications/new,"


def ask_to_sign_in(tenant: Tenant, way: str | None, client_id: str | None) -> SignIn:
    """Return how the administrator signs in, asked for on a terminal where it was not given.

    Raises: ConfigError for an unknown way, or when it is not given and nobody can be asked.
    """
    from ...admin.access import SCOPES, SignIn
    from ...admin.sign_in import REDIRECT, open_in_browser
    from ...secrets.value import CLIENT_SECRET

    on_terminal = sys.stdin.isatty()
    if way is not None and way not in WAYS:
        raise ConfigError(f"--sign-in takes {' or '.join(WAYS)}, got {way!r}")
    if not on_terminal and (way is None or not client_id):
        raise ConfigError(
            f"give --sign-in {'|'.join(WAYS)} and --admin-client-id: without a terminal nobody can be asked"
        )
    if way is None or not client_id:
        applications = _applications_of(tenant)
        print(
            HOW.format(redirect=REDIRECT, applications=applications, scopes=", ".join(SCOPES)),
            file=sys.stderr,
        )
    while way not in WAYS:
        if way is not None:
            complain("this is neither of the two")  # not repeated: anything may have been pasted
        way = typer.prompt("Sign in by (browser, application)", default=WAYS[0], err=True).strip()
    if way == "browser" and os.environ.get("SSH_CONNECTION"):
        raise ConfigError(
            "the browser is on another machine, so no sign-in can come back: --sign-in application"
        )
    client_id = client_id or typer.prompt("Client ID of that application", err=True).strip()
    if CLIENT_SECRET.fullmatch(client_id):
        raise ConfigError("this is a Client Secret, not a Client ID; it is asked for by itself")
    if way == "application":
        return SignIn(client_id, piped_or_typed_secret("the administrator's application"))

    def show(url: str) -> None:
        complain(f"log in as an administrator in the browser; if no page opens, open this one:\n{url}")
        open_in_browser(url)

    return SignIn(client_id, open_page=show)
