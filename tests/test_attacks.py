"""What a server or a foreign file may try: none of it costs a secret, a wrong word or the machine."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mistune
import pytest
from markdown_it import MarkdownIt

from halo_helpers import verify
from halo_helpers.checks.findings import BROKEN
from halo_helpers.client.answers import clean
from halo_helpers.client.limits import Limits
from halo_helpers.errors import ConfigError
from halo_helpers.report import find_run, load_run, to_csv, to_html, to_junit, verification_text
from halo_helpers.report.evidence import evidence_html
from halo_helpers.secrets.redaction import remember
from halo_helpers.system.plain_text import as_markdown, plain_text
from halo_helpers.verification.result import Verification

from .helpers.halopsa import ID, QUICK, SECRET, TOKEN, api, body, tenant
from .helpers.raw_server import http, raw_server

ME = {"id": 27, "name": "Neo", "teams": [{"team_name": "Desk"}], "roles": [{"name": "1st"}], "workday_id": 1}
KNOWN = {
    "/api/authinfo": body({"tenant_id": "acme"}),
    "/api/InstanceInfo": body({"app_version": "2.1", "app_name": "Halo PSA"}),
    "/auth/token": TOKEN,
    "/api/Agent/me": body(ME),
    "/api/Agent": body([ME]),
}
MIB = 1024 * 1024
DATA = Path(__file__).parent / "data"


def served(answers: dict[str, bytes]) -> Callable[[socket.socket, bytes], None]:
    """Answer as told, and as a healthy tenant for the rest; the longest path that fits decides."""
    return api(dict(sorted((KNOWN | answers).items(), key=lambda pair: -len(pair[0]))))


# --- texts ---

EVIL = (
    "Neo\x1b[2J\x1b]0;owned\x07\x9b31m\r\nPASS  all is well\u202e gpj\u200bx\ufeff\u2066\u2028\ud800\x00\x7f"
    "\ue000\U000e0041"
)
PLAIN = "Neo PASS all is well gpjx"
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
    for letter in ("\u200b", "\x1b[0m", "\u202e"):
        assert SECRET[:20] not in clean(letter.join(SECRET))
        hidden = letter.join(SECRET)
        with raw_server(served(names_everywhere(hidden))) as url:
            result = verify(tenant(url), limits=QUICK)
        kept = json.dumps(result.as_json()) + evidence_html(result)
        assert SECRET[:20] not in kept


# --- numbers and dates ---

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


# --- amounts ---

DEEP = b"[" * 200_000 + b"]" * 200_000


def big(value: bytes, times: int) -> bytes:
    return http("200 OK", b"[" + b",".join([value] * times) + b"]", "Content-Type: application/json")


def token(**fields: object) -> bytes:
    return body({"access_token": "a-token-of-some-length", "expires_in": 3600} | fields)


TOO_MUCH: dict[str, tuple[dict[str, bytes], str, str]] = {
    "a token of 40 KiB": (
        {"/auth/token": token(access_token="x" * 40_000)},
        "token.grant",
        "token-malformed",
    ),
    "60,000 rows": ({"/api/Agent?": big(b'{"id":1}', 60_000)}, "identity.listed", "response-too-large"),
    "a million empty rows": ({"/api/Agent?": big(b"{}", 1_000_000)}, "identity.listed", "response-too-large"),
    "values in one row": (
        {"/api/Agent/me": http("200 OK", b'{"id":1,"x":{"y":[' + b"1," * 1_100_000 + b"1]}}")},
        "identity.login",
        "response-too-large",
    ),
    "a deep one": ({"/api/Agent/me": http("200 OK", DEEP)}, "identity.login", "bad-json"),
    "packed twice": (
        {
            "/api/authinfo": http(
                "200 OK", gzip.compress(gzip.compress(b"{}")), "Content-Encoding: gzip, gzip"
            )
        },
        "address.reach",
        "protocol-error",
    ),
    "a bomb": (
        {"/api/authinfo": http("200 OK", zlib.compress(b"\0" * 200 * MIB), "Content-Encoding: deflate")},
        "address.reach",
        "response-too-large",
    ),
}


@pytest.mark.parametrize("how", TOO_MUCH)
def test_too_much_is_a_finding(how: str) -> None:
    answers, check_id, code = TOO_MUCH[how]
    with raw_server(served(answers)) as url:
        result = verify(tenant(url), only=[check_id], limits=Limits(total_s=20))
    assert result[check_id].code == code
    assert "internal-error" not in result.codes


def test_a_thousand_scopes_are_a_hundred() -> None:
    scopes = " ".join(["all:standard", *(f"read:x{n}" for n in range(1000))])
    with raw_server(served({"/auth/token": token(scope=scopes)})) as url:
        result = verify(tenant(url), only=["token.scopes"])
    assert len(result.scopes["granted"]) == 100


def test_all_answers_together_have_a_cap() -> None:
    """Each list is below the cap of one answer; a tenant's are not."""
    rows = body([{"id": 1, "x": "y" * 3 * MIB}])
    limits = Limits(tenant_bytes=20 * MIB)
    with raw_server(served(KNOWN | {"/api/": rows})) as url:
        result = verify(tenant(url), limits=limits)
    assert "response-too-large" in result.codes
    assert "internal-error" not in result.codes


WORST: dict[str, bytes] = {
    "rows of a pair": big(b'{"a":1}', 2 * MIB),
    "lists": big(b"[]", 5 * MIB),
    "letters of four bytes": body({"x": "😀" + "y" * 15 * MIB}),
    "a long name": body([ME | {"name": "\u202e\x1b[" * 3 * MIB}]),
    "a long page": http("500 No", b"<html><title>" + b"<title" * 2 * MIB),
    "not closed": http("200 OK", b'{"a":"' + b"\\u0000" * 2 * MIB),
}


MEASURED = """
import atexit, pathlib, sys
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: print(status.read_text().partition("VmHWM:")[2].partition("\\n")[0], file=sys.stderr))
from halo_helpers.cli import main
main()
"""
"""The command line, which says at its end how much memory it has held at most."""


@pytest.mark.parametrize("how", WORST)
def test_one_check_stays_small_and_ends(how: str, tmp_path: Path) -> None:
    """Every route answers with it, as often as it is asked: below 300 MiB, and done in its time."""
    with raw_server(served(KNOWN | {"/api/": WORST[how]})) as url:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, "check", "--base-url", url, "--client-id", ID, "--json"],
            capture_output=True,
            env=os.environ | {"HALO_CLIENT_SECRET": SECRET, "HALO_RUNBOOK_HOME": str(tmp_path)},
            check=False,
        )
    assert time.monotonic() - started < Limits().total_s + 5
    assert int(done.stderr.split()[-2]) / 1024 < 300, done.stderr
    result = Verification.from_json(json.loads(done.stdout))
    assert "internal-error" not in result.codes
    assert result.verdict in BROKEN


# --- the exchange ---


def raw(data: bytes) -> Callable[[socket.socket, bytes], None]:
    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(data)

    return script


SPLIT = {
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + b" " * 38,
    "a length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    ),
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
    "a header with a line break": b"HTTP/1.1 200 OK\r\nX: a\n\rb\r\nContent-Length: 2\r\n\r\n{}",
    "a header of 200 KiB": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    "ten thousand headers": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 10_000 + b"\r\n{}",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a status of five digits": b"HTTP/1.1 20000 OK\r\n\r\n",
    "an endless 100": b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
}


@pytest.mark.parametrize("how", SPLIT)
def test_answers_that_break_http_are_findings(how: str) -> None:
    with raw_server(raw(SPLIT[how])) as url:
        result = verify(tenant(url), limits=QUICK)
    assert result.verdict in BROKEN
    assert "internal-error" not in result.codes
    assert result["token.grant"].verdict == "skip"


def test_a_smuggled_second_answer_is_not_taken_for_the_next_one() -> None:
    """Behind the answer to authinfo stands a token that nobody asked for."""
    asked: list[bytes] = []

    def script(connection: socket.socket, head: bytes) -> None:
        asked.append(head)
        first = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        connection.sendall(
            first + b"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n" + b'{"access_token":"smuggle"}'
        )
        connection.recv(1)

    with raw_server(script) as url:
        result = verify(tenant(url), limits=QUICK)
    assert result["token.grant"].verdict != "pass"
    assert not any(SECRET.encode() in head for head in asked)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Again", "308 For good"])
def test_credentials_follow_no_redirect(status: str) -> None:
    """The token endpoint and the API lead on to another host: nothing is sent there."""
    elsewhere: list[bytes] = []
    with raw_server(api({}, elsewhere)) as other:
        moved = http(status, b"", f"Location: {other}/auth/token")
        for path in ("/auth/token", "/api/Agent/me"):
            with raw_server(served({path: moved})) as url:
                result = verify(tenant(url), only=["identity.login"], limits=QUICK)
            assert result.codes == ["redirected"]
    assert elsewhere == []


@pytest.mark.parametrize(
    "auth_url",
    [
        "https://acme.halopsa.com@evil.example/auth",
        "http://evil.example/auth",
        "//evil.example/auth",
        "file:///etc/passwd",
        "https:///auth",
        "https://[::1/auth",
        "https://evil.example:99999/auth",
        "javascript:alert(1)",
        "HTTPS://user:pass@evil.example",
        "https://evil.example\r\nX: y",
    ],
)
def test_credentials_go_to_no_odd_authorisation_server(auth_url: str) -> None:
    named = body({"auth_url": auth_url, "tenant_id": "a"})
    with raw_server(served({"/api/authinfo": named})) as url:
        result = verify(tenant(url), only=["token.grant"], limits=QUICK)
    assert result["token.grant"].verdict != "pass"
    assert set(result.codes) & {"redirected", "not-halopsa", "url-malformed"}


@pytest.mark.parametrize(
    "base_url",
    [
        "https://user:password@acme.halopsa.com",
        "https://acme.halopsa.com@evil.example",
        "https://аcme.halopsa.com",  # the first letter is Cyrillic
        "https://acme。halopsa.com",
        "https://acme.halopsa.com\\@evil.example",
        "https://acme.halopsa.com#@evil.example/",
        "https://acme.halopsa.com?@evil.example/",
        "https://ac\u200bme.halopsa.com",
        "https://acme.halopsa.com\n.evil.example",
        "https://0x7f000001",
        "https://acme.halopsa.com.",
    ],
)
def test_a_host_is_what_it_looks_like(base_url: str) -> None:
    """It is refused, or what is asked is shown in plain letters; nobody is asked whom the text hides."""
    result = verify(tenant(base_url), only=["address.url"])
    found = result["address.url"]
    used = found.seen.rpartition("used: ")[2] if found.verdict != "fail" else ""
    assert "evil.example" not in used
    assert used.isascii()


# --- forged files ---


def forged(**changes: Any) -> dict[str, Any]:
    with raw_server(api(KNOWN)) as url:
        value = verify(tenant(url), limits=QUICK).as_json()
    return value | changes


def test_a_forged_result_steers_nothing(tmp_path: Path) -> None:
    """A run's files may come from anybody: texts are made plain, and types that cannot be are refused."""
    value = forged(tenant=EVIL, label=EVIL, owner=EVIL, base_url=EVIL)
    value["checks"][0] |= {"seen": EVIL, "title": EVIL, "verdict": "fail"}
    value["checks"][0]["findings"] = [
        {
            "code": "x" + EVIL,
            "verdict": "fail",
            "seen": EVIL,
            "cause": EVIL,
            "remedy": EVIL,
            "step": None,
            "fixer": "us",
        }
    ]
    result = Verification.from_json(value)
    text = verification_text(result) + evidence_html(result)
    assert PLAIN in text
    assert all(letter.isprintable() or letter == "\n" for letter in text)


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": 5},
        {"tenant": None},
        {"checks": None},
        {"checks": [1]},
        {"agent": 7},
        {"started_at": "x"},
        {"checks": [{"id": "a"}]},
        {"base_url": {}},
        {"label": []},
        {"schema": "other/1"},
    ],
)
def test_a_damaged_result_is_refused_in_words(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="halo-runbook/verification/1"):
        Verification.from_json(forged() | changes)


def test_a_run_that_points_elsewhere_reads_nothing_there(tmp_path: Path) -> None:
    """A name in run.json that is a path, and a `latest` that leads out of the folder."""
    (tmp_path / "stolen.json").write_text(json.dumps(forged(tenant="stolen")))
    run = tmp_path / "runs" / "20260101T000000Z-abcd"
    shutil.copytree(DATA / "run-of-the-version-before", run)
    value = json.loads((run / "run.json").read_text())
    value["tenants"][0]["name"] = "../../stolen"
    (run / "run.json").write_text(json.dumps(value))
    with pytest.raises(ConfigError, match="is no run"):
        load_run(run)
    (tmp_path / "runs" / "latest").write_text("../../elsewhere")
    shutil.copytree(DATA / "run-of-the-version-before", tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="no run is found"):
        find_run("latest", tmp_path / "runs")


def test_a_forged_manifest_steers_nothing(tmp_path: Path) -> None:
    run = tmp_path / "20260101T000000Z-abcd"
    shutil.copytree(DATA / "run-of-the-version-before", run)
    value = json.loads((run / "run.json").read_text())
    value |= {"warnings": [EVIL], "version": EVIL, "id": EVIL}
    value["tenants"][0] |= {"label": EVIL, "owner": EVIL}
    (run / "run.json").write_text(json.dumps(value))
    manifest = load_run(run).manifest
    assert manifest.warnings == (PLAIN,)
    assert (manifest.tenants[0].label, manifest.tenants[0].owner) == (PLAIN, PLAIN)
    shown = to_html(load_run(run).results, manifest) + json.dumps(manifest.as_json(), ensure_ascii=False)
    assert all(letter.isprintable() or letter == "\n" for letter in shown)
