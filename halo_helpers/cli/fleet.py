"""Commands about many tenants: `batch`, `report`, `diff`, `status`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import ConfigError
from .shared import (
    INTERRUPTED,
    NOT_JUDGED,
    OK,
    AllowEnv,
    AsJson,
    SecretsDir,
    allow,
    app,
    complain,
    document,
    first_use_named,
    say,
    say_problems,
    terminal_width,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from ..batch.fleet import FleetOptions
    from ..batch.notify import Target
    from ..report import Run
    from ..report.manifest import Undone
    from ..verification.result import Verification

Runs = Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where names of runs are looked up.")]


File = Annotated[Path, typer.Argument(metavar="TENANTS_FILE")]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for the runs.")]
Workers = Annotated[
    int,
    typer.Option("--workers", metavar="N", min=0, help="Tenants at a time; 0: as cores and memory bear."),
]
Only = Annotated[
    list[str] | None, typer.Option("--tenant", metavar="NAME", help="Only this one; may be repeated.")
]
Resume = Annotated[
    str | None, typer.Option("--resume", metavar="RUN", help="Complete a run that was stopped.")
]
FailedOf = Annotated[
    str | None, typer.Option("--failed-of", metavar="RUN", help="Only what failed in this run.")
]
Overlap = Annotated[
    str,
    typer.Option(
        "--overlap",
        metavar="refuse|allow",
        help="When another run of this file into DIR is under way; refuse: exit 3 at once.",
    ),
]
Wait = Annotated[
    float,
    typer.Option("--wait", metavar="S", min=0, help="Seconds for which an outage is waited for."),
]
Timeout = Annotated[float, typer.Option("--timeout", metavar="S", min=1, help="Seconds for one tenant.")]
CellTimeout = Annotated[
    float | None,
    typer.Option("--cell-timeout", metavar="S", min=1, help="Seconds for one cell of its notebook."),
]
RunTimeout = Annotated[
    float | None,
    typer.Option("--run-timeout", metavar="S", min=1, help="Seconds after which no tenant is begun."),
]
Keep = Annotated[
    int | None, typer.Option("--keep", metavar="N", min=1, help="Keep only the newest N runs in DIR.")
]
_NOTIFY = (
    "Say in a paragraph what changed, if anything did: to - (standard output), a file, or a webhook whose "
    "URL is in env:NAME or file:PATH as webhook:env:NAME."
)
Notify = Annotated[str | None, typer.Option("--notify", metavar="TO", help=_NOTIFY)]
Preflight = Annotated[
    bool, typer.Option("--preflight", help="Only look for secrets that do not resolve; contact nobody.")
]
Dask = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="Let the workers of this Dask scheduler do it."),
]
DaskCa = Annotated[
    str | None, typer.Option("--dask-ca-file", metavar="FILE", help="With tls://: the cluster's authority.")
]
DaskCert = Annotated[
    str | None, typer.Option("--dask-cert", metavar="FILE", help="With tls://: our certificate.")
]
DaskKey = Annotated[str | None, typer.Option("--dask-key", metavar="FILE", help="With tls://: its key.")]
DaskTrust = Annotated[
    bool,
    typer.Option("--dask-trust-network", help="Use a scheduler beyond this machine without TLS."),
]


@app.command(short_help="Verify many tenants, with evidence and one report.")
def batch(
    tenants_file: File,
    out: Out = None,
    workers: Workers = 0,
    tenant: Only = None,
    resume: Resume = None,
    failed_of: FailedOf = None,
    overlap: Overlap = "refuse",
    wait: Wait = 120.0,
    timeout: Timeout = 120.0,
    cell_timeout: CellTimeout = None,
    run_timeout: RunTimeout = None,
    keep: Keep = None,
    notify: Notify = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
    only_preflight: Preflight = False,
    dask: Dask = None,
    dask_ca: DaskCa = None,
    dask_cert: DaskCert = None,
    dask_key: DaskKey = None,
    dask_trust_network: DaskTrust = False,
    as_json: AsJson = False,
) -> int:
    """Verify many tenants, each by its own papermill run, with evidence and one report."""
    from ..batch.choose import preflight
    from ..batch.fleet import FleetOptions, NothingToDo
    from ..batch.notify import target
    from ..batch.run_folder import OverlapError

    allow(allow_env, secrets_dir)
    if only_preflight:
        return say_problems(preflight(tenants_file, tenant or []), [], tenants_file, as_json=as_json)
    if out is None:
        raise ConfigError("give --out DIR, the folder for the runs")
    options = FleetOptions(
        workers=workers,
        timeout_s=timeout,
        cell_timeout_s=cell_timeout,
        run_timeout_s=run_timeout,
        only=tenant or (),
        resume=resume,
        failed_of=failed_of,
        keep=keep,
        wait_s=wait,
        overlap=_allowed(overlap),
    )
    to = target(notify) if notify else None
    way = {"ca_file": dask_ca, "cert": dask_cert, "key": dask_key, "trust_network": dask_trust_network}
    try:
        with first_use_named(), _cluster(dask, way) as executor:
            run, stopped = _run_fleet(tenants_file, out, options, executor, as_json=as_json)
    except OverlapError as error:
        complain(error.seen)
        return NOT_JUDGED
    except NothingToDo as nothing:
        complain(f"nothing failed in {nothing}: no run was made")
        return OK
    code = _tell(run, to, as_json=as_json)
    return INTERRUPTED if stopped else code


def _allowed(overlap: str) -> bool:
    if overlap not in {"refuse", "allow"}:
        raise ConfigError(f"--overlap takes refuse or allow, got {overlap!r}")
    return overlap == "allow"


def _run_fleet(
    tenants_file: Path, out: Path, options: FleetOptions, executor: Executor | None, *, as_json: bool
) -> tuple[Run, bool]:
    """Run the fleet; return the run, and whether somebody stopped it."""
    from ..batch.fleet import Interrupted, run_fleet

    progress = fleet_progress(as_json=as_json)
    try:
        run = run_fleet(tenants_file, out, options, progress=progress, say=progress.say, executor=executor)
    except Interrupted as stopped:
        why = stopped.lost or "stopped"
        complain(f"{why}; what is done is kept: complete it with --resume {stopped.run.id}")
        return stopped.run, not stopped.lost
    return run, False


def _tell(run: Run, to: Target | None, *, as_json: bool) -> int:
    """Show a run, and send its paragraph; return the exit code."""
    from ..batch.notify import note
    from ..report import exit_code

    for line in run.manifest.warnings:
        complain(f"warning: {line}")
    if as_json:
        say(document(run.manifest.as_json()))
    else:
        show_run(run)
    if to is not None:
        note(to, run.manifest, say=complain if as_json else say)
    return exit_code(run.outcomes)


@contextlib.contextmanager
def _cluster(address: str | None, way: dict[str, Any]) -> Iterator[Executor | None]:
    """Return the executor of a Dask cluster, None without an address; `way` says how it is reached.

    Raises: ConfigError when it cannot be reached or the way is open to others, or without the extra.
    """
    if address is None:
        yield None
        return
    from ..batch.cluster.connection import dask_executor

    with dask_executor(address, **way) as executor:
        yield executor


class Lines:
    """Tells of each tenant in a line on standard error."""

    def __call__(self, outcome: Verification | Undone, done: int, total: int) -> None:
        """Tell of one tenant, and how many are done."""
        self.say(f"[{done}/{total}] {outcome.tenant}: {outcome.summary()}")

    def say(self, line: str) -> None:
        """Tell what holds the run up."""
        from ..secrets.redaction import redact

        print(redact(line), file=sys.stderr, flush=True)


class Bar:
    """Shows how many are done and broken, how fast it goes and how long it will take, on a terminal.

    Broken tenants are lines above it.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[broken]} broken · {task.fields[rate]}/min ·"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("Verifying", total=None, broken=0, rate="–")
        self._broken = self._begun = 0

    def __call__(self, outcome: Verification | Undone, done: int, total: int) -> None:
        """Show one tenant more."""
        from ..checks.findings import BROKEN

        if not self._bar.live.is_started:
            self._begun = done - 1
            self._bar.start()
        if outcome.verdict in BROKEN:
            self._broken += 1
            self.say(f"{outcome.tenant}: {outcome.summary()}")
        elapsed = self._bar.tasks[0].elapsed or 1e-9
        self._bar.update(
            self._task,
            completed=done,
            total=total,
            broken=self._broken,
            rate=round(60 * (done - self._begun) / max(elapsed, 1)),
        )
        if done == total:
            self._bar.stop()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        from ..secrets.redaction import redact

        self._bar.console.print(redact(line), markup=False, highlight=False)


def fleet_progress(*, as_json: bool) -> Lines | Bar:
    """Return what tells of each tenant on standard error: a bar on a terminal, plain lines otherwise."""
    return Bar() if sys.stderr.isatty() and not as_json else Lines()


def show_run(run: Run) -> None:
    """Print what is wrong with whom and what to do, what changed, and where the evidence is."""
    from ..report import fleet_table, headline

    say(fleet_table(run.results, run.manifest.undone, width=terminal_width(), colour=sys.stdout.isatty()))
    say(headline(run.manifest))
    say(f"report:    {run.folder / 'report.html'}\nnotebooks: {run.folder}{os.sep}*.ipynb")


@app.command(short_help="Report a run again, on standard output.")
def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, a folder of runs, or: latest.")],
    folder: Runs = Path("runs"),
    kind: Annotated[str, typer.Option("--format", help="html, json, junit or csv.")] = "html",
    tenant: Annotated[
        str | None,
        typer.Option("--tenant", metavar="NAME", help="This tenant's executed notebook, as a page."),
    ] = None,
) -> int:
    """Report a run again, on standard output."""
    from ..report import exit_code, find_run, load_run, to_csv, to_html, to_junit

    if tenant is not None:
        from ..report.notebook_page import notebook_page

        say(notebook_page(find_run(run, folder), tenant))
        return OK
    found = load_run(find_run(run, folder))
    kinds: dict[str, Callable[[], str]] = {
        "html": lambda: to_html(found.results, found.manifest),
        "json": lambda: document(
            found.manifest.as_json() | {"results": [r.as_json() for r in found.results]}
        ),
        "junit": lambda: to_junit(found.results, found.manifest.undone),
        "csv": lambda: to_csv(found.results, found.manifest.undone),
    }
    if kind not in kinds:
        raise ConfigError(f"--format takes {', '.join(kinds)}, got {kind!r}")
    say(kinds[kind]())
    return exit_code(found.outcomes)


@app.command(short_help="Say what changed between two runs.")
def diff(
    run_a: Annotated[str, typer.Argument(metavar="RUN_A")],
    run_b: Annotated[str, typer.Argument(metavar="RUN_B")],
    folder: Runs = Path("runs"),
    as_json: AsJson = False,
) -> int:
    """Say what is new, fixed and still failing between two runs."""
    from ..report import compare, find_run, load_run
    from ..report.over_time.drift import words_of

    found = compare(load_run(find_run(run_a, folder)), load_run(find_run(run_b, folder)))
    if as_json:
        say(document(found))
        return OK
    lines = [
        f"{kind:6} {row['tenant']}  {row['check']}  {row['code']}"
        for kind in ("new", "fixed", "still", "gone")
        for row in found[kind]
    ]
    lines += [f"set up  {row['tenant']}  {words_of(row)}" for row in found["drift"]]
    say("\n".join(lines) or "nothing is broken in either run, and nothing is set up otherwise")
    return OK


@app.command(short_help="Say how old the newest run is and how it came out.")
def status(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of runs.")],
    max_age: Annotated[str, typer.Option("--max-age", metavar="AGE", help="Such as 26h, 90m or 2d.")] = "26h",
    broken: Annotated[
        bool, typer.Option("--broken", help="Exit 1 when a run is fresh and tenants in it are broken.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Say how old the newest complete run of the whole file is, and how it came out.

    Exit 0 when it is fresh, whatever it found; 3 when there is none, or it is too old.
    """
    from ..report.over_time.status import parse_age, status_of

    found: dict[str, Any] = status_of(folder, parse_age(max_age), broken=broken)
    say(document(found) if as_json else found["words"])
    return int(found["exit_code"])
