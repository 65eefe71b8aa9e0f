"""The tenants file on the desk: read with its mistakes, which are mended line by line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ...errors import ConfigError, Mistake, unreadable, unwritable
from ...secrets.value import CLIENT_SECRET
from ...system.files import read_regular, write_whole
from ...tenants.tenant import Tenant
from ...tenants.tenants_file import file_warnings, load_tenants

_MOST_LINES = 12
"""Lines with mistakes that are shown at a time."""


@dataclass(frozen=True)
class BadLine:
    """A line of the file with what is wrong in it; `text` is None where it may hold a secret."""

    number: int
    text: str | None
    problems: tuple[str, ...]


@dataclass(frozen=True)
class TenantsFile:
    """What stands in the file: its tenants, or what is wrong with it."""

    path: Path
    tenants: tuple[Tenant, ...] = ()
    lines: tuple[BadLine, ...] = ()
    problems: tuple[str, ...] = ()
    """What is wrong with the file as a whole."""
    warnings: tuple[str, ...] = ()
    more: int = 0
    """Lines with mistakes besides those that are shown."""
    digest: str = ""
    """Of the file as it was read, so that a line of another one is never overwritten."""

    @property
    def is_usable(self) -> bool:
        """Whether a run can be made of it."""
        return bool(self.tenants) and not self.lines and not self.problems


def read_file(path: Path) -> TenantsFile:
    """Read a tenants file, whatever is wrong with it."""
    if not path.exists():
        return TenantsFile(path, problems=("is not there yet: adding a tenant makes it",))
    try:
        tenants = load_tenants(path)
    except ConfigError as error:
        return _with_mistakes(path, error.mistakes)
    return TenantsFile(path, tuple(tenants), warnings=tuple(file_warnings(path)))


def _with_mistakes(path: Path, mistakes: list[Mistake]) -> TenantsFile:
    try:
        lines = _lines(path)
    except (OSError, UnicodeDecodeError):
        return TenantsFile(path, problems=tuple(mistake.message for mistake in mistakes))
    by_line: dict[int, list[str]] = {}
    whole = []
    for mistake in mistakes:
        if mistake.line and mistake.line <= len(lines):
            by_line.setdefault(mistake.line, []).append(mistake.message)
        else:
            whole.append(mistake.message)
    bad = [
        BadLine(number, _shown(lines[number - 1], problems), tuple(problems))
        for number, problems in sorted(by_line.items())
    ]
    digest = _digest(read_regular(path))
    return TenantsFile(
        path, (), tuple(bad[:_MOST_LINES]), tuple(whole), more=len(bad[_MOST_LINES:]), digest=digest
    )


def _shown(line: str, problems: list[str]) -> str | None:
    """Return a line for an input; what may be a secret never becomes part of a page."""
    if CLIENT_SECRET.search(line) or any("secret in clear" in problem for problem in problems):
        return None
    return line


def mend_lines(file: TenantsFile, changes: dict[int, str]) -> None:
    """Put other texts in the place of lines, by their number; all the rest stays as it is, byte for byte.

    Raises: ConfigError when the file has changed since it was read, or cannot be written.
    """
    path = file.path
    try:
        raw = read_regular(path)
        if _digest(raw) != file.digest:
            raise ConfigError(Mistake("has changed meanwhile; look at it again", str(path)))
        lines = raw.decode("utf-8").splitlines(keepends=True)
        for number, text in changes.items():
            old = lines[number - 1]
            ending = old[len(old.rstrip("\r\n")) :]
            lines[number - 1] = text.rstrip("\r\n") + ending
        write_whole(path, "".join(lines))
    except UnicodeDecodeError as error:
        raise unreadable(error, path) from None
    except OSError as error:
        raise unwritable(error, path) from None


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _lines(path: Path) -> list[str]:
    return read_regular(path).decode("utf-8-sig").splitlines()
