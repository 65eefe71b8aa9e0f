"""Codes that belong to no single check: the wire's, the caps', ours, a run's."""

from __future__ import annotations

from ..findings import diagnosis

WEB = "prerequisites"

DNS_FAILED = diagnosis(
    "dns-failed",
    "error",
    headline="The host has no known address",
    step=WEB,
    fixer="network",
    retryable=True,
    cause=(
        "The host is misspelt, the custom domain has expired, or this machine's name server does not "
        "know it (VPN, split DNS)."
    ),
    remedy=(
        "Compare the host with the browser's address bar; then try from another network or with the VPN "
        "on or off."
    ),
)

CONNECT_REFUSED = diagnosis(
    "connect-refused",
    "error",
    headline="The host refuses the connection",
    step=WEB,
    fixer="network",
    retryable=True,
    cause="Nothing listens on this host and port, or a firewall refuses the connection.",
    remedy="Check host and port; on-premise: is the web server running and reachable from here?",
)

CONNECT_TIMEOUT = diagnosis(
    "connect-timeout",
    "error",
    headline="The host does not accept the connection",
    step=WEB,
    fixer="network",
    retryable=True,
    cause="A firewall drops the connection, or the host is down.",
    remedy="Ask for outgoing https to this host to be allowed; on-premise: for this address to be let in.",
)

CONNECTION_RESET = diagnosis(
    "connection-reset",
    "error",
    headline="The connection is cut",
    step=WEB,
    fixer="network",
    retryable=True,
    cause="An address allow-list or firewall cuts the connection, or the server restarted.",
    remedy=(
        "Try again; if it stays, have this machine's address added to the allow-list of the instance or "
        "firewall."
    ),
)

READ_TIMEOUT = diagnosis(
    "read-timeout",
    "error",
    headline="The instance does not answer in time",
    step=WEB,
    fixer="halopsa",
    retryable=True,
    cause="The instance is overloaded or a proxy between holds the answer back.",
    remedy="Try again later; if it stays, ask HaloPSA support about the instance.",
)

PROXY_FAILED = diagnosis(
    "proxy-failed",
    "error",
    headline="The proxy cannot be reached",
    step=WEB,
    fixer="network",
    retryable=True,
    cause="The proxy that HTTPS_PROXY or ALL_PROXY names cannot be reached; HaloPSA itself was not asked.",
    remedy=(
        "Compare the proxy's address with the one that the browser uses; where none is needed, unset the "
        "variable or name this host in NO_PROXY."
    ),
)
PROXY_REQUIRED = diagnosis(
    "proxy-required",
    "error",
    headline="The proxy does not let requests through",
    step=WEB,
    fixer="network",
    cause="The way out leads through a proxy that wants a log-in or cannot be used.",
    remedy=(
        "Set HTTPS_PROXY to the company's proxy (with log-in where it wants one), or NO_PROXY for this host."
    ),
)

TLS_UNTRUSTED = diagnosis(
    "tls-untrusted",
    "fail",
    headline="The certificate is not trusted",
    step=WEB,
    fixer="network",
    cause=(
        "On-premise: the web server does not send its intermediate certificate, or uses a private "
        "authority. Elsewhere: a company proxy inspects TLS."
    ),
    remedy=(
        "Install the full chain on the server; for a private or inspecting authority give its "
        "certificate as ca_file. Never switch verification off."
    ),
)

TLS_NAME_MISMATCH = diagnosis(
    "tls-name-mismatch",
    "fail",
    headline="The certificate is for another name",
    step=WEB,
    fixer="us",
    cause=(
        "The host is misspelt or has the product's domain twice: any name below halopsa.com resolves, "
        "whether it exists or not."
    ),
    remedy="Copy the host from the browser's address bar.",
)

TLS_EXPIRED = diagnosis(
    "tls-expired",
    "fail",
    headline="The certificate is outside its dates",
    step=WEB,
    fixer="customer-admin",
    cause="The server's certificate has expired; or this machine's clock is far off.",
    remedy="Look at this machine's date first; then have the certificate renewed.",
)

TLS_FAILED = diagnosis(
    "tls-failed",
    "fail",
    headline="No TLS connection can be made",
    step=WEB,
    fixer="network",
    cause="The host speaks no TLS on this port, an outdated version only, or the ca_file cannot be read.",
    remedy="Check the port and the ca_file; on-premise: allow TLS 1.2 or newer.",
)

HTML_INSTEAD_OF_JSON = diagnosis(
    "html-instead-of-json",
    "fail",
    headline="A web page answers in place of the API",
    step=WEB,
    cause=(
        "A log-in page, a firewall's block page or the web page of another address answers in place of "
        "the API."
    ),
    remedy=(
        "Check the base URL; then ask whether a firewall or single sign-on stands before the instance, "
        "and have /api and /auth let through."
    ),
)

BAD_JSON = diagnosis(
    "bad-json",
    "fail",
    headline="The answer is no data of HaloPSA",
    step=WEB,
    cause="A proxy or firewall changes the answers, or this is no HaloPSA API.",
    remedy="Check the base URL; try from another network.",
)

RESPONSE_TOO_LARGE = diagnosis(
    "response-too-large",
    "error",
    headline="The answers are too large",
    step=WEB,
    fixer="us",
    cause="The instance gives very long lists, or something else than HaloPSA answers.",
    remedy=(
        "This tool stops at 16 MiB an answer, and at 64 MiB and 50,000 rows a tenant; report it, and confirm "
        "the agent in HaloPSA itself."
    ),
)

REDIRECTED = diagnosis(
    "redirected",
    "fail",
    headline="The address leads on to another one",
    step=WEB,
    fixer="us",
    cause=(
        "The base URL leads on to another address: an old or custom domain, http instead of https, or a "
        "log-in page."
    ),
    remedy=(
        "Open the base URL in a browser and use the address where it ends; compare API Details: Resource "
        "Server and Authorisation Server."
    ),
)

MAINTENANCE = diagnosis(
    "maintenance",
    "error",
    headline="The instance is down or being upgraded",
    step=WEB,
    fixer="halopsa",
    retryable=True,
    cause="The instance is being upgraded or is down.",
    remedy="Try again in half an hour; look at HaloPSA's status page.",
)

GATEWAY_TIMEOUT = diagnosis(
    "gateway-timeout",
    "error",
    headline="The gateway gave up waiting for the instance",
    step=WEB,
    fixer="halopsa",
    retryable=True,
    cause="The instance takes longer than its gateway waits, often because of a very long list.",
    remedy="Try again later; if it stays, ask HaloPSA support.",
)

SERVER_ERROR = diagnosis(
    "server-error",
    "error",
    headline="HaloPSA failed inside",
    step=WEB,
    fixer="halopsa",
    retryable=True,
    cause="HaloPSA failed inside.",
    remedy="Try again; if it stays, report the route and the time to HaloPSA support.",
)

RATE_LIMITED = diagnosis(
    "rate-limited",
    "error",
    headline="The limit of requests is reached",
    step=WEB,
    retryable=True,
    cause=(
        "The requests of all integrations of this instance together are over its limit (HaloPSA counts a "
        "rolling window of some minutes)."
    ),
    remedy="Wait five minutes and try again; look for an integration that asks too often.",
)

BLOCKED = diagnosis(
    "blocked",
    "fail",
    headline="A firewall blocks this machine",
    step=WEB,
    fixer="network",
    cause="An address allow-list or firewall answers with a block page.",
    remedy="Have this machine's address, and Neo Agent's, added to the allow-list.",
)

PROTOCOL_ERROR = diagnosis(
    "protocol-error",
    "error",
    headline="The answer breaks the rules of HTTP",
    step=WEB,
    fixer="network",
    cause="The answer breaks the rules of HTTP, or has a status that HaloPSA does not use here.",
    remedy="Try from another network; if it stays, report what was seen.",
)

BUDGET_EXHAUSTED = diagnosis(
    "budget-exhausted",
    "error",
    headline="The time or the requests for one tenant are used up",
    step=WEB,
    fixer="us",
    retryable=True,
    cause="The tenant was too slow, or needed too many requests, for the caps of one verification.",
    remedy="Try again later; the checks that were not reached say nothing about the tenant.",
)

INTERNAL_ERROR = diagnosis(
    "internal-error",
    "error",
    headline="This tool failed",
    step=None,
    fixer="us",
    cause="A fault of this tool.",
    remedy="Report it with the check's id; the other checks hold.",
)

WIRE = (
    DNS_FAILED,
    CONNECT_REFUSED,
    CONNECT_TIMEOUT,
    CONNECTION_RESET,
    READ_TIMEOUT,
    PROXY_FAILED,
    PROXY_REQUIRED,
    TLS_UNTRUSTED,
    TLS_NAME_MISMATCH,
    TLS_EXPIRED,
    TLS_FAILED,
    HTML_INSTEAD_OF_JSON,
    BAD_JSON,
    RESPONSE_TOO_LARGE,
    REDIRECTED,
    MAINTENANCE,
    GATEWAY_TIMEOUT,
    SERVER_ERROR,
    RATE_LIMITED,
    BLOCKED,
    PROTOCOL_ERROR,
    BUDGET_EXHAUSTED,
)
"""Codes that any check which sends a request can give."""

RUN_TIMEOUT = diagnosis(
    "run-timeout",
    "error",
    headline="The verification took too long",
    step=None,
    fixer="us",
    retryable=True,
    cause="The tenant's notebook did not come to its end in the time that it was given.",
    remedy="Run the tenant again, with a larger --timeout if the instance is known to be slow.",
)

RUN_CRASHED = diagnosis(
    "run-crashed",
    "error",
    headline="The verification's notebook failed",
    step=None,
    fixer="us",
    retryable=True,
    cause="The tenant's notebook or its kernel failed.",
    remedy="Open the tenant's notebook in the run folder: the failed cell says what happened.",
)

RUN_CANCELLED = diagnosis(
    "run-cancelled",
    "error",
    headline="The verification was stopped",
    step=None,
    fixer="us",
    retryable=True,
    cause="The run was stopped before this tenant was done.",
    remedy="Complete the run with --resume.",
)
