"""Connections: trusted authorities, the pool of one tenant, the one POST to a chat's webhook."""

from __future__ import annotations

import re
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ..errors import ApiError, ConnectionFailedError
from ..secrets.value import Secret
from ..system.files import read_regular
from ..system.spared_imports import spared
from ..system.version import VERSION
from ..tenants.base_url import is_loopback
from .direct_transport import DirectTransport
from .limits import AT_ONCE, Limits
from .transport_errors import code_of_transport_error

with spared("httpx._main"):  # its command line, which takes as long to load as all the rest of it
    import httpx

BROKEN = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    ssl.SSLError,
    OSError,
    ImportError,
    ValueError,
    OverflowError,
    ExceptionGroup,
)
"""What httpx, the layers below it and a proxy that cannot be used raise."""
_MOST_CA = 4 * 1024 * 1024
USER_AGENT = f"halo-runbook/{VERSION}"
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
_HEADERS = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"}
_LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")


class Connections:
    """The connections to one tenant. A proxy of the environment is used, but never for this machine itself.

    Only by a proxy do requests go by httpx's client. What it does besides, for cookies, log-ins and
    redirects, costs as much as the way below it, and serves nothing here.
    """

    def __init__(self, ca_file: str | None, limits: Limits, *, to_loopback: bool) -> None:
        """Prepare them; none is made yet.

        Raises: ConnectionFailedError when `ca_file` cannot be used, and httpx's errors for such a proxy.
        """
        context = _tls_context(ca_file)
        self._timeouts = {"timeout": httpx.Timeout(limits.request_s, connect=limits.connect_s).as_dict()}
        self._direct: DirectTransport | None = None
        self._by_proxy: httpx.AsyncClient | None = None
        if to_loopback or not getproxies():
            self._direct = DirectTransport(context)
            return
        no_proxy: dict[str, httpx.AsyncBaseTransport | None] = dict.fromkeys(_LOOPBACK)
        self._by_proxy = httpx.AsyncClient(
            verify=context,
            mounts=no_proxy,
            limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none is kept
        )

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        body: bytes | None,
    ) -> httpx.Response:
        """Send a request; return its answer when the headers are there. Whoever reads it closes it.

        Raises: httpx's HTTPError or InvalidURL, and what lies below it.
        """
        request = httpx.Request(
            method, url, headers={**_HEADERS, **headers}, data=form, content=body, extensions=self._timeouts
        )
        if self._direct is not None:
            return await self._direct.handle_async_request(request)
        assert self._by_proxy is not None  # noqa: S101 - one of the two is there
        return await self._by_proxy.send(request, stream=True)

    async def close(self) -> None:
        """Close them."""
        if self._direct is not None:
            await self._direct.aclose()
        if self._by_proxy is not None:
            await self._by_proxy.aclose()


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
