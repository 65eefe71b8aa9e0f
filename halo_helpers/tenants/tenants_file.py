"""Tenants and the tenants file, YAML or CSV (floor 1).

Every mistake in a file is reported in one go, with line numbers, before anything runs. What Excel and
Notepad do to a file is no mistake: BOM, CRLF, `;` as separator.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, ConnectionFailedError, Mistake
from ..secrets.references import (
    CLIENT_SECRET,
    Secret,
    check_reference,
    looks_like_secret,
    reference_file,
    synchronised,
    trim,
)
from .base_url import parse_address

if TYPE_CHECKING:
    from ..practice.control import PracticeServer

DEFAULT_SCOPES = ("all:standard", "all:teams", "admin:webhooks")
"""What Neo Agent needs by the newest edition of its documentation (facts 1.1)."""
PRACTICE = "practice"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
RESERVED = frozenset({PRACTICE, "run", "latest", "history"})
WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
)
MAX_FILE = 8 * 1024 * 1024
MAX_DEPTH = 20
FIELDS = ("name", "base_url", "halo_tenant", "client_id", "client_secret", "agent_id", "scopes", "label", "owner",
          "paused_until", "paused_reason", "ca_file")  # fmt: skip
_NEEDED = ("name", "base_url", "client_id", "client_secret")
_DEFAULTABLE = ("scopes", "owner", "ca_file", "halo_tenant", "base_url")


@dataclass(frozen=True)
class Tenant:
    """One customer's HaloPSA.

    `client_secret` is a reference (`env:NAME`, `file:PATH`, `keyring:`, `prompt:`) or a `Secret`, never the
    text itself. `agent_id` is a number or the agent's name. `folder` is where relative paths start.

    Raises: ConfigError when a value cannot be right.
    """

    name: str
    base_url: str
    client_id: str = ""
    client_secret: str | Secret = field(default="", repr=False)
    halo_tenant: str | None = None
    agent_id: int | str | None = None
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    label: str | None = None
    owner: str | None = None
    paused_until: dt.date | None = None
    paused_reason: str | None = None
    ca_file: str | None = None
    folder: Path | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.client_secret, str) and self.client_secret:
            problem = check_reference(self.client_secret)
            if problem:
                raise ConfigError(f"client_secret of {self.name} {problem}")
        if isinstance(self.scopes, str):
            object.__setattr__(self, "scopes", tuple(self.scopes.split()))

    @property
    def display(self) -> str:
        """The name that people read."""
        return self.label or self.name

    def as_json(self) -> dict[str, Any]:
        """Give everything but the secret, for another process."""
        values = {
            entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "client_secret"
        }
        return values | {
            "scopes": list(self.scopes), "folder": str(self.folder) if self.folder else None,
            "paused_until": self.paused_until.isoformat() if self.paused_until else None,
        }  # fmt: skip

    @classmethod
    def from_json(cls, values: dict[str, Any], client_secret: str | Secret) -> Tenant:
        """Read what `as_json` gives."""
        until, folder = values["paused_until"], values["folder"]
        return cls(**values | {
            "client_secret": client_secret, "scopes": tuple(values["scopes"]), "folder": Path(folder) if folder else None,
            "paused_until": dt.date.fromisoformat(until) if until else None})  # fmt: skip

    def is_paused(self, today: dt.date) -> bool:
        """Say whether this tenant is not to be judged today."""
        return self.paused_until is not None and today < self.paused_until


# --- reading a file --------------------------------------------------------------------------------

Row = dict[str, tuple[Any, int]]
"""Values of one entry by field, each with its line."""


@dataclass
class _Reader:
    """Collects the mistakes of one file."""

    file: str
    mistakes: list[Mistake] = field(default_factory=list)

    def note(self, message: str, line: int | None = None) -> None:
        self.mistakes.append(Mistake(message, self.file, line))

    def stop(self) -> ConfigError:
        return ConfigError(sorted(self.mistakes, key=lambda mistake: mistake.line or 0))


def load_tenants(path: str | os.PathLike[str]) -> list[Tenant]:
    """Read a tenants file, `.csv` as CSV and everything else as YAML.

    Raises: ConfigError with every mistake and its line.
    """
    file = Path(path).expanduser()
    reader = _Reader(str(path))
    text = _read_text(file, reader)
    rows = list(_csv_rows(text, reader) if file.suffix.lower() == ".csv" else _yaml_rows(text, reader))
    if not rows and not reader.mistakes:
        reader.note(
            "holds no tenant; write one under “tenants:”"
            if file.suffix.lower() != ".csv"
            else "holds no tenant"
        )
    folder = file.absolute().parent
    tenants = [tenant for row in rows if (tenant := _tenant(row, reader, folder)) is not None]
    _refuse_twins(rows, reader)
    if reader.mistakes:
        raise reader.stop()
    return tenants


def same_client_ids(tenants: Iterable[Tenant]) -> list[str]:
    """Give a warning for each Client ID that stands in more than one tenant."""
    users: dict[str, list[str]] = {}
    for tenant in tenants:
        users.setdefault(tenant.client_id.lower(), []).append(tenant.name)
    return [f"{', '.join(names)} have the same Client ID" for names in users.values() if len(names) > 1]


def _read_text(file: Path, reader: _Reader) -> str:
    try:
        if file.is_dir():
            reader.note("is a folder, not a tenants file")
            raise reader.stop()
        with file.open("rb") as stream:
            raw = stream.read(MAX_FILE + 1)
    except OSError as error:
        reader.note(f"cannot be read: {error.strerror or type(error).__name__}")
        raise reader.stop() from None
    if len(raw) > MAX_FILE:
        reader.note(f"is larger than {MAX_FILE // 1024 // 1024} MiB; that is no tenants file")
        raise reader.stop()
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        reader.note("is not UTF-8 text; save it as UTF-8", raw.count(b"\n", 0, error.start) + 1)
        raise reader.stop() from None


def _yaml_rows(text: str, reader: _Reader) -> Iterator[Row]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    try:
        _refuse_tricks(text)
        root = YAML(typ="safe", pure=True, plug_ins=[]).compose(io.StringIO(text))
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


def _refuse_tricks(text: str) -> None:
    """Look at the events before anything is built: anchors, tags, depth, tabs (a bomb costs nothing then)."""
    from ruamel.yaml import YAML
    from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

    depth = 0
    for event in YAML(typ="safe", pure=True, plug_ins=[]).parse(io.StringIO(text)):
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError(
                Mistake("anchors and aliases (& and *) are not used in a tenants file", None, line)
            )
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise ConfigError(Mistake("is nested too deeply for a tenants file", None, line))
        elif isinstance(event, CollectionEndEvent):
            depth -= 1


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _mapping(node: Any, reader: _Reader, what: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    """Give the values of a mapping by key; note unknown and repeated keys."""
    found: dict[str, Any] = {}
    for key_node, value in node.value:
        key = str(key_node.value) if isinstance(key_node.value, str) else "?"
        if key not in allowed:
            reader.note(
                f"unknown field “{_shown(key)}” in {what}{_did_you_mean(key, allowed)}", _line(key_node)
            )
        elif key in found:
            reader.note(f"“{key}” stands twice in {what}", _line(key_node))
        else:
            found[key] = value
    return found


def _did_you_mean(key: str, allowed: tuple[str, ...]) -> str:
    import difflib

    close = difflib.get_close_matches(key.lower(), allowed, n=1)
    return f"; did you mean “{close[0]}”?" if close else f"; known are {', '.join(allowed)}"


def _shown(text: str) -> str:
    """Show a text from the file, unless it may be a secret."""
    return "…" if looks_like_secret(text) else text if len(text) <= 40 else text[:39] + "…"


def _plain(node: Any) -> Any:
    """Give a node's value: text, list of texts, None, or the node's kind for what no field takes."""
    from ruamel.yaml.nodes import ScalarNode, SequenceNode

    if isinstance(node, ScalarNode):
        return None if str(node.tag).endswith(":null") else str(node.value)
    if isinstance(node, SequenceNode) and all(isinstance(entry, ScalarNode) for entry in node.value):
        return [str(entry.value) for entry in node.value]
    return {}


def _csv_rows(text: str, reader: _Reader) -> Iterator[Row]:
    lines = text.split("\n")
    first = lines[0] if lines else ""
    skip = 0
    delimiter = (
        ";" if first.count(";") > first.count(",") else "\t" if "\t" in first and "," not in first else ","
    )
    if re.fullmatch(r"sep=(.)", first):  # Excel's own first line
        delimiter, skip = first[4], 1
    rows = csv.reader(io.StringIO("\n".join(lines[skip:])), delimiter=delimiter)
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        for name in header:
            if name and name not in FIELDS:
                reader.note(f"unknown column “{_shown(name)}”{_did_you_mean(name, FIELDS)}", 1 + skip)
        for missing in (name for name in _NEEDED if name not in header):
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


# --- from a row to a tenant ------------------------------------------------------------------------


def _tenant(row: Row, reader: _Reader, folder: Path) -> Tenant | None:
    """Make a tenant of a row; note every mistake in it and give None when there is one."""
    before = len(reader.mistakes)
    start = row[""][1]
    values: dict[str, Any] = {}
    for name in FIELDS:
        value, line = row.get(name, (None, start))
        if isinstance(value, dict) or (isinstance(value, list) and name != "scopes"):
            reader.note(f"“{name}” must be one value", line)
            continue
        if name in _NEEDED and not value:
            reader.note(f"“{name}” is missing", line)
            continue
        if value is not None and value != "":
            values[name] = _VALUES.get(name, _text)(value, line, reader)
    if "paused_until" in values and "paused_reason" not in values:
        reader.note("“paused_until” needs a “paused_reason”", row["paused_until"][1])
    if len(reader.mistakes) > before:
        return None
    return Tenant(**values, folder=folder)


def _text(value: Any, line: int, reader: _Reader) -> str:
    text = trim(str(value))
    if CLIENT_SECRET.search(text):
        reader.note(
            "a field other than client_secret holds what looks like a secret in clear; take it out", line
        )
    if any(ord(letter) < 32 for letter in text):
        reader.note("a value holds a control character", line)
    return text


def _name(value: Any, line: int, reader: _Reader) -> str:
    text = str(value)
    if not NAME.fullmatch(text):
        reader.note(
            f"name “{_shown(text)}” must be 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit", line
        )
    elif text in RESERVED or text in WINDOWS_DEVICES:
        reader.note(f"name “{text}” is reserved; choose another", line)
    return text


def _base_url(value: Any, line: int, reader: _Reader) -> str:
    try:
        parse_address(str(value))
    except ConnectionFailedError as error:
        reader.note(f"base_url cannot be used: {error.seen}", line)
    return str(value)


def _client_secret(value: Any, line: int, reader: _Reader) -> str:
    problem = check_reference(trim(str(value)))
    if problem:
        reader.note(f"client_secret {problem}", line)
    return trim(str(value))


def _client_id(value: Any, line: int, reader: _Reader) -> str:
    if CLIENT_SECRET.search(str(value)):
        reader.note(
            "client_id holds what looks like a Client Secret; take it out and make a new secret", line
        )
    return trim(str(value))


def _agent_id(value: Any, line: int, reader: _Reader) -> int | str:
    text = _text(value, line, reader)
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else text


def _scopes(value: Any, line: int, reader: _Reader) -> tuple[str, ...]:
    words = value if isinstance(value, list) else re.split(r"[\s,]+", str(value).strip())
    for word in words:
        if not re.fullmatch(r"[A-Za-z_]+(?::[A-Za-z_]+)?", word):
            reader.note(f"scope “{_shown(word)}” is none; scopes look like all:standard", line)
    return tuple(words)


def _date(value: Any, line: int, reader: _Reader) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        reader.note(f"paused_until “{_shown(str(value))}” is no date such as 2026-12-31", line)
        return None


_VALUES = {"name": _name, "base_url": _base_url, "client_secret": _client_secret, "client_id": _client_id,
           "agent_id": _agent_id, "scopes": _scopes, "paused_until": _date}  # fmt: skip


def _refuse_twins(rows: Iterable[Row], reader: _Reader) -> None:
    first: dict[str, int] = {}
    for row in rows:
        name, line = row.get("name", (None, 0))
        if not isinstance(name, str):
            continue
        if name in first:
            reader.note(f"name “{_shown(name)}” stands already in line {first[name]}", line)
        first.setdefault(name, line)


# --- finding one tenant ----------------------------------------------------------------------------


def tenants_file(given: str | os.PathLike[str] | None = None) -> Path | None:
    """Give the tenants file to use: the given one, `HALO_TENANTS_FILE`, or `tenants.yaml` here."""
    if given:
        return Path(given)
    named = os.environ.get("HALO_TENANTS_FILE")
    if named:
        return Path(named)
    here = Path("tenants.yaml")
    return here if here.exists() else None


def worth_a_warning(tenant: Tenant) -> list[str]:
    """Say what is odd about a tenant's entry though it works."""
    path = reference_file(str(tenant.client_secret), tenant.folder)
    copied_by = synchronised(path) if path is not None else ""
    return (
        [f"{tenant.name}: the secret's file lies in a folder that {copied_by} copies elsewhere"]
        if copied_by
        else []
    )


_handed_over: Tenant | None = None
"""The one tenant of a process that verifies one tenant for a fleet run."""


def hand_over(tenant: Tenant) -> None:
    """Let `find_tenant` give this tenant by its name, without reading a file or resolving a reference."""
    global _handed_over  # noqa: PLW0603 - one a process
    _handed_over = tenant


def find_tenant(tenant: str | Tenant, file: str | os.PathLike[str] | None = None) -> Tenant:
    """Give a tenant by name; `practice` is the practice server's, which is started when none runs.

    Raises: ConfigError when there is no such tenant or no tenants file.
    """
    if isinstance(tenant, Tenant):
        return tenant
    if _handed_over is not None and _handed_over.name == tenant:
        return _handed_over
    if tenant == PRACTICE:
        return practice_tenant()
    path = tenants_file(file)
    walk = None if file else _from_walk(tenant)
    if path is None and walk is not None:
        return walk
    if path is None:
        raise ConfigError(
            f"no tenants file to find {_shown(tenant)!r} in: give --tenants-file, set HALO_TENANTS_FILE, or write ./tenants.yaml; the name “practice” needs none"
        )
    known = load_tenants(path)
    found = next((entry for entry in known if entry.name == tenant), None)
    found = found or walk
    if found is None:
        import difflib

        close = difflib.get_close_matches(tenant, [entry.name for entry in known], n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else f"; it holds {len(known)} others"
        raise ConfigError(Mistake(f"no tenant is called {_shown(tenant)!r}{hint}", str(path)))
    return found


def _from_walk(name: str) -> Tenant | None:
    """Give the tenant that is being set up in the guide under this name, None when there is none."""
    from .answers import read_answers

    answers = read_answers(name) if NAME.fullmatch(name) else {}
    if not answers:
        return None
    agent_id = answers.get("agent_id", "")
    return Tenant(name=name, base_url=answers.get("base_url", ""), client_id=answers.get("client_id", ""),
                  client_secret=answers.get("client_secret", ""), label=answers.get("label"),
                  agent_id=int(agent_id) if agent_id.isdecimal() else agent_id or None)  # fmt: skip


_own_server: PracticeServer | None = None


def practice_url() -> str:
    """Give the base URL of a practice server: `HALO_PRACTICE_URL`, the noted one, or one started now.

    A server started here ends with this process.

    Raises: ConfigError when none can be started.
    """
    global _own_server  # noqa: PLW0603 - one server per process
    from ..practice.control import PracticeError, ask, running_at, start
    from ..system.files import practice_state_file

    named = os.environ.get("HALO_PRACTICE_URL")
    try:
        if named:
            ask(named, "tenants")
            return named.rstrip("/")
        if _own_server is not None and _own_server.running:
            return _own_server.base_url
        noted = running_at(practice_state_file())
        if noted:
            try:
                ask(noted, "tenants", timeout_s=1)
            except PracticeError:
                pass
            else:
                return noted
        _own_server = start()
    except PracticeError as error:
        raise ConfigError(f"the practice tenant cannot be used: {error}") from None
    except ImportError:
        raise ConfigError(
            "the practice tenant needs the extra “practice”: pip install 'halo-runbook[practice]'"
        ) from None
    import atexit

    atexit.register(_own_server.stop)
    return _own_server.base_url


def practice_tenant() -> Tenant:
    """Give the tenant called `practice` of the running practice server, or its first one."""
    from ..practice.control import PracticeError, ask

    base_url = practice_url()
    try:
        entries = ask(base_url, "tenants")["tenants"]
    except PracticeError as error:
        raise ConfigError(f"the practice tenant cannot be used: {error}") from None
    entry = next((one for one in entries if one["name"] == PRACTICE), entries[0])
    return replace(from_ready_entry(entry, base_url), name=PRACTICE)


def from_ready_entry(entry: dict[str, Any], base_url: str, ca_file: str | None = None) -> Tenant:
    """Make a tenant of one entry of a practice server's ready line."""
    return Tenant(name=entry["name"], base_url=base_url, halo_tenant=entry["tenant"], client_id=entry["client_id"],
                  client_secret=Secret(entry["client_secret"]), agent_id=entry["agent_id"], ca_file=ca_file,
                  label=f"scenario {entry['scenario']}")  # fmt: skip


def write_practice_tenants(
    path: Path, entries: list[dict[str, Any]], base_url: str, ca_file: str | None = None
) -> None:
    """Write a tenants file for practice tenants; each secret in a private file beside it.

    Raises: ConfigError when the folder cannot be written.
    """
    from ruamel.yaml import YAML

    from ..secrets.references import write_private

    folder = path.with_name(f"{path.name}.secrets")
    rows = []
    for entry in entries:
        secret_file = folder / f"{entry['name']}.secret"
        row = {"name": entry["name"], "base_url": base_url, "halo_tenant": entry["tenant"],
               "client_id": entry["client_id"], "client_secret": f"file:{folder.name}/{secret_file.name}",
               "agent_id": entry["agent_id"], "label": f"scenario {entry['scenario']}"}  # fmt: skip
        if ca_file:
            row["ca_file"] = ca_file
        rows.append(row)
    # the one tenant of a plain practice server has the reserved name; in a file it needs another
    for row in rows:
        if row["name"] == PRACTICE:
            row["name"] = "practice-tenant"
    try:
        for entry in entries:
            write_private(folder / f"{entry['name']}.secret", Secret(entry["client_secret"]))
        with path.open("w", encoding="utf-8") as stream:
            YAML().dump({"tenants": rows}, stream)
    except OSError as error:
        raise ConfigError(
            Mistake(f"cannot be written: {error.strerror or type(error).__name__}", str(path))
        ) from None
