"""The log of which account resolved whose secret, when and from which source."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from ..system.account import account_name
from ..system.paths import data_folder
from ..system.timestamps import utc_text


def write_down(tenant_name: str, source: str) -> None:
    """Append to the log of accesses: when, which account, whose secret, from which source; never the secret.

    A log that cannot be written does not keep a verification from running.
    """
    entry = {
        "at": utc_text(),
        "account": account_name(),
        "tenant": tenant_name,
        "source": source,
        "process": os.getpid(),
    }
    with contextlib.suppress(OSError):
        file = access_log()
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, json.dumps(entry).encode() + b"\n")
        finally:
            os.close(descriptor)


def access_log() -> Path:
    """Return the append-only log of which account resolved whose secret, from which source, when."""
    return data_folder() / "secret-access.log"
