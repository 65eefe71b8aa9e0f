"""Commands to learn with: `demo`, `practice`, `site`."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import ConfigError
from ..practice.settings import OPTIONS
from ..system.extras import is_missing, needs_extra
from .fleet import show_run
from .progress import fleet_progress
from .shared import FAILED, INTERRUPTED, OK, app, complain, say

if TYPE_CHECKING:
    from ..practice.control import PracticeServer
    from ..practice.serve import Options
    from ..practice.world.realm import Realm

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
Port = Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes a free one.")]
Tls = Annotated[
    bool, typer.Option("--tls", help="Speak https, with a throw-away authority whose file is printed.")
]
Scenario = Annotated[
    list[str] | None,
    typer.Option("--scenario", metavar="NAME", help="May be repeated; NAME=WEIGHT with --tenants."),
]
Tenants = Annotated[
    int, typer.Option("--tenants", metavar="N", help="This many tenants, scenarios dealt in turn.")
]
Size = Annotated[str, typer.Option("--size", metavar="small|large", help="How many records a tenant has.")]
Latency = Annotated[int, typer.Option("--latency-ms", metavar="N", min=0, help="Before each answer.")]
RateLimit = Annotated[str, typer.Option("--rate-limit", metavar="N/SECONDS", help="Per tenant.")]
Setting = Annotated[list[str] | None, typer.Option("--setting", metavar="KEY=VALUE", help=_SETTINGS)]
_WRITE = "Write a tenants file; secrets go into private files beside it."
_LIKE = "Answer as the instance of this survey does; given several times, there is a tenant for each file."
Like = Annotated[list[Path] | None, typer.Option("--like", metavar="SURVEY", help=_LIKE)]
WriteTenants = Annotated[Path | None, typer.Option("--write-tenants", metavar="FILE", help=_WRITE)]
ListAll = Annotated[bool, typer.Option("--list", help="Print scenarios and settings, then end.")]


@app.command(short_help="Serve practice tenants, an imitation of HaloPSA.")
def practice(
    port: Port = 0,
    tls: Tls = False,
    scenario: Scenario = None,
    tenants: Tenants = 0,
    size: Size = "small",
    latency_ms: Latency = 0,
    rate_limit: RateLimit = "",
    setting: Setting = None,
    like: Like = None,
    write_tenants: WriteTenants = None,
    list_all: ListAll = False,
) -> int:
    """Serve practice tenants, a local imitation of HaloPSA, until stopped."""
    from ..practice.serve import Options
    from ..tenants.practice import refuse_to_replace

    if list_all:
        return _list_practice()
    if write_tenants is not None:
        refuse_to_replace(write_tenants)
    if size not in {"small", "large"}:
        raise ConfigError(f"--size takes small or large, got {size!r}")
    surveys = [_like(file) for file in like or []]
    names = [one["name"] for one in surveys]
    if len(set(names)) < len(names):
        raise ConfigError("two surveys would give tenants of the same name: each is called like its file")
    alone = surveys[0]["settings"] if len(surveys) == 1 else []
    options = Options(
        scenarios=scenario or [],
        tenants=tenants,
        size=size,
        settings=[*alone, *(setting or [])],
        likes=surveys if len(surveys) > 1 else [],
        latency_ms=latency_ms,
        rate_limit=rate_limit,
        port=port,
        tls=tls,
    )
    _serve(options, write_tenants, [one["told"] for one in surveys])
    return OK


def _like(file: Path) -> dict[str, Any]:
    """Return a tenant's name and settings of a survey, and what the ready line tells of it.

    Raises: ConfigError for a file that is no survey.
    """
    from ..survey.document import read_survey, settings_of

    document = read_survey(file)
    found, left = settings_of(document)
    return {
        "name": re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-")[:60] or "like",
        "settings": [f"{key}={value}" for key, value in found.items()],
        "told": {"app_version": document["app_version"], "set": found, "default": left},
    }


def _serve(options: Options, write_tenants: Path | None, surveys: list[dict[str, Any]]) -> None:
    """Serve until stopped; where the server listens is noted as long. `surveys` go into the ready line.

    Raises: ConfigError for a scenario or setting that there is not, or a port that cannot be used.
    """
    from ..practice.control import forget_running, note_running
    from ..practice.ready import ready_line
    from ..practice.serve import serve
    from ..system.paths import practice_state_file
    from ..tenants.practice import write_practice_tenants

    where: list[str] = []

    def ready(base_url: str, realm: Realm, ca_file: str | None) -> None:
        where.append(base_url)
        line = ready_line(base_url, realm, ca_file)
        if write_tenants is not None:
            write_practice_tenants(write_tenants, json.loads(line)["tenants"], base_url, ca_file)
        note_running(practice_state_file(), base_url)
        if surveys:
            like = surveys[0] if len(surveys) == 1 else surveys
            line = json.dumps(json.loads(line) | {"like": like})
        print(line, flush=True)  # the one place where practice secrets are printed
        if sys.stderr.isatty():
            complain(f"its screens are at {base_url}/ (the log-in takes a tenant's name); Ctrl+C ends it")

    try:
        serve(options, ready)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    except OSError as error:
        raise ConfigError(f"port {options.port} cannot be used: {error.strerror or error}") from None
    finally:
        for base_url in where:
            forget_running(practice_state_file(), base_url)


_OF_CONTRACT = re.compile(r"\s*[\[(]W\d+[^\])]*[\])]")
"""Where a setting's text names the wire contract, which is not in this repository."""


def _list_practice() -> int:
    from ..practice.scenarios import SCENARIOS
    from ..practice.settings import OPTIONS

    lines = ["Scenarios (--scenario NAME):"]
    lines += [
        f"  {s.name:24} {s.wrong}" + (f"  → {', '.join(s.expect)}" if s.expect else "")
        for s in SCENARIOS.values()
    ]
    lines += ["", "Settings (--setting KEY=VALUE, the default first):"]
    lines += [
        f"  {key:20} {' | '.join(o.values)}{' | a number' if o.number else ''}\n"
        f"  {'':20} {_OF_CONTRACT.sub('', o.help)}"
        for key, o in OPTIONS.items()
    ]
    say("\n".join(lines))
    return OK


@app.command(short_help="Verify ten practice tenants, healthy and broken.")
def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the run.")] = Path("runs"),
) -> int:
    """Verify practice tenants, healthy and broken ones: the main job with nothing configured."""
    from ..engine.own_process import start_early

    start_early()
    from ..batch.fleet import FleetOptions, Interrupted, run_fleet
    from ..batch.run_folder import make_out
    from ..tenants.practice import write_practice_tenants

    for module in ("uvicorn", "papermill"):
        if is_missing(module):
            raise ConfigError(needs_extra(module, "the demo"))
    make_out(out)
    print("Starting practice tenants and verifying each by a papermill run of its own …", file=sys.stderr)
    with _demo_tenants() as server, tempfile.TemporaryDirectory(prefix="halo-demo-") as folder:
        file = Path(folder) / "tenants.yaml"
        write_practice_tenants(file, server.tenants, server.base_url)
        progress = fleet_progress(as_json=False)
        try:
            run = run_fleet(file, out, FleetOptions(backoff_s=1.0), progress=progress, say=progress.say)
        except Interrupted as stopped:
            done, all_of_them = len(stopped.run.results), len(server.tenants)
            complain(f"stopped; {done} of {all_of_them} verified; what is done is in {stopped.run.folder}")
            return INTERRUPTED
        finally:
            progress.close()
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


@app.command(short_help="Write the guide and a report as pages, to look at.")
def site(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder, or the site of before.")],
) -> int:
    """Write the guide and a report of practice tenants as pages that run nothing and ask nobody."""
    if is_missing("nbconvert"):
        raise ConfigError(needs_extra("nbconvert"))
    from ..batch.fleet import FleetOptions, Interrupted, run_fleet
    from ..panels.site.pages import FIRST, guide_pages, make_folder, write_pages
    from ..panels.site.practice_walk import home_of_its_own, walk_with_values
    from ..report import to_html
    from ..tenants.practice import write_practice_tenants

    make_folder(folder)
    with _demo_tenants() as server, home_of_its_own(server.base_url) as home:
        file = home / "tenants.yaml"
        write_practice_tenants(file, server.tenants, server.base_url)
        try:
            run = run_fleet(file, home / "runs", FleetOptions(backoff_s=1.0), say=complain)
        except Interrupted:
            complain(f"stopped; nothing was written to {folder}")
            return INTERRUPTED
        report = to_html(run.results, run.manifest)
        write_pages(folder, guide_pages(walk_with_values(server.base_url), report))
    say(f"open {folder / FIRST}")
    return OK


def _demo_tenants() -> PracticeServer:
    """Start the tenants of the demo.

    Raises: ConfigError when they cannot be started.
    """
    from ..practice.control import PracticeError, start
    from ..practice.serve import Options

    if is_missing("uvicorn"):
        raise ConfigError(needs_extra("uvicorn", "the practice tenant"))
    try:
        return start(Options(scenarios=list(DEMO_SCENARIOS)))
    except PracticeError as error:
        raise ConfigError(f"the practice tenants cannot be started: {error}") from None


def _command() -> str:
    """Return this command as a person would type it here."""
    own = Path(sys.argv[0])
    with contextlib.suppress(ValueError):
        return str(own.absolute().relative_to(Path.cwd()))
    return "halo-runbook"
