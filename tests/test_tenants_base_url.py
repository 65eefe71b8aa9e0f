"""Base URLs as people paste them (facts, section 6, rows 1 to 6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_helpers.errors import ConnectionFailedError
from halo_helpers.tenants.base_url import parse_address

GOOD = "https://acme.halopsa.com"


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"{GOOD}/",
        f"{GOOD}///",
        f"{GOOD}/api",
        f"{GOOD}/api/",
        f"{GOOD}/auth",
        f"{GOOD}/tickets?id=3&x=/",
        f"{GOOD}#a",
        "acme.halopsa.com",
        "acme.halopsa.com/api",
        "//acme.halopsa.com",
        "https://https://acme.halopsa.com",
        "https:///acme.halopsa.com",
        "https:acme.halopsa.com",
        "http://acme.halopsa.com",
        "HTTPS://ACME.HALOPSA.COM",
        f" {GOOD}\n",
        f"\u200b{GOOD}",
        f"{GOOD}.",
        f"{GOOD}:443",
        "http://acme.halopsa.com:443",
        "http://acme.halopsa.com:80",
        "https://acme.halopsa.com.halopsa.com",
    ],
)
def test_usable_after_normalising(text: str) -> None:
    assert parse_address(text).url == GOOD


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "https://",
        "acme",
        "ftp://acme.halopsa.com",
        "https://user:pw@acme.halopsa.com",
        "https://a b.c",
        "https://acme..com",
        "https://a:99999",
        "https://a:0",
        "halopsa.com",
        "https://[::1",
        "https://-a.com",
        "https://a_\\b.com",
        "https://\x00a.com",
        "javascript:alert(1)//x.y",
    ],
)
def test_not_usable(text: str) -> None:
    with pytest.raises(ConnectionFailedError) as error:
        parse_address(text)
    assert error.value.code == "url-malformed"
    assert "pw" not in error.value.seen


def test_http_stays_on_loopback_only() -> None:
    assert parse_address("http://127.0.0.1:8080/").url == "http://127.0.0.1:8080"
    assert parse_address("http://localhost:8080").url == "http://localhost:8080"
    address = parse_address("http://10.0.0.1")
    assert (address.url, address.was_insecure) == ("https://10.0.0.1", True)


def test_what_was_put_right_is_said() -> None:
    assert parse_address(GOOD).changes == ()
    assert "slash" in parse_address(f"{GOOD}/").changes[0]


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_malformed(text: str) -> None:
    try:
        address = parse_address(text)
    except ConnectionFailedError as error:
        assert error.code == "url-malformed"
    else:
        assert parse_address(address.url).url == address.url
