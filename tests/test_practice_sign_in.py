"""The sign-in in a browser, as the wire contract has it (W48 to W51)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from halo_helpers.practice.control import PracticeServer, start
from halo_helpers.practice.oauth.authorize import CODE_S, SignIn
from halo_helpers.practice.serve import Options, build_realm

from .helpers.administrator import native_application
from .helpers.browser import chromium, needs_browser, new_page
from .helpers.caller import Caller
from .helpers.forms import send

REDIRECT = "http://127.0.0.1:8765/callback"


@dataclass
class Native:
    """A native application, which has no secret."""

    server: PracticeServer
    one: Caller
    client_id: str
    verifier: str

    def query(self, **changes: str) -> dict[str, str]:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        wanted = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT,
            "scope": "admin all:standard offline_access",
            "state": "s-1",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (wanted | changes).items() if value}

    def page(self, **changes: str) -> tuple[int, dict[str, str], str]:
        return send(self.server, "GET", f"/auth/authorize?{urlencode(self.query(**changes))}")

    def decide(self, decision: str = "allow", agent: str = "2", **changes: str) -> dict[str, list[str]]:
        """Decide on the page; give what the browser is sent back with."""
        csrf = re.search(r'name="csrf" value="(\w+)"', self.page()[2])
        assert csrf
        form = self.query(**changes) | {"csrf": csrf[1], "agent": agent, decision: "1"}
        status, headers, _ = send(self.server, "POST", "/auth/authorize", form)
        assert (status, headers["location"].partition("?")[0]) == (302, REDIRECT)
        return parse_qs(urlsplit(headers["location"]).query)

    def redeem(self, code: str, **changes: str) -> tuple[int, Any]:
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
        }
        status, _, answer = self.one.post(form | changes)
        return status, answer


@contextmanager
def native(*settings: str) -> Iterator[Native]:
    with start(Options(settings=list(settings), rate_limit="1000000/1")) as server:
        client_id = native_application(server)
        yield Native(server, Caller(server.base_url, server.tenants[0]), client_id, secrets.token_urlsafe(48))


@pytest.fixture(scope="module")
def app() -> Iterator[Native]:
    with native() as one:
        yield one


def test_w49_and_w50_a_code_gives_a_token_of_the_agent_who_signed_in(app: Native) -> None:
    told = app.decide()
    assert told["state"] == ["s-1"]
    status, answer = app.redeem(told["code"][0])
    assert (status, answer["scope"]) == (200, "all:standard admin offline_access")
    me = app.one.get("Agent/me", answer["access_token"])[1]
    assert (me["id"], me["is_admin"]) == (2, True)
    assert app.one.get("Application", answer["access_token"])[0] == 200


def test_w50_a_code_is_good_once_and_for_its_own(app: Native) -> None:
    code = app.decide()["code"][0]
    assert app.redeem(code)[0] == 200
    other = native_application(app.server)
    assert other != app.client_id
    for changes in (
        {"code": code},
        {"code_verifier": "wrong"},
        {"redirect_uri": "http://127.0.0.1:8765/other"},
        {"client_id": other},
    ):
        used = {"code": app.decide()["code"][0]} | changes
        status, answer = app.redeem(**used)
        assert (status, answer["error"]) == (400, "invalid_grant")


def test_w50_a_code_gets_old() -> None:
    realm, now = build_realm(Options()), [0.0]
    world = realm.worlds["practice"]
    own = world.add_application("Native", 0)
    own.method, own.redirects = "authorization-code", (REDIRECT,)
    realm.index(world)
    page = SignIn(realm, clock=lambda: now[0])
    digest = hashlib.sha256(b"v").digest()
    wish = page._wish(
        {
            "client_id": own.client_id,
            "redirect_uri": REDIRECT,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }
    )
    form = {"client_id": own.client_id, "redirect_uri": REDIRECT, "code_verifier": "v"}
    for age, good in ((CODE_S - 1, True), (CODE_S + 1, False)):
        code = page._new_code(wish, 2)  # type: ignore[arg-type]
        now[0] += age
        assert (page.redeem(form | {"code": code}) is not None) is good


def test_w49_a_refusal_and_what_cannot_be_granted_go_back(app: Native) -> None:
    told = app.decide("deny")
    assert (told["error"], told["state"]) == (["access_denied"], ["s-1"])
    for changes, error in (
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
    ):
        status, headers, _ = app.page(**changes)
        assert (status, parse_qs(urlsplit(headers["location"]).query)["error"]) == (302, [error])


def test_w49_nobody_is_sent_to_an_address_that_is_not_registered(app: Native) -> None:
    for changes in (
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:8766/callback"},
        {"client_id": "no-such-client"},
        {"client_id": app.server.tenants[0]["client_id"]},
        {"tenant": "another"},
    ):
        status, headers, text = app.page(**changes)
        assert (status, "location" in headers, "is not" in text or "may not" in text) == (400, False, True)


def test_w48_and_w49_settings() -> None:
    with native("authorize=no") as one:
        assert one.page()[0] == 404
    with native("loopback-port=any", "openid-metadata=present") as one:
        assert one.page(redirect_uri="http://127.0.0.1:9999/callback")[0] == 200
        assert one.page(redirect_uri="http://127.0.0.1:9999/else")[0] == 400
        assert one.one.send("GET", "/auth/.well-known/openid-configuration")[0] == 200
        assert one.page(tenant="undefined")[0] == 200
    with native("paths=strict", "openid-metadata=present") as one:
        assert one.one.send("GET", "/.well-known/openid-configuration")[0] == 200


@pytest.mark.parametrize(("setting", "again"), [("rotates", 400), ("stays", 200), ("none", None)])
def test_w51_a_refresh_token_changes_with_each_use(setting: str, again: int | None) -> None:
    with native(f"refresh-token={setting}") as one:
        token = one.redeem(one.decide()["code"][0])[1]["refresh_token"]
        if again is None:
            assert token is None
            return
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": one.client_id}
        status, _, answer = one.one.post(form)
        assert (status, answer["refresh_token"] == token) == (200, setting == "stays")
        assert one.one.post(form)[0] == again


def test_w51_an_application_that_may_not_stay_gets_no_refresh_token(app: Native) -> None:
    without = Native(app.server, app.one, native_application(app.server, "offline_access"), app.verifier)
    answer = without.redeem(without.decide()["code"][0])[1]
    assert (answer["scope"], answer["refresh_token"]) == ("all:standard admin", None)


@needs_browser
def test_a_person_signs_in_and_is_sent_back(app: Native) -> None:
    with chromium() as browser, new_page(browser) as page:
        page.goto(f"{app.server.base_url}/auth/authorize?{urlencode(app.query())}")
        expect(page.get_by_text("halo-runbook asks to act as you")).to_be_visible()
        with page.expect_request(f"{REDIRECT}?*") as sent:
            page.get_by_role("button", name="Sign in and allow").click()
        assert app.redeem(parse_qs(urlsplit(sent.value.url).query)["code"][0])[0] == 200
