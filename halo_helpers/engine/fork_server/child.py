"""One forked process: takes a job, runs one notebook, says how it goes."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...secrets.redaction import redact
from ...system.files import write_whole
from ...tenants.find import handed_over
from ..by_papermill import run_job
from ..job import Answer, CellsJob, FileJob, job_of
from ..record import TruthfulManager, finish_after_timeout

_current: Child | None = None


def current() -> Child | None:
    """Return the child that this process is, None when it is none."""
    return _current


def become(connection: socket.socket, shell: Any) -> Child:
    """Make this process, which was just forked, the child that serves a connection."""
    global _current  # noqa: PLW0603 - this process is this one child from here on
    _current = Child(connection, shell)
    return _current


class Child:
    """One forked process: takes a job, runs one notebook in this process, says how it goes."""

    def __init__(self, connection: socket.socket, shell: Any) -> None:
        self.shell = shell
        self._connection = connection
        self._lines = connection.makefile("rb")
        self._job: FileJob | CellsJob
        self.nb_man: Any = None
        """papermill's record of the notebook under way."""

    def run(self) -> None:
        """Take the job, run it, answer. Nothing of it returns to the server."""
        self.say(pid=os.getpid())
        job = job_of(self._lines.readline())
        os.chdir(job.cwd)
        with contextlib.ExitStack() as stack:
            if isinstance(job, FileJob) and job.tenant is not None:
                stack.enter_context(handed_over(job.tenant))
                job = job.without_tenant()
            self._job = job
            self.shell.take_over_streams()
            answer = self._by_papermill(job) if isinstance(job, FileJob) else self._cells_only(job)
        self.answer(answer)

    def answer(self, answer: Answer) -> None:
        """Say how the job ended."""
        self.say(**answer.as_json())

    def say(self, **what: Any) -> None:
        """Send one line, without secrets: only this process knows the access token."""
        self._connection.sendall(redact(json.dumps(what, ensure_ascii=False)).encode() + b"\n")

    def on_cell(self, index: int, cell: Any) -> None:
        """Say that a cell begins (None) or has ended, so that the evidence outlives this process."""
        if cell is None or cell.cell_type == "code":
            self.say(cell=index, ended=cell)

    def client(self, nb_man: Any, **options: Any) -> Any:
        """Return the client that runs a notebook's cells here."""
        from .shell import ShellClient

        return ShellClient(
            nb_man,
            self.shell,
            deadline_s=self._job.deadline_s,
            on_timeout=self._give_up,
            on_cell=self.on_cell,
            timeout=self._job.cell_timeout_s,
            **options,
        )

    def _by_papermill(self, job: FileJob) -> Answer:
        """Let papermill run a notebook file with parameters."""
        answer = run_job(job)
        output = Path(job.output)
        if self.nb_man is not None and not output.exists():
            # papermill writes nothing when the shell itself has ended
            write_whole(output, _text_of(self.nb_man.nb))
        try:
            return replace(answer, evidence=_settle(output))
        except ValueError:
            return Answer("no-room", "a notebook could not be written whole")

    def _cells_only(self, job: CellsJob) -> Answer:
        """Run the cells of a notebook that papermill has prepared elsewhere."""
        import nbformat

        if "" not in sys.path:
            sys.path.insert(0, "")  # the user's own cells import from their folder, as in a stock kernel
        self.nb_man = manager = TruthfulManager(nbformat.reads(job.nb, 4), progress_bar=False)
        self.client(manager, **job.options).execute()
        return Answer("ok", nb=_text_of(manager.nb))

    def _give_up(self, nb_man: Any, cell: Any, index: int, error: Exception) -> None:
        """Write the notebook and answer, from within the cell whose time is up."""
        from papermill.exceptions import PapermillExecutionError
        from papermill.execute import raise_for_execution_errors

        finish_after_timeout(nb_man, cell, index, error)
        text = None
        if isinstance(self._job, FileJob):
            with contextlib.suppress(PapermillExecutionError):
                raise_for_execution_errors(nb_man.nb, self._job.output)
            _settle(Path(self._job.output))
        else:
            text = _text_of(nb_man.nb)
        self.answer(Answer("timeout", f"the notebook was stopped after {self._limit_words}", nb=text))
        os._exit(1)

    @property
    def _limit_words(self) -> str:
        """The limits of the job, in words."""
        limits = {"the notebook": self._job.deadline_s, "a cell": self._job.cell_timeout_s}
        return " or ".join(f"{seconds:g} s for {what}" for what, seconds in limits.items() if seconds)


def _text_of(notebook: Any) -> str:
    import nbformat

    text: str = nbformat.writes(notebook)
    return text


def _settle(notebook: Path) -> dict[str, Any] | None:
    """Take secrets out of an executed notebook, see it on the disk, and return the evidence in it."""
    from ...report.evidence import evidence_of

    try:
        text = notebook.read_text(encoding="utf-8")
    except OSError:
        return None
    clean = redact(text)
    if clean != text:
        write_whole(notebook, clean)
    else:
        with notebook.open("rb") as stream:
            os.fsync(stream.fileno())
    return evidence_of(json.loads(clean))
