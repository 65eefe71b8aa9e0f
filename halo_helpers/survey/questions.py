"""The questions of a survey, with the answers that each may have: a closed list, so that no text gets out.

Source: facts, section 7. The answers of a question are the values of the practice tenant's setting of its
name.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..practice.settings import OPTIONS

OTHER, NOT_ASKED = "other", "not-asked"
WHY = ("not-read-only", "no-right", "not-met", "declined", "budget")
"""Why a question was not asked."""
_CHANGES = "not-read-only"


@dataclass(frozen=True)
class Question:
    """One open question: what is asked, which needs nobody's right, or why it is never asked here."""

    id: str
    asked: str
    never: str = ""
    """Why a survey does not ask it, empty for one that it asks."""

    @property
    def answers(self) -> tuple[str, ...]:
        """What it may be answered with."""
        option = OPTIONS.get(self.id)
        return (*(option.values if option else _WITHOUT_SETTING[self.id]), OTHER, NOT_ASKED)


_WITHOUT_SETTING = {"neo-webhook": ("there",), "deep-links": ("open", "do-not-open")}
"""Questions that are only recorded."""

QUESTIONS: dict[str, Question] = {
    question.id: question
    for question in (
        Question("token-errors", "token with a random secret"),
        Question("unknown-tenant", "token with a random tenant"),
        Question("wider-scope", "token, wanted scopes and admin"),
        Question("no-scope", "token without scope"),
        Question("scope-all", "token for all, then the webhooks"),
        Question("agents-scope", "a token a scope, then the agents"),
        Question("scopes-enforced", "a token for teams alone, then the tickets"),
        Question("refusal-status", "what was refused with a token for teams alone"),
        Question("bad-token-body", "the own agent with a random token"),
        Question("rate-limit", "a 429 that came by itself", "not-met"),
        Question("retry-after", "a 429 that came by itself", "not-met"),
        Question("page-max", "clients, 101 to a page"),
        Question("agents-envelope", "agents, plain and by pages"),
        Question("api-agents-listed", "agents, with and without API-only ones"),
        Question("agent-list-fields", "fields of a row of agents"),
        Question("token-format", "form of the token"),
        Question("disabled-agent", "a token while the agent is disabled", "not-met"),
        Question("authinfo", "fields of authinfo"),
        Question("openid-metadata", "the metadata of the sign-in"),
        Question("authorize", "the sign-in without parameters"),
        Question("loopback-port", "a redirect to another port", _CHANGES),
        Question("maintenance-page", "maintenance that came by itself", "not-met"),
        Question("neo-webhook", "the webhook of Neo Agent"),
        Question("delivery-status", "deliveries of the webhook of Neo Agent"),
        Question("deep-links", "whether a page of HaloPSA opened by its link", "declined"),
        Question("paths", "a route in small letters with a slash at the end"),
        Question("client-id-changes", "the Client ID while the form was walked", "declined"),
        Question("secret-shown", "the secret while the form was walked", "declined"),
        Question("login-type-renews-secret", "the secret after another login type", "declined"),
        Question("application-write", "an application made by the API", _CHANGES),
        Question("admin-level", "the applications with an administrator's token", "no-right"),
        Question("admin-covers", "agents, roles, teams with a token for admin alone", "no-right"),
        Question("application-scopes", "an application, in the list and alone", "no-right"),
        Question("application-secret", "an application, in the list and alone", "no-right"),
        Question("application-codes", "codes of the application that works", "no-right"),
        Question("licence-counts", "InstanceInfo without a token"),
        Question("action-refusal", "a note that is refused", _CHANGES),
        Question("audit", "the audit", "no-right"),
        Question("config-commits", "configuration commits", "declined"),
        Question("can-update", "the own agent"),
        Question("change-marks", "an object before and after a write", _CHANGES),
        Question("validate-only", "a ticket that is only to be checked", _CHANGES),
        Question("write-answer", "an object written", _CHANGES),
        Question("update-status", "an object written", _CHANGES),
        Question("list-update", "a list written", _CHANGES),
        Question("licence-full", "an agent made without a licence", _CHANGES),
        Question("concurrency", "an application written with a stale mark", _CHANGES),
        Question("system-applications", "HaloPSA's own application written", _CHANGES),
        Question("webhook-events", "events given to a webhook", _CHANGES),
        Question("close-refused", "a ticket closed", _CHANGES),
        Question("refresh-token", "a refresh token used twice", _CHANGES),
    )
}

FIELDS = frozenset(
    {
        *("access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"),
        *("error", "error_description", "error_uri", "auth_url", "tenant_id", "resource_url", "hosted"),
        *("record_count", "page_no", "page_size", "results", "agents", "clients", "webhooks", "events"),
        *("id", "name", "email", "isapiagent", "isdisabled", "team", "use", "_canupdate", "last_modified"),
        *("agent_count", "licensed_agent_count", "app_version", "Message", "ClassName", "status"),
        *("authentication_type", "active"),
    }
)
"""Names of fields that a survey may hold; others are only counted."""
HOSTINGS = ("halopsa", "haloitsm", "haloservicedesk", "custom", "on-premise")
