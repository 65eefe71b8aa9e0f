"""The log of which account resolved whose secret, when and from which source."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from ..system.account import account_name
from ..system.paths import data_folder, make_data_folder
from ..system.timestamps import utc_text


def write_down(tenant_name: str, source: str, host: str = "") -> None:
    """Append to the log of accesses: when, which account, whose secret, from which source, for which host.

    The secret itself is never in it. A log that cannot be written does not keep a verification from running.
    """
    entry = {
        "at": utc_text(),
        "account": account_name(),
        "tenant": tenant_name,
        "source": source,
        "host": host,
        "process": os.getpid(),
    }
    with contextlib.suppress(OSError):
        file = access_log()
        make_data_folder()
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, json.dumps(entry).encode() + b"\n")
        finally:
            os.close(descriptor)


def access_log() -> Path:
    """Return the append-only log of which account resolved whose secret, from which source, when."""
    return data_folder() / "secret-access.log"
