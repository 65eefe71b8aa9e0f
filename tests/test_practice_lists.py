"""Lists of the practice tenant, by the numbers of the wire contract."""

from __future__ import annotations

import pytest

from .helpers.caller import Ask, Caller, pages
from .helpers.practice import Practice

LISTS = pytest.mark.parametrize(
    ("route", "key"), [("Tickets", "tickets"), ("Client", "clients"), ("Users", "users")]
)


@LISTS
def test_w17_envelope(caller: Caller, token: str, route: str, key: str) -> None:
    assert list(caller.get(route, token)[1]) == ["record_count", key]


@LISTS
def test_w18_paging(caller: Caller, token: str, route: str, key: str) -> None:
    answer = pages(caller, token, route, 2, 2)
    assert (answer["page_no"], answer["page_size"], len(answer[key])) == (2, 2, 2)
    default = caller.get(f"{route}?pageinate=true", token)[1]
    assert (default["page_no"], default["page_size"]) == (1, 50)


@LISTS
def test_w19_record_count_is_of_all_on_every_page(caller: Caller, token: str, route: str, key: str) -> None:
    total = caller.get(route, token)[1]["record_count"]
    assert total == len(caller.get(f"{route}?count=100000", token)[1][key])
    assert [pages(caller, token, route, 5, n)["record_count"] for n in (1, 2, 9999)] == [total] * 3


@LISTS
def test_w20_pages_do_not_overlap(caller: Caller, token: str, route: str, key: str) -> None:
    found: list[int] = []
    number = 1
    while rows := pages(caller, token, route, 7, number)[key]:
        found += [row["id"] for row in rows]
        number += 1
    assert found == [row["id"] for row in caller.get(f"{route}?count=100000", token)[1][key]]
    assert len(set(found)) == len(found)


@LISTS
def test_w21_count(caller: Caller, token: str, route: str, key: str) -> None:
    total = caller.get(route, token)[1]["record_count"]
    assert len(caller.get(route, token)[1][key]) == min(50, total)
    assert len(caller.get(f"{route}?count=3", token)[1][key]) == 3
    assert len(caller.get(f"{route}?count=1000000", token)[1][key]) == total
    assert len(pages(caller, token, route, 2, 1, "&count=9")[key]) == 2


@pytest.mark.parametrize("size", [1, 2, 7, 50, 100])
def test_w22_page_sizes(caller: Caller, token: str, size: int) -> None:
    answer = pages(caller, token, "Tickets", size, 1)
    assert len(answer["tickets"]) == answer["page_size"] == size


def test_w23_only_active_by_default(caller: Caller, token: str) -> None:
    plain = caller.get("Client?count=1000", token)[1]
    assert caller.get("Client?count=1000&includeactive=true&includeinactive=false", token)[1] == plain
    both = caller.get("Client?count=1000&includeinactive=true", token)[1]
    assert both["record_count"] > plain["record_count"]
    assert not any(row["inactive"] for row in plain["clients"])


def test_w24_fields_that_hang_together(caller: Caller, token: str) -> None:
    users = {
        row["id"]: row for row in caller.get("Users?count=10000&includeinactive=true", token)[1]["users"]
    }
    clients = {
        row["id"]: row for row in caller.get("Client?count=10000&includeinactive=true", token)[1]["clients"]
    }
    agents = {row["id"] for row in caller.get("Agent?includedisabled=true", token)[1]}
    for row in caller.get("Tickets?count=10000", token)[1]["tickets"]:
        assert isinstance(row["itil_requesttype_id"], int)
        assert row["lastactiondate"] >= row["dateoccurred"]
        assert users[row["user_id"]]["client_id"] == row["client_id"]
        assert (row["client_id"] in clients, row["agent_id"] in agents, bool(row["summary"])) == (
            True,
            True,
            True,
        )
    for client in clients.values():
        assert (bool(client["name"]), type(client["inactive"])) == (True, bool)
    for user in users.values():
        assert (bool(user["name"]), "@" in user["emailaddress"], type(user["inactive"])) == (True, True, bool)


def test_w25_open_only_and_dates_not_set(caller: Caller, token: str) -> None:
    tickets = caller.get("Tickets?count=10000", token)[1]["tickets"]
    still_open = caller.get("Tickets?open_only=true&count=9999", token)[1]
    assert (
        still_open["record_count"]
        == len(still_open["tickets"])
        == sum(row["status_id"] != 9 for row in tickets)
    )
    assert all(row["dateclosed"] < "1980" for row in still_open["tickets"])


def _until_record_count(ask: Ask) -> list[int]:
    found: list[int] = []
    number = 1
    while len(found) < (answer := ask(number))["record_count"]:
        found += [row["id"] for row in answer["users"]]
        number += 1
    return found


def _until_short(ask: Ask) -> list[int]:
    found: list[int] = []
    number, rows = 1, [0] * 7
    while len(rows) == 7:
        rows = [row["id"] for row in ask(number)["users"]]
        found += rows
        number += 1
    return found


def _until_repeated(ask: Ask) -> list[int]:
    found: list[int] = []
    number, before = 1, None
    while (rows := [row["id"] for row in ask(number)["users"]]) and rows[0] != before:
        found += rows
        number, before = number + 1, rows[0]
    return found


def _until_computed(ask: Ask) -> list[int]:
    first = ask(1)
    last = -(-first["record_count"] // first["page_size"])
    return [row["id"] for number in range(1, last + 1) for row in ask(number)["users"]]


def test_w32_every_way_to_end_a_listing_finds_the_same(caller: Caller, token: str) -> None:
    ways = (_until_record_count, _until_short, _until_repeated, _until_computed)
    first, *others = (way(lambda number: pages(caller, token, "Users", 7, number)) for way in ways)
    assert first
    assert all(found == first for found in others)


def test_w33_record_count_is_never_more_than_the_pages_give(practice: Practice) -> None:
    for name in ("healthy", "agent-restricted", "agent-without-team"):
        one = Caller(practice.base_url, practice.entries[name])
        token = one.token()
        for route, key in (("Tickets", "tickets"), ("Client", "clients"), ("Users", "users")):
            answer = one.get(f"{route}?count=1000000", token)[1]
            assert answer["record_count"] == len(answer[key])
