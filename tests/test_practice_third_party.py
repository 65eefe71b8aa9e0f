"""The practice tenant is accepted by clients that others wrote for real tenants, and survives any request."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import quote, urlencode, urlsplit

import pytest
import requests
from halo import HaloClient
from halo.exceptions import HaloError
from HaloPSA.Halo import Halo
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_helpers.practice.seed.record_kinds import COLLECTIONS

from .helpers.practice import Practice


@pytest.fixture
def haloitsm(practice: Practice) -> Iterator[HaloClient]:
    entry = practice.entries["healthy"]
    client = HaloClient(practice.base_url, client_id=entry["client_id"], client_secret=entry["client_secret"])
    yield client
    client.session.session.close()


def test_haloitsm_python_lists_and_reads(haloitsm: HaloClient) -> None:
    tickets = haloitsm.tickets.list()
    assert len(tickets) == 100
    assert haloitsm.tickets.get(7).id == 7
    assert haloitsm.users.get(3).emailaddress
    assert len(haloitsm.clients.list()) == 11


def test_haloitsm_python_reports_wrong_credentials(practice: Practice) -> None:
    client = HaloClient(
        practice.base_url, client_id=practice.entries["healthy"]["client_id"], client_secret="wrong"
    )
    with pytest.raises(HaloError), client.session.session:
        client.tickets.list()


@pytest.fixture
def as_hosted(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `https://practice.halopsa.com` be the practice server, for a client that takes no base URL."""
    send = requests.Session.request

    def request(session: requests.Session, method: str, url: str, **options: object) -> requests.Response:
        return send(
            session, method, url.replace("https://practice.halopsa.com", practice.base_url), **options
        )  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "request", request)


def hosted(practice: Practice, name: str, secret: str | None = None) -> Halo:
    entry = practice.entries[name]
    return Halo("practice", entry["client_id"], secret or entry["client_secret"])


def test_halopsa_lists_and_reads(practice: Practice, as_hosted: None) -> None:
    client = hosted(practice, "healthy")
    assert client.Tickets.get(7)["id"] == 7
    assert client.Clients.search(pageinate=True, page_size=2, page_no=1)["record_count"] == 11
    assert isinstance(client.Agents.search(), list)
    client._mh.session.close()


def test_halopsa_names_what_is_wrong(practice: Practice, as_hosted: None) -> None:
    with pytest.raises(ValueError, match="client ID and secret"):
        hosted(practice, "healthy", "wrong")
    client = hosted(practice, "tickets-refused")
    with pytest.raises(PermissionError):
        client.Tickets.search()
    client._mh.session.close()


ROUTES = [
    *COLLECTIONS,
    "agent",
    "agent/me",
    "team",
    "roles",
    "application",
    "actions",
    "authinfo",
    "instanceinfo",
    "nonsense",
]
NAMES = st.sampled_from(
    [
        "pageinate",
        "page_size",
        "page_no",
        "count",
        "ticket_id",
        "client_id",
        "open_only",
        "search",
        "tenant",
        "type",
    ]
)
VALUES = st.sampled_from(
    ["true", "False", "0", "1", "-1", "1e9", "99999999999", "", "undefined", "é", "%00"]
) | st.text(max_size=8)
PATHS = st.builds(
    "/api/{}{}".format,
    st.sampled_from(ROUTES),
    st.sampled_from(["", "/1", "/x", "//", "/1/2", "/-1", "/999999999999"]),
)
ANY_PATH = st.text(string.printable.replace(" ", ""), max_size=20).map(
    lambda text: "/" + quote(text, safe="/")
)


@pytest.fixture(scope="module")
def bearer(practice: Practice) -> str:
    entry = practice.entries["healthy"]
    form = {
        "grant_type": "client_credentials",
        "client_id": entry["client_id"],
        "client_secret": entry["client_secret"],
        "scope": "all all:teams admin:webhooks",
    }
    return (
        f"Bearer {requests.post(f'{practice.base_url}/auth/token', form, timeout=5).json()['access_token']}"
    )


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]),
    path=PATHS | ANY_PATH,
    query=st.dictionaries(NAMES, VALUES, max_size=4),
    body=st.binary(max_size=200),
)
@settings(max_examples=300)
def test_no_request_makes_it_fail_or_hang(
    practice: Practice, bearer: str, method: str, path: str, query: dict[str, str], body: bytes
) -> None:
    at = urlsplit(practice.base_url)
    connection = HTTPConnection(at.hostname or "", at.port, timeout=5)
    try:
        connection.request(
            method,
            f"{path}?{urlencode(query)}",
            body,
            {"Authorization": bearer, "Content-Type": "application/x-www-form-urlencoded"},
        )
        answer = connection.getresponse()
        raw = answer.read()
    finally:
        connection.close()
    assert answer.status < 500
    if raw and answer.getheader("content-type", "").startswith("application/json"):
        json.loads(raw)
