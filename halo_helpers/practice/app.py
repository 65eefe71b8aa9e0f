"""The ASGI application of a practice server: guards, recording, throttling and routing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from .api import gateway, public_routes
from .api.refusals import bad_token
from .api.resources import SPELLINGS, answer_resource
from .control_routes import answer_control
from .neo_agent.form import NeoAgentForm
from .oauth.authorize import SignIn, metadata
from .oauth.token_endpoint import answer_token_request, client_id_of
from .screens.pages import Screens
from .wire import TEXT, Answer, Ask, empty, parse_query
from .world.realm import Realm, is_told
from .world.requests_seen import Seen
from .world.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY = 64 * 1024
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})

_SCREENS = frozenset({"config", "signin", "signout", "practice"})
"""What the first part of a path is, where a screen is meant."""
_METADATA = frozenset({"/.well-known/openid-configuration", "/auth/.well-known/openid-configuration"})
_MARK = [("x-practice-tenant", "1")]


class Door:
    """The ASGI application."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
        self._screens = Screens(realm)
        self._neo_agent = NeoAgentForm(self._answer_api)
        self._sign_in = SignIn(realm)

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
            answer = answer_control(self.realm, ask, self._answer_api)
        elif ask.path == "/neo-agent":
            answer = self._neo_agent.answer(ask)
        elif ask.path == "/" or ask.path.strip("/").partition("/")[0] in _SCREENS:
            answer = self._screens.answer(ask)
        else:
            world = self._world(ask)
            if world is not None and world.settings.latency_ms != "0":
                await asyncio.sleep(int(world.settings.latency_ms) / 1000)
            answer = self._answer_api(ask)
            await _send(answer, send, ahead_s=world.clock_ahead_s if world else 0)
            return
        await _send(answer, send)

    def _answer_api(self, ask: Ask) -> Answer:
        """Answer a request of a program, and note that it was seen."""
        world = self._world(ask)
        answer = self._answer(ask, world)
        self._record(ask, world, answer)
        return answer

    def _world(self, ask: Ask) -> World | None:
        """Return the world that a request is for: by its token, its `tenant` or its Client ID."""
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            grant = self.realm.tokens.read(token.strip())
            if grant is not None:
                return self.realm.worlds[grant.world]
        form = parse_query(ask.body) if ask.method == "POST" else {}
        tenant = ask.query.get("tenant") or form.get("tenant")
        if is_told(tenant):
            return self.realm.world_of_tenant(tenant)
        client_id = client_id_of(ask) or ask.query.get("client_id", "")
        return (self.realm.world_of_client(client_id) if client_id else None) or self.realm.default

    def _answer(self, ask: Ask, world: World | None) -> Answer:
        settings = (world or next(iter(self.realm.worlds.values()))).settings
        path = _route(ask.path, strict=settings.paths == "strict")
        if world is not None:
            fronted = gateway.front(world)
            if fronted is not None:
                return fronted
            wait = world.throttle.take(*settings.limit)
            if wait is not None:
                return gateway.too_many(world, wait)
        if path == "/auth/token":
            return answer_token_request(self.realm, ask, world if _told(ask) else None, self._sign_in)
        if path == "/auth/authorize" and settings.authorize == "yes":
            return self._sign_in.answer(ask)
        if path in _METADATA:
            return metadata(self.realm, world, ask.origin)
        if path == "/api/authinfo":
            return public_routes.auth_info(world, settings, ask.origin)
        if path == "/api/instanceinfo":
            return public_routes.instance_info(world, ask.origin)
        if path == "/api/health":
            return public_routes.health()
        if not path.startswith("/api/"):
            return empty(404)
        return self._resource(ask, path)

    def _resource(self, ask: Ask, path: str) -> Answer:
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        grant = self.realm.tokens.read(token.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            known = self.realm.default or next(iter(self.realm.worlds.values()))
            return bad_token(known.settings)
        return answer_resource(self.realm.worlds[grant.world], grant, ask, path.split("/")[2:])

    def _record(self, ask: Ask, world: World | None, answer: Answer) -> None:
        seen = Seen(
            ask.method, ask.path, answer.status, time.time(), ask.headers.get("host", ""), tuple(ask.query)
        )
        (self.realm.unrouted if world is None else world.seen).append(seen)


def _route(path: str, *, strict: bool) -> str:
    """Return the path in lower case, `/` where it is no route.

    No route are a path with a double slash and, when strict, a misspelling.
    """
    if "//" in path:
        return "/"
    if strict:
        resource = path.partition("/api/")[2].partition("/")[0]
        known = resource in SPELLINGS and not path.endswith("/")
        return path.lower() if known or path in {"/auth/token", "/auth/authorize", *_METADATA} else "/"
    return path.rstrip("/").lower()


def _told(ask: Ask) -> bool:
    tenant = ask.query.get("tenant") or parse_query(ask.body).get("tenant")
    return is_told(tenant)


async def _body(receive: Receive) -> bytes | None:
    """Return a request's body, None when it is larger than any that is served."""
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
