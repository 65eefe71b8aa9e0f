"""A HaloPSA by hand: answers for a raw server, and a tenant that asks it."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from typing import Any

from halo_helpers import Tenant
from halo_helpers.client.limits import Limits
from halo_helpers.secrets.value import Secret

from .raw_server import http

ID = "1b6c0000-0000-4000-8000-000000000001"
SECRET = "0f1e2d3c-1111-4222-8333-444455556666-9a8b7c6d-aaaa-4bbb-8ccc-ddddeeeeffff"
QUICK = Limits(total_s=4, request_s=1, connect_s=0.9, requests=30, answer_bytes=100_000)
HTML = b"<!doctype html><title>Log in</title>"


def tenant(base_url: str, **changes: Any) -> Tenant:
    return Tenant(
        **({"name": "acme", "base_url": base_url, "client_id": ID, "client_secret": Secret(SECRET)} | changes)
    )


def reset(connection: socket.socket, _: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(connection: socket.socket, _: bytes) -> None:
    connection.recv(1)


def api(answers: dict[str, bytes], seen: list[bytes] | None = None) -> Callable[[socket.socket, bytes], None]:
    """Answer by the first path that fits; everything else is 404."""

    def script(connection: socket.socket, head: bytes) -> None:
        if seen is not None:
            seen.append(head)
        path = head.split(b" ")[1].decode()
        connection.sendall(
            next((answer for start, answer in answers.items() if path.startswith(start)), http("404 None"))
        )

    return script


def body(value: object, status: str = "200 OK", *headers: str) -> bytes:
    return http(status, json.dumps(value).encode(), "Content-Type: application/json", *headers)


TOKEN = body({"access_token": "a-token-of-some-length", "token_type": "Bearer", "expires_in": 3600})

ME = {"id": 27, "name": "Neo", "teams": [{"team_name": "Desk"}], "roles": [{"name": "1st"}], "workday_id": 1}
HEALTHY = {
    "/api/authinfo": body({"tenant_id": "acme"}),
    "/api/InstanceInfo": body({"app_version": "2.1", "app_name": "Halo PSA"}),
    "/auth/token": TOKEN,
    "/api/Agent/me": body(ME),
    "/api/Agent": body([ME]),
}
"""What a healthy tenant answers, as far as one token can tell."""


def served(answers: dict[str, bytes]) -> Callable[[socket.socket, bytes], None]:
    """Answer as told, and as a healthy tenant for the rest; the longest path that fits decides."""
    return api(dict(sorted((HEALTHY | answers).items(), key=lambda pair: -len(pair[0]))))


EVIL = (
    "Neo\x1b[2J\x1b]0;owned\x07\x9b31m\r\nPASS  all is well\u202e gpj\u200bx\ufeff\u2066\u2028\ud800\x00\x7f"
    "\ue000\U000e0041"
)
PLAIN = "Neo PASS all is well gpjx"
"""A text with all that steers a terminal or a reader, and what is left of it."""
