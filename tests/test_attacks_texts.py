"""Texts, numbers and dates that a server may send: plain in every form of a result, and no error of ours."""

from __future__ import annotations

import json
from typing import Any

import mistune
import pytest
from markdown_it import MarkdownIt

from halo_helpers import verify
from halo_helpers.client.answers import clean
from halo_helpers.report import to_csv, to_html, to_junit, verification_text
from halo_helpers.report.evidence import evidence_html
from halo_helpers.secrets.redaction import remember
from halo_helpers.system.plain_text import as_markdown, plain_text

from .helpers.halopsa import EVIL, ME, PLAIN, QUICK, SECRET, body, served, tenant
from .helpers.raw_server import http, raw_server

FORMULA = '=HYPERLINK("https://evil.example")'


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("", ""),
        ("Neo Agent", "Neo Agent"),
        ("  Jürgen  Müller\t", "Jürgen Müller"),
        ("日本 太郎", "日本 太郎"),
        (EVIL, PLAIN),
        ("\x1b" * 5000 + "x", ""),
        ("a" * 300, "a" * 199 + "…"),
        ("\u202e" * 10_000_000, ""),
        ("\x1b[" + "1;" * 3_000_000, "1;" * 99 + "1…"),
    ],
)
def test_foreign_text_is_made_plain(text: str, plain: str) -> None:
    assert plain_text(text) == plain
    assert plain_text(plain) == plain


@pytest.mark.parametrize(
    "text",
    [
        "| a | b |",
        "[click](javascript:alert(1))",
        "![x](https://evil.example/i.png)",
        "<img src=x onerror=alert(1)>",
        "**bold** __x__ `code` ~~no~~",
        "https://evil.example and www.evil.example and a@evil.example",
        "# heading",
        "- item",
        "&lt;b&gt; &copy;",
        "a\n\n# b",
        "$x^2$",
        "\\| \\[x](y)",
    ],
)
def test_markdown_shows_foreign_text_as_it_is(text: str) -> None:
    """Read by two parsers, one of which makes links of bare addresses: a line of nothing but text."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    parsed = parser.parseInline(as_markdown(text))[0].children or []
    assert {token.type for token in parsed} <= {"text", "text_special"}
    assert "".join(token.content for token in parsed) == " ".join(text.split())
    row = parser.parse(f"| a | b |\n|---|---|\n| {as_markdown(text)} | end |")
    assert sum(token.type == "td_open" for token in row) == 2
    page = str(mistune.create_markdown(plugins=["url", "table", "strikethrough"])(f"x {as_markdown(text)}"))
    assert page.count("<") == 2  # the paragraph's own tags


def names_everywhere(name: str) -> dict[str, bytes]:
    """Answer with a text in each place where one is read."""
    agent = ME | {"name": name, "email": name, "teams": [{"team_name": name}], "roles": [{"name": name}]}
    info = {"app_version": name, "app_name": name, "hosted_group": name, "tenant_id": "acme"}
    return {
        "/api/InstanceInfo": body(info),
        "/api/Agent/me": body(agent | {"workday_name": name}),
        "/api/Agent": body([agent]),
        "/api/Tickets": body({"Message": name}, "403 Forbidden"),
        "/api/Users": body({"errors": [name]}, "400 Bad"),
        "/api/Client": http("500 Oops", name.encode("utf-8", "replace")),
        "/api/Asset": http("503 Soon", f"<html><title>{name}</title>".encode("utf-8", "replace")),
        "/api/SLA": http("302 Found", b"", "Location: https://x.example/%1b[2J"),
    }


def test_no_form_of_a_result_holds_what_steers(capsys: pytest.CaptureFixture[str]) -> None:
    """Terminal, page, CSV, JUnit, notebook and JSON get the same plain text."""
    with raw_server(served(names_everywhere(EVIL))) as url:
        result = verify(tenant(url), limits=QUICK)
    assert "internal-error" not in result.codes
    assert result.agent
    assert result.agent.name == PLAIN
    document = json.dumps(result.as_json(), ensure_ascii=False)
    for text in (
        document,
        verification_text(result),
        evidence_html(result),
        to_html([result]),
        to_csv([result]),
        to_junit([result]),
    ):
        assert PLAIN in text
        assert all(letter.isprintable() or letter in "\r\n\t" for letter in text)
        assert "owned" not in text
    assert capsys.readouterr() == ("", "")


def test_a_name_is_no_formula_and_no_markup() -> None:
    with raw_server(served(names_everywhere(FORMULA + "<img src=x onerror=alert(1)>"))) as url:
        result = verify(tenant(url), limits=QUICK)
    assert not any(cell.startswith("=") for line in to_csv([result]).splitlines() for cell in line.split(","))
    assert "<img" not in to_html([result]) + evidence_html(result)


def test_a_secret_with_unseen_letters_in_it_is_known_again() -> None:
    """Made plain first, redacted then: a zero-width character does not hide a secret from redaction."""
    remember(SECRET)
    for letter in ("\u200b", "\x1b[0m", "\u202e", "\u034f", "\ufe0f", "\u3164"):
        assert SECRET[:20] not in clean(letter.join(SECRET))
        hidden = letter.join(SECRET)
        with raw_server(served(names_everywhere(hidden))) as url:
            result = verify(tenant(url), limits=QUICK)
        kept = json.dumps(result.as_json()) + evidence_html(result)
        assert SECRET[:20] not in kept


ABSURD: list[Any] = [
    -1,
    0,
    1e308,
    -1e308,
    float("inf"),
    float("nan"),
    10**400,
    "1e999",
    "",
    None,
    True,
    [],
    {},
    "9" * 400,
]


@pytest.mark.parametrize("value", ABSURD, ids=repr)
def test_absurd_numbers_are_no_error_of_ours(value: Any) -> None:
    answers = {
        "/auth/token": body({"access_token": "a-token-of-some-length", "expires_in": value, "scope": value}),
        "/api/Tickets": body({"record_count": value, "tickets": [{"id": value}]}),
        "/api/InstanceInfo": body(
            {"app_name": "x", "app_version": value, "agent_count": value, "licensed_agent_count": value}
        ),
        "/api/Agent": body([ME, ME | {"id": value}]),
    }
    with raw_server(served(answers)) as url:
        result = verify(tenant(url, agent_id=None), limits=QUICK)
        licence = verify(tenant(url, agent_id=None), only=["address.licence"], limits=QUICK)
    assert "internal-error" not in [*result.codes, *licence.codes]
    json.dumps(result.as_json(), allow_nan=False)
    for check in (*result.checks, *licence.checks):
        assert not {"inf", "nan"} & set(check.seen.replace(",", " ").split())
        assert len(check.seen) < 300
    assert result["token.grant"].verdict in {"pass", "warn"}
    assert "budget-exhausted" not in result.codes


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 +1400",
        "Sat, 99 Foo 99999 99:99:99 GMT",
        "Mon, 01 Jan 2024 00:00:00 +99999999999",
        "Mon, 01 Jan 2024 00:00:00 +9999999999999999999999",
        "\x00",
        "1" * 5000,
    ],
)
@pytest.mark.parametrize("header", ["Date", "Retry-After"])
def test_absurd_dates_are_no_error_of_ours(header: str, date: str) -> None:
    slow = http("429 Slow", b"", f"{header}: {date}")
    with raw_server(served({"/api/Tickets": slow})) as url:
        result = verify(tenant(url), only=["access.tickets", "limits"], limits=QUICK)
    assert "internal-error" not in result.codes
    assert result["access.tickets"].code in {"rate-limited", "protocol-error", "connection-reset"}
