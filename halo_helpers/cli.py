"""The command line (floor 7): parses, calls, prints, exits."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from .errors import ConfigError, HaloError, Mistake, SecretError

if TYPE_CHECKING:
    from .tenants import Tenant
    from .verify import CheckResult, Verification

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True, pretty_exceptions_enable=False,
                  help="Connect HaloPSA to Neo Agent: guide, checks, practice tenants, fleet runs.")  # fmt: skip
notebooks_app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="The notebooks and their stored outputs."
)
app.add_typer(notebooks_app, name="notebooks")

OK, FAILED, BAD_INPUT, NOT_JUDGED, INTERRUPTED = 0, 1, 2, 3, 130
DEMO_SCENARIOS = (
    "healthy=5",
    "wrong-secret",
    "agent-mismatch",
    "agent-disabled",
    "scope-missing-webhooks",
    "maintenance",
)
_state: dict[str, Any] = {"json": False}

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
TenantsFile = Annotated[
    str | None,
    typer.Option("--tenants-file", help="Tenants file; else HALO_TENANTS_FILE, else ./tenants.yaml."),
]


def main() -> NoReturn:
    """Run the command line; every foreseeable error is a line on standard error and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # what Windows pipes in its own code page has no lines for tables
            encoding = {"encoding": "utf-8"} if sys.platform == "win32" else {}
            stream.reconfigure(errors="backslashreplace", **encoding)
    _state["json"] = "--json" in sys.argv
    try:
        code = app(standalone_mode=False)
    except typer.Exit as stop:
        code = stop.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _complain("interrupted")
        code = INTERRUPTED
    except ConfigError as error:
        code = _refuse(error.mistakes)
    except SecretError as error:
        code = _refuse([Mistake(error.seen)])
    except BrokenPipeError:
        # the reader has gone, such as `| head`: nothing is left to say
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        code = OK
    except Exception as error:
        show = getattr(error, "format_message", None)  # a mistake in the options, as the parser says it
        code = _refuse(
            [Mistake(show() if show else f"this tool failed ({type(error).__name__}); please report it")]
        )
        if not show and os.environ.get("HALO_RUNBOOK_DEBUG"):
            raise
    sys.exit(code if isinstance(code, int) else OK)


def _refuse(mistakes: list[Mistake]) -> int:
    if _state["json"]:
        _print(
            json.dumps(
                {"schema": "halo-runbook/error/1", "errors": [m.as_json() for m in mistakes]},
                ensure_ascii=False,
            )
        )
    for mistake in mistakes:
        _complain(str(mistake))
    return BAD_INPUT


def _complain(text: str) -> None:
    from .secrets import redact

    print(f"halo-runbook: {redact(text)}", file=sys.stderr)


def _print(text: str) -> None:
    from .secrets import redact

    print(redact(text), end="" if text.endswith("\n") else "\n", flush=True)


def _width() -> int | None:
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _document(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


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
    """Give the tenant that the options name, from a file or from the options themselves.

    Raises: ConfigError for options that do not go together or an unknown tenant, SecretError.
    """
    from dataclasses import replace

    from .tenants import Tenant, find_tenant

    given: dict[str, Any] = {"ca_file": str(Path(ca_file).absolute())} if ca_file else {}
    if agent_id:
        given["agent_id"] = int(agent_id) if agent_id.isascii() and agent_id.isdecimal() else agent_id
    if name and base_url:
        raise ConfigError("give a tenant's name or --base-url, not both")
    if name:
        if any((client_id, halo_tenant, secret)):
            raise ConfigError(
                "--client-id, --tenant and --secret go with --base-url; a named tenant has its own"
            )
        return replace(find_tenant(name, tenants_file), **given)
    if not base_url or not client_id:
        raise ConfigError("give a tenant's name, or --base-url and --client-id")
    return Tenant(
        name="command-line", base_url=base_url, client_id=client_id, halo_tenant=halo_tenant,
        client_secret=_secret(secret), **given,
    )  # fmt: skip


def _secret(reference: str | None) -> Any:
    """Take the secret from its reference, HALO_CLIENT_SECRET, standard input when piped, or a hidden prompt."""
    from .secrets import Secret, resolve

    if reference:
        return resolve(reference, "command-line", Path.cwd()).secret
    if os.environ.get("HALO_CLIENT_SECRET"):
        return resolve("env:HALO_CLIENT_SECRET", "command-line").secret
    if not sys.stdin.isatty():
        value = Secret(sys.stdin.read(64 * 1024).removesuffix("\n").removesuffix("\r"))
        if not value:
            raise SecretError(
                "no secret: give --secret REF, set HALO_CLIENT_SECRET, or pipe it to standard input"
            )
        return value
    return resolve("prompt:", "the tenant").secret


Name = Annotated[
    str | None, typer.Argument(metavar="[TENANT]", help="A name from the tenants file, or: practice.")
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="Such as https://acme.halopsa.com.")
]
ClientId = Annotated[str | None, typer.Option("--client-id", metavar="ID")]
HaloTenant = Annotated[
    str | None, typer.Option("--tenant", help="HaloPSA's own tenant name, where it is needed.")
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


@app.command()
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
    from .report import exit_code, verification_text
    from .verify import verify

    found = _one_tenant(tenant, tenants_file, base_url, client_id, halo_tenant, agent_id, secret, ca_file)
    result = verify(found, only=only, control=not no_control, on_result=None if as_json else _progress())
    if as_json:
        _print(_document(result.as_json()))
    else:
        _print(verification_text(result, width=_width(), colour=sys.stdout.isatty()))
    if "secret-unavailable" in result.codes:
        _complain(result["token.form"].seen)
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


@app.command()
def agents(
    tenant: Name = None,
    tenants_file: TenantsFile = None,
    base_url: BaseUrl = None,
    client_id: ClientId = None,
    halo_tenant: HaloTenant = None,
    secret: SecretRef = None,
    ca_file: CaFile = None,
    everyone: Annotated[bool, typer.Option("--all", help="Disabled and API-only agents, too.")] = False,
    as_json: AsJson = False,
) -> int:
    """List the agents of a tenant; the one that the application logs in as is marked."""
    from .models import UNASSIGNED_ID
    from .report import agents_table
    from .verify import list_agents_and_own

    found = _one_tenant(tenant, tenants_file, base_url, client_id, halo_tenant, None, secret, ca_file)
    try:
        listed, own = list_agents_and_own(found)
    except SecretError:
        raise
    except HaloError as error:
        return _explain(error)
    own_id = own.id if own else None
    shown = [
        a
        for a in listed
        if everyone or a.id == own_id or not (a.is_disabled or a.is_api_only or a.id == UNASSIGNED_ID)
    ]
    if as_json:
        rows = [agent.as_json() | {"is_own": agent.id == own_id} for agent in shown]
        _print(_document({"schema": "halo-runbook/agents/1", "tenant": found.name, "agents": rows}))
    else:
        _print(agents_table(shown, own, width=_width(), colour=sys.stdout.isatty()))
    return OK


def _explain(error: HaloError) -> int:
    """Say what a failed request means, with its code; give the exit code."""
    from .checks import diagnose

    finding = diagnose(error)
    if _state["json"]:
        _print(
            _document(
                {"schema": "halo-runbook/error/1", "errors": [{"message": f"{finding.code}: {finding.seen}"}]}
            )
        )
    _complain(f"{finding.code}: {finding.seen}. {finding.cause} To do: {finding.remedy}")
    return FAILED if finding.verdict == "fail" else NOT_JUDGED


@app.command()
def practice(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 0,
    tls: Annotated[
        bool, typer.Option("--tls", help="Speak https, with a throw-away authority whose file is printed.")
    ] = False,
    scenario: Annotated[
        list[str] | None,
        typer.Option("--scenario", metavar="NAME", help="May be repeated; NAME=WEIGHT with --tenants."),
    ] = None,
    tenants: Annotated[
        int, typer.Option("--tenants", metavar="N", help="This many tenants, scenarios dealt in turn.")
    ] = 0,
    size: Annotated[str, typer.Option("--size", help="small or large: records in a tenant.")] = "small",
    latency_ms: Annotated[
        int, typer.Option("--latency-ms", metavar="N", min=0, help="Before each answer.")
    ] = 0,
    rate_limit: Annotated[str, typer.Option("--rate-limit", metavar="N/SECONDS", help="Per tenant.")] = "",
    setting: Annotated[
        list[str] | None,
        typer.Option("--setting", metavar="KEY=VALUE", help="What the sources leave open; see --list."),
    ] = None,
    write_tenants: Annotated[
        Path | None,
        typer.Option(
            "--write-tenants",
            metavar="FILE",
            help="Write a tenants file; secrets go into private files beside it.",
        ),
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="Print scenarios and settings, then end.")] = False,
) -> int:
    """Serve practice tenants, a local imitation of HaloPSA, until stopped."""
    from .folders import practice_state_file
    from .practice.app import ready_line
    from .practice.control import forget_running, note_running
    from .practice.serve import Options, serve
    from .practice.state import Realm
    from .tenants import write_practice_tenants

    if list_all:
        return _list_practice()
    if size not in {"small", "large"}:
        raise ConfigError(f"--size takes small or large, got {size!r}")
    options = Options(scenarios=scenario or [], tenants=tenants, size=size, settings=setting or [], latency_ms=latency_ms,
                      rate_limit=rate_limit, port=port, tls=tls)  # fmt: skip
    where: list[str] = []

    def ready(base_url: str, realm: Realm, ca_file: str | None) -> None:
        where.append(base_url)
        line = ready_line(base_url, realm, ca_file)
        if write_tenants is not None:
            write_practice_tenants(write_tenants, json.loads(line)["tenants"], base_url, ca_file)
        note_running(practice_state_file(), base_url)
        print(line, flush=True)  # the one place where practice secrets are printed

    try:
        serve(options, ready)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    except OSError as error:
        raise ConfigError(f"port {port} cannot be used: {error.strerror or error}") from None
    finally:
        for base_url in where:
            forget_running(practice_state_file(), base_url)
    return OK


def _list_practice() -> int:
    from .practice.scenarios import SCENARIOS
    from .practice.settings import OPTIONS

    lines = ["Scenarios (--scenario NAME):"]
    lines += [f"  {s.name:24} {s.wrong}" + (f"  → {', '.join(s.expect)}" if s.expect else "") + (f"  [row {s.row}]" if s.row else "")
              for s in SCENARIOS.values()]  # fmt: skip
    lines += ["", "Settings (--setting KEY=VALUE, the default first):"]
    lines += [
        f"  {key:20} {' | '.join(o.values)}{' | a number' if o.number else ''}\n  {'':20} {o.help}"
        for key, o in OPTIONS.items()
    ]
    _print("\n".join(lines))
    return OK


@app.command()
def batch(
    tenants_file: Annotated[Path, typer.Argument(metavar="TENANTS_FILE")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the runs.")],
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=0, help="Tenants at a time; 0: one per core.")
    ] = 0,
    tenant: Annotated[
        list[str] | None, typer.Option("--tenant", metavar="NAME", help="Only this one; may be repeated.")
    ] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="RUN", help="Complete a run that was stopped.")
    ] = None,
    failed_of: Annotated[
        str | None, typer.Option("--failed-of", metavar="RUN", help="Only what failed in this run.")
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="S", min=1, help="Seconds for one tenant.")
    ] = 120.0,
    as_json: AsJson = False,
) -> int:
    """Verify many tenants, each by its own papermill run, with evidence and one report."""
    from .batch.fleet import FleetOptions, Interrupted, run_fleet
    from .report import exit_code
    from .tenants import load_tenants, same_client_ids

    options = FleetOptions(
        workers=workers, timeout_s=timeout, only=tenant or (), resume=resume, failed_of=failed_of
    )
    for line in same_client_ids(load_tenants(tenants_file)):
        _complain(f"warning: {line}")
    code = None
    try:
        run = run_fleet(tenants_file, out, options, progress=_fleet_progress)
    except Interrupted as stopped:
        run, code = stopped.run, INTERRUPTED
        _complain(f"stopped; what is done is kept: complete it with --resume {run.id}")
    if as_json:
        _print(_document(run.manifest))
    else:
        _show_run(run)
    return exit_code(run.results) if code is None else code


def _fleet_progress(result: Verification, done: int, total: int) -> None:
    from .secrets import redact

    print(redact(f"[{done}/{total}] {result.tenant}: {result.summary()}"), file=sys.stderr, flush=True)


def _show_run(run: Any) -> None:
    from .report import fleet_table

    _print(fleet_table(run.results, width=_width(), colour=sys.stdout.isatty()))
    _print(f"report:    {run.folder / 'report.html'}\nnotebooks: {run.folder}{os.sep}*.ipynb")


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the run.")] = Path("runs"),
) -> int:
    """Verify practice tenants, healthy and broken ones: the main job with nothing configured."""
    from .batch.fleet import make_out, run_fleet
    from .practice.control import PracticeError, start
    from .practice.serve import Options
    from .tenants import write_practice_tenants

    make_out(out)
    print("Starting practice tenants and verifying each by a papermill run of its own …", file=sys.stderr)
    try:
        server = start(Options(scenarios=list(DEMO_SCENARIOS)))
    except PracticeError as error:
        raise ConfigError(f"the practice tenants cannot be started: {error}") from None
    with server, tempfile.TemporaryDirectory(prefix="halo-demo-") as folder:
        file = Path(folder) / "tenants.yaml"
        write_practice_tenants(file, server.tenants, server.base_url)
        run = run_fleet(file, out, progress=_fleet_progress)
    _show_run(run)
    expected = {entry["name"]: sorted(entry["expect"]) for entry in server.tenants}
    wrong = [f"{r.tenant}: expected {', '.join(expected[r.tenant]) or 'nothing'}, got {', '.join(r.codes) or 'nothing'}"
             for r in run.results if r.codes != expected[r.tenant]]  # fmt: skip
    wrong += [f"{name}: no result" for name in expected.keys() - {r.tenant for r in run.results}]
    for line in wrong:
        _complain(f"not diagnosed as planned: {line}")
    planned = "as planned" if not wrong else "NOT as planned"
    _print(
        f"\n{len(run.results)} practice tenants verified, {planned}. Open the guide with:\n\n    {_command()} lab --practice\n"
    )
    return OK if not wrong else FAILED


def _command() -> str:
    """Give this command as a person would type it here."""
    own = Path(sys.argv[0])
    with contextlib.suppress(ValueError):
        return str(own.absolute().relative_to(Path.cwd()))
    return "halo-runbook"


@app.command()
def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, a folder of runs, or: latest.")],
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where names of runs are looked up.")
    ] = Path("runs"),
    kind: Annotated[str, typer.Option("--format", help="html, json, junit or csv.")] = "html",
) -> int:
    """Report a run again, on standard output."""
    from .report import exit_code, find_run, load_run, to_csv, to_html, to_junit

    found = load_run(find_run(run, folder))
    kinds: dict[str, Callable[[], str]] = {
        "html": lambda: to_html(found.results, found.manifest),
        "json": lambda: _document(found.manifest | {"results": [r.as_json() for r in found.results]}),
        "junit": lambda: to_junit(found.results),
        "csv": lambda: to_csv(found.results),
    }
    if kind not in kinds:
        raise ConfigError(f"--format takes {', '.join(kinds)}, got {kind!r}")
    _print(kinds[kind]())
    return exit_code(found.results)


@app.command()
def diff(
    run_a: Annotated[str, typer.Argument(metavar="RUN_A")],
    run_b: Annotated[str, typer.Argument(metavar="RUN_B")],
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where names of runs are looked up.")
    ] = Path("runs"),
    as_json: AsJson = False,
) -> int:
    """Say what is new, fixed and still failing between two runs."""
    from .report import compare, find_run, load_run

    found = compare(load_run(find_run(run_a, folder)), load_run(find_run(run_b, folder)))
    if as_json:
        _print(_document(found))
        return OK
    lines = [
        f"{kind:6} {row['tenant']}  {row['check']}  {row['code']}"
        for kind in ("new", "fixed", "still", "gone")
        for row in found[kind]
    ]
    _print("\n".join(lines) or "nothing is broken in either run")
    return OK


@notebooks_app.command("list")
def notebooks_list() -> int:
    """List the notebooks."""
    from .folders import notebooks_folder

    _print("\n".join(str(path) for path in sorted(notebooks_folder().glob("*.ipynb"))))
    return OK


@notebooks_app.command("refresh")
def notebooks_refresh() -> int:
    """Run every notebook against the practice tenant and store its outputs, the same bytes each time."""
    from .batch.refresh import refresh

    for name, changed in refresh():
        _print(f"{'changed ' if changed else 'the same'}  {name}")
    return OK


@app.command()
def lab(
    with_practice: Annotated[
        bool, typer.Option("--practice", help="Start practice tenants along with it.")
    ] = False,
    tenant: Annotated[str, typer.Option("--tenant", help="The customer whose walk is opened.")] = "practice",
    tenants_file: TenantsFile = None,
    no_browser: Annotated[bool, typer.Option("--no-browser")] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8888,
) -> int:
    """Open JupyterLab on the guide, in a working copy of its notebooks."""
    from .batch.lab import run_lab

    with contextlib.suppress(ValueError, AttributeError):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(OK))
    return run_lab(tenant, tenants_file or "", practice=with_practice, browser=not no_browser, port=port)
