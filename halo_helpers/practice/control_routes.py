"""Control routes of the practice server, `/practice/…`: its tenants, requests seen, scenarios.

`/practice/requests` tells of those that named no tenant of this server.
"""

from __future__ import annotations

from .make_worlds import begin_walk, put_in_scenario
from .neo_agent.four_tests import Api, FourValues, run_tests
from .ready import ready_entry
from .wire import CONTROL_HEADER, Answer, Ask, as_json, empty
from .world.realm import Realm


def answer_control(realm: Realm, ask: Ask, api: Api) -> Answer:
    """Answer `/practice/…`; 403 without the header that no page of another site can send."""
    if CONTROL_HEADER not in ask.headers:
        return as_json({"error": f"send the header {CONTROL_HEADER}"}, 403)
    parts = ask.path.strip("/").split("/")[1:]
    if parts == ["tenants"] and ask.method == "GET":
        return as_json({"practice": True, "tenants": [ready_entry(realm, name) for name in realm.listed]})
    if parts == ["requests"] and ask.method == "GET":
        return as_json({"requests": [seen.as_json() for seen in realm.unrouted]})
    if parts == ["walk"] and ask.method == "POST":
        world = begin_walk(realm, anew=ask.flag("anew") is True)
        return as_json({"tenant": world.halo_tenant, "made": world.epoch})
    if len(parts) == 3 and parts[0] == "tenants":
        return _control(realm, ask, api, parts[1], parts[2])
    return empty(404)


def _control(realm: Realm, ask: Ask, api: Api, name: str, what: str) -> Answer:
    """Answer which requests a tenant saw, or what Neo Agent sees there; put one into a scenario."""
    world = realm.worlds.get(name)
    if what == "requests" and ask.method == "GET":
        return empty(404) if world is None else as_json({"requests": [seen.as_json() for seen in world.seen]})
    if what == "neo-agent" and ask.method == "GET":
        return empty(404) if world is None else as_json({"tests": _as_neo_agent(realm, ask, api, name)})
    if what == "scenario" and ask.method == "POST":
        try:
            put_in_scenario(realm, name, ask.query.get("name", realm.scenarios.get(name, "healthy")))
        except ValueError as error:
            return as_json({"error": str(error)}, 400)
        return as_json(ready_entry(realm, name))
    return empty(405)


def _as_neo_agent(realm: Realm, ask: Ask, api: Api, name: str) -> list[dict[str, object]]:
    """Return what Neo Agent's four tests see with the values that were handed over for a tenant."""
    entry = ready_entry(realm, name)
    values = FourValues(
        str(entry["client_id"]), str(entry["client_secret"]), ask.origin, str(entry["agent_id"])
    )
    return [vars(one) for one in run_tests(values, api, ask.origin)]
