"""Scenarios: practice tenants with exactly one thing wrong, each a short declaration.

`expect` is the whole set of diagnosis codes with verdict warn, fail or error that the scenario must get.
`row` is the row of the failure table that it stands for (facts, section 6).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .seed.values import guid
from .settings import Settings
from .world.agents import NEO_AGENT_ID, Agent
from .world.applications import new_secret
from .world.realm import Realm
from .world.scopes import SCOPES_OF_NEO
from .world.world import World

MAX_TENANTS = 2000
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
Change = Callable[[World], None]


@dataclass(frozen=True)
class Scenario:
    """One named world: what is wrong, and the codes that it must be diagnosed with."""

    name: str
    title: str
    wrong: str
    expect: tuple[str, ...]
    row: int | None
    change: Change


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    name: str, title: str, wrong: str, *, expect: tuple[str, ...] = (), row: int | None = None
) -> Callable[[Change], Change]:
    """Register a function that turns a healthy world into this scenario."""

    def register(change: Change) -> Change:
        SCENARIOS[name] = Scenario(name, title, wrong, expect, row, change)
        return change

    return register


def make_world(
    name: str,
    scenario_name: str = "healthy",
    *,
    size: str = "small",
    seed: str = "practice",
    settings: Settings | None = None,
) -> World:
    """Make a world in a scenario.

    Raises: ValueError with the known names when the scenario is unknown.
    """
    chosen = SCENARIOS.get(scenario_name)
    if chosen is None:
        raise ValueError(f"unknown scenario {scenario_name!r}; known are {', '.join(SCENARIOS)}")
    world = World(name=name, seed=seed, size=size, settings=settings or Settings())
    chosen.change(world)
    return world


def put_in_scenario(realm: Realm, name: str, scenario_name: str) -> None:
    """Put a tenant into a scenario, or make one in it.

    What was changed on it is gone, its credentials are new.

    Raises: ValueError in words for people when the name or the scenario cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("a tenant's name takes 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit")
    if name not in realm.worlds and len(realm.worlds) >= MAX_TENANTS:
        raise ValueError(f"there are {MAX_TENANTS} tenants already")
    fresh = make_world(name, scenario_name, size=realm.size, seed=realm.seed, settings=realm.settings)
    realm.index(fresh)
    realm.scenarios[name] = scenario_name
    realm.tokens.forget()


@scenario("healthy", "Set up as documented", "nothing")
def _healthy(world: World) -> None:
    """Leave the world as it was made."""
    world.front = "open"


@scenario(
    "wrong-secret",
    "Client Secret regenerated",
    "the secret handed over is no longer the application's",
    expect=("invalid-client",),
    row=12,
)
def _wrong_secret(world: World) -> None:
    world.handed_over = {"client_secret": world.neo.secret}
    world.neo.secret = new_secret()


@scenario(
    "app-inactive",
    "Application not active",
    "Active is not ticked on the application",
    expect=("invalid-client",),
    row=17,
)
def _app_inactive(world: World) -> None:
    world.neo.active = False


@scenario(
    "wrong-grant",
    "Wrong Authentication Method",
    "the application was made for Authorisation Code",
    expect=("unauthorized-client",),
    row=16,
)
def _wrong_grant(world: World) -> None:
    world.neo.method = "authorization-code"


@scenario(
    "login-type-user",
    "Login Type is not Agent",
    "the token acts for a client user",
    expect=("login-not-agent",),
    row=19,
)
def _login_type_user(world: World) -> None:
    world.neo.login_type = "user"


@scenario(
    "agent-mismatch",
    "Another agent chosen",
    "the application logs in as another agent than the noted one",
    expect=("agent-mismatch",),
    row=20,
)
def _agent_mismatch(world: World) -> None:
    world.neo.agent_id = 3


@scenario(
    "agent-disabled",
    "Agent not active",
    "Account Active is not ticked on the agent",
    expect=("agent-disabled",),
    row=21,
)
def _agent_disabled(world: World) -> None:
    world.change_neo(is_disabled=True)


@scenario(
    "agent-api-only", "API-only agent", "Is an API-only Agent is ticked", expect=("agent-api-only",), row=22
)
def _agent_api_only(world: World) -> None:
    world.change_neo(is_api_only=True)


@scenario(
    "agent-without-team",
    "Agent in no team",
    "no team is chosen on Departments & Teams, so no ticket is visible",
    expect=("agent-without-team", "area-empty"),
    row=24,
)
def _agent_without_team(world: World) -> None:
    world.change_neo(team_ids=())


@scenario(
    "scope-missing-teams",
    "all:teams not ticked",
    "the scope all:teams is not ticked on Permissions",
    expect=("scopes-missing", "area-refused"),
    row=30,
)
def _scope_missing_teams(world: World) -> None:
    world.neo.scopes -= {"all:teams"}


@scenario(
    "scope-missing-webhooks",
    "admin:webhooks not ticked",
    "the scope admin:webhooks is not ticked on Permissions",
    expect=("scopes-missing", "webhooks-refused"),
    row=31,
)
def _scope_missing_webhooks(world: World) -> None:
    world.neo.scopes -= {"admin:webhooks"}


@scenario(
    "scope-none", "No scope ticked", "the token is granted but opens nothing", expect=("scopes-none",), row=29
)
def _scope_none(world: World) -> None:
    world.neo.scopes -= set(SCOPES_OF_NEO)


@scenario(
    "tickets-refused",
    "Role without tickets",
    "the agent's role has no access to tickets",
    expect=("area-refused",),
    row=25,
)
def _tickets_refused(world: World) -> None:
    world.agents[NEO_AGENT_ID].denied = frozenset({"tickets"})


@scenario(
    "rate-limited",
    "Rate limit used up",
    "other integrations use up the instance's requests",
    expect=("rate-limited",),
    row=34,
)
def _rate_limited(world: World) -> None:
    world.settings = world.settings.changed(rate_limit="0/300")


@scenario(
    "maintenance",
    "Upgrade in progress",
    "a maintenance page answers instead of HaloPSA",
    expect=("maintenance",),
    row=41,
)
def _maintenance(world: World) -> None:
    world.front = "maintenance"


@scenario(
    "html-login-page",
    "Login page instead of the API",
    "a login page answers with status 200",
    expect=("html-instead-of-json",),
    row=48,
)
def _html_login_page(world: World) -> None:
    world.front = "login-page"


@scenario("slow", "Slow answers", "every answer takes over a second", expect=("slow",))
def _slow(world: World) -> None:
    world.settings = world.settings.changed(latency_ms=str(max(1200, int(world.settings.latency_ms))))


# --- what was noted or pasted wrongly ---


@scenario(
    "id-before-save",
    "Client ID copied before saving",
    "the Client ID changed when the application was saved",
    expect=("invalid-client",),
    row=11,
)
def _id_before_save(world: World) -> None:
    world.handed_over = {"client_id": guid(world.seed, world.name, "before saving")}


@scenario(
    "secret-cut-off",
    "Client Secret cut off",
    "only a part of the secret was copied",
    expect=("client-secret-malformed", "invalid-client"),
    row=12,
)
def _secret_cut_off(world: World) -> None:
    world.handed_over = {"client_secret": world.neo.secret[:50]}


@scenario(
    "credentials-swapped",
    "Client ID and Secret swapped",
    "each was pasted into the other's place",
    expect=("credentials-swapped",),
    row=15,
)
def _credentials_swapped(world: World) -> None:
    world.handed_over = {"client_id": world.neo.secret, "client_secret": world.neo.client_id}


@scenario(
    "wrong-tenant",
    "Another tenant name",
    "HaloPSA's own tenant name is not the one that was noted",
    expect=("tenant-unknown",),
    row=10,
)
def _wrong_tenant(world: World) -> None:
    world.handed_over = {"tenant": f"{world.halo_tenant}-old"}


# --- what is wrong with the application ---


@scenario(
    "app-not-approved",
    "Application waits for approval",
    "an administrator has to enable the application",
    expect=("token-refused",),
    row=18,
)
def _app_not_approved(world: World) -> None:
    world.neo.approved = False


@scenario(
    "only-all",
    "Only the scope all",
    "all is ticked, which contains neither teams nor webhooks",
    expect=("scopes-missing", "area-refused", "webhooks-refused"),
    row=30,
)
def _only_all(world: World) -> None:
    world.neo.scopes = frozenset({"all"})


@scenario(
    "scope-refused",
    "Scope refused at the token endpoint",
    "this version refuses scopes that the application has not",
    expect=("invalid-scope",),
    row=28,
)
def _scope_refused(world: World) -> None:
    world.settings = world.settings.changed(wider_scope="error")
    world.neo.scopes -= {"all:teams"}


@scenario(
    "token-short-lived",
    "Tokens end at once",
    "a token is good for some seconds only",
    expect=("token-expired",),
    row=33,
)
def _token_short_lived(world: World) -> None:
    world.settings = world.settings.changed(token_lifetime="20")  # noqa: S106 - seconds


@scenario(
    "any-secret",
    "Any secret is taken",
    "the token endpoint does not look at the secret",
    expect=("token-control-passed",),
)
def _any_secret(world: World) -> None:
    world.neo.any_secret = True


# --- what is wrong with the agent ---


@scenario(
    "agent-without-role",
    "Agent without a role",
    "no role is given to the agent",
    expect=("agent-role-missing",),
    row=25,
)
def _agent_without_role(world: World) -> None:
    world.change_neo(role_ids=())


@scenario(
    "agent-without-hours",
    "Agent without working hours",
    "no Working Hours on Preferences",
    expect=("agent-hours-missing",),
)
def _agent_without_hours(world: World) -> None:
    world.change_neo(workday_id=0)


@scenario(
    "agent-twins",
    "Two agents of one name",
    "another agent is called Neo Agent, too",
    expect=("agent-name-ambiguous",),
    row=49,
)
def _agent_twins(world: World) -> None:
    world.agents[40] = Agent(40, world.agents[NEO_AGENT_ID].name)


@scenario(
    "agent-unlisted",
    "Agent not in the list",
    "the list of agents leaves the agent out",
    expect=("agent-unlisted",),
    row=24,
)
def _agent_unlisted(world: World) -> None:
    world.change_neo(listed=False)


@scenario(
    "agent-restricted",
    "Agent restricted to other clients",
    "the agent may see neither clients nor their contacts",
    expect=("area-empty",),
    row=26,
)
def _agent_restricted(world: World) -> None:
    world.change_neo(empty=frozenset({"clients", "users"}))


@scenario(
    "contracts-hidden",
    "Contracts hidden",
    "the role has no access level for contracts",
    expect=("area-hidden",),
    row=25,
)
def _contracts_hidden(world: World) -> None:
    world.change_neo(denied=frozenset({"contracts"}))


@scenario(
    "no-sales-module",
    "Sales not licensed",
    "the instance has no opportunities",
    expect=("area-missing",),
    row=45,
)
def _no_sales_module(world: World) -> None:
    world.answers = {"opportunities": 404}


# --- what stands between, and the instance itself ---


@scenario(
    "address-blocked",
    "Address not on the allow-list",
    "a block page answers with status 403",
    expect=("blocked",),
    row=35,
)
def _address_blocked(world: World) -> None:
    world.front = "block-page"


@scenario(
    "connection-cut",
    "Connection cut",
    "a firewall cuts every connection",
    expect=("connection-reset",),
    row=35,
)
def _connection_cut(world: World) -> None:
    world.front = "reset"


@scenario(
    "area-fails", "One area fails inside", "assets answer 500 with nothing", expect=("server-error",), row=42
)
def _area_fails(world: World) -> None:
    world.answers = {"asset": 500}


@scenario(
    "area-too-slow",
    "One area runs into the gateway's limit",
    "reports answer 504",
    expect=("gateway-timeout",),
    row=43,
)
def _area_too_slow(world: World) -> None:
    world.answers = {"report": 504}


@scenario(
    "clock-off",
    "Clocks disagree",
    "the instance's clock is five minutes ahead",
    expect=("clock-skew",),
    row=40,
)
def _clock_off(world: World) -> None:
    world.clock_ahead_s = 300
