"""Is there a HaloPSA at the base URL? (floor 3)"""

from __future__ import annotations

from collections.abc import AsyncIterator

from ..errors import ApiError, ConnectionFailedError, HaloError, NotFoundError, ShapeError
from .probe import Probe
from .registry import Finding, check, diagnosis

_WEB = "prerequisites"

URL_MALFORMED = diagnosis(
    "url-malformed", "fail", step=_WEB, fixer="us",
    cause="The base URL was mistyped or something else was pasted.",
    remedy="Open HaloPSA in the browser and copy the address up to the end of the host, such as https://acme.halopsa.com.")  # fmt: skip
URL_INSECURE = diagnosis(
    "url-insecure", "warn", step=_WEB, fixer="us",
    cause="The base URL begins with http://.",
    remedy="Write https:// in front of the host, here and in Neo Agent.")  # fmt: skip
URL_TRIMMED = diagnosis(
    "url-trimmed", "warn", step=_WEB, fixer="us",
    cause="More than scheme and host was pasted: a trailing slash, /api, /auth or a page's path; or https:// was missing.",
    remedy="Use the base URL in the form shown here, in Neo Agent too: it takes no slash at the end.")  # fmt: skip
DNS_FAILED = diagnosis(
    "dns-failed", "error", step=_WEB, fixer="network", retryable=True,
    cause="The host is misspelt, the custom domain has expired, or this machine's name server does not know it (VPN, split DNS).",
    remedy="Compare the host with the browser's address bar; then try from another network or with the VPN on or off.")  # fmt: skip
CONNECT_REFUSED = diagnosis(
    "connect-refused", "error", step=_WEB, fixer="network", retryable=True,
    cause="Nothing listens on this host and port, or a firewall refuses the connection.",
    remedy="Check host and port; on-premise: is the web server running and reachable from here?")  # fmt: skip
CONNECT_TIMEOUT = diagnosis(
    "connect-timeout", "error", step=_WEB, fixer="network", retryable=True,
    cause="A firewall drops the connection, or the host is down.",
    remedy="Ask for outgoing https to this host to be allowed; on-premise: for this address to be let in.")  # fmt: skip
CONNECTION_RESET = diagnosis(
    "connection-reset", "error", step=_WEB, fixer="network", retryable=True,
    cause="An address allow-list or firewall cuts the connection, or the server restarted.",
    remedy="Try again; if it stays, have this machine's address added to the allow-list of the instance or firewall.")  # fmt: skip
READ_TIMEOUT = diagnosis(
    "read-timeout", "error", step=_WEB, fixer="halopsa", retryable=True,
    cause="The instance is overloaded or a proxy between holds the answer back.",
    remedy="Try again later; if it stays, ask HaloPSA support about the instance.")  # fmt: skip
PROXY_REQUIRED = diagnosis(
    "proxy-required", "error", step=_WEB, fixer="network",
    cause="The way out leads through a proxy that wants a log-in or cannot be used.",
    remedy="Set HTTPS_PROXY to the company's proxy (with log-in where it wants one), or NO_PROXY for this host.")  # fmt: skip
TLS_UNTRUSTED = diagnosis(
    "tls-untrusted", "fail", step=_WEB, fixer="network",
    cause="On-premise: the web server does not send its intermediate certificate, or uses a private authority. Elsewhere: a company proxy inspects TLS.",
    remedy="Install the full chain on the server; for a private or inspecting authority give its certificate as ca_file. Never switch verification off.")  # fmt: skip
TLS_NAME_MISMATCH = diagnosis(
    "tls-name-mismatch", "fail", step=_WEB, fixer="us",
    cause="The host is misspelt or has the product's domain twice: any name below halopsa.com resolves, whether it exists or not.",
    remedy="Copy the host from the browser's address bar.")  # fmt: skip
TLS_EXPIRED = diagnosis(
    "tls-expired", "fail", step=_WEB, fixer="customer-admin",
    cause="The server's certificate has expired; or this machine's clock is far off.",
    remedy="Look at this machine's date first; then have the certificate renewed.")  # fmt: skip
TLS_FAILED = diagnosis(
    "tls-failed", "fail", step=_WEB, fixer="network",
    cause="The host speaks no TLS on this port, an outdated version only, or the ca_file cannot be read.",
    remedy="Check the port and the ca_file; on-premise: allow TLS 1.2 or newer.")  # fmt: skip
NOT_HALOPSA = diagnosis(
    "not-halopsa", "fail", step=_WEB, fixer="us",
    cause="The host answers, but as something else than HaloPSA: a misspelt sub-domain, the portal of another product, a parked domain.",
    remedy="Open the base URL in a browser; use the address where the HaloPSA log-in appears.")  # fmt: skip
HTML_INSTEAD_OF_JSON = diagnosis(
    "html-instead-of-json", "fail", step=_WEB,
    cause="A log-in page, a firewall's block page or the web page of another address answers in place of the API.",
    remedy="Check the base URL; then ask whether a firewall or single sign-on stands before the instance, and have /api and /auth let through.")  # fmt: skip
BAD_JSON = diagnosis(
    "bad-json", "fail", step=_WEB,
    cause="A proxy or firewall changes the answers, or this is no HaloPSA API.",
    remedy="Check the base URL; try from another network.")  # fmt: skip
RESPONSE_TOO_LARGE = diagnosis(
    "response-too-large", "error", step=_WEB, fixer="us",
    cause="The instance gives a very long list in one answer.",
    remedy="This tool stops reading at 16 MiB; report it, and confirm the agent in HaloPSA itself.")  # fmt: skip
REDIRECTED = diagnosis(
    "redirected", "fail", step=_WEB, fixer="us",
    cause="The base URL leads on to another address: an old or custom domain, http instead of https, or a log-in page.",
    remedy="Open the base URL in a browser and use the address where it ends; compare API Details: Resource Server and Authorisation Server.")  # fmt: skip
MAINTENANCE = diagnosis(
    "maintenance", "error", step=_WEB, fixer="halopsa", retryable=True,
    cause="The instance is being upgraded or is down.",
    remedy="Try again in half an hour; look at HaloPSA's status page.")  # fmt: skip
GATEWAY_TIMEOUT = diagnosis(
    "gateway-timeout", "error", step=_WEB, fixer="halopsa", retryable=True,
    cause="The instance takes longer than its gateway waits, often because of a very long list.",
    remedy="Try again later; if it stays, ask HaloPSA support.")  # fmt: skip
SERVER_ERROR = diagnosis(
    "server-error", "error", step=_WEB, fixer="halopsa", retryable=True,
    cause="HaloPSA failed inside.",
    remedy="Try again; if it stays, report the route and the time to HaloPSA support.")  # fmt: skip
RATE_LIMITED = diagnosis(
    "rate-limited", "error", step=_WEB, retryable=True,
    cause="The requests of all integrations of this instance together are over its limit (HaloPSA counts a rolling window of some minutes).",
    remedy="Wait five minutes and try again; look for an integration that asks too often.")  # fmt: skip
BLOCKED = diagnosis(
    "blocked", "fail", step=_WEB, fixer="network",
    cause="An address allow-list or firewall answers with a block page.",
    remedy="Have this machine's address, and Neo Agent's, added to the allow-list.")  # fmt: skip
PROTOCOL_ERROR = diagnosis(
    "protocol-error", "error", step=_WEB, fixer="network",
    cause="The answer breaks the rules of HTTP, or has a status that HaloPSA does not use here.",
    remedy="Try from another network; if it stays, report what was seen.")  # fmt: skip
BUDGET_EXHAUSTED = diagnosis(
    "budget-exhausted", "error", step=_WEB, fixer="us", retryable=True,
    cause="The tenant was too slow, or needed too many requests, for the caps of one verification.",
    remedy="Try again later; the checks that were not reached say nothing about the tenant.")  # fmt: skip
INTERNAL_ERROR = diagnosis(
    "internal-error", "error", step=None, fixer="us",
    cause="A fault of this tool.",
    remedy="Report it with the check's id; the other checks hold.")  # fmt: skip

WIRE = (DNS_FAILED, CONNECT_REFUSED, CONNECT_TIMEOUT, CONNECTION_RESET, READ_TIMEOUT, PROXY_REQUIRED, TLS_UNTRUSTED,
        TLS_NAME_MISMATCH, TLS_EXPIRED, TLS_FAILED, HTML_INSTEAD_OF_JSON, BAD_JSON, RESPONSE_TOO_LARGE, REDIRECTED,
        MAINTENANCE, GATEWAY_TIMEOUT, SERVER_ERROR, RATE_LIMITED, BLOCKED, PROTOCOL_ERROR, BUDGET_EXHAUSTED)  # fmt: skip
"""Codes that any check which sends a request can give."""


@check("address.url", title="Base URL is usable", codes=(URL_MALFORMED, URL_INSECURE, URL_TRIMMED), step=_WEB)
async def url(probe: Probe) -> AsyncIterator[Finding | str]:
    """Is the base URL usable after normalising (facts 6, rows 1 to 6)?"""
    address = probe.client.address
    if address.was_insecure:
        yield URL_INSECURE(f"{'; '.join(address.changes)}; used: {address.url}")
    elif address.changes:
        yield URL_TRIMMED(f"{'; '.join(address.changes)}; used: {address.url}")
    yield address.url


@check("address.reach", title="Instance can be reached", needs=("address.url",), codes=WIRE, step=_WEB)
async def reach(probe: Probe) -> AsyncIterator[Finding | str]:
    """DNS, TCP, TLS, an answer in time? What it says is the next check's affair."""
    try:
        await probe.auth_info()
    except ConnectionFailedError as error:
        if error.code != "redirected":
            raise
    except HaloError:
        pass
    yield f"{probe.client.address.url} answers"


@check(
    "address.instance",
    title="It is a HaloPSA",
    needs=("address.reach",),
    codes=(NOT_HALOPSA, *WIRE),
    step=_WEB,
)
async def instance(probe: Probe) -> AsyncIterator[Finding | str]:
    """Do authinfo and InstanceInfo answer as HaloPSA's do?"""
    info = await probe.auth_info()
    try:
        found = await probe.instance()
    except (NotFoundError, ShapeError) as error:
        if info is None or not info.auth_url:
            yield NOT_HALOPSA(f"neither authinfo nor InstanceInfo answers as a HaloPSA does ({error.seen})")
            return
        yield "authinfo answers as a HaloPSA does; InstanceInfo does not say the version"
        return
    except ApiError:
        if info is None:
            raise
        yield "authinfo answers as a HaloPSA does; InstanceInfo is refused, so the version is not known"
        return
    if not (found.version or found.name) and (info is None or not info.auth_url):
        yield NOT_HALOPSA("authinfo and InstanceInfo answer without anything that a HaloPSA says")
        return
    yield f"{found.name or 'HaloPSA'} {found.version or 'of unknown version'}"


RUN_TIMEOUT = diagnosis(
    "run-timeout", "error", step=None, fixer="us", retryable=True,
    cause="The tenant's notebook did not come to its end in the time that it was given.",
    remedy="Run the tenant again, with a larger --timeout if the instance is known to be slow.")  # fmt: skip
RUN_CRASHED = diagnosis(
    "run-crashed", "error", step=None, fixer="us", retryable=True,
    cause="The tenant's notebook or its kernel failed.",
    remedy="Open the tenant's notebook in the run folder: the failed cell says what happened.")  # fmt: skip
RUN_CANCELLED = diagnosis(
    "run-cancelled", "error", step=None, fixer="us", retryable=True,
    cause="The run was stopped before this tenant was done.",
    remedy="Complete the run with --resume.")  # fmt: skip
