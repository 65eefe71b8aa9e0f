"""Upkeep of a tenants file: entries are added and retired, comments stay."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Mistake, SecretError, unwritable
from ..secrets.references import check_rules
from ..system.files import write_whole
from .tenant import FIELDS
from .tenants_file import csv_form, decoded, load_tenants


def add_tenant(file: Path, entry: dict[str, Any]) -> None:
    """Add a tenant to a file, which is made when there is none; with a mistake in it nothing is written.

    Raises: ConfigError with what is wrong, or when the file cannot be written.
    """
    add_tenants(file, [entry])


def add_tenants(file: Path, entries: Iterable[dict[str, Any]]) -> None:
    """Add several tenants at once, all or none. As `add_tenant` else."""
    given = [{name: entry[name] for name in FIELDS if entry.get(name) not in (None, "")} for entry in entries]
    for one in given:
        try:
            check_rules(str(one.get("client_secret", "")), file.absolute().parent)
        except SecretError as error:
            raise ConfigError(Mistake(f"{one.get('name')}: {error.seen}", str(file))) from None
    _change(file, lambda rows: rows.extend(given))


def retire_tenant(file: Path, name: str) -> None:
    """Take a tenant out of a file.

    Raises: ConfigError when it does not stand there, or the file cannot be written.
    """
    known = [tenant.name for tenant in load_tenants(file)]
    if name not in known:
        raise ConfigError(Mistake(f"no tenant is called {name!r}; it holds {len(known)} others", str(file)))
    if len(known) == 1:
        raise ConfigError(Mistake(f"{name} is the only tenant; delete the file instead", str(file)))

    def take_out(rows: list[Any]) -> None:
        del rows[known.index(name)]

    _change(file, take_out)


def pause_tenant(file: Path, name: str, until: dt.date, reason: str) -> None:
    """Let a tenant not be verified before a day.

    Raises: ConfigError when it does not stand there, no reason is given, or the file cannot be written.
    """
    if not reason:
        raise ConfigError(f"say why {name} pauses: whoever reads the report asks")
    change_tenant(file, name, {"paused_until": until.isoformat(), "paused_reason": reason})


def resume_tenant(file: Path, name: str) -> None:
    """Let a tenant be verified again. As `pause_tenant` else."""
    change_tenant(file, name, {"paused_until": "", "paused_reason": ""})


def change_tenant(file: Path, name: str, values: dict[str, Any]) -> None:
    """Set fields of one tenant; an empty value takes a field away.

    Raises: ConfigError when it does not stand there, or the file cannot be written.
    """
    known = [tenant.name for tenant in load_tenants(file)]
    if name not in known:
        raise ConfigError(Mistake(f"no tenant is called {name!r}", str(file)))

    def change(rows: list[Any]) -> None:
        row = rows[known.index(name)]  # as `load_tenants` reads them: names may be written in other ways
        for field, value in values.items():
            if value:
                row[field] = value
            elif field in row:
                _take_away(row, field)

    _change(file, change)


def _take_away(row: Any, field: str) -> None:
    """Take a field out of a row; comments of YAML behind it go to the field before, none is lost."""
    row.pop(field)
    if not hasattr(row, "ca"):
        return  # of a CSV
    comment = row.ca.items.pop(field, None)
    tokens = [token for token in comment or () if token is not None]
    if not tokens or not row:
        return
    held = row.ca.items.setdefault(list(row)[-1], [None, None, None, None])
    if held[2] is None:
        held[2] = tokens[0]
    else:
        held[2].value = held[2].value.rstrip("\n") + "\n" + tokens[0].value.lstrip("\n")


def _change(file: Path, change: Callable[[Any], None]) -> None:
    """Change the rows of a file, in the order of `load_tenants`."""
    if file.exists():
        load_tenants(file)  # every mistake that is there already, before anything is touched
    (_change_csv if file.suffix.lower() == ".csv" else _change_yaml)(file, change)


_LIST = re.compile(r"^tenants:[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)- ", re.MULTILINE)
"""The first entry of the list, with its indentation."""
_LONG = 4096
"""Characters of a line that are not broken."""


def _change_yaml(file: Path, change: Callable[[Any], None]) -> None:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _LONG
    text = decoded(file.read_bytes()) if file.exists() else "tenants: []\n"
    found = _LIST.search(text)
    indent = len(found[1]) if found else 2  # as the file has it
    yaml.indent(mapping=2, sequence=indent + 2, offset=indent)
    document: Any = yaml.load(text)
    change(document["tenants"])
    out = io.StringIO()
    yaml.dump(document, out)
    _replace(file, out.getvalue())


def _change_csv(file: Path, change: Callable[[Any], None]) -> None:
    headings = ["name", "base_url", "client_id", "client_secret", "agent_id"]
    delimiter, before, rows = ",", "", list[dict[str | int, str]]()
    # a column without a heading is kept by its number
    columns: list[str | int] = list(headings)
    if file.exists():
        text = decoded(file.read_bytes())
        delimiter, skip = csv_form(text)
        lines = text.split("\n")
        before = "".join(f"{line}\r\n" for line in lines[:skip])
        reader = csv.reader(io.StringIO("\n".join(lines[skip:])), delimiter=delimiter)
        headings = next(reader)
        columns = [heading.strip().lower() or number for number, heading in enumerate(headings)]
        rows = [
            dict(zip(columns, cells, strict=False)) for cells in reader if any(cell.strip() for cell in cells)
        ]
    change(rows)
    new = [name for name in FIELDS if name not in columns and any(row.get(name) for row in rows)]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([*headings, *new])
    writer.writerows([row.get(name, "") for name in (*columns, *new)] for row in rows)
    _replace(file, "\ufeff" + before + out.getvalue())


def _replace(file: Path, text: str) -> None:
    """Put a new text in the file's place, when it holds no mistake."""
    trial = file.with_name(f".{file.stem}.new{file.suffix}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        trial.write_text(text, encoding="utf-8", newline="")
        try:
            load_tenants(trial)
        except ConfigError as error:
            raise ConfigError(Mistake(m.message, str(file), m.line) for m in error.mistakes) from None
        write_whole(file, text)
    except OSError as error:
        raise unwritable(error, file) from None
    finally:
        trial.unlink(missing_ok=True)
