"""Commands to learn with: `practice`, `demo`, `lab`, `notebooks`."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigError
from ..practice.settings import OPTIONS
from .fleet import fleet_progress, show_run
from .shared import FAILED, OK, TenantsFile, app, complain, group, say

DEMO_SCENARIOS = (
    "healthy=5",
    "wrong-secret",
    "agent-mismatch",
    "agent-disabled",
    "scope-missing-webhooks",
    "maintenance",
)
_SETTINGS = (
    "What the sources on HaloPSA leave open: "
    + "; ".join(f"{key} ({' | '.join(o.values)})" for key, o in OPTIONS.items())
    + ". --list explains them."
)
notebooks_app = group("notebooks", "The notebooks and their stored outputs.")


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
        typer.Option("--setting", metavar="KEY=VALUE", help=_SETTINGS),
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
    from ..practice.app import ready_line
    from ..practice.control import forget_running, note_running
    from ..practice.serve import Options, serve
    from ..practice.state import Realm
    from ..system.paths import practice_state_file
    from ..tenants.practice import write_practice_tenants

    if list_all:
        return _list_practice()
    if size not in {"small", "large"}:
        raise ConfigError(f"--size takes small or large, got {size!r}")
    options = Options(
        scenarios=scenario or [],
        tenants=tenants,
        size=size,
        settings=setting or [],
        latency_ms=latency_ms,
        rate_limit=rate_limit,
        port=port,
        tls=tls,
    )
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
    from ..practice.scenarios import SCENARIOS
    from ..practice.settings import OPTIONS

    lines = ["Scenarios (--scenario NAME):"]
    lines += [
        f"  {s.name:24} {s.wrong}"
        + (f"  → {', '.join(s.expect)}" if s.expect else "")
        + (f"  [row {s.row}]" if s.row else "")
        for s in SCENARIOS.values()
    ]
    lines += ["", "Settings (--setting KEY=VALUE, the default first):"]
    lines += [
        f"  {key:20} {' | '.join(o.values)}{' | a number' if o.number else ''}\n  {'':20} {o.help}"
        for key, o in OPTIONS.items()
    ]
    say("\n".join(lines))
    return OK


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the run.")] = Path("runs"),
) -> int:
    """Verify practice tenants, healthy and broken ones: the main job with nothing configured."""
    from ..batch.fleet import run_fleet
    from ..batch.run_folder import make_out
    from ..practice.control import PracticeError, start
    from ..practice.serve import Options
    from ..tenants.practice import write_practice_tenants

    make_out(out)
    print("Starting practice tenants and verifying each by a papermill run of its own …", file=sys.stderr)
    try:
        server = start(Options(scenarios=list(DEMO_SCENARIOS)))
    except PracticeError as error:
        raise ConfigError(f"the practice tenants cannot be started: {error}") from None
    with server, tempfile.TemporaryDirectory(prefix="halo-demo-") as folder:
        file = Path(folder) / "tenants.yaml"
        write_practice_tenants(file, server.tenants, server.base_url)
        run = run_fleet(file, out, progress=fleet_progress(as_json=False))
    show_run(run)
    expected = {entry["name"]: sorted(entry["expect"]) for entry in server.tenants}
    wrong = [
        (
            f"{r.tenant}: expected {', '.join(expected[r.tenant]) or 'nothing'}, got "
            f"{', '.join(r.codes) or 'nothing'}"
        )
        for r in run.results
        if r.codes != expected[r.tenant]
    ]
    wrong += [f"{name}: no result" for name in expected.keys() - {r.tenant for r in run.results}]
    for line in wrong:
        complain(f"not diagnosed as planned: {line}")
    planned = "as planned" if not wrong else "NOT as planned"
    say(
        f"\n{len(run.results)} practice tenants verified, {planned}. Open the guide with:\n\n    "
        f"{_command()} lab --practice\n"
    )
    return OK if not wrong else FAILED


def _command() -> str:
    """Return this command as a person would type it here."""
    own = Path(sys.argv[0])
    with contextlib.suppress(ValueError):
        return str(own.absolute().relative_to(Path.cwd()))
    return "halo-runbook"


@notebooks_app.command("list")
def notebooks_list() -> int:
    """List the notebooks."""
    from ..system.paths import notebooks_folder

    say("\n".join(str(path) for path in sorted(notebooks_folder().glob("*.ipynb"))))
    return OK


@notebooks_app.command("refresh")
def notebooks_refresh() -> int:
    """Run every notebook against the practice tenant and store its outputs, the same bytes each time."""
    from ..guide.stored_outputs import refresh

    for name, changed in refresh():
        say(f"{'changed ' if changed else 'the same'}  {name}")
    return OK


WithPractice = Annotated[bool, typer.Option("--practice", help="Start practice tenants along with it.")]
WalkOf = Annotated[str, typer.Option("--tenant", help="The customer whose walk is opened.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Only print the address.")]


def _end_at_sigterm() -> None:
    """Let SIGTERM end this process as its normal end does: what it has started ends with it."""
    with contextlib.suppress(ValueError, AttributeError):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(OK))


@app.command()
def lab(
    with_practice: WithPractice = False,
    tenant: WalkOf = "practice",
    tenants_file: TenantsFile = None,
    no_browser: NoBrowser = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8888,
) -> int:
    """Open JupyterLab on the guide, in a working copy of its notebooks."""
    from ..guide.jupyter import run_lab

    _end_at_sigterm()
    return run_lab(tenant, tenants_file or "", practice=with_practice, browser=not no_browser, port=port)


@app.command()
def web(
    with_practice: WithPractice = False,
    tenant: WalkOf = "practice",
    tenants_file: TenantsFile = None,
    no_browser: NoBrowser = False,
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8866,
) -> int:
    """Show the guide as web pages, for people without Jupyter: on this machine only, with a token."""
    from ..guide.jupyter import run_web

    _end_at_sigterm()
    return run_web(tenant, tenants_file or "", practice=with_practice, browser=not no_browser, port=port)
