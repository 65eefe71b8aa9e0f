"""From an HTTP status and body to data or an error, and foreign text made fit for a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from ..errors import ApiError, NotFoundError, RateLimitedError, RefusedError, ShapeError
from ..secrets.redaction import redact
from ..secrets.value import EMAIL
from ..system.plain_text import plain_text
from .limits import Limits, Reading
from .models import Json


@dataclass(frozen=True)
class Reply:
    """One answer: its status, its headers by name in small letters, its body unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_html(self) -> bool:
        """Whether a web page came, whatever the header says."""
        start = self.body[:256].lstrip().lower()
        is_page = start.startswith((b"<!doctype html", b"<html"))
        return is_page or "html" in self.headers.get("content-type", "")


def data_of(reply: Reply, what: str, limits: Limits, reading: Reading) -> Json:
    """Return the JSON of an answer; `what` names it in messages, `reading` counts what is taken in.

    Raises: ShapeError when it is no JSON or too much of it, and what `raise_for_status` raises.
    """
    if reply.status not in {200, 201}:
        raise_for_status(reply, what)
    if reply.is_html:
        page = f"a web page titled “{_title(reply.body)}”"
        raise ShapeError("html-instead-of-json", f"{what} answers with {page} instead of data")
    reading.values += sum(map(reply.body.count, (b",", b"[", b"{")))
    if reading.values > limits.tenant_values:
        raise ShapeError("response-too-large", f"{what} answers with too many values to be taken in")
    try:
        value = json.loads(reply.body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        shown = clean(reply.body[:80].decode("utf-8", "replace"))
        seen = f"{what} answers with something that is no JSON: “{shown}”"
        raise ShapeError("bad-json", seen) from None
    lists = [value] if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    reading.rows += sum(len(rows) for rows in lists if isinstance(rows, list))
    if reading.rows > limits.tenant_rows:
        seen = f"{what} answers with too many rows: more than {limits.tenant_rows:,} were taken in"
        raise ShapeError("response-too-large", seen)
    return value


_FAULTS = {407: "proxy-required", 502: "maintenance", 503: "maintenance", 504: "gateway-timeout"}
"""Codes of statuses that say nothing about the request."""


def raise_for_status(reply: Reply, what: str) -> NoReturn:
    """Turn a status into an error (facts 3.3).

    Raises: RefusedError, NotFoundError, RateLimitedError, ApiError, ShapeError.
    """
    status = reply.status
    text = "" if reply.is_html else _error_text(reply.body)
    seen = f"{what} answers {status}" + (f": {text}" if text else "")
    if status in {401, 403} and not reply.is_html:
        is_bad_token = status == 401 and "invalid_token" in reply.headers.get("www-authenticate", "")
        raise RefusedError("token-refused" if is_bad_token else "area-refused", seen, status)
    page = f"a web page titled “{_title(reply.body)}”"
    if status == 403:
        raise ApiError("blocked", f"{what} answers 403 with {page}", status)
    if status == 404:
        raise NotFoundError("area-missing", seen, status)
    if status == 429:
        raise RateLimitedError("rate-limited", seen, status)
    if status in _FAULTS:
        raise ApiError(_FAULTS[status], seen, status)
    if status >= 500:
        raise ApiError("server-error", seen, status)
    if reply.is_html and status < 400:
        raise ShapeError("html-instead-of-json", f"{what} answers with {page}")
    raise ApiError("protocol-error", seen, status)


_MESSAGE_KEYS = ("error_description", "Message", "errorMessage", "message", "error", "ClassName")
"""Where HaloPSA's several error bodies hold their message (facts 3.3), in the order of preference."""


def _error_text(body: bytes) -> str:
    """Return the message in an error body, short and clean."""
    text = body[:4096].decode("utf-8", "replace").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return clean(text)
    if isinstance(value, str):
        return clean(value)
    if not isinstance(value, dict):
        return ""
    for key in _MESSAGE_KEYS:
        if isinstance(value.get(key), str) and value[key]:
            return clean(value[key])
    fields = (
        f"{name}: {texts[0]}"
        for name, texts in value.items()
        if isinstance(texts, list) and texts and isinstance(texts[0], str)
    )
    return clean("; ".join(fields))


def _title(body: bytes) -> str:
    text = body[:8192].decode("utf-8", "replace")
    lower = text.lower()
    start = lower.find("<title")
    start = lower.find(">", start) + 1 if start >= 0 else 0
    end = lower.find("</title", start)
    return clean(text[start:end]) if start and end > start else "without a title"


_LOOKED_AT = 4096
"""Characters of a foreign text that are looked at; what is redacted is short, so that it takes no time."""


def clean(text: str, length: int = 160) -> str:
    """Return foreign text fit for a sentence: one line, printable, short, no secret, no e-mail address."""
    # made plain first: a secret with an unseen character inside would not be known again
    return plain_text(EMAIL.sub("[e-mail]", redact(plain_text(text, _LOOKED_AT))), length)
