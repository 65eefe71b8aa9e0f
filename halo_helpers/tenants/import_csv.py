"""Tenants of a list that something else has written, such as a CRM: a preview, and nothing overwritten."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ConfigError, ConnectionFailedError, Mistake, unreadable
from ..secrets.references import check_reference
from ..secrets.rules import OURS
from ..secrets.value import CLIENT_SECRET, trim
from ..system.files import read_regular
from ..system.plain_text import plain_text
from .base_url import parse_address
from .file_fields import shown_text
from .tenant import NAME, RESERVED, WINDOWS_DEVICES, Tenant, read_agent_id, shown_url
from .tenants_file import MAX_FILE, csv_form, decoded

_HEADINGS = {
    "name": ("name", "tenant", "short name", "key"),
    "label": (
        "label",
        "customer",
        "customer name",
        "company",
        "company name",
        "client",
        "client name",
        "account",
    ),
    "base_url": (
        "base_url",
        "base url",
        "url",
        "halo url",
        "halopsa url",
        "instance",
        "host",
        "resource server",
    ),
    "client_id": ("client_id", "client id", "clientid", "application id"),
    "client_secret": ("client_secret", "secret", "secret reference", "reference"),
    "agent_id": ("agent_id", "agent id", "agent", "username"),
    "halo_tenant": ("halo_tenant", "halo tenant", "tenant name"),
    "owner": ("owner", "engineer", "technician", "account manager"),
    "webhook_host": ("webhook_host", "webhook host"),
}
"""Field of a tenants file by the headings under which lists have it, in small letters."""
_NEVER = RESERVED | WINDOWS_DEVICES
"""Names that no tenant may have."""
PLACES = ("env", "file", "keyring")
"""Where a proposed reference looks for the secret."""


@dataclass(frozen=True)
class Proposal:
    """One line of the list: what would stand in the tenants file, or why it is left out."""

    line: int
    entry: dict[str, Any]
    known_as: str = ""
    """The tenant of the file that it is already; that one stays as it is."""


@dataclass
class Preview:
    """What an import would do; `ignored` are headings that mean nothing here."""

    proposals: list[Proposal] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def new(self) -> list[dict[str, Any]]:
        """The entries that would be added."""
        return [proposal.entry for proposal in self.proposals if not proposal.known_as]


def preview_import(file: Path, known: Iterable[Tenant], place: str = "env") -> Preview:
    """Read a list with a heading a column, and propose an entry for each line.

    A name is made of the customer's where the list has none, and a reference to its secret likewise; `place`
    is one of `PLACES`.

    Raises: ConfigError with every mistake and its line; a secret in clear is one, and is not repeated.
    """
    try:
        raw = read_regular(file, MAX_FILE + 1)
        if len(raw) > MAX_FILE:
            raise ConfigError(Mistake("is too large for a list of customers", str(file)))
        text = decoded(raw)
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(error, file) from None
    known = list(known)
    mistakes: list[Mistake] = []
    in_file = {tenant.name for tenant in known}
    there = {(shown_url(tenant), tenant.client_id): tenant.name for tenant in known}
    taken, lines = set(in_file), dict[object, int]()
    preview = Preview()
    for line, row in _rows(text, preview, mistakes, str(file)):
        entry = _entry(row, line, taken, place, mistakes, str(file))
        if entry is None:
            continue
        credentials = (entry["base_url"], entry["client_id"])
        known_as = there.get(credentials) or (entry["name"] if entry["name"] in in_file else "")
        for what, words in ((entry["name"], "this name"), (credentials, "this URL and Client ID")):
            if what in lines:
                mistakes.append(Mistake(f"{words} stands in line {lines[what]}, too", str(file), line))
            lines[what] = line
        taken.add(entry["name"])
        preview.proposals.append(Proposal(line, entry, known_as))
    if mistakes:
        raise ConfigError(mistakes)
    return preview


def _rows(
    text: str, preview: Preview, mistakes: list[Mistake], file: str
) -> Iterator[tuple[int, dict[str, str]]]:
    """Return each line with its number, by our own names of the fields."""
    delimiter, skip = csv_form(text)
    rows = csv.reader(io.StringIO("\n".join(text.split("\n")[skip:])), delimiter=delimiter)
    try:
        headings = [plain_text(cell).strip().lower() for cell in next(rows, [])]
        names = [next((ours for ours, theirs in _HEADINGS.items() if one in theirs), "") for one in headings]
        preview.ignored += [
            shown_text(one) for one, ours in zip(headings, names, strict=True) if one and not ours
        ]
        mistakes += [
            Mistake(f"no column is called “{_HEADINGS[needed][1]}” or the like", file, 1 + skip)
            for needed in ("base_url", "client_id")
            if needed not in names
        ]
        mistakes += [
            Mistake(
                f"two columns say the {ours}: {shown_text(headings[n])} and another one; take one out",
                file,
                1 + skip,
            )
            for n, ours in enumerate(names)
            if ours and ours in names[:n]
        ]
        if mistakes:
            return
        for cells in rows:
            row = {ours: trim(cell) for ours, cell in zip(names, cells, strict=False) if ours}
            if any(row.values()):
                yield rows.line_num + skip, row
    except csv.Error as error:
        mistakes.append(Mistake(f"is no CSV: {error}", file, rows.line_num + skip))


def _entry(
    row: dict[str, str], line: int, taken: set[str], place: str, mistakes: list[Mistake], file: str
) -> dict[str, Any] | None:
    """Make an entry of a line; note what is wrong with it and return None otherwise."""

    def wrong(message: str) -> None:
        mistakes.append(Mistake(message, file, line))

    before = len(mistakes)
    for name, value in row.items():
        if name != "client_secret" and CLIENT_SECRET.search(value):
            wrong(f"“{name}” holds what looks like a secret in clear; take it out")
    reference = row.get("client_secret", "")
    if reference and (problem := check_reference(reference)):
        wrong(f"the secret's column {problem}")
    url = row.get("base_url", "")
    try:
        url = parse_address(url).url
    except ConnectionFailedError as error:
        wrong(error.seen)
    if not row.get("client_id"):
        wrong("the Client ID is missing")
    given = row.get("name", "").lower()
    if given and (not NAME.fullmatch(given) or given in _NEVER):
        wrong(
            f"“{shown_text(given)}” can be no tenant's name: a-z, 0-9 and -, beginning with a letter or digit"
        )
    if len(mistakes) > before:
        return None
    name = given or _free_name(row.get("label") or url.partition("//")[2].partition(".")[0], taken)
    label = plain_text(row.get("label", ""))
    return {
        "name": name,
        "base_url": url,
        "halo_tenant": row.get("halo_tenant"),
        "client_id": row["client_id"],
        "client_secret": reference or _reference(name, place),
        "agent_id": read_agent_id(row.get("agent_id")),
        "label": label if label and label != name else None,
        "owner": plain_text(row.get("owner", "")) or None,
        "webhook_host": row.get("webhook_host"),
    }


def _free_name(text: str, taken: set[str]) -> str:
    """Make a tenant's name of a customer's, which nobody has yet."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].rstrip("-") or "customer"
    name, number = base, 2
    while name in taken or name in _NEVER:
        name, number = f"{base}-{number}", number + 1
    return name


def _reference(name: str, place: str) -> str:
    variable = f"HALO_{name.upper().replace('-', '_')}_SECRET"
    if variable.startswith(OURS):
        variable = variable.replace("HALO_", "HALO_TENANT_", 1)
    return {"env": f"env:{variable}", "file": f"file:secrets/{name}.secret", "keyring": "keyring:"}[place]
