"""The command `setup`: set a tenant up as far as the API may, on consent, with a way back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import ConfigError, HaloError, SecretError
from ..check import explain
from ..shared import (
    FAILED,
    NOT_JUDGED,
    OK,
    AllowEnv,
    AsJson,
    SecretsDir,
    TenantsFile,
    allow,
    complain,
    document,
    in_colour,
    say,
    terminal_width,
)
from ..shared import app as commands
from .inspect import not_signed_in
from .signing_in import AdminClientId, Named, SignInWay, ask_to_sign_in

if TYPE_CHECKING:
    from ...admin.access import SignIn
    from ...admin.writing.plan import Wishes
    from ...admin.writing.set_up import Keeper, SetUp
    from ...secrets.value import Secret
    from ...tenants.tenant import Tenant

_CONSENT = "Type the tenant's name to write this, anything else to write nothing"
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="For a customer who is in no tenants file yet."),
]
AgentName = Annotated[
    str | None, typer.Option("--agent-name", metavar="NAME", help="What the agent is called, if it is made.")
]
ApplicationName = Annotated[
    str | None,
    typer.Option("--application-name", metavar="NAME", help="What the application is called."),
]
Team = Annotated[str, typer.Option("--team", metavar="NAME", help="The agent's team; the first one else.")]
Role = Annotated[str, typer.Option("--role", metavar="NAME", help="The agent's role; 1st Line Support else.")]
Hours = Annotated[str, typer.Option("--hours", metavar="NAME", help="Its working hours; the first else.")]


def _typed(question: str) -> str:
    return str(typer.prompt(question, default="", show_default=False, err=True)).strip()


class _Terminal:
    """The person at the terminal."""

    def tell(self, text: str) -> None:
        say(text)

    def confirm_by_name(self, name: str) -> bool:
        return _typed(f"{_CONSENT} ({name})") == name

    def agree(self, question: str) -> bool:
        return typer.confirm(question, err=True)

    def has_clicked(self) -> bool:
        return not _typed("Enter when that is done, q to stop here")

    def secret(self) -> Secret | None:
        from ...secrets.references import resolve

        complain("the Client Secret is what is left: paste it, it is not shown")
        try:
            return resolve("prompt:", "the application")
        except SecretError:
            return None


@commands.command(short_help="Set it right on consent: plan, confirm, write, undo.")
def setup(
    tenant: Named,
    tenants_file: TenantsFile = None,
    base_url: BaseUrl = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would be done; the default.")] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write it, after the tenant's name was typed. Needs a terminal.")
    ] = False,
    undo: Annotated[
        str | None,
        typer.Option(
            "--undo",
            metavar="RECORD",
            help="Give the former values back; --apply prints the name of its record.",
        ),
    ] = None,
    prove_write: Annotated[
        bool,
        typer.Option("--prove-write", help="Make one test ticket with a note as the agent, and close it."),
    ] = False,
    sign_in: SignInWay = None,
    admin_client_id: AdminClientId = None,
    agent_name: AgentName = None,
    application_name: ApplicationName = None,
    team: Team = "",
    role: Role = "",
    hours: Hours = "",
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
    as_json: AsJson = False,
) -> int:
    """Show what an administrator's sign-in would set right, and with --apply write it after a confirmation.

    The agent is made or corrected. The application is made by you, click by click; then it is corrected, its
    Client ID is taken over, and the Client Secret is asked for. Each write is read back, and --undo takes it
    back. Nothing is ever deleted, and no other object is touched.

    Exit: 0 nothing is left to do, 1 clicks are left, 2 bad input, 3 stopped half-way or nobody signed in.
    """
    from ...admin.access import NoAdministratorError
    from ...admin.sign_in import SignInError
    from ...admin.writing.apply import SetUpStopped
    from ...admin.writing.plan import wishes_of
    from ...admin.writing.record import Record

    allow(allow_env, secrets_dir)
    _one_of({"--plan": plan, "--apply": apply, "--undo": undo, "--prove-write": prove_write}, as_json=as_json)
    found, keeper = _tenant(tenant, tenants_file, base_url)
    if prove_write:
        return _prove(found)
    if undo:
        Record.read(undo)  # before anybody signs in for nothing
    how = ask_to_sign_in(found, sign_in, admin_client_id)
    wishes = wishes_of(
        found.name, agent_name or "", application_name or "", team=team, role=role, hours=hours
    )
    try:
        return _run(found, keeper, how, wishes, apply=apply, undo=undo, as_json=as_json)
    except (NoAdministratorError, SignInError) as error:
        return not_signed_in(error)
    except SetUpStopped as stopped:
        complain(stopped.seen)
        return NOT_JUDGED
    except (SecretError, ConfigError):
        raise
    except HaloError as error:
        return explain(error)


def _one_of(given: dict[str, object], *, as_json: bool) -> None:
    """Let one thing be asked for, and what writes on a terminal alone.

    Raises: ConfigError.
    """
    chosen = [name for name, value in given.items() if value]
    if len(chosen) > 1:
        raise ConfigError(f"give one of {', '.join(chosen)}")
    if set(chosen) - {"--plan"} and (as_json or not sys.stdin.isatty()):
        raise ConfigError(f"{chosen[0]} needs a terminal: a person confirms what is written")


def _run(
    tenant: Tenant,
    keeper: Keeper,
    how: SignIn,
    wishes: Wishes,
    *,
    apply: bool,
    undo: str | None,
    as_json: bool,
) -> int:
    from ...admin.access import signed_in
    from ...admin.writing import set_up

    with signed_in(tenant, how) as who:
        if undo:
            return _said(set_up.undo(undo, tenant, who, _Terminal()))
        if apply:
            return _said(set_up.set_up(tenant, who, wishes, _Terminal(), keeper))
        _, plan = set_up.plan_for(tenant, who, wishes)
    if as_json:
        say(document({"schema": "halo-runbook/setup-plan/1", "tenant": tenant.name} | plan.as_json()))
    else:
        say(plan.as_text())
        if plan.changes:
            say(f"Nothing was written. To write it: halo-runbook setup {tenant.name} --apply")
    return OK if plan.is_empty else FAILED


def _said(result: SetUp) -> int:
    """Say how a setup came out; return the exit code."""
    from ...report import verification_text

    if result.verification is not None:
        say(verification_text(result.verification, width=terminal_width(), colour=in_colour(), details=False))
    if result.state == "declined":
        say(f"nothing {'more ' if result.records else ''}was written in HaloPSA")
        return FAILED
    return FAILED if result.state == "clicks" else OK


def _tenant(name: str, tenants_file: str | None, base_url: str | None) -> tuple[Tenant, Keeper]:
    """Return the tenant, and who keeps what is found: its tenants file, or the walk of this name.

    Raises: ConfigError for a tenant that is not known, and no base URL.
    """
    from ...admin.writing.keepers import InTenantsFile, InWalk
    from ...errors import ConnectionFailedError
    from ...tenants.base_url import parse_address
    from ...tenants.find import find_tenant
    from ...tenants.find import tenants_file as find_file
    from ...tenants.practice import empty_practice_tenant
    from ...tenants.tenant import EMPTY_PRACTICE, NAME, PRACTICE, RESERVED, Tenant
    from ...tenants.tenants_file import load_tenants

    if name == EMPTY_PRACTICE:
        return empty_practice_tenant(), InWalk(PRACTICE, complain)
    if base_url:
        if not NAME.fullmatch(name) or name in RESERVED:
            raise ConfigError(f"{name!r} can be no tenant's name: a-z, 0-9 and -, at most 63 characters")
        try:
            parse_address(base_url)
        except ConnectionFailedError as error:
            raise ConfigError(f"--base-url: {error.seen}") from None
        return Tenant(name, base_url), InWalk(name, complain)
    file = find_file(tenants_file)
    found = find_tenant(name, tenants_file)
    if file is not None and any(one.name == name for one in load_tenants(file)):
        return found, InTenantsFile(Path(file), complain)
    return found, InWalk(name, complain)


def _prove(tenant: Tenant) -> int:
    from ...admin.writing.prove_write import prove_write

    say(
        f"With the application's own credentials this makes one ticket at {tenant.base_url}, marked as a "
        "test, adds a private note and a minute of time, and closes it; it is not deleted"
    )
    if not _Terminal().confirm_by_name(tenant.name):
        say("nothing was written")
        return FAILED
    try:
        proof = prove_write(tenant)
    except (SecretError, ConfigError):
        raise
    except HaloError as error:
        return explain(error)
    say(proof.as_text())
    return FAILED if proof.problems else OK
