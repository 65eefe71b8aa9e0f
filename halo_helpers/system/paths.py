"""Where this package keeps a user's things, and where its notebooks are."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path


def data_folder() -> Path:
    """Return the user's data folder; `HALO_RUNBOOK_HOME` names another one."""
    named = os.environ.get("HALO_RUNBOOK_HOME")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("halo-runbook", appauthor=False))


def make_data_folder(folder: Path | None = None) -> Path:
    """Make the data folder, or a folder in it, for its owner only, whatever the umask; return the folder.

    Raises: OSError when it cannot be made.
    """
    own = data_folder()
    wanted = folder or own
    own.mkdir(parents=True, exist_ok=True)
    below = wanted.relative_to(own).parts if wanted.is_relative_to(own) else ()
    for part in (own, *(own.joinpath(*below[: n + 1]) for n in range(len(below)))):
        part.mkdir(exist_ok=True)
        if sys.platform != "win32" and stat.S_IMODE(part.stat().st_mode) & 0o077:
            with contextlib.suppress(PermissionError):  # a shared one that another account owns
                part.chmod(0o700)
    return wanted


def practice_state_file() -> Path:
    """Return the file that says where a practice server listens."""
    return data_folder() / "practice.json"


def notebooks_folder() -> Path:
    """Return the folder with the notebooks: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).parents[1]
    installed = package / "_notebooks"
    return installed if installed.is_dir() else package.parent / "notebooks"


def setups_folder() -> Path:
    """Return the folder of the records of `setup`, and of what it learnt of instances."""
    return data_folder() / "setups"
