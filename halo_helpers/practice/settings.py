"""What the sources on HaloPSA leave open, as settings with the likeliest answer as default.

Source: facts, section 7 (the numbers in brackets are its rows).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

from .wire import did_you_mean


@dataclass(frozen=True)
class Option:
    """One open question: `values` are the answers to choose from, the first is the default.

    `number` allows any positive whole number besides `values`.
    """

    values: tuple[str, ...]
    help: str
    number: bool = False


OPTIONS: dict[str, Option] = {
    "token-errors": Option(
        ("oauth", "invalid-grant", "no-description"),
        "wrong secret, inactive application: 401 invalid_client, 400 invalid_grant, or 401 without text [1]",
    ),
    "unknown-tenant": Option(("400", "404", "500", "ignored"), "answer to a tenant that does not exist [2]"),
    "wider-scope": Option(("narrow", "error"), "scope asked for beyond what the application has [3]"),
    "no-scope": Option(("empty-token", "error"), "token request without scope [4]"),
    "scope-all": Option(
        ("standard", "everything"), "what `all` covers: all:standard, or webhooks and teams too [5]"
    ),
    "agents-scope": Option(
        ("either", "all:teams", "all:standard", "read:agents"), "scope that opens the list of agents [5]"
    ),
    "scopes-enforced": Option(("yes", "no"), "no: any valid token reads everything [5]"),
    "refusal-status": Option(
        ("facts", "401", "403", "message"),
        "no right: 403 or 401 by route, always one of them, or 403 with a text [6]",
    ),
    "bad-token-body": Option(("empty", "json"), "body of the 401 for a bad token [7]"),
    "rate-limit": Option(
        ("700/300",), "requests per seconds, per tenant; 0/60 refuses everything [8]", number=True
    ),
    "retry-after": Option(("no", "yes"), "whether a 429 says how long to wait [8]"),
    "page-max": Option(
        ("100", "1000", "error"), "largest page_size; beyond it is clamped, or refused [9]", number=True
    ),
    "agents-envelope": Option(
        ("auto", "array", "results", "agents"), "form of /Agent; auto: array, `results` when paging [10]"
    ),
    "api-agents-listed": Option(("no", "yes"), "API-only agents in the default list of agents [10]"),
    "agent-list-fields": Option(("sparse", "full"), "email and isapiagent in the rows of the list [11]"),
    "token-format": Option(("opaque", "jwt"), "form of the access token [12]"),
    "disabled-agent": Option(("resource", "token"), "where a disabled agent is refused [13]"),
    "authinfo": Option(("two-fields", "more", "missing"), "what /api/authinfo answers [14]"),
    "maintenance-page": Option(("503", "200", "reset"), "how maintenance shows itself [15]"),
    "paths": Option(("lenient", "strict"), "case and trailing slash of routes [18]"),
    "delivery-status": Option(
        ("0-1", "http"), "`status` of a webhook's delivery: 0 and 1, or the receiver's [W44]"
    ),
    "licence-counts": Option(
        ("real", "zero", "absent"), "counts of agents and licences in InstanceInfo without a token [W53]"
    ),
    "write-answer": Option(
        ("object", "array"), "answer to one object written: the object, or an array of one [W36]"
    ),
    "update-status": Option(("201", "200"), "status of an update [W36]"),
    "list-update": Option(
        ("replace", "merge"), "a list in an object that is updated: replaced as a whole, or merged [W37]"
    ),
    "licence-full": Option(
        ("400", "api-only", "disabled"), "an agent saved without a free Named Licence [W38]"
    ),
    "change-marks": Option(
        ("yes", "no"), "whether last_modified and concurrencyToken move with each write [W55]"
    ),
    "can-update": Option(("role", "always", "absent"), "`_canupdate` of an agent [28]"),
    "admin-level": Option(
        ("both", "scope", "agent", "all"),
        "what opens the administrator's routes: scope admin and an administrator, one of them, or `all` [21]",
    ),
    "admin-covers": Option(
        ("lists", "configuration"), "whether `admin` alone opens agents, roles, teams, workdays too [21]"
    ),
    "application-scopes": Option(("object", "details", "rows"), "where an application shows its scopes [22]"),
    "application-codes": Option(
        ("numbers", "titles"), "`loginentity` and `grant_type` of an application [23]"
    ),
    "application-secret": Option(("never", "masked"), "the secret in an application that is read [22]"),
    "application-write": Option(
        ("refused", "no-secret", "secret-once"), "making an application by the API [20]"
    ),
    "concurrency": Option(("ignored", "checked"), "a stale concurrencyToken in an update [W40]"),
    "system-applications": Option(
        ("refused", "allowed"), "writing to one of HaloPSA's own applications by the API [W40]"
    ),
    "webhook-events": Option(
        ("both", "inline", "notification"), "how a webhook gets events: with it, or by /Notification [W42]"
    ),
    "validate-only": Option(("checked", "ignored"), "a ticket sent with _validate_only [28]"),
    "action-refusal": Option(
        ("400", "401", "403"), "a note that the agent's role does not let it write [25]"
    ),
    "close-refused": Option(("no", "needs-fields"), "closing a ticket without a closing note [W47]"),
    "audit": Option(("empty", "by-object", "refused"), "what /Audit answers [27]"),
    "config-commits": Option(("all", "paged", "refused"), "what /ConfigCommit answers [27]"),
    "authorize": Option(("yes", "no"), "whether there is a sign-in for the browser [W48]"),
    "openid-metadata": Option(("missing", "present"), "the metadata of the sign-in [14]"),
    "loopback-port": Option(("exact", "any"), "the port of a redirect to this machine [W49]"),
    "refresh-token": Option(("rotates", "stays", "none"), "a refresh token that is used [W51]"),
    "client-id-changes": Option(
        ("at-save", "while-open", "never"), "when the form of a new application gets another Client ID [W57]"
    ),
    "secret-shown": Option(
        ("both", "form", "after-save"), "a new Client Secret: at Generate, after Save, or at both [W57]"
    ),
    "login-type-renews-secret": Option(
        ("yes", "no"), "another login type makes another secret than the one at Generate [W57]"
    ),
    "token-lifetime": Option(("3600",), "seconds that a token is good for", number=True),
    "latency-ms": Option(("0",), "milliseconds before each answer", number=True),
}


def _attribute(key: str) -> str:
    return key.replace("-", "_")


@dataclass(frozen=True)
class Settings:
    """One value per option; names as in `OPTIONS` with underscores."""

    token_errors: str = "oauth"
    unknown_tenant: str = "400"
    wider_scope: str = "narrow"
    no_scope: str = "empty-token"
    scope_all: str = "standard"
    agents_scope: str = "either"
    scopes_enforced: str = "yes"
    refusal_status: str = "facts"
    bad_token_body: str = "empty"
    rate_limit: str = "700/300"
    retry_after: str = "no"
    page_max: str = "100"
    agents_envelope: str = "auto"
    api_agents_listed: str = "no"
    agent_list_fields: str = "sparse"
    token_format: str = "opaque"
    disabled_agent: str = "resource"
    authinfo: str = "two-fields"
    maintenance_page: str = "503"
    paths: str = "lenient"
    delivery_status: str = "0-1"
    licence_counts: str = "real"
    write_answer: str = "object"
    update_status: str = "201"
    list_update: str = "replace"
    licence_full: str = "400"
    change_marks: str = "yes"
    can_update: str = "role"
    admin_level: str = "both"
    admin_covers: str = "lists"
    application_scopes: str = "object"
    application_codes: str = "numbers"
    application_secret: str = "never"
    application_write: str = "refused"
    concurrency: str = "ignored"
    system_applications: str = "refused"
    webhook_events: str = "both"
    validate_only: str = "checked"
    action_refusal: str = "400"
    close_refused: str = "no"
    audit: str = "empty"
    config_commits: str = "all"
    authorize: str = "yes"
    openid_metadata: str = "missing"
    loopback_port: str = "exact"
    refresh_token: str = "rotates"
    client_id_changes: str = "at-save"
    secret_shown: str = "both"
    login_type_renews_secret: str = "yes"
    token_lifetime: str = "3600"
    latency_ms: str = "0"

    def changed(self, **changes: str) -> Self:
        """Return a copy with other values.

        Raises: ValueError with the allowed values when a name or value is unknown.
        """
        for name, value in changes.items():
            _check(name.replace("_", "-"), value)
        return replace(self, **changes)

    @classmethod
    def parse(cls, pairs: list[str]) -> Self:
        """Return the settings that `KEY=VALUE` texts ask for.

        Raises: ValueError with the allowed keys or values.
        """
        changes = {}
        for pair in pairs:
            key, equals, value = pair.partition("=")
            if not equals:
                raise ValueError(f"--setting takes KEY=VALUE, got {pair!r}")
            changes[_attribute(key.strip().lower())] = value.strip()
        return cls().changed(**changes)

    @property
    def limit(self) -> tuple[int, float]:
        """Return the rate limit as (requests, seconds)."""
        count, _, seconds = self.rate_limit.partition("/")
        return int(count), float(seconds)


def _check(key: str, value: str) -> None:
    option = OPTIONS.get(key)
    if option is None:
        raise ValueError(f"unknown setting {key!r}; {did_you_mean(key, sorted(OPTIONS))}")
    if takes(key, value):
        return
    allowed = " or ".join(option.values) + (" or a whole number" if option.number else "")
    if key == "rate-limit":
        allowed = "REQUESTS/SECONDS, for example 700/300"
    raise ValueError(f"setting {key} takes {allowed}, got {value!r}")


def takes(key: str, value: str) -> bool:
    """Return whether a setting, one that there is, takes a value."""
    return value in OPTIONS[key].values or (OPTIONS[key].number and _is_number(key, value))


def _is_number(key: str, value: str) -> bool:
    if key == "rate-limit":
        count, slash, seconds = value.partition("/")
        return slash == "/" and count.isdecimal() and seconds.isdecimal() and int(seconds) > 0
    return (
        value.isdecimal() and len(value) < 10 and (key in {"latency-ms", "token-lifetime"} or int(value) > 0)
    )


assert {_attribute(key) for key in OPTIONS} == {field.name for field in fields(Settings)}  # noqa: S101
