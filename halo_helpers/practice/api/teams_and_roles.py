"""Routes of teams and roles."""

from __future__ import annotations

from collections.abc import Callable

from ..seed.values import Record
from ..wire import Answer, Ask, as_json, empty, whole_number
from ..world.agents import ROLES, TEAMS
from .fields.teams_and_roles import role_object, team_details, team_object
from .refusals import not_a_number, refused
from .rights import TEAM_SCOPES, Identity


def answer_teams(who: Identity, _: Ask, key: str | None) -> Answer:
    """Answer `/Team`, `/Team/tree` and `/Team/{id}`."""
    if who.agent is None or not (who.may(TEAM_SCOPES) or who.lists_are_open):
        return refused(who.world.settings)
    if key is None or key == "tree":
        return as_json([team_object(who.world, team) for team in TEAMS])
    return _by_number(key, set(TEAMS), lambda number: team_details(who.world, number))


def answer_roles(who: Identity, _: Ask, key: str | None) -> Answer:
    """Answer `/Roles` and `/Roles/{id}`."""
    if not who.lists_are_open:
        return refused(who.world.settings, who.administration_refused or 403)
    if key is None:
        return as_json([role_object(who.world, role) for role in ROLES])
    found = [role for role in ROLES if role_object(who.world, role)["id"] == key]
    return as_json(role_object(who.world, found[0])) if found else empty(404)


def _by_number(key: str, known: set[int], make: Callable[[int], Record]) -> Answer:
    number = whole_number(key)
    if number is None:
        return not_a_number(key)
    return as_json(make(number)) if number in known else empty(404)
