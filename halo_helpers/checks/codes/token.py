"""Codes of the credentials, the token and its scopes."""

from __future__ import annotations

import re

from ..findings import Finding, diagnosis

_FIELDS, _PERMISSIONS, _SAVE, _ENTER = (
    "application-fields",
    "application-permissions",
    "save-application",
    "enter-credentials",
)

CLIENT_ID_MALFORMED = diagnosis(
    "client-id-malformed",
    "warn",
    headline="The Client ID has not the right form",
    step=_SAVE,
    fixer="us",
    cause="HaloPSA's Client IDs are GUIDs; this one was cut off or something else was pasted.",
    remedy="Open the application and copy the Client ID with its copy button.",
)
CLIENT_SECRET_MALFORMED = diagnosis(
    "client-secret-malformed",
    "warn",
    headline="The Client Secret has not the right form",
    step=_SAVE,
    fixer="us",
    cause=(
        "HaloPSA's Client Secrets are 73 characters, two GUIDs joined by a hyphen; this one was cut off "
        "or something else was pasted."
    ),
    remedy="Paste the whole secret again; if it is lost, make a new one in the application.",
)
CREDENTIALS_SWAPPED = diagnosis(
    "credentials-swapped",
    "fail",
    headline="Client ID and Client Secret are swapped",
    step=_ENTER,
    fixer="us",
    cause="Client ID and Client Secret were pasted into each other's place.",
    remedy=(
        "Enter them again, the short one as Client ID. If the secret has been written to a file as "
        "Client ID, make a new one."
    ),
)
CREDENTIALS_TRIMMED = diagnosis(
    "credentials-trimmed",
    "warn",
    headline="White space came along with the credentials",
    step=_ENTER,
    fixer="us",
    cause="White space or an invisible character came along when it was copied from a mail or chat.",
    remedy="It was dropped here; take care to paste it without into Neo Agent.",
)
SECRET_UNAVAILABLE = diagnosis(
    "secret-unavailable",
    "error",
    headline="The Client Secret cannot be found",
    step=_ENTER,
    fixer="us",
    cause="The reference to the secret does not lead to a value.",
    remedy="Set what the reference names, then try again.",
)
REFERENCE_MOVED = diagnosis(
    "reference-moved",
    "error",
    headline="The secret would go to another host than before",
    step=_ENTER,
    fixer="us",
    cause="The tenants file names another host for a secret that was used for a different one so far.",
    remedy=(
        "Find out who changed the file and whether the customer's HaloPSA has really moved; if it has, run "
        "halo-runbook tenants trust with the tenant's name."
    ),
)
TOKEN_ENDPOINT_MISSING = diagnosis(
    "token-endpoint-missing",
    "fail",
    headline="There is no token endpoint at this address",
    step="open-api",
    fixer="us",
    cause="The authorisation server is elsewhere: with a custom domain it often stays on *.halopsa.com.",
    remedy="Compare the base URL with API Details: Resource Server and Authorisation Server.",
)
_REASONS = {
    "secret": (
        "the secret is wrong, cut off or was made anew since",
        "enter the Client Secret again, or make a new one and enter it here and in Neo Agent",
    ),
    "client": (
        "the Client ID was copied before the application was saved and changed at save",
        "compare the Client ID",
    ),
    "inactive": ("the application is not active", "see that Active is ticked"),
    "instance": (
        "the credentials are those of another instance (trial, UAT)",
        "see that it is the instance of the base URL",
    ),
}
"""Why a client is refused, and what to do in the opened application."""
_ORDER_BY_WORDS = (
    (r"inactive|not active|disabled|deactivated", ("inactive", "secret", "client", "instance")),
    (r"secret|credentials are invalid", ("secret", "client", "inactive", "instance")),
    (
        r"client\W.{0,20}unknown|unknown client|client_id\W.*invalid"
        r"|not found|not exist|not registered|no such",
        ("client", "instance", "inactive", "secret"),
    ),
)
"""What a server's words point to, and the order of the reasons then.

The words are OpenIddict's (facts 2.7); HaloPSA's own are not known.
"""
_FORM = {"secret": "client-secret-malformed", "client": "client-id-malformed"}
"""What a reason follows from when the form was found wrong, too."""


def _cause_of(order: tuple[str, ...], how: str = "In order of likelihood") -> str:
    return f"{how}: {'; '.join(_REASONS[reason][0] for reason in order)}."


def _remedy_of(order: tuple[str, ...]) -> str:
    return f"Open the application: {'; '.join(_REASONS[reason][1] for reason in order)}."


INVALID_CLIENT = diagnosis(
    "invalid-client",
    "fail",
    headline="HaloPSA refuses the Client ID and Secret",
    step=_SAVE,
    cause=_cause_of(("secret", "client", "inactive", "instance")),
    # a new secret ends the old one everywhere, so what costs nothing comes first
    remedy=_remedy_of(("client", "inactive", "instance", "secret")),
)


def refused_client(seen: str) -> Finding:
    """Build the finding of a refused client; the server's words say which reason comes first.

    It follows from a wrong form of what they point to, and of the secret where they point to nothing.
    """
    for words, order in _ORDER_BY_WORDS:
        if re.search(words, seen, re.IGNORECASE):
            cause = _cause_of(order, "By the server's words, in order of likelihood")
            folds_into = _FORM.get(order[0])
            return INVALID_CLIENT(seen, cause=cause, remedy=_remedy_of(order), folds_into=folds_into)
    return INVALID_CLIENT(seen, folds_into=_FORM["secret"])


UNAUTHORIZED_CLIENT = diagnosis(
    "unauthorized-client",
    "fail",
    headline="The application has another Authentication Method",
    step=_FIELDS,
    cause="The application's Authentication Method is another one, such as Authorisation Code.",
    remedy=(
        "Set Authentication Method to Client ID and Secret (Services) and save; if the field is locked, "
        "make a new application."
    ),
)
UNSUPPORTED_GRANT = diagnosis(
    "unsupported-grant-type",
    "fail",
    headline="Client credentials are not offered here",
    step=_FIELDS,
    fixer="halopsa",
    cause="The authorisation server does not offer client credentials.",
    remedy="Compare API Details: Authorisation Server; then ask HaloPSA support.",
)
INVALID_SCOPE = diagnosis(
    "invalid-scope",
    "fail",
    headline="HaloPSA refuses the scopes",
    step=_PERMISSIONS,
    cause="A scope is asked for that this version does not know or the application may not have.",
    remedy=(
        "Tick all:standard, all:teams and admin:webhooks on Permissions; look for misspelt scopes in the "
        "tenants file."
    ),
)
TENANT_UNKNOWN = diagnosis(
    "tenant-unknown",
    "fail",
    headline="HaloPSA does not know this tenant name",
    step="open-api",
    fixer="us",
    cause="HaloPSA's tenant name is another one: with a custom domain it is not the host's first label.",
    remedy="Take Tenant from API Details and write it as halo_tenant.",
)
TOKEN_REFUSED = diagnosis(
    "token-refused",
    "fail",
    headline="HaloPSA refuses the application a token",
    step=_FIELDS,
    cause="The application or its agent waits for approval, is restricted, or something is missing in it.",
    remedy="Open the application and look at every field; then at the agent: Account Active.",
)
TOKEN_MALFORMED = diagnosis(
    "token-malformed",
    "fail",
    headline="The answer holds no usable token",
    step="open-api",
    fixer="halopsa",
    cause="The token endpoint answers, but not as an authorisation server.",
    remedy="Compare API Details: Authorisation Server.",
)
TOKEN_EXPIRED = diagnosis(
    "token-expired",
    "warn",
    headline="Tokens end within a minute",
    step=_FIELDS,
    fixer="halopsa",
    cause="Tokens of this instance end within a minute.",
    remedy=(
        "Here a new token is asked for in time; but ask HaloPSA support about the token lifetime: Neo Agent "
        "may not do so."
    ),
)
TOKEN_CONTROL_PASSED = diagnosis(
    "token-control-passed",
    "fail",
    headline="Any secret is taken",
    step="test-token",
    fixer="network",
    cause=(
        "The token endpoint does not look at the secret: something stands between that answers "
        "everything, or this is no real HaloPSA."
    ),
    remedy=(
        "Do not hand over: find out who answers at this address. A good result of any other check means "
        "nothing until then."
    ),
)
SCOPES_MISSING = diagnosis(
    "scopes-missing",
    "fail",
    headline="Scopes are missing",
    step=_PERMISSIONS,
    cause=(
        "Scopes are not ticked on the application's Permissions tab; all does not contain all:teams or "
        "admin:webhooks."
    ),
    remedy=(
        "Tick the missing scopes on Permissions, save, and check again: it takes a new token, which the "
        "check asks for."
    ),
)
SCOPES_NONE = diagnosis(
    "scopes-none",
    "fail",
    headline="No scope is ticked",
    step=_PERMISSIONS,
    cause=(
        "No wanted scope is ticked on the application's Permissions tab: a token is given, and every "
        "request with it is refused."
    ),
    remedy="Tick all:standard, all:teams and admin:webhooks on Permissions, save, and check again.",
)
SCOPES_EXCESS = diagnosis(
    "scopes-excess",
    "warn",
    headline="More scopes are ticked than needed",
    step=_PERMISSIONS,
    cause="More is ticked on Permissions than Neo Agent needs.",
    remedy="Set every scope but all:standard, all:teams and admin:webhooks to No.",
)
