"""Find or start the practice server, and read its tenants."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, unwritable
from ..secrets.value import Secret
from ..system.extras import is_missing, needs_extra
from .answers import read_answers
from .tenant import EMPTY_PRACTICE, PRACTICE, Tenant, is_practice, read_agent_id

if TYPE_CHECKING:
    from ..practice.control import PracticeServer


_own_server: PracticeServer | None = None


def practice_url() -> str:
    """Return the base URL of a practice server: `HALO_PRACTICE_URL`, the noted one, or one started now.

    A server started here ends with this process.

    Raises: ConfigError when none can be started.
    """
    global _own_server  # noqa: PLW0603 - one server per process
    from ..practice.control import PracticeError, ask, running_at, start
    from ..system.paths import practice_state_file

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
        if is_missing("uvicorn"):
            raise ConfigError(needs_extra("uvicorn", "the practice tenant"))
        _own_server = start()
    except PracticeError as error:
        raise ConfigError(f"the practice tenant cannot be used: {error}") from None
    import atexit

    atexit.register(_own_server.stop)
    return _own_server.base_url


def practice_tenant() -> Tenant:
    """Return the tenant called `practice` of the running practice server, or its first one."""
    from ..practice.control import PracticeError, ask

    base_url = practice_url()
    try:
        entries = ask(base_url, "tenants")["tenants"]
    except PracticeError as error:
        raise ConfigError(f"the practice tenant cannot be used: {error}") from None
    entry = next((one for one in entries if one["name"] == PRACTICE), entries[0])
    return replace(from_ready_entry(entry, base_url), name=PRACTICE)


def empty_practice_tenant() -> Tenant:
    """Return the learner's own tenant under its own name, with what was answered for it so far.

    Raises: ConfigError when no practice server can be used.
    """
    made, _ = walk_tenant()
    answers = read_answers(PRACTICE)
    return replace(
        made,
        name=EMPTY_PRACTICE,
        client_id=answers.get("client_id", ""),
        client_secret=answers.get("client_secret", ""),
        agent_id=read_agent_id(answers.get("agent_id")),
    )


def walk_tenant(*, anew: bool = False) -> tuple[Tenant, str]:
    """Return the learner's own tenant of the practice server, without credentials, and which one it is.

    It is empty at first, and again when it is made `anew`; a server that was started anew has another one,
    told by the text.

    Raises: ConfigError when no practice server can be used.
    """
    from ..practice.control import PracticeError, ask

    base_url = practice_url()
    try:
        entry = ask(base_url, "walk", "POST", anew=str(anew).lower())
    except PracticeError as error:
        raise ConfigError(f"the practice tenant cannot be used: {error}") from None
    return Tenant(PRACTICE, base_url, halo_tenant=entry["tenant"]), f"{base_url} {entry['made']}"


def from_ready_entry(entry: dict[str, Any], base_url: str, ca_file: str | None = None) -> Tenant:
    """Build a tenant of one entry of a practice server's ready line."""
    return Tenant(
        name=entry["name"],
        base_url=base_url,
        halo_tenant=entry["tenant"],
        client_id=entry["client_id"],
        client_secret=Secret(entry["client_secret"]),
        agent_id=entry["agent_id"],
        ca_file=ca_file,
        label=f"scenario {entry['scenario']}",
        webhook_host=entry.get("webhook_host"),
    )


def refuse_to_replace(path: Path) -> None:
    """Let a file be written for practice tenants, unless there is one that holds anything else.

    Raises: ConfigError.
    """
    from .tenants_file import load_tenants

    if not path.exists():
        return
    try:
        is_practices = all(map(is_practice, load_tenants(path)))
    except ConfigError:
        is_practices = False
    if not is_practices:
        raise ConfigError(f"{path} holds something else than practice tenants, and stays: name another file")


def write_practice_tenants(
    path: Path, entries: list[dict[str, Any]], base_url: str, ca_file: str | None = None
) -> None:
    """Write a tenants file for practice tenants; each secret in a private file beside it.

    Raises: ConfigError when the folder cannot be written.
    """
    from ruamel.yaml import YAML

    from ..secrets.private_file import write_private

    folder = path.with_name(f"{path.name}.secrets")
    rows = []
    for entry in entries:
        secret_file = folder / f"{entry['name']}.secret"
        row = {
            "name": entry["name"],
            "base_url": base_url,
            "halo_tenant": entry["tenant"],
            "client_id": entry["client_id"],
            "client_secret": f"file:{folder.name}/{secret_file.name}",
            "agent_id": entry["agent_id"],
            "label": f"scenario {entry['scenario']}",
        }
        row |= {"ca_file": ca_file} if ca_file else {}
        row |= {"webhook_host": entry["webhook_host"]} if entry.get("webhook_host") else {}
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
        raise unwritable(error, path) from None
