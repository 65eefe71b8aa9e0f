"""The papermill engine `halo-runbook`: fast, and a notebook that tells the truth.

On Linux each notebook runs in a process forked from one that has everything imported; elsewhere in a stock
kernel. Stock papermill marks every cell "completed" after a timeout or a dead kernel, and only logs a
parameter that the notebook does not have. Here a cell that timed out or lost its process is marked failed and
says so, later cells stay pending, and an unknown parameter is refused before anything runs.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from papermill.engines import NBClientEngine
from papermill.exceptions import PapermillException

from .fork_server import asker, child
from .job import FORKS, CellsJob, Outcome
from .record import TruthfulManager, refuse_unknown

GRACE_S = 10.0
"""Time that a child gets to tell of its timeout before it is ended."""


class HaloEngine(NBClientEngine):  # type: ignore[misc]
    """Runs a notebook in a process of its own.

    `deadline_s` is the time for the whole notebook, in seconds.
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool = True,
        log_output: bool = False,
        autosave_cell_every: int = 30,
        **kwargs: Any,
    ) -> Any:
        """Run a notebook; see papermill's `Engine.execute_notebook`.

        Raises: UnknownParameterError before anything runs; what nbclient raises for a timeout or dead kernel.
        """
        refuse_unknown(nb, nb.metadata.get("papermill", {}).get("parameters", {}))
        manager = TruthfulManager(
            nb,
            output_path=output_path,
            progress_bar=progress_bar,
            log_output=log_output,
            autosave_cell_every=autosave_cell_every,
        )
        manager.notebook_start()
        try:
            cls.execute_managed_notebook(manager, kernel_name, log_output=log_output, **kwargs)
        finally:
            manager.cleanup_pbar()
            manager.notebook_complete()
        return manager.nb

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, deadline_s: float | None = None, **kwargs: Any
    ) -> Any:
        """Run the cells: here in a forked child, else in a new one, else in a stock kernel."""
        here = child.current()
        if here is not None:
            here.nb_man = nb_man
            return here.client(nb_man, **_client_options(kwargs)).execute()
        if FORKS:
            return _run_in_child(nb_man, deadline_s, kwargs)
        if deadline_s:
            ends_at = time.monotonic() + float(deadline_s)
            kwargs["timeout_func"] = lambda _cell: max(1, int(ends_at - time.monotonic()))
        return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)


def _client_options(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return those of an engine's options that are about cells, not about kernels."""
    return {
        name: kwargs[name]
        for name in (
            "allow_errors",
            "force_raise_errors",
            "record_timing",
            "coalesce_streams",
            "store_widget_state",
            "skip_cells_with_tag",
        )
        if name in kwargs
    }


def _run_in_child(nb_man: Any, deadline_s: float | None, kwargs: dict[str, Any]) -> Any:
    """Let a forked child run the cells of a notebook that papermill has prepared, and take its notebook.

    Raises: CellTimeoutError, DeadKernelError, as for a stock kernel.
    """
    language = nb_man.nb.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise PapermillException(f"the engine halo-runbook runs Python, not {language}")
    job = CellsJob(
        nb=nbformat.writes(nb_man.nb),
        cwd=str(Path.cwd()),
        options=_client_options(kwargs),
        deadline_s=deadline_s,
        cell_timeout_s=kwargs.get("execution_timeout") or kwargs.get("timeout"),
    )
    outcome = asker.fork_server().run(job, (deadline_s + GRACE_S) if deadline_s else None)
    answer = outcome.answer
    if answer.nb is not None:
        done = nbformat.reads(answer.nb, 4)
        nb_man.nb.cells, nb_man.nb.metadata = done.cells, done.metadata
    if answer.status == "ok":
        return nb_man.nb
    if answer.status != "timeout" or answer.nb is None:
        _take_cells(nb_man, outcome, f"{answer.status}: {answer.message}")
    raise CellTimeoutError(answer.message) if answer.status == "timeout" else DeadKernelError(answer.message)


def _take_cells(nb_man: Any, outcome: Outcome, reason: str) -> None:
    """Put into a notebook what was told of its cells before its process died.

    The one under way has failed.
    """
    for index, ended in outcome.cells.items():
        if ended is not None:
            nb_man.nb.cells[index] = nbformat.from_dict(ended)
            continue
        cell = nb_man.nb.cells[index]
        nb_man.cell_exception(cell, cell_index=index)
        cell.outputs = [
            *cell.outputs,
            new_output(
                "error", ename="DeadKernelError", evalue=reason, traceback=[f"DeadKernelError: {reason}"]
            ),
        ]
