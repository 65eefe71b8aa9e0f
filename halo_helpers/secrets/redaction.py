"""Redaction: take every secret and token that this process has seen out of a text.

It is the last line of defence, not the first.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections import Counter
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

REDACTED = "[secret]"
_known: dict[str, set[str]] = {}
_parts: Counter[str] = Counter()
"""How many known values a part belongs to."""
_letters: frozenset[str] = frozenset()
_lengths: tuple[int, ...] = (10,)
"""How long parts are, the longest first."""
_runs: re.Pattern[str] | None = None
_lock = threading.Lock()
_HOST = re.compile(r"\Ahttps?://[^/@?#\s]+(?=/)")
"""The beginning of a webhook's URL, which is no secret: it may be a tenant's, or begin like one."""
_PART = 10
"""Parts of a secret that long are taken out, too: a message that was cut off may hold only its beginning or
end."""
_MOST_KNOWN = 256
"""Secrets and tokens that `redact` looks for; in a process that sees more, the oldest make room."""


def remember(value: str) -> None:
    """Make `redact` take this value out of any text, raw, JSON-, URL- and base64-encoded."""
    secret = _HOST.sub("", value, count=1)
    if len(secret) < 8:
        return
    with _lock:
        if value in _known:
            return
        raw = secret.encode()
        # the middle of base64 text depends on what stands before it: three alignments, ends cut off
        shifted = [base64.b64encode(b"\0" * n + raw).decode()[4 if n else 0 : -4] for n in range(3)]
        forms = {
            secret,
            json.dumps(secret)[1:-1],
            quote(secret, safe=""),
            quote_plus(secret),
            base64.b64encode(raw).decode(),
            base64.urlsafe_b64encode(raw).decode(),
            *shifted,
        }
        long = [form for form in forms if len(form) >= 8]
        parts = {form[n : n + _PART] for form in long for n in range(max(1, len(form) - _PART + 1))}
        if len(_known) >= _MOST_KNOWN:
            _forget(_known.pop(next(iter(_known))))
        _known[value] = parts
        _parts.update(parts)
        _learn("".join(long), {min(len(form), _PART) for form in long})


def forget(value: str) -> None:
    """Let `redact` leave a value alone again: it was no secret after all."""
    with _lock:
        _forget(_known.pop(value, ()))


def _forget(parts: Iterable[str]) -> None:
    for part in parts:
        _parts[part] -= 1
        if not _parts[part]:
            del _parts[part]


def _learn(letters: str, lengths: set[int]) -> None:
    """Widen the runs of letters in which `redact` looks."""
    global _runs, _letters, _lengths  # noqa: PLW0603 - what is known to this process
    if _runs is None or not lengths.issubset(_lengths) or not _letters.issuperset(letters):
        _letters |= frozenset(letters)
        _lengths = tuple(sorted({*_lengths, *lengths}, reverse=True))
        _runs = re.compile(f"[{re.escape(''.join(sorted(_letters)))}]{{{_lengths[-1]},}}")


def redact(text: str) -> str:
    """Return the text without any secret or token that this process has seen.

    Parts of ten characters are taken out, too.
    """
    return text if _runs is None else _runs.sub(lambda match: _redact_run(match.group()), text)


def _redact_run(run: str) -> str:
    """Take every stretch out of a run in which each place begins, or lies in, a part of a secret."""
    kept: list[str] = []
    end = 0
    for place in range(len(run) - _lengths[-1] + 1):
        for length in _lengths:
            if run[place : place + length] in _parts:
                if place > end or not kept:
                    kept += [run[end:place], REDACTED]
                end = max(end, place + length)
                break
    return run if not kept else "".join([*kept, run[end:]])
