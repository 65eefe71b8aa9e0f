"""The command about many tenants: `batch`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import ConfigError
from .progress import fleet_progress
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
    in_colour,
    say,
    say_problems,
    terminal_width,
)

if TYPE_CHECKING:
    import datetime as dt
    from concurrent.futures import Executor

    from ..batch.fleet import FleetOptions, Interrupted
    from ..batch.notify import Target
    from ..batch.publish import Publisher
    from ..report import Run


File = Annotated[Path, typer.Argument(metavar="TENANTS_FILE", help="Who is verified; a YAML file.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder for the runs; needed but for --preflight.")
]
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
    "Say what changed, if anything did: to - (standard output), a file, or a webhook whose URL is in "
    "env:NAME or file:PATH as webhook:env:NAME."
)
ReportUrl = Annotated[
    str,
    typer.Option("--report-url", metavar="URL", help="Where DIR is served, for the link in --notify."),
]
Remind = Annotated[
    str | None,
    typer.Option("--remind", metavar="AGE", help="With --notify: name again what stays broken, after 7d."),
]
Publish = Annotated[
    str | None,
    typer.Option(
        "--publish",
        metavar="URL",
        help="Copy finished runs to this folder or URL (S3, Azure, SFTP …; extra “publish”).",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print only how it came out and what is broken; nothing on the way."),
]
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
    report_url: ReportUrl = "",
    remind: Remind = None,
    publish: Publish = None,
    quiet: Quiet = False,
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
    if not dask and not only_preflight:
        from ..engine.own_process import start_early

        start_early()
    from ..batch.choose import preflight
    from ..batch.fleet import FleetOptions, NothingToDo
    from ..batch.notify import target
    from ..batch.publish import Publisher
    from ..batch.run_folder import OverlapError
    from ..report.over_time.status import parse_age

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
    publisher = Publisher(publish) if publish else None
    tell = _Teller(
        to=target(notify) if notify else None,
        report_url=report_url,
        remind=parse_age(remind, "--remind") if remind else None,
        quiet=quiet,
        as_json=as_json,
    )
    way = {"ca_file": dask_ca, "cert": dask_cert, "key": dask_key, "trust_network": dask_trust_network}
    try:
        with first_use_named(), _cluster(dask, way) as executor:
            run, stopped = _run_fleet(tenants_file, out, options, executor, tell, publisher)
    except OverlapError as error:
        complain(error.seen)
        return NOT_JUDGED
    except NothingToDo as nothing:
        complain(f"{nothing}: no run was made")
        return OK
    code = tell.of(run)
    return INTERRUPTED if stopped else code


def _allowed(overlap: str) -> bool:
    if overlap not in {"refuse", "allow"}:
        raise ConfigError(f"--overlap takes refuse or allow, got {overlap!r}")
    return overlap == "allow"


def _run_fleet(
    tenants_file: Path,
    out: Path,
    options: FleetOptions,
    executor: Executor | None,
    tell: _Teller,
    publisher: Publisher | None,
) -> tuple[Run, bool]:
    """Run the fleet; return the run, and whether somebody stopped it."""
    from ..batch.fleet import Interrupted, run_fleet

    progress = None if tell.quiet else fleet_progress(as_json=tell.as_json)
    say_so = progress.say if progress else None
    publish = partial(publisher.publish, say=say_so or complain) if publisher else None
    try:
        run = run_fleet(
            tenants_file, out, options, progress=progress, say=say_so, executor=executor, publish=publish
        )
    except Interrupted as stopped:
        complain(stopped_text(stopped))
        return stopped.run, not stopped.lost
    finally:
        if progress:
            progress.close()
    return run, False


def stopped_text(stopped: Interrupted) -> str:
    """Say how far a run came that was stopped, and how it goes on."""
    run = stopped.run
    done, left = len(run.results), len(run.manifest.undone)
    text = f"{stopped.lost or 'stopped'}; {done} of {done + left} verified"
    return f"{text}, {left} not: complete it with --resume {run.id}" if left else f"{text}, so it is complete"


@dataclass(frozen=True)
class _Teller:
    """Says how a run came out, where that was asked for."""

    to: Target | None
    report_url: str
    remind: dt.timedelta | None
    quiet: bool
    as_json: bool

    def of(self, run: Run) -> int:
        """Show a run, and send what changed; return the exit code."""
        from ..batch.notify import notify
        from ..report import exit_code

        if not self.quiet:
            for line in run.manifest.warnings:
                complain(f"warning: {line}")
        if self.as_json:
            say(document(run.manifest.as_json()))
        elif not self.quiet:
            show_run(run)
        elif self.to is None or self.to.file or self.to.webhook:
            _show_broken(run)
        if self.to is not None:
            notify(
                self.to,
                run,
                say=complain if self.as_json else say,
                report_url=self.report_url,
                remind=self.remind,
            )
        return exit_code(run.outcomes)


def _show_broken(run: Run) -> None:
    """Print how a run came out, and a line for each tenant that is broken or was not verified."""
    from ..checks.findings import BROKEN
    from ..report import headline

    say(headline(run.manifest))
    for outcome in run.outcomes:
        if outcome.verdict in BROKEN:
            say(f"{outcome.tenant}: {outcome.summary()}")


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


def show_run(run: Run) -> None:
    """Print what is wrong with whom and what to do, what changed, and where the evidence is."""
    from ..report import fleet_table, headline

    say(fleet_table(run.results, run.manifest.undone, width=terminal_width(), colour=in_colour()))
    say(headline(run.manifest))
    say(f"report:    {run.folder / 'report.html'}\nnotebooks: {run.folder}{os.sep}*.ipynb")
