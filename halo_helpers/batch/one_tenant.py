"""Judge one tenant of a fleet run, wherever this is called: in a thread, or on a worker of a cluster.

A job holds the tenant as it stood in the tenants file when the run began, and no secret: that is resolved
here, and goes to the notebook's own process by a private connection. The answer is plain data, so that it can
travel back.
"""

from __future__ import annotations

import errno
import os
import tempfile
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..engine.job import ENGINE, FileJob
from ..engine.own_process import run_in_own_process
from ..errors import SecretError
from ..report.manifest import Undone
from ..secrets.redaction import redact
from ..secrets.references import MASTER_KEYS
from ..secrets.value import Unresolved
from ..system.files import write_whole
from ..system.paths import notebooks_folder
from ..system.version import VERSION
from ..tenants.tenant import Tenant, is_practice, shown_url
from ..tenants.trust import MOVED
from ..verification.result import failed_run

_NOTEBOOK = "verify-tenant.ipynb"


@dataclass(frozen=True)
class Snapshot:
    """What holds for every tenant of a run from its start to its end, whatever changes on the disk meanwhile.

    `notebook` is the text of `verify-tenant.ipynb`; `hidden` are environment variables that no notebook sees,
    since they hold tenants' secrets or open all of them. Times are in seconds. `tenants_file` is shown in
    notebooks and not read again.
    """

    tenants_file: str
    timeout_s: float
    cell_timeout_s: float | None = None
    notebook: str = field(default="", repr=False)
    hidden: frozenset[str] = frozenset()
    version: str = VERSION

    @classmethod
    def of(
        cls, tenants: list[Tenant], file: Path, timeout_s: float, cell_timeout_s: float | None = None
    ) -> Snapshot:
        """Take it, of all tenants of a file.

        Raises: OSError when the notebook cannot be read.
        """
        references = [tenant.reference for tenant in tenants]
        variables = {one.variable for one in references if one and one.variable}
        text = (notebooks_folder() / _NOTEBOOK).read_text(encoding="utf-8")
        hidden = frozenset({*MASTER_KEYS, *variables})
        return cls(str(file.absolute()), timeout_s, cell_timeout_s, text, hidden)


@dataclass(frozen=True)
class TenantJob:
    """What is to be done for one tenant.

    `folder` takes the executed notebook; with None it comes with the answer.
    """

    tenant: Tenant
    control: bool = True
    control_note: str = ""
    folder: str | None = None
    moved: str = ""
    """What the machine that started the run says of a reference that would go to another host."""
    avoid: str = ""
    """The process that it failed on before, as `host` of its Judgement: on a cluster another one gets it."""


@dataclass(frozen=True)
class Judgement:
    """What came of a job: a Verification as JSON, or why there is none.

    `notebook` is the executed notebook's text where no folder was given. With neither `verification` nor
    `undone` the run is being stopped.
    """

    tenant: str
    verification: dict[str, Any] | None = None
    undone: Undone | None = None
    notebook: str | None = None
    engine: str = ENGINE
    host: str = ""


def this_process() -> str:
    """Name the machine and process that this is."""
    return f"{os.uname().nodename if hasattr(os, 'uname') else 'windows'}:{os.getpid()}"


def missing_secrets(tenants: list[Tenant]) -> frozenset[str]:
    """Return the names of the tenants whose secret is not on this machine, as far as a look tells.

    Environment variables and files are looked for; a vault is asked nothing.
    """
    return frozenset(tenant.name for tenant in tenants if not _is_here(tenant))


def _is_here(tenant: Tenant) -> bool:
    reference = tenant.reference
    if reference is None:
        return True
    if reference.variable:
        return bool(os.environ.get(reference.variable))
    try:
        file = reference.file(tenant.folder)
    except SecretError:
        return True  # what is wrong with it is wrong everywhere
    return file is None or file.is_file()


def judge(job: TenantJob, run: Snapshot) -> Judgement:
    """Run `verify-tenant.ipynb` for one tenant in a process of its own.

    A notebook that took too long is judged so. One that failed judges nobody: that is `undone`.

    Raises: OSError (ENOSPC) when the evidence cannot be written.
    """
    if job.folder is not None:
        return _judge(job, run, Path(job.folder))
    with tempfile.TemporaryDirectory(prefix="halo-judge-") as folder:
        found = _judge(job, run, Path(folder))
        notebook = Path(folder) / f"{job.tenant.name}.ipynb"
        text = notebook.read_text(encoding="utf-8") if notebook.exists() else None
        return replace(found, notebook=text)


def _judge(job: TenantJob, run: Snapshot, folder: Path) -> Judgement:
    tenant = job.tenant
    output, notebook = folder / f"{tenant.name}.ipynb", folder / f".{_NOTEBOOK}"
    output.unlink(missing_ok=True)
    if not notebook.exists():
        write_whole(notebook, run.notebook)
    started_at, started = datetime.now(UTC), time.monotonic()
    more = {} if job.control else {"control": False, "control_note": job.control_note}
    asked = FileJob(
        notebook=str(notebook.absolute()),
        output=str(output.absolute()),
        cwd=str(folder.absolute()),
        parameters={"tenant": tenant.name, "tenants_file": run.tenants_file, **more},
        deadline_s=run.timeout_s,
        cell_timeout_s=run.cell_timeout_s,
        tenant=replace(tenant, client_secret=Unresolved(job.moved, MOVED)) if job.moved else tenant,
    )
    answer = run_in_own_process(asked, run.timeout_s, set(run.hidden))
    found = Judgement(tenant.name, host=this_process())
    if answer.status == "no-room":
        raise OSError(errno.ENOSPC, answer.message)
    if answer.status == "ok" and answer.evidence:
        return replace(found, verification=answer.evidence)
    if answer.status == "stopped":
        return found
    if answer.status != "timeout":
        seen = "the notebook ended without a result" if answer.status == "ok" else answer.message
        return replace(found, undone=Undone(tenant.name, "run-crashed", redact(seen)))
    failed = failed_run(
        tenant.name,
        "run-timeout",
        redact(answer.message),
        base_url=shown_url(tenant),
        label=tenant.label,
        owner=tenant.owner,
        started_at=started_at,
        duration_s=time.monotonic() - started,
        practice=is_practice(tenant),
    )
    return replace(found, verification=failed.as_json())
