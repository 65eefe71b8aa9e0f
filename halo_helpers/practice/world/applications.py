"""API applications of a practice tenant: how and as whom a program may log in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from .scopes import SCOPES_OF_NEO

METHODS = ("client-credentials", "authorization-code", "implicit", "password", "api-key", "jwt-assertion")
"""Authentication methods of an application; the first is shown as *Client ID and Secret (Services)*."""
LOGIN_TYPES = ("agent", "user", "supplier", "none")
METHOD_NAMES = dict(
    zip(
        METHODS,
        (
            "Client ID and Secret (Services)",
            "Authorisation Code (Web or Native Application)",
            "Implicit Flow",
            "Username & Password",
            "API Key",
            "JWT assertion",
        ),
        strict=True,
    )
)
LOGIN_NAMES = dict(zip(LOGIN_TYPES, ("Agent", "User", "Supplier", "No login"), strict=True))
"""As the screens call them."""


@dataclass
class Application:
    """One API application: who may ask for a token, how, and as whom the token acts."""

    name: str
    client_id: str
    secret: str
    agent_id: int
    active: bool = True
    approved: bool = True
    is_system: bool = False
    """Whether it is one of HaloPSA's own, which nobody changes."""
    any_secret: bool = False
    """Whether the token endpoint gives a token without looking at the secret."""
    method: str = METHODS[0]
    login_type: str = LOGIN_TYPES[0]
    scopes: frozenset[str] = frozenset(SCOPES_OF_NEO)
    redirects: tuple[str, ...] = ()
    """Where the sign-in in a browser may lead back to, for the method Authorisation Code."""
    writes: int = 0
    """How often it was saved: its concurrencyToken follows."""


def new_secret() -> str:
    """Return a new Client Secret of HaloPSA's form: two GUIDs joined by a hyphen (facts 2.4)."""
    return f"{uuid4()}-{uuid4()}"
