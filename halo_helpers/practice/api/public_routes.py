"""Routes that need no token: authinfo, InstanceInfo, Health."""

from __future__ import annotations

from ..seed.values import EPOCH, Record, stamp
from ..settings import Settings
from ..wire import Answer, as_json, empty
from ..world.world import World

APP_VERSION = "2.236.133"


def auth_info(world: World | None, settings: Settings, origin: str) -> Answer:
    """Answer `/api/authinfo`; `tenant_id` only when it is known which tenant is meant."""
    if settings.authinfo == "missing":
        return empty(404)
    body: Record = {"auth_url": f"{origin}/auth"}
    if world is not None:
        body["tenant_id"] = world.halo_tenant
    if settings.authinfo == "more":
        body |= {"resource_url": f"{origin}/api", "hosted": True}
    return as_json(body)


def instance_info(world: World | None, origin: str) -> Answer:
    """Answer `/api/InstanceInfo`; who is online is never counted for an anonymous caller (facts 2.2)."""
    body: Record = {
        "dbid": 1,
        "app_version": APP_VERSION,
        "database_version": APP_VERSION,
        "agent_count": 0,
        "licensed_agent_count": 0,
        "online_agent_count": 0,
        "last_login": stamp(EPOCH),
        "last_task_run": stamp(EPOCH),
        "app_name": "Halo PSA (practice tenant)",
        "agent_url": origin,
        "portal_url": f"{origin}/portal",
        "auth_url": f"{origin}/auth",
        "hosted_group": "Practice",
        "mobileapp_enabled": False,
        "teamsbot_enabled": False,
        "nhserver_version": APP_VERSION,
        "using_event_service": False,
        "using_scheduling_service": False,
        "using_outgoing_service": False,
        "using_incoming_service": False,
        "practice": True,
    }
    if world is not None:
        body["tenant_id"] = world.halo_tenant
        body |= _licences(world)
        if world.settings.licence_counts == "absent":
            del body["agent_count"], body["licensed_agent_count"]
    return as_json(body)


def _licences(world: World) -> Record:
    """Return how many agents use a Named Licence, and how many there are (W53)."""
    if world.settings.licence_counts != "real":
        return {}
    used = world.licences_in_use
    return {"agent_count": used, "licensed_agent_count": world.licences or used + 3}


def health() -> Answer:
    """Answer `/api/Health`."""
    return as_json({"status": "Healthy", "practice": True})
