"""Sets an empty tenant up in a process of its own, which a test kills; what it needs comes by stdin."""

from __future__ import annotations

import json
import sys

from halo_helpers.admin.access import SignIn, signed_in
from halo_helpers.admin.writing.set_up import set_up
from halo_helpers.secrets.value import Secret
from halo_helpers.tenants.tenant import Tenant

from .administrator import WISHES, Helper, InMemory


def main() -> None:
    """Set the tenant up; nobody clicks."""
    given = json.load(sys.stdin)
    tenant = Tenant(**given["tenant"])
    with signed_in(tenant, SignIn(given["client_id"], Secret(given["client_secret"]))) as who:
        person = Helper()
        person.clicks = 4  # stops at the first click
        result = set_up(tenant, who, WISHES, person, InMemory())
    print(result.state)


if __name__ == "__main__":
    main()
