"""Commands about the tenants file: `tenants`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import ConfigError, Mistake
from ..system.plain_text import count_of
from .shared import (
    OK,
    AllowEnv,
    AsJson,
    SecretsDir,
    TenantsFile,
    allow,
    complain,
    document,
    group,
    name_file_here,
    say,
    say_problems,
)

tenants_app = group("tenants", "The tenants file: add, import, check, trust, retire.")
TenantName = Annotated[str, typer.Argument(metavar="TENANT", help="A name from the tenants file.")]


def file_of(given: str | None) -> Path:
    """Return the tenants file to work on.

    Raises: ConfigError when none is named or found.
    """
    from ..tenants.find import tenants_file

    name_file_here(given)
    found = tenants_file(given)
    if found is None:
        raise ConfigError(
            "no tenants file: give --tenants-file, set HALO_TENANTS_FILE, or write ./tenants.yaml"
        )
    return found


@tenants_app.command("add")
def tenants_add(
    name: Annotated[str, typer.Argument(metavar="TENANT", help="The new name: a-z, 0-9 and -.")],
    base_url: Annotated[
        str, typer.Option("--base-url", metavar="URL", help="Such as https://acme.halopsa.com.")
    ],
    client_id: Annotated[str, typer.Option("--client-id", metavar="ID", help="Of the API application.")],
    secret: Annotated[
        str,
        typer.Option(
            "--secret",
            metavar="REF",
            help="env:NAME, file:PATH, keyring: or a vault's; never the secret itself.",
        ),
    ],
    agent_id: Annotated[
        str | None, typer.Option("--agent-id", metavar="ID", help="The expected agent's ID or username.")
    ] = None,
    halo_tenant: Annotated[
        str | None,
        typer.Option("--tenant", metavar="NAME", help="HaloPSA's own tenant name, where it is needed."),
    ] = None,
    label: Annotated[str | None, typer.Option("--label", metavar="TEXT", help="The name for people.")] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="TEXT", help="Who is asked when it breaks.")
    ] = None,
    tenants_file: TenantsFile = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
) -> int:
    """Add a tenant; with a mistake in the entry nothing is written."""
    from ..tenants.edit_file import add_tenant
    from ..tenants.find import tenants_file as find
    from ..tenants.tenant import read_agent_id

    allow(allow_env, secrets_dir)
    file = find(tenants_file) or Path("tenants.yaml")
    agent = read_agent_id(agent_id)
    add_tenant(
        file,
        {
            "name": name,
            "base_url": base_url,
            "halo_tenant": halo_tenant,
            "client_id": client_id,
            "client_secret": secret,
            "agent_id": agent,
            "label": label,
            "owner": owner,
        },
    )
    say(f"{name} stands in {file}")
    return OK


@tenants_app.command("import", short_help="Add the tenants of a list, after a look at what it would do.")
def tenants_import(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="A list with a heading for each column.")],
    secret_in: Annotated[
        str,
        typer.Option("--secret-in", metavar="env|file|keyring", help="Where proposed references look."),
    ] = "env",
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    tenants_file: TenantsFile = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
    as_json: AsJson = False,
) -> int:
    """Show the tenants of a list with the names and references proposed for them, and add them on a word.

    Those that stand in the tenants file stay as they are. Without a terminal and --yes, it only shows.
    """
    from ..tenants.edit_file import add_tenants
    from ..tenants.find import tenants_file as find
    from ..tenants.import_csv import PLACES, preview_import
    from ..tenants.tenants_file import load_tenants

    allow(allow_env, secrets_dir)
    if secret_in not in PLACES:
        raise ConfigError(f"--secret-in takes {', '.join(PLACES)}, got {secret_in!r}")
    to = find(tenants_file) or Path("tenants.yaml")
    preview = preview_import(file, load_tenants(to) if to.exists() else [], secret_in)
    rows = [
        {"line": one.line, "known_as": one.known_as or None} | {k: v for k, v in one.entry.items() if v}
        for one in preview.proposals
    ]
    if as_json:
        say(document({"schema": "halo-runbook/import/1", "tenants": rows, "ignored": preview.ignored}))
    else:
        say("\n".join(map(_import_line, rows)) or "the list names nobody")
        if preview.ignored:
            say(f"Columns that mean nothing here: {', '.join(preview.ignored)}")
    question = f"Add {count_of(len(preview.new), 'tenant')} to {to}?"
    if not preview.new or not (yes or (sys.stdin.isatty() and typer.confirm(question, err=True))):
        if preview.new and not as_json:
            say(f"Nothing was written. To add {count_of(len(preview.new), 'tenant')} to {to}: --yes")
        return OK
    add_tenants(to, preview.new)
    complain(f"{count_of(len(preview.new), 'tenant')} added to {to}; then: halo-runbook tenants check")
    return OK


def _import_line(row: dict[str, Any]) -> str:
    """Say what becomes of a line of the list."""
    if row["known_as"]:
        return f"  stays  {row['known_as']}: stands in the tenants file already (line {row['line']})"
    agent = f"  agent {row['agent_id']}" if "agent_id" in row else ""
    label = f"  ({row['label']})" if "label" in row else ""
    return f"  new    {row['name']}{label}  {row['base_url']}  {row['client_secret']}{agent}"


@tenants_app.command("list")
def tenants_list(tenants_file: TenantsFile = None, as_json: AsJson = False) -> int:
    """List the tenants; of a secret only the reference."""
    from ..tenants.tenants_file import load_tenants

    rows = [
        {
            "name": t.name,
            "label": t.label,
            "base_url": t.base_url,
            "agent_id": t.agent_id,
            "client_secret": str(t.client_secret),
            "owner": t.owner,
            "paused_until": str(t.paused_until) if t.paused_until else None,
        }
        for t in load_tenants(file_of(tenants_file))
    ]
    if as_json:
        say(document({"schema": "halo-runbook/tenants/1", "tenants": rows}))
        return OK
    width = max(len(str(row["name"])) for row in rows)
    say(
        "\n".join(
            f"{row['name']:{width}}  {row['base_url']}  {row['client_secret']}"
            + (f"  paused until {row['paused_until']}" if row["paused_until"] else "")
            for row in rows
        )
    )
    return OK


@tenants_app.command("check", short_help="Find mistakes, and secrets that do not resolve.")
def tenants_check(
    tenants_file: TenantsFile = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
    as_json: AsJson = False,
) -> int:
    """Find mistakes and secrets that do not resolve, and name each secret's host; contacts nobody."""
    from ..batch.choose import preflight
    from ..tenants.find import worth_a_warning
    from ..tenants.tenants_file import file_warnings, load_tenants
    from ..tenants.trust import host_of

    allow(allow_env, secrets_dir)
    file = file_of(tenants_file)
    tenants = load_tenants(file)
    warnings = [*file_warnings(file), *(line for tenant in tenants for line in worth_a_warning(tenant))]
    hosts = {tenant.name: host_of(tenant) for tenant in tenants}
    return say_problems(preflight(file), warnings, file, hosts=hosts, as_json=as_json)


@tenants_app.command("trust", short_help="Let a secret go to the host of now.")
def tenants_trust(name: TenantName, tenants_file: TenantsFile = None) -> int:
    """Let a tenant's secret go to the host that the file names now, after it went to another one."""
    from ..tenants.find import find_tenant
    from ..tenants.trust import host_of, trust

    tenant = find_tenant(name, str(file_of(tenants_file)))
    before = trust(tenant)
    was = f", no longer to {before}" if before and before != host_of(tenant) else ""
    say(f"the secret of {name} may go to {host_of(tenant)}{was}")
    return OK


@tenants_app.command("accept", short_help="Take a tenant's set-up for right as it is now.")
def tenants_accept(
    name: TenantName,
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Folder of runs that saw the set-up.")
    ] = Path("runs"),
) -> int:
    """Take a tenant's set-up, as the last run saw it, for the one that is right.

    Later reports say what differs from it.
    """
    from ..batch.history.database import FILE
    from ..batch.history.outcomes import Outcomes
    from ..batch.history.setups import Setups
    from ..report.over_time.drift import words_of

    if not (folder / FILE).is_file():
        raise ConfigError(Mistake("is no folder of runs: it holds no history; give --dir", str(folder)))
    for line in Outcomes(folder).warnings:
        complain(f"warning: {line}")
    accepted = Setups(folder).accept(name)
    for field, before, after in accepted:
        say(words_of({"field": field, "before": before, "after": after}))
    say(f"{name}: accepted as it is now" if accepted else f"{name}: nothing differs from what was accepted")
    return OK


@tenants_app.command("retire", short_help="Take a tenant out of the file.")
def tenants_retire(name: TenantName, tenants_file: TenantsFile = None) -> int:
    """Take a tenant out of the file; `forget` removes what is kept of it here."""
    from ..tenants.edit_file import retire_tenant

    file = file_of(tenants_file)
    retire_tenant(file, name)
    say(f"{name} is out of {file}; what is kept of it on this machine goes with: halo-runbook forget {name}")
    return OK
