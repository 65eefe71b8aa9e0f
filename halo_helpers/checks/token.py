"""Does the authorisation server give a token, for the right reason, with the right scopes?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

from ..errors import AuthError, HaloError
from ..secrets.value import CLIENT_SECRET, GUID, Secret, trim
from ..system.plain_text import count_of
from .codes.shared import WIRE
from .codes.token import (
    CLIENT_ID_MALFORMED,
    CLIENT_SECRET_MALFORMED,
    CREDENTIALS_SWAPPED,
    CREDENTIALS_TRIMMED,
    INVALID_CLIENT,
    INVALID_SCOPE,
    REFERENCE_MOVED,
    SCOPES_EXCESS,
    SCOPES_MISSING,
    SCOPES_NONE,
    SECRET_UNAVAILABLE,
    TENANT_UNKNOWN,
    TOKEN_CONTROL_PASSED,
    TOKEN_ENDPOINT_MISSING,
    TOKEN_EXPIRED,
    TOKEN_MALFORMED,
    TOKEN_REFUSED,
    UNAUTHORIZED_CLIENT,
    UNSUPPORTED_GRANT,
    refused_client,
)
from .findings import Finding, Skipped
from .probe import Probe
from .registry import check

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
    step="enter-credentials",
    codes=(
        CLIENT_ID_MALFORMED,
        CLIENT_SECRET_MALFORMED,
        CREDENTIALS_SWAPPED,
        CREDENTIALS_TRIMMED,
        SECRET_UNAVAILABLE,
        REFERENCE_MOVED,
    ),
    uses=("client_id", "client_secret"),
)
async def form(probe: Probe) -> AsyncIterator[Finding | str]:
    """Have id and secret the right form? The secret itself is never shown."""
    client_id = trim(probe.tenant.client_id)
    secret = probe.client.secret or Secret("")
    value = secret.reveal()
    if CLIENT_SECRET.fullmatch(client_id) and GUID.fullmatch(value):
        yield CREDENTIALS_SWAPPED(
            "the Client ID has the form of a secret, and the secret that of a Client ID"
        )
        return
    if not client_id:
        yield CLIENT_ID_MALFORMED("the Client ID is empty", verdict="fail")
    elif not GUID.fullmatch(client_id):
        yield CLIENT_ID_MALFORMED(f"the Client ID has {count_of(len(client_id), 'character')} and is no GUID")
    if not CLIENT_SECRET.fullmatch(value):
        what = (
            "is the Client ID"
            if value == client_id
            else "has blanks inside"
            if " " in value
            else f"has {count_of(len(value), 'character')}"
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
        yield refused_client(error.seen)
        return
    if token.expires_in_s is None:
        yield "a token was given; for how long is not told"
        return
    if token.expires_in_s < _TOO_SHORT_S:
        yield TOKEN_EXPIRED(f"the token is good for {token.expires_in_s:g} s only")
    yield f"a token was given, good for {token.expires_in_s:.0f} s"


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
    step="application-permissions",
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
        yield f"whether {' or '.join(wide)} would be granted is not told"
    else:
        yield f"{' and '.join(wide)} not granted when asked for"
