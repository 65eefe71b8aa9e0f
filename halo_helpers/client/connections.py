"""Connections: trusted authorities, the pool of one tenant, the one POST to a chat's webhook."""

from __future__ import annotations

import re
import ssl
import sys
from dataclasses import dataclass
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from ..errors import ApiError, ConnectionFailedError
from ..secrets.value import Secret
from ..system.files import read_regular
from ..system.version import VERSION
from ..tenants.base_url import is_loopback
from .direct_transport import DirectTransport
from .limits import AT_ONCE, Limits
from .transport_errors import code_of_transport_error

_MOST_CA = 4 * 1024 * 1024
USER_AGENT = f"halo-runbook/{VERSION}"
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
_LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")


def connect(ca_file: str | None, limits: Limits, *, to_loopback: bool) -> httpx.AsyncClient:
    """Return a pool of connections; a proxy of the environment is used, but never for this machine itself.

    Raises: ConnectionFailedError when `ca_file` cannot be used; what httpx raises for a proxy that cannot.
    """
    context = _tls_context(ca_file)
    no_proxy: dict[str, httpx.AsyncBaseTransport | None] = dict.fromkeys(_LOOPBACK)
    by_proxy = not to_loopback and bool(getproxies())
    return httpx.AsyncClient(
        verify=context,
        transport=None if by_proxy else DirectTransport(context),
        follow_redirects=False,
        trust_env=by_proxy,
        mounts=no_proxy if by_proxy else None,
        timeout=httpx.Timeout(limits.request_s, connect=limits.connect_s),
        limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
        headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none is kept
    )


@dataclass(frozen=True)
class Proxy:
    """The proxy of the environment: host and port without its log-in, and whether NO_PROXY bypasses it."""

    place: str
    bypassed: bool


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy that the environment names for a URL, None when it names none."""
    parts = urlsplit(url)
    named = getproxies()
    text = named.get(parts.scheme) or named.get("all")
    if not text:
        return None
    place = text.partition("://")[2] or text  # by hand: it may be no URL at all
    place = re.split(r"[/?#]", place, maxsplit=1)[0].rpartition("@")[2]
    everywhere = "*" in (one.strip() for one in named.get("no", "").split(","))  # as httpx reads it
    return Proxy(place, everywhere or bool(proxy_bypass(parts.hostname or "")))


def warm_up() -> None:
    """Read the list of trusted authorities, which takes longer than most requests."""
    _tls_context(None)


def webhook_host(url: Secret) -> str:
    """Return the host of a webhook's URL, which alone is no secret; empty when it has none."""
    try:
        return urlsplit(url.reveal()).hostname or ""
    except ValueError:
        return ""


def post_json(url: Secret, body: str) -> None:
    """Post to a chat's webhook. It is no HaloPSA: nothing of a tenant's credentials is near it.

    Raises: ConnectionFailedError with `url-insecure` for a URL that is not https (loopback aside), ApiError
    for an answer other than 2xx. Messages never hold the URL, which is as good as a password.
    """
    host = webhook_host(url)
    on_loopback = is_loopback(host)
    begins = "http://" if on_loopback else "https://"
    if not host or not url.reveal().lower().startswith(("https://", begins)):
        raise ConnectionFailedError("url-insecure", "the webhook's URL does not begin with https://")
    headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
    try:
        with httpx.Client(verify=_tls_context(None), timeout=10.0, trust_env=not on_loopback) as http:
            answer = http.post(url.reveal(), content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        code, seen = code_of_transport_error(error)
        raise ConnectionFailedError(code, f"the webhook at {host}: {seen}") from None
    if not answer.is_success:
        seen = f"the webhook at {host} answers {answer.status_code}"
        raise ApiError("protocol-error", seen, answer.status_code)


@lru_cache(maxsize=8)
def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Trust what the operating system trusts, and `ca_file` besides.

    Certifi's list where the system has none.

    Raises: ConnectionFailedError when the file cannot be used.
    """
    context = _trusting_the_system()
    if ca_file:
        try:
            context.load_verify_locations(
                cadata=read_regular(Path(ca_file), _MOST_CA).decode("ascii", "ignore")
            )
        except (OSError, ValueError) as error:
            seen = f"ca_file {ca_file} cannot be used: {type(error).__name__}"
            raise ConnectionFailedError("tls-failed", seen) from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def _trusting_the_system() -> ssl.SSLContext:
    """Return a context that trusts what this system trusts.

    Where OpenSSL itself finds the list, it is read once, for the life of the context: truststore, which knows
    other places, too, reads it again at each connection.
    """
    if sys.platform not in {"win32", "darwin"}:
        if _openssl_has_authorities():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_default_certs()
            return context
        if not _system_has_authorities():
            return httpx.create_ssl_context()
    import truststore

    asking: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return asking


def _openssl_has_authorities() -> bool:
    """Whether OpenSSL reads a list: a file, or a folder of certificates named by their hashes."""
    paths = ssl.get_default_verify_paths()
    folder = Path(paths.capath) if paths.capath else None
    return bool(paths.cafile) or bool(folder and any(_HASHED.fullmatch(one.name) for one in folder.iterdir()))


def _system_has_authorities() -> bool:
    """Whether OpenSSL finds any authority: a bare container has no package ca-certificates."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile) or bool(paths.capath and any(Path(paths.capath).iterdir()))
