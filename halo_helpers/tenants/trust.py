"""Which reference goes to which host: a tenants file that sends one elsewhere is not followed without a word.

The first use of a reference is remembered in the data folder, as the pair of the reference and the host with
its port. On another machine, or with another data folder, nothing is known yet.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import ConfigError, SecretError, unreadable, unwritable
from ..secrets.hashicorp_vault import entry_of
from ..secrets.references import resolve
from ..secrets.value import Secret
from ..system.files import locked, write_whole
from ..system.paths import data_folder, make_data_folder
from .base_url import parse_address
from .tenant import Tenant, shown_url

_FILE = "trusted-hosts.json"
MOVED = "reference-moved"


def secret_of(tenant: Tenant, *, interactive: bool = True, remember: bool = True) -> Secret:
    """Return a tenant's secret, when its reference still goes to the host that it was first used for.

    With `remember` off, nothing is remembered: the secret is only looked for, and sent nowhere.

    Raises: SecretError, with `reference-moved` when the tenants file sends it to another host.
    """
    check_host(tenant, remember=remember)
    return resolve_for(tenant, interactive=interactive)


def resolve_for(tenant: Tenant, *, interactive: bool = True) -> Secret:
    """Return a tenant's secret where its host has been looked at already.

    Raises: SecretError.
    """
    host = host_of(tenant)
    return resolve(tenant.client_secret, tenant.name, tenant.folder, host=host, interactive=interactive)


def host_of(tenant: Tenant) -> str:
    """Return the host and port that a tenant's secret goes to, empty when its base URL cannot be used."""
    parts = urlsplit(shown_url(tenant))
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.hostname}:{port}" if parts.hostname else ""


def check_host(tenant: Tenant, *, remember: bool = True) -> None:
    """Let a tenant's reference pass, and remember its host when it is used for the first time.

    Raises: SecretError `reference-moved`.
    """
    moved = check_hosts([tenant], remember=remember)
    if moved:
        raise SecretError(moved[tenant.name], MOVED)


def check_hosts(tenants: Iterable[Tenant], *, remember: bool = True) -> dict[str, str]:
    """Return what is wrong, by name, with the tenants whose references would go to another host than so far.

    Of the others, what is used for the first time is remembered. A reference that a person typed needs no
    trust, and neither does one that cannot be used; one that goes to this machine itself is remembered only.
    """
    asked = [(tenant, host_of(tenant), _key(tenant)) for tenant in tenants]
    asked = [(tenant, host, key) for tenant, host, key in asked if host and key]
    known = _read() if asked else {}
    new, moved = dict[str, str](), dict[str, str]()
    for tenant, host, key in asked:
        before = new.get(key) or known.get(key)
        if before == host:
            continue
        if before is not None:
            if _is_loopback(tenant):
                continue  # needs no trust, and takes none away from the host so far
            moved[tenant.name] = (
                f"the tenants file sends the secret of {tenant.name} to {host}; so far it went to {before}. "
                f"Nothing was sent. If this is right: halo-runbook tenants trust {tenant.name}"
            )
            continue
        new[key] = host
    if remember and new:
        _remember(new)
    return moved


def trust(tenant: Tenant) -> str:
    """Let a tenant's reference go to the host that its entry names from now on; return the host before.

    Raises: ConfigError when there is no reference to remember, or the data folder cannot be written.
    """
    host, key = host_of(tenant), _key(tenant)
    if not key or not host:
        raise ConfigError(f"{tenant.name} has no usable reference in a tenants file, or no usable base URL")
    before = _read().get(key, "")
    _remember({key: host})
    return before


def _remember(pairs: dict[str, str]) -> None:
    """Add to what is remembered.

    Raises: ConfigError when the data folder cannot be written.
    """
    file = _file()
    try:
        make_data_folder()
        with locked(file.with_name(f".{_FILE}.lock")):
            write_whole(file, json.dumps(_read() | pairs, indent=1) + "\n", mode=0o600)
    except OSError as error:
        raise unwritable(error, file) from None


def knows_nothing() -> bool:
    """Whether no host has been remembered on this machine yet."""
    return not _file().exists()


def _key(tenant: Tenant) -> str:
    """Return the name of a reference in the file, empty for one that needs no trust or cannot be used.

    The reference itself is not written down: a path may say more than it should.
    """
    reference = tenant.reference
    if reference is None or tenant.folder is None:
        return ""
    rest = reference.rest
    if reference.scheme in {"keyring", "lab", "prompt"}:
        rest = tenant.name
    elif reference.scheme == "file":
        try:
            path = reference.file(tenant.folder)
        except SecretError:
            return ""
        rest = str(path.resolve()) if path else rest
    elif reference.scheme == "vault":
        try:
            rest = "/".join(entry_of(rest, tenant.name))
        except SecretError:
            return ""
    elif "{tenant}" in rest:
        rest = f"{rest} {tenant.name}"
    return f"{reference.scheme}:{hashlib.sha256(rest.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _is_loopback(tenant: Tenant) -> bool:
    url = shown_url(tenant)
    return bool(url) and parse_address(url).is_loopback


def _file() -> Path:
    return data_folder() / _FILE


def _read() -> dict[str, str]:
    try:
        value = json.loads(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise unreadable(error, _file()) from None
    if not isinstance(value, dict) or not all(isinstance(host, str) for host in value.values()):
        raise unreadable(ValueError("it holds no hosts"), _file())
    return value
