"""Neo Agent's connection test, as far as it is known, and the webhook that it registers.

It tests four things; with which requests is not published. These are the equivalent that the facts give.
Source: facts 1.5, 1.6.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from ..seed.values import Record
from ..wire import Answer, Ask, parse_query
from ..world.scopes import SCOPES_OF_NEO
from ..world.webhooks import of_neo_agent

Api = Callable[[Ask], Answer]
"""Answers a request of a program, as the server does for one that comes over the network."""
TESTS = (
    "Log in with Client ID and Client Secret",
    "Reach the HaloPSA API",
    "Read tickets",
    "Act as the agent",
)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class FourValues:
    """What is entered in Neo Agent."""

    client_id: str
    client_secret: str = field(repr=False)
    base_url: str
    agent_id: str
    """The number, or the username."""


@dataclass(frozen=True)
class Outcome:
    """What one of the four tests saw; `passed` is None for one that was not reached."""

    title: str
    passed: bool | None
    seen: str


class RefusedError(Exception):
    """HaloPSA did not answer as hoped; the message is what Neo Agent tells."""


def run_tests(values: FourValues, api: Api, origin: str) -> list[Outcome]:
    """Return what each test saw. Requests go to this server only, at `origin`."""
    client = _Client(values, api, origin)
    outcomes: list[Outcome] = []
    for title, test in zip(TESTS, (client.log_in, client.reach, client.read, client.act), strict=True):
        if outcomes and not outcomes[-1].passed:
            outcomes.append(Outcome(title, None, "not reached"))
            continue
        try:
            outcomes.append(Outcome(title, True, test()))
        except RefusedError as error:
            outcomes.append(Outcome(title, False, str(error)))
    return outcomes


def connect(values: FourValues, api: Api, origin: str) -> str:
    """Register Neo Agent's webhook unless it is there, and return what was done.

    Raises: RefusedError when HaloPSA does not let it.
    """
    client = _Client(values, api, origin)
    client.log_in()
    ours = of_neo_agent()
    listed = client.rows("/api/Webhook")
    if any(row.get("url") == ours.url for row in listed):
        return f"The webhook “{ours.name}” was there already."
    events = [{"name": name} for name in ours.events]
    client.send("/api/Webhook", [{"name": ours.name, "url": ours.url, "active": True, "events": events}])
    return f"The webhook “{ours.name}” is registered."


class _Client:
    """A client of the API with the four values; it asks this server without a network between."""

    def __init__(self, values: FourValues, api: Api, origin: str) -> None:
        self._values, self._api, self._origin = values, api, origin
        self._token = ""
        self._own_id = ""

    def log_in(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._values.client_id,
            "client_secret": self._values.client_secret,
            "scope": " ".join(SCOPES_OF_NEO),
        }
        kind = {"content-type": "application/x-www-form-urlencoded"}
        answer = self._ask("POST", "/auth/token", kind, urlencode(form).encode())
        self._token = str(answer["access_token"]) if isinstance(answer, dict) else ""
        return "a token was given"

    def reach(self) -> str:
        me = self._one("/api/Agent/me")
        self._own_id = str(me["id"])
        return f"it answers, and knows the log-in as {me['name']}"

    def read(self) -> str:
        self.rows("/api/Tickets?pageinate=true&page_size=1&page_no=1")
        return "tickets are readable"

    def act(self) -> str:
        wanted = self._values.agent_id
        if not wanted.isdecimal():
            named = (row for row in self.rows("/api/Agent") if str(row["name"]).lower() == wanted.lower())
            found = next(named, None)
            if found is None:
                raise RefusedError(f"no agent is called {wanted}")
            wanted = str(found["id"])
        name = self._one(f"/api/Agent/{wanted}")["name"]
        if wanted.lstrip("0") != self._own_id:
            raise RefusedError(f"cannot act as {name} ({wanted})")
        return f"acts as {name} ({wanted})"

    def rows(self, path: str) -> list[Record]:
        """Return the rows of a list, whichever envelope it comes in."""
        value = self._ask("GET", path, {})
        lists = (
            [value] if isinstance(value, list) else [one for one in value.values() if isinstance(one, list)]
        )
        return [row for row in lists[0] if isinstance(row, dict)] if lists else []

    def _one(self, path: str) -> Record:
        value = self._ask("GET", path, {})
        return value if isinstance(value, dict) else {}

    def send(self, path: str, rows: list[Record]) -> None:
        self._ask("POST", path, {"content-type": "application/json"}, json.dumps(rows).encode())

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> Record | list[object]:
        """Return what a request is answered with.

        Raises: RefusedError with the status, and the error's name where one is given.
        """
        below = self._below()
        route, _, query = path.partition("?")
        if self._token:
            headers = headers | {"authorization": f"Bearer {self._token}"}
        answer = self._api(
            Ask(method, below + route, self._origin, parse_query(query.encode()), headers, body)
        )
        try:
            value: Record | list[object] = json.loads(answer.body)
        except ValueError:
            value = {}
        if answer.close or answer.status >= 400 or value == {}:
            error = value.get("error") if isinstance(value, dict) else None
            what = "the connection was closed" if answer.close else f"HaloPSA answered {answer.status}"
            raise RefusedError(f"{what} ({error})" if error else what)
        return value

    def _below(self) -> str:
        """Return what the base URL has behind the host: Neo Agent puts its paths behind that.

        Raises: RefusedError for an address of another server.
        """
        try:
            wanted, own = urlsplit(self._values.base_url), urlsplit(self._origin)
            hosts = {one if one not in _LOOPBACK else "loopback" for one in (wanted.hostname, own.hostname)}
            same = wanted.scheme == own.scheme and wanted.port == own.port and len(hosts) == 1
        except ValueError:
            same = False
        if not same:
            raise RefusedError("nobody answers at this base URL: the practice asks its own server only")
        return wanted.path
