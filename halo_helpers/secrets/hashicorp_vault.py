"""Secrets in a vault: HashiCorp Vault's key-value store, version 2 (extra `vault`).

A vault is an entry point of the group `halo_helpers.secrets`: a function `(rest, tenant_name) -> str`, by the
name of its scheme. This one reads `vault:MOUNT/PATH#FIELD`, with `{tenant}` for the tenant's name; address
and token come from VAULT_ADDR and VAULT_TOKEN (or ~/.vault-token), as Vault's own client takes them.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import SecretError

FIELD = "client_secret"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def hashicorp(rest: str, tenant_name: str) -> str:
    """Read a secret from Vault.

    Raises: SecretError that says what is missing, never a value.
    """
    mount, path, field = entry_of(rest, tenant_name)
    address, token = os.environ.get("VAULT_ADDR", ""), _token()
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise SecretError("VAULT_ADDR has to be an https address")
    if not token:
        raise SecretError("neither VAULT_TOKEN nor ~/.vault-token holds a token for Vault")
    try:
        import hvac
        import hvac.exceptions
        import requests
    except ImportError:
        raise SecretError("vault: needs the package hvac; install halo-runbook[vault]") from None
    session = requests.Session()
    # never by a proxy to this machine itself
    session.trust_env = parts.hostname not in LOOPBACK
    try:
        answer = hvac.Client(
            url=address, token=token, timeout=10, allow_redirects=False, session=session
        ).secrets.kv.v2.read_secret_version(path=path, mount_point=mount, raise_on_deleted_version=True)
        value = answer["data"]["data"][field]
    except hvac.exceptions.InvalidPath:
        raise SecretError(f"Vault holds nothing at {mount}/{path}") from None
    except (hvac.exceptions.Forbidden, hvac.exceptions.Unauthorized):
        raise SecretError(f"Vault refuses {mount}/{path} to this token") from None
    except (hvac.exceptions.VaultError, requests.RequestException) as error:
        raise SecretError(f"Vault at {parts.hostname} cannot be asked ({type(error).__name__})") from None
    except (KeyError, TypeError):
        raise SecretError(f"Vault has no field {field} at {mount}/{path}") from None
    if not isinstance(value, str):
        raise SecretError(f"the field {field} at {mount}/{path} holds no text")
    return value


def entry_of(rest: str, tenant_name: str) -> tuple[str, str, str]:
    """Return mount, path and field of an entry, so that there is one way to write it.

    Raises: SecretError for a text that names none.
    """
    place, _, field = rest.partition("#")
    mount, _, path = place.replace("{tenant}", tenant_name).partition("/")
    if not path:
        raise SecretError("vault: takes MOUNT/PATH#FIELD, such as vault:secret/halo/{tenant}#client_secret")
    if {"", ".", ".."} & {mount, *path.split("/")}:
        raise SecretError("vault: takes no .. in its path, no . and no empty part")
    return mount, path, field or FIELD


def _token() -> str:
    given = os.environ.get("VAULT_TOKEN", "")
    if given:
        return given
    try:
        return (Path.home() / ".vault-token").read_text(encoding="utf-8").strip()
    except (OSError, RuntimeError, ValueError):
        return ""
