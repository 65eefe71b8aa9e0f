"""Where this package keeps a user's things, and where its notebooks are."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path:
    """Return the user's data folder; `HALO_RUNBOOK_HOME` names another one."""
    named = os.environ.get("HALO_RUNBOOK_HOME")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("halo-runbook", appauthor=False))


def practice_state_file() -> Path:
    """Return the file that says where a practice server listens."""
    return data_folder() / "practice.json"


def notebooks_folder() -> Path:
    """Return the folder with the notebooks: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).parents[1]
    installed = package / "_notebooks"
    return installed if installed.is_dir() else package.parent / "notebooks"
