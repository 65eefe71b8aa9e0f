"""What a practice server says of its tenants when it is ready: addresses, credentials, expected codes."""

from __future__ import annotations

import json

from .scenarios import SCENARIOS
from .seed.values import Record
from .world.realm import Realm


def ready_entry(realm: Realm, name: str) -> Record:
    """Return what the person setting this tenant up would have noted: one entry of the ready line.

    Shape: name, tenant, client_id, client_secret, agent_id, scenario, expect (design, section 5), and
    webhook_host for a tenant that Neo Agent is connected to.
    """
    world = realm.worlds[name]
    scenario = realm.scenarios.get(name, "healthy")
    noted = world.handed_over
    entry: Record = {
        "name": name,
        "tenant": noted.get("tenant", world.halo_tenant),
        "client_id": noted.get("client_id", world.neo.client_id),
        "client_secret": noted.get("client_secret", world.neo.secret),
        "agent_id": world.agent_id,
        "scenario": scenario,
        "expect": list(SCENARIOS[scenario].expect),
    }
    if "webhook_host" in noted:
        entry["webhook_host"] = noted["webhook_host"]
    return entry


def ready_line(base_url: str, realm: Realm, ca_file: str | None) -> str:
    """Return the first line that `halo-runbook practice` prints, the one place that shows the secrets."""
    line: Record = {"base_url": base_url, "ui_url": f"{base_url}/"}
    if ca_file:
        line["ca_file"] = ca_file
    line["tenants"] = [ready_entry(realm, name) for name in realm.listed]
    return json.dumps(line)
