"""The tenants file on the desk: read with its mistakes, which are mended line by line."""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ...errors import ConfigError, Mistake, unreadable, unwritable
from ...secrets.references import check_reference
from ...secrets.value import CLIENT_SECRET
from ...system.files import read_regular, write_whole
from ...system.plain_text import did_you_mean
from ...tenants.tenant import Tenant
from ...tenants.tenants_file import csv_form, file_warnings, load_tenants

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
    shown = _csv_shown if path.suffix.lower() == ".csv" else _yaml_shown
    bad = [
        BadLine(number, shown(lines, number), tuple(problems)) for number, problems in sorted(by_line.items())
    ]
    digest = _digest(read_regular(path))
    return TenantsFile(
        path, (), tuple(bad[:_MOST_LINES]), tuple(whole), more=len(bad[_MOST_LINES:]), digest=digest
    )


_FIELD = re.compile(r"""\s*(?:-\s+)?["']?([\w-]+)["']?\s*:\s*(.*)""")
_MAY_BE_SECRET = re.compile(r"s.?e?cr|pass|pwd|token|key(?!ring:)", re.IGNORECASE)


def _yaml_shown(lines: list[str], number: int) -> str | None:
    """Return a line for an input; what may be a secret never becomes part of a page.

    That is every line but a field with a plain name and value, or a secret's field with a reference.
    """
    line = lines[number - 1]
    found = _FIELD.fullmatch(line)
    if found is None:
        return line if not line.strip() else None
    name, value = found[1], found[2].partition(" #")[0].strip().strip("'\"")
    if name == "client_secret":
        return line if _is_reference(value) else None
    hidden = _MAY_BE_SECRET.search(line) or did_you_mean(name, ("client_secret",), 1)
    return None if hidden or CLIENT_SECRET.search(line) else line


def _csv_shown(lines: list[str], number: int) -> str | None:
    """Return a line of a CSV for an input, where it is a whole row with a reference in its column.

    As `_yaml_shown` else.
    """
    delimiter, skip = csv_form("\n".join(lines))
    rows = csv.reader(lines[skip:], delimiter=delimiter)
    try:
        headings = [cell.strip().lower() for cell in next(rows)]
        begins = ends = rows.line_num
        cells: list[str] = []
        while ends + skip < number:
            begins, cells = ends + 1, next(rows)
            ends = rows.line_num
    except (csv.Error, StopIteration):
        return None
    line = lines[number - 1]
    is_whole = ends + skip == number and begins == ends and len(cells) == len(headings)
    if not is_whole or CLIENT_SECRET.search(line):
        return None
    value = dict(zip(headings, cells, strict=True)).get("client_secret", "").strip()
    return line if _is_reference(value) else None


def _is_reference(value: str) -> bool:
    return not value or (not check_reference(value) and not CLIENT_SECRET.search(value))


def mend_lines(file: TenantsFile, changes: dict[int, str]) -> None:
    """Put other texts in the place of lines, by their number; all the rest stays as it is, byte for byte.

    Raises: ConfigError when the file has changed since it was read, or cannot be written.
    """
    path = file.path
    try:
        raw = read_regular(path)
        if _digest(raw) != file.digest:
            raise ConfigError(Mistake("has changed meanwhile; look at it again", str(path)))
        # each second piece is the end of a line
        pieces = re.split(f"({_ends(path)})", raw.decode("utf-8"))
        for number, text in changes.items():
            pieces[2 * number - 2] = re.split(_ends(path), text)[0]
        write_whole(path, "".join(pieces))
    except UnicodeDecodeError as error:
        raise unreadable(error, path) from None
    except OSError as error:
        raise unwritable(error, path) from None


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _lines(path: Path) -> list[str]:
    return re.split(_ends(path), read_regular(path).decode("utf-8-sig"))


def _ends(path: Path) -> str:
    """Return the ends of lines that count when the file is read: YAML knows more of them."""
    return r"\r\n|\r|\n" if path.suffix.lower() == ".csv" else r"\r\n|[\r\n\x85\u2028\u2029]"
