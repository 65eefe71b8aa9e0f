"""How a practice tenant is made in a scenario, or put into another one."""

from __future__ import annotations

import re

from .scenarios import SCENARIOS
from .settings import Settings
from .wire import did_you_mean
from .world.realm import WALK, Realm
from .world.world import World

MAX_TENANTS = 2000
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def make_world(
    name: str,
    scenario_name: str = "healthy",
    *,
    size: str = "small",
    seed: str = "practice",
    settings: Settings | None = None,
) -> World:
    """Return a new world in a scenario.

    Raises: ValueError with the known names when the scenario is unknown.
    """
    chosen = SCENARIOS.get(scenario_name)
    if chosen is None:
        raise ValueError(f"unknown scenario {scenario_name!r}; {did_you_mean(scenario_name, SCENARIOS)}")
    world = World(name=name, seed=seed, size=size, settings=settings or Settings())
    chosen.change(world)
    return world


def begin_walk(realm: Realm, *, anew: bool = False) -> World:
    """Return the learner's own tenant, made when there is none: without Neo Agent's agent and application.

    Whoever walks through the guide makes these on the screens; `anew` takes away what was made there.
    """
    if WALK not in realm.worlds or anew:
        world = make_world(WALK, size=realm.size, seed=realm.seed, settings=realm.settings)
        world.agents.clear()
        for application in [one for one in world.applications.values() if one.name.startswith("Neo Agent")]:
            del world.applications[application.client_id]
        realm.index(world)
        realm.scenarios.pop(WALK, None)
        realm.tokens.forget()
    return realm.worlds[WALK]


def put_in_scenario(realm: Realm, name: str, scenario_name: str) -> None:
    """Put a tenant into a scenario, or make one in it.

    What was changed on it before is gone, and its credentials are new.

    Raises: ValueError in words for people when the name or the scenario cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("a tenant's name takes 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit")
    if name not in realm.worlds and len(realm.listed) >= MAX_TENANTS:
        raise ValueError(f"there are {MAX_TENANTS} tenants already")
    settings = realm.own_settings.get(name, realm.settings)
    fresh = make_world(name, scenario_name, size=realm.size, seed=realm.seed, settings=settings)
    realm.index(fresh)
    realm.scenarios[name] = scenario_name
    realm.tokens.forget()
