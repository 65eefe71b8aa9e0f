"""Secrets do not show themselves, references resolve or say why not, redaction is the last line."""

from __future__ import annotations

import base64
import json
import os
import pickle
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_helpers.errors import SecretError
from halo_helpers.secrets.private_file import write_private
from halo_helpers.secrets.redaction import redact
from halo_helpers.secrets.references import check_reference, resolve
from halo_helpers.secrets.value import Secret

VALUE = "0f1e2d3c-1111-4222-8333-444455556666-9a8b7c6d-aaaa-4bbb-8ccc-ddddeeeeffff"


def test_a_secret_has_no_text_form() -> None:
    secret = Secret(VALUE)
    assert VALUE not in f"{secret} {secret!r} {[secret]} {vars(type(secret)).keys()}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)


def test_pasting_leaves_are_trimmed() -> None:
    assert Secret(f"\u200b {VALUE}\r\n").reveal() == VALUE
    assert Secret(f"{VALUE} ").was_trimmed
    assert not Secret(VALUE).was_trimmed


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        quote(f"a/{VALUE}+"),
        base64.b64encode(VALUE.encode()).decode(),
        base64.b64encode(f"id:{VALUE}".encode()).decode(),
        VALUE[:30],
        VALUE[20:50],
    ],
)
def test_redaction_in_every_encoding_and_in_parts(form: str) -> None:
    Secret(VALUE)
    left = redact(f"before {form} after")
    assert left.startswith("before ")
    assert left.endswith(" after")
    for start in range(len(VALUE) - 12):
        assert VALUE[start : start + 12] not in left
    assert form not in left


@given(
    st.text(alphabet=st.characters(codec="utf-8"), min_size=8, max_size=60),
    st.text(max_size=40),
    st.text(max_size=40),
)
def test_redaction_of_any_value(value: str, before: str, after: str) -> None:
    kept = Secret(value).reveal()
    if len(kept) >= 8:
        assert kept not in redact(f"{before}{kept}{after}").replace("[secret]", "\0")


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALO_T_SECRET", VALUE)
    found = resolve("env:HALO_T_SECRET", "t")
    assert (found.reveal(), found.source) == (VALUE, "environment variable HALO_T_SECRET")
    monkeypatch.delenv("HALO_T_SECRET")
    with pytest.raises(SecretError, match="not set"):
        resolve("env:HALO_T_SECRET", "t")


def test_file_relative_to_the_tenants_file(tmp_path: Path) -> None:
    write_private(tmp_path / "a.secret", Secret(VALUE))
    assert (tmp_path / "a.secret").stat().st_mode & 0o077 == 0
    assert resolve("file:a.secret", "t", tmp_path).reveal() == VALUE
    assert not resolve("file:a.secret", "t", tmp_path).was_trimmed


def test_file_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "a.secret").write_text(VALUE)
    (tmp_path / "a.secret").chmod(0o644)
    with pytest.raises(SecretError, match="chmod 600"):
        resolve("file:a.secret", "t", tmp_path)


@pytest.mark.parametrize(
    "reference", ["file:none", "file:.", "env:NOT_THERE_AT_ALL", "prompt:", "keyring:", ""]
)
def test_what_does_not_resolve_is_a_secret_error(reference: str, tmp_path: Path) -> None:
    with pytest.raises(SecretError):
        resolve(reference, "t", tmp_path)


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "e", os.O_CREAT | os.O_WRONLY, 0o600)
    os.close(descriptor)
    with pytest.raises(SecretError, match="empty"):
        resolve("file:e", "t", tmp_path)


@pytest.mark.parametrize("text", [VALUE, f"env:{VALUE}", "hunter2hunter2hunter2", "nosuch:x", "plain"])
def test_what_is_no_reference_is_said_without_repeating_it(text: str) -> None:
    problem = check_reference(text)
    assert problem
    assert VALUE not in problem
    assert "hunter2" not in problem


def test_the_host_of_a_secret_url_is_no_secret() -> None:
    Secret("https://halo.msp.example/hook/7f3a9c0d5e")
    assert redact("https://halo.msp.example/api") == "https://halo.msp.example/api"
    assert "7f3a9c0d5e" not in redact("POST https://halo.msp.example/hook/7f3a9c0d5e")
