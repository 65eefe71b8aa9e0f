"""Secrets: a value that does not show itself, references to where one is kept, redaction (floor 1).

References: `env:NAME`, `keyring:`, `file:PATH`, `prompt:`, in the guide `lab:`, and the schemes of vaults that register under
the entry point group `halo_helpers.secrets` (a function `(rest, tenant_name) -> str`).
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import stat
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, quote_plus

from ..errors import SecretError
from ..system.files import data_folder, write_whole
from ..system.timestamps import utc_text

KEYRING_SERVICE = "halo-runbook"
SCHEMES = ("env", "keyring", "file", "prompt", "lab")
ENTRY_POINTS = "halo_helpers.secrets"
REDACTED = "[secret]"
EMAIL = re.compile(r"[^\s@<>\"'(),;:]{1,64}@[A-Za-z0-9.-]{1,255}")
GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
CLIENT_SECRET = re.compile(rf"{GUID.pattern}-{GUID.pattern}")
"""HaloPSA's Client Secret: two GUIDs joined by a hyphen, 73 characters (facts 2.4)."""
_MAX_FILE = 64 * 1024
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"

_known: dict[str, frozenset[str]] = {}
_parts: dict[str, int] = {}
"""How many known values a part belongs to."""
_letters: frozenset[str] = frozenset()
_shortest = 10
_runs: re.Pattern[str] | None = None
_lock = threading.Lock()
_PART = 10
"""Parts of a secret that long are taken out, too: a message that was cut off may hold only its beginning or end."""
_MOST_KNOWN = 256
"""Secrets and tokens that `redact` looks for; in a process that sees more, the oldest make room."""


class Secret:
    """A secret value. It has no text form, can be neither pickled nor copied into JSON."""

    __slots__ = ("__value", "source", "was_trimmed")

    def __init__(self, value: str, *, source: str = "kept in memory") -> None:
        trimmed = trim(value)
        self.__value = trimmed
        self.was_trimmed = trimmed != value
        self.source = source
        remember(trimmed)

    def reveal(self) -> str:
        """Give the value, for the one request that needs it."""
        return self.__value

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __repr__(self) -> str:
        return "Secret('…')"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


def trim(value: str) -> str:
    """Take away what pasting adds: white space around a value and characters that nobody sees (F6 row 14)."""
    return value.translate(dict.fromkeys(map(ord, _INVISIBLE))).strip()


def looks_like_secret(text: str) -> bool:
    """Say whether a text holds something of a Client Secret's form, or a long random word."""
    return bool(CLIENT_SECRET.search(text)) or (
        len(text) >= 20 and ":" not in text and " " not in text and not GUID.fullmatch(text)
    )


# --- redaction: the last line, not the first -------------------------------------------------------


def remember(value: str) -> None:
    """Make `redact` take this value out of any text, raw, JSON-, URL- and base64-encoded."""
    if len(value) < 8:
        return
    with _lock:
        if value in _known:
            return
        raw = value.encode()
        # the middle of base64 text depends on what stands before it: three alignments, ends cut off
        shifted = [base64.b64encode(b"\0" * n + raw).decode()[4 if n else 0 : -4] for n in range(3)]
        forms = {value, json.dumps(value)[1:-1], quote(value, safe=""), quote_plus(value),
                 base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), *shifted}  # fmt: skip
        parts = {
            form[n : n + _PART]
            for form in forms
            for n in range(max(1, len(form) - _PART + 1))
            if len(form) >= 8
        }
        if len(_known) >= _MOST_KNOWN:
            _forget(_known.pop(next(iter(_known))))
        _known[value] = frozenset(parts)
        for part in parts:
            _parts[part] = _parts.get(part, 0) + 1
        _learn("".join(parts), min(map(len, parts)))


def _forget(parts: Iterable[str]) -> None:
    for part in parts:
        _parts[part] -= 1
        if not _parts[part]:
            del _parts[part]


def _learn(letters: str, shortest: int) -> None:
    """Widen the runs of letters in which `redact` looks."""
    global _runs, _letters, _shortest  # noqa: PLW0603 - what is known to this process
    if _runs is None or shortest < _shortest or not _letters.issuperset(letters):
        _letters |= frozenset(letters)
        _shortest = min(_shortest, shortest)
        _runs = re.compile(f"[{re.escape(''.join(sorted(_letters)))}]{{{_shortest},}}")


def redact(text: str) -> str:
    """Give the text without any secret or token that this process has seen, parts of ten characters included."""
    return text if _runs is None else _runs.sub(lambda match: _redact_run(match.group()), text)


def _redact_run(run: str) -> str:
    """Take every stretch out of a run in which each place begins, or lies in, a part of a secret."""
    kept: list[str] = []
    end = 0
    for place in range(len(run) - _shortest + 1):
        length = next((n for n in (_PART, 9, 8) if run[place : place + n] in _parts), 0)
        if length:
            if place > end or not kept:
                kept += [run[end:place], REDACTED]
            end = max(end, place + length)
    return run if not kept else "".join([*kept, run[end:]])


# --- references ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A secret and the words for where it came from."""

    secret: Secret
    source: str


def check_reference(text: str) -> str | None:
    """Say what is wrong with a reference, None when its form is right. The text is never repeated."""
    scheme, colon, rest = text.partition(":")
    if not colon or CLIENT_SECRET.search(text):
        if looks_like_secret(text) or CLIENT_SECRET.search(text):
            return "holds what looks like a secret in clear; write a reference such as env:HALO_ACME_SECRET, and make a new secret in HaloPSA, since this one has been written to a file"
        return "is no reference; write env:NAME, keyring:, file:PATH or prompt:"
    if scheme not in SCHEMES and scheme not in _vaults():
        return f"has an unknown kind of reference; known are {', '.join(f'{name}:' for name in (*SCHEMES, *_vaults()))}"
    if scheme == "env" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", rest):
        return "env: takes the name of an environment variable, such as env:HALO_ACME_SECRET"
    if scheme == "file" and not rest.strip():
        return "file: takes a path, such as file:acme.secret"
    return None


_refused: dict[str, str] = {}
"""References that did not resolve in the process that tried it for this one, and why."""


def refuse(reference: str, why: str) -> None:
    """Let `resolve` say why a reference did not resolve: it was tried where the keys are, which is not here."""
    _refused[reference] = why


def resolve(
    reference: str | Secret, tenant_name: str, folder: Path | None = None, *, used: bool = True
) -> Found:
    """Give the secret that a reference stands for; a relative `file:` starts at `folder`.

    That it was resolved is written down, unless it is not `used`: only asked for whether it is there.

    Raises: SecretError, which never holds the value, when it is missing, empty or not private.
    """
    if isinstance(reference, Secret):
        return Found(reference, reference.source)
    if not reference:
        raise SecretError(f"no Client Secret has been given for {tenant_name}")
    if reference in _refused:
        raise SecretError(_refused[reference])
    problem = check_reference(reference)
    if problem:
        raise SecretError(f"client_secret of {tenant_name} {problem}")
    scheme, _, rest = reference.partition(":")
    resolvers: dict[str, Callable[[], Found]] = {
        "env": lambda: _from_environment(rest),
        "file": lambda: _from_file(rest, folder or Path.cwd()),
        "keyring": lambda: _from_keyring(tenant_name),
        "prompt": lambda: _from_prompt(tenant_name),
        "lab": lambda: _from_lab(tenant_name),
    }
    found = resolvers[scheme]() if scheme in resolvers else _from_vault(scheme, rest, tenant_name)
    if not found.secret:
        raise SecretError(f"{found.source} is empty")
    if used:
        _write_down(tenant_name, found.source)
    return found


def _write_down(tenant_name: str, source: str) -> None:
    """Append to the log of accesses: when, which account, whose secret, from which source; never the secret.

    A log that cannot be written does not keep a verification from running.
    """
    entry = {"at": utc_text(), "account": _account(), "tenant": tenant_name,
             "source": source, "process": os.getpid()}  # fmt: skip
    with contextlib.suppress(OSError):
        file = access_log()
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, json.dumps(entry).encode() + b"\n")
        finally:
            os.close(descriptor)


def access_log() -> Path:
    """Give the append-only log of which account resolved whose secret, from which source, when."""
    return data_folder() / "secret-access.log"


@lru_cache(maxsize=1)
def _account() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def _from_environment(name: str) -> Found:
    value = os.environ.get(name)
    if value is None:
        raise SecretError(f"the environment variable {name} is not set")
    return Found(Secret(value), f"environment variable {name}")


def _from_file(text: str, folder: Path) -> Found:
    path = folder / Path(text).expanduser()
    try:
        with path.open("rb") as stream:
            _refuse_if_public(stream.fileno(), path)
            raw = stream.read(_MAX_FILE + 1)
    except OSError as error:
        raise SecretError(
            f"the secret's file {path} cannot be read: {error.strerror or type(error).__name__}"
        ) from None
    if len(raw) > _MAX_FILE:
        raise SecretError(f"the secret's file {path} is larger than {_MAX_FILE // 1024} KiB")
    value = raw.decode("utf-8-sig", "replace")
    for ending in ("\r\n", "\n"):
        if value.endswith(ending):
            value = value.removesuffix(ending)
            break
    return Found(Secret(value), f"file {path.name}")


def _refuse_if_public(descriptor: int, path: Path) -> None:
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
"""Trustees of Windows that mean others: everyone, authenticated, interactive, network, anonymous users, users, guests."""


def sddl_is_private(sddl: str) -> bool:
    """Say whether an access list in Windows' text form lets nobody in but named accounts, the system and administrators."""
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
            f'the secret\'s file {path} can be read by others; mend it with: icacls "{path}" /inheritance:r /grant:r "%USERNAME%:F"'
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


def reference_file(reference: str, folder: Path | None) -> Path | None:
    """Give the file that a `file:` reference names, None for another reference."""
    return (
        (folder or Path.cwd()) / Path(reference.removeprefix("file:")).expanduser()
        if reference.startswith("file:")
        else None
    )


def _from_keyring(tenant_name: str) -> Found:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise SecretError("keyring: needs the package keyring; install halo-runbook[keyring]") from None
    try:
        value = keyring.get_password(KEYRING_SERVICE, tenant_name)
    except (keyring.errors.KeyringError, RuntimeError) as error:
        raise SecretError(f"the system's keyring cannot be used: {type(error).__name__}") from None
    if value is None:
        raise SecretError(
            f"the keyring holds no secret for {tenant_name}; put it there with: keyring set {KEYRING_SERVICE} {tenant_name}"
        )
    return Found(Secret(value), "the system's keyring")


def _from_prompt(tenant_name: str) -> Found:
    import getpass

    if not sys.stdin.isatty():
        raise SecretError(
            "prompt: needs a person at a terminal; use env:, file: or keyring: for unattended runs"
        )
    return Found(Secret(getpass.getpass(f"Client Secret of {tenant_name} (nothing is shown): ")), "typed in")


def _from_lab(tenant_name: str) -> Found:
    from . import lab_memory

    value = lab_memory.ask("give", tenant_name)
    if value is None:
        raise SecretError(
            f"the lab does not hold the secret of {tenant_name} (any more); enter it again in 30-credentials"
        )
    return Found(Secret(value), "memory of the lab")


def _vaults() -> dict[str, object]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def _from_vault(scheme: str, rest: str, tenant_name: str) -> Found:
    from importlib.metadata import entry_points

    (point,) = entry_points(group=ENTRY_POINTS, name=scheme)
    try:
        value = point.load()(rest, tenant_name)
    except SecretError:
        raise
    except Exception as error:
        raise SecretError(f"the vault {scheme}: gave no secret ({type(error).__name__})") from None
    return Found(Secret(value), f"vault {scheme}")


def write_private(path: Path, value: Secret) -> None:
    """Write a secret to a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, value.reveal() + "\n", mode=0o600)
