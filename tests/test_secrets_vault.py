"""HashiCorp Vault, played by a local server."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from halo_helpers.errors import SecretError
from halo_helpers.secrets.references import resolve

from .helpers.raw_server import http, raw_server


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A faithful local Vault: key-value store, version 2, one secret, token in its header."""
    seen: list[bytes] = []
    kept = {
        "data": {"data": {"client_secret": "from-the-vault-of-acme", "number": 1}, "metadata": {"version": 3}}
    }

    def script(connection: Any, head: bytes) -> None:
        seen.append(head)
        path = head.split(b" ")[1].partition(b"?")[0]
        if b"x-vault-token: good" not in head.lower():
            connection.sendall(
                http("403 Forbidden", b'{"errors":["permission denied"]}', "Content-Type: application/json")
            )
        elif path == b"/v1/secret/data/halo/acme":
            connection.sendall(http("200 OK", json.dumps(kept).encode(), "Content-Type: application/json"))
        else:
            connection.sendall(http("404 Not Found", b'{"errors":[]}', "Content-Type: application/json"))

    with raw_server(script) as url:
        monkeypatch.setenv("VAULT_ADDR", url)
        monkeypatch.setenv("VAULT_TOKEN", "good")
        yield seen


def test_a_vault_answers_by_reference(vault: list[bytes]) -> None:
    found = resolve("vault:secret/halo/{tenant}#client_secret", "acme")
    assert (found.reveal(), found.source) == ("from-the-vault-of-acme", "vault vault")
    assert resolve("vault:secret/halo/acme", "acme").reveal() == "from-the-vault-of-acme"
    assert vault[0].startswith(b"GET /v1/secret/data/halo/acme")


@pytest.mark.parametrize(
    ("reference", "change", "said"),
    [
        ("vault:secret/halo/other", {}, "holds nothing"),
        ("vault:secret/halo/acme#none", {}, "no field none"),
        ("vault:secret/halo/acme#number", {}, "no text"),
        ("vault:secret", {}, "takes MOUNT/PATH"),
        ("vault:secret/halo/acme", {"VAULT_TOKEN": "bad-token-value"}, "refuses"),
        ("vault:secret/halo/acme", {"VAULT_ADDR": "http://vault.example"}, "https"),
        ("vault:secret/halo/acme", {"VAULT_ADDR": "http://127.0.0.1:1"}, "cannot be asked"),
    ],
)
def test_a_vaults_faults_are_said(
    vault: list[bytes], monkeypatch: pytest.MonkeyPatch, reference: str, change: dict[str, str], said: str
) -> None:
    for name, value in change.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SecretError, match=said) as error:
        resolve(reference, "acme")
    assert os.environ["VAULT_TOKEN"] not in str(error.value) or len(os.environ["VAULT_TOKEN"]) < 5


def test_a_vault_on_this_machine_is_never_asked_by_a_proxy(
    vault: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert resolve("vault:secret/halo/acme", "acme").reveal() == "from-the-vault-of-acme"


SPELLINGS = ["/secret/halo/acme", "secret/halo/acme/", "secret//halo/acme", "secret/./halo/acme"]
"""Other ways to write an entry, which would be another reference to whoever compares the texts."""


@pytest.mark.parametrize(
    "rest", ["secret/../sys/acme#x", "secret/halo/..", "../secret/halo/acme", *SPELLINGS]
)
def test_another_spelling_of_an_entry_is_refused_before_anybody_is_asked(
    vault: list[bytes], rest: str
) -> None:
    with pytest.raises(SecretError, match=r"takes no \.\."):
        resolve(f"vault:{rest}", "acme")
    assert not vault
