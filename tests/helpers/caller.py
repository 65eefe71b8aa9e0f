"""Calls a practice tenant as a HaloPSA client does."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

ALL = "all:standard all:teams admin:webhooks"


class Caller:
    """A bare HTTP client."""

    def __init__(self, base_url: str, entry: dict[str, Any]) -> None:
        self.at = urlsplit(base_url)
        self.entry = entry

    def send(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(self.at.hostname or "", self.at.port, timeout=10)
        try:
            connection.request(
                method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
            )
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def post(
        self, form: dict[str, str] | str, query: str = "", **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        text = form if isinstance(form, str) else urlencode(form)
        status, found, raw = self.send(
            "POST", f"/auth/token{query}", text, Content_Type="application/x-www-form-urlencoded", **headers
        )
        return status, found, json.loads(raw) if raw else None

    def form(self, **changes: str) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": self.entry["client_id"],
            "client_secret": self.entry["client_secret"],
            "scope": ALL,
        } | changes

    def token(self, **changes: str) -> str:
        return str(self.post(self.form(**changes))[2]["access_token"])

    def get(self, path: str, token: str | None = None, **headers: str) -> tuple[int, Any]:
        status, _, raw = self.send(
            "GET", f"/api/{path}", Authorization=f"Bearer {token or self.token()}", **headers
        )
        return status, json.loads(raw) if raw else None


Ask = Callable[[int], dict[str, Any]]
"""Asks for one page, by its number."""


def pages(caller: Caller, token: str, route: str, size: int, number: int, more: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = caller.get(
        f"{route}?pageinate=true&page_size={size}&page_no={number}{more}", token
    )[1]
    return answer
