"""The one door of a practice server: guards, recording, throttling and routing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from .api import resources as api
from .api import token_endpoint as auth
from .scenarios import SCENARIOS, put_in_scenario
from .screens.pages import Screens
from .seed.tenant_data import Record
from .wire import HTML, TEXT, Answer, Ask, as_json, empty, parse_query
from .world.world import Realm, Seen, World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY = 64 * 1024
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
CONTROL_HEADER = "x-halo-practice"
"""Needed for `/practice/…`: a page in a browser cannot send it to another origin without being allowed to."""

_SCREENS = frozenset({"config", "signin", "signout", "practice"})
"""What the first part of a path is, where a screen is meant."""
_MARK = [("x-practice-tenant", "1")]
_MAINTENANCE = (
    "<!doctype html><html lang=en><title>Down for maintenance</title>"
    "<h1>Practice tenant: HaloPSA is being upgraded</h1><p>Please try again later.</html>"
)
_LOGIN = (
    "<!doctype html><html lang=en><title>Log in</title><h1>Practice tenant: log in</h1>"
    "<form method=post><label>Username <input name=username></label></form></html>"
)


class Door:
    """The ASGI application."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
        self._screens = Screens(realm)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        host = headers.get("host", "")
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if name.lower() not in LOOPBACK:
            await _send(Answer(421, b"This practice server answers on loopback names only.\n", TEXT), send)
            return
        body = await _body(receive) if scope["method"] not in {"GET", "HEAD"} else b""
        ask = Ask(
            scope["method"],
            scope["path"],
            f"{scope['scheme']}://{host}",
            parse_query(scope["query_string"]),
            headers,
            body or b"",
        )
        if body is None:
            answer: Answer = Answer(413, b"Too large.\n", TEXT)
        elif ask.path.startswith("/practice/"):
            answer = self._own(ask)
        elif ask.path == "/" or ask.path.strip("/").partition("/")[0] in _SCREENS:
            answer = self._screens.answer(ask)
        else:
            world = self._world(ask)
            if world is not None and world.settings.latency_ms != "0":
                await asyncio.sleep(int(world.settings.latency_ms) / 1000)
            answer = self._answer(ask, world)
            self._record(ask, world, answer)
            await _send(answer, send, ahead_s=world.clock_ahead_s if world else 0)
            return
        await _send(answer, send)

    # --- the imitated system ---

    def _world(self, ask: Ask) -> World | None:
        """Find the world that a request is for: by its token, its Client ID or its `tenant`."""
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            grant = self.realm.read(token.strip())
            if grant is not None:
                return self.realm.worlds[grant.world]
        form = parse_query(ask.body) if ask.method == "POST" else {}
        tenant = ask.query.get("tenant") or form.get("tenant")
        if tenant not in (None, "", "undefined"):
            return self.realm.world_of_tenant(tenant)
        client_id = auth.client_id_of(ask)
        return (self.realm.world_of_client(client_id) if client_id else None) or self.realm.default

    def _answer(self, ask: Ask, world: World | None) -> Answer:
        settings = (world or next(iter(self.realm.worlds.values()))).settings
        path = _route(ask.path, strict=settings.paths == "strict")
        if world is not None:
            fronted = _front(world)
            if fronted is not None:
                return fronted
            wait = world.throttle.take(*settings.limit)
            if wait is not None:
                return _too_many(world, wait)
        if path == "/auth/token":
            return auth.token(self.realm, ask, world if _told(ask) else None)
        if path == "/api/authinfo":
            return api.auth_info(world, settings, ask.origin)
        if path == "/api/instanceinfo":
            return api.instance_info(world, ask.origin)
        if path == "/api/health":
            return api.health()
        if not path.startswith("/api/"):
            return empty(404)
        return self._resource(ask, path)

    def _resource(self, ask: Ask, path: str) -> Answer:
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        grant = self.realm.read(token.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            known = self.realm.default or next(iter(self.realm.worlds.values()))
            return api.bad_token(known.settings)
        return api.serve(self.realm.worlds[grant.world], grant, ask, path.split("/")[2:])

    def _record(self, ask: Ask, world: World | None, answer: Answer) -> None:
        seen = Seen(
            ask.method, ask.path, answer.status, time.time(), ask.headers.get("host", ""), tuple(ask.query)
        )
        (self.realm.unrouted if world is None else world.seen).append(seen)

    # --- what belongs to the practice server itself ---

    def _own(self, ask: Ask) -> Answer:
        if CONTROL_HEADER not in ask.headers:
            return as_json({"error": f"send the header {CONTROL_HEADER}"}, 403)
        parts = ask.path.strip("/").split("/")[1:]
        if parts == ["tenants"] and ask.method == "GET":
            return as_json(
                {"practice": True, "tenants": [ready(self.realm, name) for name in self.realm.worlds]}
            )
        if len(parts) == 3 and parts[0] == "tenants":
            return self._control(ask, parts[1], parts[2])
        return empty(404)

    def _control(self, ask: Ask, name: str, what: str) -> Answer:
        """Answer which requests a tenant saw; put one into a scenario, again or anew, or make one in it."""
        world = self.realm.worlds.get(name)
        if what == "requests" and ask.method == "GET":
            return (
                empty(404)
                if world is None
                else as_json({"requests": [seen.as_json() for seen in world.seen]})
            )
        if what == "scenario" and ask.method == "POST":
            try:
                put_in_scenario(
                    self.realm, name, ask.query.get("name", self.realm.scenarios.get(name, "healthy"))
                )
            except ValueError as error:
                return as_json({"error": str(error)}, 400)
            return as_json(ready(self.realm, name))
        return empty(405)


def ready(realm: Realm, name: str) -> Record:
    """Return what the person setting this tenant up would have noted: one entry of the ready line.

    Shape: name, tenant, client_id, client_secret, agent_id, scenario, expect (design, section 5).
    """
    world = realm.worlds[name]
    scenario = realm.scenarios.get(name, "healthy")
    noted = world.handed_over
    return {
        "name": name,
        "tenant": noted.get("tenant", world.halo_tenant),
        "client_id": noted.get("client_id", world.neo.client_id),
        "client_secret": noted.get("client_secret", world.neo.secret),
        "agent_id": world.agent_id,
        "scenario": scenario,
        "expect": list(SCENARIOS[scenario].expect),
    }


def _route(path: str, *, strict: bool) -> str:
    """Return the path in lower case, or `/` where it is no route: a double slash, or a misspelling when strict."""
    if "//" in path:
        return "/"
    if strict:
        resource = path.partition("/api/")[2].partition("/")[0]
        return (
            path.lower()
            if path == "/auth/token" or (resource in api.SPELLINGS and not path.endswith("/"))
            else "/"
        )
    return path.rstrip("/").lower()


def _told(ask: Ask) -> bool:
    tenant = ask.query.get("tenant") or parse_query(ask.body).get("tenant")
    return tenant not in (None, "", "undefined")


_BLOCKED = (
    "<!doctype html><html lang=en><title>Access denied</title>"
    "<h1>Practice tenant: this address is not on the allow-list</h1></html>"
)


def _front(world: World) -> Answer | None:
    """Return the answer of what stands before the instance, None when it lets requests through."""
    if world.front == "reset":
        return Answer(503, close=True)
    if world.front == "block-page":
        return Answer(403, _BLOCKED.encode(), HTML)
    if world.front == "login-page":
        return Answer(200, _LOGIN.encode(), HTML)
    if world.front == "maintenance":
        how = world.settings.maintenance_page
        return Answer(503, close=True) if how == "reset" else Answer(int(how), _MAINTENANCE.encode(), HTML)
    return None


def _too_many(world: World, wait: float) -> Answer:
    """Answer 429 with HaloPSA's kind of text (facts 3.4)."""
    limit, seconds = world.settings.limit
    text = f"Rate limit reached: {limit} requests per rolling {seconds / 60:g} minute window.\n"
    headers = [("retry-after", str(int(wait) + 1))] if world.settings.retry_after == "yes" else []
    return Answer(429, text.encode(), TEXT, headers)


async def _body(receive: Receive) -> bytes | None:
    """Read a request body; None when it is larger than a token request can be."""
    chunks, size = [], 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY or message["type"] == "http.disconnect":
            return None
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


async def _send(answer: Answer, send: Send, *, ahead_s: int = 0) -> None:
    if answer.close:
        # the server turns an answer shorter than it promised into a dropped connection
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b""})
        return
    headers = [*_MARK, *answer.headers, ("content-length", str(len(answer.body)))]
    headers.append(("date", _date(int(time.time()) + ahead_s)))
    if answer.kind:
        headers.append(("content-type", answer.kind))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


@lru_cache(maxsize=16)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def ready_line(base_url: str, realm: Realm, ca_file: str | None) -> str:
    """Return the first line that `halo-runbook practice` prints, the one place that shows the secrets."""
    line: Record = {"base_url": base_url, "ui_url": f"{base_url}/"}
    if ca_file:
        line["ca_file"] = ca_file
    line["tenants"] = [ready(realm, name) for name in realm.worlds]
    return json.dumps(line)
