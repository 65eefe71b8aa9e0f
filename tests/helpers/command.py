"""The command line as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def halo(
    *args: str | Path, stdin: str = "", cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder of this test: `forget` and others look for `runs` where they are called."""
    home = os.environ.get("HALO_RUNBOOK_HOME")
    done = subprocess.run(
        [sys.executable, "-m", "halo_helpers", *map(str, args)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd or (Path(home).parent if home else None),
        env=os.environ | env,
        check=False,
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(done.stdout)
    return value
