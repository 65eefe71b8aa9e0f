"""Scenarios: which there are. Each is a practice tenant with exactly one thing wrong, declared in one row.

`SCENARIOS` is the table; `world/changes` has the changes that its rows are made of.
"""

from __future__ import annotations

from dataclasses import dataclass

from .seed.values import guid
from .world.changes import (
    Change,
    agent,
    application,
    connected,
    instance,
    licences_used_up,
    noted,
    nothing,
    routes,
    second_neo_agent,
    secret_regenerated,
    several,
    slow,
    with_settings,
    without_scopes,
)
from .world.scopes import SCOPES_OF_NEO


@dataclass(frozen=True)
class Scenario:
    """One named world: what is wrong, what makes it so, and the codes that it must be diagnosed with."""

    name: str
    title: str
    wrong: str
    change: Change
    expect: tuple[str, ...] = ()
    """The whole set of diagnosis codes with verdict warn, fail or error that it must get."""
    row: int | None = None
    """The row of the failure table that it stands for (facts, section 6)."""


SCENARIOS: dict[str, Scenario] = {
    one.name: one
    for one in (
        Scenario("healthy", "Set up as documented", "nothing", nothing),
        Scenario(
            "wrong-secret",
            "Client Secret regenerated",
            "the secret handed over is no longer the application's",
            secret_regenerated,
            expect=("invalid-client",),
            row=12,
        ),
        Scenario(
            "app-inactive",
            "Application not active",
            "Active is not ticked on the application",
            application(active=False),
            expect=("invalid-client",),
            row=17,
        ),
        Scenario(
            "wrong-grant",
            "Wrong Authentication Method",
            "the application was made for Authorisation Code",
            application(method="authorization-code"),
            expect=("unauthorized-client",),
            row=16,
        ),
        Scenario(
            "login-type-user",
            "Login Type is not Agent",
            "the token acts for a client user",
            application(login_type="user"),
            expect=("login-not-agent",),
            row=19,
        ),
        Scenario(
            "agent-mismatch",
            "Another agent chosen",
            "the application logs in as another agent than the noted one",
            application(agent_id=3),
            expect=("agent-mismatch",),
            row=20,
        ),
        Scenario(
            "agent-disabled",
            "Agent not active",
            "Account Active is not ticked on the agent",
            agent(is_disabled=True),
            expect=("agent-disabled",),
            row=21,
        ),
        Scenario(
            "agent-api-only",
            "API-only agent",
            "Is an API-only Agent is ticked",
            agent(is_api_only=True),
            expect=("agent-api-only",),
            row=22,
        ),
        Scenario(
            "agent-without-team",
            "Agent in no team",
            "no team is chosen on Departments & Teams, so no ticket is visible",
            agent(team_ids=()),
            expect=(
                "agent-without-team",
                "area-empty",
            ),
            row=24,
        ),
        Scenario(
            "scope-missing-teams",
            "all:teams not ticked",
            "the scope all:teams is not ticked on Permissions",
            without_scopes("all:teams"),
            expect=(
                "scopes-missing",
                "area-refused",
            ),
            row=30,
        ),
        Scenario(
            "scope-missing-webhooks",
            "admin:webhooks not ticked",
            "the scope admin:webhooks is not ticked on Permissions",
            without_scopes("admin:webhooks"),
            expect=(
                "scopes-missing",
                "webhooks-refused",
            ),
            row=31,
        ),
        Scenario(
            "scope-none",
            "No scope ticked",
            "the token is granted but opens nothing",
            without_scopes(*SCOPES_OF_NEO),
            expect=("scopes-none",),
            row=29,
        ),
        Scenario(
            "tickets-refused",
            "Role without tickets",
            "the agent's role has no access to tickets",
            agent(denied=frozenset({"tickets"})),
            expect=("area-refused",),
            row=25,
        ),
        Scenario(
            "rate-limited",
            "Rate limit used up",
            "other integrations use up the instance's requests",
            with_settings(rate_limit="0/300"),
            expect=("rate-limited",),
            row=34,
        ),
        Scenario(
            "maintenance",
            "Upgrade in progress",
            "a maintenance page answers instead of HaloPSA",
            instance(front="maintenance"),
            expect=("maintenance",),
            row=41,
        ),
        Scenario(
            "html-login-page",
            "Login page instead of the API",
            "a login page answers with status 200",
            instance(front="login-page"),
            expect=("html-instead-of-json",),
            row=48,
        ),
        Scenario("slow", "Slow answers", "every answer takes over a second", slow, expect=("slow",)),
        # what was noted or pasted wrongly
        Scenario(
            "id-before-save",
            "Client ID copied before saving",
            "the Client ID changed when the application was saved",
            noted(lambda world: {"client_id": guid(world.seed, world.name, "before saving")}),
            expect=("invalid-client",),
            row=11,
        ),
        Scenario(
            "secret-cut-off",
            "Client Secret cut off",
            "only a part of the secret was copied",
            noted(lambda world: {"client_secret": world.neo.secret[:50]}),
            expect=(
                "client-secret-malformed",
                "invalid-client",
            ),
            row=12,
        ),
        Scenario(
            "credentials-swapped",
            "Client ID and Secret swapped",
            "each was pasted into the other's place",
            noted(lambda world: {"client_id": world.neo.secret, "client_secret": world.neo.client_id}),
            expect=("credentials-swapped",),
            row=15,
        ),
        Scenario(
            "wrong-tenant",
            "Another tenant name",
            "HaloPSA's own tenant name is not the one that was noted",
            noted(lambda world: {"tenant": f"{world.halo_tenant}-old"}),
            expect=("tenant-unknown",),
            row=10,
        ),
        # what is wrong with the application
        Scenario(
            "app-not-approved",
            "Application waits for approval",
            "an administrator has to enable the application",
            application(approved=False),
            expect=("token-refused",),
            row=18,
        ),
        Scenario(
            "only-all",
            "Only the scope all",
            "all is ticked, which contains neither teams nor webhooks",
            application(scopes=frozenset({"all"})),
            expect=(
                "scopes-missing",
                "scopes-excess",
                "area-refused",
                "webhooks-refused",
            ),
            row=30,
        ),
        Scenario(
            "scopes-too-wide",
            "More scopes than needed",
            "all and admin are ticked besides the three scopes",
            application(scopes=frozenset({*SCOPES_OF_NEO, "all", "admin"})),
            expect=("scopes-excess",),
            row=52,
        ),
        Scenario(
            "scope-refused",
            "Scope refused at the token endpoint",
            "this version refuses scopes that the application has not",
            several(with_settings(wider_scope="error"), without_scopes("all:teams")),
            expect=("invalid-scope",),
            row=28,
        ),
        Scenario(
            "token-short-lived",
            "Tokens end at once",
            "a token is good for some seconds only",
            with_settings(token_lifetime="20"),  # noqa: S106 - seconds
            expect=("token-expired",),
            row=33,
        ),
        Scenario(
            "any-secret",
            "Any secret is taken",
            "the token endpoint does not look at the secret",
            application(any_secret=True),
            expect=("token-control-passed",),
        ),
        # what is wrong with the agent
        Scenario(
            "agent-without-role",
            "Agent without a role",
            "no role is given to the agent",
            agent(role_ids=()),
            expect=("agent-role-missing",),
            row=25,
        ),
        Scenario(
            "agent-without-hours",
            "Agent without working hours",
            "no Working Hours on Preferences",
            agent(workday_id=0),
            expect=("agent-hours-missing",),
        ),
        Scenario(
            "agent-twins",
            "Two agents of one name",
            "another agent is called Neo Agent, too",
            second_neo_agent,
            expect=("agent-name-ambiguous",),
            row=49,
        ),
        Scenario(
            "agent-unlisted",
            "Agent not in the list",
            "the list of agents leaves the agent out",
            agent(listed=False),
            expect=("agent-unlisted",),
            row=24,
        ),
        Scenario(
            "agent-restricted",
            "Agent restricted to other clients",
            "the agent may see neither clients nor their contacts",
            agent(empty=frozenset({"clients", "users"})),
            expect=("area-empty",),
            row=26,
        ),
        Scenario(
            "contracts-hidden",
            "Contracts hidden",
            "the role has no access level for contracts",
            agent(denied=frozenset({"contracts"})),
            expect=("area-hidden",),
            row=25,
        ),
        Scenario(
            "no-sales-module",
            "Sales not licensed",
            "the instance has no opportunities",
            routes(opportunities=404),
            expect=("area-missing",),
            row=45,
        ),
        # what a check that only reads cannot see
        Scenario(
            "licences-used-up",
            "No Named Licence free",
            "every Named Licence is in use, Neo Agent's among them",
            licences_used_up,
        ),
        Scenario(
            "notes-refused",
            "Notes refused",
            "the role lets tickets be read, and no note be added",
            agent(denied=frozenset({"actions"})),
        ),
        # Neo Agent's webhook, once it is connected
        Scenario("connected", "Connected to Neo Agent", "nothing: Neo Agent's webhook delivers", connected()),
        Scenario(
            "webhook-gone",
            "Webhook taken away",
            "Neo Agent's webhook is not in the list any more",
            connected(there=False),
            expect=("webhook-missing",),
        ),
        Scenario(
            "webhook-off",
            "Webhook not active",
            "Active is not ticked on Neo Agent's webhook",
            connected(active=False),
            expect=("webhook-off",),
        ),
        Scenario(
            "webhook-without-events",
            "Webhook without events",
            "no event is chosen on Neo Agent's webhook",
            connected(events=(), deliveries=()),
            expect=("webhook-without-events",),
        ),
        Scenario(
            "webhook-failing",
            "Webhook fails",
            "Neo Agent took none of the last deliveries",
            connected(deliveries=(True, *(False,) * 20)),
            expect=("webhook-failing",),
        ),
        # what stands between, and the instance itself
        Scenario(
            "address-blocked",
            "Address not on the allow-list",
            "a block page answers with status 403",
            instance(front="block-page"),
            expect=("blocked",),
            row=35,
        ),
        Scenario(
            "connection-cut",
            "Connection cut",
            "a firewall cuts every connection",
            instance(front="reset"),
            expect=("connection-reset",),
            row=35,
        ),
        Scenario(
            "area-fails",
            "One area fails inside",
            "assets answer 500 with nothing",
            routes(asset=500),
            expect=("server-error",),
            row=42,
        ),
        Scenario(
            "area-too-slow",
            "One area runs into the gateway's limit",
            "reports answer 504",
            routes(report=504),
            expect=("gateway-timeout",),
            row=43,
        ),
        Scenario(
            "clock-off",
            "Clocks disagree",
            "the instance's clock is five minutes ahead",
            instance(clock_ahead_s=300),
            expect=("clock-skew",),
            row=40,
        ),
    )
}
"""By name, in the order in which they are listed."""
