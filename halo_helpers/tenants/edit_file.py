"""Upkeep of a tenants file: entries are added and retired, comments stay."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Mistake, SecretError, unwritable
from ..secrets.references import check_rules
from ..system.files import write_whole
from .tenant import FIELDS
from .tenants_file import load_tenants


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
    if file.suffix.lower() == ".csv":
        texts = [{name: str(value) for name, value in one.items()} for one in given]
        _change_csv(file, lambda rows: rows.extend(texts))
    else:
        _change_yaml(file, lambda tenants: tenants.extend(given))


def retire_tenant(file: Path, name: str) -> None:
    """Take a tenant out of a file.

    Raises: ConfigError when it does not stand there, or the file cannot be written.
    """
    known = [tenant.name for tenant in load_tenants(file)]
    if name not in known:
        raise ConfigError(Mistake(f"no tenant is called {name!r}; it holds {len(known)} others", str(file)))
    if len(known) == 1:
        raise ConfigError(Mistake(f"{name} is the only tenant; delete the file instead", str(file)))

    def take_out(rows: list[dict[str, Any]]) -> None:
        rows[:] = [row for row in rows if row.get("name") != name]

    def take_out_kept(tenants: Any) -> None:
        del tenants[next(n for n, row in enumerate(tenants) if row.get("name") == name)]

    if file.suffix.lower() == ".csv":
        _change_csv(file, take_out)
    else:
        _change_yaml(file, take_out_kept)


def pause_tenant(file: Path, name: str, until: dt.date, reason: str) -> None:
    """Let a tenant not be verified before a day.

    Raises: ConfigError when it does not stand there, no reason is given, or the file cannot be written.
    """
    if not reason:
        raise ConfigError(f"say why {name} pauses: whoever reads the report asks")
    _change_one(file, name, {"paused_until": until.isoformat(), "paused_reason": reason})


def resume_tenant(file: Path, name: str) -> None:
    """Let a tenant be verified again. As `pause_tenant` else."""
    _change_one(file, name, {"paused_until": "", "paused_reason": ""})


def _change_one(file: Path, name: str, values: dict[str, str]) -> None:
    """Set fields of one tenant; an empty value takes a field away."""
    if name not in {tenant.name for tenant in load_tenants(file)}:
        raise ConfigError(Mistake(f"no tenant is called {name!r}", str(file)))

    def change(rows: Any) -> None:
        row = next(row for row in rows if row.get("name") == name)
        for field, value in values.items():
            if value:
                row[field] = value
            elif field in row:
                _take_away(row, field)

    def change_cells(rows: list[dict[str, str]]) -> None:
        next(row for row in rows if row.get("name") == name).update(values)

    if file.suffix.lower() == ".csv":
        _change_csv(file, change_cells)
    else:
        _change_yaml(file, change)


def _take_away(row: Any, field: str) -> None:
    """Take a field out of a row of YAML; comments behind it go to the field before, none is lost."""
    comment = row.ca.items.pop(field, None)
    row.pop(field)
    tokens = [token for token in comment or () if token is not None]
    if not tokens or not row:
        return
    held = row.ca.items.setdefault(list(row)[-1], [None, None, None, None])
    if held[2] is None:
        held[2] = tokens[0]
    else:
        held[2].value = held[2].value.rstrip("\n") + "\n" + tokens[0].value.lstrip("\n")


def _change_yaml(file: Path, change: Any) -> None:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    if file.exists():
        load_tenants(file)  # every mistake that is there already, before anything is touched
        document = yaml.load(file.read_text(encoding="utf-8-sig"))
    else:
        document = {"tenants": []}
    change(document["tenants"])
    out = io.StringIO()
    yaml.dump(document, out)
    _replace(file, out.getvalue())


def _change_csv(file: Path, change: Any) -> None:
    rows: list[dict[str, str]] = []
    columns, delimiter = ["name", "base_url", "client_id", "client_secret", "agent_id"], ","
    if file.exists():
        load_tenants(file)
        text = file.read_text(encoding="utf-8-sig").removeprefix("sep=;\n")
        first = text.partition("\n")[0]
        delimiter = ";" if first.count(";") > first.count(",") else ","
        reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
        columns, rows = list(reader.fieldnames or columns), list(reader)
    change(rows)
    columns += [name for row in rows for name in row if name not in columns]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    _replace(file, "\ufeff" + out.getvalue())


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
