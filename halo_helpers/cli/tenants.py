"""Commands of upkeep: `tenants`, `secrets`, `forget`, `bundle`."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigError, Mistake
from ..system.plain_text import count_of
from .shared import (
    FAILED,
    OK,
    AllowEnv,
    AsJson,
    SecretsDir,
    TenantsFile,
    allow,
    app,
    complain,
    document,
    group,
    name_file_here,
    piped_or_typed_secret,
    say,
    say_problems,
)

tenants_app = group("tenants", "The tenants file: add, list, check, retire; comments stay.")
secrets_app = group("secrets", "A tenant's Client Secret: keep it, see where it is.")
TenantName = Annotated[str, typer.Argument(metavar="TENANT")]


def _file(given: str | None) -> Path:
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
    name: TenantName,
    base_url: Annotated[str, typer.Option("--base-url", metavar="URL")],
    client_id: Annotated[str, typer.Option("--client-id", metavar="ID")],
    secret: Annotated[
        str,
        typer.Option(
            "--secret",
            metavar="REF",
            help="env:NAME, file:PATH, keyring: or a vault's; never the secret itself.",
        ),
    ],
    agent_id: Annotated[str | None, typer.Option("--agent-id", metavar="ID")] = None,
    halo_tenant: Annotated[
        str | None, typer.Option("--tenant", help="HaloPSA's own tenant name, where it is needed.")
    ] = None,
    label: Annotated[str | None, typer.Option("--label", help="The name for people.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Who is asked when it breaks.")] = None,
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
        for t in load_tenants(_file(tenants_file))
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
    file = _file(tenants_file)
    tenants = load_tenants(file)
    warnings = [*file_warnings(file), *(line for tenant in tenants for line in worth_a_warning(tenant))]
    hosts = {tenant.name: host_of(tenant) for tenant in tenants}
    return say_problems(preflight(file), warnings, file, hosts=hosts, as_json=as_json)


@tenants_app.command("trust", short_help="Let a secret go to the host of now.")
def tenants_trust(name: TenantName, tenants_file: TenantsFile = None) -> int:
    """Let a tenant's secret go to the host that the file names now, after it went to another one."""
    from ..tenants.find import find_tenant
    from ..tenants.trust import host_of, trust

    tenant = find_tenant(name, str(_file(tenants_file)))
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
    from ..batch.history.setups import Setups
    from ..report.over_time.drift import words_of

    if not (folder / FILE).is_file():
        raise ConfigError(Mistake("is no folder of runs: it holds no history; give --dir", str(folder)))
    accepted = Setups(folder).accept(name)
    for field, before, after in accepted:
        say(words_of({"field": field, "before": before, "after": after}))
    say(f"{name}: accepted as it is now" if accepted else f"{name}: nothing differs from what was accepted")
    return OK


@tenants_app.command("retire", short_help="Take a tenant out of the file.")
def tenants_retire(name: TenantName, tenants_file: TenantsFile = None) -> int:
    """Take a tenant out of the file; `forget` removes what is kept of it here."""
    from ..tenants.edit_file import retire_tenant

    file = _file(tenants_file)
    retire_tenant(file, name)
    say(f"{name} is out of {file}; what is kept of it on this machine goes with: halo-runbook forget {name}")
    return OK


@secrets_app.command("set", short_help="Keep a tenant's secret, typed hidden or piped.")
def secrets_set(
    name: TenantName,
    to_file: Annotated[
        bool, typer.Option("--file", help="Keep it in a private file; else in the system's keyring.")
    ] = False,
) -> int:
    """Keep a tenant's secret, typed in hidden or piped, and say which reference finds it."""
    from ..secrets.places import FILE, KEYRING, keep_in, keyring_works

    _known_name(name)
    if not to_file and not keyring_works():
        raise ConfigError("this system has no keyring that can be used; give --file for a private file")
    secret = piped_or_typed_secret(name)
    say(f"kept; the reference is {keep_in(FILE if to_file else KEYRING, name, secret)}")
    return OK


@secrets_app.command("where")
def secrets_where(
    name: TenantName,
    tenants_file: TenantsFile = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
) -> int:
    """Say which source would answer, never the value."""
    from ..tenants.find import find_tenant, worth_a_warning
    from ..tenants.trust import host_of, secret_of

    allow(allow_env, secrets_dir)
    tenant = find_tenant(name, tenants_file)
    found = secret_of(tenant, remember=False)
    say(f"{name}: {found.source}, for {host_of(tenant)}")
    for line in worth_a_warning(tenant):
        complain(f"warning: {line}")
    return OK


@secrets_app.command("remove", short_help="Remove a tenant's secret from where it is kept.")
def secrets_remove(name: TenantName) -> int:
    """Remove a tenant's secret from the keyring and from the private file."""
    from ..secrets.places import in_words, remove

    _known_name(name)
    gone = remove(name)
    say(
        f"removed from {in_words(gone)}"
        if gone
        else f"nothing is kept of {name} in the keyring or in a private file"
    )
    return OK


@secrets_app.command("due", short_help="List the secrets that are older than a limit.")
def secrets_due(
    older: Annotated[str, typer.Option("--older", metavar="AGE", help="Such as 180d.")] = "180d",
    tenants_file: TenantsFile = None,
    as_json: AsJson = False,
) -> int:
    """List each tenant's secret with its age, the oldest first; exit code 1 when one is older than the limit.

    The age is known of secrets that were entered in the guide or by “secrets set”; of others it is not known.
    """
    from ..report.over_time.status import parse_age
    from ..secrets.places import kept_since
    from ..tenants.answers import known_walks, read_answers
    from ..tenants.find import tenants_file as file_of
    from ..tenants.tenant import PRACTICE
    from ..tenants.tenants_file import load_tenants

    limit = parse_age(older, "--older")
    file = file_of(tenants_file)
    names = [one.name for one in load_tenants(file)] if file else []
    rows = []
    for name in dict.fromkeys([*names, *(one for one in known_walks() if one != PRACTICE)]):
        since = max(read_answers(name).get("secret_set_at", ""), kept_since(name))
        age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(since) if since else None
        rows.append(
            {
                "name": name,
                "since": since or None,
                "age_days": age.days if age is not None else None,
                "due": age is not None and age > limit,
            }
        )
    rows.sort(key=lambda row: str(row["since"] or "9999"))
    if as_json:
        say(document({"schema": "halo-runbook/secrets-due/1", "older": older, "secrets": rows}))
    elif not rows:
        say("no tenants file and no walk here: there is no secret to be dated")
    for row in rows if not as_json else ():
        days = row["age_days"]
        age_text = "not known" if days is None else count_of(int(str(days)), "day")
        say(f"{row['name']}  {age_text}{'  due' if row['due'] else ''}")
    return FAILED if any(row["due"] for row in rows) else OK


def _known_name(name: str) -> None:
    from ..tenants.tenant import NAME

    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name of a tenant: a-z, 0-9 and -")


@app.command(short_help="Remove what is kept here of a tenant, or of all.")
def forget(
    name: Annotated[str | None, typer.Argument(metavar="[TENANT]")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Of every tenant.")] = False,
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The folder of runs.")] = Path("runs"),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> int:
    """Remove working copies, state, stored secrets and run files of a tenant, after saying what."""
    from ..batch.forget import forget as remove
    from ..batch.forget import what_is_kept

    if (name is None) is not everything:
        raise ConfigError("give a tenant's name, or --all")
    if name is not None:
        _known_name(name)
    found = what_is_kept(name, folder)
    if not found:
        say("nothing is kept here")
        return OK
    say("\n".join(found))
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigError("nothing was removed: without a terminal that can be asked, give --yes")
        if not typer.confirm("Remove all of this?"):
            say("nothing was removed")
            return OK
    remove(name, folder)
    say(
        "removed. Secrets in environment variables, vaults and HaloPSA itself are not touched: make "
        "a new Client Secret there if it may have leaked."
    )
    return OK


@app.command(short_help="Make a zip for a support ticket that names nobody.")
def bundle(
    what: Annotated[str, typer.Argument(metavar="TENANT|RUN")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The zip to write.")] = Path(
        "halo-runbook-bundle.zip"
    ),
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where names of runs are looked up.")
    ] = Path("runs"),
    tenants_file: TenantsFile = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
) -> int:
    """Make one zip for a support ticket: versions, checks, timings; no name, host, id or secret."""
    from ..report.support_bundle import make_bundle

    allow(allow_env, secrets_dir)
    names = make_bundle(what, out, folder, tenants_file)
    say(
        f"{out}: {', '.join(names)}. Names, hosts and ids in it are replaced; look into it before "
        "you send it."
    )
    return OK
