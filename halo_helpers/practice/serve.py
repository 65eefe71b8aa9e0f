"""The process of a practice server: builds the worlds, listens on loopback, says when it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .make_worlds import MAX_TENANTS, make_world
from .settings import Settings
from .world.realm import Realm
from .world.world import World

if TYPE_CHECKING:
    import uvicorn

_STOPS_WITHIN_S = 5.0


@dataclass(frozen=True)
class Options:
    """What a practice server is started with.

    `scenarios` are names, or `name=weight` where tenants are dealt in turn. Without `tenants` there is one
    tenant per scenario, called like it; one healthy tenant called `practice` when nothing is asked for.
    """

    scenarios: list[str] = field(default_factory=list)
    tenants: int = 0
    size: str = "small"
    seed: str = "practice"
    settings: list[str] = field(default_factory=list)
    latency_ms: int = 0
    rate_limit: str = ""
    port: int = 0
    tls: bool = False
    likes: list[dict[str, object]] = field(default_factory=list)
    """Tenants with settings of their own, each with `name` and `settings` (KEY=VALUE)."""

    def as_json(self) -> dict[str, object]:
        """Return the fields by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, object]) -> Self:
        """Return the options that `as_json` wrote."""
        return cls(**values)  # type: ignore[arg-type]


def build_realm(options: Options) -> Realm:
    """Return the worlds that the options ask for.

    Raises: ValueError in words for people when an option is wrong.
    """
    if not 0 <= options.tenants <= MAX_TENANTS:
        raise ValueError(f"--tenants takes 1 to {MAX_TENANTS}, got {options.tenants}")
    settings = Settings.parse(options.settings)
    if options.latency_ms:
        settings = settings.changed(latency_ms=str(options.latency_ms))
    if options.rate_limit:
        settings = settings.changed(rate_limit=options.rate_limit)
    names = _deal(options)
    worlds = [
        make_world(name, scenario, size=options.size, seed=options.seed, settings=settings)
        for name, scenario in names
    ]
    likes = [_like(options, settings, entry) for entry in options.likes]
    realm = Realm([*worlds, *likes], size=options.size, seed=options.seed, settings=settings)
    realm.scenarios = dict(names)
    realm.own_settings = {world.name: world.settings for world in likes}
    return realm


def _like(options: Options, settings: Settings, entry: dict[str, object]) -> World:
    """Return a tenant with settings of its own; those that were asked for all win."""
    pairs = entry["settings"] if isinstance(entry["settings"], list) else []
    own = Settings.parse([*map(str, pairs), *options.settings])
    own = own.changed(latency_ms=settings.latency_ms, rate_limit=settings.rate_limit)
    return make_world(str(entry["name"]), size=options.size, seed=options.seed, settings=own)


def _deal(options: Options) -> list[tuple[str, str]]:
    """Return (tenant, scenario) pairs."""
    weighted = [_weight(text) for text in options.scenarios]
    deck = [name for name, weight in weighted for _ in range(weight)] or ["healthy"]
    if options.tenants:
        width = max(3, len(str(options.tenants)))
        return [(f"tenant-{n + 1:0{width}}", deck[n % len(deck)]) for n in range(options.tenants)]
    if not options.scenarios:
        return [] if options.likes else [("practice", "healthy")]
    seen: dict[str, int] = {}
    pairs = []
    for name in deck:
        seen[name] = seen.get(name, 0) + 1
        pairs.append((name if seen[name] == 1 else f"{name}-{seen[name]}", name))
    return pairs


def _weight(text: str) -> tuple[str, int]:
    name, equals, weight = text.partition("=")
    if equals and not (weight.isdecimal() and 0 < int(weight) <= MAX_TENANTS):
        raise ValueError(f"--scenario {text}: the weight is a whole number from 1 to {MAX_TENANTS}")
    return name, int(weight) if equals else 1


def serve(
    options: Options, on_ready: Callable[[str, Realm, str | None], None], *, lifeline: bool = False
) -> None:
    """Serve until interrupted; `on_ready(base_url, realm, ca_file)` is called once it listens.

    With `lifeline`, also until standard input is closed, so that a server never outlives who started it.

    Raises: ValueError for wrong options, OSError when the port is taken.
    """
    import uvicorn

    from .app import Door

    realm = build_realm(options)
    # the protocol is named, since asyncio turns Nagle's delays off only where it is
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0 if sys.platform == "win32" else 1)
    listener.bind(("127.0.0.1", options.port))
    listener.listen(2048)
    port = listener.getsockname()[1]
    # what stops services: the end is the normal one then, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.ExitStack() as stack:
        ca_file, context = None, None
        if options.tls:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="halo-practice-"))
            ca_file, context = _authority(Path(folder))
        config = uvicorn.Config(
            Door(realm),
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_keep_alive=30,
            server_header=False,
            date_header=False,
            proxy_headers=False,  # nobody stands before it
            timeout_graceful_shutdown=1,
        )
        config.load()
        if context is not None:
            config.ssl = context
        server = uvicorn.Server(config)
        base_url = f"{'https' if options.tls else 'http'}://127.0.0.1:{port}"
        if lifeline:
            threading.Thread(target=_watch_stdin, args=(server,), daemon=True).start()

        async def run() -> None:
            task = asyncio.create_task(server.serve(sockets=[listener]))
            while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn says it by a flag
                await asyncio.sleep(0.005)
            if server.started:
                on_ready(base_url, realm, ca_file)
            await task

        asyncio.run(run())


def _watch_stdin(server: uvicorn.Server) -> None:
    """Stop the server when standard input ends, and the process when the server does not stop."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    server.should_exit = True
    time.sleep(_STOPS_WITHIN_S)
    os._exit(0)


def _authority(folder: Path) -> tuple[str, ssl.SSLContext]:
    """Return the file of a throw-away authority, and a TLS context with its certificate for loopback."""
    import trustme

    authority = trustme.CA(organization_name="halo-runbook practice")
    ca_file = folder / "practice-ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost", "::1").configure_cert(context)
    return str(ca_file), context
