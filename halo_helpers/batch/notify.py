"""A paragraph to whoever wants to know what a run changed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..client.connections import post_json
from ..errors import ConfigError, HaloError, SecretError, unwritable
from ..report import has_changed, headline
from ..report.manifest import Manifest
from ..secrets.redaction import redact
from ..secrets.references import resolve
from ..secrets.value import Secret
from ..system.files import write_whole

WEBHOOK = "webhook:"


@dataclass(frozen=True)
class Target:
    """Where the paragraph goes: standard output, a file, or a webhook, whose URL is as good as a password."""

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


def note(to: Target, manifest: Manifest, *, say: Callable[[str], None]) -> bool:
    """Send the paragraph when something changed; say when it cannot be sent. Return whether it was sent."""
    if not has_changed(manifest):
        return False
    text = redact(headline(manifest))
    try:
        if to.webhook is not None:
            post_json(to.webhook, json.dumps({"text": text}))
        elif to.file is not None:
            write_whole(to.file, text + "\n")
        else:
            say(text)
    except OSError as error:
        raise unwritable(error, to.file) from None
    except HaloError as error:
        say(f"the summary could not be sent: {error.seen}")
        return False
    return True
