"""The account that this process runs as, and what it leaves when it crashes."""

from __future__ import annotations

import getpass
import os
import sys
from functools import lru_cache


@lru_cache(maxsize=1)
def account_name() -> str:
    """Return the account's name, its number where it has none, or `unknown`."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def forbid_core_dumps() -> None:
    """Let no core dump of this process, or of one that it starts, be written: it would hold secrets."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
