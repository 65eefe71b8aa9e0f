"""What went wrong below HTTP, told from the chain of exceptions.

It knows exceptions by their names and attributes, so that only `client` imports httpx.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

_EXPIRED = {9, 10}  # not yet valid, expired
_NAME = {62, 64}  # host name, IP address
_UNTRUSTED = {2, 18, 19, 20, 21, 24, 27}  # no issuer, self-signed, unknown or invalid authority


def code_of_transport_error(error: BaseException) -> tuple[str, str]:
    """Return the diagnosis code and a sentence for an error of httpx, ssl, the socket or the URL."""
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLError):
            return _of_tls(cause)
        if isinstance(cause, socket.gaierror):
            return "dns-failed", "no address is known for this host"
    name = type(error).__name__
    for cause in _chain(error):
        if isinstance(cause, OverflowError):
            return "proxy-required", "the proxy in the environment cannot be used"  # a port that is none
        if isinstance(cause, ConnectionRefusedError):
            return "connect-refused", "the host refuses the connection"
        if isinstance(cause, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
            return "connection-reset", "the connection was cut"
    return _BY_NAME.get(name, ("protocol-error", f"the exchange failed ({name})"))


_BY_NAME = {
    "ConnectTimeout": ("connect-timeout", "the host does not accept the connection in time"),
    "PoolTimeout": ("connect-timeout", "no connection came free in time"),
    "ReadTimeout": ("read-timeout", "the host accepts the connection but does not answer in time"),
    "WriteTimeout": ("read-timeout", "the host does not take the request in time"),
    "ConnectError": ("connect-refused", "the connection cannot be made"),
    "ReadError": ("connection-reset", "the connection was cut"),
    "WriteError": ("connection-reset", "the connection was cut"),
    "CloseError": ("connection-reset", "the connection was cut"),
    "RemoteProtocolError": ("connection-reset", "the connection ended in the middle of the answer"),
    "ProxyError": ("proxy-required", "the proxy refuses to pass the request on"),
    "ImportError": (
        "proxy-required",
        "the proxy in the environment needs a package that is not installed (pip install 'httpx[socks]')",
    ),
    "ValueError": ("proxy-required", "the proxy in the environment cannot be used"),
    "InvalidURL": ("url-malformed", "the address cannot be used"),
    "UnsupportedProtocol": ("url-malformed", "the address has no protocol that is spoken here"),
    "TooManyRedirects": ("redirected", "the host redirects in a circle"),
    "DecodingError": ("protocol-error", "the packed answer cannot be unpacked"),
}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Return the error and what caused it, the ones inside groups included."""
    todo: list[BaseException] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            todo += one.exceptions
        todo += [cause for cause in (one.__cause__, one.__context__) if cause is not None]


def _of_tls(error: ssl.SSLError) -> tuple[str, str]:
    number = getattr(error, "verify_code", None)
    text = str(getattr(error, "verify_message", "") or error.reason or "no reason given")
    if isinstance(error, ssl.SSLCertVerificationError):
        lower = text.lower()
        if number in _EXPIRED or "expired" in lower or "not yet valid" in lower:
            return "tls-expired", f"the certificate is outside its dates ({text})"
        if number in _NAME or "hostname mismatch" in lower or "ip address mismatch" in lower:
            return "tls-name-mismatch", f"the certificate is for another name ({text})"
        if (
            number in _UNTRUSTED
            or "unable to get" in lower
            or "self-signed" in lower
            or "self signed" in lower
        ):
            return "tls-untrusted", f"the certificate's issuer is not trusted ({text})"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) or "EOF" in text:
        return "connection-reset", "the connection was cut during the TLS handshake"
    return "tls-failed", f"no TLS connection can be made ({text})"
