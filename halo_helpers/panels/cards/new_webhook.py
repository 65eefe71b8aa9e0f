"""Whether a webhook appeared since the hand-over was opened: the proof that Neo Agent connected."""

from __future__ import annotations

from ...guide.rules import WEBHOOK_APPEARED
from ...guide.walk_store import Result, note, note_results
from ...system.timestamps import clock_text, utc_text
from ...verification.webhooks import list_webhooks
from ..state import WalkState

_THEN = "webhooks then"
"""The note of the ids that were there before."""


def note_webhooks(walk: WalkState) -> None:
    """Note which webhooks are there before Neo Agent connects, once a walk.

    Raises: the errors of the client when they cannot be listed.
    """
    if _THEN not in walk.store().notes:
        note(walk.name, **{_THEN: " ".join(["at", utc_text(), *list_webhooks(walk.tenant)])})


def look_for_new(walk: WalkState) -> str:
    """Note a webhook that was not there before as the proof of its step; return what was seen.

    Raises: ConfigError without credentials, and the errors of the client.
    """
    known = walk.store().notes.get(_THEN, "").split()
    found = list_webhooks(walk.tenant)
    if not known:
        note_webhooks(walk)
        return "which webhooks were there before was not noted: from now on it is"
    new = {one: host for one, host in found.items() if one not in known}
    if not new:
        return f"no webhook is there that was not there at {clock_text(known[1])}"
    answers, at = walk.answers_now(), utc_text()
    hosts = ", ".join(sorted({host or "an unknown host" for host in new.values()}))
    used = {name: answers[name] for name in ("base_url", "client_id", "client_secret")}
    seen = f"a webhook to {hosts} is there that was not there at {clock_text(known[1])}"
    note_results(walk.name, {WEBHOOK_APPEARED: Result("pass", seen, at, used)})
    return seen
