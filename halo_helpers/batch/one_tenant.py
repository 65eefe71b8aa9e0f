"""Judge one tenant of a fleet run, wherever this is called: in a thread, or on a worker of a cluster.

The job names the tenant and the tenants file, and holds no secret: the secret is resolved here, and goes to
the
notebook's own process by a private connection. The answer is plain data, so that it can travel back.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..engine.job import ENGINE, FileJob
from ..engine.own_process import run_in_own_process
from ..errors import ConfigError
from ..secrets.redaction import redact
from ..secrets.references import MASTER_KEYS
from ..secrets.value import Unresolved
from ..system.paths import notebooks_folder
from ..tenants.tenant import Tenant, is_practice, shown_url
from ..tenants.tenants_file import load_tenants
from ..tenants.trust import MOVED
from ..verification.result import failed_run


@dataclass(frozen=True)
class TenantJob:
    """What is to be done for one tenant.

    `folder` takes the executed notebook; with None it comes with the answer.
    """

    tenant: str
    tenants_file: str
    timeout_s: float
    cell_timeout_s: float | None = None
    control: bool = True
    control_note: str = ""
    folder: str | None = None
    moved: str = ""
    """What the machine that started the run says of a reference that would go to another host."""

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
        """Return plain data."""
        return asdict(self)


def judge(job: TenantJob) -> Judgement:
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


def _judge(job: TenantJob, folder: Path) -> Judgement:
    tenants = tenants_of(job.tenants_file)
    tenant = tenants.get(job.tenant)
    if tenant is None:
        raise ConfigError(f"no tenant is called {job.tenant!r} in {job.tenants_file} on this machine")
    output = folder / f"{job.tenant}.ipynb"
    output.unlink(missing_ok=True)
    started_at, started = dt.datetime.now(dt.UTC), time.monotonic()
    asked = FileJob(
        notebook=str(notebooks_folder() / "verify-tenant.ipynb"),
        output=str(output.absolute()),
        cwd=str(folder.absolute()),
        parameters=job.parameters,
        deadline_s=job.timeout_s,
        cell_timeout_s=job.cell_timeout_s,
        tenant=replace(tenant, client_secret=Unresolved(job.moved, MOVED)) if job.moved else tenant,
    )
    answer = run_in_own_process(asked, job.timeout_s, _secret_variables(tenants))
    host = f"{os.uname().nodename if hasattr(os, 'uname') else 'windows'}:{os.getpid()}"
    if answer.status == "no-room":
        raise OSError(errno.ENOSPC, answer.message)
    if answer.status == "ok" and answer.evidence:
        return Judgement(job.tenant, answer.evidence, host=host)
    if answer.status == "stopped":
        return Judgement(job.tenant, None, host=host)
    seen = "the notebook ended without a result" if answer.status == "ok" else answer.message
    failed = failed_run(
        job.tenant,
        "run-timeout" if answer.status == "timeout" else "run-crashed",
        redact(seen),
        base_url=shown_url(tenant),
        label=tenant.label,
        owner=tenant.owner,
        started_at=started_at,
        duration_s=time.monotonic() - started,
        practice=is_practice(tenant),
    )
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


def _secret_variables(tenants: dict[str, Tenant]) -> set[str]:
    """Return the environment variables that hold tenants' secrets, or open all of them."""
    references = [tenant.reference for tenant in tenants.values()]
    return {*MASTER_KEYS} | {
        reference.variable for reference in references if reference and reference.variable
    }
