"""The authorisation server of a practice tenant.

Source: wire contract 1-8; facts 2.4 to 2.7. `GET` on the token endpoint is 405, as "endpoint exists".
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from urllib.parse import parse_qsl

from ..settings import Settings
from ..wire import Answer, Ask, as_json, empty
from ..world.applications import Application
from ..world.realm import Realm, is_told
from ..world.scopes import KNOWN_SCOPES, SCOPES_OF_NEO
from ..world.world import World
from .authorize import METHOD, SignIn

GRANTS_OF_METHOD = {
    "client-credentials": {"client_credentials"},
    METHOD: {"authorization_code", "refresh_token"},
}
KNOWN_GRANTS = frozenset({"client_credentials", "authorization_code", "refresh_token", "password"})
_NO_STORE = [("cache-control", "no-store"), ("pragma", "no-cache")]


def refusal(settings: Settings, status: int, error: str, text: str) -> Answer:
    """Answer as OpenIddict does: `error` and `error_description` (facts 2.7, W6)."""
    body = {"error": error, "error_description": text}
    if settings.token_errors == "no-description":
        body = {"error": error}
    if settings.token_errors == "invalid-grant" and error == "invalid_client":
        status, body["error"] = 400, "invalid_grant"
    return as_json(body, status, list(_NO_STORE))


def answer_token_request(realm: Realm, ask: Ask, world: World | None, sign_in: SignIn) -> Answer:
    """Answer `POST /auth/token`. `world` is the one that the `tenant` parameter names, if any."""
    if ask.method != "POST":
        return empty(405, [("allow", "POST")])
    if not ask.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        return as_json(
            {"error": "invalid_request", "error_description": "The content type must be a form."}, 400
        )
    form = dict(parse_qsl(ask.body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace"))
    client_id, secret = _credentials(ask, form)
    tenant = ask.query.get("tenant") or form.get("tenant")
    settings = (world or next(iter(realm.worlds.values()))).settings
    if world is None and is_told(tenant) and settings.unknown_tenant != "ignored":
        return _unknown_tenant(settings)
    owner = realm.world_of_client(client_id)
    if world is not None and owner is not world:
        return refusal(settings, 401, "invalid_client", "The specified client is unknown.")
    if owner is None:
        return refusal(settings, 401, "invalid_client", "The specified client is unknown.")
    application = owner.applications[client_id.lower()]
    problem = _refuse(owner, application, secret, form)
    if problem is not None:
        return problem
    if form["grant_type"] == "client_credentials":
        return _grant(realm, owner, application, frozenset(form.get("scope", "").split()))
    form["client_id"] = client_id
    code = sign_in.redeem(form) if form["grant_type"] == "authorization_code" else sign_in.refresh(form)
    if code is None:
        return refusal(settings, 400, "invalid_grant", "The specified token or code is not valid.")
    used = form.get("refresh_token", "")
    return _grant(
        realm,
        owner,
        application,
        code.scopes,
        code.agent_id,
        lambda granted: sign_in.refresher(code, granted, used),
    )


def _grant(
    realm: Realm,
    world: World,
    application: Application,
    scopes: frozenset[str],
    agent_id: int | None = None,
    refresher: Callable[[frozenset[str]], str | None] = lambda _: None,
) -> Answer:
    settings = world.settings
    asked = _spelt_out(scopes)
    held = _spelt_out(application.scopes)
    granted = frozenset(
        scope
        for scope in asked
        if scope in held or ("all:standard" in held and scope.startswith(("read:", "edit:")))
    )
    if settings.wider_scope == "error" and asked - granted:
        return refusal(settings, 400, "invalid_scope", "The application may not ask for one of these scopes.")
    return as_json(
        {
            "access_token": realm.tokens.issue(world, application, granted, agent_id),
            "token_type": "Bearer",
            "expires_in": int(settings.token_lifetime),
            "scope": " ".join(sorted(granted, key=_scope_order)),
            "refresh_token": refresher(granted),
            "id_token": None,
        },
        headers=list(_NO_STORE),
    )


def _spelt_out(scopes: frozenset[str]) -> frozenset[str]:
    """Return the scopes with what `all` contains: the standard areas, and neither teams nor webhooks."""
    return scopes | {"all:standard"} if "all" in scopes else scopes


def _refuse(world: World, application: Application, secret: str, form: dict[str, str]) -> Answer | None:
    """Return the refusal of this application, None when it gets a token."""
    settings = world.settings
    grant = form.get("grant_type", "")
    if not grant:
        return refusal(settings, 400, "invalid_request", "The mandatory 'grant_type' parameter is missing.")
    if grant not in KNOWN_GRANTS:
        return refusal(
            settings, 400, "unsupported_grant_type", "The specified 'grant_type' is not supported."
        )
    right = hmac.compare_digest(application.secret.encode(), secret.encode("utf-8", "replace"))
    # a native application has no secret, since it could not keep one
    right = right and (bool(application.secret) or application.method == METHOD)
    if not application.active or not (right or application.any_secret):
        return refusal(settings, 401, "invalid_client", "The specified client credentials are invalid.")
    if not application.approved:
        return refusal(settings, 400, "access_denied", "The application waits for approval.")
    if grant not in GRANTS_OF_METHOD.get(application.method, ()):
        return refusal(
            settings, 400, "unauthorized_client", "This client application may not use this grant type."
        )
    asked = frozenset(form.get("scope", "").split())
    if asked - KNOWN_SCOPES:
        return refusal(settings, 400, "invalid_scope", "The specified 'scope' is invalid.")
    if not asked and grant == "client_credentials" and settings.no_scope == "error":
        return refusal(settings, 400, "invalid_scope", "The 'scope' parameter is missing.")
    agent = world.agent(application.agent_id)
    if (
        settings.disabled_agent == "token"
        and application.login_type == "agent"
        and agent
        and agent.is_disabled
    ):
        return refusal(settings, 400, "access_denied", "The account is not active.")
    return None


def _credentials(ask: Ask, form: dict[str, str]) -> tuple[str, str]:
    """Return id and secret, of HTTP Basic (W2) or of the form (W1); lone surrogates are replaced."""
    scheme, _, encoded = ask.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic" and "client_secret" not in form:
        try:
            text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8", "replace")
        except binascii.Error:
            text = ""
        client_id, _, secret = text.partition(":")
        return client_id, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def client_id_of(ask: Ask) -> str:
    """Return the Client ID that a token request carries, empty when there is none."""
    if ask.method != "POST":
        return ""
    return _credentials(ask, dict(parse_qsl(ask.body.decode("utf-8", "replace"))))[0]


def _unknown_tenant(settings: Settings) -> Answer:
    if settings.unknown_tenant == "400":
        return refusal(settings, 400, "invalid_request", "The specified tenant was not found.")
    return empty(int(settings.unknown_tenant))


def _scope_order(scope: str) -> tuple[int, str]:
    known = SCOPES_OF_NEO.index(scope) if scope in SCOPES_OF_NEO else len(SCOPES_OF_NEO)
    return known, scope
