"""What may leave for writing: the plan that was confirmed, to the letter, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from halo_helpers.admin.writing.changes import Change, Plan
from halo_helpers.admin.writing.guard import FIELDS, ProofGuard, WriteGuard
from halo_helpers.client.door import ReadOnly, Request
from halo_helpers.errors import GuardError

AT = "https://acme.halopsa.com"
ROLE = "0e1c0000-0000-4000-8000-000000000001"
GUID = "5b6c0000-0000-4000-8000-000000000002"


def change(route: str, key: int | str | None, field: str, after: Any) -> Change:
    return Change(route, key, "Neo Agent", field, field, None, after, ("a", "b"), "")


PLAN = Plan(
    (
        change("Agent", 27, "isdisabled", False),
        change("Agent", 27, "roles", [{"id": "another"}]),
        change("Application", GUID, "inactive", False),
        change("Agent", None, "name", "Neo Agent"),
    )
)
ROLES = {"roles": [{"id": "another"}]}


def sent(route: str, *rows: dict[str, Any], method: str = "POST", at: str = AT, **more: Any) -> Request:
    return Request(method, f"{at}/api/{route}", body=json.dumps(rows).encode(), **more)


@pytest.mark.parametrize(
    "request_",
    [
        sent("Agent", {"id": 27, "isdisabled": False} | ROLES),
        sent("Application", {"id": GUID, "inactive": False}),
        sent("Agent", {"name": "Neo Agent"}),
    ],
)
def test_the_plan_leaves(request_: Request) -> None:
    WriteGuard(AT, PLAN, frozenset({ROLE})).check(request_)


@pytest.mark.parametrize(
    "request_",
    [
        sent("Agent", {"id": 27, "isdisabled": False}),
        sent("Agent", {"id": 27, "isdisabled": True} | ROLES),
        sent("Agent", {"id": 27, "isdisabled": 0} | ROLES),
        sent("Agent", {"id": 27.0, "isdisabled": False} | ROLES),
        sent("../Control", {"id": 27, "isdisabled": False} | ROLES),
        sent("Agent/../Control", {"id": 27, "isdisabled": False} | ROLES),
        sent("Agent", {"id": 28, "isdisabled": False} | ROLES),
        sent("Agent", {"id": 27, "isdisabled": False, "password": "x"} | ROLES),
        sent("Agent", {"id": "27", "isdisabled": False} | ROLES),
        sent("Agent", {"name": "Another"}),
        sent("Agent", {"name": "Neo Agent"}, {"name": "Neo Agent"}),
        sent("Agent"),
        sent("Application", {"inactive": False}),
        sent("Application", {"id": GUID, "inactive": False, "clientSecret": "x"}),
        sent("Application", {"id": GUID.replace("5", "6"), "inactive": False}),
        sent("Webhook", {"id": GUID, "active": True}),
        sent("Control", {"id": 1}),
        sent("Roles", {"id": ROLE}),
        sent("Tickets", {"summary": "x"}),
        sent("Application", {"id": GUID, "inactive": False}, at="https://elsewhere.example"),
        sent("Application", {"id": GUID, "inactive": False}, at=f"{AT}.evil.example"),
        sent("Application", {"id": GUID, "inactive": False}, params={"x": "y"}),
        sent("Application", {"id": GUID, "inactive": False}, method="DELETE"),
        sent("Application", {"id": GUID, "inactive": False}, method="PUT"),
        Request("GET", f"{AT}/api/Agent"),
        Request("POST", f"{AT}/api/Agent", form={"id": "27"}),
        Request("POST", f"{AT}/api/Agent", body=b"[1]"),
        Request("POST", f"{AT}/api/Agent", body=b"{}"),
        Request("POST", f"{AT}/api/Agent", body=b"no json"),
    ],
)
def test_nothing_else_leaves(request_: Request) -> None:
    with pytest.raises(GuardError):
        WriteGuard(AT, PLAN, frozenset({ROLE})).check(request_)


def test_nobody_is_made_an_administrator() -> None:
    plan = Plan((change("Agent", 27, "roles", [{"id": ROLE.upper()}]),))
    with pytest.raises(GuardError, match="makes nobody an administrator"):
        WriteGuard(AT, plan, frozenset({ROLE})).check(
            sent("Agent", {"id": 27, "roles": [{"id": ROLE.upper()}]})
        )


def test_a_field_that_setup_may_not_write_leaves_in_no_plan() -> None:
    for route, field in (("Agent", "password"), ("Application", "loginentity"), ("Webhook", "url")):
        assert field not in FIELDS[route]
        plan = Plan((change(route, 27, field, "x"),))
        with pytest.raises(GuardError):
            WriteGuard(AT, plan).check(sent(route, {"id": 27, field: "x"}))


def test_a_proof_writes_its_own_ticket_alone() -> None:
    guard = ProofGuard(AT)
    guard.check(sent("Tickets", {"summary": "x", "client_id": 1}))
    for refused in (
        sent("Tickets", {"id": 5, "status_id": 9}),
        sent("Actions", {"ticket_id": 5, "note": "x"}),
        sent("Agent", {"name": "x"}),
        sent("Tickets", {"summary": "x", "agent_id": 3}),
    ):
        with pytest.raises(GuardError):
            guard.check(refused)
    guard.ticket.append(5)
    guard.check(sent("Actions", {"ticket_id": 5, "note": "x"}))
    guard.check(sent("Tickets", {"id": 5, "status_id": 9}))
    for refused in (sent("Tickets", {"summary": "x"}), sent("Actions", {"ticket_id": 6, "note": "x"})):
        with pytest.raises(GuardError):
            guard.check(refused)


def test_the_client_of_the_checks_sends_no_body() -> None:
    guard = ReadOnly(AT, f"{AT}/auth/token")
    with pytest.raises(GuardError):
        guard.check(sent("Agent", {"name": "x"}))
    with pytest.raises(GuardError):
        guard.check(Request("POST", f"{AT}/auth/token", body=b"[]"))
