"""A file that only its owner can read: read, refused when others can read it, written."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path

from ..errors import SecretError
from ..system.files import write_whole
from ..system.paths import data_folder, make_data_folder
from .value import Secret

_MAX_FILE = 4 * 1024
_NO_FILES = frozenset({"proc", "sys", "dev"})
"""Folders of the system whose files are none."""


def read_private(real: Path, shown: Path) -> Secret:
    """Read the secret that a private file holds.

    `real` is its path with links followed, `shown` the one to name. It is opened without waiting, so that a
    pipe or device is refused at once, and without following a link that was put there meanwhile.

    Raises: SecretError when the file cannot be read, is too large, no regular one, or others can read it.
    """
    if real.parts[1:2] and real.parts[1] in _NO_FILES and os.sep == "/":
        raise SecretError(f"the secret's file {shown} is no regular file")
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        descriptor = os.open(real, flags | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(descriptor, "rb") as stream:
            refuse_if_public(descriptor, shown)
            raw = stream.read(_MAX_FILE + 1)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or type(error).__name__
        raise SecretError(f"the secret's file {shown} cannot be read: {words}") from None
    if len(raw) > _MAX_FILE:
        raise SecretError(f"the secret's file {shown} is larger than {_MAX_FILE // 1024} KiB")
    value = raw.decode("utf-8-sig", "replace")
    for ending in ("\r\n", "\n"):
        if value.endswith(ending):
            value = value.removesuffix(ending)
            break
    return Secret(value, source=f"file {shown.name}")


def refuse_if_public(descriptor: int, path: Path) -> None:
    """Refuse a file that others can read; looked at on the opened file, so that it cannot be swapped."""
    if sys.platform == "win32":
        _refuse_if_public_on_windows(path)
        return
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise SecretError(f"the secret's file {path} is no regular file")
    if status.st_mode & 0o077:
        raise SecretError(f"the secret's file {path} can be read by others; mend it with: chmod 600 '{path}'")
    if status.st_uid not in {os.getuid(), 0}:
        raise SecretError(f"the secret's file {path} belongs to another user")


_OTHERS = frozenset(
    {"WD", "AU", "BU", "IU", "NU", "AN", "BG", "DU", "DC", "S-1-1-0", "S-1-5-11", "S-1-5-32-545", "S-1-5-7"}
)
"""Trustees of Windows that mean others: everyone, authenticated, interactive, network, anonymous users,
users, guests."""


def sddl_is_private(sddl: str) -> bool:
    """Whether an access list in Windows' text form lets nobody else in.

    Named accounts, the system and administrators may be in it.
    """
    found = re.search(r"D:[A-Z]*((?:\([^)]*\))+)", sddl)
    if found is None:
        return False  # no list means that everybody is let in
    entries = [entry.split(";") for entry in re.findall(r"\(([^)]*)\)", found.group(1))]
    return all(len(entry) >= 6 and not (entry[0] in {"A", "XA"} and entry[5] in _OTHERS) for entry in entries)


def _refuse_if_public_on_windows(path: Path) -> None:
    """Read the access list by PowerShell, whose answer does not depend on the language of the system."""
    import subprocess

    command = [
        "powershell",
        "-NoProfile",
        "-NonInteractive",
        "-Command",
        "(Get-Acl -LiteralPath $env:HALO_FILE).Sddl",
    ]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            command,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            env=os.environ | {"HALO_FILE": str(path)},
        )
    except (OSError, subprocess.SubprocessError):
        raise SecretError(
            f"the access list of the secret's file {path} cannot be read; use keyring: instead"
        ) from None
    if not sddl_is_private(done.stdout.strip()):
        raise SecretError(
            f'the secret\'s file {path} can be read by others; mend it with: icacls "{path}" '
            '/inheritance:r /grant:r "%USERNAME%:F"'
        )


_SYNCHRONISED = (
    "onedrive",
    "dropbox",
    "google drive",
    "googledrive",
    "icloud",
    "nextcloud",
    "owncloud",
    "box sync",
    "syncthing",
)


def synchronised(path: Path) -> str:
    """Name the service that copies a file's folder elsewhere, empty when none is recognised."""
    parts = [part.lower() for part in path.absolute().parts]
    return next((name for name in _SYNCHRONISED if any(part.startswith(name) for part in parts)), "")


def write_private(path: Path, value: Secret) -> None:
    """Write a secret to a file that only its owner can read, whole or not at all."""
    if path.is_relative_to(data_folder()):
        make_data_folder(path.parent)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, value.reveal() + "\n", mode=0o600)
