"""Posts forms to a practice server's screens as a browser does, without one."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from halo_helpers.practice.control import PracticeServer


def send(
    server: PracticeServer, method: str, path: str, form: dict[str, str] | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    at = urlsplit(server.base_url)
    connection = HTTPConnection(at.hostname or "", at.port, timeout=10)
    try:
        connection.request(
            method, path, urlencode(form or {}), {k.replace("_", "-"): v for k, v in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def signed_in(server: PracticeServer, tenant: str = "practice") -> tuple[str, str]:
    """Give the cookie of somebody who has signed in, and the token of their forms."""
    cookie = send(server, "POST", "/signin", {"tenant": tenant})[1]["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
    cookie = cookie.partition(";")[0]
    token = re.search(
        r'name="csrf" value="(\w+)"', send(server, "GET", "/config/agents/new", Cookie=cookie)[2]
    )
    assert token
    return cookie, token.group(1)
