"""Judge one tenant of a fleet run, wherever this is called: in a thread, or on a worker of a cluster (floor 6).

The job names the tenant and the tenants file, and holds no secret: the secret is resolved here, and goes to the
notebook's own process by a private connection. The answer is plain data, so that it can travel back.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..engine.fork_server import asker
from ..engine.remains import write_remains
from ..errors import ConfigError, SecretError
from ..report.evidence import read_evidence
from ..secrets import lab_memory
from ..secrets.references import redact, resolve
from ..system.files import notebooks_folder
from ..tenants.tenants_file import Tenant, load_tenants
from ..verification.run_checks import failed_run, is_practice, shown_url

STARTING_S = 45.0
"""Time that a process gets on top of the notebook's, to start and to stop."""
ENGINE = "halo-runbook/fork" if asker.SUPPORTED else "halo-runbook/kernel"
"""How notebooks are run on this system; a run's manifest and each answer name it."""
MASTER_KEYS = ("VAULT_TOKEN", lab_memory.PLACE, lab_memory.KEY)
"""Variables that open any tenant's secret, in a vault or in the lab's memory."""
_CODES = {"timeout": "run-timeout", "crashed": "run-crashed", "refused": "run-crashed"}


@dataclass(frozen=True)
class Job:
    """What is to be done for one tenant. `folder` takes the executed notebook; None: it comes with the answer."""

    tenant: str
    tenants_file: str
    timeout_s: float
    cell_timeout_s: float | None = None
    control: bool = True
    control_note: str = ""
    folder: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The notebook's parameters."""
        more = {} if self.control else {"control": False, "control_note": self.control_note}
        return {"tenant": self.tenant, "tenants_file": self.tenants_file, **more}


@dataclass(frozen=True)
class Judgement:
    """What came of a job: a Verification as JSON; the executed notebook's text where no folder was given."""

    tenant: str
    verification: dict[str, Any] | None
    notebook: str | None = None
    engine: str = ENGINE
    host: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give plain data."""
        return asdict(self)


def judge(job: Job) -> Judgement:
    """Run `verify-tenant.ipynb` for one tenant in a process of its own.

    Whatever happens to the notebook is the Verification's matter; None when the run is being stopped.

    Raises: ConfigError when the tenants file is not here or does not hold the tenant; OSError (ENOSPC) when
    the evidence cannot be written.
    """
    if job.folder is not None:
        return _judge(job, Path(job.folder))
    with tempfile.TemporaryDirectory(prefix="halo-judge-") as folder:
        found = _judge(job, Path(folder))
        notebook = Path(folder) / f"{job.tenant}.ipynb"
        text = notebook.read_text(encoding="utf-8") if notebook.exists() else None
        return Judgement(found.tenant, found.verification, text, found.engine, found.host)


def _judge(job: Job, folder: Path) -> Judgement:
    tenants = tenants_of(job.tenants_file)
    tenant = tenants.get(job.tenant)
    if tenant is None:
        raise ConfigError(f"no tenant is called {job.tenant!r} in {job.tenants_file} on this machine")
    output = folder / f"{job.tenant}.ipynb"
    output.unlink(missing_ok=True)
    started_at, started = dt.datetime.now(dt.UTC), time.monotonic()
    run = _in_fork if asker.SUPPORTED else _in_kernel
    answer = run(job, tenant, output, _variables(tenants))
    host = f"{os.uname().nodename if hasattr(os, 'uname') else 'windows'}:{os.getpid()}"
    if answer["status"] == "no-room":
        raise OSError(errno.ENOSPC, answer["message"])
    if answer["status"] == "ok" and answer.get("evidence"):
        return Judgement(job.tenant, answer["evidence"], host=host)
    if answer["status"] == "stopped":
        return Judgement(job.tenant, None, host=host)
    if answer["status"] == "ok":
        answer = {"status": "crashed", "message": "the notebook ended without a result"}
    failed = failed_run(job.tenant, _CODES[answer["status"]], redact(answer["message"]), base_url=shown_url(tenant), label=tenant.label,
                        owner=tenant.owner, started_at=started_at, duration_s=time.monotonic() - started, practice=is_practice(tenant))  # fmt: skip
    return Judgement(job.tenant, failed.as_json(), host=host)


_read: dict[Path, tuple[tuple[int, int], dict[str, Tenant]]] = {}
_reading = threading.Lock()


def tenants_of(file: str | os.PathLike[str]) -> dict[str, Tenant]:
    """Read a tenants file, once as long as it does not change; tenants by name, in the file's order.

    Raises: ConfigError for mistakes in the file.
    """
    path = Path(file).absolute()
    with _reading:
        try:
            version = (path.stat().st_mtime_ns, path.stat().st_size)
        except OSError:
            version = (0, 0)
        if path not in _read or _read[path][0] != version:
            _read[path] = version, {tenant.name: tenant for tenant in load_tenants(file)}
        return _read[path][1]


def _variables(tenants: dict[str, Tenant]) -> set[str]:
    """Give the environment variables that hold tenants' secrets, or open all of them."""
    return {*MASTER_KEYS} | {t.client_secret.removeprefix("env:") for t in tenants.values()
            if isinstance(t.client_secret, str) and t.client_secret.startswith("env:")}  # fmt: skip


# --- on Linux: a forked process ---


def _in_fork(job: Job, tenant: Tenant, output: Path, variables: set[str]) -> dict[str, Any]:
    """Let a forked child run the notebook; what is left of it when it dies becomes the evidence."""
    if _stopping.is_set():
        return {"status": "stopped"}
    source = notebooks_folder() / "verify-tenant.ipynb"
    request = {"notebook": str(source), "output": str(output.absolute()), "cwd": str(output.parent.absolute()), "parameters": job.parameters,
               "deadline_s": job.timeout_s, "cell_timeout_s": job.cell_timeout_s, "tenant": tenant.as_json(), **_secret(tenant)}  # fmt: skip
    outcome = asker.fork_server(variables).run(request, job.timeout_s + STARTING_S)
    answer = outcome.answer
    if _stopping.is_set() and answer["status"] != "ok":
        return {"status": "stopped"}
    if answer["status"] in {"crashed", "timeout"} and not output.exists():
        write_remains(source, output, outcome.cells, answer["message"], job.parameters)
    return answer


def _secret(tenant: Tenant) -> dict[str, Any]:
    """Give the secret for the child; where there is none, the reference, and the notebook says what is wrong with it."""
    reference = tenant.client_secret
    if isinstance(reference, str) and reference.startswith("prompt:"):
        return {"reference": reference}
    try:
        found = resolve(reference, tenant.name, tenant.folder)
    except SecretError as error:
        return {"reference": reference, "refused": error.seen}
    return {"secret": found.secret.reveal(), "source": found.source, "was_trimmed": found.secret.was_trimmed}


_stopping = threading.Event()
_processes: set[subprocess.Popen[str]] = set()


def stop_all() -> None:
    """End the notebooks that this process has under way, and begin no more until `go_on`."""
    _stopping.set()
    if asker.SUPPORTED:
        asker.close_server()
    for process in list(_processes):
        _kill(process)


def go_on() -> None:
    """Let notebooks be run again after `stop_all`."""
    _stopping.clear()


# --- elsewhere: a stock kernel below a worker process ---


def _in_kernel(job: Job, tenant: Tenant, output: Path, variables: set[str]) -> dict[str, Any]:
    """Let a worker process run the notebook in a stock kernel; end it when it does not end itself."""
    reference = str(tenant.client_secret)
    needed = {
        reference.removeprefix("env:"),
        *(MASTER_KEYS if not reference.startswith(("env:", "file:", "keyring:")) else ()),
    }
    environment = {k: v for k, v in os.environ.items() if k not in variables - needed}
    request = {"notebook": str(notebooks_folder() / "verify-tenant.ipynb"), "output": str(output.absolute()), "cwd": str(output.parent.absolute()),
               "parameters": job.parameters, "deadline_s": job.timeout_s, "cell_timeout_s": job.cell_timeout_s}  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "halo_helpers.engine.by_papermill"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
                               env=environment | {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "JUPYTER_PLATFORM_DIRS": "1"}, **_own_group())  # fmt: skip
    _processes.add(process)
    try:
        out, _ = process.communicate(json.dumps(request) + "\n", timeout=job.timeout_s + STARTING_S)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.communicate()
        return {
            "status": "timeout",
            "message": f"the notebook did not end after {job.timeout_s:g} s and was stopped",
        }
    finally:
        _processes.discard(process)
    if _stopping.is_set():
        return {"status": "stopped"}
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError:
        return {"status": "crashed", "message": f"the worker ended with exit status {process.returncode}"}
    if output.exists():
        output.write_text(redact(output.read_text(encoding="utf-8")), encoding="utf-8")
    return answer | {"evidence": read_evidence(output)}


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
