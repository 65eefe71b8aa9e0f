"""Inputs that nobody thought of: tenants files, URLs, API answers, redaction.

`HALO_FUZZ=2000 pytest tests/test_fuzz.py` runs that many examples of each, before a release.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from halo_helpers import Tenant, verify
from halo_helpers.checks import CHECKS
from halo_helpers.client.limits import Limits
from halo_helpers.client.models import Agent, AuthInfo, Instance, as_rows
from halo_helpers.errors import ConfigError, ConnectionFailedError, ShapeError
from halo_helpers.secrets.redaction import REDACTED, redact
from halo_helpers.secrets.references import check_reference
from halo_helpers.secrets.value import Secret
from halo_helpers.tenants.base_url import parse_address
from halo_helpers.tenants.tenant import FIELDS
from halo_helpers.tenants.tenants_file import load_tenants

from .helpers.halopsa import ID, SECRET, body
from .helpers.raw_server import raw_server

EXAMPLES = int(os.environ.get("HALO_FUZZ", "60"))
ROUGH = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "acme",
        "",
        "null",
        "~",
        "=1+1",
        "a" * 70,
        "../x",
        "con",
        "&a",
        "*a",
        "!!python/object",
        "\t",
        "\x00",
        "é",
        "12.0",
        "env:X",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(
    rows=st.lists(st.dictionaries(st.sampled_from(FIELDS) | TEXTS, JSON, max_size=5), max_size=3),
    top=st.dictionaries(TEXTS, JSON, max_size=2),
)
@ROUGH
def test_any_yaml_is_read_or_refused_with_reasons(
    tmp_path: Path, rows: list[Any], top: dict[str, Any]
) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(json.dumps({"tenants": rows} | top))
    read_or_refused(file)


@given(st.text(max_size=300) | st.binary(max_size=300))
@ROUGH
def test_any_text_is_read_or_refused_with_reasons(tmp_path: Path, content: str | bytes) -> None:
    for name in ("t.yaml", "t.csv"):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        read_or_refused(file)


@given(
    header=st.lists(st.sampled_from(FIELDS) | TEXTS, max_size=6),
    cells=st.lists(st.lists(TEXTS, max_size=6), max_size=4),
    by=st.sampled_from(",;\t"),
)
@ROUGH
def test_any_csv_is_read_or_refused_with_reasons(
    tmp_path: Path, header: list[str], cells: list[list[str]], by: str
) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes("\r\n".join(by.join(row) for row in [header, *cells]).encode("utf-8", "surrogatepass"))
    read_or_refused(file)


def read_or_refused(file: Path) -> None:
    try:
        tenants = load_tenants(file)
    except ConfigError as error:
        assert error.mistakes
        assert all(mistake.message for mistake in error.mistakes)
        return
    assert all(tenant.name and tenant.base_url for tenant in tenants)


@given(
    st.text(max_size=60)
    | st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "http://", "https://", "https://https://", "HTTPS:/", "ftp://"]),
        TEXTS,
        st.sampled_from(["", "/", "/api", "/auth/token", ":443", ":x", "?a=b", "#c", "@evil.example"]),
    )
)
@ROUGH
def test_any_url_becomes_a_plain_origin_or_is_refused(text: str) -> None:
    try:
        address = parse_address(text)
    except ConnectionFailedError as error:
        assert error.code == "url-malformed"
        return
    assert address.url.startswith("https://") or address.is_loopback
    assert "@" not in address.url
    assert address.url.count("/") == 2
    assert parse_address(address.url).url == address.url


@given(JSON)
@ROUGH
def test_any_object_is_parsed_or_refused(value: Any) -> None:
    for parse in (
        Agent.from_answer,
        AuthInfo.from_answer,
        Instance.from_answer,
        lambda v: as_rows(v, "x", "tickets"),
    ):
        try:
            parse(value)  # type: ignore[operator]
        except ShapeError:
            continue


@given(answers=st.lists(JSON, min_size=1, max_size=4), info=JSON)
@settings(max_examples=max(10, EXAMPLES // 6))
def test_any_answers_give_a_verdict_and_no_exception(answers: list[Any], info: Any) -> None:
    token = body({"access_token": "a-token-of-some-length", "scope": "all:standard all:teams admin:webhooks"})
    turn = iter(range(10_000))

    def script(connection: Any, head: bytes) -> None:
        path = head.split(b" ")[1]
        first = (
            body({"app_version": "2", "x": info})
            if b"InstanceInfo" in path
            else token
            if b"token" in path
            else None
        )
        connection.sendall(first or body(answers[next(turn) % len(answers)]))

    with raw_server(script) as url:
        result = verify(
            Tenant(
                "t",
                url,
                ID,
                Secret("0f1e2d3c-1111-4222-8333-444455556666-9a8b7c6d-aaaa-4bbb-8ccc-ddddeeeeffff"),
            ),
            limits=Limits(total_s=10, request_s=3),
        )
    assert len(result.checks) == len(CHECKS)
    assert result.verdict in {"fail", "error", "warn"}
    json.dumps(result.as_json())
    assert "internal-error" not in result.codes


@given(
    secret=st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=12, max_size=80),
    around=st.tuples(TEXTS, TEXTS),
)
@ROUGH
def test_a_secret_is_taken_out_of_any_text(secret: str, around: tuple[str, str]) -> None:
    value = Secret(secret).reveal()
    if len(value) < 10:
        return
    text = redact(f"{around[0]}{value}{around[1]}{value[:10]}")
    assert value not in text
    assert value[:10] not in text
    assert REDACTED in text
    assert redact(text) == text


@given(TEXTS)
@ROUGH
def test_a_reference_is_checked_without_being_repeated(text: str) -> None:
    problem = check_reference(text)
    if problem and len(text) > 15:
        assert text not in problem


BAD = """
tenants:
  - {name: acme, base_url: https://acme.halopsa.com, client_id: x, client_secret: SECRET}
  - {name: acme, base_url: https://acme.halopsa.com, client_id: x, client_secret: 'env:X', colour: red}
  - {name: ../etc, base_url: nonsense, client_id: x, client_secret: 'nosuch:x'}
  - {name: CON, base_url: [1], client_id: x, client_secret: 'env:1X', scopes: [a b]}
  - {name: paused, base_url: https://a.example, client_id: x, client_secret: 'env:X', paused_until: soon}
  - just text
"""


def test_every_mistake_at_once_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(BAD.replace("SECRET", SECRET))
    with pytest.raises(ConfigError) as error:
        load_tenants(tmp_path / "t.yaml")
    text = str(error.value)
    for words in (
        "3: client_secret holds what looks like a secret in clear",
        "4: name “acme” stands already in line 3",
        "4: unknown field “colour”",
        "5: name “../etc”",
        "5: base_url cannot be used",
        "5: client_secret has an unknown kind",
        "6: name “CON”",
        "6: “base_url” must be one value",
        "6: scope “a b”",
        "7: paused_until “soon” is no date",
        "8: an entry of “tenants” must hold fields",
    ):
        assert f"t.yaml:{words}" in text
    assert "0f1e2d3c" not in text


@pytest.mark.parametrize(
    "content",
    ["a: &x [*x, *x]\n", "[" * 100_000, "tenants:\n\t- name: a\n", "- " * 50_000, "x" * 10_000_000],
    ids=["anchor", "deep", "tab", "nested", "large"],
)
def test_bombs_are_refused_at_once(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.yaml").write_text(content)
    with pytest.raises(ConfigError):
        load_tenants(tmp_path / "t.yaml")
