"""Commands about what is kept here: `secrets`, `forget`, `bundle`."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigError
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
    piped_or_typed_secret,
    say,
)
from .tenants import TenantName

secrets_app = group("secrets", "A tenant's Client Secret: keep it, see where it is.")


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
    reference = keep_in(FILE if to_file else KEYRING, name, secret)
    say(f"kept; in the tenants file it is found by client_secret: {reference}")
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
    name: Annotated[str | None, typer.Argument(metavar="[TENANT]", help="The name of a tenant.")] = None,
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
        "removed. Not touched: secrets in environment variables, vaults and files that a tenants file names, "
        "copies by --publish, and HaloPSA itself: make a new Client Secret there if it may have leaked."
    )
    return OK


@app.command(short_help="Make a zip for a support ticket that names nobody.")
def bundle(
    what: Annotated[
        str, typer.Argument(metavar="TENANT|RUN", help="A name from the tenants file, or a run.")
    ],
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
    held = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    say(f"{out}: {held}. Names, hosts and ids in it are replaced; look into it before you send it.")
    return OK
