"""Tenants and the tenants file, YAML or CSV.

Every mistake in a file is reported in one go, with line numbers, before anything runs. What Excel and
Notepad do to a file is no mistake: BOM, CRLF, `;` as separator.
"""

from __future__ import annotations

import csv
import io
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Mistake
from ..system.files import open_regular
from ..system.plain_text import did_you_mean
from .file_fields import NEEDED, Reader, Row, refuse_twins, shown_text, tenant_of
from .tenant import FIELDS, Tenant

MAX_FILE = 8 * 1024 * 1024
MAX_DEPTH = 20
_DEFAULTABLE = ("scopes", "owner", "ca_file", "halo_tenant", "base_url", "webhook_host")


def load_tenants(path: str | os.PathLike[str]) -> list[Tenant]:
    """Read a tenants file, `.csv` as CSV and everything else as YAML.

    >>> from pathlib import Path
    >>> from halo_helpers import load_tenants
    >>> entry = "{name: acme, base_url: acme.halopsa.com, client_id: 1b6c, client_secret: 'keyring:'}"
    >>> written = Path("tenants.yaml").write_text(f"tenants: [{entry}]")
    >>> [tenant.name for tenant in load_tenants("tenants.yaml")]
    ['acme']

    Raises: ConfigError with every mistake and its line.
    """
    file = Path(path).expanduser()
    reader = Reader(str(path))
    text = _read_text(file, reader)
    rows = list(_csv_rows(text, reader) if file.suffix.lower() == ".csv" else _yaml_rows(text, reader))
    if not rows and not reader.mistakes:
        reader.note(
            "holds no tenant; write one under “tenants:”"
            if file.suffix.lower() != ".csv"
            else "holds no tenant"
        )
    folder = file.absolute().parent
    tenants = [tenant for row in rows if (tenant := tenant_of(row, reader, folder)) is not None]
    refuse_twins(rows, reader)
    if reader.mistakes:
        raise reader.stop()
    return tenants


def same_client_ids(tenants: Iterable[Tenant]) -> list[str]:
    """Return a warning for each Client ID that stands in more than one tenant."""
    users: dict[str, list[str]] = {}
    for tenant in tenants:
        users.setdefault(tenant.client_id.lower(), []).append(tenant.name)
    return [f"{', '.join(names)} have the same Client ID" for names in users.values() if len(names) > 1]


def _read_text(file: Path, reader: Reader) -> str:
    try:
        if file.is_dir():
            reader.note("is a folder, not a tenants file")
            raise reader.stop()
        with open_regular(file) as stream:
            problem = _who_can_change(os.fstat(stream.fileno()))
            raw = stream.read(MAX_FILE + 1)
    except OSError as error:
        reader.note(f"cannot be read: {error.strerror or type(error).__name__}")
        raise reader.stop() from None
    if problem:
        reader.note(problem)
        raise reader.stop()
    if len(raw) > MAX_FILE:
        reader.note(f"is larger than {MAX_FILE // 1024 // 1024} MiB; that is no tenants file")
        raise reader.stop()
    try:
        return decoded(raw)
    except UnicodeDecodeError as error:
        reader.note("is not UTF-8 text; save it as UTF-8", raw.count(b"\n", 0, error.start) + 1)
        raise reader.stop() from None


def decoded(raw: bytes) -> str:
    """Return the text of a list, in UTF-8 or as Excel's “Unicode text”, with the line ends of Python.

    Raises: UnicodeDecodeError.
    """
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def _who_can_change(status: os.stat_result) -> str:
    """Say why a file is not to be followed: somebody else can change where secrets go. Not on Windows."""
    if sys.platform == "win32":
        return ""
    if status.st_mode & stat.S_IWOTH:
        return "can be changed by everybody, and it says where secrets go; mend it with: chmod o-w"
    if status.st_uid not in {os.getuid(), 0}:
        return "belongs to another user, and it says where secrets go"
    return ""


def file_warnings(path: str | os.PathLike[str]) -> list[str]:
    """Say what is odd about a tenants file though it can be used."""
    if sys.platform == "win32" or not Path(path).stat().st_mode & stat.S_IWGRP:
        return []
    return [f"{path}: others of its group can change it, and it says where secrets go"]


def _yaml_rows(text: str, reader: Reader) -> Iterator[Row]:
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    try:
        root = _composed(text)
    except ConfigError as error:
        reader.mistakes += [Mistake(m.message, reader.file, m.line) for m in error.mistakes]
        return
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reader.note(f"is no YAML: {error.problem or error.context}", mark.line + 1 if mark else None)
        return
    except (YAMLError, ValueError, RecursionError) as error:
        reader.note(f"is no YAML: {type(error).__name__}")
        return
    if root is None:
        reader.note("is empty")
        return
    top = (
        _mapping(root, reader, "the file", ("defaults", "tenants")) if isinstance(root, MappingNode) else None
    )
    if top is None:
        reader.note("must hold “tenants:” with a list under it", root.start_mark.line + 1)
        return
    defaults: Row = {}
    if "defaults" in top and isinstance(top["defaults"], MappingNode):
        nodes = _mapping(top["defaults"], reader, "defaults", _DEFAULTABLE)
        defaults = {key: (_plain(node), _line(node)) for key, node in nodes.items()}
    elif "defaults" in top and _plain(top["defaults"]) is not None:
        reader.note("“defaults” must hold fields", _line(top["defaults"]))
    listing = top.get("tenants")
    if not isinstance(listing, SequenceNode):
        reader.note(
            "“tenants” must be a list, one entry with a dash each",
            _line(listing) if listing is not None and listing.value else None,
        )
        return
    for node in listing.value:
        if not isinstance(node, MappingNode):
            reader.note("an entry of “tenants” must hold fields such as “name: acme”", _line(node))
            continue
        nodes = _mapping(node, reader, "a tenant", FIELDS)
        yield (
            defaults
            | {"": (None, _line(node))}
            | {key: (_plain(value), _line(value)) for key, value in nodes.items()}
        )


def _composed(text: str) -> Any:
    """Return the root node of a text; each event is looked at first, so that a bomb costs nothing.

    Raises: ConfigError for what no tenants file needs, ruamel.yaml's errors for what is no YAML.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
    from ruamel.yaml.parser import Parser

    class PlainParser(Parser):
        depth = 0

        def get_event(self) -> Any:
            event = super().get_event()
            line = event.start_mark.line + 1
            if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
                seen = "anchors and aliases (& and *) are not used in a tenants file"
                raise ConfigError(Mistake(seen, None, line))
            if isinstance(event, CollectionStartEvent):
                self.depth += 1
                if self.depth > MAX_DEPTH:
                    raise ConfigError(Mistake("is nested too deeply for a tenants file", None, line))
            elif isinstance(event, CollectionEndEvent):
                self.depth -= 1
            return event

    yaml = YAML(typ="safe", pure=True, plug_ins=[])
    yaml.Parser = PlainParser
    return yaml.compose(io.StringIO(text))


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _mapping(node: Any, reader: Reader, what: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    """Return the values of a mapping by key; note unknown and repeated keys."""
    found: dict[str, Any] = {}
    for key_node, value in node.value:
        key = str(key_node.value) if isinstance(key_node.value, str) else "?"
        if key not in allowed:
            reader.note(f"unknown field “{shown_text(key)}” in {what}{_meant(key, allowed)}", _line(key_node))
        elif key in found:
            reader.note(f"“{key}” stands twice in {what}", _line(key_node))
        else:
            found[key] = value
    return found


def _meant(key: str, allowed: tuple[str, ...]) -> str:
    return did_you_mean(key, allowed, 1) or f"; known are {', '.join(allowed)}"


def _plain(node: Any) -> Any:
    """Return a node's value: text, list of texts, None, or the node's kind for what no field takes."""
    from ruamel.yaml.nodes import ScalarNode, SequenceNode

    if isinstance(node, ScalarNode):
        return None if str(node.tag).endswith(":null") else str(node.value)
    if isinstance(node, SequenceNode) and all(isinstance(entry, ScalarNode) for entry in node.value):
        return [str(entry.value) for entry in node.value]
    return {}


def csv_form(text: str) -> tuple[str, int]:
    """Return the delimiter of a CSV, and how many lines stand before its headings: Excel's own `sep=`."""
    first = text.partition("\n")[0]
    if re.fullmatch(r"sep=(.)", first):
        return first[4], 1
    return max(";\t,", key=lambda one: (first.count(one), one == ",")), 0


def _csv_rows(text: str, reader: Reader) -> Iterator[Row]:
    lines = text.split("\n")
    delimiter, skip = csv_form(text)
    rows = csv.reader(io.StringIO("\n".join(lines[skip:])), delimiter=delimiter)
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        for name in header:
            if name and name not in FIELDS:
                reader.note(f"unknown column “{shown_text(name)}”{_meant(name, FIELDS)}", 1 + skip)
        for missing in (name for name in NEEDED if name not in header):
            reader.note(f"the column “{missing}” is missing", 1 + skip)
        if reader.mistakes:
            return
        for cells in rows:
            line = rows.line_num + skip
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                reader.note(f"has {len(cells)} cells where the first line has {len(header)}", line)
            values = {
                name: (cell.strip() or None, line) for name, cell in zip(header, cells, strict=False) if name
            }
            yield values | {"": (None, line)}
    except csv.Error as error:
        reader.note(f"is no CSV: {error}", rows.line_num + skip)
