"""The sign-in in the person's own browser: authorisation code with PKCE, sent back to this machine.

Listens on loopback for one answer. State and verifier are random and new each time; the code is never shown.
Source: wire contract 48 to 50; RFC 7636, RFC 8252.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from ..client.answers import clean
from ..client.token import SignInCode
from ..errors import ConfigError, HaloError
from ..secrets.value import Secret

PORT = 8765
REDIRECT = f"http://127.0.0.1:{PORT}/callback"
"""Has to be registered on the application, to the letter."""
OpenPage = Callable[[str], None]
_LOOK_EVERY_S = 0.25
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>halo-runbook</title>"
    "<style>body{{font:16px system-ui;margin:4rem auto;max-width:34rem;color-scheme:light dark}}</style>"
    "<h1>{heading}</h1><p>{text}</p></html>"
)


def open_in_browser(url: str) -> None:
    """Show a page in the person's browser."""
    webbrowser.open(url)


class SignInError(HaloError):
    """The sign-in in the browser came to nothing; `seen` says why."""

    def __init__(self, seen: str) -> None:
        super().__init__("sign-in", seen)

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return type(self), (self.seen,)


def sign_in(
    authorize_url: str,
    *,
    client_id: str,
    scopes: Sequence[str],
    halo_tenant: str | None,
    open_page: OpenPage,
    wait_s: float,
    stop: threading.Event,
) -> SignInCode:
    """Show HaloPSA's log-in page in the browser, and return the code that the browser brings back.

    `stop` ends the waiting.

    Raises: SignInError when it is refused, is not of this sign-in, or does not come within `wait_s` seconds;
    ConfigError when the port of the redirect is taken.
    """
    verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": REDIRECT,
        "scope": " ".join(scopes),
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    } | ({"tenant": halo_tenant} if halo_tenant else {})
    try:
        listener = _Listener(state)
    except OSError as error:
        raise ConfigError(
            f"port {PORT} of this machine, to which the browser is sent back, is taken: {error.strerror}"
        ) from None
    with listener:
        open_page(f"{authorize_url}?{urlencode(query)}")
        code = listener.wait(wait_s, stop)
    return SignInCode(code, Secret(verifier), REDIRECT)


class _Listener(ThreadingTCPServer):
    """Waits for the one answer to a sign-in; a thread a connection, so that a slow one holds nobody up.

    No name is looked up, as http.server's own would.
    """

    daemon_threads = True
    block_on_close = False

    allow_reuse_address = sys.platform != "win32"
    """On Windows it would let another process listen at the same port."""

    def __init__(self, state: str) -> None:
        super().__init__(("127.0.0.1", PORT), _Handler)
        self.state = state
        self.code: Secret | None = None
        self.problem = ""
        self.answered = threading.Event()
        """Whether the browser has its page."""

    def wait(self, wait_s: float, stop: threading.Event) -> Secret:
        """Return the code.

        Raises: SignInError.
        """
        ends_at = time.monotonic() + wait_s
        while self.code is None and not self.problem:
            self.timeout = min(_LOOK_EVERY_S, ends_at - time.monotonic())
            if stop.is_set():
                raise SignInError("the sign-in was stopped")
            if self.timeout <= 0:
                raise SignInError(
                    f"the browser did not come back within {wait_s:g} s: the window was closed, or the page "
                    f"could not be opened; is {REDIRECT} registered on the application?"
                )
            self.handle_request()
            self.answered.wait(_LOOK_EVERY_S / 5)
        self.answered.wait(_LOOK_EVERY_S * 4)
        if self.code is None:
            raise SignInError(self.problem)
        return self.code

    def handle_error(self, *_: object) -> None:
        """Say nothing of a connection that broke: its traceback would be on the person's terminal."""

    def take(self, told: dict[str, list[str]]) -> str:
        """Take what the browser was sent back with; return what is wrong with it."""
        one = {name: values[0] for name, values in told.items() if len(values) == 1}
        if not hmac.compare_digest(one.get("state", "").encode(), self.state.encode()):
            return (
                "an answer came that does not belong to this sign-in (its state is another one), so nothing "
                "of it was taken; begin again"
            )
        if "error" in told:
            why = ": ".join(clean(one[name]) for name in ("error", "error_description") if one.get(name))
            return f"the sign-in was refused: {why}"
        if not one.get("code"):
            return "the answer to the sign-in holds no code; begin again"
        self.code = Secret(one["code"])
        return ""


class _Handler(BaseHTTPRequestHandler):
    """Answers the browser; its pages hold nothing and are not kept."""

    server: _Listener
    timeout = 2
    """Seconds for one connection: a browser opens some that it never uses."""

    def do_GET(self) -> None:
        """Take the answer at the redirect's own path; anything else is not for us."""
        parts = urlsplit(self.path)
        is_ours = self.headers.get("Host") == f"127.0.0.1:{PORT}"
        if parts.path != "/callback" or not is_ours or self.server.code or self.server.problem:
            self._say(404, "Nothing here", "This page belongs to a sign-in that has ended.")
            return
        self.server.problem = self.server.take(parse_qs(parts.query, keep_blank_values=True))
        if self.server.problem:
            self._say(
                400, "Not signed in", "What went wrong stands where you began. You may close this window."
            )
        else:
            self._say(200, "Signed in", "Go on where you began. You may close this window.")
        self.server.answered.set()

    def _say(self, status: int, heading: str, text: str) -> None:
        body = _PAGE.format(heading=heading, text=text).encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write no log: the path holds the code."""
