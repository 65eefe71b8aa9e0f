"""Processes beside this one."""

from __future__ import annotations

import subprocess
import sys
from typing import Any


def own_group() -> dict[str, Any]:
    """Return the options of `subprocess.Popen` that keep Ctrl+C on the terminal from reaching a child.

    Whoever starts it ends it: what still needs the child is finished first.
    """
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
