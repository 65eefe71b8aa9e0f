"""Examples for each command, and the codes that it exits with."""

from __future__ import annotations

GROUPS: dict[str, tuple[str, ...]] = {
    "Learn": ("demo", "practice", "site"),
    "Set up a customer": ("lab", "web", "walk", "inspect", "setup"),
    "Look at one": ("check", "agents", "survey"),
    "Watch many": ("batch", "status", "report", "diff"),
    "Keep": ("tenants", "secrets", "bundle", "forget", "notebooks"),
}
"""The commands, in the order of the work."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "demo": ("demo", "demo --out /tmp/runs"),
    "practice": ("practice --scenario wrong-secret", "practice --tenants 40 --write-tenants tenants.yaml"),
    "site": ("site /tmp/site",),
    "lab": ("lab --practice", "lab --tenant acme --step save-application"),
    "web": ("web --practice", "web --tenant acme"),
    "walk": ("walk", "walk acme --json"),
    "inspect": ("inspect acme", "inspect acme --sign-in browser --admin-client-id ID"),
    "setup": ("setup acme --plan", "setup acme --base-url https://acme.halopsa.com --apply"),
    "check": ("check acme", "check --base-url https://acme.halopsa.com --client-id ID --agent-id 27"),
    "agents": ("agents acme", "agents acme --all --json"),
    "survey": ("survey acme --out survey.json", "survey acme --out survey.json --admin-client-id ID"),
    "batch": ("batch tenants.yaml --out runs", "batch tenants.yaml --out runs --failed-of latest"),
    "status": ("status runs --max-age 26h", "status runs --broken --json"),
    "report": ("report latest --format csv", "report latest --tenant acme"),
    "diff": ("diff RUN latest", "diff RUN latest --json"),
    "bundle": ("bundle latest", "bundle acme --out acme.zip"),
    "forget": ("forget acme", "forget --all --yes"),
    "tenants add": (
        "tenants add acme --base-url https://acme.halopsa.com --client-id ID --secret keyring:",
        "tenants add acme --base-url https://acme.halopsa.com --client-id ID --secret env:HALO_ACME_SECRET",
    ),
    "tenants import": ("tenants import customers.csv", "tenants import customers.csv --yes"),
    "tenants list": ("tenants list", "tenants list --tenants-file all.yaml --json"),
    "tenants check": ("tenants check", "tenants check --tenants-file all.yaml --json"),
    "tenants trust": ("tenants trust acme", "tenants trust acme --tenants-file all.yaml"),
    "tenants accept": ("tenants accept acme", "tenants accept acme --dir runs"),
    "tenants retire": ("tenants retire acme", "tenants retire acme --tenants-file all.yaml"),
    "secrets set": ("secrets set acme", "secrets set acme --file"),
    "secrets where": ("secrets where acme", "secrets where acme --tenants-file all.yaml"),
    "secrets remove": ("secrets remove acme", "secrets remove birch"),
    "secrets due": ("secrets due", "secrets due --older 90d --json"),
    "notebooks list": ("notebooks list",),
    "notebooks refresh": ("notebooks refresh",),
}
"""By command: lines as they can be typed, without the program's name; two where there is a choice."""

JUDGES = "0 all is well, 1 something is broken, 2 wrong usage or input, 3 something could not be checked"
DOES = "0 done, 2 wrong usage or input"
EXITS: dict[str, str] = {
    "check": JUDGES,
    "inspect": JUDGES,
    "batch": f"{JUDGES}, or was not verified",
    "demo": "0 all was diagnosed as planned, 1 something was not",
    "setup": "0 nothing is left, 1 clicks are left, 2 wrong usage or input, 3 stopped half-way",
    "status": "0 a complete run is fresh, 1 (--broken) it found broken tenants, 3 none is fresh",
    "agents": JUDGES,
    "report": "as batch did for this run; 0 with --tenant",
    "survey": JUDGES,
    "tenants check": "0 every entry is usable, 2 a mistake",
    "secrets due": "0 none is due, 1 some are, 2 wrong usage or input",
    "walk": "0 shown, 2 an unknown name",
}
"""By command: what it exits with, where that is not `DOES`. Interrupted is 130 everywhere."""
