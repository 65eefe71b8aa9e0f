"""The sign-in in a real browser: each way that it can end is one clear line, and nothing of it is left."""

from __future__ import annotations

import contextlib
import re
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from halo_helpers.admin.access import NoAdministratorError, SignIn, signed_in
from halo_helpers.admin.reading.inspection import inspect_as
from halo_helpers.admin.sign_in import PORT, REDIRECT, SignInError
from halo_helpers.errors import ConfigError, HaloError
from halo_helpers.practice.control import start
from halo_helpers.practice.serve import Options
from halo_helpers.system.files import locked
from halo_helpers.tenants.tenant import Tenant

from .helpers.administrator import Instance, native_application
from .helpers.browser import CHROMIUM, WAITS_MS, needs_browser

Show = Callable[[str], None]


@pytest.fixture(scope="module")
def one() -> Iterator[Instance]:
    with start(Options(rate_limit="1000000/1")) as server:
        yield Instance.fresh(server)


@pytest.fixture(scope="module")
def client_id(one: Instance) -> str:
    return native_application(one.server)


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """The port is one for all of the machine's tests."""
    with locked(Path(tempfile.gettempdir()) / f"halo-runbook-tests-{PORT}.lock"):
        yield


class Browser:
    """Shows the log-in page in Chromium, with a profile in a folder, and does something there."""

    def __init__(self, profile: Path, do: Callable[[Page], None]) -> None:
        self.profile, self.do = profile, do
        self.text = self.storage = self.shown_at = ""
        self._thread = threading.Thread(target=self._browse)
        self._url = ""

    def show(self, url: str) -> None:
        self._url = url
        self._thread.start()

    def wait(self) -> None:
        self._thread.join(WAITS_MS / 1000)
        assert not self._thread.is_alive()

    def _browse(self) -> None:
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                self.profile, executable_path=CHROMIUM, args=["--no-sandbox"]
            )
            page = context.pages[0]
            page.goto(self._url)
            self.do(page)
            self.text, self.shown_at = page.content(), page.url
            self.storage = str(context.storage_state())
            context.close()


def allow(page: Page) -> None:
    page.get_by_label("Agent").select_option("2")
    page.get_by_role("button", name="Sign in and allow").click()
    expect(page.get_by_role("heading", name="Signed in")).to_be_visible()


def read_or_nothing(path: Path) -> bytes:
    """Read a file of a process that may have ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def enter(tenant: Tenant, how: SignIn) -> None:
    """Sign in, and do nothing."""
    with signed_in(tenant, how):
        pass


@needs_browser
def test_signed_in_it_inspects_and_leaves_nothing(
    one: Instance, client_id: str, tmp_path: Path, own_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    browser = Browser(tmp_path / "profile", allow)
    with signed_in(one.tenant, SignIn(client_id, open_page=browser.show, wait_s=20)) as who:
        browser.wait()
        token = who.token().reveal()
        assert (who.way, who.agent and who.agent.id) == ("browser", 2)
        assert set(who.scopes or ()) == {"admin", "all:standard", "all:teams", "admin:webhooks"}
        assert inspect_as(one.tenant, who).joined.verdict == "pass"
        running = b"".join(map(read_or_nothing, Path("/proc").glob("[0-9]*/cmdline")))
    code = parse_qs(urlsplit(browser.shown_at).query)["code"][0]
    kept = [path for folder in (tmp_path, own_home) for path in folder.rglob("*") if path.is_file()]
    left = b"".join(map(Path.read_bytes, kept)) + running + caplog.text.encode()
    assert token.encode() not in left
    assert code.encode() not in running + caplog.text.encode()
    assert token not in browser.text + browser.storage
    assert code not in browser.text + browser.storage


@needs_browser
def test_who_denies_is_told_so(one: Instance, client_id: str, tmp_path: Path) -> None:
    def deny(page: Page) -> None:
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()

    browser = Browser(tmp_path / "profile", deny)
    with pytest.raises(SignInError, match="refused: access_denied: The authorization was denied"):
        enter(one.tenant, SignIn(client_id, open_page=browser.show, wait_s=20))
    browser.wait()


@needs_browser
def test_somebody_who_is_no_administrator(one: Instance, client_id: str, tmp_path: Path) -> None:
    def as_neo(page: Page) -> None:
        page.get_by_label("Agent").select_option("27")
        page.get_by_role("button", name="Sign in and allow").click()
        page.wait_for_url("**/callback**")

    browser = Browser(tmp_path / "profile", as_neo)
    with pytest.raises(NoAdministratorError, match=r"Neo Agent \(ID 27\) is no administrator"):
        enter(one.tenant, SignIn(client_id, open_page=browser.show, wait_s=20))
    browser.wait()


@needs_browser
def test_a_closed_window_and_a_redirect_that_is_not_registered(one: Instance, tmp_path: Path) -> None:
    """HaloPSA sends nobody back: its own page says why, and here it is the time that ends."""
    other = native_application(one.server, redirect=f"http://127.0.0.1:{PORT + 1}/callback")
    browser = Browser(
        tmp_path / "profile", lambda page: expect(page.locator("body")).to_contain_text("redirect")
    )
    with pytest.raises(SignInError, match=r"did not come back within 2 s: .*registered"):
        enter(one.tenant, SignIn(other, open_page=browser.show, wait_s=2))
    browser.wait()


@needs_browser
def test_somebody_elses_redirect_in_the_same_browser(one: Instance, client_id: str, tmp_path: Path) -> None:
    def elsewhere(page: Page) -> None:
        page.goto(f"{REDIRECT}?code=somebody-elses&state=another")
        expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()

    browser = Browser(tmp_path / "profile", elsewhere)
    with pytest.raises(SignInError, match="does not belong to this sign-in"):
        enter(one.tenant, SignIn(client_id, open_page=browser.show, wait_s=20))
    browser.wait()


def answered(query: str, **headers: str) -> Show:
    """Give somebody who calls the redirect himself, with a query made of the true state."""

    def show(url: str) -> None:
        state = parse_qs(urlsplit(url).query)["state"][0]
        ask = Request(f"{REDIRECT}?{query.format(state=state)}", headers=headers)

        def call() -> None:
            with contextlib.suppress(OSError):
                urlopen(ask, timeout=5).read()

        threading.Thread(target=call).start()

    return show


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("code=x&state=another", "does not belong to this sign-in"),
        ("code=x", "does not belong to this sign-in"),
        ("code=x&state={state}&state={state}", "does not belong to this sign-in"),
        ("state={state}", "holds no code"),
        ("state={state}&code=", "holds no code"),
        ("state={state}&error=server_error&error_description=<b>x</b>", "refused: server_error"),
        ("state={state}&code=nobody-gave-this", "sign-in was refused"),
    ],
)
def test_an_answer_by_somebody_else(one: Instance, client_id: str, query: str, words: str) -> None:
    with pytest.raises((SignInError, NoAdministratorError), match=words):
        enter(one.tenant, SignIn(client_id, open_page=answered(query), wait_s=5))


def test_a_page_of_another_name_is_not_heard(one: Instance, client_id: str) -> None:
    """By DNS rebinding a page could call the port under its own name."""
    show = answered("code=x&state={state}", Host="evil.example")
    with pytest.raises(SignInError, match="did not come back"):
        enter(one.tenant, SignIn(client_id, open_page=show, wait_s=1))


def test_the_port_is_taken(one: Instance, client_id: str) -> None:
    with (
        socket.create_server(("127.0.0.1", PORT)),
        pytest.raises(ConfigError, match=f"port {PORT} .* is taken"),
    ):
        enter(one.tenant, SignIn(client_id, open_page=lambda _: None))


def test_state_and_verifier_are_new_each_time(one: Instance, client_id: str) -> None:
    shown: list[str] = []
    for _ in range(2):
        with (
            pytest.raises(HaloError),
            signed_in(one.tenant, SignIn(client_id, open_page=shown.append, wait_s=0.1)),
        ):
            pass
    queries = [parse_qs(urlsplit(url).query) for url in shown]
    for name in ("state", "code_challenge"):
        assert len({query[name][0] for query in queries}) == 2
    assert not re.search("verifier|secret", shown[0])
