"""Run a fleet: manifest first, one process a tenant, evidence, one report (floor 6)."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import ConfigError, Mistake
from ..folders import notebooks_folder, write_whole
from ..report import Run, find_run, load_run, to_csv, to_html, to_junit, totals
from ..report.evidence import read_evidence
from ..report.run import LATEST, RUN_SCHEMA
from ..secrets import redact
from ..tenants import Tenant, load_tenants, same_client_ids
from ..verify import Verification, failed_run, is_practice, shown_url
from .entry import NAME as ENGINE
from .history import History

DEFAULT_TIMEOUT_S = 120.0
STARTING_S = 45.0
"""Time that a worker gets on top, to start a kernel and to stop."""
POLL_S = 0.5
"""How often a waiting run looks whether it was asked to stop."""
_STATUS_CODES = {
    "timeout": "run-timeout",
    "crashed": "run-crashed",
    "refused": "run-crashed",
    "cancelled": "run-cancelled",
}

Progress = Callable[[Verification, int, int], None]
"""Called as each tenant is done, with the number done and of all."""


@dataclass(frozen=True)
class FleetOptions:
    """What a run is started with. `workers` 0 means one per core, at least two."""

    workers: int = 0
    timeout_s: float = DEFAULT_TIMEOUT_S
    only: Sequence[str] = ()
    resume: str | None = None
    failed_of: str | None = None


@dataclass
class _Stop:
    """The two ways to stop: no new tenant, or everything at once."""

    no_more: bool = False
    now: bool = False
    processes: set[subprocess.Popen[str]] = field(default_factory=set)


class Interrupted(Exception):
    """The run was stopped by a person; what is done is kept in `run`."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.id)
        self.run = run


def run_fleet(tenants_file: str | os.PathLike[str], out: Path, options: FleetOptions | None = None, *,
              progress: Progress | None = None) -> Run:  # fmt: skip
    """Verify the tenants of a file, each by its own papermill run, and write a run folder below `out`.

    Raises: ConfigError for mistakes in the file or an unwritable folder, before anything runs; Interrupted.
    """
    options = options or FleetOptions()
    tenants = load_tenants(tenants_file)
    chosen = _choose(tenants, options, out)
    _refuse_mixture(chosen)
    today = dt.datetime.now(dt.UTC).date()
    paused = [tenant for tenant in chosen if tenant.is_paused(today)]
    active = [tenant for tenant in chosen if not tenant.is_paused(today)]
    make_out(out)
    try:
        folder, manifest = _open_run(tenants_file, out, options, active, paused, same_client_ids(tenants))
    except OSError as error:
        raise ConfigError(
            Mistake(f"cannot be written: {error.strerror or type(error).__name__}", str(out))
        ) from None
    with _locked(folder):
        return _run(folder, manifest, active, tenants, Path(tenants_file), options, progress)


def make_out(out: Path) -> None:
    """Make the folder for runs.

    Raises: ConfigError when it cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            Mistake(f"cannot be written: {error.strerror or type(error).__name__}", str(out))
        ) from None


def _choose(tenants: list[Tenant], options: FleetOptions, out: Path) -> list[Tenant]:
    """Pick the tenants that are asked for, in the file's order.

    Raises: ConfigError for names that are not in the file.
    """
    names = set(options.only)
    if options.resume:
        manifest = load_run(find_run(options.resume, out)).manifest
        names = {entry["name"] for entry in manifest["tenants"]}
    elif options.failed_of:
        names = {
            r.tenant
            for r in load_run(find_run(options.failed_of, out)).results
            if r.verdict in {"fail", "error"}
        }
    known = {tenant.name for tenant in tenants}
    missing = sorted(names - known)
    if missing:
        raise ConfigError(f"no tenant is called {', '.join(missing)}; the file holds {len(known)} tenants")
    return (
        [tenant for tenant in tenants if not names or tenant.name in names]
        if names or not options.failed_of
        else []
    )


def _refuse_mixture(chosen: list[Tenant]) -> None:
    """Refuse practice tenants and customers in one run: a report must never mix them up (design, section 9).

    Raises: ConfigError.
    """
    practice = [tenant.name for tenant in chosen if is_practice(tenant)]
    if practice and len(practice) < len(chosen):
        raise ConfigError(
            f"practice tenants and customers are not verified in one run; practice: {', '.join(practice[:5])}"
        )


def _open_run(tenants_file: str | os.PathLike[str], out: Path, options: FleetOptions, active: list[Tenant],
              paused: list[Tenant], warnings: list[str]) -> tuple[Path, dict[str, Any]]:  # fmt: skip
    """Make the run's folder with its manifest, or open the one to resume."""
    if options.resume:
        folder = find_run(options.resume, out)
        return folder, load_run(folder).manifest
    now = dt.datetime.now(dt.UTC)
    folder = out / f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    folder.mkdir()
    manifest = {
        "schema": RUN_SCHEMA, "id": folder.name, "version": __version__, "engine": ENGINE,
        "python": sys.version.split()[0], "tenants_file": str(tenants_file), "parameters": asdict(options) | {"only": list(options.only)},
        "started_at": _utc(now), "finished_at": None, "duration_s": None, "verdict": None, "totals": None,
        "tenants": [{"name": t.name, "base_url": t.base_url, "label": t.label, "owner": t.owner} for t in active],
        "paused": [{"name": t.name, "until": str(t.paused_until), "reason": t.paused_reason} for t in paused],
        "warnings": warnings,
    }  # fmt: skip
    _write_manifest(folder, manifest)
    return folder, manifest


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    write_whole(folder / "run.json", json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the run's folder, so that two processes never write one run.

    Raises: ConfigError that says who holds it.
    """
    lock = folder / "run.lock"
    try:
        descriptor = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        holder = lock.read_text(encoding="utf-8").strip()
        if holder.isdecimal() and not _alive(int(holder)):
            lock.unlink(missing_ok=True)
            descriptor = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        else:
            raise ConfigError(
                Mistake(
                    f"is being written by process {holder or 'unknown'}; wait for it, or stop it", str(folder)
                )
            ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(str(os.getpid()))
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _run(folder: Path, manifest: dict[str, Any], active: list[Tenant], every: list[Tenant], tenants_file: Path,
         options: FleetOptions, progress: Progress | None) -> Run:  # fmt: skip
    started = time.monotonic()
    history = History(folder.parent)
    controlled = history.controlled_since(dt.datetime.now(dt.UTC))
    done = {result.tenant: result for result in load_run(folder).results}
    todo = [tenant for tenant in active if tenant.name not in done]
    runner = _Runner(folder, tenants_file.absolute(), every, options, controlled)
    log = _Log(folder / "run.log")
    log.line(
        f"run {folder.name}: {len(todo)} of {len(active)} tenants to verify, {options.workers or _workers()} at a time"
    )
    with _stopping(runner.stop):
        interrupted = _execute(runner, todo, done, len(active), options, progress, log)
    runner.close()
    results = load_run(folder).results
    manifest |= {"verdict": _worst(results), "totals": totals(results)}
    if len(results) == len(manifest["tenants"]):
        before = manifest["duration_s"] or 0.0
        manifest |= {
            "finished_at": _utc(dt.datetime.now(dt.UTC)),
            "duration_s": round(before + time.monotonic() - started, 1),
        }
    _write_manifest(folder, manifest)
    write_whole(folder / "report.html", to_html(results, manifest, evidence=True))
    write_whole(folder / "junit.xml", to_junit(results))
    write_whole(folder / "summary.csv", "\ufeff" + to_csv(results))
    history.add(folder.name, results)
    write_whole(folder.parent / LATEST, folder.name + "\n")
    log.line(f"run {folder.name}: {manifest['totals']}" + (", interrupted" if interrupted else ""))
    run = Run(folder, manifest, results)
    if interrupted:
        raise Interrupted(run)
    return run


def _execute(runner: _Runner, todo: list[Tenant], done: dict[str, Verification], total: int, options: FleetOptions,
             progress: Progress | None, log: _Log) -> bool:  # fmt: skip
    """Run the tenants, those that were throttled once more at the end; say whether a person stopped it."""
    stop = runner.stop
    again: list[Tenant] = []
    with ThreadPoolExecutor(options.workers or _workers(), thread_name_prefix="tenant") as pool:
        for round_number in (1, 2):
            waiting: dict[Future[Verification | None], Tenant] = {
                pool.submit(runner.verify, tenant): tenant for tenant in todo
            }
            while waiting:
                for future in wait(waiting, timeout=POLL_S, return_when=FIRST_COMPLETED).done:
                    tenant, result = waiting.pop(future), future.result()
                    if result is None:
                        continue
                    throttled = round_number == 1 and result.codes == ["rate-limited"]
                    log.line(
                        f"{tenant.name}: {result.summary()}" + ("; once more at the end" if throttled else "")
                    )
                    if throttled:
                        again.append(tenant)
                        continue
                    done[tenant.name] = result
                    runner.keep(result)
                    if progress:
                        progress(result, len(done), total)
            todo, again = again, []
            if stop.no_more or not todo:
                break
    return stop.no_more


@contextlib.contextmanager
def _stopping(stop: _Stop) -> Iterator[None]:
    """Let the first Ctrl+C start no more tenants, and the second end those under way.

    A handler and no exception: an exception could come in the middle of writing a result.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(*_: object) -> None:
        stop.now, stop.no_more = stop.no_more, True
        if stop.now:
            for process in list(stop.processes):
                _kill(process)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Runner:
    """Runs one tenant's notebook in a worker process and reads its evidence."""

    def __init__(self, folder: Path, tenants_file: Path, every: list[Tenant], options: FleetOptions,
                 controlled: dict[tuple[str, str], str]) -> None:  # fmt: skip
        self.stop = _Stop()
        self._folder = folder
        self._tenants_file = tenants_file
        self._options = options
        self._controlled = controlled
        self._variables = {t.name: t.client_secret.removeprefix("env:") for t in every
                           if isinstance(t.client_secret, str) and t.client_secret.startswith("env:")}  # fmt: skip
        self._partial = folder / ".partial"
        self._partial.mkdir(exist_ok=True)

    def verify(self, tenant: Tenant) -> Verification | None:
        """Verify one tenant; None when the run was stopped before it began."""
        if self.stop.no_more:
            return None
        started_at, started = dt.datetime.now(dt.UTC), time.monotonic()
        notebook = self._partial / f"{tenant.name}.ipynb"
        answer = self._work(tenant, notebook)
        evidence = read_evidence(notebook)
        if answer["status"] == "ok" and evidence is not None:
            return Verification.from_json(evidence)
        if answer["status"] == "ok":
            answer = {"status": "crashed", "message": "the notebook ended without a result"}
        if answer["status"] == "cancelled":
            return None
        code = _STATUS_CODES[answer["status"]]
        return failed_run(tenant.name, code, redact(answer["message"]), base_url=shown_url(tenant), label=tenant.label, owner=tenant.owner,
                          started_at=started_at, duration_s=time.monotonic() - started, practice=is_practice(tenant))  # fmt: skip

    def keep(self, result: Verification) -> None:
        """Move a tenant's evidence into the run's folder, the result last: it marks the tenant as done."""
        notebook = self._partial / f"{result.tenant}.ipynb"
        if notebook.exists():
            write_whole(self._folder / notebook.name, redact(notebook.read_text(encoding="utf-8")))
            notebook.unlink()
        write_whole(
            self._folder / f"{result.tenant}.json",
            json.dumps(result.as_json(), indent=1, ensure_ascii=False) + "\n",
        )

    def close(self) -> None:
        """Remove what unfinished tenants left behind."""
        shutil.rmtree(self._partial, ignore_errors=True)

    def _work(self, tenant: Tenant, notebook: Path) -> dict[str, str]:
        """Let a worker run the notebook; end it when it does not end itself."""
        job = {"notebook": str(notebooks_folder() / "verify-tenant.ipynb"), "output": str(notebook.absolute()), "cwd": str(self._folder.absolute()),
               "parameters": self._parameters(tenant), "deadline_s": self._options.timeout_s}  # fmt: skip
        process = subprocess.Popen([sys.executable, "-m", "halo_helpers.batch.worker"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
                                   env=self._environment(tenant), **_own_group())  # fmt: skip
        self.stop.processes.add(process)
        try:
            out, _ = process.communicate(json.dumps(job) + "\n", timeout=self._options.timeout_s + STARTING_S)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.communicate()
            return {
                "status": "timeout",
                "message": f"the notebook did not end after {self._options.timeout_s:g} s and was stopped",
            }
        finally:
            self.stop.processes.discard(process)
        if self.stop.now:
            return {"status": "cancelled", "message": ""}
        try:
            answer: dict[str, str] = json.loads(out)
        except ValueError:
            return {"status": "crashed", "message": f"the worker ended with exit status {process.returncode}"}
        return answer

    def _parameters(self, tenant: Tenant) -> dict[str, Any]:
        given: dict[str, Any] = {"tenant": tenant.name, "tenants_file": str(self._tenants_file)}
        asked = self._controlled.get((tenant.name, shown_url(tenant)))
        if asked:
            given |= {"control": False, "control_note": f"asked on {asked[:10]}; in a fleet run once a week"}
        return given

    def _environment(self, tenant: Tenant) -> dict[str, str]:
        """Give the environment without the secrets of the other tenants."""
        own = self._variables.get(tenant.name)
        others = {name for name in self._variables.values() if name != own}
        # the kernel runs this very interpreter; a debugger's file checks only cost time and print warnings
        return {k: v for k, v in os.environ.items() if k not in others} | {
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "JUPYTER_PLATFORM_DIRS": "1",
        }


def _own_group() -> dict[str, Any]:
    """Keep Ctrl+C from reaching the worker: in flight is finished first."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _kill(process: subprocess.Popen[str]) -> None:
    """End a worker and its kernel at once."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _workers() -> int:
    return max(2, os.cpu_count() or 2)


def _worst(results: Sequence[Verification]) -> str | None:
    found = {result.verdict for result in results}
    return next((verdict for verdict in ("fail", "error", "warn", "pass") if verdict in found), None)


def _utc(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


class _Log:
    """`run.log`: one line an event, redacted."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def line(self, text: str) -> None:
        flat = re.sub(r"\s+", " ", redact(text))
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(f"{_utc(dt.datetime.now(dt.UTC))} {flat}\n")
