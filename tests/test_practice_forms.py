"""Forms of the practice tenant's screens: whose they are, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from halo_helpers.practice.control import PracticeServer, start
from halo_helpers.practice.screens.forms import Form
from halo_helpers.practice.screens.pages import Screens
from halo_helpers.practice.screens.sign_in import Session
from halo_helpers.practice.serve import Options, build_realm
from halo_helpers.practice.wire import Ask

from .helpers.forms import send, signed_in


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    with start() as running:
        yield running


def test_forms_of_other_sites_are_refused(server: PracticeServer) -> None:
    cookie, token = signed_in(server)
    form = {"name": "Mallory", "csrf": token}
    for path in ("/config/agents/new", "/signin", "/practice"):
        assert send(server, "POST", path, form, Cookie=cookie, Origin="https://evil.example")[0] == 403
        assert send(server, "POST", path, form, Cookie=cookie, Origin="null")[0] == 403
    assert send(server, "POST", "/config/agents/new", form | {"csrf": "x"}, Cookie=cookie)[0] == 403
    assert send(server, "POST", "/practice", {"tenant": "a", "scenario": "healthy", "csrf": token})[0] == 403
    assert send(server, "GET", "/config", Host="evil.example")[0] == 421
    assert send(server, "POST", "/config/agents/new", form, Cookie=cookie, Origin=server.base_url)[0] == 303


def test_pages_are_not_kept_framed_or_scripted(server: PracticeServer) -> None:
    headers = send(server, "GET", "/")[1]
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_what_is_typed_is_text_everywhere(server: PracticeServer) -> None:
    cookie, token = signed_in(server)
    form = {"name": "<script>alert(1)</script>", "csrf": token, "active": "1"}
    target = send(server, "POST", "/config/agents/new", form, Cookie=cookie)[1]["location"]
    for path in (target, "/config/agents", "/config/integrations/api/applications/new"):
        text = send(server, "GET", path, Cookie=cookie)[2]
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text


def test_without_signing_in_every_screen_is_the_sign_in(server: PracticeServer) -> None:
    for cookie in (
        "",
        "halo_practice_1=practice.x",
        f"halo_practice_{urlsplit(server.base_url).port}=practice.00",
        "é=;;,",
    ):
        assert "Sign in" in send(server, "GET", "/config/agents", Cookie=cookie.encode().decode("latin-1"))[2]
    assert send(server, "DELETE", "/config")[0] == 405


FIELDS = st.sampled_from(
    [
        "name",
        "email",
        "role",
        "team-1",
        "active",
        "workday",
        "method",
        "login_type",
        "agent",
        "scope-all",
        "tenant",
        "scenario",
    ]
)

VALUES = st.sampled_from(
    ["", "1", "-1", "²", "9" * 12, "9" * 5000, "agent", "client-credentials", "healthy", "é\x00"]
) | st.text(max_size=12)

PATHS = st.sampled_from(
    [
        "/config/agents/new",
        "/config/agents/27",
        "/config/agents/²",
        "/config/integrations/api/applications/new",
        "/practice",
        "/signin",
        "/config/integrations/api/applications/x",
        "/config/integrations/api/applications/new?draft=x",
        "/config/x",
        "/config/agents/1/2",
    ]
)


@example(path="/config/agents/new", form={"name": "x", "role": "9" * 5000}, method="POST")
@given(path=PATHS, form=st.dictionaries(FIELDS, VALUES, max_size=6), method=st.sampled_from(["GET", "POST"]))
@settings(max_examples=150)
def test_no_form_makes_it_fail(path: str, form: dict[str, str], method: str) -> None:
    with_token = Form(form, method == "POST")
    realm = build_realm(Options())
    screens = Screens(realm)
    ask_ = Ask(
        method,
        path,
        "http://127.0.0.1:1",
        {"search": form.get("name", "")},
        {},
        urlencode(form).encode("utf-8", "replace"),
    )
    assert screens.answer(ask_).status < 500
    parts = tuple(part for part in path.split("/") if part)
    assert screens._screen(ask_, Session(realm.worlds["practice"], "x"), parts[1:], with_token).status < 500


@pytest.mark.parametrize(
    ("target", "led_to"),
    [
        ("/config/agents/new", "/config/agents/new"),
        ("/config/integrations/api/applications", "/config/integrations/api/applications"),
        ("//evil.example/config", "/config"),
        ("https://evil.example/config", "/config"),
        ("/config/agents/../../x", "/config"),
        ("/config\r\nset-cookie: a=b", "/config"),
        ("", "/config"),
    ],
)
def test_signing_in_leads_to_where_a_link_led_and_nowhere_else(
    server: PracticeServer, target: str, led_to: str
) -> None:
    page = send(server, "GET", "/config/agents/new?tenant=practice")[2]
    assert 'name="target" value="/config/agents/new"' in page
    assert "<option selected>practice</option>" in page
    status, headers, _ = send(server, "POST", "/signin", {"tenant": "practice", "target": target})
    assert (status, headers["location"]) == (303, led_to)
