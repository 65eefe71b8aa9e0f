"""What was noted or pasted wrongly."""

from __future__ import annotations

from ..seed.values import guid
from ..world.changes import noted
from .scenario import Scenario

SCENARIOS = (
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
)
