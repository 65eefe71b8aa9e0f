"""Sends what a run changed to whoever wants to know."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..checks.findings import BROKEN
from ..errors import ConfigError, HaloError, SecretError, unwritable
from ..report import Run, is_practice_run
from ..report.over_time.note import MOST, note_of
from ..secrets.redaction import redact
from ..secrets.references import resolve
from ..secrets.value import Secret
from ..system.files import write_whole
from ..system.timestamps import utc_text
from .history.setups import Setups

WEBHOOK = "webhook:"
DISCORD_MOST = 1_900
"""Characters of a message that Discord takes."""


@dataclass(frozen=True)
class Target:
    """Where the message goes: standard output, a file, or a webhook, whose URL is as good as a password."""

    file: Path | None = None
    webhook: Secret | None = None


def target(text: str) -> Target:
    """Read `-`, a file's path, or `webhook:REF` with a reference such as `env:NAME`.

    Raises: ConfigError when the reference does not resolve, or a URL stands there in clear.
    """
    if text == "-":
        return Target()
    if text.startswith(("http://", "https://")):
        raise ConfigError(
            "--notify takes a webhook's URL by reference, such as webhook:env:HALO_NOTIFY_URL: "
            "whoever knows it can post there"
        )
    if text.startswith(WEBHOOK):
        try:
            url = resolve(text.removeprefix(WEBHOOK), "notify")
        except SecretError as error:
            raise ConfigError(f"--notify: {error.seen}") from None
        # no notebook of the run needs it
        os.environ.pop(text.removeprefix(f"{WEBHOOK}env:"), None)
        return Target(webhook=url)
    return Target(file=Path(text))


def notify(
    to: Target,
    run: Run,
    *,
    say: Callable[[str], None],
    report_url: str = "",
    remind: dt.timedelta | None = None,
) -> bool:
    """Send the message about a run when something changed; return whether it was sent.

    With `remind`, tenants that stay broken are named again after so long. What cannot be sent is said, and
    fails nothing.
    """
    practice, history = is_practice_run(run.results), Setups(run.folder.parent)
    due = _due(run, history, remind, practice=practice) if remind else []
    from ..client.connections import post_json, webhook_host  # httpx, which most runs do not need here

    host = webhook_host(to.webhook) if to.webhook else ""
    is_discord = host.endswith(("discord.com", "discordapp.com"))
    message = note_of(run, report_url=report_url, due=due, most=DISCORD_MOST if is_discord else MOST)
    if message is None:
        return False
    text = redact(message.text)
    try:
        if to.webhook is not None:
            post_json(to.webhook, json.dumps({"content" if is_discord else "text": _without_marks(text)}))
        elif to.file is not None:
            write_whole(to.file, text + "\n")
        else:
            say(text)
    except OSError as error:
        complain_about = unwritable(error, to.file).seen
    except HaloError as error:
        complain_about = error.seen
    else:
        try:
            history.note_told(message.names, practice=practice)
        except (OSError, HaloError) as error:
            seen = error.seen if isinstance(error, HaloError) else str(error)
            say(f"the summary was sent, but not noted: {seen}")
        return True
    say(f"the summary could not be sent: {complain_about}")
    return False


def _due(run: Run, history: Setups, remind: dt.timedelta, *, practice: bool) -> list[str]:
    """Return who is broken and was named longer ago than that, or never."""
    told = history.told_at(practice=practice)
    before = utc_text(dt.datetime.now(dt.UTC) - remind)
    broken = (result.tenant for result in run.results if result.verdict in BROKEN)
    return [name for name in broken if told.get(name, "") <= before]


def _without_marks(text: str) -> str:
    """Take away what chats read as their own marks, such as a call to everybody."""
    # names come from customers' systems: with a joiner behind the @, which nobody sees, it calls nobody
    return text.translate({ord("<"): "‹", ord(">"): "›", ord("&"): "+", ord("@"): "@\u2060"})
