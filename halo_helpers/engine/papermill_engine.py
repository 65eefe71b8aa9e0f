"""The papermill engine `halo-runbook`: fast, and a notebook that tells the truth (floor 6).

On Linux each notebook runs in a process forked from one that has everything imported; elsewhere in a stock
kernel. Stock papermill marks every cell "completed" after a timeout or a dead kernel, and only logs a parameter
that the notebook does not have. Here a cell that timed out or lost its process is marked failed and says so,
later cells stay pending, and an unknown parameter is refused before anything runs.
"""

from __future__ import annotations

import ast
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.exceptions import PapermillException

from .fork_server import asker, server

GRACE_S = 10.0
"""Time that a child gets to tell of its timeout before it is ended."""


class UnknownParameterError(PapermillException):  # type: ignore[misc]
    """A parameter that the notebook does not have."""


class TruthfulManager(NotebookExecutionManager):  # type: ignore[misc]
    """Keeps papermill's record of a run, without calling unfinished cells completed."""

    def cell_complete(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """Finish a cell; papermill calls this also while an exception is on its way out."""
        error = sys.exc_info()[1]
        if error is not None:
            self.cell_exception(cell, cell_index, exception=error)
            _say_in_cell(cell, error)
        super().cell_complete(cell, cell_index, **kwargs)

    def notebook_complete(self, **kwargs: Any) -> None:
        """Finish the notebook: after a failure, cells that were not reached stay pending."""
        failed = any(cell.metadata.papermill["status"] == self.FAILED for cell in self.nb.cells)
        pending = [cell for cell in self.nb.cells if cell.metadata.papermill["status"] == self.PENDING]
        super().notebook_complete(**kwargs)
        if failed:
            for cell in pending:
                cell.metadata.papermill["status"] = self.PENDING
            self.save()


class HaloEngine(NBClientEngine):  # type: ignore[misc]
    """Runs a notebook in a process of its own. `deadline_s` is the time for the whole notebook, in seconds."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, output_path: str | None = None, progress_bar: bool = True,
                         log_output: bool = False, autosave_cell_every: int = 30, **kwargs: Any) -> Any:  # fmt: skip
        """Run a notebook; see papermill's `Engine.execute_notebook`.

        Raises: UnknownParameterError before anything runs; what nbclient raises for a timeout or dead kernel.
        """
        refuse_unknown(nb, nb.metadata.get("papermill", {}).get("parameters", {}))
        manager = TruthfulManager(nb, output_path=output_path, progress_bar=progress_bar, log_output=log_output,
                                  autosave_cell_every=autosave_cell_every)  # fmt: skip
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
        """Run the cells: here when this is a forked child, in one when there can be one, else in a stock kernel."""
        child = server.current()
        if child is not None:
            child.nb_man = nb_man
            return child.client(nb_man, **_client_options(kwargs)).execute()
        if asker.SUPPORTED:
            return _run_in_child(nb_man, deadline_s, kwargs)
        if deadline_s:
            ends_at = time.monotonic() + float(deadline_s)
            kwargs["timeout_func"] = lambda _cell: max(1, int(ends_at - time.monotonic()))
        return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)


def _client_options(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Give those of an engine's options that are about cells, not about kernels."""
    return {name: kwargs[name] for name in ("allow_errors", "force_raise_errors", "record_timing", "coalesce_streams",
                                            "store_widget_state", "skip_cells_with_tag") if name in kwargs}  # fmt: skip


def _run_in_child(nb_man: Any, deadline_s: float | None, kwargs: dict[str, Any]) -> Any:
    """Let a forked child run the cells of a notebook that papermill has prepared, and take its notebook.

    Raises: CellTimeoutError, DeadKernelError, as for a stock kernel.
    """
    language = nb_man.nb.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise PapermillException(f"the engine halo-runbook runs Python, not {language}")
    cell_timeout_s = kwargs.get("execution_timeout") or kwargs.get("timeout")
    job = {"nb": nbformat.writes(nb_man.nb), "cwd": str(Path.cwd()), "options": _client_options(kwargs), "deadline_s": deadline_s,
           "cell_timeout_s": cell_timeout_s}  # fmt: skip
    outcome = asker.fork_server().run(job, (deadline_s + GRACE_S) if deadline_s else None)
    if "nb" in outcome.answer:
        done = nbformat.reads(outcome.answer["nb"], 4)
        nb_man.nb.cells, nb_man.nb.metadata = done.cells, done.metadata
    status, message = outcome.answer["status"], outcome.answer.get("message", "")
    if status == "ok":
        return nb_man.nb
    if status != "timeout" or "nb" not in outcome.answer:
        _take_cells(nb_man, outcome.cells, f"{status}: {message}")
    raise CellTimeoutError(message) if status == "timeout" else DeadKernelError(message)


def _take_cells(nb_man: Any, cells: dict[int, dict[str, Any] | None], reason: str) -> None:
    """Put into a notebook what was told of its cells before its process died; the one under way has failed."""
    for index, ended in cells.items():
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


def run_cells(nb: Any, options: dict[str, Any]) -> Any:
    """Run the cells of a notebook that papermill has prepared, in this forked child; give its manager."""
    child = server.current()
    assert child is not None  # noqa: S101 - only a child asks
    child.nb_man = manager = TruthfulManager(nb, progress_bar=False)
    child.client(manager, **options).execute()
    return manager


def finish_after_timeout(nb_man: Any, cell: Any, index: int, error: Exception) -> None:
    """Mark the cell under way as failed, from within it, and finish the notebook's record."""
    nb_man.cell_exception(cell, cell_index=index)
    _say_in_cell(cell, error)
    nb_man.cell_complete(cell, cell_index=index)
    if nb_man.start_time is not None:
        nb_man.notebook_complete()


def refuse_unknown(nb: Any, given: dict[str, Any]) -> None:
    """Compare parameters with the names that the notebook's `parameters` cell sets.

    Raises: UnknownParameterError with the known names.
    """
    known = parameter_names(nb)
    unknown = sorted(set(given) - known)
    if unknown:
        raise UnknownParameterError(
            f"the notebook has no parameter {', '.join(unknown)}; it has {', '.join(sorted(known)) or 'none'}"
        )


def parameter_names(nb: Any) -> set[str]:
    """Give the names that the cell tagged `parameters` sets."""
    names: set[str] = set()
    for cell in nb.cells:
        if "parameters" in cell.metadata.get("tags", []):
            for node in ast.parse(cell.source).body:
                targets = (
                    node.targets
                    if isinstance(node, ast.Assign)
                    else [node.target]
                    if isinstance(node, ast.AnnAssign)
                    else []
                )
                names.update(target.id for target in targets if isinstance(target, ast.Name))
    return names


def _say_in_cell(cell: Any, error: BaseException) -> None:
    """Put the reason into the cell's outputs, where the kernel could not put it itself."""
    reasons = {CellTimeoutError: ("TimeoutError", "the cell was stopped: the time for this tenant was up"),
               DeadKernelError: ("DeadKernelError", "the kernel died while this cell ran")}  # fmt: skip
    for kind, (name, text) in reasons.items():
        if isinstance(error, kind) and cell.get("cell_type") == "code":
            cell.outputs.append(new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"]))
