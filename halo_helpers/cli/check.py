"""Commands about one tenant: `check`, `agents` and `survey`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import ConfigError, HaloError, SecretError
from .shared import (
    BAD_INPUT,
    FAILED,
    NOT_JUDGED,
    OK,
    AllowEnv,
    AsJson,
    SecretsDir,
    TenantsFile,
    allow,
    app,
    complain,
    document,
    error_document,
    first_use_named,
    in_colour,
    name_file_here,
    piped_or_typed_secret,
    say,
    state,
    terminal_width,
)

if TYPE_CHECKING:
    from ..tenants.tenant import Tenant
    from ..verification.result import CheckResult


def _one_tenant(
    name: str | None,
    tenants_file: str | None,
    base_url: str | None,
    client_id: str | None,
    halo_tenant: str | None,
    agent_id: str | None,
    secret: str | None,
    ca_file: str | None,
) -> Tenant:
    """Return the tenant that the options name, from a file or from the options themselves.

    Raises: ConfigError for options that do not go together or an unknown tenant, SecretError.
    """
    from dataclasses import replace

    from ..tenants.find import find_tenant
    from ..tenants.tenant import PRACTICE, Tenant, read_agent_id

    given: dict[str, Any] = {"ca_file": str(Path(ca_file).absolute())} if ca_file else {}
    if agent_id:
        given["agent_id"] = read_agent_id(agent_id)
    if name and base_url:
        raise ConfigError("give a tenant's name or --base-url, not both")
    if name:
        if any((client_id, halo_tenant, secret)):
            raise ConfigError(
                "--client-id, --tenant and --secret go with --base-url; a named tenant has its own"
            )
        if name != PRACTICE:
            name_file_here(tenants_file)
        return replace(find_tenant(name, tenants_file), **given)
    if not base_url or not client_id:
        raise ConfigError("give a tenant's name, or --base-url and --client-id")
    return Tenant(
        name="command-line",
        base_url=base_url,
        client_id=client_id,
        halo_tenant=halo_tenant,
        client_secret=_secret(secret),
        **given,
    )


def _secret(reference: str | None) -> Any:
    """Take the secret from its reference, the environment, standard input, or a hidden prompt.

    In this order; the variable is HALO_CLIENT_SECRET, and standard input is read when it is piped.
    """
    from ..secrets.references import resolve

    if reference:
        return resolve(reference, "command-line")
    if os.environ.get("HALO_CLIENT_SECRET"):
        return resolve("env:HALO_CLIENT_SECRET", "command-line")
    return piped_or_typed_secret(
        "the tenant", "give --secret REF, set HALO_CLIENT_SECRET, or pipe it to standard input"
    )


Name = Annotated[
    str | None, typer.Argument(metavar="[TENANT]", help="A name from the tenants file, or: practice.")
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="Such as https://acme.halopsa.com.")
]
ClientId = Annotated[str | None, typer.Option("--client-id", metavar="ID", help="With --base-url.")]
HaloTenant = Annotated[
    str | None,
    typer.Option("--tenant", metavar="NAME", help="HaloPSA's own tenant name, where it is needed."),
]
SecretRef = Annotated[
    str | None,
    typer.Option(
        "--secret", metavar="REF", help="env:NAME, file:PATH, keyring: or prompt:; never the secret itself."
    ),
]
CaFile = Annotated[
    str | None, typer.Option("--ca-file", metavar="FILE", help="Certificate of a private authority.")
]


@app.command(short_help="Verify one tenant: what is wrong, why, what to do.")
def check(
    tenant: Name = None,
    tenants_file: TenantsFile = None,
    base_url: BaseUrl = None,
    client_id: ClientId = None,
    halo_tenant: HaloTenant = None,
    agent_id: Annotated[
        str | None, typer.Option("--agent-id", metavar="ID", help="The expected agent's ID or username.")
    ] = None,
    secret: SecretRef = None,
    ca_file: CaFile = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ID", help="A check or layer, such as identity; may be repeated."),
    ] = None,
    no_control: Annotated[
        bool, typer.Option("--no-control", help="Do not ask that a random secret is refused.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Verify one tenant: what is wrong, why, what to do, and at which step. Only reads."""
    from ..report import exit_code, verification_text
    from ..verification.run_checks import verify

    allow(allow_env, secrets_dir)
    found = _one_tenant(tenant, tenants_file, base_url, client_id, halo_tenant, agent_id, secret, ca_file)
    with first_use_named():
        result = verify(
            found, only=only or None, control=not no_control, on_result=None if as_json else _progress()
        )
    if as_json:
        say(document(result.as_json()))
    else:
        say(verification_text(result, width=terminal_width(), colour=in_colour()))
    if "secret-unavailable" in result.codes:
        complain(result["token.form"].seen)
        return BAD_INPUT
    return exit_code([result])


def _progress() -> Callable[[CheckResult], None] | None:
    """Say on a terminal which check ended, on one line that is written over."""
    if not sys.stderr.isatty():
        return None

    def show(result: CheckResult) -> None:
        print(
            f"\r\033[K{result.id}",
            end="\r\033[K" if result.id == "limits.headroom" else "",
            file=sys.stderr,
            flush=True,
        )

    return show


@app.command(short_help="List the agents of a tenant.")
def agents(
    tenant: Name = None,
    tenants_file: TenantsFile = None,
    base_url: BaseUrl = None,
    client_id: ClientId = None,
    halo_tenant: HaloTenant = None,
    secret: SecretRef = None,
    ca_file: CaFile = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
    everyone: Annotated[bool, typer.Option("--all", help="Disabled and API-only agents, too.")] = False,
    as_json: AsJson = False,
) -> int:
    """List the agents of a tenant; the one that the application logs in as is marked."""
    from ..client.models import UNASSIGNED_ID
    from ..report import agents_table
    from ..verification.agents import list_agents_and_own

    allow(allow_env, secrets_dir)
    found = _one_tenant(tenant, tenants_file, base_url, client_id, halo_tenant, None, secret, ca_file)
    try:
        with first_use_named():
            listed, own = list_agents_and_own(found)
    except SecretError:
        raise
    except HaloError as error:
        return explain(error)
    own_id = own.id if own else None
    shown = [
        a
        for a in listed
        if everyone or a.id == own_id or not (a.is_disabled or a.is_api_only or a.id == UNASSIGNED_ID)
    ]
    if as_json:
        rows = [agent.as_json() | {"is_own": agent.id == own_id} for agent in shown]
        say(document({"schema": "halo-runbook/agents/1", "tenant": found.name, "agents": rows}))
    else:
        say(agents_table(shown, own, width=terminal_width(), colour=in_colour()))
        hidden = len(listed) - len(shown)
        if hidden:
            complain(f"{hidden} more, disabled, API-only or built in: --all shows them")
    return OK


@app.command(short_help="Find out what an instance does where no source says it.")
def survey(
    tenant: Annotated[
        str, typer.Argument(metavar="TENANT", help="A name from the tenants file, or: practice.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the survey is written.")],
    tenants_file: TenantsFile = None,
    admin_client_id: Annotated[
        str | None,
        typer.Option(
            "--admin-client-id",
            metavar="ID",
            help="An administrator's own application, for six questions more; its secret is asked for.",
        ),
    ] = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
    as_json: AsJson = False,
) -> int:
    """Ask an instance what the sources on HaloPSA leave open, by reading alone, and write the answers.

    Answers come from a closed list, with status numbers and names of fields: no name, host, id or text. On a
    terminal it is shown before it is written. Attach it to an issue of this project. A practice tenant that
    answers likewise: halo-runbook practice --like FILE.
    """
    from ..survey.document import write_survey
    from ..survey.run_survey import survey as ask_all
    from ..tenants.find import find_tenant

    allow(allow_env, secrets_dir)
    found = find_tenant(tenant, tenants_file)
    on_terminal = sys.stdin.isatty() and not as_json
    given = None
    if admin_client_id:
        given = admin_client_id, piped_or_typed_secret("the administrator's application")
    try:
        with first_use_named():
            held = ask_all(found, _told_by_a_person() if on_terminal else {}, given)
    except SecretError:
        raise
    except HaloError as error:
        return explain(error)
    if as_json or on_terminal:
        say(document(held))
    if on_terminal and not typer.confirm(f"Write this to {out}?", err=True):
        complain("nothing was written")
        return OK
    write_survey(out, held)
    asked = sum(row["answer"] != "not-asked" for row in held["questions"])
    answered = f"{asked} of {len(held['questions'])} questions answered"
    complain(f"{answered} in {out}: attach it to an issue of this project")
    return OK


_OF_A_PERSON = {
    "client-id-changes": "When you made the application, when did its Client ID change?",
    "secret-shown": "When you made the application, where was its Client Secret shown?",
    "login-type-renews-secret": "Does another Login Type make a new Client Secret?",
    "deep-links": "Do the guide's links to pages of HaloPSA open these pages?",
}


def _told_by_a_person() -> dict[str, str]:
    """Ask what only a person has seen; an empty answer leaves a question open."""
    from ..survey.questions import NOT_ASKED, OTHER, QUESTIONS

    told = {}
    for name, asked in _OF_A_PERSON.items():
        answers = [one for one in QUESTIONS[name].answers if one not in {NOT_ASKED, OTHER}]
        question = f"{asked} ({', '.join(answers)}; Enter when you do not know)"
        given = None
        while given not in {"", *answers}:
            if given is not None:
                complain("this is none of these answers")
            given = typer.prompt(question, default="", show_default=False, err=True).strip()
        if given:
            told[name] = given
    return told


def explain(error: HaloError) -> int:
    """Say what a failed request means, with its code; return the exit code."""
    from ..checks import diagnose

    finding = diagnose(error)
    if state["json"]:
        say(document(error_document([{"message": f"{finding.code}: {finding.seen}"}])))
    complain(f"{finding.code}: {finding.seen.rstrip('.')}. {finding.cause} To do: {finding.remedy}")
    return FAILED if finding.verdict == "fail" else NOT_JUDGED
