"""The account that this process runs as."""

from __future__ import annotations

import getpass
import os
from functools import lru_cache


@lru_cache(maxsize=1)
def account_name() -> str:
    """Return the account's name, its number where it has none, or `unknown`."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"
