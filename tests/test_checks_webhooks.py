"""Neo Agent's webhook: there, active, with events, delivering; and what is said of what is not told."""

from __future__ import annotations

from typing import Any

import pytest

from halo_helpers import verify

from .helpers.halopsa import TOKEN, api, body, tenant
from .helpers.practice import Practice
from .helpers.raw_server import raw_server

BASE = {
    "/api/authinfo": body({"tenant_id": "acme"}),
    "/api/InstanceInfo": body({"app_version": "2.1", "app_name": "Halo PSA"}),
    "/auth/token": TOKEN,
    "/api/Agent/me": body({"id": 27, "name": "Neo"}),
}
HOST = "hooks.neo.example"
HOOK = {"id": "0a0a0a0a-1111-4222-8333-444455556666", "url": f"https://{HOST}/x", "active": True}
DELIVERED, FAILED = {"status": 0, "timestamp": "2026-01-02T03:04:05"}, {"status": 1}
DELIVERIES: dict[str, tuple[list[dict[str, Any]], list[Any], list[Any] | None, list[str], str]] = {
    "missing": (
        [{"id": "1", "url": "https://other.example"}],
        [],
        [],
        ["webhook-missing"],
        "1 webhook in the list, none of them",
    ),
    "none at all": ([], [], [], ["webhook-missing"], f"there is none to {HOST}"),
    "a path is no host": ([{"id": "1", "url": f"https://x.example/{HOST}"}], [], [], ["webhook-missing"], ""),
    "a user is no host": ([{"id": "1", "url": f"https://{HOST}@x.example"}], [], [], ["webhook-missing"], ""),
    "off": ([HOOK | {"active": False}], [], [], ["webhook-off"], "is not active"),
    "disabled": ([HOOK | {"disabled": True}], [], [], ["webhook-off"], "is not active"),
    "one of two is on": ([HOOK | {"active": False}, HOOK], [1], [DELIVERED], [], "2026-01-02T03:04"),
    "without events": ([HOOK], [], [DELIVERED], ["webhook-without-events"], "has no event"),
    "failing": ([HOOK], [1], [FAILED, FAILED], ["webhook-failing"], "none of the last 2 deliveries"),
    "failing by error": ([HOOK], [1], [{"error": True}], ["webhook-failing"], "the only delivery to"),
    "failing by http": ([HOOK], [1], [{"status": 503}], ["webhook-failing"], ""),
    "one arrived": (
        [HOOK],
        [1],
        [FAILED, DELIVERED],
        [],
        "1 of the last 2 deliveries arrived, the newest of them: 2026-01-02T03:04",
    ),
    "http": ([HOOK], [1], [{"status": 204}], [], "of unknown time"),
    "none yet": ([HOOK], [1], [], [], "nothing was delivered yet"),
    "numbers of unknown meaning": ([HOOK], [1], [{"status": 7}], [], "whether they arrived is not told"),
    "refused": ([HOOK], [1], None, [], "deliveries may not be read"),
    "an id that leads elsewhere": ([HOOK | {"id": "../Agent/me"}], [1], [], [], "events not told"),
}


@pytest.mark.parametrize("how", DELIVERIES)
def test_the_webhook_of_neo_agent(how: str) -> None:
    rows, events, deliveries, codes, said = DELIVERIES[how]
    seen: list[bytes] = []
    answers = BASE | {
        "/api/WebhookEvent": body({}, "403 No") if deliveries is None else body({"events": deliveries}),
        f"/api/Webhook/{HOOK['id']}": body(HOOK | {"events": events}),
        "/api/Webhook?": body(rows),
    }
    with raw_server(api(answers, seen)) as url:
        result = verify(tenant(url, webhook_host=HOST), only=["webhooks.delivery"])
    assert result.codes == codes
    assert said in result["webhooks.delivery"].seen
    paths = [head.split(b" ")[1].partition(b"?")[0] for head in seen]
    assert b"/api/Agent/me" not in paths
    assert not any(b".." in path for path in paths)


def test_no_host_no_claim(practice: Practice) -> None:
    found = verify(practice.tenant())["webhooks.delivery"]
    assert (found.verdict, found.findings) == ("skip", ())
    assert "host is not known" in found.seen


def test_a_webhook_that_does_not_say_whether_it_is_active_is_not_called_so() -> None:
    for active in ({}, {"active": "false"}, {"active": 1}):
        row = {name: value for name, value in HOOK.items() if name != "active"} | active
        with raw_server(api(BASE | {"/api/Webhook?": body([row])})) as url:
            found = verify(tenant(url, webhook_host=HOST), only=["webhooks.delivery"])["webhooks.delivery"]
        assert (found.verdict, found.seen) == (
            "pass",
            f"{HOST}: in the list; whether it is active is not told",
        )
