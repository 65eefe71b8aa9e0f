"""Base URLs as people paste them, brought into one form.

Source: facts, section 6, rows 1 to 6: trailing slash, `/api`, a page's path, scheme missing or doubled,
`http://`, a product domain twice.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ..errors import ConnectionFailedError
from ..secrets.value import trim

PRODUCT_DOMAINS = ("halopsa.com", "haloitsm.com", "haloservicedesk.com")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


@dataclass(frozen=True)
class Address:
    """A usable base URL: scheme, host and port only. `changes` says in words what was put right."""

    url: str
    host: str
    is_loopback: bool
    changes: tuple[str, ...] = ()
    was_insecure: bool = False


def parse_address(text: str) -> Address:
    """Bring a base URL into the form `https://host[:port]`.

    Raises: ConnectionFailedError with `url-malformed` when nothing usable can be made of it.
    """
    changes: list[str] = []
    given = trim(text)
    if given != text:
        changes.append("white space around it was dropped")
    if not given:
        raise _malformed("no base URL is given")
    if re.search(r"[\x00-\x20\x7f\\]", given):
        raise _malformed("the base URL holds a blank, a backslash or a control character")
    split = _split(_one_scheme(given, changes))
    host = _host(split, changes)
    loopback = is_loopback(host)
    insecure = split.scheme == "http" and not loopback
    if insecure:
        changes.append("http:// was replaced by https://, since credentials are never sent in clear")
    dropped = (
        split.path.rstrip("/")
        + (f"?{split.query}" if split.query else "")
        + (f"#{split.fragment}" if split.fragment else "")
    )
    if dropped:
        changes.append(f"“{_short(split.path.rstrip('/') or '?…')}” after the host was dropped")
    elif split.path:
        changes.append("the trailing slash was dropped")
    scheme = "https" if insecure else split.scheme
    defaults = {"http": 80, "https": 443}
    port = None if split.port in {None, defaults[split.scheme], defaults[scheme]} else split.port
    shown = f"[{host}]" if ":" in host else host
    return Address(
        f"{scheme}://{shown}" + (f":{port}" if port else ""), host, loopback, tuple(changes), insecure
    )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _one_scheme(given: str, changes: list[str]) -> str:
    match = re.match(r"(?i)((?:https?:/*)+)(?=[^/:?#])", given)
    if match is None:
        if re.fullmatch(r"(?i)(?:https?:/*)+", given):
            raise _malformed("the base URL has no host")
        if "://" in given:
            raise _malformed(
                f"the base URL begins with “{_short(given.split('://', maxsplit=1)[0])}://”; it must "
                "be https://"
            )
        bare = given.lstrip("/")
        if not bare:
            raise _malformed("the base URL has no host")
        if "." not in bare.split("/")[0] and not is_loopback(bare.split("/")[0].split(":")[0]):
            raise _malformed(
                f"“{_short(bare)}” is no address; is it "
                f"https://{_short(bare.split('/')[0].lower())}.halopsa.com?"
            )
        changes.append("https:// was added")
        return f"https://{bare}"
    prefix = match.group(1).lower()
    scheme = "https" if "https" in prefix else "http"
    if prefix != f"{scheme}://":
        changes.append(f"“{_short(match.group(1))}” was read as {scheme}://")
    return f"{scheme}://{given[match.end() :]}"


def _split(url: str) -> SplitResult:
    try:
        split = urlsplit(url)
        _ = split.port
    except ValueError:
        raise _malformed("the base URL's host or port cannot be read") from None
    if split.username is not None or split.password is not None:
        raise _malformed("the base URL holds a user name or password before “@”; give the host only")
    if split.port == 0:
        raise _malformed("the base URL's port is 0")
    return split


def _host(split: SplitResult, changes: list[str]) -> str:
    host = (split.hostname or "").rstrip(".")
    if ":" in host:
        return _ip(host)
    try:
        host = host.encode("idna").decode("ascii").lower() if not host.isascii() else host.lower()
    except UnicodeError:
        raise _malformed("the base URL's host cannot be read") from None
    for domain in PRODUCT_DOMAINS:
        while host.endswith(f".{domain}.{domain}"):
            changes.append(f"“.{domain}” stood there twice")
            host = host.removesuffix(f".{domain}")
    if host in PRODUCT_DOMAINS or host in {f"www.{domain}" for domain in PRODUCT_DOMAINS}:
        raise _malformed(
            f"{host} is HaloPSA's own site; the base URL is the customer's, such as "
            f"https://acme.{host.removeprefix('www.')}"
        )
    if not host or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise _malformed("the base URL has no usable host")
    return host


def _ip(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise _malformed("the base URL's host cannot be read") from None


def _malformed(seen: str) -> ConnectionFailedError:
    return ConnectionFailedError("url-malformed", seen)


def _short(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
