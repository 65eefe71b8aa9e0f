"""Changes of a healthy practice tenant, from which scenarios are put together."""

from __future__ import annotations

from collections.abc import Callable

from .agents import NEO_AGENT_ID, Agent
from .applications import new_secret
from .webhooks import NEO_HOST, of_neo_agent
from .world import World

Change = Callable[[World], None]


def _set(target: object, values: dict[str, object]) -> None:
    for name, value in values.items():
        if not hasattr(target, name):
            raise AttributeError(f"{type(target).__name__} has no {name}")
        setattr(target, name, value)


def nothing(_: World) -> None:
    """Change nothing: leave the world as it was made."""


def several(*changes: Change) -> Change:
    """Return a change that makes several, in order."""

    def change(world: World) -> None:
        for one in changes:
            one(world)

    return change


def application(**values: object) -> Change:
    """Return a change of fields of Neo Agent's application.

    The change raises AttributeError for a field that there is not; so do those of the agent and the instance.
    """
    return lambda world: _set(world.neo, values)


def agent(**values: object) -> Change:
    """Return a change of fields of Neo Agent's agent."""
    return lambda world: _set(world.agents[NEO_AGENT_ID], values)


def without_active_teams(world: World) -> None:
    """Let every team of Neo Agent's agent be inactive."""
    world.inactive_teams |= set(world.agents[NEO_AGENT_ID].team_ids)


def instance(**values: object) -> Change:
    """Return a change of fields of the world: what stands before the instance, its clock."""
    return lambda world: _set(world, values)


def with_settings(**values: str) -> Change:
    """Return a change of settings of the instance.

    The change raises ValueError for an unknown setting or value.
    """

    def change(world: World) -> None:
        world.settings = world.settings.changed(**values)

    return change


def routes(**statuses: int) -> Change:
    """Return a change after which each of these routes answers with nothing but its status."""

    def change(world: World) -> None:
        world.answers = dict(statuses)

    return change


def noted(note: Callable[[World], dict[str, str]]) -> Change:
    """Return a change of what the person setting the tenant up noted wrongly."""

    def change(world: World) -> None:
        world.handed_over = note(world)

    return change


def without_scopes(*scopes: str) -> Change:
    """Return a change that unticks scopes of Neo Agent's application."""

    def change(world: World) -> None:
        world.neo.scopes -= set(scopes)

    return change


def secret_regenerated(world: World) -> None:
    """Change the Client Secret; the one that was noted is the one before."""
    world.handed_over = {"client_secret": world.neo.secret}
    world.neo.secret = new_secret()


def connected(**values: object) -> Change:
    """Return a change after which Neo Agent is connected; its webhook has these fields.

    `there=False`: the webhook was made and has been taken away since.
    """

    def change(world: World) -> None:
        world.handed_over["webhook_host"] = NEO_HOST
        fields = dict(values)
        if fields.pop("there", True):
            hook = of_neo_agent()
            _set(hook, fields)
            world.webhooks.append(hook)

    return change


def slow(world: World) -> None:
    """Make every answer take over a second, longer where the settings say so."""
    world.settings = world.settings.changed(latency_ms=str(max(1200, int(world.settings.latency_ms))))


def licences_used_up(world: World) -> None:
    """Let there be as many Named Licences as agents that use one."""
    world.licences = world.licences_in_use


def second_neo_agent(world: World) -> None:
    """Add another agent with the name of Neo Agent's."""
    world.agents[40] = Agent(40, world.agents[NEO_AGENT_ID].name)
