"""One notebook in a stock kernel below a worker process, where processes cannot be forked safely."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from ..errors import SecretError
from ..report.evidence import read_evidence
from ..secrets.redaction import redact
from ..system.files import write_whole
from ..system.processes import own_group
from ..tenants.find import HANDED_OVER
from ..tenants.trust import resolve_for
from .job import STARTING_S, Answer, FileJob, entry_of

_processes: set[subprocess.Popen[str]] = set()


def run_in_kernel(job: FileJob, limit_s: float, hidden: set[str]) -> Answer:
    """Let a worker process run the notebook, and end it when it does not end itself.

    The kernel resolves the secret from its reference; of the `hidden` variables it gets those that this
    takes. It is resolved here, too, so that it can be taken out of what the notebook may have printed.
    """
    if job.tenant is not None:
        with contextlib.suppress(SecretError):  # the notebook says why
            resolve_for(job.tenant, interactive=False)
    reference = job.tenant.reference if job.tenant else None
    needed = reference.variables_needed() if reference else set()
    environment = {name: value for name, value in os.environ.items() if name not in hidden - needed}
    if job.tenant is not None:  # as it stood when the run began, whatever its file says by now
        environment[HANDED_OVER] = json.dumps(entry_of(job.tenant))
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "halo_helpers.engine.by_papermill"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=environment | {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "JUPYTER_PLATFORM_DIRS": "1"},
        **own_group(),
    )
    _processes.add(process)
    try:
        out, _ = process.communicate(json.dumps(job.as_json()) + "\n", timeout=limit_s + STARTING_S)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.communicate()
        return Answer("timeout", f"the notebook did not end after {limit_s:g} s and was stopped")
    finally:
        _processes.discard(process)
        _take_secrets_out(Path(job.output))
    try:
        answer = Answer.from_json(json.loads(out))
    except ValueError:
        return Answer("crashed", f"the worker ended with exit status {process.returncode}")
    return Answer(answer.status, redact(answer.message), read_evidence(Path(job.output)))


def _take_secrets_out(notebook: Path) -> None:
    """Take secrets out of a notebook, which papermill saves after each cell."""
    with contextlib.suppress(FileNotFoundError):
        text = notebook.read_text(encoding="utf-8")
        if (clean := redact(text)) != text:
            write_whole(notebook, clean)


def stop_kernels() -> None:
    """End the workers that this process has under way, with their kernels."""
    for process in list(_processes):
        _kill(process)


def _kill(process: subprocess.Popen[str]) -> None:
    """End a worker and its kernel at once."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
