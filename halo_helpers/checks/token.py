"""Does the authorisation server give a token, for the right reason, with the right scopes?"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from uuid import uuid4

from ..errors import AuthError, HaloError
from ..secrets.value import CLIENT_SECRET, GUID, Secret, trim
from .findings import Finding, Skipped, diagnosis
from .probe import Probe
from .registry import check
from .shared_codes import WIRE

_FIELDS, _PERMISSIONS, _SAVE, _ENTER = (
    "application-fields",
    "application-permissions",
    "save-application",
    "enter-credentials",
)

CLIENT_ID_MALFORMED = diagnosis(
    "client-id-malformed",
    "warn",
    step=_SAVE,
    fixer="us",
    cause="HaloPSA's Client IDs are GUIDs; this one was cut off or something else was pasted.",
    remedy="Open the application and copy the Client ID with its copy button.",
)
CLIENT_SECRET_MALFORMED = diagnosis(
    "client-secret-malformed",
    "warn",
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
    step=_ENTER,
    fixer="us",
    cause="White space or an invisible character came along when it was copied from a mail or chat.",
    remedy="It was dropped here; take care to paste it without into Neo Agent.",
)
SECRET_UNAVAILABLE = diagnosis(
    "secret-unavailable",
    "error",
    step=_ENTER,
    fixer="us",
    cause="The reference to the secret does not lead to a value.",
    remedy="Set what the reference names, then try again.",
)
REFERENCE_MOVED = diagnosis(
    "reference-moved",
    "error",
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
    (r"unknown|not found|not exist|not registered|no such", ("client", "instance", "inactive", "secret")),
    (r"secret|credentials are invalid", ("secret", "client", "inactive", "instance")),
)
"""What a server's words point to, and the order of the reasons then.

The words are OpenIddict's (facts 2.7); HaloPSA's own are not known.
"""


def _cause_of(order: tuple[str, ...], how: str = "In order of likelihood") -> str:
    return f"{how}: {'; '.join(_REASONS[reason][0] for reason in order)}."


def _remedy_of(order: tuple[str, ...]) -> str:
    return f"Open the application: {'; '.join(_REASONS[reason][1] for reason in order)}."


INVALID_CLIENT = diagnosis(
    "invalid-client",
    "fail",
    step=_SAVE,
    cause=_cause_of(("secret", "client", "inactive", "instance")),
    # a new secret ends the old one everywhere, so what costs nothing comes first
    remedy=_remedy_of(("client", "inactive", "instance", "secret")),
)


def _refused_client(seen: str) -> Finding:
    """Build the finding of a refused client; the server's words say which reason comes first."""
    for words, order in _ORDER_BY_WORDS:
        if re.search(words, seen, re.IGNORECASE):
            cause = _cause_of(order, "By the server's words, in order of likelihood")
            return INVALID_CLIENT(seen, cause=cause, remedy=_remedy_of(order))
    return INVALID_CLIENT(seen)


UNAUTHORIZED_CLIENT = diagnosis(
    "unauthorized-client",
    "fail",
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
    step=_FIELDS,
    fixer="halopsa",
    cause="The authorisation server does not offer client credentials.",
    remedy="Compare API Details: Authorisation Server; then ask HaloPSA support.",
)
INVALID_SCOPE = diagnosis(
    "invalid-scope",
    "fail",
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
    step="open-api",
    fixer="us",
    cause="HaloPSA's tenant name is another one: with a custom domain it is not the host's first label.",
    remedy="Take Tenant from API Details and write it as halo_tenant.",
)
TOKEN_REFUSED = diagnosis(
    "token-refused",
    "fail",
    step=_FIELDS,
    cause="The application or its agent waits for approval, is restricted, or something is missing in it.",
    remedy="Open the application and look at every field; then at the agent: Account Active.",
)
TOKEN_MALFORMED = diagnosis(
    "token-malformed",
    "fail",
    step="open-api",
    fixer="halopsa",
    cause="The token endpoint answers, but not as an authorisation server.",
    remedy="Compare API Details: Authorisation Server.",
)
TOKEN_EXPIRED = diagnosis(
    "token-expired",
    "warn",
    step=_FIELDS,
    fixer="halopsa",
    cause="Tokens of this instance end within a minute.",
    remedy=(
        "Nothing broke here, since new tokens were asked for in time; but ask HaloPSA support about the "
        "token lifetime: Neo Agent may not do so."
    ),
)
TOKEN_CONTROL_PASSED = diagnosis(
    "token-control-passed",
    "fail",
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
    step=_PERMISSIONS,
    cause="More is ticked on Permissions than Neo Agent needs.",
    remedy="Set every scope but all:standard, all:teams and admin:webhooks to No.",
)

_TOKEN_CODES = (
    TOKEN_ENDPOINT_MISSING,
    INVALID_CLIENT,
    UNAUTHORIZED_CLIENT,
    UNSUPPORTED_GRANT,
    INVALID_SCOPE,
    TENANT_UNKNOWN,
    TOKEN_REFUSED,
    TOKEN_MALFORMED,
    TOKEN_EXPIRED,
    *WIRE,
)
_TOO_SHORT_S = 60
WIDE = frozenset({"all", "admin"})
"""Scopes that open more than Neo Agent needs."""


@check(
    "token.form",
    title="Client ID and Secret have the right form",
    otherwise="Client ID and Secret cannot be used",
    step=_ENTER,
    codes=(
        CLIENT_ID_MALFORMED,
        CLIENT_SECRET_MALFORMED,
        CREDENTIALS_SWAPPED,
        CREDENTIALS_TRIMMED,
        SECRET_UNAVAILABLE,
        REFERENCE_MOVED,
    ),
)
async def form(probe: Probe) -> AsyncIterator[Finding | str]:
    """Have id and secret the right form? The secret itself is never shown."""
    client_id = trim(probe.tenant.client_id)
    secret = probe.client.secret
    value = secret.reveal()
    if CLIENT_SECRET.fullmatch(client_id) and GUID.fullmatch(value):
        yield CREDENTIALS_SWAPPED(
            "the Client ID has the form of a secret, and the secret that of a Client ID"
        )
        return
    if not client_id:
        yield CLIENT_ID_MALFORMED("the Client ID is empty", verdict="fail")
    elif not GUID.fullmatch(client_id):
        yield CLIENT_ID_MALFORMED(f"the Client ID has {len(client_id)} characters and is no GUID")
    if not CLIENT_SECRET.fullmatch(value):
        what = (
            "is the Client ID"
            if value == client_id
            else "has blanks inside"
            if " " in value
            else f"has {len(value)} characters"
        )
        yield CLIENT_SECRET_MALFORMED(f"the Client Secret {what}; expected are two GUIDs joined by a hyphen")
    trimmed = [
        name
        for name, was in (
            ("Client ID", client_id != probe.tenant.client_id),
            ("Client Secret", secret.was_trimmed),
        )
        if was
    ]
    if trimmed:
        yield CREDENTIALS_TRIMMED(
            f"white space or an invisible character around the {' and the '.join(trimmed)} was dropped"
        )
    yield "a GUID, and two GUIDs joined by a hyphen"


@check(
    "token.grant",
    title="A token is given",
    otherwise="No token was given",
    needs=("address.instance", "token.form"),
    codes=_TOKEN_CODES,
    step="test-token",
)
async def grant(probe: Probe) -> AsyncIterator[Finding | str]:
    """Does the token endpoint give a token?"""
    try:
        token = await probe.token()
    except AuthError as error:
        if error.code != INVALID_CLIENT.code:
            raise
        yield _refused_client(error.seen)
        return
    if token.expires_in_s < _TOO_SHORT_S:
        yield TOKEN_EXPIRED(f"the token is good for {token.expires_in_s:g} s only")
    yield f"a token was given, good for {token.expires_in_s:g} s"


@check(
    "token.control",
    title="A wrong secret is refused",
    otherwise="It was not seen that a wrong secret is refused",
    needs=("token.grant",),
    codes=(TOKEN_CONTROL_PASSED, *WIRE),
    step="test-token",
)
async def control(probe: Probe) -> AsyncIterator[Finding | str]:
    """Negative control: is the same request with a random, well-formed secret refused?"""
    if not probe.control:
        raise Skipped(probe.control_note or "not asked, by --no-control")
    if await probe.client.is_granted(Secret(f"{uuid4()}-{uuid4()}")):
        yield TOKEN_CONTROL_PASSED("a random secret was given a token, too")
        return
    yield "a random secret is refused"


@check(
    "token.scopes",
    title="Scopes are the wanted ones",
    otherwise="Scopes are missing, or not known",
    needs=("token.grant",),
    codes=(SCOPES_MISSING, SCOPES_NONE, SCOPES_EXCESS, *WIRE),
    step=_PERMISSIONS,
)
async def scopes(probe: Probe) -> AsyncIterator[Finding | str]:
    """Are the granted scopes the wanted ones, and is nothing wider granted when it is asked for?

    `all` counts as all:standard; a missing answer means: as asked. A token is narrowed to what was asked for
    (facts 2.5), so the wide scopes are asked for in a request of their own.
    """
    token = await probe.token()
    wanted = set(probe.tenant.scopes)
    if token.scopes is None:
        yield f"the answer names no scopes, which means those asked for: {' '.join(sorted(wanted))}"
        yield "whether wider ones are ticked cannot be told"
        return
    granted = set(token.scopes)
    if not granted:
        try:
            await probe.me()
        except HaloError:
            yield SCOPES_NONE("the token holds no scope, and requests with it are refused")
        else:
            yield "the answer names no scope, yet requests with the token are answered"
        return
    missing = sorted(wanted - granted - ({"all:standard"} if "all" in granted else set()))
    if missing:
        yield SCOPES_MISSING(f"not granted: {', '.join(missing)}; granted: {', '.join(sorted(granted))}")
    yield f"granted: {', '.join(sorted(granted))}"
    wide = sorted(WIDE - wanted)
    if not wide:
        return
    excess = await probe.wide_scopes(wide)
    if excess:
        yield SCOPES_EXCESS(f"granted besides, when asked for: {', '.join(excess)}")
    elif excess is None:
        yield f"the answer to a request for {' and '.join(wide)} names no scopes"
    else:
        yield f"{' and '.join(wide)} not granted when asked for"
